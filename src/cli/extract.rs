//! `belowline extract`: saved pages as comments and articles that the other commands read.

use std::path::{Path, PathBuf};

use clap::Args;

use super::comment_files::CommentFileArgs;
use super::paths::Paths;
use super::{Outcome, Setting, progress};
use crate::error::Error;
use crate::input::{self, PAGE_COLUMNS, page, page_ids, page_row};
use crate::pages::Page;

#[derive(Debug, Args)]
pub(super) struct ExtractArgs {
    /// Saved web pages, HTML or plain text, also gzipped or zstd-compressed, or folders of them; `-` is standard input.
    #[arg(required = true, value_name = "PAGE")]
    pages: Vec<PathBuf>,
    #[command(flatten)]
    files: CommentFileArgs,
    /// Encoding of the pages, where there is no byte order mark, they declare none and it is not UTF-8.
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// List what stood in the articles and is no part of them: credits, invitations, notes.
    #[arg(long)]
    verbose: bool,
}

/// Where the author stands among the columns.
const AUTHOR_AT: usize = 5;

pub(super) fn run(args: &ExtractArgs, setting: &Setting) -> anyhow::Result<Outcome> {
    let paths = input::files(&args.pages)?;
    let named = paths.iter().fold(Paths::default(), |named, path| named.reads(Some(path)));
    if let Some(clash) = args.files.add_to(named).clash() {
        return Ok(Outcome::Usage(clash));
    }
    let authors = args.files.authors.open()?;
    let mut header = PAGE_COLUMNS.to_vec();
    header.insert(AUTHOR_AT, "author");
    let mut files = args.files.create(&header)?;
    let mut tally = Tally::default();
    for path in &paths {
        let page = match page(path, args.encoding.as_deref()) {
            // One bad page of many is told and left out.
            Err(error @ Error::Input { .. }) if paths.len() > 1 => {
                tally.rejected += 1;
                progress::say(format_args!("rejected: {error}"));
                continue;
            }
            other => other?,
        };
        let name = path.display().to_string();
        let ids = page_ids(&page, &name);
        for (place, comment) in page.comments.iter().enumerate() {
            let mut row = page_row(&page, place, &ids, &name);
            row.insert(AUTHOR_AT, authors.shown(&comment.author));
            files.comment(row)?;
        }
        files.article([&name, &page.title, &page.body, &page.url])?;
        if args.verbose && !setting.quiet {
            list(path, &page);
        }
        tally.count(&page);
    }
    files.finish()?;
    if !setting.quiet {
        tally.say();
    }
    Ok(if tally.rejected > 0 { Outcome::SomeRejected } else { Outcome::Done })
}

/// What was read of a page and what was left out.
fn list(path: &Path, page: &Page) {
    progress::say(format_args!(
        "{}: {} words of article, {} comments, {} ({:.2})",
        path.display(),
        page.body.split_whitespace().count(),
        page.comments.len(),
        page.boundary.name(),
        page.boundary.confidence
    ));
    for line in &page.furniture {
        progress::say(format_args!("  left out: {}", line.replace(|c: char| c.is_control(), " ")));
    }
}

/// What was met.
#[derive(Default)]
struct Tally {
    pages: usize,
    comments: usize,
    guessed: usize,
    without: usize,
    without_article: usize,
    unloaded: usize,
    rejected: usize,
}

impl Tally {
    fn count(&mut self, page: &Page) {
        self.pages += 1;
        self.comments += page.comments.len();
        self.without += usize::from(page.comments.is_empty());
        self.guessed += usize::from(!page.comments.is_empty() && !page.boundary.is_marked);
        self.without_article += usize::from(page.body.is_empty());
        self.unloaded += usize::from(page.lacks_comments);
    }

    fn say(&self) {
        let Tally { pages, comments, without, .. } = self;
        progress::say(format_args!(
            "{pages} pages read, {comments} comments written, {without} pages without comments"
        ));
        if self.guessed > 0 {
            progress::say(format_args!(
                "on {} pages nothing marks where the article ends: it was guessed (column boundary_conf says how surely)",
                self.guessed
            ));
        }
        if self.unloaded > 0 {
            progress::say(format_args!(
                "warning: {} pages load their comments from another site, and were saved without them",
                self.unloaded
            ));
        }
        if self.without_article > 0 {
            progress::say(format_args!("warning: no article was found on {} pages", self.without_article));
        }
    }
}
