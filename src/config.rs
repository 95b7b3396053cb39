//! Every setting and its default: the one place where defaults live.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decision::Decision;
use crate::error::{Error, Result};
use crate::features::FeatureConfig;
use crate::features::layout::Block;
use crate::labels::{LabelSet, TaskKind};
use crate::linear::ClassWeights;
use crate::metrics::Metric;
use crate::text::Language;

/// What a TOML config may say. Every key has a default; an unknown key is an error.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Where the model comes from and where it fails, in a sentence or two: shown by `inspect` and in every report that it scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Language of the stemmer.
    pub language: LanguageChoice,
    /// Blocks of features.
    pub features: FeatureConfig,
    /// How the regression is fitted.
    pub training: TrainingConfig,
    /// How choices are made and figures measured.
    pub validation: ValidationConfig,
    /// Settings of single tasks, by label column.
    pub tasks: BTreeMap<String, TaskConfig>,
}

/// A longer note would fill the reports that show it.
const MAX_NOTE: usize = 1_000;

/// A language, or the one that most training comments are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LanguageChoice {
    /// Detected from the training comments.
    #[default]
    Auto,
    /// Given.
    #[serde(untagged)]
    Given(Language),
}

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Search {
    /// Nothing: `alpha` and `class_weights` are taken as they are.
    None,
    /// A short path of `alphas`, judged on few inner splits and, on large data, a subsample.
    Quick,
    /// Every alpha with every class weighting on every inner split, all rows.
    Thorough,
}

/// How the regression is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainingConfig {
    /// How much is tried.
    pub search: Search,
    /// Strengths of the L2 penalty to try.
    pub alphas: Vec<f64>,
    /// The strength that is taken with `search = "none"`.
    pub alpha: f64,
    /// How much a comment counts by its label, with `search = "none"`; other levels try both ways.
    pub class_weights: ClassWeights,
    /// The final fit stops when the gradient's norm has fallen to this share of its norm at zero weights.
    pub tolerance: f64,
    /// Most epochs of a fit, and most Newton steps where those do not do.
    pub max_iterations: usize,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        TrainingConfig {
            search: Search::Quick,
            alphas: vec![4.0, 1.0, 0.25],
            alpha: 1.0,
            class_weights: ClassWeights::Balanced,
            tolerance: 1e-2,
            max_iterations: 100,
        }
    }
}

/// What must not straddle two folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupBy {
    /// By article where rows have articles but no targets, else by text.
    Auto,
    /// Comments under one article stay together.
    Article,
    /// Comments towards one target stay together.
    Target,
    /// Comments of one author stay together.
    Author,
    /// Copies of one text stay together.
    Text,
}

impl GroupBy {
    /// The name used in summaries.
    pub fn name(self) -> &'static str {
        match self {
            GroupBy::Auto => "auto",
            GroupBy::Article => "article",
            GroupBy::Target => "target",
            GroupBy::Author => "author",
            GroupBy::Text => "text",
        }
    }
}

/// How choices are made and figures measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValidationConfig {
    /// Number of folds that labelled comments are dealt into.
    pub folds: usize,
    /// Of large data only some folds are held out in turn: so many that they hold this many comments, 1,000 groups of comments, none of
    /// them more than a hundredth, and 500 comments with and without each label; at least two. Folds that the data prescribe all are.
    pub held_out_rows: usize,
    /// What choices are made by.
    pub metric: Metric,
    /// Labels that macro-F1 is taken over; empty for all.
    pub metric_labels: Vec<String>,
    /// What must not straddle two folds.
    pub group_by: GroupBy,
    /// Resamples of the bootstrap intervals.
    pub resamples: usize,
    /// Seed of folds and resamples.
    pub seed: u64,
}

impl Default for ValidationConfig {
    fn default() -> Self {
        ValidationConfig {
            folds: 5,
            held_out_rows: 100_000,
            metric: Metric::MacroF1,
            metric_labels: Vec::new(),
            group_by: GroupBy::Auto,
            resamples: 1000,
            seed: 0,
        }
    }
}

