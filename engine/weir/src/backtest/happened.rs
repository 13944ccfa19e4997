//! Deploys and incidents among the events.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use weir_model::Change;
use weir_model::event::{
    DEPLOY, Data, Deployed, Event, INCIDENT_DECLARED, INCIDENT_MITIGATED, INCIDENT_RESOLVED, IncidentNews,
};

use super::report::Incident;
use crate::engine::EngineError;

/// What happened to the services, beside their traffic.
#[derive(Debug, Default)]
pub(super) struct Happened {
    /// Each with its service.
    deploys: Vec<(String, Deploy)>,
    incidents: Vec<(String, Incident)>,
}

/// A change that went out.
#[derive(Debug, Clone)]
pub(super) struct Deploy {
    pub(super) id: String,
    pub(super) at: Timestamp,
    pub(super) version: Option<String>,
    pub(super) change: Change,
}

impl Happened {
    /// Sorts the events by what they are about. Events of other types, and those about no service, are passed over; so is
    /// news of an incident that nobody declared.
    ///
    /// # Errors
    /// When an event has no time, or its data makes no sense.
    pub(super) fn of(events: &[Event<'_>]) -> Result<Happened, EngineError> {
        let mut happened = Happened::default();
        let mut events: Vec<(Timestamp, &Event<'_>)> =
            events.iter().filter(|event| is_read(event)).map(timed).collect::<Result<_, _>>()?;
        // Events come in the order of files. Of two at the same instant, the identity decides.
        events.sort_by_key(|(at, event)| (*at, event.source.clone(), event.id.clone()));
        for (at, event) in &events {
            let Some(service) = event.subject.as_ref().map(ToString::to_string) else { continue };
            match event.kind.as_ref() {
                DEPLOY => {
                    let data: Deployed = data(event)?;
                    let deploy = Deploy {
                        id: event.id.to_string(),
                        at: *at,
                        version: data.version,
                        change: data.change,
                    };
                    happened.deploys.push((service, deploy));
                }
                INCIDENT_DECLARED => happened.declare(service, data(event)?, *at),
                _ => {}
            }
        }
        for (at, event) in &events {
            let Some(service) = event.subject.as_deref() else { continue };
            let news: IncidentNews = match event.kind.as_ref() {
                INCIDENT_MITIGATED | INCIDENT_RESOLVED => data(event)?,
                _ => continue,
            };
            let known = happened.incidents.iter_mut().find(|(subject, incident)| {
                subject == service && incident.id == news.incident && incident.declared <= *at
            });
            let Some((_, incident)) = known else { continue };
            let ended = if event.kind == INCIDENT_MITIGATED {
                &mut incident.mitigated
            } else {
                &mut incident.resolved
            };
            // What is said again is not new.
            ended.get_or_insert(*at);
        }
        Ok(happened)
    }

    /// Takes in that an incident was declared. Who detects it and who reports it may both say so: it is one incident, and what
    /// is said first counts.
    fn declare(&mut self, service: String, news: IncidentNews, at: Timestamp) {
        let mut known = self.incidents.iter_mut();
        let known = known.find(|(subject, incident)| *subject == service && incident.id == news.incident);
        let Some((_, incident)) = known else {
            return self.incidents.push((service, declared(news, at)));
        };
        incident.title = incident.title.take().or(news.title);
        incident.severity = incident.severity.take().or(news.severity);
        incident.began = incident.began.or(news.began.map(|began| *began));
    }

    /// The deploys of a service from one instant up to another, oldest first.
    pub(super) fn deploys(&self, service: &str, from: Timestamp, until: Timestamp) -> Vec<Deploy> {
        let of_service = self.deploys.iter().filter(|(subject, _)| subject == service);
        of_service
            .filter(|(_, deploy)| (from..until).contains(&deploy.at))
            .map(|(_, deploy)| deploy.clone())
            .collect()
    }

    /// The incidents of a service that were declared from one instant up to another, in that order.
    pub(super) fn incidents(&self, service: &str, from: Timestamp, until: Timestamp) -> Vec<Incident> {
        let of_service = self.incidents.iter().filter(|(subject, _)| subject == service);
        let declared = of_service.filter(|(_, incident)| (from..until).contains(&incident.declared));
        declared.map(|(_, incident)| incident.clone()).collect()
    }
}

fn is_read(event: &Event<'_>) -> bool {
    [DEPLOY, INCIDENT_DECLARED, INCIDENT_MITIGATED, INCIDENT_RESOLVED].contains(&event.kind.as_ref())
}

fn declared(news: IncidentNews, at: Timestamp) -> Incident {
    Incident {
        id: news.incident,
        title: news.title,
        severity: news.severity,
        began: news.began.map(|began| *began),
        declared: at,
        mitigated: None,
        resolved: None,
    }
}

fn timed<'e, 'd>(event: &'e Event<'d>) -> Result<(Timestamp, &'e Event<'d>), EngineError> {
    let time = event.time.ok_or_else(|| nonsense(event, "it has no `time`"))?;
    Ok((*time, event))
}

fn data<T: DeserializeOwned>(event: &Event<'_>) -> Result<T, EngineError> {
    let text = match &event.data {
        Some(Data::Json(json)) => json.get(),
        Some(Data::Base64(_)) => return Err(nonsense(event, "its data is no JSON")),
        None => "{}",
    };
    serde_json::from_str(text).map_err(|error| nonsense(event, &error.to_string()))
}

fn nonsense(event: &Event<'_>, reason: &str) -> EngineError {
    EngineError::question(
        format!(
            "the event `{}` of `{}` makes no sense as `{}`: {reason}",
            event.id, event.source, event.kind
        ),
        Some("docs/backtest.md says what deploys and incidents hold".to_owned()),
    )
}
