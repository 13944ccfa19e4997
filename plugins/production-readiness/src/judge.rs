//! Judges one rule on one service.

use weir_plugin::checker::Subject;
use weir_plugin::evidence::Refusal;
use weir_plugin::{Problem, evidence, fact, outcome, refusal};

use crate::document::{self, Document, Section, Stated};
use crate::{Rule, Test, invalid};

const DAY: i64 = 86_400;

/// A calendar day begins this many seconds earlier in the easternmost time zone than in UTC. A date in a document bears
/// no zone, so it lies in the future only when it has begun nowhere.
const EASTERNMOST: i64 = 14 * 3_600;

/// How a rule came out, why, and where.
#[derive(Debug)]
pub(crate) struct Judgement {
    /// One of [`outcome`].
    pub(crate) outcome: u32,
    pub(crate) text: String,
    /// The document that was judged; empty when there is none.
    pub(crate) file: String,
    pub(crate) line: u32,
}

impl Judgement {
    pub(crate) fn not_applicable(text: String) -> Self {
        Judgement { outcome: outcome::NOT_APPLICABLE, text, file: String::new(), line: 0 }
    }

    /// Whether the rule keeps the service from its level: what is not known to be in order is open.
    pub(crate) fn is_open(&self) -> bool {
        self.outcome == outcome::FAIL || self.outcome == outcome::UNKNOWN
    }
}

/// The outcome, its text, and the line in the document, or 0.
type Answer = (u32, String, u32);

/// Refuses a test that can't be carried out on any service.
pub(crate) fn validate(rule: &Rule) -> Result<(), Problem> {
    let id = &rule.id;
    if let Some(template) = path_template(&rule.test) {
        let rest = template.replace("{service}", "");
        if rest.contains(['{', '}']) {
            return invalid(format!("rule `{id}`: `{template}` has a placeholder other than `{{service}}`"));
        }
    }
    match &rule.test {
        Test::Section { headings, .. } if headings.is_empty() => {
            invalid(format!("rule `{id}`: `headings` is empty; name at least one"))
        }
        Test::Dated { max_age, .. } => days(id, max_age).map(|_| ()),
        Test::Field { .. }
        | Test::Slos { .. }
        | Test::DependencyDeclared {}
        | Test::Document { .. }
        | Test::Section { .. } => Ok(()),
    }
}

/// Judges a rule that applies to the service.
pub(crate) fn judge(rule: &Rule, subject: &Subject) -> Result<Judgement, Problem> {
    let (file, (outcome, text, line)) = match &rule.test {
        Test::Field { field } => (String::new(), judge_field(field, subject)),
        Test::Slos { at_least } => (String::new(), judge_slos(*at_least, subject)),
        Test::DependencyDeclared {} => (String::new(), judge_dependencies(subject)),
        Test::Document { path, min_length } => {
            on_document(path, subject, |document, file| judge_content(document, file, *min_length))
        }
        Test::Section { path, headings } => {
            on_document(path, subject, |document, file| judge_sections(document, file, headings))
        }
        Test::Dated { path, key, max_age } => {
            let max_age = days(&rule.id, max_age)?;
            on_document(path, subject, |document, file| {
                judge_date(document.date(key), file, key, max_age, subject.now)
            })
        }
    };
    Ok(Judgement { outcome, text: format!("{}: {text}", rule.title), file, line })
}

