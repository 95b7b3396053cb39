//! Comments that are kept to be shown: some drawn at random, and the clearest and most undecided of each label.

use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::{RowVerdict, Task};
use crate::decision::DecisionRule;
use crate::explanation::{Account, Mark};
use crate::input::{Example, Record};
use crate::model::{Model, Verdict, texts};
use crate::scorer::Scorer;
use crate::text::excerpt::start;

/// Comments of each label that are kept as the clearest, and as the most undecided.
const OF_LABEL: usize = 5;
/// Bytes of a comment that are shown; the rest is cut off.
const MAX_TEXT: usize = 5_000;
/// Comments that with their article and parent are longer are shown without marks, so that few comments cannot take much memory.
const MAX_EXPLAINED: usize = 256 << 10;
/// A comment this far (as a logarithm of the ratio) from going the other way is not undecided.
const UNDECIDED: f64 = 0.7;
/// Probabilities that were read back have six decimals.
const SAME: f64 = 2e-6;

/// A comment that is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// Its number among the rows, from 1.
    pub row: u64,
    /// The file it comes from, or what its column `source` says.
    pub source: String,
    /// Its record in the file, from 1.
    pub record: Option<u64>,
    /// Its id.
    pub id: Option<String>,
    /// Id of its article.
    pub article_id: Option<String>,
    /// Title of its article.
    pub title: Option<String>,
    /// What its stance is towards, if not the article.
    pub target: Option<String>,
    /// When it was written.
    pub time: Option<String>,
    /// The comment.
    pub text: String,
    /// Whether the text was cut off.
    pub cut: bool,
    /// What was said of it, a task each.
    pub tasks: Vec<ShownVerdict>,
}

/// One task's part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShownVerdict {
    /// The task.
    pub task: String,
    /// The labels.
    pub predicted: Vec<String>,
    /// Their probability.
    pub confidence: f64,
    /// Probability of each label, in label order.
    pub probabilities: Vec<f64>,
    /// Expected number, where labels have numbers.
    pub score: Option<f64>,
    /// Words that drove the prediction (without one, the likeliest label): byte offsets in the text, and strength from -3 to 3. Empty without a model.
    pub marks: Vec<(usize, usize, i8)>,
}

/// A comment with what is needed to explain it later.
#[derive(Debug)]
struct Kept {
    shown: Shown,
    verdicts: Vec<RowVerdict>,
    example: Option<Example>,
}

/// Keeps comments.
pub(super) struct Sampler {
    wanted: usize,
    /// The drawn ones: those of the smallest draws, the largest on top.
    drawn: BinaryHeap<(u64, u64)>,
    /// By task and label.
    clearest: Vec<Vec<Best>>,
    undecided: Vec<Vec<Best>>,
    kept: HashMap<u64, (usize, Arc<Kept>)>,
}

/// The comments of the smallest values.
#[derive(Debug, Default)]
struct Best(Vec<(f64, u64)>);

/// What was kept.
pub(super) struct Kepts {
    /// The drawn comments, in the order of the input.
    pub(super) sample: Vec<Shown>,
    /// By task and label.
    pub(super) clearest: Vec<Vec<Vec<Shown>>>,
    pub(super) undecided: Vec<Vec<Vec<Shown>>>,
    /// By task whether its scores are not those that the model gives; `None` where the model has no such task.
    pub(super) foreign: Vec<Option<bool>>,
}

impl Sampler {
    pub(super) fn new(tasks: &[Task], wanted: usize) -> Self {
        let lists = || tasks.iter().map(|t| t.labels.iter().map(|_| Best::default()).collect()).collect();
        Sampler { wanted, drawn: BinaryHeap::new(), clearest: lists(), undecided: lists(), kept: HashMap::new() }
    }

