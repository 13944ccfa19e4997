//! What all HTML pages are made of. A page needs nothing else: no script, no font, no picture from elsewhere, and its policy
//! has browsers refuse them.

use weir_model::Effect;

use crate::render::markup::escaped;

/// A page with a body that is HTML already, and more rules of style than those that all pages share.
pub(crate) fn page(title: &str, more_style: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{}{more_style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        include_str!("html/style.css")
    )
}

/// A table of cells that are HTML already. The first cell of a row names it.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::from("<table>\n<thead><tr>");
    for heading in headings {
        out.push_str(&format!("<th scope=\"col\">{heading}</th>"));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (column, (heading, cell)) in headings.iter().zip(row).enumerate() {
            out.push_str(&match column {
                0 => format!("<th scope=\"row\">{cell}</th>"),
                // On a narrow screen the cells of a row stand below one another, each after its heading.
                _ => format!("<td data-heading=\"{heading}\">{cell}</td>"),
            });
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
    out
}

/// Text in which names stand between backticks, with those names set apart.
pub(crate) fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('`').map(escaped).peekable();
    let mut is_name = false;
    while let Some(part) = parts.next() {
        match (is_name, parts.peek().is_some()) {
            (true, true) => out.push_str(&format!("<code>{part}</code>")),
            // The last backtick has no other one.
            (true, false) => out.push_str(&format!("`{part}")),
            (false, _) => out.push_str(&part),
        }
        is_name = !is_name;
    }
    out
}

/// What is shown when somebody asks for it.
pub(crate) fn folded(title: &str, content: &str) -> String {
    format!("<details>\n<summary>{title}</summary>\n{content}</details>\n")
}

/// The class of style of an effect.
pub(crate) fn look(effect: Effect, undecided: bool) -> &'static str {
    match (undecided, effect) {
        (true, _) => "undecided",
        (false, Effect::Allow) => "allow",
        (false, Effect::Warn) => "warn",
        (false, Effect::Hold) => "hold",
        (false, Effect::Freeze) => "freeze",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_between_backticks_are_set_apart() {
        let check = |text: &str, expected: &str| assert_eq!(prose(text), expected);
        check("plain", "plain");
        check("`a` has `b`", "<code>a</code> has <code>b</code>");
        check("one ` alone < two", "one ` alone &lt; two");
        check("`<b>`", "<code>&lt;b&gt;</code>");
        check("``", "<code></code>");
    }
}
