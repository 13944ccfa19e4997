//! Are the SLOs of a project worth having? What files alone, history and a made-up outage say of them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use weir_host::Kind;
use weir_math::Budget;
use weir_model::service::{Lifecycle, Service};
use weir_model::slo::{Budgeting, Slo};
use weir_model::{Change, Effect, EventCounts, Severity};

use crate::case::CasePolicy;
use crate::decide::{Armed, Outlook, decide};
use crate::engine::{Engine, EngineError, Measurements};
use crate::measure::Events;
use crate::measured::{MeasuredSlo, Slos, Standing};
use crate::plugins;
use crate::project::Project;

/// The version of the lint's JSON form.
const LINT_VERSION: u32 = 1;
/// Nobody looks at more SLIs of one service than this.
const MOST_SLIS: usize = 5;
/// Fewer days of history than this say nothing.
const LEAST_DAYS: usize = 7;
/// A budget of which at least this share is always left is never at risk, in percent.
const AT_EASE_PERCENT: i128 = 90;
/// The code with which budget policies say that an alert can't be reached.
const UNREACHABLE: &str = "unreachable";

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $description:literal;)*) => {
        /// What may be wrong with an SLO.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[non_exhaustive]
        pub enum LintCode {
            $(#[doc = $description] #[serde(rename = $name)] $variant,)*
        }

        impl LintCode {
            /// Every code.
            pub const ALL: &[LintCode] = &[$(LintCode::$variant,)*];

            /// The kebab-case name, which never changes once released.
            pub fn as_str(self) -> &'static str {
                match self { $(LintCode::$variant => $name,)* }
            }

            /// Whether it is an error, or a warning.
            pub fn severity(self) -> Severity {
                match self { $(LintCode::$variant => Severity::$severity,)* }
            }

            /// One line for people: what is wrong when this code is reported.
            pub fn description(self) -> &'static str {
                match self { $(LintCode::$variant => $description,)* }
            }
        }
    };
}

codes! {
    NoSlo "no-slo" Warning "A service in production has no SLO.";
    TooManySlis "too-many-slis" Warning "A service has more than five SLIs, and nobody looks at so many.";
    NoData "no-data" Error "An SLO can't be judged, so policies act for want of data.";
    NeverMet "never-met" Warning "An objective was missed on every day of the recorded data.";
    NeverAtRisk "never-at-risk" Warning "At least 90 % of an error budget was left on every day of the recorded data.";
    UnreachableAlert "unreachable-alert" Error "A policy waits for a burn rate that a total outage does not reach.";
    NeedlessMinimum "needless-minimum" Warning "A policy asks for a least number of events of an SLO that counts slices by degrees.";
    NeverStops "never-stops" Warning "No budget policy has an effect on an SLO, even in a total outage.";
}

/// What a lint found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lint {
    /// The version of this form.
    pub schema_version: u32,
    /// The instant that it was looked at.
    pub at: Timestamp,
    /// What was found, service by service.
    pub findings: Vec<LintFinding>,
    /// What became of the events that were read.
    pub events: EventCounts,
}

/// One thing that may be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LintFinding {
    /// What kind of thing.
    pub code: LintCode,
    /// `error` or `warning`.
    pub severity: String,
    /// The service.
    pub service: String,
    /// The SLO, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slo: Option<String>,
    /// What is so, with its numbers.
    pub text: String,
    /// What to do about it.
    pub remedy: String,
}

impl LintFinding {
    fn new(
        code: LintCode,
        service: &Service,
        slo: Option<&MeasuredSlo>,
        text: String,
        remedy: &str,
    ) -> LintFinding {
        LintFinding {
            code,
            severity: code.severity().to_string(),
            service: service.about.name.to_string(),
            slo: slo.map(|slo| slo.name().to_string()),
            text,
            remedy: remedy.to_owned(),
        }
    }
}

impl Engine {
    /// Looks for SLOs that are not worth having: on what their files say, on the recorded data, and on a made-up outage
    /// that every policy is asked about.
    ///
    /// # Errors
    /// When there is no such service, the project is wrong, or events can't be read.
    pub fn slo_lint(
        &self,
        project: &Project,
        service: Option<&str>,
        at: Timestamp,
        events: &Events,
    ) -> Result<Lint, EngineError> {
        let Measurements { services, counts } = self.measured(project, service, at, events)?;
        let mut findings = Vec::new();
        for (service, slos) in &services {
            findings.extend(of_file(service));
            findings.extend(of_minimums(project, service));
            let judged = slos.judged(at);
            for slo in &judged {
                findings.extend(of_history(service, slo, at));
            }
            findings.extend(self.of_outage(project, service, slos, at)?);
        }
        Ok(Lint { schema_version: LINT_VERSION, at, findings, events: counts })
    }

