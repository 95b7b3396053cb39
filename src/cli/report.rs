//! `belowline report`: what many comments say, as something to look at.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::output::Output;
use super::paths::Paths;
use super::pipeline::{self, Passed};
use super::rejects::Rejects;
use super::{InputArgs, ModelArgs, OnError, Outcome, Setting, predict, progress, source};
use crate::error::Result;
use crate::input::{BadRow, Inputs, Row as InputRow};
use crate::model::Model;
use crate::predictions::{RowVerdict, ScoredColumns};
use crate::report::batch::breakdown::By;
use crate::report::batch::{Collector, Report, Row, Task};
use crate::report::{csv, html, markdown};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The model file: scores comments that have no scores yet; of scored ones, tells how good the scores are and marks words.
    #[command(flatten)]
    model: ModelArgs,
    /// Where to write; `-` is standard output.
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Format of the report; by default that of the output's name, else HTML.
    #[arg(long, value_enum)]
    format: Option<ReportFormat>,
    /// Count by this alone; by default by all that rows name, in CSV by article and target.
    #[arg(long, value_enum)]
    by: Option<ReportBy>,
    /// Comments to show, drawn at random; counts are always of all.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_comments: usize,
    /// What to do at a row that cannot be used.
    #[arg(long, value_enum, default_value_t = OnError::Skip)]
    on_error: OnError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// One page for a browser, with nothing fetched from elsewhere.
    Html,
    /// For mails and issue trackers.
    Markdown,
    /// For programs; see docs/report.md.
    Json,
    /// For spreadsheets: one row an article and target.
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportBy {
    /// The file that a row comes from, or its column `source`.
    Source,
    Article,
    Target,
    /// The ISO week of its time.
    Week,
}

pub(super) fn run(args: &ReportArgs, setting: &Setting) -> anyhow::Result<Outcome> {
    let paths = Paths::of(&args.input)?.reads(args.model.model.as_deref()).writes("--output", Some(&args.output));
    if let Some(clash) = paths.clash() {
        return Ok(Outcome::Usage(clash));
    }
    let mut inputs = source::open(&args.input)?;
    let scored = inputs.peek_good()?.and_then(|record| ScoredColumns::of_row(&record.raw));
    let scored = scored.or_else(|| ScoredColumns::of_header(inputs.header()));
    // Scores of a model that is not named are nobody's; comments without scores need one.
    let model = match (&scored, &args.model.model) {
        (Some(_), None) => None,
        _ => Some(source::model(&args.model)?),
    };
    let tasks = match (&scored, &model) {
        (Some(columns), model) => Task::of_columns(columns, model.as_ref()),
        (None, Some(model)) => Task::of_model(model),
        (None, None) => Vec::new(),
    };
    if let Some(task) = tasks.iter().find(|task| task.labels.len() > MAX_LABELS) {
        return Ok(Outcome::Usage(format!(
            "`{}` has {} labels; a report can show {MAX_LABELS} a task",
            task.name,
            task.labels.len()
        )));
    }
    // What is wrong with the output's place is told before the work.
    let output = Output::create(&args.output)?;
    let mut gathering = Gathering {
        collector: Collector::new(tasks, args.max_comments),
        rejects: Rejects::new(args.on_error, args.input.rejects.as_deref())?,
    };
    let bar = progress::bar(setting.quiet, "reading", inputs.bytes_total());
    let mut lacks_contexts = false;
    match (&scored, &model) {
        (Some(columns), model) => gathering.read(&mut inputs, columns, model.as_ref(), &bar)?,
        (None, Some(model)) => {
            lacks_contexts = predict::reads_articles(model) && !inputs.has_contexts();
            gathering.score(&mut inputs, model, setting.threads, &bar)?;
        }
        (None, None) => {}
    }
    bar.finish_and_clear();
    let rejected = gathering.rejects.finish()?;
    let mut report = gathering.collector.finish(model.as_ref(), scored.is_some(), lacks_contexts);
    let by = args.by.map(|by| match by {
        ReportBy::Source => By::Source,
        ReportBy::Article => By::Article,
        ReportBy::Target => By::Target,
        ReportBy::Week => By::Week,
    });
    report.breakdowns.retain(|breakdown| by.is_none_or(|by| breakdown.by == by));
    output.write_all(shown(&report, by, args)?.as_bytes())?;
    if !setting.quiet {
        let place =
            if args.output.as_os_str() == "-" { "standard output".into() } else { args.output.display().to_string() };
        progress::say(format_args!(
            "{} rows read, {} reported, {rejected} rejected. Report written to {place}",
            report.rows_read, report.rows
        ));
        if let Some(by) = by.filter(|_| report.breakdowns.is_empty() && report.rows > 0) {
            progress::say(format_args!("warning: no row names a {}: there is nothing to count by it", by.name()));
        }
    }
    Ok(if rejected > 0 { Outcome::SomeRejected } else { Outcome::Done })
}

