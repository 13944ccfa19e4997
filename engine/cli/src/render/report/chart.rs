//! The way that an error budget went down, one picture an SLO.

use weir::SloReport;

use crate::render::Clock;
use crate::render::chart::{Axis, BurnDown, number};
use crate::render::markup::escaped;

/// Where the time axis begins and ends, and how wide the picture is: as wide as a telephone, so that its words can be read
/// there.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 386.0;
const WIDTH: f64 = 400.0;
/// Where the curve's panel begins, and how high it is.
const TOP: f64 = 8.0;
const HEIGHT: f64 = 112.0;
/// About how many marks the axis of time has.
const TICKS: u64 = 4;

/// The picture with its caption, and in words for those who can't see it.
pub(super) fn figure(service: &str, slo: &SloReport, clock: &Clock) -> String {
    let (status, history) = (&slo.status, &slo.history);
    let drawn = BurnDown::new(&history.remaining, history.from, history.step_seconds);
    let until = drawn.end();
    let axis = Axis::new((history.from, LEFT), (until, RIGHT));
    // Names have no two hyphens in a row, so no two pictures have one identity.
    let id = escaped(&format!("{service}--{}", status.name));
    let words = match drawn.last() {
        None => "nothing is known of it".to_owned(),
        Some(last) => format!(
            "from {} to {}: {last:.1} % left at the last point that is known, {:.1} % at the lowest",
            clock.show_short(history.from),
            clock.show_short(until),
            drawn.worst
        ),
    };
    let left =
        status.remaining.as_ref().filter(|_| status.gap.is_none()).map(|left| format!("; {left} left"));
    let grey = if drawn.has_gaps() { "; grey where nothing is known" } else { "" };
    let objective = status.objective.as_ref().map(|objective| format!("{objective} ")).unwrap_or_default();
    format!(
        "<figure>\n<figcaption>{} <span class=\"faint\">{objective}over {}{}{grey}</span></figcaption>\n\
         <svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-labelledby=\"{id}--title\" aria-describedby=\"{id}--desc\">\n\
         <title id=\"{id}--title\">error budget of {} of {}</title>\n<desc id=\"{id}--desc\">{words}</desc>\n{}{}{}</svg>\n</figure>\n",
        escaped(&status.name),
        status.window,
        left.unwrap_or_default(),
        number(TOP + HEIGHT + 24.0),
        escaped(&status.name),
        escaped(service),
        drawn.panel(&axis, TOP, HEIGHT),
        drawn.curve(&axis, TOP, HEIGHT),
        axis.ticks(TOP + HEIGHT, TICKS, clock),
    )
}