impl ValidationConfig {
    /// The classes that macro-F1 is limited to; `None` for all.
    pub fn metric_classes(&self, labels: &LabelSet) -> Option<Vec<usize>> {
        let classes: Vec<usize> = self.metric_labels.iter().filter_map(|n| labels.index(n)).collect();
        (!classes.is_empty()).then_some(classes)
    }
}

/// Settings of one task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskConfig {
    /// Single-label or multi-label; absent: multi-label when any value holds `|`.
    pub kind: Option<TaskKind>,
    /// How labels are decided; absent: tuned.
    pub decision: Option<Decision>,
    /// Numbers of the labels, for `T_score`; absent: favor 1, none 0, against -1 where those are the labels.
    pub numbers: Option<BTreeMap<String, f64>>,
}

impl Config {
    /// Reads a TOML config. `path` is named in errors.
    pub fn parse(toml: &str, path: &str) -> Result<Self> {
        let table: toml::Table =
            toml.parse().map_err(|e: toml::de::Error| Error::Config(format!("{path}: {}", one_line(&e))))?;
        check_keys(&table, path)?;
        let config: Config = toml::from_str(toml).map_err(|e| Error::Config(format!("{path}: {}", one_line(&e))))?;
        config.check()?;
        Ok(config)
    }

    /// Checks what types alone cannot.
    pub fn check(&self) -> Result<()> {
        let outside = |key: &str, range: &str, got: String| {
            Err(Error::Config(format!("`{key}` in the config must be {range}. Got {got}")))
        };
        if let Some(length) = self.note.as_ref().map(|note| note.chars().count()).filter(|&n| n > MAX_NOTE) {
            return outside("note", &format!("a text of at most {MAX_NOTE} characters"), length.to_string());
        }
        if self.note.as_ref().is_some_and(|note| note.trim().is_empty() || note.contains(char::is_control)) {
            return outside(
                "note",
                "one line of text",
                "an empty text, or one with line breaks or other control characters".into(),
            );
        }
        let positive = |v: f64| v > 0.0 && v.is_finite();
        let training = &self.training;
        if training.alphas.is_empty() {
            return outside("training.alphas", "a list of at least one number", "none".into());
        }
        if let Some(bad) = training.alphas.iter().chain([&training.alpha]).find(|a| !positive(**a)) {
            return outside("training.alphas` and `training.alpha", "numbers in (0, inf)", bad.to_string());
        }
        if !(training.tolerance > 0.0 && training.tolerance < 1.0) {
            return outside("training.tolerance", "a number in (0, 1)", training.tolerance.to_string());
        }
        if training.max_iterations == 0 {
            return outside("training.max_iterations", "at least 1", "0".into());
        }
        if !(2..=100).contains(&self.validation.folds) {
            return outside("validation.folds", "from 2 to 100", self.validation.folds.to_string());
        }
        let features = &self.features;
        let weights = features.weights();
        for block in Block::ALL {
            let name = block.name();
            if let Some(counted) = features.counted(block)
                && counted.min_df < 2
            {
                return outside(
                    &format!("features.{name}.min_df"),
                    "at least 2, so that no single comment's words reach the model",
                    counted.min_df.to_string(),
                );
            }
            if !(0.0..=1000.0).contains(&weights.of(block)) {
                return outside(
                    &format!("features.{name}.weight"),
                    "a number in [0, 1000]",
                    weights.of(block).to_string(),
                );
            }
        }
        if !Block::ALL.into_iter().any(|block| weights.uses(block)) {
            return outside("features.*.weight", "above 0 for at least one block", "0 for all".into());
        }
        for (task, config) in &self.tasks {
            for (label, number) in config.numbers.iter().flatten() {
                if !number.is_finite() {
                    return outside(&format!("tasks.{task}.numbers.{label}"), "finite", number.to_string());
                }
            }
        }
        Ok(())
    }

