//! `belowline import`: exports of comment systems as comments and articles that the other commands read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::comment_files::CommentFileArgs;
use super::paths::Paths;
use super::rejects::Rejects;
use super::{OnError, Outcome, Setting, progress};
use crate::error::Result;
use crate::exports::threads::Threads;
use crate::exports::{self, Item, System};

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The export, also gzipped or zstd-compressed; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The system that it comes from.
    #[arg(long, value_enum)]
    from: ExportSystem,
    /// A second file with the articles: Coral's stories.csv, Reddit's submissions.
    #[arg(long, value_name = "FILE")]
    stories: Option<PathBuf>,
    #[command(flatten)]
    files: CommentFileArgs,
    /// Encoding of the export, where there is no byte order mark and it is not UTF-8.
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Write rows that cannot be read to this CSV file instead of their positions to standard error.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportSystem {
    /// WXR, the file of "Tools, Export".
    Wordpress,
    /// The XML export.
    Disqus,
    /// comments.csv of its importer.
    Coral,
    /// Dumps of comments, JSON lines.
    Reddit,
}

/// Columns of the comments.
const COLUMNS: [&str; 8] = ["id", "article_id", "parent_id", "parent", "comment", "author", "time", "status"];

pub(super) fn run(args: &ImportArgs, setting: &Setting) -> anyhow::Result<Outcome> {
    let system = match args.from {
        ExportSystem::Wordpress => System::WordPress,
        ExportSystem::Disqus => System::Disqus,
        ExportSystem::Coral => System::Coral,
        ExportSystem::Reddit => System::Reddit,
    };
    if args.stories.is_some() && matches!(system, System::WordPress | System::Disqus) {
        return Ok(Outcome::Usage(
            "--stories is for coral and reddit: the others hold articles and comments in one file".into(),
        ));
    }
    let paths = Paths::default().reads(Some(&args.file)).reads(args.stories.as_deref());
    if let Some(clash) = args.files.add_to(paths).writes("--rejects", args.rejects.as_deref()).clash() {
        return Ok(Outcome::Usage(clash));
    }
    let authors = args.files.authors.open()?;
    // What is wrong with the second file is told before anything is written.
    let paths = args.stories.iter().chain([&args.file]);
    let readers: Vec<_> =
        paths.map(|path| exports::open(system, path, args.encoding.as_deref())).collect::<Result<_>>()?;
    let mut files = args.files.create(&COLUMNS)?;
    let mut rejects = Rejects::new(OnError::Skip, args.rejects.as_deref())?;
    let mut tally = Tally::default();
    let mut threads = Threads::default();
    for mut reader in readers {
        while let Some(item) = reader.next_item()? {
            match item {
                Item::Article(a) => files.article([&a.id, &a.title, &a.body, &a.url])?,
                Item::LeftOut(why) => *tally.left_out.entry(why).or_default() += 1,
                Item::Bad(bad) => rejects.take(bad)?,
                Item::Comment(comment) => {
                    let parent = threads.get(&comment.parent_id).filter(|_| !comment.parent_id.is_empty());
                    tally.orphans += u64::from(parent.is_none() && !comment.parent_id.is_empty());
                    let author = authors.shown(&comment.author);
                    let exports::Comment { id, article_id, parent_id, text, time, status, .. } = &comment;
                    let parent = parent.unwrap_or_default();
                    files.comment([id, article_id, parent_id, parent, text, &author, time, status])?;
                    tally.comments += 1;
                    tally.approved += u64::from(status == "approved");
                    threads.remember(id, text);
                }
            }
        }
    }
    let articles = files.finish()?;
    let rejected = rejects.finish()?;
    if !setting.quiet {
        tally.say(articles, rejected);
    }
    Ok(if rejected > 0 { Outcome::SomeRejected } else { Outcome::Done })
}

/// What was met.
#[derive(Default)]
struct Tally {
    comments: u64,
    approved: u64,
    orphans: u64,
    left_out: BTreeMap<&'static str, u64>,
}

impl Tally {
    fn say(&self, articles: u64, rejected: u64) {
        let all: u64 = self.left_out.values().sum();
        let why: Vec<String> = self.left_out.iter().map(|(why, n)| format!("{n} {why}")).collect();
        let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
        progress::say(format_args!(
            "{} comments and {articles} articles written, {all} comments left out{why}, {rejected} rows rejected",
            self.comments
        ));
        if self.orphans > 0 {
            progress::say(format_args!(
                "{} replies answer a comment that was left out, comes later or stands too far back: their `parent` is empty",
                self.orphans
            ));
        }
        if self.comments > 0 && self.approved == self.comments {
            progress::say(format_args!(
                "warning: all comments were approved by a moderator: hostile ones are rarer here than among what readers send in"
            ));
        }
    }
}
