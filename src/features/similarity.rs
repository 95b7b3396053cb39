//! Block `similarity`: how close a comment is to the article, to its parent and to the target.
//!
//! Each similarity is kept raw and cut into quantile bins of the training comments, so that a linear model can bend.

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use rayon::prelude::*;

use super::context::{Context, Weights, is_content, pair_key};
use crate::text::{StemId, TokenFacts};

/// What a comment is compared with, in column order.
pub const CONTEXTS: [&str; 3] = ["article", "parent", "target"];

/// Place of the target among the contexts; articles and parents stand before it.
pub const TARGET: usize = 2;

/// What is measured of each context, in column order.
pub const MEASURES: [&str; 9] = [
    "words alike",
    "words like the lead",
    "words like the title",
    "word pairs alike",
    "share of the comment's words",
    "weighted share of the comment's words",
    "weighted share of the lead's words",
    "weighted share of the title's words",
    "best sentence's share of the comment's words",
];

/// Number of similarities.
pub const COUNT: usize = CONTEXTS.len() * MEASURES.len();

/// The measure that says whether comment and context are related at all.
pub const RELATED: usize = 5;

/// Bins that each similarity is cut into, where the training comments differ enough.
const BINS: usize = 8;

/// What was measured of one comment; `None` is "no such context".
pub type Measured = [Option<f32>; COUNT];

/// Stands for a token that says nothing, and so parts its neighbours.
const NOTHING: u32 = u32::MAX;

/// The comment's side, analysed once for all its contexts.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Distinct content stems in order of first occurrence, with tf-idf weights scaled to length 1.
    stems: Vec<(StemId, f32)>,
    /// How often each of them occurs.
    counts: Vec<u8>,
    /// Where the context that was compared last has each of them too, behind one place that says nothing.
    found: Vec<Option<u32>>,
    /// Distinct pairs of neighbouring stems, as places in `stems`, with weights scaled to length 1.
    pairs: Vec<(u32, u32, f32)>,
    known_pairs: HashSet<(u32, u32), RandomState>,
    /// Place in `stems` of each token, or [`NOTHING`].
    sequence: Vec<u32>,
    /// Sum of the idf of the distinct stems.
    mass: f32,
    /// Place of each stem in `stems`, plus one; zero where the comment does not hold it.
    places: Vec<u32>,
    /// For each sentence of the context, the idf of the comment's stems in it.
    per_sentence: Vec<f32>,
}

impl Side {
    /// Analyses a comment's tokens; `stem_count` is greater than any stem of theirs.
    pub(super) fn analyze(&mut self, stem_count: usize, tokens: &[TokenFacts], weights: &Weights) {
        for (stem, _) in self.stems.drain(..) {
            self.places[stem as usize] = 0;
        }
        self.counts.clear();
        self.pairs.clear();
        self.known_pairs.clear();
        self.places.resize(stem_count, 0);
        self.sequence.clear();
        for token in tokens {
            if !is_content(token.kind) {
                self.sequence.push(NOTHING);
                continue;
            }
            let place = &mut self.places[token.stem as usize];
            if *place == 0 {
                self.stems.push((token.stem, weights.idf(token.stem)));
                self.counts.push(0);
                *place = self.stems.len() as u32;
            }
            let place = *place - 1;
            let count = &mut self.counts[place as usize];
            *count = count.saturating_add(1);
            self.sequence.push(place);
        }
        for pair in self.sequence.windows(2) {
            let [before, place] = [pair[0], pair[1]];
            if before == NOTHING || place == NOTHING {
                continue;
            }
            // What comes once cannot be in a pair that comes again.
            let may_come_again = |place: u32| self.counts[place as usize] > 1;
            let is_new = !may_come_again(before) || !may_come_again(place) || self.known_pairs.insert((before, place));
            if is_new {
                let idf = |place: u32| self.stems[place as usize].1;
                self.pairs.push((before, place, idf(before) + idf(place)));
            }
        }
        self.mass = self.stems.iter().map(|s| s.1).sum();
        let norm = self.pairs.iter().map(|p| p.2 * p.2).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        self.pairs.iter_mut().for_each(|p| p.2 /= norm);
        let mut squares = 0.0;
        for ((_, weight), &count) in self.stems.iter_mut().zip(&self.counts) {
            *weight *= if count == 1 { 1.0 } else { 1.0 + f32::from(count).ln() };
            squares += *weight * *weight;
        }
        let norm = squares.sqrt().max(f32::MIN_POSITIVE);
        self.stems.iter_mut().for_each(|s| s.1 /= norm);
    }

