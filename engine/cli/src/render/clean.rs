//! Texts of plugins, files and events on their way out: they give no orders to terminals and look like what they are.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Whether a character is an order to a terminal, turns the direction of writing, or can't stand in XML. Line ends and tabs
/// are such, too.
pub(crate) fn is_order(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
                | '\u{fffe}' | '\u{ffff}'
        )
}

/// The text in one line: line ends and tabs become blanks, other orders question marks.
pub(crate) fn line(text: &str) -> String {
    let harmless = |character| match character {
        '\n' | '\r' | '\t' => ' ',
        order if is_order(order) => '?',
        other => other,
    };
    text.chars().map(harmless).collect()
}

/// The text in its lines: orders become question marks.
pub(crate) fn lines(text: &str) -> String {
    let harmless = |character| match character {
        '\n' | '\t' => character,
        order if is_order(order) => '?',
        other => other,
    };
    text.chars().map(harmless).collect()
}

/// A result whose texts are all in one line each, for people to read: what a project's files say may hold anything.
///
/// # Errors
/// When the value is not read back from its own JSON form.
pub(crate) fn texts<T: Serialize + DeserializeOwned>(value: &T) -> Result<T, serde_json::Error> {
    let mut form = serde_json::to_value(value)?;
    clean_texts(&mut form);
    serde_json::from_value(form)
}

fn clean_texts(value: &mut Value) {
    match value {
        Value::String(text) => *text = line(text),
        Value::Array(values) => values.iter_mut().for_each(clean_texts),
        Value::Object(values) => values.values_mut().for_each(clean_texts),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A JSON document without raw orders: between quotes they are written as escapes, which mean the same.
pub(crate) fn json(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    for character in document.chars() {
        match character {
            // Below the blank, a document holds only the line ends between its values: the writer escapes the others.
            '\n' => out.push('\n'),
            order if is_order(order) => out.push_str(&format!("\\u{:04x}", u32::from(order))),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_orders_a_terminal_about() {
        assert_eq!(line("a\nb\tc\u{1b}[2J\u{9b}1m\u{202e}d"), "a b c?[2J?1m?d");
        assert_eq!(lines("a\nb\r\u{7f}"), "a\nb??");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({ "a": "\u{7f}\u{9b}31m\u{202e}\n\u{1b}" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let clean = json(&text);
        assert!(!clean.chars().any(|character| character != '\n' && is_order(character)), "{clean:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&clean).unwrap(), value);
    }
}
