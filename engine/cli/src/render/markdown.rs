//! Markdown, for comments on pull requests and for summaries of runs.

use weir::{Item, ItemStanding, Listing};

use crate::render::clean;

/// The sections, the most severe first, each with its heading.
const SECTIONS: [(ItemStanding, &str); 5] = [
    (ItemStanding::Failed, "Fails"),
    (ItemStanding::Undecided, "Could not be judged"),
    (ItemStanding::Warned, "Warnings"),
    (ItemStanding::Excused, "Excused"),
    (ItemStanding::Noted, "Notes"),
];

/// A listing as Markdown. It begins with a mark that is not shown, by which a bot finds its own comment again.
pub(crate) fn document(listing: &Listing) -> String {
    let question = listing.question;
    let subject = listing.facts.iter().find(|(name, _)| *name == "service");
    let subject = subject.map(|(_, service)| format!(" {}", clean::line(service))).unwrap_or_default();
    let mut out =
        format!("<!-- weir {question}{subject} -->\n### weir {question}: {}\n", prose(&listing.title));
    for item in listing.items.iter().filter(|item| item.is_override()) {
        out.push_str(&format!("\n> [!WARNING]\n> **{}**\n", prose(&item.text)));
    }
    for item in listing.items.iter().filter(|item| item.is_answer) {
        out.push_str(&format!("\n**Why:** {}\n", prose(&item.text)));
        if let Some(remedy) = &item.remedy {
            out.push_str(&format!("\n**To lift it:** {}\n", prose(remedy)));
        }
    }
    for (standing, heading) in SECTIONS {
        let items = |item: &&Item| item.standing == standing && !item.is_answer && !item.is_override();
        let items: Vec<&Item> = listing.items.iter().filter(items).collect();
        if !items.is_empty() {
            out.push_str(&format!("\n#### {heading}\n\n"));
            items.into_iter().for_each(|item| out.push_str(&entry(item)));
        }
    }
    out.push_str(&rest(listing));
    out
}

fn entry(item: &Item) -> String {
    let mut out = format!("- **{}**", code(&item.id()));
    if !item.subject.is_empty() {
        out.push_str(&format!(" ({})", prose(&item.subject)));
    }
    out.push_str(&format!(": {}", prose(&item.text)));
    if let Some(place) = &item.place {
        let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
        out.push_str(&format!(" — {}", code(&format!("{}{line}", place.file))));
    }
    out.push('\n');
    if let Some(excuse) = &item.excuse {
        out.push_str(&format!("  - {}\n", prose(excuse)));
    }
    if let Some(remedy) = &item.remedy {
        out.push_str(&format!("  - remedy: {}\n", prose(remedy)));
    }
    out
}

/// What is as it should be, folded away.
fn rest(listing: &Listing) -> String {
    let is_rest = |item: &&Item| {
        !item.is_answer && matches!(item.standing, ItemStanding::Passed | ItemStanding::NotApplicable)
    };
    let rest: Vec<&Item> = listing.items.iter().filter(is_rest).collect();
    if rest.is_empty() {
        return String::new();
    }
    let (passed, other) = (listing.count(ItemStanding::Passed), listing.count(ItemStanding::NotApplicable));
    let mut out = format!("\n<details>\n<summary>{passed} passed, {other} not applicable</summary>\n\n");
    rest.into_iter().for_each(|item| {
        out.push_str(&format!("- {}: {}\n", code(&item.id()), prose(&item.text)));
    });
    out.push_str("\n</details>\n");
    out
}

/// Text as a code span.
fn code(text: &str) -> String {
    format!("`{}`", clean::line(text).replace('`', "'"))
}

/// Text that is no markup but for its names in backticks. It mentions nobody and refers to no issue: whoever writes a text
/// of a plugin must not be able to call people.
fn prose(text: &str) -> String {
    let text = clean::line(text);
    let mut out = String::new();
    let mut parts = text.split('`').peekable();
    let mut is_name = false;
    while let Some(part) = parts.next() {
        match (is_name, parts.peek().is_some()) {
            (true, true) if !part.is_empty() => out.push_str(&format!("`{part}`")),
            (true, true) => {}
            // The last backtick has no other one.
            (true, false) => out.push_str(&format!("\\`{}", escaped(part))),
            (false, _) => out.push_str(&escaped(part)),
        }
        is_name = !is_name;
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '!' => out.extend(['\\', character]),
            // A blank without width keeps `@name` and `#1` from being looked up. An escape does not: references are made
            // from the text that comes of it.
            '@' | '#' => out.extend([character, '\u{200b}']),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_no_markup_and_calls_nobody() {
        let check = |text: &str, expected: &str| assert_eq!(prose(text), expected);
        check("`a|b` is *bold*", "`a|b` is \\*bold\\*");
        check("<img src=x> [a](b)", "&lt;img src=x&gt; \\[a\\](b)");
        check("@everyone #12", "@\u{200b}everyone #\u{200b}12");
        check("one ` alone", "one \\` alone");
        check("two\n# lines", "two #\u{200b} lines");
    }

    #[test]
    fn a_code_span_ends_where_it_should() {
        assert_eq!(code("a`b\nc"), "`a'b c`");
    }
}
