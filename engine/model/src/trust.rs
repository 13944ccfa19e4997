//! What a project demands of the plugins that it brings.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, quote};
use crate::file::Problems;
use crate::value::{ValueError, string_value, text_value};
use crate::word::words;

/// What a project demands of the plugins that it brings. Those that come with Weir are a part of the program, and whoever
/// runs the program trusts them already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Trust {
    /// Whether a plugin has to be signed.
    #[serde(default)]
    pub signatures: Signatures,
    /// The public keys of those whose signature counts: any one of them is enough.
    #[serde(default)]
    pub keys: Vec<PublicKey>,
}

words! {
    /// Whether a plugin has to be signed.
    #[derive(Default)]
    pub enum Signatures {
        /// Signatures are not looked at. This is the default.
        #[default]
        NotRequired = "not-required",
        /// A plugin without a signature by one of the keys is not run.
        Required = "required",
    }
}

/// A public key in minisign's form: the second line of a `.pub` file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(String);
text_value!(PublicKey, "weir-public-key", "A public key of minisign: 56 characters that begin with `RW`.");
string_value!(PublicKey);

impl PublicKey {
    /// How many characters 42 bytes are in Base64: two of the algorithm, eight of the key's number, 32 of the key.
    const LENGTH: usize = 56;

    /// Parses a key.
    ///
    /// # Errors
    ///
    /// Anything that is no Ed25519 key in minisign's form. A whole `.pub` file is none, since it has two lines.
    pub fn parse(text: &str) -> Result<PublicKey, ValueError> {
        let is_base64 = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
        // The first bytes are the letters `Ed`, whose Base64 is `RWQ` up to `RWT`.
        let is_ed25519 = ["RWQ", "RWR", "RWS", "RWT"].iter().any(|start| text.starts_with(start));
        if text.len() == PublicKey::LENGTH && is_base64 && is_ed25519 {
            return Ok(PublicKey(text.to_owned()));
        }
        Err(ValueError {
            code: Code::InvalidValue,
            message: format!("{} is not a public key", quote(text)),
            help: "write the second line of the `.pub` file: 56 characters that begin with `RW`".to_owned(),
        })
    }
}

impl Trust {
    /// Reports keys that nothing asks for, and signatures that nobody could give.
    pub(crate) fn check(&self, problems: &mut Problems<'_>) {
        let is_required = self.signatures == Signatures::Required;
        if is_required && self.keys.is_empty() {
            let diagnostic = problems
                .at(Code::MissingKey, "/plugins", "signatures are required, and nobody's would count")
                .label("`keys` belongs here")
                .help("add `keys = [\"RW…\"]` with the public keys of those whose plugins you run");
            problems.push(diagnostic);
        }
        if !is_required && !self.keys.is_empty() {
            let diagnostic = problems
                .at(Code::NeedlessKey, "/plugins/keys", "nothing is held against these keys")
                .help("add `signatures = \"required\"`, or remove the keys");
            problems.push(diagnostic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_line_of_minisign() {
        let check = |text: &str, is_key: bool| assert_eq!(PublicKey::parse(text).is_ok(), is_key, "{text}");
        let key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
        check(key, true);
        check(&format!("{key}\n"), false);
        check(&key.replace("RWQ", "RWU"), false);
        check(&key.replace("i5", "i="), false);
        check("", false);
    }
}
