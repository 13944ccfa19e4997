//! The definition of an SLI: a calculator with its parameters. One call judges the rows of all services that share it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use weir_host::contract::calculator;
use weir_host::{Answer, Calculator, CallError, Digest, Limits, Plugin};
use weir_math::Tally;
use weir_model::CalculatorLog;
use weir_model::event::{ALERT_CLEARED, ALERT_FIRED, is_of_type};

use crate::ledger::{Ledger, Mark, Slice};
use crate::log::{Heard, Place};

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
    /// The types of events that the SLI measures; a `*` at the end stands for any rest. Empty for all types but alerts and
    /// those that the flow keeps whole.
    pub event_types: Vec<String>,
}

/// Requests that share calculator, parameters and event types. It does not change while events are read.
#[derive(Debug)]
pub(crate) struct Definition {
    /// The service and the SLI of the first request.
    service: String,
    name: String,
    plugin: Plugin,
    limits: Limits,
    params: String,
    /// What the calculator needs, or why it can't be used.
    plan: Result<calculator::Plan, String>,
    /// What the calculator wrote to its log when it was asked for that.
    prepared: Heard,
    event_types: Vec<String>,
    /// Where the columns of the plan stand in the batch; none for a field that can't be supplied.
    columns: Vec<Option<usize>>,
    /// The requests by number, each with the length of its slices in seconds.
    requests: Vec<(usize, u32)>,
    /// The requests of each service, as positions in `requests`.
    of_service: Vec<Vec<usize>>,
}

/// What one thread has of a definition: a calculator, and the ledgers of what it has classified.
#[derive(Debug)]
pub(crate) struct Judge {
    calculator: Result<Calculator, Failure>,
    /// A ledger for each request of the definition.
    ledgers: Vec<Ledger>,
    /// What the calculator wrote to its log.
    heard: Heard,
}

/// Why a calculator has stopped.
#[derive(Debug, Clone)]
struct Failure {
    /// The number of the block that it failed at. Of several failures, the first in the order of the stream counts.
    block: u64,
    reason: String,
}

/// Groups the requests and prepares their calculators; where that fails, the ledgers will say why.
pub(crate) fn definitions(
    requests: Vec<Request>,
    service: impl Fn(&str) -> Option<usize>,
) -> Vec<Definition> {
    let mut definitions: Vec<Definition> = Vec::new();
    let mut known: HashMap<(Digest, String, Vec<String>), usize> = HashMap::new();
    for (number, request) in requests.into_iter().enumerate() {
        let key = (request.plugin.digest(), request.params.clone(), request.event_types.clone());
        let idx = *known.entry(key).or_insert_with(|| {
            definitions.push(Definition::new(&request));
            definitions.len() - 1
        });
        if let (Some(definition), Some(service)) = (definitions.get_mut(idx), service(&request.service)) {
            let position = definition.requests.len();
            definition.requests.push((number, request.slice_seconds));
            if definition.of_service.len() <= service {
                definition.of_service.resize(service + 1, Vec::new());
            }
            if let Some(positions) = definition.of_service.get_mut(service) {
                positions.push(position);
            }
        }
    }
    definitions
}

impl Definition {
    fn new(request: &Request) -> Definition {
        let answer = request
            .plugin
            .calculator(&request.sli, &request.limits)
            .and_then(|mut calculator| calculator.prepare(&request.params));
        let mut prepared = Heard::default();
        let plan = prepared.hear(Place::Prepared, answer);
        Definition {
            service: request.service.clone(),
            name: request.sli.clone(),
            plugin: request.plugin.clone(),
            limits: request.limits,
            params: request.params.clone(),
            plan,
            prepared,
            event_types: request.event_types.clone(),
            columns: Vec::new(),
            requests: Vec::new(),
            of_service: Vec::new(),
        }
    }

    /// Has each field that the calculator reads laid out as a column; `column` says where it stands in a batch.
    pub(crate) fn lay_out(&mut self, mut column: impl FnMut(&calculator::Field) -> Option<usize>) {
        let fields = self.plan.as_ref().map(|plan| plan.fields.as_slice()).unwrap_or_default();
        self.columns = fields.iter().map(&mut column).collect();
    }

