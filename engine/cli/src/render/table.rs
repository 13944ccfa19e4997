//! Tables and bars.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

/// How wide a table gets where no terminal says otherwise, in characters.
const WIDTH: u16 = 110;

/// How narrow a column with texts gets, in characters: below that, the table is wider than the terminal instead.
const NARROWEST: u16 = 16;

/// A table with these headings, without lines around its cells. The columns named in `wrapped` share what width the others
/// leave; the others are as wide as their content.
pub(crate) fn table<const N: usize>(headings: [&str; N], wrapped: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    // The same input prints the same bytes: the width is the terminal's only where there is one.
    if !table.is_tty() {
        table.set_width(WIDTH);
    }
    table.set_header(headings);
    for (index, heading) in headings.iter().enumerate() {
        let constraint = if wrapped.contains(heading) {
            ColumnConstraint::LowerBoundary(Width::Fixed(NARROWEST))
        } else {
            ColumnConstraint::ContentWidth
        };
        if let Some(column) = table.column_mut(index) {
            column.set_constraint(constraint);
        }
    }
    table
}

/// A table as text: indented by two, without blanks at line ends.
pub(crate) fn text(table: &Table) -> String {
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(format!(" {line}").trim_end());
        text.push('\n');
    }
    text
}

/// A bar of ten characters for the part of an error budget that is left, in percent. What is overspent has an empty bar.
pub(crate) fn bar(percent: f64) -> String {
    const LENGTH: usize = 10;
    // The cast saturates, so any float, NaN included, gives a bar.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=10")]
    let full = (percent / 10.0).round().clamp(0.0, 10.0) as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(LENGTH.saturating_sub(full)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_wrapped_between_words_even_where_little_room_is_left() {
        let mut table = table(["id", "note"], &["note"]);
        table.add_row(["x".repeat(105), "exhausted since yesterday".to_owned()]);
        let text = text(&table);
        let last: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(last, ["note", "exhausted", "since", "yesterday"], "{text}");
    }

    #[test]
    fn bars_are_full_empty_or_between() {
        let check = |percent, expected: &str| assert_eq!(bar(percent), expected);
        check(100.0, "██████████");
        check(34.9, "███░░░░░░░");
        check(0.0, "░░░░░░░░░░");
        check(-250.0, "░░░░░░░░░░");
        check(f64::NAN, "░░░░░░░░░░");
    }
}
