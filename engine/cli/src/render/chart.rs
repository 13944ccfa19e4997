//! What the pictures of all pages are made of: an axis of time, and budgets that go down along it.

use jiff::Timestamp;
use weir_math::format_duration;

use crate::render::Clock;
use crate::render::markup::escaped;

/// Below this part of the budget, in percent, a curve is cut off: far below zero, only how far matters.
const LOWEST: f64 = -100.0;
/// A stretch without data narrower than this has no room for saying so.
const ROOM: f64 = 46.0;

/// Where instants stand from left to right.
#[derive(Debug)]
pub(crate) struct Axis {
    from: i64,
    until: i64,
    pub(crate) left: f64,
    pub(crate) right: f64,
}

impl Axis {
    /// An axis from an instant to a later one, and where both stand in the picture.
    pub(crate) fn new((from, left): (Timestamp, f64), (until, right): (Timestamp, f64)) -> Axis {
        Axis { from: from.as_second(), until: until.as_second(), left, right }
    }

    /// Where an instant stands; at an end when it lies beyond.
    pub(crate) fn x(&self, at: Timestamp) -> f64 {
        let ahead = at.as_second().clamp(self.from, self.until).abs_diff(self.from);
        let whole = real(self.until.abs_diff(self.from)).max(1.0);
        self.left + (self.right - self.left) * real(ahead) / whole
    }

    /// A line with marks at round instants: not many more than `most`.
    pub(crate) fn ticks(&self, bottom: f64, most: u64, clock: &Clock) -> String {
        const DAY: u64 = 86_400;
        const ROUND: [u64; 10] = [300, 900, 3600, 10_800, 21_600, 43_200, DAY, 2 * DAY, 7 * DAY, 28 * DAY];
        let whole = self.until.abs_diff(self.from);
        let step = ROUND.into_iter().find(|step| whole / step <= most).unwrap_or(whole / most);
        let show = |at| if step < DAY { clock.show_short(at) } else { clock.show_day(at) };
        let step = i64::try_from(step.max(1)).unwrap_or(i64::MAX);
        let mut at = self.from.div_euclid(step).saturating_add(1).saturating_mul(step);
        let (left, right) = (self.left, self.right);
        let mut out = format!("<path class=\"axis\" d=\"M{left} {}H{right}\"/>\n", number(bottom));
        while at < self.until {
            let Ok(instant) = Timestamp::from_second(at) else { break };
            let x = number(self.x(instant));
            out.push_str(&format!(
                "<path class=\"axis\" d=\"M{x} {}v5\"/><text class=\"faint\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                number(bottom),
                number(bottom + 18.0),
                show(instant)
            ));
            at = at.saturating_add(step);
        }
        out
    }
}

/// What was left of an error budget: a curve from all of it down to nothing and below.
#[derive(Debug)]
pub(crate) struct BurnDown {
    /// In percent, point by point; none where nothing is known.
    values: Vec<Option<f64>>,
    from: Timestamp,
    step_seconds: u64,
    /// The least that was left, in percent; all of it where nothing is known.
    pub(crate) worst: f64,
}

impl BurnDown {
    /// The curve through points of so many seconds, in percent such as `12.5 %`.
    pub(crate) fn new(remaining: &[Option<String>], from: Timestamp, step_seconds: u64) -> BurnDown {
        let values: Vec<Option<f64>> = remaining.iter().map(|left| percent(left.as_deref())).collect();
        let worst = values.iter().flatten().copied().fold(100.0, f64::min);
        BurnDown { values, from, step_seconds, worst }
    }

    /// What was left at the last point at which it was known, in percent.
    pub(crate) fn last(&self) -> Option<f64> {
        self.values.iter().flatten().next_back().copied()
    }

    /// Whether there are stretches of which nothing is known, and which are long enough to be seen.
    pub(crate) fn has_gaps(&self) -> bool {
        let unknown = self.values.iter().filter(|value| value.is_none()).count();
        unknown > self.values.len() / 50
    }

    /// The instant of the last point.
    pub(crate) fn end(&self) -> Timestamp {
        self.at(self.values.len().saturating_sub(1))
    }

    /// The lower end of the picture, in percent.
    fn lowest(&self) -> f64 {
        if self.worst < 0.0 { self.worst.max(LOWEST) } else { 0.0 }
    }

