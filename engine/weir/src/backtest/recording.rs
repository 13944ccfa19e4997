//! What was measured of a service, to be looked at from any minute as it was known then.

use jiff::Timestamp;
use weir_flow::Ledger;
use weir_model::Slo;
use weir_model::service::Service;

use crate::engine::EngineError;
use crate::measure::SloLedger;
use crate::measured::{Counted, MeasuredSlo, Slos};

/// The instants that a back-test looks at begin a minute, in seconds since 1970.
pub(super) const MINUTE: u64 = 60;

/// The ledger of one SLO at the grain of a back-test.
#[derive(Debug)]
pub(super) struct Recorded {
    /// In slices of [`grain`] seconds; in those of the SLO where the calculator judges slices.
    pub(super) ledger: SloLedger,
    /// The length of the SLO's own slices in seconds.
    pub(super) slice_seconds: u32,
    /// Whether the calculator judges slices rather than events.
    pub(super) settles: bool,
}

/// The SLOs of a service with the ledgers of the whole time.
///
/// Most instants stand between two slices of every SLO. There, what was known then is a part of what is known now, and
/// nothing has to be added up again. At the others, the slice that was running has to be cut, and all is made anew.
#[derive(Debug)]
pub(super) struct Recording<'s> {
    service: &'s Service,
    ledgers: Vec<Recorded>,
    whole: Slos,
}

/// The length of slices, in seconds, that tells at every minute what was known then, and whether it had gone stale.
pub(super) fn grain(slo: &Slo) -> u32 {
    let common = |one: u64, other: u64| {
        let (mut one, mut other) = (one, other);
        while other != 0 {
            (one, other) = (other, one % other);
        }
        one
    };
    let seconds = common(common(u64::from(slo.slice_seconds()), MINUTE), slo.stale_after.seconds());
    u32::try_from(seconds).unwrap_or(1)
}

impl<'s> Recording<'s> {
    /// A recording of the ledgers of a service.
    ///
    /// # Errors
    /// When a ledger is missing, or its slices are not those of its SLO.
    pub(super) fn new(service: &'s Service, ledgers: Vec<Recorded>) -> Result<Recording<'s>, EngineError> {
        let whole = slos(service, &ledgers, None)?;
        Ok(Recording { service, ledgers, whole })
    }

    /// The SLOs that count, at an instant that begins a minute.
    ///
    /// # Errors
    /// As for [`Recording::new`].
    pub(super) fn at(&self, at: Timestamp) -> Result<Vec<MeasuredSlo>, EngineError> {
        let now = at.as_second();
        let between = |recorded: &Recorded| now.rem_euclid(i64::from(recorded.slice_seconds.max(1))) == 0;
        if self.ledgers.iter().all(between) {
            Ok(self.whole.judged(at))
        } else {
            Ok(slos(self.service, &self.ledgers, Some(now))?.judged(at))
        }
    }
}

/// The SLOs with what had happened before an instant; with all that happened when there is none.
fn slos(service: &Service, ledgers: &[Recorded], before: Option<i64>) -> Result<Slos, EngineError> {
    let counted = ledgers.iter().map(|Recorded { ledger, slice_seconds, settles }| {
        let empty = Ledger::new(*slice_seconds);
        let (measured, failure) = match &ledger.ledger {
            Ok(measured) => (measured, None),
            Err(failure) => (&empty, Some(failure.clone())),
        };
        let parts = Counted::of_parts(&ledger.slo, *slice_seconds, *settles, measured.slices(), before)?;
        Ok(Counted { failure, ..parts })
    });
    Slos::of(service, counted.collect::<Result<_, EngineError>>()?)
}
