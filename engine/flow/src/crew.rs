//! Threads that share a stream of work, in which a short part of every piece is done in the stream's order.
//!
//! A piece of work goes through three steps: [`Work::prepare`] and [`Work::complete`] run beside those of other pieces,
//! [`Work::in_order`] runs one piece after the other. So everything that depends on the order comes out as if one thread
//! had done it all, however many there are.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// What one thread of a crew does with the pieces that it gets.
pub(crate) trait Work: Send + 'static {
    /// A piece of work.
    type Piece: Send + 'static;
    /// What changes in the order of the pieces.
    type Ordered: Send + 'static;

    /// Does what needs neither order nor other pieces.
    fn prepare(&mut self, piece: &mut Self::Piece);

    /// Does what depends on all pieces before. Short: nobody else has a turn meanwhile.
    fn in_order(&mut self, piece: &Self::Piece, ordered: &mut Self::Ordered);

    /// Does the rest, for the piece with this number (from 0).
    fn complete(&mut self, number: u64);
}

/// Why a crew has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CrewError {
    /// A thread could not be started.
    #[error("no thread can be started: {0}")]
    NoThread(std::io::Error),
    /// A thread has panicked, which is a mistake in the program.
    #[error("a thread has stopped in the middle of its work")]
    Panicked,
}

/// Threads with their work. Whoever hands out the work is none of them.
pub(crate) struct Crew<W: Work> {
    shared: Arc<Shared<W>>,
    /// Workers whose thread has not started yet. Each piece of work starts one, so that little work takes few threads.
    resting: Vec<W>,
    threads: Vec<JoinHandle<Option<W>>>,
    /// How many pieces may wait to be taken up.
    longest_queue: usize,
}

struct Shared<W: Work> {
    state: Mutex<State<W::Piece>>,
    /// Something in the state has changed.
    changed: Condvar,
    /// Locked by the thread whose turn it is.
    ordered: Mutex<W::Ordered>,
}

struct State<P> {
    waiting: VecDeque<P>,
    /// The number of the first piece that waits.
    next_to_take: u64,
    /// The number of the piece whose turn it is.
    turn: u64,
    /// Pieces that are done with, to be filled again.
    emptied: Vec<P>,
    /// No more work will come.
    closed: bool,
    /// A thread has panicked: the others stop as soon as they notice.
    broken: bool,
}

impl<W: Work> fmt::Debug for Crew<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Crew").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl<W: Work> Crew<W> {
    /// A crew of these workers.
    pub(crate) fn new(workers: Vec<W>, ordered: W::Ordered) -> Crew<W> {
        let state = State {
            waiting: VecDeque::new(),
            next_to_take: 0,
            turn: 0,
            emptied: Vec::new(),
            closed: false,
            broken: false,
        };
        Crew {
            longest_queue: workers.len().max(1),
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                changed: Condvar::new(),
                ordered: Mutex::new(ordered),
            }),
            threads: Vec::with_capacity(workers.len()),
            resting: workers,
        }
    }

    /// A piece that has been done, to be filled again.
    pub(crate) fn emptied(&self) -> Option<W::Piece> {
        self.shared.state().emptied.pop()
    }

    /// Hands a piece of work to the crew. Waits while too many others wait: what is read ahead is bounded.
    pub(crate) fn hand(&mut self, piece: W::Piece) -> Result<(), CrewError> {
        if let Some(worker) = self.resting.pop() {
            let shared = Arc::clone(&self.shared);
            let thread = thread::Builder::new().name("weir-flow".to_owned());
            self.threads.push(thread.spawn(move || work(worker, &shared)).map_err(CrewError::NoThread)?);
        }
        let mut state = self.shared.wait(|state| state.broken || state.waiting.len() < self.longest_queue);
        if state.broken {
            return Err(CrewError::Panicked);
        }
        state.waiting.push_back(piece);
        drop(state);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Looks at what depends on the order, as far as the work has come.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut W::Ordered) -> T) -> Result<T, CrewError> {
        let mut ordered = self.shared.ordered.lock().map_err(|_| CrewError::Panicked)?;
        Ok(look(&mut ordered))
    }

    /// Waits until every piece that was handed out has had its turn, and then looks at what depends on the order.
    pub(crate) fn look_after_all<T>(&self, look: impl FnOnce(&mut W::Ordered) -> T) -> Result<T, CrewError> {
        let all_done = |state: &State<W::Piece>| state.waiting.is_empty() && state.turn == state.next_to_take;
        if self.shared.wait(|state| state.broken || all_done(state)).broken {
            return Err(CrewError::Panicked);
        }
        self.look(look)
    }

    /// Waits until all work is done, and gives back the workers and what depends on the order.
    pub(crate) fn finish(mut self) -> Result<(Vec<W>, W::Ordered), CrewError>
    where
        W::Ordered: Default,
    {
        self.shared.close();
        let mut workers = std::mem::take(&mut self.resting);
        for thread in std::mem::take(&mut self.threads) {
            match thread.join() {
                Ok(Some(worker)) => workers.push(worker),
                Ok(None) | Err(_) => return Err(CrewError::Panicked),
            }
        }
        Ok((workers, self.look(std::mem::take)?))
    }
}

