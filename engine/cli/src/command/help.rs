//! `weir help`: topics that belong to no single command, and the help of commands.

use super::Failure;
use crate::args;
use crate::exit::{Exit, table};
use crate::output;

pub(super) fn run(topic: &[String]) -> Result<Exit, Failure> {
    let text = match topic {
        [name] if name == "exit-codes" => table(),
        words => {
            let mut command = &mut args::command();
            command.build();
            for word in words {
                command = command.find_subcommand_mut(word).ok_or_else(|| {
                    Failure::Usage(format!(
                        "there is no help on `{word}`; topics are `exit-codes` and the commands"
                    ))
                })?;
            }
            command.render_long_help().to_string()
        }
    };
    output::result(&text)?;
    Ok(Exit::Go)
}
