//! SLOs and SLAs of a service file.

use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use weir_math::{CalendarUnit, Decimal};

use crate::diagnostic::{Code, quote};
use crate::file::Problems;
use crate::value::{Duration, Name, Objective, Percentage, Text, TimeZone};
use crate::word::words;

mod composite;

pub use composite::{Composite, Part, Weight};

/// The longest slice, in seconds: the shortest window of a calendar still holds one.
const LONGEST_SLICE: u64 = 86_400;

words! {
    /// What an error budget is counted in.
    #[derive(Default)]
    pub enum Budgeting {
        /// Events: a minute with much traffic weighs more.
        #[default]
        Occurrences = "occurrences",
        /// Time slices, each good or bad.
        TimeSlices = "time-slices",
        /// Time slices, each good in part.
        RatioTimeSlices = "ratio-time-slices",
    }
}

words! {
    /// What something counts as whose outcome nobody knows.
    #[derive(Default)]
    pub enum UnknownCountsAs {
        /// Not at all.
        #[default]
        Ignored = "ignored",
        /// As bad.
        Bad = "bad",
        /// As good.
        Good = "good",
    }
}

impl From<UnknownCountsAs> for weir_math::Unknown {
    fn from(unknown: UnknownCountsAs) -> weir_math::Unknown {
        match unknown {
            UnknownCountsAs::Ignored => weir_math::Unknown::Ignored,
            UnknownCountsAs::Bad => weir_math::Unknown::Bad,
            UnknownCountsAs::Good => weir_math::Unknown::Good,
        }
    }
}

/// What is aimed for: an objective over a window, for an SLI or for other SLOs of the file together.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("allOf" = [either("sli", "composite"), either("objective", "composite")]))]
pub struct Slo {
    /// The SLO's name.
    pub name: Name,
    /// The name of the SLI in the same file.
    pub sli: Option<Name>,
    /// The other SLOs that it is made of, in place of an SLI.
    pub composite: Option<Composite>,
    /// The share of good events that is aimed for; of good slices for a composite of all its parts. A weighted composite
    /// has none.
    pub objective: Option<Objective>,
    /// The time that the objective holds over.
    pub window: Window,
    /// What the error budget is counted in.
    #[serde(default)]
    pub budgeting: Budgeting,
    /// The length of a time slice, one day at most.
    #[serde(default = "Duration::one_minute")]
    pub slice: Duration,
    /// Budgeting by time slices only: the share of good events that makes a slice good.
    pub slice_target: Option<Percentage>,
    /// What unknown events, or slices without data, count as.
    #[serde(default)]
    pub unknown_counts_as: UnknownCountsAs,
    /// How long the data may be silent before there is no data.
    #[serde(default = "Duration::one_hour")]
    pub stale_after: Duration,
    /// The share of slices that must have data; below it there is no data.
    pub min_coverage: Option<Percentage>,
    /// What the SLO is for, for people.
    pub description: Option<Text>,
}

/// What is promised to others: an objective that is no stricter than that of the SLO.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sla {
    /// The SLA's name.
    pub name: Name,
    /// The name of the SLO in the same file.
    pub slo: Name,
    /// The share of good events that is promised.
    pub objective: Objective,
    /// The time that the promise holds over; that of the SLO unless said otherwise.
    pub window: Option<Window>,
}

/// The part of a schema that asks for one of two keys at least.
pub(crate) fn either(one: &str, other: &str) -> serde_json::Value {
    serde_json::json!({ "anyOf": [{ "required": [one] }, { "required": [other] }] })
}

impl Slo {
    /// What the error budget is counted in, ready to count. A composite of all its parts counts slices, each good or bad.
    #[must_use]
    pub fn account(&self) -> weir_math::Budgeting {
        if self.composite.is_some() {
            return weir_math::Budgeting::TimeSlices { target: Decimal::ONE };
        }
        match self.budgeting {
            Budgeting::Occurrences => weir_math::Budgeting::Occurrences,
            Budgeting::TimeSlices => weir_math::Budgeting::TimeSlices {
                // A valid file has a target here; without one, a slice has to be all good.
                target: self.slice_target.map_or(Decimal::ONE, |target| *target),
            },
            Budgeting::RatioTimeSlices => weir_math::Budgeting::RatioTimeSlices,
        }
    }

    /// The share of good events that makes a slice of this SLO good where it is part of a composite: its `slice-target`,
    /// else its objective.
    #[must_use]
    pub fn slice_goal(&self) -> Decimal {
        let objective = self.objective.map_or(Decimal::ONE, |objective| objective.as_decimal());
        self.slice_target.map_or(objective, |target| *target)
    }

    /// Whether it is a weighted composite, which has neither an objective nor counts of its own.
    #[must_use]
    pub fn is_weighted(&self) -> bool {
        matches!(self.composite, Some(Composite::Weighted(_)))
    }

    /// The length of a time slice in seconds, one day at most. A composite has the slices of its parts.
    #[must_use]
    pub fn slice_seconds(&self) -> u32 {
        u32::try_from(self.slice.seconds()).unwrap_or(u32::MAX)
    }