    /// Where the columns of the plan stand in the batch; none for a field that can't be supplied.
    pub(crate) fn columns(&self) -> &[Option<usize>] {
        &self.columns
    }

    /// The batch column of the instants whose greatest is kept by slice; none for the event's own time.
    pub(crate) fn latest_column(&self) -> Option<usize> {
        let field = usize::try_from(self.plan.as_ref().ok()?.latest?).ok()?;
        self.columns.get(field).copied().flatten()
    }

    /// Whether the SLI measures events of this type, which is kept whole or not. Alerts have to be named.
    pub(crate) fn measures(&self, kind: &str, kept_whole: bool) -> bool {
        if self.event_types.is_empty() {
            // An alert is nothing that a service did: it has none of the fields that tell good from bad.
            return !kept_whole && !matches!(kind, ALERT_FIRED | ALERT_CLEARED);
        }
        self.event_types.iter().any(|pattern| is_of_type(kind, pattern))
    }

    /// The requests for events of this service, as positions among those of the definition.
    pub(crate) fn requests_of(&self, service: u32) -> &[usize] {
        let service = usize::try_from(service).ok();
        service.and_then(|idx| self.of_service.get(idx)).map(Vec::as_slice).unwrap_or_default()
    }

    fn calculator(&self) -> Result<Calculator, String> {
        self.plugin.calculator(&self.name, &self.limits).map_err(|error| error.to_string())
    }

    /// What one more thread needs to classify events. Its instance in the sandbox is made when it is first called.
    pub(crate) fn judge(&self) -> Judge {
        let calculator = match &self.plan {
            Ok(_) => self.calculator(),
            Err(reason) => Err(reason.clone()),
        };
        Judge {
            calculator: calculator.map_err(|reason| Failure { block: 0, reason }),
            ledgers: self.requests.iter().map(|(_, slice_seconds)| Ledger::new(*slice_seconds)).collect(),
            heard: Heard::default(),
        }
    }

    /// The requests by number.
    pub(crate) fn requests(&self) -> impl Iterator<Item = usize> {
        self.requests.iter().map(|(number, _)| *number)
    }

    /// Whether the calculator judges slices rather than events.
    pub(crate) fn settles(&self) -> bool {
        self.plan.as_ref().is_ok_and(|plan| plan.settles)
    }

    /// Has the calculator judge the slices of a ledger within `span` (milliseconds since 1970), from the first one on that
    /// holds something. The ledger itself where it judges events.
    pub(crate) fn settled(
        &self,
        ledger: &Ledger,
        span: &Range<i64>,
        heard: &mut Heard,
    ) -> Result<Ledger, String> {
        if !self.settles() {
            return Ok(ledger.clone());
        }
        self.settle_one(&mut self.calculator()?, ledger, (span.start, span.end), heard)
    }

    /// The finished ledgers with the numbers of their requests, or why there are none; and what the calculator wrote to its
    /// log, if it did. A calculator that settles turns slices from the first one that holds something up to `until` into
    /// tallies; `from` and `until` are in milliseconds since 1970.
    pub(crate) fn settle(
        &self,
        judges: Vec<Judge>,
        from: i64,
        until: i64,
    ) -> (Settled, Option<CalculatorLog>) {
        let mut ledgers: Option<Vec<Ledger>> = None;
        let mut failure: Option<Failure> = None;
        let mut heard = vec![self.prepared.clone()];
        for judge in judges {
            heard.push(judge.heard);
            if let Err(theirs) = judge.calculator
                && failure.as_ref().is_none_or(|mine| theirs.block < mine.block)
            {
                failure = Some(theirs);
            }
            match &mut ledgers {
                Some(ledgers) => {
                    ledgers.iter_mut().zip(&judge.ledgers).for_each(|(mine, theirs)| mine.merge(theirs));
                }
                None => ledgers = Some(judge.ledgers),
            }
        }
        let ledgers = ledgers.unwrap_or_else(|| self.judge().ledgers);
        // What other threads did beyond the block at which one failed depends on how far they came.
        let end = failure.as_ref().map_or(Place::Settled, |failure| Place::Block(failure.block));
        let ledgers: Vec<Result<Ledger, String>> = match failure {
            Some(Failure { reason, .. }) => ledgers.iter().map(|_| Err(reason.clone())).collect(),
            None if !self.settles() => ledgers.into_iter().map(Ok).collect(),
            None => {
                let mut calculator = self.calculator();
                let mut settling = Heard::default();
                let settled = ledgers.iter().map(|ledger| match &mut calculator {
                    Ok(calculator) => self.settle_one(calculator, ledger, (from, until), &mut settling),
                    Err(reason) => Err(reason.clone()),
                });
                let settled = settled.collect();
                heard.push(settling);
                settled
            }
        };
        let log = Heard::first(heard, end).map(|(lines, is_cut)| self.log(lines, is_cut));
        (self.requests().zip(ledgers).collect(), log)
    }

