//! Sloth's specifications: those of its command line (`prometheus/v1`) and of its Kubernetes controller.
//!
//! Sloth fills in the window of every SLO from the outside; 30 days unless it is told otherwise, and so it is here. Alerts
//! are not read: Weir's are those of its policies.

use weir_model::diagnostic::{Code, nearest_word, quote};
use weir_model::value::Duration;
use weir_model::{Name, PromQuery};

use crate::draft::{Imported, Measured, SliDraft, SloDraft, WindowDraft};
use crate::import::{Services, description, free_slo_name, name, own, percent_objective, windowed};
use crate::yaml::read::File;
use crate::yaml::table::{Item, Table};

/// The keys of a specification, which are written in two ways.
struct Keys {
    slo_plugins: &'static str,
    error_query: &'static str,
    total_query: &'static str,
    error_ratio_query: &'static str,
    page_alert: &'static str,
    ticket_alert: &'static str,
}

/// The keys of `prometheus/v1`.
const SNAKE: Keys = Keys {
    slo_plugins: "slo_plugins",
    error_query: "error_query",
    total_query: "total_query",
    error_ratio_query: "error_ratio_query",
    page_alert: "page_alert",
    ticket_alert: "ticket_alert",
};

/// The keys of the custom resource.
const CAMEL: Keys = Keys {
    slo_plugins: "sloPlugins",
    error_query: "errorQuery",
    total_query: "totalQuery",
    error_ratio_query: "errorRatioQuery",
    page_alert: "pageAlert",
    ticket_alert: "ticketAlert",
};

/// Reads files of Sloth, each with its path, which is only shown. The windows of their SLOs have this length.
#[must_use]
pub fn read(files: &[(&str, &str)], window: Duration) -> Imported {
    let mut services = Services::default();
    let mut read = Vec::new();
    for (path, text) in files {
        let file = File::new(path, text);
        for node in file.documents() {
            document(Item { file: &file, node: &node }, window, &mut services);
        }
        read.push(file);
    }
    services.imported(read)
}

fn document(item: Item<'_>, window: Duration, services: &mut Services) {
    let Some(table) = item.table("specification") else { return };
    if let Some(version) = table.get("version") {
        match version.text() {
            Some("prometheus/v1") => specification(&table, &SNAKE, window, services),
            Some(other) => {
                let help = nearest_word(other, ["prometheus/v1"]);
                let message = format!("{} is no version of a specification that is read", quote(other));
                version.wrong(Code::UnknownFormat, message, help);
                return;
            }
            None => return,
        }
        table.finish();
        return;
    }
    let (group, kind) = (table.text("apiVersion"), table.text("kind"));
    match (group, kind) {
        (Some("sloth.slok.dev/v1"), Some("PrometheusServiceLevel")) => {
            if let Some(metadata) = table.table("metadata") {
                metadata.get("name");
                metadata.lose(&["namespace", "labels", "annotations"], "Weir has no Kubernetes resources");
                metadata.finish();
            }
            if let Some(spec) = table.need("spec").and_then(|spec| spec.table("spec")) {
                specification(&spec, &CAMEL, window, services);
                spec.finish();
            }
            table.lose(&["status"], "it is a state, no specification");
            table.finish();
        }
        (Some("sloth.slok.dev/v1"), Some("AlertWindows")) => {
            item.lost("a catalogue of alert windows: in Weir they are the parameters of a policy that runs `burn-rate`");
        }
        (Some(group), _) if group.starts_with("openslo") => {
            let help = (group == "openslo/v1").then(|| "read it with `weir import openslo`".to_owned());
            item.wrong(Code::UnknownFormat, format!("this is {}, no file of Sloth", quote(group)), help);
        }
        _ => {
            let help = "expected `version: prometheus/v1`, or the kind `PrometheusServiceLevel` of `sloth.slok.dev/v1`";
            let message = "this is no file of Sloth that is read";
            item.wrong(Code::UnknownFormat, message, Some(help.to_owned()));
        }
    }
}

