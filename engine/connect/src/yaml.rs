//! YAML as this crate writes it.

pub(crate) mod write;
