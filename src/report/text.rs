//! Summaries as plain text, for a terminal.

use std::fmt::Write;

use super::inspection::Inspection;
use super::numbers;
use crate::evaluation::{Evaluation, TaskEvaluation};
use crate::features::layout::Block;
use crate::labels::TaskKind;
use crate::linear::ClassWeights;
use crate::metrics::CoveragePoint;
use crate::model::{Head, Model};
use crate::summary::{Figures, TaskSummary};

/// Confusion matrices of more labels do not fit a terminal.
const WIDEST_MATRIX: usize = 12;

/// The summary of a training.
pub fn training(model: &Model) -> String {
    let mut out = String::new();
    let layout = model.layout();
    let sizes: Vec<String> = Block::ALL
        .into_iter()
        .filter(|&b| !layout.range(b).is_empty())
        .map(|b| format!("{} {}", b.name(), layout.range(b).len()))
        .collect();
    line(&mut out, format_args!("Features: {} ({})", layout.columns(), sizes.join(", ")));
    line(&mut out, format_args!("Language: {}", model.features.language.name()));
    for head in &model.heads {
        out.push('\n');
        let kind = match head.kind {
            TaskKind::SingleLabel => "one label a comment",
            TaskKind::MultiLabel => "any number of labels a comment",
        };
        line(&mut out, format_args!("Task {} ({kind}, {} labels)", head.name, head.labels.len()));
        task(&mut out, &head.summary);
        rule(&mut out, head);
    }
    out
}

/// What `evaluate` shows.
pub fn evaluation(evaluation: &Evaluation) -> String {
    let mut out = String::new();
    for task in &evaluation.tasks {
        line(&mut out, format_args!("Task {}: {} labelled rows", task.task, task.rows));
        figures(&mut out, &task.figures);
        reliability(&mut out, &task.figures);
        curves(&mut out, task);
        task.by_article.iter().for_each(|part| short(&mut out, part));
        by_article(&mut out, task);
        worst(&mut out, task);
        if let Some(d) = &task.difference {
            let e = d.difference;
            line(
                &mut out,
                format_args!(
                    "  {}: {:.3}; difference {:+.3} (95% interval {:+.3} to {:+.3}, paired)",
                    d.against, d.other, e.value, e.low, e.high
                ),
            );
        }
    }
    out
}

/// What `inspect` shows.
pub fn inspection(inspection: &Inspection) -> String {
    let mut out = inspection.card.map(|card| format!("{card}\n\n")).unwrap_or_default();
    let origin = &inspection.provenance;
    line(
        &mut out,
        format_args!(
            "Trained by belowline {} on {} comments (SHA-256 {})",
            origin.belowline, origin.comments, origin.fingerprint
        ),
    );
    if let Some(base) = &origin.base {
        line(&mut out, format_args!("On top of a model trained on the comments with the SHA-256 {base}"));
    }
    if let Some(date) = origin.date {
        line(&mut out, format_args!("Date: {}", numbers::day(date)));
    }
    if let Some(note) = &inspection.note {
        line(&mut out, format_args!("Note: {note}"));
    }
    line(&mut out, format_args!("Language: {}", inspection.language));
    line(&mut out, format_args!("\n{:<14} {:>8} {:>10} {:>10}", "block", "weight", "features", "bytes"));
    for block in &inspection.blocks {
        line(
            &mut out,
            format_args!("{:<14} {:>8} {:>10} {:>10}", block.block, block.weight, block.features, bytes(block.bytes)),
        );
    }
    for task_inspection in &inspection.tasks {
        out.push('\n');
        line(&mut out, format_args!("Task {}", task_inspection.task));
        task(&mut out, &task_inspection.summary);
        for label in &task_inspection.labels {
            let number = label.number.map(|n| format!(" (number {n})")).unwrap_or_default();
            line(&mut out, format_args!("  Strongest for {}{number}:", label.label));
            for feature in &label.features {
                line(&mut out, format_args!("    {:+8.3}  {:<13} {:?}", feature.weight, feature.block, feature.term));
            }
        }
    }
    out
}

/// A number of bytes for people.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["bytes", "kB", "MB", "GB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}

pub(super) fn line(out: &mut String, text: std::fmt::Arguments) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "{text}");
}

