//! Explanations as text for a terminal.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::text::{line, plain};
use crate::explanation::{About, CommentExplanation, LabelAccount, Mark, Preprocessing};

/// How words are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marking {
    /// By signs around them: `+for+`, `-against-`.
    Signs,
    /// By colours, as terminals show them.
    Colours,
}

/// What `explain` shows: each task's probabilities, and why the labels in `asked` (of a task without such a one: the predicted ones, else
/// the likeliest) have their scores. `top` words and parts each.
pub fn text(explanation: &CommentExplanation, comment: &str, asked: &[String], top: usize, marking: Marking) -> String {
    let mut out = String::new();
    for task in &explanation.tasks {
        let predicted = if task.predicted.is_empty() { "no label".to_owned() } else { task.predicted.join(", ") };
        let score = task.score.map(|score| format!(", score {score:+.2}")).unwrap_or_default();
        line(&mut out, format_args!("{}: {} ({:.2}{score})", task.task, plain(&predicted), task.confidence));
        let probabilities = task.labels.iter().map(|l| format!("{} {:.2}", plain(&l.label), l.probability));
        line(&mut out, format_args!("  probabilities: {}", probabilities.collect::<Vec<_>>().join(", ")));
        for label in chosen(&task.labels, &task.predicted, asked) {
            account(&mut out, label, comment, top, marking);
        }
        out.push('\n');
    }
    if let Some(preprocessing) = &explanation.preprocessing {
        tokens(&mut out, preprocessing, comment);
    }
    out
}

fn chosen<'l>(labels: &'l [LabelAccount], predicted: &[String], asked: &[String]) -> Vec<&'l LabelAccount> {
    let among = |names: &[String]| labels.iter().filter(|l| names.contains(&l.label)).collect::<Vec<_>>();
    let likeliest = || labels.iter().reduce(|a, b| if b.probability > a.probability { b } else { a });
    let mut chosen = among(asked);
    if chosen.is_empty() {
        chosen = among(predicted);
    }
    if chosen.is_empty() {
        chosen.extend(likeliest());
    }
    chosen
}

fn account(out: &mut String, label: &LabelAccount, comment: &str, top: usize, marking: Marking) {
    let account = &label.account;
    line(out, format_args!("  why {}:", plain(&label.label)));
    for shown in marked(comment, &account.marks(), marking).lines() {
        line(out, format_args!("    | {shown}"));
    }
    // The same word in two places is one entry.
    let mut words: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    for word in &account.words {
        let entry = words.entry(comment[word.start..word.end].to_lowercase()).or_default();
        *entry = (entry.0 + word.contribution, entry.1 + 1);
    }
    let mut words: Vec<(String, f64)> = words
        .into_iter()
        .map(|(word, (sum, times))| (if times > 1 { format!("{word} (x{times})") } else { word }, sum))
        .collect();
    list(out, "its words", &mut words, top);
    for (about, title) in
        [(About::Article, "the article"), (About::Target, "the target"), (About::Style, "how it is written")]
    {
        let of = account.parts.iter().filter(|p| p.about == about);
        list(out, title, &mut of.map(|p| (p.what.clone(), p.contribution)).collect::<Vec<_>>(), top);
    }
    line(out, format_args!("    {:+8.3}  before anything is read", account.intercept));
    line(out, format_args!("    {:+8.3}  all together: the raw score", account.raw_score));
}

/// The strongest entries, and the sum of the others, so that the column adds up.
fn list(out: &mut String, title: &str, entries: &mut [(String, f64)], top: usize) {
    if entries.is_empty() {
        return;
    }
    entries.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let sum: f64 = entries.iter().map(|e| e.1).sum();
    line(out, format_args!("    {sum:+8.3}  {title}"));
    for (what, contribution) in entries.iter().take(top) {
        line(out, format_args!("      {contribution:+8.3}  {}", plain(what)));
    }
    if let Some(rest) = entries.get(top..).filter(|rest| !rest.is_empty()) {
        let sum: f64 = rest.iter().map(|e| e.1).sum();
        line(out, format_args!("      {sum:+8.3}  {} more", rest.len()));
    }
}

/// A comment with its marked words.
fn marked(comment: &str, marks: &[Mark], marking: Marking) -> String {
    let mut out = String::new();
    let mut from = 0;
    for mark in marks {
        out.push_str(&plain(&comment[from..mark.start]));
        let word = plain(&comment[mark.start..mark.end]);
        // Writing to a string does not fail.
        let _ = match (marking, mark.strength > 0) {
            (Marking::Signs, true) => write!(out, "+{word}+"),
            (Marking::Signs, false) => write!(out, "-{word}-"),
            (Marking::Colours, _) => {
                let colour = if mark.strength > 0 { "\u{1b}[32m" } else { "\u{1b}[31m" };
                let weight = ["", "", "\u{1b}[1m", "\u{1b}[1;4m"][usize::from(mark.strength.unsigned_abs()).min(3)];
                write!(out, "{colour}{weight}{word}\u{1b}[0m")
            }
        };
        from = mark.end;
    }
    out.push_str(&plain(&comment[from..]));
    out
}

fn tokens(out: &mut String, preprocessing: &Preprocessing, comment: &str) {
    line(out, format_args!("preprocessing (language {})", preprocessing.language));
    line(out, format_args!("  {:>5} {:>5}  {:<11} {:<20} {:<20} stem", "from", "to", "kind", "token", "normal"));
    for t in &preprocessing.tokens {
        line(
            out,
            format_args!(
                "  {:>5} {:>5}  {:<11} {:<20} {:<20} {}",
                t.start,
                t.end,
                t.kind,
                plain(&comment[t.start..t.end]),
                plain(&t.normal),
                plain(&t.stem)
            ),
        );
    }
    line(out, format_args!("  {} features that are not zero", preprocessing.features.len()));
    for f in &preprocessing.features {
        line(out, format_args!("    {:<14} {:>9.6}  {:?}", f.block, f.value, f.term));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_around_the_words_and_nothing_steers_the_terminal() {
        let comment = "nö \u{1b}[2Jthanks\u{202e} a lot";
        let at = |word: &str| comment.find(word).unwrap();
        let mark = |word: &str, strength| Mark { start: at(word), end: at(word) + word.len(), strength };
        let marks = [mark("nö", -3), mark("thanks", 1)];
        assert_eq!(marked(comment, &marks, Marking::Signs), "-nö- \u{fffd}[2J+thanks+\u{fffd} a lot");
        assert_eq!(
            marked(comment, &marks, Marking::Colours),
            "\u{1b}[31m\u{1b}[1;4mnö\u{1b}[0m \u{fffd}[2J\u{1b}[32mthanks\u{1b}[0m\u{fffd} a lot"
        );
    }

    #[test]
    fn lists_add_up_and_name_what_they_leave_out() {
        let mut out = String::new();
        let mut entries = vec![("a".to_owned(), 0.1), ("b".to_owned(), -0.5), ("c".to_owned(), 0.2)];
        list(&mut out, "its words", &mut entries, 1);
        assert_eq!(out, "      -0.200  its words\n        -0.500  b\n        +0.300  2 more\n");
    }
}
