//! Rows that could not be used: to a CSV file, or their positions to standard error.

use std::path::Path;

use super::csv_output::CsvOutput;
use super::{OnError, progress};
use crate::error::Result;
use crate::input::BadRow;

/// Takes bad rows in, and says in the end how many there were.
pub(super) struct Rejects {
    on_error: OnError,
    file: Option<CsvOutput>,
    count: u64,
}

impl Rejects {
    /// Rejects go to `path` (columns path, line, record, byte, column, reason, row), else to standard error.
    pub(super) fn new(on_error: OnError, path: Option<&Path>) -> Result<Self> {
        let header = ["path", "line", "record", "byte", "column", "reason", "row"];
        let file = path.map(|path| CsvOutput::create(path, &header)).transpose()?;
        Ok(Rejects { on_error, file, count: 0 })
    }

    /// Takes a bad row; an error where the run must stop at the first.
    pub(super) fn take(&mut self, bad: BadRow) -> Result<()> {
        if self.on_error == OnError::Fail {
            return Err(bad.into_error());
        }
        self.count += 1;
        let position = &bad.position;
        match &mut self.file {
            None => progress::say(format_args!("rejected: {position}: {}", bad.reason)),
            Some(file) => {
                let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
                let (line, record, byte) = (number(position.line), number(position.record), number(position.byte));
                let column = position.column.clone().unwrap_or_default();
                file.write([
                    position.path.as_bytes(),
                    line.as_bytes(),
                    record.as_bytes(),
                    byte.as_bytes(),
                    column.as_bytes(),
                    bad.reason.as_bytes(),
                    &bad.raw,
                ])?;
            }
        }
        Ok(())
    }

    /// Puts the file into its place; gives the number of rejected rows.
    pub(super) fn finish(self) -> Result<u64> {
        if let Some(file) = self.file {
            file.finish()?;
        }
        Ok(self.count)
    }
}
