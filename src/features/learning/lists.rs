//! Lists of ids or columns: one for each of many texts or tokens.

use std::ops::Range;

use rayon::prelude::*;

use crate::features::pool::{at_once, in_pieces};

/// Lists in pieces, which stay where they were made: to put them into one would be one thread's work.
pub(super) struct Lists {
    lists: usize,
    /// Binary logarithm of the lists in each piece but the last: which one a list is in is asked for every token.
    bits: u32,
    pieces: Vec<Piece>,
}

/// Some lists, one after the other.
pub(super) struct Piece {
    starts: Vec<usize>,
    values: Vec<u32>,
}

fn bits(lists: usize) -> u32 {
    at_once(lists).ilog2()
}

/// Which lists to make at a time, of so many.
pub(super) fn pieces(lists: usize) -> impl IndexedParallelIterator<Item = Range<usize>> {
    in_pieces(lists, 1 << bits(lists))
}

impl Lists {
    /// So many lists, as [`pieces`] had them made.
    pub(super) fn new(lists: usize, pieces: Vec<Piece>) -> Self {
        debug_assert_eq!(pieces.iter().map(|piece| piece.starts.len() - 1).sum::<usize>(), lists);
        Lists { lists, bits: bits(lists), pieces }
    }

    /// Number of lists.
    pub(super) fn len(&self) -> usize {
        self.lists
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lists == 0
    }

    /// The list of a text or a token.
    pub(super) fn of(&self, place: usize) -> &[u32] {
        let Piece { starts, values } = &self.pieces[place >> self.bits];
        let place = place & ((1 << self.bits) - 1);
        &values[starts[place]..starts[place + 1]]
    }
}

impl Piece {
    /// A piece without lists, with room for so many, and so many values in all.
    pub(super) fn with_capacity(lists: usize, values: usize) -> Self {
        let mut starts = Vec::with_capacity(lists + 1);
        starts.push(0);
        Piece { starts, values: Vec::with_capacity(values) }
    }

    pub(super) fn push(&mut self, value: u32) {
        self.values.push(value);
    }

    pub(super) fn extend(&mut self, values: impl Iterator<Item = u32>) {
        self.values.extend(values);
    }

    /// Makes what was added since the last list one.
    pub(super) fn end_list(&mut self) {
        self.starts.push(self.values.len());
    }

    /// Gives back room that was not needed.
    pub(super) fn shrink(&mut self) {
        self.values.shrink_to_fit();
    }

    /// All values of all lists.
    pub(super) fn values_mut(&mut self) -> &mut [u32] {
        &mut self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_is_found_whatever_piece_it_stands_in() {
        let values = |place: usize| (0..place % 4).map(move |more| (place + more) as u32);
        for length in [0, 1, 31, 32, 33, 2_000, 5_000, 70_001] {
            let make = |places: Range<usize>| {
                let mut piece = Piece::with_capacity(places.len(), 0);
                for place in places {
                    piece.extend(values(place).take(2));
                    values(place).skip(2).for_each(|value| piece.push(value));
                    piece.end_list();
                }
                piece
            };
            let lists = Lists::new(length, pieces(length).map(make).collect());
            assert_eq!((lists.len(), lists.is_empty()), (length, length == 0));
            assert!((0..length).all(|place| lists.of(place).iter().copied().eq(values(place))));
        }
    }
}