    /// Takes the row at a place, counted from 0.
    pub(super) fn add(&mut self, place: u64, record: &Record, tasks: &[Task], verdicts: &[RowVerdict]) {
        let mut kept: Option<Arc<Kept>> = None;
        let mut keep = |all: &mut HashMap<u64, (usize, Arc<Kept>)>| {
            let kept = kept.get_or_insert_with(|| Arc::new(Kept::new(place, record, tasks, verdicts)));
            all.entry(place).or_insert_with(|| (0, kept.clone())).0 += 1;
        };
        let draw = draw(place);
        if self.wanted > 0 && (self.drawn.len() < self.wanted || self.drawn.peek().is_some_and(|top| draw < top.0)) {
            self.drawn.push((draw, place));
            keep(&mut self.kept);
            if self.drawn.len() > self.wanted
                && let Some((_, out)) = self.drawn.pop()
            {
                release(&mut self.kept, out);
            }
        }
        for (t, (task, verdict)) in tasks.iter().zip(verdicts).enumerate() {
            for (label, margin) in margins(task, &verdict.probabilities).into_iter().enumerate() {
                let p = verdict.probabilities[label];
                let clear = verdict.predicted.contains(&label).then_some((&mut self.clearest[t][label], -p));
                let undecided = (margin <= UNDECIDED).then_some((&mut self.undecided[t][label], margin));
                for (best, value) in clear.into_iter().chain(undecided) {
                    if !best.wants(value) || best.has_copy(&self.kept, &record.example.comment) {
                        continue;
                    }
                    keep(&mut self.kept);
                    if let Some(out) = best.insert(value, place) {
                        release(&mut self.kept, out);
                    }
                }
            }
        }
    }

    /// Marks the words that drove the predictions, and in the lists of a label those that drove it, where a model is given that gives
    /// the same scores.
    pub(super) fn finish(self, tasks: &[Task], model: Option<&Model>) -> Kepts {
        let mut marker = Marker {
            tasks,
            model: model.map(|model| (model, model.scorer())),
            foreign: vec![0; tasks.len()],
            checked: 0,
        };
        // A comment may stand in several lists; each list may want other marks of it.
        let mut wanted: BTreeMap<u64, Vec<(usize, usize)>> = BTreeMap::new();
        for (_, place) in &self.drawn {
            wanted.entry(*place).or_default();
        }
        for lists in [&self.clearest, &self.undecided] {
            for (t, of_task) in lists.iter().enumerate() {
                for (label, best) in of_task.iter().enumerate() {
                    best.0.iter().for_each(|&(_, place)| wanted.entry(place).or_default().push((t, label)));
                }
            }
        }
        let mut drawn: HashMap<u64, Shown> = HashMap::new();
        let mut listed: HashMap<(u64, usize, usize), Marks> = HashMap::new();
        for (place, lists) in wanted {
            let (shown, marks) = marker.mark(&self.kept[&place].1, &lists);
            listed.extend(lists.iter().zip(marks).map(|(&(t, label), marks)| ((place, t, label), marks)));
            drawn.insert(place, shown);
        }
        let foreign: Vec<Option<bool>> = (0..tasks.len()).map(|t| marker.is_foreign(t)).collect();
        // Words of another model's reasons would mislead.
        for shown in drawn.values_mut() {
            shown.tasks.iter_mut().zip(&foreign).filter(|(_, f)| **f != Some(false)).for_each(|(v, _)| v.marks.clear());
        }
        let list = |t: usize, label: usize, best: &Best| -> Vec<Shown> {
            let shown = |&(_, place): &(f64, u64)| {
                let mut shown = drawn[&place].clone();
                if foreign[t] == Some(false) {
                    shown.tasks[t].marks = listed.get(&(place, t, label)).cloned().unwrap_or_default();
                }
                shown
            };
            best.0.iter().map(shown).collect()
        };
        let lists = |lists: &[Vec<Best>]| -> Vec<Vec<Vec<Shown>>> {
            let of_task = |(t, of_task): (usize, &Vec<Best>)| {
                of_task.iter().enumerate().map(|(label, best)| list(t, label, best)).collect()
            };
            lists.iter().enumerate().map(of_task).collect()
        };
        let mut places: Vec<u64> = self.drawn.iter().map(|(_, place)| *place).collect();
        places.sort_unstable();
        Kepts {
            clearest: lists(&self.clearest),
            undecided: lists(&self.undecided),
            sample: places.iter().filter_map(|place| drawn.remove(place)).collect(),
            foreign,
        }
    }
}

