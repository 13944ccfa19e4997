//! A project: the files of a folder, read and held against one another.

use std::path::{Path, PathBuf};

use fs_err as fs;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use weir_model::diagnostic::{Code, Diagnostic, nearest_word, quote};
use weir_model::file::{Content, File};
use weir_model::gate::{Gate, GateFile};
use weir_model::lock::LockFile;
use weir_model::overrule::OverrideFile;
use weir_model::policy::{Policy, PolicyFile};
use weir_model::project::{EventFormat, ProjectFile};
use weir_model::record::Notice;
use weir_model::service::{Service, ServiceFile};
use weir_model::source::Source;
use weir_model::value::{Duration, Name, NamePattern};
use weir_model::waiver::WaiverFile;

/// Why a project can't be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// No folder upwards holds a `weir.toml`.
    #[error("no weir.toml in `{}` or any folder above it; name the project with --project, or make one with `weir init`", .0.display())]
    NotFound(PathBuf),
    /// There is no such folder.
    #[error("there is no folder `{}`", .0.display())]
    NoFolder(PathBuf),
    /// A folder that is to hold policies holds none.
    #[error("there are no policy files in `{}`", .0.display())]
    NoPolicies(PathBuf),
    /// A file or folder can't be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Files are wrong; each diagnostic says where.
    #[error("{} wrong {} in the project", .0.len(), if .0.len() == 1 { "thing" } else { "things" })]
    Wrong(Vec<Diagnostic>),
}

/// The files of a project, all of them valid.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
    pub(crate) file: ProjectFile,
    pub(crate) services: Vec<ServiceFile>,
    pub(crate) policies: Vec<PolicyFile>,
    pub(crate) gates: Vec<GateFile>,
    pub(crate) waivers: Vec<WaiverFile>,
    pub(crate) overrides: Vec<OverrideFile>,
    pub(crate) lock: Option<LockFile>,
}

impl Project {
    /// Reads the project in `root`: its `weir.toml`, and the TOML files in `services/`, `policies/`, `gates/`, `waivers/`
    /// and `overrides/`.
    ///
    /// # Errors
    /// When a file can't be read, or any file is wrong: then with everything that is wrong in all of them.
    pub fn load(root: impl Into<PathBuf>) -> Result<Project, ProjectError> {
        let root = root.into();
        let mut reader = Reader::new(&root);
        let file = reader.file(Path::new("weir.toml"))?;
        let lock = if root.join("weir.lock").exists() { reader.file(Path::new("weir.lock"))? } else { None };
        let services = reader.folder("services")?;
        let policies = reader.folder("policies")?;
        let gates = reader.folder("gates")?;
        let waivers = reader.folder("waivers")?;
        let overrides = reader.folder("overrides")?;
        let mut diagnostics = reader.diagnostics;
        let Some(file) = file else { return Err(ProjectError::Wrong(diagnostics)) };
        let project = Project { root, file, services, policies, gates, waivers, overrides, lock };
        if diagnostics.is_empty() {
            project.cross_check(&mut diagnostics);
            project.policies_of_gates(&mut diagnostics);
        }
        if diagnostics.is_empty() { Ok(project) } else { Err(ProjectError::Wrong(diagnostics)) }
    }

    /// The same project with the policies of a folder in place of its own.
    ///
    /// # Errors
    /// When a file can't be read, or any is wrong.
    pub(crate) fn with_policies(&self, folder: &Path) -> Result<Project, ProjectError> {
        let mut reader = Reader { root: Path::new(""), diagnostics: Vec::new() };
        if !folder.is_dir() {
            return Err(ProjectError::NoFolder(folder.to_owned()));
        }
        let policies: Vec<PolicyFile> = reader.folder(&folder.to_string_lossy())?;
        let mut diagnostics = reader.diagnostics;
        if policies.is_empty() && diagnostics.is_empty() {
            return Err(ProjectError::NoPolicies(folder.to_owned()));
        }
        // Waivers and gates may name policies that the other folder doesn't have; only checks need waivers.
        let project = Project { policies, waivers: Vec::new(), ..self.clone() };
        if diagnostics.is_empty() {
            project.cross_check(&mut diagnostics);
        }
        if diagnostics.is_empty() { Ok(project) } else { Err(ProjectError::Wrong(diagnostics)) }
    }

