//! Watching: streams are followed while they grow, and whatever changes is told: verdicts, alerts, budgets, missing data.
//!
//! Time is that of the events. A minute is judged once no event of it needs to be waited for any more: when the streams have
//! come further than the allowed lateness. It is the gate's own path, as in a back-test, so that what is told is the same
//! however the streams were cut into pieces, and whether or not the run was interrupted. Only what comes later than allowed may
//! be seen by a minute or not; it is counted all the same.

mod book;
mod follow;
mod panel;
mod saved;
mod sources;
mod takeover;
#[cfg(test)]
mod tests;
mod watched;

use std::path::Path;

use fs_err as fs;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use weir_flow::{Live, Options};
use weir_math::Decimal;
use weir_model::service::Service;
use weir_model::transition::Transition;
use weir_model::{Change, EventCounts};

use self::follow::Piece;
use self::panel::{Minute, Panel};
use self::saved::Saved;
use self::sources::Sources;
pub use self::takeover::ProjectFiles;
use self::watched::Watched;
use crate::alerts;
use crate::case::CasePolicy;
use crate::engine::{Engine, EngineError, ServiceStatus, USUAL_GATE, nothing_judged};
use crate::measure::{self, Events, KEPT_WHOLE};
use crate::project::Project;
use crate::snapshot::{self, SnapshotError};
use crate::talk::Talk;
use crate::tallies;

/// Instants are judged at full minutes, in seconds.
const MINUTE: i64 = 60;

/// Slices are merged by the hour at least, in seconds.
const HOUR: u32 = 3600;

/// Slices of lengths that have no common multiple within a week are never merged.
const LONGEST_STRETCH: u64 = 7 * 86_400;

/// Of so many SLOs the counts are carried on from minute to minute, which takes half a megabyte each. Of more, they are
/// put together anew at every minute: a moment longer, for a third of the memory.
const MOST_CARRIED: usize = 1000;

/// Single slices are kept for a day at least, in seconds: the pace of a day is shown everywhere.
const LEAST_KEPT: u64 = 86_400;

/// What to watch.
#[derive(Debug, Clone)]
pub struct WatchRequest {
    /// The services; empty for all of the project that a policy judges.
    pub services: Vec<String>,
    /// What kind of change the gate is asked about.
    pub change: Change,
    /// The gate; none for `deploy` when there is one, and else for all policies.
    pub gate: Option<String>,
    /// How long after a minute its events may still come, in seconds of the events' own time. Later ones are counted, too,
    /// and what was told before stays.
    pub lateness_seconds: u64,
    /// Minutes before this instant are counted and not judged; none judges all from the first event on.
    pub from: Option<Timestamp>,
    /// The levels of remaining budget that are told when they are crossed, as shares of the budget.
    pub thresholds: Vec<Decimal>,
    /// Which streams are followed.
    pub events: Events,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Something was read.
    Read,
    /// All that there is has been read; more may come.
    Waiting,
    /// All streams have ended.
    Ended,
}

/// A project that is watched.
///
/// Whoever holds it takes one [`step`](Watch::step) after the other. It reads no clock.
#[derive(Debug)]
pub struct Watch<'p> {
    project: &'p Project,
    request: WatchRequest,
    live: Live,
    sources: Sources,
    services: Vec<Watched<'p>>,
    panels: Vec<Panel>,
    time: Time,
    /// What has been found out and not yet handed out.
    news: Vec<Transition>,
    notes: Vec<String>,
    /// What the plugins of policies have written to their logs.
    talk: Talk,
    /// What the snapshot of the earlier run was marked with; none when it begins anew.
    mark: Option<u64>,
    /// Keeps the snapshot to this watch, where there is one to go on from.
    lock: Option<fs::File>,
}

/// How far time has come, and how long slices are kept.
#[derive(Debug)]
struct Time {
    /// The last minute that was judged, in seconds since 1970.
    minute: Option<i64>,
    /// The start of the oldest slices that are kept one by one, in seconds since 1970; none as long as all are.
    kept_from: Option<i64>,
    /// How long they are kept, in seconds.
    keep: i64,
    /// How long anything is kept, in seconds.
    horizon: i64,
    /// The length of the stretches that slices are merged to, in seconds; none when they never are.
    stretch: Option<u32>,
}

impl Time {
    /// Before the first event, for services whose windows are not known yet.
    fn at_the_beginning(stretch: Option<u32>) -> Time {
        let keep = i64::try_from(LEAST_KEPT).unwrap_or(i64::MAX);
        Time { minute: None, kept_from: None, keep, horizon: 0, stretch }
    }
}

