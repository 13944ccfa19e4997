//! Makes a component of a core module: `component CORE COMPONENT`.

use anyhow::{Context, Result};
use fs_err as fs;
use wit_component::ComponentEncoder;

fn main() -> Result<()> {
    let mut paths = std::env::args().skip(1);
    let (Some(core), Some(component), None) = (paths.next(), paths.next(), paths.next()) else {
        anyhow::bail!("two paths are needed: the core module, and where to write the component");
    };
    let module = fs::read(&core)?;
    let bytes = ComponentEncoder::default()
        .module(&module)
        .and_then(|encoder| encoder.validate(true).encode())
        .with_context(|| format!("can't make a component of `{core}`"))?;
    fs::write(component, bytes)?;
    Ok(())
}
