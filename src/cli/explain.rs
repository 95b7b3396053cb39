//! `belowline explain`: why one comment is scored as it is.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use super::inspect::SummaryFormat;
use super::{ModelArgs, Outcome, output, source};
use crate::error::{Error, Result};
use crate::explanation::explain;
use crate::features::{ArticleText, Texts};
use crate::report::explanation::{Marking, text};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("comment").required(true).args(["text", "file"])))]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// The comment.
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// A file with the comment, in UTF-8; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A file with the article it stands under; where an empty line follows its first line, that is the title.
    #[arg(long, value_name = "FILE")]
    article: Option<PathBuf>,
    /// A file with the comment that it answers.
    #[arg(long, value_name = "FILE")]
    parent: Option<PathBuf>,
    /// What the stance is towards, where it is not the article.
    #[arg(long, value_name = "TEXT")]
    target: Option<String>,
    /// Explain this label, predicted or not; may be repeated.
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
    /// Strongest words and parts to show.
    #[arg(long, value_name = "K", default_value_t = 10)]
    top: usize,
    /// Show what the preprocessing stage makes of the comment too: tokens, stems, features that are not zero.
    #[arg(short, long)]
    verbose: bool,
    /// Format of the output.
    #[arg(long, value_enum, default_value_t = SummaryFormat::Text)]
    format: SummaryFormat,
}

pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<Outcome> {
    let model = source::model(&args.model)?;
    let known = |label: &String| model.heads.iter().any(|head| head.labels.index(label).is_some());
    if let Some(unknown) = args.labels.iter().find(|label| !known(label)) {
        let labels: Vec<String> =
            model.heads.iter().map(|head| format!("{}: {}", head.name, head.labels.names().join(", "))).collect();
        return Ok(Outcome::Usage(format!("the model has no label `{unknown}`: it has {}", labels.join("; "))));
    }
    let from_stdin =
        [&args.file, &args.article, &args.parent].into_iter().flatten().filter(|p| p.as_os_str() == "-").count();
    if from_stdin > 1 {
        return Ok(Outcome::Usage("standard input, `-`, can be given once only".into()));
    }
    let comment = match (&args.text, &args.file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => read(file)?,
        (None, None) => return Ok(Outcome::Usage("name the comment with --text or --file".into())),
    };
    if comment.trim().is_empty() {
        return Ok(Outcome::Usage("the comment is blank: there is nothing to score".into()));
    }
    let article = args.article.as_deref().map(read).transpose()?;
    let parent = args.parent.as_deref().map(read).transpose()?;
    let texts = Texts {
        comment: &comment,
        article: article.as_deref().map(title_and_body),
        parent: parent.as_deref(),
        target: args.target.as_deref(),
    };
    let explanation = explain(&model, &mut model.scorer(), &texts, args.top, args.verbose);
    let shown = match args.format {
        SummaryFormat::Text => text(&explanation, &comment, &args.labels, args.top, marking()),
        SummaryFormat::Json => crate::report::json(&explanation),
    };
    output::write(Path::new("-"), shown.as_bytes())?;
    Ok(Outcome::Done)
}

/// Colours where a person looks and has not asked for none (<https://no-color.org>).
fn marking() -> Marking {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if std::io::stdout().is_terminal() && !unwanted { Marking::Colours } else { Marking::Signs }
}

fn title_and_body(text: &str) -> ArticleText<'_> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let second = rest.lines().next().unwrap_or("x");
    if second.trim().is_empty() {
        ArticleText { title: first.trim(), body: rest.trim() }
    } else {
        ArticleText { title: "", body: text.trim() }
    }
}

/// A text file, or standard input.
fn read(path: &Path) -> Result<String> {
    let bytes = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    let text = String::from_utf8(bytes.map_err(|e| Error::io("read", path, e))?).map_err(|e| {
        let mut position = crate::error::Position::file(path.display().to_string());
        position.byte = Some(e.utf8_error().valid_up_to() as u64);
        Error::input(position, "the text is not UTF-8 here: save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_by_itself_is_the_title() {
        let of = |text| {
            let ArticleText { title, body } = title_and_body(text);
            (title, body)
        };
        assert_eq!(of("Buses\n\nThey run.\nLate."), ("Buses", "They run.\nLate."));
        assert_eq!(of("Buses run.\nLate."), ("", "Buses run.\nLate."));
        assert_eq!(of("Buses"), ("", "Buses"));
        assert_eq!(of("Buses\r\n\r\nRun."), ("Buses", "Run."));
    }
}