impl Engine {
    /// Begins to watch a project, or goes on from a snapshot if there is one. The snapshot is kept to this watch: a file with
    /// the ending `.lock` beside it sees to that.
    ///
    /// Checks are left out: their documents have no time. Nothing is recorded.
    ///
    /// # Errors
    /// When the question or the project is wrong, a snapshot is there and can't be gone on from or another process goes on
    /// from it, or a stream can't be read.
    pub fn watch<'p>(
        &self,
        project: &'p Project,
        request: &WatchRequest,
        snapshot: Option<&Path>,
    ) -> Result<Watch<'p>, EngineError> {
        let mut watch = self.new_watch(project, request)?;
        watch.notes.extend(watch.sources.without().iter().map(|source| format!("{} yet", source.told())));
        watch.lock = snapshot.map(snapshot::lock).transpose()?;
        if let Some(path) = snapshot
            && let Some(found) = snapshot::read(path, snapshot::Kind::Watch)?
        {
            let foreign = |reason| SnapshotError::Foreign { file: found.file.display().to_string(), reason };
            Saved::read(&found.content).and_then(|saved| saved.restore(&mut watch)).map_err(foreign)?;
            watch.notes.extend(found.note);
        }
        Ok(watch)
    }

    fn new_watch<'p>(&self, project: &'p Project, request: &WatchRequest) -> Result<Watch<'p>, EngineError> {
        self.check_parameters(project)?;
        let judged = self.watched_services(project, request)?;
        let services: Vec<&Service> = judged.iter().map(|(service, _)| *service).collect();
        tallies::only_events(&services)?;
        alerts::only_streams(project, &services, &request.events)?;
        let grain = self.grain(project);
        let wanted = measure::wanted(project, &self.plugins, &services, &grain)?;
        let lateness = i64::try_from(request.lateness_seconds).unwrap_or(i64::MAX).saturating_mul(1000);
        let options = Options {
            from: i64::MIN,
            until: i64::MAX,
            keep_whole: KEPT_WHOLE.map(str::to_owned).to_vec(),
            environments: project.file.about.environments.clone(),
            strict: request.events.strict,
            threads: None,
            progress: None,
        };
        let requests = wanted.iter().flatten().map(|wanted| wanted.request.clone()).collect();
        let live = Live::new(requests, options);
        let mut time = Time::at_the_beginning(stretch(&services));
        let carries = wanted.iter().map(Vec::len).sum::<usize>() <= MOST_CARRIED;
        let mut panels = Vec::new();
        let mut watched = Vec::new();
        let mut first = 0;
        for ((service, policies), wanted) in judged.iter().zip(wanted) {
            let panel = self.panel(project, policies, &mut panels)?;
            let mut case = self.empty_case(project, service, Timestamp::UNIX_EPOCH);
            case.gate = request.gate.as_deref().unwrap_or(USUAL_GATE).to_owned();
            case.change = request.change;
            let count = wanted.len();
            let mut new = Watched::new(service, case, panel, wanted, first, &live, time.stretch);
            new.carries = carries;
            first += count;
            time.horizon = time.horizon.max(2 * new.longest_window());
            watched.push(new);
        }
        let longest_look = panels.iter().map(Panel::longest_look).max().unwrap_or_default();
        time.keep = time.keep.max(longest_look).saturating_add(lateness / 1000);
        let sources = Sources::new(project, &services, &request.events)?;
        let mut request = request.clone();
        request.thresholds.sort_by(|one, other| other.cmp(one));
        Ok(Watch {
            project,
            request,
            live,
            sources,
            services: watched,
            panels,
            time,
            news: Vec::new(),
            notes: Vec::new(),
            talk: Talk::default(),
            mark: None,
            lock: None,
        })
    }

    /// The number of the panel of these policies, which is added if it is not there yet.
    fn panel(
        &self,
        project: &Project,
        policies: &[CasePolicy],
        panels: &mut Vec<Panel>,
    ) -> Result<usize, EngineError> {
        let names: Vec<String> = policies.iter().map(|policy| policy.policy.about.name.to_string()).collect();
        if let Some(known) = panels.iter().position(|panel| panel.policies == names) {
            return Ok(known);
        }
        panels.push(Panel { policies: names, armed: self.arm(project, policies)? });
        Ok(panels.len() - 1)
    }

    /// The policies that judge a service at a gate by its budgets.
    fn budget_policies(
        &self,
        project: &Project,
        service: &Service,
        gate: Option<&str>,
    ) -> Result<Vec<CasePolicy>, EngineError> {
        let mut policies = self.judges(project, service, gate)?;
        policies.retain(|policy| !self.is_check(project, &policy.policy));
        Ok(policies)
    }

    /// The services that are asked about, or else all that a policy judges by budgets; each with those policies.
    fn watched_services<'p>(
        &self,
        project: &'p Project,
        request: &WatchRequest,
    ) -> Result<Vec<(&'p Service, Vec<CasePolicy>)>, EngineError> {
        let gate = request.gate.as_deref();
        let mut services: Vec<(&Service, Vec<CasePolicy>)> = Vec::new();
        for name in &request.services {
            let service = self.service_file(project, name)?;
            let policies = self.budget_policies(project, service, gate)?;
            if policies.is_empty() {
                return Err(nothing_judged(name, gate.unwrap_or(USUAL_GATE)));
            }
            services.push((service, policies));
        }
        if request.services.is_empty() {
            for service in project.services() {
                let policies = self.budget_policies(project, service, gate)?;
                if !policies.is_empty() {
                    services.push((service, policies));
                }
            }
        }
        services.sort_by_key(|(service, _)| service.about.name.as_str());
        services.dedup_by_key(|(service, _)| service.about.name.as_str());
        if services.is_empty() {
            return Err(nothing_judged("any service", gate.unwrap_or(USUAL_GATE)));
        }
        Ok(services)
    }
}

