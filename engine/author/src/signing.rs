//! Signing a plugin: the author's side. Who runs the plugin holds it against the public key.
//!
//! Keys and signatures are files of minisign's, byte for byte: its tool reads what is made here, and the other way round.

use std::io::Cursor;

use minisign::{PError, SecretKey, SecretKeyBox};

use crate::error::AuthorError;

/// A key pair, as files have it.
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// What signs, and stays with the author.
    pub secret: String,
    /// What verifies, and goes to everybody: a comment, and the key in the line below.
    pub public: String,
}

impl KeyPair {
    /// The public key alone, as `weir.toml` has it.
    pub fn public_key(&self) -> &str {
        self.public.lines().nth(1).unwrap_or_default()
    }
}

/// Makes a key pair. With a password, only who knows it can use the secret key; making it then takes a second and a
/// gigabyte of memory, by design.
///
/// # Errors
/// When the system gives no randomness, or no memory.
pub fn generate_key(password: Option<&str>) -> Result<KeyPair, AuthorError> {
    let pair = match password {
        Some(password) => minisign::KeyPair::generate_encrypted_keypair(Some(password.to_owned())),
        None => minisign::KeyPair::generate_unencrypted_keypair(),
    };
    let written = pair.and_then(|pair| {
        let secret = pair.sk.to_box(Some("minisign secret key, keep it to yourself"))?;
        Ok(KeyPair { secret: secret.into_string(), public: pair.pk.to_box()?.into_string() })
    });
    written.map_err(|error| AuthorError::Key(format!("no key can be made: {}", reason(&error))))
}

/// Whether a secret key is of use only with a password.
///
/// # Errors
/// When the text is no secret key.
pub fn needs_password(secret: &str) -> Result<bool, AuthorError> {
    // The letters `Ed`, then those of the function that makes a key of the password, or two zeros; in Base64.
    match secret.lines().nth(1).and_then(|line| line.get(..5)) {
        Some("RWRTY") => Ok(true),
        Some("RWQAA") => Ok(false),
        _ => Err(AuthorError::Key("this is no secret key of minisign's".to_owned())),
    }
}

/// Signs a component. Gives the text of its signature. `comment` stands in it, and is covered by it.
///
/// # Errors
/// When the secret key is none, or its password another one.
pub fn sign(
    component: &[u8],
    secret: &str,
    password: Option<&str>,
    comment: &str,
) -> Result<String, AuthorError> {
    if comment.contains(['\n', '\r']) {
        return Err(AuthorError::Key("the comment of a signature is one line".to_owned()));
    }
    let key = unlocked(secret, password)?;
    let beside = "signature from weir, in minisign's form";
    let signed = minisign::sign(None, &key, Cursor::new(component), Some(comment), Some(beside));
    let signed =
        signed.map_err(|error| AuthorError::Key(format!("nothing is signed: {}", reason(&error))))?;
    Ok(signed.into_string())
}

/// The key itself.
fn unlocked(secret: &str, password: Option<&str>) -> Result<SecretKey, AuthorError> {
    let key = SecretKeyBox::from_string(secret).and_then(|text| match password {
        None => text.into_unencrypted_secret_key(),
        Some(password) => text.into_secret_key(Some(password.to_owned())),
    });
    key.map_err(|error| AuthorError::Key(format!("the secret key can't be used: {}", reason(&error))))
}

/// What the library says, as a part of a sentence.
fn reason(error: &PError) -> String {
    let text = error.to_string();
    text.trim_end_matches(['.', '!']).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_signs_and_only_its_own_password_unlocks_it() {
        let open = generate_key(None).unwrap();
        assert!(!needs_password(&open.secret).unwrap());
        assert!(open.public_key().starts_with("RW"), "{}", open.public);
        let signature = sign(b"component", &open.secret, None, "of mine").unwrap();
        assert!(signature.contains("\ntrusted comment: of mine\n"), "{signature}");
        assert!(needs_password("untrusted comment: x\nnonsense\n").is_err());
        assert!(needs_password("").is_err());
        assert!(sign(b"component", &open.public, None, "").is_err());
        assert!(sign(b"component", &open.secret, None, "two\nlines").is_err());
    }
}
