//! Files that grow, are rotated and cut off; and pipes.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::SystemTime;

use fs_err as fs;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use weir_flow::{LONGEST_LINE, decompressed};

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// Bytes at the beginning of a file that tell it from another one of the same number.
const HEAD: u64 = 1024;

/// Files that were read to their end are remembered up to this number: more are not rotated at once.
const MOST_READ: usize = 256;

/// Chunks that a pipe is read ahead.
const CHUNKS_AHEAD: usize = 4;

/// A file or pipe of lines, wherever they come from.
#[derive(Debug)]
pub(super) struct Follower {
    path: PathBuf,
    stream: Stream,
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    /// Whether the line at hand is too long to be looked at and passed over.
    skipping: bool,
    /// Files that were rotated away before they had been read to their end, oldest first.
    rotated: VecDeque<PathBuf>,
    /// Whether the file that is open is one of those.
    is_rotated: bool,
    /// Whether it has been said that the file is not there.
    is_missed: bool,
    /// What should be said about it.
    notes: Vec<String>,
}

#[derive(Debug)]
enum Stream {
    /// Not there yet.
    Awaited,
    File(Open),
    /// A compressed file, which does not grow.
    Packed {
        stream: Unpacked,
        offset: u64,
    },
    /// A pipe, read by a thread of its own: reading from it may wait for ever.
    Pipe(Receiver<io::Result<Vec<u8>>>),
    /// It has ended, and nothing will follow: where it ended.
    Ended(Position),
}

struct Unpacked(Box<dyn Read>);

impl std::fmt::Debug for Unpacked {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Unpacked")
    }
}

/// A file that is open.
#[derive(Debug)]
struct Open {
    file: fs::File,
    id: FileId,
    /// How many bytes have been read.
    offset: u64,
}

/// What a file is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct FileId {
    device: u64,
    number: u64,
}

/// The files that have been read, or are being read, by any follower: a file that was only renamed is no new one.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// A file that is open keeps its number to itself.
    open: Vec<FileId>,
    /// A number may be used again once a file is gone, so these are told by their beginning, too.
    read: VecDeque<ReadFile>,
}

/// A file that has been read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReadFile {
    id: FileId,
    length: u64,
    head: [u8; 32],
}

impl Files {
    /// The files that had been read by an earlier run.
    pub(super) fn restored(read: Vec<ReadFile>) -> Files {
        Files { open: Vec::new(), read: read.into() }
    }

    /// The files that have been read to their end.
    pub(super) fn read(&self) -> Vec<ReadFile> {
        self.read.iter().cloned().collect()
    }

