//! The arguments of `weir waive` and `weir override`.

use clap::Args;
use jiff::Timestamp;
use weir_model::value::{Day, Duration, NamePattern};
use weir_model::{Change, Effect, Name};

use super::{Format, ProjectArguments, parse_change, parse_instant};

/// What the two commands have in common.
#[derive(Debug, Args)]
pub(crate) struct ExcuseArguments {
    /// The file to add it to, without its folder and `.toml` [default: the service's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) file: Option<Name>,
    /// Print what would be added, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// List what is there and how it stands
    #[arg(long)]
    pub(crate) list: bool,
    /// With --list: end with exit code 4 when one of them has expired, ends soon or is not needed
    #[arg(long, requires = "list")]
    pub(crate) fail_on_warn: bool,
    /// With --list: how to print the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) project: ProjectArguments,
}

/// The arguments of `weir waive`.
#[derive(Debug, Args)]
pub(crate) struct WaiveArguments {
    /// The service, or a pattern of services such as `checkout-*`
    #[arg(required_unless_present = "list")]
    pub(crate) service: Option<NamePattern>,
    /// The policy whose finding is excused
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    pub(crate) policy: Option<Name>,
    /// The rule that the finding names
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    pub(crate) rule: Option<Name>,
    /// Why it is excused
    #[arg(long, value_name = "TEXT", required_unless_present = "list")]
    pub(crate) reason: Option<String>,
    /// Where the work on it is tracked
    #[arg(long, value_name = "TEXT")]
    pub(crate) ticket: Option<String>,
    /// Who asks for it
    #[arg(long, value_name = "PERSON", required_unless_present = "list")]
    pub(crate) requested_by: Option<String>,
    /// Who approves it: somebody else
    #[arg(long, value_name = "PERSON", required_unless_present = "list")]
    pub(crate) approved_by: Option<String>,
    /// The first day on which it holds, in UTC [default: the day of `--at`]
    #[arg(long, value_name = "DAY")]
    pub(crate) granted: Option<Day>,
    /// The last day on which it holds, in UTC, such as 2026-12-24
    #[arg(long, value_name = "DAY", required_unless_present_any = ["list", "lasting"])]
    pub(crate) expires: Option<Day>,
    /// How long it holds, in whole days such as `30d`, instead of --expires
    #[arg(long = "for", id = "lasting", value_name = "DURATION", conflicts_with = "expires")]
    pub(crate) lasting: Option<Duration>,
    #[command(flatten)]
    pub(crate) excuse: ExcuseArguments,
}

/// The arguments of `weir override`.
#[derive(Debug, Args)]
pub(crate) struct OverrideArguments {
    /// The service, or a pattern of services such as `checkout-*`
    #[arg(required_unless_present = "list")]
    pub(crate) service: Option<NamePattern>,
    /// The effect that counts instead
    #[arg(long, value_name = "EFFECT", required_unless_present = "list", value_parser = parse_effect)]
    pub(crate) effect: Option<Effect>,
    /// Overrule only these policies; several with commas [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) policies: Vec<NamePattern>,
    /// Only for these kinds of changes; several with commas [default: all]
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = parse_change)]
    pub(crate) changes: Vec<Change>,
    /// Why the policies are overruled
    #[arg(long, value_name = "TEXT", required_unless_present = "list")]
    pub(crate) reason: Option<String>,
    /// Where the emergency is tracked
    #[arg(long, value_name = "TEXT")]
    pub(crate) ticket: Option<String>,
    /// Who overrules them
    #[arg(long, value_name = "PERSON", required_unless_present = "list")]
    pub(crate) by: Option<String>,
    /// Who approves that: somebody else
    #[arg(long, value_name = "PERSON", required_unless_present = "list")]
    pub(crate) approved_by: Option<String>,
    /// The instant from which it holds [default: that of `--at`]
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    pub(crate) from: Option<Timestamp>,
    /// The instant from which it holds no longer
    #[arg(long, value_name = "TIME", value_parser = parse_instant, required_unless_present_any = ["list", "lasting"])]
    pub(crate) until: Option<Timestamp>,
    /// How long it holds, such as `4h`, instead of --until
    #[arg(long = "for", id = "lasting", value_name = "DURATION", conflicts_with = "until")]
    pub(crate) lasting: Option<Duration>,
    #[command(flatten)]
    pub(crate) excuse: ExcuseArguments,
}

fn parse_effect(text: &str) -> Result<Effect, String> {
    Effect::from_word(text).ok_or_else(|| {
        let names: Vec<String> = Effect::ALL.iter().map(|effect| format!("`{effect}`")).collect();
        format!("an effect is one of {}", names.join(", "))
    })
}
