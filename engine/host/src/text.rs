//! Texts that come from plugins: hostile until made harmless.

/// How many bytes a text of a plugin keeps. The end of a longer one gives way to `…`.
pub(crate) const TEXT_BYTES: usize = 4096;

/// Makes a text of several lines harmless: no control characters but line ends, nothing that changes the direction of
/// writing, no more than [`TEXT_BYTES`].
pub(crate) fn tidy_text(text: &mut String) {
    tidy(text, |character| if character == '\t' { Some(' ') } else { keep(character, character == '\n') });
}

/// Makes a text of one line harmless: as [`tidy_text`], and a line end becomes a space.
pub(crate) fn tidy_line(text: &mut String) {
    tidy(text, |character| if matches!(character, '\t' | '\n') { Some(' ') } else { keep(character, false) });
}

/// The text of one line, harmless.
pub(crate) fn line(text: &str) -> String {
    let mut text = text.to_owned();
    tidy_line(&mut text);
    text
}

/// Whether a text of several lines is harmless as it is, whatever its length.
pub(crate) fn is_harmless(text: &str) -> bool {
    text.chars().all(|character| keep(character, matches!(character, '\t' | '\n')).is_some())
}

fn tidy(text: &mut String, replace: impl Fn(char) -> Option<char>) {
    if text.chars().any(|character| replace(character) != Some(character)) {
        *text = text.chars().filter_map(replace).collect();
    }
    if text.len() > TEXT_BYTES {
        text.truncate(text.floor_char_boundary(TEXT_BYTES - '…'.len_utf8()));
        text.push('…');
    }
}

fn keep(character: char, wanted: bool) -> Option<char> {
    (wanted || !(character.is_control() || is_disguise(character))).then_some(character)
}

/// Characters that make a text look like another one: marks of writing direction, line separators, byte order marks.
fn is_disguise(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_disguises_go() {
        let check = |raw: &str, text: &str, line: &str| {
            let (mut tidied_text, mut tidied_line) = (raw.to_owned(), raw.to_owned());
            tidy_text(&mut tidied_text);
            tidy_line(&mut tidied_line);
            assert_eq!((tidied_text.as_str(), tidied_line.as_str()), (text, line), "{raw:?}");
        };
        check("10 % left, µs", "10 % left, µs", "10 % left, µs");
        check("\u{1b}[31mred\u{1b}[0m", "[31mred[0m", "[31mred[0m");
        check("one\r\ntwo\tthree", "one\ntwo three", "one two three");
        check("gpj.\u{202e}exe\u{feff}\u{0}\u{7f}\u{9b}", "gpj.exe", "gpj.exe");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let mut text = "ä".repeat(TEXT_BYTES);
        tidy_text(&mut text);
        assert!(text.len() <= TEXT_BYTES && text.ends_with("ä…"), "{} bytes", text.len());
        let mut fits = "a".repeat(TEXT_BYTES);
        tidy_text(&mut fits);
        assert_eq!(fits, "a".repeat(TEXT_BYTES));
    }
}
