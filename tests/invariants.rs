//! What must always hold, whatever is thrown at the program.

mod support;

use std::sync::{Arc, OnceLock};

use belowline::config::Config;
use belowline::input::{Article, Example};
use belowline::labels::TaskKind;
use belowline::model::{Model, Verdict, texts};
use belowline::scorer::Scorer;
use belowline::{model_file, training};
use proptest::prelude::*;
use support::{FAST, Folder, HEADER, WITHOUT_ARTICLES, column, comment, comments, table};

fn example(comment: &str, article: &str, parent: &str, target: &str) -> Example {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let article = some(article).map(|body| Arc::new(Article { body, ..Article::default() }));
    Example { comment: comment.into(), article, parent: some(parent), target: some(target), ..Example::default() }
}

/// The labelled comments of the support room, each with an article in its row.
fn examples() -> Vec<Example> {
    let cell = |text: &String| (!text.is_empty()).then(|| text.clone());
    table(&comments())[1..]
        .iter()
        .map(|row| Example {
            labels: vec![cell(&row[5]), cell(&row[6])],
            ..example(&row[4], &format!("What the town says about {}.", row[1]), &row[3], &row[2])
        })
        .collect()
}

fn train(examples: &[Example], config: &str) -> Model {
    let config = Config::parse(config, "test.toml").unwrap();
    let tasks = ["stance".to_owned(), "tone".to_owned()];
    training::train(examples, &tasks, &config, &|_, _| ()).unwrap().model
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| train(&examples(), FAST))
}

/// Every number of a verdict, bit for bit.
fn bits(verdicts: &[Verdict]) -> Vec<(Vec<u64>, Vec<u64>, Vec<usize>)> {
    let bits = |numbers: &[f64]| numbers.iter().map(|n| n.to_bits()).collect();
    verdicts.iter().map(|v| (bits(&v.scores), bits(&v.probabilities), v.predicted.clone())).collect()
}

fn score(scorer: &mut Scorer, examples: &[Example]) -> Vec<Vec<Verdict>> {
    scorer.score(&examples.iter().map(texts).collect::<Vec<_>>())
}

fn alone(scorer: &mut Scorer, example: &Example) -> Vec<Verdict> {
    scorer.score(&[texts(example)]).remove(0)
}

/// Comments with every mixture of contexts: known and unknown, long and missing.
fn mixed() -> Vec<Example> {
    let mut mixed = examples();
    for article in ["", "Free buses for the town, the council says."] {
        for parent in ["", "No, never: our taxes!"] {
            for target in ["", "town council", "The Moon"] {
                mixed.push(example("I oppose free buses 🚌 and WHOLLY new words!!", article, parent, target));
            }
        }
    }
    mixed
}

#[test]
fn a_row_gets_the_same_numbers_alone_in_a_batch_and_in_any_order() {
    let rows = mixed();
    let together = score(&mut model().scorer(), &rows);
    let mut reversed = rows.clone();
    reversed.reverse();
    let mut backwards = score(&mut model().scorer(), &reversed);
    backwards.reverse();
    let mut worn = model().scorer();
    for (i, row) in rows.iter().enumerate() {
        let expected = bits(&together[i]);
        assert_eq!(bits(&backwards[i]), expected, "row {i} in another order");
        assert_eq!(bits(&alone(&mut model().scorer(), row)), expected, "row {i} alone");
        assert_eq!(bits(&alone(&mut worn, row)), expected, "row {i} after the others");
    }
}

#[test]
fn a_row_gets_the_same_numbers_after_so_many_others_that_caches_were_emptied() {
    let rows = mixed();
    let expected: Vec<_> = rows.iter().map(|row| bits(&alone(&mut model().scorer(), row))).collect();
    let mut scorer = model().scorer();
    score(&mut scorer, &rows);
    let words = |from: usize| (from..from + 40_000).map(|i| format!("word{i}x ")).collect::<String>();
    for from in [0, 40_000] {
        alone(&mut scorer, &example(&words(from), "", "", ""));
    }
    for i in 0..1_100 {
        let other = format!("context {i}");
        alone(&mut scorer, &example("Good for all of us", &other, &other, &other));
    }
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(bits(&alone(&mut scorer, row)), expected[i], "row {i}");
    }
}

#[test]
fn a_row_gets_the_same_numbers_after_saving_and_loading() {
    let bytes = model_file::to_bytes(model()).unwrap();
    let loaded = model_file::from_bytes(&bytes, "m".as_ref()).unwrap();
    let rows = mixed();
    let before = score(&mut model().scorer(), &rows);
    let after = score(&mut loaded.scorer(), &rows);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(bits(before), bits(after));
    }
    assert_eq!(model_file::to_bytes(&loaded).unwrap(), bytes);
}

