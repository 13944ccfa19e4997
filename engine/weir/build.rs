//! Compiles the bundled plugins ahead of time, with the same sandbox that will run them, so that the first decision on a
//! new machine does not wait for a compiler.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use weir_host::{Digest, Sandbox, SandboxOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let built = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../plugins/built").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed={}", built.display());
    // Machine code is for one kind of machine. Built for another one, Weir compiles at the first use and caches.
    let same_machine = env::var("TARGET")? == env::var("HOST")?;
    let sandbox = Sandbox::new(SandboxOptions::default())?;

    let mut names = Vec::new();
    for entry in fs::read_dir(&built)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            names.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
        }
    }
    names.sort();

    let mut code = String::from(
        "/// The plugins that come with Weir, in the order of their names.\npub(crate) static BUNDLED: &[Bundled] = &[\n",
    );
    for name in names {
        let component = built.join(format!("{name}.wasm"));
        let bytes = fs::read(&component)?;
        let digest = *Digest::of(&bytes).as_bytes();
        let compiled = if same_machine {
            let file = out.join(format!("{name}.compiled"));
            fs::write(&file, sandbox.compile(&bytes)?)?;
            format!("Some(include_bytes!({file:?}))")
        } else {
            "None".to_owned()
        };
        writeln!(
            code,
            "    Bundled {{ name: {name:?}, component: include_bytes!({component:?}), \
             digest: Digest::from_bytes({digest:?}), compiled: {compiled} }},"
        )?;
    }
    code.push_str("];\n");
    fs::write(out.join("bundled.rs"), code)?;
    Ok(())
}