    /// Distinct content stems in order of first occurrence, how often each occurs, and whether the context that was compared last has it.
    pub(super) fn stems(&self) -> impl ExactSizeIterator<Item = (StemId, u8, bool)> {
        let stems = self.stems.iter().zip(&self.counts).zip(self.found.iter().skip(1));
        stems.map(|((&(stem, _), &count), found)| (stem, count, found.is_some()))
    }

    /// Compares with a context.
    pub(super) fn compare(&mut self, context: &Context, weights: &Weights) -> [Option<f32>; MEASURES.len()] {
        let [mut whole, mut lead, mut title] = [0.0f32; 3];
        let (mut covered, mut covered_mass, mut lead_mass, mut title_mass) = (0usize, 0.0f32, 0.0f32, 0.0f32);
        context.find(&self.stems, &self.places, weights, &mut self.found);
        self.per_sentence.clear();
        self.per_sentence.resize(context.sentence_count, 0.0);
        for (&(stem, weight), found) in self.stems.iter().zip(&self.found[1..]) {
            let Some(entry) = found.map(|place| context.entry(place)) else { continue };
            let idf = weights.idf(stem);
            whole += weight * entry.whole;
            lead += weight * entry.lead;
            title += weight * entry.title;
            covered += 1;
            covered_mass += idf;
            if entry.lead > 0.0 {
                lead_mass += idf;
            }
            if entry.title > 0.0 {
                title_mass += idf;
            }
            for &sentence in context.sentences(entry) {
                self.per_sentence[sentence as usize] += idf;
            }
        }
        let mut pairs = 0.0;
        let is_shared = |place: u32| self.found[1 + place as usize].is_some();
        for &(a, b, weight) in self.pairs.iter().filter(|(a, b, _)| is_shared(*a) && is_shared(*b)) {
            let key = |place: u32| weights.keys.of(self.stems[place as usize].0);
            pairs += weight * context.pair(pair_key(key(a), key(b)));
        }
        let best = self.per_sentence.iter().copied().fold(0.0, f32::max);
        let share = |part: f32, whole: f32| if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 };
        [
            Some(whole.min(1.0)),
            Some(lead.min(1.0)),
            context.has_title.then_some(title.min(1.0)),
            Some(pairs.min(1.0)),
            Some(share(covered as f32, self.stems.len() as f32)),
            Some(share(covered_mass, self.mass)),
            Some(share(lead_mass, context.lead_mass)),
            context.has_title.then_some(share(title_mass, context.title_mass)),
            Some(share(best, self.mass)),
        ]
    }
}

/// Quantile edges of what was measured on the training comments.
pub(super) fn learn_bins(measured: &[Measured]) -> Vec<Vec<f32>> {
    (0..COUNT)
        .into_par_iter()
        .map(|s| {
            let mut values: Vec<f32> = measured.iter().filter_map(|m| m[s]).collect();
            values.sort_unstable_by(f32::total_cmp);
            let mut edges: Vec<f32> = (1..BINS).filter_map(|b| values.get(b * values.len() / BINS)).copied().collect();
            edges.dedup();
            edges
        })
        .collect()
}

/// The value that best parts comments into related and unrelated ones: Otsu's threshold, which leaves least variance on its two sides.
pub(super) fn learn_gate(measured: &[Measured]) -> f32 {
    let mut values: Vec<f64> = measured.iter().filter_map(related).map(f64::from).collect();
    values.sort_unstable_by(f64::total_cmp);
    let all: f64 = values.iter().sum();
    let (mut below, mut best) = (0.0, (0.0, f64::INFINITY));
    for i in 1..values.len() {
        below += values[i - 1];
        let (n, m) = (i as f64, (values.len() - i) as f64);
        let spread = n * m * (below / n - (all - below) / m).powi(2);
        if values[i] > values[i - 1] && spread > best.0 {
            best = (spread, (values[i] + values[i - 1]) / 2.0);
        }
    }
    if best.1.is_finite() { best.1 as f32 } else { 1.0 }
}

/// Whether a comment is on the topic of its article (else of its parent).
pub(super) fn is_related(measured: &Measured, gate: f32) -> bool {
    related(measured).is_some_and(|r| r >= gate)
}

/// What the gate looks at: the article, else the parent.
fn related(measured: &Measured) -> Option<f32> {
    measured[RELATED].or(measured[MEASURES.len() + RELATED])
}

/// Columns of the block: for each similarity its raw value and one column a bin.
pub fn columns(bins: &[Vec<f32>]) -> usize {
    bins.iter().map(|edges| width(edges)).sum()
}

