//! Servers that are slow, busy, broken or not who they say they are: each is said to be so, within a bounded time, and no
//! change goes out on what they did not say.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::fake::{Fake, answer};
use super::programs::{Program, free_port, missing};
use super::{project, slo};
use crate::support::Project;

const COUNTERS: &str = "[sli.prometheus]\nbad = 'requests_total{code=~\"5..\"}'\nvalid = 'requests_total'";

/// Asks the gate about what a server knows that answers like this, and holds its exit code and what it says against what is
/// expected. The port is that of the server.
#[track_caller]
pub(super) fn refused(
    answer: impl Fn(&super::fake::Asked) -> Vec<u8> + Send + 'static,
    project: impl Fn(u16) -> Project,
    code: i32,
    expected: &str,
) {
    let server = Fake::start(answer);
    let project = project(server.port());
    let began = Instant::now();
    let run = project.weir(&["gate", "my-service", "--at", "2026-01-01T12:00:00Z"]);
    assert!(began.elapsed() < Duration::from_secs(20), "it took {:?}", began.elapsed());
    let told = format!("{}{}", run.stdout, run.stderr).replace(&server.port().to_string(), "PORT");
    assert!(
        run.code == code && told.contains(expected),
        "expected {code} and {expected:?}, got {} and {told}",
        run.code
    );
}

/// As [`refused`], about counts.
#[track_caller]
fn check(answer: impl Fn(&super::fake::Asked) -> Vec<u8> + Send + 'static, code: i32, expected: &str) {
    let counting =
        |port| project(&format!("http://127.0.0.1:{port}"), "timeout = \"1s\"", &slo("sli", COUNTERS, ""));
    refused(answer, counting, code, expected);
}

fn says(body: &str) -> impl Fn(&super::fake::Asked) -> Vec<u8> + Send + 'static {
    let body = body.to_owned();
    move |_| answer("200 OK", "Content-Type: application/json\r\n", &body)
}

#[test]
fn nonsense_is_no_answer() {
    let series = |values: &str| {
        format!(
            "{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{{\"metric\":{{\"__name__\":\
             \"requests_total\"}},\"values\":{values}}}]}}}}"
        )
    };
    check(says("<html>hello</html>"), 3, "answers with no JSON");
    check(says("{\"status\":\"success\""), 3, "answers with no JSON");
    check(says("[]"), 3, "says something else than the query API does");
    check(
        says("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":7}}"),
        3,
        "says something else",
    );
    check(says(&series("[[1,2,3]]")), 3, "says something else");
    check(says(&series("[[1767265200,7]]")), 3, "says something else");
    check(says(&series("[[1e300,\"7\"]]")), 3, "an instant is out of range");
    check(says(&series("[[1767265200,\"NaN\"]]")), 3, "`sli` has no events");
    check(
        says(&series("[[1767265200,\"+Inf\"]]")),
        2,
        "`requests_total{}` is no counter of events: a sample is +Inf",
    );
    check(says(&series("[[1767265200,\"0.5\"]]")), 2, "is no counter of events: a sample is 0.5");
    check(says(&series("[[1767265200,\"-3\"]]")), 2, "is no counter of events: a sample is -3");
    check(
        says("{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}"),
        3,
        "answers with a vector where samples were asked for",
    );
    check(
        says(
            "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]},\"warnings\":[\"store down\"]}",
        ),
        3,
        "warns that its answer may not be whole: store down",
    );
    check(
        says(
            "{\"status\":\"success\",\"isPartial\":true,\"data\":{\"resultType\":\"matrix\",\"result\":[]}}",
        ),
        3,
        "says that its answer is only a part",
    );
    check(says("{\"status\":\"success\"}"), 3, "answers without data");
}

#[test]
fn refusals_are_passed_on() {
    check(
        |_| answer("404 Not Found", "", "nothing here"),
        2,
        "status 404 (Not Found): nothing here\nhelp: look at the path",
    );
    check(
        |_| answer("401 Unauthorized", "", ""),
        2,
        "status 401 (Unauthorized)\nhelp: look at the credentials",
    );
    check(
        |_| answer("429 Too Many Requests", "Retry-After: 900\r\n", ""),
        3,
        "asking to wait 900 s; ask again later",
    );
    check(
        |_| answer("503 Service Unavailable", "Retry-After: 900\r\n", ""),
        3,
        "asking to wait 900 s; ask again later",
    );
    check(
        |_| {
            let body = "{\"status\":\"error\",\"errorType\":\"execution\",\"error\":\"too many samples\"}";
            answer("422 Unprocessable Entity", "", body)
        },
        3,
        "doesn't answer `requests_total[300000ms]`: too many samples",
    );
}

