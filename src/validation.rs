//! Folds: stratified by label, groups never straddling.

use std::collections::HashMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Which fold each row is held out in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    of_row: Vec<u32>,
    count: usize,
}

impl Folds {
    /// Deals groups of rows into folds so that each label is spread evenly.
    ///
    /// Large groups go first, then those with the rarest labels; each to the fold where its labels are scarcest, ties to the
    /// smallest fold (after Sechidis et al., "On the stratification of multi-label data", 2011). `groups` numbers each row's group
    /// from 0, `gold` lists each row's classes. There are at most as many folds as groups.
    pub fn stratified(groups: &[u32], gold: &[Vec<usize>], classes: usize, folds: usize, seed: u64) -> Self {
        let group_count = groups.iter().max().map_or(0, |&g| g as usize + 1);
        let folds = folds.min(group_count).max(1);
        let mut totals = vec![0.0f64; classes];
        let mut labels_of: Vec<Vec<(usize, f64)>> = vec![Vec::new(); group_count];
        let mut sizes = vec![0usize; group_count];
        for (&group, row) in groups.iter().zip(gold) {
            sizes[group as usize] += 1;
            for &class in row {
                totals[class] += 1.0;
                let labels = &mut labels_of[group as usize];
                match labels.iter_mut().find(|(c, _)| *c == class) {
                    Some((_, count)) => *count += 1.0,
                    None => labels.push((class, 1.0)),
                }
            }
        }
        let rarest: Vec<f64> =
            labels_of.iter().map(|l| l.iter().map(|&(c, _)| totals[c]).fold(f64::INFINITY, f64::min)).collect();
        let mut order: Vec<usize> = (0..group_count).collect();
        order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
        order.sort_by(|&a, &b| sizes[b].cmp(&sizes[a]).then(rarest[a].total_cmp(&rarest[b])));

        let mut fold_of_group = vec![0u32; group_count];
        let mut held = vec![vec![0.0f64; classes]; folds];
        let mut rows = vec![0usize; folds];
        for group in order {
            // What adding the group costs: the growth of sum_l (share of label l in the fold)^2.
            let cost = |fold: usize| -> f64 {
                labels_of[group].iter().map(|&(c, n)| (2.0 * held[fold][c] * n + n * n) / (totals[c] * totals[c])).sum()
            };
            let best = (0..folds).min_by(|&a, &b| cost(a).total_cmp(&cost(b)).then(rows[a].cmp(&rows[b]))).unwrap_or(0);
            fold_of_group[group] = best as u32;
            rows[best] += sizes[group];
            for &(class, count) in &labels_of[group] {
                held[best][class] += count;
            }
        }
        Folds { of_row: groups.iter().map(|&g| fold_of_group[g as usize]).collect(), count: folds }
    }

    /// Folds that the data prescribe, numbered in the order of their names.
    pub fn prescribed(names: &[&str]) -> Self {
        let mut distinct = names.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let number: HashMap<&str, u32> = distinct.iter().enumerate().map(|(i, &n)| (n, i as u32)).collect();
        Folds { of_row: names.iter().map(|n| number[n]).collect(), count: distinct.len() }
    }

    /// Number of folds.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The fold a row is held out in.
    pub fn of(&self, row: usize) -> usize {
        self.of_row[row] as usize
    }

    /// Rows to train on and rows held out, for one fold.
    pub fn split(&self, fold: usize) -> (Vec<usize>, Vec<usize>) {
        (0..self.of_row.len()).partition(|&row| self.of(row) != fold)
    }
}

/// The form in which copies of a text are equal: lower case, white space collapsed.
pub fn text_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        key.extend(word.chars().flat_map(char::to_lowercase));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_are_spread_evenly_and_folds_are_of_one_size() {
        let gold: Vec<Vec<usize>> = (0..100).map(|i| vec![usize::from(i % 10 == 0)]).collect();
        let groups: Vec<u32> = (0..100).collect();
        let folds = Folds::stratified(&groups, &gold, 2, 5, 7);
        for fold in 0..5 {
            let (train, held) = folds.split(fold);
            assert_eq!((train.len(), held.len()), (80, 20));
            assert_eq!(held.iter().filter(|&&r| gold[r] == [1]).count(), 2);
        }
    }

    #[test]
    fn the_seed_decides_and_nothing_else() {
        let gold = vec![vec![0]; 50];
        let groups: Vec<u32> = (0..50).collect();
        let with = |seed| Folds::stratified(&groups, &gold, 1, 5, seed);
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
    }

    #[test]
    fn copies_are_equal_whatever_their_case_and_spaces() {
        assert_eq!(text_key("  So  WHAT\n?"), text_key("so what ?"));
        assert_ne!(text_key("so what?"), text_key("so what ?"));
    }

    proptest! {
        #[test]
        fn groups_never_straddle(rows in proptest::collection::vec((0u32..20, 0usize..3), 1..120), folds in 2usize..6) {
            let ids = crate::metrics::number_clusters(rows.iter().map(|r| r.0));
            let gold: Vec<Vec<usize>> = rows.iter().map(|r| vec![r.1]).collect();
            let split = Folds::stratified(&ids, &gold, 3, folds, 3);
            for a in 0..rows.len() {
                prop_assert!(split.of(a) < split.count());
                for b in 0..a {
                    prop_assert!(ids[a] != ids[b] || split.of(a) == split.of(b));
                }
            }
        }
    }
}
