//! What plugins hand back is hostile until checked here: lengths, codes, texts.

use crate::call::Breach;
use crate::contract::types::Fact;
use crate::contract::{budget, calculator, checker, scorer};
use crate::text::{tidy_line, tidy_text};

/// How many facts or obligations a record may have.
const FACTS: usize = 100;
/// How many fields a calculator may read.
const FIELDS: usize = 256;
/// How many windows, and how many latches, a budget policy may ask for.
const NEEDS: usize = 64;
/// How many clauses, findings, tasks or teams an answer may have.
const ROWS: usize = 10_000;

/// The greatest mark of a row.
const UNKNOWN: u8 = 3;
/// The kind of a field that is an instant.
const INSTANT: u32 = 5;
/// The greatest effect.
const FREEZE: u32 = 3;

/// A breach, unless the condition holds.
fn ensure(condition: bool, rule: impl FnOnce() -> String) -> Result<(), Breach> {
    if condition { Ok(()) } else { Err(Breach(rule())) }
}

/// Checks the length of a list.
fn at_most<T>(list: &[T], most: usize, what: &str) -> Result<(), Breach> {
    ensure(list.len() <= most, || format!("{} {what}, and at most {most} are allowed", list.len()))
}

/// Makes a name harmless, and refuses an empty one.
fn named(name: &mut String, what: &str) -> Result<(), Breach> {
    tidy_line(name);
    ensure(!name.is_empty(), || format!("a {what} without a name"))
}

fn facts(facts: &mut [Fact]) -> Result<(), Breach> {
    at_most(facts, FACTS, "facts in one record")?;
    for fact in facts {
        tidy_line(&mut fact.name);
        tidy_text(&mut fact.value);
    }
    Ok(())
}

/// Checks the plan of a calculator.
pub(crate) fn plan(mut plan: calculator::Plan) -> Result<calculator::Plan, Breach> {
    at_most(&plan.fields, FIELDS, "fields")?;
    for field in &mut plan.fields {
        named(&mut field.name, "field")?;
    }
    if let Some(latest) = plan.latest {
        let field = usize::try_from(latest).ok().and_then(|latest| plan.fields.get(latest));
        ensure(field.is_some_and(|field| field.kind == INSTANT), || {
            format!(
                "`latest` names field {latest}, which is no instant among its {} fields",
                plan.fields.len()
            )
        })?;
    }
    facts(&mut plan.facts)?;
    Ok(plan)
}

/// Checks the marks of a batch of `rows` rows.
pub(crate) fn marks(marks: Vec<u8>, rows: u32) -> Result<Vec<u8>, Breach> {
    ensure(usize::try_from(rows) == Ok(marks.len()), || format!("{} marks for {rows} rows", marks.len()))?;
    // The greatest first: that is found many rows at a time, and hardly ever anything is wrong.
    if marks.iter().fold(0, |greatest, mark| greatest.max(*mark)) <= UNKNOWN {
        return Ok(marks);
    }
    let wrong = marks.iter().enumerate().find(|(_, mark)| **mark > UNKNOWN);
    let (row, mark) = wrong.unwrap_or((0, &0));
    Err(Breach(format!("mark {mark} for row {row}, and marks go from 0 to {UNKNOWN}")))
}

/// Checks the tallies of `slices` slices.
pub(crate) fn tallies(tallies: calculator::Tallies, slices: usize) -> Result<calculator::Tallies, Breach> {
    for (name, list) in [("good", &tallies.good), ("bad", &tallies.bad), ("unknown", &tallies.unknown)] {
        ensure(list.len() == slices, || format!("{} `{name}` tallies for {slices} slices", list.len()))?;
    }
    Ok(tallies)
}

/// Checks what a budget policy needs.
pub(crate) fn needs(mut needs: budget::Needs) -> Result<budget::Needs, Breach> {
    at_most(&needs.windows, NEEDS, "windows")?;
    ensure(!needs.windows.contains(&0), || "a window of 0 seconds".to_owned())?;
    at_most(&needs.latches, NEEDS, "latches")?;
    for latch in &mut needs.latches {
        tidy_line(&mut latch.enter);
        tidy_line(&mut latch.leave);
    }
    Ok(needs)
}

fn effect(effect: u32) -> Result<(), Breach> {
    ensure(effect <= FREEZE, || format!("effect {effect}, and effects go from 0 to {FREEZE}"))
}

/// Checks a decision. Whether its decimals are such is for the caller to see.
pub(crate) fn decisions(
    decisions: Vec<budget::Decision>,
    situations: usize,
) -> Result<Vec<budget::Decision>, Breach> {
    ensure(decisions.len() == situations, || {
        format!("{} decisions for {situations} situations", decisions.len())
    })?;
    decisions.into_iter().map(decision).collect()
}

fn decision(mut decision: budget::Decision) -> Result<budget::Decision, Breach> {
    effect(decision.effect)?;
    at_most(&decision.clauses, ROWS, "clauses")?;
    for clause in &mut decision.clauses {
        named(&mut clause.code, "clause")?;
        effect(clause.effect)?;
        tidy_text(&mut clause.text);
        [&mut clause.slo, &mut clause.actual, &mut clause.required].into_iter().for_each(tidy_line);
    }
    facts(&mut decision.obligations)?;
    Ok(decision)
}

/// Checks the report of a check.
pub(crate) fn findings(mut report: checker::Report) -> Result<checker::Report, Breach> {
    at_most(&report.findings, ROWS, "findings")?;
    for finding in &mut report.findings {
        named(&mut finding.rule, "rule")?;
        ensure(finding.outcome <= 3, || format!("outcome {}, and outcomes go from 0 to 3", finding.outcome))?;
        ensure(matches!(finding.weight, 1 | 2), || {
            format!("weight {}, and weights are 1 and 2", finding.weight)
        })?;
        tidy_line(&mut finding.file);
        [&mut finding.text, &mut finding.remedy].into_iter().for_each(tidy_text);
        facts(&mut finding.facts)?;
    }
    facts(&mut report.facts)?;
    Ok(report)
}

/// Checks the report of a toil scorer.
pub(crate) fn scores(mut report: scorer::Report) -> Result<scorer::Report, Breach> {
    at_most(&report.tasks, ROWS, "tasks")?;
    at_most(&report.teams, ROWS, "teams")?;
    for task in &mut report.tasks {
        ensure(matches!(task.class, 1..=3), || format!("class {}, and classes go from 1 to 3", task.class))?;
        ensure(task.score <= 1000, || format!("score {}, and scores go from 0 to 1000", task.score))?;
        at_most(&task.teams, ROWS, "teams of one task")?;
        task.teams.iter_mut().chain([&mut task.title]).for_each(tidy_line);
        tidy_text(&mut task.advice);
        facts(&mut task.facts)?;
    }
    for team in &mut report.teams {
        tidy_line(&mut team.team);
        facts(&mut team.facts)?;
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_from_0_to_3() {
        assert_eq!(marks(vec![0, 1, 2, 3], 4), Ok(vec![0, 1, 2, 3]));
        let refused = |given: Vec<u8>, rows: u32| marks(given, rows).unwrap_err().0;
        assert_eq!(refused(vec![3, 4, 255], 3), "mark 4 for row 1, and marks go from 0 to 3");
        assert_eq!(refused(vec![1], 2), "1 marks for 2 rows");
    }
}