/// Finds the words that drove predictions.
struct Marker<'m> {
    tasks: &'m [Task],
    model: Option<(&'m Model, Scorer<'m>)>,
    /// Comments by task that were given other scores than the model gives.
    foreign: Vec<usize>,
    /// Comments that were scored again.
    checked: usize,
}

type Marks = Vec<(usize, usize, i8)>;

impl Marker<'_> {
    /// Whether most comments were given other scores of a task than the model gives; `None` where it has no such task.
    fn is_foreign(&self, t: usize) -> Option<bool> {
        let (model, _) = self.model.as_ref()?;
        let task = &self.tasks[t];
        model.head(&task.name).filter(|head| head.labels.names() == task.labels)?;
        Some(2 * self.foreign[t] > self.checked)
    }

    /// A comment with the words marked that drove each task's prediction, and for each task and label of `lists` those that drove it.
    fn mark(&mut self, kept: &Kept, lists: &[(usize, usize)]) -> (Shown, Vec<Marks>) {
        let mut comment = kept.shown.clone();
        let mut of_lists = vec![Marks::new(); lists.len()];
        let (Some((model, scorer)), Some(example)) = (&mut self.model, &kept.example) else {
            return (comment, of_lists);
        };
        let texts = texts(example);
        let verdicts = scorer.score(&[texts]).pop().unwrap_or_default();
        let (weighed, trace) = scorer.trace(&texts);
        self.checked += 1;
        for (t, (task, given)) in self.tasks.iter().zip(&kept.verdicts).enumerate() {
            let head = model.heads.iter().zip(&verdicts).find(|(head, _)| head.name == task.name);
            let head = head.filter(|(head, _)| head.labels.names() == task.labels);
            let is_same = |verdict: &Verdict| {
                verdict.probabilities.iter().zip(&given.probabilities).all(|(a, b)| (a - b).abs() <= SAME)
            };
            let Some((head, verdict)) = head else { continue };
            if !is_same(verdict) {
                self.foreign[t] += 1;
                continue;
            }
            let marks = |classes: &[usize]| -> Marks {
                let account = Account::new(model, &weighed, &example.comment, &trace, head, classes);
                let within = |mark: &Mark| mark.end <= comment.text.len();
                account.marks().into_iter().filter(within).map(|m| (m.start, m.end, m.strength)).collect()
            };
            for (of_list, &(_, label)) in of_lists.iter_mut().zip(lists).filter(|(_, (of, _))| *of == t) {
                *of_list = marks(&[label]);
            }
            let likeliest = || verdict.probabilities.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            let found = match given.predicted.as_slice() {
                [] => marks(&likeliest().map(|(class, _)| class).into_iter().collect::<Vec<_>>()),
                predicted => marks(predicted),
            };
            comment.tasks[t].marks = found;
        }
        (comment, of_lists)
    }
}

/// Drops a comment when no list holds it any more.
fn release(all: &mut HashMap<u64, (usize, Arc<Kept>)>, place: u64) {
    if let Some(entry) = all.get_mut(&place) {
        entry.0 -= 1;
        if entry.0 == 0 {
            all.remove(&place);
        }
    }
}

impl Best {
    fn wants(&self, value: f64) -> bool {
        self.0.len() < OF_LABEL || self.0.last().is_some_and(|last| value < last.0)
    }

    /// Whether it holds the same text already.
    fn has_copy(&self, all: &HashMap<u64, (usize, Arc<Kept>)>, comment: &str) -> bool {
        let start = start(comment, MAX_TEXT);
        self.0.iter().any(|(_, place)| all.get(place).is_some_and(|(_, kept)| kept.shown.text == start))
    }

