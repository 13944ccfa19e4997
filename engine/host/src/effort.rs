//! How much effort a component is to compile, counted before anything is compiled.
//!
//! Compiling takes time in proportion to the size of the code, and the size of a component is limited. What is bounded
//! here is what makes it take longer than its size tells: huge functions, functions with many branches and variables,
//! components that instantiate components that instantiate components, and large values between them.

mod values;

use std::collections::BTreeSet;

use wasmparser::{
    BinaryReaderError, CanonicalFunction, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentTypeRef, FunctionBody, Operator, Parser, Payload, Validator, WasmFeatures,
};

use self::values::Values;

/// How many functions a component may have, its core modules together. An interpreter of Python with its libraries has 13
/// thousand.
const FUNCTIONS: u64 = 50_000;
/// How many bytes of code a function may have. The largest in an interpreter of Python has 427 thousand.
const FUNCTION_BYTES: u64 = 1 << 20;
/// How many variables a function may have.
const VARIABLES: u64 = 10_000;
/// How many all functions may have together.
const ALL_VARIABLES: u64 = 2_000_000;
/// How many branches times variables a function may have. The worst of an interpreter of Python has 67 thousand.
const TANGLE: u64 = 1_000_000;
/// How many all functions may have together. An interpreter of Python with its libraries has 1.6 million.
const TANGLES: u64 = 8_000_000;
/// So many branches make a branch as costly as one variable more does.
const BRANCHES_A_VARIABLE: u64 = 256;
/// How many parts there may be to put together: core instances, functions that cross the border of a component, and the
/// values that these take and give.
const PARTS: u64 = 1_000_000;
/// So many values a core instance or a crossing function is as costly as.
const PART: u64 = 100;
/// So many values a module or component is as costly as, each time that it is instantiated.
const COMPONENT: u64 = 10;

/// Refuses a component that would take out of proportion long to compile; says what of it is too much, with how much
/// there may be.
pub(crate) fn check(component: &[u8]) -> Result<(), String> {
    let mut effort = Effort::default();
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    for payload in Parser::new(0).parse_all(component) {
        let added = payload.and_then(|payload| {
            validator.payload(&payload)?;
            effort.add(&payload, &validator)
        });
        if added.is_err() {
            // It is not valid, and the compiler will find that out in no time, and say so in its own words.
            break;
        }
    }
    effort.check()
}

/// How much there is to compile.
#[derive(Debug, Default)]
struct Effort {
    functions: u64,
    /// The most bytes that any function has.
    function_bytes: u64,
    /// The most variables that any function has.
    variables: u64,
    /// Those of all functions.
    all_variables: u64,
    /// The most branches times variables that any function has.
    tangle: u64,
    /// Those of all functions.
    tangles: u64,
    /// The modules and components that the reader is in, outermost first, with their parts so far.
    open: Vec<u64>,
    values: Values,
    /// The most parts that any component has which has been read.
    largest: u64,
    /// Whether a component comes from elsewhere than the place where it is instantiated.
    handed_over: bool,
}

impl Effort {
    /// Counts what the next piece of the component adds, which has been validated.
    fn add(&mut self, payload: &Payload<'_>, validator: &Validator) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::Version { .. } => self.open.push(COMPONENT),
            Payload::End(_) => {
                let parts = self.open.pop().unwrap_or_default();
                self.largest = self.largest.max(parts);
            }
            Payload::CodeSectionEntry(body) => self.function(body)?,
            Payload::InstanceSection(section) => {
                self.parts(PART.saturating_mul(u64::from(section.count())));
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section.clone() {
                    let values = match (function?, validator.types(0)) {
                        (CanonicalFunction::Lower { func_index, .. }, Some(types)) => {
                            self.values.of_function(types, func_index)
                        }
                        _ => 0,
                    };
                    self.parts(values.saturating_add(PART));
                }
            }
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

    fn function(&mut self, body: &FunctionBody<'_>) -> Result<(), BinaryReaderError> {
        self.functions = self.functions.saturating_add(1);
        let range = body.range();
        let bytes = u64::try_from(range.end.saturating_sub(range.start)).unwrap_or(u64::MAX);
        self.function_bytes = self.function_bytes.max(bytes);
        let mut variables = 0_u64;
        for group in body.get_locals_reader()? {
            variables = variables.saturating_add(u64::from(group?.0));
        }
        self.variables = self.variables.max(variables);
        self.all_variables = self.all_variables.saturating_add(variables);
        let tangle = tangle(body)?;
        self.tangle = self.tangle.max(tangle);
        self.tangles = self.tangles.saturating_add(tangle);
        Ok(())
    }

    fn parts(&mut self, parts: u64) {
        if let Some(open) = self.open.last_mut() {
            *open = open.saturating_add(parts);
        }
    }

    fn check(&self) -> Result<(), String> {
        let limits = [
            (self.functions, FUNCTIONS, "functions"),
            (self.function_bytes, FUNCTION_BYTES, "bytes of code in one function"),
            (self.variables, VARIABLES, "variables in one function"),
            (self.all_variables, ALL_VARIABLES, "variables in its functions together"),
            (self.tangle, TANGLE, "branches times variables in one function"),
            (self.tangles, TANGLES, "branches times variables in its functions together"),
            (self.largest, PARTS, "parts to put together"),
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

/// The branches of a function times the variables that change in it: wherever branches meet, the compiler may have to
/// find out which value of each variable arrives. Finding out where they meet takes time too.
fn tangle(body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
    let (mut branches, mut changing) = (0_u64, BTreeSet::new());
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                branches = branches.saturating_add(1);
            }
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                changing.insert(local_index);
            }
            _ => {}
        }
    }
    let variables = u64::try_from(changing.len()).unwrap_or(u64::MAX);
    Ok(branches.saturating_mul(variables.saturating_add(branches / BRANCHES_A_VARIABLE)))
}
