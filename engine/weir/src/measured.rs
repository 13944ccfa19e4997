//! The SLOs of a service: their ledgers, how they stand at an instant, what of them can be judged, and the numbers that
//! people see.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use weir_flow::{Ledger, Slice};
use weir_math::{
    Account, Budget, Budgeting, Counts, Decimal, Latch, Merged, Objective, Pace, Part, Past, Ratio, Series,
    Span, Tally, Window,
};
use weir_math::{all_hold, exhausts_at, objective_missed, weighted};
use weir_model::service::Service;
use weir_model::slo::Composite;
use weir_model::verdict::{CompositeStatus, PartOfAll, PartOfWeighted, SloCounts, SloStatus};
use weir_model::{MeasuredAt, Name, Slo};

use crate::case::RecordedNonsense;
use crate::engine::EngineError;
use crate::measure::SloLedger;

/// The stretch that tells the present pace, in seconds: a day, so that night and day are both in it.
const PACE_SECONDS: u64 = 86_400;

/// A day, in seconds.
const DAY_SECONDS: u64 = 86_400;

/// So many events in a slice are enough for every policy that asks for a least number of them.
const MUCH: u64 = 1_000_000;

/// The SLOs of a service with all that was measured, ready to be looked at from any instant.
#[derive(Debug)]
pub(crate) struct Slos {
    /// In the order of the service file.
    entries: Vec<Entry>,
}

/// One SLO with all that was measured.
#[derive(Debug)]
pub(crate) enum Entry {
    /// It counts.
    Counted(Arc<History>),
    /// It is derived from others that do.
    Weighted(Box<Weighted>),
}

/// An SLO that counts, with all its counts.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) slo: Slo,
    pub(crate) objective: Objective,
    pub(crate) account: Account,
    series: Series,
    measured_at: Option<MeasuredAt>,
    /// As in [`Counted`].
    failure: Option<String>,
    /// As in [`Counted`].
    seen: Vec<i64>,
    /// The parts of a composite.
    parts: Vec<Arc<History>>,
    /// Where latches are known to have stood, so that instants that follow each other need not look at the same past again.
    latched: Mutex<Vec<(Latch, BTreeMap<i64, bool>)>>,
}

/// What was counted for an SLO that measures an SLI.
#[derive(Debug)]
pub(crate) struct Counted<'l> {
    /// The SLO's name.
    pub(crate) slo: &'l str,
    /// Its counts by slice; none where the calculator failed.
    pub(crate) series: Series,
    /// When events that counted are known to have happened, in milliseconds since 1970, rising. For one instant the
    /// newest is enough.
    pub(crate) seen: Vec<i64>,
    /// Why nothing could be counted.
    pub(crate) failure: Option<String>,
}

impl Counted<'_> {
    /// What was counted in slices that may be parts of the SLO's own, each by its start in seconds since 1970.
    ///
    /// With an instant `before`, only what had happened before it, and slices of a calculator that judges slices
    /// (`settles`) when they had ended: that is how it stood then.
    ///
    /// # Errors
    /// When the slices hold more events than can be counted.
    pub(crate) fn of_parts(
        slo: &str,
        slice_seconds: u32,
        settles: bool,
        slices: impl Iterator<Item = (i64, Slice)> + Clone,
        before: Option<i64>,
    ) -> Result<Counted<'_>, EngineError> {
        let length = i64::from(slice_seconds.max(1));
        // A calculator that judges slices judges whole ones only: a slice is known when it has ended.
        let takes = if settles { length } else { 1 };
        // Slices that were judged without an event have no newest one.
        let seen = slices.clone().filter(|(_, slice)| !settles || slice.latest.is_some());
        let tallies = slices
            .filter(|(start, _)| before.is_none_or(|before| start.saturating_add(takes) <= before))
            .map(|(start, slice)| (start.div_euclid(length).saturating_mul(length), slice.tally));
        Ok(Counted {
            slo,
            series: Series::new(slice_seconds, tallies)
                .map_err(|error| EngineError::Internal(error.to_string()))?,
            seen: seen.map(|(start, _)| start.saturating_mul(1000)).collect(),
            failure: None,
        })
    }
}

