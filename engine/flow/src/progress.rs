//! How far a run has come, for whoever shows it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters that another thread may look at while the flow reads. They say how far it has come, and no result depends on
/// them.
#[derive(Debug, Default)]
pub struct Progress {
    /// 0 where it is not known.
    total: AtomicU64,
    bytes: AtomicU64,
    events: AtomicU64,
    has_ended: AtomicBool,
}

impl Progress {
    /// Says how many bytes there are to read, as they are stored.
    pub fn expect(&self, bytes: u64) {
        self.total.store(bytes, Ordering::Relaxed);
    }

    /// Counts what is read of a stream. It stands before [`decompressed`](crate::decompressed): bytes count as they are
    /// stored, so that they come to what the files are long, however much they unpack to.
    pub fn counting<R: Read>(progress: &Arc<Progress>, stream: R) -> impl Read + use<R> {
        Counting { stream, progress: Arc::clone(progress) }
    }

    /// Says that everything has been read.
    pub fn end(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }

    /// Bytes to read, as they are stored; none where nobody knows.
    pub fn total(&self) -> Option<u64> {
        Some(self.total.load(Ordering::Relaxed)).filter(|total| *total > 0)
    }

    /// Bytes read so far, as they are stored.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Events read so far, whatever became of them.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Whether everything has been read.
    pub fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Relaxed)
    }

    #[cfg(feature = "parquet")]
    pub(crate) fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_events(&self, events: usize) {
        self.events.fetch_add(events as u64, Ordering::Relaxed);
    }
}

struct Counting<R> {
    stream: R,
    progress: Arc<Progress>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        self.progress.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
