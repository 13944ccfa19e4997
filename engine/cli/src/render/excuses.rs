//! Waivers and overrides for people.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use weir::KnownExcuse;
use weir_model::Effect;
use weir_model::verdict::{ExcuseKind, ExcuseState};

use crate::output::in_effect_colour;
use crate::render::{Clock, clean};

/// Each with its state first, then what it is about, until when, and whose it is.
pub(crate) fn list(known: &[KnownExcuse], clock: &Clock) -> String {
    if known.is_empty() {
        return "  none\n".to_owned();
    }
    known.iter().map(|known| entry(known, clock)).collect()
}

fn entry(known: &KnownExcuse, clock: &Clock) -> String {
    let KnownExcuse { service, excuse, file, line } = known;
    let about = match (&excuse.policy, &excuse.rule) {
        (Some(policy), Some(rule)) => format!("{policy}/{rule} of `{service}`"),
        _ => format!("{} for `{service}`", excuse.kind),
    };
    let (from, until) = match excuse.kind {
        // A waiver holds for whole days in UTC, the last of which is the one that people wrote.
        ExcuseKind::Waiver => {
            let last = excuse.until.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(excuse.until);
            (utc_day(excuse.from), utc_day(last))
        }
        ExcuseKind::Override => (clock.show(excuse.from), clock.show(excuse.until)),
    };
    let ticket = excuse.ticket.as_ref().map(|ticket| format!(" ({ticket})")).unwrap_or_default();
    let whose = format!("{}, approved by {}{ticket}: {}", excuse.by, excuse.approved_by, excuse.reason);
    format!(
        "  {} {about} from {} until {}\n      {}\n      at {file}:{line}\n",
        in_effect_colour(effect(excuse.state), excuse.state.as_str()),
        from,
        until,
        clean::line(&whose),
    )
}

fn utc_day(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).date().to_string()
}

/// The effect whose colour a state has.
fn effect(state: ExcuseState) -> Effect {
    match state {
        ExcuseState::InForce | ExcuseState::ToCome => Effect::Allow,
        ExcuseState::Expiring | ExcuseState::Unused => Effect::Warn,
        ExcuseState::Expired => Effect::Freeze,
    }
}
