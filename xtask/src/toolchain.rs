//! The compiler that builds the plugins, and how it is called.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use fs_err as fs;

use crate::workspace::{Package, Workspace};

/// What plugins are compiled for: no operating system, no imports but those of the contract.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// What plugins are compiled with, beside their profile. The 128-bit vectors double the speed of loops over rows.
pub(crate) const FLAGS: [&str; 1] = ["-Ctarget-feature=+simd128"];

/// Where Debian keeps its compiler.
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";
const SYSTEM_CARGO: &str = "/usr/bin/cargo";

/// A compiler that can build plugins.
pub(crate) struct Toolchain {
    /// How the compiler calls itself: name, version, commit, date.
    pub(crate) version: String,
    rustc: PathBuf,
    cargo: OsString,
    /// The sources of the standard library.
    std_sources: PathBuf,
    /// The linker, when the standard library has to be built first because the compiler came without it.
    linker: Option<PathBuf>,
}

impl Toolchain {
    /// The active toolchain if it knows the target, else the one that Debian packages.
    pub(crate) fn find() -> Result<Self> {
        let sysroot = PathBuf::from(answer("rustc".as_ref(), &["--print", "sysroot"])?);
        if sysroot.join("lib/rustlib").join(TARGET).is_dir() {
            return Ok(Self {
                version: version("rustc".as_ref())?,
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
            Some(linker) if complete => Ok(Self {
                version: version(SYSTEM_RUSTC.as_ref())?,
                rustc: SYSTEM_RUSTC.into(),
                cargo: SYSTEM_CARGO.into(),
                std_sources,
                linker: Some(linker),
            }),
            _ => bail!(
                "no compiler here can build for `{TARGET}`\n\
                 help: run `rustup target add {TARGET}`, or on Debian install the packages `rustc-web`, `cargo-web` \
                 and `rust-web-src` beside a rustup toolchain, whose linker they use"
            ),
        }
    }

    /// Builds one plugin and returns its core module.
    ///
    /// One call a plugin: cargo gives crates that several packages share the features that any of them asks for, so the
    /// bytes of a plugin would depend on its company.
    pub(crate) fn build(&self, workspace: &Workspace, package: &Package) -> Result<Vec<u8>> {
        let target_dir = workspace.root.join("target/plugins");
        let mut command = Command::new(&self.cargo);
        command
            .args(["build", "--locked", "--quiet", "--profile", "plugin", "--target", TARGET])
            .args(["--package", &package.name])
            .arg("--target-dir")
            .arg(&target_dir)
            .current_dir(&workspace.root)
            .env("RUSTC", &self.rustc)
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags(&workspace.root)?)
            // Cargo sets it for the programs that it runs; the system's compiler must not find another one's libraries.
            .env_remove("LD_LIBRARY_PATH");
        if let Some(linker) = &self.linker {
            command
                .arg("-Zbuild-std=std,panic_abort")
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        let status = command.status().with_context(|| format!("can't run `{}`", self.cargo.display()))?;
        ensure!(status.success(), "the compiler refused `{}`", package.name);
        let library = package.library().context("a plugin makes a dynamic library")?;
        Ok(fs::read(target_dir.join(TARGET).join("plugin").join(format!("{library}.wasm")))?)
    }

    /// The flags, with paths of this machine replaced by fixed ones: panic messages carry paths, and the same sources
    /// must give the same bytes in any folder.
    fn flags(&self, workspace: &Path) -> Result<OsString> {
        let mut paths = vec![(workspace.to_owned(), "/weir"), (self.std_sources.clone(), "/rust")];
        let registries = cargo_home()?.join("registry/src");
        if registries.is_dir() {
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

fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    let home = std::env::home_dir().context("can't find the home folder: set `CARGO_HOME`")?;
    Ok(home.join(".cargo"))
}

/// The linker that rustup ships beside the compiler; Debian has none for this target.
fn linker(sysroot: &Path) -> Result<Option<PathBuf>> {
    let host = answer("rustc".as_ref(), &["--print", "host-tuple"])?;
    let linker = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    Ok(linker.is_file().then_some(linker))
}

fn version(rustc: &Path) -> Result<String> {
    answer(rustc, &["--version"])
}

fn answer(rustc: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(rustc)
        .args(arguments)
        .env_remove("LD_LIBRARY_PATH")
        .output()
        .with_context(|| format!("can't run `{}`", rustc.display()))?;
    ensure!(output.status.success(), "`{}` failed", rustc.display());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
