//! `make quality`: how good belowline's scores are on the data sets of a folder, and those of other packages on the same folds.
//!
//! Prints Markdown tables. A data set is a sub-folder with a file `train.csv`, and `articles.csv` where comments name articles;
//! what is measured is whether its columns `stance` and `tone` can be told. The exit status is 1 if anything failed.

mod data;
mod measure;
mod peers;
mod scores;
mod table;

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use clap::Parser;

use data::DataSet;
use measure::{PeerResult, TaskResult, measure};
use peers::Peers;

/// What another package may take for the folds of one question by default, in seconds.
const PEER_TIMEOUT: u64 = 1200;

/// Cross-validates belowline, and other packages on the same folds, on the data sets of a folder.
#[derive(Debug, Parser)]
#[command(name = "quality")]
struct Args {
    /// A folder of sub-folders with `train.csv` and, where comments name articles, `articles.csv`.
    data: PathBuf,
    /// A Python with scikit-learn, for the comparison; also with fastText and Vowpal Wabbit if these are wanted.
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
    /// A data set to measure; by default all of the folder.
    #[arg(long = "set", value_name = "NAME")]
    sets: Vec<String>,
    /// What another package may take for the folds of one question, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = PEER_TIMEOUT)]
    peer_timeout: u64,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything could be measured.
fn run(args: &Args) -> Result<bool> {
    let sets = DataSet::find(&args.data, &args.sets)?;
    let peers = match &args.python {
        Some(python) => Peers::find(python, Duration::from_secs(args.peer_timeout))?,
        None => Peers::none(),
    };
    // Row by row, so that what is measured is there even if the run is ended early.
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}\n\n{}", heading(args)?, table::scores_header(&peers).trim_end())?;
    let (mut times, mut failures) = (table::times_header(&peers), String::new());
    for set in &sets {
        let tasks = set.tasks().map_or_else(|error| vec![Err(error)], |tasks| tasks.into_iter().map(Ok).collect());
        for task in tasks {
            let name = task.as_ref().map_or_else(|_| set.name.clone(), |task| format!("{}, {task}", set.name));
            let result = task.and_then(|task| measure(set, task, &peers, &|what| eprintln!("{name}: {what}")));
            let rows = match &result {
                Ok(result) => {
                    times += &table::times_row(&name, result, &peers);
                    failures += &failures_of(&name, result, &peers)?;
                    table::score_rows(&name, result)
                }
                Err(error) => {
                    let message = format!("{error:#}");
                    writeln!(failures, "{name}: {message}")?;
                    table::failed_row(&name, &message, &peers)
                }
            };
            out.write_all(rows.as_bytes())?;
            out.flush()?;
        }
    }
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    write!(out, "\n{times}\n{}", table::notes(&peers, cores))?;
    for line in failures.lines() {
        eprintln!("failed: {line}");
    }
    Ok(failures.is_empty())
}

/// A line for each peer that failed.
fn failures_of(name: &str, result: &TaskResult, peers: &Peers) -> Result<String> {
    let mut lines = String::new();
    for question in &result.questions {
        for (peer, result) in peers.installed.iter().zip(&question.peers) {
            if let PeerResult::Failed(message) = result {
                writeln!(lines, "{name}: {}, {}: {message}", peer.name, question.question)?;
            }
        }
    }
    Ok(lines)
}

/// Date, version and command.
fn heading(args: &Args) -> Result<String> {
    let seconds = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().with_context(|| format!("SOURCE_DATE_EPOCH is not a number of seconds: {text}"))?,
        Err(_) => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs(),
    };
    let shown = |path: &Path| path.display().to_string();
    let mut command = format!("make quality DATA={}", shown(&args.data));
    if let Some(python) = &args.python {
        command += &format!(" PYTHON={}", shown(python));
    }
    if !args.sets.is_empty() {
        command += &format!(" SETS=\"{}\"", args.sets.join(" "));
    }
    if args.peer_timeout != PEER_TIMEOUT {
        command += &format!(" PEER_TIMEOUT={}", args.peer_timeout);
    }
    Ok(format!("{}, belowline {}: `{command}`", table::day(seconds), env!("CARGO_PKG_VERSION")))
}
