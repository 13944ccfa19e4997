//! The sandbox: turns components into plugins.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::cache::Cache;
use crate::code;
use crate::digest::Digest;
use crate::effort;
use crate::engine::{self, Ticker};
use crate::error::LoadError;
use crate::info::Info;
use crate::limits::Limits;
use crate::outline::Outline;
use crate::plugin::{Identity, Linked, Plugin};
use crate::text::line;
use crate::wasi::Wasi;

/// How a sandbox is set up.
#[derive(Debug, Clone, Default)]
pub struct SandboxOptions {
    /// How instances are made.
    pub allocation: Allocation,
    /// The folder of compiled code; none compiles anew in each process. It is made when it is missing, and not used when
    /// anyone but this user can write to it.
    pub cache: Option<PathBuf>,
    /// How much care is taken with compiling.
    pub compiler: Compiler,
}

/// How much care is taken with compiling. What plugins answer does not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compiler {
    /// Code that runs fast.
    #[default]
    Optimizing,
    /// Code that is there soon, and runs slower. For who tries a plugin once, and for tests that hold answers against those
    /// of other code. What was compiled ahead of time is not used.
    Quick,
}

/// How instances are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Allocation {
    /// When they are needed, in some 15 µs. For commands.
    #[default]
    OnDemand,
    /// From slots that are kept ready, in some 4 µs. For services that decide often. Each slot reserves 8 GiB of address
    /// space, and no memory.
    Pooled {
        /// How many instances there can be at the same time. One more fails with
        /// [`CallError::Internal`](crate::CallError::Internal).
        instances: u32,
    },
}

