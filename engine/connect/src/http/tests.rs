use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

use super::*;

/// Answers one connection after the other with these bytes, and tells what was asked.
fn server(answers: Vec<String>) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let (sender, asked) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            drop(sender.send(head(&stream)));
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    (url, asked)
}

/// The head of a request.
fn head(stream: &TcpStream) -> String {
    let mut head = String::new();
    let mut lines = BufReader::new(stream);
    while lines.read_line(&mut head).unwrap_or(0) > 2 {}
    head
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn ask(options: HttpOptions, answers: Vec<String>) -> (Result<HttpResponse, HttpError>, Vec<String>) {
    let (url, asked) = server(answers);
    let response = HttpClient::new(options).unwrap().send(&HttpRequest::get(url).query("q", "a secret"));
    (response, asked.try_iter().collect())
}

fn impatient() -> HttpOptions {
    HttpOptions {
        timeout: Duration::from_millis(500),
        patience: Duration::from_secs(2),
        ..HttpOptions::default()
    }
}

/// The text, with the port that changes from run to run taken out.
fn told(error: &HttpError) -> String {
    let text = format!("{error}\nhelp: {}", error.help());
    let (before, after) = text.split_once("127.0.0.1:").unwrap();
    format!("{before}HOST{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[test]
fn an_answer_comes_with_its_type_and_status() {
    let (response, asked) = ask(impatient(), vec![answer("200 OK", "Content-Type: text/plain\r\n", "well")]);
    let response = response.unwrap();
    assert_eq!((response.status, response.content_type.as_deref()), (200, Some("text/plain")));
    assert_eq!(response.body, b"well");
    assert!(asked[0].starts_with("GET /api?q=a+secret HTTP/1.1\r\n"), "{}", asked[0]);
}

#[test]
fn a_server_that_asks_to_wait_is_asked_again_then() {
    let (response, asked) = ask(
        impatient(),
        vec![
            answer("429 Too Many Requests", "Retry-After: 0\r\n", ""),
            answer(
                "503 Service Unavailable",
                "Date: Thu, 26 Nov 2026 10:00:00 GMT\r\nRetry-After: Thu, 26 Nov 2026 10:00:01 GMT\r\n",
                "",
            ),
            answer("200 OK", "", "now"),
        ],
    );
    assert_eq!(response.unwrap().body, b"now");
    assert_eq!(asked.len(), 3);
}

#[test]
fn one_that_asks_for_more_patience_than_there_is_is_not_waited_for() {
    let (response, asked) =
        ask(impatient(), vec![answer("503 Service Unavailable", "Retry-After: 3600\r\n", "at work")]);
    let error = response.unwrap_err();
    assert!(!error.is_input());
    assert_eq!(
        told(&error),
        "`http://HOST/api` answers with status 503 (Service Unavailable), asking to wait 3600 s: at work\n\
         help: ask again later, or less often"
    );
    assert_eq!(asked.len(), 1);
}

#[test]
fn a_refusal_is_not_argued_with_and_shows_no_secret() {
    let options =
        HttpOptions { authentication: Authentication::Bearer(Secret::new("hush\n")), ..impatient() };
    let debug = format!("{options:?}");
    let (response, asked) =
        ask(options, vec![answer("401 Unauthorized", "", "no"), answer("200 OK", "", "never asked")]);
    let error = response.unwrap_err();
    assert!(error.is_input());
    assert_eq!(
        told(&error),
        "`http://HOST/api` answers with status 401 (Unauthorized): no\n\
         help: look at the credentials: whether they are there, are right and are allowed to ask this"
    );
    assert_eq!(asked.len(), 1);
    assert!(asked[0].to_lowercase().contains("\r\nauthorization: bearer hush\r\n"), "{}", asked[0]);
    assert!(!debug.contains("hush"), "{debug}");
}

#[test]
fn a_name_and_a_password_and_headers_go_with_the_question() {
    let options = HttpOptions {
        authentication: Authentication::Basic { user: "me".to_owned(), password: Secret::new("pw") },
        headers: vec![("X-Scope-OrgID".to_owned(), "team".to_owned())],
        ..impatient()
    };
    let (_, asked) = ask(options, vec![answer("200 OK", "", "")]);
    let head = asked[0].to_lowercase();
    assert!(asked[0].contains(" Basic bWU6cHc=\r\n"), "{head}");
    assert!(head.contains("\r\nx-scope-orgid: team\r\n"), "{head}");
}

#[test]
fn answers_have_an_end() {
    let options = HttpOptions { response_limit: 10, ..impatient() };
    let (response, _) = ask(options, vec![answer("200 OK", "", "more than ten bytes")]);
    assert_eq!(
        told(&response.unwrap_err()),
        "the answer of `http://HOST/api` is longer than 10 bytes\nhelp: ask for less at a time"
    );
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf".to_owned();
    let (response, asked) = ask(impatient(), vec![cut, answer("200 OK", "", "whole")]);
    assert_eq!(response.unwrap().body, b"whole");
    assert_eq!(asked.len(), 2);
}

#[test]
fn a_server_that_says_nothing_or_little_by_little_is_left_in_time() {
    for little in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            head(&stream);
            if little {
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"));
            }
            for _ in 0..100 {
                thread::sleep(Duration::from_millis(50));
                if little && stream.write_all(b"x").is_err() {
                    return;
                }
            }
        });
        let began = Instant::now();
        let error = HttpClient::new(impatient()).unwrap().send(&HttpRequest::get(url)).unwrap_err();
        assert_eq!(
            told(&error),
            "`http://HOST/api` didn't answer within 0.5 s\nhelp: look at the server's load, or allow it more time"
        );
        assert!(began.elapsed() < Duration::from_secs(2));
    }
}

