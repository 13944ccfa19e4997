//! `weir plugin verify`: does this plugin keep to the contract?

use serde::Serialize;
use weir::Verification;

use super::super::{Failure, engine, json, notes};
use super::Tried;
use crate::args::{Format, PluginVerifyArguments};
use crate::exit::Exit;
use crate::{output, render};

/// The version of the JSON form.
const VERIFICATION_VERSION: u32 = 1;

/// The JSON form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Form<'v> {
    schema_version: u32,
    passed: bool,
    verification: &'v Verification,
}

pub(super) fn run(arguments: &PluginVerifyArguments) -> Result<Exit, Failure> {
    let tried = Tried::read(&arguments.trial)?;
    let engine = engine()?;
    let verification = engine.verify_plugin(&tried.candidate(&super::limits(&arguments.trial)?))?;
    notes(&engine)?;
    let passed = verification.passed();
    output::result(&match arguments.format {
        Format::Human => render::plugin::verification(&verification),
        Format::Json => {
            json(&Form { schema_version: VERIFICATION_VERSION, passed, verification: &verification })?
        }
    })?;
    Ok(if passed { Exit::Go } else { Exit::Stop })
}
