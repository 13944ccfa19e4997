//! The engine: a project in, verdicts out. What a platform embeds.
//!
//! [`Project::load`] reads a folder of files. An [`Engine`] runs the project's plugins in their sandbox over its events and
//! answers: [`Engine::gate`] whether a change may go out, [`Engine::check`] how a service stands against the rules,
//! [`Engine::slo_status`] what is left of its error budgets, [`Engine::toil`] where its people's time goes,
//! [`Engine::report`] all of this but the last, [`Engine::replay`] whether a recorded decision comes out the same,
//! [`Engine::backtest`] what policies would have said in the past, [`Engine::test`] whether the project's own cases come out
//! as expected, and [`Engine::watch`] what changes while events come in.
//!
//! Nothing here reads the clock: every question names the instant that it is about. The engine writes decision records and
//! compiled plugins, and nothing else.

mod alerts;
mod authoring;
mod backtest;
mod bundled;
mod case;
mod cases;
mod decide;
mod engine;
mod excusing;
mod explain;
mod glob;
mod init;
mod lint;
mod listing;
mod measure;
mod measured;
mod parallel;
mod plugins;
mod project;
mod records;
mod replay;
mod report;
mod servers;
mod signature;
mod slices;
mod snapshot;
mod suggest;
mod talk;
mod tallies;
#[cfg(test)]
mod testing;
mod toil;
mod watch;

pub use authoring::Candidate;
pub use authoring::cases::{PluginCaseOutcome, PluginCaseReport, plugin_cases};
pub use authoring::pin::{Added, Addition};
pub use backtest::{
    Against, Alert, Backtest, BacktestRequest, BurnDown, Course, Deploy, Detected, Detection, Difference,
    Incident, PreparedBacktest, Run, ServiceBacktest, Time, Totals,
};
pub use case::RecordedNonsense;
pub use cases::{CaseDifference, CaseOutcome, CaseReport, PolicyReach};
pub use engine::{Engine, EngineError, EngineOptions, GateRequest, Prepared, ServiceStatus};
pub use excusing::{Entry, KnownExcuse, NewOverride, NewWaiver};
pub use explain::{ExplainedPolicy, ExplainedService, Explanation, explain_own};
pub use init::{InitError, init};
pub use lint::{Lint, LintCode, LintFinding};
pub use listing::{Item, ItemStanding, Listing, Place, attention, overruling};
pub use measure::Events;
pub use plugins::PluginError;
pub use project::{Project, ProjectError};
pub use records::{RecordError, Records, Stored};
pub use replay::Replay;
pub use report::{
    BudgetHistory, Burn, LowestBudget, Report, ReportRequest, ReportTotals, ServiceReport, SloReport,
};
pub use servers::{Servers, WantedTallies};
pub use signature::{KeyNumber, SignatureError, Signed, read_signature, signature_path, verify_signature};
pub use snapshot::SnapshotError;
pub use suggest::{Suggestion, Suggestions, Supported};
pub use toil::{Toil, ToilReport};
pub use watch::{ProjectFiles, Step, Watch, WatchRequest};
pub use weir_flow::Progress;
pub use weir_host::{
    Admission, CallError, Check, Compiler, Digest, Exercise, Import, Info, Inspection, Kind, Rule,
    Verification, View,
};
pub use weir_model as model;
