//! Tokens that are noted while texts are cut, and learned later: where several threads cut texts, none learns what another learned.

use std::ops::Range;

use super::known_tokens::{Spelling, TokenFacts};
use super::lexicon::{Learner, Lexicon, PERSONAL_KINDS, TokenId};
use super::token::Token;

/// What was learned of some noted tokens, one after the other.
pub(crate) struct Learned {
    tokens: Vec<LearnedToken>,
    normals: String,
    stems: String,
}

/// What was learned of a token, and where its canonical form and its stem end among those that were learned with it.
struct LearnedToken {
    shouted: bool,
    elongated: bool,
    normal_end: usize,
    stem_end: usize,
}

impl Learned {
    /// The canonical form of one of the tokens.
    pub(crate) fn normal(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |before| self.tokens[before].normal_end);
        &self.normals[start..self.tokens[place].normal_end]
    }
}

impl Lexicon {
    /// Calls `emit` with each token of a text and its id. Of new tokens nothing but their kind is noted.
    pub(crate) fn note(&mut self, text: &str, emit: impl FnMut(Token, TokenId)) {
        self.read(text, emit, |lexicon, kind, _, spelling| lexicon.tokens_mut().note(spelling, kind));
    }

    /// The id here of a token that another lexicon has; `None` if it was not met here.
    pub(crate) fn find_of(&self, other: &Lexicon, id: TokenId) -> Option<TokenId> {
        if (id as usize) < PERSONAL_KINDS.len() {
            return Some(id);
        }
        self.tokens.find(other.tokens.spelling(id))
    }

    /// Notes a token that another lexicon has and this one has not.
    pub(crate) fn note_of(&mut self, other: &Lexicon, id: TokenId) -> TokenId {
        self.tokens_mut().note(other.tokens.spelling(id), other.tokens.kind(id))
    }

    /// Makes room for so many more tokens.
    pub(crate) fn make_room(&mut self, tokens: usize) {
        self.tokens_mut().make_room(tokens);
    }

    /// The tokens that are only noted.
    pub(crate) fn noted(&self) -> Range<TokenId> {
        self.tokens.learned() as TokenId..self.len() as TokenId
    }

    /// Normalises and stems some of them.
    pub(crate) fn learn(&self, noted: Range<TokenId>) -> Learned {
        let mut learner = Learner::new(self.language);
        let mut learned =
            Learned { tokens: Vec::with_capacity(noted.len()), normals: String::new(), stems: String::new() };
        for id in noted {
            let kind = self.tokens.kind(id);
            let mut bytes = [0; 16];
            let text = match self.tokens.spelling(id) {
                Spelling::Short(short) => std::str::from_utf8(short.write(&mut bytes)).expect("a token is text"),
                Spelling::Long(text) => text,
            };
            let (shouted, elongated) = learner.learn(kind, text);
            learned.normals.push_str(&learner.normal);
            learned.stems.push_str(&learner.stem);
            let (normal_end, stem_end) = (learned.normals.len(), learned.stems.len());
            learned.tokens.push(LearnedToken { shouted, elongated, normal_end, stem_end });
        }
        learned
    }

    /// Puts down what was learned of all that are only noted, piece after piece.
    pub(crate) fn put_down(&mut self, learned: &[Learned]) {
        let tokens = self.tokens_mut();
        let bytes = |text: fn(&Learned) -> &str| learned.iter().map(|learned| text(learned).len()).sum();
        tokens.make_room_for_texts(bytes(|learned| &learned.normals), bytes(|learned| &learned.stems));
        for Learned { tokens: of_tokens, normals, stems } in learned {
            let (mut normal_start, mut stem_start) = (0, 0);
            for &LearnedToken { shouted, elongated, normal_end, stem_end } in of_tokens {
                let stem = tokens.stem_id(&stems[stem_start..stem_end]);
                let kind = tokens.kind(tokens.learned() as TokenId);
                tokens.put_down(TokenFacts::new(kind, stem, shouted, elongated), &normals[normal_start..normal_end]);
                (normal_start, stem_start) = (normal_end, stem_end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::text::lexicon::tests::{english, ids};
    use crate::text::{StemId, StringTable};

    #[test]
    fn what_was_noted_elsewhere_and_learned_here_is_what_its_texts_would_have_taught() {
        let texts = [
            "Cats and dogs, incomprehensibilities @ann",
            "DOGS and incomprehensibilities saaaat x.org unimaginablenesses éé",
            "cats",
        ];
        let mut one = english(&[]);
        let expected: Vec<Vec<TokenId>> = texts.iter().map(|text| ids(&mut one, text)).collect();
        let mut all = english(&[]);
        for (text, expected) in texts.iter().zip(&expected) {
            let mut other = english(&[]);
            let mut own = Vec::new();
            other.note(text, |_, id| own.push(id));
            all.make_room(other.len());
            let mut unite = |id| all.find_of(&other, id).unwrap_or_else(|| all.note_of(&other, id));
            assert_eq!(own.into_iter().map(&mut unite).collect::<Vec<_>>(), *expected);
        }
        assert_eq!((all.len(), all.noted()), (one.len(), PERSONAL_KINDS.len() as TokenId..one.len() as TokenId));
        let (middle, end) = (PERSONAL_KINDS.len() as TokenId + 3, one.len() as TokenId);
        let learned = [all.noted().start..middle, middle..middle, middle..end].map(|ids| all.learn(ids));
        all.put_down(&learned);
        assert!(all.noted().is_empty());
        for id in 0..end {
            assert_eq!(all.normal(id), one.normal(id));
            assert_eq!(format!("{:?}", all.facts(id)), format!("{:?}", one.facts(id)));
        }
        assert_eq!(ids(&mut all, texts[1]), expected[1]);
        assert_eq!(ids(&mut all, "zebras"), ids(&mut one, "zebras"));

        let stems = Arc::new(StringTable::from_sorted(["cat", "zebra"]));
        // Of the last stem it is not known whether it was given.
        let places =
            (0..all.stem_count() as StemId - 1).map(|id| stems.find(all.stem(id)).map(|place| place as StemId));
        let places: Vec<Option<StemId>> = places.collect();
        assert!(places.contains(&Some(0)) && places.contains(&None));
        let mut renamed = all.sibling().with_stems(stems, places.into_iter());
        assert_eq!(ids(&mut renamed, texts[1]), expected[1]);
        assert_eq!(renamed.facts(expected[2][0]).stem, 0);
        for id in 0..all.len() as TokenId {
            assert_eq!(renamed.normal(id), all.normal(id));
            assert_eq!(renamed.stem(renamed.facts(id).stem), all.stem(all.facts(id).stem));
        }
    }
}