impl<W: Work> Drop for Crew<W> {
    /// Lets the threads go: without more work they end.
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl<W: Work> Shared<W> {
    fn state(&self) -> MutexGuard<'_, State<W::Piece>> {
        // Nothing that runs under this lock panics, and every state it could be in is one that the others understand.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, until: impl Fn(&State<W::Piece>) -> bool) -> MutexGuard<'_, State<W::Piece>> {
        let waited = self.changed.wait_while(self.state(), |state| !until(state));
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State<W::Piece>)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    fn close(&self) {
        self.change(|state| state.closed = true);
    }

    /// The next piece with its number; none when there will be no more.
    fn take(&self) -> Option<(u64, W::Piece)> {
        let mut state = self.wait(|state| state.broken || state.closed || !state.waiting.is_empty());
        if state.broken {
            return None;
        }
        let piece = state.waiting.pop_front()?;
        let number = state.next_to_take;
        state.next_to_take += 1;
        drop(state);
        self.changed.notify_all();
        Some((number, piece))
    }
}

/// What a thread does. None when the crew is broken.
fn work<W: Work>(mut worker: W, shared: &Arc<Shared<W>>) -> Option<W> {
    let _alarm = Alarm(shared);
    while let Some((number, mut piece)) = shared.take() {
        worker.prepare(&mut piece);
        if shared.wait(|state| state.broken || state.turn == number).broken {
            return None;
        }
        worker.in_order(&piece, &mut *shared.ordered.lock().ok()?);
        shared.change(|state| {
            state.turn += 1;
            state.emptied.push(piece);
        });
        worker.complete(number);
    }
    (!shared.state().broken).then_some(worker)
}

/// Tells the others when its thread panics.
struct Alarm<'s, W: Work>(&'s Shared<W>);

impl<W: Work> Drop for Alarm<'_, W> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.change(|state| state.broken = true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes the numbers it gets in the order of its turns, and panics where it is told to.
    #[derive(Default)]
    struct Scribe {
        number: u64,
        completed: Vec<u64>,
        panic_at: Option<(u64, Step)>,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Step {
        Prepare,
        InOrder,
        Complete,
    }

    impl Scribe {
        fn reach(&self, step: Step) {
            assert!(self.panic_at != Some((self.number, step)), "as the test wants it");
        }
    }

    impl Work for Scribe {
        type Piece = u64;
        type Ordered = Vec<u64>;

        fn prepare(&mut self, piece: &mut u64) {
            self.number = *piece;
            // Later pieces are ready earlier.
            for _ in 0..(64 - *piece % 64) * 50 {
                std::hint::black_box(&self.number);
            }
            self.reach(Step::Prepare);
        }

        fn in_order(&mut self, piece: &u64, ordered: &mut Vec<u64>) {
            self.reach(Step::InOrder);
            ordered.push(*piece);
        }

        fn complete(&mut self, number: u64) {
            self.reach(Step::Complete);
            self.completed.push(number);
        }
    }

    fn scribes(threads: usize, panic_at: Option<(u64, Step)>) -> Vec<Scribe> {
        (0..threads).map(|_| Scribe { panic_at, ..Scribe::default() }).collect()
    }

    #[test]
    fn turns_come_in_the_order_of_the_work() {
        for threads in 1..5 {
            let mut crew = Crew::new(scribes(threads, None), Vec::new());
            (0..500).for_each(|piece| crew.hand(piece).unwrap());
            assert_eq!(crew.look_after_all(|ordered| ordered.len()).unwrap(), 500);
            let (workers, ordered) = crew.finish().unwrap();
            assert_eq!(ordered, (0..500).collect::<Vec<_>>());
            let mut completed: Vec<u64> = workers.into_iter().flat_map(|worker| worker.completed).collect();
            completed.sort_unstable();
            assert_eq!(completed, ordered);
        }
    }

    #[test]
    fn little_work_takes_few_threads() {
        let mut crew = Crew::new(scribes(8, None), Vec::new());
        crew.hand(0).unwrap();
        assert_eq!(crew.threads.len(), 1);
        assert_eq!(crew.finish().unwrap().0.len(), 8);
    }

    #[test]
    fn a_thread_that_panics_ends_the_work_with_an_error() {
        for threads in 1..4 {
            for step in [Step::Prepare, Step::InOrder, Step::Complete] {
                let mut crew = Crew::new(scribes(threads, Some((7, step))), Vec::new());
                let handed = (0..1000).try_for_each(|piece| crew.hand(piece));
                assert!(handed.is_err() || crew.look_after_all(|_| ()).is_err());
                assert!(matches!(crew.finish(), Err(CrewError::Panicked)));
            }
        }
    }

    #[test]
    fn no_work_is_no_error() {
        let crew = Crew::new(scribes(3, None), Vec::new());
        crew.look_after_all(|ordered| assert!(ordered.is_empty())).unwrap();
        assert_eq!(crew.finish().unwrap().0.len(), 3);
    }

    #[test]
    fn a_crew_that_is_dropped_lets_its_threads_go() {
        let mut crew = Crew::new(scribes(2, None), Vec::new());
        crew.hand(0).unwrap();
        drop(crew);
    }
}
