//! `weir plugin add` and `push` with a real registry, and with web servers that mean no good.

mod tokens;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::guest::Guest;
use crate::support::{Project, Run, digest, weir, weir_with};

/// Docker's registry, on a port of this machine; it ends with the test.
struct Registry {
    child: Child,
    port: u16,
    folder: TempDir,
}

/// Users of the registry, with the password `s3cret` for `me`, as `htpasswd -B` writes it.
const USERS: &str = "me:$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n";

impl Registry {
    /// Starts a registry, with or without users; none where it is not installed.
    fn start(users: Option<&str>) -> Option<Registry> {
        Registry::start_with(|folder| {
            let Some(users) = users else { return String::new() };
            let path = folder.join("users");
            std::fs::write(&path, users).unwrap();
            format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", path.display())
        })
    }

    /// Starts a registry; `auth` says for a folder of its own whom it trusts. None where it is not installed.
    fn start_with(auth: impl FnOnce(&Path) -> String) -> Option<Registry> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let root = folder.path().join("root");
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: \"127.0.0.1:{port}\"}}\n{}",
            root.display(),
            auth(folder.path())
        );
        let path = folder.path().join("config.yml");
        std::fs::write(&path, config).unwrap();
        let started = Command::new("docker-registry")
            .arg("serve")
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = started else {
            eprintln!("left out: docker-registry is not installed");
            return None;
        };
        let registry = Registry { child, port, folder };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the registry did not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(registry)
    }

    fn reference(&self, rest: &str) -> String {
        format!("oci://127.0.0.1:{}/{rest}", self.port)
    }

    /// What the registry keeps of a manifest.
    fn manifest(&self, digest: &str) -> serde_json::Value {
        let (start, _) = digest.split_at(2);
        let path = format!("root/docker/registry/v2/blobs/sha256/{start}/{digest}/data");
        serde_json::from_slice(&std::fs::read(self.folder.path().join(path)).unwrap()).unwrap()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn plugin(folder: &Path) -> (String, Vec<u8>) {
    let (path, component) = (folder.join("always.wasm"), Guest::budget().component());
    std::fs::write(&path, &component).unwrap();
    (path.to_str().unwrap().to_owned(), component)
}

fn push(file: &str, reference: &str, variables: &[(&str, &str)]) -> Run {
    weir_with(&["plugin", "push", file, reference], variables)
}

fn add(project: &Project, place: &str, more: &[&str]) -> Run {
    project.weir(&[&["plugin", "add", place, "--name", "always"], more].concat())
}

#[test]
fn a_plugin_goes_to_a_registry_and_comes_back_with_its_signature() {
    let Some(registry) = Registry::start(None) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (file, component) = plugin(folder.path());
    let key = folder.path().join("mine.key");
    let key = key.to_str().unwrap();
    let run = weir(&["plugin", "sign", &file, "--generate-key", "--no-password", "--key", key]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let reference = registry.reference("team/always:1.0");
    let run = push(&file, &reference, &[]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let pinned = run.stdout.rsplit(' ').next().unwrap().trim().to_owned();
    let (_, manifest_digest) = pinned.split_once("@sha256:").unwrap();
    // Other tools know the form.
    let manifest = registry.manifest(manifest_digest);
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
    assert_eq!(manifest["layers"][0]["digest"], format!("sha256:{}", digest(&component)));
    let config =
        registry.manifest(manifest["config"]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap());
    assert_eq!((&config["architecture"], &config["os"]), (&"wasm".into(), &"wasip2".into()));
    assert_eq!(config["layerDigests"][0], manifest["layers"][0]["digest"]);
    assert_eq!(config["component"]["exports"][0], "weir:policy/budget@0.1.0");
    // Sent once more, it is the same artifact.
    assert!(push(&file, &reference, &[]).stdout.contains(&pinned));
    for place in [reference.as_str(), &pinned] {
        let project = Project::new();
        let public = std::fs::read_to_string(folder.path().join("mine.pub")).unwrap();
        let trust = format!(
            "\n[plugins]\nsignatures = \"required\"\nkeys = [\"{}\"]\n",
            public.lines().nth(1).unwrap()
        );
        let text = std::fs::read_to_string(project.path("weir.toml")).unwrap();
        project.write("weir.toml", text + &trust);
        let run = add(&project, place, &[]);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(&pinned), "{}", run.stdout);
        assert_eq!(std::fs::read(project.path("plugins/always.wasm")).unwrap(), component);
        assert!(project.path("plugins/always.wasm.minisig").exists());
    }
}

#[test]
fn what_is_not_in_a_registry_or_is_no_plugin_is_said() {
    let Some(registry) = Registry::start(None) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (file, component) = plugin(folder.path());
    let reference = registry.reference("team/always:1.0");
    assert_eq!(push(&file, &reference, &[]).code, 0);
    let project = Project::new();
    let check = |place: &str, more: &[&str], part: &str| {
        let run = add(&project, place, more);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(run.stderr.contains(part), "`{part}` in {}", run.stderr);
        assert!(!project.path("weir.lock").exists());
    };
    check(&registry.reference("team/always:2.0"), &[], "status 404");
    check(&registry.reference("team/other:1.0"), &[], "status 404");
    check(&registry.reference("Team/always"), &[], "its repository is not lower-case words");
    check(&reference, &["--sha256", &"0".repeat(64)], "was asked for; nothing was added");
    let limits = "\n[limits]\ncomponent-size = \"1KiB\"\n";
    let text = std::fs::read_to_string(project.path("weir.toml")).unwrap();
    project.write("weir.toml", text.clone() + limits);
    check(&reference, &[], &format!("is {} bytes large, and a component may be 1024", component.len()));
    project.write("weir.toml", text);
    assert_eq!(add(&project, &reference, &["--sha256", &digest(&component)]).code, 0);
    let run = push(&file, &registry.reference(&format!("a@sha256:{}", "0".repeat(64))), &[]);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("name a tag"), "{}", run.stderr);
}

#[test]
fn a_registry_that_knows_its_users_gets_credentials_from_where_they_are_kept() {
    let Some(registry) = Registry::start(Some(USERS)) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = plugin(folder.path());
    let reference = registry.reference("team/always:1.0");
    let empty = folder.path().join("nothing");
    let nobody = [("DOCKER_CONFIG", empty.to_str().unwrap())];
    let run = push(&file, &reference, &nobody);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("status 401"), "{}", run.stderr);
    let wrong = [nobody[0], ("WEIR_REGISTRY_USER", "me"), ("WEIR_REGISTRY_PASSWORD", "t0psecret")];
    let run = push(&file, &reference, &wrong);
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(!run.stderr.contains("t0psecret"), "{}", run.stderr);
    let right = [nobody[0], ("WEIR_REGISTRY_USER", "me"), ("WEIR_REGISTRY_PASSWORD", "s3cret")];
    let run = push(&file, &reference, &right);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    // As `docker login` leaves them: `me:s3cret` in Base64.
    let docker = folder.path().join("docker");
    std::fs::create_dir(&docker).unwrap();
    let config =
        format!("{{\"auths\": {{\"127.0.0.1:{}\": {{\"auth\": \"bWU6czNjcmV0\"}}}}}}", registry.port);
    std::fs::write(docker.join("config.json"), config).unwrap();
    let project = Project::new();
    let root = project.path("");
    let arguments = ["plugin", "add", &reference, "--name", "always", "--project", root.to_str().unwrap()];
    let run = weir_with(&arguments, &[("DOCKER_CONFIG", docker.to_str().unwrap())]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
}

/// A web server that answers each path with what `answer` gives for it; it ends with the process.
fn server(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> u16 {
    serve(TcpListener::bind("127.0.0.1:0").unwrap(), move |head| {
        answer(head.split(' ').nth(1).unwrap_or_default())
    })
}

/// A web server that answers each request with what `answer` gives for its head.
fn serve(listener: TcpListener, answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> u16 {
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            // Whoever has enough may hang up.
            drop(stream.write_all(&answer(&head)));
        }
    });
    port
}

