//! Dual coordinate ascent: row after row, each time the best pull of that row at the weights.
//!
//! After Hsieh et al., "A dual coordinate descent method for large-scale linear SVM" (2008), and Yu, Huang and Lin, "Dual coordinate
//! descent methods for logistic regression and maximum entropy models" (2011). A row has a dual variable by lane; weights are
//! the prior plus the rows, each times its dual variables, divided by the penalties. Visiting a row reads its weights once and
//! writes them once, and half a dozen visits of every row do what takes conjugate gradients a hundred passes, as long as rows are short
//! beside the penalty. Where they are not, [`super::solver`] does it instead; where the tolerance is tight, it goes on from here.
//!
//! The intercept has no penalty, so no dual variables make it up: at the solution all of them add up to zero. It is moved by what they
//! add up to, some times an epoch, and found anew for the weights as they are each time the gradient is measured.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::kernels::{Lanes, add, centre, joined, vectorised};
use super::loss::Loss;
use super::solver::Problem;
use crate::features::matrix::Matrix;

/// Epochs after which the gradient may be measured.
const MEASURED_AFTER: [usize; 14] = [1, 2, 3, 4, 5, 6, 7, 9, 12, 16, 22, 30, 42, 60];
/// No more epochs than this, tolerances no tighter, and rows no longer beside the penalty: the solver does better there.
const MOST_EPOCHS: usize = 60;
const TIGHTEST: f64 = 1e-3;
const LONGEST: f64 = 100.0;
/// A start with a gradient so many times larger than that of zero weights is forgotten.
const WORST_START: f64 = 2.0;
/// How often an epoch moves the intercept.
const INTERCEPT_MOVES: usize = 128;
/// What the gradient is multiplied by in an epoch, about, as long as nothing else is known.
const USUAL_RATE: f64 = 0.38;
/// What may become known.
const FASTEST: f64 = 0.1;
const SLOWEST: f64 = 0.8;
/// More epochs than these are not planned without measuring in between.
const MOST_AT_ONCE: f64 = 8.0;
/// Parts of the rows whose sums over the columns are kept side by side: a fixed number, so that bits do not depend on the number of
/// threads, and a small one, for they take memory.
const PARTS: usize = 4;
/// Most steps to find the intercept alone, and a step so short that it is the last.
const INTERCEPT_STEPS: usize = 20;
const INTERCEPT_CLOSE: f64 = 1e-4;

/// How far dual coordinate ascent has come.
pub struct Ascent<const L: usize> {
    /// Features, then the intercept, by lanes: as they were given where it did not reach the tolerance.
    pub weights: Vec<[f64; L]>,
    /// Gradient norm at zero weights: what the tolerance refers to.
    pub scale: Lanes<L>,
    /// Gradient norm of `weights` relative to that.
    pub gradient: Lanes<L>,
    /// Visits of every row, for the lane that took most.
    pub epochs: usize,
    /// The same and those that only measure.
    pub passes: usize,
}

/// A feature's weights, and one over its penalty.
#[derive(Clone, Copy)]
struct Column<const L: usize> {
    inverse: f32,
    weights: [f32; L],
}

