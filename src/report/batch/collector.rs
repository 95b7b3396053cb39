//! Takes scored rows one by one and gives the report.

use std::hash::BuildHasher;
use std::sync::Arc;

use super::breakdown::{By, Groups, Name};
use super::sample::{Sampler, is_distribution, source};
use super::tally::Tally;
use super::timeline::Days;
use super::typical::WordCounts;
use super::{
    Crossing, LabelReport, ModelCard, ModelTask, RejectReason, Report, RowVerdict, SCHEMA, Task, TaskReport, VERSION,
    alike, caveats,
};
use crate::input::{BadRow, Record};
use crate::labels::TaskKind;
use crate::model::{Head, Model, Verdict, article_key, article_print};
use crate::quantification::Errors;
use crate::summary::asks_for_unseen_articles;
use crate::text::{Language, Lexicon, TokenKind};

/// Cells of a table of two tasks; nobody could read more.
const MAX_CELLS: usize = 2_500;
/// Reasons for rejecting rows that are told apart.
const MAX_REASONS: usize = 100;
/// The same in every run, so that equal inputs give equal reports.
const HASH: foldhash::quality::FixedState = foldhash::quality::FixedState::with_seed(0x72_65_70_6f_72_74);

/// One scored row.
pub struct Row<'r> {
    /// The row.
    pub record: &'r Record,
    /// What was said of it, a task each, in the order of the collector's tasks.
    pub verdicts: Vec<RowVerdict>,
    /// Whether the model was trained under its article, where that is known.
    pub seen: Option<bool>,
}

/// Gathers what a report says.
pub struct Collector {
    tasks: Vec<Task>,
    all: Tally,
    probabilities: Vec<Vec<f64>>,
    /// Rows that each label is decided for by the model's own rule, and rows where the input says otherwise.
    decided: Vec<Vec<u64>>,
    overruled: Vec<u64>,
    /// Whether each task's probabilities summed to 1 in every row.
    distributions: Vec<bool>,
    /// By source, article and target.
    groups: [Groups; 3],
    pairs: Groups,
    days: Days,
    sampler: Sampler,
    words: WordCounts,
    alike: alike::Finder,
    crossing: Option<Crossing>,
    lexicon: Lexicon,
    hashes: Vec<u64>,
    seen: [u64; 2],
    /// Rows from pages whose boundary was guessed, and how sure the least sure of them is.
    guessed: Option<(u64, f64)>,
    rejects: Vec<RejectReason>,
    rejected: u64,
}

impl RowVerdict {
    /// What a head says of a row.
    pub fn of(head: &Head, verdict: Verdict) -> Self {
        RowVerdict {
            confidence: verdict.confidence(),
            score: head.numbers.as_deref().map(|numbers| verdict.expected(numbers)),
            predicted: verdict.predicted,
            probabilities: verdict.probabilities,
        }
    }
}

impl Collector {
    /// Nothing gathered yet; `sample` comments will be drawn.
    pub fn new(tasks: Vec<Task>, sample: usize) -> Self {
        let crossing = match tasks.as_slice() {
            [rows, columns, ..] if rows.labels.len() * columns.labels.len() <= MAX_CELLS => {
                let labels = |task: &Task| task.labels.iter().cloned().chain(["no label".into()]).collect::<Vec<_>>();
                Some(Crossing {
                    rows: rows.name.clone(),
                    columns: columns.name.clone(),
                    row_labels: labels(rows),
                    column_labels: labels(columns),
                    counts: vec![vec![0; columns.labels.len() + 1]; rows.labels.len() + 1],
                })
            }
            _ => None,
        };
        Collector {
            all: Tally::new(&tasks),
            probabilities: tasks.iter().map(|t| vec![0.0; t.labels.len()]).collect(),
            decided: tasks.iter().map(|t| vec![0; t.labels.len()]).collect(),
            overruled: vec![0; tasks.len()],
            distributions: vec![true; tasks.len()],
            groups: [By::Source, By::Article, By::Target].map(|by| Groups::new(by, &tasks)),
            pairs: Groups::new(By::ArticleAndTarget, &tasks),
            days: Days::default(),
            sampler: Sampler::new(&tasks, sample),
            words: WordCounts::new(&tasks),
            alike: alike::Finder::default(),
            crossing,
            lexicon: Lexicon::new(Language::Unknown, Arc::default()),
            hashes: Vec::new(),
            seen: [0; 2],
            guessed: None,
            rejects: Vec::new(),
            rejected: 0,
            tasks,
        }
    }

    /// Counts a row that could not be used.
    pub fn reject(&mut self, bad: &BadRow) {
        self.rejected += 1;
        match self.rejects.iter().position(|known| known.reason == bad.reason) {
            Some(known) => self.rejects[known].count += 1,
            None if self.rejects.len() < MAX_REASONS => self.rejects.push(RejectReason {
                reason: bad.reason.clone(),
                count: 1,
                first: bad.position.to_string(),
            }),
            None => {}
        }
    }

