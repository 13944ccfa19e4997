//! A verdict, item by item.

use weir_model::finding::{Finding, Outcome, Weight};
use weir_model::policy::PolicyFile;
use weir_model::verdict::{
    Clause, Excuse, ExcuseKind, ExcuseState, Judged, Overruled, PolicyOutcome, Verdict,
};
use weir_model::{Effect, Mode};

use super::{Item, ItemStanding, Listing, OWN_GROUP, Place};
use crate::decide::unknown_rule;
use crate::project::Project;

impl Project {
    /// What a verdict of the gate says, item by item: the answer itself, an override, what the policies say, and what has
    /// to be said of waivers and overrides.
    pub fn list_gate(&self, verdict: &Verdict) -> Listing {
        let title = format!(
            "{}{}: {} of `{}` at {}",
            verdict.effect.to_string().to_uppercase(),
            if verdict.undecided { " (undecided)" } else { "" },
            verdict.change,
            verdict.service,
            verdict.at,
        );
        self.list("gate", title, verdict)
    }

    /// What the checks of a service say, item by item.
    pub fn list_check(&self, verdict: &Verdict) -> Listing {
        let title = format!("checks of `{}` at {}: {}", verdict.service, verdict.at, verdict.effect);
        self.list("check", title, verdict)
    }

    fn list(&self, question: &'static str, title: String, verdict: &Verdict) -> Listing {
        let mut items = vec![self.answer(verdict)];
        if let Some(overruled) = &verdict.overruled {
            items.push(self.overruled(verdict, overruled));
        }
        for policy in &verdict.policies {
            let mut said = self.said(verdict, policy);
            if let Some(overruled) = &verdict.overruled
                && overruled.policies.contains(&policy.policy)
            {
                said.iter_mut().for_each(|item| excuse(item, overruled));
            }
            items.extend(said);
        }
        items.extend(verdict.excuses.iter().filter_map(|excuse| self.attention(verdict, excuse)));
        Listing::new(question, title, facts(verdict), items)
    }

    fn answer(&self, verdict: &Verdict) -> Item {
        let standing = match verdict.effect {
            Effect::Allow => ItemStanding::Passed,
            Effect::Warn => ItemStanding::Warned,
            Effect::Hold | Effect::Freeze if verdict.undecided => ItemStanding::Undecided,
            Effect::Hold | Effect::Freeze => ItemStanding::Failed,
        };
        let remedy = verdict.flip.as_ref().map(|flip| flip.needs.clone());
        let text = format!("{}: {}", verdict.effect, verdict.reason);
        let item = Item::new(OWN_GROUP, "verdict", &verdict.service, standing, text);
        let item = item.remedy(remedy).at(self.place_of_service(&verdict.service));
        Item { is_answer: true, ..item }
    }

    /// An override that is applied warns, whatever comes of it: nobody may overlook it.
    fn overruled(&self, verdict: &Verdict, overruled: &Overruled) -> Item {
        let text = format!("OVERRULED: {}; the policies asked for {}", overruling(overruled), overruled.from);
        let item = Item::new(OWN_GROUP, "override", &verdict.service, ItemStanding::Warned, text);
        let place = self.overrides.iter().find_map(|file| {
            let index = file.overrides.iter().position(|force| {
                *force.until == overruled.until
                    && force.by.as_str() == overruled.by
                    && force.reason.as_str() == overruled.reason
            })?;
            Some(Place::in_source(file.source(), &format!("/override/{index}")))
        });
        item.at(place)
    }

    /// What a policy says: why it could not judge, its clauses, its findings.
    fn said(&self, verdict: &Verdict, policy: &PolicyOutcome) -> Vec<Item> {
        let file = self.policies().find(|file| file.about.name.as_str() == policy.policy);
        let service = &verdict.service;
        let mut items = Vec::new();
        let unknown: Vec<String> = policy.findings.iter().map(unknown_rule).collect();
        for gap in policy.gaps.iter().filter(|gap| !unknown.contains(gap)) {
            let rule = if policy.judged == Judged::Error { "error" } else { "no-data" };
            let item = Item::new(&policy.policy, rule, service, unjudged(policy, file), gap);
            items.push(item.at(self.place_of_service(service)));
        }
        for clause in &policy.clauses {
            items.push(self.clause(service, policy, clause));
        }
        for finding in &policy.findings {
            items.push(self.finding(service, policy, file, finding));
        }
        if items.is_empty() {
            let item =
                Item::new(&policy.policy, "passed", service, ItemStanding::Passed, "nothing against it");
            items.push(item.at(self.place_of_policy(&policy.policy)));
        }
        items
    }

