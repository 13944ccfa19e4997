//! Alerts that an Alertmanager knows of now, by version 2 of its API.
//!
//! It tells of every alert that fires, silenced and inhibited ones too, and of none that is over: what fired before and fires
//! no longer is only in the notifications of its webhook.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use weir_model::SourceError;
use weir_model::value::Instant;

use crate::http::{HttpClient, HttpProblem, HttpRequest, not_the_api};

/// What the API says of an alert and its reader can't do without.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what is read is read elsewhere: here it only has to be there")]
struct Alert {
    fingerprint: String,
    labels: BTreeMap<String, String>,
    starts_at: Instant,
    status: Status,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "as above")]
struct Status {
    state: State,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Active,
    Suppressed,
    Unprocessed,
}

/// The path of the API at the address `url`, for people to see what is asked.
#[must_use]
pub fn address(url: &str) -> String {
    format!("{}/api/v2/alerts", url.trim_end_matches('/'))
}

/// Asks the Alertmanager at `url` for its alerts, and gives them as it told them, one a line.
///
/// # Errors
/// When it can't be asked, or answers with anything else.
pub fn alerts(client: &HttpClient, url: &str) -> Result<Vec<u8>, SourceError> {
    let all = ["active", "silenced", "inhibited", "unprocessed"];
    let request =
        all.iter().fold(HttpRequest::get(address(url)), |request, kind| request.query(*kind, "true"));
    let response = client.send(&request).map_err(|error| match error.problem() {
        // Which alerts there are is nothing that could be asked in pieces.
        HttpProblem::TooLong { .. } => SourceError::Unknown(error.to_string()),
        _ => SourceError::from(&error),
    })?;
    let nonsense = |error: serde_json::Error| {
        SourceError::Unknown(not_the_api(&address(url), "API of Alertmanager", &error))
    };
    serde_json::from_slice::<Vec<Alert>>(&response.body).map_err(nonsense)?;
    let alerts: Vec<Value> = serde_json::from_slice(&response.body).map_err(nonsense)?;
    Ok(alerts.iter().map(|alert| format!("{alert}\n")).collect::<String>().into_bytes())
}
