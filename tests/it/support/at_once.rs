//! Work on many things at once, for cases that wait far more than they compute.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Things at work at once.
const AT_ONCE: usize = 12;

/// Does the work on every item and gives what became of each, in order; an error is a panic.
pub(crate) fn at_once<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<thread::Result<R>> {
    so_many_at_once(AT_ONCE, items, work)
}

/// The same with so many at work at once.
pub(crate) fn so_many_at_once<T: Sync, R: Send>(
    n: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<thread::Result<R>> {
    let queue = Mutex::new(items.iter().enumerate());
    let outcomes: Mutex<Vec<_>> = Mutex::new(items.iter().map(|_| None).collect());
    let turn = || {
        loop {
            // Taken in a statement of its own, so that the lock is not held during the work.
            let next = locked(&queue).next();
            let Some((index, item)) = next else { break };
            let outcome = catch_unwind(AssertUnwindSafe(|| work(item)));
            locked(&outcomes)[index] = Some(outcome);
        }
    };
    thread::scope(|scope| {
        for _ in 0..n {
            scope.spawn(turn);
        }
    });
    let outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    outcomes.into_iter().map(Option::unwrap).collect()
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