/// Comes near to the solution from the given weights (features, then the intercept), if that is easy; `prior` has the weights, feature by
/// feature, that the penalty pulls towards, and is empty where that is zero. What becomes of a lane of its own does not depend on the others.
pub fn ascend<const L: usize>(problem: &Problem, start: Vec<[f64; L]>, prior: &[[f64; L]]) -> Ascent<L> {
    let tolerance = problem.tolerance.max(TIGHTEST);
    let most = MOST_EPOCHS.min(problem.max_iterations);
    let mut state = State::new(problem, &start, prior);
    let scale = state.scale();
    let is_cold = prior.is_empty() && start.iter().all(|lanes| *lanes == [0.0; L]);
    let mut gradient = match is_cold {
        true => scale.map(|scale| if scale == 0.0 { 0.0 } else { 1.0 }),
        false => {
            let scores = state.scores();
            state.gradient(&scale, &scores)
        }
    };
    let mut ascent = Ascent { weights: start, scale, gradient, epochs: 0, passes: 1 };
    let hard = state.hard();
    state.moving = std::array::from_fn(|l| !hard[l] && (gradient[l].is_nan() || gradient[l] > problem.tolerance));
    // A start that is worse than none, or not a number, is forgotten.
    let forgotten: [bool; L] = std::array::from_fn(|l| is_cold || gradient[l].is_nan() || gradient[l] > WORST_START);
    state.start_duals(&forgotten);
    if forgotten.contains(&true) {
        state.settle(&forgotten);
    }
    gradient = std::array::from_fn(|l| if forgotten[l] { 1.0 } else { gradient[l] });
    let mut due = gradient.map(|gradient| due_after(0, gradient, tolerance, USUAL_RATE));
    let (mut epoch, mut measured) = (0, [0; L]);
    loop {
        state.moving = std::array::from_fn(|l| state.moving[l] && due[l] <= most);
        let Some(next) = (0..L).filter(|&l| state.moving[l]).map(|l| due[l]).min() else { break };
        (epoch..next).for_each(|_| state.epoch());
        ascent.passes += next - epoch + 1;
        epoch = next;
        let asked: [bool; L] = std::array::from_fn(|l| state.moving[l] && due[l] == epoch);
        let scores = state.settle(&asked);
        let found = state.gradient(&scale, &scores);
        for l in (0..L).filter(|&l| asked[l]) {
            let rate = (found[l] / gradient[l]).powf(1.0 / (epoch - measured[l]) as f64).clamp(FASTEST, SLOWEST);
            (gradient[l], measured[l]) = (found[l], epoch);
            due[l] = due_after(epoch, found[l], tolerance, rate);
            if found[l] <= tolerance {
                state.moving[l] = false;
                ascent.gradient[l] = found[l];
                ascent.epochs = ascent.epochs.max(epoch);
                for (weights, column) in ascent.weights.iter_mut().zip(&state.columns) {
                    weights[l] = f64::from(column.weights[l]);
                }
                ascent.weights[state.columns.len()][l] = state.intercept[l];
            }
        }
    }
    ascent
}

/// The epoch after which to measure a lane again, if its gradient goes on falling at some rate: among a few, so that lanes meet.
fn due_after(epoch: usize, gradient: f64, tolerance: f64, rate: f64) -> usize {
    let wanted = ((tolerance / gradient).ln() / rate.ln()).ceil();
    // Of many only some, to see whether it goes as expected; one, if there is no telling.
    let epochs = if wanted > MOST_AT_ONCE { 0.5 * wanted } else { wanted.max(1.0) };
    MEASURED_AFTER.into_iter().find(|&at| at as f64 >= epoch as f64 + epochs).unwrap_or(usize::MAX)
}

struct State<'p, const L: usize> {
    problem: &'p Problem<'p>,
    prior: &'p [[f64; L]],
    columns: Vec<Column<L>>,
    intercept: Lanes<L>,
    /// Squared length of each row divided by the penalties.
    lengths: Vec<f32>,
    duals: Vec<[f32; L]>,
    /// Lanes that are on their way; the others stay as they are.
    moving: [bool; L],
    /// Sum of the dual variables.
    pull: Lanes<L>,
    /// Sum over the rows of the Hessian's diagonal by the score.
    curvature: Lanes<L>,
    order: Vec<u32>,
    random: Xoshiro256PlusPlus,
    /// Derivatives of the loss by each row's scores, as last measured, and the sums of them times the rows.
    residuals: Vec<[f32; L]>,
    sums: Vec<Vec<[f32; L]>>,
    parts: Vec<std::ops::Range<usize>>,
}

impl<'p, const L: usize> State<'p, L> {
    fn new(problem: &'p Problem<'p>, start: &[[f64; L]], prior: &'p [[f64; L]]) -> Self {
        let rows = problem.records.rows();
        let (intercept, weights) = start.split_last().expect("the intercept is last");
        let columns = weights.iter().zip(problem.penalties);
        let columns = columns.map(|(w, &p)| Column { inverse: 1.0 / p, weights: w.map(|w| w as f32) });
        let columns: Vec<Column<L>> = columns.collect();
        let length = |row: usize| {
            let (indices, values) = problem.records.row(row);
            indices.iter().zip(values).map(|(&j, v)| v * v * columns[j as usize].inverse).sum::<f32>()
        };
        let size = rows.div_ceil(PARTS).max(1);
        State {
            problem,
            prior,
            lengths: (0..rows).into_par_iter().map(length).collect(),
            columns,
            intercept: *intercept,
            duals: vec![[0.0; L]; rows],
            moving: [false; L],
            pull: [0.0; L],
            curvature: [0.0; L],
            order: (0..rows as u32).collect(),
            random: Xoshiro256PlusPlus::seed_from_u64(1),
            residuals: vec![[0.0; L]; rows],
            sums: Vec::new(),
            parts: (0..rows).step_by(size).map(|start| start..rows.min(start + size)).collect(),
        }
    }