/// The slice of an SLO that is running at an instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Running {
    /// Its start in seconds since 1970.
    pub(crate) start: i64,
    /// What it holds by then.
    pub(crate) tally: Tally,
    /// When an event that counted is known to have happened since the last instant, in milliseconds since 1970.
    pub(crate) seen: Option<i64>,
}

/// A weighted composite. It has no counts, so policies are not asked about it.
#[derive(Debug)]
pub(crate) struct Weighted {
    slo: Slo,
    parts: Vec<(Decimal, Arc<History>)>,
}

/// An SLO that counts, at an instant.
#[derive(Debug)]
pub(crate) struct MeasuredSlo {
    history: Arc<History>,
    /// The instant, in seconds since 1970.
    now: i64,
    /// Counts over the SLO's window, up to the instant.
    pub(crate) total: Counts,
    /// The share of the window's slices that have data.
    pub(crate) coverage: Option<Ratio>,
    /// Why the SLO can't be judged, where it can't.
    pub(crate) gap: Option<String>,
}

/// How the SLOs of a service stand at an instant.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Those that policies are asked about.
    pub(crate) judged: Vec<MeasuredSlo>,
    /// All of them, as people see them.
    pub(crate) shown: Vec<SloStatus>,
}

impl Slos {
    /// The SLOs of a service with their ledgers: one for each SLO that measures an SLI.
    ///
    /// # Errors
    /// When a ledger is missing, or its slices are not those of its SLO.
    pub(crate) fn new(service: &Service, ledgers: &[SloLedger]) -> Result<Slos, EngineError> {
        let counted = ledgers.iter().map(|measured| {
            let empty = Ledger::new(measured.slice_seconds);
            let (ledger, failure) = match &measured.ledger {
                Ok(ledger) => (ledger, None),
                Err(failure) => (&empty, Some(failure.clone())),
            };
            let slices = ledger.slices().map(|(start, slice)| (start, slice.tally));
            Ok(Counted {
                slo: &measured.slo,
                series: Series::new(ledger.slice_seconds(), slices)
                    .map_err(|error| RecordedNonsense::new("ledger", &error))?,
                seen: ledger.newest().into_iter().collect(),
                failure,
            })
        });
        Slos::of(service, counted.collect::<Result<_, EngineError>>()?)
    }

    /// The SLOs of a service with what was counted for each that measures an SLI.
    ///
    /// # Errors
    /// When the counts of one are missing, or the parts of a composite don't fit together.
    pub(crate) fn of(service: &Service, counted: Vec<Counted<'_>>) -> Result<Slos, EngineError> {
        Slos::with_pasts(service, counted, &BTreeMap::new())
    }

    /// As [`of`](Slos::of), where the slices of some SLOs that count, by name, have been merged up to some instant.
    ///
    /// # Errors
    /// As for [`of`](Slos::of); and when a past does not fit the slices after it.
    pub(crate) fn with_pasts(
        service: &Service,
        mut counted: Vec<Counted<'_>>,
        pasts: &BTreeMap<String, Past>,
    ) -> Result<Slos, EngineError> {
        let past = |slo: &Slo| pasts.get(slo.name.as_str());
        let mut measured: Vec<Arc<History>> = Vec::new();
        for slo in service.slos.iter().filter(|slo| slo.sli.is_some()) {
            let Some(place) = counted.iter().position(|counted| counted.slo == slo.name.as_str()) else {
                let reason = format!("there is none for the SLO `{}`", slo.name);
                return Err(RecordedNonsense::new("ledgers", &reason).into());
            };
            measured.push(Arc::new(History::of_sli(service, slo, counted.swap_remove(place), past(slo))?));
        }
        let part = |name: &Name| {
            let found = measured.iter().find(|history| history.slo.name == *name).cloned();
            found.ok_or_else(|| RecordedNonsense::new("service", &format!("no SLO `{name}` is measured")))
        };
        let mut entries = Vec::new();
        for slo in &service.slos {
            entries.push(match &slo.composite {
                None => Entry::Counted(part(&slo.name)?),
                Some(Composite::All(parts)) => {
                    let histories = parts.iter().map(|named| part(&named.slo)).collect::<Result<_, _>>()?;
                    Entry::Counted(Arc::new(History::of_all(slo, parts, histories, past(slo))?))
                }
                Some(Composite::Weighted(parts)) => Entry::Weighted(Box::new(Weighted {
                    slo: slo.clone(),
                    parts: parts.iter().map(|(name, weight)| Ok((**weight, part(name)?))).collect::<Result<
                        _,
                        RecordedNonsense,
                    >>(
                    )?,
                })),
            });
        }
        Ok(Slos { entries })
    }