    fn clause(&self, service: &str, policy: &PolicyOutcome, clause: &Clause) -> Item {
        let (subject, place) = match &clause.slo {
            Some(slo) => (format!("{service} {slo}"), self.place_of_slo(service, slo)),
            None => (service.to_owned(), self.place_of_policy(&policy.policy)),
        };
        let standing = acting(policy.mode, clause.effect);
        let remedy = clause.flip.as_ref().map(|flip| flip.needs.clone());
        Item::new(&policy.policy, &clause.code, &subject, standing, &clause.text).remedy(remedy).at(place)
    }

    fn finding(
        &self,
        service: &str,
        policy: &PolicyOutcome,
        file: Option<&PolicyFile>,
        finding: &Finding,
    ) -> Item {
        let on_fail = file.map_or(Effect::Hold, |file| file.about.on_fail);
        let standing = match (finding.outcome, finding.weight) {
            (Outcome::Pass, _) => ItemStanding::Passed,
            (Outcome::NotApplicable, _) => ItemStanding::NotApplicable,
            (Outcome::Waived, _) => ItemStanding::Excused,
            (Outcome::Fail | Outcome::Unknown, Weight::Advised) => ItemStanding::Noted,
            (Outcome::Unknown, Weight::Required) => unjudged(policy, file),
            (Outcome::Fail, Weight::Required) => acting(policy.mode, on_fail),
        };
        // A failure whose waiver has run out says so.
        let (text, excuse) = match (&finding.waiver, finding.outcome) {
            (Some(waiver), Outcome::Waived) => (finding.text.clone(), Some(waiver.clone())),
            (Some(waiver), _) => (format!("{} ({waiver})", finding.text), None),
            (None, _) => (finding.text.clone(), None),
        };
        let place = match &finding.file {
            Some(file) => Some(Place {
                file: file.clone(),
                line: finding.line.and_then(|line| usize::try_from(line).ok()),
                column: None,
            }),
            None => self.place_of_service(service),
        };
        let item = Item::new(&policy.policy, &finding.rule, service, standing, text);
        let item = item.remedy(finding.remedy.clone()).at(place);
        Item { excuse, ..item }
    }

    /// What has to be said of a waiver or an override beside the findings that it excuses.
    fn attention(&self, verdict: &Verdict, excuse: &Excuse) -> Option<Item> {
        let text = attention(excuse)?;
        let standing = match excuse.state {
            ExcuseState::Expired | ExcuseState::Expiring => ItemStanding::Warned,
            ExcuseState::Unused | ExcuseState::InForce | ExcuseState::ToCome => ItemStanding::Noted,
        };
        let rule = format!("{}-{}", excuse.kind, excuse.state);
        let subject = match (&excuse.policy, &excuse.rule) {
            (Some(policy), Some(rule)) => format!("{} {policy}/{rule}", verdict.service),
            _ => verdict.service.clone(),
        };
        let remedy = match excuse.state {
            ExcuseState::Expiring => "put right what it excuses, or have it granted anew".to_owned(),
            _ => format!("remove the {} from its file", excuse.kind),
        };
        let item = Item::new(OWN_GROUP, &rule, &subject, standing, text).remedy(Some(remedy));
        Some(item.at(self.place_of_excuse(excuse)))
    }

