//! Reads what the rules need from a Markdown document: its length, placeholders, sections and dates.

/// The kind of a line, as far as the rules care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind<'a> {
    /// Metadata between two `---` lines at the top of the document.
    FrontMatter,
    /// A heading of the given level, from 1.
    Heading(usize, &'a str),
    /// Prose or code.
    Content,
    /// A blank line, a comment, or a mark that stands for no text of its own.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    number: u32,
    text: &'a str,
    kind: Kind<'a>,
}

/// A Markdown document, line by line.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    lines: Vec<Line<'a>>,
}

/// What a document has under a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// There is no such heading.
    Missing,
    /// The heading is on this line, with nothing but placeholders below it.
    Empty(u32),
    /// The heading is on this line, with text below it.
    Filled(u32),
}

/// What a document states under the key of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stated<'a> {
    /// Nothing.
    Missing,
    /// On this line, something that is not a date.
    Malformed(u32, &'a str),
    /// On this line, a date: its text, and how many days after 1970-01-01 it is.
    Date(u32, &'a str, i64),
}

impl<'a> Document<'a> {
    /// Sorts the lines of a document by kind. Takes any text: there is no wrong Markdown.
    pub(crate) fn parse(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let front_matter = front_matter_lines(text);
        let mut lines: Vec<Line<'a>> = Vec::new();
        let mut inside = Inside::Prose;
        for (number, text) in (1..).zip(text.lines()) {
            let kind = if (number as usize) <= front_matter { Kind::FrontMatter } else { inside.kind(text) };
            if let (Some(level), Some(title)) = (underline(text), lines.last_mut())
                && inside == Inside::Prose
                && title.kind == Kind::Content
                && kind != Kind::FrontMatter
            {
                title.kind = Kind::Heading(level, title.text.trim());
                lines.push(Line { number, text, kind: Kind::Nothing });
            } else {
                lines.push(Line { number, text, kind });
            }
        }
        Document { lines }
    }

    /// How many characters of headings, prose and code it has, without the space around them.
    pub(crate) fn length(&self) -> usize {
        let body = self.lines.iter().filter(|line| matches!(line.kind, Kind::Content | Kind::Heading(..)));
        body.map(|line| line.text.trim().chars().count()).sum()
    }

    /// The first placeholder, and the line it is on.
    pub(crate) fn placeholder(&self) -> Option<(u32, &'a str)> {
        let mut body =
            self.lines.iter().filter(|line| matches!(line.kind, Kind::Content | Kind::Heading(..)));
        body.find_map(|line| placeholder(line.text).map(|word| (line.number, word)))
    }

    /// The section under any of the headings in `names`, which are alternatives separated by `|`. Letter case and
    /// numbering (`2. Escalation`) don't matter. If there are several such sections, one with text is preferred.
    pub(crate) fn section(&self, names: &str) -> Section {
        let mut found = Section::Missing;
        for (index, line) in self.lines.iter().enumerate() {
            let Kind::Heading(level, title) = line.kind else { continue };
            if !names.split('|').any(|name| heading_key(name) == heading_key(title)) {
                continue;
            }
            let below = self.lines.iter().skip(index + 1);
            let mut section =
                below.take_while(|line| !matches!(line.kind, Kind::Heading(other, _) if other <= level));
            if section.any(|line| line.kind == Kind::Content && placeholder(line.text).is_none()) {
                return Section::Filled(line.number);
            }
            if found == Section::Missing {
                found = Section::Empty(line.number);
            }
        }
        found
    }

    /// The date that the document states as `key: 2026-09-01`, in its front matter or on a line of its own. Letter case,
    /// emphasis, and `-`, `_` or a space between the words of the key don't matter.
    pub(crate) fn date(&self, key: &str) -> Stated<'a> {
        let wanted = date_key(key);
        for line in self.lines.iter().filter(|line| matches!(line.kind, Kind::Content | Kind::FrontMatter)) {
            let Some((name, value)) = line.text.split_once(':') else { continue };
            if date_key(name) != wanted {
                continue;
            }
            let value = value.trim_matches(|mark: char| mark.is_whitespace() || "*_`\"'|".contains(mark));
            return match day(value) {
                Some(day) => Stated::Date(line.number, value, day),
                None => Stated::Malformed(line.number, value),
            };
        }
        Stated::Missing
    }
}

