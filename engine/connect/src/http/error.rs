//! Why a server gave no answer: what happened, and what to do about it.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use weir_model::SourceError;

/// Why there is no answer. Its text says which address, what happened and, where more than one attempt was made, how many;
/// [`help`](HttpError::help) says what to do. Neither holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpError {
    url: String,
    problem: HttpProblem,
    attempts: u32,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpProblem {
    /// The address is not one.
    InvalidUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// The client can't be set up as it was asked for.
    Setup {
        /// What is wrong.
        reason: String,
    },
    /// No connection came about.
    Unreachable {
        /// What the system says.
        reason: String,
    },
    /// The server's certificate is not trusted, or the server trusts ours as little.
    Untrusted {
        /// What is wrong with it.
        reason: String,
    },
    /// There was no complete answer in time.
    TimedOut {
        /// How long the attempt was given.
        after: Duration,
    },
    /// The connection ended before the answer did, or what came is no HTTP.
    BrokenOff {
        /// What the system says.
        reason: String,
    },
    /// The answer is longer than is allowed.
    TooLong {
        /// How long it may be, in bytes.
        limit: u64,
    },
    /// The server answers that it does not answer.
    Status {
        /// The status.
        status: u16,
        /// What it says about it.
        body: Vec<u8>,
        /// How long it asks to wait.
        wait: Option<Duration>,
    },
}

impl HttpError {
    /// `url` is shown without what follows a `?`, which may hold a secret.
    pub(super) fn new(url: &str, problem: HttpProblem) -> HttpError {
        let url = url.split_once('?').map_or(url, |(address, _)| address).to_owned();
        HttpError { url, problem, attempts: 1 }
    }

    /// What an error of the library means.
    pub(super) fn of_sending(url: &str, error: &reqwest::Error, timeout: Duration) -> HttpError {
        let reason = innermost(error);
        let problem = if let Some(reason) = tls_reason(error) {
            HttpProblem::Untrusted { reason }
        } else if error.is_connect() && error.is_timeout() {
            HttpProblem::Unreachable { reason: "it took too long to connect".to_owned() }
        } else if error.is_timeout() {
            HttpProblem::TimedOut { after: timeout }
        } else if error.is_connect() {
            HttpProblem::Unreachable { reason }
        } else if error.is_builder() {
            HttpProblem::Setup { reason }
        } else {
            HttpProblem::BrokenOff { reason }
        };
        HttpError::new(url, problem)
    }

    /// The address that was asked, without its query.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What happened.
    #[must_use]
    pub fn problem(&self) -> &HttpProblem {
        &self.problem
    }

