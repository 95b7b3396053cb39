//! A sorted list of strings in one piece of memory, as it stands in the model file.

use std::cmp::Ordering;

/// Sorted, distinct strings: bytes one after the other, and where each begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringTable {
    text: String,
    /// One more than there are strings; the first is 0, the last the length of `text`.
    offsets: Vec<u32>,
    /// The first eight bytes of each string, as a number: most of a search need not look at the text.
    beginnings: Vec<u64>,
}

impl Default for StringTable {
    fn default() -> Self {
        StringTable { text: String::new(), offsets: vec![0], beginnings: Vec::new() }
    }
}

/// A string's first eight bytes, filled up with zeros: in order where the strings are, or equal.
fn beginning(string: &str) -> u64 {
    let bytes = string.as_bytes();
    let mut first = [0; 8];
    match bytes.first_chunk() {
        Some(chunk) => first = *chunk,
        None => first[..bytes.len()].copy_from_slice(bytes),
    }
    u64::from_be_bytes(first)
}

impl StringTable {
    /// Collects strings that are already sorted by code point and distinct.
    pub fn from_sorted<'s>(strings: impl IntoIterator<Item = &'s str>) -> Self {
        let mut table = StringTable::default();
        for string in strings {
            debug_assert!(table.is_empty() || table.get(table.len() - 1) < string);
            table.text.push_str(string);
            table.offsets.push(table.text.len() as u32);
            table.beginnings.push(beginning(string));
        }
        table
    }

    /// Rebuilds a table from its parts; `None` unless they form sorted, distinct strings.
    pub fn from_parts(text: String, offsets: Vec<u32>) -> Option<Self> {
        let bounded = offsets.first() == Some(&0) && offsets.last().map(|&o| o as usize) == Some(text.len());
        let cut_well = offsets.windows(2).all(|w| w[0] <= w[1] && text.is_char_boundary(w[0] as usize));
        if !(bounded && cut_well) {
            return None;
        }
        let mut table = StringTable { text, offsets, beginnings: Vec::new() };
        table.beginnings = table.iter().map(beginning).collect();
        let is_before = |i: usize| table.compare(i - 1, table.beginnings[i], table.get(i)).is_lt();
        (1..table.len()).all(is_before).then_some(table)
    }

    /// All strings, one after the other.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where each string begins in [`StringTable::text`], and the end of the last.
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// Number of strings.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The string at an index.
    pub fn get(&self, index: usize) -> &str {
        &self.text[self.offsets[index] as usize..self.offsets[index + 1] as usize]
    }

    /// How the string at an index stands to another with a known beginning.
    fn compare(&self, index: usize, beginning: u64, string: &str) -> Ordering {
        self.beginnings[index].cmp(&beginning).then_with(|| self.get(index).cmp(string))
    }

    /// The index of a string.
    pub fn find(&self, string: &str) -> Option<usize> {
        let wanted = beginning(string);
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.compare(middle, wanted, string) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// The strings in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.get(i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_it_holds_and_nothing_else() {
        let strings = ["", "a", "a\0", "ab", "abcdefgh", "abcdefgh\0", "abcdefghi", "abcdefgia", "é"];
        let table = StringTable::from_sorted(strings);
        for (i, s) in strings.into_iter().enumerate() {
            assert_eq!(table.find(s), Some(i));
        }
        for other in ["b", "abcdefg", "abcdefghj", "abcdefgi", "\0"] {
            assert_eq!(table.find(other), None);
        }
        let again = StringTable::from_parts(table.text().to_owned(), table.offsets().to_vec());
        assert_eq!(again, Some(table));
        assert_eq!(StringTable::default().find(""), None);
    }

    #[test]
    fn rejects_parts_that_do_not_fit() {
        let parts = |text: &str, offsets: &[u32]| StringTable::from_parts(text.into(), offsets.into());
        assert!(parts("aab", &[0, 1, 3]).is_some());
        assert!(parts("aab", &[0, 1, 2]).is_none(), "does not reach the end");
        assert!(parts("ba", &[0, 1, 2]).is_none(), "not sorted");
        assert!(parts("aaaaaaaabaaaaaaaaa", &[0, 9, 18]).is_none(), "not sorted, beyond eight bytes");
        assert!(parts("é", &[0, 1, 2]).is_none(), "cuts a character");
        assert!(parts("ab", &[0, 9, 2]).is_none(), "falls");
        assert!(parts("", &[]).is_none());
    }
}
