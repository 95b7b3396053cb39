//! One fit at fixed settings: features from a CSV file, then one logistic regression over all its comments, without validation.
//!
//! `fit COMMENTS.csv TASK [ARTICLES.csv]` prints `seconds S`: making features and fitting, reading files not; and `features S`, how much of it was
//! learning features. `make compare` runs it: it does what a fit of the packages that it is compared with does. `make scale` and `make cores` run it
//! too. It takes all cores, or as many threads as `RAYON_NUM_THREADS` says.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use belowline::config::Config;
use belowline::features::layout::Block;
use belowline::features::learning::learn;
use belowline::input::{Articles, Example, InputOptions, Inputs, Row};
use belowline::labels::{LabelSet, SEPARATOR, split_cell};
use belowline::linear::{ClassWeights, LogisticParams, relevance};
use belowline::model::texts;
use belowline::text::Language;
use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, Array2};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let comments = PathBuf::from(arguments.next().context("usage: fit COMMENTS.csv TASK [ARTICLES.csv]")?);
    let task = arguments.next().context("which task?")?;
    let articles = arguments.next().map(|path| Articles::load(path.as_ref(), None)).transpose()?.map(Arc::new);
    let mut inputs = Inputs::open(&[comments], InputOptions { articles, ..InputOptions::default() })?;
    inputs.select_tasks(&[task])?;
    let mut examples: Vec<Example> = Vec::new();
    while let Some(row) = inputs.read_row()? {
        match row {
            Row::Good(record) if record.example.labels[0].is_some() => examples.push(record.example),
            Row::Good(_) => {}
            Row::Bad(bad) => return Err(bad.into_error().into()),
        }
    }

    let start = Instant::now();
    let cells: Vec<&str> = examples.iter().filter_map(|example| example.labels[0].as_deref()).collect();
    let labels = LabelSet::new(cells.iter().flat_map(|cell| split_cell(cell)));
    let config = Config::default();
    let rows: Vec<_> = examples.iter().map(texts).collect();
    let before = start.elapsed();
    let (features, raw) = learn(Language::English, &config.features, &rows);
    let learning = start.elapsed() - before;
    let layout = features.layout();
    let all: Vec<usize> = (0..rows.len()).collect();
    let weights = config.features.weights();
    let matrix = raw.weigh(&layout, &features.idf, &all, &weights);
    let has = |row: usize, class: usize| split_cell(cells[row]).any(|label| labels.index(label) == Some(class));
    let blocks: Vec<_> = Block::ALL.into_iter().filter(|b| b.is_counted()).map(|b| layout.range(b)).collect();
    let scales = relevance::relevance(&matrix, labels.len(), has, &vec![1.0; rows.len()], &blocks);
    let factors = Block::ALL.into_iter().flat_map(|block| {
        let (weight, scales) = (weights.of(block) as f32, &scales);
        layout.range(block).map(move |column| 1.0 / (weight * scales[column]).powi(2))
    });
    let entries = matrix.entries();
    let params = LogisticParams::new(labels.len())
        .alpha(config.training.alpha)
        .class_weights(ClassWeights::Balanced)
        .penalty_factors(Arc::new(factors.collect()))
        .tolerance(config.training.tolerance)
        .check()?;
    let several = cells.iter().any(|cell| cell.contains(SEPARATOR));
    let regression = if several {
        let flags = Array2::from_shape_fn((rows.len(), labels.len()), |(row, class)| has(row, class));
        params.fit(&DatasetBase::new(matrix, flags))?
    } else {
        let classes = cells.iter().map(|cell| labels.index(cell).unwrap_or(0));
        params.fit(&DatasetBase::new(matrix, Array1::from_iter(classes)))?
    };
    println!("seconds {:.3}", start.elapsed().as_secs_f64());
    println!("features {:.4}", learning.as_secs_f64());
    println!("entries {entries}");
    println!("{} features, {:?}", layout.columns(), regression.convergence());
    Ok(())
}
