//! What a component imports, exports and says of itself, read without compiling or running it.

use wasmparser::{Encoding, Parser, Payload};

use crate::error::LoadError;
use crate::kind::Kind;
use crate::text::line;
use crate::wasi::{self, Wasi};

/// The custom section in which a component says what it is.
const INFO_SECTION: &str = "weir:info";
/// The package of the contract.
pub(crate) const PACKAGE: &str = "weir:policy/";
/// The version of the contract that the host speaks. Before 1.0, a minor version is a new contract.
pub(crate) const SPOKEN: &str = "0.1.0";

/// The outermost names of a component.
#[derive(Debug, Default)]
pub(crate) struct Outline<'c> {
    pub(crate) imports: Vec<&'c str>,
    exports: Vec<&'c str>,
    /// The content of the first custom section `weir:info`.
    pub(crate) info: Option<&'c [u8]>,
}

impl<'c> Outline<'c> {
    /// Reads the outline of a component.
    pub(crate) fn read(plugin: &str, component: &'c [u8]) -> Result<Outline<'c>, LoadError> {
        sniff(plugin, component)?;
        let mut outline = Outline::default();
        outline.fill(component).map_err(|error| {
            let plugin = plugin.to_owned();
            // The parser has no other way to tell.
            if error.message().contains("unexpected end") {
                LoadError::Truncated { plugin, offset: component.len() }
            } else {
                LoadError::Malformed { plugin, reason: line(&error.to_string()) }
            }
        })?;
        Ok(outline)
    }

    fn fill(&mut self, component: &'c [u8]) -> Result<(), wasmparser::BinaryReaderError> {
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::Version { .. } => depth = depth.saturating_add(1),
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        self.imports.push(import?.name.name);
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        self.exports.push(export?.name.name);
                    }
                }
                Payload::CustomSection(section) if depth == 1 && section.name() == INFO_SECTION => {
                    self.info.get_or_insert(section.data());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The kind of plugin that the component is, when it keeps to what the kind may import.
    pub(crate) fn kind(&self, plugin: &str, wasi: Wasi) -> Result<Kind, LoadError> {
        let kind = self.exported_kind(plugin)?;
        for import in &self.imports {
            match Interface::parse(import) {
                Some(interface) if kind.imports().contains(&interface.name) => {
                    interface.check_version(plugin)?
                }
                None if wasi == Wasi::Inert && wasi::is_inert(import) => {}
                Some(_) | None => {
                    return Err(LoadError::ForbiddenImport {
                        plugin: plugin.to_owned(),
                        kind,
                        import: line(import),
                        help: wasi::help(import, wasi),
                    });
                }
            }
        }
        Ok(kind)
    }

    /// The kind of plugin that the component is, by what it exports alone.
    pub(crate) fn exported_kind(&self, plugin: &str) -> Result<Kind, LoadError> {
        for interface in self.exports.iter().filter_map(|export| Interface::parse(export)) {
            if Kind::of_export(interface.name).is_some() {
                interface.check_version(plugin)?;
            }
        }
        Ok(self.exported(plugin)?.0)
    }

    /// The kind of plugin that the component is, and the version of the contract that it was built for, whatever that is.
    pub(crate) fn exported(&self, plugin: &str) -> Result<(Kind, &'c str), LoadError> {
        let mut found: Option<(Kind, &'c str)> = None;
        for interface in self.exports.iter().filter_map(|export| Interface::parse(export)) {
            let Some(kind) = Kind::of_export(interface.name) else { continue };
            if let Some((one, _)) = found.replace((kind, interface.version)) {
                return Err(LoadError::ManyKinds { plugin: plugin.to_owned(), one, other: kind });
            }
        }
        found.ok_or_else(|| LoadError::NoKind {
            plugin: plugin.to_owned(),
            exports: listed(self.exports.iter().map(|export| line(export))),
            wanted: listed(Kind::ALL.iter().map(|kind| format!("{PACKAGE}{}@{SPOKEN}", kind.export()))),
        })
    }
}

/// An interface of the contract's package.
pub(crate) struct Interface<'c> {
    full: &'c str,
    pub(crate) name: &'c str,
    version: &'c str,
}

impl<'c> Interface<'c> {
    pub(crate) fn parse(full: &'c str) -> Option<Interface<'c>> {
        let rest = full.strip_prefix(PACKAGE)?;
        let (name, version) = rest.split_once('@').unwrap_or((rest, ""));
        Some(Interface { full, name, version })
    }

    fn check_version(&self, plugin: &str) -> Result<(), LoadError> {
        let track = |version: &'c str| version.rsplit_once('.').map(|(track, _)| track);
        if track(self.version).is_some_and(|version| Some(version) == track(SPOKEN)) {
            return Ok(());
        }
        let (interface, spoken) = (line(self.full), SPOKEN.to_owned());
        Err(LoadError::ContractVersion { plugin: plugin.to_owned(), interface, spoken })
    }
}

/// Tells a component from what people name by mistake.
fn sniff(plugin: &str, component: &[u8]) -> Result<(), LoadError> {
    let plugin = || plugin.to_owned();
    if component.is_empty() {
        return Err(LoadError::Empty { plugin: plugin() });
    }
    if !component.starts_with(b"\0asm") {
        return Err(LoadError::NotWebAssembly { plugin: plugin() });
    }
    match Parser::new(0).parse_all(component).next() {
        Some(Ok(Payload::Version { encoding: Encoding::Component, .. })) => Ok(()),
        Some(Ok(Payload::Version { encoding: Encoding::Module, .. })) => {
            Err(LoadError::CoreModule { plugin: plugin() })
        }
        // The rest says what is wrong with the header.
        Some(_) | None => Ok(()),
    }
}

fn listed(names: impl Iterator<Item = String>) -> String {
    /// Enough to see what it is.
    const SHOWN: usize = 5;
    let names: Vec<String> = names.take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
