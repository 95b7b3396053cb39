//! From labelled comments to a model.

use sha2::{Digest, Sha256};

use crate::adaptation::Adaptation;
use crate::config::{Config, LanguageChoice, Search};
use crate::cross_validation::{FinalFit, OutOfFold, cross_validate, fit_all};
use crate::decision::Decision;
use crate::error::{Error, Result};
use crate::features::{Texts, learning};
use crate::input::Example;
use crate::labels::{self, LabelSet, SEPARATOR, TaskKind, split_cell};
use crate::linear::HalfLogistic;
use crate::metrics::{Judged, number_clusters};
use crate::model::{Head, Model, Provenance, article_key, article_print, texts};
use crate::quantification::Errors;
use crate::questions::{GroupKeys, Plan, Question};
use crate::selection::{self, Choice};
use crate::summary::{Figures, Measured, TaskSummary};
use crate::task::TaskRows;
use crate::text::Language;
use crate::workbench::{Finish, Workbench};

/// Comments that the language is detected from, spread evenly over the data.
const LANGUAGE_SAMPLE: usize = 500;

/// A trained model, what is worth a warning, and how training rows were predicted while held out.
pub struct Trained {
    /// The model.
    pub model: Model,
    /// What the user should know, a sentence each.
    pub warnings: Vec<String>,
    /// By task, in the order of the model's heads: its cross-validations, first the one that everything was tuned for.
    pub out_of_fold: Vec<Vec<HeldOut>>,
}

/// Out-of-fold predictions of one cross-validation of a task.
pub struct HeldOut {
    /// What the folds ask, as in [`Figures::question`].
    pub question: &'static str,
    /// Index of each judged example.
    pub rows: Vec<usize>,
    /// Fold of each.
    pub folds: Vec<usize>,
    /// True and predicted classes of each.
    pub judged: Vec<Judged>,
    /// Probability of each label of each row.
    pub probabilities: ndarray::Array2<f64>,
    /// What intervals resample, as in [`Figures::clusters`]: the cluster of each row, numbered from 0.
    pub clusters: Vec<u32>,
}

/// Hears how far training has come: steps done and steps in all.
pub type Progress<'p> = dyn Fn(usize, usize) + Sync + 'p;

/// Trains on labelled examples; `tasks` names the label columns, in the order of each example's `labels`.
pub fn train(examples: &[Example], tasks: &[String], config: &Config, progress: &Progress) -> Result<Trained> {
    train_onto(None, examples, tasks, config, progress)
}

