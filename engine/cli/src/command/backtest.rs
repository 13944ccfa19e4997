//! `weir backtest`: what would the gate have said in the past?

use jiff::{Timestamp, Unit};
use weir::{Against, BacktestRequest, EngineError};

use super::{Failure, busy_engine, clock, json, notes, project_in, reading};
use crate::args::{BacktestArguments, ReportFormat};
use crate::exit::Exit;
use crate::{output, render};

pub(super) fn run(arguments: &BacktestArguments) -> Result<Exit, Failure> {
    let project = project_in(arguments.project.as_deref())?;
    let against = arguments.against.as_deref().map(|folder| Against::load(&project, folder)).transpose()?;
    let end = arguments.to.or_else(|| project.as_of());
    let until = end.map_or_else(this_minute, Ok)?;
    if let (None, Some(as_of)) = (arguments.to, project.as_of())
        && as_of <= arguments.from
    {
        return Err(Failure::Engine(EngineError::Question {
            message: format!(
                "the back-test begins at {}, and the project stands at {as_of}, which is not later",
                arguments.from
            ),
            help: Some("name an earlier `--from`, or the end with `--to`".to_owned()),
        }));
    }
    let engine = busy_engine()?;
    let report = reading(&project, &arguments.events, |events| {
        let request = BacktestRequest {
            services: arguments.services.clone(),
            change: arguments.change,
            gate: arguments.gate.clone(),
            from: arguments.from,
            until,
            step_seconds: arguments.step,
            incident_within_seconds: arguments.incident_within,
            events,
            snapshot: arguments.snapshot.clone(),
        };
        engine.backtest(&project, against.as_ref(), &request)
    })?;
    notes(&engine)?;
    for note in &report.notes {
        output::message(&format!("note: {note}\n"))?;
    }
    output::result(&match arguments.format {
        ReportFormat::Human => render::backtest::report(&report, &clock(&project)),
        ReportFormat::Json => json(&report)?,
        ReportFormat::Html => render::backtest::html::page(&report, &clock(&project)),
    })?;
    Ok(Exit::Go)
}

/// The minute that is running.
fn this_minute() -> Result<Timestamp, Failure> {
    let round = jiff::TimestampRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Trunc);
    Timestamp::now().round(round).map_err(|error| std::io::Error::other(error).into())
}
