//! Secrets: read, sent, never shown.

use std::fmt;
use std::path::{Path, PathBuf};

/// A token, a password or a key. Its debug form doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file can't be read.
    #[error("the secret in `{}` can't be read: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// There is nothing in the file.
    #[error("`{}` holds no secret: it is empty", .0.display())]
    Empty(PathBuf),
}

impl Secret {
    /// Takes a secret, without the white space around it.
    #[must_use]
    pub fn new(text: &str) -> Secret {
        Secret(text.trim().to_owned())
    }

    /// Reads a secret from a file, without the white space around it.
    ///
    /// # Errors
    /// When the file can't be read or is empty.
    pub fn from_file(file: &Path) -> Result<Secret, SecretError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| SecretError::File { file: file.to_owned(), source })?;
        let secret = Secret::new(&text);
        if secret.0.is_empty() { Err(SecretError::Empty(file.to_owned())) } else { Ok(secret) }
    }

    /// The secret itself, for sending.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
