//! Indicators of OpenSLO: ratios, raw ratios and thresholds.

use weir_model::diagnostic::{Code, nearest_word, quote};
use weir_model::{MeasuredAt, Name, PromQuery};

use super::OWN_SOURCE;
use super::read::{Metadata, Objects};
use crate::draft::SliDraft;
use crate::import::{checked, name, with_window};
use crate::yaml::table::{Item, Table};

/// How often a query is looked at that has no window of its own.
const STEP: &str = "1m";
/// Systems that are asked in PromQL.
const SPEAKS_PROMQL: [&str; 5] = ["prometheus", "thanos", "mimir", "cortex", "victoriametrics"];

/// What an indicator needs to know beside itself.
pub(super) struct Source<'f, 'o> {
    /// The objects of all files.
    pub(super) objects: &'o Objects<'f>,
    /// The objective that it is measured for.
    pub(super) goal: &'o Table<'f>,
}

/// The SLI that an object of the kind `SLI` is, or the indicator that stands within an SLO. What is wrong with it has been
/// said where there is none.
pub(super) fn indicator(object: Item<'_>, slo: &Name, source: &Source<'_, '_>) -> Option<SliDraft> {
    let table = object.table("indicator")?;
    table.get("apiVersion");
    table.get("kind");
    let metadata = table.get("metadata").and_then(|_| Metadata::read(&table, &[]));
    let spec = table.need("spec").and_then(|spec| spec.table("spec"));
    table.finish();
    let named = metadata.as_ref().and_then(|metadata| metadata.annotation("name").or(metadata.name));
    let sli_name = match named {
        Some(item) => name(item)?,
        None => slo.clone(),
    };
    let mut sli = SliDraft::new(sli_name)?;
    if let Some(metadata) = &metadata {
        calculator(metadata, &mut sli);
        if let Some(display_name) = metadata.display_name {
            object.lost(format!("the name {} of an SLI: a name in Weir is one word", quote(display_name)));
        }
    }
    let spec = spec?;
    spec.lose(&["description"], "an SLI of Weir has none");
    let (ratio, threshold) = (spec.table("ratioMetric"), spec.table("thresholdMetric"));
    let prometheus = match (&ratio, &threshold) {
        (Some(ratio), None) => {
            if source.goal.get("value").is_some() {
                source.goal.lose(&["value"], "a ratio is held against no value");
            }
            source.goal.lose(&["op"], "a ratio is held against nothing but its target");
            ratio_metric(ratio, source)
        }
        (None, Some(threshold)) => threshold_metric(threshold, source),
        (Some(_), Some(_)) | (None, None) => {
            let help = Some("expected `ratioMetric` or `thresholdMetric`".to_owned());
            spec.item().wrong(Code::MissingKey, "this indicator measures nothing, or two things", help);
            None
        }
    };
    ratio.iter().chain(&threshold).for_each(Table::finish);
    spec.finish();
    let prometheus = prometheus?;
    let says = |key| metadata.as_ref().is_some_and(|metadata| metadata.annotation(key).is_some());
    if !says("plugin") && !says("source") {
        object.assumed(
            "how events are told apart that Weir reads itself",
            "the plugin `availability` judges them by their status: say otherwise in `params`",
        );
    }
    Some(SliDraft { prometheus, ..sli })
}

/// How Weir measures the SLI itself, where Weir wrote it.
fn calculator(metadata: &Metadata<'_>, sli: &mut SliDraft) {
    if let Some(plugin) = metadata.annotation("plugin").and_then(name) {
        sli.plugin = plugin;
    }
    sli.source = metadata.annotation("source").and_then(name);
    sli.event_types = metadata.words("event-types");
    if let Some(item) = metadata.annotation("measured-at")
        && let Some(word) = item.text()
    {
        sli.measured_at = MeasuredAt::from_word(word);
        if sli.measured_at.is_none() {
            let help = nearest_word(word, MeasuredAt::ALL.iter().map(|place| place.as_str()));
            item.wrong(Code::UnknownWord, format!("{} is no place to measure at", quote(word)), help);
        }
    }
    if let Some(item) = metadata.annotation("params")
        && let Some(text) = item.text()
    {
        match serde_json::from_str(text) {
            Ok(params) => sli.params = params,
            Err(error) => item.wrong(Code::InvalidValue, format!("these are no parameters: {error}"), None),
        }
    }
}