    /// Has the calculator judge the slices of one ledger.
    fn settle_one(
        &self,
        calculator: &mut Calculator,
        ledger: &Ledger,
        (from, until): (i64, i64),
        heard: &mut Heard,
    ) -> Result<Ledger, String> {
        let slices = WholeSlices::of(ledger, from, until);
        let Some(slices) = slices else { return Ok(ledger.clone()) };
        let answer = slices.ask(calculator, &self.params);
        let tallies = heard.hear(Place::Settled, answer);
        let tallies = tallies.map_err(|reason| format!("`{}` can't be settled: {reason}", self.name))?;
        Ok(slices.settled(ledger, tallies))
    }

    /// What the calculator wrote to its log when it was asked what it needs.
    pub(crate) fn prepared(&self) -> Heard {
        self.prepared.clone()
    }

    /// Lines of the calculator's log, with whose they are.
    pub(crate) fn log(&self, lines: Vec<String>, is_cut: bool) -> CalculatorLog {
        CalculatorLog {
            plugin: self.plugin.name().to_owned(),
            service: self.service.clone(),
            sli: self.name.clone(),
            lines,
            is_cut,
        }
    }
}

/// Ledgers by the numbers of their requests, or why there is none.
pub(crate) type Settled = Vec<(usize, Result<Ledger, String>)>;

impl Judge {
    /// The calculator's marks, one a row; none once the calculator has failed. `block` is the number of the block that
    /// the rows come from.
    pub(crate) fn marks(
        &mut self,
        definition: &Definition,
        rows: &calculator::Batch<'_>,
        block: u64,
    ) -> Option<Vec<u8>> {
        let calculator = self.calculator.as_mut().ok()?;
        let answer = calculator.classify(&definition.params, rows);
        match self.heard.hear(Place::Block(block), answer) {
            Ok(marks) => Some(marks),
            Err(reason) => {
                self.calculator = Err(Failure { block, reason });
                None
            }
        }
    }

    /// What the calculator has written to its log since this was last asked.
    pub(crate) fn take_heard(&mut self) -> Heard {
        std::mem::take(&mut self.heard)
    }

    /// Adds a row to the ledgers of these requests.
    pub(crate) fn add(&mut self, requests: &[usize], time: i64, mark: Mark, latest: Option<i64>) {
        for position in requests {
            if let Some(ledger) = self.ledgers.get_mut(*position) {
                ledger.add(time, mark, latest);
            }
        }
    }

    /// Whether the calculator has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.calculator.is_err()
    }

    /// Why the calculator has failed, where it has.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.calculator.as_ref().err().map(|failure| failure.reason.as_str())
    }

    /// Goes on where another has failed.
    pub(crate) fn fail(&mut self, reason: String) {
        self.calculator = Err(Failure { block: 0, reason });
    }

    /// What has been added since this was last asked: a ledger for each request of the definition, in its order.
    pub(crate) fn take_ledgers(&mut self) -> impl Iterator<Item = Ledger> {
        self.ledgers.iter_mut().map(|ledger| {
            let empty = Ledger::new(ledger.slice_seconds());
            std::mem::replace(ledger, empty)
        })
    }
}

