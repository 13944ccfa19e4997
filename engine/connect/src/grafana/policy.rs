//! The dashboard of a project's error budget policies: the stages of each, and which SLOs they hold for.

use weir_math::Decimal;
use weir_model::diagnostic::Code;
use weir_model::value::NamePattern;
use weir_model::{Diagnostic, Effect, Name, PolicyFile, Service};

use super::{Panel, Step, laid_out};
use crate::{Generated, LeftOut};

/// A stage of the plugin `error-budget` that looks at what is left of a budget.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stage {
    effect: Effect,
    below: Decimal,
    /// As the policy writes it.
    says: String,
}

/// Writes the dashboard for the policies that run the plugin `error-budget`, each with the SLOs that it covers. None where no
/// policy does.
///
/// # Errors
/// Parameters that the plugin would refuse, at their place in the policy's file.
pub fn policy_dashboard<'p>(
    policies: impl IntoIterator<Item = &'p PolicyFile>,
    services: &[&Service],
) -> Result<Option<Generated>, Vec<Diagnostic>> {
    let (mut panels, mut left_out, mut diagnostics) = (Vec::new(), Vec::new(), Vec::new());
    for policy in policies.into_iter().filter(|policy| policy.about.plugin.as_str() == "error-budget") {
        let name = policy.about.name.as_str();
        let covered = covered(policy, services);
        match stages(policy, &mut left_out) {
            Err(wrong) => diagnostics.extend(wrong),
            Ok(_) if covered.is_empty() => {
                let what = "it covers no SLO".to_owned();
                left_out.push(LeftOut { about: name.to_owned(), what });
            }
            Ok(stages) => panels.extend(of_policy(name, &covered, &stages, panels.len())),
        }
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let text = laid_out("weir-policy", "Error budget policy", &[], &panels);
    Ok((!panels.is_empty()).then_some(Generated { text, left_out }))
}

/// What is left of the budgets of the SLOs that a policy covers, as PromQL; empty where it covers none.
fn covered(policy: &PolicyFile, services: &[&Service]) -> String {
    let scope = &policy.scope;
    // The plugin has a choice of its own.
    let own = policy.params.get("slos").and_then(serde_json::Value::as_array);
    let chosen = |slo: &Name| {
        let matches =
            |text: &str| NamePattern::parse(text).is_ok_and(|pattern| pattern.matches(slo.as_str()));
        own.is_none_or(|own| own.iter().filter_map(serde_json::Value::as_str).any(matches))
    };
    let of_service = |service: &&Service| {
        let names = service.slos.iter().map(|slo| &slo.name);
        let names = names.filter(|slo| scope.covers_slo(slo) && chosen(slo)).map(Name::as_str);
        let names: Vec<&str> = names.collect();
        let service = &service.about.name;
        let selector = format!("{{weir_service=\"{service}\", weir_slo=~\"{}\"}}", names.join("|"));
        (!names.is_empty()).then(|| format!("weir_slo:error_budget_remaining:ratio{selector}"))
    };
    let parts: Vec<String> =
        services.iter().filter(|service| scope.covers(service)).filter_map(of_service).collect();
    parts.join(" or ")
}

/// The stages of a policy that look at what is left, the lowest first.
fn stages(policy: &PolicyFile, left_out: &mut Vec<LeftOut>) -> Result<Vec<Stage>, Vec<Diagnostic>> {
    let Some(written) = policy.params.get("stages") else { return Ok(usual_stages()) };
    let mut stages = Vec::new();
    for (index, table) in written.as_array().into_iter().flatten().enumerate() {
        let text = |key: &str| table.get(key).and_then(serde_json::Value::as_str);
        let wrong = |key: &str, message: String| {
            let span = policy.source().span(&format!("/params/stages/{index}/{key}"));
            vec![policy.source().error(Code::InvalidValue, span, message)]
        };
        let effect = table.get("effect").cloned().unwrap_or_default();
        let effect: Effect =
            serde_json::from_value(effect).map_err(|error| wrong("effect", error.to_string()))?;
        let Some(below) = text("below") else {
            let what = format!("its stage {} looks at a burn rate, and not at what is left", index + 1);
            left_out.push(LeftOut { about: policy.about.name.to_string(), what });
            continue;
        };
        let share = Decimal::parse(below).map_err(|error| wrong("below", error.to_string()))?;
        let until = text("lift-at").map(|at| format!(", until {at} are back")).unwrap_or_default();
        stages.push(Stage { effect, below: share, says: format!("{effect} below {below}{until}") });
    }
    stages.sort_by_key(|stage| stage.below);
    Ok(stages)
}

/// The stages that the plugin has when a policy names none.
fn usual_stages() -> Vec<Stage> {
    let stage = |effect, below: &str, says: &str| Stage {
        effect,
        below: Decimal::parse(below).unwrap_or(Decimal::ZERO),
        says: says.to_owned(),
    };
    vec![
        stage(Effect::Freeze, "0%", "freeze below 0%, until 10% are back"),
        stage(Effect::Warn, "25%", "warn below 25%"),
    ]
}

/// From which value on which colour: below a level, all stages hold that begin there or above, and the most severe one counts.
fn steps(stages: &[Stage]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut from = None;
    for (index, stage) in stages.iter().enumerate() {
        let severest = stages.iter().skip(index).map(|stage| stage.effect).max().unwrap_or(stage.effect);
        steps.push((colour(severest), from));
        from = Some(stage.below.to_f64());
    }
    steps.push((colour(Effect::Allow), from));
    steps
}

fn colour(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "green",
        Effect::Warn => "yellow",
        Effect::Hold => "orange",
        Effect::Freeze => "red",
    }
}

/// The panels of a policy, under those that are there.
fn of_policy(name: &str, covered: &str, stages: &[Stage], above: usize) -> [Panel; 4] {
    let top = u32::try_from(above / 4).unwrap_or(0) * 17;
    let says: Vec<&str> = stages.iter().map(|stage| stage.says.as_str()).collect();
    let says = says.join("; ");
    let slo = "{{weir_service}} / {{weir_slo}}".to_owned();
    let of_stages = |expression: &dyn Fn(&Stage) -> String| {
        stages.iter().map(|stage| (expression(stage), stage.says.clone())).collect::<Vec<_>>()
    };
    let panel = |title: &str, description: String, kind, unit, series, place| Panel {
        title: format!("{name}: {title}"),
        description,
        kind,
        unit,
        series,
        steps: steps(stages),
        place,
    };
    let left = || vec![(covered.to_owned(), slo.clone())];
    let counts = of_stages(&|stage| format!("count(({covered}) < {}) or vector(0)", stage.below));
    let times =
        of_stages(&|stage| format!("avg(avg_over_time((({covered}) < bool {})[$__range:5m]))", stage.below));
    let many = "How many SLOs have so little left now. A stage that lifts later may hold for more of them.";
    let long = "The share of the time shown in which an SLO had so little left, over all SLOs.";
    [
        panel("error budget left", says, "stat", "percentunit", left(), [0, top, 12, 8]),
        Panel {
            steps: Vec::new(),
            ..panel("SLOs in each stage", many.to_owned(), "stat", "none", counts, [12, top, 6, 8])
        },
        Panel {
            steps: Vec::new(),
            ..panel("time in each stage", long.to_owned(), "stat", "percentunit", times, [18, top, 6, 8])
        },
        panel(
            "error budget left, over time",
            "Behind it the levels at which stages begin.".to_owned(),
            "timeseries",
            "percentunit",
            left(),
            [0, top + 8, 24, 9],
        ),
    ]
}
