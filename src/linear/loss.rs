//! The objective, one row at a time.
//!
//! With scores `s = x W + b`, the objective is `sum_i c_i loss(y_i, s_i) + alpha / 2 sum_j f_j |w_j|^2`, where `c` are row and
//! class weights and `f` penalty factors. Multinomial: `loss = logsumexp(s) - s_y`, one class a row. Binary, one per
//! label: `loss = sum_k log(1 + exp(-z_k))`, `z_k = s_k` where the row has label `k` and `-s_k` where not; the labels are then
//! independent problems that share their passes over the data. Scores stand in `L` lanes, of which the first `classes` are in use.

/// What the rows should be.
#[derive(Debug, Clone)]
pub enum Targets {
    /// The class of each row.
    Classes(Vec<u32>),
    /// Row-major flags, `classes` a row: whether the row has the label.
    Flags(Vec<bool>),
}

/// Targets and the weights of rows and classes.
#[derive(Debug, Clone)]
pub struct Loss {
    /// What the rows should be.
    pub targets: Targets,
    /// Number of score columns in use.
    pub classes: usize,
    /// How much each row counts.
    pub row_weights: Vec<f32>,
    /// How much a class counts; multi-label: a row that has the label.
    pub positive_weights: Vec<f32>,
    /// Multi-label only: how much a row counts that does not have the label.
    pub negative_weights: Vec<f32>,
}

/// The gradient of one row's loss by its scores, and the probabilities.
pub struct RowSlopes<const L: usize> {
    /// Derivative of the loss by each score.
    pub residual: [f32; L],
    /// Probability of each class or label.
    pub probability: [f32; L],
}

impl Loss {
    /// Whether all score columns form one problem.
    pub fn is_joint(&self) -> bool {
        matches!(self.targets, Targets::Classes(_))
    }

    /// The same loss for some of the labels of a multi-label task.
    pub fn of_labels(&self, labels: &[usize]) -> Loss {
        let pick = |weights: &[f32]| labels.iter().map(|&k| weights[k]).collect();
        let targets = match &self.targets {
            Targets::Flags(flags) => Targets::Flags(
                flags.chunks_exact(self.classes).flat_map(|row| labels.iter().map(|&k| row[k])).collect(),
            ),
            joint => joint.clone(),
        };
        Loss {
            targets,
            classes: labels.len(),
            row_weights: self.row_weights.clone(),
            positive_weights: pick(&self.positive_weights),
            negative_weights: pick(&self.negative_weights),
        }
    }

