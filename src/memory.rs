//! What training will take in memory, told before it is taken.

use crate::config::Config;
use crate::error::{Error, Result};
use crate::features::frequencies::COUNTERS;
use crate::features::layout::Block;
use crate::features::learning::learn;
use crate::features::{FeatureConfig, Texts};
use crate::input::Example;
use crate::labels::{LabelSet, split_cell};
use crate::model::{Model, texts};
use crate::selection::side_by_side;
use crate::text::Language;

/// Comments that the estimate looks at closely.
const SAMPLE: usize = 2_000;
/// No training takes more bytes for each byte of text, beside [`PROGRAM`]; where this much is there, nothing need be estimated.
const MOST_PER_BYTE: u64 = 2_000;
/// Bytes of the program itself, and what its allocator keeps at hand.
const PROGRAM: u64 = 50_000_000;

/// Bytes that training takes at its peak, by what takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// The texts themselves.
    pub texts: u64,
    /// Counted features of every comment, kept for the whole training.
    pub features: u64,
    /// Candidate features, while the vocabularies are learned.
    pub vocabularies: u64,
    /// Matrices and vectors of the fits that run side by side.
    pub fits: u64,
    /// A base model's terms and weights, and its scores beside each comment's features.
    pub base: u64,
    /// The program itself, and what its allocator keeps at hand.
    pub program: u64,
}

impl Estimate {
    /// The peak: vocabularies are gone when fits begin.
    pub fn total(&self) -> u64 {
        self.program + self.texts + self.features + self.base + self.vocabularies.max(self.fits)
    }
}

/// An error if training on some examples, on top of a base if there is one, would take more than `limit` bytes, as far as that can be told
/// from a sample of them.
///
/// # Errors
/// [`Error::TrainingData`], which says what to change.
pub fn check(examples: &[Example], config: &Config, base: Option<&Model>, limit: u64) -> Result<()> {
    let bytes: u64 = examples.iter().map(|e| text_bytes(&texts(e)) as u64).sum();
    if base.is_none() && bytes.saturating_mul(MOST_PER_BYTE).saturating_add(PROGRAM) <= limit {
        return Ok(());
    }
    let needed = estimate(examples, config, base).total();
    if needed <= limit {
        return Ok(());
    }
    let counted = Block::ALL.into_iter().filter(|&b| config.features.weights().uses(b));
    let settings: Vec<String> = counted
        .filter_map(|block| {
            let counted = config.features.counted(block)?;
            Some(format!("{} {}/{}", block.name(), counted.min_df, counted.max_features))
        })
        .collect();
    Err(Error::TrainingData(format!(
        "training on {} comments would take about {} of memory, {} of it for the program itself, and the limit is {}: raise `min_df` or lower `max_features` of blocks in the \
         config (now, as min_df/max_features: {}), give the block `chars` the weight 0, use fewer --threads, train on fewer comments, or \
         raise --max-memory",
        examples.len(),
        shown(needed),
        shown(PROGRAM),
        shown(limit),
        settings.join(", ")
    )))
}

/// Estimates from at most some thousand comments, evenly spread.
pub fn estimate(examples: &[Example], config: &Config, base: Option<&Model>) -> Estimate {
    let rows = examples.len() as f64;
    let step = examples.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<Texts> = examples.iter().step_by(step).map(texts).collect();
    let half: Vec<Texts> = sample.iter().step_by(2).copied().collect();
    let entries_and_columns = |rows: &[Texts], config: &FeatureConfig| {
        let (features, raw) = learn(Language::English, config, rows);
        (raw.entries() as f64, features.layout().columns() as f64)
    };
    // With every term that occurs at all: on all comments together most of them are frequent enough to be kept.
    let mut every = config.features.clone();
    every.for_each_counted(|block| block.min_df = 1);
    let (entries, candidates) = entries_and_columns(&sample, &every);
    let (_, candidates_of_half) = entries_and_columns(&half, &every);
    let (_, columns) = entries_and_columns(&sample, &config.features);
    let (_, columns_of_half) = entries_and_columns(&half, &config.features);

    let grown = |of_half: f64, of_sample: f64| -> f64 {
        // Vocabularies grow by a power of the number of comments (Heaps 1978).
        let power = (of_sample / of_half.max(1.0)).log2().clamp(0.0, 1.0);
        of_sample * (rows / sample.len().max(1) as f64).powf(power)
    };
    let room: f64 = Block::ALL
        .into_iter()
        .filter_map(|block| config.features.counted(block))
        .map(|counted| counted.max_features as f64)
        .sum();
    let candidates = grown(candidates_of_half, candidates);
    let columns = grown(columns_of_half, columns).min(room);
    let entries = entries * rows / sample.len().max(1) as f64;

    let classes = (0..examples.first().map_or(0, |e| e.labels.len()))
        .map(|task| {
            let cells = examples.iter().filter_map(|e| e.labels.get(task)?.as_deref());
            LabelSet::new(cells.flat_map(split_cell)).len()
        })
        .max()
        .unwrap_or(1) as f64;
    let side_by_side = side_by_side().min(config.validation.folds) as f64;
    let text: f64 = examples.iter().map(|e| text_bytes(&texts(e)) as f64).sum();
    // Column and value; then what a fit keeps of every weight and every score. Where Newton's method has to help, columns and values stand
    // by columns as well, but hardly ever for several fits at a time.
    let one_fit = entries * 8.0 + classes * (columns * 56.0 + rows * 40.0);
    let threads = rayon::current_num_threads();
    let counters = threads.min(COUNTERS) as f64;
    let bytes = |number: f64| number as u64;
    let of_base = base.map_or(0.0, |base| {
        let scores: usize = base.heads.iter().map(|head| head.regression.columns()).sum();
        // Its terms and weights twice, in its own order and in the new one; a second matrix of each part.
        base.layout().columns() as f64 * (120.0 + 12.0 * scores as f64)
            + side_by_side * (entries * 8.0 + rows * 16.0 * scores as f64)
    });
    Estimate {
        texts: bytes(text * 1.5 + rows * 400.0),
        features: bytes(entries * 5.0 + rows * 300.0),
        // Candidates are counted in up to eight arrays side by side, pairs of words before anybody knows which are the same; columns in one
        // for each thread.
        vocabularies: bytes(
            candidates * (120.0 + 8.0 * counters) + columns * 8.0 * threads as f64 + text * 4.0 + entries * 5.0,
        ),
        base: bytes(of_base),
        program: PROGRAM,
        fits: bytes(side_by_side * one_fit + 2.0 * config.validation.folds as f64 * columns * classes * 8.0),
    }
}