    /// The settings of a task.
    pub fn task(&self, name: &str) -> TaskConfig {
        self.tasks.get(name).cloned().unwrap_or_default()
    }
}

/// TOML's own message with line and column, without the excerpt of the file that it draws.
fn one_line(error: &toml::de::Error) -> String {
    error.to_string().lines().filter(|l| !l.contains('|')).collect::<Vec<_>>().join(": ")
}

/// Compares the keys with those of the default config, which has them all.
fn check_keys(table: &toml::Table, path: &str) -> Result<()> {
    let mut known = toml::Table::try_from(Config::default()).expect("the default config is a table");
    // Optional keys are absent from the default.
    known.insert("note".into(), toml::Value::Boolean(true));
    let task: toml::Table =
        ["kind", "decision", "numbers"].map(|k| (k.to_string(), toml::Value::Boolean(true))).into_iter().collect();
    if let Some(toml::Value::Table(tasks)) = table.get("tasks") {
        known.insert(
            "tasks".into(),
            toml::Value::Table(tasks.keys().map(|k| (k.clone(), task.clone().into())).collect()),
        );
    }
    compare_keys(table, &known, "", path)
}

fn compare_keys(table: &toml::Table, known: &toml::Table, prefix: &str, path: &str) -> Result<()> {
    for (key, value) in table {
        match (known.get(key), value) {
            (Some(toml::Value::Table(known)), toml::Value::Table(value)) => {
                compare_keys(value, known, &format!("{prefix}{key}."), path)?;
            }
            (Some(_), _) => {}
            (None, _) => {
                let nearest = known
                    .keys()
                    .map(|k| (strsim::normalized_damerau_levenshtein(k, key), k))
                    .max_by(|a, b| a.0.total_cmp(&b.0));
                let hint = match nearest {
                    Some((_, nearest)) => format!("; the nearest known one is `{prefix}{nearest}`"),
                    None => String::new(),
                };
                return Err(Error::Config(format!("{path}: unknown key `{prefix}{key}`{hint}")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(toml: &str) -> String {
        Config::parse(toml, "c.toml").unwrap_err().to_string()
    }

    #[test]
    fn an_empty_config_is_the_default_and_keys_override_it() {
        assert_eq!(Config::parse("", "c.toml").unwrap(), Config::default());
        let config = Config::parse(
            "language = \"german\"\n[features.chars]\nmin_df = 5\n[tasks.tone]\nkind = \"multi-label\"\n",
            "c.toml",
        )
        .unwrap();
        assert_eq!(config.language, LanguageChoice::Given(Language::German));
        assert_eq!(config.features.chars.min_df, 5);
        assert_eq!(config.features.chars.weight, 1.0);
        assert_eq!(config.task("tone").kind, Some(TaskKind::MultiLabel));
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        assert_eq!(message("langage = \"auto\""), "c.toml: unknown key `langage`; the nearest known one is `language`");
        assert_eq!(
            message("[features.chars]\nmindf = 3"),
            "c.toml: unknown key `features.chars.mindf`; the nearest known one is `features.chars.min_df`"
        );
        assert_eq!(
            message("[tasks.tone]\nkin = \"multi-label\""),
            "c.toml: unknown key `tasks.tone.kin`; the nearest known one is `tasks.tone.kind`"
        );
    }

    #[test]
    fn values_out_of_range_say_the_range() {
        assert_eq!(message("[validation]\nfolds = 1"), "`validation.folds` in the config must be from 2 to 100. Got 1");
        assert!(message("[features.words]\nmin_df = 1").contains("at least 2"));
        assert!(message("[training]\nalphas = [-1.0]").contains("(0, inf). Got -1"));
    }

    #[test]
    fn a_wrong_type_says_where() {
        let text = message("[validation]\nfolds = \"five\"");
        assert!(text.starts_with("c.toml: ") && text.contains("line 2"), "{text}");
    }
}
