//! One service that is watched.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use weir_flow::{Ledger, Live, Slice};
use weir_math::{Decimal, Past, Span};
use weir_model::service::Service;
use weir_model::transition::{AlertState, Answer, DataState, News, Side, TRANSITION_VERSION, Transition};

use super::MINUTE;
use super::book::Book;
use crate::case::Case;
use crate::decide::{Burning, Decided, Question};
use crate::engine::{EngineError, ServiceStatus};
use crate::measure::Wanted;
use crate::measured::{Counted, MeasuredSlo, Running, Slos, Standing};

/// The first period of 1970 stands for all: others are longer by two days and an hour at most, in seconds.
const LONGER_PERIODS: u64 = 3 * 86_400;

/// A service with its SLOs, and what was last said of it.
#[derive(Debug)]
pub(super) struct Watched<'p> {
    pub(super) service: &'p Service,
    case: Case,
    /// The number of the panel that judges it.
    pub(super) panel: usize,
    slis: Vec<MeasuredSli>,
    /// The time before the slices that are kept, by SLO.
    pub(super) pasts: BTreeMap<String, Past>,
    /// The SLOs as of the minute that was judged last; none when they have to be put together anew.
    known: Option<(i64, Slos)>,
    /// Whether they are kept from one minute to the next.
    pub(super) carries: bool,
    pub(super) said: Said,
    /// The length of stretches that slices are merged to, in seconds.
    stretch: Option<NonZeroU32>,
}

/// An SLO that measures an SLI.
#[derive(Debug)]
pub(super) struct MeasuredSli {
    pub(super) wanted: Wanted,
    /// The number of its request.
    request: usize,
    /// The length of the SLO's own slices in seconds.
    slice_seconds: u32,
    /// Whether the calculator judges slices rather than events.
    settles: bool,
    pub(super) book: Book,
    /// Why nothing is counted any more.
    failure: Option<String>,
}

/// What was last said of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    answer: Option<Answer>,
    burning: Vec<Burning>,
    /// Of each SLO that counts.
    slos: BTreeMap<String, SaidOfSlo>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct SaidOfSlo {
    /// How many of the thresholds its budget was at or below.
    crossed: u32,
    is_stale: bool,
}

