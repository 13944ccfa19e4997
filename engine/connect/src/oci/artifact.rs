//! The form of an artifact, and how it is fetched and sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::OciError;
use super::reference::{Reference, Version, is_digest};
use super::session::Session;
use crate::http::{Exchange, Method};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";
/// What earlier tools called a layer with WebAssembly in it.
const EARLIER_LAYER: &str = "application/vnd.wasm.content.layer.v1+wasm";
/// The annotation that holds the signature, in minisign's form.
const SIGNATURE: &str = "io.github.weir-policy.minisig";
/// How long a manifest may be, in bytes: what registries allow.
const MANIFEST_LIMIT: u64 = 4 << 20;
/// How much of what a registry says beside is read, in bytes.
const ANSWER_LIMIT: u64 = 64 << 10;

/// A component that is to be sent, with what people are told of it.
#[derive(Debug, Clone, Copy)]
pub struct Artifact<'a> {
    /// The component.
    pub component: &'a [u8],
    /// Its signature, in minisign's form.
    pub signature: Option<&'a str>,
    /// What it is called, as a file.
    pub file_name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// What it is, in one line.
    pub summary: &'a str,
    /// What it imports, by name.
    pub imports: &'a [String],
    /// What it exports, by name.
    pub exports: &'a [String],
}

/// A component that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// The component.
    pub component: Vec<u8>,
    /// The signature that came with it.
    pub signature: Option<String>,
    /// The artifact by its digest, which means the same content for ever.
    pub pinned: Reference,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The artifact by its digest.
    pub pinned: Reference,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

/// What the config of a WebAssembly artifact says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    /// A fixed time: the same component makes the same artifact, whenever it is sent.
    created: &'static str,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [&'a str; 1],
    component: Parts<'a>,
}

#[derive(Debug, Serialize)]
struct Parts<'a> {
    exports: &'a [String],
    imports: &'a [String],
}

/// The digest of a content, as registries write it.
fn digest(content: &[u8]) -> String {
    let digest: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digest}")
}

/// Fetches a component of at most `limit` bytes.
pub(super) fn pull(session: &mut Session, reference: &Reference, limit: u64) -> Result<Pulled, OciError> {
    let wrong = |reason: String| OciError::Content { reference: reference.to_string(), reason };
    let url = session.address(&format!("manifests/{}", reference.version().as_str()));
    let accept = vec![("accept".to_owned(), MANIFEST.to_owned())];
    let question = Exchange { headers: accept, limit: MANIFEST_LIMIT, ..Exchange::new(Method::Get, &url) };
    let answer = session.have(&question)?;
    let found = digest(&answer.body);
    if let Version::Digest(asked) = reference.version()
        && *asked != found
    {
        return Err(wrong(format!("is answered with a manifest of the digest {found}")));
    }
    let manifest: Manifest = serde_json::from_slice(&answer.body).map_err(|_| {
        wrong("is no artifact with a config and layers; an index of several is not, either".to_owned())
    })?;
    let layer = the_layer(&manifest).map_err(wrong)?;
    if layer.size > limit {
        return Err(wrong(format!(
            "is {} bytes large, and a component may be {limit} (`component-size`)",
            layer.size
        )));
    }
    let url = session.address(&format!("blobs/{}", layer.digest));
    let component = session.have(&Exchange { limit: layer.size, ..Exchange::new(Method::Get, &url) })?.body;
    if digest(&component) != layer.digest {
        return Err(wrong(format!("has a layer that is not the one of its digest, {}", layer.digest)));
    }
    let signature = manifest.annotations.get(SIGNATURE).cloned();
    Ok(Pulled { component, signature, pinned: reference.with_digest(&found) })
}

/// The one layer with WebAssembly in it.
fn the_layer(manifest: &Manifest) -> Result<&Descriptor, String> {
    let is_wasm = |layer: &&Descriptor| [LAYER, EARLIER_LAYER].contains(&layer.media_type.as_str());
    let mut layers = manifest.layers.iter().filter(is_wasm);
    let layer = layers.next().ok_or_else(|| format!("has no layer of the type {LAYER}"))?;
    if layers.next().is_some() {
        return Err(format!("has several layers of the type {LAYER}"));
    }
    if !is_digest(&layer.digest) {
        return Err("has a layer without a SHA-256".to_owned());
    }
    Ok(layer)
}

