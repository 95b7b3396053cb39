//! The command line: the tree of arguments, and one file a subcommand.

mod authors;
mod comment_files;
mod csv_output;
mod evaluate;
mod explain;
mod extract;
mod generate;
mod import;
mod in_order;
mod inspect;
mod output;
mod paths;
mod pipeline;
mod predict;
mod progress;
mod rejects;
mod report;
mod sample;
mod source;
mod train;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::builtin;

/// Scores reader comments for stance and tone, with models trained on your own labels.
#[derive(Debug, Parser)]
#[command(name = "belowline", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Keep progress bars and messages off standard error.
    #[arg(long, global = true)]
    quiet: bool,
    /// Threads to use; all cores by default. Results do not depend on it.
    #[arg(long, global = true, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model on labelled comments.
    Train(train::TrainArgs),
    /// Score comments: the input rows with labels and probabilities appended.
    Predict(predict::PredictArgs),
    /// Measure a model on labelled comments.
    Evaluate(evaluate::EvaluateArgs),
    /// Turn scored comments, or raw ones, into a report: HTML, Markdown, JSON or CSV.
    Report(report::ReportArgs),
    /// Say why one comment is scored as it is: its words, the article's part, the style.
    Explain(explain::ExplainArgs),
    /// Pick comments to label next, as a table for a spreadsheet.
    Sample(sample::SampleArgs),
    /// Turn saved pages into comments and articles.
    Extract(extract::ExtractArgs),
    /// Turn an export of a comment system into comments and articles.
    Import(import::ImportArgs),
    /// Show what is in a model: labels, blocks, strongest features, figures, origin.
    Inspect(inspect::InspectArgs),
    /// Print shell completions.
    #[command(hide = true)]
    Completions(generate::CompletionsArgs),
    /// Print the manual page (roff).
    #[command(hide = true)]
    Man,
}

/// How a run that did not fail ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All done.
    Done,
    /// Done, but some rows were rejected.
    SomeRejected,
    /// The command line cannot be carried out as given.
    Usage(String),
}

/// Where the comments come from; shared by all commands that read them.
#[derive(Debug, Clone, Args)]
struct InputArgs {
    /// CSV, TSV, JSON lines or saved pages (HTML, text), also gzipped or zstd-compressed, or a folder of them; `-` is standard input.
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Articles (columns article_id, title, body, url), joined on article_id.
    #[arg(long, value_name = "FILE")]
    articles: Option<PathBuf>,
    /// Name of a column where it is not the default one, as in `--column comment=body`.
    #[arg(long = "column", value_name = "ROLE=NAME")]
    columns: Vec<String>,
    /// Encoding of inputs and articles, where there is no byte order mark and it is not UTF-8.
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Write rejected rows to this CSV file instead of their positions to standard error.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

/// Which model is used.
#[derive(Debug, Clone, Args)]
struct ModelArgs {
    /// The model file; by default, or as `builtin`, the English model for tone and hostility that is part of the program (a file of that
    /// name is ./builtin).
    #[arg(short, long, value_name = "MODEL")]
    model: Option<PathBuf>,
}

impl ModelArgs {
    /// Whether it is the model that is part of the program.
    fn is_builtin(&self) -> bool {
        self.model.as_deref().is_none_or(|path| path.as_os_str() == builtin::NAME)
    }
}

/// What to do at a row that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnError {
    /// Stop.
    Fail,
    /// Report it, leave it out, and go on; the exit status is then 3.
    Skip,
}

/// What a command line asks for beside its subcommand.
struct Setting {
    quiet: bool,
    threads: usize,
}

/// Runs a parsed command line.
pub fn run(cli: Cli) -> anyhow::Result<Outcome> {
    let threads = match cli.threads {
        Some(n) => n.get(),
        None => std::thread::available_parallelism().map_or(1, |n| n.get()),
    };
    let setting = Setting { quiet: cli.quiet, threads };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| match cli.command {
        Command::Train(args) => train::run(&args, &setting),
        Command::Predict(args) => predict::run(&args, &setting),
        Command::Evaluate(args) => evaluate::run(&args, &setting),
        Command::Report(args) => report::run(&args, &setting),
        Command::Explain(args) => explain::run(&args),
        Command::Sample(args) => sample::run(&args, &setting),
        Command::Extract(args) => extract::run(&args, &setting),
        Command::Import(args) => import::run(&args, &setting),
        Command::Inspect(args) => inspect::run(&args),
        Command::Completions(args) => generate::completions(&args),
        Command::Man => generate::man(),
    })
}

/// Whether an error only says that the reader of our output has gone.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_tree_of_arguments_is_sound() {
        super::Cli::command().debug_assert();
    }
}