fn task(out: &mut String, summary: &TaskSummary) {
    line(out, format_args!("  {} labelled rows, {} of them copies of another's text", summary.rows, summary.copies));
    if !summary.tried.is_empty() {
        line(out, format_args!("  Tried on inner splits ({}):", summary.figures.metric.name()));
        for trial in &summary.tried {
            let is_chosen = trial.candidate.alpha == summary.chosen.alpha
                && trial.candidate.class_weights == summary.chosen.class_weights;
            let chosen = if is_chosen { "  <- chosen" } else { "" };
            line(
                out,
                format_args!(
                    "    alpha {:<6} class weights {:<9} loss {:.3}  {} {:.3}{chosen}",
                    trial.candidate.alpha,
                    class_weights(trial.candidate.class_weights),
                    trial.loss,
                    summary.figures.metric.name(),
                    trial.score
                ),
            );
        }
    } else {
        line(
            out,
            format_args!(
                "  alpha {}, class weights {} (not searched)",
                summary.chosen.alpha,
                class_weights(summary.chosen.class_weights)
            ),
        );
    }
    if !summary.blocks.is_empty() {
        let metric = summary.figures.metric.name();
        line(
            out,
            format_args!("  What each block is worth on inner splits (change without it, or at another weight):"),
        );
        for trial in &summary.blocks {
            let (tried, done) = if trial.weight == 0.0 {
                (String::new(), "left out")
            } else {
                (format!("at {}", trial.weight), "taken")
            };
            let taken = summary.chosen.blocks.of(trial.block) == trial.weight;
            let mark = if taken { format!("  <- {done}") } else { String::new() };
            let name = trial.block.name();
            line(
                out,
                format_args!(
                    "    {name:<14}{tried:<5} loss {:+.4} (error {:.4})  {metric} {:+.3}{mark}",
                    trial.loss, trial.error, trial.score
                ),
            );
        }
    }
    if !summary.base.is_empty() {
        let labels: Vec<&str> = summary.figures.labels.iter().map(|score| score.label.as_str()).collect();
        // A two-class task has one score, its second label's.
        let width = summary.base.first().map_or(0, |score| score.weights.len());
        let labels = labels[labels.len().saturating_sub(width)..].join(", ");
        line(out, format_args!("  What the base model's scores are worth (weights in the scores of {labels}):"));
        for score in &summary.base {
            let weights: Vec<String> = score.weights.iter().map(|w| format!("{w:+.2}")).collect();
            line(out, format_args!("    {:<14} {:<14} {}", score.task, score.label, weights.join(" ")));
        }
    }
    let fit = &summary.convergence;
    let converged = if fit.converged { "converged" } else { "NOT CONVERGED" };
    line(
        out,
        format_args!(
            "  Final fit: {converged} after {} steps, {} passes (relative gradient {:.1e})",
            fit.iterations, fit.passes, fit.gradient
        ),
    );
    figures(out, &summary.figures);
    if let Some(other) = &summary.other {
        short(out, other);
    }
}

/// Figures that stand beside the main ones.
fn short(out: &mut String, figures: &Figures) {
    let e = &figures.estimate;
    let folds = match figures.folds {
        0 => String::new(),
        _ => format!(" (folds by {})", figures.grouped_by),
    };
    line(
        out,
        format_args!(
            "  For comparison, {}{folds}: {} {:.3} (95% interval {:.3} to {:.3})",
            figures.question,
            figures.metric.name(),
            e.value,
            e.low,
            e.high
        ),
    );
    coverage(out, figures);
}

fn coverage(out: &mut String, figures: &Figures) {
    let cells = |of: &dyn Fn(&CoveragePoint) -> String| -> String {
        figures.coverage.iter().map(|p| format!("{:>6}", of(p))).collect()
    };
    let percent = |share: f64| format!("{:.0}%", 100.0 * share);
    line(out, format_args!("    With --min-conf {}", cells(&|p| format!("{:.2}", p.min_conf))));
    line(out, format_args!("      rows kept     {}", cells(&|p| percent(p.coverage))));
    line(out, format_args!("      of them right {}", cells(&|p| p.accuracy.map_or("-".into(), percent))));
}

fn class_weights(weights: ClassWeights) -> &'static str {
    match weights {
        ClassWeights::None => "none",
        ClassWeights::Balanced => "balanced",
    }
}

fn figures(out: &mut String, figures: &Figures) {
    let e = &figures.estimate;
    let folds = match figures.folds {
        0 => String::new(),
        folds => {
            let held_out = figures.held_out.map(|some| format!("{some} of ")).unwrap_or_default();
            format!(", {held_out}{folds} folds by {}, nothing chosen on the rows that are judged", figures.grouped_by)
        }
    };
    line(out, format_args!("  Measured: {}{folds}", figures.question));
    line(
        out,
        format_args!(
            "  {} {:.3} (95% interval {:.3} to {:.3} over {} {}), accuracy {:.3}, calibration error {:.3}",
            figures.metric.name(),
            e.value,
            e.low,
            e.high,
            figures.cluster_count,
            figures.clusters,
            figures.accuracy,
            figures.calibration_error
        ),
    );
    let width = figures.labels.iter().map(|l| l.label.chars().count()).max().unwrap_or(0).max(5);
    line(
        out,
        format_args!(
            "    {:<width$} {:>9} {:>7} {:>7} {:>7} {:>8}",
            "label", "precision", "recall", "F1", "AUC", "support"
        ),
    );
    for (label, auc) in figures.labels.iter().zip(&figures.auc) {
        let auc = auc.map_or("-".into(), |a| format!("{a:.3}"));
        line(
            out,
            format_args!(
                "    {:<width$} {:>9.3} {:>7.3} {:>7.3} {auc:>7} {:>8}",
                plain(&label.label),
                label.precision,
                label.recall,
                label.f1,
                label.support
            ),
        );
    }
    if let Some(matrix) = figures.confusion.as_ref().filter(|m| m.len() <= WIDEST_MATRIX) {
        line(out, format_args!("    Confusion matrix, rows true, columns predicted:"));
        let header: Vec<String> = figures.labels.iter().map(|l| format!("{:>width$}", plain(&l.label))).collect();
        line(out, format_args!("    {:<width$} {}", "", header.join(" ")));
        for (label, row) in figures.labels.iter().zip(matrix) {
            let cells: Vec<String> = row.iter().map(|c| format!("{c:>width$}")).collect();
            line(out, format_args!("    {:<width$} {}", plain(&label.label), cells.join(" ")));
        }
    }
    coverage(out, figures);
}

