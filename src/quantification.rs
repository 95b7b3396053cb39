//! Shares of labels among many comments, corrected for a classifier's errors.
//!
//! Counting predicted labels is biased: a classifier that takes a tenth of the calm comments for hostile finds hostile ones among the
//! calmest. Where the errors are known from held-out rows, the shares can be worked back: the predicted shares q are a mixture of
//! the rows of the confusion matrix, q = Σ p_i C_i, and the p that makes the counts likeliest is the corrected estimate (adjusted counts,
//! Forman 2008, fitted on the simplex). What is assumed: comments of one label are taken for each other as often as in validation,
//! however many of them there are now.
//!
//! The interval covers both that the comments are a sample and that the confusion matrix was measured on one: matrices are drawn from
//! their posterior distribution, and for each the shares are drawn from theirs, given the counts (a uniform prior, and Gibbs sampling of
//! the mass that two labels share, which is exact for two labels).

use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Gamma};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::labels::TaskKind;
use crate::metrics::{self, Estimate, Judged};

/// Draws that an interval rests on.
const DRAWS: usize = 600;
/// The draws are the same in every run.
const SEED: u64 = 0x5eed;
/// Pseudo-counts that a row of the confusion matrix starts with, shared by its cells (Perks' prior).
const PRIOR: f64 = 1.0;
/// Steps of the fit on the simplex, at most.
const STEPS: usize = 2000;
/// The fit ends when no share moves by more.
const STILL: f64 = 1e-7;
/// More labels take too long, and none of them would be told well enough.
const MAX_LABELS: usize = 60;
/// Rounds of Gibbs sampling a draw, over as many pairs of labels as there are labels.
const ROUNDS: usize = 4;
/// Points at which a density is looked at.
const GRID: usize = 40;
/// A density this much lower, as a logarithm, counts as nothing.
const NEGLIGIBLE: f64 = 12.0;
/// An interval this wide says too little.
const WIDE: f64 = 0.4;
/// Least difference between how often a label is predicted where it applies and where it does not.
const LEAST_INFORMED: f64 = 0.1;

/// Corrected shares of a task's labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Corrected {
    /// By label, its share with the 95% interval.
    pub shares: Vec<Estimate>,
    /// Why the correction is not to be relied on, by label.
    pub unstable: Vec<Option<Unstable>>,
}

/// How labels of held-out rows were taken for each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// What the folds asked: "new comments under known articles", ...
    pub question: String,
    /// Number of rows.
    pub rows: usize,
    /// How many times fewer rows they are worth because they come in clusters; see [`metrics::design_effect`].
    pub design_effect: f64,
    /// True (rows) by predicted (columns) counts, scaled to as many rows as weighted ones are worth (Kish's effective sample size).
    pub counts: ErrorCounts,
}

/// Counts of true and predicted labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCounts {
    /// Single-label: the confusion matrix.
    Joint(Vec<Vec<f64>>),
    /// Multi-label: for each label the counts of rows that have it and of those that have not, predicted and not predicted.
    PerLabel(Vec<[[f64; 2]; 2]>),
}

impl Errors {
    /// The errors of judged rows; `clusters` has the cluster of each.
    pub fn of(kind: TaskKind, classes: usize, judged: &[Judged], clusters: &[u32], question: &str) -> Self {
        let squares: f64 = judged.iter().map(|j| j.weight * j.weight).sum();
        let scale = judged.iter().map(|j| j.weight).sum::<f64>() / squares.max(f64::MIN_POSITIVE);
        let counts = match kind {
            TaskKind::SingleLabel => {
                let matrix = metrics::confusion(classes, judged) * scale;
                ErrorCounts::Joint(matrix.rows().into_iter().map(|row| row.to_vec()).collect())
            }
            TaskKind::MultiLabel => {
                let mut counts = vec![[[0.0; 2]; 2]; classes];
                for row in judged {
                    for (class, counts) in counts.iter_mut().enumerate() {
                        let (lacks, missed) = (!row.gold.contains(&class), !row.predicted.contains(&class));
                        counts[usize::from(lacks)][usize::from(missed)] += scale * row.weight;
                    }
                }
                ErrorCounts::PerLabel(counts)
            }
        };
        Errors {
            question: question.into(),
            rows: judged.len(),
            design_effect: metrics::design_effect(classes, judged, clusters),
            counts,
        }
    }

