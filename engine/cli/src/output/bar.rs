//! How far a long read has come, for somebody who waits at a terminal.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use weir::Progress;
use weir_math::format_duration;

/// A read that is shorter than this is over before anybody wonders.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the bar is drawn.
const PACE: Duration = Duration::from_millis(100);

/// A bar on standard error that is there while something is read for long, and gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Bar {
    progress: Arc<Progress>,
    /// Dropped to have the thread end.
    lives: Option<Sender<()>>,
    drawing: Option<JoinHandle<()>>,
}

impl Bar {
    /// Watches what will be read. None where nobody looks: standard error is no terminal, or one that can't move its cursor
    /// (`TERM=dumb`).
    pub(crate) fn start() -> Option<Bar> {
        if ProgressDrawTarget::stderr().is_hidden() {
            return None;
        }
        let progress = Arc::new(Progress::default());
        let (lives, ended) = mpsc::channel();
        let watched = Arc::clone(&progress);
        let drawing = thread::Builder::new().spawn(move || draw(&watched, &ended)).ok()?;
        Some(Bar { progress, lives: Some(lives), drawing: Some(drawing) })
    }

    /// Where it is to be noted how far reading has come.
    pub(crate) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        drop(self.lives.take());
        // Waited for, so that nothing is drawn over what is written next. A bar that panicked has told so itself.
        let _ = self.drawing.take().map(JoinHandle::join);
    }
}

/// Draws until everything has been read, or nobody waits any more.
fn draw(progress: &Progress, ended: &Receiver<()>) {
    let mut began: Option<Instant> = None;
    let mut bar: Option<ProgressBar> = None;
    while ended.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) && !progress.has_ended() {
        // Before anything is read, plugins are loaded.
        if progress.bytes() == 0 {
            continue;
        }
        let elapsed = began.get_or_insert_with(Instant::now).elapsed();
        if elapsed < PATIENCE {
            continue;
        }
        let bar = bar.get_or_insert_with(|| new_bar(progress));
        bar.set_message(message(progress, elapsed));
        bar.set_position(progress.bytes());
        bar.tick();
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

/// A bar where the end is known, else a mark that moves. Neither has colours.
fn new_bar(progress: &Progress) -> ProgressBar {
    let template = match progress.total() {
        Some(_) => "{bar:24} {bytes} of {total_bytes}, {msg}",
        None => "{spinner} {bytes}, {msg}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(progress.total(), ProgressDrawTarget::stderr())
        .with_style(style.progress_chars("█▌░"))
        .with_position(progress.bytes())
}

/// How fast it goes, and how long it will still take at that pace where the end is known.
fn message(progress: &Progress, elapsed: Duration) -> String {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = HumanCount(share(progress.events(), 1000, milliseconds));
    let Some(total) = progress.total() else {
        return format!("{}/s, {rate} events/s", HumanBytes(share(progress.bytes(), 1000, milliseconds)));
    };
    let to_read = total.saturating_sub(progress.bytes());
    let left = share(to_read, milliseconds, progress.bytes()).div_ceil(1000);
    format!("{rate} events/s, {} left", format_duration(left))
}

/// `whole * part / of`, and 0 of nothing.
fn share(whole: u64, part: u64, of: u64) -> u64 {
    let product = u128::from(whole) * u128::from(part);
    u64::try_from(product / u128::from(of).max(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_as_what_was_read_did() {
        let progress = Arc::new(Progress::default());
        std::io::copy(&mut Progress::counting(&progress, &[0; 300][..]), &mut std::io::sink()).unwrap();
        assert_eq!(message(&progress, Duration::from_secs(3)), "100 B/s, 0 events/s");
        let check = |total: u64, seconds: u64, expected: &str| {
            progress.expect(total);
            assert_eq!(message(&progress, Duration::from_secs(seconds)), expected);
        };
        check(1200, 3, "0 events/s, 9s left");
        check(30_000, 3, "0 events/s, 4m57s left");
        check(300, 3, "0 events/s, 0s left");
        // A file that grows while it is read.
        check(200, 3, "0 events/s, 0s left");
    }
}
