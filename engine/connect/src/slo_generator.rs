//! Configurations of slo-generator: SLOs of `sre.google.com/v2` and of its first version, and the shared configuration.
//!
//! An SLO of slo-generator has no window of its own: it is judged over every step of an error budget policy. Here it gets
//! that of the longest step. Only what Prometheus is asked is read: Weir has no queries in other languages.

use std::collections::BTreeMap;

use weir_model::diagnostic::{Code, nearest_word, quote};
use weir_model::value::{Duration, Objective};
use weir_model::{Name, PromQuery};

use crate::draft::{Imported, Measured, SliDraft, SloDraft, WindowDraft};
use crate::import::{
    Services, checked, description, free_slo_name, long_enough, milliseconds, own, share_objective,
};
use crate::yaml::read::{File, Node};
use crate::yaml::table::{Item, Table};

/// The window of an SLO whose error budget policy is not among the files.
const USUAL_WINDOW: &str = "28d";

/// The error budget policy of an SLO that names none.
const USUAL_POLICY: &str = "default";

/// Labels that name the parts of an SLO's identity.
const NAMING: [&str; 3] = ["service_name", "feature_name", "slo_name"];

/// What SLOs take from the shared configuration.
#[derive(Debug, Default)]
struct Shared {
    /// The longest step of each error budget policy, in seconds.
    policies: BTreeMap<String, Duration>,
    /// The window that was asked for instead.
    window: Option<Duration>,
}

/// What an SLO is, in whichever version it was written.
struct Specification<'f> {
    place: Item<'f>,
    service: Option<Name>,
    slo: Option<Name>,
    owner: Option<&'f str>,
    description: Option<&'f str>,
    objective: Option<Objective>,
    policy: &'f str,
    sli: Option<SliDraft>,
}

/// Reads files of slo-generator, each with its path, which is only shown. All SLOs have this window, or each that of the
/// longest step of its error budget policy, which is looked for in all files.
#[must_use]
pub fn read(files: &[(&str, &str)], window: Option<Duration>) -> Imported {
    let files: Vec<File> = files.iter().map(|(path, text)| File::new(path, text)).collect();
    let documents: Vec<Vec<Node>> = files.iter().map(File::documents).collect();
    let items = || {
        let of_files = files.iter().zip(&documents);
        of_files.flat_map(|(file, nodes)| nodes.iter().map(move |node| Item { file, node }))
    };
    let mut shared = Shared { window, ..Shared::default() };
    items().for_each(|item| shared.learn(item));
    let mut services = Services::default();
    items().for_each(|item| document(item, &shared, &mut services));
    services.imported(files)
}

impl Shared {
    /// Takes the error budget policies from a document that has some; says what of it is not carried over.
    fn learn(&mut self, item: Item<'_>) {
        if item.is_list() {
            // The first version has one policy in a file of its own.
            item.lost("an error budget policy: its alerts are up to the policies that run `burn-rate`");
            self.learn_policy(USUAL_POLICY, item, "measurement_window_seconds");
            return;
        }
        if !is_shared(item) {
            return;
        }
        let Some(table) = item.table("shared configuration") else { return };
        for backend in table.get("backends").into_iter().flat_map(Item::entries) {
            let message =
                format!("the backend {}: where events come from is a `[[source]]`", quote(backend.0));
            backend.1.lost(message);
        }
        for exporter in table.get("exporters").into_iter().flat_map(Item::entries) {
            exporter.1.lost(format!("the exporter {}: Weir exports nothing by itself", quote(exporter.0)));
        }
        table.lose(&["default_exporters"], "Weir exports nothing by itself");
        for (name, policy) in table.get("error_budget_policies").into_iter().flat_map(Item::entries) {
            let why = "its alerts are up to the policies that run `burn-rate`";
            policy.lost(format!("the error budget policy {}: {why}", quote(name)));
            if let Some((_, steps)) = policy.entries().find(|(key, _)| *key == "steps") {
                self.learn_policy(name, steps, "window");
            }
        }
        table.finish();
    }

    fn learn_policy(&mut self, name: &str, steps: Item<'_>, key: &str) {
        let windows = steps.list().filter_map(|step| {
            let (_, window) = step.entries().find(|(entry, _)| *entry == key)?;
            long_enough(window, checked(window, Duration::parse(&format!("{}s", window.text()?)))?)
        });
        if let Some(longest) = windows.max_by_key(|window| window.seconds()) {
            self.policies.insert(name.to_owned(), longest);
        }
    }

