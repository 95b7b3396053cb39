//! Choices by validation: strength of the penalty, class weights, and how much each block counts.
//!
//! Everything is nested: what is chosen for a fold is chosen on rows outside it, with fits that saw neither those rows nor the fold.
//! Candidates are ranked by log loss, which is smooth where few rows are held out; the decision rule is then tuned for the metric.

mod finishing;

use std::collections::BTreeMap;

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::Search;
use crate::error::{Error, Result};
use crate::features::layout::{Block, BlockWeights};
use crate::labels::TaskKind;
use crate::linear::ClassWeights;
use crate::metrics::{self, Judged, Metric, Tally};
use crate::questions::Question;
use crate::validation::{Folds, InnerSplit, Splits};
use crate::workbench::{Start, Workbench};

/// Tolerance of fits that only rank candidates.
const RANKING_TOLERANCE: f64 = 3e-2;
/// The same for fits that leave out a block and start from one that has all.
const ABLATION_TOLERANCE: f64 = 5e-2;
/// Tolerance of fits whose scores of held-out rows are reported: beyond this, macro-F1 no longer moves.
pub(crate) const FOLD_TOLERANCE: f64 = 1e-2;
/// `quick` ranks candidates on at most so many rows.
const QUICK_ROWS: usize = 8_000;
/// Folds whose inner splits hold out so many rows each make do with two of them, and with one where nothing is to be chosen.
const ENOUGH_ROWS: usize = 500;
/// Of more comments than these each fold has one inner split: fits take long.
const MANY_ROWS: usize = 50_000;
/// A block is left out or weighed more where that lowers the loss by at least this share, and by more than its standard error.
const LEAST_GAIN: f64 = 0.002;
/// How much more blocks that read the context are tried at: what an article tells differs most from data to data.
const MORE: f64 = 2.0;

/// What is chosen by validation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Strength of the L2 penalty.
    pub alpha: f64,
    /// How much a comment counts by its label.
    pub class_weights: ClassWeights,
    /// How much each block counts.
    pub blocks: BlockWeights,
}

/// A candidate and how well it did on inner splits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The candidate.
    #[serde(flatten)]
    pub candidate: Candidate,
    /// Mean log loss of its calibrated probabilities, which candidates are ranked by: every label counting the same where the
    /// metric is macro-F1, 1 for knowing nothing.
    pub loss: f64,
    /// Mean of the validation metric.
    pub score: f64,
    /// Inner splits it was tried on.
    pub splits: usize,
}

/// What weighing one block differently did on inner splits, at the middle strength of those that were tried and with balanced class weights.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BlockTrial {
    /// The block.
    pub block: Block,
    /// The weight that was tried; 0 leaves the block out.
    #[serde(default)]
    pub weight: f64,
    /// Loss at this weight less loss at the plain one (the configured one, of an optional block 0): for a block left out, what it is worth.
    /// Below 0 the model is better off so.
    pub loss: f64,
    /// Standard error of `loss`, over groups of comments that do not straddle folds.
    #[serde(default)]
    pub error: f64,
    /// Metric at this weight less metric at the plain one.
    pub score: f64,
}

/// What inner splits led to.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What was chosen.
    pub candidate: Candidate,
    /// Everything that was tried but for the blocks.
    pub tried: Vec<Trial>,
    /// What leaving each block out did, and weighing some of them more.
    pub blocks: Vec<BlockTrial>,
}

/// One candidate judged on one split's rows on behalf of one fold.
struct Outcome {
    split: usize,
    fold: usize,
    trial: Trial,
    /// What each judged row adds to the loss.
    losses: Vec<f64>,
    scores: Array2<f64>,
}

/// The fit of least loss over what a split holds out.
struct BestFit {
    loss: f64,
    weights: Start,
}