    fn place_of_excuse(&self, excuse: &Excuse) -> Option<Place> {
        match excuse.kind {
            ExcuseKind::Waiver => self.waivers.iter().find_map(|file| {
                let index = file.waivers.iter().position(|waiver| {
                    *waiver.until() == excuse.until
                        && *waiver.from() == excuse.from
                        && Some(waiver.rule.as_str()) == excuse.rule.as_deref()
                        && Some(waiver.policy.as_str()) == excuse.policy.as_deref()
                        && waiver.reason.as_str() == excuse.reason
                })?;
                Some(Place::in_source(file.source(), &format!("/waiver/{index}")))
            }),
            ExcuseKind::Override => self.overrides.iter().find_map(|file| {
                let index = file.overrides.iter().position(|force| {
                    *force.until == excuse.until
                        && *force.from == excuse.from
                        && force.reason.as_str() == excuse.reason
                })?;
                Some(Place::in_source(file.source(), &format!("/override/{index}")))
            }),
        }
    }
}

/// What has to be said of a waiver or an override, in a sentence; nothing of one that does its work for long yet.
pub fn attention(excuse: &Excuse) -> Option<String> {
    let what = match (&excuse.policy, &excuse.rule) {
        (Some(policy), Some(rule)) => format!("the waiver of rule `{rule}` of policy `{policy}`"),
        _ => "the override".to_owned(),
    };
    let ticket = excuse.ticket.as_ref().map(|ticket| format!(", {ticket}")).unwrap_or_default();
    let whose = format!("by {}, approved by {}{ticket}", excuse.by, excuse.approved_by);
    match excuse.state {
        ExcuseState::Expired => Some(format!("{what} has expired: it held until {} ({whose})", excuse.until)),
        ExcuseState::Expiring => Some(format!("{what} ends soon: it holds until {} ({whose})", excuse.until)),
        ExcuseState::Unused => Some(format!("{what} is not needed here: nothing is excused by it ({whose})")),
        ExcuseState::InForce | ExcuseState::ToCome => None,
    }
}

/// Who overruled, who approved, why and until when.
pub fn overruling(overruled: &Overruled) -> String {
    format!(
        "{} overruled {}, approved by {}, until {}: {}",
        overruled.by,
        overruled.policies.join(", "),
        overruled.approved_by,
        overruled.until,
        overruled.reason,
    )
}

/// What a policy says that is overruled has no effect.
fn excuse(item: &mut Item, overruled: &Overruled) {
    if matches!(item.standing, ItemStanding::Warned | ItemStanding::Undecided | ItemStanding::Failed) {
        item.standing = ItemStanding::Excused;
        item.excuse = Some(overruling(overruled));
    }
}

/// How an effect stands in the mode of its policy.
fn acting(mode: Mode, effect: Effect) -> ItemStanding {
    match mode.soften(effect) {
        Effect::Allow => ItemStanding::Noted,
        Effect::Warn => ItemStanding::Warned,
        Effect::Hold | Effect::Freeze => ItemStanding::Failed,
    }
}

/// How something stands that could not be judged.
fn unjudged(policy: &PolicyOutcome, file: Option<&PolicyFile>) -> ItemStanding {
    let about = file.map(|file| &file.about);
    let effect = match policy.judged {
        Judged::Error => about.map_or(Effect::Hold, |about| about.on_error),
        Judged::NoData | Judged::Yes => about.map_or(Effect::Hold, |about| about.on_no_data),
    };
    match acting(policy.mode, effect) {
        ItemStanding::Failed => ItemStanding::Undecided,
        other => other,
    }
}

fn facts(verdict: &Verdict) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("effect", verdict.effect.to_string()),
        ("undecided", verdict.undecided.to_string()),
        ("service", verdict.service.clone()),
        ("change", verdict.change.to_string()),
        ("gate", verdict.gate.clone()),
        ("at", verdict.at.to_string()),
        ("reason", verdict.reason.clone()),
    ];
    if let Some(by) = &verdict.decided_by {
        facts.push(("policy", by.policy.clone()));
        facts.push(("clause", by.clause.clone()));
    }
    if let Some(flip) = &verdict.flip {
        facts.push(("needs", flip.needs.clone()));
    }
    facts.push(("overruled", verdict.overruled.is_some().to_string()));
    facts
}
