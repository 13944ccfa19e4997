//! The definition of an SLI: a calculator with its parameters. One call judges the rows of all services that share it.

use std::collections::HashMap;

use weir_host::contract::calculator;
use weir_host::{Calculator, Digest, Limits, Plugin};
use weir_math::Tally;

use crate::ledger::{Ledger, Mark, Slice};

/// What the contract writes where a slice has no `latest`.
const NO_LATEST: i64 = i64::MIN;

/// One ledger that is wanted: an SLI of a service, in slices of some length.
#[derive(Debug, Clone)]
pub struct Request {
    /// The service that the events' subject must name.
    pub service: String,
    /// The SLI's name, for errors.
    pub sli: String,
    /// The length of a slice in seconds.
    pub slice_seconds: u32,
    /// The calculator.
    pub plugin: Plugin,
    /// Its limits.
    pub limits: Limits,
    /// Its parameters, as a JSON object.
    pub params: String,
    /// The types of events that the SLI measures; a `*` at the end stands for any rest. Empty for all types but those
    /// that the flow keeps whole.
    pub event_types: Vec<String>,
}

/// Requests that share calculator, parameters and event types.
#[derive(Debug)]
pub(crate) struct Definition {
    name: String,
    calculator: Result<Calculator, String>,
    params: String,
    plan: Option<calculator::Plan>,
    event_types: Vec<String>,
    /// Where the columns of the plan stand in the batch; none for a field that can't be supplied.
    pub(crate) columns: Vec<Option<usize>>,
    /// The ledgers, each with the number of its request.
    ledgers: Vec<(usize, Ledger)>,
    /// The ledgers of each service, as positions in `ledgers`.
    of_service: HashMap<usize, Vec<usize>>,
}

/// Groups the requests. Each definition prepares its calculator; where that fails, its ledgers will say why.
pub(crate) fn definitions(requests: Vec<Request>, services: &HashMap<String, usize>) -> Vec<Definition> {
    let mut definitions: Vec<Definition> = Vec::new();
    let mut known: HashMap<(Digest, String, Vec<String>), usize> = HashMap::new();
    for (number, request) in requests.into_iter().enumerate() {
        let key = (request.plugin.digest(), request.params.clone(), request.event_types.clone());
        let idx = *known.entry(key).or_insert_with(|| {
            definitions.push(Definition::new(&request));
            definitions.len() - 1
        });
        if let (Some(definition), Some(service)) = (definitions.get_mut(idx), services.get(&request.service))
        {
            let position = definition.ledgers.len();
            definition.ledgers.push((number, Ledger::new(request.slice_seconds)));
            definition.of_service.entry(*service).or_default().push(position);
        }
    }
    definitions
}

impl Definition {
    fn new(request: &Request) -> Definition {
        let mut definition = Definition {
            name: request.sli.clone(),
            calculator: request
                .plugin
                .calculator(&request.sli, &request.limits)
                .map_err(|error| error.to_string()),
            params: request.params.clone(),
            plan: None,
            event_types: request.event_types.clone(),
            columns: Vec::new(),
            ledgers: Vec::new(),
            of_service: HashMap::new(),
        };
        if let Ok(calculator) = &mut definition.calculator {
            match calculator.prepare(&definition.params) {
                Ok(answer) => definition.plan = Some(answer.value),
                Err(error) => definition.calculator = Err(error.to_string()),
            }
        }
        definition
    }

    /// The fields that the calculator reads.
    pub(crate) fn wanted(&self) -> Vec<calculator::Field> {
        self.plan.as_ref().map(|plan| plan.fields.clone()).unwrap_or_default()
    }

    /// The batch column of the instants whose greatest is kept by slice; none for the event's own time.
    pub(crate) fn latest_column(&self) -> Option<usize> {
        let field = usize::try_from(self.plan.as_ref()?.latest?).ok()?;
        self.columns.get(field).copied().flatten()
    }

