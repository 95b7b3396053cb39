//! Truncated Newton with preconditioned conjugate gradients and a backtracking line search: for tight tolerances and weak penalties,
//! where dual coordinate ascent (`dual`) does not reach.
//!
//! After Galli and Lin, "A study on truncated Newton methods for linear classification" (2021). All score columns
//! ("lanes") share every pass over the data. In a joint problem (multinomial) the lanes move together; otherwise each lane is a
//! problem of its own with its own steps, and lanes at different stages (a conjugate-gradient step here, a fresh gradient there)
//! still ride on the same pass.
//!
//! Sums run over fixed partitions of rows and features in a fixed order, so the result has the same bits at any number of threads.

use rayon::prelude::*;

use super::kernels::{
    Lanes, add, column_sums, diagonal, joined, parts, preconditioned, split, sum_products, vectorised,
};
use super::loss::Loss;
use crate::features::matrix::Matrix;

/// Features summed in `f32` before the sum is carried over to `f64`.
const CARRY: usize = 64;
/// Conjugate gradients stop when one more step gains less than this share of the mean gain so far (Nash and Sofer 1990).
const CG_GAIN: f64 = 0.25;
/// Most conjugate-gradient steps of one Newton step.
const MAX_CG: usize = 100;
/// Most halvings of a step.
const MAX_HALVINGS: usize = 20;
/// Sufficient decrease (Armijo).
const ARMIJO: f64 = 1e-4;

/// How a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Convergence {
    /// Whether every problem's gradient fell below the tolerance.
    pub converged: bool,
    /// Epochs of dual coordinate ascent and Newton steps, the most over all problems.
    pub iterations: usize,
    /// Passes over the data: an epoch, measuring the gradient, or reading the matrix by rows and by columns.
    pub passes: usize,
    /// The largest final gradient norm relative to the norm at zero weights.
    pub gradient: f64,
}

/// A problem to solve.
pub struct Problem<'p> {
    /// Comments by features.
    pub records: &'p Matrix,
    /// Targets and weights.
    pub loss: &'p Loss,
    /// Penalty of each feature; 0 for the intercept, which is last.
    pub penalties: &'p [f32],
    /// Relative gradient norm to reach.
    pub tolerance: f64,
    /// Most epochs of dual coordinate ascent, and most Newton steps.
    pub max_iterations: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Weights have moved: the next pass brings the gradient.
    Gradient,
    /// Inside conjugate gradients: the next pass brings the Hessian times the direction.
    Conjugate,
    Done,
}

/// The largest; what is not a number counts as larger than any.
pub(super) fn largest<const L: usize>(gradient: &Lanes<L>) -> f64 {
    gradient.iter().fold(0.0, |a, &b| if b.is_nan() || b > a { b } else { a })
}

/// Where the solver has come to.
pub struct Solution<const L: usize> {
    /// Features, then the intercept, by lanes.
    pub weights: Vec<[f64; L]>,
    /// How it ended.
    pub convergence: Convergence,
}

/// Minimises a problem from the given weights (features, then the intercept). `by_column` has features by comments, and a last row of ones
/// for the intercept; `prior` the weights, feature by feature, that the penalty pulls towards, and is empty where that is zero;
/// `scale` each lane's gradient norm at zero weights, which the tolerance refers to.
pub fn solve<const L: usize>(
    problem: &Problem,
    by_column: &Matrix,
    mut weights: Vec<[f64; L]>,
    prior: &[[f64; L]],
    scale: &Lanes<L>,
) -> Solution<L> {
    let mut state = State::new(problem, by_column, &weights, prior);
    loop {
        state.passes += 1;
        let step = state.conjugate_step();
        let sums = state.update_features(&weights, &step);
        state.advance(&sums, &step, scale);
        state.line_search(&mut weights);
        if state.phase == [Phase::Done; L] {
            break;
        }
        state.renew_directions();
    }
    let classes = problem.loss.classes;
    let convergence = Convergence {
        converged: state.converged[..classes].iter().all(|&c| c),
        iterations: state.iterations[..classes].iter().copied().max().unwrap_or(0),
        passes: state.passes,
        gradient: largest(&state.gradient),
    };
    Solution { weights, convergence }
}

