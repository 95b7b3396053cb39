//! From probabilities to labels: biases of a single-label task, thresholds of a multi-label one, both chosen out of fold.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::metrics::{Metric, Tally, f1};

/// Biases and thresholds are looked for on a grid: finer steps would fit noise.
const BIAS_STEP: f64 = 0.1;
/// Largest bias, in steps, to either side.
const BIAS_STEPS: i32 = 20;
/// Rounds of coordinate ascent over the labels' biases.
const BIAS_ROUNDS: usize = 3;
/// A bias must gain this much to be taken.
const LEAST_GAIN: f64 = 1e-4;
/// Thresholds that are tried: 1% to 99%.
const THRESHOLDS: usize = 99;
/// A label's threshold rests on its outcomes and, as if so many further comments had it, on its probabilities.
const PRIOR_POSITIVES: f64 = 50.0;

/// How a single-label task decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Biases (or thresholds) chosen for the validation metric.
    Tuned,
    /// The likeliest label; multi-label: every label of at least 0.5.
    Argmax,
}

/// Turns a row's probabilities into labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionRule {
    /// Single-label: the label with the largest `ln p + bias`, ties in label order.
    Biases(Vec<f64>),
    /// Multi-label: every label at or above its threshold.
    Thresholds {
        /// One a label.
        thresholds: Vec<f64>,
        /// Whether a row without such a label gets the one nearest to its threshold.
        at_least_one: bool,
    },
}

impl DecisionRule {
    /// Number of labels.
    pub fn labels(&self) -> usize {
        match self {
            DecisionRule::Biases(biases) => biases.len(),
            DecisionRule::Thresholds { thresholds, .. } => thresholds.len(),
        }
    }

    /// Whether every number is one that a rule can have, as it must be after loading.
    pub fn is_sound(&self) -> bool {
        match self {
            DecisionRule::Biases(biases) => biases.iter().all(|b| b.is_finite()),
            DecisionRule::Thresholds { thresholds, .. } => thresholds.iter().all(|t| *t > 0.0 && *t <= 1.0),
        }
    }

    /// The classes of a row, ascending.
    pub fn decide(&self, probabilities: &[f64]) -> Vec<usize> {
        match self {
            DecisionRule::Biases(biases) => {
                let mut best = (0, f64::NEG_INFINITY);
                for (class, (p, bias)) in probabilities.iter().zip(biases).enumerate() {
                    let value = log(*p) + bias;
                    if value > best.1 {
                        best = (class, value);
                    }
                }
                vec![best.0]
            }
            DecisionRule::Thresholds { thresholds, at_least_one } => {
                let mut chosen: Vec<usize> =
                    (0..probabilities.len()).filter(|&k| probabilities[k] >= thresholds[k]).collect();
                if chosen.is_empty() && *at_least_one {
                    let nearness = |k: usize| probabilities[k] / thresholds[k];
                    chosen
                        .extend((0..probabilities.len()).reduce(|a, b| if nearness(b) > nearness(a) { b } else { a }));
                }
                chosen
            }
        }
    }
}

/// Probabilities of zero are kept apart by nothing; a floor far below any printed digit keeps biases finite.
fn log(p: f64) -> f64 {
    p.max(1e-12).ln()
}

/// Biases that maximise a metric on out-of-fold probabilities (rows by classes), by coordinate ascent.
pub fn tune_biases(
    probabilities: &Array2<f64>,
    gold: &[usize],
    weights: &[f64],
    metric: Metric,
    over: Option<&[usize]>,
) -> DecisionRule {
    let classes = probabilities.ncols();
    let logs = probabilities.mapv(log);
    let mut biases = vec![0.0; classes];
    for _ in 0..BIAS_ROUNDS {
        let before = biases.clone();
        for class in 0..classes {
            biases[class] = best_bias(&logs, gold, weights, &biases, class, metric, over);
        }
        if biases == before {
            break;
        }
    }
    DecisionRule::Biases(biases)
}

/// The best bias of one class while the others stay. Rows change sides one after the other as the bias grows.
fn best_bias(
    logs: &Array2<f64>,
    gold: &[usize],
    weights: &[f64],
    biases: &[f64],
    class: usize,
    metric: Metric,
    over: Option<&[usize]>,
) -> f64 {
    let classes = biases.len();
    // For each row its best other class, and the bias from which on `class` wins.
    let mut rows: Vec<(f64, usize, usize)> = (0..gold.len())
        .map(|row| {
            let other = (0..classes)
                .filter(|&k| k != class)
                .reduce(|a, b| if logs[[row, b]] + biases[b] > logs[[row, a]] + biases[a] { b } else { a })
                .unwrap_or(class);
            (logs[[row, other]] + biases[other] - logs[[row, class]], row, other)
        })
        .collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut tally = Tally::new(classes);
    let add = |tally: &mut Tally, row: usize, predicted: usize, sign: f64| {
        tally.add_outcome(&[gold[row]], &[predicted], sign * weights[row]);
    };
    for &(_, row, other) in &rows {
        add(&mut tally, row, other, 1.0);
    }
    let mut next = 0;
    let values: Vec<f64> = (-BIAS_STEPS..=BIAS_STEPS)
        .map(|step| {
            let bias = f64::from(step) * BIAS_STEP;
            while next < rows.len() && rows[next].0 < bias {
                let (_, row, other) = rows[next];
                add(&mut tally, row, other, -1.0);
                add(&mut tally, row, class, 1.0);
                next += 1;
            }
            tally.metric(metric, over)
        })
        .collect();
    let step = plateau(&values, (biases[class] / BIAS_STEP).round() as usize + BIAS_STEPS as usize);
    (step as i32 - BIAS_STEPS) as f64 * BIAS_STEP
}

