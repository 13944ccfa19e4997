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

#[cfg(test)]
mod tests {
    use wasmtime::Config;

    use super::*;
    use crate::engine;
    use crate::sandbox::Allocation;

    #[test]
    fn code_of_an_engine_with_other_settings_or_of_another_component_is_not_loaded() {
        let component = wat::parse_str("(component (core module (func (export \"f\"))))").unwrap();
        let digest = Digest::of(&component);
        let ours = engine::new(Allocation::OnDemand).unwrap();
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
    fn code_does_not_depend_on_the_allocation() {
        let component = wat::parse_str("(component (core module (func (export \"f\"))))").unwrap();
        let digest = Digest::of(&component);
        let pooled = engine::new(Allocation::Pooled { instances: 2 }).unwrap();
        let code = compile(&engine::new(Allocation::OnDemand).unwrap(), &component, &digest).unwrap();
        assert!(load_trusted(&pooled, &code, &digest).is_some());
    }
}
