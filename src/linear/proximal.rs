//! One row's part of the dual problem, solved by itself.
//!
//! A row's dual variables are how hard it pulls at its scores: `weight * (target - probability)` at the solution. Moving them by `d` moves
//! the row's own scores by `q d`, where `q` is its squared length divided by the penalties; everything else stands still. So the best
//! ones are where `s + q d` gives back just the probabilities that they stand for: one equation a label, or as many as there are
//! classes, solved by Newton's method.

use super::loss::{Loss, Targets};

/// Newton's method stops where a score moves by less.
const CLOSE: f64 = 1e-3;
/// No score is moved farther at once.
const FARTHEST: f64 = 2.0;
/// Most steps of it.
const MOST_STEPS: usize = 60;

impl Loss {
    /// The dual variables of a row that are best while those of all others stand still, and its part of the Hessian's diagonal by the
    /// scores there. `scores` are those at `duals`.
    #[inline(always)]
    pub(super) fn best_duals<const L: usize>(
        &self,
        row: usize,
        scores: &[f64; L],
        duals: &[f32; L],
        q: f64,
    ) -> ([f64; L], [f64; L]) {
        let row_weight = f64::from(self.row_weights[row]);
        // Scores without what the row itself adds to them.
        let mut rest = [0.0; L];
        for l in 0..L {
            rest[l] = scores[l] - q * f64::from(duals[l]);
        }
        let (mut best, mut curvature) = ([0.0; L], [0.0; L]);
        match &self.targets {
            Targets::Classes(classes) => {
                let class = classes[row] as usize;
                let weight = row_weight * f64::from(self.positive_weights[class]);
                let p = self.joint_probabilities(class, *scores, &rest, q * weight);
                for k in 0..self.classes {
                    best[k] = weight * (f64::from(u8::from(k == class)) - p[k]);
                    curvature[k] = weight * p[k] * (1.0 - p[k]);
                }
            }
            Targets::Flags(flags) => {
                let flags = &flags[row * self.classes..][..self.classes];
                for (k, &flag) in flags.iter().enumerate() {
                    let weight = row_weight * f64::from(self.label_weight(k, flag));
                    let target = f64::from(u8::from(flag));
                    let p = label_probability(target, scores[k], rest[k], q * weight);
                    best[k] = weight * (target - p);
                    curvature[k] = weight * p * (1.0 - p);
                }
            }
        }
        (best, curvature)
    }

    /// Where `t = rest + h (target - p(t))`: `p(t)`. The search begins at `t`.
    #[inline(always)]
    fn joint_probabilities<const L: usize>(&self, class: usize, mut t: [f64; L], rest: &[f64; L], h: f64) -> [f64; L] {
        let mut p = self.softmax(&t);
        for _ in 0..MOST_STEPS {
            // (1 + h diag(p) - h p p') step = off, by Sherman and Morrison.
            let (mut off, mut along, mut left) = ([0.0; L], 0.0, 1.0);
            for k in 0..self.classes {
                off[k] = t[k] - rest[k] - h * (f64::from(u8::from(k == class)) - p[k]);
                let d = 1.0 + h * p[k];
                along += p[k] * off[k] / d;
                left -= h * p[k] * p[k] / d;
            }
            let mut farthest = 0.0f64;
            for k in 0..self.classes {
                off[k] = (off[k] + h * along / left * p[k]) / (1.0 + h * p[k]);
                farthest = farthest.max(off[k].abs());
            }
            // Where probabilities hardly change yet, the curvature knows nothing of where they will.
            let share = if farthest > FARTHEST { FARTHEST / farthest } else { 1.0 };
            for k in 0..self.classes {
                t[k] -= share * off[k];
            }
            p = self.softmax(&t);
            if farthest < CLOSE {
                break;
            }
        }
        p
    }

    /// Probabilities of the classes; lanes that are not in use get none.
    #[inline(always)]
    fn softmax<const L: usize>(&self, scores: &[f64; L]) -> [f64; L] {
        let mut largest = f64::NEG_INFINITY;
        for score in &scores[..self.classes] {
            largest = largest.max(*score);
        }
        let (mut p, mut sum) = ([0.0; L], 0.0);
        for k in 0..self.classes {
            p[k] = (scores[k] - largest).exp();
            sum += p[k];
        }
        p.map(|p| p / sum)
    }
}

/// Where `t = rest + h (target - p(t))`: `p(t)`. The search begins at `t`.
#[inline(always)]
fn label_probability(target: f64, t: f64, rest: f64, h: f64) -> f64 {
    // The left side rises faster than the right: the solution lies between these.
    let (mut low, mut high) = (rest - h * (1.0 - target), rest + h * target);
    let mut t = t.clamp(low, high);
    let (mut p, mut before) = (logistic(t), f64::INFINITY);
    for _ in 0..MOST_STEPS {
        let off = t - rest - h * (target - p);
        if off > 0.0 {
            high = t;
        } else {
            low = t;
        }
        let mut next = t - off / (1.0 + h * p * (1.0 - p));
        // Where the curve is flat on both sides, Newton's method would go to and fro.
        if next < low || next > high || off.abs() > 0.5 * before {
            next = 0.5 * (low + high);
        }
        before = off.abs();
        let moved = (next - t).abs();
        t = next;
        p = logistic(t);
        if moved < CLOSE {
            break;
        }
    }
    p
}

#[inline(always)]
fn logistic(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

#[cfg(test)]
mod tests {
    use super::super::loss::tests::losses;

    #[test]
    fn best_duals_are_what_the_scores_they_lead_to_ask_for() {
        for loss in losses() {
            for scores in [[0.0; 4], [0.3, -1.2, 2.0, 0.0], [-30.0, 4.0, -9.0, 0.0], [30.0, -30.0, 0.0, 0.0]] {
                for q in [0.0, 1e-3, 1.0, 40.0] {
                    let duals = [0.25f32, -0.125, -0.125, 0.0];
                    let (best, _) = loss.best_duals(0, &scores, &duals, q);
                    let mut led_to = [0.0; 4];
                    for l in 0..3 {
                        led_to[l] = scores[l] + q * (best[l] - f64::from(duals[l]));
                    }
                    let asked = loss.slopes(0, &led_to, &[true; 4]).residual;
                    for l in 0..3 {
                        let off = (best[l] + f64::from(asked[l])).abs();
                        assert!(off < 1e-4, "scores {scores:?}, q {q}, {l}: {} for {}", best[l], -asked[l]);
                    }
                }
            }
        }
    }
}