    /// The window of an SLO, and where it comes from, unless it was asked for.
    fn window(&self, policy: &str) -> Option<(Duration, String)> {
        if let Some(window) = self.window {
            return Some((window, "it was asked for".to_owned()));
        }
        if let Some(window) = self.policies.get(policy) {
            let why = format!("that is the longest step of the error budget policy {}", quote(policy));
            return Some((*window, why));
        }
        let why = format!("the error budget policy {} is in none of the files", quote(policy));
        Some((Duration::parse(USUAL_WINDOW).ok()?, why))
    }
}

/// Whether a document is a shared configuration.
fn is_shared(item: Item<'_>) -> bool {
    item.has("backends")
        || item.has("error_budget_policies")
        || item.has("exporters") && !item.has("slo_name")
}

fn document(item: Item<'_>, shared: &Shared, services: &mut Services) {
    if item.is_list() || is_shared(item) {
        return;
    }
    let Some(table) = item.table("SLO") else { return };
    if item.has("slo_name") {
        add(first_version(&table), shared, services);
        table.finish();
        return;
    }
    match (table.text("apiVersion"), table.text("kind")) {
        (Some("sre.google.com/v2"), Some("ServiceLevelObjective")) => {
            if let Some(specification) = second_version(&table) {
                add(specification, shared, services);
            }
            table.finish();
        }
        (group, _) => {
            let help = group.and_then(|group| nearest_word(group, ["sre.google.com/v2"]));
            let expected = "expected the kind `ServiceLevelObjective` of `sre.google.com/v2`".to_owned();
            let message = "this is no file of slo-generator that is read";
            item.wrong(Code::UnknownFormat, message, Some(help.unwrap_or(expected)));
        }
    }
}

fn second_version<'f>(table: &Table<'f>) -> Option<Specification<'f>> {
    let metadata = table.need("metadata").and_then(|metadata| metadata.table("metadata"));
    let spec = table.need("spec").and_then(|spec| spec.table("spec"));
    let (metadata, spec) = (metadata?, spec?);
    let label = |name: &str| {
        let mut labels = metadata.get("labels").into_iter().flat_map(Item::entries);
        labels.find(|(label, _)| *label == name).map(|(_, value)| value)
    };
    for (label, value) in metadata.get("labels").into_iter().flat_map(Item::entries) {
        if !NAMING.contains(&label) && label != "owner" {
            value.lost(format!("the label {}: Weir has no free labels", quote(label)));
        }
    }
    let whole = metadata.need("name");
    metadata.lose(&["annotations", "namespace"], "Weir has no place for it");
    metadata.finish();
    let [service, feature, slo] = NAMING.map(label);
    let named = slo.is_some().then(|| joined(feature, slo)).flatten();
    let specification = Specification {
        place: spec.item(),
        service: service_name(service, whole),
        slo: named.or_else(|| joined(None, whole)),
        owner: label("owner").and_then(Item::text),
        description: spec.text("description"),
        objective: spec.need("goal").and_then(share_objective),
        policy: spec.text("error_budget_policy").unwrap_or(USUAL_POLICY),
        sli: spec.need("backend").and_then(|backend| {
            let indicator = spec.need("service_level_indicator");
            indicator_of(backend, spec.need("method"), indicator)
        }),
    };
    spec.lose(&["exporters"], "Weir exports nothing by itself");
    spec.lose(&["frequency"], "Weir judges when it is asked");
    spec.finish();
    Some(specification)
}

fn first_version<'f>(table: &Table<'f>) -> Specification<'f> {
    let [service, feature, slo] = NAMING.map(|key| table.get(key));
    let sli = table.need("backend").and_then(|backend| backend.table("backend")).and_then(|backend| {
        let class = backend.need("class");
        let sli = indicator_of(class?, backend.need("method"), backend.need("measurement"));
        backend.lose(&["url", "headers", "project_id"], "where events come from is a `[[source]]`");
        backend.finish();
        sli
    });
    table.lose(&["exporters"], "Weir exports nothing by itself");
    table.lose(&["metadata"], "Weir has no free labels");
    Specification {
        place: table.item(),
        service: service_name(service, slo),
        slo: joined(feature, slo),
        owner: None,
        description: table.text("slo_description"),
        objective: table.need("slo_target").and_then(share_objective),
        policy: USUAL_POLICY,
        sli,
    }
}

