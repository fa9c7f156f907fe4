//! Runs test cases in parallel. Made for cases that spend most of their time waiting.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Number of worker threads.
const N_WORKERS: usize = 12;

/// Runs `work` on every item in parallel and returns the results in the order of the items.
/// `Err` holds the payload of a panic.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<thread::Result<R>> {
    in_parallel_with(N_WORKERS, items, work)
}

/// Like [`in_parallel`], with `n_workers` threads.
pub(crate) fn in_parallel_with<T: Sync, R: Send>(
    n_workers: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<thread::Result<R>> {
    let queue = Mutex::new(items.iter().enumerate());
    let outcomes: Mutex<Vec<_>> = Mutex::new(items.iter().map(|_| None).collect());
    let worker = || {
        loop {
            // A separate statement, so that the lock is released before the work starts.
            let next = lock(&queue).next();
            let Some((index, item)) = next else { break };
            let outcome = catch_unwind(AssertUnwindSafe(|| work(item)));
            lock(&outcomes)[index] = Some(outcome);
        }
    };
    thread::scope(|scope| {
        for _ in 0..n_workers {
            scope.spawn(worker);
        }
    });
    let outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    outcomes.into_iter().map(Option::unwrap).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
