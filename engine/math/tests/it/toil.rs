//! Toil.

use proptest::prelude::*;
use weir_math::{Attribute, Decimal, WorkClass, break_even_days, toil_budget, toil_score, work_class};

fn set(attributes: &[Attribute]) -> u32 {
    attributes.iter().map(|attribute| attribute.bit()).sum()
}

#[test]
fn attributes_have_the_numbers_of_the_contract() {
    assert_eq!(Attribute::ALL.map(Attribute::bit), [1, 2, 4, 8, 16]);
}

#[test]
fn the_score_is_the_share_of_what_is_stated() {
    let check = |stated, holds, score| assert_eq!(toil_score(stated, holds), score, "{stated} {holds}");
    check(31, 31, 1000);
    check(31, 15, 800);
    check(31, 0, 0);
    check(7, 3, 666);
    check(0, 31, 0);
    // What holds without being stated, and bits without a meaning, do not count.
    check(3, 31, 1000);
    check(u32::MAX, 1 << 7, 0);
}

#[test]
fn work_is_toil_when_manual_repetitive_and_four_of_five() {
    use Attribute::{Automatable, Manual, Repetitive, Scaling, Tactical};
    let check = |stated: &[Attribute], holds: &[Attribute], class| {
        assert_eq!(work_class(set(stated), set(holds)), class, "{stated:?} {holds:?}");
    };
    let all = Attribute::ALL;
    check(&all, &all, WorkClass::Toil);
    check(&all, &[Manual, Repetitive, Automatable, Tactical], WorkClass::Toil);
    check(&all, &[Manual, Repetitive, Automatable, Scaling], WorkClass::Toil);
    check(&all, &[Manual, Repetitive, Tactical], WorkClass::Overhead);
    check(&all, &[Manual, Automatable, Tactical, Scaling], WorkClass::Overhead);
    check(&all, &[Manual], WorkClass::Engineering);
    check(&[Manual, Repetitive], &all, WorkClass::Overhead);
    check(&[], &[], WorkClass::Overhead);
}

#[test]
fn automation_breaks_even_or_never() {
    let check = |effort, runs, days, now, after, even| {
        assert_eq!(break_even_days(effort, runs, days, now, after), even);
    };
    // 30 runs in 90 days save 10 minutes each: 300 minutes in 90 days, so 301 minutes take one day more.
    check(300, 30, 90, 15, 5, Some(90));
    check(301, 30, 90, 15, 5, Some(91));
    check(0, 1, 1, 1, 0, Some(0));
    check(300, 0, 90, 15, 5, None);
    check(300, 30, 0, 15, 5, None);
    check(300, 30, 90, 5, 15, None);
    check(u64::MAX, u64::MAX, u64::MAX, u64::MAX, 0, Some(1));
    check(u64::MAX, 1, u64::MAX, 1, 0, None);
}

proptest! {
    #[test]
    fn break_even_is_the_first_day_that_pays(
        effort in 1..1_000_000_u64, runs in 1..1000_u64, days in 1..400_u64, saved in 1..500_u64, residual in 0..100_u64,
    ) {
        let even = break_even_days(effort, runs, days, saved + residual, residual).unwrap();
        let won = |day: u64| runs * saved * day;
        prop_assert!(won(even) >= effort * days && won(even - 1) < effort * days);
    }

    #[test]
    fn a_score_is_at_most_a_thousand(stated: u32, holds: u32) {
        prop_assert!(toil_score(stated, holds) <= 1000);
    }
}

#[test]
fn the_toil_budget_is_a_share_rounded_down() {
    let check = |minutes, share: &str, budget| {
        assert_eq!(toil_budget(minutes, Decimal::parse(share).unwrap()), budget, "{minutes} {share}");
    };
    check(2_401, "50 %", 1_200);
    check(100, "0.333", 33);
    check(100, "-5 %", 0);
    check(u64::MAX, "100 %", u64::MAX);
    check(u64::MAX, "200 %", u64::MAX);
}
