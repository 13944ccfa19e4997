//! `weir plugin push`: put a plugin where others fetch it from.

use weir_connect::oci::{self, Artifact, Reference};

use super::super::Failure;
use super::fetch;
use crate::args::PluginPushArguments;
use crate::exit::Exit;
use crate::output;

pub(super) fn run(arguments: &PluginPushArguments) -> Result<Exit, Failure> {
    let reference = Reference::parse(&arguments.to).map_err(|error| Failure::Usage(error.to_string()))?;
    let (component, inspection) = super::inspected(&arguments.file)?;
    let signature = weir::read_signature(&arguments.file)?;
    let imports: Vec<String> = inspection.imports.iter().map(|import| import.name.clone()).collect();
    let info = inspection.info.as_ref();
    let artifact = Artifact {
        component: &component,
        signature: signature.as_deref(),
        file_name: &format!("{}.wasm", info.map_or(reference.name(), |info| info.name.as_str())),
        version: info.map_or("", |info| info.version.as_str()),
        summary: info.map_or("", |info| info.summary.as_str()),
        imports: &imports,
        exports: &[inspection.interface()],
    };
    let size = component.len() as u64;
    let options = fetch::options(&reference, size, arguments.plain_http)?;
    let pushed = oci::push(&reference, &artifact, &options).map_err(Failure::Fetch)?;
    let signed = if signature.is_some() { "with its signature" } else { "without a signature" };
    output::result(&format!("pushed {reference}, {signed}\n  the same for ever: {}\n", pushed.pinned))?;
    Ok(Exit::Go)
}
