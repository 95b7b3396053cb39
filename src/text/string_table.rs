//! A sorted list of strings in one piece of memory, as it stands in the model file.

/// Sorted, distinct strings: bytes one after the other, and where each begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringTable {
    text: String,
    /// One more than there are strings; the first is 0, the last the length of `text`.
    offsets: Vec<u32>,
}

impl Default for StringTable {
    fn default() -> Self {
        StringTable { text: String::new(), offsets: vec![0] }
    }
}

impl StringTable {
    /// Collects strings that are already sorted by code point and distinct.
    pub fn from_sorted<'s>(strings: impl IntoIterator<Item = &'s str>) -> Self {
        let mut table = StringTable::default();
        for string in strings {
            debug_assert!(table.is_empty() || table.get(table.len() - 1) < string);
            table.text.push_str(string);
            table.offsets.push(table.text.len() as u32);
        }
        table
    }

    /// Rebuilds a table from its parts; `None` unless they form sorted, distinct strings.
    pub fn from_parts(text: String, offsets: Vec<u32>) -> Option<Self> {
        let bounded = offsets.first() == Some(&0) && offsets.last().map(|&o| o as usize) == Some(text.len());
        let table = StringTable { text, offsets };
        let cut_well = table.offsets.windows(2).all(|w| w[0] <= w[1] && table.text.is_char_boundary(w[0] as usize));
        let sorted = bounded && cut_well && (1..table.len()).all(|i| table.get(i - 1) < table.get(i));
        sorted.then_some(table)
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

    /// The index of a string.
    pub fn find(&self, string: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle).cmp(string) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
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
        let table = StringTable::from_sorted(["", "a", "ab", "é"]);
        for (i, s) in ["", "a", "ab", "é"].into_iter().enumerate() {
            assert_eq!(table.find(s), Some(i));
        }
        assert_eq!(table.find("b"), None);
        assert_eq!(StringTable::default().find(""), None);
    }

    #[test]
    fn rejects_parts_that_do_not_fit() {
        let parts = |text: &str, offsets: &[u32]| StringTable::from_parts(text.into(), offsets.into());
        assert!(parts("aab", &[0, 1, 3]).is_some());
        assert!(parts("aab", &[0, 1, 2]).is_none(), "does not reach the end");
        assert!(parts("ba", &[0, 1, 2]).is_none(), "not sorted");
        assert!(parts("é", &[0, 1, 2]).is_none(), "cuts a character");
        assert!(parts("ab", &[0, 9, 2]).is_none(), "falls");
        assert!(parts("", &[]).is_none());
    }
}