    /// Whether rows are too long beside the penalty.
    fn hard(&self) -> [bool; L] {
        let loss = self.problem.loss;
        let (mut mass, mut weighted) = ([0.0; L], [0.0; L]);
        for (row, &length) in self.lengths.iter().enumerate() {
            let weight = loss.hessian_diagonal(row, &[0.5; L]).map(f64::from);
            for l in 0..L {
                mass[l] += weight[l];
                weighted[l] += weight[l] * weight[l] * f64::from(length);
            }
        }
        let (mass, weighted) = (joined(loss, mass), joined(loss, weighted));
        std::array::from_fn(|l| weighted[l].is_nan() || weighted[l] > LONGEST * mass[l])
    }

    /// Gradient norm at zero weights by lane. Where terms cancel (a balanced intercept alone), so large that the tolerance is what
    /// rounding the residuals may leave.
    fn scale(&mut self) -> Lanes<L> {
        let loss = self.problem.loss;
        let at_zero: Vec<[f32; L]> = (0..self.problem.records.rows())
            .into_par_iter()
            .map(|row| loss.slopes(row, &[0.0; L], &[true; L]).residual)
            .collect();
        let norms = self.norms(&self.row_sums(&at_zero, |value| value), |_, sum| sum);
        let sizes: Vec<[f32; L]> = at_zero.iter().map(|residual| residual.map(f32::abs)).collect();
        let mass = joined(loss, sizes.iter().fold([0.0; L], |sum, size| add(sum, size.map(f64::from))));
        if norms.iter().zip(mass).all(|(norm, mass)| *norm > 1e-3 * mass || mass == 0.0) {
            return norms;
        }
        let absolute = self.norms(&self.row_sums(&sizes, f32::abs), |_, sum| sum);
        let rounding = f64::from(f32::EPSILON) / 2.0 / self.problem.tolerance;
        std::array::from_fn(|l| norms[l].max(rounding * absolute[l]))
    }

    /// Finds the intercept that is best for the weights as they are, in some lanes. Gives the rows' scores without it.
    fn settle(&mut self, lanes: &[bool; L]) -> Vec<[f32; L]> {
        let scores = self.scores();
        let mut open = *lanes;
        for _ in 0..INTERCEPT_STEPS {
            let (gradient, curvature) = self.slopes(&scores);
            for l in (0..L).filter(|&l| open[l]) {
                self.curvature[l] = curvature[l];
            }
            let moved = self.move_intercept(&std::array::from_fn(|l| if open[l] { -gradient[l] } else { 0.0 }));
            let moved = joined(self.problem.loss, moved.map(f64::abs));
            open = std::array::from_fn(|l| open[l] && moved[l] >= INTERCEPT_CLOSE);
            if open == [false; L] {
                break;
            }
        }
        scores
    }

    /// Gradient norm at rows' scores, relative to `scale`. Keeps residuals and their sums.
    fn gradient(&mut self, scale: &Lanes<L>, scores: &[[f32; L]]) -> Lanes<L> {
        self.slopes(scores);
        self.sums = self.row_sums(&self.residuals, |value| value);
        let norms = self.norms(&self.sums, |j, mut sum| {
            if let Some(column) = self.columns.get(j) {
                for l in 0..L {
                    let prior = self.prior.get(j).map_or(0.0, |prior| prior[l]);
                    sum[l] += f64::from(self.problem.penalties[j]) * (f64::from(column.weights[l]) - prior);
                }
            }
            sum
        });
        std::array::from_fn(|l| if scale[l] == 0.0 { 0.0 } else { norms[l] / scale[l] })
    }

    /// Each row's scores but for the intercept.
    fn scores(&self) -> Vec<[f32; L]> {
        let (records, columns) = (self.problem.records, &self.columns);
        let mut scores = vec![[0.0; L]; records.rows()];
        scores.par_chunks_mut(1 << 10).enumerate().for_each(|(chunk, scores)| {
            vectorised(
                #[inline(always)]
                || {
                    for (row, score) in (chunk << 10..).zip(scores) {
                        *score = score_of(records, columns, row);
                    }
                },
            );
        });
        scores
    }

