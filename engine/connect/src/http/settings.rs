//! From what a project says of a connection to how a client is set up.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use weir_model::Connection;
use weir_model::value::Text;

use super::secret::{Secret, SecretError};
use super::{Authentication, HttpOptions};

/// Why a client can't be set up as a project says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A secret can't be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A file with certificates can't be read.
    #[error("the certificates in `{}` can't be read: {source}", file.display())]
    Certificates {
        /// The file.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// There is no such environment variable, or nothing in it.
    #[error("the environment variable `{0}` holds nothing")]
    NoVariable(String),
}

impl HttpOptions {
    /// How a client is set up for a connection. Paths that are not absolute begin at `root`; `variable` looks an environment
    /// variable up.
    ///
    /// # Errors
    /// When a file can't be read, or a secret is not there.
    pub fn of_connection(
        connection: &Connection,
        root: &Path,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<HttpOptions, SettingsError> {
        let secret = |file: &Option<Text>, name: &Option<Text>| match (file, name) {
            (Some(file), _) => Ok(Some(Secret::from_file(&root.join(file.as_str()))?)),
            (None, Some(name)) => {
                let found = variable(name.as_str()).filter(|value| !value.trim().is_empty());
                let found = found.ok_or_else(|| SettingsError::NoVariable(name.to_string()))?;
                Ok(Some(Secret::new(&found)))
            }
            (None, None) => Ok::<_, SettingsError>(None),
        };
        let token = secret(&connection.token_file, &connection.token_variable)?;
        let password = secret(&connection.password_file, &connection.password_variable)?;
        let authentication = match (token, &connection.user, password) {
            (Some(token), _, _) => Authentication::Bearer(token),
            (None, Some(user), Some(password)) => Authentication::Basic { user: user.to_string(), password },
            _ => Authentication::None,
        };
        let usual = HttpOptions::default();
        let timeout =
            connection.timeout.map_or(usual.timeout, |timeout| Duration::from_secs(timeout.seconds()));
        Ok(HttpOptions {
            timeout,
            // All attempts together take as long as two that come to nothing.
            patience: timeout.saturating_mul(2),
            authentication,
            headers: connection.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            authorities: connection.ca_file.as_ref().map(|file| read(root, file)).transpose()?,
            identity: connection
                .certificate_file
                .as_ref()
                .map(|file| Secret::from_file(&root.join(file.as_str())))
                .transpose()?,
            ..usual
        })
    }
}

fn read(root: &Path, file: &Text) -> Result<Vec<u8>, SettingsError> {
    let file = root.join(file.as_str());
    fs::read(&file).map_err(|source| SettingsError::Certificates { file, source })
}
