//! Output that is whole or not there: written beside its place and renamed into it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// A file that appears under its name only when [`Output::commit`] is called; or standard output.
pub(super) struct Output {
    path: PathBuf,
    file: Option<NamedTempFile>,
}

impl Output {
    /// Prepares to write to a path; `-` is standard output.
    pub(super) fn create(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Output { path: path.into(), file: None });
        }
        if path.is_dir() {
            return Err(Error::io("write", path, io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")));
        }
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            let missing = io::Error::new(io::ErrorKind::NotFound, "the folder does not exist; make it first");
            return Err(Error::io("write into", folder, missing));
        }
        let file = builder(path).tempfile_in(folder).map_err(|e| Error::io("write into", folder, e))?;
        Ok(Output { path: path.into(), file: Some(file) })
    }

    /// A buffered writer to the file beside its place, or to standard output.
    pub(super) fn writer(&self) -> Result<Box<dyn Write + Send>> {
        match &self.file {
            None => Ok(Box::new(BufWriter::with_capacity(1 << 16, io::stdout()))),
            Some(file) => {
                let file: File = file.reopen().map_err(|e| Error::io("write", &self.path, e))?;
                Ok(Box::new(BufWriter::with_capacity(1 << 16, file)))
            }
        }
    }

    /// Puts the file into its place.
    pub(super) fn commit(self) -> Result<()> {
        let Some(file) = self.file else { return Ok(()) };
        file.as_file().sync_all().map_err(|e| Error::io("write", &self.path, e))?;
        file.persist(&self.path).map_err(|e| Error::io("write", &self.path, e.error))?;
        Ok(())
    }
}

/// Temporary files are private by default; what ends up under a user's name must have the rights that the user's other files have.
fn builder(path: &Path) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".belowline-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let rights = std::fs::metadata(path).map_or(0o666, |m| m.permissions().mode() & 0o777);
        builder.permissions(std::fs::Permissions::from_mode(rights));
    }
    builder
}

/// Writes bytes to a path, whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let output = Output::create(path)?;
    let mut writer = output.writer()?;
    writer.write_all(bytes).and_then(|()| writer.flush()).map_err(|e| Error::io("write", path, e))?;
    drop(writer);
    output.commit()
}
