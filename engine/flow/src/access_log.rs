//! Access logs in the combined format of Apache httpd and nginx, with further fields behind it if the source names them.
//!
//! A line is an event of type `weir.http.request`. Its data: `remote`, `user`, `method`, `path` (without the query),
//! `query`, `protocol`, `status`, `bytes`, `referer`, `user-agent`, and what the source calls the fields that follow.

use std::collections::BTreeSet;

use weir_model::event::HTTP_REQUEST;

use crate::blocks::{Stretch, is_blank, stretches, text_lines};
use crate::columns::{Scalar, Slots};
use crate::number;
use crate::plan::Plan;
use crate::projection::SlotIdx;
use crate::rows::{Arrival, Rows};

mod quick;

pub(crate) use quick::Stamps;

/// An access log as a plan reads it.
#[derive(Debug)]
pub(crate) struct Layout {
    /// How many fields follow the combined format.
    after: usize,
    /// What all events of the log have in common, for the slots that want it.
    constants: Vec<(SlotIdx, String)>,
    /// Where the time goes as a text, when a calculator wants it.
    time: Option<SlotIdx>,
    /// Where the fields of a line go.
    fields: Vec<(SlotIdx, Field)>,
    /// The number of the service whose log it is, when some request is about it.
    service: Option<u32>,
    slots: usize,
}

/// A field of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Remote,
    User,
    Method,
    Path,
    Query,
    Protocol,
    Status,
    Bytes,
    Referer,
    UserAgent,
    /// One of those that follow the combined format.
    After(usize),
}

impl Layout {
    pub(crate) fn new(plan: &Plan, file: &str, service: &str, fields_after: &[String]) -> Layout {
        let mut layout = Layout {
            after: fields_after.len(),
            constants: Vec::new(),
            time: None,
            fields: Vec::new(),
            service: plan.service(service),
            slots: plan.projection.names().len(),
        };
        let wanted = plan.columns.iter().map(|(slot, _)| *slot).collect::<BTreeSet<SlotIdx>>();
        for slot in wanted {
            match plan.projection.names().get(slot).map_or("", String::as_str) {
                "type" => layout.constants.push((slot, HTTP_REQUEST.to_owned())),
                "source" => layout.constants.push((slot, file.to_owned())),
                "subject" => layout.constants.push((slot, service.to_owned())),
                "time" => layout.time = Some(slot),
                name => {
                    let field = name.strip_prefix("data.").and_then(|name| Field::named(name, fields_after));
                    layout.fields.extend(field.map(|field| (slot, field)));
                }
            }
        }
        layout
    }

    /// Reads whole lines: the fast way, if there are stamps to remember.
    pub(crate) fn decode(&self, bytes: &[u8], plan: &Plan, mut stamps: Option<&mut Stamps>, rows: &mut Rows) {
        let mut slots = Vec::new();
        let mut following = Vec::new();
        for stretch in stretches(bytes) {
            match stretch {
                Stretch::Text(text) => {
                    for line in text_lines(text) {
                        rows.lines += 1;
                        let quick = stamps.as_deref_mut();
                        let quick =
                            quick.and_then(|stamps| quick::parse(line, self.after, &mut following, stamps));
                        if let Some(line) = quick {
                            self.arrive(&line, plan, &mut slots, rows);
                            following = line.after;
                        } else if !is_blank(line.as_bytes()) {
                            self.arrive_in_full(line, plan, rows);
                        }
                    }
                }
                Stretch::Line(line) => {
                    rows.lines += 1;
                    // Bytes that are no UTF-8 do occur in user agents; they lose nothing that is counted.
                    self.arrive_in_full(&String::from_utf8_lossy(line), plan, rows);
                }
            }
        }
    }

    /// Reads one line with the full parser.
    fn arrive_in_full(&self, line: &str, plan: &Plan, rows: &mut Rows) {
        match parse(line, self.after) {
            Ok(line) => self.arrive(&line, plan, &mut Vec::new(), rows),
            Err(reason) => rows.refuse(reason),
        }
    }

    fn arrive<'e>(&'e self, line: &Line<'e>, plan: &Plan, slots: &mut Slots<'e>, rows: &mut Rows) {
        let arrival =
            Arrival { fingerprint: None, time: line.time, kind: HTTP_REQUEST, service: self.service };
        if self.service.is_some() && plan.on_time(line.time) {
            self.fill(line, slots);
        }
        rows.arrive(plan, &arrival, slots, || Err("lines of access logs are not kept whole".to_owned()));
    }

    fn fill<'e>(&'e self, line: &Line<'e>, slots: &mut Slots<'e>) {
        slots.clear();
        slots.resize(self.slots, None);
        let mut put = |slot: SlotIdx, value: Option<Scalar<&'e str>>| {
            if let Some(place) = slots.get_mut(slot) {
                *place = value;
            }
        };
        for (slot, text) in &self.constants {
            put(*slot, Some(Scalar::Text(text)));
        }
        if let Some(slot) = self.time {
            put(slot, Some(Scalar::Instant(line.time)));
        }
        for (slot, field) in &self.fields {
            put(*slot, line.field(*field));
        }
    }
}

