use proptest::prelude::{Just, Strategy, prop, prop_oneof, proptest};
use weir_plugin::scorer::Task;
use weir_plugin::testing::assert_schema;
use weir_plugin::{Fact, attribute};

use super::*;

const DAY: i64 = 86_400;
const ALL: u32 = 31;

fn params(json: &str) -> Params {
    serde_json::from_str(json).unwrap()
}

fn item(title: &str, team: &str, minutes: u64, stated: u32, holds: u32, facts: &[(&str, &str)]) -> WorkItem {
    let fact = |(name, value): &(&str, &str)| Fact { name: (*name).to_owned(), value: (*value).to_owned() };
    WorkItem {
        id: String::new(),
        title: title.to_owned(),
        team: team.to_owned(),
        at: 0,
        minutes,
        stated,
        holds,
        facts: facts.iter().map(fact).collect(),
    }
}

fn score(json: &str, items: &[WorkItem]) -> Report {
    Toil::score(&params(json), 0, 30 * DAY, items).unwrap()
}

/// Scores as many equal items as given, all one task.
fn task(runs: usize, item: &WorkItem) -> Task {
    let mut report = score("{}", &vec![item.clone(); runs]);
    assert_eq!(report.tasks.len(), 1);
    report.tasks.remove(0)
}

#[test]
fn the_schema_is_that_of_the_parameters() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/parameters.schema.json");
    assert_schema::<Params>(include_str!("../parameters.schema.json"), path);
}

#[test]
fn items_that_differ_in_names_are_one_task() {
    let items = [
        item("Restart worker on web-1", "shop", 10, ALL, ALL, &[]),
        item("restart worker on web-2", "core", 20, ALL, ALL, &[]),
        item("Write a parser", "core", 60, 0, 0, &[]),
    ];
    let report = score("{}", &items);
    let actual: Vec<_> =
        report.tasks.iter().map(|task| (task.title.as_str(), task.runs, task.minutes)).collect();
    assert_eq!(actual, [("write a parser", 1, 60), ("restart worker", 2, 30)]);
    assert_eq!(report.tasks[1].teams, ["core", "shop"]);
}

