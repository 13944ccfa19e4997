//! The `weir` command: arguments, output, exit codes. Everything else is in the engine.

mod args;
mod command;
mod exit;
mod output;
mod render;
mod servers;

use std::process::ExitCode;

use clap::FromArgMatches as _;

use crate::args::Arguments;
use crate::exit::Exit;

fn main() -> ExitCode {
    let typed = args::command().try_get_matches();
    let arguments = match typed.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are what was asked for; everything else is a wrong command line.
            let exit = if error.use_stderr() { Exit::Input } else { Exit::Go };
            return match error.print() {
                Ok(()) => ExitCode::from(exit.code()),
                Err(_) => ExitCode::from(Exit::Undecided.code()),
            };
        }
    };
    let exit = match command::run(arguments.command) {
        Ok(exit) => exit,
        Err(failure) => {
            let exit = failure.exit();
            if output::message(&failure.text()).is_err() {
                return ExitCode::from(Exit::Undecided.code());
            }
            exit
        }
    };
    ExitCode::from(exit.code())
}
