//! Analyses each distinct token once: its canonical form, its stem, and small integers to stand for both.
//!
//! A comment is then a list of token ids. Ids depend on the order in which tokens were met, so nothing that is saved
//! or summed may depend on them; stems and n-grams are what features are made of.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::language::Language;
use super::normalizer::normalize;
use super::stemmer::Stemmer;
use super::string_table::StringTable;
use super::token::{Token, TokenKind};
use super::token_table::{Short, Slot, TokenTable};
use super::tokenizer::tokenize;

/// Stands for a distinct token of one [`Lexicon`].
pub type TokenId = u32;

/// Stands for a distinct stem of one [`Lexicon`].
pub type StemId = u32;

/// Distinct tokens that are remembered before everything is forgotten; bounds memory on endless input.
const MAX_TOKENS: usize = 1 << 16;
/// The same in bytes: tokens may be long.
const MAX_BYTES: usize = 64 << 20;

/// The kinds with a class token, in the order of their ids.
const PERSONAL_KINDS: [TokenKind; 4] = [TokenKind::Mention, TokenKind::Url, TokenKind::Email, TokenKind::Phone];

/// What is known of a distinct token.
#[derive(Debug, Clone, Copy)]
pub struct TokenFacts {
    /// Its kind.
    pub kind: TokenKind,
    /// Its stem.
    pub stem: StemId,
    /// Whether it is a word of two or more letters, all of them capitals.
    pub shouted: bool,
    /// Whether a run of four or more equal characters was cut.
    pub elongated: bool,
    /// Bytes of the token as it is written, if it is short; else 0.
    short: u8,
    normal_start: u32,
    normal_end: u32,
}

impl TokenFacts {
    /// Bytes of its canonical form.
    pub fn length(&self) -> usize {
        (self.normal_end - self.normal_start) as usize
    }
}

/// A distinct token, in half a cache line.
#[repr(align(32))]
struct Known {
    /// Its bytes if it is short, as in [`Short`].
    bytes: [u64; 2],
    facts: TokenFacts,
}

impl Known {
    fn is(&self, short: &Short) -> bool {
        self.bytes == short.bytes && self.facts.short == short.length
    }

    fn short(&self) -> Option<Short> {
        (self.facts.short > 0).then_some(Short { bytes: self.bytes, length: self.facts.short })
    }
}

/// Distinct tokens and stems met so far.
pub struct Lexicon {
    stemmer: Stemmer,
    /// By original text, kinds with a class token excepted: their text must not stay in memory.
    tokens: HashMap<Box<str>, TokenId, RandomState>,
    /// The same for short tokens, which almost all are.
    short_tokens: TokenTable,
    known: Vec<Known>,
    /// Canonical forms, one after the other.
    normals: String,
    known_stems: Arc<StringTable>,
    /// Where tokens are looked for before they are normalised and stemmed anew.
    elder: Option<Arc<Lexicon>>,
    /// Stems beyond the known ones; their ids go on where those end.
    new_stem_ids: HashMap<Box<str>, StemId, RandomState>,
    new_stems: Vec<Box<str>>,
    /// Tokens of the text that is being analysed, and what the table has for each.
    cut: Vec<Token>,
    fetched: Vec<Option<(Short, u64, Slot)>>,
    scratch: String,
    stem_scratch: String,
    /// Bytes of long tokens and of new stems.
    long_bytes: usize,
}

impl Lexicon {
    /// A lexicon without tokens whose first stem ids are the indices of the given stems.
    pub fn new(language: Language, known_stems: Arc<StringTable>) -> Self {
        let mut lexicon = Lexicon {
            stemmer: Stemmer::new(language),
            tokens: HashMap::default(),
            short_tokens: TokenTable::new(),
            cut: Vec::new(),
            fetched: Vec::new(),
            known: Vec::new(),
            normals: String::new(),
            known_stems,
            elder: None,
            new_stem_ids: HashMap::default(),
            new_stems: Vec::new(),
            scratch: String::new(),
            stem_scratch: String::new(),
            long_bytes: 0,
        };
        lexicon.add_personal_kinds();
        lexicon
    }