    /// Whether the SLI measures events of this type.
    pub(crate) fn measures(&self, kind: &str, keep_whole: &[String]) -> bool {
        if self.event_types.is_empty() {
            return !keep_whole.iter().any(|keep| keep == kind);
        }
        self.event_types.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => kind.starts_with(start),
            None => kind == pattern,
        })
    }

    /// The calculator's marks, one a row; none once the calculator has failed.
    pub(crate) fn marks(&mut self, rows: &calculator::Batch<'_>) -> Option<Vec<u8>> {
        let calculator = self.calculator.as_mut().ok()?;
        match calculator.classify(&self.params, rows) {
            Ok(answer) => Some(answer.value),
            Err(error) => {
                self.calculator = Err(error.to_string());
                None
            }
        }
    }

    /// Adds a row to the ledgers of its service. Whether it counted.
    pub(crate) fn add(&mut self, service: usize, time: i64, mark: u8, latest: Option<i64>) -> bool {
        let mark = Mark::from_code(mark);
        let Some(positions) = self.of_service.get(&service) else { return false };
        for position in positions {
            if let Some((_, ledger)) = self.ledgers.get_mut(*position) {
                ledger.add(time, mark, latest);
            }
        }
        mark != Mark::NotValid
    }

    /// The finished ledgers with the numbers of their requests. A calculator that settles turns slices from the first
    /// one that holds something up to `until` into tallies; `from` and `until` are in milliseconds since 1970.
    pub(crate) fn settle(mut self, from: i64, until: i64) -> Vec<(usize, Result<Ledger, String>)> {
        let ledgers = std::mem::take(&mut self.ledgers);
        let settles = self.plan.as_ref().is_some_and(|plan| plan.settles);
        let mut finished = Vec::with_capacity(ledgers.len());
        for (request, ledger) in ledgers {
            let result = match &mut self.calculator {
                Err(error) => Err(error.clone()),
                Ok(calculator) if settles => {
                    settled(calculator, &self.name, &self.params, &ledger, from, until)
                }
                Ok(_) => Ok(ledger),
            };
            finished.push((request, result));
        }
        finished
    }
}

fn settled(
    calculator: &mut Calculator,
    name: &str,
    params: &str,
    ledger: &Ledger,
    from: i64,
    until: i64,
) -> Result<Ledger, String> {
    let seconds = i64::from(ledger.slice_seconds());
    let slices: std::collections::BTreeMap<i64, Slice> = ledger.slices().collect();
    let Some(first) = slices.keys().next().copied() else { return Ok(ledger.clone()) };
    let first = first.max(from.div_euclid(1000).div_euclid(seconds) * seconds);
    // Only whole slices settle: the one that is still running would be judged on a part of its events.
    let count = (until.div_euclid(1000) - first).div_euclid(seconds).max(0);
    let empty = Slice { tally: Tally::default(), latest: None };
    let starts: Vec<i64> = (0..count).map(|idx| first + idx * seconds).collect();
    let row = |start: &i64| slices.get(start).copied().unwrap_or(empty);
    let merged = calculator::Slices {
        first,
        seconds: ledger.slice_seconds(),
        good: &starts.iter().map(|start| row(start).tally.good).collect::<Vec<_>>(),
        bad: &starts.iter().map(|start| row(start).tally.bad).collect::<Vec<_>>(),
        unknown: &starts.iter().map(|start| row(start).tally.unknown).collect::<Vec<_>>(),
        latest: &starts.iter().map(|start| row(start).latest.unwrap_or(NO_LATEST)).collect::<Vec<_>>(),
    };
    let answer =
        calculator.settle(params, &merged).map_err(|error| format!("`{name}` can't be settled: {error}"))?;
    let tallies = answer.value;
    let settled =
        starts.iter().zip(tallies.good).zip(tallies.bad.into_iter().zip(tallies.unknown)).filter_map(
            |((start, good), (bad, unknown))| {
                let tally = Tally { good, bad, unknown };
                (tally != Tally::default()).then_some((*start, Slice { tally, latest: row(start).latest }))
            },
        );
    Ok(Ledger::from_slices(ledger.slice_seconds(), settled.collect(), ledger.newest()))
}