    /// Corrects counts of predicted labels among `rows` comments: each label's share, and why it is not to be relied on. `None` for labels
    /// that cannot be corrected.
    pub fn correct(&self, predicted: &[u64], rows: u64) -> Vec<Option<(Estimate, Option<Unstable>)>> {
        let of = |found: Corrected| found.shares.into_iter().zip(found.unstable);
        match &self.counts {
            ErrorCounts::Joint(confusion) => {
                let counts: Vec<f64> = predicted.iter().map(|&n| n as f64).collect();
                let found = correct(confusion, self.design_effect, &counts);
                found.map_or_else(|| vec![None; predicted.len()], |found| of(found).map(Some).collect())
            }
            ErrorCounts::PerLabel(counts) => counts
                .iter()
                .zip(predicted)
                .map(|(counts, &n)| {
                    let confusion = counts.map(|row| row.to_vec());
                    let predicted = [n as f64, rows.saturating_sub(n) as f64];
                    correct(&confusion, self.design_effect, &predicted).and_then(|found| of(found).next())
                })
                .collect(),
        }
    }
}

/// Why a correction is not to be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unstable {
    /// The model predicts the label about as often where it does not apply as where it does.
    HardlyTold,
    /// The interval spans much of what is possible.
    Wide,
}

/// Corrects the predicted counts of a single-label task.
///
/// `confusion` holds held-out rows, true (rows) by predicted (columns) labels; `design_effect` (1 or more) says how many times fewer rows
/// they are worth because comments come in clusters ([`crate::metrics::design_effect`]). `None` where a label has no held-out row, or nothing was
/// predicted.
pub fn correct(confusion: &[Vec<f64>], design_effect: f64, predicted: &[f64]) -> Option<Corrected> {
    let classes = predicted.len();
    let total: f64 = predicted.iter().sum();
    let is_measured = |row: &Vec<f64>| row.len() == classes && row.iter().sum::<f64>() > 0.0;
    if !(2..=MAX_LABELS).contains(&classes)
        || confusion.len() != classes
        || total <= 0.0
        || !confusion.iter().all(is_measured)
    {
        return None;
    }
    let prior = PRIOR / classes as f64;
    let rates: Vec<Vec<f64>> = confusion
        .iter()
        .map(|row| {
            let all = row.iter().sum::<f64>() + PRIOR;
            row.iter().map(|n| (n + prior) / all).collect()
        })
        .collect();
    let q: Vec<f64> = predicted.iter().map(|n| n / total).collect();
    let shares = mixture(&rates, &q);

    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut draws = vec![Vec::with_capacity(DRAWS); classes];
    for _ in 0..DRAWS {
        let worth = |n: &f64| n / design_effect.max(1.0) + prior;
        let rates: Vec<Vec<f64>> = confusion.iter().map(|row| dirichlet(row.iter().map(worth), &mut random)).collect();
        let start: Vec<f64> = shares.iter().map(|p| (p * total + 1.0) / (total + classes as f64)).collect();
        for (draws, share) in draws.iter_mut().zip(posterior(&rates, predicted, start, &mut random)) {
            draws.push(share);
        }
    }
    let estimates: Vec<Estimate> = shares
        .iter()
        .zip(&mut draws)
        .map(|(&value, draws)| {
            draws.sort_unstable_by(f64::total_cmp);
            let at = |share: f64| draws[((DRAWS - 1) as f64 * share).round() as usize];
            // An estimate at the edge of what is possible is beyond all draws.
            Estimate { value, low: at(0.025).min(value), high: at(0.975).max(value) }
        })
        .collect();
    let unstable = (0..classes)
        .map(|k| {
            let elsewhere = (0..classes).filter(|&i| i != k).map(|i| rates[i][k]).fold(0.0, f64::max);
            if rates[k][k] - elsewhere < LEAST_INFORMED {
                Some(Unstable::HardlyTold)
            } else {
                (estimates[k].high - estimates[k].low > WIDE).then_some(Unstable::Wide)
            }
        })
        .collect();
    Some(Corrected { shares: estimates, unstable })
}

/// The shares that make the predicted shares `q` likeliest, when rows of one label are predicted at `rates`: expectation maximisation for the
/// proportions of a mixture.
fn mixture(rates: &[Vec<f64>], q: &[f64]) -> Vec<f64> {
    let classes = q.len();
    let mut p = vec![1.0 / classes as f64; classes];
    for _ in 0..STEPS {
        let expected: Vec<f64> = (0..classes).map(|j| p.iter().zip(rates).map(|(p, row)| p * row[j]).sum()).collect();
        let mut moved: f64 = 0.0;
        for (share, row) in p.iter_mut().zip(rates) {
            let grown = *share
                * row
                    .iter()
                    .zip(q)
                    .zip(&expected)
                    .map(|((c, q), e)| if *e > 0.0 { c * q / e } else { 0.0 })
                    .sum::<f64>();
            moved = moved.max((grown - *share).abs());
            *share = grown;
        }
        if moved < STILL {
            break;
        }
    }
    p
}

