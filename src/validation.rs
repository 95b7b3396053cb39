//! Folds: stratified by label, groups never straddling, and the splits inside them on which choices are made.

use std::collections::HashMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Inner splits of a training part of few folds: one in so many of its rows is held out.
const INNER_FOLDS: usize = 5;
/// From so many folds on, two of them are held out at a time.
const PAIRED_FOLDS: usize = 4;
/// Every pair of folds is held out once where there are at most so many folds; else neighbours are.
const ALL_PAIRS_FOLDS: usize = 6;

/// Which fold each row is held out in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    /// Two folds a row. A row is held out where both agree, and trains only where neither is held out. They differ only in crossed folds.
    of_row: Vec<[u32; 2]>,
    count: usize,
}

/// A part to train on, and rows held out of it on which choices are made for folds that it knows nothing of either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InnerSplit {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// A fold, and the rows that are judged on its behalf.
    pub held: Vec<(usize, Vec<usize>)>,
}

/// How many inner splits each fold's choices rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Splits {
    /// One each.
    One,
    /// Two each.
    Two,
    /// As many as there are other folds.
    All,
}

impl Splits {
    /// How many inner splits that makes over a number of folds, at most.
    pub fn count(self, folds: usize) -> usize {
        match self {
            _ if folds < PAIRED_FOLDS => folds * self.each(),
            Splits::One => folds.div_ceil(2),
            Splits::All if folds <= ALL_PAIRS_FOLDS => folds * (folds - 1) / 2,
            Splits::Two | Splits::All => folds,
        }
    }

