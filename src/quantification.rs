//! Shares of labels among many comments, corrected for a classifier's errors.
//!
//! Counting predicted labels is biased: a classifier that takes a tenth of the calm comments for hostile finds hostile ones among the
//! calmest. Where the errors are known from held-out rows, the shares can be worked back: the predicted shares q are a mixture of
//! the rows of the confusion matrix, q = Σ p_i C_i, and the p that makes the counts likeliest is the corrected estimate (adjusted counts,
//! Forman 2008, fitted on the simplex). What is assumed: comments of one label are taken for each other as often as in validation,
//! however many of them there are now.
//!
//! The interval covers both that the comments are a sample and that the confusion matrix was measured on one: both are drawn again
//! from their posterior distributions, and the estimate is made anew from each draw.

use rand::SeedableRng;
use rand_distr::{Distribution, Gamma};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use crate::labels::TaskKind;
use crate::metrics::{self, Estimate, Judged};

/// Draws that an interval rests on.
const DRAWS: usize = 1000;
/// The draws are the same in every run.
const SEED: u64 = 0x5eed;
/// Pseudo-counts that a row of the confusion matrix starts with, shared by its cells (Perks' prior).
const PRIOR: f64 = 1.0;
/// Steps of the fit on the simplex, at most.
const STEPS: usize = 2000;
/// The fit ends when no share moves by more.
const STILL: f64 = 1e-7;
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
    /// Sum of the weights of the rows.
    pub rows: f64,
    /// How many times fewer rows they are worth because they come in clusters; see [`metrics::design_effect`].
    pub design_effect: f64,
    /// True (rows) by predicted (columns) counts.
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
        let counts = match kind {
            TaskKind::SingleLabel => {
                let matrix = metrics::confusion(classes, judged);
                ErrorCounts::Joint(matrix.rows().into_iter().map(|row| row.to_vec()).collect())
            }
            TaskKind::MultiLabel => {
                let mut counts = vec![[[0.0; 2]; 2]; classes];
                for row in judged {
                    for (class, counts) in counts.iter_mut().enumerate() {
                        let (lacks, missed) = (!row.gold.contains(&class), !row.predicted.contains(&class));
                        counts[usize::from(lacks)][usize::from(missed)] += row.weight;
                    }
                }
                ErrorCounts::PerLabel(counts)
            }
        };
        Errors {
            question: question.into(),
            rows: judged.iter().map(|j| j.weight).sum(),
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
    let worth: Vec<Vec<f64>> =
        confusion.iter().map(|row| row.iter().map(|n| n / design_effect.max(1.0)).collect()).collect();
    let is_measured = |row: &Vec<f64>| row.len() == classes && row.iter().sum::<f64>() > 0.0;
    if classes < 2 || worth.len() != classes || total <= 0.0 || !worth.iter().all(is_measured) {
        return None;
    }
    let prior = PRIOR / classes as f64;
    let rates: Vec<Vec<f64>> = worth
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
        let rates: Vec<Vec<f64>> =
            worth.iter().map(|row| dirichlet(row.iter().map(|n| n + prior), &mut random)).collect();
        let q = dirichlet(predicted.iter().map(|n| n + prior), &mut random);
        for (draws, share) in draws.iter_mut().zip(mixture(&rates, &q)) {
            draws.push(share);
        }
    }
    let estimates: Vec<Estimate> = shares
        .iter()
        .zip(&mut draws)
        .map(|(&value, draws)| {
            draws.sort_unstable_by(f64::total_cmp);
            let at = |share: f64| draws[((DRAWS - 1) as f64 * share).round() as usize];
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
            let rounds = 300;
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
                println!("{percent} {shares:?}");
                assert!((90.0..=98.5).contains(&percent), "{percent} with {shares:?} of {comments}");
            }
        }
    }
}
