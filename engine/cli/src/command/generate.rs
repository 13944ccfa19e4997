//! `weir generate`: what other systems read, written from the project.

use weir::{EngineError, Project};
use weir_connect::grafana::{overview_dashboard, policy_dashboard, slo_dashboard};
use weir_connect::prometheus::{Target, cases, rules, sloth_rules};
use weir_connect::{Generated, alerts_for};
use weir_model::Service;
use weir_model::diagnostic::{nearest_word, quote};

use super::{Failure, project_in};
use crate::args::{
    Dashboard, GenerateArguments, GenerateGrafanaArguments, GeneratePrometheusArguments, RuleStyle,
};
use crate::exit::Exit;
use crate::output;

pub(super) fn prometheus(arguments: &GeneratePrometheusArguments) -> Result<Exit, Failure> {
    let project = project_in(arguments.what.project.as_deref())?;
    let services = services(&project, &arguments.what)?;
    if !services.iter().flat_map(|service| &service.slis).any(|sli| sli.prometheus.is_some()) {
        return Err(Failure::Engine(EngineError::Question {
            message: "no SLI says how Prometheus counts it, so there are no rules to write".to_owned(),
            help: Some("add `[sli.prometheus]` to an SLI in `services/`".to_owned()),
        }));
    }
    let targets = targets(&project, &services)?;
    written(&match (&arguments.tests, arguments.style) {
        (Some(rules_file), _) => cases(&targets, rules_file),
        (None, RuleStyle::Weir) => rules(&targets),
        (None, RuleStyle::Sloth) => sloth_rules(&targets),
    })
}

pub(super) fn alertmanager(arguments: &GenerateArguments) -> Result<Exit, Failure> {
    let project = project_in(arguments.project.as_deref())?;
    output::result(&weir_connect::alertmanager::write(&services(&project, arguments)?))?;
    Ok(Exit::Go)
}

pub(super) fn grafana(arguments: &GenerateGrafanaArguments) -> Result<Exit, Failure> {
    let text = match arguments.dashboard {
        Dashboard::Overview => overview_dashboard(),
        Dashboard::Slo => slo_dashboard(),
        Dashboard::Policy => {
            let project = project_in(arguments.project.as_deref())?;
            let services: Vec<&Service> = project.services().collect();
            let generated = policy_dashboard(project.policies(), &services).map_err(Failure::Wrong)?;
            let none = "no policy of the project runs `error-budget` for an SLO";
            return written(&generated.ok_or_else(|| Failure::Usage(none.to_owned()))?);
        }
    };
    output::result(&text)?;
    Ok(Exit::Go)
}

/// The services that the arguments name, or all.
pub(super) fn services<'p>(
    project: &'p Project,
    arguments: &GenerateArguments,
) -> Result<Vec<&'p Service>, Failure> {
    let all: Vec<&Service> = project.services().collect();
    if arguments.services.is_empty() {
        return Ok(all);
    }
    let named = arguments.services.iter().map(|name| {
        let found = all.iter().copied().find(|service| service.about.name.as_str() == name);
        found.ok_or_else(|| {
            let help = nearest_word(name, all.iter().map(|service| service.about.name.as_str()));
            let help = help.map_or_else(String::new, |help| format!("; {help}"));
            Failure::Usage(format!("there is no service {}{help}", quote(name)))
        })
    });
    named.collect()
}

/// Every SLO of the services with its alerts.
fn targets<'p>(project: &'p Project, services: &[&'p Service]) -> Result<Vec<Target<'p>>, Failure> {
    let mut targets = Vec::new();
    for service in services {
        for slo in &service.slos {
            let alerts = alerts_for(project.policies(), service, &slo.name).map_err(Failure::Wrong)?;
            targets.push(Target { service, slo, alerts });
        }
    }
    Ok(targets)
}

/// Prints what was written, and says what it lacks.
pub(super) fn written(generated: &Generated) -> Result<Exit, Failure> {
    output::result(&generated.text)?;
    for left in &generated.left_out {
        output::message(&format!("left out: {left}\n"))?;
    }
    Ok(Exit::Go)
}
