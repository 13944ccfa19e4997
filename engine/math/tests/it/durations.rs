//! Lengths of time as people write them.

use proptest::prelude::*;
use weir_math::{DurationError, Window, format_duration, parse_duration};

proptest! {
    #[test]
    fn what_is_shown_reads_back(seconds in 1..=u64::MAX) {
        prop_assert_eq!(parse_duration(&format_duration(seconds)), Ok(seconds));
    }

    #[test]
    fn no_text_panics(text in "\\PC*|[0-9wdhmsMQY]{0,30}") {
        let _ = parse_duration(&text);
    }
}

#[test]
fn whole_numbers_with_units_are_read() {
    let check = |text: &str, seconds: u64, shown: &str| {
        assert_eq!(parse_duration(text), Ok(seconds), "{text}");
        assert_eq!(format_duration(seconds), shown);
    };
    check("30d", 2_592_000, "30d");
    check("4w", 2_419_200, "28d");
    check("1h30m", 5_400, "1h30m");
    check("90m", 5_400, "1h30m");
    check(" 45s ", 45, "45s");
    check("1w2d3h4m5s", 788_645, "9d3h4m5s");
    assert_eq!(Window::rolling("28d").map(|window| window.to_string()).as_deref(), Ok("28d"));
}

#[test]
fn everything_else_is_refused() {
    for text in ["", "30", "d", "1.5h", "-1h", "1m1h", "1h1h", "1 h", "1x", "30D", "M", "1h30"] {
        assert_eq!(parse_duration(text), Err(DurationError::Malformed(text.to_owned())), "{text}");
    }
    assert_eq!(parse_duration("0d"), Err(DurationError::Zero("0d".to_owned())));
    assert_eq!(
        parse_duration("99999999999999999999s").unwrap_err().to_string(),
        "`99999999999999999999s` is too long; write a shorter time"
    );
    assert!(matches!(parse_duration("30500568904944w"), Err(DurationError::TooLong(_))));
    assert_eq!(
        parse_duration("1M").unwrap_err().to_string(),
        "the unit `M` in `1M` has no fixed length; write days, for example `30d`, or use a calendar window (minutes are `m`)"
    );
    assert!(matches!(parse_duration("1Q"), Err(DurationError::NoFixedLength { unit: 'Q', .. })));
}
