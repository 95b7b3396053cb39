//! Predictions as CSV: the row's own fields, then `T_pred`, `T_conf`, `T_p_<label>`, `T_score`, `T_why` of each task.

use std::io::Write;

use csv_core::{Writer, WriterBuilder};

use super::{PredictionWriter, Scored, Tasks, check_names, failed, push_decimals};
use crate::error::{Error, Result};
use crate::input::{Header, Raw, Record, json_cell};

/// Bytes that are collected before they are handed on.
const FULL: usize = 1 << 16;

pub(super) struct CsvPredictions<W: Write> {
    lines: Lines,
    sink: W,
    tasks: Tasks,
    /// Columns of the input; of JSON lines, the keys of the first row.
    columns: Option<Vec<String>>,
}

/// Lines in memory. Numbers, most of what is written, need no quotes and are put down as they are.
struct Lines {
    text: Writer,
    delimiter: u8,
    bytes: Vec<u8>,
}

impl Lines {
    /// Writes a field and the delimiter behind it.
    fn field(&mut self, field: &str) {
        let start = self.bytes.len();
        // Every byte may be a quote, which is doubled; quotes and delimiter come around it.
        self.bytes.resize(start + 2 * field.len() + 3, 0);
        let (_, read, mut end) = self.text.field(field.as_bytes(), &mut self.bytes[start..]);
        debug_assert_eq!(read, field.len(), "there is room for all");
        end += self.text.delimiter(&mut self.bytes[start + end..]).1;
        self.bytes.truncate(start + end);
    }

    /// Writes a number and the delimiter behind it.
    fn number(&mut self, number: f64) {
        push_decimals(number, &mut self.bytes);
        self.bytes.push(self.delimiter);
    }

    /// Ends a line, which has a field at least: the delimiter behind the last field becomes its end.
    fn end(&mut self) {
        if let Some(last) = self.bytes.last_mut() {
            *last = b'\n';
        }
    }
}

impl<W: Write> CsvPredictions<W> {
    pub(super) fn new(delimiter: u8, header: &Header, tasks: Tasks, sink: W) -> Result<Self> {
        let text = WriterBuilder::new().delimiter(delimiter).build();
        let lines = Lines { text, delimiter, bytes: Vec::with_capacity(2 * FULL) };
        let mut predictions = CsvPredictions { lines, sink, tasks, columns: None };
        if let Header::Columns(columns) = header {
            predictions.write_header(columns.clone());
        }
        Ok(predictions)
    }

    fn write_header(&mut self, columns: Vec<String>) {
        columns.iter().chain(&self.tasks.columns()).for_each(|name| self.lines.field(name));
        self.lines.end();
        self.columns = Some(columns);
    }

    fn write_appended(&mut self, scored: &[Scored]) -> Result<()> {
        let lines = &mut self.lines;
        for (head, scored) in self.tasks.heads.iter().zip(scored) {
            let verdict = &scored.verdict;
            lines.field(&scored.label);
            lines.number(verdict.confidence());
            verdict.probabilities.iter().for_each(|&p| lines.number(p));
            if let Some(numbers) = &head.numbers {
                lines.number(verdict.expected(numbers));
            }
            if head.why {
                let why = scored.why.as_deref().unwrap_or_default();
                lines.field(&serde_json::to_string(why).map_err(|e| Error::Config(e.to_string()))?);
            }
        }
        lines.end();
        if lines.bytes.len() >= FULL { self.hand_on() } else { Ok(()) }
    }

    fn hand_on(&mut self) -> Result<()> {
        let result = self.sink.write_all(&self.lines.bytes).map_err(failed);
        self.lines.bytes.clear();
        result
    }
}

impl<W: Write + Send> PredictionWriter for CsvPredictions<W> {
    fn write(&mut self, record: &Record, scored: &[Scored]) -> Result<()> {
        match &record.raw {
            Raw::Fields(fields) => fields.iter().for_each(|field| self.lines.field(field)),
            Raw::Json(object) => {
                if self.columns.is_none() {
                    let path = &record.position.path;
                    check_names(object.keys().map(String::as_str), &self.tasks, super::Format::Csv, path)?;
                    self.write_header(object.keys().cloned().collect());
                }
                let columns = self.columns.as_deref().unwrap_or_default();
                if let Some(key) = object.keys().find(|k| !columns.contains(k)) {
                    return Err(Error::input(
                        record.position.in_column(key),
                        "the first row has no such key, so there is no column for it; use --format jsonl",
                    ));
                }
                columns.iter().for_each(|column| self.lines.field(&json_cell(object.get(column))));
            }
        }
        self.write_appended(scored)
    }

    fn finish(&mut self) -> Result<()> {
        self.hand_on()?;
        self.sink.flush().map_err(failed)
    }
}

/// Where a later row ends everything, the rows before it still reach a standard output.
impl<W: Write> Drop for CsvPredictions<W> {
    fn drop(&mut self) {
        // Nobody is left to be told of a failure; whoever wants to know calls `finish`.
        let _ = self.hand_on();
    }
}
