//! Rows become marks, marks become ledgers.

use crate::columns::Pools;
use crate::definition::Judge;
use crate::ledger::Mark;
use crate::plan::Plan;
use crate::rows::{Batch, Kinds, NOBODY};
use crate::tallying::{Standing, Uses};

/// Has the calculators of one thread mark batches of rows, and adds the marks up.
#[derive(Debug)]
pub(crate) struct Classifier {
    pools: Pools,
    findings: Findings,
}

/// What one thread has found.
#[derive(Debug)]
pub(crate) struct Findings {
    /// One judge a definition of the plan.
    pub(crate) judges: Vec<Judge>,
    /// Which rows were counted.
    pub(crate) uses: Uses,
}

impl Classifier {
    pub(crate) fn new(plan: &Plan) -> Classifier {
        let judges = plan.definitions.iter().map(|definition| definition.judge()).collect();
        Classifier { pools: Pools::default(), findings: Findings { judges, uses: Uses::default() } }
    }

    pub(crate) fn findings(&mut self) -> &mut Findings {
        &mut self.findings
    }

    pub(crate) fn into_findings(self) -> Findings {
        self.findings
    }

    /// Has every definition mark the rows, which come from the block with this number.
    pub(crate) fn classify(&mut self, plan: &Plan, batch: &Batch, kinds: &Kinds, block: u64) {
        self.findings.uses.begin(batch.times.len(), plan.definitions.len());
        for definition in 0..plan.definitions.len() {
            self.mark(plan, definition, batch, kinds, block);
        }
        self.findings.uses.end(batch.services.iter().zip(&batch.kinds).map(|(service, kind)| {
            if *service == NOBODY {
                Standing::Out
            } else if kinds.notes(*kind).is_some_and(|notes| notes.kept_whole) {
                Standing::Always
            } else {
                Standing::IfCounted
            }
        }));
    }

    /// Has one definition mark the rows, and adds the marks to its ledgers.
    fn mark(&mut self, plan: &Plan, number: usize, batch: &Batch, kinds: &Kinds, block: u64) {
        let Findings { judges, uses } = &mut self.findings;
        let (Some(definition), Some(judge), Some((words, bit))) =
            (plan.definitions.get(number), judges.get_mut(number), uses.of(number))
        else {
            return;
        };
        if judge.has_failed() {
            return;
        }
        self.pools.lay_out(definition.columns().iter().map(|column| batch.columns.get((*column)?)));
        let rows = self.pools.batch(batch.times.len());
        let Some(marks) = judge.marks(definition, &rows, block) else { return };
        let measured = kinds.measured_by(number);
        let latest = definition.latest_column().and_then(|idx| batch.columns.get(idx));
        let places = batch.times.iter().zip(&batch.services).zip(&batch.kinds);
        for (row, ((mark, word), ((time, service), kind))) in marks.iter().zip(words).zip(places).enumerate()
        {
            let mark = Mark::from_code(*mark);
            if mark == Mark::NotValid || *service == NOBODY || !measured.contains(*kind) {
                continue;
            }
            let requests = definition.requests_of(*service);
            if !requests.is_empty() {
                judge.add(requests, *time, mark, latest.map_or(Some(*time), |column| column.instant(row)));
                *word |= bit;
            }
        }
    }
}