    /// Residual and probabilities of a row, in some lanes; zero in the others. A joint problem always needs them all.
    pub fn slopes<const L: usize>(&self, row: usize, scores: &[f64; L], lanes: &[bool; L]) -> RowSlopes<L> {
        let mut out = RowSlopes { residual: [0.0; L], probability: [0.0; L] };
        let row_weight = f64::from(self.row_weights[row]);
        match &self.targets {
            Targets::Classes(classes) => {
                let class = classes[row] as usize;
                let weight = row_weight * f64::from(self.positive_weights[class]);
                let max = scores[..self.classes].iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let mut exps = [0.0; L];
                let mut sum = 0.0;
                for k in 0..self.classes {
                    exps[k] = (scores[k] - max).exp();
                    sum += exps[k];
                }
                for (k, exp) in exps.iter().enumerate().take(self.classes) {
                    let p = exp / sum;
                    let y = if k == class { 1.0 } else { 0.0 };
                    out.probability[k] = p as f32;
                    out.residual[k] = (weight * (p - y)) as f32;
                }
            }
            Targets::Flags(flags) => {
                let flags = &flags[row * self.classes..][..self.classes];
                for (k, &flag) in flags.iter().enumerate().filter(|(k, _)| lanes[*k]) {
                    let weight = row_weight * f64::from(self.label_weight(k, flag));
                    // exp of the negative magnitude never overflows.
                    let e = (-scores[k].abs()).exp();
                    let p = if scores[k] >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) };
                    out.probability[k] = p as f32;
                    out.residual[k] = (weight * (p - if flag { 1.0 } else { 0.0 })) as f32;
                }
            }
        }
        out
    }

    /// Weighted loss of a row, in some lanes; multinomial: all of it in lane 0.
    pub fn row_loss<const L: usize>(&self, row: usize, scores: &[f64; L], lanes: &[bool; L]) -> [f64; L] {
        let mut out = [0.0; L];
        let row_weight = f64::from(self.row_weights[row]);
        match &self.targets {
            Targets::Classes(classes) => {
                let class = classes[row] as usize;
                let weight = row_weight * f64::from(self.positive_weights[class]);
                let scores = &scores[..self.classes];
                let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = scores.iter().map(|s| (s - max).exp()).sum();
                out[0] = weight * (sum.ln() + max - scores[class]);
            }
            Targets::Flags(flags) => {
                let flags = &flags[row * self.classes..][..self.classes];
                for (k, &flag) in flags.iter().enumerate().filter(|(k, _)| lanes[*k]) {
                    let weight = row_weight * f64::from(self.label_weight(k, flag));
                    let z = if flag { scores[k] } else { -scores[k] };
                    out[k] = weight * ((-z.abs()).exp().ln_1p() + (-z).max(0.0));
                }
            }
        }
        out
    }

    /// The Hessian of a row's loss by its scores, times a direction, at the row's probabilities.
    pub fn hessian_times<const L: usize>(&self, row: usize, p: &[f32; L], direction: &[f32; L]) -> [f32; L] {
        let mut out = [0.0; L];
        match &self.targets {
            Targets::Classes(classes) => {
                let weight = self.row_weights[row] * self.positive_weights[classes[row] as usize];
                let mut mean = 0.0;
                for l in 0..L {
                    mean += p[l] * direction[l];
                }
                for l in 0..L {
                    out[l] = weight * p[l] * (direction[l] - mean);
                }
            }
            Targets::Flags(flags) => {
                let flags = &flags[row * self.classes..][..self.classes];
                for (k, &flag) in flags.iter().enumerate() {
                    let weight = self.row_weights[row] * self.label_weight(k, flag);
                    out[k] = weight * p[k] * (1.0 - p[k]) * direction[k];
                }
            }
        }
        out
    }

    /// The diagonal of that Hessian.
    pub fn hessian_diagonal<const L: usize>(&self, row: usize, p: &[f32; L]) -> [f32; L] {
        let mut out = [0.0; L];
        for k in 0..self.classes {
            let weight = match &self.targets {
                Targets::Classes(classes) => self.positive_weights[classes[row] as usize],
                Targets::Flags(flags) => self.label_weight(k, flags[row * self.classes + k]),
            };
            out[k] = self.row_weights[row] * weight * p[k] * (1.0 - p[k]);
        }
        out
    }

    /// How much a row counts for a label that it has, or has not.
    pub(super) fn label_weight(&self, label: usize, flag: bool) -> f32 {
        if flag { self.positive_weights[label] } else { self.negative_weights[label] }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One row, of one class and with several labels.
    pub(in crate::linear) fn losses() -> [Loss; 2] {
        let base = Loss {
            targets: Targets::Classes(vec![2]),
            classes: 3,
            row_weights: vec![1.5],
            positive_weights: vec![1.0, 2.0, 0.5],
            negative_weights: vec![],
        };
        let flags = Loss {
            targets: Targets::Flags(vec![true, false, true]),
            negative_weights: vec![0.7, 1.0, 3.0],
            ..base.clone()
        };
        [base, flags]
    }

    #[test]
    fn residual_and_hessian_match_finite_differences() {
        let scores = [0.3, -1.2, 2.0, 0.0];
        let direction = [0.5f32, -0.25, 1.0, 0.0];
        let total = |loss: &Loss, s: &[f64; 4]| loss.row_loss(0, s, &[true; 4]).iter().sum::<f64>();
        let h = 1e-4;
        for loss in losses() {
            let at = loss.slopes(0, &scores, &[true; 4]);
            let times = loss.hessian_times(0, &at.probability, &direction);
            let diagonal = loss.hessian_diagonal(0, &at.probability);
            for k in 0..3 {
                let shifted = |by: f64| {
                    let mut s = scores;
                    s[k] += by;
                    s
                };
                let slope = (total(&loss, &shifted(h)) - total(&loss, &shifted(-h))) / (2.0 * h);
                assert!((slope - f64::from(at.residual[k])).abs() < 1e-6, "residual {k}");
                let along = |by: f64| {
                    let mut s = scores;
                    (0..3).for_each(|j| s[j] += by * f64::from(direction[j]));
                    f64::from(loss.slopes(0, &s, &[true; 4]).residual[k])
                };
                let curve = (along(1e-2) - along(-1e-2)) / 2e-2;
                assert!((curve - f64::from(times[k])).abs() < 1e-4, "hessian {k}: {curve} {}", times[k]);
                let own = (f64::from(loss.slopes(0, &shifted(1e-2), &[true; 4]).residual[k])
                    - f64::from(loss.slopes(0, &shifted(-1e-2), &[true; 4]).residual[k]))
                    / 2e-2;
                assert!((own - f64::from(diagonal[k])).abs() < 1e-4, "diagonal {k}");
            }
        }
    }

    #[test]
    fn extreme_scores_stay_finite() {
        for loss in losses() {
            let extreme = [1e6, -1e6, -1e6, 0.0];
            assert!(loss.row_loss(0, &extreme, &[true; 4]).iter().all(|l| l.is_finite()));
            let at = loss.slopes(0, &extreme, &[true; 4]);
            assert!(at.residual.iter().chain(&at.probability).all(|v| v.is_finite()));
        }
    }
}
