//! What is told of an outage, and the law that it is the same however a stream comes in.

use proptest::prelude::*;
use tempfile::TempDir;
use weir_model::transition::News;
use weir_model::{Effect, transition};

use super::*;
use crate::backtest::BacktestRequest;
use crate::testing::{BURN_RATE, ERROR_BUDGET, SERVICE, engine, event, instant, load, outage, project};

/// Long after all events of these tests.
fn late() -> Timestamp {
    "2027-01-01T00:00:00Z".parse().unwrap()
}

fn request(lateness_seconds: u64) -> WatchRequest {
    WatchRequest {
        services: Vec::new(),
        change: Change::Feature,
        gate: None,
        lateness_seconds,
        from: None,
        thresholds: ["0 %", "50 %", "25 %"].map(|level| Decimal::parse(level).unwrap()).to_vec(),
        events: Events::default(),
    }
}

fn shop(events: &str) -> TempDir {
    project(&[
        ("services/shop.toml", SERVICE),
        ("policies/error-budget.toml", ERROR_BUDGET),
        ("policies/burn-rate.toml", BURN_RATE),
        ("events.jsonl", events),
    ])
}

/// Reads all that is there.
fn catch_up(watch: &mut Watch<'_>) {
    while watch.step(late()).unwrap() == Step::Read {}
}

/// News in short.
fn shown(news: &Transition) -> String {
    let answer =
        |answer: &transition::Answer| format!("{}{}", answer.effect, if answer.undecided { "?" } else { "" });
    let what = match &news.news {
        News::Verdict { from, to, .. } => {
            format!("{} -> {}", from.as_ref().map_or_else(|| "none".to_owned(), answer), answer(to))
        }
        News::Alert { state, slo, .. } => format!("alert of {slo} {state}"),
        News::Budget { threshold, side, remaining, .. } => format!("{side} {threshold}: {remaining}"),
        News::Data { state, .. } => format!("data {state}"),
    };
    format!("{} {what}", news.at.strftime("%d %H:%M"))
}

/// So many services as are judged in several parts at once: each is told of as if it were the only one, in their order.
#[test]
fn many_services_are_told_of_one_by_one() {
    let hour: Vec<String> = outage().lines().skip(210).take(70).map(str::to_owned).collect();
    let names: Vec<String> = (0..140).map(|number| format!("shop-{number:03}")).collect();
    let of_service = |line: &String, name: &String| {
        let line = line.replace("\"/request\"", &format!("\"/{name}\""));
        line.replace("\"shop\"", &format!("\"{name}\"")) + "\n"
    };
    let lines = hour.iter().flat_map(|line| names.iter().map(|name| of_service(line, name)));
    let many = shop(&lines.collect::<String>());
    std::fs::remove_file(many.path().join("services/shop.toml")).unwrap();
    for name in &names {
        let service = SERVICE.replace("name = \"shop\"", &format!("name = \"{name}\""));
        std::fs::write(many.path().join(format!("services/{name}.toml")), service).unwrap();
    }
    let news = |folder: &TempDir| {
        let project = load(folder);
        let request = WatchRequest { from: Some(instant("03:55:00")), ..request(0) };
        let mut watch = engine().watch(&project, &request, None).unwrap();
        catch_up(&mut watch);
        watch.news()
    };
    let alone: Vec<String> = news(&shop(&(hour.join("\n") + "\n"))).iter().map(shown).collect();
    assert!(alone.len() > 3, "{alone:?}");
    let told = news(&many);
    assert!(told.is_sorted_by_key(|news| (news.at, news.service.clone())));
    for name in &names {
        let of_service: Vec<String> = told.iter().filter(|news| news.service == *name).map(shown).collect();
        assert_eq!(of_service, alone, "{name}");
    }
}

