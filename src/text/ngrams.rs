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
const ALL_CHARS: u128 = (1 << (BITS * MAX_CHARS as u32)) - 1;

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

    /// Number of its characters.
    fn len(self) -> usize {
        MAX_CHARS.saturating_sub((self.0.trailing_zeros() / BITS) as usize)
    }

    /// The n-grams of at least two characters that it begins with, and itself; the shorter ones first.
    pub fn beginnings(self) -> impl ExactSizeIterator<Item = CharGram> {
        let chars = self.len();
        (0..(chars + 1).saturating_sub(MIN_CHARS)).map(move |more| {
            let others = MAX_CHARS - MIN_CHARS - more;
            CharGram(self.0 >> (BITS * others as u32) << (BITS * others as u32))
        })
    }

    /// Its first two characters, as one number.
    pub fn first_two(self) -> u64 {
        (self.0 >> (BITS * (MAX_CHARS - 2) as u32)) as u64
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

/// The longest n-gram from each character of `" word "` on, but the last; `word` is a normalised token. What they begin with are all its n-grams:
/// [`CharGram::beginnings`].
pub fn longest_grams(word: &str) -> impl Iterator<Item = CharGram> {
    let mut chars = padded(word);
    let mut next = move || chars.next().map_or(0, u128::from);
    let mut window = (0..MAX_CHARS).fold(0, |window, _| window << BITS | next());
    std::iter::from_fn(move || {
        let gram = CharGram(window);
        window = (window << BITS | next()) & ALL_CHARS;
        (gram.len() >= MIN_CHARS).then_some(gram)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn grams(word: &str) -> Vec<String> {
        let mut all = Vec::new();
        longest_grams(word).for_each(|longest| all.extend(longest.beginnings().map(|gram| gram.to_string())));
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
