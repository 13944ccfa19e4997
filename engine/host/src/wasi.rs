//! An inert WASI 0.2, for plugins whose language runtime insists on one.
//!
//! Everything is there and nothing happens: clocks stand still at 0, randomness is the same in every call, there is no
//! environment and no file, and what is written to standard output becomes the log. The functions are made from the
//! types that the component itself gives to its imports, so that every version 0.2.x fits; what they answer follows from
//! the type of the result, except for the functions in the table below.

mod answer;
mod random;

use std::sync::Arc;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, LinkerInstance, ResourceType};
use wasmtime::{AsContextMut, Engine};

use self::answer::Behaviour;
pub(crate) use self::random::Seeded;
use crate::state::State;

/// What becomes of a component that imports WASI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Wasi {
    /// It is not loaded.
    #[default]
    Refused,
    /// It gets a WASI 0.2 in which nothing happens: clocks stand still at 0, randomness comes from a fixed seed, there
    /// are no files, arguments, variables or input, and output becomes log lines. What reaches further (`wasi:sockets`,
    /// `wasi:http`) is refused all the same.
    Inert,
}

/// An interface, and those of its functions whose answer does not follow from the type of their result.
struct Interface {
    name: &'static str,
    functions: &'static [(&'static str, Behaviour)],
}

/// The interfaces of the inert WASI. All others are refused.
const INTERFACES: &[Interface] = &[
    Interface { name: "cli/environment", functions: &[] },
    Interface {
        name: "cli/exit",
        functions: &[("exit", Behaviour::End), ("exit-with-code", Behaviour::End)],
    },
    Interface { name: "cli/stdin", functions: &[] },
    Interface {
        name: "cli/stdout",
        functions: &[("get-stdout", Behaviour::Handle(answer::STANDARD_OUTPUT))],
    },
    Interface { name: "cli/stderr", functions: &[("get-stderr", Behaviour::Handle(answer::STANDARD_ERROR))] },
    Interface { name: "cli/terminal-input", functions: &[] },
    Interface { name: "cli/terminal-output", functions: &[] },
    Interface { name: "cli/terminal-stdin", functions: &[] },
    Interface { name: "cli/terminal-stdout", functions: &[] },
    Interface { name: "cli/terminal-stderr", functions: &[] },
    Interface { name: "clocks/monotonic-clock", functions: &[("resolution", Behaviour::Nanosecond)] },
    Interface { name: "clocks/wall-clock", functions: &[("resolution", Behaviour::Nanosecond)] },
    Interface { name: "filesystem/preopens", functions: &[] },
    Interface { name: "filesystem/types", functions: &[] },
    Interface { name: "io/error", functions: &[] },
    Interface {
        name: "io/poll",
        functions: &[("[method]pollable.ready", Behaviour::Ready), ("poll", Behaviour::AllReady)],
    },
    Interface {
        name: "io/streams",
        functions: &[
            ("[method]output-stream.check-write", Behaviour::Room),
            ("[method]output-stream.write", Behaviour::Write),
            ("[method]output-stream.blocking-write-and-flush", Behaviour::Write),
            ("[method]output-stream.flush", Behaviour::Succeed),
            ("[method]output-stream.blocking-flush", Behaviour::Succeed),
        ],
    },
    Interface {
        name: "random/random",
        functions: &[
            ("get-random-bytes", Behaviour::RandomBytes),
            ("get-random-u64", Behaviour::RandomIntegers),
        ],
    },
    Interface {
        name: "random/insecure",
        functions: &[
            ("get-insecure-random-bytes", Behaviour::RandomBytes),
            ("get-insecure-random-u64", Behaviour::RandomIntegers),
        ],
    },
    Interface { name: "random/insecure-seed", functions: &[("insecure-seed", Behaviour::RandomIntegers)] },
];

/// The resources of these interfaces. A resource is the same in every interface that has its name.
const RESOURCES: [&str; 8] = [
    "error",
    "pollable",
    "input-stream",
    "output-stream",
    "terminal-input",
    "terminal-output",
    "descriptor",
    "directory-entry-stream",
];

/// Whether the inert WASI has an import, for example `wasi:cli/environment@0.2.3`.
pub(crate) fn is_inert(import: &str) -> bool {
    interface(import).is_some()
}

/// What to do about an import that is refused.
pub(crate) fn help(import: &str, wasi: Wasi) -> &'static str {
    if wasi == Wasi::Refused && is_inert(import) {
        "build it without, or let it have one in which nothing happens: `wasi = \"inert\"` in weir.lock"
    } else {
        "build it without"
    }
}

fn interface(import: &str) -> Option<&'static Interface> {
    let (name, version) = import.strip_prefix("wasi:")?.split_once('@')?;
    let patch = version.strip_prefix("0.2.")?;
    if patch.is_empty() || !patch.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    INTERFACES.iter().find(|interface| interface.name == name)
}

/// Defines what a component imports of the inert WASI.
pub(crate) fn link(
    engine: &Engine,
    component: &Component,
    linker: &mut Linker<State>,
) -> wasmtime::Result<()> {
    for (import, item) in component.component_type().imports(engine) {
        let (Some(interface), ComponentItem::ComponentInstance(instance)) = (interface(import), item.ty)
        else {
            continue;
        };
        let mut linked = linker.instance(import)?;
        for (name, item) in instance.exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => define(&mut linked, interface, import, name)?,
                ComponentItem::Resource(_) => {
                    // One that WASI does not have stays undefined, and the component is told so.
                    if let Some(resource) = RESOURCES.iter().position(|resource| *resource == name) {
                        let resource = ResourceType::host_dynamic(u32::try_from(resource)?);
                        linked.resource(name, resource, |_, _| Ok(()))?;
                    }
                }
                // Types are compared by the runtime; nothing else occurs in WASI, and what is not defined is missed.
                _ => {}
            }
        }
    }
    Ok(())
}

fn define(
    linked: &mut LinkerInstance<'_, State>,
    interface: &Interface,
    import: &str,
    name: &str,
) -> wasmtime::Result<()> {
    let behaviour = interface.functions.iter().find(|(function, _)| *function == name);
    let behaviour = behaviour.map_or(Behaviour::Plain, |(_, behaviour)| *behaviour);
    let function: Arc<str> = format!("{import}#{name}").into();
    linked.func_new(name, move |mut store, signature, arguments, results| {
        store.data_mut().enter()?;
        match answer::answer(store.as_context_mut(), behaviour, &signature, arguments) {
            Ok(answer) => {
                // A function has one result or none.
                if let (Some(answer), Some(result)) = (answer, results.first_mut()) {
                    *result = answer;
                }
                Ok(())
            }
            Err(reason) => Err(store.data_mut().stop(&function, reason)),
        }
    })
}
