//! A result item by item: what systems that run pipelines ask for. Every item has a rule with a stable name, a standing, a
//! place in a file, and a fingerprint that stays the same while the finding does.

mod verdict;

pub use self::verdict::{attention, overruling};

use std::collections::BTreeMap;

use weir_model::Severity;
use weir_model::source::Source;

use crate::cases::CaseReport;
use crate::lint::Lint;
use crate::project::Project;
use crate::toil::ToilReport;
use weir_host::Digest;

/// The group of the items that no policy says.
pub(crate) const OWN_GROUP: &str = "weir";

/// A result, item by item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The question: `gate`, `check`, `toil`, `test` or `slo lint`.
    pub question: &'static str,
    /// The answer in a line.
    pub title: String,
    /// The answer as names and values, in their order.
    pub facts: Vec<(&'static str, String)>,
    /// The items: the answer itself first, where it is one, then what it rests on.
    pub items: Vec<Item>,
}

/// One thing that a result says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Who says it: a policy, a file of cases, or `weir`.
    pub group: String,
    /// The rule, in kebab-case; for a case its name.
    pub rule: String,
    /// What it is said of: a service, a service and its SLO, a team.
    pub subject: String,
    /// How it stands.
    pub standing: ItemStanding,
    /// Whether it sums up the items after it.
    pub is_answer: bool,
    /// What is so.
    pub text: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// Where it stands, or where what it is about does.
    pub place: Option<Place>,
    /// Who excused it until when, and why.
    pub excuse: Option<String>,
    /// The same for the same finding, and another one for every other item of the listing; hexadecimal.
    pub fingerprint: String,
}

/// How an item stands. The order is the order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemStanding {
    /// It is as it should be.
    Passed,
    /// It does not concern the subject.
    NotApplicable,
    /// People may want to know it, and nothing follows from it.
    Noted,
    /// It is not as it should be, and somebody has excused it for a time.
    Excused,
    /// People should know it, and the change may go out.
    Warned,
    /// Nobody can tell, and that holds the change.
    Undecided,
    /// It holds the change, or fails what was tested.
    Failed,
}

/// A place in a file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, relative to the project, with `/`.
    pub file: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The column, from 1, in characters, where it is known.
    pub column: Option<usize>,
}

impl Listing {
    /// A listing whose items have their fingerprints.
    fn new(
        question: &'static str,
        title: String,
        facts: Vec<(&'static str, String)>,
        mut items: Vec<Item>,
    ) -> Listing {
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        for item in &mut items {
            let file = item.place.as_ref().map(|place| place.file.as_str()).unwrap_or_default();
            // Neither text nor line: both change while the finding stays.
            let key = [question, &item.group, &item.rule, &item.subject, file].join("\0");
            let count = seen.entry(key.clone()).or_default();
            *count += 1;
            item.fingerprint = Digest::of(format!("{key}\0{count}").as_bytes()).to_string();
        }
        Listing { question, title, facts, items }
    }

    /// The listing with its places beneath a folder.
    #[must_use]
    pub fn beneath(mut self, folder: &str) -> Listing {
        if !folder.is_empty() {
            for place in self.items.iter_mut().filter_map(|item| item.place.as_mut()) {
                place.file = format!("{folder}/{}", place.file);
            }
        }
        self
    }

    /// How many items stand so.
    pub fn count(&self, standing: ItemStanding) -> usize {
        self.items.iter().filter(|item| !item.is_answer && item.standing == standing).count()
    }
}

impl Item {
    fn new(group: &str, rule: &str, subject: &str, standing: ItemStanding, text: impl Into<String>) -> Item {
        Item {
            group: group.to_owned(),
            rule: rule.to_owned(),
            subject: subject.to_owned(),
            standing,
            is_answer: false,
            text: text.into(),
            remedy: None,
            place: None,
            excuse: None,
            fingerprint: String::new(),
        }
    }

    fn at(mut self, place: Option<Place>) -> Item {
        self.place = place;
        self
    }

    fn remedy(mut self, remedy: Option<String>) -> Item {
        self.remedy = remedy;
        self
    }

    /// Whether it says that somebody overruled the answer.
    pub fn is_override(&self) -> bool {
        self.group == OWN_GROUP && self.rule == "override"
    }

    /// The rule with its group: the name under which it is known outside.
    pub fn id(&self) -> String {
        format!("{}/{}", self.group, self.rule)
    }
}

impl Place {
    /// The place of a value in a file.
    pub(crate) fn in_source(source: &Source, pointer: &str) -> Place {
        let span = source.key_span(pointer);
        let (line, column) = weir_model::diagnostic::position(source.text(), span.start);
        Place { file: source.path().to_owned(), line: Some(line), column: Some(column) }
    }
}

impl Project {
    /// Where a service is declared.
    pub fn place_of_service(&self, service: &str) -> Option<Place> {
        self.service(service).map(|file| Place::in_source(file.source(), "/service/name"))
    }

