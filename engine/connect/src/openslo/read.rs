//! Reading OpenSLO: all files first, then their SLOs with what these refer to.

use std::collections::HashMap;

use weir_math::Decimal;
use weir_model::diagnostic::{Code, nearest_word, quote};
use weir_model::slo::{Budgeting, UnknownCountsAs};
use weir_model::value::{Duration, Objective, Percentage};
use weir_model::{Engagement, Lifecycle, Name, Tier};

use super::indicator::{Source, indicator};
use super::window::{slice_window, time_window};
use super::{PREFIX, VERSION};
use crate::draft::{Imported, Measured, ServiceDraft, SliDraft, SloDraft, WindowDraft};
use crate::import::{
    Services, description, duration, free_slo_name, name, own, percent_objective, share, share_objective,
};
use crate::yaml::read::{File, Node, Value};
use crate::yaml::table::{Item, Table};

/// The kinds of objects, those that an SLO can refer to and all others.
const KINDS: [&str; 7] =
    ["Service", "SLI", "SLO", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget"];

/// Reads files of OpenSLO v1, each with its path, which is only shown. An object may refer to those of all files.
#[must_use]
pub fn read(files: &[(&str, &str)]) -> Imported {
    let mut services = Services::default();
    let read: Vec<File> = files.iter().map(|(path, text)| File::new(path, text)).collect();
    let documents: Vec<(&File, Vec<Node>)> = read.iter().map(|file| (file, file.documents())).collect();
    let mut objects = Objects::default();
    for (file, documents) in &documents {
        for node in documents {
            objects.add(Item { file, node });
        }
    }
    for (_, item) in objects.of_kind("Service") {
        service(item, &mut services);
    }
    for (_, item) in objects.of_kind("SLO") {
        slo(item, &objects, &mut services);
    }
    objects.rest();
    drop(documents);
    services.imported(read)
}

/// The objects of all files, by kind and name.
#[derive(Default)]
pub(super) struct Objects<'f> {
    all: Vec<(&'static str, String, Item<'f>)>,
    places: HashMap<(&'static str, String), usize>,
}

impl<'f> Objects<'f> {
    /// Adds an object, or the objects of a list.
    fn add(&mut self, item: Item<'f>) {
        if let Value::List(elements) = &item.node.value {
            for node in elements {
                self.add(Item { file: item.file, node });
            }
            return;
        }
        let text = |key| item.entries().find(|(entry, _)| *entry == key).and_then(|(_, value)| value.text());
        let (version, kind) = (text("apiVersion"), text("kind"));
        if version != Some(VERSION) {
            let message = match version {
                Some(other) => format!("{} is no version of OpenSLO that is read", quote(other)),
                None => "this is no object of OpenSLO: it has no `apiVersion`".to_owned(),
            };
            item.wrong(Code::UnknownFormat, message, Some(format!("expected `{VERSION}`")));
            return;
        }
        let Some(known) = KINDS.into_iter().find(|known| Some(*known) == kind) else {
            let help = nearest_word(kind.unwrap_or_default(), KINDS);
            let message = format!("there is no kind {} in OpenSLO v1", quote(kind.unwrap_or_default()));
            item.wrong(Code::UnknownFormat, message, help);
            return;
        };
        let metadata = item.entries().find(|(key, _)| *key == "metadata");
        let name = metadata.and_then(|(_, metadata)| metadata.entries().find(|(key, _)| *key == "name"));
        let Some(name) = name.and_then(|(_, name)| name.text()) else {
            item.wrong(
                Code::MissingKey,
                format!("this {} has no `metadata` with a `name`", quote(known)),
                None,
            );
            return;
        };
        if self.places.insert((known, name.to_owned()), self.all.len()).is_some() {
            let message = format!("there is another {known} of the name {}", quote(name));
            item.wrong(
                Code::DuplicateName,
                message,
                Some("this one counts where it is referred to".to_owned()),
            );
        }
        self.all.push((known, name.to_owned(), item));
    }

    /// The objects of a kind, in the order of the files.
    fn of_kind(&self, kind: &str) -> Vec<(String, Item<'f>)> {
        let objects = self.all.iter().filter(|(of, _, _)| *of == kind);
        objects.map(|(_, name, item)| (name.clone(), *item)).collect()
    }

    /// The object that a reference names. One to nothing is said to be wrong.
    pub(super) fn referred(&self, kind: &'static str, reference: Item<'_>) -> Option<Item<'f>> {
        let name = reference.text()?;
        let place = self.places.get(&(kind, name.to_owned()));
        if let Some((_, _, item)) = place.and_then(|place| self.all.get(*place)) {
            return Some(*item);
        }
        let names: Vec<&str> =
            self.all.iter().filter(|(of, _, _)| *of == kind).map(|(_, name, _)| name.as_str()).collect();
        let message = format!("there is no {kind} {} in these files", quote(name));
        reference.wrong(Code::UnknownReference, message, nearest_word(name, names));
        None
    }

    /// Says what becomes of the objects that Weir has no use for.
    fn rest(&self) {
        for (kind, name, item) in &self.all {
            let name = quote(name);
            match *kind {
                "DataSource" => {
                    item.lost(format!(
                        "the data source {name}: servers stand in weir.toml as `[[source]]`, which `--source` has count the SLIs"
                    ));
                }
                "AlertPolicy" => item.lost(format!(
                    "the alert policy {name}: in Weir, a policy that runs `burn-rate` says when to alert"
                )),
                "AlertCondition" => item.lost(format!(
                    "the alert condition {name}: it looks at one window, and an alert of `burn-rate` at two"
                )),
                "AlertNotificationTarget" => {
                    item.lost(format!("the notification target {name}: Weir notifies nobody itself"));
                }
                "SLI" if !self.is_used(item) => {
                    item.lost(format!("the SLI {name}: no SLO measures it, and it doesn't say whose it is"));
                }
                _ => {}
            }
        }
    }

    /// Whether an SLO refers to an SLI.
    fn is_used(&self, sli: &Item<'_>) -> bool {
        let name = self.all.iter().find(|(_, _, item)| std::ptr::eq(item.node, sli.node));
        let Some((_, name, _)) = name else { return false };
        fn refers(node: &Node, name: &str) -> bool {
            match &node.value {
                Value::Scalar { .. } => false,
                Value::List(elements) => elements.iter().any(|element| refers(element, name)),
                Value::Table(entries) => entries.iter().any(|(key, value)| match &value.value {
                    Value::Scalar { text, .. } => key.text == "indicatorRef" && text == name,
                    Value::List(_) | Value::Table(_) => refers(value, name),
                }),
            }
        }
        self.all.iter().any(|(kind, _, item)| *kind == "SLO" && refers(item.node, name))
    }
}