/// How far a feature's weights are from the prior.
fn from_prior<const L: usize>(prior: &[[f64; L]], weights: &[[f64; L]], feature: usize) -> [f64; L] {
    match prior.get(feature) {
        Some(prior) => std::array::from_fn(|l| weights[feature][l] - prior[l]),
        None => weights[feature],
    }
}

/// Everything that changes while a problem is solved; one lane a score column.
struct State<'p, const L: usize> {
    problem: &'p Problem<'p>,
    by_column: &'p Matrix,
    prior: &'p [[f64; L]],
    row_parts: Vec<std::ops::Range<usize>>,
    feature_parts: Vec<std::ops::Range<usize>>,
    phase: [Phase; L],
    // By row.
    scores: Vec<[f64; L]>,
    probabilities: Vec<[f32; L]>,
    residuals: Vec<[f32; L]>,
    /// Scores of the step so far.
    step_scores: Vec<[f64; L]>,
    /// What the next pass over the columns sums: residuals, or Hessian times direction.
    carried: Vec<[f32; L]>,
    // By feature, the intercept last.
    direction: Vec<[f32; L]>,
    step: Vec<[f32; L]>,
    remainder: Vec<[f32; L]>,
    // By lane.
    /// `sum_i x_ij^2`. With `curvature` it approximates the Hessian's diagonal as a product, which costs no pass of its own.
    squares: Vec<f32>,
    /// Mean over the rows of the Hessian's diagonal by the score.
    curvature: [f32; L],
    /// 1 in lanes that are in use.
    used: [f32; L],
    /// One over the number of classes of a joint problem, else 0.
    share: f32,
    loss: Lanes<L>,
    /// Remainder times preconditioned remainder.
    energy: Lanes<L>,
    next_energy: Lanes<L>,
    /// Penalty's part of direction times Hessian times direction.
    direction_penalty: Lanes<L>,
    /// Predicted decrease of the objective by the step so far.
    gain: Lanes<L>,
    /// Gradient times step so far.
    slope: Lanes<L>,
    cg_steps: [usize; L],
    /// Lanes whose conjugate gradients have just ended.
    ready: [bool; L],
    iterations: [usize; L],
    converged: [bool; L],
    gradient: Lanes<L>,
    passes: usize,
}

/// Sums over all features after one pass.
struct FeatureSums<const L: usize> {
    energy: Lanes<L>,
    squared_gradient: Lanes<L>,
}

impl<const L: usize> FeatureSums<L> {
    const ZERO: Self = FeatureSums { energy: [0.0; L], squared_gradient: [0.0; L] };
}

