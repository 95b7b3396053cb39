//! What is known of distinct tokens, and where each is found.

use std::sync::Arc;

use super::interner::Interner;
use super::lexicon::{StemId, TokenId};
use super::string_table::StringTable;
use super::token::TokenKind;
use super::token_table::{Short, TokenTable};

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
    /// Of a token whose spelling and canonical form are not there yet.
    pub(super) fn new(kind: TokenKind, stem: StemId, shouted: bool, elongated: bool) -> Self {
        TokenFacts { kind, stem, shouted, elongated, short: 0, normal_start: 0, normal_end: 0 }
    }

    /// Bytes of its canonical form.
    pub fn length(&self) -> usize {
        (self.normal_end - self.normal_start) as usize
    }
}

/// A distinct token, in half a cache line.
#[derive(Debug, Clone)]
#[repr(align(32))]
struct Known {
    /// Its bytes if it is short, as in [`Short`]; else its place among the long ones.
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

/// How a token is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spelling<'t> {
    Short(Short),
    Long(&'t str),
}

/// Tokens, those with a class token excepted, by how they are written; and stems.
#[derive(Debug, Clone)]
pub(super) struct KnownTokens {
    known: Vec<Known>,
    /// Of the first so many everything is known, of others only how they are written and their kind.
    learned: usize,
    /// Almost all tokens are short.
    pub(super) short: TokenTable,
    long: Interner,
    long_ids: Vec<TokenId>,
    /// Canonical forms, one after the other.
    normals: String,
    stems: Stems,
}

/// Stems that were given, and others, whose ids go on where those of the given ones end.
#[derive(Debug, Clone)]
struct Stems {
    given: Arc<StringTable>,
    new: Interner,
}

impl Stems {
    fn get(&self, id: StemId) -> &str {
        match (id as usize).checked_sub(self.given.len()) {
            None => self.given.get(id as usize),
            Some(new) => self.new.get(new as u32),
        }
    }

    /// The id of a stem, which is added if it is new.
    fn id(&mut self, stem: &str) -> StemId {
        if let Some(id) = self.given.find(stem) {
            return id as StemId;
        }
        self.id_of_new(stem)
    }

    /// The same for a stem that is not among the given ones.
    fn id_of_new(&mut self, stem: &str) -> StemId {
        self.given.len() as StemId + self.new.put(stem)
    }

    fn len(&self) -> usize {
        self.given.len() + self.new.len()
    }
}

fn hash_of(known: &[Known], table: &TokenTable, id: TokenId) -> u64 {
    known[id as usize].short().map_or(0, |short| table.hash(&short))
}

impl KnownTokens {
    /// No tokens. The first stem ids are the indices of the given stems.
    pub(super) fn new(given: Arc<StringTable>) -> Self {
        KnownTokens {
            known: Vec::new(),
            learned: 0,
            short: TokenTable::new(),
            long: Interner::default(),
            long_ids: Vec::new(),
            normals: String::new(),
            stems: Stems { given, new: Interner::default() },
        }
    }

    /// Takes other given stems: stems get new ids, tokens keep theirs. `places` are those among the given ones of the first stems, where they
    /// are known already; `None` for stems that are not among them.
    pub(super) fn give_stems(&mut self, given: Arc<StringTable>, places: impl Iterator<Item = Option<StemId>>) {
        let before = std::mem::replace(&mut self.stems, Stems { given, new: Interner::default() });
        let stems = &mut self.stems;
        let of_first = |(id, place): (StemId, Option<StemId>)| {
            debug_assert_eq!(stems.given.find(before.get(id)), place.map(|place| place as usize));
            place.unwrap_or_else(|| stems.id_of_new(before.get(id)))
        };
        let mut ids: Vec<StemId> = (0..).zip(places).map(of_first).collect();
        ids.extend((ids.len()..before.len()).map(|id| stems.id(before.get(id as StemId))));
        self.known.iter_mut().for_each(|token| token.facts.stem = ids[token.facts.stem as usize]);
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    #[inline(always)]
    pub(super) fn facts(&self, id: TokenId) -> TokenFacts {
        debug_assert!((id as usize) < self.learned, "a token that is only noted");
        self.known[id as usize].facts
    }

    /// The kind of a token, which may be one that is only noted.
    pub(super) fn kind(&self, id: TokenId) -> TokenKind {
        self.known[id as usize].facts.kind
    }

    /// Number of tokens of which everything is known: those with smaller ids.
    pub(super) fn learned(&self) -> usize {
        self.learned
    }

    pub(super) fn normal(&self, id: TokenId) -> &str {
        let facts = self.facts(id);
        &self.normals[facts.normal_start as usize..facts.normal_end as usize]
    }

    /// Makes room for so many more tokens.
    pub(super) fn make_room(&mut self, tokens: usize) {
        self.known.reserve(tokens);
        let (known, all) = (&self.known, self.len() + tokens);
        self.short.grow(all, |table, id| hash_of(known, table, id));
    }

    /// How a token is written that was inserted or noted.
    pub(super) fn spelling(&self, id: TokenId) -> Spelling<'_> {
        let known = &self.known[id as usize];
        match known.short() {
            Some(short) => Spelling::Short(short),
            None => Spelling::Long(self.long.get(known.bytes[0] as u32)),
        }
    }

