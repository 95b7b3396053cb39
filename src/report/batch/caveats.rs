//! What a reader of a report should beware of, in plain words.

use serde::Serialize;

use super::Report;
use super::alike::BURST;
use crate::summary::asks_for_unseen_articles;
use crate::text::Language;

/// Fewer rows make any share uncertain.
const FEW_ROWS: u64 = 30;
/// From this share of the rows on, something is worth saying.
const WORTH_SAYING: f64 = 0.1;
/// Texts of fewer bytes do not tell their language.
const TELLING: usize = 60;
/// Fewer texts do not tell the share of other languages.
const FEW_TEXTS: usize = 5;

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caveat {
    /// What it is about, for programs.
    pub kind: &'static str,
    /// What it says.
    pub text: String,
}

/// The warnings that a report calls for.
pub(super) fn of(report: &Report, is_foreign: bool, lacks_contexts: bool) -> Vec<Caveat> {
    let mut caveats = Vec::new();
    let mut say = |kind, text: String| caveats.push(Caveat { kind, text });
    if report.rows == 0 {
        say("no-comments", "There are no comments to report on.".into());
        return caveats;
    }
    if report.rows < FEW_ROWS {
        say("few-comments", format!("There are only {} comments: every share below is uncertain.", report.rows));
    }
    if report.rows_rejected > 0 {
        say(
            "rejected-rows",
            format!(
                "{} of {} rows could not be read and are not counted; the reasons are listed below.",
                report.rows_rejected, report.rows_read
            ),
        );
    }
    if is_foreign {
        say(
            "other-model",
            "The scores in the input were not made by the model that was named: nothing is corrected by its figures, and no words are marked."
                .into(),
        );
    } else if report.model.is_none() {
        say(
            "no-model",
            "The model that made these scores was not named: how good it is, is not known here, and the counts are not corrected for its errors."
                .into(),
        );
    }
    if let Some(model) = &report.model {
        unseen(report, &mut say);
        if lacks_contexts {
            say(
                "no-articles",
                "The model was trained with articles and these comments came without: it could not compare the two."
                    .into(),
            );
        }
        language(report, model.language, &mut say);
        for task in &model.tasks {
            let Some(figures) = task.figures.first() else { continue };
            if figures.calibration_error > 0.05 {
                say(
                    "calibration",
                    format!(
                        "Probabilities of {} were off by {:.0} points on average when they were measured.",
                        task.task,
                        100.0 * figures.calibration_error
                    ),
                );
            }
        }
    }
    for task in &report.tasks {
        let share = task.unsure as f64 / report.rows as f64;
        if share >= WORTH_SAYING {
            say(
                "low-confidence",
                format!(
                    "{:.0}% of the comments have a {} that the model gives less than even chances: read those yourself before you act on them.",
                    100.0 * share,
                    task.task
                ),
            );
        }
        let unstable: Vec<&str> =
            task.labels.iter().filter(|l| l.unstable.is_some()).map(|l| l.label.as_str()).collect();
        if !unstable.is_empty() {
            say(
                "unstable-correction",
                format!(
                    "The corrected share of {} ({}) is unstable: the model confuses it too often to work back from its counts.",
                    unstable.join(", "),
                    task.task
                ),
            );
        }
    }
    if let Some(time) = report.time.as_ref().filter(|time| time.unreadable > 0) {
        say(
            "unreadable-times",
            format!(
                "{} comments have a time that cannot be read; they are missing in the charts over time.",
                time.unreadable
            ),
        );
    }
    alike(report, &mut say);
    for breakdown in report.breakdowns.iter().filter(|b| b.rows_beyond > 0) {
        say(
            "many-groups",
            format!(
                "{} comments belong to a {} beyond the first 20,000 and are not listed by it.",
                breakdown.rows_beyond,
                breakdown.by.name()
            ),
        );
    }
    caveats
}

fn unseen(report: &Report, say: &mut impl FnMut(&'static str, String)) {
    let Some(model) = &report.model else { return };
    let known = model.rows_under_seen_articles + model.rows_under_unseen_articles;
    let unseen = model.rows_under_unseen_articles;
    if known == 0 || (unseen as f64) < WORTH_SAYING * known as f64 {
        return;
    }
    let figures = model.tasks.iter().filter_map(|task| {
        let figures = task.figures.iter().find(|f| asks_for_unseen_articles(&f.question))?;
        Some(format!("{} of {} right there", percent(figures.accuracy), task.task))
    });
    let figures: Vec<String> = figures.collect();
    let measured = if figures.is_empty() { "not measured".to_owned() } else { figures.join(", ") };
    say(
        "unseen-articles",
        format!(
            "{} of the comments stand under articles that the model was not trained on, where it is weaker (in validation: {measured}).",
            percent(unseen as f64 / known as f64)
        ),
    );
}

fn language(report: &Report, of_model: &str, say: &mut impl FnMut(&'static str, String)) {
    let told: Vec<Language> =
        report.sample.iter().filter(|c| c.text.len() >= TELLING).filter_map(|c| Language::of(&c.text)).collect();
    let others = told.iter().filter(|language| language.name() != of_model).count();
    if told.len() >= FEW_TEXTS
        && of_model != Language::Unknown.name()
        && others as f64 >= WORTH_SAYING * told.len() as f64
    {
        say(
            "other-language",
            format!(
                "About {} of the comments are not in {of_model}, the language that the model was trained on: their scores mean little.",
                percent(others as f64 / told.len() as f64)
            ),
        );
    }
}

fn alike(report: &Report, say: &mut impl FnMut(&'static str, String)) {
    let copies = report.alike.copies;
    if copies as f64 >= WORTH_SAYING * report.rows as f64 {
        say(
            "near-duplicates",
            format!(
                "{copies} comments are nearly the same as an earlier one ({} groups): a few voices may count many times.",
                report.alike.groups
            ),
        );
    }
    let bursts: Vec<u64> =
        report.alike.largest.iter().filter_map(|group| group.within_a_day).filter(|&n| n >= BURST).collect();
    if let Some(most) = bursts.iter().max() {
        say(
            "possible-brigading",
            format!(
                "Up to {most} comments that are nearly the same came within 24 hours ({} such groups): possibly an organised campaign.",
                bursts.len()
            ),
        );
    }
}

fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}