fn found(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn missing() -> Vec<u8> {
    b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()
}

#[test]
fn a_plugin_comes_from_an_address_with_the_signature_beside_it() {
    let component = Guest::budget().component();
    let (served, asked) = (component.clone(), "/p/always.wasm?v=1");
    let port = server(move |path| match path {
        path if path == asked => found(&served),
        "/p/always.wasm.minisig?v=1" => found(b"a signature"),
        "/unsigned.wasm" => found(&served),
        "/endless.wasm" => {
            let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
            [head, vec![0; 17 << 20]].concat()
        }
        _ => missing(),
    });
    let place = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let project = Project::new();
    let check = |place: &str, code: i32, part: &str| {
        let run = add(&project, place, &[]);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{}", run.stderr);
        assert!(run.stderr.contains(part), "`{part}` in {}", run.stderr);
    };
    check(&place("/none.wasm"), 2, "status 404");
    check(&place("/endless.wasm"), 2, "is larger than 16777216 bytes");
    check("http://plugins.example.org/p.wasm", 2, "would come over plain HTTP");
    check("ftp://plugins.example.org/p.wasm", 2, "no `ftp://`");
    check("http://127.0.0.1:9/p.wasm", 3, "can't be reached");
    let run = add(&project, &place(asked), &["--sha256", &digest(&component)]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let signature = std::fs::read_to_string(project.path("plugins/always.wasm.minisig")).unwrap();
    assert_eq!(signature, "a signature");
    let project = Project::new();
    assert_eq!(add(&project, &place("/unsigned.wasm"), &[]).code, 0);
    assert!(!project.path("plugins/always.wasm.minisig").exists());
}

#[test]
fn a_registry_that_answers_with_something_else_is_not_believed() {
    let component = Guest::budget().component();
    let blob = digest(&component);
    let manifest = format!(
        "{{\"schemaVersion\":2,\"config\":{{\"mediaType\":\"x\",\"digest\":\"sha256:{blob}\",\"size\":1}},\
         \"layers\":[{{\"mediaType\":\"application/wasm\",\"digest\":\"sha256:{blob}\",\"size\":{}}}]}}",
        component.len()
    );
    let bearer =
        b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer realm=\"http://tokens.example.org/\"\r\n\
        content-length: 0\r\nconnection: close\r\n\r\n";
    let other = [&component[..component.len() - 1], b"\0"].concat();
    let port = server(move |path| match path {
        "/v2/a/manifests/latest" => found(manifest.as_bytes()),
        path if path.starts_with("/v2/a/manifests/sha256:") => found(manifest.as_bytes()),
        path if path.starts_with("/v2/a/blobs/") => found(&other),
        "/v2/index/manifests/latest" => found(b"{\"schemaVersion\":2,\"manifests\":[]}"),
        "/v2/tar/manifests/latest" => found(manifest.replace("application/wasm", "tar").as_bytes()),
        "/v2/token/manifests/latest" => bearer.to_vec(),
        _ => missing(),
    });
    let project = Project::new();
    let check = |rest: &str, part: &str| {
        let run = add(&project, &format!("oci://127.0.0.1:{port}/{rest}"), &[]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{}", run.stderr);
        assert!(run.stderr.contains(part), "`{part}` in {}", run.stderr);
    };
    check("a", "has a layer that is not the one of its digest");
    check(&format!("a@sha256:{}", "0".repeat(64)), "is answered with a manifest of the digest");
    check("index", "is no artifact with a config and layers");
    check("tar", "has no layer of the type application/wasm");
    check("token", "has tokens given out over plain HTTP");
}
