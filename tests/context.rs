//! What articles and targets add, and that they do no harm where they are new.

mod support;

use std::sync::Arc;

use belowline::config::Config;
use belowline::features::layout::Block;
use belowline::features::target_chars::FEWEST_COMMENTS;
use belowline::input::{Article, Example};
use belowline::model::Model;
use belowline::selection::BlockTrial;
use belowline::training;
use support::{FAST, Folder, accuracy};

const FILLERS: [&str; 7] =
    ["on sundays", "in the town", "for everyone", "as they say", "by the river", "this year", "again"];

/// Comments towards targets. Half of them say what they think in words that mean the same for every target, the other half in a
/// word that speaks for every second target and against the others.
fn towards(targets: std::ops::Range<usize>, each: usize) -> Vec<Example> {
    let mut examples = Vec::new();
    for target in targets {
        for i in 0..each {
            let favor = i % 2 == 0;
            let word = match (i / 2) % 2 {
                0 if favor => "splendid",
                0 => "dreadful",
                _ if favor == (target % 2 == 0) => "cheaper",
                _ => "costlier",
            };
            let filler = |n: usize| FILLERS[(i * 3 + target * n) % FILLERS.len()];
            examples.push(Example {
                comment: format!("It gets {word} {} {}", filler(5), filler(1)),
                target: Some(format!("plan number{target}x")),
                labels: vec![Some(if favor { "favor" } else { "against" }.into())],
                ..Example::default()
            });
        }
    }
    examples
}

fn train(examples: &[Example], config: &str) -> Model {
    let config = Config::parse(config, "test.toml").unwrap();
    training::train(examples, &["stance".into()], &config, &|_, _| ()).unwrap().model
}

fn without_target_words() -> String {
    format!("{FAST}\n[features.target_words]\nweight = 0.0\n")
}

#[test]
fn words_joined_with_the_target_pay_on_few_targets_and_on_many() {
    for (targets, each) in [(5, 80), (180, 24)] {
        let examples = towards(0..targets, each);
        // With two folds a target of 24 comments has three left for each of its words.
        let score = |config: &str| {
            let model = train(&examples, &config.replace("folds = 2", "folds = 4"));
            model.heads[0].summary.figures.estimate.value
        };
        let (with, without) = (score(FAST), score(&without_target_words()));
        assert!(with > without + 0.1, "{targets} targets: {with} with target_words, {without} without");
    }
}

#[test]
fn a_target_never_seen_falls_back_on_what_all_targets_share() {
    let (seen, new) = (towards(0..30, 12), towards(30..40, 12));
    let (with, without) = (train(&seen, FAST), train(&seen, &without_target_words()));
    let (with, without) = (accuracy(&with, &new), accuracy(&without, &new));
    assert!(without > 0.7, "{without}");
    assert!(with > without - 0.03, "{with} with target_words, {without} without");
}

/// Headlines under articles; whether they belong together is all that the label says, and every headline stands under many articles.
fn headlines() -> Vec<Example> {
    let topics = ["harbour cranes", "school lunches", "tram tickets", "town festival", "river bridge", "night buses"];
    let mut examples = Vec::new();
    for article in 0..24usize {
        let topic = topics[article % topics.len()];
        let body = format!(
            "Report {article}. The council talked about {topic} for hours. Nobody left before the vote on {topic}."
        );
        for (i, other) in topics.iter().enumerate() {
            let related = *other == topic;
            // Each related headline twice, so that the labels are not too uneven.
            for copy in 0..if related { 2 } else { 1 } {
                examples.push(Example {
                    comment: format!("Council decides on {other} number{}", (article + i + copy) % 3),
                    article: Some(Arc::new(Article { body: body.clone(), ..Article::default() })),
                    article_id: Some(format!("a{article}")),
                    labels: vec![Some(if related { "related" } else { "unrelated" }.into())],
                    ..Example::default()
                });
            }
        }
    }
    examples
}

#[test]
fn similarity_tells_what_words_cannot() {
    let examples = headlines();
    let with = train(&examples, FAST);
    let figures = &with.heads[0].summary.figures;
    assert!(figures.estimate.value > 0.9, "{}", figures.estimate.value);
    let blind = [Block::Similarity, Block::SharedWords, Block::RelatedWords, Block::LeadWords]
        .map(|block| format!("[features.{}]\nweight = 0.0\n", block.name()))
        .concat();
    let without = train(&examples, &format!("{FAST}\n{blind}"));
    assert!(without.heads[0].summary.figures.estimate.value < 0.7);
}