impl<'p, const L: usize> State<'p, L> {
    fn new(problem: &'p Problem<'p>, by_column: &'p Matrix, weights: &[[f64; L]], prior: &'p [[f64; L]]) -> Self {
        let rows = problem.records.rows();
        let features = by_column.rows();
        let mut phase = [Phase::Done; L];
        phase[..problem.loss.classes].fill(Phase::Gradient);
        let mut state = State {
            problem,
            by_column,
            prior,
            row_parts: parts(problem.records),
            feature_parts: parts(by_column),
            phase,
            scores: vec![[0.0; L]; rows],
            probabilities: vec![[0.0; L]; rows],
            residuals: vec![[0.0; L]; rows],
            step_scores: vec![[0.0; L]; rows],
            carried: vec![[0.0; L]; rows],
            direction: vec![[0.0; L]; features],
            step: vec![[0.0; L]; features],
            remainder: vec![[0.0; L]; features],
            squares: (0..features).map(|j| by_column.row(j).1.iter().map(|v| v * v).sum()).collect(),
            curvature: [0.0; L],
            used: std::array::from_fn(|l| if l < problem.loss.classes { 1.0 } else { 0.0 }),
            share: if problem.loss.is_joint() { 1.0 / problem.loss.classes as f32 } else { 0.0 },
            loss: [0.0; L],
            energy: [0.0; L],
            next_energy: [0.0; L],
            direction_penalty: [0.0; L],
            gain: [0.0; L],
            slope: [0.0; L],
            cg_steps: [0; L],
            ready: [false; L],
            iterations: [0; L],
            converged: [true; L],
            gradient: [0.0; L],
            passes: 0,
        };
        if weights.iter().any(|w| w.iter().any(|&v| v != 0.0)) {
            for (direction, weight) in state.direction.iter_mut().zip(weights) {
                *direction = weight.map(|w| w as f32);
            }
            state.scores = state.forward().into_iter().map(|s| s.map(f64::from)).collect();
            state.direction.fill([0.0; L]);
        }
        state.measure([true; L]);
        let rows = state.row_losses(&[true; L], |row| state.scores[row]);
        let [penalty] = state.over_features(|j| {
            let penalty = 0.5 * f64::from(problem.penalties[j]);
            [from_prior(prior, weights, j).map(|w| penalty * w * w)]
        });
        state.loss = joined(problem.loss, add(rows, penalty));
        state
    }

    /// Direction times each row, in row order.
    fn forward(&self) -> Vec<[f32; L]> {
        let intercept = self.direction[self.direction.len() - 1];
        let mut products = vec![[0.0; L]; self.problem.records.rows()];
        let pieces = split(&mut products, &self.row_parts);
        (&self.row_parts, pieces).into_par_iter().for_each(|(part, products)| {
            vectorised(
                #[inline(always)]
                || {
                    for (product, row) in products.iter_mut().zip(part.clone()) {
                        let (columns, values) = self.problem.records.row(row);
                        let sum = sum_products(columns, values, &self.direction);
                        for l in 0..L {
                            product[l] = sum[l] + intercept[l];
                        }
                    }
                },
            );
        });
        products
    }

    /// Recomputes residuals, probabilities and curvatures from the scores, in some lanes.
    fn measure(&mut self, lanes: [bool; L]) {
        let loss = self.problem.loss;
        let residuals = split(&mut self.residuals, &self.row_parts);
        let probabilities = split(&mut self.probabilities, &self.row_parts);
        let scores = &self.scores;
        let sums: Vec<Lanes<L>> = (&self.row_parts, residuals, probabilities)
            .into_par_iter()
            .map(|(part, residuals, probabilities)| {
                let mut curvature = [0.0; L];
                for (i, row) in part.clone().enumerate() {
                    let at = loss.slopes(row, &scores[row], &lanes);
                    for l in 0..L {
                        residuals[i][l] = if lanes[l] { at.residual[l] } else { residuals[i][l] };
                        probabilities[i][l] = if lanes[l] { at.probability[l] } else { probabilities[i][l] };
                    }
                    curvature = add(curvature, loss.hessian_diagonal(row, &probabilities[i]).map(f64::from));
                }
                curvature
            })
            .collect();
        let curvature = sums.into_iter().fold([0.0; L], add);
        self.curvature = curvature.map(|c| (c / self.scores.len() as f64) as f32);
    }

    /// Sum of the rows' losses at some scores, in some lanes.
    fn row_losses(&self, lanes: &[bool; L], scores: impl Fn(usize) -> [f64; L] + Sync) -> Lanes<L> {
        let loss = self.problem.loss;
        let sum = |part: &std::ops::Range<usize>| {
            part.clone().fold([0.0; L], |sum, row| add(sum, loss.row_loss(row, &scores(row), lanes)))
        };
        let sums: Vec<Lanes<L>> = self.row_parts.par_iter().map(sum).collect();
        sums.into_iter().fold([0.0; L], add)
    }

