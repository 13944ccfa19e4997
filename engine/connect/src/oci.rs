//! Plugins in registries of containers: WebAssembly components as OCI artifacts.
//!
//! An artifact has the form that other tools for WebAssembly use: a manifest with a config of type
//! `application/vnd.wasm.config.v0+json` and one layer of type `application/wasm`, which is the component. A signature
//! goes along as an annotation of the manifest, so that tools which know nothing of it pass it on.
//!
//! What a registry says is held against digests and limits: a manifest against the digest that was asked for, a layer
//! against its manifest. Credentials go to the registry and to the server that it names for tokens, and over plain HTTP only
//! where that was asked for, or within this machine.

mod artifact;
mod credentials;
mod reference;
mod session;

pub use artifact::{Artifact, Pulled, Pushed};
pub use credentials::{Credentials, CredentialsError};
pub use reference::{Reference, ReferenceError, is_on_this_machine};

use std::time::Duration;

use crate::http::{HttpClient, HttpError, HttpOptions};
use session::Session;

/// How a registry is asked.
#[derive(Debug, Clone)]
pub struct OciOptions {
    /// Who asks; none for anybody.
    pub credentials: Option<Credentials>,
    /// Whether a registry on another machine may be asked over plain HTTP.
    pub plain_http: bool,
    /// How large a component may be, in bytes.
    pub component_limit: u64,
    /// How long each request may take.
    pub timeout: Duration,
}

/// Why nothing was fetched or sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OciError {
    /// The registry can't be asked, or does not do what it is asked for.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// What the registry has is nothing that is wanted here.
    #[error("`{reference}` {reason}")]
    Content {
        /// What was asked for.
        reference: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The registry wants to be asked in a way that is not safe.
    #[error("{0}")]
    Unsafe(String),
}

impl OciError {
    /// Whether what was asked for is wrong, rather than something that could not be done.
    #[must_use]
    pub fn is_input(&self) -> bool {
        match self {
            OciError::Http(error) => error.is_input(),
            OciError::Content { .. } | OciError::Unsafe(_) => true,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            OciError::Http(error) => Some(error.help()),
            OciError::Content { .. } | OciError::Unsafe(_) => None,
        }
    }
}

/// Fetches a component.
///
/// # Errors
/// When the registry can't be asked or refuses, what it has is no WebAssembly artifact or too large, or a content is not the
/// one of its digest.
pub fn pull(reference: &Reference, options: &OciOptions) -> Result<Pulled, OciError> {
    artifact::pull(&mut session(reference, options, "pull")?, reference, options.component_limit)
}

/// Sends a component, and has the reference's tag mean it.
///
/// # Errors
/// When the registry can't be asked or refuses, or the reference names a digest, which nobody can choose.
pub fn push(
    reference: &Reference,
    artifact: &Artifact<'_>,
    options: &OciOptions,
) -> Result<Pushed, OciError> {
    artifact::push(&mut session(reference, options, "pull,push")?, reference, artifact)
}

fn session(reference: &Reference, options: &OciOptions, actions: &str) -> Result<Session, OciError> {
    let client = HttpClient::new(HttpOptions {
        timeout: options.timeout,
        patience: options.timeout,
        retries: 0,
        // Whoever reaches this machine itself through a proxy reaches another one.
        proxies_of_environment: !reference.is_on_this_machine(),
        ..HttpOptions::default()
    })?;
    Ok(Session::new(client, reference, options, actions))
}