#[test]
fn an_outage_is_told_from_its_beginning_to_its_end() {
    let folder = shop(&outage());
    let (engine, project) = (engine(), load(&folder));
    let mut watch = engine.watch(&project, &request(60), None).unwrap();
    catch_up(&mut watch);
    let news: Vec<String> = watch.news().iter().map(shown).collect();
    assert_eq!(
        news,
        [
            "01 00:01 none -> allow",
            // 12 of 120 requests may fail.
            "01 04:06 below 50 %: 50 %",
            "01 04:09 below 25 %: 25 %",
            "01 04:12 below 0 %: 0 %",
            "01 04:13 allow -> freeze",
            // Of 60 requests within an hour 30 failed: the budget burns at the factor 5.
            "01 04:30 alert of availability fired",
            // Of the last 10 less than half.
            "01 04:36 alert of availability cleared",
            "01 06:18 freeze -> allow",
            "01 06:19 above 0 %: 8.3 %",
            "01 06:22 above 25 %: 33.3 %",
            "01 06:25 above 50 %: 58.3 %",
        ]
    );
    assert_eq!(watch.minute(), Some(instant("11:58:00")));
    assert_eq!(watch.counts().used, 720);
}

#[test]
fn silence_is_told_as_time_passes() {
    let folder = shop(&outage());
    let (engine, project) = (engine(), load(&folder));
    let mut watch = engine.watch(&project, &request(60), None).unwrap();
    catch_up(&mut watch);
    watch.news();
    watch.wait(3600).unwrap();
    assert!(watch.news().is_empty());
    // The newest event is of 11:59, and stale after an hour.
    watch.wait(3600 + 120).unwrap();
    assert_eq!(
        watch.news().iter().map(shown).collect::<Vec<_>>(),
        ["01 13:00 data stale", "01 13:00 allow -> hold?"]
    );
    let path = folder.path().join("more.jsonl");
    std::fs::write(path, event(9999, "request", instant("13:05:00"), "{\"status\":200}")).unwrap();
    catch_up(&mut watch);
    watch.wait(120).unwrap();
    let news: Vec<String> = watch.news().iter().map(shown).collect();
    assert_eq!(news, ["01 13:06 data back", "01 13:06 hold? -> allow"]);
}

/// Holds every verdict of a watch against a back-test in steps of a minute.
fn check_against_backtest(service: &str, events: &str) {
    let folder = shop(events);
    std::fs::write(folder.path().join("services/shop.toml"), service).unwrap();
    let (engine, project) = (engine(), load(&folder));
    let backtest = BacktestRequest {
        services: Vec::new(),
        change: Change::Feature,
        gate: None,
        from: instant("00:01:00"),
        until: instant("11:59:00"),
        step_seconds: 60,
        incident_within_seconds: 60,
        events: Events::default(),
        snapshot: None,
    };
    let report = engine.backtest(&project, None, &backtest).unwrap();
    let mut expected: Vec<(Timestamp, Effect)> =
        report.services[0].sets[0].runs.iter().map(|run| (run.from, run.effect)).collect();
    expected.dedup_by_key(|(_, effect)| *effect);
    let mut watch = engine.watch(&project, &request(60), None).unwrap();
    catch_up(&mut watch);
    let verdicts = watch.news().into_iter().filter_map(|news| match news.news {
        News::Verdict { to, .. } => Some((news.at, to.effect)),
        _ => None,
    });
    assert_eq!(verdicts.collect::<Vec<_>>(), expected);
}

#[test]
fn each_minute_is_judged_as_in_a_back_test() {
    check_against_backtest(SERVICE, &outage());
    // Slices that run on for some minutes, by events and by themselves.
    let slices = format!("{SERVICE}slice = \"5m\"\n");
    check_against_backtest(&slices, &outage());
    check_against_backtest(
        &format!("{slices}budgeting = \"time-slices\"\nslice-target = \"80%\"\n"),
        &outage(),
    );
    // Late in every fourth minute: in time for two minutes after, and too old for the third.
    let sparse: String = (0..720_i64)
        .filter(|minute| minute % 4 == 0 || *minute == 719)
        .map(|minute| {
            let at = instant("00:00:45") + jiff::SignedDuration::from_mins(minute);
            event(usize::try_from(minute).unwrap(), "request", at, "{\"status\":200}")
        })
        .collect();
    check_against_backtest(&format!("{SERVICE}stale-after = \"90s\"\n"), &sparse);
}