    /// The same, with what `elder`, of the same language, knows of tokens. Ids are as they would be without it.
    pub fn with_elder(mut self, elder: Arc<Lexicon>) -> Self {
        self.elder = Some(elder);
        self
    }

    /// Calls `emit` with each token of a text and its id.
    pub fn analyze(&mut self, text: &str, mut emit: impl FnMut(Token, TokenId)) {
        let (mut cut, mut fetched) = (std::mem::take(&mut self.cut), std::mem::take(&mut self.fetched));
        cut.clear();
        tokenize(text, |token| cut.push(token));
        fetched.clear();
        fetched.extend(cut.iter().map(|token| {
            let short = Short::of(token.text(text).as_bytes()).filter(|_| token.kind.class_token().is_none())?;
            let hash = self.short_tokens.hash(&short);
            Some((short, hash, self.short_tokens.peek(hash)))
        }));
        for (&token, fetched) in cut.iter().zip(&fetched) {
            let id = match fetched {
                Some((short, hash, slot)) if slot.may_be(*hash) && self.known[slot.id() as usize].is(short) => {
                    slot.id()
                }
                Some((short, hash, _)) => self.short_id(token.kind, token.text(text), *short, *hash),
                None => self.long_id(token.kind, token.text(text)),
            };
            emit(token, id);
        }
        (self.cut, self.fetched) = (cut, fetched);
    }

    /// Takes over every token of another lexicon of the same language, in the order of their ids. Gives their ids here.
    pub fn absorb(&mut self, other: &Lexicon) -> Vec<TokenId> {
        let mut long: Vec<(&str, TokenId)> = other.tokens.iter().map(|(text, &id)| (&**text, id)).collect();
        long.sort_unstable_by_key(|&(_, id)| id);
        let mut long = long.into_iter();
        let ids = other.known.iter().enumerate().map(|(id, known)| {
            let id = id as TokenId;
            if (id as usize) < PERSONAL_KINDS.len() {
                return id;
            }
            match known.short() {
                Some(short) => {
                    let hash = self.short_tokens.hash(&short);
                    self.find_short(&short, hash).unwrap_or_else(|| {
                        let id = self.copy(other, id);
                        self.insert_short(id, short, hash);
                        id
                    })
                }
                None => {
                    let (text, _) = long.next().expect("every token is short or long");
                    self.tokens.get(text).copied().unwrap_or_else(|| {
                        let id = self.copy(other, id);
                        self.insert_long(id, text);
                        id
                    })
                }
            }
        });
        ids.collect()
    }

    /// What is known of a token.
    pub fn facts(&self, id: TokenId) -> TokenFacts {
        self.known[id as usize].facts
    }

    /// The canonical form of a token.
    pub fn normal(&self, id: TokenId) -> &str {
        let facts = &self.known[id as usize].facts;
        &self.normals[facts.normal_start as usize..facts.normal_end as usize]
    }

    /// The text of a stem.
    pub fn stem(&self, id: StemId) -> &str {
        let known = self.known_stems.len();
        match (id as usize).checked_sub(known) {
            None => self.known_stems.get(id as usize),
            Some(new) => &self.new_stems[new],
        }
    }

    /// Number of distinct stems, the known ones included; ids are smaller.
    pub fn stem_count(&self) -> usize {
        self.known_stems.len() + self.new_stems.len()
    }

    /// Number of distinct tokens.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether it is time to forget: there are many tokens, or their texts and what is kept `beside` them take many bytes.
    pub fn is_full(&self, beside: usize) -> bool {
        self.len() > MAX_TOKENS || self.bytes() + beside > MAX_BYTES
    }

    /// Bytes of text that is kept.
    pub fn bytes(&self) -> usize {
        self.normals.len() + self.long_bytes
    }

    /// Whether no token is known; never so, since class tokens always are.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Forgets every token and every stem that was not given at the start. All ids but those of known stems become invalid.
    pub fn reset(&mut self) {
        self.tokens.clear();
        self.short_tokens.clear();
        self.known.clear();
        self.normals.clear();
        self.new_stem_ids.clear();
        self.new_stems.clear();
        self.long_bytes = 0;
        self.add_personal_kinds();
    }