    /// Brings the counts up to a later instant: `running` tells of an SLO what its last slice holds by then. Whether it could:
    /// what composites are made of can't be changed under them, and slices only come after those that are known.
    pub(crate) fn go_on(&mut self, running: impl Fn(&str) -> Option<Running>) -> bool {
        self.entries.iter_mut().all(|entry| {
            let Entry::Counted(history) = entry else { return false };
            let Some(history) = Arc::get_mut(history) else { return false };
            running(history.slo.name.as_str()).is_some_and(|running| history.go_on(&running))
        })
    }

    /// The SLOs, in the order of the service file.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The SLOs that count, by name, each with what started within a span.
    pub(crate) fn merged(&self, span: Span) -> impl Iterator<Item = (&Name, Merged)> {
        self.entries.iter().filter_map(move |entry| match entry {
            Entry::Counted(history) => Some((&history.slo.name, history.account.merged(span))),
            Entry::Weighted(_) => None,
        })
    }

    /// The SLOs that count, at an instant.
    pub(crate) fn judged(&self, at: Timestamp) -> Vec<MeasuredSlo> {
        let counted = self.entries.iter().filter_map(|entry| match entry {
            Entry::Counted(history) => Some(MeasuredSlo::new(history, at)),
            Entry::Weighted(_) => None,
        });
        counted.collect()
    }

    /// All SLOs at an instant, with what people see of them.
    pub(crate) fn standing(&self, at: Timestamp) -> Standing {
        let judged = self.judged(at);
        let mut counted = judged.iter();
        let shown = self.entries.iter().filter_map(|entry| match entry {
            Entry::Counted(_) => counted.next().map(MeasuredSlo::status),
            Entry::Weighted(weighted) => Some(weighted.status(at)),
        });
        Standing { shown: shown.collect(), judged }
    }
}

impl Entry {
    /// The window of the SLO.
    pub(crate) fn window(&self) -> &Window {
        match self {
            Entry::Counted(history) => &history.slo.window,
            Entry::Weighted(weighted) => &weighted.slo.window,
        }
    }

    /// What was left of the error budget at an instant, in seconds since 1970. None where nothing had counted, and where
    /// data had gone stale: then nobody knew. To a slice.
    pub(crate) fn remaining(&self, now: i64) -> Option<Ratio> {
        let span = self.window().elapsed(now);
        match self {
            Entry::Counted(history) if history.is_fresh(now) => {
                Budget::new(&history.objective, history.account.counts(span)).remaining()
            }
            Entry::Weighted(weighted) if weighted.parts.iter().all(|(_, part)| part.is_fresh(now)) => {
                weighted.mean(span).0.map(|mean| mean.remaining)
            }
            Entry::Counted(_) | Entry::Weighted(_) => None,
        }
    }

