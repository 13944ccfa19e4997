//! Chores of the workspace, run as `cargo xtask`.

mod contract;
mod lock;
mod plugins;
mod sources;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask plugins [--check] [NAME..]

Builds the plugins that come with Weir into `plugins/built/`, those of the tests into `tests/guests/built/` (all, or those
named), and writes down in `plugins/plugins.lock` what they were built from.

  --check  builds nothing into place: fails when sources, lock and built plugins disagree

usage: cargo xtask contract [--check]

Writes `docs/contract.md` from the files in `wit/`.

  --check  writes nothing: fails when the page is not what the files say
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((command, rest)) if command == "plugins" => run_plugins(rest),
        Some((command, [])) if command == "contract" => contract::write(),
        Some((command, [option])) if command == "contract" && option == "--check" => contract::check(),
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run_plugins(arguments: &[String]) -> anyhow::Result<()> {
    let (options, names): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| argument.starts_with('-'));
    if let Some(unknown) = options.iter().find(|option| **option != "--check") {
        anyhow::bail!("there is no option `{unknown}`\n\n{USAGE}");
    }
    if options.is_empty() { plugins::build(&names) } else { plugins::check(&names) }
}

/// Tells the person at the terminal.
#[expect(clippy::print_stderr, reason = "this is where the program speaks")]
fn say(text: &str) {
    eprintln!("{text}");
}
