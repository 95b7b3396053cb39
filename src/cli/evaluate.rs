//! `belowline evaluate`: a model, or two, against labelled comments.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::paths::Paths;
use super::pipeline::{self, Passed};
use super::rejects::Rejects;
use super::{InputArgs, ModelArgs, OnError, Outcome, Setting, output, progress, source};
use crate::error::{Error, Result};
use crate::evaluation::{Evaluation, LabelledVerdicts};
use crate::input::{BadRow, Inputs};
use crate::model::Model;
use crate::report::text::evaluation as evaluation_text;
use crate::report::{self, html};

#[derive(Debug, Args)]
pub(super) struct EvaluateArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    model: ModelArgs,
    /// A second model: shows the paired difference to it with its interval.
    #[arg(long, value_name = "MODEL")]
    against: Option<PathBuf>,
    /// Format of the output; by default that of its name, else text.
    #[arg(long, value_enum)]
    format: Option<EvaluationFormat>,
    /// Where to write; standard output by default.
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
    /// What to do at a row that cannot be used.
    #[arg(long, value_enum, default_value_t = OnError::Fail)]
    on_error: OnError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EvaluationFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// One page for a browser, with charts and the worst errors.
    Html,
}

/// The wanted format, else the one that the output's name says, else text.
fn format(args: &EvaluateArgs) -> EvaluationFormat {
    let ending = args.output.extension().map(|e| e.to_string_lossy().to_lowercase());
    args.format.unwrap_or(match ending.as_deref() {
        Some("html" | "htm") => EvaluationFormat::Html,
        Some("json") => EvaluationFormat::Json,
        _ => EvaluationFormat::Text,
    })
}

pub(super) fn run(args: &EvaluateArgs, setting: &Setting) -> anyhow::Result<Outcome> {
    if args.against.is_some() && args.input.inputs.iter().any(|path| path.as_os_str() == "-") {
        return Ok(Outcome::Usage(
            "--against reads the input twice, standard input only once: save it to a file".into(),
        ));
    }
    let paths = Paths::of(&args.input)?.reads(args.model.model.as_deref()).reads(args.against.as_deref());
    if let Some(clash) = paths.writes("--output", Some(&args.output)).clash() {
        return Ok(Outcome::Usage(clash));
    }
    let model = source::model(&args.model)?;
    let (verdicts, rejected) = judge(&model, args, setting, true)?;
    let against = match &args.against {
        None => None,
        Some(path) => {
            let other = source::load(path)?;
            // The same rows are bad for both; they have been reported already.
            let (verdicts, _) = judge(&other, args, setting, false)?;
            Some((path.display().to_string(), verdicts))
        }
    };
    let evaluation = Evaluation::measure(&model, &verdicts, against.as_ref().map(|(p, v)| (p.as_str(), v)))?;
    let shown = match format(args) {
        EvaluationFormat::Text => evaluation_text(&evaluation),
        EvaluationFormat::Json => report::json(&evaluation),
        EvaluationFormat::Html => html::evaluation(&evaluation)?,
    };
    output::write(&args.output, shown.as_bytes())?;
    Ok(if rejected > 0 { Outcome::SomeRejected } else { Outcome::Done })
}

/// Scores the labelled rows; gives them with the number of rejected ones.
fn judge(model: &Model, args: &EvaluateArgs, setting: &Setting, report: bool) -> Result<(LabelledVerdicts, u64)> {
    let mut inputs = source::open(&args.input)?;
    let tasks = tasks(model, &inputs)?;
    inputs.select_tasks(&tasks)?;
    let rejects_file = args.input.rejects.as_deref().filter(|_| report);
    let mut rejects = Rejects::new(args.on_error, rejects_file)?;
    let bar = progress::bar(setting.quiet, "scoring", inputs.bytes_total());
    let mut verdicts = LabelledVerdicts::new(model, &tasks);
    pipeline::score(
        model,
        &mut inputs,
        setting.threads,
        |_, _, _| (),
        |row, bytes| {
            bar.set_position(bytes);
            match row {
                Passed::Bad(bad) if report => rejects.take(bad),
                Passed::Bad(_) => Ok(()),
                Passed::Scored(row) => {
                    let position = row.record.position.clone();
                    match verdicts.push(model, &row.record, row.verdicts) {
                        Ok(()) => Ok(()),
                        Err((task, reason)) if report => rejects.take(BadRow {
                            position: position.in_column(task),
                            reason,
                            raw: row.record.raw.to_bytes(),
                        }),
                        Err(_) => Ok(()),
                    }
                }
            }
        },
    )?;
    bar.finish_and_clear();
    Ok((verdicts, rejects.finish()?))
}

/// The model's tasks that the input has labels for.
fn tasks(model: &Model, inputs: &Inputs) -> Result<Vec<String>> {
    let all: Vec<String> = model.heads.iter().map(|h| h.name.clone()).collect();
    let found: Vec<String> = all.iter().filter(|t| inputs.has_column(t) != Some(false)).cloned().collect();
    if found.is_empty() {
        return Err(Error::TrainingData(format!(
            "the input has no label column of this model's tasks ({}): nothing to measure against",
            all.join(", ")
        )));
    }
    Ok(found)
}
