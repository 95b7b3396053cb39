//! The result as Markdown.

use std::fmt::Display;

use belowline::metrics::Estimate;

use crate::measure::{PeerResult, TaskResult};
use crate::peers::Peers;

/// The columns of the scores: data, question and metric, then belowline, then a column a peer.
pub fn scores_header(peers: &Peers) -> String {
    let names = peers.installed.iter().map(|p| p.name.clone());
    header(["data", "question", "metric", "belowline"].into_iter().map(str::to_owned).chain(names))
}

/// One row a question and metric.
pub fn score_rows(data: &str, result: &TaskResult) -> String {
    let mut out = String::new();
    for question in &result.questions {
        for (place, (name, estimate)) in question.scores.iter().enumerate() {
            let ours = format!("{} ({} to {})", share(estimate.value), share(estimate.low), share(estimate.high));
            let theirs = question.peers.iter().map(|peer| match peer {
                PeerResult::Done { scores, .. } => {
                    let (value, difference) = &scores[place];
                    format!("{}; {}", share(*value), signed(difference))
                }
                other => nothing(other),
            });
            out += &row([data.into(), question.question.into(), name.clone(), ours].into_iter().chain(theirs));
        }
        let theirs = question.peers.iter().map(|peer| match peer {
            PeerResult::Done { calibration_error, .. } => share(*calibration_error),
            other => nothing(other),
        });
        let ours = share(question.calibration_error);
        let first = [data.into(), question.question.into(), "calibration error".into(), ours];
        out += &row(first.into_iter().chain(theirs));
    }
    out
}

/// The row of a data set that could not be measured.
pub fn failed_row(data: &str, message: &str, peers: &Peers) -> String {
    let empty = std::iter::repeat_n(String::new(), 2 + peers.installed.len());
    row([data.into(), format!("failed: {message}")].into_iter().chain(empty))
}

/// The columns of sizes and times.
pub fn times_header(peers: &Peers) -> String {
    let names = peers.installed.iter().map(|p| format!("{}, s", p.name));
    let first = ["data", "rows", "labels", "intervals over", "belowline, s"];
    header(first.into_iter().map(str::to_owned).chain(names))
}

/// One row a data set and task.
pub fn times_row(data: &str, result: &TaskResult, peers: &Peers) -> String {
    let theirs = (0..peers.installed.len()).map(|place| {
        let mut sum = 0.0;
        for question in &result.questions {
            match &question.peers[place] {
                PeerResult::Done { seconds, .. } => sum += seconds,
                other => return nothing(other),
            }
        }
        duration(sum)
    });
    let first = [
        data.into(),
        grouped(result.rows),
        result.labels.to_string(),
        result.clusters.clone(),
        duration(result.seconds),
    ];
    row(first.into_iter().chain(theirs))
}

/// How to read the tables.
pub fn notes(peers: &Peers, cores: usize) -> String {
    let mut out = String::from(
        "belowline: default settings, nested cross-validation (nothing was chosen on the rows that are judged), in parentheses the \
         95% interval.\nScores are better the higher, calibration errors the lower.",
    );
    out += &format!(
        "\nSeconds on {cores} cores: of belowline the whole run, which is features, choices, the cross-validations of all questions \
         and the final fit."
    );
    if peers.installed.is_empty() {
        return out + "\n";
    }
    let versions: Vec<String> = peers.installed.iter().map(|p| format!("{} {}", p.name, p.version)).collect();
    out += &format!(
        " Of the others the trainings on the same folds alone.\nOthers: {}, with fixed settings (`examples/peers.py`), the same texts \
         and folds; after the value belowline's minus it, paired, with the 95% interval.\nThey decide as they do by default: the \
         likeliest label; where a comment may have several, each of at least 0.5. belowline chooses its biases and thresholds for \
         macro-F1.",
        versions.join(", ")
    );
    if !peers.missing.is_empty() {
        out += &format!("\nNot installed: {}.", peers.missing.join(", "));
    }
    out + "\n"
}

fn nothing(result: &PeerResult) -> String {
    match result {
        PeerResult::Done { .. } | PeerResult::Unable => "-".into(),
        PeerResult::NotDoneIn(timeout) => format!("not done in {} s", timeout.as_secs()),
        PeerResult::Failed(_) => "failed".into(),
    }
}

