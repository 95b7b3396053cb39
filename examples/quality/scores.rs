//! What predictions are judged by: macro-F1, and the figures that a kind of data is known by.

use belowline::labels::{LabelSet, TaskKind};
use belowline::metrics::{self, Bootstrap, Estimate, Judged, Metric, Tally};
use ndarray::Array2;

/// Held-out predictions of a task, row by row.
#[derive(Clone, Copy)]
pub struct Predictions<'p> {
    /// True and predicted classes.
    pub judged: &'p [Judged],
    /// Probabilities, rows by labels.
    pub probabilities: &'p Array2<f64>,
}

/// One way to judge; all are better the higher, between 0 and 1.
#[derive(Debug, Clone, PartialEq)]
pub enum Score {
    /// Unweighted mean of all labels' F1.
    MacroF1,
    /// Mean of the F1 of favor and against (SemEval-2016 task 6).
    Favg {
        /// The two classes.
        over: [usize; 2],
    },
    /// Area under the ROC curve. Of two labels whose probabilities add up to 1 it is the same for either.
    Auc {
        /// The class that is to be found.
        positive: usize,
    },
    /// The Fake News Challenge's weighted score: 0.25 for related or unrelated, 0.75 more for the right one of the related
    /// labels, as a share of what could be had.
    FakeNews {
        /// The class of those that are not related.
        unrelated: usize,
    },
}

impl Score {
    /// What a task is judged by; macro-F1 comes first.
    pub fn of_task(kind: TaskKind, labels: &LabelSet, judged: &[Judged]) -> Vec<Score> {
        let mut scores = vec![Score::MacroF1];
        if kind == TaskKind::MultiLabel {
            return scores;
        }
        // In class order, which is code-point order.
        let names: Vec<&str> = labels.names().iter().map(String::as_str).collect();
        match names[..] {
            ["against", "favor", "none"] => scores.push(Score::Favg { over: [0, 1] }),
            ["agree", "disagree", "discuss", "unrelated"] => scores.push(Score::FakeNews { unrelated: 3 }),
            [_, _] => {
                let count = |class: usize| judged.iter().filter(|j| j.gold.contains(&class)).count();
                scores.push(Score::Auc { positive: usize::from(count(1) < count(0)) });
            }
            _ => {}
        }
        scores
    }

    /// The name for a table.
    pub fn name(&self, labels: &LabelSet) -> String {
        match self {
            Score::MacroF1 => Metric::MacroF1.name().into(),
            Score::Favg { .. } => "Favg".into(),
            Score::Auc { positive } => format!("AUC of {}", labels.name(*positive)),
            Score::FakeNews { .. } => "weighted score".into(),
        }
    }

    /// The score on all rows.
    pub fn value_of_all(&self, p: Predictions) -> f64 {
        let all: Vec<u32> = (0..p.judged.len() as u32).collect();
        self.value(p, &all)
    }

    /// The score with its interval.
    pub fn estimate(&self, p: Predictions, bootstrap: &Bootstrap) -> belowline::error::Result<Estimate> {
        bootstrap.measure(p.judged.len(), |drawn| self.value(p, drawn))
    }

    /// The paired difference `a - b` on the same rows, with its interval.
    pub fn difference(
        &self,
        a: Predictions,
        b: Predictions,
        bootstrap: &Bootstrap,
    ) -> belowline::error::Result<Estimate> {
        bootstrap.measure(a.judged.len(), |drawn| self.value(a, drawn) - self.value(b, drawn))
    }

    /// The score on some rows, which may repeat.
    fn value(&self, p: Predictions, drawn: &[u32]) -> f64 {
        let rows = drawn.iter().map(|&row| &p.judged[row as usize]);
        let macro_f1 = |over| Tally::of(p.probabilities.ncols(), rows.clone()).metric(Metric::MacroF1, over);
        match self {
            Score::MacroF1 => macro_f1(None),
            Score::Favg { over } => macro_f1(Some(over)),
            Score::Auc { positive } => {
                let of_row = |&row: &u32| {
                    let judged = &p.judged[row as usize];
                    (p.probabilities[[row as usize, *positive]], judged.gold.contains(positive), judged.weight)
                };
                // A draw of one kind of rows cannot be ranked: that is chance.
                metrics::auc(drawn.iter().map(of_row).collect()).unwrap_or(0.5)
            }
            Score::FakeNews { unrelated } => fake_news(rows, *unrelated),
        }
    }
}