    /// Fills the residuals, and adds up them and the Hessian's diagonal by the score.
    fn slopes(&mut self, scores: &[[f32; L]]) -> (Lanes<L>, Lanes<L>) {
        let (loss, intercept) = (self.problem.loss, self.intercept);
        let sums: Vec<(Lanes<L>, Lanes<L>)> = self
            .residuals
            .par_chunks_mut(1 << 12)
            .enumerate()
            .map(|(chunk, residuals)| {
                let mut sums = ([0.0; L], [0.0; L]);
                for (row, residual) in (chunk << 12..).zip(residuals) {
                    let score = add(scores[row].map(f64::from), intercept);
                    let slopes = loss.slopes(row, &score, &[true; L]);
                    *residual = slopes.residual;
                    sums.0 = add(sums.0, residual.map(f64::from));
                    sums.1 = add(sums.1, loss.hessian_diagonal(row, &slopes.probability).map(f64::from));
                }
                sums
            })
            .collect();
        sums.into_iter().fold(([0.0; L], [0.0; L]), |a, b| (add(a.0, b.0), add(a.1, b.1)))
    }

    /// `sum_i scale(x_ij) v_i` of each column, and `sum_i v_i` after the last, by part of the rows. They are only measured with, so
    /// single precision does.
    fn row_sums(&self, rows: &[[f32; L]], scale: impl Fn(f32) -> f32 + Sync) -> Vec<Vec<[f32; L]>> {
        let records = self.problem.records;
        let sum = |part: &std::ops::Range<usize>| {
            let mut sums = vec![[0.0f32; L]; records.columns() + 1];
            vectorised(
                #[inline(always)]
                || {
                    let mut ones = [0.0f64; L];
                    for row in part.clone() {
                        let (columns, values) = records.row(row);
                        let vector = rows[row];
                        for (&column, &value) in columns.iter().zip(values) {
                            let (sum, value) = (&mut sums[column as usize], scale(value));
                            for l in 0..L {
                                sum[l] += value * vector[l];
                            }
                        }
                        for l in 0..L {
                            ones[l] += f64::from(vector[l]);
                        }
                    }
                    sums[records.columns()] = ones.map(|sum| sum as f32);
                },
            );
            sums
        };
        self.parts.par_iter().map(sum).collect()
    }

    /// Norm by lane over features and intercept of what `of` makes of each one's sums.
    fn norms(&self, sums: &[Vec<[f32; L]>], of: impl Fn(usize, Lanes<L>) -> Lanes<L> + Sync) -> Lanes<L> {
        let features: Vec<usize> = (0..=self.columns.len()).step_by(1 << 12).collect();
        let squares: Vec<Lanes<L>> = features
            .into_par_iter()
            .map(|first| {
                (first..(first + (1 << 12)).min(self.columns.len() + 1)).fold([0.0; L], |squares, j| {
                    let sum = summed(sums, j);
                    add(squares, of(j, sum).map(|g| g * g))
                })
            })
            .collect();
        joined(self.problem.loss, squares.into_iter().fold([0.0; L], add)).map(f64::sqrt)
    }

    /// Dual variables for the weights as they are: as the residuals, which they would be at the solution, times the number that leads
    /// nearest to these weights; none, and the intercept 0, in lanes that are `forgotten`.
    fn start_duals(&mut self, forgotten: &[bool; L]) {
        let prior = |j: usize, l: usize| self.prior.get(j).map_or(0.0, |prior| prior[l]);
        let sums = std::mem::take(&mut self.sums);
        let (mut along, mut squares) = ([0.0; L], [0.0; L]);
        for (j, column) in self.columns.iter().enumerate() {
            let sum = summed(&sums, j);
            for l in 0..L {
                along[l] -= sum[l] * (f64::from(column.weights[l]) - prior(j, l));
                squares[l] += sum[l] * sum[l] * f64::from(column.inverse);
            }
        }
        let (along, squares) = (joined(self.problem.loss, along), joined(self.problem.loss, squares));
        let mut share = [0.0f64; L];
        for l in 0..L {
            if forgotten[l] {
                self.intercept[l] = 0.0;
            } else if squares[l] > 0.0 {
                share[l] = (along[l] / squares[l]).clamp(0.0, 1.0);
            }
        }
        // Not times 0: what is forgotten may not be a number.
        let times = |share: f64, number: f64| if share > 0.0 { share * number } else { 0.0 };
        for (duals, residuals) in self.duals.iter_mut().zip(&self.residuals) {
            for l in 0..L {
                duals[l] = -times(share[l], f64::from(residuals[l])) as f32;
                self.pull[l] += f64::from(duals[l]);
            }
        }
        for j in 0..self.columns.len() {
            let sum = summed(&sums, j);
            for l in 0..L {
                let by = times(share[l], sum[l]) * f64::from(self.columns[j].inverse);
                self.columns[j].weights[l] = (prior(j, l) - by) as f32;
            }
        }
    }

