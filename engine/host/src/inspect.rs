//! What can be told of a component by looking at it: nothing is compiled, nothing runs.

use serde::Serialize;

use crate::digest::Digest;
use crate::error::LoadError;
use crate::info::Info;
use crate::kind::Kind;
use crate::outline::{Interface, Outline, PACKAGE};
use crate::text::line;
use crate::wasi;

/// What a component is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inspection {
    /// What it is for.
    pub kind: Kind,
    /// The version of the contract that it was built for.
    pub contract: String,
    /// The SHA-256 of the component.
    pub digest: Digest,
    /// The size of the component in bytes.
    pub size: usize,
    /// What it imports, in the order of the component.
    pub imports: Vec<Import>,
    /// What it says of itself in its custom section `weir:info`; none when it carries no such section.
    pub info: Option<Info>,
}

/// Something that a component imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Import {
    /// Its name, for example `weir:policy/log@0.1.0`.
    pub name: String,
    /// Who lets it in.
    pub admission: Admission,
}

/// Who lets an import in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Admission {
    /// The contract: every plugin of the kind gets it.
    Contract,
    /// The project, by `wasi = "inert"` in `weir.lock`.
    Consent,
    /// Nobody: the component is not loaded.
    Never,
}

/// Looks at a component. `name` stands for it in errors.
///
/// # Errors
/// When it is no component, carries a description that makes no sense, or is not exactly one kind of plugin.
pub fn inspect(name: &str, component: &[u8]) -> Result<Inspection, LoadError> {
    let outline = Outline::read(name, component)?;
    let (kind, contract) = outline.exported(name)?;
    let wrong = |reason| LoadError::Info { plugin: name.to_owned(), reason };
    let info = outline.info.map(Info::from_section).transpose().map_err(wrong)?;
    Ok(Inspection { info, ..Inspection::of(&outline, component, kind, contract) })
}

impl Inspection {
    /// What an outline tells, without the description.
    pub(crate) fn of(outline: &Outline<'_>, component: &[u8], kind: Kind, contract: &str) -> Inspection {
        let admission = |import: &str| match Interface::parse(import) {
            Some(interface) if kind.imports().contains(&interface.name) => Admission::Contract,
            None if wasi::is_inert(import) => Admission::Consent,
            Some(_) | None => Admission::Never,
        };
        let imports = outline.imports.iter();
        Inspection {
            kind,
            contract: line(contract),
            digest: Digest::of(component),
            size: component.len(),
            imports: imports.map(|name| Import { name: line(name), admission: admission(name) }).collect(),
            info: None,
        }
    }

    /// The interface that makes it a plugin of its kind, such as `weir:policy/budget@0.1.0`.
    pub fn interface(&self) -> String {
        format!("{PACKAGE}{}@{}", self.kind.export(), self.contract)
    }

    /// Whether it can be loaded only with the project's consent to WASI.
    pub fn needs_consent(&self) -> bool {
        self.imports.iter().any(|import| import.admission == Admission::Consent)
    }
}
