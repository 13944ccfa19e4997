//! `weir plugin sign`: say that a plugin is one's own.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use weir_author::{generate_key, needs_password, sign};

use super::super::{Failure, now, read_text};
use crate::args::PluginSignArguments;
use crate::exit::Exit;
use crate::output;

/// Where a password is taken from when there is nobody to ask.
const PASSWORD: &str = "WEIR_SIGNING_PASSWORD";

pub(super) fn run(arguments: &PluginSignArguments) -> Result<Exit, Failure> {
    // What is to be signed is looked at first: a key that is of no use yet is not made.
    let component = arguments.file.as_deref().map(super::component).transpose()?;
    let mut password = None;
    if arguments.generate_key {
        password = if arguments.no_password { None } else { Some(new_password()?) };
        generate(&arguments.key, password.as_deref())?;
    }
    let Some((file, component)) = arguments.file.as_deref().zip(component) else { return Ok(Exit::Go) };
    let secret = read_text(&arguments.key)?;
    if password.is_none() && needs_password(&secret)? {
        password = Some(known_password("Password of the key: ")?);
    }
    let usual = || {
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        // As the tool of minisign writes it.
        format!("timestamp:{}\tfile:{name}\thashed", now().as_second())
    };
    let comment = arguments.comment.clone().unwrap_or_else(usual);
    let signature = sign(&component, &secret, password.as_deref(), &comment)?;
    let path = weir::signature_path(file);
    fs::write(&path, signature)?;
    output::result(&format!("signed `{}`: {}\n", file.display(), path.display()))?;
    Ok(Exit::Go)
}

/// Makes a key pair and writes both files, unless one of them is there.
fn generate(secret: &Path, password: Option<&str>) -> Result<(), Failure> {
    let public = PathBuf::from(secret).with_extension("pub");
    if public == secret {
        let message = format!("`{}` is the name of the public key; name the secret one", public.display());
        return Err(Failure::Usage(message));
    }
    for path in [secret, &public] {
        if path.exists() {
            let message = format!("`{}` is there already, and no key is overwritten", path.display());
            return Err(Failure::Usage(message));
        }
    }
    let pair = generate_key(password)?;
    write_secret(secret, &pair.secret)?;
    fs::write(&public, &pair.public)?;
    output::result(&format!(
        "wrote {}, which signs: keep it to yourself\nwrote {}, which verifies; in weir.toml:\n\n  [plugins]\n  \
         signatures = \"required\"\n  keys = [\"{}\"]\n\n",
        secret.display(),
        public.display(),
        pair.public_key()
    ))?;
    Ok(())
}

/// Writes a file that nobody but its owner can read.
fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(text.as_bytes())
}

/// The password of a key that is to be made.
fn new_password() -> Result<String, Failure> {
    if let Some(password) = stated_password() {
        return Ok(password);
    }
    let password = known_password("Password for the new key: ")?;
    if password.is_empty() {
        let help = "a key without a password is made with `--no-password`";
        return Err(Failure::Usage(format!("the password is empty\nhelp: {help}")));
    }
    if password != known_password("Once more: ")? {
        return Err(Failure::Usage("these are two passwords; no key was made".to_owned()));
    }
    Ok(password)
}

fn stated_password() -> Option<String> {
    std::env::var(PASSWORD).ok().filter(|password| !password.is_empty())
}

/// The password of a key.
fn known_password(prompt: &str) -> Result<String, Failure> {
    if let Some(password) = stated_password() {
        return Ok(password);
    }
    output::password(prompt).map_err(|error| {
        Failure::Usage(format!(
            "the key has a password, and nobody can be asked for it: {error}\nhelp: put it into {PASSWORD}"
        ))
    })
}
