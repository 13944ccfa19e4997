//! How the waivers and overrides of a project stand at the instant of a verdict.

use jiff::Timestamp;
use weir_model::finding::Outcome as RuleOutcome;
use weir_model::overrule::Override;
use weir_model::verdict::{Excuse, ExcuseKind, ExcuseState, Judged, Overruled};
use weir_model::waiver::Waiver;

use super::Outcome;
use crate::case::Case;

/// The waivers and overrides that are about the service and one of the policies that were asked.
pub(super) fn excuses(case: &Case, outcomes: &[Outcome], overruled: Option<&Overruled>) -> Vec<Excuse> {
    let service = &case.service.about.name;
    let mut excuses = Vec::new();
    for (index, waiver) in case.waivers.iter().enumerate() {
        let asked = outcomes.iter().find(|outcome| outcome.name == waiver.policy);
        if let Some(outcome) = asked.filter(|_| waiver.service.matches(service.as_str())) {
            let needed = is_needed(case, index, waiver, outcome);
            excuses.push(of_waiver(waiver, case.at, needed, case.notice.waiver_seconds));
        }
    }
    let mut applied = overruled;
    for force in &case.overrides {
        if !outcomes.iter().any(|outcome| force.covers(service, &outcome.name, case.change)) {
            continue;
        }
        // The first override that holds is the one that was applied.
        let needed = force.holds(case.at) && applied.take().is_some_and(|mark| mark.from != force.effect);
        excuses.push(of_override(force, case.at, needed, case.notice.override_seconds));
    }
    excuses
}

/// Whether a waiver that holds has something to excuse, or may have: of a rule that could not be judged nobody knows.
fn is_needed(case: &Case, index: usize, waiver: &Waiver, outcome: &Outcome) -> bool {
    let said = &outcome.outcome;
    if said.judged == Judged::Error {
        return true;
    }
    let about = |earlier: &Waiver| {
        earlier.holds(case.at)
            && earlier.covers(&case.service.about.name, &outcome.name, waiver.rule.as_str())
    };
    // Of several waivers of one rule, the first one is the one that excuses.
    let is_first = !case.waivers.iter().take(index).any(about);
    let findings = said.findings.iter().filter(|finding| finding.rule == waiver.rule.as_str());
    is_first
        && findings
            .into_iter()
            .any(|finding| matches!(finding.outcome, RuleOutcome::Waived | RuleOutcome::Unknown))
}

/// A waiver at an instant. `needed`: whether there is something that it excuses if it holds.
pub(crate) fn of_waiver(waiver: &Waiver, at: Timestamp, needed: bool, notice: u64) -> Excuse {
    let (from, until) = (*waiver.from(), *waiver.until());
    Excuse {
        kind: ExcuseKind::Waiver,
        state: state(at, from, until, needed, notice),
        policy: Some(waiver.policy.to_string()),
        rule: Some(waiver.rule.to_string()),
        by: waiver.requested_by.to_string(),
        approved_by: waiver.approved_by.to_string(),
        reason: waiver.reason.to_string(),
        ticket: waiver.ticket.as_ref().map(ToString::to_string),
        from,
        until,
    }
}

/// An override at an instant. `needed`: whether the policies ask for something else if it holds.
pub(crate) fn of_override(force: &Override, at: Timestamp, needed: bool, notice: u64) -> Excuse {
    Excuse {
        kind: ExcuseKind::Override,
        state: state(at, *force.from, *force.until, needed, notice),
        policy: None,
        rule: None,
        by: force.by.to_string(),
        approved_by: force.approved_by.to_string(),
        reason: force.reason.to_string(),
        ticket: force.ticket.as_ref().map(ToString::to_string),
        from: *force.from,
        until: *force.until,
    }
}

fn state(at: Timestamp, from: Timestamp, until: Timestamp, needed: bool, notice: u64) -> ExcuseState {
    if at >= until {
        ExcuseState::Expired
    } else if at < from {
        ExcuseState::ToCome
    } else if !needed {
        ExcuseState::Unused
    } else if u64::try_from(until.duration_since(at).as_secs()).is_ok_and(|left| left <= notice) {
        ExcuseState::Expiring
    } else {
        ExcuseState::InForce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_follows_from_the_instant_and_the_need() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let check = |second, needed, expected| {
            assert_eq!(state(at(second), at(100), at(200), needed, 20), expected, "{second} {needed}");
        };
        check(99, true, ExcuseState::ToCome);
        check(100, true, ExcuseState::InForce);
        check(100, false, ExcuseState::Unused);
        check(179, true, ExcuseState::InForce);
        check(180, true, ExcuseState::Expiring);
        check(199, false, ExcuseState::Unused);
        check(200, true, ExcuseState::Expired);
    }
}
