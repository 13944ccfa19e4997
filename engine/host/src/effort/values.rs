//! How many values a call between components hands over, each of which takes code to copy.

use std::collections::HashMap;

use wasmparser::component_types::{ComponentDefinedType, ComponentDefinedTypeId, ComponentValType};
use wasmparser::types::TypesRef;

/// The sizes of the types that have been looked at. A type that holds another one twice holds its values twice.
#[derive(Debug, Default)]
pub(super) struct Values(HashMap<ComponentDefinedTypeId, u64>);

impl Values {
    /// The values that a function takes and gives. The elements of a list count once.
    pub(super) fn of_function(&mut self, types: TypesRef<'_>, function: u32) -> u64 {
        // The index has been validated; one that had not been would not be there.
        if function >= types.component_function_count() {
            return 0;
        }
        let Some(function) = types.get(types.component_function_at(function)) else { return 0 };
        let values = function.params.iter().map(|(_, value)| *value).chain(function.result);
        self.sum(types, values)
    }

    fn sum(&mut self, types: TypesRef<'_>, values: impl Iterator<Item = ComponentValType>) -> u64 {
        values.fold(0, |sum, value| sum.saturating_add(self.of(types, value)))
    }

    fn of(&mut self, types: TypesRef<'_>, value: ComponentValType) -> u64 {
        let ComponentValType::Type(id) = value else { return 1 };
        if let Some(known) = self.0.get(&id) {
            return *known;
        }
        // The validator bounds how deep types are nested.
        let within = match types.get(id) {
            Some(ComponentDefinedType::Record(record)) => self.sum(types, record.fields.values().copied()),
            Some(ComponentDefinedType::Variant(variant)) => {
                self.sum(types, variant.cases.values().filter_map(|case| case.ty))
            }
            Some(ComponentDefinedType::Tuple(tuple)) => self.sum(types, tuple.types.iter().copied()),
            Some(
                ComponentDefinedType::List { element, .. }
                | ComponentDefinedType::FixedLengthList { element, .. },
            ) => self.of(types, *element),
            Some(ComponentDefinedType::Map { key, value, .. }) => self.sum(types, [*key, *value].into_iter()),
            Some(ComponentDefinedType::Option { ty, .. }) => self.of(types, *ty),
            Some(ComponentDefinedType::Result { ok, err, .. }) => {
                self.sum(types, [*ok, *err].into_iter().flatten())
            }
            Some(
                ComponentDefinedType::Primitive(_)
                | ComponentDefinedType::Flags(_)
                | ComponentDefinedType::Enum(_)
                | ComponentDefinedType::Own(_)
                | ComponentDefinedType::Borrow(_)
                | ComponentDefinedType::Future { .. }
                | ComponentDefinedType::Stream { .. },
            )
            | None => 0,
        };
        let values = within.saturating_add(1);
        self.0.insert(id, values);
        values
    }
}