#[test]
fn what_comes_late_is_counted_as_long_as_its_slice_is_kept() {
    let folder = shop(&outage());
    let (engine, project) = (engine(), load(&folder));
    let mut watch = engine.watch(&project, &request(60), None).unwrap();
    catch_up(&mut watch);
    let late_ones: String = (0..3)
        .map(|number| event(5000 + number, "request", instant("10:00:00"), "{\"status\":500}"))
        .collect();
    std::fs::write(folder.path().join("late.jsonl"), late_ones).unwrap();
    catch_up(&mut watch);
    let slo = &watch.status().unwrap()[0].slos[0];
    assert_eq!(slo.counts.as_ref().map(|counts| (counts.good, counts.bad)), Some((120, 3)));
    assert_eq!(watch.counts().late, 0);
}

/// A service with SLOs of all sorts.
const SORTS: &str = r#"
[service]
name = "shop"
owner = "us"

[[sli]]
name = "availability"
plugin = "availability"

[[sli]]
name = "traffic"
plugin = "throughput"
[sli.params]
at-least = 8
per = "10m"
empty = "bad"

[[sli]]
name = "newness"
plugin = "freshness"
[sli.params]
threshold = "20m"

[[slo]]
name = "by-events"
sli = "availability"
objective = "90%"
window = "4d"

[[slo]]
name = "by-slices"
sli = "availability"
objective = "90%"
window = "4d"
budgeting = "time-slices"
slice-target = "80%"
slice = "5m"

[[slo]]
name = "by-shares"
sli = "availability"
objective = "90%"
window = "1d"
budgeting = "ratio-time-slices"
slice = "10m"
unknown-counts-as = "ignored"

[[slo]]
name = "busy"
sli = "traffic"
objective = "50%"
window = "4d"
slice = "10m"

[[slo]]
name = "fresh"
sli = "newness"
objective = "90%"
window = "4d"
slice = "5m"

[[slo]]
name = "all"
objective = "50%"
window = "4d"
composite = { all = [{ slo = "by-slices", target = "80%" }, { slo = "fresh", target = "90%" }] }
"#;

/// Requests every few minutes over some days, some of which fail, with a silence in between.
fn days(minutes: i64) -> String {
    let mut text = String::new();
    for minute in (0..minutes).filter(|minute| minute % 7 != 3 && !(3000..3300).contains(minute)) {
        let at = instant("00:00:30") + jiff::SignedDuration::from_mins(minute);
        let status = if minute % 13 == 0 { 500 } else { 200 };
        let id = usize::try_from(minute).unwrap();
        text.push_str(&event(id, "request", at, &format!("{{\"status\":{status}}}")));
    }
    text
}

#[test]
fn merging_slices_changes_nothing_at_full_hours() {
    let events = days(5 * 1440 + 2);
    let folder = project(&[
        ("services/shop.toml", SORTS),
        ("policies/error-budget.toml", ERROR_BUDGET),
        ("events.jsonl", &events),
    ]);
    let (engine, project) = (engine(), load(&folder));
    let from = Some("2026-01-06T00:00:00Z".parse().unwrap());
    let mut watch = engine.watch(&project, &WatchRequest { from, ..request(60) }, None).unwrap();
    catch_up(&mut watch);
    let minute = watch.minute().unwrap();
    assert_eq!(minute.to_string(), "2026-01-06T00:00:00Z");
    assert!(watch.time.kept_from.is_some(), "slices were merged");
    let (expected, counts) = engine.slo_status(&project, None, minute, &Events::default()).unwrap();
    let (found, expected) = (&watch.status().unwrap()[0].slos, &expected[0].slos);
    for (found, expected) in found.iter().zip(expected) {
        // The newest event is known to the minute here.
        let expected =
            weir_model::verdict::SloStatus { newest_event: found.newest_event, ..expected.clone() };
        assert_eq!(*found, expected);
    }
    assert_eq!(found.len(), expected.len());
    assert_eq!(watch.counts().used, counts.used + counts.late);
}

