//! `belowline train`: labelled comments to a model file, with a summary on standard output.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::output::{self, Output};
use super::paths::Paths;
use super::rejects::Rejects;
use super::{InputArgs, OnError, Outcome, Setting, progress, source};
use crate::error::{Error, Result};
use crate::input::{Example, Inputs, Row};
use crate::model::Head;
use crate::report::text;
use crate::training::{self, HeldOut, Trained};
use crate::{labels, memory, model_file};

/// Label columns that are taken when `--task` names none.
const DEFAULT_TASKS: [&str; 2] = ["stance", "tone"];

#[derive(Debug, Args)]
pub(super) struct TrainArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The model file to write.
    #[arg(short, long, value_name = "MODEL")]
    output: PathBuf,
    /// Settings; training/example.toml shows all of them.
    #[arg(long, value_name = "TOML")]
    config: Option<PathBuf>,
    /// A model that the new one starts from, for few labels of your own; `builtin` is the one that is part of the program.
    #[arg(long, value_name = "MODEL")]
    base: Option<PathBuf>,
    /// A label column to learn; by default stance and tone, as far as they exist.
    #[arg(long = "task", value_name = "COLUMN")]
    tasks: Vec<String>,
    /// Folds of the cross-validation (validation.folds in the config).
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(2..=100))]
    folds: Option<u64>,
    /// Seed of folds and resamples (validation.seed in the config).
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Refuse to train where it would take more memory than this, as in 6GB; by default what is free.
    #[arg(long, value_name = "SIZE", value_parser = memory::parse)]
    max_memory: Option<u64>,
    /// Write the out-of-fold prediction of each training row that was held out to this CSV file.
    #[arg(long, value_name = "FILE")]
    out_of_fold: Option<PathBuf>,
    /// What to do at a row that cannot be used.
    #[arg(long, value_enum, default_value_t = OnError::Fail)]
    on_error: OnError,
}

