//! Notes which columns come again in one comment, for sums over tokens that were made as if each came once.

/// A column that came again. In one number, which is written at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repeat(u64);

impl Repeat {
    /// A column that had come `before` times and came some times now.
    #[inline(always)]
    pub fn new(column: u32, before: u8, times: u8) -> Self {
        Repeat(u64::from(column) | u64::from(before) << 32 | u64::from(times) << 40)
    }

    /// The column.
    #[inline(always)]
    pub fn column(self) -> u32 {
        self.0 as u32
    }

    /// How often it had come.
    #[inline(always)]
    pub fn before(self) -> u8 {
        (self.0 >> 32) as u8
    }

    /// How often it came now.
    #[inline(always)]
    pub fn times(self) -> u8 {
        (self.0 >> 40) as u8
    }
}

/// The columns of one comment that came again.
#[derive(Debug, Clone, Default)]
pub struct Repeats {
    /// By column, how often it came in the comment that is being looked at. Saturates like any count.
    counts: Vec<u8>,
    /// The repeats, and room behind them, written to when there is nothing to write.
    entries: Vec<Repeat>,
    len: usize,
}

impl Repeats {
    /// For a number of columns.
    pub fn new(columns: usize) -> Self {
        Repeats { counts: vec![0; columns], entries: Vec::new(), len: 0 }
    }

    /// Looks at a comment's lists of columns, each of which comes some times.
    pub fn note<'c>(&mut self, lists: impl Iterator<Item = (&'c [u32], u8)> + Clone) {
        self.len = 0;
        for (columns, times) in lists.clone() {
            let needed = self.len + columns.len() + 1;
            if self.entries.len() < needed {
                self.entries.resize(needed, Repeat::default());
            }
            // Slices and length of its own: the compiler need not read them anew after each write.
            let (counts, entries) = (&mut self.counts[..], &mut self.entries[..]);
            let mut len = self.len;
            for &column in columns {
                let count = &mut counts[column as usize];
                let before = *count;
                *count = before.saturating_add(times);
                // No branch: whether a column is new cannot be foreseen, and a wrong guess takes longer than all the rest.
                entries[len] = Repeat::new(column, before, times);
                len += usize::from(before != 0);
            }
            self.len = len;
        }
        for (columns, _) in lists {
            columns.iter().for_each(|&column| self.counts[column as usize] = 0);
        }
    }

    /// Gives back the room that a long comment took.
    pub fn forget(&mut self) {
        self.entries = Vec::new();
        self.len = 0;
    }

    /// Of the comment that was looked at last, in the order in which they came.
    pub fn as_slice(&self) -> &[Repeat] {
        &self.entries[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_comes_again_is_noted_with_its_count_before() {
        let mut repeats = Repeats::new(9);
        let lists: [(&[u32], u8); 2] = [(&[7, 2, 7], 2), (&[2, 5], 255)];
        for _ in 0..2 {
            repeats.note(lists.into_iter());
            assert_eq!(repeats.as_slice(), [Repeat::new(7, 2, 2), Repeat::new(2, 2, 255)]);
        }
        repeats.note([(&[7u32, 5][..], 1)].into_iter());
        assert_eq!(repeats.as_slice(), []);
    }

    proptest! {
        #[test]
        fn nothing_is_left_of_the_comment_before(
            comments in proptest::collection::vec(
                proptest::collection::vec((proptest::collection::vec(0u32..500, 0..40), 1u8..4), 0..6), 1..6),
        ) {
            let mut repeats = Repeats::new(500);
            for lists in &comments {
                let mut counts = [0u8; 500];
                let mut expected = Vec::new();
                for (columns, times) in lists {
                    for &column in columns {
                        let before = counts[column as usize];
                        if before > 0 {
                            expected.push(Repeat::new(column, before, *times));
                        }
                        counts[column as usize] = before.saturating_add(*times);
                    }
                }
                repeats.note(lists.iter().map(|(columns, times)| (columns.as_slice(), *times)));
                prop_assert_eq!(repeats.as_slice(), expected);
            }
        }
    }
}
