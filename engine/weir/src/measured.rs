//! One SLO at an instant: its ledger, what of it can be judged, and the numbers that people see.

use jiff::Timestamp;
use weir_flow::Ledger;
use weir_math::{Account, Budget, Budgeting, Counts, Pace, Ratio, Series, Span, exhausts_at};
use weir_model::verdict::SloStatus;
use weir_model::{MeasuredAt, Sli, Slo};

/// The stretch that tells the present pace, in seconds: a day, so that night and day are both in it.
const PACE_SECONDS: u64 = 86_400;

/// One SLO of a service at an instant.
#[derive(Debug)]
pub(crate) struct MeasuredSlo {
    pub(crate) slo: Slo,
    pub(crate) account: Account,
    /// Counts over the SLO's window, up to the instant.
    pub(crate) total: Counts,
    /// Share of the window's slices that have data, as a decimal.
    pub(crate) coverage: Option<String>,
    pub(crate) status: SloStatus,
}

impl MeasuredSlo {
    /// Holds a ledger against an SLO at `at`.
    ///
    /// # Errors
    /// When the ledger's slices are not those of the SLO, which no ledger of this engine's making has.
    pub(crate) fn new(
        slo: &Slo,
        sli: &Sli,
        ledger: &Ledger,
        failure: Option<&str>,
        at: Timestamp,
    ) -> Result<MeasuredSlo, String> {
        let now = at.as_second();
        let series =
            Series::new(ledger.slice_seconds(), ledger.slices().map(|(start, slice)| (start, slice.tally)))
                .map_err(|error| error.to_string())?;
        let account = Account::new(&series, slo.account(), slo.unknown_counts_as.into());
        let window = &*slo.window;
        let span = window.elapsed(now);
        let total = account.counts(span);
        let coverage = account.coverage(span);
        let newest = ledger.newest().and_then(|newest| Timestamp::from_millisecond(newest).ok());
        let gap = failure.map(str::to_owned).or_else(|| gap(slo, total, coverage.as_ref(), newest, at));
        let objective = &*slo.objective;
        let budget = Budget::new(objective, total);
        let hour = Budget::new(objective, account.counts(Span { start: now.saturating_sub(3600), end: now }));
        let exhausted = exhausts_at(&account, objective, window, now, pace(&account, now));
        let status = SloStatus {
            name: slo.name.to_string(),
            sli: slo.sli.to_string(),
            measured_at: sli.measured_at.map(|place: MeasuredAt| place.to_string()),
            objective: objective.to_string(),
            window: window.to_string(),
            gap,
            good: total.good,
            bad: total.bad,
            unknown: series.sum(span).unknown,
            unit: unit(&slo.account()).to_owned(),
            achieved: achieved(total).map(|share| share.percent_string(4)),
            remaining: budget.remaining().map(|share| share.percent_string(2)),
            burn_last_hour: hour.burn().map(|burn| burn.to_decimal_string(2)),
            coverage: coverage.as_ref().map(|share| share.percent_string(1)),
            exhausted_at: exhausted.and_then(|second| Timestamp::from_second(second).ok()),
            newest_event: newest,
        };
        let coverage = coverage.map(|share| share.to_decimal_string(6));
        Ok(MeasuredSlo { slo: slo.clone(), account, total, coverage, status })
    }

    /// Why the SLO can't be judged, where it can't.
    pub(crate) fn gap(&self) -> Option<&str> {
        self.status.gap.as_deref()
    }

    /// The counts over the last so many seconds.
    pub(crate) fn last(&self, seconds: u64, now: i64) -> Counts {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        self.account.counts(Span { start: now.saturating_sub(seconds), end: now })
    }

    /// The pace of the last day.
    pub(crate) fn pace(&self, now: i64) -> Pace {
        pace(&self.account, now)
    }
}

fn pace(account: &Account, now: i64) -> Pace {
    let seconds = i64::try_from(PACE_SECONDS).unwrap_or(i64::MAX);
    let counts = account.counts(Span { start: now.saturating_sub(seconds), end: now });
    Pace { good: counts.good, bad: counts.bad, seconds: PACE_SECONDS }
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

/// Why an SLO can't be judged on this data.
fn gap(
    slo: &Slo,
    total: Counts,
    coverage: Option<&Ratio>,
    newest: Option<Timestamp>,
    at: Timestamp,
) -> Option<String> {
    let name = &slo.name;
    let Some(newest) = newest else {
        return Some(format!("`{name}` has no events"));
    };
    let age = at.as_second().saturating_sub(newest.as_second());
    let stale_after = slo.stale_after.seconds();
    if age > i64::try_from(stale_after).unwrap_or(i64::MAX) {
        return Some(format!(
            "`{name}` is stale: its newest event is of {newest}, {} ago, and it goes stale after {}",
            weir_math::format_duration(age.unsigned_abs() / 60 * 60),
            weir_math::format_duration(stale_after),
        ));
    }
    if total.valid() == 0 {
        return Some(format!("`{name}` has no valid events in its window"));
    }
    let least = *slo.min_coverage?;
    let enough = coverage.is_some_and(|coverage| coverage.cmp_decimal(&least).is_ge());
    if enough {
        return None;
    }
    let have = coverage.map_or_else(|| "0 %".to_owned(), |coverage| coverage.percent_string(1));
    Some(format!("`{name}` has data for {have} of its window, and needs {}", least.percent()))
}
