//! How good predictions are: confusion matrix, precision, recall, F1, AUC, calibration error, intervals.
//!
//! Everything counts row weights. Single-label and multi-label tasks share one shape: each row has a list of true and a list of
//! predicted classes, of which a single-label row has one each.

use ndarray::Array2;
use rand::Rng;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::labels::LabelSet;

/// Bins of the expected calibration error and of the reliability table.
pub const CALIBRATION_BINS: usize = 15;

/// What a choice is made by, and what is reported first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Unweighted mean of the labels' F1.
    MacroF1,
    /// F1 over all decisions together; of a single-label task, the accuracy.
    MicroF1,
    /// Share of rows whose labels are all right.
    Accuracy,
}

impl Metric {
    /// The name used in configs and summaries.
    pub fn name(self) -> &'static str {
        match self {
            Metric::MacroF1 => "macro-F1",
            Metric::MicroF1 => "micro-F1",
            Metric::Accuracy => "accuracy",
        }
    }
}

/// One judged row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judged {
    /// True classes, ascending.
    pub gold: Vec<usize>,
    /// Predicted classes, ascending.
    pub predicted: Vec<usize>,
    /// How much the row counts.
    pub weight: f64,
}

/// Weighted true positives, false positives and false negatives of each class, and rows that are all right.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    hits: Vec<f64>,
    false_alarms: Vec<f64>,
    misses: Vec<f64>,
    right: f64,
    total: f64,
}

/// Precision, recall and F1 of one label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelScore {
    /// The label.
    pub label: String,
    /// Share of the predictions of the label that are right; 0 if it is never predicted.
    pub precision: f64,
    /// Share of the label's rows that are found; 0 if it has none.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Weight of the rows that have the label.
    pub support: f64,
}

impl Tally {
    /// An empty tally of a number of classes.
    pub fn new(classes: usize) -> Self {
        Tally {
            hits: vec![0.0; classes],
            false_alarms: vec![0.0; classes],
            misses: vec![0.0; classes],
            right: 0.0,
            total: 0.0,
        }
    }

