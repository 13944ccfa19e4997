//! What was counted for a back-test, kept in a file: other policies can be tested on it without reading the events again.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use weir_flow::{Ledger, Slice};
use weir_math::Tally;
use weir_model::event::Event;
use weir_model::service::Service;
use weir_model::{EventCounts, Slo};

use crate::engine::EngineError;
use crate::measure::{self, Events, Origin, Reading, SloLedger, Stretch, Wanted};
use crate::plugins::Plugins;
use crate::project::Project;
use crate::snapshot::{self, Kind, SnapshotError};

/// What was read of the events.
#[derive(Debug, Serialize, Deserialize)]
struct Counted {
    /// The time that was counted, in milliseconds since 1970.
    from: i64,
    until: i64,
    /// The environments whose deploys and incidents were kept.
    environments: Vec<String>,
    /// The files that were read, with their lengths in bytes.
    files: Vec<(String, u64)>,
    /// Counts and events as JSON: their forms leave out what is empty, which this form can't.
    counts: String,
    kept: Vec<String>,
    slos: Vec<CountedSlo>,
}

/// The ledger of one SLO.
#[derive(Debug, Serialize, Deserialize)]
struct CountedSlo {
    service: String,
    slo: String,
    /// The digest of all that the counts depend on besides the events.
    measure: [u8; 32],
    newest: Option<i64>,
    /// The slices, or why there are none.
    slices: Result<Vec<FlatSlice>, String>,
}

/// The start of a slice in seconds since 1970, with good, bad and unknown, and the greatest `latest`.
type FlatSlice = (i64, [u64; 3], Option<i64>);

/// What was read for a back-test, and what there is to say about where it comes from.
pub(super) struct Source {
    pub(super) reading: Reading,
    pub(super) note: Option<String>,
}

/// What concerns these services: from the file, if it is there, and else from the events, after which it is written.
///
/// # Errors
/// When events can't be read; when the file is broken, or holds counts of something else.
pub(super) fn read(
    path: &Path,
    project: &Project,
    plugins: &Plugins,
    services: &[&Service],
    stretch: &Stretch<'_>,
    events: &Events,
) -> Result<Source, EngineError> {
    let files = files(project, services, events)?;
    let expected = expected(project, plugins, services, stretch)?;
    let (from, until) = (measure::horizon(services, stretch.from), stretch.until.as_millisecond());
    let Some(found) = snapshot::read(path, Kind::Counts)? else {
        let reading = measure::read_stretch(project, plugins, services, stretch, events)?;
        let environments = project.file.about.environments.clone();
        let counted = Counted::of(&reading, &expected, (from, until), environments, files)?;
        let content = postcard::to_allocvec(&counted).map_err(internal)?;
        snapshot::write(path, Kind::Counts, &content)?;
        return Ok(Source { reading, note: None });
    };
    let foreign = |reason| SnapshotError::Foreign { file: found.file.display().to_string(), reason };
    let counted: Counted = postcard::from_bytes(&found.content)
        .map_err(|_| foreign("another build of Weir wrote it".to_owned()))?;
    if counted.from > from || counted.until < until {
        return Err(foreign(counted.too_short(from, until)).into());
    }
    if counted.environments != project.file.about.environments {
        return Err(foreign("it has the deploys and incidents of other environments".to_owned()).into());
    }
    let changed = files.iter().filter(|file| !counted.files.contains(file)).count()
        + counted.files.iter().filter(|(name, _)| !files.iter().any(|(known, _)| known == name)).count();
    let note = found.note.or_else(|| {
        (changed > 0).then(|| {
            format!(
                "`{}` was counted before {changed} of the files with events changed; move it away to count anew",
                path.display()
            )
        })
    });
    let reading = counted.reading(expected).map_err(foreign)?;
    Ok(Source { reading, note })
}

/// The files with events and how long they are; those without a length, as standard input, have 0.
fn files(
    project: &Project,
    services: &[&Service],
    events: &Events,
) -> Result<Vec<(String, u64)>, EngineError> {
    let length = |path: &Path| fs_err::metadata(path).map_or(0, |stored| stored.len());
    let files = measure::event_files(project, services, events)?.files;
    Ok(files
        .into_iter()
        .map(|file| (file.shown.to_string_lossy().into_owned(), length(&file.path)))
        .collect())
}

/// A ledger that an SLO needs.
struct Expected {
    service: String,
    slo: String,
    slice_seconds: u32,
    origin: Origin,
    /// The digest of all that its counts depend on besides the events.
    measure: [u8; 32],
}

