//! Log loss of probabilities.

use ndarray::Array2;

use super::Judged;

/// Log loss of a single-label task's probabilities (rows by classes), as what each row adds to it. Together it is a share of what
/// knowing only how frequent each class is would cost: 1 for knowing nothing, 0 for knowing all. `balanced` gives every class the same
/// weight and takes its frequency out of the probabilities, so that a rare class counts as much as a frequent one.
pub fn log_loss(probabilities: &Array2<f64>, rows: &[Judged], balanced: bool) -> Vec<f64> {
    let classes: Vec<usize> = rows.iter().map(|r| r.gold.first().copied().unwrap_or(0)).collect();
    let of_rows = || {
        rows.iter().zip(&classes).zip(probabilities.rows()).map(|((row, &class), p)| (p.to_vec(), class, row.weight))
    };
    class_log_loss(probabilities.ncols(), balanced, of_rows).unwrap_or_else(|| knowing_nothing(rows.len()))
}

/// The same of a multi-label task: the mean over labels of each one's two-class loss. Labels that all rows have, or none, do not count.
pub fn label_log_loss(probabilities: &Array2<f64>, rows: &[Judged], balanced: bool) -> Vec<f64> {
    let of_label = |label: usize| {
        class_log_loss(2, balanced, || {
            let has = move |row: &Judged| usize::from(row.gold.contains(&label));
            rows.iter().zip(probabilities.column(label)).map(move |(r, &p)| ([1.0 - p, p], has(r), r.weight))
        })
    };
    let of_labels: Vec<Vec<f64>> = (0..probabilities.ncols()).filter_map(of_label).collect();
    if of_labels.is_empty() {
        return knowing_nothing(rows.len());
    }
    let count = of_labels.len() as f64;
    (0..rows.len()).map(|row| of_labels.iter().map(|losses| losses[row]).sum::<f64>() / count).collect()
}

/// A loss of 1, shared by all rows.
fn knowing_nothing(rows: usize) -> Vec<f64> {
    vec![1.0 / rows as f64; rows]
}

/// `None` where all rows are of one class.
fn class_log_loss<P: AsRef<[f64]>, I: Iterator<Item = (P, usize, f64)>>(
    classes: usize,
    balanced: bool,
    rows: impl Fn() -> I,
) -> Option<Vec<f64>> {
    let mut mass = vec![0.0; classes];
    rows().for_each(|(_, class, weight)| mass[class] += weight);
    let all: f64 = mass.iter().sum();
    let seen = mass.iter().filter(|&&m| m > 0.0).count() as f64;
    if all <= 0.0 || seen < 2.0 {
        return None;
    }
    let entropy: f64 =
        if balanced { seen.ln() } else { mass.iter().filter(|&&m| m > 0.0).map(|m| -(m / all) * (m / all).ln()).sum() };
    let of_row = |(p, class, weight): (P, usize, f64)| {
        let p = p.as_ref();
        let odds = |k: usize| if balanced { if mass[k] > 0.0 { p[k] / mass[k] } else { 0.0 } } else { p[k] };
        let q = odds(class) / (0..classes).map(odds).sum::<f64>();
        let share = if balanced { weight / (mass[class] * seen) } else { weight / all };
        -share * q.max(1e-12).ln() / entropy
    };
    Some(rows().map(of_row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn sum(losses: Vec<f64>) -> f64 {
        losses.into_iter().sum()
    }

    fn rows(gold: &[usize]) -> Vec<Judged> {
        gold.iter().map(|&class| Judged { gold: vec![class], predicted: vec![], weight: 1.0 }).collect()
    }

    #[test]
    fn knowing_nothing_costs_one_and_knowing_all_costs_nothing() {
        let gold = rows(&[0, 0, 0, 1]);
        let prior = array![[0.75, 0.25], [0.75, 0.25], [0.75, 0.25], [0.75, 0.25]];
        assert!((sum(log_loss(&prior, &gold, false)) - 1.0).abs() < 1e-12);
        assert!(sum(log_loss(&array![[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], &gold, false)) < 1e-9);
        assert_eq!(log_loss(&array![[0.5, 0.5]], &rows(&[0]), false), [1.0]);
    }

    #[test]
    fn a_balanced_loss_takes_the_frequencies_out_of_the_probabilities() {
        let gold = rows(&[0, 0, 0, 1]);
        let prior = array![[0.75, 0.25], [0.75, 0.25], [0.75, 0.25], [0.75, 0.25]];
        assert!((sum(log_loss(&prior, &gold, true)) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn labels_that_all_rows_have_or_none_do_not_count() {
        let gold = rows(&[0, 1]);
        let p = array![[0.5, 0.5, 0.3], [0.5, 0.5, 0.9]];
        assert!((sum(label_log_loss(&p, &gold, false)) - 1.0).abs() < 1e-12);
        assert_eq!(label_log_loss(&array![[0.5]], &rows(&[0]), false), [1.0]);
    }
}
