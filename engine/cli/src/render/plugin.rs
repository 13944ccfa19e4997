//! What plugins are and how they do, for people.

mod parameters;

use std::path::Path;

use weir::{Added, Admission, Check, Import, Inspection, KeyNumber, Rule, Signed, Verification};
use weir_model::Effect;

use crate::command::plugin::{Calls, Measured};
use crate::output::{bold, in_effect_colour};

/// What a plugin is, line by line, then its parameters as a table.
pub(crate) fn inspection(found: &Inspection) -> String {
    let mut out = title(found);
    let digest = format!("sha256 {}", found.digest);
    let size = format!("{} bytes", found.size);
    for (name, value) in
        [("kind", found.kind.as_str()), ("contract", &found.contract), ("size", &size), ("digest", &digest)]
    {
        out.push_str(&line(name, value));
    }
    let imports: Vec<String> = found.imports.iter().map(import).collect();
    out.push_str(&lines("imports", &imports, "nothing"));
    if let Some(info) = &found.info {
        out.push_str(&lines("reads", &info.reads, "nothing"));
        out.push_str(&parameters::table(&info.parameters));
    }
    if found.needs_consent() {
        out.push_str("\n  It imports WASI: a project runs it only with `wasi = \"inert\"` in weir.lock.\n");
    }
    out
}

fn title(found: &Inspection) -> String {
    match &found.info {
        Some(info) => format!("{} {}: {}\n", bold(&info.name), info.version, info.summary),
        None => format!("{} that does not say what it is\n", bold(&format!("a {}", found.kind))),
    }
}

fn line(name: &str, value: &str) -> String {
    format!("  {name:<12} {value}\n")
}

/// A line for each of some values, the first one with their name.
fn lines(name: &str, values: &[String], none: &str) -> String {
    if values.is_empty() {
        return line(name, none);
    }
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    names.zip(values).map(|(name, value)| line(name, value)).collect()
}

fn import(import: &Import) -> String {
    match import.admission {
        Admission::Contract => import.name.clone(),
        Admission::Consent => format!("{} (needs the project's consent)", import.name),
        Admission::Never => format!("{} (refused: no plugin may import it)", import.name),
    }
}

/// One line a rule, and with a broken one what was found and what to do.
pub(crate) fn verification(verification: &Verification) -> String {
    let mut out = title(&verification.component);
    for check in &verification.checks {
        out.push_str(&rule(check, &verification.component));
    }
    let broken = verification.checks.iter().filter(|check| check.problem.is_some()).count();
    out.push_str(&format!("\n{} rules kept, {broken} broken\n", verification.checks.len() - broken));
    out
}

fn rule(check: &Check, found: &Inspection) -> String {
    let Some(problem) = &check.problem else {
        let word = in_effect_colour(Effect::Allow, "ok  ");
        let what = fact(check.rule, found).unwrap_or_else(|| check.rule.meaning().to_owned());
        return format!("  {word} {:<12} {what}\n", check.rule.as_str());
    };
    let word = in_effect_colour(Effect::Freeze, "FAIL");
    let help = check.rule.remedy().map(|help| format!("{:20}help: {help}\n", "")).unwrap_or_default();
    format!("  {word} {:<12} {problem}\n{help}", check.rule.as_str())
}

/// What was found, where that says more than that the rule is kept.
fn fact(rule: Rule, found: &Inspection) -> Option<String> {
    Some(match rule {
        Rule::Contract => format!("{} ({})", found.contract, found.kind),
        Rule::Imports if found.imports.is_empty() => "none".to_owned(),
        Rule::Imports => {
            found.imports.iter().map(|import| import.name.as_str()).collect::<Vec<_>>().join(", ")
        }
        Rule::Size => format!("{} bytes", found.size),
        Rule::Schema => match parameters::count(&found.info.as_ref()?.parameters) {
            0 => "no parameters".to_owned(),
            1 => "1 parameter".to_owned(),
            several => format!("{several} parameters"),
        },
        Rule::Compiles
        | Rule::Describes
        | Rule::Prepare
        | Rule::Answer
        | Rule::Repeatable
        | Rule::Stateless
        | Rule::RowByRow
        | Rule::OneByOne => return None,
    })
}

