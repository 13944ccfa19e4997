//! The documents that the policy has granted. Outside the sandbox there are none but those of
//! `testing::with_documents`.

pub use crate::contract::check::weir::policy::evidence::Refusal;

#[cfg(target_arch = "wasm32")]
use crate::contract::check::weir::policy::evidence as host;
#[cfg(not(target_arch = "wasm32"))]
use crate::doubles as host;

/// Reads the whole text of a document. `path` is relative to the project, with `/` between its parts.
///
/// # Errors
/// A [`Refusal`] whose code is one of [`refusal`](crate::refusal).
pub fn read(path: &str) -> Result<String, Refusal> {
    host::read(path)
}

/// Lists the paths of all documents below `folder`, in byte order.
///
/// # Errors
/// A [`Refusal`] whose code is one of [`refusal`](crate::refusal).
pub fn documents(folder: &str) -> Result<Vec<String>, Refusal> {
    host::documents(folder)
}
