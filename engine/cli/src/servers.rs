//! The servers that a project's sources name. The engine says what it needs, and they are asked here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use weir::{Project, Servers, WantedTallies};
use weir_connect::alertmanager::api;
use weir_connect::http::{HttpClient, HttpOptions};
use weir_connect::prometheus::source::{Stretch, counts};
use weir_model::project::EventSource;
use weir_model::{Connection, SliTallies, SourceError};

/// The servers of a project, asked over HTTP. None is asked before something is needed of it.
#[derive(Debug)]
pub(crate) struct HttpServers {
    root: PathBuf,
    /// By the names of their sources.
    clients: Mutex<BTreeMap<String, HttpClient>>,
}

impl HttpServers {
    pub(crate) fn new(project: &Project) -> HttpServers {
        HttpServers { root: project.root().to_owned(), clients: Mutex::default() }
    }

    fn client(&self, source: &EventSource) -> Result<HttpClient, SourceError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(source.name.as_str()) {
            return Ok(client.clone());
        }
        let usual = Connection::default();
        let connection = source.connection.as_ref().unwrap_or(&usual);
        let options = HttpOptions::of_connection(connection, &self.root, |name| std::env::var(name).ok())
            .map_err(|error| {
                let help = "correct `[source.connection]` in weir.toml, or what it names";
                SourceError::wrong(error.to_string(), help)
            })?;
        let client = HttpClient::new(HttpOptions { proxies_of_environment: true, ..options })
            .map_err(|error| SourceError::wrong(error.to_string(), error.help()))?;
        clients.insert(source.name.to_string(), client.clone());
        Ok(client)
    }
}

/// The address of a source. A project that was loaded has one for each server.
fn url(source: &EventSource) -> Result<&str, SourceError> {
    let url = source.url.as_ref().map(|url| url.as_str());
    url.ok_or_else(|| SourceError::wrong("the source has no address", "add `url = \"…\"`"))
}

impl Servers for HttpServers {
    fn tallies(&self, wanted: &WantedTallies<'_>) -> Result<SliTallies, SourceError> {
        let Some(prometheus) = &wanted.sli.prometheus else {
            let message = "the SLI doesn't say what is counted";
            return Err(SourceError::wrong(message, "add `[sli.prometheus]`"));
        };
        let stretch = Stretch { slice_seconds: wanted.slice_seconds, from: wanted.from, until: wanted.until };
        counts(&self.client(wanted.source)?, url(wanted.source)?, prometheus, &stretch)
    }

    fn alerts(&self, source: &EventSource) -> Result<Vec<u8>, SourceError> {
        api::alerts(&self.client(source)?, url(source)?)
    }
}
