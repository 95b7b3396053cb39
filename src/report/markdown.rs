//! Reports as Markdown, to paste into a mail or an issue.

use std::fmt::Write;

use super::batch::breakdown::Breakdown;
use super::batch::sample::Shown;
use super::batch::{Report, TaskReport};
use super::numbers::{count, day, estimate, figure, percent};
use crate::labels::TaskKind;

/// Groups listed of each breakdown.
const GROUPS: usize = 25;
/// Characters shown of a comment.
const EXCERPT: usize = 280;

/// The report.
pub fn report(report: &Report) -> String {
    let mut out = Markdown(String::new());
    out.line("# Comment report\n");
    overview(&mut out, report);
    if !report.caveats.is_empty() {
        out.line("\n## Before you read on\n");
        report.caveats.iter().for_each(|caveat| out.line(&format!("- {}", escape(&caveat.text))));
    }
    for task in &report.tasks {
        labels(&mut out, task);
    }
    for breakdown in &report.breakdowns {
        groups(&mut out, report, breakdown);
    }
    if !report.alike.largest.is_empty() {
        out.line("\n## Comments that are nearly the same\n");
        out.row(&["comments", "within 24 hours", "one of them"]);
        out.row(&["---:", "---:", "---"]);
        for group in &report.alike.largest {
            let within = group.within_a_day.map(count).unwrap_or_default();
            out.row(&[&count(group.count), &within, &excerpt(&group.text)]);
        }
    }
    for task in &report.tasks {
        examples(&mut out, task);
    }
    if !report.rejects.is_empty() {
        out.line("\n## Rows that could not be used\n");
        out.row(&["rows", "reason", "first"]);
        out.row(&["---:", "---", "---"]);
        for reason in &report.rejects {
            out.row(&[&count(reason.count), &escape(&reason.reason), &escape(&reason.first)]);
        }
    }
    let date = report.date.map(|date| format!(" on {}", day(date))).unwrap_or_default();
    out.line(&format!("\nWritten by belowline {}{date}.", report.belowline));
    out.0
}

struct Markdown(String);

impl Markdown {
    fn line(&mut self, line: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{line}");
    }

    fn row(&mut self, cells: &[&str]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }
}

fn overview(out: &mut Markdown, report: &Report) {
    let mut line = format!("{} comments", count(report.rows));
    if let Some((first, last)) = report.time.as_ref().and_then(|t| t.first.as_ref().zip(t.last.as_ref())) {
        line += &format!(", {first} to {last}");
    }
    if report.rows_rejected > 0 {
        line += &format!("; {} of {} rows could not be used", count(report.rows_rejected), count(report.rows_read));
    }
    out.line(&(line + "."));
    let Some(model) = &report.model else { return };
    let date = model.date.map(|date| format!(" on {}", day(date))).unwrap_or_default();
    out.line(&format!(
        "\nModel: trained{date} by belowline {} on {} {} comments (`{}`).\n",
        escape(&model.trained_by),
        count(model.comments as u64),
        model.language,
        escape(model.fingerprint.get(..12).unwrap_or(&model.fingerprint))
    ));
    out.row(&["task", "measured on", "figure", "with 95% interval", "right", "calibration error"]);
    out.row(&["---", "---", "---", "---:", "---:", "---:"]);
    for task in &model.tasks {
        for figures in &task.figures {
            out.row(&[
                &escape(&task.task),
                &escape(&figures.question),
                figures.metric.name(),
                &figure(&figures.estimate),
                &percent(figures.accuracy),
                &format!("{:.3}", figures.calibration_error),
            ]);
        }
    }
}