    /// The nearest folder at or above `start` that holds a `weir.toml`.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(start: &Path) -> Result<PathBuf, ProjectError> {
        let found = start.ancestors().find(|folder| folder.join("weir.toml").is_file());
        found.map(Path::to_owned).ok_or_else(|| ProjectError::NotFound(start.to_owned()))
    }

    /// The project's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The instant at which the project stands, when it says so itself: a recorded project does.
    pub fn as_of(&self) -> Option<Timestamp> {
        self.file.about.as_of.as_deref().copied()
    }

    /// The time zone that people want to read instants in; UTC unless the project says otherwise.
    pub fn time_zone(&self) -> TimeZone {
        self.file.about.time_zone.as_ref().map_or(TimeZone::UTC, |zone| zone.zone().clone())
    }

    /// What the project lets plugins use.
    pub fn limits(&self) -> &weir_model::Limits {
        &self.file.limits
    }

    /// What the project demands of the plugins that it brings.
    pub fn trust(&self) -> &weir_model::Trust {
        &self.file.trust
    }

    /// The folder of decision records.
    pub fn records_folder(&self) -> PathBuf {
        self.root.join(self.file.records.folder.as_str())
    }

    /// The services, in the order of their names.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter().map(|file| &**file)
    }

    /// The policies, in the order of their files' names.
    pub fn policies(&self) -> impl Iterator<Item = &PolicyFile> {
        self.policies.iter()
    }

    /// How long before their end waivers and overrides are said to end soon.
    pub(crate) fn notice(&self) -> Notice {
        Notice {
            waiver_seconds: self.file.waivers.notice.seconds(),
            override_seconds: self.file.overrides.notice.seconds(),
        }
    }

    pub(crate) fn service(&self, name: &str) -> Option<&ServiceFile> {
        self.services.iter().find(|file| file.about.name.as_str() == name)
    }

    pub(crate) fn gate(&self, name: &str) -> Option<&Gate> {
        self.gates.iter().map(|file| &**file).find(|gate| gate.about.name.as_str() == name)
    }

    /// What only the files together can get wrong.
    pub(crate) fn cross_check(&self, diagnostics: &mut Vec<Diagnostic>) {
        unique(&self.services, "/service/name", |service: &Service| &service.about.name, diagnostics);
        unique(&self.policies, "/policy/name", |policy: &Policy| &policy.about.name, diagnostics);
        unique(&self.gates, "/gate/name", |gate: &Gate| &gate.about.name, diagnostics);
        let services: Vec<&str> = self.services().map(|service| service.about.name.as_str()).collect();
        let policies: Vec<&str> = self.policies.iter().map(|file| file.about.name.as_str()).collect();
        for (index, source) in self.file.sources.iter().enumerate() {
            let service =
                source.service.iter().map(|name| (format!("/source/{index}/service"), name.as_str()));
            known(self.file.source(), "service", service, &services, diagnostics);
        }
        for file in &self.services {
            let dependencies = file.about.dependencies.iter().enumerate();
            let places =
                dependencies.map(|(index, name)| (format!("/service/dependencies/{index}"), name.as_str()));
            known(file.source(), "service", places, &services, diagnostics);
        }
        let sources: Vec<&str> = self.file.sources.iter().map(|source| source.name.as_str()).collect();
        for file in &self.services {
            let named = file.slis.iter().enumerate();
            let named =
                named.filter_map(|(index, sli)| Some((format!("/sli/{index}/source"), sli.source.as_ref()?)));
            let places = named.clone().map(|(pointer, name)| (pointer, name.as_str()));
            known(file.source(), "source", places, &sources, diagnostics);
            self.sources_that_count(file, named, diagnostics);
        }
        let slos: Vec<&str> =
            self.services.iter().flat_map(|file| &file.slos).map(|slo| slo.name.as_str()).collect();
        for file in &self.policies {
            self.weighted_slos(file, diagnostics);
            let named = single_names("/match/services", &file.scope.services);
            known(file.source(), "service", named, &services, diagnostics);
            let named = single_names("/match/slos", &file.scope.slos);
            known(file.source(), "SLO", named, &slos, diagnostics);
        }
        for file in &self.waivers {
            let waivers = file.waivers.iter().enumerate();
            let places =
                waivers.map(|(index, waiver)| (format!("/waiver/{index}/policy"), waiver.policy.as_str()));
            known(file.source(), "policy", places, &policies, diagnostics);
        }
        self.terms(diagnostics);
    }

    /// Reports policies that gates name and that there are not: a gate would let pass what they are to stop.
    fn policies_of_gates(&self, diagnostics: &mut Vec<Diagnostic>) {
        let policies: Vec<&str> = self.policies.iter().map(|file| file.about.name.as_str()).collect();
        for file in &self.gates {
            let named = single_names("/gate/policies", &file.about.policies);
            known(file.source(), "policy", named, &policies, diagnostics);
        }
    }

    /// Reports the waivers and overrides that last longer than the project allows.
    fn terms(&self, diagnostics: &mut Vec<Diagnostic>) {
        let lasts = |source: &Source, place: String, what: &str, longest: Duration| {
            let message = format!("{what} lasts longer than the project allows, which is `{longest}`");
            let mut diagnostic = source.error(Code::LastsTooLong, source.span(&place), message);
            diagnostic.help = Some("let it end earlier; weir.toml says how long it may last".to_owned());
            diagnostic
        };
        let longest = self.file.waivers.longest;
        for file in &self.waivers {
            for (index, waiver) in file.waivers.iter().enumerate() {
                let days = waiver.expires.duration_since(*waiver.granted).as_secs();
                if u64::try_from(days).is_ok_and(|seconds| seconds > longest.seconds()) {
                    diagnostics.push(lasts(
                        file.source(),
                        format!("/waiver/{index}/expires"),
                        "the waiver",
                        longest,
                    ));
                }
            }
        }
        let longest = self.file.overrides.longest;
        for file in &self.overrides {
            for (index, force) in file.overrides.iter().enumerate() {
                let seconds = force.until.duration_since(*force.from).as_secs();
                if u64::try_from(seconds).is_ok_and(|seconds| seconds > longest.seconds()) {
                    diagnostics.push(lasts(
                        file.source(),
                        format!("/override/{index}/until"),
                        "the override",
                        longest,
                    ));
                }
            }
        }
    }

    /// Reports sources of events where one that counts is wanted.
    fn sources_that_count<'n>(
        &self,
        file: &ServiceFile,
        named: impl Iterator<Item = (String, &'n Name)>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        for (pointer, name) in named {
            let found = self.file.sources.iter().find(|source| source.name == *name);
            let Some(source) = found.filter(|source| source.format != EventFormat::Prometheus) else {
                continue;
            };
            let message =
                format!("the source {} has events ({}), and no counts", quote(name.as_str()), source.format);
            let mut diagnostic = file.source().error(Code::NoCounts, file.source().span(&pointer), message);
            diagnostic.help = Some("write `plugin = \"…\"` to measure events of all sources".to_owned());
            diagnostics.push(diagnostic);
        }
    }

    /// Reports the weighted SLOs that a policy names: no policy can judge them.
    fn weighted_slos(&self, policy: &PolicyFile, diagnostics: &mut Vec<Diagnostic>) {
        let services: Vec<&Service> =
            self.services().filter(|service| policy.scope.covers(service)).collect();
        for (index, pattern) in policy.scope.slos.iter().enumerate() {
            let weighted = services.iter().find(|service| {
                service.slos.iter().any(|slo| slo.is_weighted() && slo.name.as_str() == pattern.as_str())
            });
            if let Some(service) = weighted {
                let message = format!(
                    "the SLO {} of {} is weighted, and a policy can't judge it",
                    quote(pattern.as_str()),
                    quote(service.about.name.as_str())
                );
                let source = policy.source();
                let mut diagnostic =
                    source.error(Code::NoCounts, source.span(&format!("/match/slos/{index}")), message);
                diagnostic.help = Some("name its parts, or a composite of `all` of them".to_owned());
                diagnostics.push(diagnostic);
            }
        }
    }
}