#[test]
fn work_is_toil_from_the_third_run_on() {
    let run = item("Purge the cache", "core", 10, ALL, ALL, &[]);
    let check = |runs: usize, expected: (u32, u32, &str)| {
        let task = task(runs, &run);
        assert_eq!((task.class, task.score, task.advice.as_str()), expected);
    };
    check(1, (class::OVERHEAD, 800, "wait: done once, and toil from 3 times on"));
    check(2, (class::OVERHEAD, 800, "wait: done twice, and toil from 3 times on"));
    check(
        3,
        (
            class::TOIL,
            1_000,
            "automate it: a machine could do it; done 3 times in 30 minutes, the effort of automating it isn't estimated",
        ),
    );
    let rare = score(r#"{ "recurring-from": 4 }"#, &vec![run; 3]);
    assert_eq!(rare.tasks[0].class, class::OVERHEAD);
}

#[test]
fn the_class_is_what_runs_say_then_the_title_then_the_attributes() {
    let lasting = ALL - attribute::TACTICAL;
    let check = |title: &str, stated: u32, holds: u32, class: &str, expected: u32| {
        let actual = task(3, &item(title, "core", 10, stated, holds, &[("class", class)]));
        assert_eq!(actual.class, expected, "{title} {class}");
    };
    check("Purge the cache", ALL, ALL, "", class::TOIL);
    check("Purge the cache", ALL, ALL, "engineering", class::ENGINEERING);
    check("Purge the cache", ALL, ALL, "overhead", class::OVERHEAD);
    check("Weekly meeting", ALL, ALL, "", class::OVERHEAD);
    check("Meeting software, new version", ALL, ALL, "engineering", class::ENGINEERING);
    check("Purge the cache", ALL, 0, "toil", class::ENGINEERING);
    check("Write tests", ALL, attribute::REPETITIVE, "", class::ENGINEERING);
    check("Purge the cache", ALL, lasting, "", class::TOIL);
    check("Purge the cache", 0, 0, "", class::OVERHEAD);
    check("Deploy by hand", 0, 0, "", class::TOIL);
    check("Deploy by hand", attribute::MANUAL, 0, "", class::OVERHEAD);
}

#[test]
fn an_attribute_holds_when_most_runs_that_state_it_say_so() {
    let check = |holding: usize, expected: u32| {
        let yes = item("Purge the cache", "core", 1, ALL, ALL, &[]);
        let no = item("Purge the cache", "core", 1, ALL, ALL - attribute::GROWS, &[]);
        let silent = item("Purge the cache", "core", 1, 0, 0, &[]);
        let mut items = vec![no; 2];
        items.extend(vec![yes; holding]);
        items.extend(vec![silent; 5]);
        assert_eq!(score("{}", &items).tasks[0].score, expected, "{holding}");
    };
    check(2, 800);
    check(3, 1_000);
}

#[test]
fn the_advice_follows_the_source_unless_a_machine_cannot_do_it() {
    let fixed = ALL - attribute::AUTOMATABLE;
    let check = |title: &str, holds: u32, facts: &[(&str, &str)], expected: &str| {
        let advice = task(4, &item(title, "core", 15, ALL, holds, facts)).advice;
        assert_eq!(advice, expected);
    };
    let estimate = ("automation-minutes", "60");
    check(
        "Deploy checkout 1.2",
        ALL,
        &[estimate],
        "automate it: it is one of the manual deployments; done 4 times in 60 minutes, automation pays back within 30 days",
    );
    check(
        "Password reset for @jane",
        ALL,
        &[],
        "let those who ask do it themselves: it is one of the requests for access; done 4 times in 60 minutes, the \
         effort of automating it isn't estimated",
    );
    check(
        "Acknowledge alert 17",
        fixed,
        &[],
        "eliminate its cause: it is one of the alerts handled by hand; done 4 times in 60 minutes, the effort of \
         automating it isn't estimated",
    );
    check(
        "Deploy checkout",
        fixed,
        &[],
        "eliminate its cause: no machine can do it and it grows with the service; done 4 times in 60 minutes, the \
         effort of automating it isn't estimated",
    );
    check(
        "Purge the cache",
        ALL,
        &[estimate, ("residual-minutes", "15")],
        "make each run shorter: automating it never pays back; done 4 times in 60 minutes, automation saves nothing",
    );
}

#[test]
fn no_minute_is_lost_to_a_mean() {
    let run = |minutes| item("Purge the cache", "core", minutes, ALL, ALL, &[("automation-minutes", "50")]);
    // 5 minutes a period of 30 days: 10 periods. A mean of whole minutes would have said 3 minutes, 17 periods.
    let report = score("{}", &[run(1), run(2), run(2)]);
    assert_eq!(report.tasks[0].break_even_days, Some(300));
}

#[test]
fn the_greatest_estimate_counts() {
    let run = |effort| item("Purge the cache", "core", 10, ALL, ALL, &[("automation-minutes", effort)]);
    let report = score("{}", &[run("30"), run("60"), run("a lot")]);
    assert_eq!(report.tasks[0].break_even_days, Some(60));
}

#[test]
fn the_ranking_goes_by_payback_then_by_time() {
    let runs =
        |title: &str, minutes, facts: &[(&str, &str)]| vec![item(title, "core", minutes, ALL, ALL, facts); 3];
    let items = [
        runs("never", 500, &[("automation-minutes", "10"), ("residual-minutes", "500")]),
        runs("unknown and long", 100, &[]),
        runs("unknown and short", 10, &[]),
        runs("late", 10, &[("automation-minutes", "900")]),
        runs("soon", 10, &[("automation-minutes", "30")]),
        runs("meeting", 900, &[]),
    ]
    .concat();
    let report = score("{}", &items);
    let titles: Vec<_> = report.tasks.iter().map(|task| task.title.as_str()).collect();
    assert_eq!(titles, ["soon", "late", "unknown and long", "unknown and short", "never", "meeting"]);
}

#[test]
fn teams_are_held_to_their_budget() {
    let check = |budget: &str, engineering: u64, expected: (u64, bool)| {
        let mut items = vec![item("Purge the cache", "core", 10, ALL, ALL, &[]); 3];
        items.push(item("Write a parser", "core", engineering, 0, 0, &[("class", "engineering")]));
        let report = score(&format!(r#"{{ "budget": "{budget}" }}"#), &items);
        let team = &report.teams[0];
        assert_eq!((team.minutes, team.toil), (30 + engineering, 30));
        assert_eq!((team.budget, team.exceeded), expected, "{budget} {engineering}");
    };
    check("50%", 30, (30, false));
    check("50%", 29, (29, true));
    check("33.3 %", 60, (29, true));
    check("0%", 60, (0, true));
    check("100%", 0, (30, false));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let check = |json: &str, until: i64, expected: Problem| {
        assert_eq!(Toil::score(&params(json), 0, until, &[]).unwrap_err(), expected);
    };
    let out_of_range = "`budget` is `101%`, not between 0 % and 100 %".to_owned();
    check(r#"{ "budget": "101%" }"#, DAY, Problem::InvalidParams(out_of_range));
    check("{}", 0, Problem::Unprocessable("the period ends before it begins".to_owned()));
}

#[test]
fn a_period_is_rounded_to_days() {
    let check = |seconds: i64, expected: u64| assert_eq!(period_days(0, seconds), Ok(expected));
    check(1, 1);
    check(30 * DAY - 3_600, 30);
    check(30 * DAY + 3_600, 30);
    check(30 * DAY + DAY / 2, 31);
}

fn some_item() -> impl Strategy<Value = WorkItem> {
    let title = prop_oneof![
        Just("Restart worker 7"),
        Just("restart worker 8"),
        Just("Deploy checkout"),
        Just("Weekly meeting"),
        Just("Write a parser"),
    ];
    let team = prop_oneof![Just("core"), Just("shop")];
    let effort = prop_oneof![Just(None), (0..1_000_u32).prop_map(Some)];
    (title, team, 0..100_u64, 0..=ALL, 0..=ALL, effort).prop_map(
        |(title, team, minutes, stated, holds, effort)| {
            let effort = effort.map(|effort| effort.to_string());
            let facts: Vec<_> = effort.iter().map(|effort| ("automation-minutes", effort.as_str())).collect();
            item(title, team, minutes, stated, holds, &facts)
        },
    )
}

fn shuffled() -> impl Strategy<Value = (Vec<WorkItem>, Vec<WorkItem>)> {
    prop::collection::vec(some_item(), 0..24)
        .prop_flat_map(|items| (Just(items.clone()), Just(items).prop_shuffle()))
}

proptest! {
    #[test]
    fn the_order_of_items_does_not_matter((items, shuffled) in shuffled()) {
        assert_eq!(score("{}", &items), score("{}", &shuffled));
    }

    #[test]
    fn no_minute_is_lost(items in prop::collection::vec(some_item(), 0..24)) {
        let report = score("{}", &items);
        let minutes: u64 = items.iter().map(|item| item.minutes).sum();
        assert_eq!(report.tasks.iter().map(|task| task.minutes).sum::<u64>(), minutes);
        assert_eq!(report.teams.iter().map(|team| team.minutes).sum::<u64>(), minutes);
        let toil = report.tasks.iter().filter(|task| task.class == class::TOIL).map(|task| task.minutes);
        assert_eq!(report.teams.iter().map(|team| team.toil).sum::<u64>(), toil.sum::<u64>());
    }

    #[test]
    fn a_looser_budget_is_exceeded_by_no_more_teams(
        items in prop::collection::vec(some_item(), 0..24), tight in 0..=100_u32, loose in 0..=100_u32,
    ) {
        let exceeded = |percent: u32| {
            let report = score(&format!(r#"{{ "budget": "{percent}%" }}"#), &items);
            report.teams.iter().filter(|team| team.exceeded).count()
        };
        assert!(exceeded(tight.max(loose)) <= exceeded(tight.min(loose)));
    }
}