    /// Sums functions of the feature index, in the fixed order.
    fn over_features<const N: usize>(&self, terms: impl Fn(usize) -> [Lanes<L>; N] + Sync) -> [Lanes<L>; N] {
        let both = |a: [Lanes<L>; N], b: [Lanes<L>; N]| std::array::from_fn(|n| add(a[n], b[n]));
        let sum = |part: &std::ops::Range<usize>| part.clone().fold([[0.0; L]; N], |sum, j| both(sum, terms(j)));
        let sums: Vec<[Lanes<L>; N]> = self.feature_parts.par_iter().map(sum).collect();
        sums.into_iter().fold([[0.0; L]; N], both)
    }

    /// First half of a pass: the rows. Fills `carried` and gives each lane's step length along its direction (0 where none is under way).
    fn conjugate_step(&mut self) -> Lanes<L> {
        if !self.phase.contains(&Phase::Conjugate) {
            for (carried, residual) in self.carried.iter_mut().zip(&self.residuals) {
                *carried = *residual;
            }
            return [0.0; L];
        }
        let loss = self.problem.loss;
        let in_cg = self.phase.map(|p| p == Phase::Conjugate);
        let directions = self.forward();
        let carried = split(&mut self.carried, &self.row_parts);
        let (residuals, probabilities) = (&self.residuals, &self.probabilities);
        let sums: Vec<Lanes<L>> = (&self.row_parts, carried)
            .into_par_iter()
            .map(|(part, carried)| {
                let mut sum = [0.0; L];
                for (i, row) in part.clone().enumerate() {
                    let times = loss.hessian_times(row, &probabilities[row], &directions[row]);
                    for l in 0..L {
                        carried[i][l] = if in_cg[l] { times[l] } else { residuals[row][l] };
                        sum[l] += f64::from(times[l]) * f64::from(directions[row][l]);
                    }
                }
                sum
            })
            .collect();
        let curvature = sums.into_iter().fold([0.0; L], add);
        let curvature = joined(loss, add(curvature, self.direction_penalty));
        let mut step = [0.0; L];
        for l in 0..L {
            // A direction without curvature cannot arise while the penalty is positive, except at the rounding floor.
            if in_cg[l] && curvature[l] > 0.0 {
                step[l] = self.energy[l] / curvature[l];
            }
        }
        for (step_scores, direction) in self.step_scores.iter_mut().zip(&directions) {
            for l in 0..L {
                step_scores[l] += step[l] * f64::from(direction[l]);
            }
        }
        step
    }