impl Watch<'_> {
    /// Reads the next piece of the stream that is least far ahead, and judges the minutes that are over with it. Events at or
    /// after `until` are late: no clock is that far ahead.
    ///
    /// # Errors
    /// When a stream can't be read; under `strict`, at the first event that can't be understood.
    pub fn step(&mut self, until: Timestamp) -> Result<Step, EngineError> {
        for number in self.sources.in_order_of_time() {
            let Some(piece) = self.sources.next(number)? else { continue };
            self.notes.extend(self.sources.notes(number));
            match piece {
                Piece::Nothing | Piece::Ended => continue,
                Piece::NewFile => self.sources.begin(number),
                Piece::LongLine => {
                    let stream = self.sources.stream(number);
                    stream.map_or(Ok(()), |stream| self.live.refuse_long_line(stream))?;
                }
                Piece::Lines { lines, is_last } => {
                    let stream = self.sources.stream(number);
                    let from = self.time.kept_from.map_or(i64::MIN, |from| from.saturating_mul(1000));
                    let kept = from..until.as_millisecond();
                    stream.map_or(Ok(()), |stream| self.live.read(stream, lines, is_last, &kept))?;
                }
            }
            self.judge(self.sources.now())?;
            return Ok(Step::Read);
        }
        if self.sources.find_new(self.project, &self.services, &self.request.events)? {
            return Ok(Step::Read);
        }
        self.judge(self.sources.now())?;
        Ok(if self.sources.have_ended() { Step::Ended } else { Step::Waiting })
    }

    /// Says that nothing came for so many seconds, of which time passes for the events, too: without it, silence could not be
    /// told from a stand-still.
    ///
    /// # Errors
    /// When what was measured does not fit the SLOs, which nothing of this engine's making does.
    pub fn wait(&mut self, seconds: u64) -> Result<(), EngineError> {
        let passed = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
        self.judge(self.sources.now().map(|now| now.saturating_add(passed)))
    }

    /// What has changed since this was last asked, in the order in which it did.
    pub fn news(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.news)
    }

    /// News as a CloudEvent. The same news has the same `id` in every run.
    pub fn event(&self, news: &Transition) -> serde_json::Value {
        let data = serde_json::json!(news);
        let digest = Sha256::digest(data.to_string());
        let id: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        serde_json::json!({
            "specversion": "1.0",
            "id": id,
            "source": format!("/weir/{}", self.project.file.about.name),
            "type": news.event_type(),
            "subject": news.service,
            "time": news.at.to_string(),
            "datacontenttype": "application/json",
            "data": data,
        })
    }

    /// What should be said about streams, snapshots and logs of plugins since this was last asked. Of a plugin's log each line
    /// is told once in a run, and only the first ones that differ.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Files that were asked for by name and are not there, or not any more with what had not been read of them.
    pub fn missing(&self) -> Vec<String> {
        if self.request.events.files.is_empty() { Vec::new() } else { self.sources.awaited() }
    }

    /// What became of the events so far.
    pub fn counts(&mut self) -> EventCounts {
        EventCounts { no_files: self.sources.without().to_vec(), ..self.live.counts() }
    }

    /// The last minute that was judged; none before the first.
    pub fn minute(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.time.minute?).ok()
    }

    /// The SLOs as of the last minute that was judged.
    ///
    /// # Errors
    /// When what was measured does not fit the SLOs, which nothing of this engine's making does.
    pub fn status(&mut self) -> Result<Vec<ServiceStatus>, EngineError> {
        let Some(minute) = self.time.minute else { return Ok(Vec::new()) };
        self.collect();
        let kept_from = self.time.kept_from;
        self.services.iter().map(|service| service.status(&self.live, minute, kept_from)).collect()
    }

    /// What the run that left the snapshot had marked it with: see [`save`](Watch::save). None when it begins anew.
    pub fn mark(&self) -> Option<u64> {
        self.mark
    }

    /// Leaves a snapshot from which another run can go on, without losing an event or counting one twice. `mark` is a number
    /// of the caller's, for example how much of the news has been written where.
    ///
    /// # Errors
    /// When files can't be read or written.
    pub fn save(&mut self, path: &Path, mark: u64) -> Result<(), EngineError> {
        self.collect();
        let content = Saved::of(self, mark)?.content()?;
        Ok(snapshot::write(path, snapshot::Kind::Watch, &content)?)
    }

    /// Judges every minute that is over at an instant, in milliseconds since 1970.
    fn judge(&mut self, now: Option<i64>) -> Result<(), EngineError> {
        let lateness = i64::try_from(self.request.lateness_seconds).unwrap_or(i64::MAX);
        let Some(now) = now else { return Ok(()) };
        let last = floor(now.div_euclid(1000).saturating_sub(lateness), MINUTE);
        if self.time.minute.is_some_and(|judged| last <= judged) {
            return Ok(());
        }
        self.collect();
        // An event older than anything that is kept has a wrong clock, or nobody would judge the time after it.
        let oldest = last.saturating_sub(self.time.horizon);
        let first = self.services.iter().filter_map(|service| service.first(oldest)).min();
        let Some(judged) = self.time.minute.or(first.map(|first| floor(first, MINUTE))) else {
            return Ok(());
        };
        // Past a silence longer than anything that is kept, nothing changes any more.
        let first = judged.saturating_add(MINUTE).max(oldest);
        let mut minute = floor(first, MINUTE);
        let from = self.request.from.map_or(i64::MIN, Timestamp::as_second);
        while minute <= last {
            if minute >= from {
                let (kept_from, thresholds) = (self.time.kept_from, self.request.thresholds.as_slice());
                let judged = Minute { live: &self.live, minute, kept_from, thresholds };
                let (news, talk) = judged.judge(&self.panels, &mut self.services)?;
                self.news.extend(news);
                self.talk.join(talk);
                self.notes.extend(self.talk.news(None));
            }
            self.time.minute = Some(minute);
            self.merge(minute)?;
            self.note_logs();
            minute = minute.saturating_add(MINUTE);
        }
        Ok(())
    }

    /// Takes over what has been counted.
    fn collect(&mut self) {
        let mut ledgers = self.live.take().into_iter();
        for service in &mut self.services {
            service.collect(&mut ledgers);
        }
        self.note_logs();
    }

    /// Passes on what calculators have written to their logs.
    fn note_logs(&mut self) {
        for log in self.live.said() {
            self.notes.extend(log.told());
        }
    }

    /// Merges the slices that are not kept one by one any longer.
    fn merge(&mut self, minute: i64) -> Result<(), EngineError> {
        let Some(stretch) = self.time.stretch else { return Ok(()) };
        let until = floor(minute.saturating_sub(self.time.keep), i64::from(stretch));
        if self.time.kept_from.is_some_and(|from| until <= from) {
            return Ok(());
        }
        for service in &mut self.services {
            service.merge(
                &self.live,
                self.time.kept_from,
                until,
                minute.saturating_sub(self.time.horizon),
            )?;
        }
        self.time.kept_from = Some(until);
        Ok(())
    }
}

/// The length of stretches that hold whole slices of every SLO, in seconds.
fn stretch(services: &[&Service]) -> Option<u32> {
    let slos = services.iter().flat_map(|service| &service.slos);
    let common =
        slos.map(|slo| u64::from(slo.slice_seconds().max(1))).try_fold(u64::from(HOUR), |common, slice| {
            let (mut one, mut other) = (common, slice);
            while other != 0 {
                (one, other) = (other, one % other);
            }
            let multiple = common.checked_mul(slice / one)?;
            (multiple <= LONGEST_STRETCH).then_some(multiple)
        });
    u32::try_from(common?).ok()
}

/// The multiple of a length at an instant or before it.
fn floor(instant: i64, length: i64) -> i64 {
    instant.saturating_sub(instant.rem_euclid(length))
}
