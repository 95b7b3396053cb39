//! Predictions as JSON lines: the row's own object, and under the key `belowline` one object a task.

use std::io::Write;

use serde_json::{Map, Number, Value, json};

use super::{PredictionWriter, Scored, Tasks, check_names, failed};
use crate::error::{Error, Result};
use crate::input::{Header, Raw, Record};
use crate::labels::split_cell;

/// The key that everything stands under.
pub(super) const KEY: &str = "belowline";

pub(super) struct JsonLinesPredictions<W: Write> {
    sink: W,
    tasks: Tasks,
    columns: Vec<String>,
}

impl<W: Write> JsonLinesPredictions<W> {
    pub(super) fn new(header: &Header, tasks: Tasks, sink: W) -> Self {
        let columns = match header {
            Header::Columns(columns) => columns.clone(),
            Header::Json => Vec::new(),
        };
        JsonLinesPredictions { sink, tasks, columns }
    }
}

/// A number with six decimals, as in CSV.
fn rounded(value: f64) -> Value {
    Number::from_f64((value * 1e6).round() / 1e6).map_or(Value::Null, Value::Number)
}

impl<W: Write + Send> PredictionWriter for JsonLinesPredictions<W> {
    fn write(&mut self, record: &Record, scored: &[Scored]) -> Result<()> {
        let mut object = match &record.raw {
            Raw::Json(object) => {
                let names = object.keys().map(String::as_str);
                check_names(names, &self.tasks, super::Format::JsonLines, &record.position.path)?;
                object.clone()
            }
            Raw::Fields(fields) => {
                self.columns.iter().cloned().zip(fields.iter().map(Value::from)).collect::<Map<String, Value>>()
            }
        };
        let mut tasks = Map::new();
        for (head, scored) in self.tasks.heads.iter().zip(scored) {
            let verdict = &scored.verdict;
            let p: Map<String, Value> =
                head.labels.iter().cloned().zip(verdict.probabilities.iter().map(|&p| rounded(p))).collect();
            let labels: Vec<&str> = split_cell(&scored.label).collect();
            let mut task = Map::new();
            task.insert("pred".into(), json!(labels));
            task.insert("conf".into(), rounded(verdict.confidence()));
            task.insert("p".into(), Value::Object(p));
            if let Some(numbers) = &head.numbers {
                task.insert("score".into(), rounded(verdict.expected(numbers)));
            }
            if head.why {
                task.insert("why".into(), json!(scored.why.as_deref().unwrap_or_default()));
            }
            tasks.insert(head.task.clone(), Value::Object(task));
        }
        object.insert(KEY.into(), Value::Object(tasks));
        let mut line = serde_json::to_vec(&object).map_err(|e| Error::Config(e.to_string()))?;
        line.push(b'\n');
        self.sink.write_all(&line).map_err(failed)
    }

    fn finish(&mut self) -> Result<()> {
        self.sink.flush().map_err(failed)
    }
}