    /// The burn rate over the last so many seconds; none where nothing counted.
    pub(crate) fn burn(&self, seconds: u64, now: i64) -> Option<Ratio> {
        match self {
            Entry::Counted(history) => Budget::new(&history.objective, history.counts(seconds, now)).burn(),
            Entry::Weighted(weighted) => {
                let span = Span { start: now.saturating_sub_unsigned(seconds), end: now };
                weighted.mean(span).0.map(|mean| mean.burn)
            }
        }
    }
}

impl History {
    fn of_sli(
        service: &Service,
        slo: &Slo,
        counted: Counted<'_>,
        past: Option<&Past>,
    ) -> Result<History, EngineError> {
        let sli = slo.sli.as_ref().and_then(|name| service.sli(name));
        Ok(History {
            measured_at: sli.and_then(|sli| sli.measured_at),
            failure: counted.failure,
            seen: counted.seen,
            ..History::new(slo, counted.series, past)?
        })
    }

    /// A composite that holds while all its parts do: derived from their ledgers, so that none of its own is kept.
    fn of_all(
        slo: &Slo,
        named: &[weir_model::slo::Part],
        histories: Vec<Arc<History>>,
        past: Option<&Past>,
    ) -> Result<History, EngineError> {
        let parts: Vec<Part<'_>> = named
            .iter()
            .zip(&histories)
            .map(|(part, history)| Part { series: &history.series, target: target(part, history) })
            .collect();
        let series = all_hold(&parts).map_err(|error| unfit(slo, &error))?;
        let failure = histories.iter().find_map(|part| part.failure.clone());
        Ok(History { failure, parts: histories, ..History::new(slo, series, past)? })
    }

    fn new(slo: &Slo, series: Series, past: Option<&Past>) -> Result<History, EngineError> {
        let Some(objective) = slo.objective else { return Err(unfit(slo, &"it has no objective")) };
        let unknown = slo.unknown_counts_as.into();
        let account = match past {
            Some(past) => Account::with_past(past, &series, slo.account(), unknown)
                .map_err(|error| unfit(slo, &error))?,
            None => Account::new(&series, slo.account(), unknown),
        };
        Ok(History {
            slo: slo.clone(),
            objective: *objective,
            account,
            series,
            measured_at: None,
            failure: None,
            seen: Vec::new(),
            parts: Vec::new(),
            latched: Mutex::default(),
        })
    }

    /// Takes over what the last slice holds by now. Whether that can be done.
    fn go_on(&mut self, running: &Running) -> bool {
        if self.series.first().is_some() {
            // Only composites ask for it, and it shares the starts of the slices with the account.
            let Ok(empty) = Series::new(self.series.slice_seconds(), []) else { return false };
            self.series = empty;
        }
        self.seen.extend(running.seen);
        // The slice that was running has another past now.
        self.latched = Mutex::default();
        let (budgeting, unknown) = (self.slo.account(), self.slo.unknown_counts_as.into());
        self.account.put(running.start, running.tally, budgeting, unknown).is_ok()
    }

    /// When the newest event happened that counted before the instant. A composite knows what the least known of its
    /// parts does.
    fn newest(&self, at: Timestamp) -> Option<Timestamp> {
        self.least_known(at).own_newest(at)
    }

    fn least_known(&self, at: Timestamp) -> &History {
        // Nothing at all is less than anything.
        self.parts.iter().map(AsRef::as_ref).min_by_key(|part| part.own_newest(at)).unwrap_or(self)
    }

    fn own_newest(&self, at: Timestamp) -> Option<Timestamp> {
        let before = self.seen.partition_point(|seen| *seen < at.as_millisecond());
        let newest = self.seen.get(before.checked_sub(1)?)?;
        Timestamp::from_millisecond(*newest).ok()
    }

    /// Whether data was known at an instant that had not gone stale, to a slice. All parts of a composite must have some.
    fn is_fresh(&self, now: i64) -> bool {
        let has_data = |account: &Account| {
            let back = self.slo.stale_after.seconds().saturating_add(u64::from(account.slice_seconds()));
            let span = Span { start: now.saturating_sub_unsigned(back), end: now };
            account.coverage(span).is_some_and(|share| share > Ratio::ZERO)
        };
        if self.parts.is_empty() {
            return has_data(&self.account);
        }
        self.parts.iter().all(|part| has_data(&part.account))
    }

