//! The engine: what a platform embeds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use weir_host::{Allocation, Compiler, Evidence, Kind, Sandbox, SandboxOptions, View};
use weir_model::diagnostic::{Code, Diagnostic, nearest_word, quote};
use weir_model::record::{Inputs, Measured, PolicyInput};
use weir_model::service::Service;
use weir_model::source::Source;
use weir_model::validate::validate;
use weir_model::verdict::{SloStatus, Verdict};
use weir_model::{Change, EventCounts};

use crate::case::{Case, CasePolicy, RecordedNonsense};
use crate::decide::{Armed, Decided, Outlook, decide};
use crate::measure::{self, Events, Origin, SloLedger};
use crate::measured::{Slos, Standing};
use crate::plugins::{self, PluginError, Plugins};
use crate::project::Project;
use crate::records::{RecordError, Records, Stored};
use crate::slices;
use crate::snapshot::SnapshotError;

/// The gate that is asked when a project has it and no other is named.
pub(crate) const USUAL_GATE: &str = "deploy";

/// Why the engine has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The question or the project is wrong: nothing will help but to change it.
    #[error("{message}")]
    Question {
        /// What is wrong.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// Files of the project are wrong; each diagnostic says where.
    #[error("{} wrong {} in the project", .0.len(), if .0.len() == 1 { "thing" } else { "things" })]
    Wrong(Vec<Diagnostic>),
    /// A plugin can't be used.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The sandbox can't be set up.
    #[error("the sandbox can't be set up: {0}")]
    Sandbox(#[source] weir_host::LoadError),
    /// Events can't be read.
    #[error("events of `{file}` can't be read: {source}")]
    Events {
        /// The file or pattern.
        file: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A plugin failed.
    #[error(transparent)]
    Call(weir_host::CallError),
    /// Reading events stopped.
    #[error(transparent)]
    Flow(#[from] weir_flow::FlowError),
    /// A file can't be read or written.
    #[error(transparent)]
    File(std::io::Error),
    /// A decision can't be recorded or read back.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A record holds something that Weir did not write.
    #[error(transparent)]
    Nonsense(#[from] RecordedNonsense),
    /// There is a snapshot to go on from, and it can't be used; or none can be written.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Something that can't be, by the engine's own rules.
    #[error("internal error: {0}; please report it")]
    Internal(String),
}

impl EngineError {
    /// Whether the input is wrong, rather than something that could not be done with right input.
    pub fn is_input(&self) -> bool {
        match self {
            EngineError::Question { .. } | EngineError::Wrong(_) => true,
            EngineError::Plugin(error) => !matches!(error, PluginError::Io { .. }),
            EngineError::Flow(weir_flow::FlowError::Refused(_)) => true,
            EngineError::Snapshot(error) => !matches!(error, SnapshotError::Io(_)),
            EngineError::Sandbox(_)
            | EngineError::Call(_)
            | EngineError::Events { .. }
            | EngineError::File(_)
            | EngineError::Flow(_)
            | EngineError::Record(_)
            | EngineError::Nonsense(_)
            | EngineError::Internal(_) => false,
        }
    }

    pub(crate) fn question(message: impl Into<String>, help: Option<String>) -> EngineError {
        EngineError::Question { message: message.into(), help }
    }
}

/// How an engine is set up.
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    /// The folder of compiled plugins, which only the user may write to; none compiles anew each time. The plugins that
    /// come with Weir need none.
    pub code_cache: Option<PathBuf>,
    /// How many plugin instances are kept ready, for processes that decide often; none makes each when it is needed.
    pub ready_instances: Option<u32>,
    /// How much care is taken with compiling plugins. No answer depends on it.
    pub compiler: Compiler,
}

/// A question to the gate.
#[derive(Debug, Clone)]
pub struct GateRequest {
    /// The service that the change is made to.
    pub service: String,
    /// What the change is.
    pub change: Change,
    /// The gate; none for `deploy` when there is one, and else for all policies.
    pub gate: Option<String>,
    /// The instant that the verdict is about. Nothing in the engine reads the clock.
    pub at: Timestamp,
    /// Which events are read.
    pub events: Events,
}

/// A question with all that its answer takes: events have been read, plugins loaded, evidence opened. It can be decided any
/// number of times, and comes out the same as long as the documents do.
#[derive(Debug)]
pub struct Prepared {
    case: Case,
    armed: Vec<Armed>,
    standing: Standing,
    ledgers: Vec<SloLedger>,
    /// The service as its file says, for the record.
    service: serde_json::Value,
}

impl Prepared {
    /// Puts every policy to its plugin and combines what they say. Leaves no record.
    pub fn decide(&self) -> Verdict {
        decide(&self.case, &self.armed, &self.standing, Outlook::Ahead).verdict
    }
}

/// The SLOs of one service at an instant.
#[derive(Debug, Clone)]
pub struct ServiceStatus {
    /// The service's name.
    pub service: String,
    /// Its SLOs, in the order of its file.
    pub slos: Vec<SloStatus>,
}

/// What was measured of some services.
#[derive(Debug)]
pub(crate) struct Measurements<'p> {
    pub(crate) services: Vec<(&'p Service, Slos)>,
    /// What became of the events that were read.
    pub(crate) counts: EventCounts,
}

/// Turns projects into verdicts. One engine serves any number of projects and threads.
#[derive(Debug)]
pub struct Engine {
    pub(crate) plugins: Plugins,
    pub(crate) views: Vec<View>,
}

impl Engine {
    /// Sets up an engine.
    ///
    /// # Errors
    /// When the machine does not let the sandbox reserve address space.
    pub fn new(options: EngineOptions) -> Result<Engine, EngineError> {
        let allocation = match options.ready_instances {
            Some(instances) => Allocation::Pooled { instances },
            None => Allocation::OnDemand,
        };
        let options = SandboxOptions { allocation, cache: options.code_cache, compiler: options.compiler };
        let plugins = Plugins::new(Sandbox::new(options).map_err(EngineError::Sandbox)?);
        Ok(Engine { plugins, views: Vec::new() })
    }

    /// The same engine, which shows checks the documents of a project in other forms, too.
    #[must_use]
    pub fn with_views(mut self, views: &[View]) -> Engine {
        self.views = views.to_vec();
        self
    }

    /// What happened to the code cache since this was last asked, for the person who runs the engine: an entry that was
    /// not authentic, a folder that others can write to. None of it changes an answer.
    pub fn notes(&self) -> Vec<String> {
        self.plugins.cache_notes()
    }

    /// Answers whether a change may go out, and leaves a record of the decision before it returns.
    ///
    /// # Errors
    /// When the question or the project is wrong, events can't be read, or the record can't be written. A plugin that
    /// fails is no error here: the verdict says so, and the policy's `on-error` decides.
    pub fn gate(
        &self,
        project: &Project,
        request: &GateRequest,
        records: &Records,
    ) -> Result<Stored, EngineError> {
        let prepared = self.prepare(project, request)?;
        let Prepared { case, armed, standing, .. } = &prepared;
        let Decided { verdict, evidence, .. } = decide(case, armed, standing, Outlook::Ahead);
        let policies =
            prepared.case.policies.iter().zip(&prepared.armed).map(|(policy, armed)| PolicyInput {
                policy: policy.text.clone(),
                limits: policy.limits.clone(),
                plugin_digest: armed.plugin.digest().to_string(),
            });
        let inputs = Inputs {
            at: prepared.case.at,
            change: prepared.case.change,
            gate: prepared.case.gate.clone(),
            service: prepared.service.clone(),
            policies: policies.collect(),
            measured: prepared.ledgers.iter().map(SloLedger::packed).collect::<Result<_, _>>()?,
            evidence,
            waivers: tables(project.waivers.iter().map(|file| file.source()), "/waiver"),
            overrides: tables(project.overrides.iter().map(|file| file.source()), "/override"),
            notice: prepared.case.notice,
            events: prepared.case.events.clone(),
        };
        let judges = prepared.armed.iter().map(|armed| armed.plugin.digest());
        Ok(records.append(inputs, verdict, &self.plugins.components(judges))?)
    }

    /// Reads the events and takes the counts that a question is about, loads the plugins and opens the evidence.
    ///
    /// # Errors
    /// When the question or the project is wrong, or events can't be read.
    pub fn prepare(&self, project: &Project, request: &GateRequest) -> Result<Prepared, EngineError> {
        let case = self.case(project, request)?;
        let file = self.service_file(project, &request.service)?;
        let mut reading = measure::read(project, &self.plugins, &[&**file], request.at, &request.events)?;
        let ledgers = reading.services.pop().unwrap_or_default();
        self.prepared(project, Case { events: reading.counts, ..case }, ledgers)
    }

    /// As [`prepare`](Engine::prepare), but with ledgers that are there already, one for each SLO of the service.
    pub(crate) fn prepare_measured(
        &self,
        project: &Project,
        request: &GateRequest,
        ledgers: Vec<SloLedger>,
    ) -> Result<Prepared, EngineError> {
        self.prepared(project, self.case(project, request)?, ledgers)
    }

    fn prepared(
        &self,
        project: &Project,
        case: Case,
        ledgers: Vec<SloLedger>,
    ) -> Result<Prepared, EngineError> {
        let file = self.service_file(project, case.service.about.name.as_str())?;
        Ok(Prepared {
            armed: self.arm(project, &case.policies)?,
            standing: Slos::new(&case.service, &ledgers)?.standing(case.at),
            case,
            ledgers,
            service: file.source().value().clone(),
        })
    }

    /// Holds every SLO against what was measured.
    ///
    /// # Errors
    /// When there is no such service, a parameter is wrong, a calculator can't be loaded, or events can't be read.
    pub fn slo_status(
        &self,
        project: &Project,
        service: Option<&str>,
        at: Timestamp,
        events: &Events,
    ) -> Result<(Vec<ServiceStatus>, EventCounts), EngineError> {
        let measured = self.measured(project, service, at, events)?;
        let statuses = measured.services.iter().map(|(service, slos)| ServiceStatus {
            service: service.about.name.to_string(),
            slos: slos.standing(at).shown,
        });
        Ok((statuses.collect(), measured.counts))
    }

    /// The SLOs of a service, or of all services, with what was measured up to an instant.
    pub(crate) fn measured<'p>(
        &self,
        project: &'p Project,
        service: Option<&str>,
        at: Timestamp,
        events: &Events,
    ) -> Result<Measurements<'p>, EngineError> {
        self.check_parameters(project)?;
        let services: Vec<&Service> = match service {
            Some(name) => vec![&**self.service_file(project, name)?],
            None => project.services().collect(),
        };
        let reading = measure::read(project, &self.plugins, &services, at, events)?;
        let mut measured = Vec::new();
        for (service, ledgers) in services.into_iter().zip(reading.services) {
            measured.push((service, Slos::new(service, &ledgers)?));
        }
        Ok(Measurements { services: measured, counts: reading.counts })
    }

    /// Checks a service against the project's checks, outside a gate. Nothing is recorded.
    ///
    /// # Errors
    /// When there is no such service, or no check is about it, or a plugin can't be loaded.
    pub fn check(&self, project: &Project, service: &str, at: Timestamp) -> Result<Verdict, EngineError> {
        let file = self.service_file(project, service)?;
        self.check_parameters(project)?;
        let mut case = self.empty_case(project, file, at);
        case.gate = "check".to_owned();
        case.policies = self.checks(project, file)?;
        if case.policies.is_empty() {
            return Err(EngineError::question(
                format!("no check is about `{service}`"),
                Some("add a policy whose plugin is a check, for example `production-readiness`".to_owned()),
            ));
        }
        let armed = self.arm(project, &case.policies)?;
        Ok(decide(&case, &armed, &Standing::default(), Outlook::Ahead).verdict)
    }

    /// The checks of a project that are about a service.
    pub(crate) fn checks(
        &self,
        project: &Project,
        service: &Service,
    ) -> Result<Vec<CasePolicy>, EngineError> {
        let mut checks = Vec::new();
        for policy in CasePolicy::of_project(project, |policy| policy.scope.covers(service)) {
            let limits = plugins::limits(&policy.limits);
            let plugin = self.plugins.named(project, policy.policy.about.plugin.as_str(), &limits)?;
            if plugin.kind() == Kind::Check {
                checks.push(policy);
            }
        }
        Ok(checks)
    }

    /// The case that a question to the gate makes.
    fn case(&self, project: &Project, request: &GateRequest) -> Result<Case, EngineError> {
        let file = self.service_file(project, &request.service)?;
        self.check_parameters(project)?;
        let mut case = self.empty_case(project, file, request.at);
        case.change = request.change;
        case.gate = request.gate.as_deref().unwrap_or(USUAL_GATE).to_owned();
        case.policies = self.judges(project, file, request.gate.as_deref())?;
        if case.policies.is_empty() {
            return Err(nothing_judged(&request.service, &case.gate));
        }
        Ok(case)
    }

    /// The policies of a project that judge a service at a gate; at the usual one when none is named.
    pub(crate) fn judges(
        &self,
        project: &Project,
        service: &Service,
        gate: Option<&str>,
    ) -> Result<Vec<CasePolicy>, EngineError> {
        let name = gate.unwrap_or(USUAL_GATE);
        let found = project.gate(name);
        if found.is_none() && gate.is_some() {
            let names = project.gates.iter().map(|file| file.about.name.as_str());
            return Err(EngineError::question(
                format!("there is no gate {}", quote(name)),
                nearest_word(name, names),
            ));
        }
        let mut judges = Vec::new();
        for policy in CasePolicy::of_project(project, |policy| {
            policy.scope.covers(service) && found.is_none_or(|gate| gate.applies(&policy.about.name))
        }) {
            let limits = plugins::limits(&policy.limits);
            let plugin = self.plugins.named(project, policy.policy.about.plugin.as_str(), &limits)?;
            match plugin.kind() {
                Kind::BudgetPolicy | Kind::Check => judges.push(policy),
                Kind::ToilScorer => {}
                Kind::SliCalculator => {
                    let name = &policy.policy.about.name;
                    let (message, help) = wrong_kind("policy", name, plugin.name(), plugin.kind());
                    return Err(EngineError::question(message, Some(help)));
                }
            }
        }
        Ok(judges)
    }

    pub(crate) fn empty_case(&self, project: &Project, service: &Service, at: Timestamp) -> Case {
        Case {
            at,
            change: Change::Feature,
            gate: String::new(),
            service: Arc::new(service.clone()),
            policies: Vec::new(),
            waivers: project.waivers.iter().flat_map(|file| file.waivers.clone()).collect(),
            overrides: project.overrides.iter().flat_map(|file| file.overrides.clone()).collect(),
            notice: project.notice(),
            events: EventCounts::default(),
        }
    }

    /// The names of the policies that a gate can ask, in their order.
    pub(crate) fn judging_policies(&self, project: &Project) -> Result<Vec<String>, EngineError> {
        let mut names = Vec::new();
        for policy in CasePolicy::of_project(project, |_| true) {
            let about = &policy.policy.about;
            let plugin =
                self.plugins.named(project, about.plugin.as_str(), &plugins::limits(&policy.limits))?;
            if matches!(plugin.kind(), Kind::BudgetPolicy | Kind::Check) {
                names.push(about.name.to_string());
            }
        }
        Ok(names)
    }

    /// Loads the plugins of a case and opens the evidence that their policies grant.
    pub(crate) fn arm(&self, project: &Project, policies: &[CasePolicy]) -> Result<Vec<Armed>, EngineError> {
        policies
            .iter()
            .map(|policy| {
                let about = &policy.policy.about;
                let plugin =
                    self.plugins.named(project, about.plugin.as_str(), &plugins::limits(&policy.limits))?;
                let grants: Vec<String> = about.grants.iter().map(ToString::to_string).collect();
                Ok(Armed::new(policy, plugin, Evidence::folder_with(project.root(), &grants, &self.views)))
            })
            .collect()
    }

    /// Holds the parameters of every policy and SLI of the project against the schemas of their plugins.
    ///
    /// # Errors
    /// With a diagnostic for each parameter that is wrong, and for each plugin that is not there.
    pub fn check_parameters(&self, project: &Project) -> Result<(), EngineError> {
        let mut diagnostics = Vec::new();
        for file in &project.policies {
            let limits = plugins::limits(&file.limits.or(&project.file.limits));
            let place = PluginPlace {
                source: file.source(),
                what: "policy",
                user: &file.about.name,
                name: file.about.plugin.as_str(),
                plugin: "/policy/plugin".to_owned(),
                params: "/params".to_owned(),
            };
            if self.check_plugin(project, &place, &limits, &mut diagnostics)? {
                diagnostics.extend(self.refused(project, &place, &limits)?);
            }
        }
        let limits = plugins::limits(&project.file.limits);
        for file in &project.services {
            for (index, sli) in file.slis.iter().enumerate() {
                let Some(name) = &sli.plugin else { continue };
                let place = PluginPlace {
                    source: file.source(),
                    what: "SLI",
                    user: &sli.name,
                    name: name.as_str(),
                    plugin: format!("/sli/{index}/plugin"),
                    params: format!("/sli/{index}/params"),
                };
                self.check_plugin(project, &place, &limits, &mut diagnostics)?;
            }
        }
        if diagnostics.is_empty() { Ok(()) } else { Err(EngineError::Wrong(diagnostics)) }
    }

    /// Holds the parameters at one place against the plugin's schema. Whether they fit it.
    fn check_plugin(
        &self,
        project: &Project,
        place: &PluginPlace<'_>,
        limits: &weir_host::Limits,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<bool, EngineError> {
        let PluginPlace { source, name, .. } = place;
        let before = diagnostics.len();
        match self.plugins.described(project, name, limits) {
            Ok((info, kind)) if (kind == Kind::SliCalculator) == (place.what == "SLI") => {
                diagnostics.extend(validate(source, &place.params, &info.parameters));
            }
            Ok((_, kind)) => {
                let (message, help) = wrong_kind(place.what, place.user, name, kind);
                let range = source.span(&place.plugin);
                diagnostics.push(source.error(Code::WrongPluginKind, range, message).help(help));
            }
            Err(PluginError::Unknown { .. }) => {
                let message = format!("there is no plugin {}", quote(name));
                let mut diagnostic =
                    source.error(Code::UnknownReference, source.span(&place.plugin), message);
                diagnostic.help = plugins::not_pinned(project, name).or_else(|| {
                    let names = plugins::names(project);
                    nearest_word(name, names.iter().map(String::as_str))
                });
                diagnostics.push(diagnostic);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(diagnostics.len() == before)
    }

    /// What a budget policy's plugin itself says against parameters that fit its schema. A plugin that fails at it is no matter
    /// of the project's files: the verdict says so.
    fn refused(
        &self,
        project: &Project,
        place: &PluginPlace<'_>,
        limits: &weir_host::Limits,
    ) -> Result<Option<Diagnostic>, EngineError> {
        let plugin = self.plugins.named(project, place.name, limits)?;
        if plugin.kind() != Kind::BudgetPolicy {
            return Ok(None);
        }
        let source = place.source;
        let params =
            source.value().pointer(&place.params).map_or_else(|| "{}".to_owned(), ToString::to_string);
        let Err(weir_host::CallError::Problem { invalid_params: true, text, .. }) =
            plugin.prepare_budget(place.user.as_str(), limits, &params)
        else {
            return Ok(None);
        };
        let message = format!("plugin {} refuses these parameters: {text}", quote(place.name));
        let stands = source.value().pointer(&place.params).is_some();
        let range = source.span(if stands { &place.params } else { &place.plugin });
        Ok(Some(source.error(Code::RefusedParameters, range, message)))
    }

    /// The services of these names, or all where there are none, in the order of their names.
    pub(crate) fn services<'p>(
        &self,
        project: &'p Project,
        names: &[String],
    ) -> Result<Vec<&'p Service>, EngineError> {
        let mut services: Vec<&Service> = Vec::new();
        for name in names {
            services.push(self.service_file(project, name)?);
        }
        if names.is_empty() {
            services.extend(project.services());
        }
        services.sort_by_key(|service| service.about.name.as_str());
        services.dedup_by_key(|service| service.about.name.as_str());
        Ok(services)
    }

    pub(crate) fn service_file<'p>(
        &self,
        project: &'p Project,
        name: &str,
    ) -> Result<&'p weir_model::service::ServiceFile, EngineError> {
        project.service(name).ok_or_else(|| {
            let names = project.services().map(|service| service.about.name.as_str());
            EngineError::question(format!("there is no service {}", quote(name)), nearest_word(name, names))
        })
    }
}