impl<'p> Watched<'p> {
    /// A service of which nothing is known yet. `first` is the number of its first request.
    pub(super) fn new(
        service: &'p Service,
        case: Case,
        panel: usize,
        wanted: Vec<Wanted>,
        first: usize,
        live: &Live,
        stretch: Option<u32>,
    ) -> Watched<'p> {
        let measured = service.slos.iter().filter(|slo| slo.sli.is_some());
        let slis = measured.zip(wanted).zip(first..).map(|((slo, wanted), request)| {
            let grain = wanted.request.slice_seconds;
            MeasuredSli {
                request,
                slice_seconds: slo.slice_seconds(),
                settles: live.settles(request),
                book: Book::new(grain, stretch.unwrap_or_else(|| grain.saturating_mul(64))),
                failure: None,
                wanted,
            }
        });
        let slis = slis.collect();
        let stretch = stretch.and_then(NonZeroU32::new);
        Watched {
            service,
            case,
            panel,
            slis,
            pasts: BTreeMap::new(),
            known: None,
            carries: true,
            said: Said::default(),
            stretch,
        }
    }

    /// The longest window of its SLOs, in seconds.
    pub(super) fn longest_window(&self) -> i64 {
        let windows = self.service.slos.iter().map(|slo| slo.window.nominal_seconds(0));
        let longest = windows.max().unwrap_or_default().saturating_add(LONGER_PERIODS);
        i64::try_from(longest).unwrap_or(i64::MAX)
    }

    /// Its SLOs that measure an SLI.
    pub(super) fn slis(&self) -> &[MeasuredSli] {
        &self.slis
    }

    /// Goes on with books of an earlier run, one for each SLO that measures an SLI.
    pub(super) fn restore(&mut self, books: Vec<Book>, pasts: BTreeMap<String, Past>, said: Said) {
        for (sli, book) in self.slis.iter_mut().zip(books) {
            sli.book = book;
        }
        (self.pasts, self.said, self.known) = (pasts, said, None);
    }

    /// Takes over what has been counted: the next ledgers are its own.
    pub(super) fn collect(&mut self, ledgers: &mut impl Iterator<Item = Result<Ledger, String>>) {
        for (sli, ledger) in self.slis.iter_mut().zip(ledgers) {
            match ledger {
                Ok(ledger) => {
                    let first = ledger.slices().next().map(|(start, _)| start);
                    // What comes late changes what was known.
                    if self.known.as_ref().zip(first).is_some_and(|((known, _), first)| first < *known) {
                        self.known = None;
                    }
                    sli.book.add(&ledger, sli.settles);
                }
                Err(reason) => (sli.failure, self.known) = (Some(reason), None),
            }
        }
    }

    /// Looks at the SLOs that count, as of a full minute.
    ///
    /// # Errors
    /// When what was measured does not fit the SLOs, which nothing of this engine's making does.
    pub(super) fn look(
        &mut self,
        live: &Live,
        minute: i64,
        kept_from: Option<i64>,
    ) -> Result<Standing, EngineError> {
        self.case.at = Timestamp::from_second(minute).unwrap_or(Timestamp::MAX);
        Ok(Standing { judged: self.measured(live, minute, kept_from)?, shown: Vec::new() })
    }

    /// What its policies are asked about what was found.
    pub(super) fn question<'q>(&'q self, standing: &'q Standing) -> Question<'q> {
        Question { case: &self.case, standing }
    }

    /// Tells what has changed with a decision.
    pub(super) fn tell(
        &mut self,
        decided: Decided,
        standing: &Standing,
        thresholds: &[Decimal],
    ) -> Vec<Transition> {
        let mut news = Vec::new();
        let mut tell = |what| {
            news.push(Transition {
                schema_version: TRANSITION_VERSION,
                service: self.service.about.name.to_string(),
                at: self.case.at,
                news: what,
            });
        };
        let mut burning = decided.burning;
        burning.sort();
        for (state, those, others) in [
            (AlertState::Cleared, &self.said.burning, &burning),
            (AlertState::Fired, &burning, &self.said.burning),
        ] {
            for Burning { policy, slo, clause } in those.iter().filter(|alert| !others.contains(alert)) {
                let (policy, slo, clause) = (policy.clone(), slo.clone(), clause.clone());
                tell(News::Alert { state, policy, slo, clause });
            }
        }
        for slo in &standing.judged {
            self.said.slos.entry(slo.name().to_string()).or_default().compare(slo, thresholds, &mut tell);
        }
        let verdict = decided.verdict;
        let answer = Answer { effect: verdict.effect, undecided: verdict.undecided };
        if self.said.answer != Some(answer) {
            let (policy, clause) = verdict.decided_by.map(|by| (by.policy, by.clause)).unzip();
            let (from, reason) = (self.said.answer, verdict.reason);
            tell(News::Verdict { from, to: answer, reason, policy, clause });
        }
        self.said.answer = Some(answer);
        self.said.burning = burning;
        news
    }

    /// The SLOs that count, as of a full minute.
    ///
    /// Putting the counts of a service together takes much longer than judging them, so from one minute to the next they are
    /// carried on where that can be done.
    fn measured(
        &mut self,
        live: &Live,
        minute: i64,
        kept_from: Option<i64>,
    ) -> Result<Vec<MeasuredSlo>, EngineError> {
        let before = minute.saturating_sub(MINUTE);
        let carried_on = match self.known.take() {
            Some((known, mut slos)) if known == before && !self.slis.iter().any(|sli| sli.settles) => {
                let running = |slo: &str| self.slis.iter().find(|sli| sli.wanted.slo == slo)?.running(minute);
                slos.go_on(running).then_some(slos)
            }
            _ => None,
        };
        let slos = carried_on.map_or_else(|| self.slos(live, minute, kept_from), Ok)?;
        let judged = slos.judged(Timestamp::from_second(minute).unwrap_or(Timestamp::MAX));
        self.known = self.carries.then_some((minute, slos));
        Ok(judged)
    }

    /// The start of the first slice from an instant on that holds anything, both in seconds since 1970.
    pub(super) fn first(&self, from: i64) -> Option<i64> {
        let span = Span { start: from, end: i64::MAX };
        self.slis.iter().filter_map(|sli| sli.book.slices_in(span).next()).map(|(start, _)| start).min()
    }

    /// The SLOs as of a full minute.
    pub(super) fn status(
        &self,
        live: &Live,
        minute: i64,
        kept_from: Option<i64>,
    ) -> Result<ServiceStatus, EngineError> {
        let at = Timestamp::from_second(minute).unwrap_or(Timestamp::MAX);
        let slos = self.slos(live, minute, kept_from)?.standing(at).shown;
        Ok(ServiceStatus { service: self.service.about.name.to_string(), slos })
    }

    /// The SLOs with what had happened before a full minute.
    fn slos(&self, live: &Live, minute: i64, kept_from: Option<i64>) -> Result<Slos, EngineError> {
        // As at the gate, nothing is older than two of the longest windows.
        let from = kept_from.unwrap_or_else(|| minute.saturating_sub(2 * self.longest_window()));
        let counted = self.slis.iter().map(|sli| {
            let within = |(start, _): &(i64, Slice)| kept_from.is_none_or(|from| *start >= from);
            match sli.settled(live, Span { start: from, end: minute }) {
                Ok(Some(ledger)) => sli.counted(ledger.slices().filter(within), Some(minute)),
                Ok(None) => sli.counted(sli.book.slices().filter(within), Some(minute)),
                // As at the gate: the policy says what follows from an SLO that can't be judged.
                Err(reason) => {
                    let nothing = sli.counted(std::iter::empty(), Some(minute))?;
                    Ok(Counted { failure: Some(reason), ..nothing })
                }
            }
        });
        Slos::with_pasts(self.service, counted.collect::<Result<_, EngineError>>()?, &self.pasts)
    }

    /// Merges the slices from `from` on, or from the first, that start before `until`, and forgets what is older than
    /// `horizon`; instants in seconds since 1970.
    pub(super) fn merge(
        &mut self,
        live: &Live,
        from: Option<i64>,
        until: i64,
        horizon: i64,
    ) -> Result<(), EngineError> {
        let Some(seconds) = self.stretch else { return Ok(()) };
        let length = i64::from(seconds.get());
        let first = from.or_else(|| self.slis.iter().filter_map(|sli| sli.book.first_stretch()).min());
        let earliest = super::floor(horizon, length);
        let span = Span { start: from.map_or(earliest, |from| from.max(earliest)), end: until };
        // What could not be judged has no data.
        let settled = self.slis.iter().map(|sli| {
            let nothing = |_| Some(Ledger::new(sli.slice_seconds));
            sli.settled(live, span).unwrap_or_else(nothing)
        });
        let settled: Vec<Option<Ledger>> = settled.collect();
        let mut start = first.unwrap_or(until).max(earliest);
        while start < until {
            let span = Span { start, end: start.saturating_add(length) };
            let within = |(start, _): &(i64, Slice)| span.contains(*start);
            let counted = self.slis.iter().zip(&settled).map(|(sli, settled)| match settled {
                Some(ledger) => sli.counted(ledger.slices().filter(within), None),
                None => sli.counted(sli.book.slices_in(span), None),
            });
            let slos = Slos::of(self.service, counted.collect::<Result<_, EngineError>>()?)?;
            for (slo, merged) in slos.merged(span) {
                let past = self.pasts.entry(slo.to_string());
                let past = past.or_insert_with(|| Past { seconds, until, merged: Vec::new() });
                if merged.slices > 0 {
                    // Room for a day: thousands of these would stand half empty if they doubled.
                    if past.merged.len() == past.merged.capacity() {
                        past.merged.reserve_exact(24);
                    }
                    past.merged.push((start, merged));
                }
            }
            start = span.end;
        }
        for past in self.pasts.values_mut() {
            past.until = until;
            past.merged.retain(|(start, _)| *start >= horizon);
        }
        self.slis.iter_mut().for_each(|sli| sli.book.give_up(until));
        self.known = None;
        Ok(())
    }
}

