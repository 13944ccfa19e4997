//! YAML as this crate writes it: every text in a form that any parser reads as the same text.

/// A value to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Yaml {
    /// A text. One with several lines is written as a block.
    Text(String),
    /// A number or a flag, as it stands.
    Plain(String),
    /// A list.
    List(Vec<Yaml>),
    /// A table, in the order in which it is to be read.
    Table(Vec<(String, Yaml)>),
}

impl Yaml {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Yaml {
        Yaml::Text(text.into())
    }

    /// A number or a flag.
    pub(crate) fn plain(value: &impl ToString) -> Yaml {
        Yaml::Plain(value.to_string())
    }

    /// A table.
    pub(crate) fn table<K: Into<String>>(entries: impl IntoIterator<Item = (K, Yaml)>) -> Yaml {
        Yaml::Table(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// A table of texts.
    pub(crate) fn texts<K: Into<String>, V: Into<String>>(entries: impl IntoIterator<Item = (K, V)>) -> Yaml {
        Yaml::table(entries.into_iter().map(|(key, value)| (key, Yaml::text(value))))
    }

    /// The value as a document.
    pub(crate) fn document(&self) -> String {
        let mut out = String::new();
        match self {
            Yaml::Text(_) | Yaml::Plain(_) => self.inline(0, &mut out),
            Yaml::List(_) | Yaml::Table(_) if self.is_empty() => self.inline(0, &mut out),
            Yaml::List(_) | Yaml::Table(_) => self.block(0, false, &mut out),
        }
        out
    }

    fn is_empty(&self) -> bool {
        match self {
            Yaml::List(elements) => elements.is_empty(),
            Yaml::Table(entries) => entries.is_empty(),
            Yaml::Text(_) | Yaml::Plain(_) => false,
        }
    }

    /// Writes what follows a key or a dash.
    fn inline(&self, depth: usize, out: &mut String) {
        match self {
            Yaml::Text(text) if is_block(text) => {
                out.push_str("|-\n");
                for line in text.lines() {
                    out.push_str(&format!("{:1$}{line}\n", "", depth * 2));
                }
            }
            Yaml::Text(text) => out.push_str(&format!("{}\n", scalar(text))),
            Yaml::Plain(value) => out.push_str(&format!("{value}\n")),
            Yaml::List(elements) if elements.is_empty() => out.push_str("[]\n"),
            Yaml::Table(entries) if entries.is_empty() => out.push_str("{}\n"),
            Yaml::List(_) | Yaml::Table(_) => {
                out.push('\n');
                self.block(depth, false, out);
            }
        }
    }

    /// Writes the lines of a list or table; the first one goes on where a dash began it.
    fn block(&self, depth: usize, mut begun: bool, out: &mut String) {
        let mut indent = |out: &mut String| {
            if !std::mem::take(&mut begun) {
                out.push_str(&" ".repeat(depth * 2));
            }
        };
        match self {
            Yaml::Text(_) | Yaml::Plain(_) => self.inline(depth, out),
            Yaml::List(elements) => {
                for element in elements {
                    indent(out);
                    out.push_str("- ");
                    if element.is_empty() {
                        element.inline(depth + 1, out);
                    } else {
                        match element {
                            Yaml::Text(_) | Yaml::Plain(_) => element.inline(depth + 1, out),
                            Yaml::List(_) | Yaml::Table(_) => element.block(depth + 1, true, out),
                        }
                    }
                }
            }
            Yaml::Table(entries) => {
                for (key, value) in entries {
                    indent(out);
                    out.push_str(&scalar(key));
                    out.push(':');
                    let breaks = matches!(value, Yaml::List(_) | Yaml::Table(_)) && !value.is_empty();
                    if !breaks {
                        out.push(' ');
                    }
                    value.inline(depth + 1, out);
                }
            }
        }
    }
}

/// Whether a text can stand as a block, line by line as it is.
fn is_block(text: &str) -> bool {
    let bare = |line: &str| !line.is_empty() && !line.ends_with(' ');
    text.contains('\n')
        && !text.ends_with('\n')
        && text.lines().all(bare)
        && !text.starts_with(' ')
        && text.chars().all(|c| c == '\n' || !is_special(c))
}

/// Whether a character has to be escaped.
fn is_special(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A text on one line: bare where nothing could take it for anything else, in quotes otherwise.
pub(crate) fn scalar(text: &str) -> String {
    // No name in here reads as a number, a flag, a date or null: it has a letter that is not the start of one of those.
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_bare = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b':'))
        && !text.ends_with(':')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_bare {
        return text.to_owned();
    }
    if !text.contains(is_special) && text.contains(['"', '\\']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            _ if is_special(character) => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_they_could_be_anything_else() {
        let check = |text: &str, expected: &str| assert_eq!(scalar(text), expected);
        check("checkout-api", "checkout-api");
        check("1h", "\"1h\"");
        check("No", "\"No\"");
        check("", "\"\"");
        check("a:b", "a:b");
        check("a: b", "\"a: b\"");
        check("a:", "\"a:\"");
        check("x{code=\"5\"}", "'x{code=\"5\"}'");
        check("it's \"so\"", "'it''s \"so\"'");
        check("\"\u{7}\n", "\"\\\"\\u0007\\n\"");
    }

    #[test]
    fn tables_and_lists_nest() {
        let value = Yaml::table([
            ("a", Yaml::List(vec![Yaml::texts([("x", "1"), ("z", "b")]), Yaml::text("c")])),
            ("b", Yaml::Table(Vec::new())),
            ("c", Yaml::text("two\n  lines")),
            ("d", Yaml::List(vec![Yaml::List(vec![Yaml::plain(&1), Yaml::plain(&2)])])),
        ]);
        let expected =
            "a:\n  - x: \"1\"\n    z: b\n  - c\nb: {}\nc: |-\n  two\n    lines\nd:\n  - - 1\n    - 2\n";
        assert_eq!(value.document(), expected);
    }
}
