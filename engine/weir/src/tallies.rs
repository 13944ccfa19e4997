//! Counts from elsewhere: what a source has counted already is handed in by slice, beside the events that Weir reads itself.
//!
//! The engine asks nobody over a network: whoever embeds it brings a [`TallySource`], and the engine tells it what it needs.

use std::collections::BTreeMap;
use std::fmt::Debug;

use jiff::Timestamp;
use weir_flow::{Ledger, Slice};
use weir_math::Tally;
use weir_model::Sli;
use weir_model::diagnostic::quote;
use weir_model::project::EventSource;
use weir_model::service::Service;

use crate::engine::EngineError;
use crate::measure::{Events, Origin, SloLedger, Stretch, horizon};
use crate::project::Project;

/// Hands in what has been counted already. Any number of threads may ask.
pub trait TallySource: Debug + Send + Sync {
    /// The tallies of an SLI.
    ///
    /// # Errors
    /// When they can't be had.
    fn tallies(&self, wanted: &WantedTallies<'_>) -> Result<SliTallies, TallyError>;
}

/// The counts that an SLI needs.
#[derive(Debug, Clone, Copy)]
pub struct WantedTallies<'p> {
    /// The service.
    pub service: &'p Service,
    /// One of its SLIs, which says what is counted.
    pub sli: &'p Sli,
    /// The source that counts it.
    pub source: &'p EventSource,
    /// The length of a slice in seconds.
    pub slice_seconds: u32,
    /// Where the first slice that matters starts, or before it.
    pub from: Timestamp,
    /// The instant of the question: what happens at it or later is not known yet.
    pub until: Timestamp,
}

/// The counts of an SLI.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SliTallies {
    /// What is known, by the instant at which a slice starts, in seconds since 1970: a multiple of the slice's length. A
    /// slice that is not there is unknown.
    pub slices: BTreeMap<i64, Tally>,
    /// The newest instant that something is known of, before the instant of the question.
    pub newest: Option<Timestamp>,
}

/// Why there are no counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TallyError {
    /// They could not be had now: the SLOs of the SLI are undecided, and this is why.
    #[error("{0}")]
    Unknown(String),
    /// What the project says of the source or of the SLI is wrong.
    #[error("{message}")]
    Wrong {
        /// What is wrong.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
}

/// The ledgers of the SLOs that a source has counted, for each service in this order.
///
/// # Errors
/// When a source says that the project is wrong. A source that can't be reached is no error: nothing is known of its SLOs.
pub(crate) fn taken(
    project: &Project,
    services: &[&Service],
    stretch: &Stretch<'_>,
    events: &Events,
) -> Result<Vec<Vec<SloLedger>>, EngineError> {
    services.iter().map(|service| taken_of(project, service, stretch, events)).collect()
}

fn taken_of(
    project: &Project,
    service: &Service,
    stretch: &Stretch<'_>,
    events: &Events,
) -> Result<Vec<SloLedger>, EngineError> {
    let from = Timestamp::from_millisecond(horizon(&[service], stretch.from)).unwrap_or(Timestamp::MIN);
    // SLOs that share an SLI mostly share the length of slices, too.
    let mut known: BTreeMap<(&str, u32), Result<Ledger, String>> = BTreeMap::new();
    let mut ledgers = Vec::new();
    for slo in &service.slos {
        let Some(sli) = slo.sli.as_ref().and_then(|name| service.sli(name)) else { continue };
        let Some(name) = &sli.source else { continue };
        let slice_seconds = (stretch.slice_seconds)(service, slo);
        let source = project.file.sources.iter().find(|source| source.name == *name);
        let source =
            source.ok_or_else(|| EngineError::Internal(format!("no source {}", quote(name.as_str()))))?;
        let wanted = WantedTallies { service, sli, source, slice_seconds, from, until: stretch.until };
        let ledger = match known.get(&(sli.name.as_str(), slice_seconds)) {
            Some(ledger) => ledger.clone(),
            None => {
                let ledger = ledger(&wanted, events)?;
                known.insert((sli.name.as_str(), slice_seconds), ledger.clone());
                ledger
            }
        };
        ledgers.push(SloLedger {
            slo: slo.name.to_string(),
            origin: Origin::Source(name.to_string()),
            ledger,
            slice_seconds,
        });
    }
    Ok(ledgers)
}

/// The ledger of what is wanted, or why nothing is known.
fn ledger(wanted: &WantedTallies<'_>, events: &Events) -> Result<Result<Ledger, String>, EngineError> {
    let (sli, source) = (quote(wanted.sli.name.as_str()), quote(wanted.source.name.as_str()));
    let about = |why: &str| format!("the SLI {sli} has no counts from the source {source}: {why}");
    let Some(counts) = events.tallies.as_ref().filter(|_| events.files.is_empty()) else {
        let why = if events.files.is_empty() {
            "nobody hands them in"
        } else {
            "events are read from files instead"
        };
        return Ok(Err(about(why)));
    };
    let tallies = match counts.tallies(wanted) {
        Ok(tallies) => tallies,
        Err(TallyError::Unknown(why)) => return Ok(Err(about(&why))),
        Err(TallyError::Wrong { message, help }) => {
            return Err(EngineError::question(about(&message), help));
        }
    };
    let until = wanted.until.as_millisecond();
    let newest = tallies.newest.map(|newest| newest.as_millisecond());
    let length = i64::from(wanted.slice_seconds.max(1));
    let fits = |start: &i64| start.rem_euclid(length) == 0 && start.saturating_mul(1000) < until;
    if !tallies.slices.keys().all(fits) || newest.is_some_and(|newest| newest >= until) {
        return Ok(Err(about("they are in other slices than it was asked about")));
    }
    let slices = tallies.slices.into_iter().map(|(start, tally)| (start, Slice { tally, latest: None }));
    Ok(Ok(Ledger::from_slices(wanted.slice_seconds, slices.collect(), newest)))
}

/// Refuses services with SLOs that a source has counted: a source has no events that could be followed.
///
/// # Errors
/// When there is one.
pub(crate) fn only_events(services: &[&Service]) -> Result<(), EngineError> {
    for service in services {
        let counted = |name: &weir_model::Name| service.sli(name).is_some_and(|sli| sli.source.is_some());
        if let Some(slo) = service.slos.iter().find(|slo| slo.sli.as_ref().is_some_and(counted)) {
            let message = format!(
                "the SLO {} of {} can't be watched: its counts come from a source, and events are followed",
                quote(slo.name.as_str()),
                quote(service.about.name.as_str())
            );
            let help = "name the services to watch, or ask `weir gate` and `weir slo status` again and again";
            return Err(EngineError::question(message, Some(help.to_owned())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