/// Reports names that no file defines.
pub(crate) fn known<'n>(
    source: &Source,
    what: &str,
    names: impl Iterator<Item = (String, &'n str)>,
    defined: &[&str],
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (pointer, name) in names.filter(|(_, name)| !defined.contains(name)) {
        let message = format!("there is no {what} {}", quote(name));
        let mut diagnostic = source.error(Code::UnknownReference, source.span(&pointer), message);
        diagnostic.help = nearest_word(name, defined.iter().copied());
        diagnostics.push(diagnostic);
    }
}

/// The patterns of a list at `pointer` that stand for one name only, each with its place. One that is mistyped would leave out
/// without a word what it was to name.
fn single_names<'n>(pointer: &str, patterns: &'n [NamePattern]) -> impl Iterator<Item = (String, &'n str)> {
    let single = patterns.iter().enumerate().filter(|(_, pattern)| !pattern.as_str().contains('*'));
    single.map(move |(index, pattern)| (format!("{pointer}/{index}"), pattern.as_str()))
}

/// Reports names that two files give to things of one kind.
fn unique<T: Content>(
    files: &[File<T>],
    pointer: &str,
    name: impl Fn(&T) -> &Name,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (index, file) in files.iter().enumerate() {
        let earlier = files.iter().take(index).find(|earlier| name(earlier) == name(file));
        if let Some(earlier) = earlier {
            let message = format!("the name {} is taken", quote(name(file).as_str()));
            let source = file.source();
            let mut diagnostic = source.error(Code::DuplicateName, source.span(pointer), message);
            diagnostic.help = Some(format!("`{}` has it already", earlier.source().path()));
            diagnostics.push(diagnostic);
        }
    }
}