/// Sends a component: its content first, and last the manifest that names it.
pub(super) fn push(
    session: &mut Session,
    reference: &Reference,
    artifact: &Artifact<'_>,
) -> Result<Pushed, OciError> {
    let internal = |error: serde_json::Error| OciError::Content {
        reference: reference.to_string(),
        reason: format!("can't be described: {error}"),
    };
    let Version::Tag(tag) = reference.version() else {
        let reason = "names a digest, and what is sent has its own; name a tag".to_owned();
        return Err(OciError::Content { reference: reference.to_string(), reason });
    };
    let layer = digest(artifact.component);
    let config = serde_json::to_vec(&Config {
        created: "1970-01-01T00:00:00Z",
        architecture: "wasm",
        os: "wasip2",
        layer_digests: [&layer],
        component: Parts { exports: artifact.exports, imports: artifact.imports },
    })
    .map_err(internal)?;
    let manifest = serde_json::to_vec(&manifest(artifact, &config, layer)).map_err(internal)?;
    send(session, artifact.component)?;
    send(session, &config)?;
    let url = session.address(&format!("manifests/{tag}"));
    session.have(&Exchange {
        headers: vec![("content-type".to_owned(), MANIFEST.to_owned())],
        limit: ANSWER_LIMIT,
        body: Some(manifest.clone()),
        ..Exchange::new(Method::Put, &url)
    })?;
    Ok(Pushed { pinned: reference.with_digest(&digest(&manifest)) })
}

fn manifest(artifact: &Artifact<'_>, config: &[u8], layer: String) -> Manifest {
    let standard = |name: &str, value: &str| (format!("org.opencontainers.image.{name}"), value.to_owned());
    let mut annotations: BTreeMap<String, String> =
        [standard("version", artifact.version), standard("description", artifact.summary)].into();
    annotations.extend(artifact.signature.map(|text| (SIGNATURE.to_owned(), text.to_owned())));
    let size = |content: &[u8]| content.len() as u64;
    Manifest {
        schema_version: 2,
        media_type: Some(MANIFEST.to_owned()),
        config: Descriptor {
            media_type: CONFIG.to_owned(),
            digest: digest(config),
            size: size(config),
            annotations: BTreeMap::new(),
        },
        layers: vec![Descriptor {
            media_type: LAYER.to_owned(),
            digest: layer,
            size: size(artifact.component),
            annotations: [standard("title", artifact.file_name)].into(),
        }],
        annotations,
    }
}

/// Sends a content, unless the registry has it.
fn send(session: &mut Session, content: &[u8]) -> Result<(), OciError> {
    let digest = digest(content);
    let is_there = session.ask(&Exchange {
        limit: ANSWER_LIMIT,
        ..Exchange::new(Method::Head, &session.address(&format!("blobs/{digest}")))
    })?;
    if is_there.status == 200 {
        return Ok(());
    }
    let begin = session.address("blobs/uploads/");
    let begun = session.have(&Exchange {
        limit: ANSWER_LIMIT,
        body: Some(Vec::new()),
        ..Exchange::new(Method::Post, &begin)
    })?;
    let location = begun.header("location").map(|location| session.located(location));
    let url = location.ok_or_else(|| OciError::Content {
        reference: begin.clone(),
        reason: "does not say where to send a content".to_owned(),
    })?;
    session.have(&Exchange {
        headers: vec![("content-type".to_owned(), "application/octet-stream".to_owned())],
        // Added to what stands in the address already.
        query: vec![("digest".to_owned(), digest)],
        limit: ANSWER_LIMIT,
        body: Some(content.to_vec()),
        ..Exchange::new(Method::Put, &url)
    })?;
    Ok(())
}
