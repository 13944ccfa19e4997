//! A project that changes while it is watched.

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use weir::{Engine, Project, ProjectFiles, Watch};

use super::super::{Failure, notes};
use crate::output;

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The states of a project that a run has seen, from this one on. All of them stay until it ends: a watch refers to its
/// project, and there are no more of them than changes that people made.
pub(super) struct States {
    project: Project,
    next: OnceCell<Box<States>>,
}

impl States {
    pub(super) fn new(project: Project) -> States {
        States { project, next: OnceCell::new() }
    }

    pub(super) fn project(&self) -> &Project {
        &self.project
    }

    /// Keeps another state behind the last one.
    fn then(&self, project: Project) -> &States {
        let mut last = self;
        while let Some(next) = last.next.get() {
            last = next;
        }
        last.next.get_or_init(|| Box::new(States::new(project)))
    }
}

/// Notices when the files of a project have changed.
pub(super) struct Changes {
    root: Project,
    /// As they were read, or refused.
    known: ProjectFiles,
    /// As they stood at the last look.
    seen: ProjectFiles,
    looked: Instant,
}

impl Changes {
    pub(super) fn new(project: &Project) -> Changes {
        let files = project.files();
        Changes { root: project.clone(), known: files.clone(), seen: files, looked: Instant::now() }
    }

    /// Whether there are any, and the files stand still: whoever changes several of them does so one after the other.
    pub(super) fn are_there(&mut self) -> bool {
        if self.looked.elapsed() < LOOK {
            return false;
        }
        self.looked = Instant::now();
        let now = self.root.files();
        let stands_still = now == self.seen;
        self.seen = now;
        let changed = stands_still && self.seen != self.known;
        if changed {
            self.known = self.seen.clone();
        }
        changed
    }

    /// Looks at the files of another state from now on: it may have other plugins.
    pub(super) fn taken(&mut self, project: &Project) {
        self.root = project.clone();
        self.seen = project.files();
        // What has changed again since it was read is a change of its own.
        if self.seen.agrees_with(&self.known) {
            self.known = self.seen.clone();
        }
    }
}

/// Reads the project anew, and goes on with it unless something is wrong with it. That is said, and all stays as it was.
pub(super) fn take_over<'s>(
    engine: &Engine,
    state: &'s States,
    mut watch: Watch<'s>,
) -> Result<(&'s States, Watch<'s>), Failure> {
    let next = match Project::load(state.project().root()) {
        Ok(project) => state.then(project),
        Err(error) => {
            refuse(&Failure::Project(error))?;
            return Ok((state, watch));
        }
    };
    let taken = engine.take_over(next.project(), &mut watch);
    notes(engine)?;
    match taken {
        Ok(taken) => {
            output::message("note: the project changed, and is taken over from here on\n")?;
            Ok((next, taken))
        }
        Err(error) => {
            refuse(&Failure::Engine(error))?;
            Ok((state, watch))
        }
    }
}

fn refuse(failure: &Failure) -> Result<(), Failure> {
    let text = failure.text();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    output::message(&format!("note: the project changed, and is not taken over: {text}"))?;
    Ok(())
}
