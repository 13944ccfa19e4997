//! Waivers and overrides for people.

use weir::KnownExcuse;
use weir_model::Effect;
use weir_model::verdict::ExcuseState;

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
    let ticket = excuse.ticket.as_ref().map(|ticket| format!(" ({ticket})")).unwrap_or_default();
    let whose = format!("{}, approved by {}{ticket}: {}", excuse.by, excuse.approved_by, excuse.reason);
    format!(
        "  {} {about} from {} until {}\n      {}\n      at {file}:{line}\n",
        in_effect_colour(effect(excuse.state), excuse.state.as_str()),
        clock.show(excuse.from),
        clock.show(excuse.until),
        clean::line(&whose),
    )
}

/// The effect whose colour a state has.
fn effect(state: ExcuseState) -> Effect {
    match state {
        ExcuseState::InForce | ExcuseState::ToCome => Effect::Allow,
        ExcuseState::Expiring | ExcuseState::Unused => Effect::Warn,
        ExcuseState::Expired => Effect::Freeze,
    }
}
