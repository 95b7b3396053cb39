//! How far a figure can be trusted: intervals by resampling clusters of rows.

use rand::Rng;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::{Judged, Metric, Tally, ratio};
use crate::error::{Error, Result};

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
        let outcomes = Outcomes::new(classes, rows);
        self.measure(rows.len(), |drawn| outcomes.tally(drawn).metric(metric, over))
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
        let (rows, a, b) = (a.len().min(b.len()), Outcomes::new(classes, a), Outcomes::new(classes, b));
        self.measure(rows, |drawn| a.tally(drawn).metric(metric, over) - b.tally(drawn).metric(metric, over))
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
        // The rows of each cluster, one cluster after the other.
        let mut members: Vec<u32> = (0..rows as u32).collect();
        members.sort_by_key(|&row| self.clusters[row as usize]);
        let mut starts = vec![0; count + 1];
        self.clusters.iter().for_each(|&cluster| starts[cluster as usize + 1] += 1);
        (0..count).for_each(|cluster| starts[cluster + 1] += starts[cluster]);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let mut drawn = Vec::with_capacity(rows * 2);
        Ok((0..self.resamples)
            .map(|_| {
                drawn.clear();
                for _ in 0..count {
                    let cluster = random.gen_range(0..count);
                    drawn.extend_from_slice(&members[starts[cluster]..starts[cluster + 1]]);
                }
                measure(&drawn)
            })
            .collect())
    }
}

/// Judged rows by what they add to a tally. Many rows have few outcomes, and drawn rows are read from all over memory: the less of it the better.
struct Outcomes<'r> {
    classes: usize,
    /// A row of each outcome.
    kinds: Vec<&'r Judged>,
    /// The outcome of each row.
    of_row: Vec<u32>,
}

impl<'r> Outcomes<'r> {
    fn new(classes: usize, rows: &'r [Judged]) -> Self {
        let of_row = number_clusters(rows.iter().map(|row| (&row.gold, &row.predicted, row.weight.to_bits())));
        let mut kinds: Vec<&Judged> = Vec::new();
        for (row, &kind) in rows.iter().zip(&of_row) {
            // Outcomes are numbered in the order of their first rows.
            if kind as usize == kinds.len() {
                kinds.push(row);
            }
        }
        Outcomes { classes, kinds, of_row }
    }

    fn tally(&self, drawn: &[u32]) -> Tally {
        let mut counts = vec![0u32; self.kinds.len()];
        drawn.iter().for_each(|&row| counts[self.of_row[row as usize] as usize] += 1);
        let mut tally = Tally::new(self.classes);
        for (kind, &count) in self.kinds.iter().zip(&counts).filter(|(_, count)| **count > 0) {
            tally.add_outcome(&kind.gold, &kind.predicted, f64::from(count) * kind.weight);
        }
        tally
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(gold: &[usize], predicted: &[usize]) -> Judged {
        Judged { gold: gold.to_vec(), predicted: predicted.to_vec(), weight: 1.0 }
    }

    #[test]
    fn outcomes_tally_what_rows_do() {
        let rows: Vec<Judged> = (0..60)
            .map(|i| Judged { weight: [1.0, 0.5][i % 5 / 4], ..row(&[i % 3], &[[0, 1][i % 2], 2][..1 + i % 7 / 6]) })
            .collect();
        let drawn: Vec<u32> = (0..100).map(|i| i * i % 60).collect();
        let outcomes = Outcomes::new(3, &rows);
        assert!(outcomes.kinds.len() < 30);
        assert_eq!(outcomes.tally(&drawn), Tally::of(3, drawn.iter().map(|&row| &rows[row as usize])));
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
