//! Analyses each distinct token once: its canonical form, its stem, and small integers to stand for both.
//!
//! A comment is then a list of token ids. Ids depend on the order in which tokens were met, so nothing that is saved
//! or summed may depend on them; stems and n-grams are what features are made of.

use std::sync::Arc;

use super::known_tokens::{KnownTokens, Spelling, TokenFacts};
use super::language::Language;
use super::normalizer::normalize;
use super::stemmer::Stemmer;
use super::string_table::StringTable;
use super::token::{Token, TokenKind};
use super::token_table::{Short, Slot};
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
pub(super) const PERSONAL_KINDS: [TokenKind; 4] =
    [TokenKind::Mention, TokenKind::Url, TokenKind::Email, TokenKind::Phone];

/// Distinct tokens and stems met so far.
pub struct Lexicon {
    pub(super) language: Language,
    learner: Learner,
    /// Copied where another lexicon has them too and this one meets a new token.
    pub(super) tokens: Arc<KnownTokens>,
    /// Tokens of the text that is being analysed, and what the table has for each.
    cut: Vec<Token>,
    fetched: Vec<Option<(Short, u64, Slot)>>,
}

/// Normalises and stems tokens, one at a time.
pub(super) struct Learner {
    stemmer: Stemmer,
    /// The canonical form of the token that was learned last.
    pub(super) normal: String,
    /// Its stem.
    pub(super) stem: String,
}

impl Lexicon {
    /// A lexicon without tokens whose first stem ids are the indices of the given stems.
    pub fn new(language: Language, given_stems: Arc<StringTable>) -> Self {
        let mut lexicon = Lexicon::of(language, Arc::new(KnownTokens::new(given_stems)));
        lexicon.add_personal_kinds();
        lexicon
    }

    fn of(language: Language, tokens: Arc<KnownTokens>) -> Self {
        Lexicon { language, learner: Learner::new(language), tokens, cut: Vec::new(), fetched: Vec::new() }
    }

    /// One that knows the same tokens by the same ids; what either meets from now on the other does not know. They share memory.
    pub(crate) fn sibling(&self) -> Self {
        Lexicon::of(self.language, self.tokens.clone())
    }

    /// The same tokens by the same ids, while the first stem ids are the indices of the given stems. `places` are those of the first stems among
    /// them, as far as they are known.
    pub(crate) fn with_stems(
        mut self,
        given_stems: Arc<StringTable>,
        places: impl Iterator<Item = Option<StemId>>,
    ) -> Self {
        self.tokens_mut().give_stems(given_stems, places);
        self
    }

    /// Calls `emit` with each token of a text and its id.
    pub fn analyze(&mut self, text: &str, emit: impl FnMut(Token, TokenId)) {
        self.read(text, emit, Lexicon::add);
    }

    /// The same; `add` adds a token that was not met, of which it gets the kind, the text and the spelling.
    pub(super) fn read(
        &mut self,
        text: &str,
        mut emit: impl FnMut(Token, TokenId),
        add: impl Fn(&mut Self, TokenKind, &str, Spelling) -> TokenId,
    ) {
        let (mut cut, mut fetched) = (std::mem::take(&mut self.cut), std::mem::take(&mut self.fetched));
        cut.clear();
        tokenize(text, |token| cut.push(token));
        fetched.clear();
        let table = &self.tokens.short;
        fetched.extend(cut.iter().map(|token| {
            let short = Short::of(token.text(text).as_bytes()).filter(|_| token.kind.class_token().is_none())?;
            let hash = table.hash(&short);
            Some((short, hash, table.peek(hash)))
        }));
        for (&token, fetched) in cut.iter().zip(&fetched) {
            let id = match fetched {
                Some((short, hash, slot)) if slot.may_be(*hash) && self.tokens.is(slot.id(), short) => slot.id(),
                Some((short, ..)) => self.id(token.kind, token.text(text), Spelling::Short(*short), &add),
                None => match PERSONAL_KINDS.iter().position(|&kind| kind == token.kind) {
                    Some(place) => place as TokenId,
                    None => self.id(token.kind, token.text(text), Spelling::Long(token.text(text)), &add),
                },
            };
            emit(token, id);
        }
        (self.cut, self.fetched) = (cut, fetched);
    }

    /// What is known of a token.
    #[inline(always)]
    pub fn facts(&self, id: TokenId) -> TokenFacts {
        self.tokens.facts(id)
    }

    /// The canonical form of a token.
    pub fn normal(&self, id: TokenId) -> &str {
        self.tokens.normal(id)
    }