#[test]
fn n_grams_joined_with_the_target_come_in_where_they_tell_more_than_words() {
    // No word comes twice. A syllable in it speaks for one target and against the other.
    let example = |i: usize| {
        let (target, syllable) = (i % 2, (i / 2) % 2);
        let letters: String = (0..6).map(|place| char::from(b'a' + (i / 5usize.pow(place) % 5) as u8)).collect();
        Example {
            comment: format!("{}{}{}", &letters[..3], ["zug", "wox"][syllable], &letters[3..]),
            target: Some(["buses", "trams"][target].into()),
            labels: vec![Some(["favor", "against"][(target + syllable) % 2].into())],
            ..Example::default()
        }
    };
    let train = |rows: usize| train(&(0..rows).map(example).collect::<Vec<_>>(), "[validation]\nresamples = 10\n");
    let model = train(400);
    let summary = &model.heads[0].summary;
    assert_eq!(summary.chosen.blocks.of(Block::TargetChars), 1.0, "{:?}", summary.blocks);
    assert!(summary.figures.estimate.value > 0.95, "{}", summary.figures.estimate.value);
    let scored = |target: &str| {
        let row = Example { comment: "mnozugpqr".into(), target: Some(target.into()), ..Example::default() };
        model.scorer().score(&[belowline::model::texts(&row)])[0][0].predicted.clone()
    };
    let class = |label: &str| vec![model.heads[0].labels.index(label).unwrap()];
    assert_eq!((scored("buses"), scored("trams")), (class("favor"), class("against")));
    // Too few comments for each of the two.
    let few = train(2 * FEWEST_COMMENTS - 2);
    assert!(few.layout().range(Block::TargetChars).is_empty());
    assert!(few.heads[0].summary.blocks.iter().all(|trial| trial.block != Block::TargetChars));
}

#[test]
fn where_most_comments_are_copies_folds_keep_articles_and_texts_apart_at_once() {
    let model = train(&headlines(), FAST);
    let figures = &model.heads[0].summary.figures;
    assert_eq!(figures.grouped_by, "article and text");
    assert_eq!(figures.question, "new comments under articles never seen");
    let judged: f64 = figures.labels.iter().map(|l| l.support).sum();
    assert!(judged > 0.0 && judged < 0.7 * headlines().len() as f64, "{judged}");
}

#[test]
fn the_summary_says_what_each_block_is_worth_and_what_a_confidence_keeps() {
    let examples = headlines();
    let model = train(&examples, "[validation]\nresamples = 50\n");
    let summary = &model.heads[0].summary;
    let plain = model.config.features.weights().without_optional();
    let tried: Vec<(Block, f64)> = summary.blocks.iter().map(|b| (b.block, b.weight)).collect();
    let used = Block::ALL.into_iter().filter(|b| !matches!(b, Block::TargetWords | Block::TargetChars));
    let weights = |b: Block| [0.0].into_iter().chain(b.reads_context().then(|| 2.0 * plain.of(b)));
    assert_eq!(tried, used.flat_map(|b| weights(b).map(move |weight| (b, weight))).collect::<Vec<_>>());
    for block in Block::ALL {
        let chosen = summary.chosen.blocks.of(block);
        let is_better = |b: &BlockTrial| b.block == block && b.weight == chosen && b.loss < -b.error;
        assert!(chosen == plain.of(block) || summary.blocks.iter().any(is_better), "{block:?} at {chosen}");
        // What is not used is not there, unless other blocks refer to it.
        assert!(chosen > 0.0 || !block.stands_alone() || model.layout().range(block).is_empty(), "{block:?}");
    }
    let coverage = &summary.figures.coverage;
    assert_eq!((coverage[0].min_conf, coverage[0].coverage), (0.0, 1.0));
    assert!(coverage.windows(2).all(|w| w[0].coverage >= w[1].coverage));
    assert!((coverage[0].accuracy.unwrap() - summary.figures.accuracy).abs() < 1e-12);
}

#[test]
fn evaluate_tells_articles_that_training_saw_from_others() {
    let folder = Folder::with_model();
    let rows = support::comments();
    let renamed: Vec<String> = rows
        .lines()
        .enumerate()
        .map(|(i, line)| if i > 0 && i % 2 == 0 { line.replacen(',', ",new", 1) } else { line.to_owned() })
        .collect();
    folder.write("mixed.csv", renamed.join("\n") + "\n");
    let out = folder.run("evaluate mixed.csv -m m").done();
    assert!(out.contains("comments under articles seen in training"), "{out}");
    assert!(out.contains("comments under articles never seen"), "{out}");
    assert!(out.contains("With --min-conf") && out.contains("Reliability"), "{out}");
    let out = folder.run("evaluate comments.csv -m m").done();
    assert!(!out.contains("comments under articles never seen"), "{out}");
}
