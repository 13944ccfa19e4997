//! From a plugin's sources to a component, by the tools of its language.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use serde::Deserialize;
use weir_model::plugin::Language;

use crate::error::AuthorError;
use crate::project::PluginProject;
use crate::rust::{Order, TARGET, Toolchain};
use crate::{component, tool};

/// A component, fresh from the tools.
#[derive(Debug)]
pub enum Built {
    /// It carries its description.
    Described(Vec<u8>),
    /// It has to be asked what it is; [`component::with_info`] then puts the answer in.
    Undescribed(Vec<u8>),
}

/// What cargo knows of a plugin's crate.
struct CrateFacts {
    /// The name of its dynamic library.
    library: String,
    /// The folders of the crates that lie on this machine, each with what stands for it.
    folders: Vec<(PathBuf, String)>,
    /// Where cargo builds.
    target_dir: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    /// None for a package of this machine.
    source: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

impl PluginProject {
    /// Builds the component. What compilers have to say goes to standard error.
    ///
    /// # Errors
    /// When a tool is missing (the help says what to install), or refuses the sources.
    pub fn build(&self) -> Result<Built, AuthorError> {
        match self.plugin().about.language {
            Language::Rust => self.rust().map(Built::Described),
            Language::C => self.c().map(Built::Undescribed),
            Language::JavaScript => self.javascript().map(Built::Undescribed),
            Language::Python => self.python().map(Built::Undescribed),
        }
    }

    fn rust(&self) -> Result<Vec<u8>, AuthorError> {
        let toolchain = Toolchain::find()?;
        let facts = self.crate_facts()?;
        let module = toolchain.build(&Order {
            folder: self.folder(),
            renamed: &facts.folders,
            package: None,
            library: &facts.library,
            profile: "release",
            target_dir: &facts.target_dir,
            locked: false,
        })?;
        component::from_module(&module)
    }

    /// Asks cargo about the crate.
    fn crate_facts(&self) -> Result<CrateFacts, AuthorError> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .args(["metadata", "--format-version=1", "--filter-platform", TARGET])
            .current_dir(self.folder());
        let metadata: Metadata = serde_json::from_str(&tool::answer(&mut command)?)
            .map_err(|error| AuthorError::component("can't read what `cargo metadata` says", error))?;
        let local = metadata.packages.iter().filter(|package| package.source.is_none());
        let folder = |package: &Package| {
            Some((package.manifest_path.parent()?.to_owned(), format!("/{}", package.name)))
        };
        let own = metadata
            .packages
            .iter()
            .find(|package| package.manifest_path == self.folder().join("Cargo.toml"));
        let makes_library = |target: &&Target| target.crate_types.iter().any(|kind| kind == "cdylib");
        let library = own.and_then(|package| package.targets.iter().find(makes_library)).ok_or_else(|| {
            AuthorError::Component(
                "the crate makes no dynamic library: write `crate-type = [\"cdylib\", \"rlib\"]` under `[lib]` of its \
                 Cargo.toml"
                    .to_owned(),
            )
        })?;
        Ok(CrateFacts {
            library: library.name.clone(),
            folders: local.filter_map(folder).collect(),
            target_dir: metadata.target_directory,
        })
    }

    fn c(&self) -> Result<Vec<u8>, AuthorError> {
        let work = self.work_folder()?;
        let module = work.join("plugin.wasm");
        let mut command = self.c_compiler(&work)?;
        command
            .args(["--target=wasm32-wasi", "-mexec-model=reactor", "-std=gnu23", "-Os", "-Wall", "-Wextra"])
            // Zig's usual stack of 16 MiB would be a quarter of what a plugin may have.
            .args(["-Wl,--strip-all", "-Wl,-z,stack-size=262144", "-Ibindings", "-o"])
            .arg(&module)
            .current_dir(self.folder());
        for folder in ["src", "bindings"] {
            command.args(sources(self.folder(), folder, "c")?);
        }
        tool::run(&mut command)?;
        component::for_world(&fs::read(module)?, &self.folder().join("wit"), self.world())
    }

