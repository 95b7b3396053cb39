//! Output that is whole or not there: written beside its place and renamed into it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// A file that appears under its name only when [`Output::commit`] is called; or standard output, a device, a pipe.
pub(super) struct Output {
    path: PathBuf,
    sink: Sink,
}

enum Sink {
    Stdout,
    /// A device or a named pipe: renaming a file into its place would destroy it.
    Device(File),
    /// To be renamed to `place`, which is where `path` leads to.
    Beside {
        file: NamedTempFile,
        place: PathBuf,
    },
}

impl Output {
    /// Prepares to write to a path; `-` is standard output.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let output = |sink| Ok(Output { path: path.into(), sink });
        if path == Path::new("-") {
            return output(Sink::Stdout);
        }
        if let Some(ending @ ("gz" | "zst")) = path.extension().and_then(|e| e.to_str()) {
            return Err(Error::Config(format!(
                "{}: output is not compressed, so its name must not end in .{ending}; write to - and pipe it on",
                path.display()
            )));
        }
        if path.is_dir() {
            return Err(Error::io("write", path, io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")));
        }
        if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
            let device = File::options().write(true).open(path).map_err(|e| Error::io("write", path, e))?;
            return output(Sink::Device(device));
        }
        // A link stays, what it leads to is replaced.
        let place = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
        let folder = match place.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            let missing = io::Error::new(io::ErrorKind::NotFound, "the folder does not exist; make it first");
            return Err(Error::io("write into", folder, missing));
        }
        let file = builder(path).tempfile_in(folder).map_err(|e| Error::io("write into", folder, e))?;
        output(Sink::Beside { file, place })
    }

    /// A buffered writer to the file beside its place, to the device, or to standard output.
    pub(super) fn writer(&self) -> Result<Box<dyn Write + Send>> {
        let failed = |e| Error::io("write", &self.path, e);
        let sink: Box<dyn Write + Send> = match &self.sink {
            Sink::Stdout => Box::new(io::stdout()),
            Sink::Device(device) => Box::new(device.try_clone().map_err(failed)?),
            Sink::Beside { file, .. } => Box::new(file.reopen().map_err(failed)?),
        };
        Ok(Box::new(BufWriter::with_capacity(1 << 16, sink)))
    }

    /// Writes all there is to write, and puts the file into its place.
    pub(super) fn write_all(self, bytes: &[u8]) -> Result<()> {
        let mut writer = self.writer()?;
        let name = if matches!(self.sink, Sink::Stdout) { Path::new("standard output") } else { &self.path };
        writer.write_all(bytes).and_then(|()| writer.flush()).map_err(|e| Error::io("write", name, e))?;
        drop(writer);
        self.commit()
    }

    /// Puts the file into its place.
    pub(super) fn commit(self) -> Result<()> {
        let Sink::Beside { file, place } = self.sink else { return Ok(()) };
        file.as_file().sync_all().map_err(|e| Error::io("write", &self.path, e))?;
        file.persist(place).map_err(|e| Error::io("write", &self.path, e.error))?;
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

/// Writes bytes to a path, whole or not at all; `-` is standard output.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    Output::create(path)?.write_all(bytes)
}
