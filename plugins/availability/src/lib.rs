//! SLI calculator: which share of events succeeded, by a status code or by an outcome in words.

use serde::Deserialize;
use weir_plugin::calculator::{Field, Plan};
use weir_plugin::{About, Batch, Calculator, Conditions, Filter, Problem, Range, Texts, kind, mark};

/// What a policy may say.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Params {
    /// The field that says how the event went: a whole number, unless `good-values` or `bad-values` is set.
    #[serde(default = "status")]
    field: String,
    /// Numbers and ranges that are good (`200-399`, `404`, `500-`). Without `bad`, every other number is bad; with it,
    /// numbers in neither do not count.
    #[serde(default)]
    good: Vec<Range>,
    /// Numbers and ranges that are bad. Without `good`, every other number is good. When nothing is said about good and
    /// bad, `500-` is bad.
    #[serde(default)]
    bad: Vec<Range>,
    /// Texts that are good (`ok`), or `true` or `false` for a field that is a flag. They relate to `bad-values` as
    /// `good` does to `bad`.
    #[serde(default)]
    good_values: Vec<String>,
    /// Texts that are bad.
    #[serde(default)]
    bad_values: Vec<String>,
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
pub struct Availability;

weir_plugin::calculator!(Availability);

/// Server errors are what a service is to blame for.
const SERVER_ERRORS: Range = Range { first: 500, last: i64::MAX };

impl Calculator for Availability {
    type Params = Params;

    const ABOUT: About = About {
        name: "availability",
        version: env!("CARGO_PKG_VERSION"),
        summary: "share of events that succeeded",
        parameters: include_str!("../parameters.schema.json"),
        reads: &["data.status, or the field that `field` names", "the fields of `only` and `except`"],
    };

    fn prepare(params: &Params) -> Result<Plan, Problem> {
        params.reject_contradictions()?;
        let kinds: &[u32] = if params.judges_values() { &[kind::TEXT, kind::FLAG] } else { &[kind::INTEGER] };
        let outcome = kinds.iter().map(|kind| Field { name: params.field.clone(), kind: *kind });
        let fields = outcome.chain(params.filter().fields()).collect();
        Ok(Plan { fields, settles: false, latest: None, facts: Vec::new() })
    }

    fn classify(params: &Params, batch: &Batch) -> Result<Vec<u8>, Problem> {
        let (mut marks, first_of_filter) =
            if params.judges_values() { (params.by_value(batch), 2) } else { (params.by_number(batch), 1) };
        params.filter().apply(batch, first_of_filter, &mut marks);
        Ok(marks)
    }
}

impl Params {
    fn judges_values(&self) -> bool {
        !self.good_values.is_empty() || !self.bad_values.is_empty()
    }

    fn filter(&self) -> Filter<'_> {
        Filter { only: &self.only, except: &self.except }
    }

    fn reject_contradictions(&self) -> Result<(), Problem> {
        let problem = |text: String| Err(Problem::InvalidParams(text));
        if self.judges_values() && !(self.good.is_empty() && self.bad.is_empty()) {
            return problem(
                "`good` and `bad` are for numbers, `good-values` and `bad-values` for texts: use one pair"
                    .to_owned(),
            );
        }
        if self.good.iter().any(|good| self.bad.iter().any(|bad| good.overlaps(*bad))) {
            return problem(
                "`good` and `bad` overlap: take the common numbers out of one of them".to_owned(),
            );
        }
        if let Some(value) = self.good_values.iter().find(|value| self.bad_values.contains(value)) {
            return problem(format!(
                "`{value}` is in `good-values` and in `bad-values`: take it out of one of them"
            ));
        }
        Ok(())
    }

    fn by_number(&self, batch: &Batch) -> Vec<u8> {
        let standard = [SERVER_ERRORS];
        let bad = if self.good.is_empty() && self.bad.is_empty() { &standard } else { self.bad.as_slice() };
        let other = mark_of_others(self.good.is_empty(), bad.is_empty());
        let good = self.good.iter().map(|range| (*range, mark::GOOD));
        let bad = bad.iter().map(|range| (*range, mark::BAD));
        batch.judge_ranges(batch.integers(0), mark::UNKNOWN, other, good.chain(bad))
    }

    fn by_value(&self, batch: &Batch) -> Vec<u8> {
        let terms = batch.texts(0).map_or_else(Vec::new, |texts| texts.each_term(|term| self.mark_of(term)));
        let texts = batch.texts(0).map(|Texts { codes, .. }| codes);
        let mut marks = batch
            .judge(texts, mark::UNKNOWN, |code| terms.get(code as usize).copied().unwrap_or(mark::UNKNOWN));
        let flags = [self.mark_of("false"), self.mark_of("true")];
        let by_flag =
            batch.judge(batch.flags(1), mark::UNKNOWN, |flag| if flag == 1 { flags[1] } else { flags[0] });
        for (mark, by_flag) in marks.iter_mut().zip(by_flag) {
            // A field is text or a flag. What is unknown as one may be known as the other.
            *mark = if *mark == mark::UNKNOWN { by_flag } else { *mark };
        }
        marks
    }

    fn mark_of(&self, value: &str) -> u8 {
        let among = |values: &[String]| values.iter().any(|known| known == value);
        if among(&self.good_values) {
            mark::GOOD
        } else if among(&self.bad_values) {
            mark::BAD
        } else {
            mark_of_others(self.good_values.is_empty(), self.bad_values.is_empty())
        }
    }
}

/// What is named neither good nor bad: the opposite of what is named, or, when both are named, none of the
/// calculator's business.
fn mark_of_others(no_good: bool, no_bad: bool) -> u8 {
    match (no_good, no_bad) {
        (true, _) => mark::GOOD,
        (false, true) => mark::BAD,
        (false, false) => mark::NOT_VALID,
    }
}

fn status() -> String {
    "data.status".to_owned()
}

#[cfg(test)]
mod tests;