    /// Tallies rows.
    pub fn of<'r>(classes: usize, rows: impl IntoIterator<Item = &'r Judged>) -> Self {
        let mut tally = Tally::new(classes);
        for row in rows {
            tally.add(row);
        }
        tally
    }

    /// Adds a row.
    pub fn add(&mut self, row: &Judged) {
        for &class in &row.predicted {
            if row.gold.contains(&class) {
                self.hits[class] += row.weight;
            } else {
                self.false_alarms[class] += row.weight;
            }
        }
        for &class in &row.gold {
            if !row.predicted.contains(&class) {
                self.misses[class] += row.weight;
            }
        }
        if row.gold == row.predicted {
            self.right += row.weight;
        }
        self.total += row.weight;
    }

    /// F1 of a class: 0 where nothing was found.
    pub fn f1(&self, class: usize) -> f64 {
        f1(self.hits[class], self.false_alarms[class], self.misses[class])
    }

    /// A metric; `over` limits macro-F1 to some classes. Classes without any true row do not count in macro-F1.
    pub fn metric(&self, metric: Metric, over: Option<&[usize]>) -> f64 {
        match metric {
            Metric::MacroF1 => {
                let all: Vec<usize> = (0..self.hits.len()).collect();
                let classes = over.unwrap_or(&all);
                let seen: Vec<f64> = classes
                    .iter()
                    .filter(|&&c| over.is_some() || self.hits[c] + self.misses[c] > 0.0)
                    .map(|&c| self.f1(c))
                    .collect();
                if seen.is_empty() { 0.0 } else { seen.iter().sum::<f64>() / seen.len() as f64 }
            }
            Metric::MicroF1 => f1(self.hits.iter().sum(), self.false_alarms.iter().sum(), self.misses.iter().sum()),
            Metric::Accuracy => ratio(self.right, self.total),
        }
    }

    /// The scores of every label.
    pub fn label_scores(&self, labels: &LabelSet) -> Vec<LabelScore> {
        (0..labels.len())
            .map(|class| LabelScore {
                label: labels.name(class).to_string(),
                precision: ratio(self.hits[class], self.hits[class] + self.false_alarms[class]),
                recall: ratio(self.hits[class], self.hits[class] + self.misses[class]),
                f1: self.f1(class),
                support: self.hits[class] + self.misses[class],
            })
            .collect()
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// F1 from weighted counts; 0 where nothing was found.
pub fn f1(hits: f64, false_alarms: f64, misses: f64) -> f64 {
    if hits > 0.0 { 2.0 * hits / (2.0 * hits + false_alarms + misses) } else { 0.0 }
}

/// Confusion matrix of a single-label task: true classes (rows) by predicted classes (columns), weighted.
pub fn confusion(classes: usize, rows: &[Judged]) -> Array2<f64> {
    let mut matrix = Array2::zeros((classes, classes));
    for row in rows {
        if let (Some(&gold), Some(&predicted)) = (row.gold.first(), row.predicted.first()) {
            matrix[[gold, predicted]] += row.weight;
        }
    }
    matrix
}

/// Confidences at which [`coverage`] is told.
const CONFIDENCES: [f64; 9] = [0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

/// What is left, and how right it is, where predictions below a confidence are withheld.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CoveragePoint {
    /// Least confidence: the value for `--min-conf`.
    pub min_conf: f64,
    /// Share of rows that are this confident.
    pub coverage: f64,
    /// Share of them whose labels are all right; `None` if there are none.
    pub accuracy: Option<f64>,
}

/// The calibrated probability of a prediction, of several labels the lowest; of no label the probability that none applies best.
pub fn confidence(predicted: &[usize], probabilities: impl Fn(usize) -> f64, labels: usize) -> f64 {
    match predicted.iter().map(|&class| probabilities(class)).reduce(f64::min) {
        Some(lowest) => lowest,
        None => 1.0 - (0..labels).map(probabilities).fold(0.0, f64::max),
    }
}

/// How coverage and accuracy trade off over confidences. `rows`: confidence, whether right, weight.
pub fn coverage(rows: &[(f64, bool, f64)]) -> Vec<CoveragePoint> {
    let all: f64 = rows.iter().map(|r| r.2).sum();
    CONFIDENCES
        .into_iter()
        .map(|min_conf| {
            let (mut kept, mut right) = (0.0, 0.0);
            for (_, is_right, weight) in rows.iter().filter(|r| r.0 >= min_conf) {
                kept += weight;
                right += if *is_right { *weight } else { 0.0 };
            }
            CoveragePoint { min_conf, coverage: ratio(kept, all), accuracy: (kept > 0.0).then(|| right / kept) }
        })
        .collect()
}

/// Log loss of a single-label task's probabilities (rows by classes) as a share of what knowing only how frequent each class is would
/// cost: 1 for knowing nothing, 0 for knowing all. `balanced` gives every class the same weight and takes its frequency out of the
/// probabilities, so that a rare class counts as much as a frequent one.
pub fn log_loss(probabilities: &Array2<f64>, rows: &[Judged], balanced: bool) -> f64 {
    let classes: Vec<usize> = rows.iter().map(|r| r.gold.first().copied().unwrap_or(0)).collect();
    class_log_loss(probabilities.ncols(), balanced, || {
        rows.iter().zip(&classes).zip(probabilities.rows()).map(|((row, &class), p)| (p.to_vec(), class, row.weight))
    })
}

/// The same of a multi-label task: the mean over labels of each one's two-class loss. Labels that all rows have, or none, do not count.
pub fn label_log_loss(probabilities: &Array2<f64>, rows: &[Judged], balanced: bool) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for label in 0..probabilities.ncols() {
        let has = |row: &Judged| usize::from(row.gold.contains(&label));
        if rows.iter().all(|r| has(r) == 1) || rows.iter().all(|r| has(r) == 0) {
            continue;
        }
        count += 1.0;
        sum += class_log_loss(2, balanced, || {
            rows.iter().zip(probabilities.column(label)).map(|(r, &p)| ([1.0 - p, p], has(r), r.weight))
        });
    }
    if count > 0.0 { sum / count } else { 1.0 }
}

