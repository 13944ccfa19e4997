//! Text between the tags of HTML and XML.

use crate::render::clean::is_order;

/// Text as it may stand between tags and in attributes: what could be taken for markup is written out. Control characters,
/// which XML can't hold and terminals obey, become question marks, and so do those that turn the direction of writing.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\r' | '\t' => out.push(character),
            order if is_order(order) => out.push('?'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        assert_eq!(escaped("a < b & \"c\" > 'd'"), "a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;");
        assert_eq!(escaped("tab\tline\nbell\u{7}"), "tab\tline\nbell?");
        assert_eq!(escaped("\u{1b}[2J\u{9b}31m\u{7f} gpj.\u{202e}exe"), "?[2J?31m? gpj.?exe");
    }
}
