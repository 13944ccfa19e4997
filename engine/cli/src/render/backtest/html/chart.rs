//! One picture a service: effects, deploys, incidents and budgets on one axis of time.

use weir::{Backtest, BurnDown, Course, Deploy, Incident, Run, ServiceBacktest};

use crate::render::backtest::decided_by;
use crate::render::chart::{self, Axis, label, number};
use crate::render::html::look;
use crate::render::markup::escaped;
use crate::render::{Clock, effect_words};

/// Where the time axis begins and ends, and how wide the picture is.
const LEFT: f64 = 180.0;
const RIGHT: f64 = 1060.0;
const WIDTH: f64 = 1080.0;
/// How high a row of effects is, one of marks, and a budget with the space below it.
const BAND: f64 = 26.0;
const MARKS: f64 = 26.0;
const BUDGET: f64 = 96.0;
const GAP: f64 = 14.0;
/// Stretches narrower than this have no room for their name.
const ROOM: f64 = 46.0;
/// About how many marks the axis of time has.
const TICKS: u64 = 8;

/// The five looks of a stretch of time. Each has a pattern, so that none is told by its colour alone.
const LOOKS: [&str; 5] = ["allow", "warn", "hold", "freeze", "undecided"];

/// The patterns over the colours: dots, lines one way, lines both ways, dashes.
fn patterns() -> String {
    let pattern = |name: &str, content: &str| {
        format!(
            "<pattern id=\"look-{name}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">\
             <rect class=\"fill-{name}\" width=\"8\" height=\"8\"/>{content}</pattern>\n"
        )
    };
    let mut out = String::from("<defs>\n");
    out.push_str(&pattern("allow", ""));
    out.push_str(&pattern("warn", "<circle cx=\"2\" cy=\"2\" r=\"1\" class=\"dot\"/>"));
    out.push_str(&pattern("hold", "<path d=\"M0 8 8 0\" class=\"stroke\"/>"));
    out.push_str(&pattern("freeze", "<path d=\"M0 8 8 0M0 0 8 8\" class=\"stroke\"/>"));
    out.push_str(&pattern("undecided", "<path d=\"M0 4h4\" class=\"stroke\"/>"));
    out.push_str("</defs>\n");
    out
}

/// What the looks and marks mean. It also holds the patterns that the pictures of the page use.
pub(super) fn legend() -> String {
    let mut out = format!(
        "<div class=\"wide\"><svg viewBox=\"0 0 {WIDTH} 30\" role=\"img\" aria-label=\"legend\">\n{}",
        patterns()
    );
    for (number, name) in (0_u8..).zip(LOOKS) {
        let x = f64::from(number) * 120.0;
        out.push_str(&format!(
            "<rect x=\"{x}\" y=\"6\" width=\"26\" height=\"18\" fill=\"url(#look-{name})\"/>\
             <rect class=\"edge\" x=\"{x}\" y=\"6\" width=\"26\" height=\"18\"/>\
             <text x=\"{}\" y=\"20\">{name}</text>\n",
            x + 34.0
        ));
    }
    out.push_str(&format!(
        "{}<text x=\"636\" y=\"20\">deploy let through</text>\n",
        triangle(622.0, 8.0, "deploy")
    ));
    out.push_str(&format!(
        "{}<text x=\"806\" y=\"20\">deploy stopped</text>\n",
        triangle(792.0, 8.0, "stopped")
    ));
    out.push_str(
        "<rect class=\"incident\" x=\"950\" y=\"8\" width=\"26\" height=\"14\"/><text x=\"984\" y=\"20\">incident</text>\n",
    );
    out.push_str("</svg></div>\n");
    out
}

/// The picture of a service.
pub(super) fn chart(service: &ServiceBacktest, report: &Backtest, clock: &Clock) -> String {
    let axis = Axis::new((report.from, LEFT), (report.until, RIGHT));
    let mut top = 4.0;
    let mut out = String::new();
    for (name, course) in report.policy_sets.iter().zip(&service.sets) {
        let label = if report.policy_sets.len() > 1 { name.as_str() } else { "effect" };
        out.push_str(&band(label, course, &axis, top, clock));
        top += BAND + 6.0;
    }
    for (course, name) in service.sets.iter().zip(&report.policy_sets) {
        if course.deploys.is_empty() {
            continue;
        }
        let label =
            if report.policy_sets.len() > 1 { format!("deploys, {name}") } else { "deploys".to_owned() };
        out.push_str(&deploys(&label, &course.deploys, &axis, top, clock));
        top += MARKS;
    }
    if !service.incidents.is_empty() {
        out.push_str(&incidents(service, &axis, top, clock));
        top += MARKS;
    }
    top += GAP;
    for budget in &service.budgets {
        out.push_str(&burn_down(budget, &axis, top, report));
        top += BUDGET + GAP;
    }
    out.push_str(&axis.ticks(top, TICKS, clock));
    format!(
        "<div class=\"wide\"><svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"effects, deploys, incidents and error budgets of {}\">\n\
         {out}</svg></div>\n",
        number(top + 24.0),
        escaped(&service.service)
    )
}

