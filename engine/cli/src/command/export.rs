//! `weir export`: the project's SLOs in a form that other systems share.

use super::generate::{services, written};
use super::{Failure, project_in};
use crate::args::GenerateArguments;
use crate::exit::Exit;

pub(super) fn openslo(arguments: &GenerateArguments) -> Result<Exit, Failure> {
    let project = project_in(arguments.project.as_deref())?;
    written(&weir_connect::openslo::write(&services(&project, arguments)?))
}
