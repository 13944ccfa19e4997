//! Objectives as people write them.

use proptest::prelude::*;
use weir_math::{Decimal, Objective, ObjectiveError};

proptest! {
    #[test]
    fn objective_and_budget_make_one(millionths in 1..1_000_000_u32) {
        let text = format!("0.{millionths:06}");
        let objective = Objective::parse(&text).unwrap();
        let budget = Objective::new(objective.budget()).unwrap();
        prop_assert_eq!(budget.budget(), objective.as_decimal());
        prop_assert_eq!(Objective::parse(&objective.to_string()), Ok(objective));
        prop_assert_eq!(Objective::parse(&format!("error rate < {}", objective.budget())), Ok(objective));
    }

    #[test]
    fn no_text_panics(text in "(error rate|errors)? ?[<>]? ?\\PC*") {
        let _ = Objective::parse(&text);
    }
}

#[test]
fn both_sides_of_an_objective_are_read() {
    for text in [
        "99.9%",
        "99.9 %",
        "0.999",
        "error rate < 0.1%",
        "Error rate <= 0.1 %",
        "errors below 0.001",
        "error ratio≤0.1%",
    ] {
        let objective = Objective::parse(text);
        assert_eq!(objective.map(|objective| objective.to_string()).as_deref(), Ok("99.9 %"), "{text}");
    }
}

#[test]
fn stricter_objectives_are_greater() {
    assert!(Objective::parse("99.95 %").unwrap() > Objective::parse("99.9 %").unwrap());
}

#[test]
fn texts_that_are_no_objective_say_why() {
    let check = |text: &str, message: &str| {
        assert_eq!(Objective::parse(text).unwrap_err().to_string(), message);
    };
    check(
        "100 %",
        "an objective of 100 % leaves no error budget, so every failure would break it; write one below 100 %, \
         for example `99.9 %`",
    );
    check(
        "error rate < 100 %",
        "an objective of 0 % promises nothing, as every failure is allowed; write one above 0 %, for example `99.9 %`",
    );
    check("99.9", "`99.9` is no share between 0 and 1; for a percentage write `99.9 %`");
    check("-1 %", "`-0.01` is no share between 0 and 1; write an objective such as `99.9 %` or `0.999`");
    check(
        "error rate > 1 %",
        "`error rate > 1 %` gives the error rate no upper bound; write for example `error rate < 0.1 %`",
    );
    check("high", "`high` is not a plain decimal; write one such as `14.4`, `0.25` or `25 %`");
    assert_eq!(Objective::new(Decimal::ONE), Err(ObjectiveError::NoBudget));
}