/// The metadata of an object: its name, and annotations of Weir.
pub(super) struct Metadata<'f> {
    pub(super) name: Option<Item<'f>>,
    pub(super) display_name: Option<&'f str>,
    annotations: Vec<(&'f str, Item<'f>)>,
    labels: Vec<(&'f str, Item<'f>)>,
}

impl<'f> Metadata<'f> {
    /// Reads metadata, and says what of it is not carried over. Labels whose names are known are kept.
    pub(super) fn read(object: &Table<'f>, known_labels: &[&str]) -> Option<Metadata<'f>> {
        let table = object.need("metadata")?.table("metadata")?;
        let annotations = table.get("annotations").into_iter().flat_map(Item::entries);
        let (annotations, foreign): (Vec<_>, Vec<_>) =
            annotations.partition(|(key, _)| key.starts_with(PREFIX));
        for (key, item) in foreign {
            item.lost(format!("the annotation {}: Weir has none", quote(key)));
        }
        let labels = table.get("labels").into_iter().flat_map(Item::entries);
        let (labels, foreign): (Vec<_>, Vec<_>) = labels.partition(|(key, _)| known_labels.contains(key));
        for (key, item) in foreign {
            item.lost(format!("the label {}: Weir has no free labels", quote(key)));
        }
        let display_name = table.text("displayName");
        let metadata = Metadata { name: table.need("name"), display_name, annotations, labels };
        table.finish();
        Some(metadata)
    }

    /// An annotation of Weir.
    pub(super) fn annotation(&self, key: &str) -> Option<Item<'f>> {
        let found = self.annotations.iter().find(|(name, _)| name.strip_prefix(PREFIX) == Some(key));
        found.map(|(_, item)| *item)
    }

