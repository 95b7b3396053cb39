//! What is worth knowing of an article, a parent or a target, worked out once however many comments stand under it.

use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};

use super::ArticleText;
use crate::text::{Lexicon, StemId, TokenId, TokenKind};

/// Tokens of an article's body that make up its lead.
pub const LEAD_TOKENS: usize = 120;

/// Stems of a context that are gone through in the time of looking one stem up.
const SCANNED: usize = 4;

/// Identifies a stem wherever it was met: a hash of its text, equal in every session of a process.
pub type StemKey = u64;

/// Keys of the stems of a lexicon, filled as stems come.
#[derive(Debug, Default)]
pub struct StemKeys(Vec<StemKey>);

/// The same for every session, so that contexts can be shared between them.
const KEY_STATE: foldhash::quality::FixedState = foldhash::quality::FixedState::with_seed(0x62_65_6c_6f_77);

impl StemKeys {
    /// Looks at all stems that came since the last call.
    pub(super) fn catch_up(&mut self, lexicon: &Lexicon) {
        for id in self.0.len()..lexicon.stem_count() {
            self.0.push(KEY_STATE.hash_one(lexicon.stem(id as StemId)));
        }
    }

    /// The key of a stem.
    pub(super) fn of(&self, stem: StemId) -> StemKey {
        self.0[stem as usize]
    }

    /// Forgets everything, as when the lexicon is reset.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// What a context says of one of its stems.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    /// Weight in the whole text, in the lead and in the title: tf-idf scaled to length 1.
    pub whole: f32,
    pub lead: f32,
    pub title: f32,
    /// The sentences that hold it, in `Context::sentences`.
    sentences: (u32, u32),
}

/// An analysed text.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// What it says of each of its stems, in order of first occurrence.
    entries: Vec<Entry>,
    /// Its stems that have a column, in that order, and their places in `entries`.
    known: Vec<(StemId, u32)>,
    /// The same by stem; all others by key.
    known_places: HashMap<StemId, u32, RandomState>,
    other_places: HashMap<StemKey, u32, RandomState>,
    sentences: Vec<u32>,
    pub(super) sentence_count: usize,
    /// Pairs of neighbouring stems, by key, with weights scaled to length 1.
    pairs: HashMap<u64, f32, RandomState>,
    /// Sum of the idf of the lead's (title's) distinct stems.
    pub(super) lead_mass: f32,
    pub(super) title_mass: f32,
    pub(super) has_title: bool,
    /// Distinct known stems of title and lead with their counts, in order of first occurrence.
    pub(super) lead_stems: Vec<(u32, u8)>,
    /// What they add up to in a comment's scores, for a comment that is not related and for one that is; where somebody asked for it.
    lead_sums: [OnceLock<Box<[f64]>>; 2],
}

/// Whether a token says something: words, numbers and hashtags do.
pub(super) fn is_content(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Word | TokenKind::Number | TokenKind::Hashtag)
}

/// Two stems' keys in one.
pub(super) fn pair_key(a: StemKey, b: StemKey) -> u64 {
    a.rotate_left(21) ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// How to weigh the stems of a lexicon.
pub(super) struct Weights<'w> {
    pub keys: &'w StemKeys,
    /// Inverse document frequency of the stems with a column, and of all others.
    pub idf: &'w [f32],
    pub unseen_idf: f32,
}

impl Weights<'_> {
    pub(super) fn idf(&self, stem: StemId) -> f32 {
        self.idf.get(stem as usize).copied().unwrap_or(self.unseen_idf)
    }
}

impl Context {
    /// Analyses the tokens of a title and a body.
    pub(super) fn new(lexicon: &Lexicon, title: &[TokenId], body: &[TokenId], weights: &Weights) -> Self {
        let mut order: Vec<(StemId, [f32; 3])> = Vec::new();
        let mut places: HashMap<StemId, usize, RandomState> = HashMap::default();
        let mut sentences_of: Vec<Vec<u32>> = Vec::new();
        let mut pairs: Vec<(u64, f32)> = Vec::new();
        let mut pair_places: HashMap<u64, usize, RandomState> = HashMap::default();
        let mut sentence = 0u32;
        let mut before: Option<StemId> = None;
        let has_title = title.iter().any(|&t| is_content(lexicon.facts(t).kind));
        let lead_start = title.len();
        for (i, &token) in title.iter().chain(body).enumerate() {
            let facts = lexicon.facts(token);
            if i == lead_start {
                sentence += 1;
                before = None;
            }
            if !is_content(facts.kind) {
                if facts.kind == TokenKind::Punctuation && lexicon.normal(token).contains(['.', '!', '?']) {
                    sentence += 1;
                }
                before = None;
                continue;
            }
            let place = *places.entry(facts.stem).or_insert_with(|| {
                order.push((facts.stem, [0.0; 3]));
                sentences_of.push(Vec::new());
                order.len() - 1
            });
            let counts = &mut order[place].1;
            counts[0] += 1.0;
            if i < lead_start {
                counts[2] += 1.0;
            } else if i < lead_start + LEAD_TOKENS {
                counts[1] += 1.0;
            }
            if sentences_of[place].last() != Some(&sentence) {
                sentences_of[place].push(sentence);
            }
            if let Some(before) = before {
                let key = pair_key(weights.keys.of(before), weights.keys.of(facts.stem));
                let idf = weights.idf(before) + weights.idf(facts.stem);
                let place = *pair_places.entry(key).or_insert_with(|| {
                    pairs.push((key, 0.0));
                    pairs.len() - 1
                });
                pairs[place].1 = pairs[place].1.max(idf);
            }
            before = Some(facts.stem);
        }
        let mut context = Context { has_title, sentence_count: sentence as usize + 1, ..Context::default() };
        let mut squares = [0.0f32; 3];
        for (stem, counts) in &mut order {
            let idf = weights.idf(*stem);
            if counts[1] > 0.0 {
                context.lead_mass += idf;
            }
            if counts[2] > 0.0 {
                context.title_mass += idf;
            }
            let in_lead = counts[1] + counts[2];
            if in_lead > 0.0 && (*stem as usize) < weights.idf.len() {
                context.lead_stems.push((*stem, in_lead.min(255.0) as u8));
            }
            for (count, squares) in counts.iter_mut().zip(&mut squares) {
                if *count > 0.0 {
                    *count = (1.0 + count.ln()) * idf;
                    *squares += *count * *count;
                }
            }
        }
        let norms = squares.map(|s| s.sqrt().max(f32::MIN_POSITIVE));
        for ((stem, counts), sentences) in order.iter().zip(&sentences_of) {
            let start = context.sentences.len() as u32;
            context.sentences.extend(sentences);
            let entry = Entry {
                whole: counts[0] / norms[0],
                lead: counts[1] / norms[1],
                title: counts[2] / norms[2],
                sentences: (start, context.sentences.len() as u32),
            };
            let place = context.entries.len() as u32;
            context.entries.push(entry);
            if (*stem as usize) < weights.idf.len() {
                context.known.push((*stem, place));
                context.known_places.insert(*stem, place);
            } else {
                context.other_places.insert(weights.keys.of(*stem), place);
            }
        }
        let norm = pairs.iter().map(|p| p.1 * p.1).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        context.pairs = pairs.into_iter().map(|(key, weight)| (key, weight / norm)).collect();
        context
    }