fn add(specification: Specification<'_>, shared: &Shared, services: &mut Services) {
    let Specification { place, service, slo, owner, description: text, objective, policy, sli } =
        specification;
    let (Some(service), Some(slo), Some(objective), Some(sli)) = (service, slo, objective, sli) else {
        return;
    };
    let Some((window, why)) = shared.window(policy) else { return };
    place.assumed(
        format!(
            "the window of {}, and how events are told apart that Weir reads itself",
            quote(slo.as_str())
        ),
        format!("its window is {window}, since {why}; `{}` judges its events", sli.plugin),
    );
    let draft = services.named(&service);
    own(draft, place, owner);
    let sli = draft.add_sli(SliDraft { name: slo.clone(), ..sli });
    let slo = free_slo_name(place, draft, &slo);
    let slo = SloDraft::new(slo, Measured::Sli(sli), Some(objective), WindowDraft::Rolling(window));
    draft.slos.push(SloDraft { description: description(text), ..slo });
}

/// The service that an SLO is about; one named as the SLO where none is said.
fn service_name(service: Option<Item<'_>>, whole: Option<Item<'_>>) -> Option<Name> {
    if let Some(service) = service {
        return crate::import::name(service);
    }
    let name = joined(None, whole)?;
    whole?.assumed(
        "nothing says which service this is about",
        format!("it becomes one of its own, {}", quote(name.as_str())),
    );
    Some(name)
}

/// The name of an SLO: that of the feature, and its own. What becomes another one is said.
fn joined(feature: Option<Item<'_>>, slo: Option<Item<'_>>) -> Option<Name> {
    let Some(feature) = feature else { return crate::import::name(slo?) };
    let (feature, slo) = (crate::import::name(feature), crate::import::name(slo?));
    Name::nearest(&format!("{}-{}", feature?, slo?))
}

/// The SLI of a backend's method; what is wrong with it has been said where there is none.
fn indicator_of(
    backend: Item<'_>,
    method: Option<Item<'_>>,
    indicator: Option<Item<'_>>,
) -> Option<SliDraft> {
    let name = backend.text()?;
    // A backend may have a suffix of its own, `prometheus/eu`; the first version has names of classes.
    let kind = name.split('/').next().unwrap_or(name);
    if !kind.eq_ignore_ascii_case("prometheus") {
        let message = format!("the queries of the backend {} can't be carried over", quote(name));
        let help = "only PromQL is read; write the SLI's plugin and `[sli.prometheus]` by hand";
        backend.wrong(Code::UnknownFormat, message, Some(help.to_owned()));
        return None;
    }
    let (method, indicator) = (method?, indicator?);
    let table = indicator.table("service_level_indicator")?;
    let sli = match method.text()? {
        "good_bad_ratio" => good_bad_ratio(&table),
        "distribution_cut" => distribution_cut(&table),
        "query_sli" => query_sli(&table),
        other => {
            let known = ["good_bad_ratio", "distribution_cut", "query_sli"];
            let help = nearest_word(other, known);
            let help = help.unwrap_or_else(|| format!("known are `{}`", known.join("`, `")));
            method.wrong(
                Code::UnknownFormat,
                format!("{} is no method of Prometheus", quote(other)),
                Some(help),
            );
            return None;
        }
    };
    table.finish();
    sli
}