/// Of slices between it and the others, there are 29 million.
#[test]
fn an_event_of_a_clock_that_stands_at_its_beginning_holds_nobody_up() {
    let lost = event(99_999, "request", Timestamp::UNIX_EPOCH, "{\"status\":200}");
    let end = |events: &str| {
        let folder = project(&[
            ("services/shop.toml", SORTS),
            ("policies/error-budget.toml", ERROR_BUDGET),
            ("events.jsonl", events),
        ]);
        let (engine, project) = (engine(), load(&folder));
        let from = Some("2026-01-05T23:00:00Z".parse().unwrap());
        let mut watch = engine.watch(&project, &WatchRequest { from, ..request(60) }, None).unwrap();
        catch_up(&mut watch);
        let used = watch.counts().used;
        (watch.news().iter().map(shown).collect::<Vec<_>>(), watch.status().unwrap(), used)
    };
    let events = days(5 * 1440);
    let (news, status, used) = end(&events);
    assert!(!news.is_empty());
    let (news_after, status_after, used_after) = end(&format!("{lost}{events}"));
    assert_eq!(news_after, news);
    assert_eq!(format!("{status_after:?}"), format!("{status:?}"));
    assert_eq!(used_after, used + 1);
}

#[test]
fn a_mark_that_says_a_file_is_utf8_is_passed_over() {
    let folder = shop(&format!("\u{feff}{}", outage()));
    let (engine, project) = (engine(), load(&folder));
    let mut watch = engine.watch(&project, &request(60), None).unwrap();
    catch_up(&mut watch);
    let counts = watch.counts();
    assert_eq!((counts.used, counts.refused), (720, 0), "{:?}", counts.samples);
}

#[test]
fn a_snapshot_is_kept_to_one_watch() {
    let folder = shop(&outage());
    let (engine, project) = (engine(), load(&folder));
    let snapshot = folder.path().join("state/watch.snapshot");
    let mut first = engine.watch(&project, &request(60), Some(&snapshot)).unwrap();
    let refused = |taken: &str| {
        let error = engine.watch(&project, &request(60), Some(&snapshot)).unwrap_err();
        assert!(
            error.is_input() && error.to_string().contains("another `weir watch` uses"),
            "{taken}: {error}"
        );
    };
    refused("by the first one");
    let second = engine.take_over(&project, &mut first).unwrap();
    drop(first);
    refused("by the one that took over");
    drop(second);
    engine.watch(&project, &request(60), Some(&snapshot)).unwrap();
}

/// Feeds a file in pieces, and has another watch go on from a snapshot after some of them.
fn in_pieces(folder: &TempDir, events: &str, cuts: &[(usize, bool)]) -> (Vec<String>, String, EventCounts) {
    let (engine, project) = (engine(), load(folder));
    let (file, snapshot) = (folder.path().join("events.jsonl"), folder.path().join("watch.snapshot"));
    std::fs::write(&file, "").unwrap();
    let mut news = Vec::new();
    let mut watch = engine.watch(&project, &request(300), Some(&snapshot)).unwrap();
    let mut written = 0;
    for (length, interrupted) in cuts.iter().copied().chain([(events.len(), false)]) {
        let end = events.len().min(written + length);
        let mut file = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
        std::io::Write::write_all(&mut file, &events.as_bytes()[written..end]).unwrap();
        written = end;
        catch_up(&mut watch);
        if interrupted {
            news.extend(watch.news().iter().map(shown));
            watch.save(&snapshot, 7).unwrap();
            drop(watch);
            watch = engine.watch(&project, &request(300), Some(&snapshot)).unwrap();
            assert_eq!(watch.mark(), Some(7));
        }
    }
    news.extend(watch.news().iter().map(shown));
    let standing = format!("{:?} {:?}", watch.minute(), watch.status().unwrap());
    (news, standing, watch.counts())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn pieces_interruptions_order_and_repeats_change_nothing(
        cuts in prop::collection::vec((1_usize..40_000, any::<bool>()), 0..8),
        // Minutes by which an event comes late: fewer than are waited for.
        delays in prop::collection::vec(0_usize..5, 720),
        repeats in prop::collection::vec((0_usize..720, 0_usize..100), 0..20),
    ) {
        let straight = outage();
        let mut lines: Vec<(usize, &str)> =
            straight.lines().zip(&delays).enumerate().map(|(minute, (line, delay))| (minute + delay, line)).collect();
        let again: Vec<(usize, &str)> =
            repeats.iter().map(|(line, after)| (lines[*line].0 + after, lines[*line].1)).collect();
        lines.extend(again);
        lines.sort_by_key(|(minute, _)| *minute);
        let mixed: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
        let expected = in_pieces(&shop(""), &straight, &[]);
        let (news, standing, counts) = in_pieces(&shop(""), &mixed, &cuts);
        prop_assert_eq!(news, expected.0);
        prop_assert_eq!(standing, expected.1);
        prop_assert_eq!(counts, EventCounts { duplicate: repeats.len() as u64, ..expected.2 });
    }
}

