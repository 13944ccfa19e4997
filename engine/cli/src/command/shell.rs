//! `weir completions` and `weir man`: what shells and manuals know of the command line, made from its parser.

use std::path::Path;

use clap_complete::Shell;

use super::Failure;
use crate::args;
use crate::exit::Exit;
use crate::output;

/// Prints the completions for a shell.
pub(super) fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "weir", &mut script);
    output::result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Go)
}

/// Writes a page for the command and one for each subcommand into a folder.
pub(super) fn man(folder: &Path) -> Result<Exit, Failure> {
    fs_err::create_dir_all(folder)?;
    let mut command = args::command();
    command.build();
    let mut written = 0;
    pages(&command, "weir", folder, &mut written)?;
    output::message(&format!("wrote {written} pages to {}\n", folder.display()))?;
    Ok(Exit::Go)
}

fn pages(command: &clap::Command, name: &str, folder: &Path, written: &mut usize) -> Result<(), Failure> {
    let mut page = Vec::new();
    // The name of a subcommand is that of its page: `weir-slo-status`.
    clap_mangen::Man::new(command.clone().name(name.to_owned())).render(&mut page)?;
    fs_err::write(folder.join(format!("{name}.1")), page)?;
    *written += 1;
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        pages(inner, &format!("{name}-{}", inner.get_name()), folder, written)?;
    }
    Ok(())
}
