//! Services that the same policies judge, minute by minute.

use weir_flow::Live;
use weir_math::Decimal;
use weir_model::transition::Transition;

use super::watched::Watched;
use crate::decide::{Armed, Outlook, Question, decide_each};
use crate::engine::EngineError;
use crate::parallel::in_parallel;
use crate::talk::Talk;

/// How many SLOs a plugin is asked about with one call, unless a single service has more: enough for the call to cost next to
/// nothing beside them, and few enough that their counts, half a megabyte each, do not fill the memory.
const MOST_AT_ONCE: usize = 128;

/// Fewer services than this are judged in less time than it takes to start threads.
const FEW: usize = 32;

/// Policies that judge some of the services together.
#[derive(Debug)]
pub(super) struct Panel {
    /// The names of the policies.
    pub(super) policies: Vec<String>,
    pub(super) armed: Vec<Armed>,
}

impl Panel {
    /// The longest time that its policies look back, apart from the windows of the SLOs themselves, in seconds.
    pub(super) fn longest_look(&self) -> i64 {
        let needs = self.armed.iter().filter_map(|armed| armed.needs.as_ref()?.as_ref().ok());
        let longest = needs.flat_map(|needs| &needs.value.windows).max().copied().unwrap_or_default();
        i64::try_from(longest).unwrap_or(i64::MAX)
    }
}

/// A full minute that is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minute<'w> {
    pub(super) live: &'w Live,
    /// In seconds since 1970.
    pub(super) minute: i64,
    /// The start of the oldest slices that are kept one by one, in seconds since 1970; none as long as all are.
    pub(super) kept_from: Option<i64>,
    pub(super) thresholds: &'w [Decimal],
}

impl Minute<'_> {
    /// Judges all services, on as many threads as the machine runs at once, and tells what has changed: service by service,
    /// whoever judged them. With it comes what the plugins wrote to their logs.
    ///
    /// # Errors
    /// When what was measured does not fit the SLOs, which nothing of this engine's making does.
    pub(super) fn judge(
        &self,
        panels: &[Panel],
        services: &mut [Watched<'_>],
    ) -> Result<(Vec<Transition>, Talk), EngineError> {
        let is_quick = services.len() < FEW;
        let mut parts: Vec<(&Panel, Vec<&mut Watched<'_>>)> =
            panels.iter().map(|panel| (panel, Vec::new())).collect();
        for service in services {
            if let Some((_, part)) = parts.get_mut(service.panel) {
                part.push(service);
            }
        }
        let mut jobs = Vec::new();
        for (panel, mut part) in parts {
            while !part.is_empty() {
                let rest = part.split_off(at_once(&part));
                jobs.push((panel, std::mem::replace(&mut part, rest)));
            }
        }
        let judge = |(panel, services)| self.judge_part(panel, services);
        let told: Vec<_> =
            if is_quick { jobs.into_iter().map(judge).collect() } else { in_parallel(jobs, judge) };
        let (mut news, mut talk) = (Vec::new(), Talk::default());
        for told in told {
            let (of_part, talk_of_part) = told?;
            news.extend(of_part);
            talk.join(talk_of_part);
        }
        news.sort_by(|one: &Transition, other| one.service.cmp(&other.service));
        Ok((news, talk))
    }

    /// Judges some services that the same policies judge.
    fn judge_part(
        &self,
        panel: &Panel,
        mut services: Vec<&mut Watched<'_>>,
    ) -> Result<(Vec<Transition>, Talk), EngineError> {
        let look = |service: &mut &mut Watched<'_>| service.look(self.live, self.minute, self.kept_from);
        let standings = services.iter_mut().map(look).collect::<Result<Vec<_>, _>>()?;
        let questions: Vec<Question<'_>> =
            services.iter().zip(&standings).map(|(service, standing)| service.question(standing)).collect();
        let decided = decide_each(&questions, &panel.armed, Outlook::Nothing);
        let (mut news, mut talk) = (Vec::new(), Talk::default());
        for ((service, standing), decided) in services.iter_mut().zip(&standings).zip(decided) {
            talk.hear(&decided.verdict.service, &decided.verdict.policies);
            news.extend(service.tell(decided, standing, self.thresholds));
        }
        Ok((news, talk))
    }
}

/// How many of the services, from the first one on, are judged together: at least one.
fn at_once(services: &[&mut Watched<'_>]) -> usize {
    let mut slos = 0;
    let fits = |service: &&&mut Watched<'_>| {
        slos += service.slis().len();
        slos <= MOST_AT_ONCE
    };
    services.iter().take_while(fits).count().max(1)
}
