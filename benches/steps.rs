//! `make bench`: how long each step takes, in comments and bytes a second.
//!
//! Measured on the comments in `training/`, or on those of `DATA`, a folder with `train.csv` and, where comments name articles,
//! `articles.csv`. Everything runs on one thread but for learning, on one and on two,
//! and fitting and training, which use all.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use belowline::config::{Config, Search};
use belowline::features::learning::learn;
use belowline::features::weighting::RawRow;
use belowline::features::{FeatureConfig, Features, Matrix, Session, Shared, Texts};
use belowline::input::{Articles, Example, InputOptions, Inputs, Row};
use belowline::linear::LogisticParams;
use belowline::model::{Model, texts};
use belowline::text::stemmer::Stemmer;
use belowline::text::{Language, Lexicon, StringTable, tokenize};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use ndarray::Array1;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Label columns, the first of which that exists is learned.
const TASKS: [&str; 2] = ["stance", "tone"];

fn main() {
    println!("{} comments of {}", EXAMPLES.len(), files().0.display());
    divan::main();
}

fn files() -> (PathBuf, PathBuf) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    match std::env::var_os("DATA") {
        Some(folder) => (root.join(&folder).join("train.csv"), root.join(&folder).join("articles.csv")),
        None => (root.join("training/comments.csv"), root.join("training/articles.csv")),
    }
}

static EXAMPLES: LazyLock<Vec<Example>> = LazyLock::new(|| {
    let (comments, articles) = files();
    let articles = articles.exists().then(|| Arc::new(Articles::load(&articles, None).expect("articles")));
    let options = InputOptions { articles, ..InputOptions::default() };
    let mut inputs = Inputs::open(&[comments], options).expect("comments");
    let task = TASKS.into_iter().find(|task| inputs.has_column(task) == Some(true)).expect("a column stance or tone");
    inputs.select_tasks(&[task.to_owned()]).expect("the task");
    let mut examples = Vec::new();
    while let Some(row) = inputs.read_row().expect("a row") {
        if let Row::Good(record) = row {
            examples.push(record.example);
        }
    }
    examples
});

static ROWS: LazyLock<Vec<Texts>> = LazyLock::new(|| EXAMPLES.iter().map(texts).collect());

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let mut config = Config::default();
    config.training.search = Search::None;
    config.validation.folds = 2;
    belowline::training::train(&EXAMPLES, &["task".into()], &config, &|_, _| ()).expect("a model").model
});

fn items() -> ItemsCount {
    ItemsCount::new(ROWS.len())
}

fn bytes() -> BytesCount {
    BytesCount::new(ROWS.iter().map(|row| row.comment.len()).sum::<usize>())
}

/// The least that any reading of the texts takes.
#[divan::bench]
fn a_pass_over_the_bytes(bencher: Bencher) {
    let sum = |text: &str| text.bytes().map(u64::from).sum::<u64>();
    bencher.counter(items()).counter(bytes()).bench(|| ROWS.iter().map(|row| sum(row.comment)).sum::<u64>());
}

/// Reading and checking the same file, texts and all.
#[divan::bench]
fn reading_rows(bencher: Bencher) {
    bencher.counter(items()).counter(bytes()).bench(|| {
        let mut inputs = Inputs::open(&[files().0], InputOptions::default()).expect("comments");
        let mut rows = 0;
        while inputs.read_row().expect("a row").is_some() {
            rows += 1;
        }
        rows
    });
}

#[divan::bench]
fn tokenizing(bencher: Bencher) {
    bencher.counter(items()).counter(bytes()).bench(|| {
        let mut tokens = 0;
        ROWS.iter().for_each(|row| tokenize(row.comment, |_| tokens += 1));
        tokens
    });
}

/// Every token by itself, as it would be without a memory for tokens.
#[divan::bench]
fn stemming_every_word(bencher: Bencher) {
    let stemmer = Stemmer::new(Language::English);
    let mut words = Vec::new();
    ROWS.iter().for_each(|row| tokenize(row.comment, |token| words.push(token.text(row.comment).to_lowercase())));
    bencher.counter(items()).counter(bytes()).bench_local(|| {
        let mut stem = String::new();
        for word in &words {
            stem.clear();
            stemmer.stem_into(word, &mut stem);
        }
        stem.len()
    });
}