/// What was added, and how to use it.
pub(crate) fn added(added: &Added, verification: &Verification, pinned: Option<&str>) -> String {
    let Added { name, path, digest, .. } = added;
    if !added.changed {
        return format!("`{name}` is pinned as it is: {path}, sha256 {digest}\n");
    }
    let what = match &added.replaced {
        Some(before) => format!("replaced `{name}`: weir.lock pinned sha256 {before}\n"),
        None => format!("added `{name}`\n"),
    };
    let kind = verification.component.kind;
    format!(
        "{what}{}{}{}{}",
        line("kind", kind.as_str()),
        line("component", path),
        line("sha256", &digest.to_string()),
        pinned.map(|pinned| line("from", pinned)).unwrap_or_default()
    )
}

/// Who says that a plugin is theirs.
pub(crate) fn signed(file: &Path, number: KeyNumber, signed: &Signed) -> String {
    format!(
        "`{}` is signed\n{}{}{}",
        file.display(),
        line("by key", &number.to_string()),
        line("public key", signed.key.as_str()),
        line("comment", &signed.comment)
    )
}

/// What was built.
pub(crate) fn built(path: &str, found: &Inspection) -> String {
    format!(
        "built {}{}{}{}",
        title(found),
        line("component", path),
        line("size", &format!("{} bytes", found.size)),
        line("sha256", &found.digest.to_string())
    )
}

/// How fast a plugin is, and how much of its limits it needs.
pub(crate) fn measured(measured: &Measured) -> String {
    let mut out = format!("{}\n", bold(&measured.name));
    out.push_str(&line("compile", &format!("{}, once", time(measured.compile))));
    if let Some(load) = measured.load {
        out.push_str(&line("load", &format!("{} from the cache of compiled code", time(load))));
    }
    let of = |what: &str, calls: &Calls| {
        let a_second = SECOND / calls.median.max(1);
        format!(
            "{} in {what}, {a_second} a second; the slowest of {} took {}",
            time(calls.median),
            calls.calls,
            time(calls.slowest)
        )
    };
    out.push_str(&line("call", &of("an instance of its own", &measured.fresh)));
    if let Some((kept, rows)) = measured.kept.as_ref().zip(measured.rows) {
        out.push_str(&line("", &of("an instance that is kept", kept)));
        let a_second = u128::from(rows) * SECOND / kept.median.max(1);
        out.push_str(&line("rows", &format!("{a_second} a second, {rows} a call")));
    }
    let percent = |part: u128, whole: u128| part * 100 / whole.max(1);
    let memory = percent(measured.memory as u128, measured.memory_limit as u128);
    out.push_str(&line(
        "memory",
        &format!(
            "{} KiB, {memory} % of the {} KiB that it may have",
            measured.memory >> 10,
            measured.memory_limit >> 10
        ),
    ));
    let slowest = measured.kept.as_ref().map_or(0, |kept| kept.slowest).max(measured.fresh.slowest);
    let deadline = percent(slowest, measured.deadline);
    out.push_str(&line(
        "deadline",
        &format!("{}, of which the slowest call took {deadline} %", time(measured.deadline)),
    ));
    out
}

const SECOND: u128 = 1_000_000_000;

/// Nanoseconds in the unit that suits them.
fn time(nanoseconds: u128) -> String {
    match nanoseconds {
        0..10_000 => format!("{nanoseconds} ns"),
        10_000..10_000_000 => format!("{} µs", nanoseconds / 1_000),
        10_000_000..10_000_000_000 => format!("{} ms", nanoseconds / 1_000_000),
        _ => format!("{} s", nanoseconds / SECOND),
    }
}
