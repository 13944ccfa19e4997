//! A registry that takes nothing but tokens, and the server that gives them out, as the large registries have it.
//!
//! The tokens are JSON Web Tokens, signed by RSA with SHA-256; `openssl` makes keys and signatures.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Registry, add, found, plugin, push, serve};
use crate::support::{Project, Run, weir_with};

/// Who may do what, with the password.
const USERS: [(&str, &str, &[&str]); 2] =
    [("me", "s3cret", &["pull", "push"]), ("reader", "sesame", &["pull"])];

/// What the server for tokens was asked, as user and scope; the user is empty where none was named.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// A registry with its server for tokens. None where one of the tools is not installed.
fn start() -> Option<(Registry, Asked)> {
    let keys = tempfile::tempdir().unwrap();
    let (key, certificate) = (keys.path().join("key.pem"), keys.path().join("certificate.pem"));
    let new = "req -x509 -newkey rsa:2048 -nodes -days 2 -sha256 -subj /CN=tokens -outform PEM";
    let files = ["-keyout", key.to_str().unwrap(), "-out", certificate.to_str().unwrap()];
    if openssl(&[&new.split(' ').collect::<Vec<_>>()[..], &files].concat(), b"").is_none() {
        eprintln!("left out: openssl is not installed");
        return None;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let realm = format!("http://127.0.0.1:{}/token", listener.local_addr().unwrap().port());
    let registry = Registry::start_with(|_| {
        format!(
            "auth: {{token: {{realm: \"{realm}\", service: registry, issuer: tokens, rootcertbundle: {}}}}}\n",
            certificate.display()
        )
    })?;
    let asked = Asked::default();
    let (noted, chain) = (Arc::clone(&asked), chain(&certificate));
    // The folder of keys lives as long as the server.
    serve(listener, move |head| answer(head, &keys.path().join("key.pem"), &chain, &noted));
    Some((registry, asked))
}

/// What the server for tokens answers: a token for what the user may do of what is asked for, or a refusal.
fn answer(head: &str, key: &Path, chain: &str, asked: &Asked) -> Vec<u8> {
    let query = head.split(' ').nth(1).unwrap_or_default().replace("%3A", ":").replace("%2C", ",");
    let query = query.replace("%2F", "/");
    let parameter = |name: &str| {
        let found = query.split(['?', '&']).find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_default().to_owned()
    };
    let basic = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let value = value.strip_prefix("Basic ").filter(|_| name.eq_ignore_ascii_case("authorization"))?;
        String::from_utf8(BASE64_STANDARD.decode(value).ok()?).ok()
    });
    let (user, password) = basic.as_deref().and_then(|pair| pair.split_once(':')).unwrap_or_default();
    asked.lock().unwrap().push((user.to_owned(), parameter("scope")));
    let known = USERS.iter().find(|(name, right, _)| (*name, *right) == (user, password));
    let scope = parameter("scope");
    let scope: Vec<&str> = scope.split(':').collect();
    let (Some((_, _, may)), [kind, name, actions], "registry") =
        (known, scope.as_slice(), parameter("service").as_str())
    else {
        return b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec();
    };
    let granted: Vec<&str> = actions.split(',').filter(|action| may.contains(action)).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({
        "iss": "tokens", "sub": user, "aud": "registry", "jti": "1",
        "nbf": now - 60, "iat": now, "exp": now + 300,
        "access": [{"type": kind, "name": name, "actions": granted}],
    });
    let token = signed(&json!({"typ": "JWT", "alg": "RS256", "x5c": [chain]}), &claims, key);
    found(json!({"token": token, "expires_in": 300}).to_string().as_bytes())
}

/// A JSON Web Token.
fn signed(header: &Value, claims: &Value, key: &Path) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let signature = openssl(&["dgst", "-sha256", "-sign", key.to_str().unwrap()], text.as_bytes()).unwrap();
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// A certificate as tokens carry it.
fn chain(certificate: &Path) -> String {
    let arguments = ["x509", "-outform", "DER", "-in", certificate.to_str().unwrap()];
    BASE64_STANDARD.encode(openssl(&arguments, b"").unwrap())
}

/// What `openssl` makes of something; none where it is not installed.
fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let started = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = started.ok()?;
    // Who reads no input may have closed it.
    drop(child.stdin.take().unwrap().write_all(input));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    Some(output.stdout)
}

fn as_user<'v>(user: &'v str, password: &'v str, docker: &'v Path) -> [(&'v str, &'v str); 3] {
    [
        ("DOCKER_CONFIG", docker.to_str().unwrap()),
        ("WEIR_REGISTRY_USER", user),
        ("WEIR_REGISTRY_PASSWORD", password),
    ]
}

fn refused(run: &Run, part: &str) {
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    assert!(run.stderr.contains(part), "`{part}` in {}", run.stderr);
    for (_, password, _) in USERS {
        assert!(!run.stderr.contains(password), "{}", run.stderr);
    }
}

#[test]
fn a_registry_that_takes_tokens_gets_them_from_the_server_that_it_names() {
    let Some((registry, asked)) = start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    let (file, component) = plugin(folder.path());
    let reference = registry.reference("team/always:1.0");
    let run = push(&file, &reference, &as_user("me", "s3cret", &nothing));
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let asked_for =
        |user: &str, actions: &str| (user.to_owned(), format!("repository:team/always:{actions}"));
    // One token for the whole conversation.
    assert_eq!(std::mem::take(&mut *asked.lock().unwrap()), [asked_for("me", "pull,push")]);

    let project = Project::new();
    let root = project.path("");
    let arguments = ["plugin", "add", &reference, "--name", "always", "--project", root.to_str().unwrap()];
    let run = weir_with(&arguments, &as_user("reader", "sesame", &nothing));
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(std::fs::read(project.path("plugins/always.wasm")).unwrap(), component);
    assert_eq!(std::mem::take(&mut *asked.lock().unwrap()), [asked_for("reader", "pull")]);
}

#[test]
fn who_gets_no_token_or_one_for_less_is_told_so() {
    let Some((registry, asked)) = start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    let (file, _) = plugin(folder.path());
    let reference = registry.reference("team/always:1.0");
    let wrong = push(&file, &reference, &as_user("me", "sesam", &nothing));
    refused(&wrong, "/token` answers with status 401");
    assert!(wrong.stderr.contains("look at the credentials"), "{}", wrong.stderr);
    // A token for reading is one, but not for this.
    refused(&push(&file, &reference, &as_user("reader", "sesame", &nothing)), "status 401");
    // It could have run out, so another one is asked for, once.
    let users: Vec<String> = asked.lock().unwrap().iter().map(|(user, _)| user.clone()).collect();
    assert!(
        users[0] == "me" && users.len() <= 3 && users[1..].iter().all(|user| user == "reader"),
        "{users:?}"
    );
    let project = Project::new();
    refused(&add(&project, &reference, &[]), "status 401");
    assert!(!project.path("weir.lock").exists());
}