    #[inline(always)]
    pub(super) fn is(&self, id: TokenId, short: &Short) -> bool {
        self.known[id as usize].is(short)
    }

    pub(super) fn find(&self, spelling: Spelling) -> Option<TokenId> {
        match spelling {
            Spelling::Short(short) => self.short.find(self.short.hash(&short), |id| self.is(id, &short)),
            Spelling::Long(text) => self.long.find(text).map(|place| self.long_ids[place as usize]),
        }
    }

    /// Adds a token that is not there yet.
    pub(super) fn insert(&mut self, spelling: Spelling, facts: TokenFacts, normal: &str) -> TokenId {
        debug_assert_eq!(self.learned, self.len(), "what is only noted is learned first");
        let id = self.note(spelling, facts.kind);
        self.put_down(facts, normal);
        id
    }

    /// Adds a token that cannot be found by how it is written.
    pub(super) fn push(&mut self, facts: TokenFacts, normal: &str) {
        debug_assert_eq!(self.learned, self.len(), "what is only noted is learned first");
        self.known.push(Known { bytes: [0; 2], facts });
        self.put_down(facts, normal);
    }

    /// Adds a token that is not there yet, of which nothing else is known.
    pub(super) fn note(&mut self, spelling: Spelling, kind: TokenKind) -> TokenId {
        let id = self.known.len() as TokenId;
        let mut token = Known { bytes: [0; 2], facts: TokenFacts::new(kind, 0, false, false) };
        match spelling {
            Spelling::Short(short) => {
                (token.bytes, token.facts.short) = (short.bytes, short.length);
                let known = &self.known;
                self.short.insert(self.short.hash(&short), id, |table, id| hash_of(known, table, id));
            }
            Spelling::Long(text) => {
                token.bytes[0] = u64::from(self.long.put(text));
                self.long_ids.push(id);
            }
        }
        self.known.push(token);
        id
    }

    /// Puts down what is known of the first token that is only noted.
    pub(super) fn put_down(&mut self, facts: TokenFacts, normal: &str) {
        let token = &mut self.known[self.learned].facts;
        let normal_start = self.normals.len() as u32;
        self.normals.push_str(normal);
        *token = TokenFacts { short: token.short, normal_start, normal_end: self.normals.len() as u32, ..facts };
        self.learned += 1;
    }

    /// Makes room for canonical forms and stems of so many bytes of all tokens that are only noted.
    pub(super) fn make_room_for_texts(&mut self, normals: usize, stems: usize) {
        self.normals.reserve(normals);
        self.stems.new.make_room(self.len() - self.learned, stems);
    }

    pub(super) fn stem(&self, id: StemId) -> &str {
        self.stems.get(id)
    }

    /// The id of a stem, which is added if it is new.
    pub(super) fn stem_id(&mut self, stem: &str) -> StemId {
        self.stems.id(stem)
    }

    pub(super) fn given_stems(&self) -> Arc<StringTable> {
        self.stems.given.clone()
    }

    pub(super) fn stem_count(&self) -> usize {
        self.stems.len()
    }

    /// Bytes of text.
    pub(super) fn bytes(&self) -> usize {
        self.normals.len() + self.long.bytes() + self.stems.new.bytes()
    }
}