/// Shares drawn from their distribution given the counts and the rates, starting at `p`.
fn posterior(rates: &[Vec<f64>], counts: &[f64], mut p: Vec<f64>, random: &mut Xoshiro256PlusPlus) -> Vec<f64> {
    let classes = p.len();
    let mut expected: Vec<f64> = (0..classes).map(|j| p.iter().zip(rates).map(|(p, row)| p * row[j]).sum()).collect();
    // Two labels share one number, so one draw is exact.
    let updates = if classes == 2 { 1 } else { ROUNDS * classes };
    for _ in 0..updates {
        let i = random.gen_range(0..classes);
        let k = (i + random.gen_range(1..classes)) % classes;
        let slope: Vec<f64> = rates[i].iter().zip(&rates[k]).map(|(a, b)| a - b).collect();
        let density = |t: f64| -> f64 {
            let each = counts.iter().zip(&expected).zip(&slope).filter(|((n, _), _)| **n > 0.0);
            each.map(|((n, e), s)| n * (e + t * s).max(1e-300).ln()).sum()
        };
        let moved = draw_concave(-p[i], p[k], density, random);
        p[i] = (p[i] + moved).max(0.0);
        p[k] = (p[k] - moved).max(0.0);
        expected.iter_mut().zip(&slope).for_each(|(e, s)| *e += moved * s);
    }
    p
}

/// Draws from a density between two ends, given its logarithm, which must be concave.
fn draw_concave(low: f64, high: f64, density: impl Fn(f64) -> f64, random: &mut Xoshiro256PlusPlus) -> f64 {
    if high - low < 1e-12 {
        return 0.0;
    }
    // The mode, by ternary search.
    let (mut left, mut right) = (low, high);
    for _ in 0..40 {
        let (a, b) = (left + (right - left) / 3.0, right - (right - left) / 3.0);
        if density(a) < density(b) { left = a } else { right = b }
    }
    let mode = (left + right) / 2.0;
    let top = density(mode);
    // Where the density becomes negligible on either side, by bisection.
    let edge = |end: f64| {
        if top - density(end) < NEGLIGIBLE {
            return end;
        }
        let (mut inside, mut outside) = (mode, end);
        for _ in 0..25 {
            let middle = (inside + outside) / 2.0;
            if top - density(middle) < NEGLIGIBLE { inside = middle } else { outside = middle }
        }
        outside
    };
    let (from, to) = (edge(low), edge(high));
    let at = |place: usize| from + (to - from) * place as f64 / (GRID - 1) as f64;
    let heights: Vec<f64> = (0..GRID).map(|place| (density(at(place)) - top).exp()).collect();
    let areas: Vec<f64> = heights.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
    let mut left: f64 = random.r#gen::<f64>() * areas.iter().sum::<f64>();
    for (place, area) in areas.iter().enumerate() {
        if left <= *area {
            return at(place) + (at(1) - at(0)) * (left / area.max(f64::MIN_POSITIVE));
        }
        left -= area;
    }
    mode
}