/// Reads a document and judges it.
fn on_document(
    template: &str,
    subject: &Subject,
    judge: impl FnOnce(&Document<'_>, &str) -> Answer,
) -> (String, Answer) {
    let file = template.replace("{service}", &subject.service);
    let answer = match evidence::read(&file) {
        Ok(content) => judge(&Document::parse(&content), &file),
        Err(refused) => judge_refusal(&refused, &file),
    };
    (file, answer)
}

/// A document that isn't there fails the rule. Of one that can't be read, nothing is known.
fn judge_refusal(refused: &Refusal, file: &str) -> Answer {
    if refused.code == refusal::MISSING {
        (outcome::FAIL, format!("there is no `{file}`"), 0)
    } else {
        (outcome::UNKNOWN, format!("can't read `{file}`: {}", refused.text), 0)
    }
}

fn path_template(test: &Test) -> Option<&str> {
    match test {
        Test::Document { path, .. } | Test::Section { path, .. } | Test::Dated { path, .. } => Some(path),
        Test::Field { .. } | Test::Slos { .. } | Test::DependencyDeclared {} => None,
    }
}

fn judge_field(field: &str, subject: &Subject) -> Answer {
    match fact(&subject.facts, field).map(str::trim) {
        Some(value) if says_nothing(value) => {
            (outcome::FAIL, format!("`{field}` is `{value}`, a placeholder"), 0)
        }
        Some(value) => (outcome::PASS, format!("`{field}` is `{value}`"), 0),
        None => (outcome::FAIL, format!("the service file has no `{field}`"), 0),
    }
}

fn judge_slos(at_least: usize, subject: &Subject) -> Answer {
    let slos = subject.slos.len();
    let outcome = if slos < at_least { outcome::FAIL } else { outcome::PASS };
    (outcome, format!("the service has {slos} of at least {at_least}"), 0)
}

fn judge_dependencies(subject: &Subject) -> Answer {
    match subject.dependencies.len() {
        0 if fact(&subject.facts, "dependencies") == Some("none") => {
            (outcome::PASS, "the service says that it depends on nothing".to_owned(), 0)
        }
        0 => (outcome::FAIL, "the service neither lists dependencies nor says `none`".to_owned(), 0),
        listed => (outcome::PASS, format!("the service lists {listed}"), 0),
    }
}

fn judge_content(document: &Document<'_>, file: &str, min_length: usize) -> Answer {
    let length = document.length();
    if length < min_length {
        return (outcome::FAIL, format!("`{file}` has {length} characters of at least {min_length}"), 0);
    }
    match document.placeholder() {
        Some((line, word)) => (outcome::FAIL, format!("`{file}` still says `{word}` on line {line}"), line),
        None => (outcome::PASS, format!("`{file}` has {length} characters"), 0),
    }
}

/// All headings that are missing or empty are named; the line is that of the first empty one.
fn judge_sections(document: &Document<'_>, file: &str, headings: &[String]) -> Answer {
    let (mut missing, mut empty, mut first_filled, mut first_empty) = (Vec::new(), Vec::new(), 0, 0);
    for heading in headings {
        match document.section(heading) {
            Section::Missing => missing.push(format!("no section `{heading}`")),
            Section::Empty(line) => {
                first_empty = if first_empty == 0 { line } else { first_empty };
                empty.push(format!("nothing under `{heading}` on line {line}"));
            }
            Section::Filled(line) => first_filled = if first_filled == 0 { line } else { first_filled },
        }
    }
    missing.append(&mut empty);
    if missing.is_empty() {
        return (outcome::PASS, format!("`{file}` has `{}`", headings.join("`, `")), first_filled);
    }
    (outcome::FAIL, format!("`{file}` has {}", missing.join(" and ")), first_empty)
}

fn judge_date(stated: Stated<'_>, file: &str, key: &str, max_age: i64, now: i64) -> Answer {
    match stated {
        Stated::Missing => (outcome::FAIL, format!("`{file}` states no `{key}`"), 0),
        Stated::Malformed(line, text) => {
            let text =
                format!("`{file}` says `{text}` for `{key}` on line {line}, not a date like `2026-09-01`");
            (outcome::FAIL, text, line)
        }
        Stated::Date(line, text, day) if day.saturating_mul(DAY) > now.saturating_add(EASTERNMOST) => {
            (outcome::FAIL, format!("`{key}` in `{file}` is `{text}`, a date in the future"), line)
        }
        Stated::Date(line, text, day) => {
            let age = now.div_euclid(DAY).saturating_sub(day).max(0);
            let outcome = if age > max_age { outcome::FAIL } else { outcome::PASS };
            (outcome, format!("`{key}` in `{file}` is `{text}`, {age} days old of at most {max_age}"), line)
        }
    }
}

/// A length of time that is a whole number of days.
fn days(id: &str, text: &str) -> Result<i64, Problem> {
    let seconds = weir_math::parse_duration(text).ok().and_then(|seconds| i64::try_from(seconds).ok());
    match seconds {
        Some(seconds) if seconds > 0 && seconds % DAY == 0 => Ok(seconds / DAY),
        _ => invalid(format!("rule `{id}`: `max-age` is `{text}`, not whole days such as `180d`")),
    }
}

/// Whether the value of a field is there and says nothing.
fn says_nothing(value: &str) -> bool {
    let empty = [
        "", "-", "?", "n/a", "na", "none", "null", "unknown", "changeme", "todo", "tbd", "tba", "fixme",
        "xxx",
    ];
    empty.contains(&value.to_lowercase().as_str()) || document::placeholder(value).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_document_fails() {
        let check = |code: u32, expected: u32| {
            let refused = Refusal { code, text: "no".to_owned() };
            assert_eq!(judge_refusal(&refused, "runbooks/a.md").0, expected, "{code}");
        };
        check(refusal::MISSING, outcome::FAIL);
        check(refusal::NOT_GRANTED, outcome::UNKNOWN);
        check(refusal::TOO_LARGE, outcome::UNKNOWN);
        check(refusal::NOT_TEXT, outcome::UNKNOWN);
        check(refusal::NOT_A_FILE, outcome::UNKNOWN);
        check(refusal::FAILED, outcome::UNKNOWN);
        check(99, outcome::UNKNOWN);
    }
}
