//! Compiled code: what the compiler makes of a component, bound to that component.
//!
//! Compiled code is the component's SHA-256 followed by what the runtime writes. The runtime accepts code of another
//! version or machine never, and damaged code sometimes, so code is loaded only where its origin is certain.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Engine, Precompiled};

use crate::digest::Digest;
use crate::text::line;

/// How long compiling may take. What is known to take long is refused beforehand; this is for what is not known, and
/// leaves the largest honest component its time on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// The stack of the thread that compiles.
const STACK_BYTES: usize = 8 << 20;

/// Compiles a component, to be kept.
pub(crate) fn compile(engine: &Engine, component: &[u8], digest: &Digest) -> Result<Vec<u8>, String> {
    let (engine, bytes) = (engine.clone(), component.to_vec());
    let code = apart(PATIENCE, move || engine.precompile_component(&bytes))?;
    Ok([digest.as_bytes().as_slice(), &code].concat())
}

/// Compiles a component, to be used at once.
pub(crate) fn compile_for_use(engine: &Engine, component: &[u8]) -> Result<Component, String> {
    let (engine, bytes) = (engine.clone(), component.to_vec());
    apart(PATIENCE, move || Component::from_binary(&engine, &bytes))
}

/// Works in a thread of its own, where the compiler may break down or take forever without taking the program along. A
/// thread that is waited for no longer goes on until it is done or the program ends.
fn apart<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> wasmtime::Result<T> + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // When nobody waits for what it made, it is dropped.
    let work = move || drop(sender.send(work()));
    let thread = thread::Builder::new().name("weir-compiler".to_owned()).stack_size(STACK_BYTES);
    thread.spawn(work).map_err(|error| format!("there is no thread for it: {error}"))?;
    match receiver.recv_timeout(patience) {
        Ok(made) => made.map_err(|error| line(&format!("{error:#}"))),
        Err(RecvTimeoutError::Timeout) => Err(format!("it takes longer than {} s", patience.as_secs())),
        Err(RecvTimeoutError::Disconnected) => Err("the compiler broke down on it".to_owned()),
    }
}

/// Loads code that [`compile`] made of the component with this digest, here or in another process. None when it was
/// made of another component, by another version of the runtime or for another machine.
///
/// `code` must be authentic: embedded in this program, or authenticated against a key that only this user has.
pub(crate) fn load_trusted(engine: &Engine, code: &[u8], digest: &Digest) -> Option<Component> {
    let code = code.strip_prefix(digest.as_bytes().as_slice())?;
    if !matches!(Engine::detect_precompiled(code), Some(Precompiled::Component)) {
        return None;
    }
    #[expect(
        unsafe_code,
        reason = "the code is authentic, see above; it is what this runtime's compiler wrote"
    )]
    // SAFETY: the caller vouches that the bytes are the unchanged output of `compile`. A mismatch of versions, settings
    // or processor features is detected by the runtime.
    unsafe { Component::deserialize(engine, code) }.ok()
}

#[cfg(test)]
mod tests {
    use wasmtime::Config;

    use super::*;
    use crate::engine;
    use crate::sandbox::{Allocation, Compiler};

    #[test]
    fn code_of_an_engine_with_other_settings_or_of_another_component_is_not_loaded() {
        let component = wat::parse_str("(component (core module (func (export \"f\"))))").unwrap();
        let digest = Digest::of(&component);
        let ours = engine::new(Allocation::OnDemand, Compiler::Optimizing).unwrap();
        let foreign = Engine::new(Config::new().consume_fuel(true)).unwrap();
        let check = |code: &[u8], digest: &Digest, expected: bool| {
            assert_eq!(load_trusted(&ours, code, digest).is_some(), expected);
        };
        let code = compile(&ours, &component, &digest).unwrap();
        check(&code, &digest, true);
        check(&code, &Digest::of(b"another"), false);
        check(&compile(&foreign, &component, &digest).unwrap(), &digest, false);
        check(&code[..digest.as_bytes().len()], &digest, false);
    }

    #[test]
    fn a_compiler_that_breaks_down_or_takes_forever_ends_in_words() {
        let broken =
            apart(PATIENCE, || -> wasmtime::Result<()> { panic!("this test breaks down on purpose") });
        assert_eq!(broken, Err("the compiler broke down on it".to_owned()));
        let (hold, held) = mpsc::channel::<()>();
        let endless = apart(Duration::from_millis(1), move || Ok(held.recv().is_ok()));
        assert_eq!(endless, Err("it takes longer than 0 s".to_owned()));
        drop(hold);
        assert_eq!(apart(PATIENCE, || Ok(7)), Ok(7));
    }

    #[test]
    fn code_does_not_depend_on_the_allocation() {
        let component = wat::parse_str("(component (core module (func (export \"f\"))))").unwrap();
        let digest = Digest::of(&component);
        let pooled = engine::new(Allocation::Pooled { instances: 2 }, Compiler::Optimizing).unwrap();
        let code =
            compile(&engine::new(Allocation::OnDemand, Compiler::Optimizing).unwrap(), &component, &digest)
                .unwrap();
        assert!(load_trusted(&pooled, &code, &digest).is_some());
    }
}