/// An SLI that has no name yet.
fn nameless(prometheus: Vec<(&'static str, PromQuery)>) -> Option<SliDraft> {
    let sli = SliDraft::new(Name::parse("sli").ok()?)?;
    Some(SliDraft { prometheus, ..sli })
}

fn good_bad_ratio(table: &Table<'_>) -> Option<SliDraft> {
    let operators = operators(table);
    let good = table.need("filter_good").and_then(placed);
    let bad = table.get("filter_bad").map(placed);
    let valid = table.get("filter_valid").map(placed);
    match (bad, valid) {
        (None, None) => {
            let help = Some("expected `filter_valid` or `filter_bad`".to_owned());
            table.item().wrong(Code::MissingKey, "nothing says which events count", help);
            None
        }
        (None, Some(valid)) => {
            let (good, valid) = (good?, valid?);
            let good = checked(good.0, PromQuery::parse(&applied(&good.1, &operators)));
            let valid = checked(valid.0, PromQuery::parse(&applied(&valid.1, &operators)));
            nameless(vec![("good", good?), ("valid", valid?)])
        }
        (Some(bad), valid) => {
            if let Some(Some((valid, _))) = valid {
                valid.lost("`filter_valid` beside `filter_bad`: slo-generator doesn't look at it either");
            }
            let (good, bad) = (good?, bad?);
            let (one, other) = (summed(&good.1, &operators), summed(&bad.1, &operators));
            // Where there are no bad events yet, or no good ones any more, the others are all that count.
            let valid = format!("({one} + {other} or {one} or {other})");
            let bad = checked(bad.0, PromQuery::parse(&applied(&bad.1, &operators)));
            let valid = checked(good.0, PromQuery::parse(&valid));
            nameless(vec![("bad", bad?), ("valid", valid?)])
        }
    }
}

fn distribution_cut(table: &Table<'_>) -> Option<SliDraft> {
    let item = table.need("expression");
    let bucket = table.need("threshold_bucket");
    let (item, bucket) = (item?, bucket?);
    let (expression, bound) = (expression(item)?, bucket.text()?);
    let selector = expression.strip_suffix(WINDOW).unwrap_or(&expression).trim();
    let name = selector.find('{').and_then(|brace| selector.get(..brace)).unwrap_or(selector);
    let labels = selector.get(name.len()..).unwrap_or_default();
    let inner = labels.strip_prefix('{').and_then(|labels| labels.strip_suffix('}')).unwrap_or_default();
    let (name, inner) = (name.trim(), inner.trim().trim_end_matches(',').trim_end());
    let Some(metric) = name.strip_suffix("_bucket") else {
        let help = Some("expected the buckets of a histogram, such as `latency_seconds_bucket{}`".to_owned());
        item.wrong(Code::InvalidQuery, format!("{} has no buckets", quote(selector)), help);
        return None;
    };
    let Some(threshold) = milliseconds(bound) else {
        let help = Some("expected seconds that are whole milliseconds, such as `0.25`".to_owned());
        bucket.wrong(Code::InvalidValue, format!("{} is no latency", quote(bound)), help);
        return None;
    };
    let separator = if inner.is_empty() { "" } else { ", " };
    let good = checked(item, PromQuery::parse(&format!("{name}{{{inner}{separator}le=\"{bound}\"}}")));
    let valid = checked(item, PromQuery::parse(&format!("{metric}_count{labels}")));
    Some(nameless(vec![("good", good?), ("valid", valid?)])?.fast(&threshold))
}

fn query_sli(table: &Table<'_>) -> Option<SliDraft> {
    let item = table.need("expression")?;
    let expression = expression(item)?;
    // Its value is the share of good events.
    nameless(vec![("error-ratio", checked(item, PromQuery::parse(&format!("1 - ({expression})")))?)])
}

/// How Weir says where the stretch of time goes, where slo-generator appends it.
const WINDOW: &str = "[$window]";

/// An expression with its place.
fn placed(item: Item<'_>) -> Option<(Item<'_>, String)> {
    Some((item, expression(item)?))
}

/// An expression with `$window` where slo-generator fills in a window.
fn expression(item: Item<'_>) -> Option<String> {
    let text = item.text()?.trim();
    if text.contains("${") {
        let message = format!("{} has a variable of the environment in it", quote(text));
        item.wrong(Code::InvalidQuery, message, Some("write its value instead".to_owned()));
        return None;
    }
    if text.contains("[window") {
        return Some(text.replace("[window", "[$window"));
    }
    Some(format!("{text}{WINDOW}"))
}

/// The functions that slo-generator wraps a query in, the first one innermost.
fn operators(table: &Table<'_>) -> Vec<String> {
    match table.get("operators") {
        None => vec!["increase".to_owned(), "sum".to_owned()],
        Some(operators) => operators.list().filter_map(Item::text).map(str::to_owned).collect(),
    }
}

/// A query as Weir asks it: a counter where it is one, which Weir takes a summed rate of. The share of good events is that of
/// summed increases.
fn applied(expression: &str, operators: &[String]) -> String {
    let operators: Vec<&str> = operators.iter().map(String::as_str).collect();
    if let ["increase" | "rate", "sum"] = operators.as_slice()
        && let Some(counter) = expression.strip_suffix(WINDOW)
        && PromQuery::parse(counter).is_ok_and(|query| query.is_counter())
    {
        return counter.trim().to_owned();
    }
    operators.iter().fold(expression.to_owned(), |query, operator| format!("{operator}({query})"))
}

/// A query in the unit that [`applied`] has in rules.
fn summed(expression: &str, operators: &[String]) -> String {
    match PromQuery::parse(&applied(expression, operators)) {
        Ok(query) => query.over("$window"),
        Err(_) => expression.to_owned(),
    }
}