/// Tokens to ids, each distinct token normalised and stemmed once.
#[divan::bench]
fn analysing_tokens(bencher: Bencher) {
    bencher.counter(items()).counter(bytes()).bench(|| {
        let mut lexicon = Lexicon::new(Language::English, Arc::new(StringTable::default()));
        ROWS.iter().for_each(|row| lexicon.analyze(row.comment, |_, _| ()));
        lexicon.len()
    });
}

/// What is counted in extracting: all, or all but some blocks.
const BLOCKS: [&str; 5] =
    ["all blocks", "words and style only", "without chars", "without target_words", "without articles"];

/// Features, and rows, with only some blocks.
fn some_blocks(which: &str) -> (Features, Vec<Texts<'static>>) {
    let mut config = FeatureConfig::default();
    let mut rows = ROWS.clone();
    let only_words = which == "words and style only";
    if only_words || which == "without chars" {
        config.chars.max_features = 0;
    }
    if only_words || which == "without target_words" {
        config.target_words.max_features = 0;
    }
    if only_words || which == "without articles" {
        rows.iter_mut().for_each(|row| (row.article, row.parent) = (None, None));
    }
    (learn(Language::English, &config, &rows).0, rows)
}

/// As scoring does it, which takes character n-grams by token; but for sums.
#[divan::bench(args = BLOCKS)]
fn extracting(bencher: Bencher, which: &str) {
    let (features, rows) = some_blocks(which);
    let mut session = Session::new(&features, Arc::new(Shared::new(usize::MAX)));
    let mut raw = RawRow::default();
    bencher
        .counter(items())
        .counter(bytes())
        .bench_local(|| rows.iter().map(|row| session.extract_summed_up(row, &mut raw).repeats.len()).sum::<usize>());
}

/// Vocabularies and the rows of all comments, on so many threads.
#[divan::bench(args = [1, 2])]
fn learning_features(bencher: Bencher, threads: usize) {
    let config = FeatureConfig::default();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let learned = || pool.install(|| learn(Language::English, &config, &ROWS));
    bencher.counter(items()).counter(bytes()).bench(learned);
}

#[divan::bench]
fn weighing(bencher: Bencher) {
    let config = FeatureConfig::default();
    let (features, raw) = learn(Language::English, &config, &ROWS);
    let (layout, all) = (features.layout(), (0..ROWS.len()).collect::<Vec<_>>());
    bencher.counter(items()).bench(|| raw.weigh(&layout, &features.idf, &all, &config.weights()));
}

/// One fit of two classes, as trainings make them.
#[divan::bench]
fn a_fit(bencher: Bencher) {
    let config = FeatureConfig::default();
    let (features, raw) = learn(Language::English, &config, &ROWS);
    let all: Vec<usize> = (0..ROWS.len()).collect();
    let matrix: Matrix = raw.weigh(&features.layout(), &features.idf, &all, &config.weights());
    let classes = Array1::from_iter(EXAMPLES.iter().map(|example| example.comment.len() % 2));
    let data = DatasetBase::new(matrix, classes);
    let params = LogisticParams::new(2).tolerance(1e-2).check().expect("sound settings");
    bencher.counter(items()).bench(|| params.fit(&data));
}

/// From texts to labels and probabilities, as `predict` does between reading and writing.
#[divan::bench]
fn scoring(bencher: Bencher) {
    let mut scorer = MODEL.scorer();
    bencher
        .counter(items())
        .counter(bytes())
        .bench_local(|| ROWS.chunks(256).map(|rows| scorer.score(rows).len()).sum::<usize>());
}

#[divan::bench(sample_count = 3)]
fn training_without_search(bencher: Bencher) {
    let mut config = Config::default();
    config.training.search = Search::None;
    config.validation.folds = 2;
    bencher
        .counter(items())
        .bench(|| belowline::training::train(&EXAMPLES, &["task".into()], &config, &|_, _| ()).map(|t| t.warnings));
}