fn specification(spec: &Table<'_>, keys: &Keys, window: Duration, services: &mut Services) {
    let labels = spec.get("labels");
    let owner = labels.and_then(|labels| labels.entries().find(|(label, _)| *label == "owner"));
    lose_labels(labels, "owner");
    spec.lose(&[keys.slo_plugins], "Weir runs no plugins of Sloth");
    let service = spec.need("service").and_then(name);
    let slos = spec.need("slos");
    let (Some(service), Some(slos)) = (service, slos) else { return };
    let draft = services.named(&service);
    own(draft, spec.item(), owner.and_then(|(_, owner)| owner.text()));
    for item in slos.list() {
        if let Some(table) = item.table("slo") {
            objective(&table, keys, window, services, &service);
            table.finish();
        }
    }
}

/// Says of each label that it is not carried over, but for one.
fn lose_labels(labels: Option<Item<'_>>, known: &str) {
    for (label, value) in labels.into_iter().flat_map(Item::entries).filter(|(label, _)| *label != known) {
        value.lost(format!("the label {}: Weir has no free labels", quote(label)));
    }
}

fn objective(table: &Table<'_>, keys: &Keys, window: Duration, services: &mut Services, service: &Name) {
    lose_labels(table.get("labels"), "");
    table.lose(&["plugins"], "Weir runs no plugins of Sloth");
    alerting(table, keys);
    let slo_name = table.need("name").and_then(name);
    let objective = table.need("objective").and_then(percent_objective);
    let description = description(table.text("description"));
    let prometheus = table.need("sli").and_then(|sli| sli.table("sli")).and_then(|sli| {
        let queries = indicator(&sli, keys);
        sli.finish();
        queries
    });
    let (Some(slo_name), Some(objective), Some(prometheus)) = (slo_name, objective, prometheus) else {
        return;
    };
    let Some(sli) = SliDraft::new(slo_name.clone()) else { return };
    table.item().assumed(
        format!("the window of {}, and how its events are told apart", quote(slo_name.as_str())),
        format!("its window is {window}, and `availability` judges its events: a specification of Sloth has neither"),
    );
    let draft = services.named(service);
    let sli = draft.add_sli(SliDraft { prometheus, ..sli });
    let slo_name = free_slo_name(table.item(), draft, &slo_name);
    let slo = SloDraft::new(slo_name, Measured::Sli(sli), Some(objective), WindowDraft::Rolling(window));
    draft.slos.push(SloDraft { description, ..slo });
}

/// The queries of an indicator; what is wrong with it has been said where there are none.
fn indicator(sli: &Table<'_>, keys: &Keys) -> Option<Vec<(&'static str, PromQuery)>> {
    if let Some(events) = sli.table("events") {
        let bad = events.need(keys.error_query).and_then(windowed);
        let valid = events.need(keys.total_query).and_then(windowed);
        events.finish();
        return Some(vec![("bad", bad?), ("valid", valid?)]);
    }
    if let Some(raw) = sli.table("raw") {
        let ratio = raw.need(keys.error_ratio_query).and_then(windowed);
        raw.finish();
        return Some(vec![("error-ratio", ratio?)]);
    }
    match sli.get("plugin") {
        Some(plugin) => {
            let id = plugin.entries().find(|(key, _)| *key == "id").and_then(|(_, id)| id.text());
            let message = format!("only the plugin {} knows what is measured", quote(id.unwrap_or_default()));
            let help = "run `sloth generate` and take the queries over from its rules";
            plugin.wrong(Code::UnknownFormat, message, Some(help.to_owned()));
        }
        None => {
            let help = "expected `events`, `raw` or `plugin`";
            sli.item().wrong(Code::MissingKey, "this SLI measures nothing", Some(help.to_owned()));
        }
    }
    None
}

/// Says what of the alerts is not carried over.
fn alerting(table: &Table<'_>, keys: &Keys) {
    let Some(alerting) = table.table("alerting") else { return };
    let why = "alerts of Weir have names, labels and texts of their own";
    alerting.lose(&["name", "labels", "annotations"], why);
    for key in [keys.page_alert, keys.ticket_alert] {
        if let Some(alert) = alerting.table(key) {
            alert.lose(&["labels", "annotations"], why);
            if alert.get("disable").is_some_and(|disable| disable.flag() == Some(true)) {
                let why = "which alerts there are is up to the policies that run `burn-rate`";
                alert.lose(&["disable"], why);
            }
            alert.finish();
        }
    }
    alerting.finish();
}
