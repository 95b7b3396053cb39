//! Character n-grams inside words, packed into integers.

/// Shortest character n-gram.
pub const MIN_CHARS: usize = 2;
/// Longest character n-gram.
pub const MAX_CHARS: usize = 5;

/// Stands for the space on either side of a word.
const BOUNDARY: char = ' ';
/// A Unicode scalar value needs 21 bits.
const BITS: u32 = 21;
const CHAR_MASK: u128 = (1 << BITS) - 1;

/// A character n-gram of up to five characters, packed exactly: no two n-grams share a value, and the order
/// of the values is the code-point order of the n-grams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CharGram(u128);

impl CharGram {
    /// Packs a short text; `None` if it is empty or has more than five characters.
    pub fn pack(text: &str) -> Option<Self> {
        let mut packed = 0u128;
        let mut count = 0;
        for c in text.chars() {
            packed = packed << BITS | c as u128;
            count += 1;
        }
        (1..=MAX_CHARS).contains(&count).then(|| CharGram::aligned(packed, count))
    }

    /// Its characters.
    pub fn chars(self) -> impl DoubleEndedIterator<Item = char> {
        // No n-gram holds NUL: the input room rejects rows with NUL bytes, and `padded` skips it.
        self.codes()
            .into_iter()
            .filter(|&code| code != 0)
            .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// The codes of its characters, and 0 behind the last.
    pub fn codes(self) -> [u32; MAX_CHARS] {
        std::array::from_fn(|place| (self.0 >> (BITS * (MAX_CHARS - 1 - place) as u32) & CHAR_MASK) as u32)
    }

    /// Moves the first character to the highest place, so that integers sort like texts.
    fn aligned(packed: u128, count: usize) -> Self {
        CharGram(packed << (BITS * (MAX_CHARS - count) as u32))
    }
}

impl std::fmt::Display for CharGram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use std::fmt::Write;
        self.chars().try_for_each(|c| f.write_char(c))
    }
}

/// The characters whose n-grams a normalised token has: its own between two spaces.
pub fn padded(word: &str) -> impl Iterator<Item = char> + Clone {
    std::iter::once(BOUNDARY).chain(word.chars().filter(|&c| c != '\0')).chain(std::iter::once(BOUNDARY))
}

/// Calls `emit` with each 2-5-gram of `" word "`, by their first characters, the shorter ones first; `word` is a normalised token.
pub fn char_grams(word: &str, mut emit: impl FnMut(CharGram)) {
    let mut rest = padded(word);
    loop {
        let mut packed = 0u128;
        for (length, c) in (1..=MAX_CHARS).zip(rest.clone()) {
            packed = packed << BITS | c as u128;
            if length >= MIN_CHARS {
                emit(CharGram::aligned(packed, length));
            }
        }
        if rest.next().is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grams(word: &str) -> Vec<String> {
        let mut all = Vec::new();
        char_grams(word, |g| all.push(g.to_string()));
        all
    }

    #[test]
    fn pads_words_and_slides_over_characters_not_bytes() {
        assert_eq!(grams("né"), [" n", " né", " né ", "né", "né ", "é "]);
        assert_eq!(grams(""), ["  "]);
    }

    proptest! {
        #[test]
        fn packing_is_exact_and_keeps_order(a in "[^\\x00]{1,5}", b in "[^\\x00]{1,5}") {
            let (pa, pb) = (CharGram::pack(&a).unwrap(), CharGram::pack(&b).unwrap());
            prop_assert_eq!(pa.to_string(), a.clone());
            prop_assert_eq!(pa.cmp(&pb), a.chars().cmp(b.chars()));
        }
    }
}
