//! The data sets of a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use belowline::input::{Articles, Example, InputOptions, Inputs, Row};

/// Label columns that are measured, as far as they exist; those that `belowline train` takes by default.
const TASKS: [&str; 2] = ["stance", "tone"];

/// A sub-folder with labelled comments.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSet {
    /// The sub-folder's name.
    pub name: String,
    folder: PathBuf,
}

impl DataSet {
    /// The data sets in a folder by name, or those of them that are wanted, in the order in which they are named.
    pub fn find(folder: &Path, wanted: &[String]) -> Result<Vec<DataSet>> {
        let failed = || format!("cannot read the folder {}", folder.display());
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            if entry.path().join("train.csv").is_file() {
                found.push(DataSet { name: entry.file_name().to_string_lossy().into_owned(), folder: entry.path() });
            }
        }
        if found.is_empty() {
            bail!("{} has no data set: a sub-folder with a file train.csv", folder.display());
        }
        found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        if wanted.is_empty() {
            return Ok(found);
        }
        let of_name = |name: &String| {
            found.iter().find(|set| set.name == *name).cloned().with_context(|| {
                let names: Vec<&str> = found.iter().map(|set| set.name.as_str()).collect();
                format!("there is no data set `{name}` in {}: it has {}", folder.display(), names.join(", "))
            })
        };
        wanted.iter().map(of_name).collect()
    }

    /// The tasks that the data set has labels for.
    pub fn tasks(&self) -> Result<Vec<&'static str>> {
        let inputs = self.open()?;
        let tasks: Vec<&str> = TASKS.into_iter().filter(|task| inputs.has_column(task) == Some(true)).collect();
        if tasks.is_empty() {
            bail!("train.csv has neither a column `stance` nor `tone`");
        }
        Ok(tasks)
    }

    /// All comments, with the labels of one task. As in `belowline train`, a row that cannot be used is an error.
    pub fn read(&self, task: &str) -> Result<Vec<Example>> {
        let mut inputs = self.open()?;
        inputs.select_tasks(&[task.to_owned()])?;
        let mut examples = Vec::new();
        while let Some(row) = inputs.read_row()? {
            match row {
                Row::Good(record) => examples.push(record.example),
                Row::Bad(bad) => return Err(bad.into_error().into()),
            }
        }
        Ok(examples)
    }

    fn open(&self) -> Result<Inputs> {
        let articles = self.folder.join("articles.csv");
        let articles = match articles.is_file() {
            true => Some(Arc::new(Articles::load(&articles, None)?)),
            false => None,
        };
        let options = InputOptions { articles, ..InputOptions::default() };
        Ok(Inputs::open(&[self.folder.join("train.csv")], options)?)
    }
}
