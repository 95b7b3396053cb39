//! What several threads make, handed on in its order.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::Result;

/// Takes numbered things from any thread and hands them on one after the other, 0 first.
///
/// Whoever brings the next one hands it on, with all that wait behind it, so that mostly a thread hands on what it made, which is in its
/// processor's cache and its memory.
pub(super) struct InOrder<T, F> {
    line: Mutex<Line<T, F>>,
    moved: Condvar,
    most: usize,
}

struct Line<T, F> {
    /// Out while somebody hands on.
    hand_on: Option<F>,
    next: usize,
    waiting: BTreeMap<usize, T>,
    /// The first error; nothing is handed on after it.
    result: Result<()>,
    is_closed: bool,
}

impl<T, F: FnMut(T) -> Result<()>> InOrder<T, F> {
    /// At most `most` things, and one for each thread, wait for one that comes before them.
    pub(super) fn new(most: usize, hand_on: F) -> Self {
        let waiting = BTreeMap::new();
        let line = Line { hand_on: Some(hand_on), next: 0, waiting, result: Ok(()), is_closed: false };
        InOrder { line: Mutex::new(line), moved: Condvar::new(), most }
    }

    /// The part of one thread: where it panics nobody waits for what it does not bring.
    pub(super) fn part(&self) -> Part<'_, T, F> {
        Part(self)
    }

    /// How handing on went.
    pub(super) fn finish(self) -> Result<()> {
        self.line.into_inner().unwrap_or_else(PoisonError::into_inner).result
    }

    /// A panic while it is locked leaves the line whole.
    fn lock(&self) -> MutexGuard<'_, Line<T, F>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread's part in what is handed on.
pub(super) struct Part<'o, T, F: FnMut(T) -> Result<()>>(&'o InOrder<T, F>);

impl<T, F: FnMut(T) -> Result<()>> Part<'_, T, F> {
    /// Takes a thing in; returns when there is room for another. `false` if nothing more is wanted.
    pub(super) fn take(&self, number: usize, thing: T) -> bool {
        let order = self.0;
        let mut line = order.lock();
        line.waiting.insert(number, thing);
        if let Some(mut hand_on) = line.hand_on.take() {
            while !line.is_closed {
                let next = line.next;
                let Some(thing) = line.waiting.remove(&next) else { break };
                drop(line);
                let result = hand_on(thing);
                line = order.lock();
                line.next += 1;
                line.is_closed |= result.is_err();
                line.result = result;
                order.moved.notify_all();
            }
            line.hand_on = Some(hand_on);
        }
        // The thing that the others wait for is still being made, by a thread that is not waiting.
        while line.waiting.len() > order.most && !line.is_closed {
            line = order.moved.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
        !line.is_closed
    }
}

impl<T, F: FnMut(T) -> Result<()>> Drop for Part<'_, T, F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().is_closed = true;
            self.0.moved.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::error::Error;

    /// Threads that bring 0, 1, ... `count`, each one that is free the next.
    fn bring(threads: usize, count: usize, order: &InOrder<usize, impl FnMut(usize) -> Result<()> + Send>) {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let part = order.part();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count || !part.take(number, number) {
                            return;
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn whoever_comes_first_order_is_kept() {
        let mut seen = Vec::new();
        let order = InOrder::new(2, |number| {
            seen.push(number);
            Ok(())
        });
        bring(4, 10_000, &order);
        order.finish().unwrap();
        assert!(seen.into_iter().eq(0..10_000));
    }

    #[test]
    fn nothing_is_handed_on_after_an_error() {
        let mut seen = 0;
        let order = InOrder::new(2, |number| {
            seen = number;
            if number == 100 { Err(Error::Config("enough".into())) } else { Ok(()) }
        });
        bring(4, 10_000, &order);
        assert!(order.finish().unwrap_err().to_string().contains("enough"));
        assert_eq!(seen, 100);
    }

    #[test]
    fn nobody_waits_for_a_thread_that_panicked() {
        let order = InOrder::new(2, |_: usize| Ok(()));
        let are_there = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let late = scope.spawn(|| {
                let _part = order.part();
                while are_there.load(Ordering::Relaxed) < 3 {
                    std::thread::yield_now();
                }
                panic!("number 0 never comes");
            });
            let others: Vec<_> = (1..=3)
                .map(|number| {
                    let (order, are_there) = (&order, &are_there);
                    scope.spawn(move || {
                        let part = order.part();
                        are_there.fetch_add(1, Ordering::Relaxed);
                        // Some are taken in; then there is no room until the panic is heard of.
                        (0..).all(|round| part.take(number + 3 * round, number))
                    })
                })
                .collect();
            assert!(late.join().is_err());
            assert!(others.into_iter().all(|other| !other.join().unwrap()));
        });
    }

    #[test]
    fn nobody_waits_where_handing_on_panicked() {
        let order = InOrder::new(2, |number: usize| if number == 0 { panic!("cannot be written") } else { Ok(()) });
        std::thread::scope(|scope| {
            let first = scope.spawn(|| order.part().take(0, 0));
            assert!(first.join().is_err());
            assert!(!order.part().take(1, 1));
        });
    }

    #[test]
    fn few_things_wait() {
        let (made, handed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let most = AtomicUsize::new(0);
        let order = InOrder::new(2, |_| {
            most.fetch_max(made.load(Ordering::Relaxed) - handed.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
            Ok(())
        });
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let part = order.part();
                    while let number @ 0..500 = next.fetch_add(1, Ordering::Relaxed) {
                        // Every seventh takes longer than all the others together that may come before it is there.
                        if number.is_multiple_of(7) {
                            std::thread::sleep(std::time::Duration::from_millis(1));
                        }
                        made.fetch_add(1, Ordering::Relaxed);
                        part.take(number, ());
                    }
                });
            }
        });
        order.finish().unwrap();
        assert!(handed.into_inner() == 500 && most.into_inner() <= 2 + 3);
    }
}
