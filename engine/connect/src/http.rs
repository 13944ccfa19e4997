//! A small HTTP client: what every module that asks a server shares.
//!
//! Each request has an end: timeouts for connecting and answering, a limit on the size of the answer, and *patience*, the
//! time that all attempts may take together. Requests are questions, so they may be asked again; that happens after a
//! connection that failed, after 502 and 504, and after 429 and 503 as late as the server asks for, never after anything
//! else. No secret gets into a message, and none goes to another server than the one that was asked.

mod error;
#[cfg(feature = "oci")]
mod exchange;
mod secret;
mod settings;

use std::io::Read as _;
use std::thread;
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::blocking::{Client, RequestBuilder, Response as Received};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::tls::{Certificate, Identity};

pub use error::{HttpError, HttpProblem};
#[cfg(feature = "oci")]
pub(crate) use exchange::{Exchange, Exchanged, Method};
pub use secret::{Secret, SecretError};
pub use settings::SettingsError;

/// How long the first pause before another attempt is, where the server doesn't say; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// How many times a request is sent on to another address.
const MOST_REDIRECTS: usize = 5;

/// How much of an answer with an error is kept, in bytes.
const ERROR_BODY_BYTES: u64 = 64 * 1024;

/// How a client is set up.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long one attempt may take, from connecting to the last byte of the answer.
    pub timeout: Duration,
    /// How long all attempts may take together, with the pauses between them.
    pub patience: Duration,
    /// How many times a request is repeated at most.
    pub retries: u32,
    /// How long an answer may be, in bytes.
    pub response_limit: u64,
    /// What tells the server who asks.
    pub authentication: Authentication,
    /// Further headers of every request.
    pub headers: Vec<(String, String)>,
    /// Certificates in PEM, the only ones that are trusted to vouch for a server; none for those of the system.
    pub authorities: Option<Vec<u8>>,
    /// The client's own certificate and its key, both in PEM, one after the other.
    pub identity: Option<Secret>,
    /// Whether the proxies that environment variables name are used (`HTTPS_PROXY`, `NO_PROXY` and the like).
    pub proxies_of_environment: bool,
}

impl Default for HttpOptions {
    /// 5 s to connect, 30 s an attempt, a minute for all, three repetitions, 64 MiB; nobody in particular asks.
    fn default() -> HttpOptions {
        HttpOptions {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            patience: Duration::from_secs(60),
            retries: 3,
            response_limit: 64 << 20,
            authentication: Authentication::None,
            headers: Vec::new(),
            authorities: None,
            identity: None,
            proxies_of_environment: false,
        }
    }
}

/// What tells the server who asks.
#[derive(Debug, Clone, Default)]
pub enum Authentication {
    /// Nothing.
    #[default]
    None,
    /// A bearer token.
    Bearer(Secret),
    /// A name and a password.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// A question to a server.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    url: String,
    query: Vec<(String, String)>,
    form: Option<Vec<(String, String)>>,
    headers: Vec<(String, String)>,
}

impl HttpRequest {
    /// Asks with GET.
    #[must_use]
    pub fn get(url: impl Into<String>) -> HttpRequest {
        HttpRequest { url: url.into(), query: Vec::new(), form: None, headers: Vec::new() }
    }

    /// Asks with POST and a form, for questions that are too long for an address. Not for deeds: it may be sent again.
    #[must_use]
    pub fn post_form(url: impl Into<String>, form: Vec<(String, String)>) -> HttpRequest {
        HttpRequest { form: Some(form), ..HttpRequest::get(url) }
    }

    /// Adds a field to the address.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> HttpRequest {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header to this request alone.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> HttpRequest {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// What a server answered, with a status of success.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// The status: 200 to 299, or 304.
    pub status: u16,
    /// The type of the content.
    pub content_type: Option<String>,
    /// The headers whose values are texts, by their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: Vec<u8>,
}

/// Asks servers. Clones share connections; any number of threads may use one.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: Client,
    options: HttpOptions,
    headers: HeaderMap,
}