fn class_log_loss<P: AsRef<[f64]>, I: Iterator<Item = (P, usize, f64)>>(
    classes: usize,
    balanced: bool,
    rows: impl Fn() -> I,
) -> f64 {
    let mut mass = vec![0.0; classes];
    rows().for_each(|(_, class, weight)| mass[class] += weight);
    let all: f64 = mass.iter().sum();
    let seen = mass.iter().filter(|&&m| m > 0.0).count() as f64;
    if all <= 0.0 || seen < 2.0 {
        return 1.0;
    }
    let mut loss = 0.0;
    for (p, class, weight) in rows() {
        let p = p.as_ref();
        let odds = |k: usize| if balanced { if mass[k] > 0.0 { p[k] / mass[k] } else { 0.0 } } else { p[k] };
        let q = odds(class) / (0..classes).map(odds).sum::<f64>();
        let share = if balanced { weight / (mass[class] * seen) } else { weight / all };
        loss -= share * q.max(1e-12).ln();
    }
    let entropy: f64 =
        if balanced { seen.ln() } else { mass.iter().filter(|&&m| m > 0.0).map(|m| -(m / all) * (m / all).ln()).sum() };
    loss / entropy
}

/// Area under the ROC curve with mid-ranks for ties; `None` unless both kinds of rows exist. `rows`: score, positive, weight.
pub fn auc(mut rows: Vec<(f64, bool, f64)>) -> Option<f64> {
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut sum, mut positives) = (0.0, 0.0, 0.0);
    let mut start = 0;
    while start < rows.len() {
        let mut end = start;
        let (mut tied_positive, mut tied_negative) = (0.0, 0.0);
        while end < rows.len() && rows[end].0 == rows[start].0 {
            if rows[end].1 {
                tied_positive += rows[end].2;
            } else {
                tied_negative += rows[end].2;
            }
            end += 1;
        }
        sum += tied_positive * (below + tied_negative / 2.0);
        below += tied_negative;
        positives += tied_positive;
        start = end;
    }
    (positives > 0.0 && below > 0.0).then(|| sum / (positives * below))
}

/// One bin of a reliability table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Weight of the rows in the bin.
    pub weight: f64,
    /// Their mean probability.
    pub confidence: f64,
    /// Their share of true outcomes.
    pub accuracy: f64,
}

/// Rows by probability in [`CALIBRATION_BINS`] equal bins `(b/15, (b+1)/15]`. `rows`: probability, outcome, weight.
pub fn reliability(rows: impl IntoIterator<Item = (f64, bool, f64)>) -> Vec<ReliabilityBin> {
    let mut bins = vec![ReliabilityBin::default(); CALIBRATION_BINS];
    for (probability, outcome, weight) in rows {
        let bin = ((probability * CALIBRATION_BINS as f64).ceil() as usize).clamp(1, CALIBRATION_BINS) - 1;
        bins[bin].weight += weight;
        bins[bin].confidence += weight * probability;
        bins[bin].accuracy += if outcome { weight } else { 0.0 };
    }
    for bin in &mut bins {
        bin.confidence = ratio(bin.confidence, bin.weight);
        bin.accuracy = ratio(bin.accuracy, bin.weight);
    }
    bins
}

/// Expected calibration error: mean distance between probability and outcome over the bins, weighted by rows.
pub fn calibration_error(bins: &[ReliabilityBin]) -> f64 {
    let total: f64 = bins.iter().map(|b| b.weight).sum();
    bins.iter().map(|b| ratio(b.weight, total) * (b.confidence - b.accuracy).abs()).sum()
}

/// How many times fewer independent rows the judged rows are worth because those of a cluster are alike (Kish's design effect): the variance
/// of the rates at which labels are predicted, of rows that have a label and of rows that have not, with clusters drawn whole, to that with
/// rows drawn one by one. At least 1.
pub fn design_effect(classes: usize, rows: &[Judged], clusters: &[u32]) -> f64 {
    let count = clusters.iter().max().map_or(0, |&c| c as usize + 1);
    if count < 2 {
        return 1.0;
    }
    let (mut between, mut single) = (0.0, 0.0);
    let mut sums = vec![0.0; count];
    for class in 0..classes {
        for has in [true, false] {
            let of = || rows.iter().zip(clusters).filter(|(row, _)| row.gold.contains(&class) == has);
            let predicted = |row: &Judged| f64::from(u8::from(row.predicted.contains(&class)));
            let (mut weight, mut hits) = (0.0, 0.0);
            of().for_each(|(row, _)| {
                weight += row.weight;
                hits += row.weight * predicted(row);
            });
            let rate = ratio(hits, weight);
            sums.fill(0.0);
            of().for_each(|(row, &cluster)| {
                let off = row.weight * (predicted(row) - rate);
                sums[cluster as usize] += off;
                single += off * off;
            });
            between += sums.iter().map(|sum| sum * sum).sum::<f64>();
        }
    }
    let spread = count as f64 / (count as f64 - 1.0);
    if single > 0.0 { (spread * between / single).max(1.0) } else { 1.0 }
}