    /// Whether a file is being read, or has been.
    ///
    /// # Errors
    /// When its beginning can't be read.
    pub(super) fn hold(&self, path: &Path) -> io::Result<bool> {
        let about = match fs::metadata(path) {
            Ok(about) => about,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let id = FileId::of(&about);
        if self.open.contains(&id) {
            return Ok(true);
        }
        for read in self.read.iter().filter(|read| read.id == id && read.length <= about.len()) {
            let mut open = Open { file: fs::File::open(path)?, id, offset: 0 };
            if open.head(read.length)?.1 == read.head {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn opened(&mut self, id: FileId) {
        self.open.push(id);
    }

    fn cut_off(&mut self, id: FileId) {
        self.open.retain(|open| *open != id);
    }

    fn finished(&mut self, open: &mut Open) -> io::Result<()> {
        self.cut_off(open.id);
        let head = open.head(open.offset)?.1;
        self.read.push_back(ReadFile { id: open.id, length: open.offset, head });
        if self.read.len() > MOST_READ {
            self.read.pop_front();
        }
        Ok(())
    }
}

/// Up to where a stream has been read, in whole lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Position {
    /// Nothing of it has been seen.
    Nowhere,
    /// So many bytes of a file.
    File {
        /// Which file.
        id: Id,
        /// How many bytes.
        offset: u64,
        /// The digest of its first bytes, at most [`HEAD`] of those that had been read.
        head: [u8; 32],
    },
    /// So many bytes of a compressed file, unpacked.
    Packed {
        /// How many bytes.
        offset: u64,
    },
    /// A pipe: what comes next is what has not been read.
    Pipe,
}

/// The identity of a file in a [`Position`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Id(FileId);

/// What a follower has to hand out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Nothing at present.
    Nothing,
    /// Whole lines; or, at the end of a file, a last line without its end.
    Lines {
        /// The lines.
        lines: Vec<u8>,
        /// Whether nothing will be added to the last one.
        is_last: bool,
    },
    /// A line that is too long to be looked at.
    LongLine,
    /// What follows is the beginning of another file.
    NewFile,
    /// It has ended, and nothing will follow.
    Ended,
}

impl Follower {
    /// Follows a file or pipe from its beginning; `-` is standard input.
    pub(super) fn new(path: &Path) -> Follower {
        Follower {
            path: path.to_owned(),
            stream: Stream::Awaited,
            rest: Vec::new(),
            skipping: false,
            rotated: VecDeque::new(),
            is_rotated: false,
            is_missed: false,
            notes: Vec::new(),
        }
    }

    /// Goes on where an earlier one stood. The beginning of the file is handed back where it is still there: a format may
    /// need its header.
    ///
    /// # Errors
    /// When files can't be read.
    pub(super) fn resume(
        path: &Path,
        position: &Position,
        files: &mut Files,
    ) -> io::Result<(Follower, Option<Vec<u8>>)> {
        let mut follower = Follower::new(path);
        let head = match position {
            Position::Nowhere | Position::Pipe => None,
            Position::Packed { offset } => {
                follower.open(path, files)?;
                follower.skip(*offset)?;
                None
            }
            Position::File { id, offset, head } => follower.go_to(id.0, *offset, head, files)?,
        };
        Ok((follower, head))
    }

    /// Whether there is no file of that name, nor one that has had it.
    pub(super) fn is_awaited(&self) -> bool {
        matches!(self.stream, Stream::Awaited) && !self.path.exists()
    }

    /// What should be said about it since this was last asked.
    pub(super) fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The next piece.
    ///
    /// # Errors
    /// When the file or pipe can't be read.
    pub(super) fn next(&mut self, files: &mut Files) -> io::Result<Piece> {
        if matches!(self.stream, Stream::Awaited) && !self.open_next(files)? {
            // It may be there and have been read under another name.
            if !self.path.exists() && !std::mem::replace(&mut self.is_missed, true) {
                self.notes.push(format!("`{}` is not there yet", self.path.display()));
            }
            return Ok(Piece::Nothing);
        }
        loop {
            let before = self.rest.len();
            let state = self.fill()?;
            if let Some(piece) = self.cut(before) {
                return Ok(piece);
            }
            match state {
                State::Fresh => {}
                State::Waiting => return Ok(Piece::Nothing),
                State::AtEnd => return self.at_end(files),
                State::Ended if self.rest.is_empty() => {
                    self.stream = Stream::Ended(self.position()?);
                    return Ok(Piece::Ended);
                }
                State::Ended => return Ok(self.last_line()),
            }
        }
    }

    /// Up to where whole lines have been handed out.
    ///
    /// # Errors
    /// When the beginning of the file can't be read.
    pub(super) fn position(&mut self) -> io::Result<Position> {
        let rest = self.rest.len() as u64;
        Ok(match &mut self.stream {
            Stream::Awaited => Position::Nowhere,
            Stream::Pipe(_) => Position::Pipe,
            Stream::Ended(position) => position.clone(),
            Stream::Packed { offset, .. } => Position::Packed { offset: offset.saturating_sub(rest) },
            Stream::File(open) => {
                let offset = open.offset.saturating_sub(rest);
                Position::File { id: Id(open.id), offset, head: open.head(offset)?.1 }
            }
        })
    }

    /// Opens what comes next: the oldest file that was rotated away, or else the one of that name. Whether it is there.
    fn open_next(&mut self, files: &mut Files) -> io::Result<bool> {
        loop {
            let rotated = self.rotated.pop_front();
            self.is_rotated = rotated.is_some();
            let path = rotated.unwrap_or_else(|| self.path.clone());
            let opened = if files.hold(&path)? { Ok(false) } else { self.open(&path, files).map(|()| true) };
            match opened {
                Ok(false) if self.is_rotated => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_rotated => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                opened => return opened,
            }
        }
    }

    fn open(&mut self, path: &Path, files: &mut Files) -> io::Result<()> {
        if path == Path::new("-") {
            self.stream = Stream::Pipe(chunks(|| Ok(Box::new(io::stdin()))));
            return Ok(());
        }
        if !fs::metadata(path)?.is_file() {
            self.stream = Stream::Pipe(named_pipe(path.to_owned()));
            return Ok(());
        }
        let mut file = fs::File::open(path)?;
        let mut magic = [0; 4];
        let packed = file.read(&mut magic)? >= 2 && is_packed(&magic);
        file.seek(SeekFrom::Start(0))?;
        self.stream = if packed {
            Stream::Packed { stream: Unpacked(decompressed(file)?), offset: 0 }
        } else {
            let id = FileId::of(&file.metadata()?);
            files.opened(id);
            Stream::File(Open { id, file, offset: 0 })
        };
        Ok(())
    }

    /// Passes over what has been read of a compressed file.
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        if let Stream::Packed { stream, offset } = &mut self.stream {
            *offset = io::copy(&mut stream.0.by_ref().take(bytes), &mut io::sink())?;
        }
        Ok(())
    }

    /// Finds a file that may have been rotated away since, and what was written after it.
    fn go_to(
        &mut self,
        id: FileId,
        offset: u64,
        head: &[u8; 32],
        files: &mut Files,
    ) -> io::Result<Option<Vec<u8>>> {
        let path = self.path.clone();
        if let Some(start) = self.open_at(&path, id, offset, head)? {
            files.opened(id);
            return Ok(Some(start));
        }
        let beside = files_beside(&path)?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        for (written, file) in &beside {
            if let Some(start) = self.open_at(file, id, offset, head)? {
                files.opened(id);
                self.is_rotated = true;
                let is_later = |(later, other): &&(SystemTime, PathBuf)| {
                    let of_other = other.file_name().and_then(|name| name.to_str());
                    let is_sibling = of_other.is_some_and(|of_other| of_other.starts_with(name));
                    later >= written && other != file && *other != path && is_sibling
                };
                self.rotated = beside.iter().filter(is_later).map(|(_, other)| other.clone()).collect();
                return Ok(Some(start));
            }
        }
        self.notes.push(format!(
            "`{}` is another file than the one that was read up to byte {offset}, and that one is not beside it any \
             more: what it held after that is lost",
            path.display()
        ));
        Ok(None)
    }

    /// Opens a file if it is the one that was read up to an offset, and goes there. Gives its beginning.
    fn open_at(
        &mut self,
        path: &Path,
        id: FileId,
        offset: u64,
        head: &[u8; 32],
    ) -> io::Result<Option<Vec<u8>>> {
        let about = match fs::metadata(path) {
            Ok(about) => about,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if FileId::of(&about) != id || !about.is_file() || about.len() < offset {
            return Ok(None);
        }
        let mut open = Open { file: fs::File::open(path)?, id, offset };
        let (start, found) = open.head(offset)?;
        if found != *head {
            return Ok(None);
        }
        open.file.seek(SeekFrom::Start(offset))?;
        self.stream = Stream::File(open);
        Ok(Some(start))
    }

    /// Reads what there is to be read at once.
    fn fill(&mut self) -> io::Result<State> {
        let rest = &mut self.rest;
        match &mut self.stream {
            Stream::Awaited => Ok(State::Waiting),
            Stream::Ended(_) => Ok(State::Ended),
            Stream::File(open) => {
                let read = open.file.by_ref().take(CHUNK as u64).read_to_end(rest)?;
                open.offset += read as u64;
                Ok(if read == 0 { State::AtEnd } else { State::Fresh })
            }
            Stream::Packed { stream, offset } => {
                let read = stream.0.by_ref().take(CHUNK as u64).read_to_end(rest)?;
                *offset += read as u64;
                Ok(if read == 0 { State::AtEnd } else { State::Fresh })
            }
            Stream::Pipe(chunks) => match chunks.try_recv() {
                Ok(chunk) => {
                    rest.extend_from_slice(&chunk?);
                    Ok(State::Fresh)
                }
                Err(TryRecvError::Empty) => Ok(State::Waiting),
                Err(TryRecvError::Disconnected) => Ok(State::Ended),
            },
        }
    }

    /// Cuts the whole lines off what has been read, of which the first `before` bytes hold no end of a line.
    fn cut(&mut self, before: usize) -> Option<Piece> {
        let fresh = self.rest.get(before..).unwrap_or_default();
        let Some(end) = fresh.iter().rposition(|byte| *byte == b'\n') else {
            if self.rest.len() <= LONGEST_LINE {
                return None;
            }
            self.rest.clear();
            return (!std::mem::replace(&mut self.skipping, true)).then_some(Piece::LongLine);
        };
        let mut lines = std::mem::take(&mut self.rest);
        self.rest = lines.split_off(before + end + 1);
        if std::mem::take(&mut self.skipping) {
            let end = lines.iter().position(|byte| *byte == b'\n').map_or(lines.len(), |end| end + 1);
            lines.drain(..end);
        }
        (!lines.is_empty()).then_some(Piece::Lines { lines, is_last: false })
    }

    /// All of a file has been read. It may grow; or it has been rotated away, and is replaced by another one; or it was cut
    /// off to be written anew.
    fn at_end(&mut self, files: &mut Files) -> io::Result<Piece> {
        let Stream::File(open) = &mut self.stream else {
            // A compressed file has one end.
            return match (self.rest.is_empty(), self.is_rotated) {
                (false, _) => Ok(self.last_line()),
                (true, true) => self.new_file(files),
                (true, false) => {
                    self.stream = Stream::Ended(self.position()?);
                    Ok(Piece::Ended)
                }
            };
        };
        let (replaced, cut_off) = match fs::metadata(&self.path) {
            Ok(about) if FileId::of(&about) == open.id => (false, about.len() < open.offset),
            // Where several files are rotated, another follower may have read it under its former name.
            Ok(_) => (!files.hold(&self.path)?, false),
            // In the middle of being rotated.
            Err(error) if error.kind() == io::ErrorKind::NotFound => (false, false),
            Err(error) => return Err(error),
        };
        if !replaced && !cut_off && self.rotated.is_empty() {
            return Ok(Piece::Nothing);
        }
        // Whoever wrote to it may have done so until a moment ago.
        let read = open.file.by_ref().take(CHUNK as u64).read_to_end(&mut self.rest)?;
        open.offset += read as u64;
        if read > 0 {
            return Ok(self.cut(self.rest.len().saturating_sub(read)).unwrap_or(Piece::Nothing));
        }
        if !self.rest.is_empty() {
            return Ok(self.last_line());
        }
        if cut_off {
            files.cut_off(open.id);
        } else {
            files.finished(open)?;
        }
        self.new_file(files)
    }

    fn new_file(&mut self, files: &mut Files) -> io::Result<Piece> {
        self.stream = Stream::Awaited;
        self.skipping = false;
        self.open_next(files)?;
        Ok(Piece::NewFile)
    }

    fn last_line(&mut self) -> Piece {
        let lines = std::mem::take(&mut self.rest);
        if std::mem::take(&mut self.skipping) {
            Piece::Nothing
        } else {
            Piece::Lines { lines, is_last: true }
        }
    }
}

enum State {
    /// Something was read.
    Fresh,
    /// There is nothing at present.
    Waiting,
    /// All of a file has been read.
    AtEnd,
    /// The pipe has been closed.
    Ended,
}

impl Open {
    /// The first bytes of the file, of those before `offset`, with their digest.
    fn head(&mut self, offset: u64) -> io::Result<(Vec<u8>, [u8; 32])> {
        let mut head = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.by_ref().take(offset.min(LONGEST_LINE as u64)).read_to_end(&mut head)?;
        self.file.seek(SeekFrom::Start(self.offset))?;
        let told_by = head.get(..usize::try_from(HEAD).unwrap_or(usize::MAX)).unwrap_or(&head);
        let digest = Sha256::digest(told_by).into();
        Ok((head, digest))
    }
}

impl FileId {
    #[cfg(unix)]
    fn of(about: &std::fs::Metadata) -> FileId {
        use std::os::unix::fs::MetadataExt as _;
        FileId { device: about.dev(), number: about.ino() }
    }

    /// Without numbers of files, the time at which a file was made tells them apart.
    #[cfg(not(unix))]
    fn of(about: &std::fs::Metadata) -> FileId {
        let made = about.created().ok().and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
        FileId { device: 0, number: made.map_or(0, |made| made.as_nanos() as u64) }
    }
}

/// The files in the folder of a file with the time at which they were last written to, the oldest first: it may be one of
/// them by now, such as `access.log.1`.
fn files_beside(path: &Path) -> io::Result<Vec<(SystemTime, PathBuf)>> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        if about.is_file() {
            files.push((about.modified()?, entry.path()));
        }
    }
    // Of those of the same time, the one with the higher number was rotated first.
    files.sort_by(|(one, path), (other, other_path)| one.cmp(other).then_with(|| other_path.cmp(path)));
    Ok(files)
}

