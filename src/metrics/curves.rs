//! Figures over all thresholds: ROC, precision and recall, coverage, reliability.

use serde::{Deserialize, Serialize};

use super::ratio;

/// Bins of the expected calibration error and of the reliability table.
pub const CALIBRATION_BINS: usize = 15;

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

/// Points of a curve that are kept.
const CURVE_POINTS: usize = 100;

/// Precision and recall of a label over all thresholds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrecisionRecall {
    /// Mean precision over the steps of recall (average precision, as scikit-learn's).
    pub average_precision: f64,
    /// Recall and the best precision that is reached at no less, at some recalls.
    pub at_recalls: Vec<[f64; 2]>,
    /// Recall, precision and threshold at some of the thresholds, spread over the recalls, from the highest threshold down.
    pub points: Vec<[f64; 3]>,
}

/// Recalls that tables show.
const RECALLS: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];

/// The curve of a label; `None` if no row has it. `rows`: probability, whether the row has the label, weight.
pub fn precision_recall(mut rows: Vec<(f64, bool, f64)>) -> Option<PrecisionRecall> {
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let positives: f64 = rows.iter().filter(|r| r.1).map(|r| r.2).sum();
    if positives <= 0.0 {
        return None;
    }
    let mut points = Vec::new();
    let (mut hits, mut taken, mut average) = (0.0, 0.0, 0.0);
    let mut start = 0;
    while start < rows.len() {
        let mut end = start;
        let before = hits;
        while end < rows.len() && rows[end].0 == rows[start].0 {
            taken += rows[end].2;
            hits += if rows[end].1 { rows[end].2 } else { 0.0 };
            end += 1;
        }
        average += (hits - before) / positives * ratio(hits, taken);
        points.push([hits / positives, ratio(hits, taken), rows[start].0]);
        start = end;
    }
    let best = |recall: f64| points.iter().filter(|p| p[0] >= recall).map(|p| p[1]).fold(0.0, f64::max);
    let at_recalls = RECALLS.iter().map(|&recall| [recall, best(recall)]).collect();
    // One point a step of recall, and the last of all.
    let (last, mut step, mut place) = (points.len() - 1, -1, 0);
    points.retain(|point| {
        let here = (point[0] * CURVE_POINTS as f64) as i32;
        place += 1;
        let is_kept = here > step || place - 1 == last;
        step = step.max(here);
        is_kept
    });
    Some(PrecisionRecall { average_precision: average, at_recalls, points })
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn average_precision_matches_scikit_learn() {
        // sklearn 1.9.1: average_precision_score([0,0,1,1], [0.1,0.4,0.35,0.8]) = 0.8333333.
        let rows = vec![(0.1, false, 1.0), (0.4, false, 1.0), (0.35, true, 1.0), (0.8, true, 1.0)];
        let found = precision_recall(rows).unwrap();
        assert!((found.average_precision - 5.0 / 6.0).abs() < 1e-12);
        assert_eq!(found.points, [[0.5, 1.0, 0.8], [1.0, 2.0 / 3.0, 0.35], [1.0, 0.5, 0.1]]);
        assert_eq!(found.at_recalls[1..4], [[0.25, 1.0], [0.5, 1.0], [0.75, 2.0 / 3.0]]);
        assert_eq!(precision_recall(vec![(0.1, false, 1.0)]), None);
        let many = precision_recall((0..10_000).map(|i| (f64::from(i), i % 2 == 0, 1.0)).collect()).unwrap();
        assert!(many.points.len() <= CURVE_POINTS + 2);
        // A rare label's curve is as fine as a frequent one's.
        let rare: Vec<(f64, bool, f64)> = (0..20_000).map(|i| (f64::from(i), i % 100 == 0 && i > 9_000, 1.0)).collect();
        assert!(precision_recall(rare).unwrap().points.len() > 90);
        assert_eq!(many.points.last().unwrap()[0], 1.0);
    }
}