/// The ledgers that services need, in the order of their SLOs.
fn expected(
    project: &Project,
    plugins: &Plugins,
    services: &[&Service],
    stretch: &Stretch<'_>,
) -> Result<Vec<Vec<Expected>>, EngineError> {
    let wanted = measure::wanted(project, plugins, services, stretch.slice_seconds)?;
    let of_service = |(service, wanted): (&&Service, Vec<Wanted>)| {
        let of_slo = |slo: &Slo| {
            let sli = service.sli(slo.sli.as_ref()?)?;
            let events = wanted.iter().find(|wanted| wanted.slo == slo.name.as_str());
            let (origin, measure) = match events {
                Some(Wanted { request, .. }) => {
                    let plugin = request.plugin.digest();
                    let all = format!("{plugin} {:?} {:?}", request.params, request.event_types);
                    (Origin::Calculator(plugin), all)
                }
                None => (Origin::Source(sli.source.as_ref()?.to_string()), format!("{sli:?}")),
            };
            let slice_seconds = (stretch.slice_seconds)(service, slo);
            let service = service.about.name.to_string();
            let measure = Sha256::digest(format!("{service} {slice_seconds} {measure}")).into();
            Some(Expected { service, slo: slo.name.to_string(), slice_seconds, origin, measure })
        };
        service.slos.iter().filter_map(of_slo).collect()
    };
    Ok(services.iter().zip(wanted).map(of_service).collect())
}

fn internal<E: std::error::Error>(error: E) -> EngineError {
    EngineError::Internal(error.to_string())
}

impl Counted {
    fn of(
        reading: &Reading,
        expected: &[Vec<Expected>],
        (from, until): (i64, i64),
        environments: Vec<String>,
        files: Vec<(String, u64)>,
    ) -> Result<Counted, EngineError> {
        let ledgers = reading.services.iter().flatten().zip(expected.iter().flatten());
        let slos = ledgers.map(|(SloLedger { slo, ledger, .. }, expected)| CountedSlo {
            service: expected.service.clone(),
            slo: slo.clone(),
            measure: expected.measure,
            newest: ledger.as_ref().ok().and_then(Ledger::newest),
            slices: ledger.as_ref().map(|ledger| ledger.slices().map(flat).collect()).map_err(Clone::clone),
        });
        let slos = slos.collect();
        let kept =
            reading.kept.iter().map(serde_json::to_string).collect::<Result<_, _>>().map_err(internal)?;
        let counts = serde_json::to_string(&reading.counts).map_err(internal)?;
        Ok(Counted { from, until, environments, files, counts, kept, slos })
    }

    /// It as if it had been read now.
    ///
    /// # Errors
    /// With what is not in it.
    fn reading(mut self, expected: Vec<Vec<Expected>>) -> Result<Reading, String> {
        let mut services = Vec::new();
        for expected in expected {
            services.push(expected.into_iter().map(|slo| self.ledger(slo)).collect::<Result<_, _>>()?);
        }
        let nonsense = |error: &dyn std::fmt::Display| format!("an event in it makes no sense: {error}");
        let event =
            |text: &String| Event::parse(text).map(Event::into_owned).map_err(|error| nonsense(&error));
        let counts: EventCounts = serde_json::from_str(&self.counts).map_err(|error| nonsense(&error))?;
        let kept = self.kept.iter().map(event).collect::<Result<_, _>>()?;
        Ok(Reading { services, counts, kept })
    }

    /// The ledger that an SLO needs.
    fn ledger(&mut self, expected: Expected) -> Result<SloLedger, String> {
        let Expected { service, slo, slice_seconds, origin, measure } = expected;
        let known = self.slos.iter_mut().find(|known| known.service == service && known.slo == slo);
        let known = known.ok_or_else(|| format!("it does not have `{service}/{slo}`"))?;
        if known.measure != measure {
            return Err(format!(
                "`{service}/{slo}` was measured differently: by another plugin, with other parameters or slices"
            ));
        }
        let slices = std::mem::replace(&mut known.slices, Ok(Vec::new()));
        let ledger = slices.map(|slices| {
            Ledger::from_slices(slice_seconds, slices.into_iter().map(whole).collect(), known.newest)
        });
        Ok(SloLedger { slo, origin, ledger, slice_seconds })
    }

    fn too_short(&self, from: i64, until: i64) -> String {
        let instant = |millis: i64| {
            Timestamp::from_millisecond(millis).map_or_else(|_| millis.to_string(), |at| at.to_string())
        };
        format!(
            "it counts from {} to {}, and what is asked takes {} to {}",
            instant(self.from),
            instant(self.until),
            instant(from),
            instant(until)
        )
    }
}

fn flat((start, slice): (i64, Slice)) -> FlatSlice {
    (start, [slice.tally.good, slice.tally.bad, slice.tally.unknown], slice.latest)
}

fn whole((start, [good, bad, unknown], latest): FlatSlice) -> (i64, Slice) {
    (start, Slice { tally: Tally { good, bad, unknown }, latest })
}
