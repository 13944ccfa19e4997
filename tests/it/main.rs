//! The whole program, as its users run it: the command line in, text and exit code out.

mod bad_input;
mod gate;
mod records;
mod support;
mod topics;