/// The search over the inner splits of some folds.
pub(crate) struct Selection<'s> {
    bench: &'s Workbench<'s>,
    /// What must not straddle folds, by row.
    groups: &'s [u32],
    /// Number of folds.
    folds: usize,
    search: Search,
    /// Splits on which candidates are ranked, and those on which the choice is finished.
    ranking: Vec<InnerSplit>,
    full: Option<Vec<InnerSplit>>,
    outcomes: Vec<Outcome>,
    /// By split its best fit with the plain block weights: weights of every fit would fill the memory.
    starts: Vec<Option<BestFit>>,
}

impl<'s> Selection<'s> {
    /// Tries what a search level asks for. `step` is told of each split's end.
    pub(crate) fn run(
        bench: &'s Workbench<'s>,
        question: &'s Question,
        search: Search,
        step: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        let task = bench.task;
        let (folds, groups) = (&question.folds, question.groups.as_slice());
        let seed = bench.config.validation.seed;
        let splits = splits(folds, search);
        let mut full = folds.inner_splits(splits, groups, &task.gold, task.labels.len(), seed);
        if search == Search::None && question.held_out < folds.count() {
            full = finishing::one_for_each(full, question.held_out);
        }
        if full.iter().any(|s| s.train.is_empty() || s.held.iter().any(|(_, held)| held.is_empty())) {
            return Err(Error::TrainingData(format!(
                "`{}`: {} labelled rows are too few to hold some out twice: label more comments",
                task.name,
                task.rows.len()
            )));
        }
        let sample = (search == Search::Quick).then(|| sample(bench, groups)).flatten();
        let (ranking, full) = match sample {
            None => (full, None),
            Some(is_in) => {
                let only = |rows: &[usize]| rows.iter().copied().filter(|&r| is_in[r]).collect();
                let thinned = |s: &InnerSplit| InnerSplit {
                    train: only(&s.train),
                    held: s.held.iter().map(|(fold, held)| (*fold, only(held))).collect(),
                };
                (full.iter().map(thinned).collect(), Some(full))
            }
        };
        let starts = ranking.iter().map(|_| None).collect();
        let mut selection =
            Selection { bench, groups, folds: folds.count(), search, ranking, full, outcomes: Vec::new(), starts };
        selection.try_all(step)?;
        Ok(selection)
    }

    /// The candidate that is taken without a search.
    fn fixed(&self) -> Candidate {
        let training = &self.bench.config.training;
        Candidate { alpha: training.alpha, class_weights: training.class_weights, blocks: self.plain() }
    }

    /// Block weights before any is changed: the configured ones, without optional blocks.
    fn plain(&self) -> BlockWeights {
        self.bench.config.features.weights().without_optional()
    }

    /// Strengths of the penalty, from strong to weak.
    fn alphas(&self) -> Vec<f64> {
        let mut alphas = self.bench.config.training.alphas.clone();
        alphas.sort_unstable_by(|a, b| b.total_cmp(a));
        alphas
    }

    /// The first candidate whose blocks are weighed differently. A split's best one would have been chosen on rows of both folds that it
    /// serves, and what a block is worth hardly depends on the strength.
    fn middle(&self) -> Candidate {
        let alphas = self.alphas();
        Candidate { alpha: alphas[alphas.len() / 2], class_weights: ClassWeights::Balanced, ..self.fixed() }
    }

    /// Strengths and class weights, with the plain block weights.
    fn first_candidates(&self) -> Vec<Candidate> {
        if self.search == Search::None {
            return vec![self.fixed()];
        }
        let (alphas, blocks) = (self.alphas(), self.plain());
        let path = |class_weights| alphas.iter().map(move |&alpha| Candidate { alpha, class_weights, blocks });
        // From strong to weak penalties and back again, so that each fit starts near the last.
        let mut candidates: Vec<Candidate> = path(ClassWeights::Balanced).collect();
        candidates.extend(match self.search {
            Search::Thorough => path(ClassWeights::None).rev().collect::<Vec<_>>(),
            // Thresholds do for a label what class weights do.
            _ if self.bench.task.kind == TaskKind::MultiLabel => Vec::new(),
            // One look at the other weighting, at the same strength on every split, so that all trials compare.
            _ => path(ClassWeights::None).skip(alphas.len() / 2).take(1).collect(),
        });
        candidates
    }