    /// Where an SLO of a service is declared; where the service is, when it has no such SLO.
    pub fn place_of_slo(&self, service: &str, slo: &str) -> Option<Place> {
        let file = self.service(service)?;
        let index = file.slos.iter().position(|declared| declared.name.as_str() == slo);
        let pointer = index.map_or_else(|| "/service/name".to_owned(), |index| format!("/slo/{index}/name"));
        Some(Place::in_source(file.source(), &pointer))
    }

    /// Where a policy is declared.
    pub fn place_of_policy(&self, policy: &str) -> Option<Place> {
        let file = self.policies().find(|file| file.about.name.as_str() == policy)?;
        Some(Place::in_source(file.source(), "/policy/name"))
    }

    /// The cases of the project, each an item.
    pub fn list_cases(&self, report: &CaseReport) -> Listing {
        let failed = report.failed();
        let passed = report.cases.len().saturating_sub(failed);
        let mut items = Vec::new();
        for case in &report.cases {
            let differences = case.differences.iter().map(|difference| {
                let (part, expected, found) = (&difference.part, &difference.expected, &difference.found);
                format!("{part}: expected `{expected}`, found `{found}`")
            });
            let differences: Vec<String> = differences.collect();
            let item = if differences.is_empty() {
                Item::new(&case.file, &case.name, "", ItemStanding::Passed, "as expected")
            } else {
                Item::new(&case.file, &case.name, "", ItemStanding::Failed, differences.join("; "))
                    .remedy(Some(format!("what came out: {}: {}", case.effect, case.reason)))
            };
            items.push(item.at(Some(Place { file: case.file.clone(), line: Some(case.line), column: None })));
        }
        for policy in report.unreached() {
            let text = format!("no case reaches policy `{policy}`");
            let item = Item::new(OWN_GROUP, "policy-not-tested", policy, ItemStanding::Noted, text);
            items.push(item.at(self.place_of_policy(policy)));
        }
        let facts = vec![("passed", passed.to_string()), ("failed", failed.to_string())];
        Listing::new("test", format!("{passed} passed, {failed} failed"), facts, items)
    }

    /// What a lint found, each an item.
    pub fn list_lint(&self, lint: &Lint) -> Listing {
        let items = lint.findings.iter().map(|finding| {
            let standing = match finding.code.severity() {
                Severity::Error => ItemStanding::Failed,
                Severity::Warning => ItemStanding::Warned,
            };
            let (subject, place) = match &finding.slo {
                Some(slo) => (format!("{} {slo}", finding.service), self.place_of_slo(&finding.service, slo)),
                None => (finding.service.clone(), self.place_of_service(&finding.service)),
            };
            Item::new("slo-lint", finding.code.as_str(), &subject, standing, &finding.text)
                .remedy(Some(finding.remedy.clone()))
                .at(place)
        });
        let mut listing = Listing::new("slo lint", String::new(), Vec::new(), items.collect());
        let (errors, warnings) = (listing.count(ItemStanding::Failed), listing.count(ItemStanding::Warned));
        listing.title = format!("{errors} errors, {warnings} warnings");
        listing.facts = vec![("errors", errors.to_string()), ("warnings", warnings.to_string())];
        listing
    }

    /// The teams of toil reports against their budgets, and the tasks that are toil, each an item.
    pub fn list_toil(&self, reports: &[ToilReport]) -> Listing {
        /// The contract's code for toil.
        const TOIL: u32 = 1;
        let mut items = Vec::new();
        for report in reports {
            let place = self.place_of_policy(&report.policy);
            for team in &report.teams {
                let text =
                    format!("{} minutes of toil, and the budget is {} minutes", team.toil, team.budget);
                let standing = if team.exceeded { ItemStanding::Warned } else { ItemStanding::Passed };
                let item = Item::new(&report.policy, "toil-budget", &team.team, standing, text);
                items.push(item.at(place.clone()));
            }
            for task in report.tasks.iter().filter(|task| task.class == TOIL) {
                let text = format!("{} took {} minutes in {} runs", task.title, task.minutes, task.runs);
                let item = Item::new(&report.policy, "toil", &task.title, ItemStanding::Noted, text);
                items.push(item.remedy(Some(task.advice.clone())).at(place.clone()));
            }
        }
        let exceeded = items.iter().filter(|item| item.standing == ItemStanding::Warned).count();
        let teams = reports.iter().map(|report| report.teams.len()).sum::<usize>();
        let facts = vec![("teams", teams.to_string()), ("exceeded", exceeded.to_string())];
        Listing::new("toil", format!("{exceeded} of {teams} teams exceed their toil budget"), facts, items)
    }
}