/// The policy that freezes at another level of the budget.
fn stricter() -> String {
    ERROR_BUDGET.replace("below = \"0%\"", "below = \"50%\"")
}

#[test]
fn another_policy_judges_from_the_minute_at_which_it_is_taken_over() {
    let events = outage();
    let lines: Vec<&str> = events.lines().collect();
    // Until six minutes into the outage.
    let early: String = lines.iter().take(4 * 60 + 6).map(|line| format!("{line}\n")).collect();
    let folder = shop(&early);
    let engine = engine();
    let before = load(&folder);
    let mut watch = engine.watch(&before, &request(60), None).unwrap();
    catch_up(&mut watch);
    let told = watch.news().len();
    assert_eq!(told, 1, "only that all is well");
    std::fs::write(folder.path().join("policies/error-budget.toml"), stricter()).unwrap();
    let after = load(&folder);
    let mut watch = engine.take_over(&after, &mut watch).unwrap();
    let all: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(folder.path().join("events.jsonl"), all).unwrap();
    catch_up(&mut watch);
    let news: Vec<String> = watch.news().iter().map(shown).collect();
    assert!(news.contains(&"01 04:07 allow -> freeze".to_owned()), "{news:#?}");
    assert!(!news.iter().any(|news| news.contains("none ->")), "it was told already: {news:#?}");
    assert_eq!(watch.counts().used, 720, "nothing is read twice");
}

#[test]
fn what_measures_something_else_is_not_taken_over_and_the_old_goes_on() {
    let folder = shop(&outage());
    let engine = engine();
    let before = load(&folder);
    let mut watch = engine.watch(&before, &request(60), None).unwrap();
    assert_eq!(watch.step(late()).unwrap(), Step::Read);
    let check = |service: &str, part: &str, watch: &mut Watch<'_>| {
        std::fs::write(folder.path().join("services/shop.toml"), service).unwrap();
        let error = engine.take_over(&load(&folder), watch).unwrap_err();
        assert!(error.is_input() && error.to_string().contains(part), "{error}");
    };
    let slower =
        SERVICE.replace("plugin = \"availability\"", "plugin = \"latency\"\nparams = { threshold = \"1s\" }");
    check(&slower, "was measured differently", &mut watch);
    check(
        &SERVICE.replace("name = \"availability\"\nsli", "name = \"other\"\nsli"),
        "not watched now",
        &mut watch,
    );
    catch_up(&mut watch);
    assert_eq!(watch.counts().used, 720);
    assert!(watch.news().len() > 5);
}

#[test]
fn slos_that_change_places_are_not_gone_on_with() {
    let two = format!(
        "{SERVICE}\n[[slo]]\nname = \"strict\"\nsli = \"availability\"\nobjective = \"99%\"\nwindow = \"2h\"\n"
    );
    let (head, slos) = two.split_once("[[slo]]").unwrap();
    let (first, second) = slos.split_once("[[slo]]").unwrap();
    let swapped = format!("{head}[[slo]]{second}\n[[slo]]{first}");
    let folder = project(&[
        ("services/shop.toml", &two),
        ("policies/error-budget.toml", ERROR_BUDGET),
        ("events.jsonl", &outage()),
    ]);
    let engine = engine();
    let before = load(&folder);
    let mut watch = engine.watch(&before, &request(60), None).unwrap();
    catch_up(&mut watch);
    std::fs::write(folder.path().join("services/shop.toml"), swapped).unwrap();
    let error = engine.take_over(&load(&folder), &mut watch).unwrap_err();
    assert!(error.to_string().contains("stands in another place"), "{error}");
}
