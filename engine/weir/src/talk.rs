//! What plugins write to their logs where policies are asked again and again: each line is told once.

use std::collections::BTreeMap;

use weir_model::verdict::PolicyOutcome;

/// How many lines of a policy are told.
const TOLD: usize = 10;

/// The lines that the plugins of policies have written so far.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Talk {
    policies: BTreeMap<String, OfPolicy>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct OfPolicy {
    plugin: String,
    /// The first lines that differ, one more than is told; each with the service that it was first written about.
    lines: Vec<(String, String)>,
    /// How many of them have been handed out.
    told: usize,
}

impl Talk {
    /// Takes in what the plugins wrote when they were asked about a service.
    pub(crate) fn hear(&mut self, service: &str, outcomes: &[PolicyOutcome]) {
        for outcome in outcomes.iter().filter(|outcome| !outcome.log.is_empty()) {
            let of_policy = self.of(&outcome.policy, &outcome.plugin);
            outcome.log.iter().for_each(|line| of_policy.add(service, line));
        }
    }

    /// Takes in what was heard later.
    pub(crate) fn join(&mut self, later: Talk) {
        for (policy, theirs) in later.policies {
            let mine = self.of(&policy, &theirs.plugin);
            theirs.lines.iter().for_each(|(service, line)| mine.add(service, line));
        }
    }

    /// What has not been told yet, for people: each line with its level, plugin and policy, and whether that was all. `origin`
    /// says whose the policies are, where there are several.
    pub(crate) fn news(&mut self, origin: Option<&str>) -> Vec<String> {
        let whose = origin.map(|name| format!(" of `{name}`")).unwrap_or_default();
        let mut news = Vec::new();
        for (policy, OfPolicy { plugin, lines, told }) in &mut self.policies {
            let head = format!("log of plugin `{plugin}` for policy `{policy}`{whose}");
            for (number, (service, line)) in lines.iter().enumerate().skip(*told) {
                news.push(if number < TOLD {
                    format!("{head}, first about `{service}`: {line}")
                } else {
                    format!("{head}: more lines that differ were left out")
                });
            }
            *told = lines.len();
        }
        news
    }

    fn of(&mut self, policy: &str, plugin: &str) -> &mut OfPolicy {
        let new = || OfPolicy { plugin: plugin.to_owned(), ..OfPolicy::default() };
        self.policies.entry(policy.to_owned()).or_insert_with(new)
    }
}

impl OfPolicy {
    fn add(&mut self, service: &str, line: &str) {
        if self.lines.len() <= TOLD && self.lines.iter().all(|(_, known)| known != line) {
            self.lines.push((service.to_owned(), line.to_owned()));
        }
    }
}