#[test]
fn predictions_do_not_depend_on_threads_order_or_shards() {
    let folder = Folder::with_model();
    // More than two batches, with articles that are shared and some that are not.
    let rows: Vec<String> = (0..600).map(|i| format!("r{i},{}\n", comment(i * 7 + i / 60))).collect();
    let file = |name: &str, rows: &[String]| folder.write(name, format!("{HEADER}\n{}", rows.concat()));
    let reversed: Vec<String> = rows.iter().rev().cloned().collect();
    file("all.csv", &rows);
    file("reversed.csv", &reversed);
    file("one.csv", &rows[..1]);
    file("rest.csv", &rows[1..]);
    file("last.csv", &rows[599..]);
    let predict = |arguments: &str| {
        folder.run(&format!("predict {arguments} -m m --articles articles.csv --explain 2 --quiet")).done()
    };
    let expected = predict("all.csv --threads 1");
    assert_eq!(expected.lines().count(), 601);
    assert_eq!(predict("all.csv --threads 2"), expected);
    assert_eq!(predict("all.csv --threads 7"), expected);
    assert_eq!(predict("one.csv rest.csv --threads 7"), expected);
    assert_eq!(predict("last.csv").lines().nth(1), expected.lines().last());
    let reversed = predict("reversed.csv --threads 7");
    assert!(reversed.lines().skip(1).eq(expected.lines().skip(1).collect::<Vec<_>>().into_iter().rev()));
}

#[test]
fn two_trainings_give_the_same_bytes_at_any_number_of_threads() {
    let folder = Folder::with_comments();
    folder.write("quick.toml", "[validation]\nfolds = 2\nresamples = 50\n");
    folder.write("copy.csv", comments());
    let train = |arguments: &str| folder.run(&format!("train {arguments} --articles articles.csv --quiet")).done();
    train("comments.csv -o a --threads 1 --config quick.toml");
    train("copy.csv -o b --threads 3 --config quick.toml");
    assert!(folder.bytes("a") == folder.bytes("b"), "the models differ");
    train("comments.csv -o c --threads 2 --config quick.toml --seed 1");
    assert!(folder.bytes("a") != folder.bytes("c"), "the seed is part of the model");
}

#[test]
fn rows_in_are_rows_out_and_rejects_and_keep_their_order() {
    let folder = Folder::with_model();
    let mut csv = String::from("id,comment\n");
    for i in 0..700 {
        csv += &match i % 7 {
            3 => format!("{i},\n"),
            5 => format!("{i},one,field too many\n"),
            _ => format!("{i},\"Comment {i},\nin two lines\"\n"),
        };
    }
    folder.write("in.csv", csv);
    let run = folder.run("predict in.csv -m m -o out.csv --rejects rejects.csv --threads 7");
    assert_eq!((run.status, run.out.as_str()), (3, ""));
    assert_eq!(run.err, format!("700 rows read, 500 written, 200 rejected\n{WITHOUT_ARTICLES}"));
    let ids = |wanted: fn(usize) -> bool| (0..700).filter(|&i| wanted(i)).map(|i| i.to_string()).collect::<Vec<_>>();
    assert_eq!(column(&folder.read("out.csv"), "id"), ids(|i| ![3, 5].contains(&(i % 7))));
    let records: Vec<String> = ids(|i| [3, 5].contains(&(i % 7)));
    let rejected = column(&folder.read("rejects.csv"), "row");
    let rejected: Vec<&str> = rejected.iter().filter_map(|row| row.split(',').next()).collect();
    assert_eq!(rejected, records);
}

/// Checks everything that must hold of any comment; gives up by panicking.
fn check(model: &Model, example: &Example) {
    let mut scorer = model.scorer();
    let verdicts = alone(&mut scorer, example);
    let weighed = scorer.weigh(&texts(example));
    for (head, verdict) in model.heads.iter().zip(&verdicts) {
        let p = &verdict.probabilities;
        assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{p:?}");
        assert!((0.0..=1.0).contains(&verdict.confidence()));
        if head.kind == TaskKind::SingleLabel {
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{p:?}");
            assert_eq!(verdict.predicted.len(), 1);
        }
        for class in 0..head.labels.len() {
            let why = weighed.explain(head, &[class]);
            let sum = why.intercept + why.contributions.iter().map(|c| c.contribution).sum::<f64>();
            let raw = if verdict.scores.len() == p.len() {
                verdict.scores[class]
            } else {
                verdict.scores[0] * [-1.0, 1.0][class]
            };
            assert!((sum - raw).abs() < 1e-9 && (why.score - raw).abs() < 1e-9, "{sum} or {} for {raw}", why.score);
        }
    }
}