    /// Each block with the weights that are tried: left out, and more for those that read the context; optional ones taken.
    fn reweighed(&self) -> Vec<(Block, f64)> {
        if self.search == Search::None {
            return Vec::new();
        }
        let weights = self.bench.config.features.weights();
        let of_block = |block: Block| {
            let more = block.reads_context().then(|| MORE * weights.of(block));
            [0.0].into_iter().chain(more).map(move |weight| (block, weight))
        };
        let is_there = |block: &Block| weights.uses(*block) && !self.bench.fitted().range(*block).is_empty();
        let optional = Block::ALL.into_iter().filter(|block| block.is_optional() && is_there(block));
        let taken = optional.map(|block| (block, weights.of(block)));
        self.dispensable().into_iter().flat_map(of_block).chain(taken).collect()
    }

    /// Blocks that the model may do without. One that is alone cannot be left out.
    fn dispensable(&self) -> Vec<Block> {
        let (weights, layout) = (self.plain(), self.bench.fitted());
        let used: Vec<Block> =
            Block::ALL.into_iter().filter(|&b| weights.uses(b) && !layout.range(b).is_empty()).collect();
        if used.len() < 2 {
            return Vec::new();
        }
        used
    }

    /// Tries candidates on every ranking split; one fit serves all folds of a split.
    fn try_all(&mut self, step: &(dyn Fn() + Sync)) -> Result<()> {
        let splits: Vec<usize> = (0..self.ranking.len()).collect();
        for some in splits.chunks(side_by_side()) {
            let tried: Result<Vec<_>> = some.par_iter().map(|&split| self.try_split(split)).collect();
            for (&split, (outcomes, start)) in some.iter().zip(tried?) {
                self.outcomes.extend(outcomes);
                self.starts[split] = start;
                step();
            }
        }
        Ok(())
    }

    /// Tries candidates on one split: strengths and class weights, then other block weights. Gives the best fit of the first, too.
    fn try_split(&self, split: usize) -> Result<(Vec<Outcome>, Option<BestFit>)> {
        let InnerSplit { train, held } = &self.ranking[split];
        let weighed = |blocks: BlockWeights| {
            let part = self.bench.part(train, blocks);
            let matrices: Vec<_> = held.iter().map(|(_, rows)| self.bench.weigh(&part, rows)).collect();
            (part, matrices)
        };
        let plain = weighed(self.plain());
        let try_one = |candidate: Candidate, start: Start, tolerance: f64| -> Result<(Vec<Outcome>, Start)> {
            // A block that is left out makes no difference to a matrix that holds it; one that is taken has to be there.
            let more = Block::ALL.into_iter().any(|b| candidate.blocks.uses(b) && !self.plain().uses(b));
            let more = more.then(|| weighed(candidate.blocks));
            let (part, matrices) = more.as_ref().unwrap_or(&plain);
            let regression = self.bench.fit(part, candidate, start, tolerance)?;
            let judged = held.iter().zip(matrices).map(|((fold, rows), matrix)| {
                let scores = self.bench.score(&regression, matrix);
                let (losses, score) = rank(self.bench, &scores, rows)?;
                let trial = Trial { candidate, loss: losses.iter().sum(), score, splits: 1 };
                Ok(Outcome { split, fold: *fold, trial, losses, scores })
            });
            Ok((judged.collect::<Result<_>>()?, regression.start()))
        };
        let (mut outcomes, mut best): (Vec<Outcome>, Option<BestFit>) = (Vec::new(), None);
        let (mut last, mut middle): (Start, Start) = (None, None);
        for candidate in self.first_candidates() {
            let (judged, weights) = try_one(candidate, last.take(), RANKING_TOLERANCE)?;
            let loss = judged.iter().map(|outcome| outcome.trial.loss).sum();
            if best.as_ref().is_none_or(|best| loss < best.loss) {
                best = Some(BestFit { loss, weights: weights.clone() });
            }
            outcomes.extend(judged);
            if candidate == self.middle() {
                middle = weights.clone();
            }
            last = weights;
        }
        let of_middle = |(block, weight): (Block, f64)| {
            let candidate = self.middle();
            let candidate = Candidate { blocks: candidate.blocks.with(block, weight), ..candidate };
            // What a block of more weight changes is little: looser, the fit would be where it starts.
            let tolerance = if weight > 0.0 { FOLD_TOLERANCE } else { ABLATION_TOLERANCE };
            try_one(candidate, middle.clone(), tolerance)
        };
        let judged: Result<Vec<_>> = self.reweighed().into_par_iter().map(of_middle).collect();
        outcomes.extend(judged?.into_iter().flat_map(|(judged, _)| judged));
        Ok((outcomes, best))
    }