impl HttpClient {
    /// Sets up a client. Nothing is sent.
    ///
    /// # Errors
    /// When a certificate, a key or a header is not one, or the system has no certificates that could vouch for a server.
    pub fn new(options: HttpOptions) -> Result<HttpClient, HttpError> {
        // Another part of the program may have chosen its cryptography already; then that one serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let headers = headers(&options.headers)?;
        let client = match client(&options, false) {
            // Without certificates of the system, servers can be asked that show none.
            Err(_) if options.authorities.is_none() => client(&options, true),
            built => built,
        };
        Ok(HttpClient { client: client?, options, headers })
    }

    /// Asks, again if need be, and reads the answer.
    ///
    /// # Errors
    /// When the server can't be reached, doesn't answer in time, breaks off, says too much, or answers with anything but a
    /// status of success.
    pub fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = address(&request.url)?;
        let end = Instant::now().checked_add(self.options.patience);
        let mut pause = FIRST_PAUSE;
        for attempt in 0.. {
            let left = end.map_or(self.options.timeout, |end| end.saturating_duration_since(Instant::now()));
            let error = match self.attempt(&url, request, left.min(self.options.timeout)) {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let wait = error.asks_for().unwrap_or(pause);
            let left = end.map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()));
            if !error.may_pass() || attempt >= self.options.retries || wait >= left {
                return Err(error.after(attempt.saturating_add(1)));
            }
            thread::sleep(wait);
            pause = pause.saturating_mul(2);
        }
        // The loop has no end of its own.
        Err(HttpError::new(url.as_str(), HttpProblem::Setup { reason: "no attempt was made".to_owned() }))
    }

    fn attempt(
        &self,
        url: &Url,
        request: &HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, HttpError> {
        let end = Instant::now().checked_add(timeout);
        let sent = self.prepared(url, request)?.timeout(timeout).send();
        let received = sent.map_err(|error| HttpError::of_sending(url.as_str(), &error, timeout))?;
        let status = received.status();
        let broken = |problem| HttpError::new(url.as_str(), problem);
        if !status.is_success() && status.as_u16() != 304 {
            let wait = asked_to_wait(received.headers());
            // What can be read of an explanation is enough.
            let body = read(received, ERROR_BODY_BYTES, end, timeout).unwrap_or_default();
            return Err(broken(HttpProblem::Status { status: status.as_u16(), body, wait }));
        }
        let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        let named = |(name, value): (&HeaderName, &HeaderValue)| Some((name.to_string(), text(value)?));
        Ok(HttpResponse {
            status: status.as_u16(),
            content_type: received.headers().get(CONTENT_TYPE).and_then(text),
            headers: received.headers().iter().filter_map(named).collect(),
            body: read(received, self.options.response_limit, end, timeout).map_err(broken)?,
        })
    }

    /// The request, with all that goes with it.
    fn prepared(&self, url: &Url, request: &HttpRequest) -> Result<RequestBuilder, HttpError> {
        let builder = match &request.form {
            None => self.client.get(url.clone()),
            Some(form) => self.client.post(url.clone()).form(form),
        };
        let builder = if request.query.is_empty() { builder } else { builder.query(&request.query) };
        let builder = builder.headers(self.headers.clone()).headers(headers(&request.headers)?);
        Ok(match &self.options.authentication {
            Authentication::None => builder,
            Authentication::Bearer(token) => builder.bearer_auth(token.reveal()),
            Authentication::Basic { user, password } => builder.basic_auth(user, Some(password.reveal())),
        })
    }
}

/// Builds the client proper; with `no_authorities`, it trusts no certificate.
fn client(options: &HttpOptions, no_authorities: bool) -> Result<Client, HttpError> {
    let wrong = |what: &str, error: &dyn std::fmt::Display| {
        HttpError::new("", HttpProblem::Setup { reason: format!("{what}: {error}") })
    };
    let mut builder = Client::builder()
        .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(options.connect_timeout)
        .retry(reqwest::retry::never())
        .redirect(Policy::custom(redirect(!options.headers.is_empty())));
    if !options.proxies_of_environment {
        builder = builder.no_proxy();
    }
    if let Some(pem) = &options.authorities {
        let certificates = Certificate::from_pem_bundle(pem)
            .map_err(|error| wrong("the authorities' certificates can't be read", &error))?;
        if certificates.is_empty() {
            return Err(wrong("the authorities' certificates can't be read", &"there is none in PEM"));
        }
        builder = builder.tls_certs_only(certificates);
    } else if no_authorities {
        builder = builder.tls_certs_only([]);
    }
    if let Some(pem) = &options.identity {
        // What the library says could quote the key.
        let identity = Identity::from_pem(pem.reveal().as_bytes()).map_err(|_| {
            wrong("the client's certificate can't be read", &"a certificate and its key in PEM are wanted")
        })?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|error| wrong("TLS can't be set up", &error::innermost(&error)))
}

