//! Routes for Alertmanager: each alert of Weir goes to the team that owns the service, by how soon someone has to look.
//!
//! Which pager and which tracker these are is nothing that Weir knows, so the receivers are empty: their names stay when
//! the file is written again, and what they do is added where they are used.

#[cfg(feature = "http")]
pub mod api;

use weir_model::{Name, Service};

use crate::yaml::write::Yaml;

/// What alerts are told apart by.
const SLO: [&str; 2] = ["weir_service", "weir_slo"];

/// Routes, inhibitions and receivers for the alerts on these services.
///
/// All alerts of an SLO are one notification. While a page fires, tickets about the same SLO are not sent, nor is the log,
/// and while a ticket is open, the log is not.
#[must_use]
pub fn write(services: &[&Service]) -> String {
    let mut owners: Vec<(&str, String)> = Vec::new();
    for service in services {
        let owner = service.about.owner.as_str();
        if !owners.iter().any(|(known, _)| *known == owner) {
            owners.push((owner, receiver(owner, &owners)));
        }
    }
    // Whoever it is that owns what an alert is about, a page has to wake somebody.
    let of_owners = owners.iter().map(|(owner, receiver)| {
        Yaml::table([
            ("matchers", texts(&[&matcher("weir_owner", "=", owner)])),
            ("routes", Yaml::List(by_urgency(&format!("{receiver}-")))),
        ])
    });
    let routes = of_owners.chain(by_urgency(""));
    let root = Yaml::table([
        ("receiver", Yaml::text("log")),
        ("group_by", texts(&SLO)),
        ("group_wait", Yaml::text("30s")),
        ("group_interval", Yaml::text("5m")),
        ("repeat_interval", Yaml::text("4h")),
        ("routes", Yaml::List(routes.collect())),
    ]);
    let inhibitions = [("page", "ticket|log"), ("ticket", "log")].map(|(source, targets)| {
        Yaml::table([
            ("source_matchers", texts(&[&matcher("severity", "=", source)])),
            ("target_matchers", texts(&[&matcher("severity", "=~", targets)])),
            ("equal", texts(&SLO)),
        ])
    });
    let named = owners
        .iter()
        .flat_map(|(_, receiver)| ["page", "ticket"].map(|urgency| format!("{receiver}-{urgency}")));
    let receivers = ["log", "page", "ticket"]
        .map(str::to_owned)
        .into_iter()
        .chain(named)
        .map(|name| Yaml::texts([("name", name)]));
    let text = Yaml::table([
        ("route", root),
        ("inhibit_rules", Yaml::List(inhibitions.into())),
        ("receivers", Yaml::List(receivers.collect())),
    ])
    .document();
    format!(
        "# Written by `weir generate alertmanager`. Receivers are empty: say there how they notify.\n{text}"
    )
}

/// What the receivers of an owner are called: the owner as a name, with a number where another one is called so already.
fn receiver(owner: &str, taken: &[(&str, String)]) -> String {
    let name = Name::nearest(owner).map_or_else(|| "team".to_owned(), |name| name.to_string());
    let is_free = |name: &String| !taken.iter().any(|(_, other)| other == name);
    let numbered = (2..).map(|number| format!("{name}-{number}")).take(taken.len() + 1);
    [name.clone()].into_iter().chain(numbered).find(is_free).unwrap_or(name)
}

/// The routes by urgency to receivers whose names begin so: pages every hour, tickets once a day.
fn by_urgency(prefix: &str) -> Vec<Yaml> {
    let routes = [("page", "1h"), ("ticket", "1d")].map(|(urgency, repeat)| {
        Yaml::table([
            ("matchers", texts(&[&matcher("severity", "=", urgency)])),
            ("receiver", Yaml::text(format!("{prefix}{urgency}"))),
            ("repeat_interval", Yaml::text(repeat)),
        ])
    });
    routes.into()
}

/// A matcher, as it stands in a list of matchers.
fn matcher(label: &str, operator: &str, value: &str) -> String {
    let mut quoted = String::new();
    for character in value.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            _ => quoted.push(character),
        }
    }
    format!("{label}{operator}\"{quoted}\"")
}

fn texts(texts: &[&str]) -> Yaml {
    Yaml::List(texts.iter().map(|text| Yaml::text(*text)).collect())
}
