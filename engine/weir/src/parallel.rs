//! Jobs on several threads.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

/// Does jobs on as many threads as the machine runs at once. The results are in the order of the jobs, whoever did them.
pub(crate) fn in_parallel<J: Send, T: Send>(jobs: Vec<J>, work: impl Fn(J) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(jobs.len());
    if threads <= 1 {
        return jobs.into_iter().map(work).collect();
    }
    let mut results: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
    let open = Mutex::new(jobs.into_iter().zip(&mut results));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = open.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((job, result)) = next else { return };
                    *result = Some(work(job));
                }
            });
        }
    });
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_jobs() {
        for count in [0_u64, 1, 2, 1000] {
            let doubled = in_parallel((0..count).collect(), |number| {
                // The first ones take longest.
                std::thread::sleep(std::time::Duration::from_micros((count - number) / 10));
                number * 2
            });
            assert_eq!(doubled, (0..count).map(|number| number * 2).collect::<Vec<_>>());
        }
    }
}
