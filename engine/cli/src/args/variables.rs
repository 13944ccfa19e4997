//! Every flag is a variable of the environment, too.

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};

/// The flags that mean the same wherever they occur; the others have the name of their command in their variable.
const SHARED: [&str; 10] =
    ["project", "at", "events", "strict", "change", "gate", "records", "fail-on-warn", "format", "output"];
/// The commands whose formats are those of pipelines; the others have formats of their own.
const PIPELINE: [&str; 5] = ["gate", "check", "toil", "test", "slo-lint"];

/// The command line with a variable for every flag: the flag first, then the variable, then the default.
pub(crate) fn with_variables(command: Command) -> Command {
    of_subcommands(command, "")
}

fn of_subcommands(command: Command, path: &str) -> Command {
    let command = command.mut_args(|argument| with_variable(argument, path));
    command.mut_subcommands(|inner| {
        let path = match path {
            "" => inner.get_name().to_owned(),
            outer => format!("{outer}-{}", inner.get_name()),
        };
        of_subcommands(inner, &path)
    })
}

fn with_variable(argument: Arg, path: &str) -> Arg {
    let Some(flag) = argument.get_long().map(str::to_owned) else { return argument };
    if matches!(
        argument.get_action(),
        ArgAction::Help | ArgAction::HelpLong | ArgAction::HelpShort | ArgAction::Version
    ) {
        return argument;
    }
    let argument = match argument.get_action() {
        ArgAction::SetTrue => argument.value_parser(BoolishValueParser::new()),
        // A variable holds several values in several lines; what is typed has no line ends.
        ArgAction::Append if argument.get_value_delimiter().is_none() => argument.value_delimiter('\n'),
        _ => argument,
    };
    // What a variable holds may be nobody else's business, and help is pasted into tickets.
    let variable = variable(&flag, path);
    // Pipelines hand on inputs that nobody gave as empty variables.
    if std::env::var_os(&variable).is_some_and(|value| value.is_empty()) {
        return argument;
    }
    argument.env(variable).hide_env_values(true)
}

fn variable(flag: &str, path: &str) -> String {
    let is_shared =
        SHARED.contains(&flag) && (!matches!(flag, "format" | "output") || PIPELINE.contains(&path));
    let name = if is_shared { flag.to_owned() } else { format!("{path}-{flag}") };
    format!("WEIR_{}", name.replace('-', "_").to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_shared_where_its_flag_means_the_same() {
        let check = |flag, path, expected: &str| assert_eq!(variable(flag, path), expected);
        check("project", "slo-status", "WEIR_PROJECT");
        check("format", "gate", "WEIR_FORMAT");
        check("format", "watch", "WEIR_WATCH_FORMAT");
        check("output", "watch", "WEIR_WATCH_OUTPUT");
        check("dry-run", "waive", "WEIR_WAIVE_DRY_RUN");
    }
}