    /// Weights of a split's best fit.
    fn start(&self, split: usize) -> Start {
        self.starts[split].as_ref().and_then(|best| best.weights.clone())
    }

    /// The best of some trials, and its loss.
    fn base(&self, tried: &[Trial]) -> (Candidate, f64) {
        let best = tried.iter().reduce(|best, t| if t.loss < best.loss { t } else { best });
        best.map_or_else(|| (self.fixed(), 1.0), |t| (t.candidate, t.loss))
    }

    /// The first candidates' trials on behalf of some folds, averaged.
    fn tried(&self, folds: &[usize]) -> Vec<Trial> {
        let all = self.plain();
        let mut merged: Vec<Trial> = Vec::new();
        for outcome in self.outcomes.iter().filter(|o| folds.contains(&o.fold) && o.trial.candidate.blocks == all) {
            let trial = outcome.trial;
            match merged.iter_mut().find(|t| t.candidate == trial.candidate) {
                Some(t) => {
                    let splits = (t.splits + 1) as f64;
                    t.loss += (trial.loss - t.loss) / splits;
                    t.score += (trial.score - t.score) / splits;
                    t.splits += 1;
                }
                None => merged.push(trial),
            }
        }
        merged
    }

    /// What weighing each block differently did on the splits of some folds, beside the plain weights on the same splits.
    fn block_trials(&self, folds: &[usize]) -> Vec<BlockTrial> {
        let mut trials = Vec::new();
        let plain = self.middle();
        for (block, weight) in self.reweighed() {
            let candidate = Candidate { blocks: plain.blocks.with(block, weight), ..plain };
            let (mut score, mut count) = (0.0, 0.0);
            let mut of_groups: BTreeMap<u32, f64> = BTreeMap::new();
            for outcome in self.outcomes.iter().filter(|o| folds.contains(&o.fold) && o.trial.candidate == candidate) {
                let Some(plain) = self.outcome(outcome.split, outcome.fold, plain) else { continue };
                let held = self.ranking[outcome.split].held.iter().find(|(fold, _)| *fold == outcome.fold);
                let rows = held.iter().flat_map(|(_, rows)| rows);
                for (&row, (loss, plain)) in rows.zip(outcome.losses.iter().zip(&plain.losses)) {
                    *of_groups.entry(self.groups[row]).or_default() += loss - plain;
                }
                score += outcome.trial.score - plain.trial.score;
                count += 1.0;
            }
            let loss = of_groups.values().sum::<f64>();
            let mean = loss / of_groups.len().max(1) as f64;
            let error = of_groups.values().map(|sum| (sum - mean).powi(2)).sum::<f64>().sqrt();
            if count > 0.0 {
                trials.push(BlockTrial {
                    block,
                    weight,
                    loss: loss / count,
                    error: error / count,
                    score: score / count,
                });
            }
        }
        trials
    }