    /// Takes a comment in; gives the place of one that must go.
    fn insert(&mut self, value: f64, place: u64) -> Option<u64> {
        let at = self.0.partition_point(|known| known.0 <= value);
        self.0.insert(at, (value, place));
        if self.0.len() > OF_LABEL { self.0.pop().map(|(_, out)| out) } else { None }
    }
}

/// A number that looks drawn at random, the same for a place in every run (SplitMix64, Steele et al. 2014).
fn draw(place: u64) -> u64 {
    let mut z = place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How far a comment is from going the other way for each label: ratio to the threshold, or to the strongest other label, as a logarithm.
fn margins(task: &Task, probabilities: &[f64]) -> Vec<f64> {
    let log = |p: &f64| p.max(1e-12).ln();
    let logs = || probabilities.iter().map(log);
    match &task.rule {
        Some(DecisionRule::Thresholds { thresholds, .. }) => {
            logs().zip(thresholds).map(|(p, t)| (p - log(t)).abs()).collect()
        }
        Some(DecisionRule::Biases(biases)) => {
            to_strongest_other(&logs().zip(biases).map(|(p, b)| p + b).collect::<Vec<_>>())
        }
        // Without a model nobody knows the rule; the even one is the best guess.
        None if is_distribution(probabilities) => to_strongest_other(&logs().collect::<Vec<_>>()),
        None => logs().map(|p| (p - log(&0.5)).abs()).collect(),
    }
}

fn to_strongest_other(values: &[f64]) -> Vec<f64> {
    let other = |label: usize| {
        let others = values.iter().enumerate().filter(|(k, _)| *k != label).map(|(_, v)| *v);
        others.fold(f64::NEG_INFINITY, f64::max)
    };
    values.iter().enumerate().map(|(label, value)| (value - other(label)).abs()).collect()
}

/// Whether probabilities sum to 1, as far as six decimals tell.
pub(super) fn is_distribution(probabilities: &[f64]) -> bool {
    (probabilities.iter().sum::<f64>() - 1.0).abs() <= 1e-6 * probabilities.len() as f64
}

impl Kept {
    fn new(place: u64, record: &Record, tasks: &[Task], verdicts: &[RowVerdict]) -> Self {
        let example = &record.example;
        let text = start(&example.comment, MAX_TEXT);
        let of_task = |(task, verdict): (&Task, &RowVerdict)| ShownVerdict {
            task: task.name.clone(),
            predicted: verdict.predicted.iter().map(|&class| task.labels[class].clone()).collect(),
            confidence: rounded(verdict.confidence),
            probabilities: verdict.probabilities.iter().map(|&p| rounded(p)).collect(),
            score: verdict.score.map(rounded),
            marks: Vec::new(),
        };
        let article = example.article.as_ref();
        let length = example.comment.len()
            + article.map_or(0, |a| a.title.len() + a.body.len())
            + example.parent.as_ref().map_or(0, String::len);
        let short = |text: &Option<String>| text.as_deref().map(|text| start(text, MAX_TEXT).to_owned());
        Kept {
            shown: Shown {
                row: place + 1,
                source: source(record).to_owned(),
                record: record.position.record,
                id: short(&example.id),
                article_id: short(&example.article_id),
                title: article.map(|a| start(&a.title, MAX_TEXT).to_owned()).filter(|title| !title.is_empty()),
                target: short(&example.target),
                time: short(&example.time),
                cut: text.len() < example.comment.len(),
                text: text.to_owned(),
                tasks: tasks.iter().zip(verdicts).map(of_task).collect(),
            },
            verdicts: verdicts.to_vec(),
            example: (length <= MAX_EXPLAINED).then(|| example.clone()),
        }
    }
}

/// Where a row comes from.
pub(super) fn source(record: &Record) -> &str {
    record.example.source.as_deref().unwrap_or(&record.position.path)
}

/// Six decimals, as in every output.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
