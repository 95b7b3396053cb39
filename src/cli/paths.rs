//! Which files a command line reads and writes: none may be both.

use std::path::{Path, PathBuf};

use super::InputArgs;
use crate::builtin;
use crate::error::Result;
use crate::input::files;

/// Collects the files of a command line.
#[derive(Default)]
pub(super) struct Paths {
    read: Vec<PathBuf>,
    written: Vec<(&'static str, PathBuf)>,
}

impl Paths {
    /// With all that the input arguments name.
    pub(super) fn of(input: &InputArgs) -> Result<Self> {
        let mut paths = Paths { read: files(&input.inputs)?, ..Paths::default() };
        paths.read.extend(input.articles.iter().cloned());
        Ok(paths.writes("--rejects", input.rejects.as_deref()))
    }

    /// Another file that is read.
    pub(super) fn reads(mut self, path: Option<&Path>) -> Self {
        self.read.extend(path.map(Path::to_path_buf));
        self
    }

    /// Another file that is written, by the name of its option.
    pub(super) fn writes(mut self, option: &'static str, path: Option<&Path>) -> Self {
        self.written.extend(path.filter(|path| *path != Path::new("-")).map(|path| (option, path.to_path_buf())));
        self
    }

    /// Why the command line cannot be carried out: something would be lost, or could not be found again.
    pub(super) fn clash(&self) -> Option<String> {
        for (place, (option, path)) in self.written.iter().enumerate() {
            if path.as_os_str() == builtin::NAME {
                return Some(format!(
                    "{option}: `{0}` stands for the model that is part of the program: choose another name, or ./{0}",
                    builtin::NAME
                ));
            }
            // Devices and pipes keep nothing that could be lost.
            if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
                continue;
            }
            if self.read.iter().any(|read| is_same(read, path)) {
                let path = path.display();
                return Some(format!("{option} would write over {path}, which is read: choose another name"));
            }
            if let Some((other, _)) = self.written[place + 1..].iter().find(|(_, other)| is_same(other, path)) {
                return Some(format!("{other} and {option} name the same file: one would replace the other"));
            }
        }
        None
    }
}

/// Whether two paths lead to one file.
fn is_same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
