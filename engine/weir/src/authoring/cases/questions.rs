//! What a case asks, as the records of the contract.

use std::collections::{BTreeMap, BTreeSet};

use weir_host::contract::budget::{Counts, Needs, Situation, SloStatus};
use weir_host::contract::calculator;
use weir_host::contract::checker::Subject;
use weir_host::contract::scorer::WorkItem;
use weir_host::contract::types::Fact;
use weir_host::{Evidence, Given, View};
use weir_model::Change;
use weir_model::plugin_cases::{Attribute, CountsCase, PluginCase, SliceCase, SloCase, WorkCase};
use weir_model::value::Name;

/// The instant of a case that names none: 2026-01-01T00:00:00Z.
const USUAL_INSTANT: i64 = 1_767_225_600;
const DAY: i64 = 86_400;
/// The length of a slice of a case that names none, in seconds.
const USUAL_SLICE: u64 = 60;
/// The period whose work a case lists, and the window of an SLO that names none, in days.
const DAYS: i64 = 30;

fn at(case: &PluginCase) -> i64 {
    case.at.as_ref().map_or(USUAL_INSTANT, |at| at.as_second())
}

fn facts(facts: &BTreeMap<Name, String>) -> Vec<Fact> {
    facts.iter().map(|(name, value)| Fact { name: name.to_string(), value: value.clone() }).collect()
}

pub(super) fn situation(case: &PluginCase, needs: &Needs) -> Situation {
    let asked = case.situation.as_ref();
    Situation {
        service: asked.map(|asked| asked.service.to_string()).unwrap_or_default(),
        change: asked.and_then(|asked| asked.change).unwrap_or(Change::Feature).to_string(),
        now: at(case),
        slos: asked.into_iter().flat_map(|asked| &asked.slos).map(|case| slo(case, needs)).collect(),
        facts: asked.map(|asked| facts(&asked.facts)).unwrap_or_default(),
    }
}

fn slo(case: &SloCase, needs: &Needs) -> SloStatus {
    let counts = |counts: CountsCase| Counts { good: counts.good, bad: counts.bad };
    let window = |seconds: &u64| {
        let said = case.windows.iter().find(|(length, _)| length.seconds() == *seconds);
        counts(said.map(|(_, counts)| *counts).unwrap_or_default())
    };
    let usual = DAYS.unsigned_abs() * DAY.unsigned_abs();
    SloStatus {
        name: case.name.to_string(),
        objective: case
            .objective
            .as_ref()
            .map_or_else(|| "0.999".to_owned(), |objective| objective.as_decimal().to_string()),
        window: case.window.map_or(usual, |window| window.seconds()),
        total: counts(case.total),
        windows: needs.windows.iter().map(window).collect(),
        latched: (0..).zip(&needs.latches).map(|(latch, _)| case.latched.contains(&latch)).collect(),
        facts: facts(&case.facts),
    }
}

pub(super) fn subject(case: &PluginCase) -> Subject {
    let asked = case.subject.as_ref();
    let names = |names: &[Name]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
    Subject {
        service: asked.map(|asked| asked.service.to_string()).unwrap_or_default(),
        change: asked.and_then(|asked| asked.change).map(|change| change.to_string()).unwrap_or_default(),
        now: at(case),
        slos: asked.map(|asked| names(&asked.slos)).unwrap_or_default(),
        dependencies: asked.map(|asked| names(&asked.dependencies)).unwrap_or_default(),
        facts: asked.map(|asked| facts(&asked.facts)).unwrap_or_default(),
    }
}

/// The documents of a case, also in their other forms, and the folders that they lie in.
pub(super) fn evidence(case: &PluginCase, views: &[View]) -> Evidence {
    let Some(documents) = &case.documents else { return Evidence::none() };
    let paths = || documents.keys().map(|path| path.as_str());
    let folders: BTreeSet<&str> = paths()
        .flat_map(|path| path.match_indices('/').filter_map(move |(end, _)| path.get(..end)))
        .chain([""])
        .collect();
    let below = |folder: &str| {
        let inside = |path: &&str| {
            folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        paths().filter(inside).map(str::to_owned).collect()
    };
    let listed = folders.iter().map(|folder| (format!("{folder}/"), Given::Paths(below(folder))));
    let texts = documents.iter().map(|(path, text)| (path.to_string(), Given::Text(text.clone())));
    let shown = documents.iter().flat_map(|(path, text)| {
        views
            .iter()
            .map(move |view| (format!("{path}#{}", view.name), Given::Text((view.show)(path.as_str(), text))))
    });
    Evidence::recorded(listed.chain(texts).chain(shown).collect())
}

/// The slices of a case, as lists.
pub(super) struct Slices {
    first: i64,
    seconds: u32,
    good: Vec<u64>,
    bad: Vec<u64>,
    unknown: Vec<u64>,
    latest: Vec<i64>,
}

impl Slices {
    pub(super) fn of(case: &PluginCase, slices: &[SliceCase]) -> Slices {
        let seconds = case.slice_length.map_or(USUAL_SLICE, |length| length.seconds());
        let latest = |slice: &SliceCase| slice.latest.as_ref().map_or(i64::MIN, |at| at.as_millisecond());
        Slices {
            first: at(case),
            seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
            good: slices.iter().map(|slice| slice.good).collect(),
            bad: slices.iter().map(|slice| slice.bad).collect(),
            unknown: slices.iter().map(|slice| slice.unknown).collect(),
            latest: slices.iter().map(latest).collect(),
        }
    }

    /// As the contract has them.
    pub(super) fn merged(&self) -> calculator::Slices<'_> {
        calculator::Slices {
            first: self.first,
            seconds: self.seconds,
            good: &self.good,
            bad: &self.bad,
            unknown: &self.unknown,
            latest: &self.latest,
        }
    }
}

/// The period and the work in it, a day apart or less.
pub(super) fn work(case: &PluginCase) -> ((i64, i64), Vec<WorkItem>) {
    let until = at(case);
    let since = until - DAYS * DAY;
    let items = case.work.as_deref().unwrap_or_default();
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX).max(1);
    let item = |(number, work): (i64, &WorkCase)| WorkItem {
        id: number.to_string(),
        title: work.title.to_string(),
        team: work.team.to_string(),
        at: since + number.saturating_mul(DAYS * DAY / count),
        minutes: work.minutes,
        stated: sum(&work.attributes, |_| true),
        holds: sum(&work.attributes, |holds| holds),
        facts: facts(&work.facts),
    };
    ((since, until), (0..).zip(items).map(item).collect())
}

/// The sum of the contract's numbers for some attributes.
fn sum(attributes: &BTreeMap<Attribute, bool>, counts: impl Fn(bool) -> bool) -> u32 {
    let number = |attribute: Attribute| match attribute {
        Attribute::Manual => 1,
        Attribute::Repetitive => 2,
        Attribute::Automatable => 4,
        Attribute::Tactical => 8,
        Attribute::Grows => 16,
    };
    attributes.iter().filter(|(_, holds)| counts(**holds)).map(|(attribute, _)| number(*attribute)).sum()
}
