//! Predictions as CSV: the row's own fields, then `T_pred`, `T_conf`, `T_p_<label>`, `T_score`, `T_why` of each task.

use std::io::Write;

use super::{PredictionWriter, Scored, Tasks, check_names, decimals, failed};
use crate::error::{Error, Result};
use crate::input::{Header, Raw, Record, json_cell};

pub(super) struct CsvPredictions<W: Write> {
    writer: ::csv::Writer<W>,
    tasks: Tasks,
    /// Columns of the input; of JSON lines, the keys of the first row.
    columns: Option<Vec<String>>,
    /// The number that is being written.
    number: String,
}

impl<W: Write> CsvPredictions<W> {
    pub(super) fn new(delimiter: u8, header: &Header, tasks: Tasks, sink: W) -> Result<Self> {
        let writer = ::csv::WriterBuilder::new().delimiter(delimiter).from_writer(sink);
        let mut predictions = CsvPredictions { writer, tasks, columns: None, number: String::new() };
        if let Header::Columns(columns) = header {
            predictions.write_header(columns.clone())?;
        }
        Ok(predictions)
    }

    fn write_header(&mut self, columns: Vec<String>) -> Result<()> {
        self.writer.write_record(columns.iter().chain(&self.tasks.columns())).map_err(csv_failed)?;
        self.columns = Some(columns);
        Ok(())
    }

    fn write_appended(&mut self, scored: &[Scored]) -> Result<()> {
        for (head, scored) in self.tasks.heads.iter().zip(scored) {
            let verdict = &scored.verdict;
            let mut field = |text: &str| self.writer.write_field(text).map_err(csv_failed);
            field(&scored.label)?;
            let expected = head.numbers.as_ref().map(|numbers| verdict.expected(numbers));
            for number in
                [verdict.confidence()].into_iter().chain(verdict.probabilities.iter().copied()).chain(expected)
            {
                decimals(number, &mut self.number);
                field(&self.number)?;
            }
            if head.why {
                let why = scored.why.as_deref().unwrap_or_default();
                field(&serde_json::to_string(why).map_err(|e| Error::Config(e.to_string()))?)?;
            }
        }
        self.writer.write_record(None::<&[u8]>).map_err(csv_failed)
    }
}

impl<W: Write + Send> PredictionWriter for CsvPredictions<W> {
    fn write(&mut self, record: &Record, scored: &[Scored]) -> Result<()> {
        match &record.raw {
            Raw::Fields(fields) => {
                for field in fields {
                    self.writer.write_field(field).map_err(csv_failed)?;
                }
            }
            Raw::Json(object) => {
                if self.columns.is_none() {
                    let path = &record.position.path;
                    check_names(object.keys().map(String::as_str), &self.tasks, super::Format::Csv, path)?;
                    self.write_header(object.keys().cloned().collect())?;
                }
                let columns = self.columns.as_deref().unwrap_or_default();
                if let Some(key) = object.keys().find(|k| !columns.contains(k)) {
                    return Err(Error::input(
                        record.position.in_column(key),
                        "the first row has no such key, so there is no column for it; use --format jsonl",
                    ));
                }
                for column in columns {
                    self.writer.write_field(json_cell(object.get(column))).map_err(csv_failed)?;
                }
            }
        }
        self.write_appended(scored)
    }

    fn finish(&mut self) -> Result<()> {
        self.writer.flush().map_err(failed)
    }
}

fn csv_failed(error: ::csv::Error) -> Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => failed(error),
        other => Error::Config(format!("cannot write the predictions: {other:?}")),
    }
}
