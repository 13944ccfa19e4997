//! Compiled code: what the compiler makes of a component, bound to that component.
//!
//! Compiled code is the component's SHA-256 followed by what the runtime writes. The runtime accepts code of another
//! version or machine never, and damaged code sometimes, so code is loaded only where its origin is certain.

use wasmtime::component::Component;
use wasmtime::{Engine, Precompiled};

use crate::digest::Digest;

/// Compiles a component.
pub(crate) fn compile(engine: &Engine, component: &[u8], digest: &Digest) -> wasmtime::Result<Vec<u8>> {
    let code = engine.precompile_component(component)?;
    Ok([digest.as_bytes().as_slice(), &code].concat())
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