/// No policy applies to a service at a gate.
pub(crate) fn nothing_judged(service: &str, gate: &str) -> EngineError {
    EngineError::question(
        format!("no policy applies to `{service}` at gate `{gate}`, so nothing was judged"),
        Some("add a file to `policies/`, or widen the `[match]` of one that is there".to_owned()),
    )
}

/// Where a file names a plugin and gives it parameters.
struct PluginPlace<'f> {
    source: &'f Source,
    /// `policy` or `SLI`.
    what: &'static str,
    /// The name of the policy or the SLI.
    user: &'f weir_model::Name,
    /// The name of the plugin.
    name: &'f str,
    /// Where the plugin is named.
    plugin: String,
    /// Where its parameters stand.
    params: String,
}

/// What is wrong where a plugin stands in the place of one of another kind, and what to do about it.
pub(crate) fn wrong_kind(what: &str, user: &weir_model::Name, name: &str, kind: Kind) -> (String, String) {
    let wanted =
        if what == "policy" { "a budget policy, a check or a toil scorer" } else { "an SLI calculator" };
    let message = format!(
        "{what} {} runs the plugin {}, which is a {}",
        quote(user.as_str()),
        quote(name),
        kind.as_str()
    );
    (message, format!("name a plugin that is {wanted}"))
}