/// More labels of a task fit neither a page nor memory.
const MAX_LABELS: usize = 200;

/// What rows go through on their way into a report.
struct Gathering {
    collector: Collector,
    rejects: Rejects,
}

impl Gathering {
    fn reject(&mut self, bad: BadRow) -> Result<()> {
        self.collector.reject(&bad);
        self.rejects.take(bad)
    }

    /// Rows that came with scores.
    fn read(
        &mut self,
        inputs: &mut Inputs,
        columns: &ScoredColumns,
        model: Option<&Model>,
        bar: &indicatif::ProgressBar,
    ) -> Result<()> {
        while let Some(row) = inputs.read_row()? {
            bar.set_position(inputs.bytes_read());
            match row {
                InputRow::Bad(bad) => self.reject(bad)?,
                InputRow::Good(record) => {
                    let checked = columns.read(&record.raw).and_then(|verdicts| {
                        let mut pairs = self.collector.tasks().iter().zip(&verdicts);
                        pairs.try_for_each(|(task, verdict)| task.check(verdict))?;
                        Ok(verdicts)
                    });
                    match checked {
                        Ok(verdicts) => {
                            let seen = model.and_then(|model| model.has_seen(&record.example));
                            self.collector.push(Row { record: &record, verdicts, seen });
                        }
                        Err((column, reason)) => self.reject(BadRow {
                            position: record.position.in_column(column),
                            reason,
                            raw: record.raw.to_bytes(),
                        })?,
                    }
                }
            }
        }
        Ok(())
    }

    /// Rows that are scored here.
    fn score(
        &mut self,
        inputs: &mut Inputs,
        model: &Model,
        threads: usize,
        bar: &indicatif::ProgressBar,
    ) -> Result<()> {
        pipeline::score(
            model,
            inputs,
            threads,
            |_, record, _| model.has_seen(&record.example),
            |row, bytes| {
                bar.set_position(bytes);
                match row {
                    Passed::Bad(bad) => self.reject(bad),
                    Passed::Scored(row) if ScoredColumns::of_row(&row.record.raw).is_some() => {
                        let raw = row.record.raw.to_bytes();
                        let reason =
                            "this row has scores and the first has none: take the scores out, or score all rows".into();
                        self.reject(BadRow { position: row.record.position, reason, raw })
                    }
                    Passed::Scored(row) => {
                        let verdicts =
                            model.heads.iter().zip(row.verdicts).map(|(head, v)| RowVerdict::of(head, v)).collect();
                        self.collector.push(Row { record: &row.record, verdicts, seen: row.extra });
                        Ok(())
                    }
                }
            },
        )
    }
}

fn shown(report: &Report, by: Option<By>, args: &ReportArgs) -> Result<String> {
    match format(args) {
        ReportFormat::Html => html::report(report),
        ReportFormat::Markdown => Ok(markdown::report(report)),
        ReportFormat::Json => Ok(crate::report::json(report)),
        ReportFormat::Csv => csv::report(report, by),
    }
}

/// The wanted format, else the one that the output's name says, else HTML.
fn format(args: &ReportArgs) -> ReportFormat {
    let ending = Path::extension(&args.output).map(|e| e.to_string_lossy().to_lowercase());
    args.format.unwrap_or(match ending.as_deref() {
        Some("md" | "markdown") => ReportFormat::Markdown,
        Some("json") => ReportFormat::Json,
        Some("csv") => ReportFormat::Csv,
        _ => ReportFormat::Html,
    })
}
