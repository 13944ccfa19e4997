//! Alerts that servers know of: asked for once, where an SLI measures alerts, and read as those of files are.
//!
//! An SLI that measures alerts and lacks those of a server is not known: a verdict on the rest could let through what the
//! missing ones would have stopped.

use weir_flow::{Flow, Format};
use weir_model::diagnostic::quote;
use weir_model::event::{ALERT_CLEARED, ALERT_FIRED, is_of_type};
use weir_model::project::{EventFormat, EventSource};
use weir_model::service::Service;
use weir_model::{Sli, SourceError};

use crate::engine::EngineError;
use crate::measure::{Events, SloLedger};
use crate::project::Project;

/// What servers told of alerts.
#[derive(Debug, Default)]
pub(crate) struct Alerts<'p> {
    told: Vec<(&'p EventSource, Vec<u8>)>,
    /// What is missing and why, if a server could not be asked.
    missing: Option<String>,
}

impl<'p> Alerts<'p> {
    /// Asks the servers of a project, if an SLI that is judged measures alerts. Where files are read instead of the
    /// project's sources, nobody is asked.
    ///
    /// # Errors
    /// When a server says that the project is wrong. A server that can't be reached is no error: then alerts are missing.
    pub(crate) fn asked(
        project: &'p Project,
        services: &[&Service],
        events: &Events,
    ) -> Result<Alerts<'p>, EngineError> {
        let mut alerts = Alerts::default();
        if !events.files.is_empty() || !services.iter().any(|service| first_measuring(service).is_some()) {
            return Ok(alerts);
        }
        for source in sources(project) {
            let answer = match &events.servers {
                Some(servers) => servers.alerts(source),
                None => Err(SourceError::Unknown("nobody hands them in".to_owned())),
            };
            let about = |error| format!("the alerts of the source {}: {error}", quote(source.name.as_str()));
            match answer {
                Ok(told) => alerts.told.push((source, told)),
                Err(SourceError::Wrong { message, help }) => {
                    return Err(EngineError::question(about(message), help));
                }
                Err(error) => {
                    alerts.missing.get_or_insert_with(|| about(error.to_string()));
                }
            }
        }
        Ok(alerts)
    }

    /// Reads what was told.
    ///
    /// # Errors
    /// Under `strict`, at the first alert that can't be understood.
    pub(crate) fn read(&self, flow: &mut Flow) -> Result<(), EngineError> {
        for (source, told) in &self.told {
            let service = source.service.as_ref().map(ToString::to_string);
            let shown = source.url.as_ref().map(ToString::to_string).unwrap_or_default();
            flow.read(&shown, &Format::Alertmanager { service }, told.as_slice())?;
        }
        Ok(())
    }

    /// Leaves the SLOs of a service unknown that lack alerts.
    pub(crate) fn leave_unknown(&self, service: &Service, ledgers: &mut [SloLedger]) {
        let Some(missing) = &self.missing else { return };
        for slo in &service.slos {
            let Some(sli) = slo.sli.as_ref().and_then(|name| service.sli(name)) else { continue };
            let ledger = ledgers.iter_mut().find(|ledger| ledger.slo == slo.name.as_str());
            if let Some(ledger) = ledger.filter(|_| measures_alerts(sli)) {
                ledger.ledger = Err(format!("the SLI {} lacks {missing}", quote(sli.name.as_str())));
            }
        }
    }
}

/// Refuses services whose SLIs measure alerts of servers: those are asked for, not followed.
///
/// # Errors
/// When there is one.
pub(crate) fn only_streams(
    project: &Project,
    services: &[&Service],
    events: &Events,
) -> Result<(), EngineError> {
    let Some(source) = sources(project).next().filter(|_| events.files.is_empty()) else { return Ok(()) };
    let Some((service, sli)) = services.iter().find_map(|service| Some((service, first_measuring(service)?)))
    else {
        return Ok(());
    };
    let message = format!(
        "the SLI {} of {} can't be watched: it measures alerts, and those of the source {} are asked for, not followed",
        quote(sli.name.as_str()),
        quote(service.about.name.as_str()),
        quote(source.name.as_str())
    );
    let help = "name the services or the streams to watch, or let Alertmanager's webhook write notifications to a file";
    Err(EngineError::question(message, Some(help.to_owned())))
}

/// The sources of a project that are Alertmanagers to be asked.
fn sources(project: &Project) -> impl Iterator<Item = &EventSource> {
    let is_server =
        |source: &&EventSource| source.format == EventFormat::Alertmanager && source.url.is_some();
    project.file.sources.iter().filter(is_server)
}

/// The first SLI of a service that an SLO judges and that measures alerts.
fn first_measuring(service: &Service) -> Option<&Sli> {
    let slis = service.slos.iter().filter_map(|slo| service.sli(slo.sli.as_ref()?));
    slis.into_iter().find(|sli| measures_alerts(sli))
}

fn measures_alerts(sli: &Sli) -> bool {
    let names = |kind: &str| sli.event_types.iter().any(|pattern| is_of_type(kind, pattern.as_str()));
    sli.plugin.is_some() && (names(ALERT_FIRED) || names(ALERT_CLEARED))
}

#[cfg(test)]
mod tests;