/// The whole slices of a ledger, from the first one that holds something.
struct WholeSlices {
    /// The start of the first one, in seconds since 1970; there may be none after all.
    first: i64,
    seconds: u32,
    starts: Vec<i64>,
    slices: Vec<Slice>,
    /// The greatest `latest` of the slices before the first one.
    earlier: Option<i64>,
}

impl WholeSlices {
    /// Those that start at `from` and end by `until` (milliseconds since 1970); none where no slice holds anything.
    fn of(ledger: &Ledger, from: i64, until: i64) -> Option<WholeSlices> {
        let seconds = i64::from(ledger.slice_seconds());
        let known: BTreeMap<i64, Slice> = ledger.slices().collect();
        let first = known.keys().next().copied()?;
        let first = first.max(from.div_euclid(1000).div_euclid(seconds) * seconds);
        // Only whole slices settle: the one that is still running would be judged on a part of its events.
        let count = (until.div_euclid(1000) - first).div_euclid(seconds).max(0);
        let empty = Slice { tally: Tally::default(), latest: None };
        let starts: Vec<i64> = (0..count).map(|idx| first + idx * seconds).collect();
        let slices = starts.iter().map(|start| known.get(start).copied().unwrap_or(empty)).collect();
        let earlier = known.range(..first).filter_map(|(_, slice)| slice.latest).max();
        Some(WholeSlices { first, seconds: ledger.slice_seconds(), starts, slices, earlier })
    }

    fn ask(
        &self,
        calculator: &mut Calculator,
        params: &str,
    ) -> Result<Answer<calculator::Tallies>, CallError> {
        let counts = |count: fn(&Slice) -> u64| self.slices.iter().map(count).collect::<Vec<_>>();
        let mut latest: Vec<Option<i64>> = self.slices.iter().map(|slice| slice.latest).collect();
        // How new the newest data was before the first slice is known by it.
        if let Some(first) = latest.first_mut() {
            *first = self.earlier.max(*first);
        }
        let latest: Vec<i64> = latest.into_iter().map(|latest| latest.unwrap_or(NO_LATEST)).collect();
        calculator.settle(
            params,
            &calculator::Slices {
                first: self.first,
                seconds: self.seconds,
                good: &counts(|slice| slice.tally.good),
                bad: &counts(|slice| slice.tally.bad),
                unknown: &counts(|slice| slice.tally.unknown),
                latest: &latest,
            },
        )
    }

    /// The ledger with what the calculator made of the slices.
    fn settled(&self, ledger: &Ledger, tallies: calculator::Tallies) -> Ledger {
        let tallies = tallies.good.into_iter().zip(tallies.bad.into_iter().zip(tallies.unknown));
        let settled = self.starts.iter().zip(&self.slices).zip(tallies).filter_map(
            |((start, slice), (good, (bad, unknown)))| {
                let tally = Tally { good, bad, unknown };
                (tally != Tally::default()).then_some((*start, Slice { tally, latest: slice.latest }))
            },
        );
        Ledger::from_slices(self.seconds, settled.collect(), ledger.newest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_before_the_first_one_only_tell_how_new_data_was() {
        let mut ledger = Ledger::new(60);
        for (time, latest) in [(-600_000, 5), (0, 9), (60_000, 7), (1_767_225_600_000, 8)] {
            ledger.add(time, Mark::Good, Some(latest));
        }
        let from = 1_767_225_600_000 - 3 * 60_000;
        let slices = WholeSlices::of(&ledger, from, 1_767_225_660_000).unwrap();
        assert_eq!((slices.first, slices.earlier), (from / 1000, Some(9)));
        let latest: Vec<Option<i64>> = slices.slices.iter().map(|slice| slice.latest).collect();
        assert_eq!(latest, [None, None, None, Some(8)]);
        // Without a limit, the first one that holds something begins.
        let slices = WholeSlices::of(&ledger, i64::MIN, 120_000).unwrap();
        assert_eq!((slices.first, slices.earlier, slices.slices.len()), (-600, None, 12));
    }
}
