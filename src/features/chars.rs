//! Block `chars`: character 2-5-grams inside words, looked up once for each distinct token.
//!
//! The n-grams of a vocabulary form a tree: whatever begins one of them is one of them too, since at least as many comments hold it.
//! So a token's n-grams are looked up character by character, and the first that is not there ends the search from that place. In training
//! nothing is looked up: which n-grams a token has is known from counting them, and comes in the same order.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::text::CharGram;
use crate::text::ngrams::{MAX_CHARS, padded};

/// Column of each n-gram, by the column of what it begins with and its last character.
#[derive(Debug, Clone, Default)]
pub struct GramTable(HashMap<u64, u32, RandomState>);

/// Stands with a character for an n-gram of that one character, which has no column.
const ALONE: u64 = 1 << 32;

/// A character's code needs 21 bits.
fn step(begin: u64, code: u32) -> u64 {
    begin << 21 | u64::from(code)
}

impl GramTable {
    /// A table of n-grams, in the order of their columns: none before what it begins with. Such as come too early, or twice, are left out.
    ///
    /// As in [`GramTable::find`], some are gone through together.
    pub(super) fn new(grams: &[CharGram]) -> Self {
        let mut table = GramTable(HashMap::with_capacity_and_hasher(grams.len(), RandomState::default()));
        let mut columns = 0u32..;
        for some in grams.chunks(SIDE_BY_SIDE) {
            let (mut begins, mut codes) = ([None; SIDE_BY_SIDE], [[0; MAX_CHARS]; SIDE_BY_SIDE]);
            for ((begin, codes), gram) in begins.iter_mut().zip(&mut codes).zip(some) {
                *codes = gram.codes();
                *begin = Some(ALONE | u64::from(codes[0]));
            }
            for place in 1..MAX_CHARS - 1 {
                for (begin, codes) in begins.iter_mut().zip(&codes).filter(|(_, codes)| codes[place + 1] != 0) {
                    *begin = begin.and_then(|begin| table.after(begin, codes[place])).map(u64::from);
                }
            }
            for ((begin, codes), column) in begins.into_iter().zip(&codes).take(some.len()).zip(&mut columns) {
                let Some(last) = codes.iter().rposition(|&code| code != 0).filter(|&last| last > 0) else { continue };
                // What it begins with may be one of those that are gone through with it.
                let again = || {
                    let begin = ALONE | u64::from(codes[0]);
                    codes[1..last].iter().try_fold(begin, |begin, &code| table.after(begin, code).map(u64::from))
                };
                if let Some(begin) = begin.or_else(again) {
                    table.0.entry(step(begin, codes[last])).or_insert(column);
                }
            }
        }
        table
    }

    /// The column of an n-gram, by that of what it begins with and its last character.
    fn after(&self, begin: u64, code: u32) -> Option<u32> {
        self.0.get(&step(begin, code)).copied()
    }

    /// Number of n-grams.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The columns of a normalised token's n-grams, by their first characters, the shorter ones first.
    ///
    /// Some places are gone through for their second character, then for their third, ...: look-ups of one round do not wait for each other.
    pub(super) fn find(&self, word: &str, chars: &mut Vec<char>, found: &mut Vec<u32>) {
        chars.clear();
        chars.extend(padded(word));
        for first in (0..chars.len()).step_by(SIDE_BY_SIDE) {
            let chars = &chars[first..];
            let places = chars.len().min(SIDE_BY_SIDE);
            let mut begins: [Option<u64>; SIDE_BY_SIDE] = [None; SIDE_BY_SIDE];
            let mut columns = [[None; MAX_CHARS - 1]; SIDE_BY_SIDE];
            begins.iter_mut().zip(chars).for_each(|(begin, &c)| *begin = Some(ALONE | u64::from(c)));
            for longer in 1..MAX_CHARS {
                for (place, &c) in chars.iter().skip(longer).take(places).enumerate() {
                    let column = begins[place].and_then(|begin| self.after(begin, u32::from(c)));
                    columns[place][longer - 1] = column;
                    begins[place] = column.map(u64::from);
                }
            }
            found.extend(columns.into_iter().flatten().flatten());
        }
    }
}

/// Places of a token that are gone through together.
const SIDE_BY_SIDE: usize = 16;