/// Trains on top of a base model, if there is one: its weights are what the penalty pulls towards; see [`crate::adaptation`]. The
/// base's tasks need not be among `tasks`, and are not in the new model unless they are.
pub fn train_onto(
    base: Option<&Model>,
    examples: &[Example],
    tasks: &[String],
    config: &Config,
    progress: &Progress,
) -> Result<Trained> {
    config.check()?;
    let mut warnings = Vec::new();
    let labelled: Vec<TaskRows> = tasks
        .iter()
        .enumerate()
        .map(|(place, name)| task_rows(examples, place, name, config, &mut warnings))
        .collect::<Result<_>>()?;
    let language = match (config.language, base) {
        (LanguageChoice::Given(language), Some(base)) if language != base.features.language => {
            return Err(Error::Config(format!(
                "`language` in the config is {}, and the base model's is {}: leave it out, or start from a base of that language",
                language.name(),
                base.features.language.name()
            )));
        }
        (choice, Some(base)) => {
            let found = detected(examples);
            if choice == LanguageChoice::Auto && found != base.features.language && found != Language::Unknown {
                warnings.push(format!(
                    "the comments look like {}, and the base model is {}: it will hardly know their words",
                    found.name(),
                    base.features.language.name()
                ));
            }
            base.features.language
        }
        (LanguageChoice::Given(language), None) => language,
        (LanguageChoice::Auto, None) => detected(examples),
    };
    let texts: Vec<Texts> = examples.iter().map(texts).collect();
    let (features, raw, inherited) =
        learning::learn_onto(base.map(|base| &base.features), language, &config.features, &texts);
    let layout = features.layout();
    let used = config.features.weights();
    let adaptation = base.zip(inherited);
    let adaptation =
        adaptation.map(|(base, inherited)| Adaptation::new(base, inherited, &layout, &used, &raw)).transpose()?;
    if layout.counted_columns() == 0 {
        return Err(Error::TrainingData(
            "no word or character sequence occurs in two comments: too little text to learn from".into(),
        ));
    }

    let keys = GroupKeys::new(examples);
    let counter = std::sync::atomic::AtomicUsize::new(0);
    let plans: Result<Vec<Plan>> = labelled.iter().map(|task| Plan::new(task, &keys, examples, config)).collect();
    let plans = plans?;
    let steps = steps_in_all(&plans, config);
    let step = || {
        let done = counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        progress(done.min(steps), steps);
    };
    let mut heads = Vec::new();
    let mut out_of_fold = Vec::new();
    for (task, plan) in labelled.iter().zip(&plans) {
        let bench = Workbench { task, raw: &raw, layout: &layout, config, base: adaptation.as_ref() };
        let (clusters, cluster_of) = keys.clusters(task);
        let mut held_out = Vec::new();
        let mut validate = |question: &Question, search: Search| -> Result<(OutOfFold, Figures)> {
            let held = cross_validate(&bench, question, search, &step)?;
            let row_clusters = number_clusters(held.rows.iter().map(|&r| cluster_of[r]));
            let figures = Figures::measure(&Measured {
                kind: task.kind,
                labels: &task.labels,
                judged: &held.judged,
                probabilities: &held.probabilities,
                question: question.asks,
                grouped_by: question.grouped_by,
                folds: question.folds.count(),
                held_out: (question.held_out < question.folds.count()).then_some(question.held_out),
                clusters,
                cluster_of: &row_clusters,
                validation: &config.validation,
            })?;
            held_out.push(HeldOut {
                question: question.asks,
                rows: held.rows.iter().map(|&r| task.rows[r]).collect(),
                folds: held.fold_of.clone(),
                judged: held.judged.clone(),
                probabilities: held.probabilities.clone(),
                clusters: row_clusters,
            });
            Ok((held, figures))
        };
        let (held, figures) = validate(&plan.main, config.training.search)?;
        // The other question is only measured, with the settings of the config: a search would double the time that training takes.
        let other = plan.other.as_ref().map(|q| validate(q, Search::None)).transpose()?;
        let fit = fit_all(&bench, &held, &step)?;
        let errors_of = |judged: &[(usize, Judged)], figures: &Figures| {
            let clusters = number_clusters(judged.iter().map(|(row, _)| cluster_of[*row]));
            let judged: Vec<Judged> = judged.iter().map(|(_, judged)| judged.clone()).collect();
            Errors::of(task.kind, task.labels.len(), &judged, &clusters, &figures.question)
        };
        let mut errors = vec![errors_of(&fit.judged, &figures)];
        if let Some((held, figures)) = &other {
            errors.push(errors_of(&fit.judge(&bench, held)?, figures));
        }
        let FinalFit { regression, base, convergence, finish, .. } = fit;
        let Choice { candidate: chosen, tried, blocks } = held.choice;
        if !convergence.converged {
            warnings.push(format!(
                "the final fit of `{}` has not converged after {} steps (relative gradient {:.1e}): raise training.max_iterations",
                task.name, convergence.iterations, convergence.gradient
            ));
        }
        let summary = TaskSummary {
            rows: task.rows.len(),
            copies: keys.copies(task),
            chosen,
            tried,
            blocks,
            convergence,
            figures,
            other: other.map(|(_, figures)| figures),
            base,
            errors,
        };
        heads.push(Head {
            name: task.name.clone(),
            kind: task.kind,
            labels: task.labels.clone(),
            numbers: numbers(task, config)?,
            regression: HalfLogistic::from(&regression),
            finish: Finish { borrowed: None, ..finish },
            summary,
        });
        out_of_fold.push(held_out);
    }
    let provenance = Provenance {
        belowline: env!("CARGO_PKG_VERSION").into(),
        comments: examples.len(),
        fingerprint: fingerprint(examples),
        date: std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|s| s.parse().ok()),
        base: base.map(|base| base.provenance.fingerprint.clone()),
    };
    let mut articles: Vec<u64> = examples.iter().filter_map(article_key).map(|key| article_print(&key)).collect();
    if let Some(base) = base {
        let known = examples.iter().filter(|example| base.has_seen(example) == Some(true)).count();
        if base.provenance.fingerprint == provenance.fingerprint {
            warnings
                .push("the base model was trained on these very comments: every figure here is far too good".into());
        } else if known > 0 {
            warnings.push(format!(
                "{known} comments stand under articles that the base model was trained on: if it has seen the comments too, every figure \
                 here is too good"
            ));
        }
        articles.extend(&base.articles);
    }
    articles.sort_unstable();
    articles.dedup();
    let model = Model::new(features, heads, config.clone(), provenance, articles).without_idle_blocks();
    Ok(Trained { model, warnings, out_of_fold })
}

/// The language of most comments.
fn detected(examples: &[Example]) -> Language {
    let step = examples.len().div_ceil(LANGUAGE_SAMPLE).max(1);
    Language::detect(examples.iter().step_by(step).map(|e| e.comment.as_str()))
}