#[test]
fn a_server_that_is_busy_for_a_moment_is_asked_again() {
    let asked = AtomicU32::new(0);
    let busy = move |_: &super::fake::Asked| {
        if asked.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return answer("503 Service Unavailable", "Retry-After: 0\r\n", "");
        }
        answer("200 OK", "", "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}")
    };
    check(busy, 3, "`sli` has no events");
}

#[test]
fn too_much_at_once_is_asked_for_piece_by_piece() {
    // Nothing longer than an hour is answered; what is answered says what was asked for.
    let limited = |kind: &'static str| {
        move |asked: &super::fake::Asked| {
            let range = asked.body.split("%5B").nth(1).and_then(|rest| rest.split("ms").next());
            if range.and_then(|text| text.parse::<u64>().ok()).is_none_or(|length| length > 3_600_000) {
                let body = format!(
                    "{{\"status\":\"error\",\"errorType\":\"{kind}\",\"error\":\"too many samples\"}}"
                );
                return answer("422 Unprocessable Entity", "", &body);
            }
            assert!(asked.line.starts_with("POST /api/v1/query "), "{}", asked.line);
            let time = asked.body.split("time=").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
            let seconds = time.split('.').next().unwrap();
            let body = format!(
                "{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{{\"metric\":{{}},\"values\":\
             [[{seconds},\"5\"]]}}]}}}}"
            );
            answer("200 OK", "", &body)
        }
    };
    // The one is what Prometheus says, the other VictoriaMetrics.
    for kind in ["execution", "422"] {
        check(limited(kind), 3, "`sli` has no valid events in its window");
    }
}

#[test]
fn a_server_that_is_slow_or_breaks_off_is_left() {
    let slow = |_: &super::fake::Asked| {
        std::thread::sleep(Duration::from_millis(1500));
        Vec::new()
    };
    check(slow, 3, "didn't answer within 1 s; look at the server's load, or allow it more time");
    check(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"status\"".to_vec(), 3, "broke off");
    check(|_| b"SSH-2.0-x\r\n".to_vec(), 3, "broke off");
    let nobody = free_port();
    let project =
        project(&format!("http://127.0.0.1:{nobody}"), "timeout = \"1s\"", &slo("sli", COUNTERS, ""));
    let run = project.weir(&["gate", "my-service", "--at", "2026-01-01T12:00:00Z"]);
    assert!(run.code == 3 && run.stdout.contains("can't be reached"), "{}{}", run.stdout, run.stderr);
}

#[test]
fn what_a_project_says_of_a_server_is_checked_before_it_is_asked() {
    let check = |source: &str, sli: &str, expected: &str| {
        let project = Project::new();
        project.write(
            "weir.toml",
            format!("[project]\nname = \"shop\"\n\n[[source]]\nname = \"metrics\"\n{source}\n"),
        );
        project.write(
            "services/my-service.toml",
            format!("[service]\nname = \"my-service\"\nowner = \"team\"\n\n[[sli]]\nname = \"sli\"\n{sli}\n"),
        );
        let run = project.weir(&["slo", "status"]);
        assert!(
            run.code == 2 && run.stderr.contains(expected),
            "{expected}: {} {}{}",
            run.code,
            run.stdout,
            run.stderr
        );
    };
    let server = "format = \"prometheus\"\nurl = \"http://127.0.0.1:9\"";
    let sli = &format!("source = \"metrics\"\n{COUNTERS}");
    check(
        "format = \"prometheus\"\nurl = \"me:pw@host\"",
        sli,
        "begins neither with `http://` nor with `https://`",
    );
    check("format = \"prometheus\"\nurl = \"http://me:pw@host\"", sli, "holds more than a host and a path");
    check("format = \"prometheus\"\npaths = [\"x\"]", sli, "lacks `url`");
    check(
        "format = \"cloudevents\"\npaths = [\"events/*\"]\nurl = \"http://x\"",
        sli,
        "`url` has no meaning for files",
    );
    check("format = \"cloudevents\"\npaths = [\"events/*\"]", sli, "has events (cloudevents), and no counts");
    check(server, &format!("source = \"metric\"\n{COUNTERS}"), "there is no source `metric`");
    check(server, "source = \"metrics\"", "doesn't say what its source counts");
    check(
        server,
        &format!("source = \"metrics\"\nplugin = \"availability\"\n{COUNTERS}"),
        "`plugin` has no meaning beside `source`",
    );
    check(
        server,
        "source = \"metrics\"\nprometheus = { error-ratio = 'a[$window]' }",
        "nothing that can be counted",
    );
    check(
        server,
        "source = \"metrics\"\nprometheus = { bad = 'a', valid = 'b[$window]' }",
        "one is a counter and one an expression",
    );
    check(
        server,
        "source = \"metrics\"\nprometheus = { bad = 'a', valid = 'b', unit = \"events\" }",
        "no meaning without expressions",
    );
    check(
        server,
        "source = \"metrics\"\nprometheus.histogram = { metric = '{a=\"b\"}', threshold = \"1\" }",
        "no histogram with a name",
    );
    check(
        server,
        "source = \"metrics\"\nprometheus.histogram = { metric = 'a', threshold = \"fast\" }",
        "no bound of a bucket",
    );
    check(&format!("{server}\nconnection = {{ user = \"me\" }}"), sli, "a name without a password");
    check(
        &format!("{server}\nconnection = {{ token-file = \"a\", token-variable = \"B\" }}"),
        sli,
        "`token-variable` has no meaning beside `token-file`",
    );
}

