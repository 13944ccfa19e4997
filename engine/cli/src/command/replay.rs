//! `weir replay`: does a recorded decision come out the same?

use jiff::tz::TimeZone;
use serde::Serialize;
use weir::{Project, Replay};
use weir_model::verdict::Verdict;

use super::{Failure, engine, json, notes, shown};
use crate::args::{Format, ReplayArguments};
use crate::exit::Exit;
use crate::render::Clock;
use crate::{output, render};

/// The version of the replay's JSON form.
const REPLAY_VERSION: u32 = 1;

/// The JSON form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Form<'r> {
    schema_version: u32,
    same: bool,
    follows: Option<bool>,
    recorded: &'r Verdict,
    derived: &'r Verdict,
}

pub(super) fn run(arguments: &ReplayArguments) -> Result<Exit, Failure> {
    let engine = engine()?;
    let replay = match &arguments.policies {
        None => engine.replay(&arguments.record)?,
        Some(folder) => engine.replay_with(&arguments.record, &Project::load(folder)?)?,
    };
    notes(&engine)?;
    output::result(&match arguments.format {
        Format::Json => json(&Form {
            schema_version: REPLAY_VERSION,
            same: replay.same,
            follows: replay.follows,
            recorded: &replay.recorded,
            derived: &replay.derived,
        })?,
        Format::Human if arguments.policies.is_some() => other_policies(&replay)?,
        Format::Human => same_policies(&replay)?,
    })?;
    let intact = arguments.policies.is_some() || (replay.same && replay.follows != Some(false));
    Ok(if intact { Exit::Go } else { Exit::Undecided })
}

/// A record knows no project, and so no time zone of people.
fn clock() -> Clock {
    Clock::of(TimeZone::UTC)
}

fn same_policies(replay: &Replay) -> Result<String, Failure> {
    let chain = match replay.follows {
        Some(true) => "the record before it is the one that it names",
        Some(false) => "THE RECORD BEFORE IT IS NOT THE ONE THAT IT NAMES: the chain has been tampered with",
        None => "no record before it was looked at",
    };
    if replay.same {
        return Ok(format!("same verdict, byte for byte: {}; {chain}\n", replay.recorded.effect));
    }
    Ok(format!(
        "ANOTHER VERDICT comes out: recorded {}, derived {}; {chain}\n\n{}",
        replay.recorded.effect,
        replay.derived.effect,
        render::verdict::verdict(&shown(&replay.derived)?, &clock())
    ))
}

fn other_policies(replay: &Replay) -> Result<String, Failure> {
    Ok(format!(
        "recorded {}, with these policies {}\n\n{}",
        replay.recorded.effect,
        replay.derived.effect,
        render::verdict::verdict(&shown(&replay.derived)?, &clock())
    ))
}
