//! Rows that could not be used: to a CSV file, or their positions to standard error.

use std::io::Write;
use std::path::Path;

use super::OnError;
use super::output::Output;
use super::progress;
use crate::error::{Error, Result};
use crate::input::BadRow;

/// Takes bad rows in, and says in the end how many there were.
pub(super) struct Rejects {
    on_error: OnError,
    file: Option<(Output, csv::Writer<Box<dyn Write + Send>>)>,
    count: u64,
}

impl Rejects {
    /// Rejects go to `path` (columns path, line, record, byte, column, reason, row), else to standard error.
    pub(super) fn new(on_error: OnError, path: Option<&Path>) -> Result<Self> {
        let file = match path {
            None => None,
            Some(path) => {
                let output = Output::create(path)?;
                let mut writer = csv::Writer::from_writer(output.writer()?);
                writer
                    .write_record(["path", "line", "record", "byte", "column", "reason", "row"])
                    .map_err(|e| failed(path, e))?;
                Some((output, writer))
            }
        };
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
            Some((_, writer)) => {
                let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
                let (line, record, byte) = (number(position.line), number(position.record), number(position.byte));
                let column = position.column.clone().unwrap_or_default();
                writer
                    .write_record([
                        position.path.as_bytes(),
                        line.as_bytes(),
                        record.as_bytes(),
                        byte.as_bytes(),
                        column.as_bytes(),
                        bad.reason.as_bytes(),
                        &bad.raw,
                    ])
                    .map_err(|e| failed(Path::new("the rejects file"), e))?;
            }
        }
        Ok(())
    }

    /// Puts the file into its place; gives the number of rejected rows.
    pub(super) fn finish(self) -> Result<u64> {
        if let Some((output, mut writer)) = self.file {
            writer.flush().map_err(|e| Error::io("write", "the rejects file", e))?;
            drop(writer);
            output.commit()?;
        }
        Ok(self.count)
    }
}

fn failed(path: &Path, error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Error::io("write", path, error),
        other => Error::Config(format!("cannot write {}: {other:?}", path.display())),
    }
}
