//! `belowline inspect`: what is in a model.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::{ModelArgs, Outcome, output, source};
use crate::builtin::CARD;
use crate::report::{self, text};

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Strongest features to show of each label.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Format of the output.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    format: SummaryFormat,
}

/// Formats of summaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SummaryFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

pub(super) fn run(args: &InspectArgs) -> anyhow::Result<Outcome> {
    let model = source::model(&args.model)?;
    let card = args.model.is_builtin().then_some(CARD);
    let inspection = report::Inspection { card, ..report::Inspection::new(&model, args.top) };
    let shown = match args.format {
        SummaryFormat::Text => text::inspection(&inspection),
        SummaryFormat::Json => report::json(&inspection),
    };
    output::write(Path::new("-"), shown.as_bytes())?;
    Ok(Outcome::Done)
}