impl Field {
    /// The field that an event's data has under this name.
    fn named(name: &str, fields_after: &[String]) -> Option<Field> {
        Some(match name {
            "remote" => Field::Remote,
            "user" => Field::User,
            "method" => Field::Method,
            "path" => Field::Path,
            "query" => Field::Query,
            "protocol" => Field::Protocol,
            "status" => Field::Status,
            "bytes" => Field::Bytes,
            "referer" => Field::Referer,
            "user-agent" => Field::UserAgent,
            other => Field::After(fields_after.iter().position(|name| name == other)?),
        })
    }
}

/// The fields of one line.
#[derive(Debug, PartialEq)]
pub(crate) struct Line<'e> {
    /// Milliseconds since 1970.
    pub(crate) time: i64,
    remote: &'e str,
    user: &'e str,
    request: &'e str,
    status: &'e str,
    bytes: &'e str,
    referer: &'e str,
    user_agent: &'e str,
    after: Vec<&'e str>,
}

/// Reads one line; `after` is how many fields follow the combined format.
pub(crate) fn parse(line: &str, after: usize) -> Result<Line<'_>, String> {
    let mut rest = Rest { text: line };
    let remote = rest.word("the remote address")?;
    rest.word("the identity, usually `-`")?;
    let user = rest.word("the user")?;
    let time = parse_time(rest.between('[', ']', "the time in brackets")?)?;
    let request = rest.quoted("the request")?;
    let status = rest.word("the status")?;
    let bytes = rest.word("the size")?;
    let referer = rest.quoted("the referer")?;
    let user_agent = rest.quoted("the user agent")?;
    let mut following = Vec::with_capacity(after);
    for _ in 0..after {
        following.push(rest.word_or_quoted("a field after the combined format")?);
    }
    if rest.text.trim().is_empty() {
        Ok(Line { time, remote, user, request, status, bytes, referer, user_agent, after: following })
    } else {
        Err(format!(
            "`{}` follows the last field; name it in the source's `fields-after`",
            rest.text.trim().chars().take(40).collect::<String>()
        ))
    }
}

impl<'e> Line<'e> {
    /// The value of a field of the event's data.
    fn field(&self, field: Field) -> Option<Scalar<&'e str>> {
        match field {
            Field::Remote => text(self.remote),
            Field::User => text(self.user),
            Field::Method => self.request_parts().and_then(|[method, _, _]| text(method)),
            Field::Path => text(self.target().split('?').next().unwrap_or_default()),
            Field::Query => self.target().split_once('?').and_then(|(_, query)| text(query)),
            Field::Protocol => self.request_parts().and_then(|[_, _, protocol]| text(protocol)),
            Field::Status => scalar(self.status),
            Field::Bytes => scalar(self.bytes),
            Field::Referer => text(self.referer),
            Field::UserAgent => text(self.user_agent),
            Field::After(position) => scalar(self.after.get(position)?),
        }
    }

    /// The value of the field `name` of the event's data; `names` are the fields that follow the combined format.
    #[cfg(test)]
    fn data(&self, name: &str, names: &[String]) -> Option<Scalar<&'e str>> {
        self.field(Field::named(name, names)?)
    }

    /// Method, target and protocol. A request that does not have these three parts is noise on the port: it has a path
    /// only, the whole of what was sent.
    fn request_parts(&self) -> Option<[&'e str; 3]> {
        let mut parts = self.request.split(' ');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(method), Some(target), Some(protocol), None) => Some([method, target, protocol]),
            _ => None,
        }
    }

    fn target(&self) -> &'e str {
        self.request_parts().map_or(self.request, |[_, target, _]| target)
    }
}

/// `-` stands for a value that is not there.
fn text(value: &str) -> Option<Scalar<&str>> {
    if value.is_empty() || value == "-" { None } else { Some(Scalar::Text(value)) }
}

fn scalar(value: &str) -> Option<Scalar<&str>> {
    if let Some(number) = number::usual_text(value) {
        return Some(number);
    }
    if let Ok(integer) = value.parse::<i64>() {
        return Some(Scalar::Integer(integer));
    }
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => Some(Scalar::Number(number)),
        Ok(_) | Err(_) => text(value),
    }
}

/// What of the line is still to be read.
struct Rest<'e> {
    text: &'e str,
}