/// How many lines the front matter takes, its marks included; 0 without front matter.
fn front_matter_lines(text: &str) -> usize {
    let mut lines = text.lines().map(str::trim_end);
    if lines.next() != Some("---") {
        return 0;
    }
    lines.position(|line| line == "---" || line == "...").map_or(0, |index| index + 2)
}

/// Where the next line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Prose,
    /// Code, until as many of the same marks.
    Code(char, usize),
    Comment,
}

impl Inside {
    /// The kind of a line, and the state after it.
    fn kind<'a>(&mut self, line: &'a str) -> Kind<'a> {
        let text = line.trim();
        match *self {
            Inside::Code(mark, count) => {
                if text.chars().all(|other| other == mark) && text.len() >= count {
                    *self = Inside::Prose;
                    return Kind::Nothing;
                }
            }
            Inside::Comment => {
                if text.contains("-->") {
                    *self = Inside::Prose;
                }
                return Kind::Nothing;
            }
            Inside::Prose => {
                if let Some(mark) = text.chars().next().filter(|mark| "`~".contains(*mark)) {
                    let count = text.chars().take_while(|other| *other == mark).count();
                    if count >= 3 {
                        *self = Inside::Code(mark, count);
                        return Kind::Nothing;
                    }
                }
                if text.starts_with("<!--") {
                    if !text.contains("-->") {
                        *self = Inside::Comment;
                    }
                    return Kind::Nothing;
                }
                if let Some(heading) = heading(line) {
                    return heading;
                }
            }
        }
        if text.is_empty() { Kind::Nothing } else { Kind::Content }
    }
}

/// A heading that is marked with `#`.
fn heading(line: &str) -> Option<Kind<'_>> {
    let text = line.trim();
    let title = text.trim_start_matches('#');
    let level = text.len() - title.len();
    let marked = (1..=6).contains(&level) && (title.is_empty() || title.starts_with([' ', '\t']));
    marked.then(|| Kind::Heading(level, title.trim().trim_end_matches('#').trim_end()))
}

/// The level of the heading that a line below it makes of the line above.
fn underline(line: &str) -> Option<usize> {
    let text = line.trim();
    let all = |mark: char| text.len() >= 2 && text.chars().all(|other| other == mark);
    if all('=') {
        Some(1)
    } else if all('-') {
        Some(2)
    } else {
        None
    }
}

/// A heading without what may differ: letter case, numbering, a colon at the end.
fn heading_key(title: &str) -> String {
    let title = title.trim().trim_start_matches(|mark: char| mark.is_ascii_digit() || ".) ".contains(mark));
    title.trim_end_matches(':').trim_end().to_lowercase()
}

/// A key without what may differ: letter case, list marks and emphasis, the sign between words.
fn date_key(name: &str) -> String {
    let name = name.trim_matches(|mark: char| mark.is_whitespace() || "*_`\"'|->#".contains(mark));
    name.to_lowercase().replace([' ', '_'], "-")
}

/// A word that stands for text still to be written. Capitals only, as whole words: `todo` may be a service's name.
pub(crate) fn placeholder(text: &str) -> Option<&str> {
    let mut words = text.split(|mark: char| !mark.is_alphanumeric() && mark != '-' && mark != '_');
    words.find(|word| matches!(*word, "TODO" | "TBD" | "FIXME" | "TBA" | "XXX"))
}

