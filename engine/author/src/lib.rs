//! Writing plugins: a project to start from in one of several languages, the toolchain that builds it, and the component
//! that comes out.
//!
//! [`create`] writes a project, [`PluginProject`] reads one, and its `build` turns it into a component. Whether that
//! component keeps to the contract is not known here: that takes the sandbox, and this crate knows neither it nor any
//! project of Weir.
//!
//! Programs are started here (compilers, linkers) and nowhere else in Weir.

mod build;
pub mod component;
mod create;
mod error;
mod project;
pub mod rust;
mod signing;
mod template;
mod tool;

pub use build::Built;
pub use create::{NewPlugin, create};
pub use error::AuthorError;
pub use project::PluginProject;
pub use signing::{KeyPair, generate_key, needs_password, sign};
