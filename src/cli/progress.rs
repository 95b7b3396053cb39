//! What goes to standard error: messages, and progress bars where a person watches.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Writes a line to standard error. Where nobody reads it any more, the work goes on: `eprintln` would panic.
pub(super) fn say(line: fmt::Arguments) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A bar over a known number of steps or bytes; `None` shows a spinner. Hidden unless standard error is a terminal.
pub(super) fn bar(quiet: bool, what: &'static str, total: Option<u64>) -> ProgressBar {
    let bar = match total {
        Some(total) => ProgressBar::new(total),
        None => ProgressBar::new_spinner(),
    };
    if quiet || !io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let template = if total.is_some() { "{msg} {wide_bar} {percent:>3}% {eta}" } else { "{msg} {spinner} {elapsed}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}
