//! Components that were damaged on the way, or made to look like some: they are refused in words, or they are plugins
//! and keep within their limits. Stands in for fuzzing, in as many cases as a test run can afford.

use std::time::Duration;
use std::{fs, path::Path};

use proptest::prelude::*;
use proptest::sample::Index;
use weir_host::{Evidence, Kind, Limits, Plugin, Sandbox, Wasi, read_info};

use crate::guest::Guest;
use crate::hostile::{situation, subject};
use crate::{rows, sandbox};

fn tight() -> Limits {
    Limits { deadline: Duration::from_millis(200), memory_bytes: 16 << 20, ..Limits::default() }
}

/// Loads what may be a plugin and calls it.
fn load(sandbox: &Sandbox, component: &[u8]) {
    drop(read_info(component));
    if let Ok(plugin) = sandbox.load_with_wasi("mutant", component, Wasi::Inert, &tight()) {
        call(&plugin);
    }
}

/// Any answer is fine, and so is any error: that one of them comes is what is tested.
fn call(plugin: &Plugin) {
    let limits = tight();
    match plugin.kind() {
        Kind::SliCalculator => {
            let mut calculator = plugin.calculator("policy", &limits).unwrap();
            drop(calculator.prepare("{}"));
            if let Ok(marks) = calculator.classify("{}", &rows(20)) {
                assert_eq!(marks.value.len(), 20);
                assert!(marks.value.iter().all(|mark| *mark <= 3));
            }
        }
        Kind::BudgetPolicy => {
            drop(plugin.prepare_budget("policy", &limits, "{}"));
            if let Ok(decision) = plugin.decide("policy", &limits, "{}", &situation()) {
                assert!(decision.value.effect <= 3);
            }
        }
        Kind::Check => drop(plugin.assess("policy", &limits, "{}", &subject(), &Evidence::none())),
        Kind::ToilScorer => drop(plugin.score("policy", &limits, "{}", 0, 60, &[])),
    }
}

/// The plugins that come with Weir, by name.
fn real(name: &str) -> Vec<u8> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/built");
    fs::read(built.join(name).with_extension("wasm")).unwrap()
}

/// A change to a component.
#[derive(Debug, Clone)]
enum Change {
    Flip(Index, u8),
    Cut(Index, Index),
    Double(Index, Index),
    Copy { from: Index, length: u8, to: Index },
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let span = |one: &Index, other: &Index| {
            let (one, other) = (one.index(bytes.len()), other.index(bytes.len()));
            one.min(other)..one.max(other)
        };
        match self {
            Change::Flip(place, bit) => {
                let place = place.index(bytes.len());
                bytes[place] ^= 1 << (bit % 8);
            }
            Change::Cut(from, to) => drop(bytes.drain(span(from, to))),
            Change::Double(from, to) => {
                let span = span(from, to);
                let piece = bytes[span.clone()].to_vec();
                bytes.splice(span.end..span.end, piece);
            }
            Change::Copy { from, length, to } => {
                let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                let length = usize::from(*length).min(bytes.len() - from).min(bytes.len() - to);
                let piece = bytes[from..from + length].to_vec();
                bytes[to..to + length].copy_from_slice(&piece);
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (any::<Index>(), any::<u8>()).prop_map(|(place, bit)| Change::Flip(place, bit)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Cut(from, to)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Double(from, to)),
        2 => (any::<Index>(), any::<u8>(), any::<Index>())
            .prop_map(|(from, length, to)| Change::Copy { from, length, to }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_are_refused(header in any::<bool>(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let header: &[u8] = if header { b"\0asm\x0d\0\x01\0" } else { b"" };
        let bytes = [header, &bytes].concat();
        prop_assert!(sandbox().load("bytes", &bytes, &tight()).is_err());
    }

    #[test]
    fn small_components_with_changes_end_in_words_or_within_limits(
        kind in 0..4,
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let guest = match kind {
            0 => Guest::calculator(),
            1 => Guest::budget(),
            2 => Guest::reader(),
            _ => Guest::scorer(),
        };
        let mut component = guest.component();
        changes.iter().for_each(|change| change.apply(&mut component));
        load(&sandbox(), &component);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn real_components_with_changes_end_in_words_or_within_limits(
        name in prop::sample::select(vec!["freshness", "throughput", "burn-rate", "toil", "production-readiness"]),
        changes in prop::collection::vec(change(), 1..3),
    ) {
        let mut component = real(name);
        changes.iter().for_each(|change| change.apply(&mut component));
        load(&sandbox(), &component);
    }
}

#[test]
fn a_component_cut_off_anywhere_is_refused() {
    let check = |whole: &[u8], step: usize| {
        let sandbox = sandbox();
        let mut loaded = 0;
        for length in (0..whole.len()).step_by(step) {
            if let Ok(plugin) = sandbox.load("cut", &whole[..length], &tight()) {
                call(&plugin);
                loaded += 1;
            }
        }
        loaded
    };
    // Whole without one or both custom sections at its end, it is a plugin that has to be asked what it is.
    assert_eq!(check(&Guest::budget().component(), 1), 2);
    assert_eq!(check(&real("freshness"), 499), 0);
}
