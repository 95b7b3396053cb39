//! Which comments to label next: some drawn at random, some that a model is least sure of, spread over articles.
//!
//! Random ones keep the picture honest, unsure ones teach most. Rows pass by once; what is kept is as many rows as are wanted, whatever comes.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

/// Why a row was picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picked {
    /// Drawn at random.
    Random,
    /// Among those that the model is least sure of.
    Unsure,
}

impl Picked {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Picked::Random => "random",
            Picked::Unsure => "unsure",
        }
    }
}

/// Picks rows of type `T`.
pub struct Queue<T> {
    wanted: usize,
    with_unsure: bool,
    random: Spread,
    unsure: Spread,
    rows: HashMap<u64, T>,
    /// Of the texts that are kept: the same words need not be labelled twice.
    texts: HashMap<u64, u64>,
    seed: u64,
    seen: u64,
}

/// The same in every run, so that equal inputs give equal samples.
const HASH: foldhash::quality::FixedState = foldhash::quality::FixedState::with_seed(0x6c_61_62_65_6c);

impl<T> Queue<T> {
    /// Will pick up to `wanted` rows; `with_unsure` makes half of them those of least confidence.
    pub fn new(wanted: usize, with_unsure: bool, seed: u64) -> Self {
        Queue {
            wanted,
            with_unsure,
            random: Spread::new(wanted),
            unsure: Spread::new(wanted),
            rows: HashMap::new(),
            texts: HashMap::new(),
            seed,
            seen: 0,
        }
    }

    /// Takes a row: its article or what else it should be spread over, its text, and how sure the model is of it (0 to 1; without a model any).
    pub fn push(&mut self, article: &str, text: &str, confidence: f64, row: T) {
        let place = self.seen;
        self.seen += 1;
        let text = HASH.hash_one(text.trim());
        if self.texts.contains_key(&text) {
            return;
        }
        let article = HASH.hash_one(article);
        let drawn = HASH.hash_one((self.seed, place));
        self.random.push(article, drawn, place);
        if self.with_unsure {
            // Non-negative numbers are in the order of their bits.
            self.unsure.push(article, confidence.clamp(0.0, 1.0).to_bits(), place);
        }
        self.rows.insert(place, row);
        self.texts.insert(text, place);
        if self.rows.len() > 4 * self.wanted + 64 {
            self.forget();
        }
    }

    /// Lets go of rows that neither half keeps.
    fn forget(&mut self) {
        let mut kept: HashSet<u64> = HashSet::new();
        for spread in [&mut self.random, &mut self.unsure] {
            kept.extend(spread.best());
        }
        self.rows.retain(|place, _| kept.contains(place));
        self.texts.retain(|_, place| kept.contains(place));
    }

    /// The picked rows in the order in which they came.
    pub fn finish(mut self) -> Vec<(T, Picked)> {
        let random_wanted = if self.with_unsure { self.wanted.div_ceil(2) } else { self.wanted };
        let mut picked: HashMap<u64, Picked> = HashMap::new();
        let drawn = self.random.best();
        picked.extend(drawn.iter().take(random_wanted).map(|&place| (place, Picked::Random)));
        for place in self.unsure.best() {
            if picked.len() >= self.wanted {
                break;
            }
            picked.entry(place).or_insert(Picked::Unsure);
        }
        let mut picked: Vec<(u64, Picked)> = picked.into_iter().collect();
        picked.sort_unstable_by_key(|&(place, _)| place);
        picked.into_iter().filter_map(|(place, why)| Some((self.rows.remove(&place)?, why))).collect()
    }
}

/// The rows of the lowest keys, spread over articles: every article's first before any article's second.
struct Spread {
    most: usize,
    count: usize,
    /// Keys and places of each article.
    articles: HashMap<u64, Vec<(u64, u64)>>,
}

impl Spread {
    fn new(most: usize) -> Self {
        Spread { most, count: 0, articles: HashMap::new() }
    }

    fn push(&mut self, article: u64, key: u64, place: u64) {
        self.articles.entry(article).or_default().push((key, place));
        self.count += 1;
        if self.count > 4 * self.most + 64 {
            self.best();
        }
    }

