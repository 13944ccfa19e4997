//! `weir watch`: tell what changes while events come in.

mod reload;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use signal_hook::consts::{SIGINT, SIGTERM};
use weir::{Step, Watch, WatchRequest};

use self::reload::{Changes, States};
use super::{Failure, busy_engine, clock, events, notes, project_in};
use crate::args::{NewsFormat, WatchArguments};
use crate::exit::Exit;
use crate::render::Clock;
use crate::{output, render};

/// How long to wait before looking again whether there is more to read.
const PAUSE: Duration = Duration::from_millis(200);

/// How far the clock of whoever writes events may be ahead of this machine's.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn run(arguments: &WatchArguments) -> Result<Exit, Failure> {
    let project = project_in(arguments.project.as_deref())?;
    let request = WatchRequest {
        services: arguments.services.clone(),
        change: arguments.change,
        gate: arguments.gate.clone(),
        from: arguments.from,
        lateness_seconds: arguments.lateness,
        thresholds: arguments.budget_levels.clone(),
        events: events(&arguments.events),
    };
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let engine = busy_engine()?;
    let states = States::new(project);
    let mut state = &states;
    let mut watch = engine.watch(state.project(), &request, arguments.snapshot.as_deref())?;
    let mut changes = Changes::new(state.project());
    notes(&engine)?;
    let clock = clock(state.project());
    let mut desk = Desk::new(arguments, &clock, &watch)?;
    if watch.mark().is_none() {
        // Else a crash before the first snapshot would leave news behind that nobody could take back.
        desk.save(&mut watch)?;
    }
    let mut read_last = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let now = Timestamp::now();
        let step = watch.step(now.checked_add(AHEAD).unwrap_or(now));
        // What was noticed before an error is told, too.
        desk.publish(&mut watch)?;
        match step? {
            Step::Read => read_last = Instant::now(),
            Step::Ended => break,
            Step::Waiting if arguments.stop_at_end => break,
            Step::Waiting => {
                std::thread::sleep(PAUSE);
                watch.wait(read_last.elapsed().as_secs())?;
                desk.publish(&mut watch)?;
            }
        }
        if changes.are_there() {
            let before = state;
            (state, watch) = reload::take_over(&engine, state, watch)?;
            if !std::ptr::eq(before, state) {
                changes.taken(state.project());
            }
        }
        desk.keep_snapshot(&mut watch)?;
    }
    desk.save(&mut watch)?;
    let summary = render::watch::summary(&watch.status()?, watch.minute(), &watch.counts(), &clock);
    output::message(&summary)?;
    if stop.load(Ordering::Relaxed) { Ok(Exit::Go) } else { at_end(&watch) }
}

/// What the exit code says when all has been read.
fn at_end(watch: &Watch<'_>) -> Result<Exit, Failure> {
    let missing = watch.missing();
    for file in &missing {
        output::message(&format!("error: `{file}` is not there: nothing of it was judged\n"))?;
    }
    Ok(if missing.is_empty() && watch.minute().is_some() { Exit::Go } else { Exit::Undecided })
}

/// Where the news go, and how much of them is safe in the snapshot.
struct Desk<'a> {
    arguments: &'a WatchArguments,
    clock: &'a Clock,
    file: Option<File>,
    saved: Instant,
}

impl<'a> Desk<'a> {
    /// Opens the file of news. What an earlier run wrote there after its last snapshot is taken back: it will be noticed
    /// again.
    fn new(arguments: &'a WatchArguments, clock: &'a Clock, watch: &Watch<'_>) -> Result<Desk<'a>, Failure> {
        let file = match &arguments.output {
            None => None,
            Some(path) => {
                let named = |error: io::Error| {
                    io::Error::new(error.kind(), format!("`{}` can't be written: {error}", path.display()))
                };
                let file = OpenOptions::new().create(true).append(true).open(path).map_err(named)?;
                if let Some(mark) = watch.mark()
                    && file.metadata()?.len() > mark
                {
                    file.set_len(mark).map_err(named)?;
                }
                Some(file)
            }
        };
        Ok(Desk { arguments, clock, file, saved: Instant::now() })
    }

    /// Writes down what has changed.
    fn publish(&mut self, watch: &mut Watch<'_>) -> Result<(), Failure> {
        for note in watch.notes() {
            output::message(&format!("note: {note}\n"))?;
        }
        let mut text = String::new();
        for news in watch.news() {
            match self.arguments.format {
                NewsFormat::Text => text.push_str(&render::watch::line(&news, self.clock)),
                NewsFormat::Cloudevents => {
                    text.push_str(&watch.event(&news).to_string());
                    text.push('\n');
                }
            }
        }
        if text.is_empty() {
            return Ok(());
        }
        match &mut self.file {
            Some(file) => file.write_all(anstream::adapter::strip_str(&text).to_string().as_bytes())?,
            None => output::result(&text)?,
        }
        Ok(())
    }

    /// Brings the snapshot up to date when it is time to.
    fn keep_snapshot(&mut self, watch: &mut Watch<'_>) -> Result<(), Failure> {
        if self.saved.elapsed() >= self.arguments.snapshot_every {
            self.save(watch)?;
        }
        Ok(())
    }

    /// Brings the snapshot up to date, after all news that it covers are safely written.
    fn save(&mut self, watch: &mut Watch<'_>) -> Result<(), Failure> {
        let Some(path) = &self.arguments.snapshot else { return Ok(()) };
        let written = match &self.file {
            Some(file) => {
                file.sync_data()?;
                file.metadata()?.len()
            }
            None => 0,
        };
        watch.save(path, written)?;
        self.saved = Instant::now();
        Ok(())
    }
}
