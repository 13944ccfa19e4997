//! What the benchmarks share: time that does not pass while other programs run.

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use rustix::time::{ClockId, clock_gettime};

/// Measures how long the thread was on a processor. On a busy machine, time on the wall says how busy it was.
///
/// A benchmark whose work sleeps or uses more threads needs time on the wall.
#[derive(Clone, Copy, Debug)]
pub struct ThreadTime;

impl Measurement for ThreadTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
    }

    fn end(&self, start: Duration) -> Duration {
        self.start().saturating_sub(start)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_thread_that_sleeps_spends_no_time() {
        let start = ThreadTime.start();
        std::thread::sleep(Duration::from_millis(50));
        assert!(ThreadTime.end(start) < Duration::from_millis(25));
    }

    #[test]
    fn a_thread_that_works_spends_time() {
        let (start, started) = (ThreadTime.start(), Instant::now());
        let spent = || ThreadTime.end(start) >= Duration::from_millis(1);
        while !spent() && started.elapsed() < Duration::from_secs(10) {}
        assert!(spent());
    }
}