#[test]
fn probabilities_and_explanations_add_up() {
    mixed().iter().for_each(|row| check(model(), row));
}

#[test]
fn they_add_up_with_two_labels_too() {
    let two: Vec<Example> = examples().into_iter().filter(|e| e.labels[0].as_deref() != Some("none")).collect();
    let model = train(&two, FAST);
    assert_eq!(model.heads[0].labels.names(), ["against", "favor"]);
    mixed().iter().for_each(|row| check(&model, row));
}

#[test]
fn odd_texts_are_scored_like_any_other() {
    let long = ["a", "ß", "🤷🏽‍♀️", "!", "@", ".", "://", "a@", "1", "\u{301}", "\u{200d}", "İ", " \u{a0}", "\u{202e}x"];
    for part in long {
        check(model(), &example(&part.repeat(5_000), &part.repeat(300), &part.repeat(300), &part.repeat(300)));
    }
    for text in
        ["", " ", "\0", "\u{feff}", "\u{fffd}", "\u{10ffff}", "ﷺ", "ǅ", "ΌΣΟΣ", "ισαισα", "e\u{301}\u{301}\u{301}"]
    {
        check(model(), &example(text, text, text, text));
    }
}

#[test]
fn greek_words_that_bring_the_stemmer_down_do_no_harm() {
    let greek: Vec<Example> =
        examples().into_iter().map(|e| Example { comment: format!("{} ισαισα και ΙΣΑΙΣΑ", e.comment), ..e }).collect();
    let model = train(&greek, &format!("language = \"greek\"\n{FAST}"));
    check(&model, &example("ισαισα: ΙΣΑΊΣΑ, ισαισας", "ισαισα", "ισαισα", "ισαισα"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_brings_the_scorer_down(comment in any::<String>(), article in any::<String>(), parent in ".{0,20}") {
        check(model(), &example(&comment, &article, &parent, &comment));
    }

    #[test]
    fn no_text_of_what_the_rules_look_for_brings_the_scorer_down(comment in "[@:/.u0-9a-zéß_+%-]{0,40}[ @.\u{301}😀Σ]{0,9}") {
        check(model(), &example(&comment, &comment, "", &comment));
    }
}

#[test]
fn a_comment_of_ten_megabytes_is_scored() {
    let folder = Folder::with_model();
    let comment = "This plan is a terrible waste, never mind the buses. ".repeat(200_000);
    folder.write("in.csv", format!("id,comment\n1,{:?}\n2,short\n", comment));
    let out = folder.run("predict in.csv -m m --threads 2").done();
    assert_eq!(column(&out, "id"), ["1", "2"]);
    assert_eq!(column(&out, "comment")[0], comment);
    assert!(!column(&out, "stance_pred")[0].is_empty());
}

#[test]
fn personal_data_reach_neither_the_model_nor_the_terminal() {
    let secrets = ["@quillfeather", "jane.roe@postbox.example", "+49 171 5550123", "https://roe.example/jane?id=77"];
    let hidden = ["quill", "jane.", "ne.ro", "postb", "55501", "oe.ex", "zyzzy"];
    let folder = Folder::with_comments();
    let mut csv = format!("{HEADER}\n");
    for i in 0..60 {
        let row = comment(i);
        let secret = if i < 10 { secrets.join(" and ") } else { String::new() };
        let once = if i == 20 { "zyzzyvas" } else { "" };
        // Into comment, parent and target alike.
        let row = row.replacen(",\"", &format!("{secret},\"{secret} {once} "), 1);
        csv += &format!("c{i},{}\n", row.replacen("Town Council", &format!("Town Council {secret}"), 1));
    }
    csv += "c60,buses,,,\"jane.roe@postbox.example zyzzyvas\",favor,\"civil\",too many\n";
    folder.write("secret.csv", csv);
    folder.write("articles.csv", support::ARTICLES.replace("wants", &secrets.join(" and ")));
    let train = "train secret.csv --articles articles.csv --config fast.toml -o m --on-error skip";
    let runs = [
        folder.run(train),
        folder.run("inspect -m m --top 100000"),
        folder.run("evaluate secret.csv --articles articles.csv -m m --on-error skip"),
        folder.run("evaluate secret.csv --articles articles.csv -m m"),
        folder.run("predict secret.csv --articles articles.csv -m m -o out.csv"),
    ];
    assert_eq!(runs.each_ref().map(|run| run.status), [3, 0, 3, 1, 3]);
    let model = folder.bytes("m");
    for hidden in hidden {
        assert!(!model.windows(hidden.len()).any(|part| part == hidden.as_bytes()), "{hidden} in the model");
        for run in &runs {
            assert!(!run.out.contains(hidden) && !run.err.contains(hidden), "{hidden} in {run:?}");
        }
    }
}