/// The effects of one set of policies.
fn band(name: &str, course: &Course, axis: &Axis, top: f64, clock: &Clock) -> String {
    let mut out = label(name, top + 17.0);
    for run in &course.runs {
        out.push_str(&stretch(run, axis, top, clock));
    }
    out.push_str(&format!(
        "<rect class=\"edge\" x=\"{LEFT}\" y=\"{}\" width=\"{}\" height=\"{BAND}\"/>\n",
        number(top),
        number(RIGHT - LEFT)
    ));
    out
}

fn stretch(run: &Run, axis: &Axis, top: f64, clock: &Clock) -> String {
    let (from, until) = (axis.x(run.from), axis.x(run.until));
    let name = look(run.effect, run.undecided);
    let mut out = format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{BAND}\" fill=\"url(#look-{name})\"><title>{} to {}: {}; {}; {}</title>\
         </rect>\n",
        number(from),
        number(top),
        number((until - from).max(0.5)),
        clock.show_short(run.from),
        clock.show_short(run.until),
        effect_words(run.effect, run.undecided),
        escaped(&decided_by(run.policy.as_ref(), run.clause.as_ref())),
        escaped(&run.reason),
    );
    if until - from >= ROOM + if run.undecided { 20.0 } else { 0.0 } {
        out.push_str(&format!(
            "<text class=\"inside\" x=\"{}\" y=\"{}\">{name}</text>\n",
            number(from + 5.0),
            number(top + 17.0)
        ));
    }
    out
}

/// A mark that points down: full for what goes through, empty for what is stopped.
fn triangle(x: f64, top: f64, class: &str) -> String {
    format!("<path class=\"{class}\" d=\"M{} {}h12l-6 12z\"/>", number(x - 6.0), number(top))
}

fn deploys(name: &str, deploys: &[Deploy], axis: &Axis, top: f64, clock: &Clock) -> String {
    let mut out = label(name, top + 15.0);
    for deploy in deploys {
        let class = if deploy.stopped { "stopped" } else { "deploy" };
        out.push_str(&format!(
            "<g>{}<title>{} {} {}: {}</title></g>\n",
            triangle(axis.x(deploy.at), top + 5.0, class),
            clock.show_short(deploy.at),
            escaped(deploy.version.as_deref().unwrap_or_default()),
            deploy.change,
            effect_words(deploy.effect, deploy.undecided),
        ));
    }
    out
}

/// About how wide a character of a name is.
const CHARACTER: f64 = 7.5;

fn incidents(service: &ServiceBacktest, axis: &Axis, top: f64, clock: &Clock) -> String {
    let mut out = label("incidents", top + 15.0);
    let begins = |incident: &Incident| axis.x(incident.began.unwrap_or(incident.declared));
    // Up to where the row is taken.
    let mut taken = LEFT;
    for (number_of, incident) in service.incidents.iter().enumerate() {
        let from = begins(incident);
        let until = incident.resolved.or(incident.mitigated).map_or(RIGHT, |at| axis.x(at)).max(from + 3.0);
        out.push_str(&format!(
            "<rect class=\"incident\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"14\"><title>{} declared {}</title></rect>\n",
            number(from),
            number(top + 4.0),
            number(until - from),
            escaped(&incident.id),
            clock.show_short(incident.declared),
        ));
        // The name stands on the side that has room; where none has, the table and the title have it.
        let next = service.incidents.get(number_of + 1).map_or(WIDTH, begins);
        let width =
            f64::from(u16::try_from(incident.id.chars().count()).unwrap_or(u16::MAX)) * CHARACTER + 6.0;
        let place = if until + width <= next {
            taken = until + width;
            Some((until + 6.0, "start"))
        } else if taken + width <= from {
            taken = until;
            Some((from - 6.0, "end"))
        } else {
            taken = until;
            None
        };
        if let Some((x, anchor)) = place {
            out.push_str(&format!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>\n",
                number(x),
                number(top + 15.0),
                escaped(&incident.id)
            ));
        }
    }
    out
}

/// What was left of an error budget, with its name and its numbers.
fn burn_down(budget: &BurnDown, axis: &Axis, top: f64, report: &Backtest) -> String {
    let drawn = chart::BurnDown::new(&budget.remaining, report.from, report.step_seconds);
    let mut out = drawn.panel(axis, top, BUDGET);
    out.push_str(&label(&budget.slo, top + 12.0));
    out.push_str(&small(&format!("{} over {}", budget.objective, budget.window), top + 28.0));
    if let Some(last) = drawn.last() {
        out.push_str(&small(&format!("last {last:.1} %"), top + 44.0));
        out.push_str(&small(&format!("lowest {:.1} %", drawn.worst), top + 60.0));
    }
    out.push_str(&drawn.curve(axis, top, BUDGET));
    out
}

fn small(text: &str, top: f64) -> String {
    format!("<text class=\"faint\" x=\"0\" y=\"{}\">{}</text>\n", number(top), escaped(text))
}
