//! No text makes the readers panic, and what they say always fits the text.

use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
use weir_model::{Diagnostic, Event, File, Overrides, Policy, Project, Service, Source, Waivers};

use crate::text;

fn diagnostics(text: &str) -> Vec<Diagnostic> {
    let source = match Source::parse("file.toml", text) {
        Ok(source) => std::sync::Arc::new(source),
        Err(diagnostics) => return diagnostics,
    };
    let errors = [
        File::<Project>::parse(source.clone()).err(),
        File::<Service>::parse(source.clone()).err(),
        File::<Policy>::parse(source.clone()).err(),
        File::<Waivers>::parse(source.clone()).err(),
        File::<Overrides>::parse(source).err(),
    ];
    errors.into_iter().flatten().flatten().collect()
}

/// A valid file with a piece of it replaced by something else.
fn damaged() -> impl Strategy<Value = String> {
    let files = ["project", "service", "policy", "waiver", "override"];
    let piece = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "[",
            "]",
            "\"",
            "= 1",
            "{}",
            "\n[[slo]]\n",
            "é",
            "nan",
            "''",
            "2026-01-01"
        ])
        .prop_map(str::to_owned),
    ];
    (prop::sample::select(files.to_vec()), any::<prop::sample::Index>(), 0..8_usize, piece).prop_map(
        |(file, start, length, piece)| {
            let characters: Vec<char> = text(&format!("{file}/valid.toml")).chars().collect();
            let start = start.index(characters.len());
            let end = (start + length).min(characters.len());
            let (before, after) = (&characters[..start], &characters[end..]);
            before.iter().copied().chain(piece.chars()).chain(after.iter().copied()).collect()
        },
    )
}

fn check(text: &str) {
    for diagnostic in diagnostics(text) {
        let range = diagnostic.range.clone();
        assert!(range.start <= range.end && text.get(range).is_some(), "{diagnostic:?}");
        assert!(!diagnostic.to_string().chars().any(char::is_control), "{diagnostic}");
        assert!(diagnostic.line() >= 1 && diagnostic.column() >= 1);
    }
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check(&text);
        let _ = Event::parse(&text);
    }

    #[test]
    fn any_damage_is_read_or_refused(text in damaged()) {
        check(&text);
    }
}