fn reliability(out: &mut String, figures: &Figures) {
    let of = if figures.confusion.is_some() { "the likeliest label" } else { "all labels" };
    line(out, format_args!("    Reliability of the probabilities of {of}:"));
    line(out, format_args!("      {:<12} {:>8} {:>8} {:>8}", "between", "rows", "mean", "right"));
    let width = 1.0 / figures.reliability.len().max(1) as f64;
    for (place, bin) in figures.reliability.iter().enumerate().filter(|(_, bin)| bin.weight > 0.0) {
        let from = place as f64 * width;
        line(
            out,
            format_args!(
                "      {:.2} to {:.2} {:>8} {:>8.3} {:>8.3}",
                from,
                from + width,
                bin.weight,
                bin.confidence,
                bin.accuracy
            ),
        );
    }
}

fn curves(out: &mut String, task: &TaskEvaluation) {
    line(out, format_args!("    Precision that is reached at a recall of at least:"));
    let labels = || task.figures.labels.iter().map(|l| plain(&l.label)).zip(&task.precision_recall);
    let width = labels().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let Some(first) = task.precision_recall.iter().flatten().next() else { return };
    let recalls: String = first.at_recalls.iter().map(|r| format!("{:>6.0}%", 100.0 * r[0])).collect();
    line(out, format_args!("      {:<width$} {recalls}  average", ""));
    for (label, curve) in labels() {
        let Some(curve) = curve else { continue };
        let cells: String = curve.at_recalls.iter().map(|r| format!("{:>7.3}", r[1])).collect();
        line(out, format_args!("      {label:<width$} {cells} {:>8.3}", curve.average_precision));
    }
}

/// Articles and errors that a terminal has room for; JSON and HTML have more.
const LISTED: usize = 10;
/// Characters shown of a comment.
const EXCERPT: usize = 100;

fn by_article(out: &mut String, task: &TaskEvaluation) {
    if task.articles.is_empty() {
        return;
    }
    line(out, format_args!("    By article, those of most rows first:"));
    line(out, format_args!("      {:>6} {:>6}  article", "rows", "right"));
    for a in task.articles.iter().take(LISTED) {
        let name = if a.title.is_empty() { &a.article } else { &a.title };
        line(out, format_args!("      {:>6} {:>5.0}%  {}", a.rows, 100.0 * a.accuracy, excerpt(name)));
    }
    if task.articles.len() > LISTED {
        line(out, format_args!("      {} more", task.articles.len() - LISTED));
    }
}

fn worst(out: &mut String, task: &TaskEvaluation) {
    if task.worst.is_empty() {
        return;
    }
    line(out, format_args!("    Errors that the model was surest of:"));
    let or_none = |labels: &[String]| if labels.is_empty() { "no label".into() } else { plain(&labels.join("|")) };
    for e in task.worst.iter().take(LISTED) {
        let place = e.line.map(|n| format!("{}, line {n}", e.path)).unwrap_or_else(|| e.path.clone());
        line(
            out,
            format_args!(
                "      {place}: {} taken for {} ({:+.2}): {}",
                or_none(&e.labels),
                or_none(&e.predicted),
                e.wrongness,
                excerpt(&e.text)
            ),
        );
    }
}

/// The beginning of a text, in one line.
fn excerpt(text: &str) -> String {
    let text = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    crate::text::excerpt::excerpt(&text, EXCERPT)
}

/// Text that cannot steer a terminal: control characters, and those that turn the direction of writing, are replaced.
pub(super) fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let steers = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || turns(c);
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn rule(out: &mut String, head: &Head) {
    use crate::decision::DecisionRule;
    let (word, numbers) = match &head.finish.rule {
        DecisionRule::Biases(biases) => ("Biases", biases),
        DecisionRule::Thresholds { thresholds, .. } => ("Thresholds", thresholds),
    };
    let pairs: Vec<String> =
        head.labels.names().iter().zip(numbers).map(|(l, n)| format!("{} {n:.2}", plain(l))).collect();
    line(out, format_args!("  {word}: {}", pairs.join(", ")));
}
