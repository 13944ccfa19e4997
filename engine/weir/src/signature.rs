//! Signatures of plugins: who says that a component is theirs.
//!
//! A signature lies beside its component, in minisign's form, so that the tool of that name reads and writes it, too. The
//! pin in `weir.lock` says *which* component runs, a signature says *whose* it is: whoever may change the lock may not
//! therefore run a component of anybody's.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use minisign_verify::{Error, Signature};
use weir_model::PublicKey;

/// How much a signature's file may hold, in bytes. Comments are a line each.
const LONGEST: u64 = 16 << 10;

/// Where the signature of a component lies: `plugin.wasm` has it in `plugin.wasm.minisig`.
pub fn signature_path(component: &Path) -> PathBuf {
    let mut path = component.as_os_str().to_owned();
    path.push(".minisig");
    path.into()
}

/// Reads the signature that lies beside a component; none when there is none.
///
/// # Errors
/// When there is one and it can't be read, or is too long to be one.
pub fn read_signature(component: &Path) -> std::io::Result<Option<String>> {
    let path = signature_path(component);
    match fs_err::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(found) if found.len() > LONGEST => Err(std::io::Error::other(format!(
            "`{}` is too long for a signature: {} bytes, at most {LONGEST}",
            path.display(),
            found.len()
        ))),
        Ok(_) => fs_err::read_to_string(path).map(Some),
    }
}

/// A signature that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The key that it was made with.
    pub key: PublicKey,
    /// What the signer wrote into it, which the signature covers.
    pub comment: String,
}

/// Why a component does not count as signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// There is no signature.
    #[error("it is not signed")]
    Missing,
    /// The signature's file holds something else.
    #[error("its signature is not one of minisign's")]
    Unreadable,
    /// It was made by an old form of minisign, over the content itself.
    #[error("its signature is of minisign's old form; sign it again")]
    Legacy,
    /// None of the keys is the one that it was made with.
    #[error("it is signed with the key {0}, which is none of the trusted ones")]
    UnknownKey(KeyNumber),
    /// It is not a signature of this component by this key.
    #[error("its signature is said to be by the key {0}, and is not one of this content")]
    Forged(KeyNumber),
}

/// The number that tells keys apart, as minisign shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyNumber(u64);

impl KeyNumber {
    /// The number of a public key.
    pub fn of(key: &PublicKey) -> KeyNumber {
        KeyNumber::read(key.as_str())
    }

    /// Reads the number from a key or a signature: both have it after two bytes of the algorithm.
    fn read(text: &str) -> KeyNumber {
        let bytes = BASE64_STANDARD.decode(text).unwrap_or_default();
        let number = bytes.get(2..10).and_then(|number| number.try_into().ok());
        KeyNumber(number.map_or(0, u64::from_le_bytes))
    }
}

impl std::fmt::Display for KeyNumber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:016X}", self.0)
    }
}

/// Holds a component against its signature and the keys that count.
///
/// # Errors
/// When there is no signature, it can't be read, is by none of the keys, or is not of this component.
pub fn verify_signature(
    component: &[u8],
    signature: Option<&str>,
    keys: &[PublicKey],
) -> Result<Signed, SignatureError> {
    let text = signature.ok_or(SignatureError::Missing)?;
    let signature = Signature::decode(text).map_err(|_| SignatureError::Unreadable)?;
    let number = KeyNumber::read(text.lines().nth(1).unwrap_or_default());
    let mut refused = SignatureError::UnknownKey(number);
    for key in keys {
        let Ok(decoded) = minisign_verify::PublicKey::from_base64(key.as_str()) else { continue };
        match decoded.verify(component, &signature, false) {
            Ok(()) => {
                let comment =
                    weir_model::diagnostic::printable(&signature.trusted_comment().replace('\t', " "));
                return Ok(Signed { key: key.clone(), comment });
            }
            Err(Error::UnexpectedKeyId) => {}
            Err(Error::UnexpectedAlgorithm) => refused = SignatureError::Legacy,
            Err(_) => refused = SignatureError::Forged(number),
        }
    }
    Err(refused)
}