    /// How many each of few folds has.
    fn each(self) -> usize {
        match self {
            Splits::One => 1,
            Splits::Two => 2,
            Splits::All => INNER_FOLDS,
        }
    }
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
        Folds::plain(groups.iter().map(|&g| fold_of_group[g as usize]), folds)
    }

    fn plain(of_row: impl Iterator<Item = u32>, count: usize) -> Self {
        Folds { of_row: of_row.map(|fold| [fold; 2]).collect(), count }
    }

    /// Folds that the data prescribe, numbered in the order of their names.
    pub fn prescribed(names: &[&str]) -> Self {
        let mut distinct = names.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let number: HashMap<&str, u32> = distinct.iter().enumerate().map(|(i, &n)| (n, i as u32)).collect();
        Folds::plain(names.iter().map(|n| number[n]), distinct.len())
    }

    /// Folds that keep two kinds of groups whole at once: a row is held out in a fold where both say so, trains where neither does, and
    /// is left aside elsewhere. Both must have the same number of folds.
    pub fn crossed(one: &Folds, other: &Folds) -> Self {
        debug_assert_eq!(one.count, other.count);
        let of_row = one.of_row.iter().zip(&other.of_row).map(|(a, b)| [a[0], b[0]]).collect();
        Folds { of_row, count: one.count }
    }

    /// Number of rows, those that no fold holds out included.
    pub fn rows(&self) -> usize {
        self.of_row.len()
    }

    /// Number of folds.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The fold a row is held out in; `None` if in none.
    pub fn of(&self, row: usize) -> Option<usize> {
        let [a, b] = self.of_row[row];
        (a == b).then_some(a as usize)
    }

    /// Rows held out in a fold.
    pub fn held(&self, fold: usize) -> Vec<usize> {
        (0..self.of_row.len()).filter(|&row| self.of(row) == Some(fold)).collect()
    }

    /// Rows that know nothing of some folds.
    pub fn train(&self, without: &[usize]) -> Vec<usize> {
        let is_out = |fold: u32| without.contains(&(fold as usize));
        (0..self.of_row.len()).filter(|&row| !self.of_row[row].into_iter().any(is_out)).collect()
    }

    /// Splits inside the folds: what is trained for a fold has seen neither its rows nor those it is judged on.
    ///
    /// With four folds or more, two are held out at a time, and one fit serves both: the other's rows judge it. With fewer, each fold's
    /// training part is split by itself, `groups` kept whole as far as there are any.
    pub fn inner_splits(
        &self,
        splits: Splits,
        groups: &[u32],
        gold: &[Vec<usize>],
        classes: usize,
        seed: u64,
    ) -> Vec<InnerSplit> {
        if self.count >= PAIRED_FOLDS {
            let pairs = self.pairs(splits);
            return pairs
                .into_iter()
                .map(|(a, b)| InnerSplit {
                    train: self.train(&[a, b]),
                    held: vec![(a, self.held(b)), (b, self.held(a))],
                })
                .collect();
        }
        let mut inner = Vec::new();
        for fold in 0..self.count {
            let rows = self.train(&[fold]);
            let mut own = crate::metrics::number_clusters(rows.iter().map(|&r| groups[r]));
            if own.iter().all(|&g| g == 0) {
                // What is left of two groups when one is held out: rows then are all that can be told apart.
                own = (0..rows.len() as u32).collect();
            }
            let labels: Vec<Vec<usize>> = rows.iter().map(|&r| gold[r].clone()).collect();
            let parts = Folds::stratified(&own, &labels, classes, INNER_FOLDS, seed.wrapping_add(fold as u64 + 1));
            for part in 0..splits.each().min(parts.count) {
                let place = |places: Vec<usize>| places.into_iter().map(|i| rows[i]).collect();
                inner.push(InnerSplit {
                    train: place(parts.train(&[part])),
                    held: vec![(fold, place(parts.held(part)))],
                });
            }
        }
        inner
    }

    /// Pairs of folds that are held out together.
    fn pairs(&self, splits: Splits) -> Vec<(usize, usize)> {
        let count = self.count;
        match splits {
            Splits::One => (0..count).step_by(2).map(|a| (a, (a + 1) % count)).collect(),
            Splits::All if count <= ALL_PAIRS_FOLDS => {
                (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))).collect()
            }
            Splits::Two | Splits::All => (0..count).map(|a| (a, (a + 1) % count)).collect(),
        }
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
            let (train, held) = (folds.train(&[fold]), folds.held(fold));
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

    #[test]
    fn crossed_folds_hold_out_what_both_hold_out_and_train_on_what_neither_does() {
        let (one, other) = (Folds::prescribed(&["a", "a", "b", "b"]), Folds::prescribed(&["a", "b", "a", "b"]));
        let crossed = Folds::crossed(&one, &other);
        assert_eq!((crossed.held(0), crossed.train(&[0])), (vec![0], vec![3]));
        assert_eq!(crossed.of(1), None);
    }

    proptest! {
        #[test]
        fn inner_splits_know_nothing_of_their_folds_nor_of_the_rows_that_judge_them(
            names in proptest::collection::vec(0u32..7, 12..60),
            splits in proptest::sample::select(vec![Splits::One, Splits::Two, Splits::All]),
        ) {
            let names: Vec<String> = names.iter().map(u32::to_string).collect();
            let folds = Folds::prescribed(&names.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assume!(folds.count() > 1);
            let groups: Vec<u32> = (0..names.len() as u32).collect();
            let gold = vec![vec![0]; names.len()];
            let inner = folds.inner_splits(splits, &groups, &gold, 1, 0);
            prop_assert!(inner.len() <= splits.count(folds.count()));
            for fold in 0..folds.count() {
                prop_assert!(inner.iter().any(|s| s.held.iter().any(|(f, _)| *f == fold)));
            }
            for split in &inner {
                for (fold, held) in &split.held {
                    prop_assert!(split.train.iter().all(|&r| folds.of(r) != Some(*fold) && !held.contains(&r)));
                    prop_assert!(held.iter().all(|&r| folds.of(r) != Some(*fold)));
                }
            }
        }

        #[test]
        fn groups_never_straddle(rows in proptest::collection::vec((0u32..20, 0usize..3), 1..120), folds in 2usize..6) {
            let ids = crate::metrics::number_clusters(rows.iter().map(|r| r.0));
            let gold: Vec<Vec<usize>> = rows.iter().map(|r| vec![r.1]).collect();
            let split = Folds::stratified(&ids, &gold, 3, folds, 3);
            for a in 0..rows.len() {
                prop_assert!(split.of(a).is_some_and(|f| f < split.count()));
                for b in 0..a {
                    prop_assert!(ids[a] != ids[b] || split.of(a) == split.of(b));
                }
            }
        }
    }
}
