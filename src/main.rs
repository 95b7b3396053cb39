//! The program `belowline`: parses the command line, calls the library, maps errors to exit statuses.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;

use belowline::cli::{Cli, Outcome, is_closed_pipe, run};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeRejected) => ExitCode::from(3),
        Ok(Outcome::Usage(message)) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
        // Whoever reads our output has had enough.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("error: {error}");
            // A cause that the message already ends with is not said twice.
            let mut said = error.to_string();
            for cause in error.chain().skip(1).map(ToString::to_string) {
                if !said.ends_with(&cause) {
                    eprint!(": {cause}");
                    said = cause;
                }
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}