pub(super) fn run(args: &TrainArgs, setting: &Setting) -> anyhow::Result<Outcome> {
    let mut config = source::config(args.config.as_deref())?;
    config.validation.folds = args.folds.map_or(config.validation.folds, |k| k as usize);
    config.validation.seed = args.seed.unwrap_or(config.validation.seed);
    config.check()?;
    let paths = Paths::of(&args.input)?
        .reads(args.config.as_deref())
        .reads(args.base.as_deref())
        .writes("--output", Some(&args.output));
    if let Some(clash) = paths.writes("--out-of-fold", args.out_of_fold.as_deref()).clash() {
        return Ok(Outcome::Usage(clash));
    }
    let base = args.base.as_deref().map(source::load).transpose()?;
    // What cannot be written is better known before the work than after it.
    let output = Output::create(&args.output)?;

    let mut inputs = source::open(&args.input)?;
    let tasks = tasks(&args.tasks, &inputs)?;
    inputs.select_tasks(&tasks)?;
    let mut rejects = Rejects::new(args.on_error, args.input.rejects.as_deref())?;
    let mut examples: Vec<Example> = Vec::new();
    let mut read = 0u64;
    while let Some(row) = inputs.read_row()? {
        read += 1;
        match row {
            Row::Good(record) => examples.push(record.example),
            Row::Bad(bad) => rejects.take(bad)?,
        }
    }
    if examples.is_empty() {
        return Err(Error::TrainingData("the input has a header but no usable rows: nothing to learn".into()).into());
    }
    if let Some(limit) = args.max_memory.or_else(memory::available) {
        memory::check(&examples, &config, base.as_ref(), limit)?;
    }
    let tasks_found = found_tasks(&tasks, &args.tasks, &mut examples);

    let bar = progress::bar(setting.quiet, "training", Some(1));
    let trained = training::train_onto(base.as_ref(), &examples, &tasks_found, &config, &|done, steps| {
        bar.set_length(steps as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let trained = trained?;

    let bytes = model_file::to_bytes(&trained.model)?;
    let mut writer = output.writer()?;
    writer.write_all(&bytes).and_then(|()| writer.flush()).map_err(|e| Error::io("write", &args.output, e))?;
    drop(writer);
    if let Some(path) = &args.out_of_fold {
        output::write(path, &out_of_fold(&examples, &trained)?)?;
    }
    output.commit()?;

    let rejected = rejects.finish()?;
    let mut summary = text::training(&trained.model);
    summary.push_str(&format!(
        "\n{} rows read, {} used, {rejected} rejected. Model of {} written to {}\n",
        read,
        examples.len(),
        text::bytes(bytes.len() as u64),
        args.output.display()
    ));
    if !setting.quiet {
        trained.warnings.iter().for_each(|w| progress::say(format_args!("warning: {w}")));
        if args.out_of_fold.is_some() {
            trained.model.heads.iter().filter_map(left_out).for_each(|w| progress::say(format_args!("warning: {w}")));
        }
    }
    let is_stdout = |path: &PathBuf| path.as_os_str() == "-";
    if is_stdout(&args.output) || args.out_of_fold.as_ref().is_some_and(is_stdout) {
        // Standard output holds a file: the summary must not become a part of it.
        if !setting.quiet {
            progress::say(format_args!("{}", summary.trim_end()));
        }
    } else {
        std::io::stdout().write_all(summary.as_bytes())?;
    }
    Ok(if rejected > 0 { Outcome::SomeRejected } else { Outcome::Done })
}

/// The label columns to read: those named, or the default ones that the input has (all of them where it cannot be known).
fn tasks(named: &[String], inputs: &Inputs) -> Result<Vec<String>> {
    if !named.is_empty() {
        let mut seen = std::collections::HashSet::new();
        return Ok(named.iter().filter(|task| seen.insert(*task)).cloned().collect());
    }
    let found: Vec<String> =
        DEFAULT_TASKS.iter().filter(|t| inputs.has_column(t) != Some(false)).map(|t| t.to_string()).collect();
    if found.is_empty() {
        return Err(Error::TrainingData(
            "the input has neither a column `stance` nor `tone`: name the label column with --task".into(),
        ));
    }
    Ok(found)
}

/// Of default tasks in JSON lines, keeps those that some row has.
fn found_tasks(tasks: &[String], named: &[String], examples: &mut [Example]) -> Vec<String> {
    if !named.is_empty() || tasks.len() < 2 {
        return tasks.to_vec();
    }
    let present: Vec<bool> =
        (0..tasks.len()).map(|i| examples.iter().any(|e| e.labels.get(i).is_some_and(Option::is_some))).collect();
    if !present.contains(&true) {
        return tasks.to_vec();
    }
    for example in examples {
        let mut place = 0;
        example.labels.retain(|_| {
            place += 1;
            present[place - 1]
        });
    }
    tasks.iter().zip(present).filter(|(_, p)| *p).map(|(t, _)| t.clone()).collect()
}

/// What is not among a task's out-of-fold predictions, where its folds were not all held out.
fn left_out(head: &Head) -> Option<String> {
    let figures = &head.summary.figures;
    figures.held_out.map(|held_out| {
        format!(
            "`{}`: {held_out} of {} folds were held out, and only their rows have an out-of-fold prediction: raise validation.held_out_rows",
            head.name, figures.folds
        )
    })
}

/// Each row that was held out for some task with its fold, label, prediction and probabilities, in the folds that were tuned for.
fn out_of_fold(examples: &[Example], trained: &Trained) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().flexible(false).from_writer(Vec::new());
    let failed = |e: csv::Error| Error::Config(format!("cannot write the out-of-fold predictions: {e}"));
    let mut header = vec!["row".to_string(), "id".into()];
    for head in &trained.model.heads {
        let task = &head.name;
        header.extend([format!("{task}_fold"), task.clone(), format!("{task}_pred"), format!("{task}_conf")]);
        header.extend(head.labels.names().iter().map(|label| format!("{task}_p_{label}")));
    }
    writer.write_record(&header).map_err(failed)?;
    let tuned_for: Vec<&HeldOut> = trained.out_of_fold.iter().filter_map(|held| held.first()).collect();
    let places: Vec<std::collections::HashMap<usize, usize>> =
        tuned_for.iter().map(|held| held.rows.iter().enumerate().map(|(place, &row)| (row, place)).collect()).collect();
    // A row that is labelled with nothing keeps its bar: an empty cell would say "not labelled".
    let shown = |head: &Head, gold: &[usize]| match head.labels.join(gold) {
        gold if gold.is_empty() => labels::SEPARATOR.to_string(),
        gold => gold,
    };
    for (row, example) in examples.iter().enumerate() {
        if places.iter().all(|p| !p.contains_key(&row)) {
            continue;
        }
        let mut record = vec![(row + 1).to_string(), example.id.clone().unwrap_or_default()];
        for (((head, held), places), cell) in
            trained.model.heads.iter().zip(&tuned_for).zip(&places).zip(&example.labels)
        {
            let Some(&place) = places.get(&row) else {
                record.push(String::new());
                record.push(cell.as_deref().map(|cell| shown(head, &head.labels.indices(cell))).unwrap_or_default());
                record.resize(record.len() + 2 + head.labels.len(), String::new());
                continue;
            };
            let judged = &held.judged[place];
            let p = held.probabilities.row(place);
            let confidence = judged.predicted.iter().map(|&k| p[k]).reduce(f64::min);
            record.push(held.folds[place].to_string());
            record.push(shown(head, &judged.gold));
            record.push(head.labels.join(&judged.predicted));
            record.push(confidence.map(|c| format!("{c:.6}")).unwrap_or_default());
            record.extend(p.iter().map(|p| format!("{p:.6}")));
        }
        writer.write_record(&record).map_err(failed)?;
    }
    writer.into_inner().map_err(|e| Error::Config(format!("cannot write the out-of-fold predictions: {e}")))
}
