//! SLOs that are made of other SLOs of their file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Unexpected, Visitor};
use weir_math::Decimal;

use super::Slo;
use crate::diagnostic::{Code, quote};
use crate::file::Problems;
use crate::service::unknown_reference;
use crate::source::member;
use crate::value::{Format, Name, Percentage, ValueError};

/// The heaviest weight.
const HEAVIEST: u32 = 1_000_000;

/// What an SLO is made of that measures no SLI of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Composite {
    /// All parts at once: a slice is good when the slice of every part reaches its target.
    All(Vec<Part>),
    /// The mean of what remains of the parts' budgets, by weight.
    Weighted(BTreeMap<Name, Weight>),
}

/// A part of a composite that asks for all its parts: `"latency"`, or `{ slo = "latency", target = "90%" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name of an SLO of the same file.
    pub slo: Name,
    /// The share of good events that makes a slice of the part good; see [`Slo::slice_goal`] where it is left out.
    pub target: Option<Percentage>,
}

/// How much a part counts: above 0, exact. Written as a whole number, or as a decimal in a text: `3`, `"2.5"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight(Decimal);

impl Composite {
    /// The names of the parts, each with its place below the composite's own.
    pub fn parts(&self) -> impl Iterator<Item = (&Name, String)> {
        let (all, weighted) = match self {
            Composite::All(parts) => (Some(parts), None),
            Composite::Weighted(parts) => (None, Some(parts)),
        };
        let all = all.into_iter().flatten().enumerate();
        let all = all.map(|(index, part)| (&part.slo, format!("/all/{index}")));
        let weighted = weighted.into_iter().flatten();
        all.chain(weighted.map(|(name, _)| (name, member("/weighted", name.as_str()))))
    }

    /// Reports parts that can't be parts, and keys that mean nothing for a composite. `table` is the pointer to the SLO
    /// whose composite this is, and `slos` are those of its file.
    pub(crate) fn check(&self, table: &str, slo: &Slo, slos: &[Slo], problems: &mut Problems<'_>) {
        let mut parts: Vec<(&Slo, String)> = Vec::new();
        for (name, place) in self.parts() {
            let place = format!("{table}/composite{place}");
            match slos.iter().enumerate().find(|(_, other)| other.name == *name) {
                None => {
                    let names = slos.iter().filter(|other| other.composite.is_none());
                    unknown_reference(problems, &place, "SLO", name, names.map(|other| other.name.as_str()));
                }
                Some((index, part)) if part.composite.is_some() => {
                    nested(problems, &place, slo, part, &format!("/slo/{index}/composite"));
                }
                Some((_, part)) => {
                    if let Some((_, first)) = parts.iter().find(|(earlier, _)| earlier.name == *name) {
                        let message = format!("the part {} is there twice", quote(name.as_str()));
                        let diagnostic = problems
                            .at(Code::DuplicateName, &place, message)
                            .label("named again")
                            .related(problems.span(first), "first named here");
                        problems.push(diagnostic);
                    }
                    parts.push((part, place));
                }
            }
        }
        match self {
            Composite::All(_) => {
                same_slices(slo, table, &parts, problems);
                let why = "the slices of a composite are good or bad, and as long as those of its parts";
                needless(problems, table, &["budgeting", "slice", "slice-target"], why);
                if slo.objective.is_none() {
                    let message = format!("missing key {} in {}", quote("objective"), quote("slo"));
                    let diagnostic = problems
                        .at(Code::MissingKey, table, message)
                        .label("`objective` belongs here")
                        .help("add the share of slices that is aimed for, such as `objective = \"99%\"`");
                    problems.push(diagnostic);
                }
            }
            Composite::Weighted(_) => {
                let why = "a weighted composite counts nothing itself: its parts have their own";
                let keys = ["objective", "budgeting", "slice", "slice-target", "unknown-counts-as"];
                needless(problems, table, &keys, why);
                needless(problems, table, &["stale-after", "min-coverage"], why);
            }
        }
    }
}

/// Reports a part that is a composite.
fn nested(problems: &mut Problems<'_>, place: &str, slo: &Slo, part: &Slo, composite: &str) {
    let name = quote(part.name.as_str());
    let diagnostic = if part.name == slo.name {
        problems
            .at(Code::NestedComposite, place, format!("the SLO {name} is a part of itself"))
            .help("name other SLOs of the file")
    } else {
        problems
            .at(Code::NestedComposite, place, format!("the part {name} is a composite itself"))
            .help("name its parts instead")
            .related(problems.span(composite), "made of other SLOs")
    };
    problems.push(diagnostic);
}

