//! A plugin from wherever it lies: a file, an address, or a registry of containers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use weir_connect::http::{
    Authentication, HttpClient, HttpError, HttpOptions, HttpProblem, HttpRequest, Secret,
};
use weir_connect::oci::{self, Credentials, OciError, OciOptions, Reference, is_on_this_machine};

use super::super::Failure;
use crate::output;

/// How long each request may take: large components come over slow lines.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a signature may be, in bytes.
const SIGNATURE_LIMIT: u64 = 16 << 10;

/// A component, with what came along.
pub(super) struct Fetched {
    /// What stands for it in messages until it has a name: the last part of where it came from.
    pub(super) name: String,
    pub(super) component: Vec<u8>,
    pub(super) signature: Option<String>,
    /// Where it came from, for messages about its signature.
    pub(super) place: PathBuf,
    /// Where the same content can be had again, when it came from a registry.
    pub(super) pinned: Option<String>,
}

/// Gets a component of at most `limit` bytes.
pub(super) fn fetch(place: &str, limit: u64, plain_http: bool) -> Result<Fetched, Failure> {
    if Reference::is_meant(place) {
        return from_registry(place, limit, plain_http);
    }
    match place.split_once("://") {
        Some(("http" | "https", _)) => from_address(place, limit, plain_http),
        Some((scheme, _)) => Err(Failure::Usage(format!(
            "`{place}` is neither a file nor an address that plugins are fetched from: there are `https://`, `http://` and \
             `oci://`, and no `{scheme}://`"
        ))),
        None => from_file(Path::new(place)),
    }
}

fn from_file(file: &Path) -> Result<Fetched, Failure> {
    Ok(Fetched {
        name: super::name(file),
        component: super::component(file)?,
        signature: weir::read_signature(file)?,
        place: file.to_owned(),
        pinned: None,
    })
}

fn from_registry(place: &str, limit: u64, plain_http: bool) -> Result<Fetched, Failure> {
    let reference = Reference::parse(place).map_err(|error| Failure::Usage(error.to_string()))?;
    let pulled = oci::pull(&reference, &options(&reference, limit, plain_http)?).map_err(Failure::Fetch)?;
    Ok(Fetched {
        name: reference.name().to_owned(),
        component: pulled.component,
        signature: pulled.signature,
        place: place.into(),
        pinned: Some(pulled.pinned.to_string()),
    })
}

fn from_address(place: &str, limit: u64, plain_http: bool) -> Result<Fetched, Failure> {
    let rest = place.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_local = is_on_this_machine(host);
    if place.starts_with("http://") && !is_local && !plain_http {
        return Err(Failure::Usage(format!(
            "`{place}` would come over plain HTTP, where anybody on the way may change it\nhelp: use `https://`, or \
             say `--plain-http`"
        )));
    }
    let token = variable("WEIR_DOWNLOAD_TOKEN");
    let client = |response_limit| {
        HttpClient::new(HttpOptions {
            timeout: PATIENCE,
            patience: PATIENCE,
            response_limit,
            authentication: token
                .as_deref()
                .map_or(Authentication::None, |token| Authentication::Bearer(Secret::new(token))),
            proxies_of_environment: !is_local,
            ..HttpOptions::default()
        })
    };
    let failed = |error: HttpError| Failure::Fetch(OciError::Http(error));
    let get = |address: &str, limit| client(limit)?.send(&HttpRequest::get(address));
    let component = get(place, limit).map_err(|error| match error.problem() {
        HttpProblem::TooLong { .. } => Failure::Usage(format!(
            "`{place}` is larger than {limit} bytes, which a component may be (`component-size` in weir.toml)"
        )),
        _ => failed(error),
    })?;
    let (path, query) = place.split_once('?').map_or((place, None), |(path, query)| (path, Some(query)));
    let address = format!("{path}.minisig{}", query.map(|query| format!("?{query}")).unwrap_or_default());
    let signature = match get(&address, SIGNATURE_LIMIT) {
        Ok(answer) => String::from_utf8(answer.body).ok(),
        Err(error) if matches!(error.problem(), HttpProblem::Status { status: 404 | 410, .. }) => None,
        Err(error) => return Err(failed(error)),
    };
    Ok(Fetched {
        name: super::name(Path::new(path)),
        component: component.body,
        signature,
        place: place.into(),
        pinned: None,
    })
}

/// How a registry is asked.
pub(super) fn options(
    reference: &Reference,
    component_limit: u64,
    plain_http: bool,
) -> Result<OciOptions, Failure> {
    Ok(OciOptions { credentials: credentials(reference)?, plain_http, component_limit, timeout: PATIENCE })
}

/// Who asks a registry: what the environment says, else what the files of container tools say.
fn credentials(reference: &Reference) -> Result<Option<Credentials>, Failure> {
    if let Some(token) = variable("WEIR_REGISTRY_TOKEN") {
        return Ok(Some(Credentials::Token(Secret::new(&token))));
    }
    if let Some((user, password)) = variable("WEIR_REGISTRY_USER").zip(variable("WEIR_REGISTRY_PASSWORD")) {
        return Ok(Some(Credentials::Password { user, password: Secret::new(&password) }));
    }
    for file in credential_files() {
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(Failure::Usage(format!("`{}` can't be read: {error}", file.display())));
            }
        };
        match Credentials::of_docker_config(&text, reference.registry()) {
            Ok(Some(credentials)) => return Ok(Some(credentials)),
            Ok(None) => {}
            // Much in a registry is there for everybody.
            Err(error) => output::message(&format!(
                "note: no credentials from `{}`: {error}; WEIR_REGISTRY_USER and WEIR_REGISTRY_PASSWORD say them, too\n",
                file.display()
            ))?,
        }
    }
    Ok(None)
}

/// Where container tools keep credentials, in the order in which they are looked at.
fn credential_files() -> Vec<PathBuf> {
    let docker = variable("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".docker")))
        .map(|folder| folder.join("config.json"));
    let others = variable("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("containers/auth.json"));
    variable("REGISTRY_AUTH_FILE").map(PathBuf::from).into_iter().chain(docker).chain(others).collect()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