impl MeasuredSli {
    /// The slices of a span as the calculator judges them, where it does; they are known once they have ended.
    ///
    /// # Errors
    /// With the reason, when the calculator fails.
    fn settled(&self, live: &Live, span: Span) -> Result<Option<Ledger>, String> {
        if !self.settles || self.failure.is_some() {
            return Ok(None);
        }
        let span = span.start.saturating_mul(1000)..span.end.saturating_mul(1000);
        live.settle(self.request, &self.book.ledger(), &span).map(Some)
    }

    /// The slice of the SLO that is running when a minute ends, as far as it has come.
    fn running(&self, minute: i64) -> Option<Running> {
        let length = i64::from(self.slice_seconds);
        let before = minute.saturating_sub(MINUTE);
        let start = super::floor(minute.saturating_sub(1), length);
        // Several slices may end within a minute.
        let is_within = start <= before;
        let tally = self.book.sum(Span { start, end: minute });
        // A minute may have several slices of the grain: the newest counts.
        let fresh = self.book.slices_in(Span { start: before, end: minute }).last();
        let seen = fresh.map(|(start, _)| start.saturating_mul(1000));
        is_within.then_some(Running { start, tally, seen })
    }

    fn counted(
        &self,
        slices: impl Iterator<Item = (i64, Slice)> + Clone,
        before: Option<i64>,
    ) -> Result<Counted<'_>, EngineError> {
        let parts = Counted::of_parts(&self.wanted.slo, self.slice_seconds, self.settles, slices, before)?;
        let mut seen: Vec<i64> = self.book.newest_given_up().into_iter().map(|start| start * 1000).collect();
        seen.extend(parts.seen);
        Ok(Counted { seen, failure: self.failure.clone(), ..parts })
    }
}

