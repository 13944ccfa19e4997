//! Lines for the log. The host cuts what exceeds the policy's limit. Outside the sandbox they go nowhere, except under
//! `testing::logged`.

#[cfg(target_arch = "wasm32")]
use crate::contract::check::weir::policy::log as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::doubles as host;

/// Logs why something went wrong.
pub fn error(text: &str) {
    host::write(1, text);
}

/// Logs what looks wrong.
pub fn warn(text: &str) {
    host::write(2, text);
}

/// Logs what people may want to know.
pub fn info(text: &str) {
    host::write(3, text);
}

/// Logs what helps to find a mistake.
pub fn detail(text: &str) {
    host::write(4, text);
}
