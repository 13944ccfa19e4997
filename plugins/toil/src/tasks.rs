//! Judges one task: its attributes, its class, whether automating it pays, and what to do about it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use weir_math::{Attribute, WorkClass, break_even_days, toil_score, work_class};
use weir_plugin::scorer::{Task, WorkItem};
use weir_plugin::{class, fact};

use crate::{Advice, Params, Source, titles};

/// The runs of one task.
#[derive(Debug, Default)]
pub(crate) struct Group<'a> {
    items: Vec<&'a WorkItem>,
}

/// A task with what its place in the ranking depends on.
#[derive(Debug)]
pub(crate) struct Ranked {
    pub(crate) task: Task,
    payback: Payback,
}

/// When the effort of automating a task is won back. The order is that of the ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Payback {
    /// After so many days.
    Days(u64),
    /// Nobody has estimated the effort.
    Unknown,
    /// Never: a run would take as long as before.
    Never,
}

impl Ranked {
    /// Toil comes first, then what pays back soonest, then what takes the most time. The title makes it unambiguous.
    pub(crate) fn rank(&self) -> impl Ord + '_ {
        let task = &self.task;
        (task.class != class::TOIL, self.payback, Reverse(task.minutes), &task.title)
    }
}

impl<'a> Group<'a> {
    pub(crate) fn add(&mut self, item: &'a WorkItem) {
        self.items.push(item);
    }

    pub(crate) fn items(&self) -> &[&'a WorkItem] {
        &self.items
    }

    /// Judges the task over a period of so many days.
    pub(crate) fn judge(&self, title: &str, params: &Params, days: u64) -> Ranked {
        let runs = self.items.len() as u64;
        let minutes = self.items.iter().fold(0_u64, |sum, item| sum.saturating_add(item.minutes));
        let mut sources = params.sources.iter();
        let source = sources.find(|source| titles::keyword(title, &source.keywords).is_some());
        let (stated, holds) = self.attributes(runs >= params.recurring_from, source.is_some());
        let said = self.said_class(title, params);
        let class = said.unwrap_or_else(|| class_of(stated, holds));
        let payback = if class == class::TOIL { self.payback(runs, minutes, days) } else { Payback::Unknown };
        let would_be_toil =
            said.is_none() && class_of(stated, holds | Attribute::Repetitive.bit()) == class::TOIL;
        let advice = match class {
            class::TOIL => {
                format!("{}; {}", advice(source, payback, stated, holds), effort(runs, minutes, payback))
            }
            _ if would_be_toil => {
                format!("wait: done {}, and toil from {} on", times(runs), times(params.recurring_from))
            }
            class::OVERHEAD => "leave it: overhead, no operation of a service".to_owned(),
            _ => "leave it: engineering, which leaves something of lasting value".to_owned(),
        };
        let teams: BTreeSet<&str> = self.items.iter().map(|item| item.team.as_str()).collect();
        let task = Task {
            title: title.to_owned(),
            teams: teams.into_iter().map(str::to_owned).collect(),
            runs,
            minutes,
            class,
            score: toil_score(stated, holds),
            break_even_days: match payback {
                Payback::Days(days) => Some(days),
                Payback::Unknown | Payback::Never => None,
            },
            advice,
            facts: Vec::new(),
        };
        Ranked { task, payback }
    }

    /// Which attributes are known of the task, and which of those hold: what most runs state. Of work from a known
    /// source the usual attributes are taken for granted where no run states them. Whether it is repetitive is counted.
    fn attributes(&self, recurs: bool, from_source: bool) -> (u32, u32) {
        let (mut stated, mut holds) = (Attribute::Repetitive.bit(), 0);
        for attribute in Attribute::ALL {
            let stating = self.items.iter().filter(|item| attribute.is_in(item.stated)).count();
            let holding = self.items.iter().filter(|item| attribute.is_in(item.stated & item.holds)).count();
            let usual = match attribute {
                Attribute::Manual | Attribute::Automatable | Attribute::Tactical => from_source,
                Attribute::Repetitive | Attribute::Scaling => false,
            };
            if stating > 0 || usual {
                stated |= attribute.bit();
            }
            let held = if attribute == Attribute::Repetitive {
                recurs
            } else if stating > 0 {
                2 * holding > stating
            } else {
                usual
            };
            if held {
                holds |= attribute.bit();
            }
        }
        (stated, holds)
    }

