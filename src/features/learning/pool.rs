//! What is dear to make, lent to one thread after the other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Makes no more things than are needed at a time.
pub(super) struct Pool<T, F> {
    idle: Mutex<Vec<T>>,
    made: AtomicUsize,
    make: F,
}

impl<T, F: Fn(usize) -> T> Pool<T, F> {
    /// `make` gets the number of things made before.
    pub(super) fn new(make: F) -> Self {
        Pool { idle: Mutex::default(), made: AtomicUsize::new(0), make }
    }

    /// Lends a thing, made anew if none is idle.
    pub(super) fn lend<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let idle = self.all().pop();
        let mut thing = idle.unwrap_or_else(|| (self.make)(self.made.fetch_add(1, Ordering::Relaxed)));
        let result = work(&mut thing);
        self.all().push(thing);
        result
    }

    /// All things that are not lent.
    pub(super) fn all(&self) -> MutexGuard<'_, Vec<T>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