/// A figure with its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure on all rows.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// What is resampled for an interval.
pub struct Bootstrap<'b> {
    /// The cluster of each row; clusters are drawn whole.
    pub clusters: &'b [u32],
    /// Number of resamples.
    pub resamples: usize,
    /// Seed of the draws.
    pub seed: u64,
}

impl Bootstrap<'_> {
    /// A metric with its percentile interval (Efron and Tibshirani 1993, chapter 13).
    pub fn estimate(
        &self,
        classes: usize,
        rows: &[Judged],
        metric: Metric,
        over: Option<&[usize]>,
    ) -> Result<Estimate> {
        self.measure(rows.len(), |drawn| tally(classes, rows, drawn).metric(metric, over))
    }

    /// The paired difference `a - b` of a metric, with its percentile interval.
    pub fn difference(
        &self,
        classes: usize,
        a: &[Judged],
        b: &[Judged],
        metric: Metric,
        over: Option<&[usize]>,
    ) -> Result<Estimate> {
        self.measure(a.len().min(b.len()), |drawn| {
            tally(classes, a, drawn).metric(metric, over) - tally(classes, b, drawn).metric(metric, over)
        })
    }

    /// Any figure of a number of rows, with its percentile interval. `figure` takes indices of rows, each as often as it was drawn.
    pub fn measure(&self, rows: usize, figure: impl Fn(&[u32]) -> f64) -> Result<Estimate> {
        let all: Vec<u32> = (0..rows as u32).collect();
        let mut draws = self.resample(rows, &figure)?;
        Ok(interval(figure(&all), &mut draws))
    }

    /// Draws clusters with replacement and measures the rows of each draw.
    fn resample(&self, rows: usize, measure: impl Fn(&[u32]) -> f64) -> Result<Vec<f64>> {
        if self.clusters.len() != rows || rows == 0 {
            return Err(Error::TrainingData(format!("{} clusters for {rows} rows", self.clusters.len())));
        }
        let count = self.clusters.iter().max().map_or(0, |&c| c as usize + 1);
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (row, &cluster) in self.clusters.iter().enumerate() {
            members[cluster as usize].push(row as u32);
        }
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let mut drawn = Vec::with_capacity(rows * 2);
        Ok((0..self.resamples)
            .map(|_| {
                drawn.clear();
                for _ in 0..count {
                    drawn.extend_from_slice(&members[random.gen_range(0..count)]);
                }
                measure(&drawn)
            })
            .collect())
    }
}

fn tally(classes: usize, rows: &[Judged], drawn: &[u32]) -> Tally {
    Tally::of(classes, drawn.iter().map(|&row| &rows[row as usize]))
}

fn interval(value: f64, draws: &mut [f64]) -> Estimate {
    draws.sort_unstable_by(f64::total_cmp);
    let at = |q: f64| match draws.len() {
        0 => value,
        n => draws[((n as f64 - 1.0) * q).round() as usize],
    };
    Estimate { value, low: at(0.025), high: at(0.975) }
}

