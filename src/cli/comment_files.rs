//! Where comments and articles go that were read from elsewhere: two tables that the other commands read.

use std::path::PathBuf;

use clap::Args;

use super::authors::AuthorArgs;
use super::csv_output::CsvOutput;
use super::paths::Paths;
use crate::error::Result;

/// Shared by `extract` and `import`.
#[derive(Debug, Args)]
pub(super) struct CommentFileArgs {
    /// Where to write the comments; standard output by default.
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
    /// Where to write the articles, for `--articles` of the other commands.
    #[arg(long, value_name = "FILE")]
    articles_output: Option<PathBuf>,
    /// What becomes of names.
    #[command(flatten)]
    pub(super) authors: AuthorArgs,
}

impl CommentFileArgs {
    /// Adds the files that are named here.
    pub(super) fn add_to(&self, paths: Paths) -> Paths {
        let paths = paths.reads(self.authors.key()).writes("--output", Some(&self.output));
        paths.writes("--articles-output", self.articles_output.as_deref())
    }

    /// Prepares to write comments with these columns, and the articles if they are wanted.
    pub(super) fn create(&self, columns: &[&str]) -> Result<CommentFiles> {
        let articles = self.articles_output.as_deref();
        Ok(CommentFiles {
            comments: CsvOutput::create(&self.output, columns)?,
            articles: articles.map(|path| CsvOutput::create(path, &ARTICLE_COLUMNS)).transpose()?,
        })
    }
}

/// Columns of a file of articles.
const ARTICLE_COLUMNS: [&str; 4] = ["article_id", "title", "body", "url"];

/// Both tables.
pub(super) struct CommentFiles {
    comments: CsvOutput,
    articles: Option<CsvOutput>,
}

impl CommentFiles {
    /// Writes a comment, in the order of its columns.
    pub(super) fn comment<C: AsRef<[u8]>>(&mut self, row: impl IntoIterator<Item = C>) -> Result<()> {
        self.comments.write(row)
    }

    /// Writes an article if they are wanted: its id, title, body and address.
    pub(super) fn article(&mut self, row: [&str; ARTICLE_COLUMNS.len()]) -> Result<()> {
        self.articles.as_mut().map_or(Ok(()), |articles| articles.write(row))
    }

    /// Puts both files into their places; gives the number of articles written.
    pub(super) fn finish(self) -> Result<u64> {
        self.comments.finish()?;
        self.articles.map_or(Ok(0), CsvOutput::finish)
    }
}