fn is_packed(magic: &[u8]) -> bool {
    magic.starts_with(&[0x1f, 0x8b]) || magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

fn named_pipe(path: PathBuf) -> Receiver<io::Result<Vec<u8>>> {
    // Opening it waits until somebody writes to it.
    chunks(move || fs::File::open(path).map(|file| Box::new(file) as Box<dyn Read>))
}

/// Reads a stream in a thread of its own.
fn chunks(
    open: impl FnOnce() -> io::Result<Box<dyn Read>> + Send + 'static,
) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::sync_channel(CHUNKS_AHEAD);
    std::thread::spawn(move || {
        let mut stream = match open() {
            Ok(stream) => stream,
            Err(error) => return drop(sender.send(Err(error))),
        };
        let mut buffer = vec![0; CHUNK];
        loop {
            let chunk = match stream.read(&mut buffer) {
                Ok(0) => return,
                Ok(read) => Ok(buffer.get(..read).unwrap_or_default().to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = chunk.is_err();
            if sender.send(chunk).is_err() || failed {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tempfile::TempDir;

    use super::*;

    /// A folder with a log that is followed.
    struct Log {
        folder: TempDir,
        files: Files,
        follower: Follower,
        /// What has been handed out; a `|` stands for the beginning of another file.
        read: String,
    }

    impl Log {
        fn new() -> Log {
            let folder = tempfile::tempdir().unwrap();
            let follower = Follower::new(&folder.path().join("a.log"));
            Log { folder, files: Files::default(), follower, read: String::new() }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            let mut file = fs::OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn rename(&self, from: &str, to: &str) {
            fs::rename(self.path(from), self.path(to)).unwrap();
        }

        /// Reads until there is nothing more, and says what came.
        fn more(&mut self) -> String {
            let mut read = String::new();
            loop {
                match self.follower.next(&mut self.files).unwrap() {
                    Piece::Nothing | Piece::Ended => break,
                    Piece::NewFile => read.push('|'),
                    Piece::LongLine => read.push_str("<long>"),
                    Piece::Lines { lines, is_last } => {
                        read.push_str(std::str::from_utf8(&lines).unwrap());
                        assert_eq!(is_last, !lines.ends_with(b"\n"));
                    }
                }
            }
            self.read.push_str(&read);
            read
        }

        /// Another run goes on.
        fn restart(&mut self) -> Vec<String> {
            let position = self.follower.position().unwrap();
            self.files = Files::restored(self.files.read());
            let (mut follower, _) =
                Follower::resume(&self.path("a.log"), &position, &mut self.files).unwrap();
            let notes = follower.notes();
            self.follower = follower;
            notes
        }
    }

    #[test]
    fn whole_lines_are_handed_out_as_they_come() {
        let mut log = Log::new();
        assert_eq!(log.more(), "");
        log.write("a.log", "one\ntw");
        assert_eq!(log.more(), "one\n");
        assert_eq!(log.more(), "");
        log.write("a.log", "o\nthree\n");
        assert_eq!(log.more(), "two\nthree\n");
    }

    #[test]
    fn a_file_that_is_renamed_is_read_to_its_end_before_the_next_one() {
        let mut log = Log::new();
        log.write("a.log", "one\n");
        assert_eq!(log.more(), "one\n");
        log.rename("a.log", "a.log.1");
        log.write("a.log.1", "two\nbroken");
        assert_eq!(log.more(), "two\n", "there is no other file yet");
        log.write("a.log", "three\n");
        assert_eq!(log.more(), "broken|three\n");
        log.rename("a.log.1", "a.log.2");
        log.rename("a.log", "a.log.1");
        log.write("a.log", "four\n");
        assert_eq!(log.more(), "|four\n");
    }

    #[test]
    fn a_file_that_is_cut_off_begins_anew() {
        let mut log = Log::new();
        log.write("a.log", "one\ntwo\n");
        assert_eq!(log.more(), "one\ntwo\n");
        fs::write(log.path("a.log"), "3\n").unwrap();
        assert_eq!(log.more(), "|3\n");
    }

    #[test]
    fn another_run_goes_on_where_the_last_line_ended() {
        let mut log = Log::new();
        log.write("a.log", "one\ntw");
        assert_eq!(log.more(), "one\n");
        assert!(log.restart().is_empty());
        log.write("a.log", "o\n");
        assert_eq!(log.more(), "two\n");
    }

    #[test]
    fn what_was_rotated_away_in_the_meantime_is_read_first() {
        for others in [false, true] {
            let mut log = Log::new();
            log.write("a.log", "one\n");
            log.more();
            log.write("a.log", "two\n");
            log.rename("a.log", "a.log.2");
            log.write("a.log.1", "three\n");
            log.write("a.log", "four\n");
            if others {
                log.write("b.log", "not this one\n");
            }
            assert!(log.restart().is_empty());
            assert_eq!(log.more(), "two\n|three\n|four\n");
            // It was rotated, and not written anew.
            log.rename("a.log.2", "a.log.3");
            log.rename("a.log.1", "a.log.2");
            assert!(log.restart().is_empty());
            assert_eq!(log.more(), "");
        }
    }

    #[test]
    fn what_can_not_be_found_any_more_is_said_to_be_lost() {
        let mut log = Log::new();
        log.write("a.log", "one\n");
        log.more();
        // Another file of the same number and length may be there by now.
        fs::remove_file(log.path("a.log")).unwrap();
        log.write("a.log", "1\n2\n");
        let notes = log.restart();
        assert!(notes[0].contains("read up to byte 4") && notes[0].contains("lost"), "{notes:?}");
        assert_eq!(log.more(), "1\n2\n");
    }

    #[test]
    fn of_several_names_each_file_is_read_once() {
        let mut log = Log::new();
        log.write("a.log", "one\n");
        log.write("a.log.1", "zero\n");
        let mut other = Follower::new(&log.path("a.log.1"));
        let more = |other: &mut Follower, files: &mut Files| {
            let mut read = String::new();
            while let Piece::Lines { lines, .. } = other.next(files).unwrap() {
                read.push_str(std::str::from_utf8(&lines).unwrap());
            }
            read
        };
        assert_eq!((log.more().as_str(), more(&mut other, &mut log.files).as_str()), ("one\n", "zero\n"));
        log.rename("a.log.1", "a.log.2");
        log.rename("a.log", "a.log.1");
        log.write("a.log", "two\n");
        assert_eq!(more(&mut other, &mut log.files), "", "it has another file now, which has been read");
        assert_eq!(log.more(), "|two\n");
        assert_eq!(more(&mut other, &mut log.files), "");
        assert!(
            log.files.hold(&log.path("a.log.1")).unwrap() && log.files.hold(&log.path("a.log.2")).unwrap()
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let mut log = Log::new();
        log.write("a.log", &"x".repeat(LONGEST_LINE - 1));
        assert_eq!(log.more(), "");
        log.write("a.log", &"x".repeat(LONGEST_LINE));
        assert_eq!(log.more(), "<long>");
        log.write("a.log", "x\nnext\n");
        assert_eq!(log.more(), "next\n");
    }

    #[test]
    fn a_compressed_file_is_read_once() {
        let mut log = Log::new();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"one\ntwo").unwrap();
        fs::write(log.path("a.log"), encoder.finish().unwrap()).unwrap();
        assert_eq!(log.more(), "one\ntwo");
        assert!(log.restart().is_empty());
        assert_eq!(log.more(), "");
    }
}
