//! What a rule means, for people.

use serde_json::Value;
use weir::{ExplainedPolicy, Explanation};
use weir_model::finding::{Outcome, Weight};

use crate::output::bold;
use crate::render::clean;

/// The meaning and the remedy first, then where the rule is configured, then what it says now.
pub(crate) fn explanation(explanation: &Explanation) -> String {
    let mut out = format!("{}\n", bold(&explanation.rule));
    for sentence in &explanation.meaning {
        out.push_str(&format!("  {sentence}\n"));
    }
    if let Some(remedy) = &explanation.remedy {
        out.push_str(&format!("  remedy: {remedy}\n"));
    }
    if let Some(policy) = &explanation.policy {
        out.push_str(&configured(policy));
    }
    if !explanation.services.is_empty() {
        out.push_str(&format!("\n  {}\n", bold("now")));
    }
    for service in &explanation.services {
        let outcome = match service.outcome {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::Waived => "waived",
            Outcome::NotApplicable => "not applicable",
            Outcome::Unknown => "unknown",
        };
        let weight = if service.weight == Weight::Advised { " (advised)" } else { "" };
        out.push_str(&format!(
            "    {}: {outcome}{weight}: {}\n",
            service.service,
            clean::line(&service.text)
        ));
        if let Some(waiver) = &service.waiver {
            out.push_str(&format!("      {}\n", clean::line(waiver)));
        }
    }
    out
}

fn configured(policy: &ExplainedPolicy) -> String {
    let mut out =
        format!("\n  {} {}:{}, policy `{}`\n", bold("configured in"), policy.file, policy.line, policy.name);
    if let Some(summary) = &policy.summary {
        out.push_str(&format!("    {}\n", clean::line(summary)));
    }
    let on_fail = policy.on_fail.map(|effect| format!(", on-fail {effect}")).unwrap_or_default();
    out.push_str(&format!(
        "    mode {}, on-no-data {}, on-error {}{on_fail}\n",
        policy.mode, policy.on_no_data, policy.on_error
    ));
    out.push_str(&format!("    plugin {}: {}\n", policy.plugin, policy.plugin_summary));
    for read in &policy.reads {
        out.push_str(&format!("    reads {read}\n"));
    }
    if !policy.parameters.is_empty() {
        out.push_str("    parameters set:\n");
        for (name, value) in &policy.parameters {
            out.push_str(&format!("      {name} = {}\n", clean::line(&value.to_string())));
        }
    }
    out.push_str(&parameters(&policy.schema));
    out
}

/// What parameters there are; `weir plugin inspect` has their types, too.
fn parameters(schema: &Value) -> String {
    let properties = schema.get("properties").and_then(Value::as_object);
    let Some(properties) = properties.filter(|properties| !properties.is_empty()) else {
        return "    parameters: none\n".to_owned();
    };
    let mut out = "    parameters:\n".to_owned();
    for (name, property) in properties {
        let text = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        out.push_str(&format!("      {name}: {text}\n"));
    }
    out
}
