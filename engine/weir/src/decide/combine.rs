//! The most severe effect wins; overrides are applied last and shown.

use crate::case::Case;
use weir_model::Effect;
use weir_model::finding::{Finding, Outcome as RuleOutcome, Weight};
use weir_model::overrule::Override;
use weir_model::verdict::{Clause, DecidedBy, Flip, Judged, Overruled};

use super::Outcome;

/// What the policies come to together.
pub(super) struct Combined {
    pub(super) effect: Effect,
    pub(super) undecided: bool,
    pub(super) decided_by: Option<DecidedBy>,
    pub(super) reason: String,
    pub(super) flip: Option<Flip>,
    pub(super) overruled: Option<Overruled>,
}

pub(super) fn combine(case: &Case, outcomes: &[Outcome]) -> Combined {
    let asked = worst(outcomes);
    let service = &case.service.about.name;
    for force in case.overrides.iter().filter(|force| force.holds(case.at)) {
        let covered = |outcome: &&Outcome| force.covers(service, &outcome.name, case.change);
        if outcomes.iter().any(|outcome| covered(&outcome)) {
            let silent =
                outcomes.iter().filter(covered).map(|outcome| outcome.outcome.policy.clone()).collect();
            return overruled(
                force,
                silent,
                asked,
                worst(outcomes.iter().filter(|outcome| !covered(outcome))),
            );
        }
    }
    asked
}

/// An override speaks for the policies that it covers; the others keep their say.
fn overruled(force: &Override, policies: Vec<String>, asked: Combined, kept: Combined) -> Combined {
    let mark = Overruled {
        from: asked.effect,
        by: force.by.to_string(),
        approved_by: force.approved_by.to_string(),
        reason: force.reason.to_string(),
        until: *force.until,
        policies,
    };
    if kept.effect > force.effect {
        return Combined { overruled: Some(mark), ..kept };
    }
    Combined {
        effect: force.effect,
        undecided: false,
        decided_by: asked.decided_by,
        reason: format!(
            "{} overruled the policies, approved by {}: {} (they asked for {}: {})",
            force.by, force.approved_by, force.reason, asked.effect, asked.reason
        ),
        flip: None,
        overruled: Some(mark),
    }
}

/// The outcome that decides: the most severe effect; among equals, one that was judged before one that could not be, and
/// one with a clause, which has numbers to show; then the first by name.
fn worst<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Combined {
    let mut deciding: Option<&Outcome> = None;
    for outcome in outcomes {
        let rank = |outcome: &Outcome| {
            (outcome.outcome.effect, is_judged(outcome), !outcome.outcome.clauses.is_empty())
        };
        if deciding.is_none_or(|best| rank(outcome) > rank(best)) {
            deciding = Some(outcome);
        }
    }
    let Some(deciding) = deciding else {
        return Combined {
            effect: Effect::Allow,
            undecided: false,
            decided_by: None,
            reason: "no policy has a say".to_owned(),
            flip: None,
            overruled: None,
        };
    };
    let effect = deciding.outcome.effect;
    let because = because(deciding);
    Combined {
        effect,
        // Going on or warning for want of data is what the policy chose; stopping for want of data decides nothing.
        undecided: effect >= Effect::Hold && !is_judged(deciding),
        decided_by: Some(DecidedBy { policy: deciding.outcome.policy.clone(), clause: because.clause }),
        reason: because.text,
        flip: if effect == Effect::Allow { None } else { because.flip },
        overruled: None,
    }
}

/// Whether the outcome's effect comes from a judgement.
fn is_judged(outcome: &Outcome) -> bool {
    outcome.judged >= outcome.unjudged
}

struct Because {
    clause: String,
    text: String,
    flip: Option<Flip>,
}

/// What of an outcome decided.
fn because(outcome: &Outcome) -> Because {
    let said = &outcome.outcome;
    if !is_judged(outcome) {
        let (clause, needs) = match said.judged {
            Judged::Error => ("error", "a plugin that answers"),
            Judged::NoData | Judged::Yes => ("no-data", "data that is there and up to date"),
        };
        let text = said.gaps.first().cloned().unwrap_or_default();
        let flip = Flip { needs: needs.to_owned(), has: None, at_present_pace: None, if_all_good: None };
        return Because { clause: clause.to_owned(), text, flip: Some(flip) };
    }
    if let Some(clause) = said.clauses.first() {
        return Because {
            clause: clause.code.clone(),
            text: clause.text.clone(),
            flip: nearest_flip(&said.clauses),
        };
    }
    let failed =
        |finding: &&Finding| finding.outcome == RuleOutcome::Fail && finding.weight == Weight::Required;
    if let Some(finding) = said.findings.iter().find(failed) {
        let flip = Flip {
            needs: finding.remedy.clone().unwrap_or_else(|| format!("rule `{}` to pass", finding.rule)),
            has: None,
            at_present_pace: None,
            if_all_good: None,
        };
        return Because { clause: finding.rule.clone(), text: finding.text.clone(), flip: Some(flip) };
    }
    let passed = said.findings.iter().filter(|finding| finding.outcome == RuleOutcome::Pass).count();
    Because {
        clause: "passed".to_owned(),
        text: if passed == 0 {
            "nothing against it".to_owned()
        } else {
            format!("all required rules hold ({passed} passed)")
        },
        flip: None,
    }
}

/// All clauses as severe as the deciding one must be lifted before the effect is milder: the last of them counts.
fn nearest_flip(clauses: &[Clause]) -> Option<Flip> {
    let severest = clauses.iter().map(|clause| clause.effect).max()?;
    let mut flips =
        clauses.iter().filter(|clause| clause.effect == severest).filter_map(|clause| clause.flip.clone());
    let first = flips.next()?;
    Some(flips.fold(first, |last, next| {
        // A clause of which nobody knows when it is lifted outlasts all others.
        let rank = |flip: &Flip| (flip.if_all_good.is_none(), flip.if_all_good);
        if rank(&next) > rank(&last) { next } else { last }
    }))
}
