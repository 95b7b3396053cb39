//! Training on top of another model.

mod support;

use belowline::config::Config;
use belowline::input::Example;
use belowline::model::{Model, texts};
use belowline::{model_file, training};
use support::{FAST, accuracy};

const KIND: [&str; 8] = ["splendid", "lovely", "helpful", "charming", "wise", "generous", "graceful", "friendly"];
const RUDE: [&str; 8] = ["rotten", "stupid", "worthless", "pathetic", "miserable", "clueless", "revolting", "shabby"];
const FILLERS: [&str; 7] =
    ["on sundays", "in the town", "for everyone", "as they say", "by the river", "this year", "again"];

/// Comments of which some words tell the label.
fn comments(words: std::ops::Range<usize>, rows: usize, labels: [&str; 2]) -> Vec<Example> {
    let comment = |i: usize| {
        let word = words.start + (i / 2) % words.len();
        let word = if i.is_multiple_of(2) { KIND[word] } else { RUDE[word] };
        Example {
            comment: format!("That is {word} {} {}", FILLERS[i * 3 % 7], FILLERS[(i * 5 + i / 7) % 7]),
            labels: vec![Some(labels[i % 2].into())],
            ..Example::default()
        }
    };
    (0..rows).map(comment).collect()
}

fn train(base: Option<&Model>, examples: &[Example]) -> Model {
    let config = Config::parse(FAST, "test.toml").unwrap();
    training::train_onto(base, examples, &["tone".into()], &config, &|_, _| ()).unwrap().model
}

#[test]
fn few_labels_go_further_from_a_base_whatever_they_are_called() {
    let base = train(None, &comments(0..8, 160, ["kind", "rude"]));
    for labels in [["kind", "rude"], ["publish", "remove"], ["zulu", "alpha"]] {
        // The few labels are about two words a side, the test about the others.
        let few = comments(0..2, 24, labels);
        let others = comments(2..8, 96, labels);
        let (scratch, adapted) = (accuracy(&train(None, &few), &others), accuracy(&train(Some(&base), &few), &others));
        assert!(
            adapted > 0.95 && adapted > scratch + 0.2,
            "{labels:?}: {scratch} from scratch, {adapted} from the base"
        );
    }
}

#[test]
fn enough_labels_overrule_the_base() {
    let base = train(None, &comments(0..8, 160, ["kind", "rude"]));
    // This house calls some of the kind words rude, and the other way round.
    let mut own = comments(0..4, 160, ["kind", "rude"]);
    own.extend(comments(4..8, 160, ["rude", "kind"]));
    let adapted = train(Some(&base), &own);
    assert!(accuracy(&base, &own) < 0.6);
    assert!(accuracy(&adapted, &own) > 0.95, "{}", accuracy(&adapted, &own));
}

#[test]
fn the_same_base_and_labels_give_the_same_bytes_and_the_file_says_where_it_comes_from() {
    let base = train(None, &comments(0..8, 160, ["kind", "rude"]));
    let few = comments(0..2, 24, ["kind", "rude"]);
    let model = train(Some(&base), &few);
    let bytes = model_file::to_bytes(&model).unwrap();
    assert_eq!(bytes, model_file::to_bytes(&train(Some(&base), &few)).unwrap());
    assert_eq!(model.provenance.base.as_deref(), Some(base.provenance.fingerprint.as_str()));
    let loaded = model_file::from_bytes(&bytes, std::path::Path::new("m")).unwrap();
    let rows: Vec<_> = few.iter().map(texts).collect();
    assert_eq!(model.scorer().score(&rows), loaded.scorer().score(&rows));
    assert!(loaded.heads[0].summary.base.iter().any(|score| score.task == "tone" && score.weights[0] > 0.5));
}

#[test]
fn a_base_that_has_seen_the_comments_and_comments_in_another_language_are_warned_of() {
    let config = Config::parse(FAST, "test.toml").unwrap();
    let warnings = |base: &Model, examples: &[Example]| {
        let trained = training::train_onto(Some(base), examples, &["tone".into()], &config, &|_, _| ()).unwrap();
        trained.warnings.join("\n")
    };
    let own = comments(0..8, 160, ["kind", "rude"]);
    let base = train(None, &own);
    assert!(warnings(&base, &own).contains("far too good"));
    assert_eq!(warnings(&base, &own[1..]), "");
    let foreign: Vec<Example> = comments(0..2, 40, ["kind", "rude"])
        .into_iter()
        .enumerate()
        .map(|(i, example)| Example {
            comment: format!("Das ist doch wirklich {} und niemand hat uns gefragt", ["wunderbar", "furchtbar"][i % 2]),
            ..example
        })
        .collect();
    assert!(warnings(&base, &foreign).contains("look like german"), "{}", warnings(&base, &foreign));
}

#[test]
fn a_base_of_another_language_is_refused() {
    let base = train(None, &comments(0..8, 160, ["kind", "rude"]));
    let config = Config::parse("language = \"german\"", "test.toml").unwrap();
    let few = comments(0..2, 24, ["kind", "rude"]);
    let refused = training::train_onto(Some(&base), &few, &["tone".into()], &config, &|_, _| ());
    let message = refused.err().map(|e| e.to_string()).unwrap_or_default();
    assert_eq!(
        message,
        "`language` in the config is german, and the base model's is english: leave it out, or start from a base of that language"
    );
}
