//! What the targets share.

use std::io::Cursor;
use std::path::Path;

use belowline::config::Config;
use belowline::exports::{self, Item, System};
use belowline::input::{Example, InputOptions, Inputs, Row};
use belowline::model::{Model, texts};
use belowline::training::train;

/// Reads all rows of a text; `name` tells the format. No usable comment may be blank.
pub fn read_rows(bytes: &[u8], name: &str) -> Vec<Row> {
    let options = InputOptions { max_record_bytes: 1 << 20, ..InputOptions::default() };
    let mut rows = Vec::new();
    let Ok(mut inputs) = Inputs::read(Box::new(Cursor::new(bytes.to_vec())), Path::new(name), options) else { return rows };
    while let Ok(Some(row)) = inputs.read_row() {
        if let Row::Good(record) = &row {
            assert!(!record.example.comment.trim().is_empty());
            assert!(record.example.weight.is_finite());
        }
        rows.push(row);
    }
    rows
}

/// Reads all of an export. No comment may be empty.
pub fn read_export(bytes: &[u8], system: System, name: &str) {
    let Ok(mut reader) = exports::read(system, Box::new(Cursor::new(bytes.to_vec())), Path::new(name), None) else { return };
    while let Ok(Some(item)) = reader.next_item() {
        if let Item::Comment(comment) = item {
            assert!(!comment.text.is_empty());
        }
    }
}

/// A small model with two tasks, one of several labels a comment.
pub fn small_model() -> Model {
    let mut examples = Vec::new();
    for n in 0..12 {
        let article = Some(belowline::input::Article {
            title: "A new tram line".into(),
            body: "The council plans a tram line. It costs money and saves time.".into(),
            url: String::new(),
        });
        for (text, stance, tone) in
            [("great plan, the tram saves time", "favor", "calm"), ("STOP this waste of money!!!", "against", "angry|rude")]
        {
            examples.push(Example {
                comment: format!("{text} {n}"),
                article: article.clone().map(Into::into),
                target: Some("tram".into()),
                labels: vec![Some(stance.into()), Some(tone.into())],
                ..Example::default()
            });
        }
    }
    train(&examples, &["stance".into(), "tone".into()], &Config::default(), &|_, _| {}).expect("the examples can be learned").model
}

/// Scores the usable rows and checks that the numbers are what they claim to be.
pub fn score(model: &Model, rows: &[Row]) -> Vec<Vec<belowline::model::Verdict>> {
    let comments: Vec<_> =
        rows.iter().filter_map(|row| if let Row::Good(record) = row { Some(texts(&record.example)) } else { None }).collect();
    let verdicts = model.scorer().score(&comments);
    for verdict in verdicts.iter().flatten() {
        for &p in &verdict.probabilities {
            assert!((0.0..=1.0).contains(&p), "a probability of {p}");
        }
    }
    verdicts
}
