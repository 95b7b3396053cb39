//! Counts of labels over some rows.

use serde::Serialize;

use super::{RowVerdict, Task};

/// Labels that count as hostile, whatever the task: what moderators look for first.
const HOSTILE: [&str; 12] = [
    "hostile", "hateful", "hate", "hate_speech", "insult", "insulting", "offensive", "toxic", "abusive",
    "personal_attack", "threat", "harassment",
];
/// Below this confidence a row counts as unsure.
pub(super) const UNSURE: f64 = 0.5;
/// Fewer rows say nothing about division.
const LEAST_ROWS: u64 = 10;

/// Counts over some rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) tasks: Vec<TaskTally>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct TaskTally {
    /// Rows that each label was predicted for.
    pub(super) labels: Vec<u64>,
    pub(super) unlabelled: u64,
    pub(super) unsure: u64,
    hostile: u64,
    score_sum: f64,
    scored: u64,
    /// Rows predicted on the side of positive numbers, and of negative ones.
    sides: [u64; 2],
}

/// Counts over some rows, as reports show them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counts {
    /// The task.
    pub task: String,
    /// Rows by predicted label, in label order.
    pub labels: Vec<u64>,
    /// Rows without a label.
    pub unlabelled: u64,
    /// Rows whose confidence is below one half.
    pub unsure: u64,
    /// Mean of the expected numbers ("net stance"), where labels have numbers.
    pub mean_score: Option<f64>,
    /// Share of rows with a label that is hostile by its name; `None` if the task has no such label.
    pub hostile: Option<f64>,
    /// How evenly rows fall on the two sides of zero: 0 for all on one, 1 for half and half; `None` for fewer than ten rows on them or
    /// where labels have no numbers.
    pub division: Option<f64>,
}

/// Whether a label is hostile by its name.
pub(in crate::report) fn is_hostile(label: &str) -> bool {
    HOSTILE.contains(&label.trim().to_lowercase().replace([' ', '-'], "_").as_str())
}

impl Tally {
    pub(super) fn new(tasks: &[Task]) -> Self {
        let of = |task: &Task| TaskTally {
            labels: vec![0; task.labels.len()],
            unlabelled: 0,
            unsure: 0,
            hostile: 0,
            score_sum: 0.0,
            scored: 0,
            sides: [0; 2],
        };
        Tally { rows: 0, tasks: tasks.iter().map(of).collect() }
    }

    /// One row, counted.
    pub(super) fn of(tasks: &[Task], verdicts: &[RowVerdict]) -> Self {
        let mut row = Tally { rows: 1, ..Tally::new(tasks) };
        for ((tally, task), verdict) in row.tasks.iter_mut().zip(tasks).zip(verdicts) {
            verdict.predicted.iter().for_each(|&class| tally.labels[class] += 1);
            tally.unlabelled += u64::from(verdict.predicted.is_empty());
            tally.unsure += u64::from(verdict.confidence < UNSURE);
            tally.hostile += u64::from(verdict.predicted.iter().any(|&class| is_hostile(&task.labels[class])));
            if let Some(score) = verdict.score {
                tally.score_sum += score;
                tally.scored += 1;
            }
            if let Some(numbers) = &task.numbers {
                let sum: f64 = verdict.predicted.iter().map(|&class| numbers[class]).sum();
                tally.sides[0] += u64::from(sum > 0.0);
                tally.sides[1] += u64::from(sum < 0.0);
            }
        }
        row
    }

    /// Adds what another tally counted.
    pub(super) fn merge(&mut self, other: &Tally) {
        self.rows += other.rows;
        for (tally, other) in self.tasks.iter_mut().zip(&other.tasks) {
            tally.labels.iter_mut().zip(&other.labels).for_each(|(sum, n)| *sum += n);
            tally.unlabelled += other.unlabelled;
            tally.unsure += other.unsure;
            tally.hostile += other.hostile;
            tally.score_sum += other.score_sum;
            tally.scored += other.scored;
            tally.sides.iter_mut().zip(other.sides).for_each(|(sum, n)| *sum += n);
        }
    }

    pub(super) fn counts(&self, tasks: &[Task]) -> Vec<Counts> {
        let of = |(tally, task): (&TaskTally, &Task)| {
            let sides = tally.sides[0] + tally.sides[1];
            let smaller = tally.sides[0].min(tally.sides[1]);
            Counts {
                task: task.name.clone(),
                labels: tally.labels.clone(),
                unlabelled: tally.unlabelled,
                unsure: tally.unsure,
                mean_score: (tally.scored > 0).then(|| tally.score_sum / tally.scored as f64),
                hostile: (task.labels.iter().any(|l| is_hostile(l)) && self.rows > 0)
                    .then(|| tally.hostile as f64 / self.rows as f64),
                division: (task.numbers.is_some() && sides >= LEAST_ROWS).then(|| 2.0 * smaller as f64 / sides as f64),
            }
        };
        self.tasks.iter().zip(tasks).map(of).collect()
    }
}