fn header(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.collect();
    let line = row(std::iter::repeat_n("---".to_owned(), cells.len()));
    row(cells.into_iter()) + &line
}

fn row(cells: impl Iterator<Item = String>) -> String {
    // What comes from users must not break the table.
    let cells: Vec<String> = cells.map(|cell| cell.replace('|', "\\|").replace(['\r', '\n'], " ")).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Three decimals without the leading zero.
fn share(value: f64) -> String {
    short(format!("{:.3}", rounded(value)))
}

fn signed(difference: &Estimate) -> String {
    let signed = |value| short(format!("{:+.3}", rounded(value)));
    format!("{} ({} to {})", signed(difference.value), signed(difference.low), signed(difference.high))
}

/// No minus before a zero.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0 + 0.0
}

fn short(number: String) -> String {
    number.replacen("0.", ".", usize::from(number.trim_start_matches(['+', '-']).starts_with("0.")))
}

fn duration(seconds: f64) -> String {
    if seconds < 9.95 { format!("{seconds:.1}") } else { grouped(seconds.round() as usize) }
}

/// A number with commas between thousands.
pub fn grouped(number: impl Display) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The day of a time in seconds since 1970, in UTC, as `2026-11-22` (Hinnant, "chrono-compatible low-level date algorithms").
pub fn day(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    // Years begin in March, so that the leap day is their last.
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::QuestionResult;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(951_782_400), "2000-02-29");
        assert_eq!(day(951_868_799), "2000-02-29");
        assert_eq!(day(951_868_800), "2000-03-01");
        assert_eq!(day(1_798_761_599), "2026-12-31");
    }

    #[test]
    fn numbers_are_short() {
        let cases = [(0.6444, ".644"), (1.0, "1.000"), (0.0, ".000"), (0.0996, ".100"), (10.06, "10.060")];
        for (value, text) in cases {
            assert_eq!(share(value), text);
        }
        assert_eq!(signed(&Estimate { value: 0.016, low: -0.0304, high: -0.0001 }), "+.016 (-.030 to +.000)");
        assert_eq!([duration(0.04), duration(9.96), duration(1234.5)], ["0.0", "10", "1,235"]);
        assert_eq!(
            [grouped(5), grouped(999), grouped(49_972), grouped(1_000_000)],
            ["5", "999", "49,972", "1,000,000"]
        );
    }

    #[test]
    fn a_row_has_as_many_cells_as_the_header_whatever_became_of_the_peers() {
        let estimate = Estimate { value: 0.5, low: 0.25, high: 0.75 };
        let done = PeerResult::Done { scores: vec![(0.25, estimate)], calibration_error: 0.125, seconds: 61.0 };
        let late = PeerResult::NotDoneIn(std::time::Duration::from_secs(9));
        let question = QuestionResult {
            question: "new comments",
            scores: vec![("macro-F1".into(), estimate)],
            calibration_error: 0.0625,
            peers: vec![done, PeerResult::Unable, late, PeerResult::Failed("x".into())],
        };
        let result = TaskResult {
            rows: 2914,
            labels: 3,
            clusters: "5 targets".into(),
            seconds: 1.25,
            questions: vec![question],
        };
        assert_eq!(
            score_rows("a|b stance", &result),
            "| a\\|b stance | new comments | macro-F1 | .500 (.250 to .750) | .250; +.500 (+.250 to +.750) | - | not done in 9 s | \
             failed |\n\
             | a\\|b stance | new comments | calibration error | .063 | .125 | - | not done in 9 s | failed |\n"
        );
        let mut peers = Peers::none();
        assert_eq!(
            times_row("a", &result, &peers),
            "| a | 2,914 | 3 | 5 targets | 1.2 |\n",
            "no column for a peer that is not there"
        );
        assert_eq!(
            scores_header(&peers) + &failed_row("a", "no\nrows", &peers),
            "| data | question | metric | belowline |\n| --- | --- | --- | --- |\n| a | failed: no rows |  |  |\n"
        );
        peers.missing.push("fastText".into());
        assert!(!notes(&peers, 2).contains("fastText"), "nothing is missing where nothing was asked for");
    }
}