impl<'e> Rest<'e> {
    fn word(&mut self, what: &str) -> Result<&'e str, String> {
        let text = self.text.trim_start_matches(' ');
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        if word.is_empty() {
            return Err(format!("the line ends where {what} should be"));
        }
        self.text = rest;
        Ok(word)
    }

    fn between(&mut self, open: char, close: char, what: &str) -> Result<&'e str, String> {
        let text = self.text.trim_start_matches(' ');
        let inner =
            text.strip_prefix(open).ok_or_else(|| format!("expected {what} at `{}`", start_of(text)))?;
        let (inner, rest) = inner.split_once(close).ok_or_else(|| format!("the line ends inside {what}"))?;
        self.text = rest;
        Ok(inner)
    }

    /// Text in double quotes, in which a backslash takes the next character with it.
    fn quoted(&mut self, what: &str) -> Result<&'e str, String> {
        let text = self.text.trim_start_matches(' ');
        let inner = text
            .strip_prefix('"')
            .ok_or_else(|| format!("expected {what} in quotes at `{}`", start_of(text)))?;
        let mut escaped = false;
        for (at, byte) in inner.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    // A quote is one byte long, so both halves start and end at characters.
                    let (value, rest) = inner.split_at(at);
                    self.text = rest.strip_prefix('"').unwrap_or(rest);
                    return Ok(value);
                }
                _ => {}
            }
        }
        Err(format!("the line ends inside {what}"))
    }

    fn word_or_quoted(&mut self, what: &str) -> Result<&'e str, String> {
        if self.text.trim_start_matches(' ').starts_with('"') { self.quoted(what) } else { self.word(what) }
    }
}

fn start_of(text: &str) -> String {
    text.chars().take(20).collect()
}

/// `24/Nov/2026:11:58:03 +0000` in milliseconds since 1970.
fn parse_time(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is not a time such as `24/Nov/2026:11:58:03 +0000`");
    let (stamp, zone) = text.split_once(' ').ok_or_else(wrong)?;
    let mut parts = stamp.split(['/', ':']);
    let mut next = || parts.next().ok_or_else(wrong);
    let (day, month, year) = (digits(next()?, 2), month(next()?), digits(next()?, 4));
    let (hour, minute, second) = (digits(next()?, 2), digits(next()?, 2), digits(next()?, 2));
    if parts.next().is_some() {
        return Err(wrong());
    }
    let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) =
        (year, month, day, hour, minute, second)
    else {
        return Err(wrong());
    };
    let small = |value: i16| i8::try_from(value).map_err(|_| wrong());
    // Servers write a leap second as :60, which civil time does not know; it is the last second of its minute.
    let date_time = jiff::civil::DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second.min(59))?,
        0,
    )
    .map_err(|_| wrong())?;
    let (sign, digits) = match zone.split_at_checked(1) {
        Some(("+", digits)) => (1, digits),
        Some(("-", digits)) => (-1, digits),
        _ => return Err(wrong()),
    };
    let offset = i32::from(self::digits(digits, 4).ok_or_else(wrong)?);
    let seconds = sign * ((offset / 100) * 3600 + (offset % 100) * 60);
    let offset = jiff::tz::Offset::from_seconds(seconds).map_err(|_| wrong())?;
    Ok(offset.to_timestamp(date_time).map_err(|_| wrong())?.as_millisecond())
}

/// A number of exactly so many decimal digits.
fn digits(digits: &str, length: usize) -> Option<i16> {
    if digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().ok()
    } else {
        None
    }
}

fn month(name: &str) -> Option<i16> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let position = MONTHS.iter().position(|month| *month == name)?;
    i16::try_from(position + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"10.0.0.7 - ada [24/Nov/2026:11:58:03 +0100] "GET /api/items?page=2 HTTP/1.1" 503 512 "-" "a \"b\" c" 0.250"#;

    #[test]
    fn a_line_has_the_fields_of_the_format() {
        let names = vec!["duration".to_owned()];
        let line = parse(LINE, 1).unwrap();
        assert_eq!(line.time, "2026-11-24T10:58:03Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let field = |name: &str| line.data(name, &names);
        assert_eq!(field("user"), Some(Scalar::Text("ada")));
        assert_eq!(field("method"), Some(Scalar::Text("GET")));
        assert_eq!(field("path"), Some(Scalar::Text("/api/items")));
        assert_eq!(field("query"), Some(Scalar::Text("page=2")));
        assert_eq!(field("status"), Some(Scalar::Integer(503)));
        assert_eq!(field("duration"), Some(Scalar::Number(0.25)));
        assert_eq!(field("user-agent"), Some(Scalar::Text(r#"a \"b\" c"#)));
        assert_eq!(field("referer"), None);
        assert_eq!(field("nothing"), None);
    }

    #[test]
    fn noise_on_the_port_is_a_path() {
        let line =
            parse(r#"10.0.0.7 - - [24/Nov/2026:11:58:03 +0000] "\x16\x03\x01" 400 0 "-" "-""#, 0).unwrap();
        assert_eq!(line.data("method", &[]), None);
        assert_eq!(line.data("path", &[]), Some(Scalar::Text(r"\x16\x03\x01")));
    }

    #[test]
    fn wrong_lines_say_what_is_wrong() {
        let check = |line: &str, part: &str| {
            let error = parse(line, 0).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        check("", "the line ends where the remote address should be");
        check(LINE, "`0.250` follows the last field");
        check(r#"a - - [24/Nov/2026:11:58 +0000] "" 1 1 "" """#, "is not a time");
        check(r#"a - - [31/Feb/2026:11:58:03 +0000] "" 1 1 "" """#, "is not a time");
        check(r#"a - - [24/Nov/2026:11:58:03 +0000] "GET / HT"#, "ends inside the request");
        check(r#"a - - 24/Nov/2026 "x""#, "expected the time in brackets");
    }
}
