//! Counts from elsewhere: what a source has counted already is handed in by slice, beside the events that Weir reads itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use weir_flow::{Ledger, Slice};
use weir_model::SourceError;
use weir_model::diagnostic::quote;
use weir_model::service::Service;

use crate::engine::EngineError;
use crate::measure::{Events, Origin, SloLedger, Stretch, horizon};
use crate::project::Project;
use crate::servers::WantedTallies;

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
    let Some(servers) = events.servers.as_ref().filter(|_| events.files.is_empty()) else {
        let why = if events.files.is_empty() {
            "nobody hands them in"
        } else {
            "events are read from files instead"
        };
        return Ok(Err(about(why)));
    };
    let tallies = match servers.tallies(wanted) {
        Ok(tallies) => tallies,
        Err(SourceError::Wrong { message, help }) => {
            return Err(EngineError::question(about(&message), help));
        }
        Err(error) => return Ok(Err(about(&error.to_string()))),
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
