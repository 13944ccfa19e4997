//! SLI calculator: which share of answers was right, as a flag says or by comparing what was expected with what came.

use std::collections::BTreeMap;

use serde::Deserialize;
use weir_plugin::calculator::{Field, Plan};
use weir_plugin::{About, Batch, Calculator, Conditions, Filter, Problem, kind, mark};

/// What a policy may say.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// The field that says whether the answer was right: a flag. `data.correct` unless set. Events without it are
    /// unknown.
    #[serde(default)]
    field: Option<String>,
    /// With `actual` and instead of `field`: the text field that says what the answer should have been.
    #[serde(default)]
    expected: Option<String>,
    /// With `expected`: the text field that says what the answer was. It is right when the two are equal. Events that
    /// lack one of them are unknown.
    #[serde(default)]
    actual: Option<String>,
    /// Text fields and patterns (`*` stands for any characters): an event counts only if each of the fields matches one
    /// of its patterns.
    #[serde(default)]
    only: Conditions,
    /// Text fields and patterns: an event does not count if one of the fields matches one of its patterns.
    #[serde(default)]
    except: Conditions,
}

/// The plugin.
#[derive(Debug)]
pub struct Correctness;

weir_plugin::calculator!(Correctness);

impl Calculator for Correctness {
    type Params = Params;

    const ABOUT: About = About {
        name: "correctness",
        version: env!("CARGO_PKG_VERSION"),
        summary: "share of answers that were right",
        parameters: include_str!("../parameters.schema.json"),
        reads: &[
            "data.correct, or the field that `field` names, or those that `expected` and `actual` name",
            "the fields of `only` and `except`",
        ],
    };

    fn prepare(params: &Params) -> Result<Plan, Problem> {
        let outcome = match (&params.field, &params.expected, &params.actual) {
            (None, None, None) => vec![Field { name: "data.correct".to_owned(), kind: kind::FLAG }],
            (Some(field), None, None) => vec![Field { name: field.clone(), kind: kind::FLAG }],
            (None, Some(expected), Some(actual)) => {
                [expected, actual].map(|name| Field { name: name.clone(), kind: kind::TEXT }).to_vec()
            }
            _ => {
                return Err(Problem::InvalidParams(
                    "name either `field`, or `expected` and `actual` together".to_owned(),
                ));
            }
        };
        let fields = outcome.into_iter().chain(params.filter().fields()).collect();
        Ok(Plan { fields, settles: false, latest: None, facts: Vec::new() })
    }

    fn classify(params: &Params, batch: &Batch) -> Result<Vec<u8>, Problem> {
        let (mut marks, first_of_filter) = if params.expected.is_some() {
            (compare(batch), 2)
        } else {
            // 1 is good and 0 is bad.
            (batch.judge(batch.flags(0), mark::UNKNOWN, |correct| mark::BAD - (correct & 1)), 1)
        };
        params.filter().apply(batch, first_of_filter, &mut marks);
        Ok(marks)
    }
}

impl Params {
    fn filter(&self) -> Filter<'_> {
        Filter { only: &self.only, except: &self.except }
    }
}

/// The marks of columns 0 (expected) and 1 (actual). Their dictionaries differ, and equal texts have different codes: so
/// the codes of one are translated into those of the other, once a term, and rows are compared as numbers.
fn compare(batch: &Batch) -> Vec<u8> {
    let (Some(expected), Some(actual)) = (batch.texts(0), batch.texts(1)) else {
        return vec![mark::UNKNOWN; batch.rows()];
    };
    let codes: BTreeMap<&str, u32> = expected.terms().zip(0..).collect();
    // No dictionary has that many terms, so a text that was never expected equals no code.
    let translated = actual.each_term(|term| codes.get(term).copied().unwrap_or(u32::MAX));
    let equal =
        expected.codes.values.iter().zip(actual.codes.values).map(|(expected, actual)| {
            mark::BAD - u8::from(translated.get(*actual as usize) == Some(expected))
        });
    let known = [expected, actual].map(|texts| batch.judge(Some(texts.codes), 0, |_| 1));
    let [expected_known, actual_known] = &known;
    equal
        .zip(expected_known.iter().zip(actual_known))
        .map(|(mark, (expected, actual))| if expected & actual == 1 { mark } else { mark::UNKNOWN })
        .collect()
}

#[cfg(test)]
mod tests;