    /// Second half of a pass: the columns. Updates step, remainder and, for fresh gradients, preconditioner and direction.
    fn update_features(&mut self, weights: &[[f64; L]], step: &Lanes<L>) -> FeatureSums<L> {
        let (problem, by_column) = (self.problem, self.by_column);
        let phase = self.phase;
        let fresh = phase.contains(&Phase::Gradient);
        // Zero where no step is under way, so that the update below leaves those lanes alone.
        let step = step.map(|s| s as f32);
        let curvature = self.curvature;
        let (carried, squares) = (&self.carried, &self.squares);
        let directions = split(&mut self.direction, &self.feature_parts);
        let steps = split(&mut self.step, &self.feature_parts);
        let remainders = split(&mut self.remainder, &self.feature_parts);
        let (share, used, prior) = (self.share, self.used, self.prior);
        let sums: Vec<FeatureSums<L>> = (&self.feature_parts, directions, steps, remainders)
            .into_par_iter()
            .map(|(part, directions, steps, remainders)| {
                let mut sums = FeatureSums::ZERO;
                let mut columns = [[0.0; L]; CARRY];
                let runs = directions.chunks_mut(CARRY).zip(steps.chunks_mut(CARRY)).zip(remainders.chunks_mut(CARRY));
                for (run, ((directions, steps), remainders)) in runs.enumerate() {
                    let first = part.start + run * CARRY;
                    let columns = &mut columns[..steps.len()];
                    column_sums(by_column, first, carried, columns);
                    if fresh {
                        for (i, column) in columns.iter().enumerate() {
                            let penalty = f64::from(problem.penalties[first + i]);
                            let away = from_prior(prior, weights, first + i);
                            for l in (0..L).filter(|&l| phase[l] == Phase::Gradient) {
                                let gradient = column[l] + penalty * away[l];
                                sums.squared_gradient[l] += gradient * gradient;
                                steps[i][l] = 0.0;
                                remainders[i][l] = -gradient as f32;
                                directions[i][l] = 0.0;
                            }
                        }
                    }
                    let energy = vectorised(
                        #[inline(always)]
                        || {
                            let mut energy = [0.0f32; L];
                            for i in 0..columns.len() {
                                let (d, mut s, mut r) = (directions[i], steps[i], remainders[i]);
                                let penalty = problem.penalties[first + i];
                                for l in 0..L {
                                    let times = columns[i][l] as f32 + penalty * d[l];
                                    s[l] += step[l] * d[l];
                                    r[l] -= step[l] * times;
                                }
                                (steps[i], remainders[i]) = (s, r);
                                let diagonal = diagonal(squares[first + i], &curvature, penalty);
                                let towards = preconditioned(share, &used, &r, &diagonal);
                                for l in 0..L {
                                    energy[l] += r[l] * towards[l];
                                }
                            }
                            energy
                        },
                    );
                    sums.energy = add(sums.energy, energy.map(f64::from));
                }
                sums
            })
            .collect();
        sums.into_iter().fold(FeatureSums::ZERO, |a, b| FeatureSums {
            energy: add(a.energy, b.energy),
            squared_gradient: add(a.squared_gradient, b.squared_gradient),
        })
    }

    /// Moves each lane on: starts conjugate gradients from a fresh gradient, or ends them, or ends the lane.
    fn advance(&mut self, sums: &FeatureSums<L>, step: &Lanes<L>, scale: &Lanes<L>) {
        let loss = self.problem.loss;
        let energy = joined(loss, sums.energy);
        let squared_gradient = joined(loss, sums.squared_gradient);
        self.next_energy = energy;
        for l in 0..L {
            match self.phase[l] {
                Phase::Gradient => {
                    let norm = squared_gradient[l].sqrt();
                    self.gradient[l] = if scale[l] == 0.0 { 0.0 } else { norm / scale[l] };
                    self.converged[l] = self.gradient[l] <= self.problem.tolerance;
                    if self.converged[l] || self.iterations[l] == self.problem.max_iterations {
                        self.phase[l] = Phase::Done;
                        continue;
                    }
                    self.phase[l] = Phase::Conjugate;
                    self.energy[l] = 0.0;
                    self.gain[l] = 0.0;
                    self.slope[l] = 0.0;
                    self.cg_steps[l] = 0;
                }
                Phase::Conjugate => {
                    // The quadratic model falls by half of step times energy, exactly.
                    let gain = 0.5 * step[l] * self.energy[l];
                    self.gain[l] += gain;
                    self.slope[l] -= step[l] * self.energy[l];
                    self.cg_steps[l] += 1;
                    let enough = gain * self.cg_steps[l] as f64 <= CG_GAIN * self.gain[l];
                    self.ready[l] = enough || self.cg_steps[l] == MAX_CG || energy[l] <= 0.0;
                }
                Phase::Done => {}
            }
        }
    }

