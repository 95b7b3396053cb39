//! `belowline sample`: comments to label next, as a table for a spreadsheet.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;

use super::csv_output::CsvOutput;
use super::paths::Paths;
use super::pipeline::{self, Passed};
use super::rejects::Rejects;
use super::{InputArgs, OnError, Outcome, Setting, progress, source};
use crate::error::Result;
use crate::input::{Header, Raw, Record, Row, json_cell};
use crate::labelling::{Picked, Queue};
use crate::model::{Verdict, article_key};
use crate::scorer::Scorer;

#[derive(Debug, Args)]
pub(super) struct SampleArgs {
    #[command(flatten)]
    input: InputArgs,
    /// A model: half of the comments are then those that it is least sure of.
    #[arg(short, long, value_name = "MODEL")]
    model: Option<PathBuf>,
    /// How many comments to pick.
    #[arg(short = 'n', long = "rows", value_name = "N", default_value_t = 200)]
    rows: usize,
    /// Label column to add, empty; repeatable. By default those of the model, else `stance` and `tone`.
    #[arg(long = "task", value_name = "COLUMN")]
    tasks: Vec<String>,
    /// Where to write; standard output by default.
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
    /// Decides which comments are drawn.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

/// The column that says why a row was picked.
const PICKED: &str = "picked";
/// More rows than anybody labels would be kept in memory.
const MOST_ROWS: usize = 1_000_000;

pub(super) fn run(args: &SampleArgs, setting: &Setting) -> anyhow::Result<Outcome> {
    if args.rows == 0 || args.rows > MOST_ROWS {
        return Ok(Outcome::Usage(format!("--rows must be from 1 to {MOST_ROWS}. Got {}", args.rows)));
    }
    let paths = Paths::of(&args.input)?.reads(args.model.as_deref()).writes("--output", Some(&args.output));
    if let Some(clash) = paths.clash() {
        return Ok(Outcome::Usage(clash));
    }
    let model = args.model.as_deref().map(source::load).transpose()?;
    let tasks: Vec<String> = match (&model, args.tasks.is_empty()) {
        (_, false) => args.tasks.clone(),
        (Some(model), true) => model.heads.iter().map(|head| head.name.clone()).collect(),
        (None, true) => ["stance", "tone"].map(str::to_owned).to_vec(),
    };
    let mut inputs = source::open(&args.input)?;
    if inputs.has_column(PICKED) == Some(true) {
        return Ok(Outcome::Usage(format!(
            "the input has a column `{PICKED}` already: take it out, or sample from the comments themselves"
        )));
    }
    let mut rejects = Rejects::new(OnError::Skip, args.input.rejects.as_deref())?;
    let mut gathering = Gathering {
        queue: Queue::new(args.rows, model.is_some(), args.seed),
        header: inputs.header().clone(),
        tasks: &tasks,
        read: 0,
        labelled: 0,
    };
    let bar = progress::bar(setting.quiet, "reading", inputs.bytes_total());
    match &model {
        None => {
            while let Some(row) = inputs.read_row()? {
                bar.set_position(inputs.bytes_read());
                match row {
                    Row::Bad(bad) => rejects.take(bad)?,
                    Row::Good(record) => gathering.take(*record, 0.0),
                }
            }
        }
        Some(model) => {
            let nothing = |_: &mut Scorer, _: &Record, _: &[Verdict]| ();
            pipeline::score(model, &mut inputs, setting.threads, nothing, |row, bytes| {
                bar.set_position(bytes);
                match row {
                    Passed::Bad(bad) => rejects.take(bad)?,
                    Passed::Scored(row) => {
                        let confidence = row.verdicts.iter().map(Verdict::confidence).fold(1.0, f64::min);
                        gathering.take(*row.record, confidence);
                    }
                }
                Ok(())
            })?;
        }
    }
    bar.finish_and_clear();
    let Gathering { queue, header, read, labelled, .. } = gathering;
    let picked = queue.finish();
    write(args, &tasks, &header, &picked)?;
    let rejected = rejects.finish()?;
    if !setting.quiet {
        let labelled = if labelled > 0 { format!(" ({labelled} of them labelled already)") } else { String::new() };
        let unsure = picked.iter().filter(|(_, why)| *why == Picked::Unsure).count();
        progress::say(format_args!(
            "{} rows read{labelled}, {} picked: {} at random, {unsure} that the model is least sure of; {rejected} rejected",
            read + rejected,
            picked.len(),
            picked.len() - unsure
        ));
    }
    Ok(if rejected > 0 { Outcome::SomeRejected } else { Outcome::Done })
}

/// What rows go through.
struct Gathering<'t> {
    queue: Queue<Raw>,
    header: Header,
    tasks: &'t [String],
    read: u64,
    labelled: u64,
}

impl Gathering<'_> {
    /// Takes a row, unless somebody has labelled it for every task.
    fn take(&mut self, record: Record, confidence: f64) {
        self.read += 1;
        if self.tasks.iter().all(|task| has_cell(&record.raw, &self.header, task)) {
            self.labelled += 1;
            return;
        }
        let article = article_key(&record.example).or_else(|| record.example.target.clone()).unwrap_or_default();
        self.queue.push(&article, &record.example.comment, confidence, record.raw);
    }
}

/// Whether something stands in a row's column.
fn has_cell(raw: &Raw, header: &Header, name: &str) -> bool {
    match (raw, header) {
        (Raw::Fields(fields), Header::Columns(columns)) => {
            let place = columns.iter().position(|column| column == name);
            place.and_then(|place| fields.get(place)).is_some_and(|cell| !cell.trim().is_empty())
        }
        (Raw::Json(object), _) => !json_cell(object.get(name)).trim().is_empty(),
        (Raw::Fields(_), Header::Json) => false,
    }
}

/// Writes the picked rows with the columns that they came with, why they were picked, and empty columns for labels.
fn write(args: &SampleArgs, tasks: &[String], header: &Header, picked: &[(Raw, Picked)]) -> Result<()> {
    let columns = columns(header, picked.iter().map(|(raw, _)| raw));
    let added: Vec<&str> = tasks.iter().map(String::as_str).filter(|task| !columns.contains(task)).collect();
    let names: Vec<&str> = columns.iter().copied().chain([PICKED]).chain(added.iter().copied()).collect();
    let mut output = CsvOutput::create(&args.output, &names)?;
    for (raw, why) in picked {
        let empty = added.iter().map(|_| String::new());
        output.write(cells(raw, &columns).into_iter().chain([why.name().to_owned()]).chain(empty))?;
    }
    output.finish()?;
    Ok(())
}

/// The names of the columns; of JSON lines the keys in the order in which they first appear.
fn columns<'r>(header: &'r Header, rows: impl IntoIterator<Item = &'r Raw>) -> Vec<&'r str> {
    match header {
        Header::Columns(columns) => columns.iter().map(String::as_str).collect(),
        Header::Json => {
            let mut names: Vec<&str> = Vec::new();
            let mut known = HashSet::new();
            for row in rows {
                if let Raw::Json(object) = row {
                    names.extend(object.keys().map(String::as_str).filter(|key| known.insert(*key)));
                }
            }
            names
        }
    }
}

fn cells(raw: &Raw, columns: &[&str]) -> Vec<String> {
    match raw {
        Raw::Fields(fields) => fields.iter().map(str::to_owned).collect(),
        Raw::Json(object) => columns.iter().map(|name| json_cell(object.get(*name))).collect(),
    }
}