    fn at(&self, point: usize) -> Timestamp {
        let ahead = u64::try_from(point).unwrap_or(u64::MAX).saturating_mul(self.step_seconds);
        let second = self.from.as_second().saturating_add_unsigned(ahead);
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
    }

    /// The ground that the curve is drawn on; stretches without data are marked.
    pub(crate) fn panel(&self, axis: &Axis, top: f64, height: f64) -> String {
        let rect = |class: &str, from: f64, until: f64| {
            format!(
                "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"/>\n",
                number(from),
                number(top),
                number(until - from)
            )
        };
        let mut out = rect("panel", axis.left, axis.right);
        let mut first = 0;
        for run in self.values.chunk_by(|one, other| one.is_some() == other.is_some()) {
            if run.first().is_some_and(Option::is_none) {
                // From the last point that is known to the next one.
                let from = axis.x(self.at(first.max(1) - 1));
                let until = if first + run.len() < self.values.len() {
                    axis.x(self.at(first + run.len()))
                } else {
                    axis.right
                };
                out.push_str(&rect("unknown", from, until));
                if until - from >= ROOM {
                    out.push_str(&format!(
                        "<text class=\"faint\" x=\"{}\" y=\"{}\">no data</text>\n",
                        number(from + 4.0),
                        number(top + height - 6.0)
                    ));
                }
            }
            first += run.len();
        }
        out
    }

    /// The curve over the lines that it is read by.
    pub(crate) fn curve(&self, axis: &Axis, top: f64, height: f64) -> String {
        let lowest = self.lowest();
        let y = |value: f64| top + (100.0 - value.clamp(lowest, 100.0)) / (100.0 - lowest) * height;
        let mut out = String::new();
        let marks = [(100.0, "axis"), (0.0, "zero"), (lowest, "axis")];
        for (value, class) in marks.into_iter().take(if lowest < 0.0 { 3 } else { 2 }) {
            let (left, right) = (axis.left, axis.right);
            let beyond = if value == LOWEST && self.worst < LOWEST { "&lt; " } else { "" };
            out.push_str(&format!("<path class=\"{class}\" d=\"M{left} {}H{right}\"/>", number(y(value))));
            out.push_str(&format!(
                "<text class=\"faint\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{beyond}{value:.0} %</text>\n",
                left - 6.0,
                number(y(value) + 4.0)
            ));
        }
        out.push_str(&format!(
            "<path class=\"curve\" d=\"{}\"><title>error budget left, every {}</title></path>\n",
            self.path(axis, &y),
            format_duration(self.step_seconds)
        ));
        out
    }

    /// The curve, with a gap where nothing is known. Where several points fall on one place, the lowest counts.
    fn path(&self, axis: &Axis, y: &impl Fn(f64) -> f64) -> String {
        let mut points: Vec<Option<(f64, f64)>> = Vec::new();
        for (point, value) in self.values.iter().enumerate() {
            let x = (axis.x(self.at(point)) * 2.0).round() / 2.0;
            match (value, points.last_mut()) {
                (Some(value), Some(Some((last, lowest)))) if *last == x => *lowest = lowest.max(y(*value)),
                (Some(value), _) => points.push(Some((x, y(*value)))),
                (None, Some(None) | None) => {}
                (None, Some(Some(_))) => points.push(None),
            }
        }
        let lines = points.split(Option::is_none).filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let points = line.iter().flatten().map(|(x, y)| format!("{} {}", number(*x), number(*y)));
                let joined = points.collect::<Vec<_>>().join("L");
                // A line of one point has no length: give it one that can be seen.
                let dot = if line.len() == 1 { "h1" } else { "" };
                format!("M{joined}{dot}")
            })
            .collect()
    }
}

/// A line of text at the left edge.
pub(crate) fn label(text: &str, top: f64) -> String {
    format!("<text x=\"0\" y=\"{}\">{}</text>", number(top), escaped(text))
}

/// A percentage as reports write it, for drawing.
fn percent(text: Option<&str>) -> Option<f64> {
    text?.trim_end_matches(['%', ' ']).parse().ok()
}

/// A coordinate to a tenth.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
fn real(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short() {
        assert_eq!(
            (number(3.0), number(-0.25), number(1.06)),
            ("3".to_owned(), "-0.2".to_owned(), "1.1".to_owned())
        );
    }
}