    /// Whether a latch is closed at an instant.
    fn latched(&self, latch: &Latch, now: i64) -> bool {
        let known = |latched: &[(Latch, BTreeMap<i64, bool>)]| {
            let (_, known) = latched.iter().find(|(other, _)| other == latch)?;
            known.range(..=now).next_back().map(|(instant, closed)| (*instant, *closed))
        };
        let before = known(&self.latched.lock().unwrap_or_else(PoisonError::into_inner));
        let closed = latch.closed_since(&self.account, &self.objective, &self.slo.window, now, before);
        let mut latched = self.latched.lock().unwrap_or_else(PoisonError::into_inner);
        match latched.iter_mut().find(|(other, _)| other == latch) {
            Some((_, known)) => drop(known.insert(now, closed)),
            None => latched.push((*latch, BTreeMap::from([(now, closed)]))),
        }
        closed
    }

    fn counts(&self, seconds: u64, now: i64) -> Counts {
        self.account.counts(Span { start: now.saturating_sub_unsigned(seconds), end: now })
    }

    /// Why the SLO can't be judged on this data.
    fn gap(&self, total: Counts, coverage: Option<&Ratio>, at: Timestamp) -> Option<String> {
        if let Some(failure) = &self.failure {
            return Some(failure.clone());
        }
        let name = &self.slo.name;
        let source = self.least_known(at);
        let of_part = if source.slo.name == *name { None } else { Some(&source.slo.name) };
        let Some(newest) = source.own_newest(at) else {
            let of_part = of_part.map(|part| format!(" of its part `{part}`")).unwrap_or_default();
            return Some(format!("`{name}` has no events{of_part}"));
        };
        let age = at.as_second().saturating_sub(newest.as_second());
        let stale_after = self.slo.stale_after.seconds();
        if age > i64::try_from(stale_after).unwrap_or(i64::MAX) {
            let whose = of_part.map_or_else(
                || "its newest event".to_owned(),
                |part| format!("the newest event of `{part}`"),
            );
            return Some(format!(
                "`{name}` is stale: {whose} is of {newest}, {} ago, and it goes stale after {}",
                weir_math::format_duration(age.unsigned_abs() / 60 * 60),
                weir_math::format_duration(stale_after),
            ));
        }
        if total.valid() == 0 {
            return Some(format!("`{name}` has no valid events in its window"));
        }
        let least = *self.slo.min_coverage?;
        let enough = coverage.is_some_and(|coverage| coverage.cmp_decimal(&least).is_ge());
        if enough {
            return None;
        }
        let have = coverage.map_or_else(|| "0 %".to_owned(), |coverage| coverage.percent_string(1));
        Some(format!("`{name}` has data for {have} of its window, and needs {}", least.percent()))
    }
}

/// The share of good events that makes a slice of a part good.
fn target(part: &weir_model::slo::Part, history: &History) -> Decimal {
    part.target.map_or_else(|| history.slo.slice_goal(), |target| *target)
}

/// What was measured does not fit the SLO, which nothing of this engine's making does.
fn unfit(slo: &Slo, reason: &dyn ToString) -> EngineError {
    EngineError::question(format!("SLO `{}`: {}", slo.name, reason.to_string()), None)
}

impl MeasuredSlo {
    fn new(history: &Arc<History>, at: Timestamp) -> MeasuredSlo {
        let now = at.as_second();
        let span = history.slo.window.elapsed(now);
        let total = history.account.counts(span);
        let coverage = history.account.coverage(span);
        let gap = history.gap(total, coverage.as_ref(), at);
        MeasuredSlo { history: history.clone(), now, total, coverage, gap }
    }

    pub(crate) fn name(&self) -> &Name {
        &self.history.slo.name
    }

