//! JUnit XML, for the systems that run pipelines: the writer, and a listing in it.

use weir::{Item, ItemStanding, Listing, Place};

use crate::exit::Exit;
use crate::render::fails;
use crate::render::markup::escaped;

/// A suite of test cases.
pub(crate) struct Suite {
    pub(crate) name: String,
    /// Names and values that belong to the suite.
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) cases: Vec<Case>,
}

/// A test case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) place: Option<Place>,
    pub(crate) outcome: Outcome,
    /// What is to be said beside the outcome.
    pub(crate) said: Option<String>,
}

/// How a test case ended.
pub(crate) enum Outcome {
    Passed,
    /// It did not come out as it should.
    Failed {
        message: String,
        text: String,
    },
    /// Nobody can tell.
    Error {
        message: String,
        text: String,
    },
    /// It does not count, for this reason.
    Skipped(String),
}

/// The suites as a document.
pub(crate) fn document(suites: &[Suite]) -> String {
    let all: Vec<&Case> = suites.iter().flat_map(|suite| &suite.cases).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(&format!("<testsuites name=\"weir\"{}>\n", counts(&all, false)));
    for suite in suites {
        let cases: Vec<&Case> = suite.cases.iter().collect();
        out.push_str(&format!("  <testsuite name=\"{}\"{}>\n", escaped(&suite.name), counts(&cases, true)));
        if !suite.properties.is_empty() {
            out.push_str("    <properties>\n");
            for (name, value) in &suite.properties {
                let (name, value) = (escaped(name), escaped(value));
                out.push_str(&format!("      <property name=\"{name}\" value=\"{value}\"/>\n"));
            }
            out.push_str("    </properties>\n");
        }
        suite.cases.iter().for_each(|case| out.push_str(&test_case(case)));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(cases: &[&Case], with_skipped: bool) -> String {
    let count = |is: fn(&Outcome) -> bool| cases.iter().filter(|case| is(&case.outcome)).count();
    let mut out = format!(
        " tests=\"{}\" failures=\"{}\" errors=\"{}\"",
        cases.len(),
        count(|outcome| matches!(outcome, Outcome::Failed { .. })),
        count(|outcome| matches!(outcome, Outcome::Error { .. })),
    );
    if with_skipped {
        let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
        out.push_str(&format!(" skipped=\"{skipped}\""));
    }
    out
}

fn test_case(case: &Case) -> String {
    let mut start =
        format!("    <testcase name=\"{}\" classname=\"{}\"", escaped(&case.name), escaped(&case.class));
    if let Some(place) = &case.place {
        start.push_str(&format!(" file=\"{}\"", escaped(&place.file)));
        if let Some(line) = place.line {
            start.push_str(&format!(" line=\"{line}\""));
        }
    }
    let mut inside = match &case.outcome {
        Outcome::Passed => String::new(),
        Outcome::Failed { message, text } => ended("failure", message, text),
        Outcome::Error { message, text } => ended("error", message, text),
        Outcome::Skipped(reason) => format!("      <skipped message=\"{}\"/>\n", escaped(reason)),
    };
    if let Some(said) = &case.said {
        inside.push_str(&format!("      <system-out>{}</system-out>\n", escaped(said)));
    }
    if inside.is_empty() { start + "/>\n" } else { format!("{start}>\n{inside}    </testcase>\n") }
}

fn ended(element: &str, message: &str, text: &str) -> String {
    format!("      <{element} message=\"{}\">{}</{element}>\n", escaped(message), escaped(text))
}

/// A listing: a suite for each that says something, a test case an item.
pub(crate) fn listing(listing: &Listing, exit: Exit) -> String {
    let mut suites: Vec<Suite> = Vec::new();
    for item in &listing.items {
        let case = of_item(item, listing.question, exit);
        match suites.iter_mut().find(|suite| suite.name == item.group) {
            Some(suite) => suite.cases.push(case),
            None => {
                suites.push(Suite { name: item.group.clone(), properties: Vec::new(), cases: vec![case] })
            }
        }
    }
    let facts = listing.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    match suites.first_mut() {
        Some(suite) => suite.properties = facts.collect(),
        // A document without any suite is no result to some systems.
        None => suites.push(Suite {
            name: format!("weir {}", listing.question),
            properties: facts.collect(),
            cases: Vec::new(),
        }),
    }
    document(&suites)
}

fn of_item(item: &Item, question: &str, exit: Exit) -> Case {
    let remedy = item.remedy.as_ref().map(|remedy| format!("\nremedy: {remedy}")).unwrap_or_default();
    let (message, text) = (item.text.clone(), format!("{}: {}{remedy}", item.subject, item.text));
    let (outcome, said) = match item.standing {
        ItemStanding::Undecided => (Outcome::Error { message, text }, None),
        ItemStanding::Excused => (Outcome::Skipped(item.excuse.clone().unwrap_or_default()), Some(text)),
        ItemStanding::NotApplicable => (Outcome::Skipped(item.text.clone()), None),
        _ if fails(item, exit) => (Outcome::Failed { message, text }, None),
        ItemStanding::Passed => (Outcome::Passed, None),
        ItemStanding::Noted => (Outcome::Passed, Some(text)),
        ItemStanding::Warned | ItemStanding::Failed => (Outcome::Passed, Some(format!("warning: {text}"))),
    };
    Case {
        name: format!("{} {}", item.rule, item.subject).trim_end().to_owned(),
        class: format!("weir.{}.{}", question.replace(' ', "-"), item.group),
        place: item.place.clone(),
        outcome,
        said,
    }
}