#[test]
fn nobody_there_is_said_after_a_few_attempts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    drop(listener);
    let options = HttpOptions { retries: 1, ..impatient() };
    let error = HttpClient::new(options).unwrap().send(&HttpRequest::get(url)).unwrap_err();
    let text = told(&error);
    assert!(text.starts_with("`http://HOST/api` can't be reached: "), "{text}");
    assert!(text.contains("; 2 attempts were made\nhelp: look whether the server runs"), "{text}");
}

#[test]
fn headers_of_ones_own_go_to_no_other_host() {
    let (other, asked_other) = server(vec![answer("200 OK", "", "elsewhere")]);
    let other = other.replace("127.0.0.1", "localhost");
    let moved = answer("302 Found", &format!("Location: {other}\r\n"), "");
    let options =
        HttpOptions { headers: vec![("X-Scope-OrgID".to_owned(), "team".to_owned())], ..impatient() };
    let (response, _) = ask(options, vec![moved]);
    assert!(matches!(response.unwrap_err().problem(), HttpProblem::Status { status: 302, .. }));
    assert_eq!(asked_other.try_iter().count(), 0);
}

#[test]
fn what_is_no_address_is_refused_without_showing_a_password() {
    let client = HttpClient::new(HttpOptions::default()).unwrap();
    let check = |url: &str, expected: &str| {
        let error = client.send(&HttpRequest::get(url)).unwrap_err();
        assert!(error.is_input());
        assert_eq!(error.to_string(), expected);
    };
    check("prometheus:9090", "`prometheus:9090` is no address to ask: it is neither http nor https");
    check("nowhere", "`nowhere` is no address to ask: relative URL without a base");
    check(
        "http://me:pw@host/",
        "`the address` is no address to ask: it holds a name or a password, and addresses are shown",
    );
}

#[test]
fn what_is_no_certificate_is_refused() {
    let check = |options: HttpOptions, expected: &str| {
        assert_eq!(HttpClient::new(options).unwrap_err().to_string(), expected);
    };
    check(
        HttpOptions { authorities: Some(b"nonsense".to_vec()), ..HttpOptions::default() },
        "the authorities' certificates can't be read: there is none in PEM",
    );
    check(
        HttpOptions { identity: Some(Secret::new("nonsense")), ..HttpOptions::default() },
        "the client's certificate can't be read: a certificate and its key in PEM are wanted",
    );
    check(
        HttpOptions { headers: vec![("a b".to_owned(), "c".to_owned())], ..HttpOptions::default() },
        "`a b` can't be a header with this value",
    );
}