    /// Whether something that was asked for is wrong, so that it will fail again until that is changed: the address,
    /// certificates, credentials, or the request itself.
    #[must_use]
    pub fn is_input(&self) -> bool {
        match &self.problem {
            HttpProblem::InvalidUrl { .. } | HttpProblem::Setup { .. } | HttpProblem::Untrusted { .. } => {
                true
            }
            HttpProblem::Status { status, .. } => {
                (300..500).contains(status) && !matches!(status, 408 | 425 | 429)
            }
            HttpProblem::Unreachable { .. }
            | HttpProblem::TimedOut { .. }
            | HttpProblem::BrokenOff { .. }
            | HttpProblem::TooLong { .. } => false,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match &self.problem {
            HttpProblem::InvalidUrl { .. } => {
                "write an address such as `https://prometheus.example.org`; credentials have keys of their own"
            }
            HttpProblem::Setup { .. } => "correct what is said of the connection",
            HttpProblem::Unreachable { .. } => {
                "look whether the server runs, whether the address and its port are right, and whether this machine may reach it"
            }
            HttpProblem::Untrusted { .. } => {
                "name the file with the certificate of the authority that vouches for the server, and use the host's name that its certificate has"
            }
            HttpProblem::TimedOut { .. } => "look at the server's load, or allow it more time",
            HttpProblem::BrokenOff { .. } => {
                "look whether the server was stopped, and whether it speaks HTTP at this address"
            }
            HttpProblem::TooLong { .. } => "ask for less at a time",
            HttpProblem::Status { status, .. } => match status {
                301..=399 => {
                    "use the address that it sends on to; a header of one's own goes to no other host"
                }
                401 | 403 => {
                    "look at the credentials: whether they are there, are right and are allowed to ask this"
                }
                404 | 405 => "look at the path of the address",
                429 | 503 => "ask again later, or less often",
                400..=499 => "look at the address and at what was asked",
                _ => "look at the server's log",
            },
        }
    }

    /// Whether asking again might help.
    pub(super) fn may_pass(&self) -> bool {
        match &self.problem {
            HttpProblem::Unreachable { .. } | HttpProblem::BrokenOff { .. } => true,
            HttpProblem::Status { status, .. } => matches!(status, 429 | 502 | 503 | 504),
            HttpProblem::InvalidUrl { .. }
            | HttpProblem::Setup { .. }
            | HttpProblem::Untrusted { .. }
            | HttpProblem::TimedOut { .. }
            | HttpProblem::TooLong { .. } => false,
        }
    }

    /// How long the server asks to wait.
    pub(super) fn asks_for(&self) -> Option<Duration> {
        match &self.problem {
            HttpProblem::Status { wait, .. } => *wait,
            _ => None,
        }
    }

    pub(super) fn after(self, attempts: u32) -> HttpError {
        HttpError { attempts, ..self }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.url;
        match &self.problem {
            HttpProblem::InvalidUrl { reason } => write!(f, "`{url}` is no address to ask: {reason}")?,
            HttpProblem::Setup { reason } if url.is_empty() => f.write_str(reason)?,
            HttpProblem::Setup { reason } => write!(f, "`{url}` can't be asked: {reason}")?,
            HttpProblem::Unreachable { reason } => write!(f, "`{url}` can't be reached: {reason}")?,
            HttpProblem::Untrusted { reason } => write!(f, "`{url}` is not trusted: {reason}")?,
            HttpProblem::TimedOut { after } => {
                write!(f, "`{url}` didn't answer within {}", seconds(*after))?;
            }
            HttpProblem::BrokenOff { reason } => write!(f, "the answer of `{url}` broke off: {reason}")?,
            HttpProblem::TooLong { limit } => {
                write!(f, "the answer of `{url}` is longer than {limit} bytes")?;
            }
            HttpProblem::Status { status, body, wait } => {
                write!(f, "`{url}` answers with status {status}")?;
                if let Some(name) =
                    reqwest::StatusCode::from_u16(*status).ok().and_then(|s| s.canonical_reason())
                {
                    write!(f, " ({name})")?;
                }
                if let Some(wait) = wait {
                    write!(f, ", asking to wait {}", seconds(*wait))?;
                }
                if let Some(excerpt) = excerpt(body) {
                    write!(f, ": {excerpt}")?;
                }
            }
        }
        if self.attempts > 1 {
            write!(f, "; {} attempts were made", self.attempts)?;
        }
        Ok(())
    }
}

impl Error for HttpError {}

impl From<&HttpError> for SourceError {
    fn from(error: &HttpError) -> SourceError {
        if error.is_input() {
            SourceError::wrong(error.to_string(), error.help())
        } else {
            SourceError::Unknown(format!("{error}; {}", error.help()))
        }
    }
}

impl HttpProblem {
    /// What an error while an answer was read means.
    pub(super) fn of_reading(error: &io::Error, timeout: Duration) -> HttpProblem {
        let library = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
        if error.kind() == io::ErrorKind::TimedOut || library.is_some_and(reqwest::Error::is_timeout) {
            return HttpProblem::TimedOut { after: timeout };
        }
        let reason = library.map_or_else(|| error.to_string(), |library| innermost(library));
        HttpProblem::BrokenOff { reason }
    }
}

fn seconds(time: Duration) -> String {
    let text = format!("{:.1}", time.as_secs_f64());
    format!("{} s", text.strip_suffix(".0").unwrap_or(&text))
}

/// The beginning of what a server says, on one line; none where it isn't text.
fn excerpt(body: &[u8]) -> Option<String> {
    const LONGEST: usize = 200;
    let text = std::str::from_utf8(body).ok()?;
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    if line.is_empty() || line.starts_with('<') {
        return None;
    }
    let mut shown: String = line.chars().take(LONGEST).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    Some(shown)
}

/// What lies at the bottom of an error, which is what people can do something about.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = beneath(last) {
        last = source;
    }
    last.to_string()
}

/// What a failure of TLS says, when there is one beneath the error.
fn tls_reason(error: &(dyn Error + 'static)) -> Option<String> {
    let mut last = Some(error);
    while let Some(error) = last {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls.to_string());
        }
        last = beneath(error);
    }
    None
}

/// The cause of an error. What an `io::Error` was made of is its cause, and it doesn't say so itself.
fn beneath<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let made_of = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match made_of {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}