/// Reports parts whose slices are not those of the first part, and a window that no slice fits into.
fn same_slices(slo: &Slo, table: &str, parts: &[(&Slo, String)], problems: &mut Problems<'_>) {
    let Some(((first, _), others)) = parts.split_first() else { return };
    for (part, place) in others {
        if part.slice != first.slice {
            let message = format!(
                "{} has slices of {}, and {} has slices of {}",
                quote(part.name.as_str()),
                part.slice,
                quote(first.name.as_str()),
                first.slice
            );
            let diagnostic = problems
                .at(Code::SlicesDiffer, place, message)
                .help("give the parts of a composite the same `slice`");
            problems.push(diagnostic);
        }
    }
    if let weir_math::Window::Rolling { seconds } = *slo.window
        && seconds < first.slice.seconds()
    {
        let message = format!("a window of {} is shorter than one slice of {}", *slo.window, first.slice);
        problems.push(problems.at(Code::WindowShorterThanSlice, &format!("{table}/window"), message));
    }
}

/// Reports keys that mean nothing for this kind of composite.
fn needless(problems: &mut Problems<'_>, table: &str, keys: &[&str], why: &str) {
    for key in keys {
        let place = format!("{table}/{key}");
        if problems.is_written(&place) {
            let message = format!("`{key}` has no meaning for this composite");
            let diagnostic = problems
                .at(Code::NeedlessKey, &place, message)
                .help(format!("remove it: {why}"))
                .related(problems.span(&format!("{table}/composite")), "the composite");
            problems.push(diagnostic);
        }
    }
}

impl JsonSchema for Composite {
    fn schema_name() -> Cow<'static, str> {
        "Composite".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let part = generator.subschema_for::<Part>();
        let weight = generator.subschema_for::<Weight>();
        json_schema!({
            "description": "What an SLO is made of that measures no SLI of its own.",
            "type": "object",
            "properties": {
                "all": {
                    "description": "The SLOs that must hold at once: a slice is good when the slice of every part reaches \
                        its target.",
                    "type": "array",
                    "items": part,
                    "minItems": 2,
                },
                "weighted": {
                    "description": "The SLOs of whose remaining budgets the mean is taken, each with its weight.",
                    "type": "object",
                    "additionalProperties": weight,
                    "minProperties": 2,
                },
            },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        })
    }
}

/// The form of a part with a target of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PartWithTarget {
    /// The name of an SLO of the same file.
    slo: Name,
    /// The share of good events that makes a slice of the part good.
    target: Percentage,
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Part, D::Error> {
        struct Forms;

        impl<'de> Visitor<'de> for Forms {
            type Value = Part;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an SLO, or a table with `slo` and `target`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Part, E> {
                Ok(Part { slo: Name::parse(text).map_err(E::custom)?, target: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Part, A::Error> {
                let part = PartWithTarget::deserialize(MapAccessDeserializer::new(table))?;
                Ok(Part { slo: part.slo, target: Some(part.target) })
            }
        }

        deserializer.deserialize_any(Forms)
    }
}

impl JsonSchema for Part {
    fn schema_name() -> Cow<'static, str> {
        "Part".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let name = generator.subschema_for::<Name>();
        let with_target = generator.subschema_for::<PartWithTarget>();
        json_schema!({
            "description": "An SLO of the same file, by name. The share of good events that makes one of its slices good \
                is its `slice-target`, else its objective, unless said otherwise.",
            "oneOf": [name, with_target],
        })
    }
}

impl Weight {
    /// The format of weights that are written as texts.
    pub(crate) const FORMAT: Format =
        Format { name: "weir-weight", check: |text| Weight::parse(text).map(drop) };

    /// Parses a weight: a decimal above 0, one million at most.
    ///
    /// # Errors
    ///
    /// Anything else.
    pub fn parse(text: &str) -> Result<Weight, ValueError> {
        let weight = Decimal::parse(text).ok();
        let fits = |weight: &Decimal| Decimal::ZERO < *weight && *weight <= Decimal::from(HEAVIEST);
        weight.filter(fits).map(Weight).ok_or_else(|| ValueError {
            code: Code::OutOfRange,
            message: format!("{} is no weight", quote(text)),
            help: format!("write a number above 0, {HEAVIEST} at most, such as `3` or `\"2.5\"`"),
        })
    }
}

impl Deref for Weight {
    type Target = Decimal;

    fn deref(&self) -> &Decimal {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Weight, D::Error> {
        struct Forms;

        impl Visitor<'_> for Forms {
            type Value = Weight;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a decimal in a text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Weight, E> {
                Weight::parse(text).map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Weight, E> {
                Weight::parse(&number.to_string()).map_err(E::custom)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Weight, E> {
                match u64::try_from(number) {
                    Ok(number) => self.visit_u64(number),
                    Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
                }
            }
        }

        deserializer.deserialize_any(Forms)
    }
}

impl JsonSchema for Weight {
    fn schema_name() -> Cow<'static, str> {
        "Weight".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How much a part counts: above 0. A whole number, or a decimal in a text.",
            "oneOf": [
                { "type": "string", "format": "weir-weight" },
                { "type": "integer", "minimum": 1, "maximum": HEAVIEST },
            ],
        })
    }
}
