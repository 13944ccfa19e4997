//! What stands for an artifact: `oci://registry/repository:tag`, or with `@sha256:…` in place of the tag.

use std::fmt;
use std::net::IpAddr;

/// The scheme of references, as they are typed.
const SCHEME: &str = "oci://";

/// An artifact in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The registry's host, with its port where that is not the usual one.
    registry: String,
    repository: String,
    version: Version,
}

/// Which of the artifacts of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Version {
    /// The one that a name stands for, today.
    Tag(String),
    /// The one whose manifest has this digest, for ever.
    Digest(String),
}

/// Why a text is no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no artifact in a registry: {reason}; write `oci://registry.example.org/team/plugin:1.0`"
)]
pub struct ReferenceError {
    text: String,
    reason: &'static str,
}

impl Reference {
    /// Whether a text is meant to be a reference.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// Reads a reference. Without tag or digest, it means the tag `latest`.
    ///
    /// # Errors
    /// When a part is missing or has characters that it can't have.
    pub fn parse(text: &str) -> Result<Reference, ReferenceError> {
        let wrong = |reason| ReferenceError { text: text.to_owned(), reason };
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| wrong("it does not begin with `oci://`"))?;
        let (registry, path) = rest.split_once('/').ok_or_else(|| wrong("it names no repository"))?;
        if !is_host(registry) {
            return Err(wrong("its registry is not the name of a host"));
        }
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => (path, Some(digest)),
            None => (path, None),
        };
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        if !repository.split('/').all(is_part) {
            return Err(wrong("its repository is not lower-case words with `/` between them"));
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(wrong("its tag has characters that no tag has"));
        }
        let version = match (digest, tag) {
            (Some(digest), _) if is_digest(digest) => Version::Digest(digest.to_owned()),
            (Some(_), _) => return Err(wrong("its digest is not `sha256:` with 64 digits of 0-9 and a-f")),
            (None, tag) => Version::Tag(tag.unwrap_or("latest").to_owned()),
        };
        Ok(Reference { registry: registry.to_owned(), repository: repository.to_owned(), version })
    }

    /// The registry, as credentials are kept for it.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The last part of the repository: what the plugin is called there.
    #[must_use]
    pub fn name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }

    pub(super) fn repository(&self) -> &str {
        &self.repository
    }

    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    /// The host that answers for the registry.
    pub(super) fn host(&self) -> &str {
        // The one registry whose name is not its address.
        if self.registry == "docker.io" { "registry-1.docker.io" } else { &self.registry }
    }

    /// Whether the registry is on this machine, so that nothing of what is said to it leaves it.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        is_on_this_machine(&self.registry)
    }

    /// The same artifact by its digest.
    pub(super) fn with_digest(&self, digest: &str) -> Reference {
        Reference { version: Version::Digest(digest.to_owned()), ..self.clone() }
    }
}

impl Version {
    /// As it stands in the address of a manifest.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Version::Tag(text) | Version::Digest(text) => text,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = match &self.version {
            Version::Tag(_) => ':',
            Version::Digest(_) => '@',
        };
        write!(f, "{SCHEME}{}/{}{before}{}", self.registry, self.repository, self.version.as_str())
    }
}

/// Whether a host, with or without a port, is this machine.
#[must_use]
pub fn is_on_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
}

fn is_part(text: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    edge(text.bytes().next())
        && edge(text.bytes().last())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
}

fn is_tag(text: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|b| is_word(b) || matches!(b, b'.' | b'-'))
}

/// Whether a text is a digest of the one kind that is used here.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_registry_a_repository_and_a_version() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let parsed = Reference::parse(text);
            let shown = parsed.as_ref().map(ToString::to_string).map_err(|error| error.reason);
            assert_eq!(shown.as_deref().map_err(|reason| *reason), expected, "{text}");
        };
        let digest = "0".repeat(64);
        check("oci://ghcr.io/team/plugin:1.0", Ok("oci://ghcr.io/team/plugin:1.0"));
        check("oci://localhost:5000/plugin", Ok("oci://localhost:5000/plugin:latest"));
        check("oci://[::1]:5000/plugin", Ok("oci://[::1]:5000/plugin:latest"));
        let pinned = format!("oci://ghcr.io/plugin@sha256:{digest}");
        check(&pinned, Ok(&pinned));
        check(&format!("oci://ghcr.io/plugin:1.0@sha256:{digest}"), Ok(&pinned));
        check("ghcr.io/plugin", Err("it does not begin with `oci://`"));
        check("oci://plugin", Err("it names no repository"));
        check("oci://user@ghcr.io/plugin", Err("its registry is not the name of a host"));
        let repository = "its repository is not lower-case words with `/` between them";
        check("oci://ghcr.io/Team/plugin", Err(repository));
        check("oci://ghcr.io/team/../plugin", Err(repository));
        check("oci://ghcr.io/", Err(repository));
        check("oci://ghcr.io/plugin:a/b", Err("its tag has characters that no tag has"));
        check("oci://ghcr.io/plugin:-a", Err("its tag has characters that no tag has"));
        let wrong = "its digest is not `sha256:` with 64 digits of 0-9 and a-f";
        check("oci://ghcr.io/plugin@sha256:abc", Err(wrong));
        check("oci://ghcr.io/plugin@md5:abc", Err(wrong));
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        let check = |host: &str, expected: bool| assert_eq!(is_on_this_machine(host), expected, "{host}");
        check("localhost", true);
        check("localhost:5000", true);
        check("127.0.0.1:5000", true);
        check("127.9.9.9", true);
        check("[::1]:5000", true);
        check("localhost.example.org", false);
        check("127.0.0.1.example.org:80", false);
        check("10.0.0.1:5000", false);
    }
}
