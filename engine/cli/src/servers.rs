//! The servers that a project takes counts from. The engine says what it needs, and they are asked here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use weir::{Project, SliTallies, TallyError, TallySource, WantedTallies};
use weir_connect::http::{HttpClient, HttpOptions};
use weir_connect::prometheus::source::{CountError, Stretch, counts};
use weir_model::Connection;
use weir_model::project::EventSource;

/// The servers of a project. None is asked before something is needed of it.
#[derive(Debug)]
pub(crate) struct Servers {
    root: PathBuf,
    /// By the names of their sources.
    clients: Mutex<BTreeMap<String, HttpClient>>,
}

impl Servers {
    pub(crate) fn new(project: &Project) -> Servers {
        Servers { root: project.root().to_owned(), clients: Mutex::default() }
    }

    fn client(&self, source: &EventSource) -> Result<HttpClient, TallyError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(source.name.as_str()) {
            return Ok(client.clone());
        }
        let usual = Connection::default();
        let connection = source.connection.as_ref().unwrap_or(&usual);
        let options = HttpOptions::of_connection(connection, &self.root, |name| std::env::var(name).ok())
            .map_err(|error| {
                let help = "correct `[source.connection]` in weir.toml, or what it names";
                TallyError::Wrong { message: error.to_string(), help: Some(help.to_owned()) }
            })?;
        let client =
            HttpClient::new(HttpOptions { proxies_of_environment: true, ..options }).map_err(|error| {
                TallyError::Wrong { message: error.to_string(), help: Some(error.help().to_owned()) }
            })?;
        clients.insert(source.name.to_string(), client.clone());
        Ok(client)
    }
}

impl TallySource for Servers {
    fn tallies(&self, wanted: &WantedTallies<'_>) -> Result<SliTallies, TallyError> {
        let (Some(url), Some(prometheus)) = (&wanted.source.url, &wanted.sli.prometheus) else {
            let message = "the source has no address, or the SLI doesn't say what is counted".to_owned();
            return Err(TallyError::Wrong { message, help: None });
        };
        let stretch = Stretch { slice_seconds: wanted.slice_seconds, from: wanted.from, until: wanted.until };
        let counts = counts(&self.client(wanted.source)?, url.as_str(), prometheus, &stretch);
        match counts {
            Ok(counts) => Ok(SliTallies { slices: counts.slices, newest: counts.newest }),
            Err(CountError::Wrong { message, help }) => Err(TallyError::Wrong { message, help }),
            Err(error) => Err(TallyError::Unknown(error.to_string())),
        }
    }
}