    fn add_personal_kinds(&mut self) {
        for kind in PERSONAL_KINDS {
            self.add(kind, "");
        }
    }

    fn short_id(&mut self, kind: TokenKind, text: &str, short: Short, hash: u64) -> TokenId {
        if let Some(id) = self.find_short(&short, hash) {
            return id;
        }
        let id = self.add(kind, text);
        self.insert_short(id, short, hash);
        id
    }

    fn insert_short(&mut self, id: TokenId, short: Short, hash: u64) {
        let token = &mut self.known[id as usize];
        (token.bytes, token.facts.short) = (short.bytes, short.length);
        let known = &self.known;
        self.short_tokens
            .insert(hash, id, |table, id| known[id as usize].short().map_or(0, |short| table.hash(&short)));
    }

    fn long_id(&mut self, kind: TokenKind, text: &str) -> TokenId {
        if let Some(place) = PERSONAL_KINDS.iter().position(|&k| k == kind) {
            return place as TokenId;
        }
        if let Some(&id) = self.tokens.get(text) {
            return id;
        }
        let id = self.add(kind, text);
        self.insert_long(id, text);
        id
    }

    fn insert_long(&mut self, id: TokenId, text: &str) {
        self.long_bytes += text.len();
        self.tokens.insert(text.into(), id);
    }

    /// The id of a token that has no class token; `None` if it was not met.
    fn find(&self, text: &str) -> Option<TokenId> {
        match Short::of(text.as_bytes()) {
            Some(short) => self.find_short(&short, self.short_tokens.hash(&short)),
            None => self.tokens.get(text).copied(),
        }
    }

    fn find_short(&self, short: &Short, hash: u64) -> Option<TokenId> {
        self.short_tokens.find(hash, |id| self.known[id as usize].is(short))
    }

    fn add(&mut self, kind: TokenKind, text: &str) -> TokenId {
        if let Some(elder) = self.elder.clone()
            && let Some(id) = elder.find(text).filter(|&id| elder.facts(id).kind == kind)
        {
            return self.copy(&elder, id);
        }
        let mut normal = std::mem::take(&mut self.scratch);
        normalize(kind, text, &mut normal);
        let mut stem = std::mem::take(&mut self.stem_scratch);
        stem.clear();
        match kind {
            TokenKind::Word => self.stemmer.stem_into(&normal, &mut stem),
            _ => stem.push_str(&normal),
        }
        let facts = TokenFacts {
            kind,
            stem: self.stem_id(&stem),
            shouted: kind == TokenKind::Word && is_shouted(text),
            elongated: kind == TokenKind::Word && is_elongated(text),
            short: 0,
            normal_start: 0,
            normal_end: 0,
        };
        let id = self.push(facts, &normal);
        self.scratch = normal;
        self.stem_scratch = stem;
        id
    }

    /// Adds a token of another lexicon.
    fn copy(&mut self, other: &Lexicon, id: TokenId) -> TokenId {
        let facts = other.facts(id);
        let stem = self.stem_id(other.stem(facts.stem));
        self.push(TokenFacts { stem, ..facts }, other.normal(id))
    }

    fn push(&mut self, facts: TokenFacts, normal: &str) -> TokenId {
        let normal_start = self.normals.len() as u32;
        self.normals.push_str(normal);
        let facts = TokenFacts { short: 0, normal_start, normal_end: self.normals.len() as u32, ..facts };
        self.known.push(Known { bytes: [0; 2], facts });
        (self.known.len() - 1) as TokenId
    }

    fn stem_id(&mut self, stem: &str) -> StemId {
        if let Some(id) = self.known_stems.find(stem) {
            return id as StemId;
        }
        if let Some(&id) = self.new_stem_ids.get(stem) {
            return id;
        }
        let id = self.stem_count() as StemId;
        self.long_bytes += 2 * stem.len();
        self.new_stems.push(stem.into());
        self.new_stem_ids.insert(stem.into(), id);
        id
    }
}

