//! What the author of a plugin asks, and whoever is handed one: what is it, does it keep to the contract, does it answer
//! as expected. A plugin is a file here; no project has to know it yet.

pub(crate) mod cases;
pub(crate) mod pin;
mod rows;

use serde_json::Value;
use weir_host::{Exercise, Info, Inspection, Limits, Plugin, Trial, Verification, Wasi, read_info};
use weir_model::diagnostic::{Diagnostic, quote};
use weir_model::source::Source;
use weir_model::validate::{check_schema, validate};

use crate::engine::{Engine, EngineError};
use crate::plugins::{self, PluginError};

/// A plugin that no project has pinned, and how it is tried.
#[derive(Debug)]
pub struct Candidate<'c> {
    /// Stands for it in messages.
    pub name: &'c str,
    /// The component.
    pub component: &'c [u8],
    /// What it gets if it imports WASI.
    pub wasi: weir_model::lock::Wasi,
    /// Its parameters, as a policy has them under `[params]`; none for no parameters.
    pub params: Option<&'c Source>,
    /// What it may use; the sandbox's defaults where nothing is said.
    pub limits: &'c weir_model::Limits,
}

impl Candidate<'_> {
    fn wasi(&self) -> Wasi {
        plugins::wasi(self.wasi)
    }

    /// What it may use, with the sandbox's defaults where nothing is said.
    pub fn sandbox_limits(&self) -> Limits {
        plugins::limits(self.limits)
    }

    /// The parameters as plugins get them.
    fn params(&self) -> String {
        self.params.map_or_else(|| "{}".to_owned(), |params| params.value().to_string())
    }
}

impl Engine {
    /// Says what a component is. It is compiled and asked only when it does not carry its description.
    ///
    /// # Errors
    /// When it is no plugin.
    pub fn inspect_plugin(&self, candidate: &Candidate<'_>) -> Result<Inspection, EngineError> {
        let mut found = weir_host::inspect(candidate.name, candidate.component).map_err(PluginError::Load)?;
        if found.info.is_none() {
            // What can't be loaded has no description, and the rest is worth showing all the same.
            found.info = self.loaded(candidate).ok().map(|plugin| plugin.info().clone());
        }
        Ok(found)
    }

    /// Compiles a plugin and says what it is, as it says when it is asked. For a component that does not carry its
    /// description yet.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub fn describe_plugin(&self, candidate: &Candidate<'_>) -> Result<Info, EngineError> {
        Ok(self.loaded(candidate)?.info().clone())
    }

    /// Holds a plugin against the contract: whatever can be found out about it without a project.
    ///
    /// # Errors
    /// When it is no plugin, or the parameters are not what its schema wants. What the plugin does wrong is in the
    /// [`Verification`].
    pub fn verify_plugin(&self, candidate: &Candidate<'_>) -> Result<Verification, EngineError> {
        self.check_candidate_params(candidate)?;
        let trial = Trial {
            params: &candidate.params(),
            wasi: candidate.wasi(),
            limits: candidate.sandbox_limits(),
            check_schema,
        };
        let verified = self.plugins.sandbox().verify(candidate.name, candidate.component, &trial);
        Ok(verified.map_err(PluginError::Load)?)
    }

    /// Gives a plugin a made-up question, to be measured.
    ///
    /// # Errors
    /// When it can't be loaded, the parameters are not what its schema wants, or it does not say what it needs.
    pub fn exercise_plugin(&self, candidate: &Candidate<'_>) -> Result<Exercise, EngineError> {
        self.check_candidate_params(candidate)?;
        let exercise = self.loaded(candidate)?.exercise(&candidate.params(), &candidate.sandbox_limits());
        exercise.map_err(EngineError::Call)
    }

    /// Holds the parameters against the plugin's schema. What can't be loaded has none, and a schema that is none is not
    /// the parameters' fault.
    fn check_candidate_params(&self, candidate: &Candidate<'_>) -> Result<(), EngineError> {
        let carried = read_info(candidate.component).map(|info| info.parameters);
        let schema = carried.or_else(|| Some(self.loaded(candidate).ok()?.info().parameters.clone()));
        match schema.filter(|schema| check_schema(schema).is_ok()) {
            Some(schema) => check_params(candidate.params, &schema),
            None => Ok(()),
        }
    }

    fn loaded(&self, candidate: &Candidate<'_>) -> Result<Plugin, PluginError> {
        let Candidate { name, component, .. } = candidate;
        let sandbox = self.plugins.sandbox();
        Ok(sandbox.load_with_wasi(name, component, candidate.wasi(), &candidate.sandbox_limits())?)
    }
}

/// Holds parameters against the schema of a plugin.
fn check_params(params: Option<&Source>, schema: &Value) -> Result<(), EngineError> {
    if let Some(params) = params {
        let wrong = validate(params, "", schema);
        return if wrong.is_empty() { Ok(()) } else { Err(EngineError::Wrong(wrong)) };
    }
    let Ok(nothing) = Source::parse("", "") else { return Ok(()) };
    let missing: Vec<Diagnostic> = validate(&nothing, "", schema);
    let Some(first) = missing.first() else { return Ok(()) };
    let help = "give parameters with `--params FILE`: TOML, as under `[params]` of a policy";
    let message = format!("the plugin does not do without parameters: {}", first.message);
    Err(EngineError::question(message, Some(help.to_owned())))
}

/// The name that a plugin goes by in a project: the one that is asked for, else the one that it gives itself.
///
/// # Errors
/// When it is not a name that files can write.
pub(crate) fn name_of(asked: &str) -> Result<weir_model::Name, EngineError> {
    weir_model::Name::parse(asked).map_err(|_| {
        EngineError::question(
            format!("{} is not a name for a plugin", quote(asked)),
            Some("names are in kebab-case, such as `queue-depth`: say one with `--name`".to_owned()),
        )
    })
}
