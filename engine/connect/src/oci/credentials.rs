//! Who asks a registry, as the files of container tools keep it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::http::Secret;

/// Who asks.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A name and a password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token that the registry itself takes.
    Token(Secret),
}

/// Why a file of credentials is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// It is not JSON, or not in the form of container tools.
    #[error("it is not a configuration of Docker's: {0}")]
    Form(String),
    /// It leaves the registry to a program.
    #[error(
        "it leaves `{registry}` to the credential helper `{helper}`, and no programs are started for credentials"
    )]
    Helper {
        /// The registry.
        registry: String,
        /// The program.
        helper: String,
    },
    /// It has an identity token in place of a password.
    #[error(
        "it has an identity token for `{registry}`, and none is exchanged here; name a user and a password, or a token that the \
         registry takes"
    )]
    Identity {
        /// The registry.
        registry: String,
    },
}

impl Credentials {
    /// The credentials for a registry in Docker's `config.json`, which other container tools write, too; none when it has
    /// none for it.
    ///
    /// # Errors
    /// When the text is something else, or leaves this registry to a program.
    pub fn of_docker_config(text: &str, registry: &str) -> Result<Option<Credentials>, CredentialsError> {
        // What the parser says may quote the text, which holds secrets.
        let config: Value = serde_json::from_str(text)
            .map_err(|error| CredentialsError::Form(format!("no JSON at line {}", error.line())))?;
        let found = config
            .get("auths")
            .and_then(Value::as_object)
            .and_then(|auths| names(registry).into_iter().find_map(|name| auths.get(&name)));
        let has_identity = |entry: &Value| {
            entry.get("identitytoken").and_then(Value::as_str).is_some_and(|token| !token.is_empty())
        };
        // The password beside it, if there is one, is empty.
        if found.is_some_and(has_identity) {
            return Err(CredentialsError::Identity { registry: registry.to_owned() });
        }
        let said = found.map(of_entry).transpose()?.flatten();
        if said.is_some() {
            return Ok(said);
        }
        let own = config.get("credHelpers").and_then(|helpers| helpers.get(registry));
        // A store for everything has something for this registry only where an empty entry says so.
        let helper = own.or_else(|| found.and(config.get("credsStore"))).and_then(Value::as_str);
        match helper {
            Some(helper) => {
                Err(CredentialsError::Helper { registry: registry.to_owned(), helper: helper.to_owned() })
            }
            None => Ok(None),
        }
    }
}

/// The names under which a registry may be kept.
fn names(registry: &str) -> Vec<String> {
    let mut names = vec![registry.to_owned(), format!("https://{registry}"), format!("http://{registry}")];
    if registry == "docker.io" {
        names.push("https://index.docker.io/v1/".to_owned());
    }
    names
}

fn of_entry(entry: &Value) -> Result<Option<Credentials>, CredentialsError> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(token) = text("registrytoken") {
        return Ok(Some(Credentials::Token(Secret::new(token))));
    }
    if let Some((user, password)) = text("username").zip(text("password")) {
        return Ok(Some(Credentials::Password { user: user.to_owned(), password: Secret::new(password) }));
    }
    let Some(packed) = text("auth") else { return Ok(None) };
    let wrong = || CredentialsError::Form("an `auth` is not a name and a password in Base64".to_owned());
    let unpacked = BASE64_STANDARD.decode(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let unpacked = unpacked.ok_or_else(wrong)?;
    let (user, password) = unpacked.split_once(':').ok_or_else(wrong)?;
    Ok(Some(Credentials::Password { user: user.to_owned(), password: Secret::new(password) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_as_container_tools_write_them() {
        let config = r#"{
            "auths": {
                "ghcr.io": {"auth": "bWU6czNjcmV0OnA="},
                "https://index.docker.io/v1/": {"username": "you", "password": "p"},
                "tokens.example.org": {"registrytoken": "t"},
                "stored.example.org": {},
                "identity.example.org": {"auth": "MDAwMDo=", "identitytoken": "s3cret"},
                "broken.example.org": {"auth": "nonsense"}
            },
            "credHelpers": {"helped.example.org": "pass"},
            "credsStore": "desktop"
        }"#;
        let check = |registry: &str, expected: &str| {
            let found = match Credentials::of_docker_config(config, registry) {
                Ok(Some(Credentials::Password { user, password })) => format!("{user} {}", password.reveal()),
                Ok(Some(Credentials::Token(token))) => format!("token {}", token.reveal()),
                Ok(None) => "none".to_owned(),
                Err(CredentialsError::Helper { helper, .. }) => format!("helper {helper}"),
                Err(error) => error.to_string(),
            };
            assert!(found.starts_with(expected), "{registry}: {found}");
        };
        check("ghcr.io", "me s3cret:p");
        check("docker.io", "you p");
        check("tokens.example.org", "token t");
        check("stored.example.org", "helper desktop");
        check("identity.example.org", "it has an identity token for `identity.example.org`, and none");
        check("helped.example.org", "helper pass");
        check("broken.example.org", "it is not a configuration of Docker's: an `auth`");
        check("other.example.org", "none");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_without_its_secrets() {
        let error = Credentials::of_docker_config("{\"auths\": {\"a\": s3cret", "a").unwrap_err();
        assert_eq!(error.to_string(), "it is not a configuration of Docker's: no JSON at line 1");
    }
}
