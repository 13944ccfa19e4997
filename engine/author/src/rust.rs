//! The Rust compiler that builds plugins, and how it is called.

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

use crate::error::AuthorError;
use crate::tool;

/// What plugins are compiled for: no operating system, no imports but those of the contract.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// What plugins are compiled with, beside their profile. The 128-bit vectors double the speed of loops over rows.
pub const FLAGS: [&str; 1] = ["-Ctarget-feature=+simd128"];

/// Where Debian keeps its compiler.
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";
const SYSTEM_CARGO: &str = "/usr/bin/cargo";

/// A compiler that can build plugins.
#[derive(Debug)]
pub struct Toolchain {
    /// How the compiler calls itself: name, version, commit, date.
    pub version: String,
    rustc: PathBuf,
    cargo: OsString,
    /// The sources of the standard library.
    std_sources: PathBuf,
    /// The linker, when the standard library has to be built first because the compiler came without it.
    linker: Option<PathBuf>,
}

/// What is built.
#[derive(Debug, Clone)]
pub struct Order<'o> {
    /// The folder that cargo runs in.
    pub folder: &'o Path,
    /// Folders of sources, and what stands for each in the component: panic messages carry paths, and the same sources
    /// must give the same bytes in any folder.
    pub renamed: &'o [(PathBuf, String)],
    /// The package, where the folder holds several.
    pub package: Option<&'o str>,
    /// The dynamic library's name.
    pub library: &'o str,
    /// The profile.
    pub profile: &'o str,
    /// Where cargo keeps what it builds.
    pub target_dir: &'o Path,
    /// Whether the lock file may not change.
    pub locked: bool,
}

impl Toolchain {
    /// The active toolchain if it knows the target, else the one that Debian packages.
    ///
    /// # Errors
    /// When neither is there; the help says what to install.
    pub fn find() -> Result<Toolchain, AuthorError> {
        let sysroot = answer("rustc", &["--print", "sysroot"]).map_err(|error| match error {
            AuthorError::Run { .. } => AuthorError::Toolchain {
                missing: "no Rust compiler is here".to_owned(),
                help: format!("install Rust from rustup.rs, then run `rustup target add {TARGET}`"),
            },
            other => other,
        })?;
        let sysroot = PathBuf::from(sysroot);
        if sysroot.join("lib/rustlib").join(TARGET).is_dir() {
            return Ok(Toolchain {
                version: version("rustc")?,
                rustc: "rustc".into(),
                cargo: std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
                std_sources: sysroot.join("lib/rustlib/src/rust"),
                linker: None,
            });
        }
        let std_sources = PathBuf::from("/usr/lib/rustlib/src/rust");
        let linker = linker(&sysroot)?;
        let complete = [SYSTEM_RUSTC, SYSTEM_CARGO].iter().all(|tool| Path::new(tool).is_file())
            && std_sources.join("library").is_dir();
        match linker {
            Some(linker) if complete => Ok(Toolchain {
                version: version(SYSTEM_RUSTC)?,
                rustc: SYSTEM_RUSTC.into(),
                cargo: SYSTEM_CARGO.into(),
                std_sources,
                linker: Some(linker),
            }),
            _ => Err(AuthorError::Toolchain {
                missing: format!("no Rust compiler here can build for `{TARGET}`"),
                help: format!(
                    "run `rustup target add {TARGET}`, or on Debian install the packages `rustc-web`, `cargo-web` and \
                     `rust-web-src` beside a rustup toolchain, whose linker they use"
                ),
            }),
        }
    }

    /// Builds one plugin and returns its core module.
    ///
    /// One call a plugin: cargo gives crates that several packages share the features that any of them asks for, so the
    /// bytes of a plugin would depend on its company.
    ///
    /// # Errors
    /// When cargo can't be run, or does not build it.
    pub fn build(&self, order: &Order<'_>) -> Result<Vec<u8>, AuthorError> {
        let mut command = Command::new(&self.cargo);
        command
            .args(["build", "--target", TARGET, "--profile", order.profile])
            .arg("--target-dir")
            .arg(order.target_dir)
            .current_dir(order.folder)
            .env("RUSTC", &self.rustc)
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags(order)?)
            // Cargo sets it for the programs that it runs; the system's compiler must not find another one's libraries.
            .env_remove("LD_LIBRARY_PATH");
        // The first build takes minutes, and whoever waits for it sees how far it is.
        if !std::io::stderr().is_terminal() {
            command.arg("--quiet");
        }
        if order.locked {
            command.arg("--locked");
        }
        if let Some(package) = order.package {
            command.args(["--package", package]);
        }
        if let Some(linker) = &self.linker {
            command
                .arg("-Zbuild-std=std,panic_abort")
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        tool::run(&mut command)?;
        let folder = order.target_dir.join(TARGET).join(order.profile);
        Ok(fs::read(folder.join(format!("{}.wasm", order.library)))?)
    }

    /// The flags, with paths of this machine replaced by fixed ones.
    fn flags(&self, order: &Order<'_>) -> Result<OsString, AuthorError> {
        let renamed = order.renamed.iter().map(|(from, to)| (from.clone(), to.as_str()));
        let mut paths: Vec<(PathBuf, &str)> = renamed.collect();
        paths.push((self.std_sources.clone(), "/rust"));
        let registries = cargo_home().map(|home| home.join("registry/src"));
        if let Some(registries) = registries.filter(|folder| folder.is_dir()) {
            for registry in fs::read_dir(registries)? {
                paths.push((registry?.path(), "/registry"));
            }
        }
        // Cargo wants the flags in one variable, with this character between them.
        const SEPARATOR: &str = "\x1f";
        let mut flags = OsString::from(FLAGS.join(SEPARATOR));
        for (from, to) in paths {
            flags.push(SEPARATOR);
            flags.push("--remap-path-prefix=");
            flags.push(from);
            flags.push("=");
            flags.push(to);
        }
        Ok(flags)
    }
}

fn cargo_home() -> Option<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(|| Some(std::env::home_dir()?.join(".cargo")))
}

/// The linker that rustup ships beside the compiler; Debian has none for this target.
fn linker(sysroot: &Path) -> Result<Option<PathBuf>, AuthorError> {
    let host = answer("rustc", &["--print", "host-tuple"])?;
    let linker = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    Ok(linker.is_file().then_some(linker))
}

fn version(rustc: impl AsRef<OsStr>) -> Result<String, AuthorError> {
    answer(rustc, &["--version"])
}

fn answer(rustc: impl AsRef<OsStr>, arguments: &[&str]) -> Result<String, AuthorError> {
    tool::answer(Command::new(rustc).args(arguments).env_remove("LD_LIBRARY_PATH"))
}