/// The tables of an array of tables in several files, in the order of the files.
fn tables<'s>(
    sources: impl Iterator<Item = &'s std::sync::Arc<Source>>,
    pointer: &str,
) -> Vec<serde_json::Value> {
    let arrays =
        sources.filter_map(|source| source.value().pointer(pointer).and_then(|value| value.as_array()));
    arrays.flatten().cloned().collect()
}

impl SloLedger {
    fn packed(&self) -> Result<Measured, EngineError> {
        let (slices, failure, newest) = match &self.ledger {
            Ok(ledger) => {
                let packed =
                    slices::pack(ledger).map_err(|error| EngineError::Internal(error.to_string()))?;
                (packed, None, ledger.newest())
            }
            Err(failure) => (String::new(), Some(failure.clone()), None),
        };
        let (calculator_digest, source) = match &self.origin {
            Origin::Calculator(digest) => (Some(digest.to_string()), None),
            Origin::Source(source) => (None, Some(source.clone())),
        };
        Ok(Measured {
            slo: self.slo.clone(),
            calculator_digest,
            source,
            failure,
            slice_seconds: self.slice_seconds,
            slices,
            newest_event: newest.and_then(|newest| Timestamp::from_millisecond(newest).ok()),
        })
    }
}

/// The folder of a record's chain.
pub(crate) fn chain_of(record: &Path) -> Records {
    Records::in_folder(record.parent().unwrap_or(Path::new(".")))
}