    /// For lanes whose conjugate gradients have ended: finds how far to go, and goes.
    fn line_search(&mut self, weights: &mut [[f64; L]]) {
        if !self.ready.contains(&true) {
            return;
        }
        let problem = self.problem;
        // The penalty along the step is a parabola: c0 + c1 t + c2 t^2.
        let [constant, linear, square] = self.over_features(|j| {
            let penalty = f64::from(problem.penalties[j]);
            let (weights, step) = (from_prior(self.prior, weights, j), self.step[j].map(f64::from));
            [
                weights.map(|w| 0.5 * penalty * w * w),
                std::array::from_fn(|l| penalty * weights[l] * step[l]),
                step.map(|s| 0.5 * penalty * s * s),
            ]
        });
        let mut length = self.ready.map(|r| if r { 1.0 } else { 0.0 });
        let mut open = self.ready;
        let mut failed = [false; L];
        let mut reached = self.loss;
        for halving in 0..=MAX_HALVINGS {
            let mut value = self.row_losses(&open, |row| {
                std::array::from_fn(|l| self.scores[row][l] + length[l] * self.step_scores[row][l])
            });
            for l in 0..L {
                value[l] += constant[l] + length[l] * linear[l] + length[l] * length[l] * square[l];
            }
            let value = joined(problem.loss, value);
            for l in 0..L {
                if !open[l] {
                    continue;
                }
                let decrease = ARMIJO * length[l] * self.slope[l];
                // At the rounding floor the objective cannot fall any more: a step that keeps it is good enough.
                let floor = 1e-12 * self.loss[l].abs();
                if value[l] <= self.loss[l] + decrease + floor {
                    open[l] = false;
                    reached[l] = value[l];
                } else if halving == MAX_HALVINGS {
                    length[l] = 0.0;
                    failed[l] = true;
                } else {
                    length[l] *= 0.5;
                }
            }
            if !open.contains(&true) {
                break;
            }
        }
        for (weight, step) in weights.iter_mut().zip(&self.step) {
            // Not times 0 where there is no step: a failed one may be infinite.
            for l in (0..L).filter(|&l| length[l] > 0.0) {
                weight[l] += length[l] * f64::from(step[l]);
            }
        }
        for (scores, step) in self.scores.iter_mut().zip(&mut self.step_scores) {
            for l in (0..L).filter(|&l| self.ready[l]) {
                if length[l] > 0.0 {
                    scores[l] += length[l] * step[l];
                }
                step[l] = 0.0;
            }
        }
        self.loss = reached;
        self.measure(self.ready);
        for l in (0..L).filter(|&l| self.ready[l]) {
            self.iterations[l] += 1;
            self.phase[l] = if failed[l] { Phase::Done } else { Phase::Gradient };
        }
        self.ready = [false; L];
    }

    /// The next conjugate direction of each lane.
    fn renew_directions(&mut self) {
        let phase = self.phase;
        let mut mix = [0.0f32; L];
        for l in 0..L {
            if phase[l] == Phase::Conjugate && self.energy[l] > 0.0 {
                mix[l] = (self.next_energy[l] / self.energy[l]) as f32;
            }
        }
        let moving = phase.map(|p| if p == Phase::Conjugate { 1.0f32 } else { 0.0 });
        self.energy = self.next_energy;
        let problem = self.problem;
        let directions = split(&mut self.direction, &self.feature_parts);
        let (remainder, squares, curvature) = (&self.remainder, &self.squares, self.curvature);
        let (share, used) = (self.share, self.used);
        let sums: Vec<Lanes<L>> = (&self.feature_parts, directions)
            .into_par_iter()
            .map(|(part, directions)| {
                vectorised(
                    #[inline(always)]
                    || {
                        let (mut sum, mut run) = ([0.0; L], [0.0f32; L]);
                        for (i, j) in part.clone().enumerate() {
                            let penalty = problem.penalties[j];
                            let diagonal = diagonal(squares[j], &curvature, penalty);
                            let towards = preconditioned(share, &used, &remainder[j], &diagonal);
                            let mut d = directions[i];
                            for l in 0..L {
                                d[l] = moving[l] * (towards[l] + mix[l] * d[l]);
                                run[l] += penalty * d[l] * d[l];
                            }
                            directions[i] = d;
                            if i % CARRY == CARRY - 1 {
                                sum = add(sum, std::mem::replace(&mut run, [0.0; L]).map(f64::from));
                            }
                        }
                        add(sum, run.map(f64::from))
                    },
                )
            })
            .collect();
        self.direction_penalty = sums.into_iter().fold([0.0; L], add);
    }
}
