//! A plugin to start from.

use std::path::{Path, PathBuf};

use fs_err as fs;
use weir_model::plugin::{Language, PluginKind};
use weir_model::value::Name;

use crate::error::AuthorError;
use crate::project;
use crate::template;

/// The plugin that is wanted.
#[derive(Debug, Clone)]
pub struct NewPlugin<'n> {
    /// The folder that it goes to; it is made if it is not there.
    pub folder: &'n Path,
    /// Its name.
    pub name: &'n Name,
    /// What it is for.
    pub kind: PluginKind,
    /// What it is written in.
    pub language: Language,
    /// Where the SDK for Rust lies; none for the published one of this version.
    pub sdk: Option<&'n Path>,
}

/// Writes a plugin that builds as it stands, and gives the paths of its files.
///
/// # Errors
/// When there is no template for the language and kind, one of the files is there already (then nothing is written), or
/// a file can't be written.
pub fn create(new: &NewPlugin<'_>) -> Result<Vec<PathBuf>, AuthorError> {
    let templates = template::files(new.language, new.kind).ok_or_else(|| no_template(new))?;
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    let sdk = sdk(new.sdk)?;
    for (path, text) in templates {
        let path = new.folder.join(path.replace("my-plugin", new.name.as_str()));
        files.push((path, filled(text, new, &sdk)));
    }
    files.push((new.folder.join(project::FILE), manifest(new)));
    files.sort();
    if let Some((taken, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(AuthorError::Exists(taken.clone()));
    }
    for (path, text) in &files {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

fn no_template(new: &NewPlugin<'_>) -> AuthorError {
    let kinds = PluginKind::ALL.iter().filter(|kind| template::files(new.language, **kind).is_some());
    let kinds: Vec<String> = kinds.map(|kind| format!("`{kind}`")).collect();
    AuthorError::Unknown {
        message: format!("there is no {} to start from in {}", new.kind, new.language),
        help: format!("in {} there are {}; in rust there is every kind", new.language, kinds.join(" and ")),
    }
}

/// A template with the plugin's own names in it.
fn filled(text: &str, new: &NewPlugin<'_>, sdk: &str) -> String {
    let name = new.name.as_str();
    let setup = match new.language {
        Language::Rust => "rustup target add wasm32-unknown-unknown   # once",
        Language::C => {
            "python3 -m venv .venv && .venv/bin/pip install ziglang   # once: a C compiler for WebAssembly"
        }
        Language::JavaScript => "npm install   # once",
        Language::Python => "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt   # once",
    };
    let used = match new.kind {
        PluginKind::SliCalculator => format!("an SLI of a service uses it: `plugin = \"{name}\"`"),
        PluginKind::BudgetPolicy | PluginKind::Check | PluginKind::ToilScorer => {
            format!("a policy uses it: `plugin = \"{name}\"`")
        }
    };
    let world = new.kind.as_str().replace('-', "_");
    text.replace("my-plugin", name)
        .replace("MyPlugin", &type_name(name))
        .replace("my-kind", new.kind.as_str())
        .replace("my-setup", setup)
        .replace("`my-use`", &used)
        .replace("my-limits\n", &limits(new.language).map(in_readme).unwrap_or_default())
        .replace("sdk = true", sdk)
        .replace("force_link_world", &format!("force_link_{world}"))
}

/// The name as Rust writes that of a type.
fn type_name(name: &str) -> String {
    let capital = |word: &str| {
        let mut characters = word.chars();
        characters.next().map(|first| first.to_ascii_uppercase().to_string() + characters.as_str())
    };
    let joined: String = name.split('-').filter_map(capital).collect();
    // A type can't begin with a digit.
    if joined.starts_with(|first: char| first.is_ascii_digit()) { format!("Plugin{joined}") } else { joined }
}

/// Where Cargo finds the SDK.
fn sdk(folder: Option<&Path>) -> Result<String, AuthorError> {
    let Some(folder) = folder else {
        let (repository, version) = (env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
        return Ok(format!("git = \"{repository}\", tag = \"v{version}\""));
    };
    let manifest = folder.join("Cargo.toml");
    if !fs::read_to_string(&manifest).is_ok_and(|text| text.contains("name = \"weir-plugin\"")) {
        return Err(AuthorError::Unknown {
            message: format!("`{}` is not the SDK", folder.display()),
            help: "name the folder `plugins/sdk` of a checkout of Weir".to_owned(),
        });
    }
    let folder = fs::canonicalize(folder)?.to_string_lossy().into_owned();
    Ok(format!("path = {}", serde_json::Value::from(folder)))
}

/// What plugins in a language need beyond what plugins may use by default.
fn limits(language: Language) -> Option<&'static str> {
    match language {
        // The interpreter alone has more than a component may have.
        Language::Python => Some("[limits]\ncomponent-size = \"32MiB\"\ninstances = 64\n"),
        Language::Rust | Language::C | Language::JavaScript => None,
    }
}

fn in_readme(limits: &str) -> String {
    format!(
        "\nPython's interpreter is part of the component, which is larger than plugins may be by default. A project that uses it\n\
         says before in its `weir.toml` what `plugin.toml` says here:\n\n```toml\n{limits}```\n"
    )
}

fn manifest(new: &NewPlugin<'_>) -> String {
    let limits = limits(new.language).map_or_else(String::new, |limits| {
        format!(
            "\n# Python's interpreter is part of the component. A project that uses the plugin says the same in weir.toml.\n{limits}"
        )
    });
    format!(
        "# What `weir plugin build` and `weir plugin test` go by.\n[plugin]\nname = \"{}\"\nkind = \"{}\"\n\
         language = \"{}\"\n{limits}",
        new.name, new.kind, new.language
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, kind: PluginKind) -> Result<tempfile::TempDir, AuthorError> {
        let folder = tempfile::tempdir().unwrap();
        let name = Name::parse("queue-depth").unwrap();
        create(&NewPlugin { folder: folder.path(), name: &name, kind, language, sdk: None }).map(|_| folder)
    }

    #[test]
    fn no_placeholder_is_left() {
        for language in Language::ALL {
            for kind in PluginKind::ALL {
                let Ok(folder) = check(*language, *kind) else { continue };
                let mut open = vec![folder.path().to_owned()];
                while let Some(path) = open.pop() {
                    if path.is_dir() {
                        open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
                        continue;
                    }
                    let text = std::fs::read_to_string(&path).unwrap();
                    for left in [
                        "my-plugin",
                        "my_plugin",
                        "MyPlugin",
                        "my-kind",
                        "my-setup",
                        "my-use",
                        "my-limits",
                        "sdk = true",
                    ] {
                        assert!(!text.contains(left), "`{left}` in {}", path.display());
                    }
                }
                let project = project::PluginProject::load(folder.path()).unwrap();
                assert_eq!(
                    (project.plugin().about.kind, project.plugin().about.language),
                    (*kind, *language)
                );
            }
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = check(Language::Rust, PluginKind::Check).unwrap();
        let name = Name::parse("other").unwrap();
        let again = NewPlugin {
            folder: folder.path(),
            name: &name,
            kind: PluginKind::Check,
            language: Language::C,
            sdk: None,
        };
        let error = create(&again).unwrap_err().to_string();
        assert!(error.ends_with("is there already; nothing was written"), "{error}");
        assert!(!folder.path().join("src/plugin.c").exists());
    }

    #[test]
    fn names_are_names_of_types_too() {
        let check = |name: &str, expected: &str| assert_eq!(type_name(name), expected);
        check("queue-depth", "QueueDepth");
        check("x", "X");
        check("2fa-codes", "Plugin2faCodes");
    }

    #[test]
    fn what_there_is_no_template_for_says_what_there_is() {
        let error = check(Language::C, PluginKind::ToilScorer).unwrap_err();
        assert_eq!(error.to_string(), "there is no toil-scorer to start from in c");
        assert_eq!(
            error.help(),
            Some("in c there are `sli-calculator` and `check`; in rust there is every kind")
        );
    }
}
