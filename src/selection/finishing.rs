//! What choices are finished by: held-out scores of the real thing, for calibrator and rule of each fold.

use std::collections::HashSet;

use ndarray::{Array2, Axis, Slice};
use rayon::prelude::*;

use super::{Candidate, Selection, side_by_side};
use crate::error::Result;
use crate::validation::InnerSplit;
use crate::workbench::{Finish, Start};

/// A fit on a split that is yet to be made, and the folds that want its scores of rows that it holds out.
struct Fit<'s> {
    split: usize,
    candidate: Candidate,
    held: Vec<(usize, &'s [usize])>,
}

impl Selection<'_> {
    /// Calibrator and rule of the choices of the first folds, from the rows their splits hold out, and weights to start the folds' fits from.
    pub(crate) fn finish(&self, chosen: &[Candidate]) -> Result<Vec<(Finish, Start)>> {
        let splits = self.full.as_ref().unwrap_or(&self.ranking);
        // What was fitted on a sample is to be fitted again.
        let asked = asked(splits, chosen.len(), self.full.is_some() && chosen.len() < self.folds);
        // Chosen on a sample, or blocks left out together: calibrator and rule need scores of the real thing. Folds that share a split
        // and a choice share the fit.
        let mut missing: Vec<Fit> = Vec::new();
        for &(place, (fold, rows)) in &asked {
            let candidate = chosen[*fold];
            if self.full.is_some() || self.outcome(place, *fold, candidate).is_none() {
                match missing.iter_mut().find(|fit| fit.split == place && fit.candidate == candidate) {
                    Some(fit) => fit.held.push((*fold, rows)),
                    None => missing.push(Fit { split: place, candidate, held: vec![(*fold, rows)] }),
                }
            }
        }
        let mut fitted = Vec::with_capacity(missing.len());
        for some in missing.chunks(side_by_side()) {
            let run = |fit: &Fit| {
                let held: Vec<usize> = fit.held.iter().flat_map(|(_, rows)| rows.iter().copied()).collect();
                self.bench.fit_and_score(&splits[fit.split].train, &held, fit.candidate, self.start(fit.split))
            };
            fitted.extend(some.par_iter().map(run).collect::<Result<Vec<_>>>()?);
        }
        let mut of_folds: Vec<(Vec<Array2<f64>>, Vec<usize>, Start)> = vec![Default::default(); chosen.len()];
        for (place, (fold, rows)) in asked {
            let (scores, held, start) = &mut of_folds[*fold];
            held.extend_from_slice(rows);
            let of_fold = missing.iter().zip(&fitted).find_map(|(fit, fitted)| {
                let before = fit.held.iter().position(|(f, _)| fit.split == place && f == fold)?;
                let first: usize = fit.held[..before].iter().map(|(_, rows)| rows.len()).sum();
                Some((fitted, first))
            });
            if let Some(((found, weights), first)) = of_fold {
                scores.push(found.slice_axis(Axis(0), Slice::from(first..first + rows.len())).to_owned());
                *start = weights.clone();
            } else if let Some(outcome) = self.outcome(place, *fold, chosen[*fold]) {
                scores.push(outcome.scores.clone());
                *start = self.start(place);
            }
        }
        let finish = |(scores, held, start): (Vec<Array2<f64>>, Vec<usize>, Start)| {
            Ok((self.bench.finish_parts(&scores, &held)?, start))
        };
        of_folds.into_iter().map(finish).collect()
    }
}

/// What splits hold out on behalf of the first so many folds, with each split's place. Where one split is enough `for_each`, no other is
/// asked unless for a fold that has none.
fn asked(splits: &[InnerSplit], first: usize, one_for_each: bool) -> Vec<(usize, &(usize, Vec<usize>))> {
    let mut served = vec![false; first];
    let mut asked = Vec::new();
    for (place, split) in splits.iter().enumerate() {
        let of_first = || split.held.iter().filter(|(fold, _)| *fold < first);
        if !one_for_each || of_first().any(|(fold, _)| !served[*fold]) {
            of_first().for_each(|(fold, _)| served[*fold] = true);
            asked.extend(of_first().map(|held| (place, held)));
        }
    }
    asked
}

/// One split for each of the first so many folds: all that there is to fit where nothing is to be chosen.
pub(super) fn one_for_each(splits: Vec<InnerSplit>, first: usize) -> Vec<InnerSplit> {
    let places: HashSet<usize> = asked(&splits, first, true).into_iter().map(|(place, _)| place).collect();
    splits.into_iter().enumerate().filter(|(place, _)| places.contains(place)).map(|(_, split)| split).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splits(pairs: &[(usize, usize)]) -> Vec<InnerSplit> {
        let split = |&(a, b): &(usize, usize)| InnerSplit { train: vec![0], held: vec![(a, vec![b]), (b, vec![a])] };
        pairs.iter().map(split).collect()
    }

    #[test]
    fn the_first_folds_ask_all_splits_or_one_for_each() {
        let splits = splits(&[(0, 1), (2, 3), (4, 0)]);
        let of = |first, one_for_each| -> Vec<(usize, usize)> {
            asked(&splits, first, one_for_each).into_iter().map(|(place, (fold, _))| (place, *fold)).collect()
        };
        assert_eq!(of(2, true), [(0, 0), (0, 1)]);
        assert_eq!(of(2, false), [(0, 0), (0, 1), (2, 0)]);
        assert_eq!(of(3, true), [(0, 0), (0, 1), (1, 2)]);
        assert_eq!(of(5, false), [(0, 0), (0, 1), (1, 2), (1, 3), (2, 4), (2, 0)]);
        assert_eq!(one_for_each(splits.clone(), 3), splits[..2]);
    }
}