fn labels(out: &mut Markdown, task: &TaskReport) {
    let kind = match task.kind {
        TaskKind::SingleLabel => "one label a comment",
        TaskKind::MultiLabel => "any number of labels a comment",
    };
    out.line(&format!("\n## {} ({kind})\n", escape(&task.task)));
    out.row(&["label", "comments", "share", "corrected share (95% interval)"]);
    out.row(&["---", "---:", "---:", "---:"]);
    for label in &task.labels {
        let corrected = match (&label.corrected, &label.unstable) {
            (None, _) => String::new(),
            (Some(share), None) => estimate(share),
            (Some(share), Some(_)) => format!("{}, unstable", estimate(share)),
        };
        out.row(&[&escape(&label.label), &count(label.count), &percent(label.share), &corrected]);
    }
    if task.unlabelled > 0 {
        out.row(&["*no label*", &count(task.unlabelled), "", ""]);
    }
    if let Some(score) = task.mean_score {
        out.line(&format!("\nMean score: {score:+.2}."));
    }
    for label in task.labels.iter().filter(|l| !l.typical.is_empty()) {
        let words: Vec<String> = label.typical.iter().map(|w| escape(&w.word)).collect();
        out.line(&format!("\nTypical of {}: {}", escape(&label.label), words.join(", ")));
    }
}

fn groups(out: &mut Markdown, report: &Report, breakdown: &Breakdown) {
    out.line(&format!("\n## By {}\n", breakdown.by.name()));
    let mut header = vec![breakdown.by.name().to_owned(), "comments".into()];
    for task in &report.tasks {
        header.extend(task.labels.iter().map(|l| escape(&format!("{}: {}", task.task, l.label))));
        if task.mean_score.is_some() {
            header.push(escape(&format!("{}: mean score", task.task)));
        }
    }
    let cells = |cells: &[String]| cells.iter().map(String::as_str).collect::<Vec<_>>().join(" | ");
    out.line(&format!("| {} |", cells(&header)));
    out.line(&format!("| --- {}|", "| ---: ".repeat(header.len() - 1)));
    for group in breakdown.groups.iter().take(GROUPS) {
        let name = if group.title.is_empty() { &group.name } else { &group.title };
        let mut row = vec![excerpt(name), count(group.rows)];
        for (counts, task) in group.tasks.iter().zip(&report.tasks) {
            row.extend(counts.labels.iter().map(|&n| percent(n as f64 / group.rows.max(1) as f64)));
            if task.mean_score.is_some() {
                row.push(counts.mean_score.map(|score| format!("{score:+.2}")).unwrap_or_default());
            }
        }
        out.line(&format!("| {} |", cells(&row)));
    }
    if breakdown.groups.len() > GROUPS {
        out.line(&format!("\n{} more are not listed.", count((breakdown.groups.len() - GROUPS) as u64)));
    }
}

fn examples(out: &mut Markdown, task: &TaskReport) {
    if task.labels.iter().all(|l| l.clearest.is_empty() && l.undecided.is_empty()) {
        return;
    }
    out.line(&format!("\n## Comments: {}", escape(&task.task)));
    let place = |comment: &Shown| {
        let of = |t: &&super::batch::sample::ShownVerdict| t.task == task.task;
        comment.tasks.iter().find(of).map(|t| t.probabilities.clone()).unwrap_or_default()
    };
    for (k, label) in task.labels.iter().enumerate() {
        for (title, comments) in [("Clearest", &label.clearest), ("Most undecided", &label.undecided)] {
            if comments.is_empty() {
                continue;
            }
            out.line(&format!("\n{title} for {}:\n", escape(&label.label)));
            for comment in comments.iter().take(3) {
                let p = place(comment).get(k).copied().unwrap_or_default();
                out.line(&format!("- {} {}", percent(p), excerpt(&comment.text)));
            }
        }
    }
}

fn excerpt(text: &str) -> String {
    escape(&crate::text::excerpt::excerpt(text, EXCERPT))
}

/// Text in one line that means nothing to Markdown, nor to HTML, nor turns the direction of what follows.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut blank = false;
    for c in text.trim().chars() {
        match c {
            c if c.is_whitespace() || c.is_control() => {
                if !blank {
                    out.push(' ');
                }
                blank = true;
                continue;
            }
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push(char::REPLACEMENT_CHARACTER),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // An at sign would call a person where Markdown is pasted.
            '@' => out.push_str("@\u{200b}"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        blank = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_stay_text() {
        assert_eq!(
            escape(" a | b\n\n# <script> *x* [l](u) @joe `c` \u{202e}&"),
            "a \\| b \\# &lt;script&gt; \\*x\\* \\[l\\](u) @\u{200b}joe \\`c\\` \u{fffd}&amp;"
        );
    }
}