impl SaidOfSlo {
    /// Tells what has changed, and remembers how it is now.
    fn compare(&mut self, slo: &MeasuredSlo, thresholds: &[Decimal], tell: &mut impl FnMut(News)) {
        let name = slo.name().to_string();
        let is_stale = slo.gap.is_some();
        if is_stale != self.is_stale {
            let state = if is_stale { DataState::Stale } else { DataState::Back };
            tell(News::Data { slo: name.clone(), state, reason: slo.gap.clone() });
        }
        self.is_stale = is_stale;
        // What can't be judged has not crossed anything.
        let Some(remaining) = slo.budget().remaining().filter(|_| !is_stale) else { return };
        let is_crossed = |threshold: &&Decimal| remaining.cmp_decimal(threshold).is_le();
        let crossed = thresholds.iter().filter(is_crossed).count();
        let before = usize::try_from(self.crossed).unwrap_or_default();
        // Of several levels that were crossed at once, the last one says it all.
        let news = match crossed.cmp(&before) {
            Ordering::Less => thresholds.get(crossed).map(|threshold| (threshold, Side::Above)),
            Ordering::Equal => None,
            Ordering::Greater => thresholds.get(crossed - 1).map(|threshold| (threshold, Side::Below)),
        };
        if let Some((threshold, side)) = news {
            let remaining = remaining.percent_string(1);
            tell(News::Budget { slo: name, threshold: threshold.percent(), side, remaining });
        }
        self.crossed = u32::try_from(crossed).unwrap_or(u32::MAX);
    }
}
