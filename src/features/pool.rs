//! Work in pieces for all cores, and what is dear to make, lent to one piece after the other.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

/// How many of so many comments, tokens or terms a thread takes at a time: few enough that none stands idle for long.
pub(super) fn at_once(comments: usize) -> usize {
    (comments / 64).clamp(32, 1024)
}

/// `0..length` in pieces of a size, each of which goes to the first thread that is idle. Left to itself, rayon would give a thread several at a time.
pub(super) fn in_pieces(length: usize, size: usize) -> impl IndexedParallelIterator<Item = Range<usize>> {
    let size = size.max(1);
    let pieces = length.div_ceil(size);
    (0..pieces).into_par_iter().with_max_len(1).map(move |piece| piece * size..length.min((piece + 1) * size))
}

/// Makes no more things than are needed at a time.
pub(super) struct Pool<'m, T> {
    idle: Mutex<Vec<T>>,
    made: AtomicUsize,
    make: Box<dyn Fn(usize) -> T + Send + Sync + 'm>,
}

impl<'m, T> Pool<'m, T> {
    /// `make` gets the number of things made before.
    pub(super) fn new(make: impl Fn(usize) -> T + Send + Sync + 'm) -> Self {
        Pool { idle: Mutex::default(), made: AtomicUsize::new(0), make: Box::new(make) }
    }

    /// Lends a thing, made anew if none is idle.
    pub(super) fn lend<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let idle = self.all().pop();
        let mut thing = idle.unwrap_or_else(|| (self.make)(self.made.fetch_add(1, Ordering::Relaxed)));
        let result = work(&mut thing);
        self.all().push(thing);
        result
    }

    /// All things, in no order.
    pub(super) fn into_all(self) -> Vec<T> {
        self.idle.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// All things that are not lent.
    pub(super) fn all(&self) -> MutexGuard<'_, Vec<T>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_everything_once_and_in_order() {
        for (length, size) in [(0, 3), (1, 3), (6, 3), (7, 3), (5, 1), (2, 0)] {
            let pieces: Vec<Range<usize>> = in_pieces(length, size).collect();
            assert!(pieces.iter().rev().skip(1).all(|piece| piece.len() == size.max(1)));
            assert_eq!(pieces.into_iter().flatten().collect::<Vec<_>>(), (0..length).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_lent_is_nobody_elses_and_comes_back() {
        let pool = Pool::new(|number| (number, 0));
        let count = || pool.lend(|outer| pool.lend(|inner| (outer.1, inner.1) = (outer.1 + 1, inner.1 + 2)));
        count();
        count();
        let mut all = pool.into_all();
        all.sort_unstable();
        assert_eq!(all.iter().map(|thing| thing.0).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(all.iter().map(|thing| thing.1).sum::<i32>(), 6);
    }
}