/// Follows what leads on without giving anything away: never from HTTPS to HTTP and, with headers of one's own, never to
/// another host. Credentials go to no other host in any case.
fn redirect(own_headers: bool) -> impl Fn(Attempt<'_>) -> Action + Send + Sync {
    move |attempt| {
        let Some(last) = attempt.previous().last() else { return attempt.follow() };
        let downgraded = last.scheme() == "https" && attempt.url().scheme() != "https";
        let elsewhere = last.host() != attempt.url().host();
        if attempt.previous().len() > MOST_REDIRECTS {
            attempt.error("it is sent on too many times")
        } else if downgraded || (own_headers && elsewhere) {
            attempt.stop()
        } else {
            attempt.follow()
        }
    }
}

/// The address of a request.
fn address(text: &str) -> Result<Url, HttpError> {
    let invalid = |reason: &str| {
        // A password in an address must not be shown.
        let shown = if text.contains('@') { "the address" } else { text };
        Err(HttpError::new(shown, HttpProblem::InvalidUrl { reason: reason.to_owned() }))
    };
    match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => invalid("it is neither http nor https"),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            invalid("it holds a name or a password, and addresses are shown")
        }
        Ok(url) => Ok(url),
        Err(error) => invalid(&error.to_string()),
    }
}

fn headers(named: &[(String, String)]) -> Result<HeaderMap, HttpError> {
    let mut headers = HeaderMap::new();
    for (name, value) in named {
        // The value may be a secret, so it isn't shown.
        let wrong = || HttpProblem::Setup { reason: format!("`{name}` can't be a header with this value") };
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HttpError::new("", wrong()))?;
        let value = HeaderValue::from_str(value).map_err(|_| HttpError::new("", wrong()))?;
        headers.append(key, value);
    }
    Ok(headers)
}

/// How long a server asks to wait: seconds, or an instant that its own clock gives a meaning to.
fn asked_to_wait(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let instant = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|time| time.timestamp());
    let until = instant(text)?.duration_since(instant(headers.get(DATE)?.to_str().ok()?)?);
    Some(Duration::try_from(until).unwrap_or(Duration::ZERO))
}

/// Reads an answer to its end, at most `limit` bytes.
fn read(
    mut received: Received,
    limit: u64,
    end: Option<Instant>,
    timeout: Duration,
) -> Result<Vec<u8>, HttpProblem> {
    let mut body = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    let is_over = || end.is_some_and(|end| Instant::now() >= end);
    loop {
        // A server that sends a byte now and then is never silent for long, so the time is looked at here, too.
        if is_over() {
            return Err(HttpProblem::TimedOut { after: timeout });
        }
        let length = received.read(&mut piece).map_err(|error| match is_over() {
            // The library says in several ways that time is over.
            true => HttpProblem::TimedOut { after: timeout },
            false => HttpProblem::of_reading(&error, timeout),
        })?;
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(piece.get(..length).unwrap_or_default());
        if body.len() as u64 > limit {
            return Err(HttpProblem::TooLong { limit });
        }
    }
}

#[cfg(any(feature = "alertmanager", feature = "prometheus"))]
/// What to say of an answer of `url` that its API, as people call it, does not give.
pub(crate) fn not_the_api(url: &str, api: &str, error: &serde_json::Error) -> String {
    let why = match error.is_data() {
        true => format!("says something else than the {api} does"),
        false => "answers with no JSON".to_owned(),
    };
    format!("`{url}` {why}: {error}")
}

#[cfg(test)]
mod tests;
