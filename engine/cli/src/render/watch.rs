//! News as people read them.

use jiff::Timestamp;
use weir::ServiceStatus;
use weir_model::EventCounts;
use weir_model::transition::{AlertState, DataState, News, Side, Transition};

use super::Clock;
use super::verdict::statuses;
use crate::output::{bold, in_effect_colour};

/// One piece of news as a line.
pub(crate) fn line(news: &Transition, clock: &Clock) -> String {
    let what = match &news.news {
        News::Verdict { from, to, reason, .. } => {
            let undecided = if to.undecided { ", undecided" } else { "" };
            let effect = in_effect_colour(to.effect, &to.effect.to_string());
            let from = from.map(|from| format!(" (was {})", from.effect)).unwrap_or_default();
            format!("{effect}{undecided}{from}: {reason}")
        }
        News::Alert { state: AlertState::Fired, policy, slo, clause } => {
            format!("alert {}: `{clause}` of `{slo}`, policy `{policy}`", bold("fires"))
        }
        News::Alert { state: AlertState::Cleared, policy, slo, clause } => {
            format!("alert clears: `{clause}` of `{slo}`, policy `{policy}`")
        }
        News::Budget { slo, threshold, side: Side::Below, remaining } => {
            format!("budget of `{slo}` is down to {threshold}: {remaining} left")
        }
        News::Budget { slo, threshold, side: Side::Above, remaining } => {
            format!("budget of `{slo}` is above {threshold} again: {remaining} left")
        }
        News::Data { slo, state: DataState::Stale, reason } => {
            format!("no data: {}", reason.as_deref().unwrap_or(slo))
        }
        News::Data { slo, state: DataState::Back, .. } => format!("`{slo}` has data"),
    };
    format!("{} {} {what}\n", clock.show(news.at), bold(&news.service))
}

/// How things stand when the watch ends.
pub(crate) fn summary(
    services: &[ServiceStatus],
    minute: Option<Timestamp>,
    counts: &EventCounts,
    clock: &Clock,
) -> String {
    let Some(minute) = minute else {
        return format!(
            "nothing was judged: no event of a service that is watched came\n{}",
            super::events(counts)
        );
    };
    format!("SLOs at {}\n\n{}\n{}", clock.show(minute), statuses(services, clock), super::events(counts))
}
