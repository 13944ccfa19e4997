//! TAP version 14, the Test Anything Protocol.

use weir::{Item, ItemStanding, Listing};

use crate::exit::Exit;
use crate::render::{clean, fails};

/// A listing as TAP: an item a test point.
pub(crate) fn document(listing: &Listing, exit: Exit) -> String {
    let mut out = format!("TAP version 14\n1..{}\n# {}\n", listing.items.len(), clean::line(&listing.title));
    for item in listing.items.iter().filter(|item| item.is_override()) {
        out.push_str(&format!("# {}\n", clean::line(&item.text)));
    }
    for (index, item) in listing.items.iter().enumerate() {
        out.push_str(&point(index + 1, item, exit));
    }
    out
}

fn point(number: usize, item: &Item, exit: Exit) -> String {
    let name = escaped(&format!("{} {}", item.id(), item.subject));
    let name = name.trim_end();
    let (ok, directive) = match item.standing {
        // What is excused is a failure that is known, which is what TODO is for.
        ItemStanding::Excused => {
            ("not ok", format!(" # TODO {}", escaped(item.excuse.as_deref().unwrap_or("excused"))))
        }
        ItemStanding::NotApplicable => ("ok", format!(" # SKIP {}", escaped(&item.text))),
        _ if fails(item, exit) => ("not ok", String::new()),
        ItemStanding::Passed
        | ItemStanding::Noted
        | ItemStanding::Warned
        | ItemStanding::Undecided
        | ItemStanding::Failed => ("ok", String::new()),
    };
    let mut out = format!("{ok} {number} - {name}{directive}\n");
    if matches!(item.standing, ItemStanding::Passed | ItemStanding::NotApplicable) {
        return out;
    }
    out.push_str(&format!("  ---\n  message: {}\n", quoted(&item.text)));
    out.push_str(&format!("  severity: {}\n", severity(item.standing)));
    if let Some(remedy) = &item.remedy {
        out.push_str(&format!("  remedy: {}\n", quoted(remedy)));
    }
    if let Some(place) = &item.place {
        out.push_str(&format!("  at:\n    file: {}\n", quoted(&place.file)));
        for (name, number) in [("line", place.line), ("column", place.column)] {
            if let Some(number) = number {
                out.push_str(&format!("    {name}: {number}\n"));
            }
        }
    }
    out.push_str("  ...\n");
    out
}

fn severity(standing: ItemStanding) -> &'static str {
    match standing {
        ItemStanding::Failed => "fail",
        ItemStanding::Undecided => "undecided",
        ItemStanding::Warned => "warning",
        ItemStanding::Excused => "todo",
        ItemStanding::Noted | ItemStanding::Passed | ItemStanding::NotApplicable => "comment",
    }
}

/// A description in one line: `#` would begin a directive.
fn escaped(text: &str) -> String {
    clean::line(text).replace('\\', "\\\\").replace('#', "\\#")
}

/// A YAML scalar in double quotes, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(clean::lines(text)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_makes_no_directive() {
        assert_eq!(escaped("a # TODO b\nnot ok \\ 2"), "a \\# TODO b not ok \\\\ 2");
        assert_eq!(quoted("a \"b\"\n...\n"), r#""a \"b\"\n...\n""#);
    }
}
