//! How much there is to compile in a component, counted before anything is compiled.
//!
//! Compiling takes time in proportion to the size of the code, and the size of a component is limited. What is bounded
//! here is what makes it take longer than its size tells: huge functions, crowds of variables, and components that
//! instantiate components that instantiate components.

use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentTypeRef, Payload,
};

/// How many functions a component may have, its core modules together.
const FUNCTIONS: u64 = 100_000;
/// How many bytes of code a function may have.
const FUNCTION_BYTES: u64 = 1 << 20;
/// How many variables a function may have.
const VARIABLES: u64 = 10_000;
/// How many core instances and adapted functions come into being when the component is instantiated.
const PARTS: u64 = 10_000;

/// How much there is to compile.
#[derive(Debug, Default)]
pub(crate) struct Effort {
    functions: u64,
    /// The most bytes that any function has.
    function_bytes: u64,
    /// The most variables that any function has.
    variables: u64,
    /// The modules and components that the reader is in, outermost first, with their parts so far.
    open: Vec<u64>,
    /// The most parts that any component has which has been read.
    largest: u64,
    /// Whether a component comes from elsewhere than the place where it is instantiated.
    handed_over: bool,
}

impl Effort {
    /// Counts what the next piece of the component adds.
    pub(crate) fn add(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::Version { .. } => self.open.push(1),
            Payload::End(_) => {
                let parts = self.open.pop().unwrap_or_default();
                self.largest = self.largest.max(parts);
            }
            Payload::CodeSectionEntry(body) => {
                self.functions = self.functions.saturating_add(1);
                let range = body.range();
                let bytes = u64::try_from(range.end.saturating_sub(range.start)).unwrap_or(u64::MAX);
                self.function_bytes = self.function_bytes.max(bytes);
                let mut variables = 0_u64;
                for group in body.get_locals_reader()? {
                    variables = variables.saturating_add(u64::from(group?.0));
                }
                self.variables = self.variables.max(variables);
            }
            Payload::InstanceSection(section) => self.parts(u64::from(section.count())),
            Payload::ComponentCanonicalSection(section) => self.parts(u64::from(section.count())),
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    // Which component it is would take an index to tell. None is larger than the largest so far, and
                    // none that comes later can be meant, unless it is handed over.
                    if let ComponentInstance::Instantiate { .. } = instance? {
                        self.parts(self.largest);
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    self.handed_over |= matches!(import?.ty, ComponentTypeRef::Component(_));
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    self.handed_over |= matches!(
                        alias?,
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. }
                    );
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn parts(&mut self, parts: u64) {
        if let Some(open) = self.open.last_mut() {
            *open = open.saturating_add(parts);
        }
    }

    /// What of it is too much, with how much there may be.
    pub(crate) fn check(&self) -> Result<(), String> {
        let limits = [
            (self.functions, FUNCTIONS, "functions"),
            (self.function_bytes, FUNCTION_BYTES, "bytes of code in one function"),
            (self.variables, VARIABLES, "variables in one function"),
            (self.largest, PARTS, "instances and adapted functions in it"),
        ];
        for (found, allowed, what) in limits {
            if found > allowed {
                return Err(format!("{found} {what}, and at most {allowed} are allowed"));
            }
        }
        if self.handed_over {
            return Err("components within it that are handed around, and none may be".to_owned());
        }
        Ok(())
    }
}
