//! `weir.lock`: the plugins of a project, pinned by their content.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::Code;
use crate::file::{Content, File, Problems};
use crate::value::{Name, RelativePath};

/// A valid `weir.lock`.
pub type LockFile = File<Lock>;

/// The plugins that the project runs, pinned.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lock {
    /// One table a plugin.
    #[serde(rename = "plugin", default)]
    pub plugins: Vec<Pinned>,
}

/// One plugin, pinned.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pinned {
    /// The name under which policies and services use it.
    pub name: Name,
    /// The component, relative to the project. Left out for a plugin that comes with Weir.
    pub path: Option<RelativePath>,
    /// The SHA-256 of the component, in hexadecimal. A component with another one is not run.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
    /// What the plugin gets if it imports WASI, because its language's runtime does.
    #[serde(default)]
    pub wasi: Wasi,
}

/// What a plugin gets that imports WASI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Wasi {
    /// It is not run. This is the default.
    #[default]
    Refused,
    /// It gets a WASI 0.2 in which nothing happens; sockets are refused all the same.
    Inert,
}

impl Content for Lock {
    fn check(&self, problems: &mut Problems<'_>) {
        problems.unique_names("/plugin", self.plugins.iter().map(|plugin| plugin.name.as_str()));
        for (index, plugin) in self.plugins.iter().enumerate() {
            let digits = plugin.sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if plugin.sha256.len() != 64 || !digits {
                let pointer = format!("/plugin/{index}/sha256");
                let diagnostic = problems
                    .at(Code::InvalidValue, &pointer, "this is not a SHA-256 in hexadecimal")
                    .label("expected 64 digits of 0-9 and a-f");
                problems.push(diagnostic);
            }
            let pointer = format!("/plugin/{index}/wasi");
            if plugin.path.is_none() && problems.is_written(&pointer) {
                let message = "a plugin that comes with Weir imports no WASI";
                let diagnostic = problems.at(Code::NeedlessKey, &pointer, message);
                problems.push(diagnostic.help("leave `wasi` out, or say with `path` where the plugin is"));
            }
        }
    }
}
