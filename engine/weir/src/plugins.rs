//! Plugins by name: those that come with Weir, and those that the project brings and pins.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fs_err as fs;
use weir_host::{Digest, Info, Kind, Limits, Plugin, Sandbox, Wasi};
use weir_model::Signatures;
use weir_model::lock::Pinned;

use crate::bundled::{BUNDLED, Bundled};
use crate::project::Project;
use crate::signature::{SignatureError, read_signature, signature_path, verify_signature};

/// Why a plugin can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// Neither Weir nor the project has it.
    #[error("there is no plugin `{name}`; known are {known}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// Its file can't be read.
    #[error("plugin `{name}` can't be read: {source}")]
    Io {
        /// The plugin.
        name: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Its content is not what the project has pinned.
    #[error(
        "plugin `{name}` has the SHA-256 {found}, and weir.lock pins {pinned}; run the plugin that was pinned, or pin \
         this one after looking at it"
    )]
    Mismatch {
        /// The plugin.
        name: String,
        /// What was found.
        found: Digest,
        /// What is pinned.
        pinned: String,
    },
    /// The project requires signatures, and its own is missing or no good.
    #[error("plugin `{name}` is not run: {source}, and weir.toml requires a signature in `{file}`")]
    Untrusted {
        /// The plugin.
        name: String,
        /// Where the signature belongs.
        file: String,
        /// What is wrong with it.
        source: SignatureError,
    },
    /// The sandbox refuses it.
    #[error(transparent)]
    Load(#[from] weir_host::LoadError),
}

/// A plugin's component, not yet loaded.
#[derive(Debug)]
struct Component {
    bytes: Cow<'static, [u8]>,
    digest: Digest,
    /// Machine code that was compiled together with Weir.
    compiled: Option<&'static [u8]>,
    /// What it gets if it imports WASI.
    wasi: Wasi,
}

/// Loads plugins and keeps them.
#[derive(Debug)]
pub(crate) struct Plugins {
    sandbox: Sandbox,
    /// By content, and by what WASI is for it: where one project allows what another does not, both are right.
    loaded: Mutex<BTreeMap<(Digest, Wasi), Loaded>>,
}

/// A plugin with the component that it was made from, which decision records keep.
#[derive(Debug)]
struct Loaded {
    plugin: Plugin,
    component: Cow<'static, [u8]>,
}

impl Plugins {
    pub(crate) fn new(sandbox: Sandbox) -> Plugins {
        Plugins { sandbox, loaded: Mutex::default() }
    }

    /// Where plugins run.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The plugin that a project means by a name.
    pub(crate) fn named(
        &self,
        project: &Project,
        name: &str,
        limits: &Limits,
    ) -> Result<Plugin, PluginError> {
        let component = find(project, name)?;
        self.load(name, &component, limits)
    }

    /// What the plugin that a project means by a name says of itself, and its kind. Runs and compiles nothing when the
    /// component carries both.
    pub(crate) fn described(
        &self,
        project: &Project,
        name: &str,
        limits: &Limits,
    ) -> Result<(Info, Kind), PluginError> {
        let component = find(project, name)?;
        let carried = weir_host::read_info(&component.bytes).zip(weir_host::read_kind(&component.bytes));
        match carried {
            Some(described) => Ok(described),
            None => {
                let plugin = self.load(name, &component, limits)?;
                Ok((plugin.info().clone(), plugin.kind()))
            }
        }
    }

    /// The plugin with a digest: one that comes with Weir, or else `component`, which a record's folder holds.
    ///
    /// Whether it may import WASI is not asked again. A component that imports it was run because the project allowed
    /// that, and to one that does not, the answer makes no difference.
    pub(crate) fn with_digest(
        &self,
        name: &str,
        digest: &Digest,
        component: impl FnOnce() -> Option<Vec<u8>>,
        limits: &Limits,
    ) -> Result<Plugin, PluginError> {
        let bundled = BUNDLED.iter().find(|bundled| bundled.name == name && bundled.digest == *digest);
        let found = bundled
            .map(of_bundled)
            .or_else(|| component().map(|bytes| Component::of_file(bytes, Wasi::Inert)));
        let Some(found) = found else {
            let known = format!("another plugin of that name, but none with the SHA-256 {digest}");
            return Err(PluginError::Unknown { name: name.to_owned(), known });
        };
        self.load(name, &found, limits)
    }

    fn load(&self, name: &str, component: &Component, limits: &Limits) -> Result<Plugin, PluginError> {
        let key = (component.digest, component.wasi);
        // A thread that panicked here has left whole plugins behind, or none.
        let mut all = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = all.get(&key) {
            return Ok(loaded.plugin.clone());
        }
        let plugin = match component.compiled {
            Some(compiled) => self.sandbox.load_compiled(name, &component.bytes, compiled, limits)?,
            None => self.sandbox.load_with_wasi(name, &component.bytes, component.wasi, limits)?,
        };
        all.insert(key, Loaded { plugin: plugin.clone(), component: component.bytes.clone() });
        Ok(plugin)
    }

    /// What happened to the code cache that the user should know.
    pub(crate) fn cache_notes(&self) -> Vec<String> {
        self.sandbox.cache_notes()
    }

    /// The components of loaded plugins.
    pub(crate) fn components(
        &self,
        digests: impl Iterator<Item = Digest>,
    ) -> Vec<(Digest, Cow<'static, [u8]>)> {
        let all = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        digests
            .filter_map(|digest| {
                let loaded =
                    [Wasi::Refused, Wasi::Inert].into_iter().find_map(|wasi| all.get(&(digest, wasi)))?;
                Some((digest, loaded.component.clone()))
            })
            .collect()
    }
}

