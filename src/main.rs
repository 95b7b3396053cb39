//! The program `belowline`: parses the command line, calls the library, maps errors to exit statuses.
#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use belowline::cli::{Cli, Outcome, is_closed_pipe, run};

/// Rows are many small pieces of memory, made and freed on every thread, which the allocators of most systems are slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeRejected) => ExitCode::from(3),
        Ok(Outcome::Usage(message)) => {
            say(&message);
            ExitCode::from(2)
        }
        // Whoever reads our output has had enough.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let mut message = error.to_string();
            // A cause that the message already ends with is not said twice.
            for cause in error.chain().skip(1).map(ToString::to_string) {
                if !message.ends_with(&cause) {
                    message = format!("{message}: {cause}");
                }
            }
            say(&message);
            ExitCode::FAILURE
        }
    }
}

/// Writes an error to standard error; `eprintln` would panic where nobody reads it any more.
fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "error: {message}");
}
