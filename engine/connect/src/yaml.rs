//! YAML: reading it with the place of every value, and writing it.
#![cfg_attr(not(feature = "default"), allow(dead_code, reason = "each reader and writer uses a part of it"))]

#[cfg(feature = "yaml")]
pub(crate) mod read;
#[cfg(feature = "yaml")]
pub(crate) mod table;
pub(crate) mod write;