impl Component {
    fn of_file(bytes: Vec<u8>, wasi: Wasi) -> Component {
        Component { digest: Digest::of(&bytes), bytes: bytes.into(), compiled: None, wasi }
    }
}

fn of_bundled(bundled: &Bundled) -> Component {
    Component {
        bytes: bundled.component.into(),
        digest: bundled.digest,
        compiled: bundled.compiled,
        wasi: Wasi::Refused,
    }
}

/// The component that a project means by a name, when it is the one that the project has pinned.
fn find(project: &Project, name: &str) -> Result<Component, PluginError> {
    let pinned =
        project.lock.iter().flat_map(|lock| &lock.plugins).find(|pinned| pinned.name.as_str() == name);
    let component = match pinned.and_then(|pinned| pinned.path.as_ref()) {
        Some(path) => {
            let read = fs::read(project.root().join(path.as_str()));
            let failed = |source| PluginError::Io { name: name.to_owned(), source };
            let bytes = read.map_err(failed)?;
            if project.file.trust.signatures == Signatures::Required {
                let signature = read_signature(&project.root().join(path.as_str())).map_err(failed)?;
                check_signature(project, name, Path::new(path.as_str()), &bytes, signature.as_deref())?;
            }
            Component::of_file(bytes, wasi(pinned.map(|pinned| pinned.wasi).unwrap_or_default()))
        }
        None => match BUNDLED.iter().find(|bundled| bundled.name == name) {
            Some(bundled) => of_bundled(bundled),
            None => return Err(unknown(project, name)),
        },
    };
    match pinned {
        Some(pinned) => verified(component, name, pinned),
        None => Ok(component),
    }
}

/// Holds a component against what the project demands of signatures. What comes with Weir is not asked for one: it is a part
/// of the program, which checks the signatures in the first place.
pub(crate) fn check_signature(
    project: &Project,
    name: &str,
    path: &Path,
    component: &[u8],
    signature: Option<&str>,
) -> Result<(), PluginError> {
    let trust = &project.file.trust;
    if trust.signatures != Signatures::Required {
        return Ok(());
    }
    let refused = |source| {
        let file = signature_path(path).display().to_string();
        PluginError::Untrusted { name: name.to_owned(), file, source }
    };
    verify_signature(component, signature, &trust.keys).map(drop).map_err(refused)
}

fn verified(component: Component, name: &str, pinned: &Pinned) -> Result<Component, PluginError> {
    if component.digest.to_string() == pinned.sha256 {
        Ok(component)
    } else {
        let found = component.digest;
        Err(PluginError::Mismatch { name: name.to_owned(), found, pinned: pinned.sha256.clone() })
    }
}

fn unknown(project: &Project, name: &str) -> PluginError {
    let known: Vec<String> = names(project).iter().map(|name| format!("`{name}`")).collect();
    PluginError::Unknown { name: name.to_owned(), known: known.join(", ") }
}

/// What to do about a plugin that lies in the project's folder of plugins and is not pinned; none where there is no such
/// plugin.
pub(crate) fn not_pinned(project: &Project, name: &str) -> Option<String> {
    let names = [name.to_owned(), name.replace('-', "_")];
    let files = names.iter().map(|name| format!("plugins/{name}.wasm"));
    let file = files.into_iter().find(|file| project.root().join(file).is_file())?;
    let file = weir_model::diagnostic::printable(&file);
    Some(format!("it lies in `plugins/`, and weir.lock does not pin it: `weir plugin add {file}`"))
}

/// The names of all plugins that a project can use.
pub(crate) fn names(project: &Project) -> Vec<String> {
    let pinned = project.lock.iter().flat_map(|lock| &lock.plugins).map(|pinned| pinned.name.to_string());
    let mut names: Vec<String> =
        BUNDLED.iter().map(|bundled| bundled.name.to_owned()).chain(pinned).collect();
    names.sort();
    names.dedup();
    names
}

/// What a plugin gets if it imports WASI, as a lock says.
pub(crate) fn wasi(stated: weir_model::lock::Wasi) -> Wasi {
    match stated {
        weir_model::lock::Wasi::Refused => Wasi::Refused,
        weir_model::lock::Wasi::Inert => Wasi::Inert,
    }
}

/// The limits of a plugin: what files say, and the sandbox's defaults where they say nothing.
pub(crate) fn limits(stated: &weir_model::limits::Limits) -> Limits {
    let usual = Limits::default();
    let size = |value: Option<weir_model::value::ByteSize>, usual: usize| {
        value.map_or(usual, |value| usize::try_from(value.bytes()).unwrap_or(usize::MAX))
    };
    let count = |value: Option<u32>, usual: usize| {
        value.map_or(usual, |value| usize::try_from(value).unwrap_or(usize::MAX))
    };
    Limits {
        deadline: stated.deadline.map_or(usual.deadline, |value| Duration::from_millis(value.get())),
        memory_bytes: size(stated.memory, usual.memory_bytes),
        table_elements: count(stated.table_elements, usual.table_elements),
        instances: count(stated.instances, usual.instances),
        component_bytes: size(stated.component_size, usual.component_bytes),
        host_calls: stated.host_calls.unwrap_or(usual.host_calls),
        output_bytes: size(stated.output, usual.output_bytes),
        log_bytes: size(stated.log, usual.log_bytes),
    }
}