/// How many days after 1970-01-01 a date is that is written `2026-09-01`. Refuses days that no calendar has.
pub(crate) fn day(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let mut number = |digits: usize| -> Option<i64> {
        let part = parts.next()?;
        let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        if plain { part.parse().ok() } else { None }
    };
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    // Years that begin in March put the leap day at the end, so that the days before a month follow one formula.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(days + (153 * month + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNBOOK: &str = "\
---
last_reviewed: \"2026-09-01\"
---
# Checkout

What to do when checkout fails.

## 1. Diagnosis

```sh
# Escalation
kubectl get pods
```

## Mitigation:
<!--
Restart it.
-->

Escalation
----------
TBD
### First line
TODO: name them

## Rollback
Deploy the version before.
";

    #[test]
    fn sections_have_text_or_are_empty() {
        let check = |names: &str, expected| {
            assert_eq!(Document::parse(RUNBOOK).section(names), expected, "{names}");
        };
        check("Diagnosis", Section::Filled(8));
        check("rollback", Section::Filled(26));
        check("Mitigation", Section::Empty(15));
        check("Escalation", Section::Empty(20));
        check("Capacity", Section::Missing);
        check("Capacity | Rollback", Section::Filled(26));
        check("Checkout", Section::Filled(4));
    }

    #[test]
    fn a_section_ends_with_the_next_heading_of_its_level() {
        let text = "# A\n## Empty\n## Next\ntext\n";
        assert_eq!(Document::parse(text).section("Empty"), Section::Empty(2));
        assert_eq!(Document::parse(text).section("A"), Section::Filled(1));
    }

    #[test]
    fn dates_are_found_in_front_matter_and_on_lines() {
        let check = |text: &str, expected: Stated<'_>| {
            assert_eq!(Document::parse(text).date("last-reviewed"), expected, "{text}");
        };
        check(RUNBOOK, Stated::Date(2, "2026-09-01", 20_697));
        check("# A\n**Last reviewed:** 1970-01-02\n", Stated::Date(2, "1970-01-02", 1));
        check("- Last_Reviewed: 1970-01-01", Stated::Date(1, "1970-01-01", 0));
        check("\u{feff}last-reviewed: 1970-01-01", Stated::Date(1, "1970-01-01", 0));
        check("last-reviewed: 2025-04-8", Stated::Malformed(1, "2025-04-8"));
        check("last-reviewed: 10/09/19", Stated::Malformed(1, "10/09/19"));
        check("last-reviewed:", Stated::Malformed(1, ""));
        check("last reviewed in 2026", Stated::Missing);
        check("```\nlast-reviewed\n```\n", Stated::Missing);
    }

    #[test]
    fn days_follow_the_calendar() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(day(text), expected, "{text}");
        check("1970-01-01", Some(0));
        check("1969-12-31", Some(-1));
        check("2000-03-01", Some(11_017));
        check("2024-02-29", Some(19_782));
        check("2023-02-29", None);
        check("2100-02-29", None);
        check("2026-13-01", None);
        check("2026-00-01", None);
        check("2026-04-31", None);
        check("22025-01-01", None);
        check("2026-01-01T00:00", None);
    }

    #[test]
    fn placeholders_are_whole_words_in_capitals() {
        let check = |text: &str, expected: Option<(u32, &str)>| {
            assert_eq!(Document::parse(text).placeholder(), expected, "{text}");
        };
        check("fine\nowner: TBD\n", Some((2, "TBD")));
        check("## FIXME\n", Some((1, "FIXME")));
        check("the todo service, TODO-list and TODOS", None);
        check("<!-- TODO: template text -->\nfine", None);
    }

    #[test]
    fn length_leaves_out_front_matter_and_comments() {
        assert_eq!(Document::parse("---\na: b\n---\n# Hi\n<!-- long -->\n\n  yes  \n").length(), 4 + 3);
    }

    #[test]
    fn front_matter_without_an_end_is_text() {
        assert_eq!(Document::parse("---\nabc\n").length(), 3 + 3);
    }
}