    /// What the splits of some folds speak for.
    pub(crate) fn choice(&self, folds: &[usize]) -> Choice {
        let tried = self.tried(folds);
        let (mut candidate, loss) = self.base(&tried);
        let blocks = self.block_trials(folds);
        for block in Block::ALL {
            let best = blocks.iter().filter(|t| t.block == block).min_by(|a, b| a.loss.total_cmp(&b.loss));
            // Chance alone makes some of many trials look good.
            if let Some(trial) = best.filter(|t| t.loss < -(LEAST_GAIN * loss).max(t.error)) {
                candidate.blocks = candidate.blocks.with(block, trial.weight);
            }
        }
        let searched = self.search != Search::None;
        Choice { candidate, tried: if searched { tried } else { Vec::new() }, blocks }
    }

    /// How a candidate did on a split on behalf of a fold, if it was tried.
    fn outcome(&self, split: usize, fold: usize, candidate: Candidate) -> Option<&Outcome> {
        self.outcomes.iter().find(|o| o.split == split && o.fold == fold && o.trial.candidate == candidate)
    }
}

/// Inner splits by the size of the data: the fewer rows a fold is judged on, the more splits it takes to tell candidates apart.
fn splits(folds: &Folds, search: Search) -> Splits {
    let rows = folds.rows();
    let held: usize = (0..folds.count()).map(|fold| folds.held(fold).len()).sum();
    let ranked = if search == Search::Quick { rows.min(QUICK_ROWS) } else { rows };
    let judged = held * ranked / (rows * folds.count()).max(1);
    match search {
        Search::Thorough => Splits::All,
        // There is nothing to be told apart, only calibrator and rule to be fitted.
        Search::None if judged >= ENOUGH_ROWS => Splits::One,
        _ if rows > MANY_ROWS => Splits::One,
        _ if judged >= ENOUGH_ROWS => Splits::Two,
        _ => Splits::All,
    }
}

/// How often [`Selection::run`] tells of a step, at most.
pub(crate) fn steps(folds: &Folds, search: Search) -> usize {
    splits(folds, search).count(folds.count())
}

/// Parts of the data that are trained on at the same time: each takes its own memory. The result does not depend on it.
pub(crate) fn side_by_side() -> usize {
    rayon::current_num_threads()
}

/// Marks at most [`QUICK_ROWS`] rows, whole groups, stratified; `None` where all are few enough.
fn sample(bench: &Workbench, groups: &[u32]) -> Option<Vec<bool>> {
    let task = bench.task;
    let parts = task.rows.len().div_ceil(QUICK_ROWS);
    if parts <= 1 {
        return None;
    }
    let seed = bench.config.validation.seed.wrapping_add(77);
    let folds = Folds::stratified(groups, &task.gold, task.labels.len(), parts, seed);
    Some((0..task.rows.len()).map(|row| folds.of(row) == Some(0)).collect())
}

/// What each row adds to the log loss, and the metric, of scores with the calibrator and rule that fit them best.
fn rank(bench: &Workbench, scores: &Array2<f64>, rows: &[usize]) -> Result<(Vec<f64>, f64)> {
    let task = bench.task;
    let finish = bench.finish(scores, rows)?;
    let probabilities = finish.probabilities(scores.view());
    let judged: Vec<Judged> = rows
        .iter()
        .zip(probabilities.rows())
        .map(|(&row, p)| task.judged(row, finish.rule.decide(&p.to_vec())))
        .collect();
    let balanced = bench.metric() == Metric::MacroF1;
    let losses = match task.kind {
        TaskKind::SingleLabel => metrics::log_loss(&probabilities, &judged, balanced),
        TaskKind::MultiLabel => metrics::label_log_loss(&probabilities, &judged, balanced),
    };
    let score = Tally::of(task.labels.len(), &judged).metric(bench.metric(), bench.over().as_deref());
    Ok((losses, score))
}
