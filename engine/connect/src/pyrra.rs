//! Pyrra's service level objectives.
//!
//! Pyrra knows no services: an SLO becomes a service of its own, unless it is said which one all of them belong to. Labels
//! that it groups by stay in the queries, so that rules for Prometheus keep them apart; Weir itself measures them together.

use weir_model::diagnostic::{Code, quote};
use weir_model::{Name, PromQuery};

use crate::draft::{Imported, Measured, SliDraft, SloDraft, WindowDraft};
use crate::import::{
    Services, checked, description, free_slo_name, milliseconds, name, own, percent_objective, window,
};
use crate::yaml::read::File;
use crate::yaml::table::{Item, Table};

/// The label that names the team.
const TEAM: &str = "pyrra.dev/team";

/// Reads files of Pyrra, each with its path, which is only shown. All SLOs belong to `service`, or each to one of its own
/// name.
#[must_use]
pub fn read(files: &[(&str, &str)], service: Option<&Name>) -> Imported {
    let mut services = Services::default();
    let mut read = Vec::new();
    for (path, text) in files {
        let file = File::new(path, text);
        for node in file.documents() {
            let item = Item { file: &file, node: &node };
            if let Some(table) = item.table("object") {
                object(&table, service, &mut services);
            }
        }
        read.push(file);
    }
    services.imported(read)
}

fn object(table: &Table<'_>, service: Option<&Name>, services: &mut Services) {
    let (group, kind) = (table.text("apiVersion"), table.text("kind"));
    if (group, kind) == (Some("v1"), Some("List")) {
        for item in table.get("items").into_iter().flat_map(Item::list) {
            if let Some(table) = item.table("object") {
                objective(&table, service, services);
            }
        }
        return;
    }
    objective(table, service, services);
}

fn objective(table: &Table<'_>, service: Option<&Name>, services: &mut Services) {
    if (table.text("apiVersion"), table.text("kind"))
        != (Some("pyrra.dev/v1alpha1"), Some("ServiceLevelObjective"))
    {
        let help = "expected the kind `ServiceLevelObjective` of `pyrra.dev/v1alpha1`";
        table.item().wrong(Code::UnknownFormat, "this is no SLO of Pyrra", Some(help.to_owned()));
        return;
    }
    table.lose(&["status"], "it is a state, no specification");
    let metadata = table.need("metadata").and_then(|metadata| metadata.table("metadata"));
    let spec = table.need("spec").and_then(|spec| spec.table("spec"));
    let (Some(metadata), Some(spec)) = (metadata, spec) else { return };
    let labels = metadata.get("labels").into_iter().flat_map(Item::entries);
    let (mine, others): (Vec<_>, Vec<_>) = labels.partition(|(label, _)| *label == TEAM);
    for (label, value) in others {
        value.lost(format!("the label {}: Weir has no free labels", quote(label)));
    }
    let owner = mine.first().and_then(|(_, owner)| owner.text());
    metadata.lose(&["namespace", "annotations"], "Weir has no Kubernetes resources");
    specification(&spec, metadata.need("name").and_then(name), owner, service, services);
    metadata.finish();
    spec.finish();
    table.finish();
}

fn specification(
    spec: &Table<'_>,
    slo_name: Option<Name>,
    owner: Option<&str>,
    service: Option<&Name>,
    services: &mut Services,
) {
    spec.lose(&["alerting"], "which alerts there are is up to the policies that run `burn-rate`");
    spec.lose(&["performanceOverAccuracy"], "Weir's rules are accurate, and record as they go");
    let objective = spec.need("target").and_then(percent_objective);
    let window = spec.need("window").and_then(window);
    let description = description(spec.get("description").and_then(Item::text));
    let Some(slo_name) = slo_name else { return };
    let sli = spec.need("indicator").and_then(|indicator| {
        let table = indicator.table("indicator")?;
        let sli = self::indicator(&table, SliDraft::new(slo_name.clone())?);
        table.finish();
        sli
    });
    let (Some(objective), Some(window), Some(sli)) = (objective, window, sli) else { return };
    let draft = services.named(service.unwrap_or(&slo_name));
    own(draft, spec.item(), owner);
    let sli = draft.add_sli(sli);
    let slo_name = free_slo_name(spec.item(), draft, &slo_name);
    let slo = SloDraft::new(slo_name, Measured::Sli(sli), Some(objective), WindowDraft::Rolling(window));
    draft.slos.push(SloDraft { description, ..slo });
}

/// What an indicator measures; what is wrong with it has been said where there is nothing.
fn indicator(table: &Table<'_>, sli: SliDraft) -> Option<SliDraft> {
    let known = ["ratio", "latency", "latencyNative", "bool_gauge", "boolGauge"];
    let found = known.into_iter().find_map(|kind| Some((kind, table.get(kind)?)));
    let Some((kind, item)) = found else {
        let help = Some("expected `ratio`, `latency`, `latencyNative` or `bool_gauge`".to_owned());
        table.item().wrong(Code::MissingKey, "this indicator measures nothing", help);
        return None;
    };
    let inner = item.table(kind)?;
    let by = grouping(&inner);
    let sli = match kind {
        "ratio" => ratio(&inner, &by, sli),
        "latency" => latency(&inner, &by, sli),
        "latencyNative" => latency_native(&inner, &by, sli),
        _ => bool_gauge(&inner, &by, sli),
    };
    inner.finish();
    sli
}