/// The place of the best value, each smoothed with its neighbours; `current` stays unless another gains enough.
fn plateau(values: &[f64], current: usize) -> usize {
    let smooth = |i: usize| {
        let around = &values[i.saturating_sub(1)..values.len().min(i + 2)];
        around.iter().sum::<f64>() / around.len() as f64
    };
    let mut best = current.min(values.len() - 1);
    for i in 0..values.len() {
        if smooth(i) > smooth(best) + LEAST_GAIN {
            best = i;
        }
    }
    best
}

/// Thresholds that maximise each label's F1 on out-of-fold probabilities (rows by labels).
///
/// A dozen positives say little about where F1 peaks, calibrated probabilities say more: outcomes and probabilities are mixed,
/// the fewer positives the more of the latter.
pub fn tune_thresholds(
    probabilities: &Array2<f64>,
    gold: &Array2<bool>,
    weights: &[f64],
    at_least_one: bool,
) -> DecisionRule {
    let thresholds = (0..probabilities.ncols())
        .map(|label| {
            let positives: f64 = gold.column(label).iter().zip(weights).map(|(&g, w)| if g { *w } else { 0.0 }).sum();
            let trust = positives / (positives + PRIOR_POSITIVES);
            // Mass of positives and of rows whose probability falls in each step of the grid.
            let mut mass = vec![(0.0f64, 0.0f64); THRESHOLDS + 2];
            for ((&p, &g), &w) in probabilities.column(label).iter().zip(gold.column(label)).zip(weights) {
                let outcome = if g { 1.0 } else { 0.0 };
                let step = ((p * (THRESHOLDS + 1) as f64) as usize).min(THRESHOLDS + 1);
                mass[step].0 += w * (trust * outcome + (1.0 - trust) * p);
                mass[step].1 += w;
            }
            let all: f64 = mass.iter().map(|m| m.0).sum();
            let (mut hits, mut predicted) = (0.0, 0.0);
            let mut values = vec![0.0; THRESHOLDS];
            for step in (1..mass.len()).rev() {
                hits += mass[step].0;
                predicted += mass[step].1;
                if step <= THRESHOLDS {
                    values[step - 1] = f1(hits, predicted - hits, all - hits);
                }
            }
            (plateau(&values, THRESHOLDS / 2) + 1) as f64 / (THRESHOLDS + 1) as f64
        })
        .collect();
    DecisionRule::Thresholds { thresholds, at_least_one }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn ties_go_to_the_first_label_and_biases_move_them() {
        assert_eq!(DecisionRule::Biases(vec![0.0, 0.0]).decide(&[0.5, 0.5]), [0]);
        assert_eq!(DecisionRule::Biases(vec![0.0, 0.1]).decide(&[0.5, 0.5]), [1]);
        assert_eq!(DecisionRule::Biases(vec![0.0, 0.0]).decide(&[0.0, 0.0]), [0]);
    }

    #[test]
    fn a_row_without_any_label_gets_the_nearest_only_where_all_rows_have_one() {
        let rule = |at_least_one| DecisionRule::Thresholds { thresholds: vec![0.5, 0.2], at_least_one };
        assert_eq!(rule(true).decide(&[0.3, 0.15]), [1]);
        assert_eq!(rule(false).decide(&[0.3, 0.15]), [0usize; 0]);
        assert_eq!(rule(false).decide(&[0.5, 0.2]), [0, 1]);
    }

    #[test]
    fn biases_find_the_rare_class_that_argmax_never_predicts() {
        let mut p = Vec::new();
        let mut gold = Vec::new();
        for i in 0..100 {
            let rare = i % 5 == 0;
            p.extend(if rare { [0.6, 0.4] } else { [0.9, 0.1] });
            gold.push(usize::from(rare));
        }
        let p = Array2::from_shape_vec((100, 2), p).unwrap();
        let rule = tune_biases(&p, &gold, &[1.0; 100], Metric::MacroF1, None);
        assert_eq!(rule.decide(&[0.6, 0.4]), [1]);
        assert_eq!(rule.decide(&[0.9, 0.1]), [0]);
    }

    #[test]
    fn thresholds_fall_between_the_two_kinds_of_rows() {
        let p = array![[0.3], [0.3], [0.1], [0.1], [0.1], [0.1]];
        let gold = array![[true], [true], [false], [false], [false], [false]];
        let DecisionRule::Thresholds { thresholds, .. } = tune_thresholds(&p, &gold, &[40.0; 6], false) else {
            unreachable!("multi-label rules are thresholds")
        };
        assert!(thresholds[0] > 0.1 && thresholds[0] <= 0.3, "{thresholds:?}");
    }
}