    /// The text of a stem.
    pub fn stem(&self, id: StemId) -> &str {
        self.tokens.stem(id)
    }

    /// Number of distinct stems, the given ones included; ids are smaller.
    pub fn stem_count(&self) -> usize {
        self.tokens.stem_count()
    }

    /// Number of distinct tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether it is time to forget: there are many tokens, or their texts and what is kept `beside` them take many bytes.
    pub fn is_full(&self, beside: usize) -> bool {
        self.len() > MAX_TOKENS || self.bytes() + beside > MAX_BYTES
    }

    /// Bytes of text that is kept.
    pub fn bytes(&self) -> usize {
        self.tokens.bytes()
    }

    /// Whether no token is known; never so, since class tokens always are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets every token and every stem that was not given at the start. All ids but those of given stems become invalid.
    pub fn reset(&mut self) {
        self.tokens = Arc::new(KnownTokens::new(self.tokens.given_stems()));
        self.add_personal_kinds();
    }

    fn add_personal_kinds(&mut self) {
        for kind in PERSONAL_KINDS {
            let facts = self.learn_new(kind, "");
            Arc::make_mut(&mut self.tokens).push(facts, &self.learner.normal);
        }
    }

    /// The id of a token, which is added if it was not met. Tokens with a class token must not come here.
    fn id(
        &mut self,
        kind: TokenKind,
        text: &str,
        spelling: Spelling,
        add: &impl Fn(&mut Self, TokenKind, &str, Spelling) -> TokenId,
    ) -> TokenId {
        if let Some(id) = self.tokens.find(spelling) {
            debug_assert_eq!(self.tokens.kind(id), kind, "one spelling, one kind");
            return id;
        }
        add(self, kind, text, spelling)
    }

    /// Learns a new token and adds it.
    fn add(&mut self, kind: TokenKind, text: &str, spelling: Spelling) -> TokenId {
        let facts = self.learn_new(kind, text);
        Arc::make_mut(&mut self.tokens).insert(spelling, facts, &self.learner.normal)
    }

    fn learn_new(&mut self, kind: TokenKind, text: &str) -> TokenFacts {
        let (shouted, elongated) = self.learner.learn(kind, text);
        let stem = Arc::make_mut(&mut self.tokens).stem_id(&self.learner.stem);
        TokenFacts::new(kind, stem, shouted, elongated)
    }

    pub(super) fn tokens_mut(&mut self) -> &mut KnownTokens {
        Arc::make_mut(&mut self.tokens)
    }
}

impl Learner {
    pub(super) fn new(language: Language) -> Self {
        Learner { stemmer: Stemmer::new(language), normal: String::new(), stem: String::new() }
    }

    /// Normalises and stems a token; whether it is shouted, and whether it is elongated.
    pub(super) fn learn(&mut self, kind: TokenKind, text: &str) -> (bool, bool) {
        normalize(kind, text, &mut self.normal);
        self.stem.clear();
        match kind {
            TokenKind::Word => self.stemmer.stem_into(&self.normal, &mut self.stem),
            _ => self.stem.push_str(&self.normal),
        }
        let is_word = kind == TokenKind::Word;
        (is_word && is_shouted(text), is_word && is_elongated(text))
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
pub(super) mod tests {
    use super::*;

    pub(in crate::text) fn english(stems: &[&str]) -> Lexicon {
        Lexicon::new(Language::English, Arc::new(StringTable::from_sorted(stems.iter().copied())))
    }

    pub(in crate::text) fn ids(lexicon: &mut Lexicon, text: &str) -> Vec<TokenId> {
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
        assert!(!format!("{:?}", lexicon.tokens).contains("ann") && lexicon.tokens.short.len() == 0);
    }

    #[test]
    fn siblings_know_the_same_and_go_their_own_ways() {
        let mut one = english(&["cat"]);
        let before = ids(&mut one, "cats and dogs");
        let mut other = one.sibling();
        let new = ids(&mut one, "a zebra");
        assert_eq!(ids(&mut other, "cats and dogs"), before);
        assert_eq!(other.len(), one.len() - 2);
        assert_eq!(ids(&mut other, "two zebras"), new);
        assert_eq!((one.normal(new[1]), other.normal(new[1])), ("zebra", "zebras"));
        let third = one.sibling();
        one.reset();
        assert_eq!((third.normal(new[1]), one.len()), ("zebra", PERSONAL_KINDS.len()));
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
