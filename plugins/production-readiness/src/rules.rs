//! The built-in ladder: what applies when the parameters leave it out.

use std::collections::BTreeMap;

use crate::{Layer, Rule, Test};

const RUNBOOK: &str = "runbooks/{service}.md";
const READINESS: &str = "readiness/{service}.md";

pub(crate) fn levels() -> Vec<String> {
    ["bronze", "silver", "gold"].map(str::to_owned).to_vec()
}

pub(crate) fn required() -> BTreeMap<String, String> {
    let levels = [("critical", "gold"), ("standard", "silver"), ("low", "bronze")];
    levels.map(|(tier, level)| (tier.to_owned(), level.to_owned())).into()
}

pub(crate) fn one() -> usize {
    1
}

/// Shorter documents have turned out to be stubs.
pub(crate) fn min_length() -> usize {
    600
}

pub(crate) fn rules() -> Vec<Rule> {
    let mut rules = bronze();
    rules.extend(silver());
    rules.extend(gold());
    rules
}

fn bronze() -> Vec<Rule> {
    let rule = |id: &str, layer, title: &str, test| rule(id, "bronze", layer, title, test);
    vec![
        rule("owner", Layer::IncidentResponse, "owner", field("owner"))
            .remedy("name in `owner` the team that answers for the service"),
        rule("description", Layer::Development, "purpose", field("description"))
            .remedy("say in `description` what the service does and for whom"),
        rule("slo", Layer::Monitoring, "SLOs", Test::Slos { at_least: 1 })
            .remedy("write an SLO for what the users of the service notice first"),
        rule("runbook", Layer::IncidentResponse, "runbook", document(RUNBOOK))
            .remedy("write down what someone new to the service needs at night: symptoms, checks, ways out"),
    ]
}

fn silver() -> Vec<Rule> {
    let rule = |id: &str, layer, title: &str, test| rule(id, "silver", layer, title, test);
    let mitigation = section(RUNBOOK, &["Diagnosis | Symptoms", "Mitigation | Procedure | Steps"]);
    vec![
        rule("mitigation", Layer::IncidentResponse, "diagnosis and mitigation", mitigation)
            .remedy("describe how to find the fault, and how to stop the harm before it is found"),
        rule(
            "escalation",
            Layer::IncidentResponse,
            "escalation",
            section(RUNBOOK, &["Escalation | Contacts"]),
        )
        .remedy("say who is called when the person on call can't go on, and how"),
        rule(
            "runbook-reviewed",
            Layer::IncidentResponse,
            "runbook review",
            dated(RUNBOOK, "last-reviewed", "180d"),
        )
        .remedy("go through the runbook, correct it, and set `last-reviewed`"),
        rule("dashboards", Layer::Monitoring, "dashboards", section(RUNBOOK, &["Dashboards | Monitoring"]))
            .remedy("link the dashboards and alerts, with what each of them means"),
        rule("rollback", Layer::TestingAndRelease, "way back", section(RUNBOOK, &["Rollback | Roll back"]))
            .remedy("describe how a release is taken back, and how long that takes"),
    ]
}

fn gold() -> Vec<Rule> {
    let rule = |id: &str, layer, title: &str, test| rule(id, "gold", layer, title, test);
    let lessons = section(READINESS, &["Lessons | Incidents | Post-mortems"]);
    vec![
        rule("lessons", Layer::PostMortems, "lessons", lessons)
            .remedy("list the post-mortems of the service and what changed because of each"),
        rule("drill", Layer::TestingAndRelease, "failure drill", dated(READINESS, "last-drill", "365d"))
            .remedy("rehearse a failure of the service, note what came of it, and set `last-drill`"),
        rule("capacity", Layer::Capacity, "capacity", section(READINESS, &["Capacity"])).remedy(
            "state the peak load, the load at which the service fails, and when more must be ordered",
        ),
        rule(
            "dependencies",
            Layer::Development,
            "failing dependencies",
            section(READINESS, &["Dependencies"]),
        )
        .remedy("say for each dependency what users see while it is down"),
    ]
}

fn rule(id: &str, level: &str, layer: Layer, title: &str, test: Test) -> Rule {
    Rule {
        id: id.to_owned(),
        level: level.to_owned(),
        layer,
        title: title.to_owned(),
        test,
        remedy: String::new(),
        tiers: Vec::new(),
        engagement: Vec::new(),
    }
}

impl Rule {
    fn remedy(mut self, text: &str) -> Self {
        text.clone_into(&mut self.remedy);
        self
    }
}

fn field(name: &str) -> Test {
    Test::Field { field: name.to_owned() }
}

fn document(path: &str) -> Test {
    Test::Document { path: path.to_owned(), min_length: min_length() }
}

fn section(path: &str, headings: &[&str]) -> Test {
    Test::Section {
        path: path.to_owned(),
        headings: headings.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn dated(path: &str, key: &str, max_age: &str) -> Test {
    Test::Dated { path: path.to_owned(), key: key.to_owned(), max_age: max_age.to_owned() }
}