/// Bytes of a comment's own texts; articles, which many comments share, are left out.
fn text_bytes(texts: &Texts) -> usize {
    texts.comment.len() + texts.parent.map_or(0, str::len)
}

/// Memory that is free on this machine, or in this container; `None` where that cannot be told.
pub fn available() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let free = [system.available_memory()].into_iter().chain(system.cgroup_limits().map(|limits| limits.free_memory));
    free.filter(|&bytes| bytes > 0).min()
}

/// A size like `800MB` or `6GB`; a number alone is bytes.
///
/// # Errors
/// A message that shows how a size looks.
pub fn parse(size: &str) -> std::result::Result<u64, String> {
    let split = size.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(size.len());
    let (number, unit) = size.split_at(split);
    let factor = match unit.trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1.0,
        "KB" | "K" => 1e3,
        "MB" | "M" => 1e6,
        "GB" | "G" => 1e9,
        "TB" | "T" => 1e12,
        _ => f64::NAN,
    };
    let bytes = number.parse::<f64>().unwrap_or(f64::NAN) * factor;
    if (1.0..=1e18).contains(&bytes) { Ok(bytes as u64) } else { Err("a size looks like 800MB or 6GB".to_owned()) }
}

fn shown(bytes: u64) -> String {
    match bytes {
        0..10_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{} MB", bytes.div_ceil(1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(count: usize) -> Vec<Example> {
        let comment = |i: usize| format!("comment number{} about topic{} and word{}", i, i % 97, i * i % 1009);
        let label = |i: usize| Some(["yes", "no"][i % 2].to_owned());
        (0..count).map(|i| Example { comment: comment(i), labels: vec![label(i)], ..Example::default() }).collect()
    }

    #[test]
    fn sizes_are_read_in_decimal_units() {
        assert_eq!(parse("800MB"), Ok(800_000_000));
        assert_eq!(parse("1.5 gb"), Ok(1_500_000_000));
        assert_eq!(parse("4096"), Ok(4096));
        for wrong in ["", "GB", "-1GB", "3 apples", "1e400", "0"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn twice_the_comments_take_about_twice_the_memory() {
        let config = Config::default();
        let (one, two) = (estimate(&examples(6_000), &config, None), estimate(&examples(12_000), &config, None));
        let of_comments = |estimate: &Estimate| (estimate.total() - estimate.program) as f64;
        let ratio = of_comments(&two) / of_comments(&one);
        assert!((1.6..2.2).contains(&ratio), "{one:?} {two:?}");
    }

    #[test]
    fn what_cannot_fit_is_refused_with_the_settings_to_change() {
        let config = Config::default();
        let examples = examples(3_000);
        assert!(check(&examples, &config, None, 10_000_000_000).is_ok());
        let message = check(&examples, &config, None, 1_000_000).unwrap_err().to_string();
        for part in ["3000 comments", "limit is 1000 kB", "chars 2/500000", "--max-memory"] {
            assert!(message.contains(part), "{message}");
        }
        let mut smaller = config.clone();
        smaller.features.chars.max_features = 0;
        assert!(estimate(&examples, &smaller, None).total() < estimate(&examples, &config, None).total());
        let base = crate::builtin::model().unwrap();
        assert!(estimate(&examples, &config, Some(&base)).base > 10_000_000);
    }
}