fn is_shouted(word: &str) -> bool {
    let mut letters = 0;
    for c in word.chars().filter(|c| c.is_alphabetic()) {
        if !c.is_uppercase() {
            return false;
        }
        letters += 1;
    }
    letters > 1
}

fn is_elongated(word: &str) -> bool {
    let mut run = 0;
    let mut last = None;
    word.chars().any(|c| {
        run = if last == Some(c) { run + 1 } else { 1 };
        last = Some(c);
        run > 3
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english(stems: &[&str]) -> Lexicon {
        Lexicon::new(Language::English, Arc::new(StringTable::from_sorted(stems.iter().copied())))
    }

    fn ids(lexicon: &mut Lexicon, text: &str) -> Vec<TokenId> {
        let mut ids = Vec::new();
        lexicon.analyze(text, |_, id| ids.push(id));
        ids
    }

    #[test]
    fn forms_of_one_word_share_a_stem_and_keep_their_facts() {
        let mut lexicon = english(&["uniform"]);
        let ids = ids(&mut lexicon, "Uniforms UNIFORM sooooo");
        assert_eq!(lexicon.facts(ids[0]).stem, 0);
        assert_eq!(lexicon.facts(ids[1]).stem, 0);
        assert!(lexicon.facts(ids[1]).shouted && !lexicon.facts(ids[0]).shouted);
        assert!(lexicon.facts(ids[2]).elongated);
        assert_eq!(lexicon.normal(ids[0]), "uniforms");
    }

    #[test]
    fn personal_tokens_share_one_id_and_leave_no_text_behind() {
        let mut lexicon = english(&[]);
        let found = ids(&mut lexicon, "@ann @bob a@b.org");
        assert_eq!(found, [0, 0, 2]);
        assert!(lexicon.tokens.is_empty() && lexicon.short_tokens.len() == 0);
        assert!(!lexicon.normals.contains("ann"));
    }

    #[test]
    fn an_absorbed_lexicon_gives_the_ids_that_its_texts_would_have_got() {
        let texts = [
            "Cats and dogs, incomprehensibilities @ann",
            "DOGS and incomprehensibilities saaaat x.org unimaginablenesses",
            "cats",
        ];
        let mut one = english(&[]);
        let expected: Vec<Vec<TokenId>> = texts.iter().map(|text| ids(&mut one, text)).collect();
        let mut all = english(&[]);
        for (text, expected) in texts.iter().zip(&expected) {
            let mut other = english(&[]);
            let own = ids(&mut other, text);
            let known = all.absorb(&other);
            assert_eq!(own.iter().map(|&id| known[id as usize]).collect::<Vec<_>>(), *expected);
        }
        assert_eq!(all.len(), one.len());
        for id in 0..one.len() as TokenId {
            assert_eq!((all.normal(id), all.facts(id).stem), (one.normal(id), one.facts(id).stem));
            assert_eq!(
                (all.facts(id).shouted, all.facts(id).elongated),
                (one.facts(id).shouted, one.facts(id).elongated)
            );
        }
        assert_eq!(ids(&mut all, texts[1]), expected[1]);

        let mut younger = english(&["cat", "zebra"]).with_elder(Arc::new(all));
        let mut alone = english(&["cat", "zebra"]);
        for text in ["A zebra, cats and @ann", texts[1]] {
            assert_eq!(ids(&mut younger, text), ids(&mut alone, text));
        }
        for id in 0..alone.len() as TokenId {
            assert_eq!((younger.normal(id), younger.facts(id).stem), (alone.normal(id), alone.facts(id).stem));
        }
    }

    #[test]
    fn a_reset_keeps_only_the_known_stems() {
        let mut lexicon = english(&["cat"]);
        let before = ids(&mut lexicon, "cats and dogs");
        lexicon.reset();
        assert_eq!(ids(&mut lexicon, "cats and dogs"), before);
        assert_eq!(lexicon.stem(0), "cat");
    }
}