    /// The tasks that verdicts are given for.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Takes a row.
    pub fn push(&mut self, row: Row) {
        let Row { record, verdicts, seen } = row;
        let tasks = &self.tasks;
        let example = &record.example;
        if let Some(confidence) = example.guessed {
            let (rows, least) = self.guessed.unwrap_or((0, 1.0));
            self.guessed = Some((rows + 1, least.min(confidence)));
        }
        self.sampler.add(self.all.rows, record, tasks, &verdicts);
        let counted = Tally::of(tasks, &verdicts);
        self.all.merge(&counted);
        for (t, verdict) in verdicts.iter().enumerate() {
            self.probabilities[t].iter_mut().zip(&verdict.probabilities).for_each(|(sum, p)| *sum += p);
            if let Some(rule) = &tasks[t].rule {
                let decided = rule.decide(&verdict.probabilities);
                self.overruled[t] += u64::from(decided != verdict.predicted);
                decided.into_iter().for_each(|class| self.decided[t][class] += 1);
            }
            self.distributions[t] &= is_distribution(&verdict.probabilities) && verdict.predicted.len() <= 1;
        }
        if let Some(seen) = seen {
            self.seen[usize::from(!seen)] += 1;
        }

        let source = source(record);
        let article = article_key(example).map(|key| article_print(&key));
        let title = || example.article.as_ref().map(|a| a.title.clone()).unwrap_or_default();
        let article_name = || {
            let title = title();
            let body = || example.article.as_ref().map(|a| a.body.chars().take(80).collect());
            let unnamed = || if title.is_empty() { body().unwrap_or_default() } else { title.clone() };
            Name { name: example.article_id.clone().unwrap_or_else(unnamed), title, target: String::new() }
        };
        let plain = |name: &str| Name { name: name.to_owned(), ..Name::default() };
        let target = example.target.as_deref();
        let [sources, articles, targets] = &mut self.groups;
        sources.add(Some(HASH.hash_one(source)), || plain(source), tasks, &counted);
        articles.add(article, article_name, tasks, &counted);
        targets.add(target.map(|t| HASH.hash_one(t)), || plain(target.unwrap_or_default()), tasks, &counted);
        let pair = (article.is_some() || target.is_some()).then(|| HASH.hash_one((article, target)));
        let pair_name = || Name { target: target.unwrap_or_default().to_owned(), ..article_name() };
        self.pairs.add(pair, pair_name, tasks, &counted);
        let seconds = self.days.add(example.time.as_deref(), tasks, &counted);

        if let Some(crossing) = &mut self.crossing {
            let of = |verdict: &RowVerdict, none: usize| match verdict.predicted.as_slice() {
                [] => vec![none],
                some => some.to_vec(),
            };
            for row in of(&verdicts[0], tasks[0].labels.len()) {
                for column in of(&verdicts[1], tasks[1].labels.len()) {
                    crossing.counts[row][column] += 1;
                }
            }
        }
        self.read_words(&example.comment, seconds, &verdicts);
    }

    fn read_words(&mut self, comment: &str, seconds: Option<i64>, verdicts: &[RowVerdict]) {
        if self.lexicon.is_full(0) {
            self.lexicon.reset();
            self.hashes.clear();
        }
        let mut words = Vec::new();
        self.lexicon.analyze(comment, |token, id| {
            if matches!(token.kind, TokenKind::Word | TokenKind::Hashtag | TokenKind::Emoji) {
                words.push(id);
            }
        });
        for id in self.hashes.len()..self.lexicon.len() {
            self.hashes.push(HASH.hash_one(self.lexicon.normal(id as u32)));
        }
        let hashes: Vec<u64> = words.iter().map(|&id| self.hashes[id as usize]).collect();
        self.alike.add(&hashes, seconds, comment);
        words.sort_unstable();
        words.dedup();
        // One letter says nothing.
        let told = words.iter().map(|&id| (self.hashes[id as usize], self.lexicon.normal(id)));
        let told = told.filter(|(_, word)| word.chars().count() > 1 || !word.chars().all(char::is_alphabetic));
        self.words.add(told, &self.tasks, verdicts);
    }