/// Reads files and collects what is wrong with them.
pub(crate) struct Reader<'r> {
    root: &'r Path,
    diagnostics: Vec<Diagnostic>,
}

impl<'r> Reader<'r> {
    pub(crate) fn new(root: &'r Path) -> Reader<'r> {
        Reader { root, diagnostics: Vec::new() }
    }

    /// What is wrong with the files that were read.
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// One file; none when it is wrong.
    fn file<T: Content>(&mut self, path: &Path) -> Result<Option<File<T>>, ProjectError> {
        // Diagnostics show paths as the user would type them from the project's folder, with `/` on every system.
        let shown =
            path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let place = self.root.join(path);
        if place.is_dir() {
            let empty = Source::parse(&shown, "").map_err(ProjectError::Wrong)?;
            let wrong = empty.error(Code::TomlSyntax, 0..0, "this is a folder, and a file is expected");
            self.diagnostics.push(wrong.help("give the folder a name that does not end in `.toml`"));
            return Ok(None);
        }
        let parsed = Source::parse_bytes(&shown, &fs::read(place)?).and_then(File::parse);
        Ok(match parsed {
            Ok(file) => Some(file),
            Err(diagnostics) => {
                self.diagnostics.extend(diagnostics);
                None
            }
        })
    }

    /// The TOML files of a folder, in the order of their names; none when there is no such folder.
    pub(crate) fn folder<T: Content>(&mut self, folder: &str) -> Result<Vec<File<T>>, ProjectError> {
        let path = self.root.join(folder);
        if !path.is_dir() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            let name = entry?.file_name();
            if Path::new(&name).extension().is_some_and(|extension| extension == "toml") {
                names.push(name);
            }
        }
        names.sort();
        let mut files = Vec::new();
        for name in names {
            files.extend(self.file(&Path::new(folder).join(name))?);
        }
        Ok(files)
    }
}