/// Shares drawn from a Dirichlet distribution, by gamma variates.
fn dirichlet(weights: impl Iterator<Item = f64>, random: &mut Xoshiro256PlusPlus) -> Vec<f64> {
    let mut drawn: Vec<f64> = weights
        .map(|weight| match Gamma::new(weight, 1.0) {
            Ok(gamma) => gamma.sample(random).max(f64::MIN_POSITIVE),
            // Weights are positive and finite; anything else counts for nothing.
            Err(_) => f64::MIN_POSITIVE,
        })
        .collect();
    let sum: f64 = drawn.iter().sum();
    drawn.iter_mut().for_each(|share| *share /= sum);
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn without_errors_the_counts_are_the_shares() {
        let confusion = [vec![5000.0, 0.0], vec![0.0, 5000.0]];
        let found = correct(&confusion, 1.0, &[300.0, 700.0]).unwrap();
        assert!((found.shares[0].value - 0.3).abs() < 0.001, "{found:?}");
        assert!(found.shares[0].low > 0.26 && found.shares[0].high < 0.34, "{found:?}");
        assert_eq!(found.unstable, [None, None]);
    }

    #[test]
    fn counts_of_a_classifier_with_known_errors_are_worked_back() {
        // 10% of the first label and 30% of the second are taken for the other.
        let confusion = [vec![9000.0, 1000.0], vec![3000.0, 7000.0]];
        // 20% and 80% of 10,000 comments.
        let found = correct(&confusion, 1.0, &[0.2 * 9000.0 + 0.8 * 3000.0, 0.2 * 1000.0 + 0.8 * 7000.0]).unwrap();
        assert!((found.shares[0].value - 0.2).abs() < 0.002, "{found:?}");
    }

    #[test]
    fn what_cannot_be_corrected_is_said() {
        assert_eq!(correct(&[vec![10.0, 0.0], vec![0.0, 0.0]], 1.0, &[5.0, 5.0]), None);
        assert_eq!(correct(&[vec![10.0, 0.0], vec![0.0, 10.0]], 1.0, &[0.0, 0.0]), None);
        let coin = correct(&[vec![50.0, 50.0], vec![48.0, 52.0]], 1.0, &[50.0, 50.0]).unwrap();
        assert_eq!(coin.unstable, [Some(Unstable::HardlyTold); 2]);
        let few = correct(&[vec![3.0, 1.0], vec![1.0, 3.0]], 1.0, &[5.0, 5.0]).unwrap();
        assert_eq!(few.unstable, [Some(Unstable::Wide); 2]);
    }

    #[test]
    fn few_comments_are_never_certain_even_at_the_edge() {
        // The label that all five were taken for is found in half of its comments, and taken for others' in a fifth.
        let confusion = [vec![56.0, 22.0, 22.0], vec![20.0, 60.0, 20.0], vec![20.0, 20.0, 60.0]];
        let found = correct(&confusion, 1.0, &[5.0, 0.0, 0.0]).unwrap();
        assert!(found.shares[0].value > 0.99 && found.shares[0].low < 0.6, "{found:?}");
        assert_eq!(found.unstable[0], Some(Unstable::Wide));
        let confusion = [vec![90.0, 10.0], vec![10.0, 90.0]];
        let many = correct(&confusion, 1.0, &[9500.0, 500.0]).unwrap();
        assert!(many.shares[0].value > 0.99 && many.shares[0].low > 0.9 && many.shares[0].low < 0.999, "{many:?}");
    }

    #[test]
    fn weights_count_as_proportions_not_as_numbers_of_rows() {
        let judged = |weight: f64| -> Vec<Judged> {
            let row =
                |i: usize| Judged { gold: vec![i % 2], predicted: vec![usize::from(i.is_multiple_of(5))], weight };
            (0..100).map(row).collect()
        };
        let clusters: Vec<u32> = (0..100).collect();
        let errors = |weight| Errors::of(TaskKind::SingleLabel, 2, &judged(weight), &clusters, "q");
        let (one, hundred) = (errors(1.0).correct(&[30, 70], 100), errors(100.0).correct(&[30, 70], 100));
        for (a, b) in one.iter().zip(&hundred) {
            let (a, b) = (a.unwrap().0, b.unwrap().0);
            assert!((a.low - b.low).abs() < 1e-9 && (a.high - b.high).abs() < 1e-9, "{a:?} {b:?}");
        }
    }

    /// A count of outcomes drawn by shares.
    fn multinomial(rows: usize, shares: &[f64], random: &mut Xoshiro256PlusPlus) -> Vec<f64> {
        let mut counts = vec![0.0; shares.len()];
        for _ in 0..rows {
            let mut left: f64 = random.r#gen();
            let class = shares.iter().position(|share| {
                left -= share;
                left < 0.0
            });
            counts[class.unwrap_or(shares.len() - 1)] += 1.0;
        }
        counts
    }

    #[test]
    fn the_interval_holds_the_truth_90_to_98_times_in_100_however_far_the_shares_have_shifted() {
        let two = vec![vec![0.85, 0.15], vec![0.25, 0.75]];
        let three = vec![vec![0.7, 0.2, 0.1], vec![0.15, 0.75, 0.1], vec![0.2, 0.2, 0.6]];
        for (rates, held_out, comments, shares) in [
            (&two, vec![200, 300], 400, vec![0.5, 0.5]),
            (&two, vec![200, 300], 400, vec![0.1, 0.9]),
            (&two, vec![400, 100], 3000, vec![0.8, 0.2]),
            (&three, vec![300, 300, 150], 500, vec![0.2, 0.3, 0.5]),
            (&three, vec![300, 300, 150], 2000, vec![0.7, 0.2, 0.1]),
        ] {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
            // Three labels take longer.
            let rounds = if shares.len() == 2 { 500 } else { 150 };
            let mut inside = vec![0; shares.len()];
            for _ in 0..rounds {
                let confusion: Vec<Vec<f64>> =
                    held_out.iter().zip(rates).map(|(&n, rates)| multinomial(n, rates, &mut random)).collect();
                let mixed: Vec<f64> =
                    (0..shares.len()).map(|j| shares.iter().zip(rates).map(|(p, row)| p * row[j]).sum()).collect();
                let found = correct(&confusion, 1.0, &multinomial(comments, &mixed, &mut random)).unwrap();
                for (k, share) in found.shares.iter().enumerate() {
                    inside[k] += usize::from(share.low <= shares[k] && shares[k] <= share.high);
                }
            }
            for inside in inside {
                let percent = 100.0 * inside as f64 / rounds as f64;
                assert!((90.0..=98.5).contains(&percent), "{percent} with {shares:?} of {comments}");
            }
        }
    }
}
