//! What a reader of a report should beware of, in plain words.

use serde::Serialize;

use super::super::numbers::{count, counted, percent};
use super::{ModelCard, ModelTask, Report, TaskReport};
use crate::summary::asks_for_unseen_articles;
use crate::text::Language;

/// Fewer rows make any share uncertain.
const FEW_ROWS: u64 = 50;
/// From this share of the rows on, something is worth saying.
const WORTH_SAYING: f64 = 0.1;
/// Larger calibration errors are worth saying.
const MISCALIBRATED: f64 = 0.05;
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

/// What the collector found doubtful.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// Tasks whose scores are not the model's.
    pub(super) foreign: Vec<String>,
    /// Tasks with the number of rows whose labels are not those of the model's rule.
    pub(super) overruled: Vec<(String, u64)>,
    /// Comments of pages on which nothing marks where the article ends, and how sure the least sure place is.
    pub(super) guessed: Option<(u64, f64)>,
    /// Whether the model knows articles and the input has none.
    pub(super) lacks_contexts: bool,
    /// Whether most rows stand under articles that the model was not trained on.
    pub(super) mostly_unseen: bool,
}

type Say<'s> = &'s mut dyn FnMut(&'static str, String);

/// The warnings that a report calls for.
pub(super) fn of(report: &Report, doubts: &Doubts) -> Vec<Caveat> {
    let mut caveats = Vec::new();
    let mut say = |kind, text: String| caveats.push(Caveat { kind, text });
    if report.rows == 0 {
        say("no-comments", "There are no comments to report on.".into());
        return caveats;
    }
    if report.rows < FEW_ROWS {
        let comments = counted(report.rows, "comment");
        say("few-comments", format!("This is about {comments} only: every share below is uncertain."));
    }
    if report.rows_rejected > 0 {
        let (rejected, read) = (count(report.rows_rejected), counted(report.rows_read, "row"));
        say(
            "rejected-rows",
            format!("{rejected} of {read} could not be used and do not count; the reasons are listed below."),
        );
    }
    if let Some((rows, least)) = doubts.guessed {
        let comments = counted(rows, "comment");
        say(
            "guessed-boundary",
            format!(
                "{comments} come from pages where nothing marks the article's end: where comments begin was guessed, with a probability of {} \
                 or more. Some may be parts of the article, and some comments may be missing.",
                percent(least)
            ),
        );
    }
    scores(report, doubts, &mut say);
    if let Some(model) = &report.model {
        if let Some(note) = &model.note {
            say("model-note", format!("Of the model: {note}"));
        }
        unseen(report, model, &mut say);
        if doubts.lacks_contexts {
            let text =
                "The model was trained with articles and these comments came without: it could not compare the two.";
            say("no-articles", text.into());
        }
        language(report, model.language, &mut say);
        model.tasks.iter().for_each(|task| calibration(task, doubts.mostly_unseen, &mut say));
    }
    report.tasks.iter().for_each(|task| unsure(report, task, &mut say));
    if let Some(time) = report.time.as_ref().filter(|time| time.unreadable > 0) {
        let comments = counted(time.unreadable, "comment");
        say(
            "unreadable-times",
            format!(
                "The time of {comments} cannot be read or lies outside 1970 to 2100: missing in what is told over time."
            ),
        );
    }
    alike(report, &mut say);
    for (breakdown, beyond) in report.breakdowns.iter().filter_map(|b| b.beyond.as_ref().map(|beyond| (b, beyond))) {
        let (comments, name) = (counted(beyond.rows, "comment"), breakdown.by.name());
        say(
            "many-groups",
            format!("{comments} stand beyond the first 20,000 kinds of {name} and are counted together."),
        );
    }
    caveats
}

/// Whose scores and labels they are.
fn scores(report: &Report, doubts: &Doubts, say: Say) {
    if !doubts.foreign.is_empty() {
        say(
            "other-model",
            format!(
                "The scores of {} in the input are not those that the model named here gives (it may be another one, or these comments came \
                 with other articles): they are not corrected by its figures, and no words are marked.",
                doubts.foreign.join(" and ")
            ),
        );
    } else if report.model.is_none() {
        let text = "The model that made these scores was not named: how good it is, is not known here, and the counts are not corrected \
                    for its errors.";
        say("no-model", text.into());
    }
    for (task, rows) in &doubts.overruled {
        say(
            "changed-labels",
            format!(
                "In {} the label of {task} is not the one that the model decides for (withheld, another threshold, or changed by hand): \
                 counts are of the labels in the input, corrected shares of the model's own.",
                counted(*rows, "comment")
            ),
        );
    }
}

fn unseen(report: &Report, model: &ModelCard, say: Say) {
    let share = model.rows_under_unseen_articles as f64 / report.rows as f64;
    if share < WORTH_SAYING {
        return;
    }
    let right = |unseen: bool| -> String {
        let of = |task: &ModelTask| {
            let figures = task.figures.iter().find(|f| asks_for_unseen_articles(&f.question) == unseen)?;
            Some(format!("{} of {}", percent(figures.accuracy), task.task))
        };
        model.tasks.iter().filter_map(of).collect::<Vec<_>>().join(" and ")
    };
    let measured = match (right(true).as_str(), right(false).as_str()) {
        ("", _) => "how good it is there was not measured".to_owned(),
        (there, "") => format!("in validation {there} were right there"),
        (there, known) => format!("in validation {there} were right there, under known articles {known}"),
    };
    let share = percent(share);
    say(
        "unseen-articles",
        format!("{share} of the comments stand under articles that the model was not trained on: {measured}."),
    );
}

fn language(report: &Report, of_model: &str, say: Say) {
    let told: Vec<Language> =
        report.sample.iter().filter(|c| c.text.len() >= TELLING).filter_map(|c| Language::of(&c.text)).collect();
    let others = told.iter().filter(|language| language.name() != of_model).count() as f64 / told.len().max(1) as f64;
    if told.len() >= FEW_TEXTS && of_model != Language::Unknown.name() && others >= WORTH_SAYING {
        let others = percent(others);
        say(
            "other-language",
            format!(
                "About {others} of the comments are in another language than the model, which is {of_model}: their scores mean little."
            ),
        );
    }
}

fn calibration(task: &ModelTask, mostly_unseen: bool, say: Say) {
    let fits = |question: &str| asks_for_unseen_articles(question) == mostly_unseen;
    let Some(figures) = task.figures.iter().find(|f| fits(&f.question)).or(task.figures.first()) else { return };
    if figures.calibration_error > MISCALIBRATED {
        say(
            "calibration",
            format!(
                "Probabilities of {} were off by {:.0} points on average when they were measured ({}).",
                task.task,
                100.0 * figures.calibration_error,
                figures.question
            ),
        );
    }
}

fn unsure(report: &Report, task: &TaskReport, say: Say) {
    let share = task.unsure as f64 / report.rows as f64;
    if share >= WORTH_SAYING {
        say(
            "low-confidence",
            format!(
                "{} of the comments have a {} that the model gives less than even chances: read those yourself before you act on them.",
                percent(share),
                task.task
            ),
        );
    }
    let unstable: Vec<&str> = task.labels.iter().filter(|l| l.unstable.is_some()).map(|l| l.label.as_str()).collect();
    if !unstable.is_empty() {
        say(
            "unstable-correction",
            format!(
                "Corrected shares of {} ({}) are unstable: too few comments, or too many errors, to work back from the counts.",
                task.task,
                unstable.join(", ")
            ),
        );
    }
}

fn alike(report: &Report, say: Say) {
    let found = &report.alike;
    if found.copies > 0 && found.copies as f64 >= WORTH_SAYING * report.rows as f64 {
        let (copies, groups) = (counted(found.copies, "comment"), counted(found.groups, "group"));
        say(
            "near-duplicates",
            format!("{copies} nearly repeat an earlier one, in {groups}: a few voices may count many times."),
        );
    }
    if found.bursts > 0 {
        let (most, groups) = (count(found.most_within_a_day), counted(found.bursts, "group"));
        say(
            "possible-brigading",
            format!(
                "Up to {most} comments that are nearly the same came within 24 hours ({groups} of five or more): possibly a campaign."
            ),
        );
    }
}