    /// The class that is said outright: overhead or engineering if more than half of the runs say so; overhead by the
    /// words of the title. Saying `toil` doesn't make it toil, only the attributes do.
    fn said_class(&self, title: &str, params: &Params) -> Option<u32> {
        let saying = |name: &str| {
            let runs = self.items.iter().filter(|item| fact(&item.facts, "class") == Some(name)).count();
            2 * runs > self.items.len()
        };
        if saying("engineering") {
            Some(class::ENGINEERING)
        } else if saying("overhead") || titles::keyword(title, &params.overhead).is_some() {
            Some(class::OVERHEAD)
        } else {
            None
        }
    }

    /// Where runs differ in their estimates, the greatest counts: better to be pleased later than to be disappointed.
    fn payback(&self, runs: u64, minutes: u64, days: u64) -> Payback {
        let greatest = |name: &str| {
            let estimates = self.items.iter().filter_map(|item| fact(&item.facts, name)?.parse::<u64>().ok());
            estimates.max()
        };
        let Some(effort) = greatest("automation-minutes") else { return Payback::Unknown };
        let residual = greatest("residual-minutes").unwrap_or(0).saturating_mul(runs);
        // All runs together are taken as one, so that no minute is lost to the rounding of a mean.
        break_even_days(effort, 1, days, minutes, residual).map_or(Payback::Never, Payback::Days)
    }
}

/// The class that the attributes make it.
fn class_of(stated: u32, holds: u32) -> u32 {
    match work_class(stated, holds) {
        WorkClass::Toil => class::TOIL,
        WorkClass::Overhead => class::OVERHEAD,
        WorkClass::Engineering => class::ENGINEERING,
    }
}

/// What to do about toil, with the reason: what helps against its source, unless a machine can't or shouldn't do it.
fn advice(source: Option<&Source>, payback: Payback, stated: u32, holds: u32) -> String {
    let usual = source.map_or(Advice::Automate, |source| source.advice);
    let by_machine = matches!(usual, Advice::Automate | Advice::SelfService);
    let automatable = Attribute::Automatable.is_in(holds);
    let denied = Attribute::Automatable.is_in(stated) && !automatable;
    let (advice, reason) = if by_machine && denied && Attribute::Scaling.is_in(holds) {
        (Advice::Eliminate, "no machine can do it and it grows with the service".to_owned())
    } else if by_machine && denied {
        (Advice::Improve, "no machine can do it".to_owned())
    } else if by_machine && payback == Payback::Never {
        (Advice::Improve, "automating it never pays back".to_owned())
    } else if let Some(source) = source {
        (usual, format!("it is one of the {}", source.name))
    } else if automatable {
        (usual, "a machine could do it".to_owned())
    } else {
        (usual, "nothing is known to keep a machine from it".to_owned())
    };
    match advice {
        Advice::Automate => format!("automate it: {reason}"),
        Advice::SelfService => format!("let those who ask do it themselves: {reason}"),
        Advice::Eliminate => format!("eliminate its cause: {reason}"),
        Advice::Improve => format!("make each run shorter: {reason}"),
    }
}

fn effort(runs: u64, minutes: u64, payback: Payback) -> String {
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    let taken = format!("done {} in {minutes} {unit}", times(runs));
    match payback {
        Payback::Days(1) => format!("{taken}, automation pays back within a day"),
        Payback::Days(days) => format!("{taken}, automation pays back within {days} days"),
        Payback::Unknown => format!("{taken}, the effort of automating it isn't estimated"),
        Payback::Never => format!("{taken}, automation saves nothing"),
    }
}

fn times(number: u64) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        number => format!("{number} times"),
    }
}
