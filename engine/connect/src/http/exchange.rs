//! One request with any method and any answer, for protocols that say more than question and answer do: they look at
//! statuses and headers themselves.

use std::time::Instant;

use super::{HttpClient, HttpError, HttpProblem, address, asked_to_wait, headers, read};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Post,
    Put,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) method: Method,
    pub(crate) url: String,
    /// Fields that are added to those of the address.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    /// How long the answer may be, in bytes.
    pub(crate) limit: u64,
}

impl Exchange {
    /// A request without anything.
    pub(crate) fn new(method: Method, url: &str) -> Exchange {
        let url = url.to_owned();
        Exchange { method, url, query: Vec::new(), headers: Vec::new(), body: None, limit: 0 }
    }
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Exchanged {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    headers: reqwest::header::HeaderMap,
}

impl Exchanged {
    /// A header's text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The answer, if its status is one of success.
    pub(crate) fn success(self, url: &str) -> Result<Exchanged, HttpError> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let wait = asked_to_wait(&self.headers);
        Err(HttpError::new(url, HttpProblem::Status { status: self.status, body: self.body, wait }))
    }
}

impl HttpClient {
    /// Asks once. `authorization` goes to the address itself, and to no other host that it may lead on to.
    ///
    /// # Errors
    /// When there is no answer, or a longer one than is allowed.
    pub(crate) fn exchange(
        &self,
        exchange: &Exchange,
        authorization: Option<&str>,
    ) -> Result<Exchanged, HttpError> {
        let url = address(&exchange.url)?;
        let timeout = self.options.timeout;
        let end = Instant::now().checked_add(timeout);
        let method = match exchange.method {
            Method::Get => reqwest::Method::GET,
            Method::Head => reqwest::Method::HEAD,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let mut request = self.client.request(method, url.clone()).headers(headers(&exchange.headers)?);
        if !exchange.query.is_empty() {
            request = request.query(&exchange.query);
        }
        if let Some(value) = authorization {
            let own = [("authorization".to_owned(), value.to_owned())];
            request = request.headers(headers(&own)?);
        }
        if let Some(body) = &exchange.body {
            request = request.body(body.clone());
        }
        let received = request.timeout(timeout).send();
        let received = received.map_err(|error| HttpError::of_sending(url.as_str(), &error, timeout))?;
        let (status, headers) = (received.status().as_u16(), received.headers().clone());
        // A refusal explains itself, at more length than the answer that was hoped for.
        let limit = if received.status().is_success() { exchange.limit } else { super::ERROR_BODY_BYTES };
        let body =
            read(received, limit, end, timeout).map_err(|problem| HttpError::new(url.as_str(), problem))?;
        Ok(Exchanged { status, body, headers })
    }
}