/// The labels that are grouped by, as they stand in `by (…)`.
fn grouping(table: &Table<'_>) -> String {
    let Some(grouping) = table.get("grouping") else { return String::new() };
    let labels: Vec<&str> = grouping.list().filter_map(Item::text).collect();
    if !labels.is_empty() {
        grouping.lost(
            "the grouping: it is kept in the queries for Prometheus, and Weir's own objective is one for all",
        );
    }
    labels.join(", ")
}

/// A metric, taken as it is without groups, and as a rate by group with them.
fn counter(table: &Table<'_>, key: &'static str, by: &str) -> Option<PromQuery> {
    let metric = metric(table, key)?;
    let text = metric.text()?.trim();
    if by.is_empty() {
        return checked(metric, PromQuery::parse(text));
    }
    checked(metric, PromQuery::parse(&format!("sum by ({by}) (rate({text}[$window]))")))
}

fn metric<'f>(table: &Table<'f>, key: &'static str) -> Option<Item<'f>> {
    let inner = table.need(key)?.table(key)?;
    let metric = inner.need("metric");
    inner.finish();
    metric
}

fn ratio(table: &Table<'_>, by: &str, sli: SliDraft) -> Option<SliDraft> {
    let (bad, valid) = (counter(table, "errors", by), counter(table, "total", by));
    table.item().assumed(
        "how events are told apart that Weir reads itself",
        "the plugin `availability` judges them by their status: say otherwise in `params`",
    );
    Some(SliDraft { prometheus: vec![("bad", bad?), ("valid", valid?)], ..sli })
}

fn latency(table: &Table<'_>, by: &str, sli: SliDraft) -> Option<SliDraft> {
    let (good, valid) = (counter(table, "success", by), counter(table, "total", by));
    let bucket = good.as_ref()?.as_str().split("le=\"").nth(1).and_then(|rest| rest.split('"').next());
    let Some(threshold) = bucket.and_then(milliseconds) else {
        let help = Some("expected a label such as `le=\"0.5\"`".to_owned());
        let message = "the metric of `success` doesn't say up to which latency an event is good";
        table.item().wrong(Code::InvalidValue, message, help);
        return None;
    };
    Some(SliDraft { prometheus: vec![("good", good?), ("valid", valid?)], ..sli }.fast(&threshold))
}

fn latency_native(table: &Table<'_>, by: &str, sli: SliDraft) -> Option<SliDraft> {
    let metric = metric(table, "total");
    let latency = table.need("latency");
    let (metric, latency) = (metric?, latency?);
    let Some(threshold) = latency.text().and_then(stretch) else {
        let help = Some("expected milliseconds or seconds, such as `200ms`".to_owned());
        latency.wrong(Code::InvalidDuration, "this is no latency", help);
        return None;
    };
    let by = if by.is_empty() { String::new() } else { format!(" by ({by})") };
    let rate = format!("sum{by} (rate({}[$window]))", metric.text()?.trim());
    let seconds = seconds(&threshold)?;
    let good = format!("histogram_fraction(0, {seconds}, {rate}) * histogram_count({rate})");
    let good = checked(metric, PromQuery::parse(&good));
    let valid = checked(metric, PromQuery::parse(&format!("histogram_count({rate})")));
    Some(SliDraft { prometheus: vec![("good", good?), ("valid", valid?)], ..sli }.fast(&threshold))
}

fn bool_gauge(table: &Table<'_>, by: &str, sli: SliDraft) -> Option<SliDraft> {
    let metric = table.need("metric")?;
    let text = metric.text()?.trim();
    let by = if by.is_empty() { String::new() } else { format!(" by ({by})") };
    let query = |function: &str| {
        checked(metric, PromQuery::parse(&format!("sum{by} ({function}_over_time({text}[$window]))")))
    };
    metric.assumed(
        "how events are told apart that Weir reads itself",
        "the plugin `availability` judges them by their status: say otherwise in `params`",
    );
    Some(SliDraft { prometheus: vec![("good", query("sum")?), ("valid", query("count")?)], ..sli })
}

/// A latency as `latency` takes it: `1s` is `1000ms`.
fn stretch(text: &str) -> Option<String> {
    match text.trim().strip_suffix("ms") {
        Some(number) => {
            number.parse::<u32>().ok().filter(|number| *number > 0).map(|number| format!("{number}ms"))
        }
        None => milliseconds(text.trim().strip_suffix('s')?),
    }
}

/// Milliseconds as seconds: `50ms` is `0.05`.
fn seconds(milliseconds: &str) -> Option<String> {
    let number = milliseconds.strip_suffix("ms")?.parse::<i128>().ok()?;
    Some(weir_math::Ratio::new(number, 1_000)?.to_decimal_string(3))
}
