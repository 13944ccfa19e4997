//! The streams that are followed side by side.

use std::path::PathBuf;

use weir_flow::LiveStream;
use weir_model::NoFiles;
use weir_model::service::Service;

use super::follow::{Files, Follower, Piece, Position, ReadFile};
use super::watched::Watched;
use crate::engine::EngineError;
use crate::measure::{EventFiles, Events, FileFormat, SourceFile, event_files};
use crate::project::Project;

/// The streams.
///
/// They are read in the order of their time, so that none runs ahead of the others by more than a piece.
#[derive(Debug)]
pub(super) struct Sources {
    sources: Vec<Source>,
    files: Files,
    /// The sources of the project that have no files.
    without: Vec<NoFiles>,
}

/// A stream.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    follower: Follower,
    stream: LiveStream,
    state: State,
}

/// Whether there is more of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There may be.
    Behind,
    /// Not when it was last looked at.
    AtEnd,
    /// There will be none.
    Ended,
}

impl Sources {
    /// The streams that events come from, none of which has been read.
    ///
    /// # Errors
    /// When folders of the project can't be listed.
    pub(super) fn new(
        project: &Project,
        services: &[&Service],
        events: &Events,
    ) -> Result<Sources, EngineError> {
        let EventFiles { files, without } = event_files(project, services, events)?;
        let sources = files.into_iter().map(Source::new).collect::<Result<_, _>>()?;
        Ok(Sources { sources, files: Files::default(), without })
    }

    /// The sources of the project that have no files.
    pub(super) fn without(&self) -> &[NoFiles] {
        &self.without
    }

    /// The numbers of the streams, the one that is least far ahead first.
    pub(super) fn in_order_of_time(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..self.sources.len()).collect();
        numbers.sort_by_key(|number| self.sources.get(*number).map(|source| source.stream.newest()));
        numbers
    }

    /// The next piece of a stream; none when it has ended.
    ///
    /// # Errors
    /// When it can't be read.
    pub(super) fn next(&mut self, number: usize) -> Result<Option<Piece>, EngineError> {
        let Some(source) = self.sources.get_mut(number).filter(|source| source.state != State::Ended) else {
            return Ok(None);
        };
        let piece = source.follower.next(&mut self.files).map_err(|error| source.failure(error))?;
        source.state = match piece {
            Piece::Nothing => State::AtEnd,
            Piece::Ended => State::Ended,
            Piece::Lines { .. } | Piece::LongLine | Piece::NewFile => State::Behind,
        };
        Ok(Some(piece))
    }

    /// What should be said about a stream.
    pub(super) fn notes(&mut self, number: usize) -> Vec<String> {
        self.sources.get_mut(number).map(|source| source.follower.notes()).unwrap_or_default()
    }

    /// What the lines of a stream go into.
    pub(super) fn stream(&mut self, number: usize) -> Option<&mut LiveStream> {
        self.sources.get_mut(number).map(|source| &mut source.stream)
    }

    /// Notes that a stream goes on with another file.
    pub(super) fn begin(&mut self, number: usize) {
        if let Some(source) = self.sources.get_mut(number) {
            source.stream.begin();
        }
    }

    /// Up to which instant all streams have been read, in milliseconds since 1970. A stream at its end holds nobody up. None
    /// when it is not known yet.
    pub(super) fn now(&self) -> Option<i64> {
        let behind = self.sources.iter().filter(|source| source.state == State::Behind);
        let newest = |source: &Source| source.stream.newest();
        match behind.map(newest).min() {
            Some(least) => least,
            None => self.sources.iter().filter_map(newest).max(),
        }
    }

    /// The files that are not there.
    pub(super) fn awaited(&self) -> Vec<String> {
        let awaited = self.sources.iter().filter(|source| source.follower.is_awaited());
        awaited.map(|source| source.path.display().to_string()).collect()
    }

    /// Whether all streams have ended.
    pub(super) fn have_ended(&self) -> bool {
        self.sources.iter().all(|source| source.state == State::Ended)
    }

    /// Adds the files that are there by now and were not before. Whether there are any.
    ///
    /// # Errors
    /// When folders of the project can't be listed.
    pub(super) fn find_new(
        &mut self,
        project: &Project,
        services: &[Watched<'_>],
        events: &Events,
    ) -> Result<bool, EngineError> {
        let services: Vec<&Service> = services.iter().map(|watched| watched.service).collect();
        let before = self.sources.len();
        let found = event_files(project, &services, events)?;
        self.without = found.without;
        for file in found.files {
            if self.sources.iter().any(|known| known.path == file.path) {
                continue;
            }
            let source = Source::new(file)?;
            if !self.files.hold(&source.path).map_err(|error| source.failure(error))? {
                self.sources.push(source);
            }
        }
        Ok(self.sources.len() > before)
    }

    /// How the streams stand.
    ///
    /// # Errors
    /// When the beginning of a file can't be read.
    pub(super) fn saved(&mut self) -> Result<SavedSources, EngineError> {
        let mut saved = Vec::new();
        for source in &mut self.sources {
            saved.push(SavedSource {
                path: source.path.to_string_lossy().into_owned(),
                position: source.follower.position().map_err(|error| source.failure(error))?,
                stream: source.stream.saved(),
            });
        }
        Ok(SavedSources { sources: saved, read: self.files.read() })
    }

    /// Goes on where streams of an earlier run stood; others begin anew. `read_header` reads the header of a stream whose
    /// later lines come next.
    ///
    /// # Errors
    /// When files can't be read.
    pub(super) fn restore(
        &mut self,
        saved: SavedSources,
        read_header: impl Fn(&mut LiveStream, &[u8]),
    ) -> Result<(), EngineError> {
        self.files = Files::restored(saved.read);
        for source in &mut self.sources {
            let path = source.path.to_string_lossy();
            let Some(saved) = saved.sources.iter().find(|saved| *saved.path == *path) else { continue };
            let resumed = Follower::resume(&source.path, &saved.position, &mut self.files);
            let (follower, head) = resumed.map_err(|error| source.failure(error))?;
            source.follower = follower;
            source.stream.restore(&saved.stream);
            if let Some(head) = head.filter(|_| source.stream.has_header()) {
                read_header(&mut source.stream, &head);
            }
        }
        Ok(())
    }
}

/// The streams at rest.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct SavedSources {
    sources: Vec<SavedSource>,
    read: Vec<ReadFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct SavedSource {
    path: String,
    position: Position,
    stream: weir_flow::SavedStream,
}

impl Source {
    fn new(file: SourceFile) -> Result<Source, EngineError> {
        let shown = file.shown.to_string_lossy().into_owned();
        let FileFormat::Stream(format) = file.format else {
            return Err(EngineError::Question {
                message: format!("`{shown}` can't be followed: a Parquet file does not grow"),
                help: Some("name streams of events after the command".to_owned()),
            });
        };
        Ok(Source {
            follower: Follower::new(&file.path),
            path: file.path,
            stream: LiveStream::new(shown, format),
            state: State::Behind,
        })
    }

    fn failure(&self, source: std::io::Error) -> EngineError {
        EngineError::Events { file: self.path.display().to_string(), source }
    }
}
