//! A toil report for people.

use weir::ToilReport;

use crate::output::bold;
use crate::render::table::{bar, table, text};
use crate::render::{Clock, events};

/// Teams against their budgets, then tasks, the first to automate first.
pub(crate) fn report(report: &ToilReport, clock: &Clock) -> String {
    let mut out = format!(
        "{}: {} work items from {} to {}\n\n",
        bold(&report.policy),
        report.items,
        clock.show(report.since),
        clock.show(report.until)
    );
    let mut teams = table(["team", "time", "toil", "share", "", "budget"], &[]);
    for team in &report.teams {
        let share = percent(team.toil, team.minutes);
        teams.add_row([
            team.team.clone(),
            hours(team.minutes),
            hours(team.toil),
            format!("{share:.0} %"),
            bar(share),
            format!("{} ({})", hours(team.budget), if team.exceeded { "exceeded" } else { "kept" }),
        ]);
    }
    out.push_str(&text(&teams));
    out.push('\n');
    let mut tasks =
        table(["task", "class", "runs", "time", "score", "pays back in", "advice"], &["task", "advice"]);
    for task in &report.tasks {
        tasks.add_row([
            task.title.clone(),
            class(task.class).to_owned(),
            task.runs.to_string(),
            hours(task.minutes),
            task.score.to_string(),
            task.break_even_days.map_or_else(|| "-".to_owned(), |days| format!("{days}d")),
            task.advice.clone(),
        ]);
    }
    out.push_str(&text(&tasks));
    for line in &report.log {
        out.push_str(&format!("  log: {line}\n"));
    }
    out.push('\n');
    out.push_str(&events(&report.events));
    out
}

fn class(code: u32) -> &'static str {
    match code {
        1 => "toil",
        2 => "overhead",
        3 => "engineering",
        _ => "-",
    }
}

fn hours(minutes: u64) -> String {
    format!("{}h {:02}m", minutes / 60, minutes % 60)
}

#[expect(clippy::cast_precision_loss, reason = "a share that is shown in whole percent")]
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
