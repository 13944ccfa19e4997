//! What the readers of other systems' files share.
#![cfg_attr(not(feature = "default"), allow(dead_code, reason = "each reader uses a part of it"))]

use weir_math::{Decimal, Ratio};
use weir_model::diagnostic::{Code, Diagnostic, quote};
use weir_model::value::{Duration, Objective, Percentage, ValueError};
use weir_model::{Name, PromQuery};

use crate::draft::{Imported, ServiceDraft};
use crate::yaml::read::File;
use crate::yaml::table::Item;

/// The services that were read so far.
#[derive(Debug, Default)]
pub(crate) struct Services(Vec<ServiceDraft>);

impl Services {
    /// The service of this name, which is added if it is not there yet.
    pub(crate) fn named(&mut self, name: &Name) -> &mut ServiceDraft {
        let place = self.0.iter().position(|service| service.name == *name).unwrap_or_else(|| {
            self.0.push(ServiceDraft::new(name.clone()));
            self.0.len() - 1
        });
        // INVARIANT: the place is that of a service that was found or has just been added.
        #[expect(clippy::indexing_slicing, reason = "see the invariant")]
        &mut self.0[place]
    }

    /// What was read, once all files have been.
    pub(crate) fn imported(self, files: Vec<File>) -> Imported {
        let diagnostics: Vec<Diagnostic> = files.into_iter().flat_map(File::into_diagnostics).collect();
        Imported { services: self.0, diagnostics }
    }
}

/// The owner of a service that a label names; says that there is none where there is none.
pub(crate) fn own(service: &mut ServiceDraft, place: Item<'_>, owner: Option<&str>) {
    match owner.map(str::trim).filter(|owner| !owner.is_empty()) {
        Some(owner) => owner.clone_into(&mut service.owner),
        None if service.owner.is_empty() => {
            "unknown".clone_into(&mut service.owner);
            let message = format!("nobody owns the service {}", quote(service.name.as_str()));
            place.assumed(message, "`owner` is \"unknown\": write who answers for it");
        }
        None => {}
    }
}

/// The name under which an SLO can be added; says so where it is another one, since the service has one of that name.
pub(crate) fn free_slo_name(place: Item<'_>, draft: &ServiceDraft, name: &Name) -> Name {
    let free = draft.free_slo_name(name);
    if free != *name {
        let message = format!("{} has an SLO {} already", quote(draft.name.as_str()), quote(name.as_str()));
        place.assumed(message, format!("this one becomes {}", quote(free.as_str())));
    }
    free
}

/// A description, unless it says nothing.
pub(crate) fn description(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The name that a text becomes, which is said where it is another one.
pub(crate) fn name(item: Item<'_>) -> Option<Name> {
    let text = item.text()?;
    if let Ok(name) = Name::parse(text) {
        return Some(name);
    }
    let nearest = Name::nearest(text);
    match &nearest {
        Some(name) => item.assumed(
            format!("{} is not a name in kebab-case", quote(text)),
            format!("it becomes {}", quote(name.as_str())),
        ),
        None => item.wrong(Code::InvalidName, format!("{} can't be made a name", quote(text)), None),
    }
    nearest
}

/// Says why a value is wrong, where it is.
pub(crate) fn checked<T>(item: Item<'_>, value: Result<T, ValueError>) -> Option<T> {
    value.map_err(|error| item.wrong(error.code, error.message, Some(error.help))).ok()
}

/// A stretch of time of fixed length.
pub(crate) fn duration(item: Item<'_>) -> Option<Duration> {
    checked(item, Duration::parse(item.text()?))
}

/// The length of a slice where a service file says nothing, in seconds.
const USUAL_SLICE: u64 = 60;

/// The length of a window. It has to hold a slice of an SLO, which is a minute where nothing else is said.
pub(crate) fn window(item: Item<'_>) -> Option<Duration> {
    long_enough(item, duration(item)?)
}

/// A window that was read, if it holds a slice.
pub(crate) fn long_enough(item: Item<'_>, window: Duration) -> Option<Duration> {
    if window.seconds() >= USUAL_SLICE {
        return Some(window);
    }
    let message = format!("a window of {window} is shorter than one slice of a minute");
    item.wrong(Code::WindowShorterThanSlice, message, Some("write `1m` or more".to_owned()));
    None
}

/// An objective that is written as a percentage without its sign: `99.9`.
pub(crate) fn percent_objective(item: Item<'_>) -> Option<Objective> {
    let text = item.text()?.trim();
    checked(item, Objective::parse(&format!("{}%", text.trim_end_matches('%').trim_end())))
}

/// An objective that is written as a share: `0.999`.
pub(crate) fn share_objective(item: Item<'_>) -> Option<Objective> {
    checked(item, Objective::parse(item.text()?))
}

/// A share of a whole, written as a number from 0 to 1.
pub(crate) fn share(item: Item<'_>) -> Option<Percentage> {
    checked(item, Percentage::parse(item.text()?))
}

/// The query with `$window` in place of the templates that stand for the stretch of time elsewhere.
pub(crate) fn with_window(query: &str) -> String {
    let mut out = String::new();
    let mut rest = query;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        match after.split_once("}}") {
            Some((template, after)) if matches!(template.trim(), ".window" | ".Window" | "window") => {
                out.push_str("$window");
                rest = after;
            }
            _ => {
                out.push_str("{{");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// A query that says where its stretch of time goes.
pub(crate) fn windowed(item: Item<'_>) -> Option<PromQuery> {
    let query = with_window(item.text()?);
    let wrong = |message: String, help: &str| item.wrong(Code::InvalidQuery, message, Some(help.to_owned()));
    if query.contains("{{") {
        wrong(format!("{} has a template that isn't known here", quote(&query)), "known is `{{.window}}`");
        return None;
    }
    if !query.contains("$window") {
        wrong(format!("{} doesn't say where its window goes", quote(&query)), "write `{{.window}}`");
        return None;
    }
    checked(item, PromQuery::parse(&query))
}

/// Seconds as milliseconds, where they are whole: `0.05` is `50ms`.
pub(crate) fn milliseconds(seconds: &str) -> Option<String> {
    let seconds = Ratio::from(Decimal::parse(seconds).ok()?);
    let milliseconds = seconds.checked_mul(Ratio::from(1_000_u64))?.to_decimal_string(18);
    (!milliseconds.contains('.') && milliseconds != "0").then(|| format!("{milliseconds}ms"))
}
