//! The outcome of checks for people: every rule, not only what failed.

use weir_model::verdict::Verdict;

use crate::output::bold;
use crate::render::Clock;
use crate::render::verdict::{excuses, finding_lines};

/// All findings of all checks.
pub(crate) fn checks(verdict: &Verdict, clock: &Clock) -> String {
    let mut out = String::new();
    for policy in &verdict.policies {
        let level = policy.level.as_ref().map(|level| format!(": level {level}")).unwrap_or_default();
        out.push_str(&format!(
            "{} of `{}` at {}{level}\n",
            bold(&policy.policy),
            verdict.service,
            clock.show(verdict.at)
        ));
        for gap in &policy.gaps {
            out.push_str(&format!("  {gap}\n"));
        }
        for finding in &policy.findings {
            out.push_str(&finding_lines(finding));
        }
        for line in &policy.log {
            out.push_str(&format!("  log: {line}\n"));
        }
    }
    out.push_str(&excuses(verdict));
    out
}
