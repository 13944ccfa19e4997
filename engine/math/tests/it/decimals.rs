//! Decimals are read, written and compared exactly.

use proptest::prelude::*;
use weir_math::{Decimal, DecimalError};

/// A decimal as a whole number of 10^-18, and its text with needless zeros.
fn written() -> impl Strategy<Value = (i128, String)> {
    let digits = (any::<bool>(), 0..10_i128.pow(18), 0..10_i128.pow(18), 0..=18_u32);
    digits.prop_map(|(negative, whole, fraction, places)| {
        let cut = 10_i128.pow(18 - places);
        let units = whole * 10_i128.pow(18) + fraction / cut * cut;
        let sign = if negative { "-" } else { "" };
        (if negative { -units } else { units }, format!("{sign}{whole}.{:018}", fraction / cut * cut))
    })
}

proptest! {
    #[test]
    fn what_is_displayed_reads_back((_, text) in written()) {
        let decimal = Decimal::parse(&text).unwrap();
        let shown = decimal.to_string();
        prop_assert_eq!(Decimal::parse(&shown), Ok(decimal));
        prop_assert!(!shown.contains('.') || !shown.ends_with(['0', '.']), "{}", shown);
    }

    #[test]
    fn order_is_that_of_the_numbers((left_units, left) in written(), (right_units, right) in written()) {
        let (left, right) = (Decimal::parse(&left).unwrap(), Decimal::parse(&right).unwrap());
        prop_assert_eq!(left.cmp(&right), left_units.cmp(&right_units));
        prop_assert_eq!(left == right, left_units == right_units);
    }

    #[test]
    fn percentages_read_back(hundredths in -1_000_000_i64..1_000_000) {
        let decimal = Decimal::parse(&format!("{hundredths} %")).unwrap();
        prop_assert_eq!(Decimal::parse(&decimal.percent()), Ok(decimal));
        prop_assert_eq!(decimal.percent(), format!("{hundredths} %"));
    }

    #[test]
    fn no_text_panics(text in "\\PC*|[-+0-9.%eE ]{0,45}") {
        if let Ok(decimal) = Decimal::parse(&text) {
            prop_assert!(decimal.to_f64().is_finite());
        }
    }
}

#[test]
fn plain_decimals_and_percentages_are_read() {
    let check = |text: &str, shown: &str| {
        assert_eq!(Decimal::parse(text).map(|decimal| decimal.to_string()).as_deref(), Ok(shown), "{text}");
    };
    check("14.4", "14.4");
    check("0.250", "0.25");
    check("25%", "0.25");
    check("25 %", "0.25");
    check("99.99999 %", "0.9999999");
    check("-0", "0");
    check("-12.5%", "-0.125");
    check("007", "7");
    check("14.400000000000000001", "14.400000000000000001");
    check("999999999999999999.999999999999999999", "999999999999999999.999999999999999999");
    check("0.00000000000000000100", "0.000000000000000001");
}

#[test]
fn everything_else_is_refused() {
    assert_eq!(Decimal::parse("  "), Err(DecimalError::Empty));
    for text in [
        "1.", ".5", "+1", "1e3", "NaN", "inf", "-", "%", "--1", "1.2.3", "1,5", "1_000", "25 % %", "٣", "0x1",
    ] {
        assert_eq!(Decimal::parse(text), Err(DecimalError::Malformed(text.to_owned())), "{text}");
    }
    for text in ["1000000000000000000", "0.0000000000000000001", "0.00000000000000001 %"] {
        assert_eq!(Decimal::parse(text), Err(DecimalError::TooLong(text.to_owned())), "{text}");
    }
}

#[test]
fn constants_and_floats_agree() {
    assert_eq!((Decimal::ZERO.to_f64(), Decimal::ONE.to_f64()), (0.0, 1.0));
    assert_eq!(Decimal::from(3).to_string(), "3");
    assert_eq!(Decimal::parse("14.4").unwrap().to_f64(), 14.4);
}