    pub(crate) fn objective(&self) -> &Objective {
        &self.history.objective
    }

    pub(crate) fn window(&self) -> &Window {
        &self.history.slo.window
    }

    pub(crate) fn account(&self) -> &Account {
        &self.history.account
    }

    /// What is left of the error budget.
    pub(crate) fn budget(&self) -> Budget {
        Budget::new(&self.history.objective, self.total)
    }

    /// Whether a latch is closed.
    pub(crate) fn latched(&self, latch: &Latch) -> bool {
        self.history.latched(latch, self.now)
    }

    /// The counts over the last so many seconds.
    pub(crate) fn last(&self, seconds: u64) -> Counts {
        self.history.counts(seconds, self.now)
    }

    /// The pace of the last day.
    pub(crate) fn pace(&self) -> Pace {
        let counts = self.last(PACE_SECONDS);
        Pace { good: counts.good, bad: counts.bad, seconds: PACE_SECONDS }
    }

    pub(crate) fn budgeting(&self) -> Budgeting {
        self.history.slo.account()
    }

    /// The counts over the SLO's window as they were on each day of the recorded data, the newest first: at most as many
    /// days as one window has, and only those on which anything counted.
    pub(crate) fn daily(&self, at: Timestamp) -> Vec<Counts> {
        let window = self.window();
        let Some(first) = self.account().first() else { return Vec::new() };
        let days = (window.nominal_seconds(self.now) / DAY_SECONDS).max(1);
        (0..days)
            .map(|day| at.as_second().saturating_sub_unsigned(day.saturating_mul(DAY_SECONDS)))
            .take_while(|instant| *instant > first)
            .map(|instant| self.account().counts(window.elapsed(instant)))
            .filter(|counts| counts.valid() > 0)
            .collect()
    }

    /// The same SLO in an outage: all that came over its window, or over as many seconds if that is longer, was bad, and
    /// there was much of it.
    ///
    /// # Errors
    /// When the SLO has more slices than can be counted, which none has.
    pub(crate) fn in_outage(&self, seconds: u64) -> Result<MeasuredSlo, EngineError> {
        let slo = &self.history.slo;
        let length = i64::from(self.history.series.slice_seconds());
        let window = slo.window.elapsed(self.now);
        let start = window.start.min(self.now.saturating_sub_unsigned(seconds));
        let slices = (start.div_euclid(length)..self.now.div_euclid(length))
            .map(|slice| (slice.saturating_mul(length), Tally { good: 0, bad: MUCH, unknown: 0 }));
        let series =
            Series::new(self.history.series.slice_seconds(), slices).map_err(|error| unfit(slo, &error))?;
        let newest = self.now.saturating_sub(1).saturating_mul(1000);
        let outage = History { seen: vec![newest], ..History::new(slo, series, None)? };
        Ok(MeasuredSlo::new(&Arc::new(outage), Timestamp::from_second(self.now).unwrap_or(Timestamp::MAX)))
    }

    fn status(&self) -> SloStatus {
        let history = &self.history;
        let slo = &history.slo;
        let exhausted = exhausts_at(&history.account, &history.objective, &slo.window, self.now, self.pace());
        let hour = Budget::new(&history.objective, self.last(3600));
        let instant = |second: i64| Timestamp::from_second(second).ok();
        SloStatus {
            measured_at: history.measured_at.map(|place| place.to_string()),
            objective: Some(history.objective.to_string()),
            composite: history.composite(),
            gap: self.gap.clone(),
            counts: Some(self.counts()),
            achieved: achieved(self.total).map(|share| share.percent_string(4)),
            remaining: self.budget().remaining().map(|share| share.percent_string(2)),
            missed_confidence: self.missed_confidence(),
            burn_last_hour: hour.burn().map(|burn| burn.to_decimal_string(2)),
            coverage: self.coverage.as_ref().map(|share| share.percent_string(1)),
            exhausted_at: exhausted.and_then(instant),
            newest_event: instant(self.now).and_then(|at| history.newest(at)),
            ..status_of(slo)
        }
    }

