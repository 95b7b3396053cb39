//! Compares two ways to find where an article ends: the fixed rule, and a logistic regression trained on the other pages.
//!
//! `cargo run --release --example boundary -- TRAINING [HELD-OUT]`: folders with pages and a `pages.csv` (page, language, first_comment: a line
//! from 1, or 0). Without a second folder every page is left out of the training once.

use std::error::Error;
use std::path::Path;

use belowline::pages::boundary::{Candidates, FEATURES, NAMES, WEIGHTS};
use linfa::prelude::*;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};

struct Page {
    name: String,
    candidates: Candidates,
    /// The first candidate that is a reader's.
    truth: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let [training, held_out @ ..] = folders.as_slice() else { return Err("name a folder of pages".into()) };
    let pages = read(Path::new(training))?;
    let trained = fit(&pages.iter().collect::<Vec<_>>())?;
    println!("| feature | rule | trained |\n| --- | --- | --- |");
    for (i, name) in NAMES.iter().chain(&["intercept"]).enumerate() {
        println!("| {name} | {:.2} | {:.2} |", WEIGHTS[i], trained[i]);
    }
    let tested = held_out.first().map(|folder| read(Path::new(folder))).transpose()?;
    let (mut rule, mut learned) = (Tally::default(), Tally::default());
    for (i, page) in tested.as_ref().unwrap_or(&pages).iter().enumerate() {
        let weights = if tested.is_some() {
            trained
        } else {
            fit(&pages.iter().enumerate().filter(|&(j, _)| j != i).map(|(_, p)| p).collect::<Vec<_>>())?
        };
        rule.count("rule", page, &WEIGHTS);
        learned.count("trained", page, &weights);
    }
    println!(
        "\n| | right | comments found where there are none | none found where there are some | cut elsewhere | mean confidence |"
    );
    println!("| --- | --- | --- | --- | --- | --- |\n{}\n{}", rule.row("rule"), learned.row("trained"));
    Ok(())
}

#[derive(Default)]
struct Tally {
    right: usize,
    invented: usize,
    missed: usize,
    elsewhere: usize,
    confidence: f64,
}

impl Tally {
    fn count(&mut self, by: &str, page: &Page, weights: &[f64; FEATURES + 1]) {
        let cut = page.candidates.cut(weights);
        let none = page.candidates.words.len();
        self.confidence += cut.confidence;
        match (page.truth, cut.at) {
            (truth, at) if truth == at => return self.right += 1,
            (truth, _) if truth == none => self.invented += 1,
            (_, at) if at == none => self.missed += 1,
            _ => self.elsewhere += 1,
        }
        eprintln!("{by}: {}: {} of {none}, should be {} ({:.2})", page.name, cut.at, page.truth, cut.confidence);
    }

    fn row(&self, name: &str) -> String {
        let Tally { right, invented, missed, elsewhere, confidence } = self;
        let all = right + invented + missed + elsewhere;
        format!("| {name} | {right} of {all} | {invented} | {missed} | {elsewhere} | {:.2} |", confidence / all as f64)
    }
}

fn read(folder: &Path) -> Result<Vec<Page>, Box<dyn Error>> {
    let mut pages = Vec::new();
    for row in csv::Reader::from_path(folder.join("pages.csv"))?.records() {
        let row = row?;
        let candidates = Candidates::of_text(&std::fs::read_to_string(folder.join(&row[0]))?);
        let first: u64 = row[2].parse()?;
        let truth = candidates.lines.iter().position(|&line| first > 0 && line >= first);
        let truth = truth.unwrap_or(candidates.lines.len());
        pages.push(Page { name: row[0].to_owned(), candidates, truth });
    }
    Ok(pages)
}

/// Weights by logistic regression with an L2 penalty, every paragraph being an example.
///
/// The intercept holds how many paragraphs are readers' in these pages. A sum of likelihood ratios must not count that
/// again for every paragraph, so it is taken off.
fn fit(pages: &[&Page]) -> Result<[f64; FEATURES + 1], Box<dyn Error>> {
    let rows = || {
        pages
            .iter()
            .flat_map(|page| page.candidates.features.iter().enumerate().map(move |(i, f)| (f, i >= page.truth)))
    };
    let x = Array2::from_shape_fn((rows().count(), FEATURES), {
        let rows: Vec<_> = rows().collect();
        move |(i, j)| rows[i].0[j]
    });
    let y: Array1<bool> = rows().map(|(_, is_reader)| is_reader).collect();
    let readers = y.iter().filter(|&&is_reader| is_reader).count() as f64;
    let base = (readers / (y.len() as f64 - readers)).ln();
    let model = LogisticRegression::default().alpha(1.0).max_iterations(1000).fit(&Dataset::new(x, y))?;
    let sign = if model.labels().pos.class { 1.0 } else { -1.0 };
    let mut weights = [0.0; FEATURES + 1];
    for (weight, fitted) in weights.iter_mut().zip(model.params()) {
        *weight = sign * fitted;
    }
    weights[FEATURES] = sign * model.intercept() - base;
    Ok(weights)
}