    /// Reports what makes no sense together. `table` is the pointer to the SLO, and `slos` are those of its file.
    pub(crate) fn check(&self, table: &str, slos: &[Slo], problems: &mut Problems<'_>) {
        match (&self.sli, &self.composite) {
            (Some(_), Some(_)) => {
                let name = quote(self.name.as_str());
                let message = format!("the SLO {name} measures an SLI and is made of other SLOs");
                let diagnostic = problems
                    .at(Code::SliAndComposite, &format!("{table}/composite"), message)
                    .help("remove `sli` or `composite`")
                    .related(problems.span(&format!("{table}/sli")), "measures this");
                problems.push(diagnostic);
            }
            (None, Some(composite)) => composite.check(table, self, slos, problems),
            (Some(_), None) | (None, None) => self.check_slices(table, problems),
        }
    }

    /// Reports slices that make no sense.
    fn check_slices(&self, table: &str, problems: &mut Problems<'_>) {
        let slice = format!("{table}/slice");
        if self.slice.seconds() > LONGEST_SLICE {
            let message = format!("a slice of {} is longer than a day", self.slice);
            problems.push(problems.at(Code::OutOfRange, &slice, message).help("write `1d` or less"));
        }
        let window = format!("{table}/window");
        if let weir_math::Window::Rolling { seconds } = *self.window
            && seconds < self.slice.seconds()
        {
            let message = format!("a window of {} is shorter than one slice of {}", *self.window, self.slice);
            let mut diagnostic = problems.at(Code::WindowShorterThanSlice, &window, message);
            if problems.is_written(&slice) {
                diagnostic = diagnostic.related(problems.span(&slice), "the slice");
            }
            problems.push(diagnostic);
        }
        let target = format!("{table}/slice-target");
        match (self.budgeting, self.slice_target) {
            (Budgeting::TimeSlices, None) => {
                let message =
                    format!("the SLO {} doesn't say when a slice is good", quote(self.name.as_str()));
                let diagnostic = problems
                    .at(Code::MissingSliceTarget, table, message)
                    .label("`slice-target` belongs here")
                    .help("add the share of good events that makes a slice good, such as `slice-target = \"99%\"`")
                    .related(problems.span(&format!("{table}/budgeting")), "budgets by time slices");
                problems.push(diagnostic);
            }
            (Budgeting::Occurrences | Budgeting::RatioTimeSlices, Some(_)) => {
                let message = format!("`slice-target` has no meaning when budgeting by {}", self.budgeting);
                let diagnostic = problems
                    .at(Code::NeedlessSliceTarget, &target, message)
                    .help("remove it, or write `budgeting = \"time-slices\"`");
                problems.push(diagnostic);
            }
            (Budgeting::TimeSlices, Some(_))
            | (Budgeting::Occurrences | Budgeting::RatioTimeSlices, None) => {}
        }
    }
}

impl Sla {
    /// Reports a promise of more than is aimed for. The pointers are to the SLA and to its SLO.
    pub(crate) fn check(&self, table: &str, slo: &Slo, slo_table: &str, problems: &mut Problems<'_>) {
        if slo.is_weighted() {
            let message = format!(
                "the SLO {} is weighted, and nothing can be promised of it",
                quote(slo.name.as_str())
            );
            let diagnostic = problems
                .at(Code::NoCounts, &format!("{table}/slo"), message)
                .help("promise something of its parts, or of a composite of `all` of them")
                .related(
                    problems.span(&format!("{slo_table}/composite")),
                    "has neither objective nor counts",
                );
            problems.push(diagnostic);
        }
        let Some(objective) = slo.objective else { return };
        if *self.objective > *objective {
            let message = format!(
                "the SLA {} promises {}, which is more than the {} that its SLO aims for",
                quote(self.name.as_str()),
                self.objective,
                objective
            );
            let diagnostic = problems
                .at(Code::SlaStricterThanSlo, &format!("{table}/objective"), message)
                .label("promised to others")
                .help("an SLO warns before its SLA is broken: promise less, or aim for more")
                .related(problems.span(&format!("{slo_table}/objective")), "aimed for");
            problems.push(diagnostic);
        }
    }
}

/// The time that an objective holds over: `"30d"`, or `{ calendar = "month", time-zone = "Europe/Berlin" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window(weir_math::Window);

impl Deref for Window {
    type Target = weir_math::Window;

    fn deref(&self) -> &weir_math::Window {
        &self.0
    }
}

/// The form of a window that follows the calendar.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct CalendarWindow {
    /// Which period of the calendar.
    #[schemars(schema_with = "calendar_units")]
    calendar: String,
    /// Where its midnights are.
    time_zone: TimeZone,
}

fn calendar_units(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": CalendarUnit::ALL.map(CalendarUnit::name) })
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Window, D::Error> {
        struct Forms;

        impl<'de> Visitor<'de> for Forms {
            type Value = Window;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration, or a table with `calendar` and `time-zone`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Window, E> {
                let seconds = Duration::parse(text).map_err(E::custom)?.seconds();
                Ok(Window(weir_math::Window::Rolling { seconds }))
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Window, A::Error> {
                let window = CalendarWindow::deserialize(MapAccessDeserializer::new(table))?;
                let unit = window.calendar.parse().map_err(A::Error::custom)?;
                Ok(Window(weir_math::Window::Calendar { unit, zone: window.time_zone.zone().clone() }))
            }
        }

        deserializer.deserialize_any(Forms)
    }
}

impl JsonSchema for Window {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Window".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let rolling = generator.subschema_for::<Duration>();
        let calendar = generator.subschema_for::<CalendarWindow>();
        json_schema!({ "description": "The time that an objective holds over.", "oneOf": [rolling, calendar] })
    }
}
