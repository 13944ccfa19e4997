//! A plugin at work on made-up questions. Whoever has it work may time it: nothing here reads the clock.

use std::fmt;

use crate::calculator::Calculator;
use crate::contract::budget::Situation;
use crate::error::CallError;
use crate::evidence::Evidence;
use crate::kind::Kind;
use crate::limits::{LimitKind, Limits};
use crate::plugin::Plugin;
use crate::verify::questions::{self, Rows};

/// The name under which calls of an exercise appear in errors.
const POLICY: &str = "exercise";
/// How many rows a batch has: as many as a run hands over at once.
const ROWS: u32 = 16_384;
/// What memories grow by.
const PAGE: usize = 64 << 10;

/// A plugin with a question to answer again and again. Made by [`Plugin::exercise`].
pub struct Exercise {
    plugin: Plugin,
    params: String,
    limits: Limits,
    question: Question,
}

enum Question {
    Rows { rows: Box<Rows>, kept: Box<Calculator> },
    Situation(Box<Situation>),
    Subject,
    Work,
}

impl fmt::Debug for Exercise {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Exercise").field("plugin", &self.plugin).finish_non_exhaustive()
    }
}

impl Plugin {
    /// Gives the plugin a made-up question. `params` is a JSON object that its schema lets through.
    ///
    /// # Errors
    /// When the plugin fails to say what it needs.
    pub fn exercise(&self, params: &str, limits: &Limits) -> Result<Exercise, CallError> {
        let question = match self.kind() {
            Kind::SliCalculator => {
                let mut kept = self.calculator(POLICY, limits)?;
                let plan = kept.prepare(params)?.value;
                Question::Rows { rows: Box::new(Rows::new(&plan, 0, ROWS)), kept: Box::new(kept) }
            }
            Kind::BudgetPolicy => {
                let needs = self.prepare_budget(POLICY, limits, params)?.value;
                Question::Situation(Box::new(questions::situation(&needs)))
            }
            Kind::Check => Question::Subject,
            Kind::ToilScorer => Question::Work,
        };
        Ok(Exercise { plugin: self.clone(), params: params.to_owned(), limits: *limits, question })
    }
}

impl Exercise {
    /// How many rows a call marks; none for a plugin that marks no rows.
    pub fn rows(&self) -> Option<u32> {
        matches!(self.question, Question::Rows { .. }).then_some(ROWS)
    }

    /// Answers once, in an instance that is made for it.
    ///
    /// # Errors
    /// When the plugin fails, exceeds a limit, or breaks the contract.
    pub fn fresh(&self) -> Result<(), CallError> {
        self.fresh_within(&self.limits)
    }

    /// Answers once, in an instance that has answered before; false for a kind whose instances are not kept.
    ///
    /// # Errors
    /// When the plugin fails, exceeds a limit, or breaks the contract.
    pub fn kept(&mut self) -> Result<bool, CallError> {
        match &mut self.question {
            Question::Rows { rows, kept } => kept.classify(&self.params, &rows.batch()).map(|_| true),
            Question::Situation(_) | Question::Subject | Question::Work => Ok(false),
        }
    }

    /// The least memory in which the plugin still answers, to the page of 64 KiB.
    ///
    /// # Errors
    /// When the plugin fails for another reason.
    pub fn memory_bytes(&self) -> Result<usize, CallError> {
        // Enough, and too little.
        let (mut enough, mut little) = (self.limits.memory_bytes.div_ceil(PAGE), 0);
        while enough.saturating_sub(little) > 1 {
            let pages = little.midpoint(enough);
            let limits = Limits { memory_bytes: pages.saturating_mul(PAGE), ..self.limits };
            match self.fresh_within(&limits) {
                Ok(()) => enough = pages,
                Err(CallError::Limit { limit: LimitKind::Memory, .. }) => little = pages,
                Err(error) => return Err(error),
            }
        }
        Ok(enough.saturating_mul(PAGE).min(self.limits.memory_bytes))
    }

    fn fresh_within(&self, limits: &Limits) -> Result<(), CallError> {
        let Exercise { plugin, params, .. } = self;
        match &self.question {
            Question::Rows { rows, .. } => {
                plugin.calculator(POLICY, limits)?.classify(params, &rows.batch()).map(drop)
            }
            Question::Situation(situation) => plugin.decide(POLICY, limits, params, situation).map(drop),
            Question::Subject => {
                let subject = questions::subject();
                plugin.assess(POLICY, limits, params, &subject, &Evidence::none()).map(drop)
            }
            Question::Work => {
                let (since, until) = questions::PERIOD;
                plugin.score(POLICY, limits, params, since, until, &questions::work()).map(drop)
            }
        }
    }
}