    /// The words of an annotation, between commas.
    pub(super) fn words(&self, key: &str) -> Vec<String> {
        let text = self.annotation(key).and_then(Item::text).unwrap_or_default();
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// The first of the values of labels that are kept.
    fn label(&self) -> Option<&'f str> {
        let (_, item) = self.labels.first()?;
        match &item.node.value {
            Value::List(_) => item.list().next().and_then(Item::text),
            Value::Scalar { .. } | Value::Table(_) => item.text(),
        }
    }

    /// Says that the name that people read is not carried over, unless there is no description, whose place it takes.
    fn described(&self, table: &Table<'_>, description: Option<String>) -> Option<String> {
        if description.is_none() {
            return self.display_name.map(str::to_owned);
        }
        if let Some(display_name) = self.display_name {
            table.item().lost(format!("the name {}: a name in Weir is one word", quote(display_name)));
        }
        description
    }
}

fn service(item: Item<'_>, services: &mut Services) {
    let Some(table) = item.table("Service") else { return };
    table.get("apiVersion");
    table.get("kind");
    let metadata = Metadata::read(&table, &["team", "owner"]);
    let spec = table.table("spec");
    table.finish();
    let Some(metadata) = metadata else { return };
    let said = spec.as_ref().and_then(|spec| spec.text("description"));
    if let Some(spec) = spec {
        spec.finish();
    }
    let Some(name) = metadata.name.and_then(name) else { return };
    let draft = services.named(&name);
    draft.description = description(said).or_else(|| description(metadata.display_name));
    own(draft, item, metadata.annotation("owner").and_then(Item::text).or_else(|| metadata.label()));
    draft.dependencies = metadata.words("dependencies");
    word(&metadata, "tier", |word| Tier::from_word(word).is_some(), draft);
    word(&metadata, "lifecycle", |word| Lifecycle::from_word(word).is_some(), draft);
    word(&metadata, "engagement", |word| Engagement::from_word(word).is_some(), draft);
}

/// A word about a service that OpenSLO doesn't have.
fn word(
    metadata: &Metadata<'_>,
    key: &'static str,
    is_known: impl Fn(&str) -> bool,
    draft: &mut ServiceDraft,
) {
    let Some(item) = metadata.annotation(key) else { return };
    match item.text() {
        Some(word) if is_known(word) => {
            draft.words.insert(key, word.to_owned());
        }
        Some(word) => item.wrong(Code::UnknownWord, format!("{} is no {key}", quote(word)), None),
        None => {}
    }
}

fn slo(item: Item<'_>, objects: &Objects<'_>, services: &mut Services) {
    let Some(table) = item.table("SLO") else { return };
    table.get("apiVersion");
    table.get("kind");
    let metadata = Metadata::read(&table, &[]);
    let spec = table.need("spec").and_then(|spec| spec.table("spec"));
    table.finish();
    let (Some(metadata), Some(spec)) = (metadata, spec) else { return };
    let service = spec.need("service").and_then(name);
    alert_policies(&spec);
    let slo_name = metadata.annotation("name").or(metadata.name).and_then(name);
    let said = description(spec.text("description"));
    let said = metadata.described(&spec, said);
    // OpenSLO has no seconds; where they count, an annotation has them.
    let own_window = metadata.annotation("window").and_then(duration).map(WindowDraft::Rolling);
    let window = time_window(&spec);
    let common = Common {
        name: slo_name,
        description: said,
        window: own_window.or(window),
        budgeting: budgeting(&spec),
        objects,
        metadata: &metadata,
    };
    if let Some(service) = service {
        let draft = services.named(&service);
        own(draft, spec.item(), None);
        common.slos(&spec, draft);
    }
    spec.finish();
}

