//! How a server is reached, and what tells it who asks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Code;
use crate::file::Problems;
use crate::value::{Duration, Text};

/// How a server is reached, and what tells it who asks. Secrets stand in files or environment variables, never here. A path
/// may be absolute; others are relative to the project.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Connection {
    /// The file that holds a bearer token.
    pub token_file: Option<Text>,
    /// The environment variable that holds a bearer token.
    pub token_variable: Option<Text>,
    /// The name to log in with.
    pub user: Option<Text>,
    /// The file that holds the password.
    pub password_file: Option<Text>,
    /// The environment variable that holds the password.
    pub password_variable: Option<Text>,
    /// A file with certificates in PEM: the only authorities that are trusted to vouch for the server, in place of the
    /// system's.
    pub ca_file: Option<Text>,
    /// A file with the client's own certificate and its key, both in PEM.
    pub certificate_file: Option<Text>,
    /// Further headers, such as the one that names a tenant. No place for secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How long an answer may take; 30 s unless said otherwise.
    pub timeout: Option<Duration>,
}

impl Connection {
    /// Reports what makes no sense together. `table` is the pointer to the connection.
    pub(crate) fn check(&self, table: &str, problems: &mut Problems<'_>) {
        let token = [("token-file", &self.token_file), ("token-variable", &self.token_variable)];
        let password =
            [("password-file", &self.password_file), ("password-variable", &self.password_variable)];
        let written = |keys: [(&'static str, &Option<Text>); 2]| {
            keys.into_iter().filter(|(_, value)| value.is_some()).map(|(key, _)| key).collect::<Vec<_>>()
        };
        let (token, password) = (written(token), written(password));
        if let [one, other] = token.as_slice() {
            needless(problems, table, other, one, "there is one token");
        }
        if let [one, other] = password.as_slice() {
            needless(problems, table, other, one, "there is one password");
        }
        if let (Some(token), Some(_)) = (token.first(), &self.user) {
            needless(problems, table, token, "user", "a server is told in one way who asks");
        }
        let missing = match (&self.user, password.first()) {
            (Some(_), None) => {
                Some(("user", "a name without a password", "add `password-file` or `password-variable`"))
            }
            (None, Some(key)) => Some((*key, "a password without a name", "add `user`")),
            _ => None,
        };
        if let Some((key, message, help)) = missing {
            let diagnostic = problems.at(Code::MissingKey, &format!("{table}/{key}"), message).help(help);
            problems.push(diagnostic);
        }
    }
}

fn needless(problems: &mut Problems<'_>, table: &str, key: &str, beside: &str, why: &str) {
    let message = format!("`{key}` has no meaning beside `{beside}`");
    let diagnostic = problems
        .at(Code::NeedlessKey, &format!("{table}/{key}"), message)
        .help(format!("remove one of them: {why}"))
        .related(problems.span(&format!("{table}/{beside}")), "this one");
    problems.push(diagnostic);
}
