//! `weir waive` and `weir override`: excuses with two people, a reason and an end, and a list of those that are there.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use weir::{Entry, KnownExcuse, NewOverride, NewWaiver, Project};
use weir_model::value::Duration;
use weir_model::waiver::LONGEST_WAIVER_DAYS;

use super::{Failure, clock, engine, instant, json, notes, project};
use crate::args::{ExcuseArguments, Format, OverrideArguments, WaiveArguments};
use crate::exit::Exit;
use crate::{output, render};

/// The version of the list's JSON form.
const LIST_VERSION: u32 = 1;
const DAY: u64 = 86_400;

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct List<'k> {
    schema_version: u32,
    at: String,
    excuses: &'k [KnownExcuse],
}

pub(super) fn waive(arguments: &WaiveArguments) -> Result<Exit, Failure> {
    let project = project(&arguments.excuse.project)?;
    let at = instant(&arguments.excuse.project, &project);
    let engine = engine()?;
    if arguments.excuse.list {
        let known = engine.waivers(&project, at)?;
        notes(&engine)?;
        return list(&known, at, &project, &arguments.excuse);
    }
    let granted = arguments.granted.map_or_else(|| at.to_zoned_datetime(TimeZone::UTC).date(), |day| *day);
    let waiver = NewWaiver {
        service: given(&arguments.service, "service")?,
        policy: given(&arguments.policy, "policy")?,
        rule: given(&arguments.rule, "rule")?,
        reason: given(&arguments.reason, "reason")?,
        ticket: arguments.ticket.clone(),
        requested_by: given(&arguments.requested_by, "requested-by")?,
        approved_by: given(&arguments.approved_by, "approved-by")?,
        granted,
        expires: match arguments.lasting {
            Some(lasting) => days_after(granted, lasting)?,
            None => *given(&arguments.expires, "expires")?,
        },
    };
    let entry = engine.waive(&project, &waiver, arguments.excuse.file.as_ref(), at)?;
    notes(&engine)?;
    write(&entry, arguments.excuse.dry_run)
}

pub(super) fn overrule(arguments: &OverrideArguments) -> Result<Exit, Failure> {
    let project = project(&arguments.excuse.project)?;
    let at = instant(&arguments.excuse.project, &project);
    if arguments.excuse.list {
        return list(&project.overrides(at), at, &project, &arguments.excuse);
    }
    let from = arguments.from.unwrap_or(at);
    let force = NewOverride {
        service: given(&arguments.service, "service")?,
        effect: given(&arguments.effect, "effect")?,
        policies: arguments.policies.clone(),
        changes: arguments.changes.clone(),
        reason: given(&arguments.reason, "reason")?,
        ticket: arguments.ticket.clone(),
        by: given(&arguments.by, "by")?,
        approved_by: given(&arguments.approved_by, "approved-by")?,
        from,
        until: match arguments.lasting {
            Some(lasting) => later(from, lasting)?,
            None => given(&arguments.until, "until")?,
        },
    };
    let entry = engine()?.overrule(&project, &force, arguments.excuse.file.as_ref())?;
    write(&entry, arguments.excuse.dry_run)
}

/// What the command line has to name. That it does is seen to where it is parsed.
fn given<T: Clone>(argument: &Option<T>, name: &str) -> Result<T, Failure> {
    argument.clone().ok_or_else(|| Failure::Usage(format!("`{name}` is missing")))
}

fn days_after(granted: Date, lasting: Duration) -> Result<Date, Failure> {
    let usage = || Failure::Usage(format!("a waiver lasts whole days, such as `30d`, and not `{lasting}`"));
    let days = i64::try_from(lasting.seconds() / DAY).map_err(|_| usage())?;
    if !lasting.seconds().is_multiple_of(DAY) {
        return Err(usage());
    }
    let span = jiff::Span::new().try_days(days);
    span.and_then(|span| granted.checked_add(span)).map_err(|_| {
        Failure::Usage(format!(
            "a waiver lasts {LONGEST_WAIVER_DAYS} days at most, and `{lasting}` after {granted} there is no day any more"
        ))
    })
}

fn later(from: Timestamp, lasting: Duration) -> Result<Timestamp, Failure> {
    let usage = || Failure::Usage(format!("`{lasting}` after {from} there is no time any more"));
    let seconds = i64::try_from(lasting.seconds()).map_err(|_| usage())?;
    from.checked_add(SignedDuration::from_secs(seconds)).map_err(|_| usage())
}

fn write(entry: &Entry, dry_run: bool) -> Result<Exit, Failure> {
    for note in &entry.notes {
        output::message(&format!("note: {note}\n"))?;
    }
    if !dry_run {
        entry.write()?;
    }
    output::result(&entry.added)?;
    let did = if dry_run { "would be added to" } else { "added to" };
    output::message(&format!("{did} {}\n", entry.file))?;
    Ok(Exit::Go)
}

fn list(
    known: &[KnownExcuse],
    at: Timestamp,
    project: &Project,
    arguments: &ExcuseArguments,
) -> Result<Exit, Failure> {
    output::result(&match arguments.format {
        Format::Human => render::excuses::list(known, &clock(project)),
        Format::Json => json(&List { schema_version: LIST_VERSION, at: at.to_string(), excuses: known })?,
    })?;
    let warned = arguments.fail_on_warn && known.iter().any(KnownExcuse::needs_attention);
    Ok(if warned { Exit::Warned } else { Exit::Go })
}