#[test]
fn a_secret_that_is_not_there_is_named_by_its_place() {
    let check = |connection: &str, expected: &str| {
        let project = project("http://127.0.0.1:9", connection, &slo("sli", COUNTERS, ""));
        let run = project.weir(&["slo", "status"]);
        assert!(run.code == 2 && run.stderr.contains(expected), "{}{}", run.stdout, run.stderr);
    };
    check(
        "token-variable = \"NO_SUCH_TOKEN\"",
        "the environment variable `NO_SUCH_TOKEN` holds nothing\nhelp: ",
    );
    check("token-file = \"no-such-file\"", "no-such-file` can't be read: ");
    check("ca-file = \"weir.toml\"", "the authorities' certificates can't be read: ");
}

/// A web server with TLS that asks for a password, before nothing but an empty answer.
const NGINX: &str = r#"
daemon off; master_process off; pid FOLDER/pid; error_log FOLDER/error.log;
events {}
http {
    access_log off; client_body_temp_path FOLDER/t1; proxy_temp_path FOLDER/t2; fastcgi_temp_path FOLDER/t3;
    uwsgi_temp_path FOLDER/t4; scgi_temp_path FOLDER/t5;
    server { listen 127.0.0.1:PLAIN; location / { return 200; } }
    server {
        listen 127.0.0.1:PORT ssl; ssl_certificate FOLDER/leaf.pem; ssl_certificate_key FOLDER/leaf.key;
        location /prom/ {
            auth_basic "metrics"; auth_basic_user_file FOLDER/users; error_page 405 = @answer; try_files /none @answer;
        }
        location @answer {
            default_type application/json;
            return 200 '{"status":"success","data":{"resultType":"matrix","result":[]}}';
        }
    }
}
"#;

#[test]
fn a_certificate_is_trusted_where_its_authority_is() {
    if missing("TLS before a server", &["nginx", "openssl"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &str| {
        let run =
            Command::new("openssl").args(arguments.split(' ')).current_dir(folder.path()).output().unwrap();
        assert!(run.status.success(), "{arguments}: {}", String::from_utf8_lossy(&run.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"));
    openssl(&format!("req {key} -subj /CN=server -keyout leaf.key -out leaf.csr"));
    std::fs::write(
        folder.path().join("leaf.ext"),
        "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
    )
    .unwrap();
    openssl(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile leaf.ext -out leaf.pem",
    );
    std::fs::write(folder.path().join("users"), "me:{PLAIN}hush-hush\n").unwrap();
    let (plain, port) = (free_port(), free_port());
    let configuration = NGINX
        .replace("FOLDER", folder.path().to_str().unwrap())
        .replace("PLAIN", &plain.to_string())
        .replace("PORT", &port.to_string());
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, configuration).unwrap();
    let mut command = Command::new("/usr/sbin/nginx");
    let _server = Program::start(
        command.arg("-c").arg(&file).arg("-e").arg(folder.path().join("error.log")),
        plain,
        "/",
    );

    let authority = format!("ca-file = \"{}\"\n", folder.path().join("ca.pem").display());
    let user = "user = \"me\"\npassword-file = \"password\"\n";
    let check = |connection: &str, password: &str, code: i32, expected: &str| {
        let project =
            project(&format!("https://127.0.0.1:{port}/prom"), connection, &slo("sli", COUNTERS, ""));
        project.write("password", password);
        let run = project.weir(&["gate", "my-service", "--at", "2026-01-01T12:00:00Z"]);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(run.code == code && told.contains(expected), "{code}, {expected}: {} {told}", run.code);
        assert!(!told.contains("hush"), "{told}");
    };
    check(&format!("{authority}{user}"), "hush-hush\n", 3, "`sli` has no events");
    check(&format!("{authority}{user}"), "hush-wrong\n", 2, "answers with status 401 (Unauthorized)");
    check(&authority, "", 2, "answers with status 401 (Unauthorized)");
    check(user, "hush-hush\n", 2, "is not trusted: invalid peer certificate: UnknownIssuer");
}