    fn counts(&self) -> SloCounts {
        let (slo, span) = (&self.history.slo, self.history.slo.window.elapsed(self.now));
        SloCounts {
            good: self.total.good,
            bad: self.total.bad,
            unknown: self.history.account.merged(span).unknown,
            allowed_bad: self.budget().allowed_bad(),
            unit: unit(&slo.account()).to_owned(),
        }
    }

    /// None where a slice counts as a billion: they are no billion observations.
    fn missed_confidence(&self) -> Option<String> {
        if self.history.slo.account() == Budgeting::RatioTimeSlices {
            return None;
        }
        let sure = format!("{:.4}", objective_missed(&self.history.objective, self.total)?);
        Some(sure.trim_end_matches('0').trim_end_matches('.').to_owned())
    }
}

impl History {
    fn composite(&self) -> Option<CompositeStatus> {
        let Some(Composite::All(named)) = &self.slo.composite else { return None };
        let parts = named.iter().zip(&self.parts).map(|(part, history)| PartOfAll {
            slo: part.slo.to_string(),
            target: target(part, history).percent(),
        });
        Some(CompositeStatus::All { parts: parts.collect() })
    }
}

impl Weighted {
    /// The mean over a stretch of time, where any part has counts, and the weights and budgets that it comes from.
    fn mean(&self, span: Span) -> (Option<weir_math::Weighted>, Vec<(Decimal, Budget)>) {
        let budget = |history: &History| Budget::new(&history.objective, history.account.counts(span));
        let parts: Vec<(Decimal, Budget)> =
            self.parts.iter().map(|(weight, part)| (*weight, budget(part))).collect();
        (weighted(&parts), parts)
    }

    fn status(&self, at: Timestamp) -> SloStatus {
        let now = at.as_second();
        let (whole, budgets) = self.mean(self.slo.window.elapsed(now));
        let (hour, _) = self.mean(Span { start: now.saturating_sub(3600), end: now });
        let parts = self.parts.iter().zip(budgets).map(|((weight, part), (_, budget))| PartOfWeighted {
            slo: part.slo.name.to_string(),
            weight: weight.to_string(),
            remaining: budget.remaining().map(|share| share.percent_string(2)),
        });
        SloStatus {
            composite: Some(CompositeStatus::Weighted {
                parts: parts.collect(),
                judged: whole.as_ref().map(|mean| mean.judged.percent_string(1)),
            }),
            gap: self.parts.iter().find_map(|(_, part)| MeasuredSlo::new(part, at).gap),
            remaining: whole.map(|mean| mean.remaining.percent_string(2)),
            burn_last_hour: hour.map(|mean| mean.burn.to_decimal_string(2)),
            newest_event: self.parts.iter().map(|(_, part)| part.newest(at)).min().flatten(),
            ..status_of(&self.slo)
        }
    }
}

/// What an SLO's file alone says of it.
fn status_of(slo: &Slo) -> SloStatus {
    SloStatus {
        name: slo.name.to_string(),
        sli: slo.sli.as_ref().map(ToString::to_string),
        composite: None,
        measured_at: None,
        objective: None,
        window: slo.window.to_string(),
        gap: None,
        counts: None,
        achieved: None,
        remaining: None,
        missed_confidence: None,
        burn_last_hour: None,
        coverage: None,
        exhausted_at: None,
        newest_event: None,
    }
}

/// The share of good ones.
fn achieved(counts: Counts) -> Option<Ratio> {
    Ratio::new(i128::from(counts.good), u128::from(counts.valid()))
}

fn unit(budgeting: &Budgeting) -> &'static str {
    match budgeting {
        Budgeting::Occurrences => "events",
        Budgeting::TimeSlices { .. } => "slices",
        Budgeting::RatioTimeSlices => "billionths of slices",
    }
}