/// What the objectives of an SLO have in common.
struct Common<'f, 'o> {
    name: Option<Name>,
    description: Option<String>,
    window: Option<WindowDraft>,
    budgeting: Option<Budgeting>,
    objects: &'o Objects<'f>,
    metadata: &'o Metadata<'f>,
}

/// One of the objectives of an SLO.
struct Goal<'f> {
    table: Table<'f>,
    label: Option<&'f str>,
    objective: Option<Objective>,
    slice_target: Option<Percentage>,
    slice: Option<Duration>,
    weight: Option<Item<'f>>,
}

impl<'f> Common<'f, '_> {
    /// Adds the SLOs that the objectives are: each is one, or a part of one.
    fn slos(&self, spec: &Table<'f>, draft: &mut ServiceDraft) {
        let objectives = spec.need("objectives").into_iter().flat_map(Item::list);
        let goals: Vec<Goal<'f>> = objectives.filter_map(|item| self.goal(item)).collect();
        let (own_sli, referred) = (spec.get("indicator"), spec.get("indicatorRef"));
        let is_composite = goals
            .iter()
            .any(|goal| goal.table.get("indicator").is_some() || goal.table.get("indicatorRef").is_some());
        let (Some(slo_name), Some(window), Some(budgeting)) = (&self.name, &self.window, self.budgeting)
        else {
            return goals.into_iter().for_each(|goal| goal.table.finish());
        };
        if let Some(annotation) = self.metadata.annotation("composite") {
            self.own_composite(annotation, &goals, slo_name, window, draft);
            return;
        }
        if goals.is_empty() {
            spec.item().wrong(Code::MissingKey, "this SLO has no objective that can be read", None);
        }
        let mut parts = Vec::new();
        let many = goals.len() > 1;
        for (index, goal) in goals.iter().enumerate() {
            let source = match (is_composite, own_sli, referred) {
                (true, _, _) => (goal.table.get("indicator"), goal.table.get("indicatorRef")),
                (false, own, referred) => (own, referred),
            };
            let Some(sli) = self.sli(spec, source, goal, slo_name, draft) else { continue };
            let part_name = if many { part_name(slo_name, goal.label, index) } else { slo_name.clone() };
            let part_name = free_slo_name(goal.table.item(), draft, &part_name);
            let Some(objective) = goal.objective else { continue };
            let slo = SloDraft::new(part_name.clone(), Measured::Sli(sli), Some(objective), window.clone());
            let mut slo = SloDraft { description: self.description.clone(), budgeting, ..slo };
            slo.slice_target = goal.slice_target.filter(|_| budgeting == Budgeting::TimeSlices);
            slo.slice = goal.slice;
            self.extras(&mut slo);
            if !self.makes_sense(&mut slo, goal) {
                continue;
            }
            draft.slos.push(slo);
            parts.push((part_name, goal));
        }
        if is_composite && many && parts.len() == goals.len() {
            self.composite(&parts, slo_name, window, budgeting, draft);
        }
        goals.into_iter().for_each(|goal| goal.table.finish());
    }

    fn goal(&self, item: Item<'f>) -> Option<Goal<'f>> {
        let table = item.table("objective")?;
        let label = table.text("displayName");
        let objective = match (table.get("target"), table.get("targetPercent")) {
            (Some(target), None) => share_objective(target),
            (None, Some(percent)) => percent_objective(percent),
            (Some(_), Some(percent)) => {
                percent.wrong(Code::NeedlessKey, "`targetPercent` has no meaning beside `target`", None);
                None
            }
            (None, None) if self.metadata.annotation("composite").is_some() => None,
            (None, None) => {
                table.item().wrong(
                    Code::MissingKey,
                    "this objective has neither `target` nor `targetPercent`",
                    None,
                );
                None
            }
        };
        let slice_target = table.get("timeSliceTarget").and_then(share);
        let (slice, weight) = (slice_window(&table), table.get("compositeWeight"));
        Some(Goal { table, label, objective, slice_target, slice, weight })
    }

    /// The SLI that an objective measures, added to the service.
    fn sli(
        &self,
        spec: &Table<'f>,
        (own, referred): (Option<Item<'f>>, Option<Item<'f>>),
        goal: &Goal<'f>,
        slo_name: &Name,
        draft: &mut ServiceDraft,
    ) -> Option<Name> {
        let object = match (own, referred) {
            (Some(own), None) => own,
            (None, Some(reference)) => self.objects.referred("SLI", reference)?,
            (Some(_), Some(reference)) => {
                reference.wrong(Code::NeedlessKey, "`indicatorRef` has no meaning beside `indicator`", None);
                return None;
            }
            (None, None) => {
                let help = Some("expected `indicator` or `indicatorRef`".to_owned());
                spec.item().wrong(Code::MissingKey, "this SLO measures nothing", help);
                return None;
            }
        };
        let source = Source { objects: self.objects, goal: &goal.table };
        let sli: SliDraft = indicator(object, slo_name, &source)?;
        Some(draft.add_sli(sli))
    }

    /// What only Weir knows about an SLO.
    fn extras(&self, slo: &mut SloDraft) {
        if let Some(item) = self.metadata.annotation("slice") {
            slo.slice = duration(item).or(slo.slice);
        }
        slo.stale_after = self.metadata.annotation("stale-after").and_then(duration);
        slo.min_coverage = self.metadata.annotation("min-coverage").and_then(share);
        if let Some(item) = self.metadata.annotation("unknown-counts-as")
            && let Some(word) = item.text()
        {
            match UnknownCountsAs::from_word(word) {
                Some(counts_as) => slo.unknown_counts_as = counts_as,
                None => item.wrong(
                    Code::UnknownWord,
                    format!("{} is nothing that unknown events count as", quote(word)),
                    None,
                ),
            }
        }
    }

    /// Whether what was read of an SLO fits together; says what doesn't.
    fn makes_sense(&self, slo: &mut SloDraft, goal: &Goal<'_>) -> bool {
        let item = goal.table.item();
        match (slo.budgeting, goal.slice_target) {
            (Budgeting::TimeSlices, None) => {
                let message = "budgeting by time slices needs a `timeSliceTarget`";
                item.wrong(Code::MissingSliceTarget, message, None);
                return false;
            }
            (Budgeting::Occurrences | Budgeting::RatioTimeSlices, Some(_)) => {
                item.lost("`timeSliceTarget`: it has no meaning for this way of budgeting");
            }
            (Budgeting::TimeSlices, Some(_))
            | (Budgeting::Occurrences | Budgeting::RatioTimeSlices, None) => {}
        }
        let slice = slo.slice.map_or(60, |slice| slice.seconds());
        if slice > 86_400 {
            item.wrong(Code::OutOfRange, "a slice is a day at most", None);
            return false;
        }
        if let WindowDraft::Rolling(window) = &slo.window
            && window.seconds() < slice
        {
            let message = format!("a window of {window} is shorter than one slice");
            let help = Some("`m` are minutes, `M` are months".to_owned());
            item.wrong(Code::WindowShorterThanSlice, message, help);
            return false;
        }
        true
    }

    /// Adds the SLO that several others make up.
    fn composite(
        &self,
        parts: &[(Name, &Goal<'f>)],
        slo_name: &Name,
        window: &WindowDraft,
        budgeting: Budgeting,
        draft: &mut ServiceDraft,
    ) {
        let (of, objective) = if budgeting == Budgeting::TimeSlices {
            let all = parts.iter().map(|(name, _)| (name.to_string(), None)).collect();
            let strictest = parts.iter().filter_map(|(_, goal)| goal.objective).max();
            let is_one = parts.iter().all(|(_, goal)| goal.objective == strictest);
            if let (false, Some(strictest), Some((_, goal))) = (is_one, strictest, parts.first()) {
                goal.table.item().assumed(
                    "the objectives of a composite differ, and it has one itself",
                    format!("it is the strictest, {strictest}"),
                );
            }
            (Measured::All(all), strictest)
        } else {
            if let Some((_, goal)) = parts.first() {
                goal.table.item().assumed(
                    "how the parts of a composite add up",
                    "Weir takes the mean of what is left of their error budgets, by weight, and judges the parts",
                );
            }
            let weighted = parts.iter().map(|(name, goal)| {
                let weight = goal.weight.and_then(Item::text).unwrap_or("1");
                (name.to_string(), weight.to_owned())
            });
            (Measured::Weighted(weighted.collect()), None)
        };
        for (_, goal) in parts {
            let weight = goal.weight;
            if let Some(weight) = weight
                && Decimal::parse(weight.text().unwrap_or_default())
                    .is_ok_and(|weight| weight > Decimal::ZERO)
            {
                if budgeting == Budgeting::TimeSlices && weight.text() != Some("1") {
                    weight.lost("`compositeWeight`: one bad part makes a slice bad, whatever its weight");
                }
            } else if let Some(weight) = weight {
                return weight.wrong(Code::OutOfRange, "a weight is above 0", None);
            }
        }
        let Some((_, first)) = parts.first() else { return };
        let name = free_slo_name(first.table.item(), draft, slo_name);
        draft.slos.push(SloDraft::new(name, of, objective, window.clone()));
    }

    /// Adds a composite that Weir wrote: its parts are SLOs of their own.
    fn own_composite(
        &self,
        annotation: Item<'f>,
        goals: &[Goal<'f>],
        slo_name: &Name,
        window: &WindowDraft,
        draft: &mut ServiceDraft,
    ) {
        let text = annotation.text().unwrap_or_default();
        let parsed = text.split_once(": ").and_then(|(kind, parts)| {
            let parts = parts
                .split(", ")
                .map(|part| part.split_once('=').map_or((part, None), |(name, rest)| (name, Some(rest))));
            match kind {
                "all" => {
                    let part = |(name, target): (&str, Option<&str>)| {
                        Some((name.to_owned(), target.map(Percentage::parse).transpose().ok()?))
                    };
                    Some(Measured::All(parts.map(part).collect::<Option<_>>()?))
                }
                "weighted" => {
                    let part =
                        |(name, weight): (&str, Option<&str>)| Some((name.to_owned(), weight?.to_owned()));
                    Some(Measured::Weighted(parts.map(part).collect::<Option<_>>()?))
                }
                _ => None,
            }
        });
        let Some(of) = parsed else {
            let help = Some("expected `all: one, other=95%` or `weighted: one=2, other=1`".to_owned());
            return annotation.wrong(Code::InvalidValue, format!("{} is no composite", quote(text)), help);
        };
        let objective = match of {
            Measured::All(_) => goals.iter().find_map(|goal| goal.objective),
            Measured::Weighted(_) | Measured::Sli(_) => None,
        };
        let slo = SloDraft::new(free_slo_name(annotation, draft, slo_name), of, objective, window.clone());
        let mut slo = SloDraft { description: self.description.clone(), ..slo };
        self.extras(&mut slo);
        draft.slos.push(slo);
    }
}

/// The name of one of several SLOs that an SLO of OpenSLO is.
fn part_name(slo: &Name, label: Option<&str>, index: usize) -> Name {
    let label = label.map_or_else(|| (index + 1).to_string(), str::to_owned);
    Name::nearest(&format!("{slo}-{label}")).unwrap_or_else(|| slo.clone())
}

fn budgeting(spec: &Table<'_>) -> Option<Budgeting> {
    let item = spec.need("budgetingMethod")?;
    match item.text()? {
        "Occurrences" => Some(Budgeting::Occurrences),
        "Timeslices" => Some(Budgeting::TimeSlices),
        "RatioTimeslices" => Some(Budgeting::RatioTimeSlices),
        other => {
            let help = nearest_word(other, ["Occurrences", "Timeslices", "RatioTimeslices"]);
            item.wrong(Code::UnknownWord, format!("{} is no way of budgeting", quote(other)), help);
            None
        }
    }
}

/// Says of the alert policies of an SLO that they are not carried over, wherever references lead.
fn alert_policies(spec: &Table<'_>) {
    for item in spec.get("alertPolicies").into_iter().flat_map(Item::list) {
        item.lost("an alert policy: in Weir, a policy that runs `burn-rate` says when to alert");
    }
}
