//! YAML: reading it with the place of every value, and writing it.

#[cfg(any(feature = "openslo", feature = "pyrra", feature = "sloth"))]
pub(crate) mod read;
#[cfg(any(feature = "openslo", feature = "pyrra", feature = "sloth"))]
pub(crate) mod table;
pub(crate) mod write;