    /// The report. `model` is the one that scored the rows, where it is known; `scores_from_input` says whether the rows came scored.
    pub fn finish(mut self, model: Option<&Model>, scores_from_input: bool, lacks_contexts: bool) -> Report {
        for (task, distribution) in self.tasks.iter_mut().zip(&self.distributions) {
            let told = if *distribution { TaskKind::SingleLabel } else { TaskKind::MultiLabel };
            task.kind.get_or_insert(told);
        }
        let tasks = self.tasks;
        let rows = self.all.rows;
        let kept = self.sampler.finish(&tasks, model);
        // Figures of a model that did not make the scores say nothing of them.
        let is_foreign = |t: usize| kept.foreign[t] == Some(true);
        let has_own = kept.foreign.contains(&Some(false));
        let mostly_unseen = 2 * self.seen[1] > rows;
        let mut doubts =
            caveats::Doubts { guessed: self.guessed, lacks_contexts, mostly_unseen, ..caveats::Doubts::default() };
        for (t, task) in tasks.iter().enumerate() {
            if is_foreign(t) {
                doubts.foreign.push(task.name.clone());
            } else if self.overruled[t] > 0 {
                doubts.overruled.push((task.name.clone(), self.overruled[t]));
            }
        }
        let model = model.filter(|_| has_own);
        let mut typical = self.words.finish(&tasks).into_iter();
        let (mut clearest, mut undecided) = (kept.clearest.into_iter(), kept.undecided.into_iter());
        let counts = self.all.counts(&tasks);
        let mut reports = Vec::with_capacity(tasks.len());
        for (t, ((task, counts), sums)) in tasks.iter().zip(counts).zip(&self.probabilities).enumerate() {
            let own = model.filter(|_| kept.foreign[t] == Some(false));
            let errors = own.and_then(|model| errors(model, &task.name, mostly_unseen));
            // The errors are those of the model's own rule, whatever was withheld or changed afterwards.
            let corrected = errors.map(|errors| errors.correct(&self.decided[t], rows)).unwrap_or_default();
            let corrected_by = errors.filter(|_| corrected.iter().any(Option::is_some)).map(|e| e.question.clone());
            let mut of_task = (
                typical.next().unwrap_or_default().into_iter(),
                clearest.next().unwrap_or_default().into_iter(),
                undecided.next().unwrap_or_default().into_iter(),
            );
            let labels = task
                .labels
                .iter()
                .enumerate()
                .map(|(k, label)| {
                    let corrected = corrected.get(k).copied().flatten();
                    LabelReport {
                        label: label.clone(),
                        number: task.numbers.as_ref().map(|n| n[k]),
                        count: counts.labels[k],
                        share: share(counts.labels[k] as f64, rows),
                        mean_probability: share(sums[k], rows),
                        corrected: corrected.map(|c| c.0),
                        unstable: corrected.and_then(|c| c.1),
                        typical: of_task.0.next().unwrap_or_default(),
                        clearest: of_task.1.next().unwrap_or_default(),
                        undecided: of_task.2.next().unwrap_or_default(),
                    }
                })
                .collect();
            reports.push(TaskReport {
                task: task.name.clone(),
                kind: task.kind.unwrap_or(TaskKind::MultiLabel),
                labels,
                unlabelled: counts.unlabelled,
                unsure: counts.unsure,
                mean_score: counts.mean_score,
                corrected_by,
                corrected_rows: errors.map_or(0, |e| e.rows as u64),
            });
        }
        let mut weeks = Groups::new(By::Week, &tasks);
        self.days.weeks(&tasks, |(name, tally)| {
            let key = HASH.hash_one(&name);
            weeks.add(Some(key), || Name { name, ..Name::default() }, &tasks, &tally);
        });
        let breakdowns =
            self.groups.into_iter().chain([weeks]).map(|g| g.finish(&tasks)).filter(|b| !b.groups.is_empty());
        let mut rejects = self.rejects;
        rejects.sort_by_key(|reason| std::cmp::Reverse(reason.count));
        let mut report = Report {
            schema: SCHEMA,
            version: VERSION,
            belowline: env!("CARGO_PKG_VERSION"),
            date: std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|s| s.parse().ok()),
            rows_read: rows + self.rejected,
            rows,
            rows_rejected: self.rejected,
            time: self.days.span(),
            model: model.map(|model| card(model, self.seen)),
            scores_from_input,
            tasks: reports,
            crossing: self.crossing.filter(|_| rows > 0),
            timeline: self.days.timeline(&tasks),
            breakdowns: breakdowns.collect(),
            pairs: self.pairs.finish(&tasks),
            alike: self.alike.finish(),
            rejects,
            caveats: Vec::new(),
            sample: kept.sample,
        };
        report.caveats = caveats::of(&report, &doubts);
        report
    }
}

fn share(part: f64, rows: u64) -> f64 {
    if rows > 0 { part / rows as f64 } else { 0.0 }
}

/// The errors of the question that the rows ask: those to expect under articles like theirs.
fn errors<'m>(model: &'m Model, task: &str, mostly_unseen: bool) -> Option<&'m Errors> {
    let all = &model.head(task)?.summary.errors;
    all.iter().find(|e| asks_for_unseen_articles(&e.question) == mostly_unseen).or(all.first())
}

fn card(model: &Model, seen: [u64; 2]) -> ModelCard {
    let of = |head: &Head| ModelTask {
        task: head.name.clone(),
        figures: [Some(&head.summary.figures), head.summary.other.as_ref()].into_iter().flatten().cloned().collect(),
    };
    ModelCard {
        trained_by: model.provenance.belowline.clone(),
        comments: model.provenance.comments,
        fingerprint: model.provenance.fingerprint.clone(),
        language: model.features.language.name(),
        note: model.config.note.clone(),
        date: model.provenance.date,
        rows_under_seen_articles: seen[0],
        rows_under_unseen_articles: seen[1],
        tasks: model.heads.iter().map(of).collect(),
    }
}