    /// What it says of each of some stems, of which `places` has the place by stem, plus one, and 0 for those that are not among them.
    ///
    /// Where the context has few stems, they are gone through; else those that are asked for are looked up.
    pub(super) fn find(
        &self,
        stems: &[(StemId, f32)],
        places: &[u32],
        weights: &Weights,
        found: &mut Vec<Option<u32>>,
    ) {
        found.clear();
        // What is found for no place is put down in front of all.
        found.resize(1 + stems.len(), None);
        let known = weights.idf.len();
        if self.known.len() <= SCANNED * stems.len() {
            self.known.iter().for_each(|&(stem, place)| found[places[stem as usize] as usize] = Some(place));
        } else {
            let known = stems.iter().zip(&mut found[1..]).filter(|((stem, _), _)| (*stem as usize) < known);
            known.for_each(|((stem, _), found)| *found = self.known_places.get(stem).copied());
        }
        if !self.other_places.is_empty() {
            let others = stems.iter().zip(&mut found[1..]).filter(|((stem, _), _)| *stem as usize >= known);
            others.for_each(|((stem, _), found)| *found = self.other_places.get(&weights.keys.of(*stem)).copied());
        }
    }

    /// What its lead's stems add up to in the scores of a comment; `sum_up` works it out where that was not done before. What it gives must
    /// not depend on who asks.
    pub(super) fn lead_sums(&self, is_related: bool, sum_up: impl FnOnce() -> Box<[f64]>) -> &[f64] {
        self.lead_sums[usize::from(is_related)].get_or_init(sum_up)
    }

    /// The weight of a pair; 0 if it does not hold it.
    pub(super) fn pair(&self, key: u64) -> f32 {
        self.pairs.get(&key).copied().unwrap_or(0.0)
    }

    /// What it says of a stem that was found in a place.
    #[inline(always)]
    pub(super) fn entry(&self, place: u32) -> &Entry {
        &self.entries[place as usize]
    }

    /// The sentences that hold a stem.
    pub(super) fn sentences(&self, entry: &Entry) -> &[u32] {
        &self.sentences[entry.sentences.0 as usize..entry.sentences.1 as usize]
    }
}

/// Contexts that were analysed, shared by sessions.
#[derive(Debug)]
pub struct ContextStore {
    table: Mutex<HashTable<Stored>>,
    capacity: usize,
}

/// A context and the texts that it was made from.
#[derive(Debug)]
struct Stored {
    title: Box<str>,
    body: Box<str>,
    context: Arc<Context>,
}

fn hash_of(title: &str, body: &str) -> u64 {
    KEY_STATE.hash_one((title, body))
}

impl ContextStore {
    /// A store that forgets everything once it holds `capacity` contexts.
    pub fn new(capacity: usize) -> Self {
        ContextStore { table: Mutex::default(), capacity }
    }

    /// The context of a text; `make` analyses it where that was not done before. What `make` gives must not depend on who asks.
    pub(super) fn get(&self, text: ArticleText, make: impl FnOnce() -> Context) -> Arc<Context> {
        let hash = hash_of(text.title, text.body);
        let found = |table: &HashTable<Stored>| {
            let same = |s: &Stored| *s.title == *text.title && *s.body == *text.body;
            table.find(hash, same).map(|stored| stored.context.clone())
        };
        // A panic elsewhere leaves the table whole: entries go in complete.
        if let Some(known) = found(&self.table.lock().unwrap_or_else(PoisonError::into_inner)) {
            return known;
        }
        let context = Arc::new(make());
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = found(&table) {
            return known;
        }
        if table.len() >= self.capacity {
            table.clear();
        }
        let stored = Stored { title: text.title.into(), body: text.body.into(), context: context.clone() };
        table.insert_unique(hash, stored, |s| hash_of(&s.title, &s.body));
        context
    }
}
