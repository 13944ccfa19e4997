//! The one place that writes to the terminal: results to standard output, all else to standard error.

mod bar;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use weir_model::Effect;

pub(crate) use self::bar::Bar;

/// Writes a result. A reader that has gone away is no error: it has seen enough.
pub(crate) fn result(text: &str) -> io::Result<()> {
    quiet_pipe(anstream::stdout().lock().write_all(text.as_bytes()))
}

/// Writes a message for the person at the terminal.
pub(crate) fn message(text: &str) -> io::Result<()> {
    quiet_pipe(anstream::stderr().lock().write_all(text.as_bytes()))
}

/// Asks the person at the terminal for a password, which is not shown.
pub(crate) fn password(prompt: &str) -> io::Result<String> {
    rpassword::prompt_password(prompt)
}

fn quiet_pipe(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// `text` in the colour of an effect; the colour is dropped where there is no terminal.
pub(crate) fn in_effect_colour(effect: Effect, text: &str) -> String {
    let colour = match effect {
        Effect::Allow => AnsiColor::Green,
        Effect::Warn => AnsiColor::Yellow,
        Effect::Hold => AnsiColor::Magenta,
        Effect::Freeze => AnsiColor::Red,
    };
    styled(colour.on_default().bold(), text)
}

/// `text` in bold.
pub(crate) fn bold(text: &str) -> String {
    styled(Style::new().bold(), text)
}

fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
