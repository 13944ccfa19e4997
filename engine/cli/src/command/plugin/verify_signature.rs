//! `weir plugin verify-signature`: is this plugin of those whom we trust?

use std::path::Path;

use fs_err as fs;
use serde::Serialize;
use weir::{KeyNumber, SignatureError, Signed, verify_signature};
use weir_model::PublicKey;

use super::super::{Failure, json, project_in};
use crate::args::{Format, PluginVerifySignatureArguments};
use crate::exit::Exit;
use crate::{output, render};

/// The version of the JSON form.
const SIGNATURE_VERSION: u32 = 1;

/// The JSON form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Form<'f> {
    schema_version: u32,
    signed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) fn run(arguments: &PluginVerifySignatureArguments) -> Result<Exit, Failure> {
    let component = super::component(&arguments.file)?;
    let keys = keys(arguments)?;
    let signature = match &arguments.signature {
        Some(path) => Some(fs::read_to_string(path).map_err(|error| Failure::Usage(error.to_string()))?),
        None => weir::read_signature(&arguments.file)?,
    };
    let verified = verify_signature(&component, signature.as_deref(), &keys);
    output::result(&match arguments.format {
        Format::Human => human(&arguments.file, &verified),
        Format::Json => json(&form(&verified))?,
    })?;
    Ok(if verified.is_ok() { Exit::Go } else { Exit::Stop })
}

fn form(verified: &Result<Signed, SignatureError>) -> Form<'_> {
    let signed = verified.as_ref().ok();
    Form {
        schema_version: SIGNATURE_VERSION,
        signed: signed.is_some(),
        key: signed.map(|signed| signed.key.as_str()),
        comment: signed.map(|signed| signed.comment.as_str()),
        reason: verified.as_ref().err().map(ToString::to_string),
    }
}

fn human(file: &Path, verified: &Result<Signed, SignatureError>) -> String {
    match verified {
        Ok(signed) => render::plugin::signed(file, KeyNumber::of(&signed.key), signed),
        Err(reason) => format!("`{}` does not count as signed: {reason}\n", file.display()),
    }
}

/// The keys that count: those that were named, else those of the project.
fn keys(arguments: &PluginVerifySignatureArguments) -> Result<Vec<PublicKey>, Failure> {
    if !arguments.keys.is_empty() {
        return arguments.keys.iter().map(|key| key_of(key)).collect();
    }
    let project = project_in(arguments.project.as_deref())?;
    let keys = project.trust().keys.clone();
    if keys.is_empty() {
        let message = "the project trusts no keys\nhelp: name one with `--key`, or write it under `[plugins]` in weir.toml";
        return Err(Failure::Usage(message.to_owned()));
    }
    Ok(keys)
}

/// A key that is written out, or else the one in a file.
fn key_of(text: &str) -> Result<PublicKey, Failure> {
    if let Ok(key) = PublicKey::parse(text) {
        return Ok(key);
    }
    let file = fs::read_to_string(text).map_err(|error| {
        Failure::Usage(format!("`{text}` is neither a public key nor a file of one: {error}"))
    })?;
    // A comment stands above the key; a file may also hold the key alone.
    let line = file.lines().map(str::trim).find(|line| PublicKey::parse(line).is_ok());
    let key = line.and_then(|line| PublicKey::parse(line).ok());
    key.ok_or_else(|| Failure::Usage(format!("`{text}` holds no public key")))
}
