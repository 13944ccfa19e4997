//! What a writer could not say.

use std::fmt;

/// Something of a project that another system has no word for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What it belongs to: `checkout/availability`.
    pub about: String,
    /// What is left out, and why.
    pub what: String,
}

/// `checkout/availability: what is left out`.
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.what)
    }
}

/// A text for another system, and what it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The text.
    pub text: String,
    /// What it lacks, in the order in which it was met.
    pub left_out: Vec<LeftOut>,
}