fn fake_news<'r>(rows: impl Iterator<Item = &'r Judged>, unrelated: usize) -> f64 {
    let (mut reached, mut most) = (0.0, 0.0);
    for row in rows {
        let related = |classes: &[usize]| !classes.contains(&unrelated);
        most += row.weight * if related(&row.gold) { 1.0 } else { 0.25 };
        if related(&row.gold) == related(&row.predicted) {
            reached += row.weight * 0.25;
            if related(&row.gold) && row.gold == row.predicted {
                reached += row.weight * 0.75;
            }
        }
    }
    if most > 0.0 { reached / most } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn rows(pairs: &[(usize, usize)]) -> Vec<Judged> {
        pairs.iter().map(|&(g, p)| Judged { gold: vec![g], predicted: vec![p], weight: 1.0 }).collect()
    }

    fn value(score: &Score, judged: &[Judged], probabilities: &Array2<f64>) -> f64 {
        score.value_of_all(Predictions { judged, probabilities })
    }

    #[test]
    fn the_labels_say_what_a_task_is_judged_by() {
        let of = |names: &[&str], kind| {
            Score::of_task(kind, &LabelSet::new(names.to_vec()), &rows(&[(0, 0), (0, 1), (1, 1)]))
        };
        let single = TaskKind::SingleLabel;
        assert_eq!(of(&["favor", "none", "against"], single)[1..], [Score::Favg { over: [0, 1] }]);
        assert_eq!(of(&["agree", "disagree", "discuss", "unrelated"], single)[1..], [Score::FakeNews { unrelated: 3 }]);
        assert_eq!(of(&["insult", "not_insult"], single)[1..], [Score::Auc { positive: 1 }], "the rarer one");
        assert_eq!(of(&["insult", "not_insult"], TaskKind::MultiLabel), [Score::MacroF1]);
        assert_eq!(of(&["a", "b", "c"], single), [Score::MacroF1]);
        let labels = LabelSet::new(["insult", "not_insult"]);
        assert_eq!(Score::Auc { positive: 0 }.name(&labels), "AUC of insult");
    }

    #[test]
    fn favg_leaves_out_the_f1_of_none() {
        // scikit-learn 1.9.1: f1_score(average=None) = [0.5, 0.8, 0.6666667].
        let judged = rows(&[(0, 0), (0, 1), (1, 1), (1, 1), (2, 0), (2, 2)]);
        let p = Array2::zeros((6, 3));
        assert!((value(&Score::Favg { over: [0, 1] }, &judged, &p) - 0.65).abs() < 1e-12);
        assert!((value(&Score::MacroF1, &judged, &p) - 0.655_555_555).abs() < 1e-8);
    }

    #[test]
    fn the_weighted_score_is_that_of_the_challenge() {
        // agree 0, disagree 1, discuss 2, unrelated 3. Reached 1 + 0.25 + 0 + 0.25 + 0, of 1 + 1 + 1 + 0.25 + 0.25.
        let judged = rows(&[(0, 0), (0, 2), (1, 3), (3, 3), (3, 1)]);
        let score = Score::FakeNews { unrelated: 3 };
        let p = Array2::zeros((5, 4));
        assert!((value(&score, &judged, &p) - 1.5 / 3.5).abs() < 1e-12);
        let mut weighted = judged;
        weighted[0].weight = 3.0;
        assert!((value(&score, &weighted, &p) - 3.5 / 5.5).abs() < 1e-12);
        assert_eq!(value(&score, &[], &p), 0.0);
    }

    #[test]
    fn auc_ranks_by_the_probability_of_the_positive_label() {
        // scikit-learn 1.9.1: roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) = 0.75.
        let judged = rows(&[(0, 0), (0, 0), (1, 0), (1, 1)]);
        let p = array![[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]];
        assert_eq!(value(&Score::Auc { positive: 1 }, &judged, &p), 0.75);
        assert_eq!(value(&Score::Auc { positive: 0 }, &judged, &p), 0.75);
        assert_eq!(value(&Score::Auc { positive: 1 }, &judged[2..], &p), 0.5);
    }

    #[test]
    fn a_paired_difference_draws_the_same_rows_on_both_sides() {
        let better = rows(&[(0, 0), (1, 1), (0, 0), (1, 1), (0, 1), (1, 1)]);
        let worse = rows(&[(0, 1), (1, 1), (0, 0), (1, 0), (0, 1), (1, 1)]);
        let probabilities = &Array2::zeros((6, 2));
        let bootstrap = Bootstrap { clusters: &[0, 0, 1, 1, 2, 2], resamples: 200, seed: 0 };
        let (a, b) = (Predictions { judged: &better, probabilities }, Predictions { judged: &worse, probabilities });
        let difference = Score::MacroF1.difference(a, b, &bootstrap).unwrap();
        let value = |p| Score::MacroF1.estimate(p, &bootstrap).unwrap().value;
        assert!((difference.value - (value(a) - value(b))).abs() < 1e-12);
        assert!(difference.low >= 0.0, "never worse on any draw: {difference:?}");
        let library = bootstrap.difference(2, &better, &worse, Metric::MacroF1, None).unwrap();
        assert_eq!(difference, library);
    }
}