type Queries = Vec<(&'static str, PromQuery)>;

fn ratio_metric(ratio: &Table<'_>, source: &Source<'_, '_>) -> Option<Queries> {
    let counts = ratio.get("counter").and_then(Item::flag).unwrap_or(true);
    if let Some(raw) = ratio.get("raw") {
        let kind = ratio.need("rawType");
        let raw = metric(raw, source);
        let kind = kind?;
        let is_success = match kind.text()? {
            "success" => true,
            "failure" => false,
            other => {
                let help = nearest_word(other, ["success", "failure"]);
                kind.wrong(Code::UnknownWord, format!("{} is no kind of ratio", quote(other)), help);
                return None;
            }
        };
        return match raw? {
            Metric::Elsewhere => Some(Vec::new()),
            Metric::Query(item, query) => {
                let over = if query.contains("$window") {
                    query
                } else {
                    format!("avg_over_time(({query})[$window:{STEP}])")
                };
                let bad = if is_success { format!("1 - ({over})") } else { over };
                Some(vec![("error-ratio", checked(item, PromQuery::parse(&bad))?)])
            }
        };
    }
    let (good, bad, total) = (ratio.get("good"), ratio.get("bad"), ratio.need("total"));
    let (key, chosen) = match (good, bad) {
        (Some(good), None) => ("good", good),
        (None, Some(bad)) => ("bad", bad),
        (Some(_), Some(bad)) => {
            bad.wrong(Code::NeedlessKey, "`bad` has no meaning beside `good`", None);
            return None;
        }
        (None, None) => {
            let help = Some("expected `good`, `bad` or `raw`".to_owned());
            ratio.item().wrong(Code::MissingKey, "nothing says which events are good", help);
            return None;
        }
    };
    let (chosen, total) = (metric(chosen, source), total.and_then(|total| metric(total, source)));
    match (chosen?, total?) {
        (Metric::Query(chosen, query), Metric::Query(total, valid)) => {
            let queries = (counted(chosen, &query, counts), counted(total, &valid, counts));
            Some(vec![(key, queries.0?), ("valid", queries.1?)])
        }
        (Metric::Elsewhere, _) | (_, Metric::Elsewhere) => Some(Vec::new()),
    }
}

fn threshold_metric(threshold: &Table<'_>, source: &Source<'_, '_>) -> Option<Queries> {
    let metric = metric(threshold.item(), source);
    threshold.get("metricSource");
    let (operator, value) = (source.goal.need("op"), source.goal.need("value"));
    let (operator, value) = (operator?, value?);
    let sign = match operator.text()? {
        "lte" => "<=",
        "lt" => "<",
        "gte" => ">=",
        "gt" => ">",
        other => {
            let help = nearest_word(other, ["lte", "lt", "gte", "gt"]);
            operator.wrong(Code::UnknownWord, format!("{} compares nothing", quote(other)), help);
            return None;
        }
    };
    let value = value.text()?;
    match metric? {
        Metric::Elsewhere => Some(Vec::new()),
        Metric::Query(item, query) => {
            // Each look at the metric is an event, which is good where it keeps to the threshold.
            let query = query.replace("$window", STEP);
            let good = format!("sum_over_time((({query}) {sign} bool {value})[$window:{STEP}])");
            let valid = format!("count_over_time(({query})[$window:{STEP}])");
            let good = checked(item, PromQuery::parse(&good));
            Some(vec![("good", good?), ("valid", checked(item, PromQuery::parse(&valid))?)])
        }
    }
}

/// What a metric source gives.
enum Metric<'f> {
    /// A query in PromQL.
    Query(Item<'f>, String),
    /// Nothing that Prometheus could be asked.
    Elsewhere,
}

/// The query of a metric, `metricSource` within a table.
fn metric<'f>(item: Item<'f>, source: &Source<'_, '_>) -> Option<Metric<'f>> {
    let table = item.table("metric")?;
    let inner = table.need("metricSource")?.table("metricSource")?;
    table.finish();
    let named = inner.get("type").and_then(Item::text).map(str::to_owned);
    // A source may be known outside of these files, so that it need not be in them when the type is given.
    let reference = inner.get("metricSourceRef");
    let kind = match (named, reference) {
        (Some(kind), _) => kind,
        (None, Some(reference)) => type_of(source.objects.referred("DataSource", reference)?)?,
        (None, None) => {
            inner.item().wrong(
                Code::MissingKey,
                "`metricSource` has neither `type` nor `metricSourceRef`",
                None,
            );
            return None;
        }
    };
    let spec = inner.need("spec").and_then(|spec| spec.table("spec"));
    inner.finish();
    let spec = spec?;
    if kind == OWN_SOURCE {
        return Some(Metric::Elsewhere);
    }
    if !SPEAKS_PROMQL.contains(&kind.to_lowercase().as_str()) {
        spec.item().lost(format!("the query: {} is not asked in PromQL", quote(&kind)));
        return Some(Metric::Elsewhere);
    }
    let query = spec.get("query").or_else(|| spec.get("promql"));
    let Some(query) = query else {
        spec.item().wrong(Code::MissingKey, "`spec` has no `query`", None);
        return None;
    };
    spec.lose(&["dimensions"], "the labels of a query are those that its expression gives");
    spec.finish();
    Some(Metric::Query(query, with_window(query.text()?)))
}

/// The type of a data source.
fn type_of(item: Item<'_>) -> Option<String> {
    let (_, spec) = item.entries().find(|(key, _)| *key == "spec")?;
    let (_, kind) = spec.entries().find(|(key, _)| *key == "type")?;
    kind.text().map(str::to_owned)
}

/// A query that counts. Without a window of its own, a counter is taken as one, and anything else is looked at again and
/// again.
fn counted(item: Item<'_>, query: &str, is_counter: bool) -> Option<PromQuery> {
    if query.contains("$window") {
        return checked(item, PromQuery::parse(query));
    }
    let inner =
        query.strip_prefix("sum").map(str::trim).and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
    if is_counter {
        // The sum of a counter falls when one of its series ends; the sum of its rates does not.
        let counter = [Some(query), inner].into_iter().flatten().find_map(|text| PromQuery::parse(text).ok());
        if counter.is_some() {
            return counter;
        }
    }
    let (function, what) = if is_counter { ("rate", "a counter") } else { ("sum_over_time", "a gauge") };
    item.assumed(
        format!("the window of {}, which has none", quote(query)),
        format!("it is looked at as {what} every {STEP}; write `$window` where it goes"),
    );
    checked(item, PromQuery::parse(&format!("{function}(({query})[$window:{STEP}])")))
}