    /// Zig, which brings its own C library; else Clang with wasi-libc, which lies where distributions put it.
    fn c_compiler(&self, work: &Path) -> Result<Command, AuthorError> {
        let zig = self.tool(
            &["zig", "python-zig"],
            "no C compiler for WebAssembly is here",
            "in the plugin's folder, run `python3 -m venv .venv` and `.venv/bin/pip install ziglang`, or install Zig \
             from ziglang.org; on Debian, `clang`, `lld`, `libclang-rt-dev-wasm32` (version 18 or newer) and `wasi-libc` \
             serve as well",
        );
        match (zig, clang()) {
            (Ok(zig), _) => {
                let mut command = Command::new(zig);
                command.arg("cc");
                Ok(command)
            }
            (Err(_), Some((clang, linker))) => {
                let library = work.join("no-wasi.c");
                fs::write(&library, NO_WASI)?;
                let mut command = Command::new(clang);
                let linker = format!("-fuse-ld={}", linker.display());
                command.arg(linker).arg("-Wno-deprecated").arg(library);
                Ok(command)
            }
            (Err(missing), None) => Err(missing),
        }
    }

    fn javascript(&self) -> Result<Vec<u8>, AuthorError> {
        let tool = self.tool(
            &["componentize-qjs"],
            "`componentize-qjs`, which puts JavaScript into a component, is not here",
            "run `npm install` in the plugin's folder",
        )?;
        self.componentized(|output| {
            let mut command = Command::new(tool);
            command
                .args(["--wit", "wit", "--js", "src/plugin.js", "--world", self.world()])
                .args(["--stub-wasi", "--sync", "--opt-size", "--minify", "--output"])
                .arg(output);
            command
        })
    }

    fn python(&self) -> Result<Vec<u8>, AuthorError> {
        let tool = self.tool(
            &["componentize-py"],
            "`componentize-py`, which puts Python into a component, is not here",
            "in the plugin's folder, run `python3 -m venv .venv` and `.venv/bin/pip install -r requirements.txt`",
        )?;
        self.componentized(|output| {
            let mut command = Command::new(tool);
            command
                .args(["--wit-path", "wit", "--world", self.world(), "componentize", "--stub-wasi"])
                .args(["--python-path", "src", "plugin", "--output"])
                .arg(output);
            command
        })
    }

    /// Runs a program that makes a whole component.
    fn componentized(&self, command: impl FnOnce(&Path) -> Command) -> Result<Vec<u8>, AuthorError> {
        let output = self.work_folder()?.join("plugin.wasm");
        tool::run(command(&output).current_dir(self.folder()))?;
        Ok(fs::read(output)?)
    }

    /// The first of some programs that is there: in the folder of the plugin, where npm and pip put what it asks for, or
    /// on the search path.
    fn tool(&self, names: &[&str], missing: &str, help: &str) -> Result<PathBuf, AuthorError> {
        let folders = ["node_modules/.bin", ".venv/bin"].map(|folder| self.folder().join(folder));
        names
            .iter()
            .find_map(|name| tool::find(name, &folders))
            .ok_or_else(|| AuthorError::Toolchain { missing: missing.to_owned(), help: help.to_owned() })
    }

    /// The world of the contract that the plugin is for.
    fn world(&self) -> &'static str {
        self.plugin().about.kind.as_str()
    }

    /// Where tools put what is not the component yet.
    fn work_folder(&self) -> Result<PathBuf, AuthorError> {
        let folder = self.folder().join("target");
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

/// What wasi-libc would import for its streams, which are of no use in a plugin: every call is told that there is no such
/// file. Zig's C library is the same, and its linker leaves these out.
const NO_WASI: &str = "\
#define STUB(name, ...) int __imported_wasi_snapshot_preview1_##name(__VA_ARGS__) { return 8; }
STUB(fd_close, int)
STUB(fd_seek, int, long long, int, int)
STUB(fd_write, int, int, int, int)
";

/// The versions of Clang that know the C of the templates, and have a linker for WebAssembly beside them.
const CLANG_VERSIONS: std::ops::RangeInclusive<u32> = 18..=30;

/// The newest Clang that is there with its linker, where wasi-libc is there, too.
fn clang() -> Option<(PathBuf, PathBuf)> {
    if !Path::new("/usr/include/wasm32-wasi").is_dir() {
        return None;
    }
    CLANG_VERSIONS.rev().find_map(|version| {
        let program = |name: &str| tool::find(&format!("{name}-{version}"), &[]);
        program("clang").zip(program("wasm-ld"))
    })
}

/// The files of a folder with this ending, in the order of their names, relative to the plugin's own folder.
fn sources(root: &Path, folder: &str, ending: &str) -> Result<Vec<PathBuf>, AuthorError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join(folder))? {
        let name = PathBuf::from(entry?.file_name());
        if name.extension().is_some_and(|extension| extension == ending) {
            found.push(Path::new(folder).join(name));
        }
    }
    found.sort();
    Ok(found)
}