/// A similarity never measured in training has no columns; else raw value and bins.
fn width(edges: &[f32]) -> usize {
    if edges.is_empty() { 0 } else { edges.len() + 2 }
}

/// By column of some bins, its place among the columns of others that hold them.
pub(super) fn places<'b>(bins: &'b [Vec<f32>], among: &'b [Vec<f32>]) -> impl Iterator<Item = u32> + 'b {
    let mut start = 0;
    bins.iter().zip(among).flat_map(move |(own, among)| {
        let first = start;
        start += width(among) as u32;
        first..first + width(own) as u32
    })
}

/// Columns and values of a comment's similarities, scaled so that the block is of one size however many of them there are.
pub(super) fn encode(bins: &[Vec<f32>], measured: &Measured, mut emit: impl FnMut(u32, f32)) {
    let count = bins.iter().zip(measured).filter(|(edges, value)| value.is_some() && !edges.is_empty()).count();
    let scale = 1.0 / (count.max(1) as f32).sqrt();
    let mut start = 0;
    for (edges, value) in bins.iter().zip(measured) {
        if let Some(value) = value
            && !edges.is_empty()
        {
            emit(start, scale * value);
            emit(start + 1 + edges.partition_point(|edge| edge <= value) as u32, scale);
        }
        start += width(edges) as u32;
    }
}

/// What a column of the block means.
pub(super) fn name(bins: &[Vec<f32>], mut column: usize) -> String {
    for (place, edges) in bins.iter().enumerate() {
        if column >= width(edges) {
            column -= width(edges);
            continue;
        }
        let similarity = format!("{}: {}", CONTEXTS[place / MEASURES.len()], MEASURES[place % MEASURES.len()]);
        return match column {
            0 => similarity,
            1 => format!("{similarity}: below {:.3}", edges[0]),
            bin if bin - 1 == edges.len() => format!("{similarity}: {:.3} or more", edges[bin - 2]),
            bin => format!("{similarity}: {:.3} to {:.3}", edges[bin - 2], edges[bin - 1]),
        };
    }
    String::from("?")
}

/// What a comment's columns in the block say of it, in plain words: by similarity, the context it compares with (its place in
/// [`CONTEXTS`]), its columns, and words for it. `columns` are places in the block, ascending.
pub fn plainly(bins: &[Vec<f32>], columns: impl Iterator<Item = usize>) -> Vec<(usize, Vec<usize>, String)> {
    let mut found: Vec<(usize, Vec<usize>, usize)> = Vec::new();
    for column in columns {
        let mut within = column;
        let Some(place) = bins.iter().position(|edges| {
            let here = within < width(edges);
            within -= if here { 0 } else { width(edges) };
            here
        }) else {
            continue;
        };
        if found.last().is_none_or(|last| last.0 != place) {
            found.push((place, Vec::new(), 0));
        }
        if let Some(last) = found.last_mut() {
            last.1.push(column);
            last.2 = last.2.max(within.saturating_sub(1));
        }
    }
    let level = |place: usize, bin: usize| (3 * bin / (bins[place].len() + 1)).min(2);
    found
        .into_iter()
        .map(|(place, columns, bin)| (place / MEASURES.len(), columns, describe(place, level(place, bin))))
        .collect()
}

