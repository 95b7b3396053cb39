//! `belowline predict`: the input rows with labels and probabilities appended.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::output::Output;
use super::paths::Paths;
use super::pipeline::{self, Passed};
use super::rejects::Rejects;
use super::{InputArgs, ModelArgs, OnError, Outcome, Setting, progress, source};
use crate::error::{Error, Result};
use crate::features::layout::Block;
use crate::input::{BadRow, Header, Record};
use crate::model::{Contribution, Head, Model, Verdict, texts};
use crate::predictions::{self, Format, Scored, Tasks};
use crate::scorer::Scorer;

#[derive(Debug, Args)]
pub(super) struct PredictArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    model: ModelArgs,
    /// Where to write; standard output by default.
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
    /// Format of the output; by default that of the output's name, else that of the input.
    #[arg(long, value_enum)]
    format: Option<OutputFormat>,
    /// Add the K features that speak most strongly for or against each prediction.
    #[arg(long, value_name = "K")]
    explain: Option<usize>,
    /// Leave the label empty where its probability is below this.
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    min_conf: f64,
    /// Probability from which on a label of a multi-label task is given, as in `--threshold tone:hostile=0.8`.
    #[arg(long = "threshold", value_name = "TASK:LABEL=P")]
    thresholds: Vec<String>,
    /// What to do at a row that cannot be used.
    #[arg(long, value_enum, default_value_t = OnError::Skip)]
    on_error: OnError,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Csv,
    Jsonl,
}

pub(super) fn run(args: &PredictArgs, setting: &Setting) -> anyhow::Result<Outcome> {
    if !(0.0..=1.0).contains(&args.min_conf) {
        return Ok(Outcome::Usage(format!("--min-conf must be from 0 to 1. Got {}", args.min_conf)));
    }
    let paths = Paths::of(&args.input)?.reads(args.model.model.as_deref()).writes("--output", Some(&args.output));
    if let Some(clash) = paths.clash() {
        return Ok(Outcome::Usage(clash));
    }
    let mut model = source::model(&args.model)?;
    for threshold in &args.thresholds {
        if let Err(error) = set_threshold(&mut model, threshold) {
            return Ok(Outcome::Usage(error.to_string()));
        }
    }
    let model = model;
    let mut inputs = source::open(&args.input)?;
    let header = inputs.header().clone();
    let output = Output::create(&args.output)?;
    let path = args.input.inputs[0].display().to_string();
    let tasks = Tasks::new(&model.heads, args.explain.is_some());
    let mut writer = predictions::writer(format(args, &header), &header, tasks, &path, output.writer()?)?;
    let mut rejects = Rejects::new(args.on_error, args.input.rejects.as_deref())?;
    let bar = progress::bar(setting.quiet, "scoring", inputs.bytes_total());
    let mut written = 0u64;

    let explain = |scorer: &mut Scorer, record: &Record, verdicts: &[Verdict]| {
        args.explain.map(|k| -> Vec<Vec<Contribution>> {
            let weighed = scorer.weigh(&texts(&record.example));
            let top = |(head, verdict): (&Head, &Verdict)| {
                let mut contributions = weighed.explain(head, &verdict.predicted).contributions;
                contributions.truncate(k);
                contributions
            };
            model.heads.iter().zip(verdicts).map(top).collect()
        })
    };
    pipeline::score(&model, &mut inputs, setting.threads, explain, |row, bytes| {
        bar.set_position(bytes);
        match row {
            Passed::Bad(bad) => rejects.take(bad),
            Passed::Scored(row) => {
                let mut whys = row.extra.unwrap_or_default().into_iter();
                let scored: Vec<Scored> = model
                    .heads
                    .iter()
                    .zip(row.verdicts)
                    .map(|(head, verdict)| Scored::new(head, verdict, args.min_conf, whys.next()))
                    .collect();
                match writer.write(&row.record, &scored) {
                    Err(Error::Input { position, message }) => {
                        rejects.take(BadRow { position, reason: message, raw: row.record.raw.to_bytes() })
                    }
                    other => {
                        written += 1;
                        other
                    }
                }
            }
        }
    })?;
    writer.finish()?;
    drop(writer);
    bar.finish_and_clear();
    output.commit()?;
    let rejected = rejects.finish()?;
    if !setting.quiet {
        let read = written + rejected;
        progress::say(format_args!("{read} rows read, {written} written, {rejected} rejected"));
        if args.model.is_builtin() {
            progress::say(format_args!(
                "scored for tone and hostility by the built-in model. Stance needs labels of your own: \
                 `belowline train LABELLED.csv --articles ARTICLES.csv --task stance -o MODEL`, then -m MODEL"
            ));
        }
        if written > 0 && reads_articles(&model) && !inputs.has_contexts() {
            progress::say(format_args!(
                "warning: the model was trained with articles or parents and the input has neither: name them with --articles"
            ));
        }
    }
    // The process is about to end, and takes all memory with it in one go.
    std::mem::forget(model);
    Ok(if rejected > 0 { Outcome::SomeRejected } else { Outcome::Done })
}

/// Whether the model looks at articles or parents.
pub(super) fn reads_articles(model: &Model) -> bool {
    let weights = model.config.features.weights();
    model.features.knows_articles() && Block::ALL.into_iter().any(|block| block.reads_context() && weights.uses(block))
}

/// The wanted format, else the one that the output's name says, else that of the input.
fn format(args: &PredictArgs, header: &Header) -> Format {
    let ending = |path: &Path| path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match (args.format, ending(&args.output).as_deref(), header) {
        (Some(OutputFormat::Csv), _, _) => Format::Csv,
        (Some(OutputFormat::Jsonl), _, _) => Format::JsonLines,
        (None, Some("jsonl" | "ndjson"), _) => Format::JsonLines,
        (None, Some("csv"), _) => Format::Csv,
        (None, Some("tsv"), _) => Format::Tsv,
        (None, _, Header::Json) => Format::JsonLines,
        (None, _, Header::Columns(_)) => Format::Csv,
    }
}

/// `TASK:LABEL=P`. Labels may hold colons and equals signs; the task ends at the first colon, the number begins after the last `=`.
fn set_threshold(model: &mut Model, argument: &str) -> Result<()> {
    let malformed =
        || Error::Config(format!("--threshold must look like TASK:LABEL=P, as in tone:hostile=0.8. Got {argument}"));
    let (task, rest) = argument.split_once(':').ok_or_else(malformed)?;
    let (label, number) = rest.rsplit_once('=').ok_or_else(malformed)?;
    let threshold: f64 = number.trim().parse().map_err(|_| malformed())?;
    let known: Vec<String> = model.heads.iter().map(|h| h.name.clone()).collect();
    match model.heads.iter_mut().find(|h| h.name == task) {
        Some(head) => head.set_threshold(label, threshold),
        None => Err(Error::Config(format!("the model has no task `{task}`: it has {}", known.join(", ")))),
    }
}
