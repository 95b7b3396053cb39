//! Of large data not all folds are held out.

mod support;

use belowline::config::Config;
use belowline::input::Example;
use belowline::training::{self, Trained};
use support::{FAST, Folder, column};

const PRAISE: [&str; 4] = ["splendid", "lovely", "grand", "fine"];
const BLAME: [&str; 4] = ["dreadful", "awful", "poor", "sad"];
const COMMENTS: usize = 3_000;

/// The text and tone of a comment like no other. Every seventh says the opposite of what it is labelled.
fn comment(i: usize) -> (String, &'static str) {
    let kind = i.is_multiple_of(2);
    let words = if kind == (i % 14 > 1) { PRAISE } else { BLAME };
    // The number makes each comment one of a kind, and says nothing of its label.
    let number = i * 7_919 % 10_007;
    (format!("The {} bridge number{number}x is there", words[(i / 2) % 4]), if kind { "kind" } else { "cross" })
}

/// `rare` of the comments have a label of their own.
fn examples(rare: usize) -> Vec<Example> {
    let example = |i: usize| {
        let (comment, tone) = comment(i);
        let tone = if i < rare { "odd" } else { tone };
        Example { comment, labels: vec![Some(tone.into())], ..Example::default() }
    };
    (0..COMMENTS).map(example).collect()
}

fn train(examples: &[Example], config: &str) -> Trained {
    let config = Config::parse(config, "test.toml").unwrap();
    training::train(examples, &["tone".into()], &config, &|_, _| ()).unwrap()
}

/// Quick settings by which five folds hold out 600 rows each, of which two are enough.
fn config(search: &str) -> String {
    format!("[training]\nsearch = \"{search}\"\n[validation]\nheld_out_rows = 1000\nresamples = 20\n")
}

#[test]
fn folds_are_held_out_until_there_are_rows_enough() {
    let examples = examples(0);
    let trained = train(&examples, &config("quick"));
    let (summary, held_out) = (&trained.model.heads[0].summary, &trained.out_of_fold[0][0]);
    assert_eq!((summary.figures.folds, summary.figures.held_out), (5, Some(2)));
    assert_eq!(held_out.rows.len(), 1_200);
    assert!(held_out.folds.iter().all(|&fold| fold < 2));
    assert!((0.8..0.9).contains(&summary.figures.accuracy), "{}", summary.figures.accuracy);

    // What is chosen is chosen as if all of them were.
    let all = train(&examples, &config("quick").replace("= 1000", "= 1000000"));
    let of_all = &all.model.heads[0].summary;
    assert_eq!((of_all.figures.folds, of_all.figures.held_out), (5, None));
    assert_eq!(all.out_of_fold[0][0].rows.len(), COMMENTS);
    assert_eq!((summary.chosen, &summary.tried), (of_all.chosen, &of_all.tried));
    // And measured as well.
    let figures = [&summary.figures, &of_all.figures];
    let [some, every] = figures.map(|f| [f.accuracy, f.calibration_error]);
    assert!(some.iter().zip(every).all(|(a, b)| (a - b).abs() < 0.02), "{some:?} {every:?}");
}

#[test]
fn a_rare_label_few_groups_or_a_large_one_take_all_folds() {
    let rare = train(&examples(40), &config("none"));
    assert_eq!(rare.model.heads[0].summary.figures.held_out, None);
    let mut grouped = examples(0);
    grouped.iter_mut().enumerate().for_each(|(i, e)| e.author = Some(format!("author {}", i % 300)));
    let by_author = train(&grouped, &format!("{}group_by = \"author\"\n", config("none")));
    assert_eq!(by_author.model.heads[0].summary.figures.held_out, None);
    // One author of every tenth comment, and many of one each.
    grouped
        .iter_mut()
        .enumerate()
        .for_each(|(i, e)| e.author = Some(format!("author {}", if i % 10 > 0 { i } else { 0 })));
    let prolific = train(&grouped, &format!("{}group_by = \"author\"\n", config("none")));
    assert_eq!(prolific.model.heads[0].summary.figures.held_out, None);
    grouped.iter_mut().enumerate().for_each(|(i, e)| e.author = Some(format!("author {i}")));
    let of_one_each = train(&grouped, &format!("{}group_by = \"author\"\n", config("none")));
    assert_eq!(of_one_each.model.heads[0].summary.figures.held_out, Some(2));
}

#[test]
fn the_summary_says_so_and_a_file_without_the_other_rows_comes_with_a_warning() {
    let folder = Folder::new();
    let row = |i: usize| {
        let (text, tone) = comment(i);
        format!("{text},{tone},{}\n", if i < 40 { "favor" } else { "against" })
    };
    folder.write("many.csv", format!("comment,tone,stance\n{}", (0..COMMENTS).map(row).collect::<String>()));
    folder.write("two.toml", config("none"));
    folder.write("all.toml", FAST);
    let run = folder.run("train many.csv --task tone --config two.toml -o m --out-of-fold held.csv");
    assert!(run.err.contains("`tone`: 2 of 5 folds were held out"), "{}", run.err);
    assert!(run.err.contains("raise validation.held_out_rows"), "{}", run.err);
    assert!(run.done().contains("2 of 5 folds by text, nothing chosen"));
    assert_eq!(folder.read("held.csv").lines().count(), 1 + 1_200);
    let run = folder.run("train many.csv --task tone --config all.toml -o m --out-of-fold held.csv");
    assert!(!run.err.contains("held out"), "{}", run.err);
    assert_eq!(folder.read("held.csv").lines().count(), 1 + COMMENTS);

    // Another task, whose label is rare, takes all folds: its rows keep the first one's label.
    folder.run("train many.csv --config two.toml -o m --out-of-fold held.csv").done();
    let held = folder.read("held.csv");
    let filled = |name| column(&held, name).iter().filter(|cell| !cell.is_empty()).count();
    assert_eq!((filled("stance_pred"), filled("tone_pred")), (COMMENTS, 1_200));
    assert_eq!(column(&held, "tone"), (0..COMMENTS).map(|i| comment(i).1).collect::<Vec<_>>());
}
