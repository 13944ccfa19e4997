//! Asking one registry about one repository.

use crate::http::{Exchange, Exchanged, HttpClient, Method};

use super::credentials::Credentials;
use super::reference::{Reference, is_on_this_machine};
use super::{OciError, OciOptions};

/// How long a token server's answer may be, in bytes.
const TOKEN_LIMIT: u64 = 256 << 10;

/// A conversation with a registry.
#[derive(Debug)]
pub(super) struct Session {
    client: HttpClient,
    /// Scheme, host and port.
    origin: String,
    /// What stands before the parts of the repository in all addresses.
    base: String,
    /// What tokens are for.
    scope: String,
    credentials: Option<Credentials>,
    plain_http: bool,
    /// What the registry wanted to be told about who asks.
    authorization: Option<String>,
}

impl Session {
    /// Begins a conversation. Nothing is sent.
    pub(super) fn new(
        client: HttpClient,
        reference: &Reference,
        options: &OciOptions,
        actions: &str,
    ) -> Session {
        let is_plain = options.plain_http || reference.is_on_this_machine();
        let scheme = if is_plain { "http" } else { "https" };
        let origin = format!("{scheme}://{}", reference.host());
        Session {
            client,
            base: format!("{origin}/v2/{}", reference.repository()),
            origin,
            scope: format!("repository:{}:{actions}", reference.repository()),
            credentials: options.credentials.clone(),
            plain_http: options.plain_http,
            authorization: None,
        }
    }

    /// The address of a part of the repository.
    pub(super) fn address(&self, part: &str) -> String {
        format!("{}/{part}", self.base)
    }

    /// The address that the registry means by a `Location`.
    pub(super) fn located(&self, location: &str) -> String {
        if location.starts_with('/') { format!("{}{location}", self.origin) } else { location.to_owned() }
    }

    /// Asks; where the registry wants to know who asks, once more with that.
    ///
    /// # Errors
    /// When it can't be asked, or no token is to be had. A status of refusal is none here.
    pub(super) fn ask(&mut self, exchange: &Exchange) -> Result<Exchanged, OciError> {
        let answer = self.send(exchange)?;
        if answer.status != 401 || !self.is_own(&exchange.url) {
            return Ok(answer);
        }
        let Some(challenge) = answer.header("www-authenticate").map(str::to_owned) else { return Ok(answer) };
        match self.authorize(&challenge)? {
            Some(authorization) if self.authorization.as_ref() != Some(&authorization) => {
                self.authorization = Some(authorization);
                self.send(exchange)
            }
            _ => Ok(answer),
        }
    }

    /// As [`ask`](Session::ask), but any status of refusal is an error.
    ///
    /// # Errors
    /// When it can't be asked, or refuses.
    pub(super) fn have(&mut self, exchange: &Exchange) -> Result<Exchanged, OciError> {
        Ok(self.ask(exchange)?.success(&exchange.url)?)
    }

    fn send(&self, exchange: &Exchange) -> Result<Exchanged, OciError> {
        // Uploads may go elsewhere, and nobody there needs to know.
        let authorization = self.authorization.as_deref().filter(|_| self.is_own(&exchange.url));
        Ok(self.client.exchange(exchange, authorization)?)
    }

    /// Whether an address is one of the registry itself.
    fn is_own(&self, url: &str) -> bool {
        url.strip_prefix(&self.origin).is_some_and(|rest| rest.starts_with('/'))
    }

    /// What to tell the registry about who asks; none when there is nothing to tell.
    fn authorize(&self, challenge: &str) -> Result<Option<String>, OciError> {
        if let Some(Credentials::Token(token)) = &self.credentials {
            return Ok(Some(format!("Bearer {}", token.reveal())));
        }
        let (scheme, parameters) = challenge.split_once(' ').unwrap_or((challenge, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Ok(self.password());
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Ok(None);
        }
        let parameters = parameters_of(parameters);
        let find = |name: &str| {
            parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let Some(realm) = find("realm") else { return Ok(None) };
        self.check_realm(realm)?;
        let mut query = vec![("scope".to_owned(), self.scope.clone())];
        query.extend(find("service").map(|service| ("service".to_owned(), service.clone())));
        let question = Exchange { query, limit: TOKEN_LIMIT, ..Exchange::new(Method::Get, realm) };
        let answer = self.client.exchange(&question, self.password().as_deref())?.success(realm)?;
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let token = ["token", "access_token"].iter().find_map(|key| answer.get(key)?.as_str());
        Ok(token.map(|token| format!("Bearer {token}")))
    }

    fn password(&self) -> Option<String> {
        use base64::Engine as _;
        match &self.credentials {
            Some(Credentials::Password { user, password }) => {
                let pair = format!("{user}:{}", password.reveal());
                Some(format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair)))
            }
            Some(Credentials::Token(_)) | None => None,
        }
    }

    /// Refuses a server for tokens to which nothing may be said in the clear.
    fn check_realm(&self, realm: &str) -> Result<(), OciError> {
        let is_local = |rest: &str| rest.split(['/', '?']).next().is_some_and(is_on_this_machine);
        match realm.strip_prefix("http://") {
            Some(rest) if !self.plain_http && !is_local(rest) => Err(OciError::Unsafe(format!(
                "`{}` has tokens given out over plain HTTP, by `{realm}`; nothing was sent there",
                self.origin
            ))),
            _ => Ok(()),
        }
    }
}

/// The parameters of a challenge: `name="value"` or `name=value`, with commas between them.
fn parameters_of(text: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',']).to_owned();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        parameters.push((name, value.trim().to_owned()));
        rest = after;
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_with_and_without_quotes() {
        let check = |text: &str, expected: &[(&str, &str)]| {
            let found = parameters_of(text);
            let found: Vec<(&str, &str)> = found.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        };
        check(
            r#"realm="https://a/token?x=1,2",service="registry, the", scope=pull"#,
            &[("realm", "https://a/token?x=1,2"), ("service", "registry, the"), ("scope", "pull")],
        );
        check("realm=a, service=b", &[("realm", "a"), ("service", "b")]);
        check(r#"realm="unfinished"#, &[("realm", "unfinished")]);
        check("", &[]);
    }
}
