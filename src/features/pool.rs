//! Work in pieces for all cores, and what is dear to make, lent to one piece after the other.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

/// Comments that a thread takes at a time: few enough that none stands idle for long.
pub(super) fn at_once(comments: usize) -> usize {
    (comments / 64).clamp(32, 1024)
}

/// `0..length` in pieces of a size, each of which goes to the first thread that is idle. Left to itself, rayon would give a thread several at a time.
pub(super) fn in_pieces(length: usize, size: usize) -> impl IndexedParallelIterator<Item = Range<usize>> {
    let pieces = length.div_ceil(size.max(1));
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