/// Loads plugins.
///
/// Clones share everything and cost next to nothing, and any number of threads may use them. One sandbox a process is
/// enough. The first call of any of its plugins starts a thread that makes deadlines pass; it ends when the sandbox and
/// all its plugins are gone.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    engine: Engine,
    ticker: Arc<Ticker>,
    cache: Option<Cache>,
    compiler: Compiler,
    notes: Mutex<Vec<String>>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("cache", &self.0.cache).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Sets up a sandbox. A cache folder that can't be used is no error: [`cache_notes`](Sandbox::cache_notes) says why.
    ///
    /// # Errors
    /// When the machine does not let the sandbox reserve address space, or has a processor that is not supported.
    pub fn new(options: SandboxOptions) -> Result<Sandbox, LoadError> {
        let engine = engine::new(options.allocation, options.compiler)
            .map_err(|error| LoadError::Sandbox { reason: format!("{error:#}") })?;
        let mut notes = Vec::new();
        let cache = options.cache.and_then(|folder| match Cache::open(&folder, &engine) {
            Ok(cache) => Some(cache),
            Err(reason) => {
                notes.push(format!("compiled code is not cached in `{}`: {reason}", folder.display()));
                None
            }
        });
        let (ticker, notes) = (Arc::default(), Mutex::new(notes));
        Ok(Sandbox(Arc::new(Inner { engine, ticker, cache, compiler: options.compiler, notes })))
    }

    /// Loads a component as a plugin. `name` stands for it in all errors.
    ///
    /// Size, imports, kind, contract version and how much there is to compile are looked at before anything is compiled.
    /// Compiling takes some 100 ms
    /// for a plugin of 100 KiB; from the cache it takes less than one. A plugin that carries its description is not run.
    ///
    /// # Errors
    /// When it is no component, not a plugin of this contract, imports what it may not, or does not say what it is.
    pub fn load(&self, name: &str, component: &[u8], limits: &Limits) -> Result<Plugin, LoadError> {
        self.load_with(name, component, None, Wasi::Refused, limits)
    }

    /// As [`load`](Sandbox::load), for a component that may import WASI.
    ///
    /// # Errors
    /// As [`load`](Sandbox::load).
    pub fn load_with_wasi(
        &self,
        name: &str,
        component: &[u8],
        wasi: Wasi,
        limits: &Limits,
    ) -> Result<Plugin, LoadError> {
        self.load_with(name, component, None, wasi, limits)
    }

    /// Loads a component whose compiled code comes with this program: what [`compile`](Sandbox::compile) made of it at
    /// build time. Where that code does not fit, because the machine is another one, the component is compiled.
    ///
    /// `compiled` is trusted: it runs as it is. Never pass bytes that come from anywhere but this program's own binary.
    ///
    /// # Errors
    /// As [`load`](Sandbox::load).
    pub fn load_compiled(
        &self,
        name: &str,
        component: &[u8],
        compiled: &'static [u8],
        limits: &Limits,
    ) -> Result<Plugin, LoadError> {
        self.load_with(name, component, Some(compiled), Wasi::Refused, limits)
    }

    /// Compiles a component ahead of time, for [`load_compiled`](Sandbox::load_compiled). For build scripts.
    ///
    /// # Errors
    /// When it is no plugin, or can't be compiled.
    pub fn compile(&self, component: &[u8]) -> Result<Vec<u8>, LoadError> {
        const NAME: &str = "to compile";
        Outline::read(NAME, component)?.kind(NAME, Wasi::Refused)?;
        self.compiled(NAME, component, &Digest::of(component))
    }

    /// What happened to the code cache since the last time this was asked: why it is not used, and which entries were
    /// dropped. Nothing of it has kept a plugin from being loaded.
    pub fn cache_notes(&self) -> Vec<String> {
        // A thread that panicked here has left whole notes behind.
        std::mem::take(&mut self.0.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn load_with(
        &self,
        name: &str,
        component: &[u8],
        compiled: Option<&'static [u8]>,
        wasi: Wasi,
        limits: &Limits,
    ) -> Result<Plugin, LoadError> {
        let (plugin, size, allowed) = (|| name.to_owned(), component.len(), limits.component_bytes);
        if size > allowed {
            return Err(LoadError::TooLarge { plugin: plugin(), size, allowed });
        }
        let outline = Outline::read(name, component)?;
        let kind = outline.kind(name, wasi)?;
        let wrong = |reason| LoadError::Info { plugin: plugin(), reason };
        let carried = outline.info.map(Info::from_section).transpose().map_err(wrong)?;

        let digest = Digest::of(component);
        let compiled = compiled.filter(|_| self.0.compiler == Compiler::Optimizing);
        let code = match compiled.and_then(|compiled| code::load_trusted(&self.0.engine, compiled, &digest)) {
            Some(code) => code,
            None => self.cached(name, component, &digest)?,
        };
        let linked = Linked::new(&self.0.engine, kind, &code, wasi)
            .map_err(|error| LoadError::Unfit { plugin: plugin(), reason: line(&format!("{error:#}")) })?;
        let ready = |info| {
            let identity = Identity { name: plugin(), digest, size, info };
            Plugin::new(identity, linked.clone(), self.0.engine.clone(), self.0.ticker.clone())
        };
        if let Some(info) = carried {
            return Ok(ready(info));
        }
        let answer = ready(Info::default()).describe(limits);
        let answer =
            answer.map_err(|reason| LoadError::Describe { plugin: plugin(), reason: Box::new(reason) })?;
        Ok(ready(Info::from_answer(answer).map_err(wrong)?))
    }

    /// The component's code from the cache, or compiled and put there.
    fn cached(&self, name: &str, component: &[u8], digest: &Digest) -> Result<Component, LoadError> {
        let Inner { engine, cache, .. } = &*self.0;
        let Some(cache) = cache else {
            check_effort(name, component)?;
            let compiled = code::compile_for_use(engine, component);
            return compiled.map_err(|reason| LoadError::Compile { plugin: name.to_owned(), reason });
        };
        match cache.read(digest) {
            Ok(Some(code)) => match code::load_trusted(engine, &code, digest) {
                Some(component) => return Ok(component),
                None => self.note(name, "the cached code does not fit this engine; it is compiled anew"),
            },
            Ok(None) => {}
            Err(reason) => self.note(name, &reason),
        }
        let code = self.compiled(name, component, digest)?;
        if let Err(reason) = cache.write(digest, &code) {
            self.note(name, &reason);
        }
        code::load_trusted(engine, &code, digest).ok_or_else(|| LoadError::Compile {
            plugin: name.to_owned(),
            reason: "the runtime does not accept its own code".to_owned(),
        })
    }

    fn compiled(&self, name: &str, component: &[u8], digest: &Digest) -> Result<Vec<u8>, LoadError> {
        check_effort(name, component)?;
        code::compile(&self.0.engine, component, digest)
            .map_err(|reason| LoadError::Compile { plugin: name.to_owned(), reason })
    }

    fn note(&self, name: &str, reason: &str) {
        let mut notes = self.0.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push(format!("plugin `{name}`: {reason}"));
    }
}

/// Refuses what would take too long to compile. What has been compiled before is not looked at again.
fn check_effort(name: &str, component: &[u8]) -> Result<(), LoadError> {
    effort::check(component)
        .map_err(|what| LoadError::TooComplex { plugin: name.to_owned(), what: line(&what) })
}
