//! A CSV file that is whole or not there.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::output::Output;
use crate::error::{Error, Result};

/// Rows on their way to a file, a pipe or standard output.
pub(super) struct CsvOutput {
    path: PathBuf,
    output: Output,
    writer: csv::Writer<Box<dyn Write + Send>>,
    rows: u64,
}

impl CsvOutput {
    /// Prepares to write to a path, `-` being standard output, and writes the header.
    pub(super) fn create(path: &Path, header: &[&str]) -> Result<Self> {
        let output = Output::create(path)?;
        let writer = csv::Writer::from_writer(output.writer()?);
        let mut csv = CsvOutput { path: path.into(), output, writer, rows: 0 };
        csv.write(header)?;
        csv.rows = 0;
        Ok(csv)
    }

    /// Writes a row.
    pub(super) fn write<C: AsRef<[u8]>>(&mut self, row: impl IntoIterator<Item = C>) -> Result<()> {
        self.rows += 1;
        self.writer.write_record(row).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Error::io("write", &self.path, error),
            other => Error::Config(format!("cannot write {}: {other:?}", self.path.display())),
        })
    }

    /// Puts the file into its place; gives the number of rows.
    pub(super) fn finish(mut self) -> Result<u64> {
        self.writer.flush().map_err(|error| Error::io("write", &self.path, error))?;
        drop(self.writer);
        self.output.commit()?;
        Ok(self.rows)
    }
}