    /// Moves the intercept where it is pulled to. Gives how far it went.
    fn move_intercept(&mut self, pull: &Lanes<L>) -> Lanes<L> {
        // The Hessian of a joint problem is at most twice its diagonal, so with this it never goes too far.
        let classes = self.problem.loss.classes as f64;
        let share = if self.problem.loss.is_joint() { (classes - 1.0) / classes } else { 1.0 };
        let mut by = [0.0; L];
        for l in 0..L {
            if self.moving[l] && self.curvature[l] > 0.0 {
                by[l] = (share * pull[l] / self.curvature[l]).clamp(-1.0, 1.0);
            }
        }
        if self.problem.loss.is_joint() {
            centre(&mut by[..self.problem.loss.classes]);
        }
        self.intercept = add(self.intercept, by);
        by
    }

    /// Visits every row once.
    fn epoch(&mut self) {
        self.order.shuffle(&mut self.random);
        let order = std::mem::take(&mut self.order);
        let mut curvature = [0.0; L];
        for rows in order.chunks(order.len().div_ceil(INTERCEPT_MOVES).max(1)) {
            let curved = vectorised(
                #[inline(always)]
                || self.visit(rows),
            );
            curvature = add(curvature, curved);
            let pull = self.pull;
            self.move_intercept(&pull);
        }
        self.curvature = curvature;
        self.order = order;
    }

    /// Visits rows. Gives their parts of the Hessian's diagonal by the score.
    #[inline(always)]
    fn visit(&mut self, rows: &[u32]) -> Lanes<L> {
        let (records, loss): (&Matrix, &Loss) = (self.problem.records, self.problem.loss);
        let mut curvature = [0.0; L];
        for &row in rows {
            let row = row as usize;
            let score = score_of(records, &self.columns, row);
            let mut scores = self.intercept;
            for l in 0..L {
                scores[l] += f64::from(score[l]);
            }
            let (best, curved) = loss.best_duals(row, &scores, &self.duals[row], f64::from(self.lengths[row]));
            let mut by = [0.0f32; L];
            for l in 0..L {
                let dual = if self.moving[l] { best[l] as f32 } else { self.duals[row][l] };
                by[l] = dual - self.duals[row][l];
                self.duals[row][l] = dual;
                self.pull[l] += f64::from(by[l]);
                curvature[l] += curved[l];
            }
            let (indices, values) = records.row(row);
            for (&j, &value) in indices.iter().zip(values) {
                let column = &mut self.columns[j as usize];
                let value = value * column.inverse;
                for (weight, by) in column.weights.iter_mut().zip(by) {
                    *weight += value * by;
                }
            }
        }
        curvature
    }
}

/// Sums of a column, or of the intercept, over all parts of the rows.
fn summed<const L: usize>(sums: &[Vec<[f32; L]>], j: usize) -> Lanes<L> {
    sums.iter().fold([0.0; L], |sum, part| add(sum, part[j].map(f64::from)))
}

/// A row times the weights.
#[inline(always)]
fn score_of<const L: usize>(records: &Matrix, columns: &[Column<L>], row: usize) -> [f32; L] {
    let (indices, values) = records.row(row);
    let (mut even, mut odd) = ([0.0f32; L], [0.0f32; L]);
    let (index_pairs, value_pairs) = (indices.chunks_exact(2), values.chunks_exact(2));
    let rest = (index_pairs.remainder(), value_pairs.remainder());
    for (indices, values) in index_pairs.zip(value_pairs) {
        let (a, b) = (&columns[indices[0] as usize].weights, &columns[indices[1] as usize].weights);
        for l in 0..L {
            even[l] += values[0] * a[l];
            odd[l] += values[1] * b[l];
        }
    }
    if let (&[index], &[value]) = rest {
        for (even, weight) in even.iter_mut().zip(&columns[index as usize].weights) {
            *even += value * weight;
        }
    }
    for (even, odd) in even.iter_mut().zip(odd) {
        *even += odd;
    }
    even
}
