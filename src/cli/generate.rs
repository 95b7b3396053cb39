//! `belowline completions` and `belowline man`: what packagers install.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Outcome};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "belowline", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Outcome::Done)
}

pub(super) fn man() -> anyhow::Result<Outcome> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    for command in Cli::command().get_subcommands().filter(|c| !c.is_hide_set()) {
        clap_mangen::Man::new(command.clone().bin_name(format!("belowline {}", command.get_name())))
            .render(&mut page)?;
    }
    std::io::stdout().write_all(&page)?;
    Ok(Outcome::Done)
}
