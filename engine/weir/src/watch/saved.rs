//! What a snapshot holds.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use weir_flow::SavedLive;
use weir_math::{Counts, Merged, Past};

use super::Watch;
use super::book::Book;
use super::sources::SavedSources;
use super::watched::{Said, Watched};
use crate::engine::EngineError;

/// A watch at rest.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    /// What is measured, SLO by SLO, as digests of all that its numbers depend on.
    measures: Vec<(String, [u8; 32])>,
    live: SavedLive,
    sources: SavedSources,
    services: Vec<SavedService>,
    minute: Option<i64>,
    kept_from: Option<i64>,
    mark: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedService {
    books: Vec<Book>,
    pasts: BTreeMap<String, SavedPast>,
    said: Said,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedPast {
    seconds: NonZeroU32,
    until: i64,
    /// The start of each stretch with good, bad, unknown, and the number of slices.
    merged: Vec<(i64, [u64; 4])>,
}

impl Saved {
    /// How a watch stands, with the caller's mark.
    ///
    /// # Errors
    /// When the beginning of a file can't be read.
    pub(super) fn of(watch: &mut Watch<'_>, mark: u64) -> Result<Saved, EngineError> {
        Ok(Saved {
            measures: measures(watch),
            live: watch.live.saved(),
            sources: watch.sources.saved()?,
            services: watch.services.iter().map(SavedService::of).collect(),
            minute: watch.time.minute,
            kept_from: watch.time.kept_from,
            mark,
        })
    }

    /// It as bytes.
    ///
    /// # Errors
    /// Never in practice: all of it can be written.
    pub(super) fn content(&self) -> Result<Vec<u8>, EngineError> {
        postcard::to_allocvec(self).map_err(|error| EngineError::Internal(error.to_string()))
    }

    /// Reads what [`content`](Saved::content) wrote.
    ///
    /// # Errors
    /// With what is wrong.
    pub(super) fn read(content: &[u8]) -> Result<Saved, String> {
        postcard::from_bytes(content).map_err(|_| "another build of Weir wrote it".to_owned())
    }

    /// Has a watch go on from here.
    ///
    /// # Errors
    /// With what differs, when it measures something else; or with why a stream can't be gone on with.
    pub(super) fn restore(self, watch: &mut Watch<'_>) -> Result<(), String> {
        compare(&self.measures, &measures(watch))?;
        if !watch.live.restore(self.live) {
            return Err("another build of Weir wrote it".to_owned());
        }
        let live = &watch.live;
        let read_header = |stream: &mut _, header: &[u8]| live.read_header(stream, header);
        watch.sources.restore(self.sources, read_header).map_err(|error| error.to_string())?;
        for (service, saved) in watch.services.iter_mut().zip(self.services) {
            let pasts = saved.pasts.into_iter().map(|(slo, past)| (slo, past.into())).collect();
            service.restore(saved.books, pasts, saved.said);
        }
        watch.time.minute = self.minute;
        watch.time.kept_from = self.kept_from;
        watch.mark = Some(self.mark);
        Ok(())
    }
}

/// Has a watch go on from where another one stands, in the same process: streams stay open.
///
/// # Errors
/// With what differs, when it measures something else. Then both are as they were.
pub(super) fn hand_over(from: &mut Watch<'_>, to: &mut Watch<'_>) -> Result<(), String> {
    compare(&measures(from), &measures(to))?;
    from.collect();
    if !to.live.restore(from.live.saved()) {
        return Err("another build of Weir wrote it".to_owned());
    }
    std::mem::swap(&mut to.sources, &mut from.sources);
    for (service, before) in to.services.iter_mut().zip(&mut from.services) {
        let books = before.slis().iter().map(|sli| sli.book.clone()).collect();
        service.restore(books, std::mem::take(&mut before.pasts), std::mem::take(&mut before.said));
    }
    (to.time.minute, to.time.kept_from) = (from.time.minute, from.time.kept_from);
    to.news.append(&mut from.news);
    to.notes.append(&mut from.notes);
    to.mark = from.mark;
    to.lock = from.lock.take();
    Ok(())
}

/// Tells in words where two lists of measures differ.
fn compare(saved: &[(String, [u8; 32])], now: &[(String, [u8; 32])]) -> Result<(), String> {
    let find =
        |list: &[(String, [u8; 32])], name: &str| list.iter().find(|(known, _)| known == name).cloned();
    for (name, digest) in saved {
        match find(now, name) {
            None => return Err(format!("it has `{name}`, which is not watched now")),
            Some((_, now)) if now != *digest => {
                return Err(format!(
                    "`{name}` was measured differently: by another plugin, with other parameters or slices"
                ));
            }
            Some(_) => {}
        }
    }
    if let Some((name, _)) = now.iter().find(|(name, _)| find(saved, name).is_none()) {
        return Err(format!("it does not have `{name}`, which is watched now"));
    }
    // What was counted lies in the order of the SLOs.
    match saved.iter().zip(now).find(|(saved, now)| saved != now) {
        Some(((name, _), _)) => {
            Err(format!("`{name}` stands in another place among the SLOs of its service"))
        }
        None => Ok(()),
    }
}

/// What a watch measures, SLO by SLO. Objectives, policies and thresholds are not part of it: they may change, but for what
/// has been merged to good and bad slices.
fn measures(watch: &Watch<'_>) -> Vec<(String, [u8; 32])> {
    let mut measures = Vec::new();
    for watched in &watch.services {
        let service = watched.service.about.name.as_str();
        for slo in &watched.service.slos {
            let sli = watched.slis().iter().find(|sli| sli.wanted.slo == slo.name.as_str());
            let request = sli.map(|sli| {
                let request = &sli.wanted.request;
                let plugin = request.plugin.digest().to_string();
                (request.slice_seconds, plugin, &request.params, &request.event_types)
            });
            let unknown: weir_math::Unknown = slo.unknown_counts_as.into();
            let parts = slo.composite.as_ref().map(|composite| format!("{composite:?}"));
            let all = (request, slo.slice_seconds(), slo.account(), unknown, parts, watch.time.stretch);
            let digest = Sha256::digest(format!("{all:?}")).into();
            measures.push((format!("{service}/{}", slo.name), digest));
        }
    }
    measures
}

impl SavedService {
    fn of(watched: &Watched<'_>) -> SavedService {
        SavedService {
            books: watched.slis().iter().map(|sli| sli.book.clone()).collect(),
            pasts: watched.pasts.iter().map(|(slo, past)| (slo.clone(), past.into())).collect(),
            said: watched.said.clone(),
        }
    }
}

impl From<&Past> for SavedPast {
    fn from(past: &Past) -> SavedPast {
        let merged = |(start, merged): &(i64, Merged)| {
            (*start, [merged.counts.good, merged.counts.bad, merged.unknown, merged.slices])
        };
        let merged = past.merged.iter().map(merged).collect();
        SavedPast { seconds: past.seconds, until: past.until, merged }
    }
}

impl From<SavedPast> for Past {
    fn from(saved: SavedPast) -> Past {
        let merged = |(start, [good, bad, unknown, slices]): (i64, [u64; 4])| {
            (start, Merged { counts: Counts { good, bad }, unknown, slices })
        };
        let merged = saved.merged.into_iter().map(merged).collect();
        Past { seconds: saved.seconds, until: saved.until, merged }
    }
}