/// A similarity in words; `level` says whether it is low (0), middling (1) or high (2) among training comments.
fn describe(place: usize, level: usize) -> String {
    let other = ["the article", "the comment it answers", "the target"][place / MEASURES.len()];
    let of = ["the article's", "the answered comment's", "the target's"][place / MEASURES.len()];
    let closeness = ["far from", "fairly close to", "close to"][level];
    let amount = ["few", "some", "many"][level];
    match place % MEASURES.len() {
        0 => format!("{closeness} {other}"),
        1 => format!("{closeness} {of} lead"),
        2 => format!("{closeness} {of} title"),
        3 => format!("has {amount} phrases of {other}"),
        4 => format!("{amount} of its words are in {other}"),
        5 => format!("{amount} of its telling words are in {other}"),
        6 => format!("takes up {amount} words of {of} lead"),
        7 => format!("takes up {amount} words of {of} title"),
        _ => format!("{closeness} one sentence of {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::context::StemKeys;
    use crate::text::{Language, Lexicon, StringTable};

    /// Compares a comment with an article of title and body; every stem weighs the same, and it does not matter which have a column.
    fn compare(comment: &str, title: &str, body: &str) -> [Option<f32>; MEASURES.len()] {
        let without = compare_knowing(&[], comment, title, body);
        assert_eq!(compare_knowing(&["late", "run", "tram"], comment, title, body), without);
        without
    }

    fn compare_knowing(stems: &[&str], comment: &str, title: &str, body: &str) -> [Option<f32>; MEASURES.len()] {
        let stems = StringTable::from_sorted(stems.iter().copied());
        let idf = vec![1.0; stems.len()];
        let mut lexicon = Lexicon::new(Language::English, std::sync::Arc::new(stems));
        let [comment, title, body] = [comment, title, body].map(|text| {
            let mut tokens = Vec::new();
            lexicon.analyze(text, |_, id| tokens.push(id));
            tokens
        });
        let mut keys = StemKeys::default();
        keys.catch_up(&lexicon);
        let weights = Weights { keys: &keys, idf: &idf, unseen_idf: 1.0 };
        let context = Context::new(&lexicon, &title, &body, &weights);
        let mut side = Side::default();
        let comment: Vec<TokenFacts> = comment.iter().map(|&token| lexicon.facts(token)).collect();
        side.analyze(lexicon.stem_count(), &comment, &weights);
        side.compare(&context, &weights)
    }

    #[test]
    fn a_text_is_as_close_to_itself_as_can_be_and_to_a_foreign_one_not_at_all() {
        let same = compare("Trams run late.", "", "Trams run late.");
        let expected = [1.0, 1.0, f32::NAN, 1.0, 1.0, 1.0, 1.0, f32::NAN, 1.0];
        for (found, expected) in same.into_iter().zip(expected) {
            assert_eq!(found.is_none(), expected.is_nan());
            assert!(found.is_none_or(|found| (found - expected).abs() < 1e-6), "{same:?}");
        }
        assert!(compare("Cats purr", "", "Trams run late.").into_iter().flatten().all(|v| v == 0.0));
        assert!(compare("...", "Trams", "Trams run.").into_iter().flatten().all(|v| v == 0.0));
    }

    #[test]
    fn coverage_tells_sides_title_and_sentences_apart() {
        let found = compare("late trams annoy me", "Late again", "Trams run. Nobody is late. Trams are red.");
        assert_eq!(found[4], Some(0.5));
        assert_eq!(found[7], Some(0.5));
        assert_eq!(found[8], Some(0.25));
    }

    #[test]
    fn a_long_context_is_asked_as_a_short_one_is() {
        let words: Vec<String> = (0..40).map(|n| format!("w{}", 100 + n)).collect();
        let stems: Vec<&str> = words.iter().map(String::as_str).collect();
        let body = words.join(" ");
        // From few stems, which are looked up, to so many that the context's are gone through.
        for held in [1, 2, 5, 20, 40] {
            let comment =
                words[..held].iter().rev().map(String::as_str).chain(["foreign"]).collect::<Vec<_>>().join(" ");
            let found = compare_knowing(&stems, &comment, "w100 w139", &body);
            assert_eq!(found, compare_knowing(&[], &comment, "w100 w139", &body), "{held}");
            assert_eq!(found[4], Some(held as f32 / (held + 1) as f32));
        }
    }

    fn measured(values: impl Iterator<Item = f32>) -> Vec<Measured> {
        values.map(|v| std::array::from_fn(|place| (place == RELATED).then_some(v))).collect()
    }

    #[test]
    fn values_fall_into_quantile_bins_and_absent_contexts_into_none() {
        let rows = measured((0..80).map(|i| i as f32 / 80.0));
        let bins = learn_bins(&rows);
        assert_eq!(bins[RELATED].len(), 7);
        assert_eq!(columns(&bins), 9);
        let mut found = Vec::new();
        encode(&bins, &measured([0.99].into_iter())[0], |c, v| found.push((c, v)));
        assert_eq!(found, [(0, 0.99), (8, 1.0)]);
        assert_eq!(
            plainly(&bins, [0, 8].into_iter()),
            [(0, vec![0, 8], "many of its telling words are in the article".to_owned())]
        );
        assert_eq!(plainly(&bins, [0, 1].into_iter())[0].2, "few of its telling words are in the article");
        assert_eq!(name(&bins, 8), "article: weighted share of the comment's words: 0.875 or more");
    }

    #[test]
    fn the_gate_falls_between_two_heaps() {
        let rows = measured((0..50).map(|i| if i < 30 { 0.1 } else { 0.7 + 0.001 * i as f32 }));
        let gate = learn_gate(&rows);
        assert!(gate > 0.1 && gate < 0.73, "{gate}");
        assert_eq!(learn_gate(&measured([0.5; 4].into_iter())), 1.0);
    }
}