    /// The places of the best rows, the best first; all others are forgotten. None of them could come back: what is better than a row now
    /// stays better, since rows that are to come can only push it down within its article.
    fn best(&mut self) -> Vec<u64> {
        let mut ranked: Vec<(usize, u64, u64, u64)> = Vec::with_capacity(self.count);
        for (&article, rows) in &mut self.articles {
            rows.sort_unstable();
            ranked.extend(rows.iter().enumerate().map(|(rank, &(key, place))| (rank, key, place, article)));
        }
        ranked.sort_unstable();
        ranked.truncate(self.most);
        self.articles.clear();
        for &(_, key, place, article) in &ranked {
            self.articles.entry(article).or_default().push((key, place));
        }
        self.count = ranked.len();
        ranked.into_iter().map(|(_, _, place, _)| place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(wanted: usize, with_unsure: bool, seed: u64) -> Vec<(usize, Picked)> {
        let mut queue = Queue::new(wanted, with_unsure, seed);
        for i in 0..5000usize {
            // One article in ten has one comment only; the model is least sure of those around 2500.
            let article = if i % 10 == 0 { format!("a{i}") } else { format!("b{}", i % 7) };
            let confidence = (i as f64 - 2500.0).abs() / 2500.0;
            queue.push(&article, &format!("text {}", i / 2), confidence, i);
        }
        queue.finish()
    }

    #[test]
    fn half_is_drawn_and_half_is_what_the_model_is_least_sure_of() {
        let rows = picked(100, true, 0);
        let unsure: Vec<usize> = rows.iter().filter(|(_, why)| *why == Picked::Unsure).map(|(i, _)| *i).collect();
        assert_eq!((rows.len(), unsure.len()), (100, 50));
        assert!(unsure.iter().all(|&i| (2000..3000).contains(&i)), "{unsure:?}");
        assert!(rows.windows(2).all(|pair| pair[0].0 < pair[1].0), "in their order");
        assert!(rows.iter().all(|(i, _)| i % 2 == 0), "no text twice");
        let random = picked(100, false, 0);
        assert!(random.len() == 100 && random.iter().all(|(_, why)| *why == Picked::Random));
    }

    #[test]
    fn the_seed_decides_and_nothing_else() {
        assert_eq!(picked(60, true, 1), picked(60, true, 1));
        assert_ne!(picked(60, false, 1), picked(60, false, 2));
    }

    #[test]
    fn every_article_has_its_first_before_any_has_its_second() {
        let mut queue = Queue::new(20, false, 0);
        for i in 0..3000usize {
            let article = if i < 2990 { "big".to_owned() } else { format!("small{i}") };
            queue.push(&article, &i.to_string(), 0.0, i);
        }
        let rows: Vec<usize> = queue.finish().into_iter().map(|(i, _)| i).collect();
        assert_eq!(rows.iter().filter(|&&i| i >= 2990).count(), 10, "{rows:?}");
        assert_eq!(rows.len(), 20);
    }

    #[test]
    fn what_is_kept_is_what_would_be_kept_of_all() {
        let mut spread = Spread::new(30);
        let mut all = Vec::new();
        for i in 0..4000u64 {
            let (article, key) = (HASH.hash_one(i) % 13, HASH.hash_one((i, 1)) % 10_000);
            spread.push(article, key, i);
            all.push((article, key, i));
        }
        all.sort_unstable();
        let mut rank = HashMap::<u64, usize>::new();
        let mut ranked: Vec<_> = all
            .into_iter()
            .map(|(article, key, place)| {
                let rank = rank.entry(article).or_default();
                *rank += 1;
                (*rank, key, place)
            })
            .collect();
        ranked.sort_unstable();
        let expected: Vec<u64> = ranked.into_iter().take(30).map(|(_, _, place)| place).collect();
        assert_eq!(spread.best(), expected);
    }

    #[test]
    fn memory_does_not_grow_with_the_rows() {
        let mut queue = Queue::new(10, true, 0);
        for i in 0..20_000usize {
            queue.push(&format!("a{i}"), &i.to_string(), 0.5, i);
        }
        assert!(queue.rows.len() <= 104 && queue.texts.len() <= 104 && queue.random.count <= 104);
    }
}
