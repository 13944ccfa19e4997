//! The query API: questions, and answers that make sense.

use serde::de::{DeserializeOwned, IgnoredAny};
use weir_model::SourceError;

use super::Stretch;
use super::answer::{Answer, Matrix, Series};
use crate::http::{HttpClient, HttpError, HttpProblem, HttpRequest, not_the_api};

/// A server, by the address that its own paths follow.
pub(super) struct Server<'c> {
    client: &'c HttpClient,
    url: &'c str,
}

/// Why a question has no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It was too much at once; about less time there may be one.
    TooMuch(String),
    /// There is none.
    Error(SourceError),
}

impl Trouble {
    pub(super) fn into_error(self) -> SourceError {
        match self {
            Trouble::TooMuch(why) => SourceError::Unknown(why),
            Trouble::Error(error) => error,
        }
    }
}

impl From<SourceError> for Trouble {
    fn from(error: SourceError) -> Trouble {
        Trouble::Error(error)
    }
}

impl<'c> Server<'c> {
    pub(super) fn new(client: &'c HttpClient, url: &'c str) -> Server<'c> {
        Server { client, url: url.trim_end_matches('/') }
    }

    /// The samples of some series as they are stored, from one instant to another (milliseconds since 1970). Whether a sample
    /// at `from` itself is among them depends on the server.
    pub(super) fn samples(&self, selector: &str, from: i64, until: i64) -> Result<Vec<Series>, Trouble> {
        let length = until.saturating_sub(from);
        let query = format!("{selector}[{length}ms]");
        let mut series =
            self.matrix("query", vec![("query".to_owned(), query), ("time".to_owned(), seconds(until))])?;
        // Where a series ends, a mark is stored that is not a number. Prometheus leaves it out, VictoriaMetrics doesn't.
        series.iter_mut().for_each(|series| series.values.retain(|(_, value)| value != "NaN"));
        Ok(series)
    }

    /// The values of an expression at even distances, in seconds.
    pub(super) fn values(
        &self,
        expression: &str,
        first: i64,
        last: i64,
        step: i64,
    ) -> Result<Vec<Series>, Trouble> {
        let fields =
            [("query", expression.to_owned()), ("start", first.to_string()), ("end", last.to_string())];
        let fields = fields.into_iter().chain([("step", step.to_string())]);
        self.matrix("query_range", fields.map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The values that a label has in some series.
    pub(super) fn label_values(
        &self,
        label: &str,
        selector: &str,
        stretch: &Stretch,
    ) -> Result<Vec<String>, Trouble> {
        let request = HttpRequest::get(format!("{}/api/v1/label/{label}/values", self.url))
            .query("match[]", selector)
            .query("start", seconds(stretch.from.as_millisecond()))
            .query("end", seconds(stretch.until.as_millisecond()));
        self.ask(&denying_partial(request), selector)
    }

    fn matrix(&self, path: &str, mut fields: Vec<(String, String)>) -> Result<Vec<Series>, Trouble> {
        let query = fields.first().map(|(_, query)| query.clone()).unwrap_or_default();
        // Thanos and VictoriaMetrics can be told to give nothing rather than a part; others pass over it.
        fields.push(("partial_response".to_owned(), "false".to_owned()));
        fields.push(("deny_partial_response".to_owned(), "1".to_owned()));
        let matrix: Matrix =
            self.ask(&HttpRequest::post_form(format!("{}/api/v1/{path}", self.url), fields), &query)?;
        if matrix.kind == "matrix" {
            return Ok(matrix.result);
        }
        let why =
            format!("`{}` answers with a {} where samples were asked for", self.url, short(&matrix.kind));
        Err(Trouble::Error(SourceError::Unknown(why)))
    }

    /// Asks, and takes only an answer that is whole.
    fn ask<T: DeserializeOwned>(&self, request: &HttpRequest, query: &str) -> Result<T, Trouble> {
        let response = self.client.send(request).map_err(|error| self.refusal(&error, query))?;
        let unknown = |why: String| Err(Trouble::Error(SourceError::Unknown(why)));
        let answer: Answer<T> = match serde_json::from_slice(&response.body) {
            Ok(answer) => answer,
            Err(error) => return unknown(not_the_api(self.url, "query API", &error)),
        };
        if answer.status != "success" {
            return Err(self.said(&answer.error_type, &answer.error, query));
        }
        if let Some(warning) = answer.warnings.first() {
            return unknown(format!(
                "`{}` warns that its answer may not be whole: {}",
                self.url,
                short(warning)
            ));
        }
        if answer.is_partial {
            return unknown(format!("`{}` says that its answer is only a part", self.url));
        }
        match answer.data {
            Some(data) => Ok(data),
            None => unknown(format!("`{}` answers without data", self.url)),
        }
    }

    /// What a failed request means for the question.
    fn refusal(&self, error: &HttpError, query: &str) -> Trouble {
        if let HttpProblem::TooLong { .. } = error.problem() {
            return Trouble::TooMuch(error.to_string());
        }
        if let HttpProblem::Status { status, body, .. } = error.problem()
            && matches!(status, 400 | 413 | 422 | 500 | 503)
            && let Ok(answer) = serde_json::from_slice::<Answer<IgnoredAny>>(body)
            && answer.status == "error"
        {
            return self.said(&answer.error_type, &answer.error, query);
        }
        Trouble::Error(error.into())
    }

    /// What the server says of a question that it does not answer.
    fn said(&self, kind: &str, error: &str, query: &str) -> Trouble {
        let message = format!("`{}` doesn't answer `{}`: {}", self.url, short(query), short(error));
        // VictoriaMetrics gives the status of its answer for a kind.
        match kind {
            "bad_data" | "400" => {
                let help = "correct the query in `[sli.prometheus]`, and try it in the server's own console";
                Trouble::Error(SourceError::wrong(message, help))
            }
            // Limits on samples, on time and on the length of a query have many texts.
            "execution" | "timeout" | "too_many_requests" | "422" => Trouble::TooMuch(message),
            _ => Trouble::Error(SourceError::Unknown(message)),
        }
    }
}

fn denying_partial(request: HttpRequest) -> HttpRequest {
    request.query("partial_response", "false").query("deny_partial_response", "1")
}

/// Milliseconds as the seconds that the API takes.
fn seconds(milliseconds: i64) -> String {
    format!("{}.{:03}", milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000))
}

/// The beginning of a text of another system, on one line.
pub(super) fn short(text: &str) -> String {
    const LONGEST: usize = 300;
    let text = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let shown: String = text.clone().take(LONGEST).collect();
    if text.count() > LONGEST { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_before_1970_are_written_as_they_are() {
        assert_eq!(seconds(1_790_000_000_123), "1790000000.123");
        assert_eq!(seconds(5), "0.005");
    }
}
