//! What is wrong with JSON, in words for people who know the line already.

use serde_json::Error;
use serde_json::error::Category;

/// What is wrong with a line of JSON, and at which column. Its own number of the line is left out: the parser sees one line
/// only, and would call each the first.
pub(crate) fn told(error: &Error) -> String {
    let text = error.to_string();
    let column = error.column();
    let told = match text.strip_suffix(&format!(" at line {} column {column}", error.line())) {
        Some(what) => format!("{what} at column {column}"),
        None => text,
    };
    match error.classify() {
        Category::Syntax | Category::Eof => format!("not JSON: {told}"),
        Category::Data | Category::Io => told,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn faults_of_json_are_told_by_their_column() {
        let check = |line: &str, expected: &str| {
            let error = serde_json::from_str::<BTreeMap<String, bool>>(line).unwrap_err();
            assert_eq!(told(&error), expected, "{line}");
        };
        check("hello", "not JSON: expected value at column 1");
        check("{\"a\":true", "not JSON: EOF while parsing an object at column 9");
        check("{\"a\":true} {", "not JSON: trailing characters at column 12");
        check("{\"a\":1}", "invalid type: integer `1`, expected a boolean at column 6");
        let error = serde_json::from_value::<bool>(serde_json::json!(1)).unwrap_err();
        assert_eq!(told(&error), "invalid type: integer `1`, expected a boolean");
    }
}