/// Steps of every cross-validation of every task, and its final fit.
fn steps_in_all(plans: &[Plan], config: &Config) -> usize {
    let of = |question: &Question, search| selection::steps(&question.folds, search) + question.held_out;
    let other = |plan: &Plan| plan.other.as_ref().map_or(0, |question| of(question, Search::None));
    plans.iter().map(|plan| of(&plan.main, config.training.search) + other(plan) + 1).sum()
}

/// Collects the labelled rows of a task and checks that something can be learned from them.
fn task_rows(
    examples: &[Example],
    place: usize,
    name: &str,
    config: &Config,
    warnings: &mut Vec<String>,
) -> Result<TaskRows> {
    let settings = config.task(name);
    let cells: Vec<(usize, &str)> =
        examples.iter().enumerate().filter_map(|(i, e)| Some((i, e.labels.get(place)?.as_deref()?))).collect();
    let bar = cells.iter().any(|(_, c)| c.contains(SEPARATOR));
    let kind = settings.kind.unwrap_or(if bar { TaskKind::MultiLabel } else { TaskKind::SingleLabel });
    let labels = LabelSet::new(cells.iter().flat_map(|(_, c)| split_cell(c)));
    if labels.is_empty() {
        return Err(Error::TrainingData(format!(
            "column `{name}` has no label in any of {} rows: nothing to learn. Fill it in, or name another with --task",
            examples.len()
        )));
    }
    if let Some(long) = labels.names().iter().map(|l| l.chars().count()).find(|&n| n > labels::MAX_NAME) {
        return Err(Error::TrainingData(format!(
            "column `{name}` holds a label of {long} characters: it looks like a column of texts. Name the label column with --task"
        )));
    }
    if labels.len() == 1 && kind == TaskKind::SingleLabel {
        return Err(Error::TrainingData(format!(
            "column `{name}` has only one label, {}, in {} rows: at least two are needed to tell apart",
            labels::shown(labels.name(0)),
            cells.len()
        )));
    }
    let mut task = TaskRows {
        name: name.into(),
        kind,
        labels,
        rows: Vec::new(),
        gold: Vec::new(),
        weights: Vec::new(),
        decision: settings.decision.unwrap_or(Decision::Tuned),
    };
    for (row, cell) in cells {
        let gold = task.labels.indices(cell);
        if kind == TaskKind::SingleLabel && gold.len() != 1 {
            return Err(Error::TrainingData(format!(
                "column `{name}` is single-label by the config, but labelled row {} has {} labels",
                row + 1,
                gold.len()
            )));
        }
        task.rows.push(row);
        task.gold.push(gold);
        task.weights.push(examples[row].weight);
    }
    if !task.weights.iter().any(|&w| w > 0.0) {
        return Err(Error::TrainingData(format!("every labelled row of `{name}` has weight 0")));
    }
    for class in 0..task.labels.len() {
        let count = task.gold.iter().filter(|g| g.contains(&class)).count();
        if count == 1 {
            warnings.push(format!(
                "`{name}`: only one comment is labelled {}; it can be neither learned well nor measured",
                labels::shown(task.labels.name(class))
            ));
        }
        if kind == TaskKind::MultiLabel && count == task.rows.len() {
            warnings.push(format!("`{name}`: every comment is labelled {}", labels::shown(task.labels.name(class))));
        }
    }
    Ok(task)
}

/// The numbers of the labels for the expected score: the config's, or favor 1, none 0, against -1.
fn numbers(task: &TaskRows, config: &Config) -> Result<Option<Vec<f64>>> {
    let given = config.task(&task.name).numbers;
    match given {
        Some(given) => task
            .labels
            .names()
            .iter()
            .map(|label| {
                given.get(label).copied().ok_or_else(|| {
                    Error::Config(format!(
                        "`tasks.{}.numbers` in the config has no number for label `{label}`",
                        task.name
                    ))
                })
            })
            .collect::<Result<_>>()
            .map(Some),
        None => Ok(task.labels.usual_numbers()),
    }
}

/// SHA-256 over what was trained on, field by field with lengths, so that no two data sets share it by shifting text.
fn fingerprint(examples: &[Example]) -> String {
    let mut hash = Sha256::new();
    let mut field = |text: Option<&str>| {
        let text = text.unwrap_or_default();
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    for example in examples {
        field(Some(&example.comment));
        field(example.target.as_deref());
        field(example.parent.as_deref());
        field(example.article.as_ref().map(|a| a.title.as_str()));
        field(example.article.as_ref().map(|a| a.body.as_str()));
        field(Some(&example.weight.to_string()));
        for label in &example.labels {
            field(label.as_deref());
        }
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