/// Numbers clusters in the order of their first row.
pub fn number_clusters<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> Vec<u32> {
    let mut ids = std::collections::HashMap::new();
    keys.map(|key| {
        let next = ids.len() as u32;
        *ids.entry(key).or_insert(next)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(gold: &[usize], predicted: &[usize]) -> Judged {
        Judged { gold: gold.to_vec(), predicted: predicted.to_vec(), weight: 1.0 }
    }

    #[test]
    fn single_label_scores_match_scikit_learn() {
        // sklearn 1.9.1: gold [0,0,1,1,2,2], predicted [0,1,1,1,0,2]:
        // f1_score(average=None) = [0.5, 0.8, 0.6666667], macro 0.6555556, accuracy 0.6666667.
        let rows: Vec<Judged> =
            [(0, 0), (0, 1), (1, 1), (1, 1), (2, 0), (2, 2)].iter().map(|&(g, p)| row(&[g], &[p])).collect();
        let tally = Tally::of(3, &rows);
        assert!((tally.f1(1) - 0.8).abs() < 1e-12);
        assert!((tally.metric(Metric::MacroF1, None) - 0.655_555_555).abs() < 1e-8);
        assert!((tally.metric(Metric::MacroF1, Some(&[0, 1])) - 0.65).abs() < 1e-12);
        assert!((tally.metric(Metric::Accuracy, None) - 4.0 / 6.0).abs() < 1e-12);
        assert!((tally.metric(Metric::MicroF1, None) - 4.0 / 6.0).abs() < 1e-12);
        assert_eq!(confusion(3, &rows)[[2, 0]], 1.0);
        assert_eq!(confusion(3, &rows)[[0, 2]], 0.0);
    }

    #[test]
    fn weights_count_and_multi_label_rows_may_be_partly_right() {
        let rows = [
            Judged { weight: 2.0, ..row(&[0, 1], &[0]) },
            Judged { weight: 1.0, ..row(&[], &[]) },
            Judged { weight: 1.0, ..row(&[], &[1]) },
        ];
        let tally = Tally::of(2, &rows);
        assert_eq!(tally.f1(0), 1.0);
        assert_eq!(tally.f1(1), 0.0);
        assert_eq!(tally.metric(Metric::Accuracy, None), 0.25);
        let labels = LabelSet::new(["a", "b"]);
        assert_eq!(tally.label_scores(&labels)[0].support, 2.0);
    }

    #[test]
    fn auc_counts_ties_half() {
        let rows = |list: &[(f64, bool)]| list.iter().map(|&(s, p)| (s, p, 1.0)).collect::<Vec<_>>();
        assert_eq!(auc(rows(&[(0.1, false), (0.4, false), (0.35, true), (0.8, true)])), Some(0.75));
        assert_eq!(auc(rows(&[(0.5, false), (0.5, true)])), Some(0.5));
        assert_eq!(auc(rows(&[(0.5, true)])), None);
    }

    #[test]
    fn calibration_error_is_the_weighted_distance_of_the_bins() {
        let bins = reliability([(0.9, true, 1.0), (0.9, false, 1.0), (0.1, false, 2.0), (0.0, false, 0.0)]);
        assert!((calibration_error(&bins) - (0.5 * 0.4 + 0.5 * 0.1)).abs() < 1e-12);
    }

    #[test]
    fn intervals_cover_the_value_and_widen_with_clusters() {
        let rows: Vec<Judged> =
            (0..200).map(|i| row(&[usize::from(i % 4 < 2)], &[usize::from(i / 10 % 3 != 0)])).collect();
        let single: Vec<u32> = (0..200).collect();
        let tens: Vec<u32> = (0..200).map(|i| i / 10).collect();
        let estimate = |clusters: &[u32]| {
            Bootstrap { clusters, resamples: 500, seed: 1 }.estimate(2, &rows, Metric::MacroF1, None).unwrap()
        };
        let (rowwise, clustered) = (estimate(&single), estimate(&tens));
        assert!(rowwise.low < rowwise.value && rowwise.value < rowwise.high);
        assert!(clustered.high - clustered.low > 0.0);
        let same = Bootstrap { clusters: &tens, resamples: 100, seed: 1 }
            .difference(2, &rows, &rows, Metric::MacroF1, None)
            .unwrap();
        assert_eq!((same.low, same.value, same.high), (0.0, 0.0, 0.0));
    }

    #[test]
    fn rows_of_a_cluster_that_err_alike_are_worth_fewer() {
        let row = |right: bool| Judged { gold: vec![0], predicted: vec![usize::from(!right)], weight: 1.0 };
        // Ten clusters of ten rows; all rows of a cluster are right, or none.
        let rows: Vec<Judged> = (0..100).map(|i| row(i / 10 % 2 == 0)).collect();
        let together: Vec<u32> = (0..100).map(|i| i / 10).collect();
        let apart: Vec<u32> = (0..100).collect();
        let effect = design_effect(2, &rows, &together);
        assert!((effect - 10.0 * 10.0 / 9.0).abs() < 1e-9, "{effect}");
        assert!((design_effect(2, &rows, &apart) - 100.0 / 99.0).abs() < 1e-9);
        assert_eq!(design_effect(2, &rows, &[0; 100]), 1.0);
    }
}