    /// What policies say of an outage in which everything fails.
    fn of_outage(
        &self,
        project: &Project,
        service: &Service,
        slos: &Slos,
        at: Timestamp,
    ) -> Result<Vec<LintFinding>, EngineError> {
        let mut policies = Vec::new();
        for policy in CasePolicy::of_project(project, |policy| policy.scope.covers(service)) {
            let limits = plugins::limits(&policy.limits);
            let plugin = self.plugins.named(project, policy.policy.about.plugin.as_str(), &limits)?;
            if plugin.kind() == Kind::BudgetPolicy {
                policies.push(policy);
            }
        }
        let armed = self.arm(project, &policies)?;
        let mut case = self.empty_case(project, service, at);
        case.change = Change::Feature;
        // Overrides are for today, and this outage is not.
        case.overrides.clear();
        let longest = armed.iter().filter_map(|armed| armed.needs.as_ref()?.as_ref().ok());
        let longest = longest.flat_map(|needs| needs.value.windows.iter().copied()).max().unwrap_or(0);
        let mut findings = Vec::new();
        for slo in slos.judged(at) {
            let outage = slo.in_outage(longest)?;
            let name = slo.name().to_string();
            let standing = Standing { judged: vec![outage], shown: Vec::new() };
            let verdict = decide(&case, &armed, &standing, Outlook::Nothing).verdict;
            let covering: Vec<&Armed> =
                armed.iter().filter(|armed| armed.policy.scope.covers_slo(slo.name())).collect();
            let mut acts = covering.is_empty();
            for outcome in &verdict.policies {
                for clause in outcome.clauses.iter().filter(|clause| clause.slo.as_ref() == Some(&name)) {
                    acts |= clause.effect > Effect::Allow;
                    if clause.code == UNREACHABLE {
                        let text = format!("policy `{}`: {}", outcome.policy, clause.text);
                        let remedy = "choose a lower factor or a tighter objective";
                        findings.push(LintFinding::new(
                            LintCode::UnreachableAlert,
                            service,
                            Some(&slo),
                            text,
                            remedy,
                        ));
                    }
                }
            }
            if !acts {
                let text = format!("no policy has an effect on `{name}`, even when everything fails");
                let remedy = "add a policy that looks at it, or remove the SLO";
                findings.push(LintFinding::new(LintCode::NeverStops, service, Some(&slo), text, remedy));
            }
        }
        Ok(findings)
    }
}

/// What the service file alone says.
fn of_file(service: &Service) -> Vec<LintFinding> {
    let mut findings = Vec::new();
    if service.slos.is_empty() && service.about.lifecycle == Lifecycle::Production {
        let text = format!("`{}` is in production and aims for nothing", service.about.name);
        let remedy = "add an SLO for what its users would miss first";
        findings.push(LintFinding::new(LintCode::NoSlo, service, None, text, remedy));
    }
    if service.slis.len() > MOST_SLIS {
        let text = format!(
            "`{}` has {} SLIs; {MOST_SLIS} are as many as people look at",
            service.about.name,
            service.slis.len()
        );
        let remedy = "keep those that users notice";
        findings.push(LintFinding::new(LintCode::TooManySlis, service, None, text, remedy));
    }
    findings
}

/// Which policies ask for a least number of events where there is none that could be too small: by degrees, each slice counts
/// as a billion.
fn of_minimums(project: &Project, service: &Service) -> Vec<LintFinding> {
    let mut findings = Vec::new();
    for policy in project.policies().filter(|policy| policy.scope.covers(service)) {
        let alerts = policy.params.get("alerts").and_then(Value::as_array);
        let least = |alert: &Value| alert.get("minimum-events").and_then(Value::as_u64);
        let least = alerts.into_iter().flatten().filter_map(least).max().unwrap_or(0);
        if policy.about.plugin.as_str() != "burn-rate" || least == 0 {
            continue;
        }
        let by_degrees =
            |slo: &&Slo| slo.budgeting == Budgeting::RatioTimeSlices && policy.scope.covers_slo(&slo.name);
        for slo in service.slos.iter().filter(by_degrees) {
            findings.push(LintFinding {
                code: LintCode::NeedlessMinimum,
                severity: LintCode::NeedlessMinimum.severity().to_string(),
                service: service.about.name.to_string(),
                slo: Some(slo.name.to_string()),
                text: format!(
                    "policy `{}` asks for at least {least} events, and `{}` counts {}, of which there are always more",
                    policy.about.name, slo.name, slo.budgeting
                ),
                remedy: "remove `minimum-events`, or budget by `occurrences` or `time-slices`".to_owned(),
            });
        }
    }
    findings
}

/// What the recorded data says.
fn of_history(service: &Service, slo: &MeasuredSlo, at: Timestamp) -> Vec<LintFinding> {
    let finding = |code, text, remedy: &str| vec![LintFinding::new(code, service, Some(slo), text, remedy)];
    if let Some(gap) = &slo.gap {
        return finding(
            LintCode::NoData,
            gap.clone(),
            "mend the source, or give the SLO a longer `stale-after`",
        );
    }
    let left: Vec<_> = slo
        .daily(at)
        .into_iter()
        .filter_map(|counts| Budget::new(slo.objective(), counts).remaining())
        .collect();
    if left.len() < LEAST_DAYS {
        return Vec::new();
    }
    let Some((lowest, highest)) = left.iter().min().zip(left.iter().max()) else { return Vec::new() };
    let days = left.len();
    let at_ease = weir_math::Ratio::new(AT_EASE_PERCENT, 100).unwrap_or(weir_math::Ratio::ONE);
    if *highest < weir_math::Ratio::ZERO {
        let best = highest.percent_string(1);
        let text = format!(
            "`{}` was missed on each of {days} days; the most that was left of its budget is {best}",
            slo.name()
        );
        return finding(LintCode::NeverMet, text, "`weir slo suggest` says which objective history supports");
    }
    if *lowest >= at_ease {
        let worst = lowest.percent_string(1);
        let text = format!(
            "`{}` was never at risk on {days} days; the least that was left of its budget is {worst}",
            slo.name()
        );
        return finding(
            LintCode::NeverAtRisk,
            text,
            "tighten the objective, or spend the budget on faster changes",
        );
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_kebab_case_and_described() {
        let mut names: Vec<&str> = LintCode::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), LintCode::ALL.len());
        for code in LintCode::ALL {
            assert!(weir_model::Name::parse(code.as_str()).is_ok(), "{}", code.as_str());
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!(code.description().ends_with('.'));
        }
    }
}
