//! What two titles must share to be the same work.

/// Words that lead up to a name; without the name they say nothing.
const JOINTS: [&str; 16] = [
    "a", "an", "at", "by", "for", "from", "in", "into", "no", "of", "on", "onto", "the", "to", "via", "with",
];

/// A title without what differs from one run to the next: numbers, dates, ids, hosts, addresses and people.
///
/// Whatever has a digit goes, and so does what has the form of a host, a path, an address or a mention. A title of
/// nothing else stays as it is, in lower case.
pub(crate) fn normalise(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split_whitespace().filter(|word| !is_name(word));
    let words = words.map(|word| word.trim_matches(|mark: char| !mark.is_alphanumeric()));
    let mut kept: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    while kept.last().is_some_and(|word| JOINTS.contains(word)) {
        kept.pop();
    }
    if kept.is_empty() { lower.split_whitespace().collect::<Vec<_>>().join(" ") } else { kept.join(" ") }
}

/// Whether a word names one thing among many.
fn is_name(word: &str) -> bool {
    let inner = word.trim_matches(|mark: char| ".,;:!?()[]{}\"'`".contains(mark));
    inner.contains(|mark: char| mark.is_ascii_digit() || "@/\\_=<>".contains(mark)) || inner.contains('.')
}

/// The first of the keywords that the title has, as whole words.
pub(crate) fn keyword<'a>(title: &str, keywords: &'a [String]) -> Option<&'a str> {
    let title = spaced(title);
    let mut keywords = keywords.iter().map(String::as_str);
    keywords.find(|keyword| !spaced(keyword).trim().is_empty() && title.contains(&spaced(keyword)))
}

/// The words in lower case, with one space before and after each.
fn spaced(text: &str) -> String {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|mark: char| !mark.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!(" {} ", words.join(" "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;

    #[test]
    fn titles_lose_what_differs_between_runs() {
        let check = |title: &str, expected: &str| assert_eq!(normalise(title), expected, "{title}");
        check("Restart stuck worker", "restart stuck worker");
        check("Restart stuck worker on web-12", "restart stuck worker");
        check("restart  stuck worker (eu-west-1)", "restart stuck worker");
        check("Grow disk of db.example.com to 200GB", "grow disk");
        check("OPS-1234: Password reset for jane@example.com", "password reset");
        check("Password reset for @jane, 2026-09-01", "password reset");
        check("Fix row 550e8400-e29b-41d4-a716-446655440000 by hand!", "fix row by hand");
        check("Clean /var/log/app", "clean");
        check("INC-42", "inc-42");
        check("  12 34 ", "12 34");
        check("", "");
    }

    #[test]
    fn keywords_match_whole_words() {
        let keywords = ["scale".to_owned(), "password reset".to_owned(), " ".to_owned()];
        let check = |title: &str, expected: Option<&str>| {
            assert_eq!(keyword(title, &keywords), expected, "{title}");
        };
        check("scale checkout up", Some("scale"));
        check("Password-reset for a user", Some("password reset"));
        check("descale the kettle", None);
        check("", None);
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(title in any::<String>()) {
            let once = normalise(&title);
            assert_eq!(normalise(&once), once);
        }

        #[test]
        fn a_number_never_makes_a_difference(run in any::<u32>()) {
            assert_eq!(normalise(&format!("restart worker {run}")), "restart worker");
        }
    }
}
