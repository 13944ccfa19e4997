//! Why a plugin can't be written or built.

use std::path::PathBuf;

use weir_model::diagnostic::Diagnostic;

/// Why a plugin can't be written or built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorError {
    /// A file of that name is there already.
    #[error("`{}` is there already; nothing was written", .0.display())]
    Exists(PathBuf),
    /// There is no plugin project in the folder.
    #[error("there is no plugin.toml in `{}`; name the folder of a plugin, or make one with `weir plugin new`", .0.display())]
    NoProject(PathBuf),
    /// The project's file is wrong; each diagnostic says where.
    #[error("plugin.toml is wrong")]
    Wrong(Vec<Diagnostic>),
    /// There is no template for what is asked.
    #[error("{message}")]
    Unknown {
        /// What there is none of.
        message: String,
        /// What there is.
        help: String,
    },
    /// A program that the language needs is not installed.
    #[error("{missing}")]
    Toolchain {
        /// What is missing.
        missing: String,
        /// What to install.
        help: String,
    },
    /// A program that is needed does not run.
    #[error("`{program}` can't be run: {source}")]
    Run {
        /// The program.
        program: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A compiler refused the plugin. What it has to say it has said.
    #[error("`{program}` refused the plugin; its messages are above")]
    Refused {
        /// The program.
        program: String,
    },
    /// What the compiler made is no plugin.
    #[error("{0}")]
    Component(String),
    /// A key can't be made or used.
    #[error("{0}")]
    Key(String),
    /// A file can't be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl AuthorError {
    /// What to do about it, where the message does not say so itself.
    pub fn help(&self) -> Option<&str> {
        match self {
            AuthorError::Unknown { help, .. } | AuthorError::Toolchain { help, .. } => Some(help),
            _ => None,
        }
    }

    /// Whether the input is wrong, rather than something that could not be done with right input.
    pub fn is_input(&self) -> bool {
        !matches!(self, AuthorError::Run { .. } | AuthorError::Io(_))
    }

    pub(crate) fn component(what: &str, error: impl std::fmt::Display) -> AuthorError {
        AuthorError::Component(format!("{what}: {error}"))
    }
}
