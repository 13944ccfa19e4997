//! The exit codes, in one table.

use weir_model::Effect;
use weir_model::verdict::Verdict;

/// What the command's exit code says. A pipeline can rely on it: an error is never a 1, and never a 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The change may go out, or the command did what it was asked to.
    Go,
    /// The change must not go out now: a policy holds or freezes it, or a check failed. Or a case came out otherwise than
    /// expected, or a lint found an error.
    Stop,
    /// The input is wrong: the command line, a project file, a parameter.
    Input,
    /// Nobody can tell: data is missing or stale, a plugin failed, a file can't be read or written.
    Undecided,
    /// The change may go out with a warning, or a lint found one, and `--fail-on-warn` was given.
    Warned,
}

impl Exit {
    /// All of them, by code.
    pub(crate) const ALL: [Exit; 5] = [Exit::Go, Exit::Stop, Exit::Input, Exit::Undecided, Exit::Warned];

    /// The number that the process ends with.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Go => 0,
            Exit::Stop => 1,
            Exit::Input => 2,
            Exit::Undecided => 3,
            Exit::Warned => 4,
        }
    }

    /// What the code means, and what to do.
    pub(crate) fn meaning(self) -> (&'static str, &'static str) {
        match self {
            Exit::Go => ("go", "the verdict is `allow` or `warn`, or the command did what it was asked to"),
            Exit::Stop => (
                "stop",
                "the verdict is `hold` or `freeze`, a required rule failed, a case of `weir test` did, or `slo lint` found an error",
            ),
            Exit::Input => {
                ("wrong input", "the command line or a project file is wrong; the message says where")
            }
            Exit::Undecided => {
                ("undecided", "data is missing or stale, a plugin failed, or a file can't be read or written")
            }
            Exit::Warned => (
                "warned",
                "the verdict is `warn`, or `slo lint` found a warning, and `--fail-on-warn` was given",
            ),
        }
    }

    /// The code for a verdict.
    pub(crate) fn of_verdict(verdict: &Verdict, fail_on_warn: bool) -> Exit {
        match verdict.effect {
            Effect::Hold | Effect::Freeze if verdict.undecided => Exit::Undecided,
            Effect::Hold | Effect::Freeze => Exit::Stop,
            Effect::Warn if fail_on_warn => Exit::Warned,
            Effect::Allow | Effect::Warn => Exit::Go,
        }
    }
}

/// The table as `weir help exit-codes` prints it.
pub(crate) fn table() -> String {
    let mut text = String::from("Exit codes of `weir`. An error is never a 1, and never a 0.\n\n");
    for exit in Exit::ALL {
        let (name, meaning) = exit.meaning();
        text.push_str(&format!("  {}  {name:<12} {meaning}\n", exit.code()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_order() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4]);
    }
}
