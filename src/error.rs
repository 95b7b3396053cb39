//! The one error type of the library, and positions in input files.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Result with the library's [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Where in an input something stands. Parts that are not known are left out of the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position {
    /// The file as the user named it; `-` is standard input.
    pub path: Arc<str>,
    /// Line, from 1, on which the record starts.
    pub line: Option<u64>,
    /// Record, from 1, the header not counted.
    pub record: Option<u64>,
    /// Offset in bytes, from 0, in the decoded UTF-8 stream.
    pub byte: Option<u64>,
    /// Name of the column.
    pub column: Option<String>,
}

impl Position {
    /// A position that names only the file.
    pub fn file(path: impl Into<String>) -> Self {
        Position { path: path.into().into(), ..Position::default() }
    }

    /// The same position with the column's name.
    pub fn in_column(&self, column: impl Into<String>) -> Self {
        Position { column: Some(column.into()), ..self.clone() }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(record) = self.record {
            write!(f, ", record {record}")?;
        }
        if let Some(byte) = self.byte {
            write!(f, ", byte {byte}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        Ok(())
    }
}

/// Everything that can go wrong in the library.
///
/// Messages hold positions, names and numbers, never the text of a comment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to read or write.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried: `read`, `write`, `create`, ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A record, or a whole input file, that cannot be used.
    #[error("{position}: {message}")]
    Input {
        /// Where.
        position: Position,
        /// What is wrong and what to do.
        message: String,
    },
    /// A setting outside its legal range, an unknown key, an impossible combination.
    #[error("{0}")]
    Config(String),
    /// Labelled data that nothing can be learned from.
    #[error("{0}")]
    TrainingData(String),
    /// The file is not a belowline model.
    #[error("{path} is not a belowline model: {reason}")]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        reason: String,
    },
    /// The model was written by a newer belowline.
    #[error(
        "{path} has model format {found}, this belowline reads up to {supported}: install a newer belowline, or train again"
    )]
    NewerModel {
        /// The file.
        path: PathBuf,
        /// Format version in the file.
        found: u32,
        /// Newest format version this program reads.
        supported: u32,
    },
    /// The model was written by an older belowline, whose format is not read any more.
    #[error("{path} has model format {found}, this belowline reads format {supported}: train it again")]
    OlderModel {
        /// The file.
        path: PathBuf,
        /// Format version in the file.
        found: u32,
        /// Format version this program reads.
        supported: u32,
    },
    /// The model file ends before its contents do.
    #[error("{path} is cut short: its header promises {expected} bytes, the file has {found}")]
    TruncatedModel {
        /// The file.
        path: PathBuf,
        /// Bytes that the header asks for.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The model file's checksum does not match its contents.
    #[error("{path} is damaged: its checksum does not match its contents")]
    DamagedModel {
        /// The file.
        path: PathBuf,
    },
}

impl Error {
    /// Wraps a system error with what was tried and where.
    pub fn io(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Error::Io { action, path: path.as_ref().to_path_buf(), source }
    }

    /// An input error at a position.
    pub fn input(position: Position, message: impl Into<String>) -> Self {
        Error::Input { position, message: message.into() }
    }
}

/// Lets parameter guards of linfa carry this error type.
impl From<linfa::Error> for Error {
    fn from(error: linfa::Error) -> Self {
        Error::TrainingData(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_names_only_what_is_known() {
        let position = Position { line: Some(4), record: Some(2), byte: Some(91), ..Position::file("a.csv") };
        assert_eq!(position.to_string(), "a.csv, line 4, record 2, byte 91");
        assert_eq!(position.in_column("tone").to_string(), "a.csv, line 4, record 2, byte 91, column `tone`");
        assert_eq!(Position::file("-").to_string(), "-");
    }
}
