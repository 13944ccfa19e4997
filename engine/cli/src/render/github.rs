//! GitHub Actions: annotations as workflow commands, a summary of the step, and its outputs.

use weir::{Digest, Item, ItemStanding, Listing};

use crate::exit::Exit;
use crate::render::{clean, markdown};

/// How many annotations of each kind a step shows; GitHub drops what comes after them.
const MOST: usize = 10;
/// How long the title of an annotation may be, in characters.
const LONGEST_TITLE: usize = 255;
/// How large the summary of a step may be, in bytes; GitHub drops one that is larger as a whole.
const LARGEST_SUMMARY: usize = 1024 * 1024;

/// The kinds of annotations, the most severe first.
const KINDS: [&str; 3] = ["error", "warning", "notice"];

/// Annotations, the most severe first, and then the text for people, of which nothing is taken for a command.
pub(crate) fn log(listing: &Listing, human: &str) -> String {
    let mut items: Vec<&Item> = listing.items.iter().collect();
    // The sort is stable: the answer stays before the others, and an override before other warnings.
    items.sort_by_key(|item| std::cmp::Reverse(item.standing));
    let mut out = String::new();
    for kind in KINDS {
        let of_kind: Vec<&&Item> = items.iter().filter(|item| self::kind(item) == Some(kind)).collect();
        of_kind.iter().take(MOST).for_each(|item| out.push_str(&annotation(kind, item)));
        if let Some(more) = of_kind.len().checked_sub(MOST).filter(|more| *more > 0) {
            out.push_str(&format!("{more} more of kind `{kind}` than GitHub shows are in the text below\n"));
        }
    }
    out.push_str(&without_commands(human));
    out
}

fn kind(item: &Item) -> Option<&'static str> {
    match item.standing {
        ItemStanding::Failed | ItemStanding::Undecided => Some("error"),
        ItemStanding::Warned => Some("warning"),
        ItemStanding::Excused | ItemStanding::Noted => Some("notice"),
        ItemStanding::Passed | ItemStanding::NotApplicable => None,
    }
}

fn annotation(kind: &str, item: &Item) -> String {
    let mut properties = Vec::new();
    if let Some(place) = &item.place {
        properties.push(format!("file={}", property(&place.file)));
        properties.extend(place.line.map(|line| format!("line={line}")));
        properties.extend(place.column.map(|column| format!("col={column}")));
    }
    let title: String =
        format!("{} {}", item.id(), item.subject).trim_end().chars().take(LONGEST_TITLE).collect();
    properties.push(format!("title={}", property(&title)));
    let excuse = item.excuse.as_ref().map(|excuse| format!("\n{excuse}")).unwrap_or_default();
    let remedy = item.remedy.as_ref().map(|remedy| format!("\nremedy: {remedy}")).unwrap_or_default();
    format!("::{kind} {}::{}\n", properties.join(","), data(&format!("{}{excuse}{remedy}", item.text)))
}

/// A message as a workflow command takes it.
fn data(text: &str) -> String {
    clean::lines(text).replace('%', "%25").replace('\n', "%0A")
}

/// The value of a property as a workflow command takes it.
fn property(text: &str) -> String {
    data(&clean::line(text)).replace(':', "%3A").replace(',', "%2C")
}

/// Text whose lines are not looked at for commands. The word that ends this can't be in the text: it is the text's digest.
fn without_commands(text: &str) -> String {
    let word = format!("weir-{}", Digest::of(text.as_bytes()));
    let text = text.strip_suffix('\n').unwrap_or(text);
    format!("::stop-commands::{word}\n{text}\n::{word}::\n")
}

/// The summary of the step, in Markdown, for a file that already holds `used` bytes.
pub(crate) fn summary(listing: &Listing, used: u64) -> String {
    const CUT: &str = "\n\nThe rest does not fit into a summary.\n";
    let text = markdown::document(listing) + "\n";
    let room = LARGEST_SUMMARY.saturating_sub(usize::try_from(used).unwrap_or(usize::MAX));
    if text.len() <= room {
        return text;
    }
    let Some(room) = room.checked_sub(CUT.len()) else { return String::new() };
    let kept = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
    let kept = kept.rsplit_once('\n').map_or("", |(lines, _)| lines);
    format!("{kept}{CUT}")
}

/// The outputs of the step: every fact of the listing, the exit code, and how many items there are of each kind.
pub(crate) fn outputs(listing: &Listing, exit: Exit) -> String {
    let mut out = String::new();
    for (name, value) in &listing.facts {
        out.push_str(&output(name, &clean::lines(value)));
    }
    let count =
        |kind| listing.items.iter().filter(|item| !item.is_answer && self::kind(item) == Some(kind)).count();
    out.push_str(&output("exit-code", &exit.code().to_string()));
    out.push_str(&output("error-count", &count("error").to_string()));
    out.push_str(&output("warning-count", &count("warning").to_string()));
    out
}

/// One output between delimiters that its value can't hold: they have the value's digest in them.
fn output(name: &str, value: &str) -> String {
    let delimiter = format!("weir-{}", Digest::of(value.as_bytes()));
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_escaped() {
        assert_eq!(data("100 %\nnext\u{1b}[0m"), "100 %25%0Anext?[0m");
        assert_eq!(property("a:b,c\nd"), "a%3Ab%2Cc d");
    }

    #[test]
    fn what_people_read_gives_no_commands() {
        let text = "::error::no\n::stop-commands::x\n";
        let out = without_commands(text);
        let word = out.lines().next().unwrap().strip_prefix("::stop-commands::").unwrap();
        assert_eq!(out, format!("::stop-commands::{word}\n{text}::{word}::\n"));
        assert!(!text.contains(word));
    }

    #[test]
    fn an_output_of_several_lines_ends_where_it_should() {
        let value = "one\nEOF\nweir-";
        let out = output("reason", value);
        let (first, rest) = out.split_once('\n').unwrap();
        let delimiter = first.strip_prefix("reason<<").unwrap();
        assert_eq!(rest, format!("{value}\n{delimiter}\n"));
        assert!(!value.lines().any(|line| line == delimiter));
    }

    #[test]
    fn a_summary_stays_within_its_limit() {
        let listing = Listing {
            question: "gate",
            title: "long\n".repeat(300_000),
            facts: Vec::new(),
            items: Vec::new(),
        };
        for used in [0, 1000, 1024 * 1024 - 10, u64::MAX] {
            let text = summary(&listing, used);
            assert!(text.len() as u64 + used.min(1024 * 1024) <= 1024 * 1024, "{used}");
        }
        assert!(summary(&listing, 0).ends_with("does not fit into a summary.\n"));
    }
}
