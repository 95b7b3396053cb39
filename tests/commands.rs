//! What every subcommand reads and writes.

mod support;

use std::io::Write;

use serde_json::Value;
use support::{Folder, WITHOUT_ARTICLES, column, table};

const STANCE: &str = "stance_pred,stance_conf,stance_p_against,stance_p_favor,stance_p_none,stance_score";
const TONE: &str = "tone_pred,tone_conf,tone_p_angry,tone_p_civil,tone_p_hostile";
const NEW: &str =
    "id,comment\nn1,I fully support the buses. Thank you!\nn2,\"What a waste, you idiots make me so angry\"\n";

/// A folder with the model and two new comments in `new.csv`.
fn folder() -> Folder {
    let folder = Folder::with_model();
    folder.write("new.csv", NEW);
    folder
}

fn number(cell: &str) -> f64 {
    assert_eq!(cell.len() - cell.find('.').unwrap(), 7, "six decimals: {cell}");
    cell.parse().unwrap()
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn predictions_are_appended_as_columns() {
    let out = folder().run("predict new.csv -m m").done();
    assert_eq!(out.lines().next().unwrap(), format!("id,comment,{STANCE},{TONE}"));
    assert_eq!(
        column(&out, "comment"),
        ["I fully support the buses. Thank you!", "What a waste, you idiots make me so angry"]
    );
    assert_eq!(column(&out, "stance_pred"), ["favor", "against"]);
    assert_eq!(column(&out, "tone_pred"), ["civil", "angry|hostile"]);
    let numbers = |name| column(&out, name).iter().map(|cell| number(cell)).collect::<Vec<_>>();
    let (against, favor, none) = (numbers("stance_p_against"), numbers("stance_p_favor"), numbers("stance_p_none"));
    for row in 0..2 {
        assert!((against[row] + favor[row] + none[row] - 1.0).abs() < 2e-6);
        assert!((numbers("stance_score")[row] - (favor[row] - against[row])).abs() < 2e-6);
    }
    assert_eq!(numbers("stance_conf"), [favor[0], against[1]]);
    let lowest = numbers("tone_p_angry")[1].min(numbers("tone_p_hostile")[1]);
    assert_eq!(numbers("tone_conf"), [numbers("tone_p_civil")[0], lowest]);
}

#[test]
fn json_lines_hold_the_same_numbers_in_one_object() {
    let folder = folder();
    folder.write("new.jsonl", "{\"n\":[1,2.50],\"comment\":\"I fully support the buses. Thank you!\"}\n");
    let csv = folder.run("predict new.csv -m m").done();
    let of_csv = json_lines(&folder.run("predict new.csv -m m --format jsonl").done());
    let of_json = json_lines(&folder.run("predict new.jsonl -m m").done());
    assert_eq!(of_csv[0]["belowline"], of_json[0]["belowline"]);
    assert_eq!(of_json[0]["n"].to_string(), "[1,2.5]");
    assert_eq!(of_csv[1]["id"], "n2");
    for (row, line) in of_csv.iter().enumerate() {
        let (stance, tone) = (&line["belowline"]["stance"], &line["belowline"]["tone"]);
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(line), ["id", "comment", "belowline"]);
        assert_eq!(keys(stance), ["pred", "conf", "p", "score"]);
        assert_eq!(keys(tone), ["pred", "conf", "p"]);
        assert_eq!(keys(&tone["p"]), ["angry", "civil", "hostile"]);
        let same = |value: &Value, name: &str| {
            assert_eq!(value.as_f64().unwrap(), number(&column(&csv, name)[row]), "{name}");
        };
        same(&stance["conf"], "stance_conf");
        same(&stance["p"]["none"], "stance_p_none");
        same(&stance["score"], "stance_score");
        same(&tone["p"]["hostile"], "tone_p_hostile");
        let labels = |value: &Value| {
            value.as_array().unwrap().iter().map(|l| l.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("|")
        };
        assert_eq!(labels(&stance["pred"]), column(&csv, "stance_pred")[row]);
        assert_eq!(labels(&tone["pred"]), column(&csv, "tone_pred")[row]);
    }
}

#[test]
fn json_lines_become_csv_on_demand() {
    let folder = folder();
    folder.write(
        "new.jsonl",
        "{\"id\":7,\"comment\":\"Bad, for all\"}\n{\"comment\":\"b\"}\n{\"comment\":\"c\",\"more\":1}\n{\"id\":null,\"comment\":\"d\"}\n",
    );
    let run = folder.run("predict new.jsonl -m m -o out.csv");
    assert_eq!(run.status, 3);
    assert_eq!(
        run.err.lines().next().unwrap(),
        "rejected: new.jsonl, line 3, record 3, byte 50, column `more`: the first row has no such key, so there is no \
         column for it; use --format jsonl"
    );
    let out = folder.read("out.csv");
    assert_eq!(out.lines().next().unwrap(), format!("id,comment,{STANCE},{TONE}"));
    assert_eq!(column(&out, "id"), ["7", "", ""]);
    assert_eq!(column(&out, "comment"), ["Bad, for all", "b", "d"]);
}

#[test]
fn explain_adds_the_strongest_features_for_the_prediction() {
    let folder = folder();
    let out = folder.run("predict new.csv -m m --explain 3").done();
    let header = out.lines().next().unwrap();
    assert_eq!(header, format!("id,comment,{STANCE},stance_why,{TONE},tone_why"));
    for cell in column(&out, "stance_why").iter().chain(&column(&out, "tone_why")) {
        let why: Value = serde_json::from_str(cell).unwrap();
        let why = why.as_array().unwrap();
        let sizes: Vec<f64> = why.iter().map(|part| part["contribution"].as_f64().unwrap().abs()).collect();
        assert_eq!(sizes.len(), 3);
        assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
        assert!(why.iter().all(|part| part["block"].is_string() && part["term"].is_string()));
    }
    let json = json_lines(&folder.run("predict new.csv -m m --explain 3 --format jsonl").done());
    assert_eq!(json[0]["belowline"]["stance"]["why"].to_string(), column(&out, "stance_why")[0]);
    let none = folder.run("predict new.csv -m m --explain 0").done();
    assert_eq!(column(&none, "tone_why"), ["[]", "[]"]);
}

#[test]
fn below_the_wanted_confidence_the_label_is_empty_and_the_numbers_stay() {
    let folder = folder();
    let all = folder.run("predict new.csv -m m").done();
    let none = folder.run("predict new.csv -m m --min-conf 1").done();
    assert_eq!(column(&none, "stance_pred"), ["", ""]);
    assert_eq!(column(&none, "tone_pred"), ["", ""]);
    for name in ["stance_conf", "stance_p_favor", "stance_score", "tone_conf"] {
        assert_eq!(column(&none, name), column(&all, name));
    }
    let json = json_lines(&folder.run("predict new.csv -m m --min-conf 1 --format jsonl").done());
    assert_eq!(json[0]["belowline"]["tone"]["pred"], Value::Array(Vec::new()));
}

#[test]
fn a_threshold_moves_one_label() {
    let folder = folder();
    let tone = |threshold: &str| column(&folder.run(&format!("predict new.csv -m m {threshold}")).done(), "tone_pred");
    assert_eq!(tone("--threshold tone:hostile=1"), ["civil", "angry"]);
    assert_eq!(tone("--threshold tone:hostile=0.000001"), ["civil|hostile", "angry|hostile"]);
}

#[test]
fn every_kind_of_input_gives_the_same_labels() {
    let folder = folder();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(NEW.as_bytes()).unwrap();
    folder.write("new.csv.gz", gzip.finish().unwrap());
    let tsv = "id\tcomment\nn1\tI fully support the buses. Thank you!\nn2\tWhat a waste, you idiots make me so angry\n";
    folder.write("new.tsv", tsv);
    let utf16: Vec<u8> = format!("\u{feff}{NEW}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    folder.write("utf16.csv", utf16);
    let jsonl = "{\"id\":\"n1\",\"comment\":\"I fully support the buses. Thank you!\"}\n\
                 {\"id\":\"n2\",\"comment\":\"What a waste, you idiots make me so angry\"}\n";
    folder.write("new.jsonl.zst", zstd::encode_all(jsonl.as_bytes(), 1).unwrap());
    let expected = folder.run("predict new.csv -m m").done();
    for input in ["new.csv.gz", "new.tsv", "utf16.csv", "new.jsonl.zst"] {
        assert_eq!(folder.run(&format!("predict {input} -m m --format csv")).done(), expected, "{input}");
    }
    for input in [NEW, tsv] {
        assert_eq!(folder.run_on("predict - -m m", input).done(), expected);
    }
    assert_eq!(folder.run_on("predict - -m m --format csv", jsonl).done(), expected);
    assert_eq!(folder.run("predict new.csv -m m -o out.csv").done(), "");
    assert_eq!(folder.read("out.csv"), expected);
    folder.run("predict new.csv -m m -o out.jsonl").done();
    assert_eq!(folder.read("out.jsonl"), folder.run("predict new.csv -m m --format jsonl").done());
}

#[test]
fn several_inputs_become_one_output() {
    let folder = folder();
    folder.write("more.csv", "id,comment\nn3,Who wrote this piece?\n");
    let run = folder.run("predict new.csv more.csv -m m");
    assert_eq!(run.err, format!("3 rows read, 3 written, 0 rejected\n{WITHOUT_ARTICLES}"));
    assert_eq!(column(&run.done(), "id"), ["n1", "n2", "n3"]);
    assert_eq!(folder.run("predict new.csv more.csv -m m --quiet").err, "");
}

#[test]
fn a_column_of_another_name_takes_its_role() {
    let folder = folder();
    folder.write("other.csv", NEW.replacen("id,comment", "id,body", 1));
    let out = folder.run("predict other.csv -m m --column comment=body").done();
    let expected = folder.run("predict new.csv -m m").done();
    assert_eq!(out, expected.replacen("id,comment", "id,body", 1));
}

#[test]
fn an_article_counts_the_same_from_its_file_and_from_the_row() {
    let folder = folder();
    folder.write("titles.csv", "article_id,title\nb,The town council wants free buses.\n");
    folder.write("joined.csv", "article_id,comment\nb,The council wants free buses?\n,The council wants free buses?\n");
    folder.write(
        "inline.csv",
        "article_id,article,comment\nb,The town council wants free buses.,The council wants free buses?\n",
    );
    let p = |arguments: &str| {
        column(&folder.run(&format!("predict {arguments} -m m --explain 100000")).done(), "stance_why")
    };
    let joined = p("joined.csv --articles titles.csv");
    assert!(joined[0].contains("\"similarity\""), "{}", joined[0]);
    assert!(!joined[1].contains("\"similarity\""), "{}", joined[1]);
    assert_eq!(p("joined.csv"), [joined[1].clone(), joined[1].clone()], "without the file the id says nothing");
    let cosine = |why: &str| {
        let why: Vec<Value> = serde_json::from_str(why).unwrap();
        why.into_iter().filter(|part| part["block"] == "similarity").collect::<Vec<_>>()
    };
    assert_eq!(cosine(&p("inline.csv")[0]), cosine(&joined[0]));
    assert_eq!(p("inline.csv --articles articles.csv"), p("inline.csv"), "the row's own article wins");
}

#[test]
fn missing_articles_are_missed_only_by_a_model_that_knows_some() {
    let folder = folder();
    assert!(folder.run("predict new.csv -m m").err.contains(WITHOUT_ARTICLES));
    folder.write("targets.csv", support::comments().replacen(",parent,", ",thread,", 1));
    folder.run("train targets.csv --config fast.toml -o targets").done();
    assert!(!folder.run("predict new.csv -m targets").err.contains("warning"));
}

#[test]
fn evaluate_measures_each_task() {
    let folder = folder();
    let text = folder.run("evaluate comments.csv --articles articles.csv -m m").done();
    assert!(text.starts_with("Task stance: 60 labelled rows\n"), "{text}");
    assert!(text.contains("\nTask tone: 60 labelled rows\n"), "{text}");
    let json = folder.run("evaluate comments.csv --articles articles.csv -m m --format json").done();
    let json: Value = serde_json::from_str(&json).unwrap();
    let stance = &json["tasks"][0];
    assert_eq!((&stance["task"], &stance["rows"]), (&"stance".into(), &60.into()));
    assert_eq!(stance["figures"]["clusters"], "articles");
    assert!(stance["figures"]["accuracy"].as_f64().unwrap() > 0.9, "{stance}");
    assert_eq!(stance["difference"], Value::Null);
    folder.run("evaluate comments.csv --articles articles.csv -m m -o report.txt").done();
    assert_eq!(folder.read("report.txt"), text);
}

#[test]
fn evaluate_compares_two_models_on_the_same_rows() {
    let folder = folder();
    folder.write("half.csv", support::comments().lines().take(25).map(|l| format!("{l}\n")).collect::<String>());
    folder.run("train half.csv --config fast.toml -o half").done();
    let run = folder.run("evaluate comments.csv -m m --against half --format json");
    let json: Value = serde_json::from_str(&run.done()).unwrap();
    let difference = &json["tasks"][0]["difference"];
    assert_eq!(difference["against"], "half");
    let value = |v: &Value| v.as_f64().unwrap();
    let own = value(&json["tasks"][0]["figures"]["estimate"]["value"]);
    assert!((own - value(&difference["other"]) - value(&difference["difference"]["value"])).abs() < 1e-12);
    let same = folder.run("evaluate comments.csv -m m --against m").done();
    assert!(same.contains("difference +0.000 (95% interval +0.000 to +0.000, paired)"), "{same}");
}

#[test]
fn inspect_shows_labels_blocks_features_and_origin() {
    let folder = folder();
    let text = folder.run("inspect -m m --top 2").done();
    assert!(text.starts_with("Trained by belowline 0.1.0 on 60 comments (SHA-256 "), "{text}");
    for line in ["Language: english\n", "\nTask stance\n", "  Strongest for favor (number 1):\n", "\nTask tone\n"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let json: Value = serde_json::from_str(&folder.run("inspect -m m --top 2 --format json").done()).unwrap();
    let label = &json["tasks"][0]["labels"][0];
    assert_eq!((&label["label"], &label["number"]), (&"against".into(), &(-1.0).into()));
    assert_eq!(label["features"].as_array().unwrap().len(), 2);
    assert_eq!(json["provenance"]["comments"], 60);
}

#[test]
fn train_tells_what_it_chose_and_measured() {
    let folder = Folder::with_comments();
    let out = folder.run("train comments.csv --articles articles.csv --config fast.toml -o m").done();
    assert!(out.starts_with("Features: "), "{out}");
    assert!(out.contains("\nTask stance (one label a comment, 3 labels)\n"), "{out}");
    assert!(out.contains("\nTask tone (any number of labels a comment, 3 labels)\n"), "{out}");
    assert!(out.contains("\n60 rows read, 60 used, 0 rejected. Model of "), "{out}");
    assert!(out.ends_with(" written to m\n"), "{out}");
    assert_eq!(folder.bytes("m"), support::model());
}

#[test]
fn a_task_is_any_column_and_blank_is_not_labelled() {
    let folder = Folder::with_comments();
    let csv = support::comments().replacen("stance,tone", "view,tone", 1).replace(",none,", ",,");
    folder.write("in.csv", csv);
    let out = folder.run("train in.csv --task view --config fast.toml -o m").done();
    assert!(out.contains("\nTask view (one label a comment, 2 labels)\n  40 labelled rows, "), "{out}");
    let out = folder.run("predict comments.csv -m m").done();
    assert!(
        out.lines().next().unwrap().ends_with("view_pred,view_conf,view_p_against,view_p_favor,view_score"),
        "{out}"
    );
}

#[test]
fn out_of_fold_has_a_row_for_each_labelled_row() {
    let folder = Folder::with_comments();
    // Stance is blank in every third row, tone in every fourth.
    folder.write("in.csv", support::comments().replace(",none,", ",,").replace(",|\n", ",\n"));
    folder.run("train in.csv --config fast.toml -o m --out-of-fold held.csv").done();
    let held = folder.read("held.csv");
    assert_eq!(
        held.lines().next().unwrap(),
        "row,id,stance_fold,stance,stance_pred,stance_conf,stance_p_against,stance_p_favor,\
         tone_fold,tone,tone_pred,tone_conf,tone_p_angry,tone_p_civil,tone_p_hostile"
    );
    let input = table(&folder.read("in.csv"));
    let labelled: Vec<&Vec<String>> =
        input[1..].iter().filter(|row| !row[5].is_empty() || !row[6].is_empty()).collect();
    assert!(labelled.len() < 60);
    let expected = |place: usize| labelled.iter().map(|row| row[place].clone()).collect::<Vec<_>>();
    assert_eq!(column(&held, "id"), expected(0));
    assert_eq!(column(&held, "stance"), expected(5));
    assert_eq!(column(&held, "tone"), expected(6));
    for row in &table(&held)[1..] {
        assert_eq!(row[3].is_empty(), row[4].is_empty(), "a prediction where there is a label: {row:?}");
    }
}

#[test]
fn a_fold_column_fixes_the_folds() {
    let folder = Folder::with_comments();
    let mut csv = String::new();
    for (i, line) in support::comments().lines().enumerate() {
        csv += &if i == 0 { format!("{line},fold\n") } else { format!("{line},{}\n", ["x", "y", "z"][i / 7 % 3]) };
    }
    folder.write("in.csv", csv);
    let out = folder.run("train in.csv --config fast.toml -o m --out-of-fold held.csv").done();
    assert!(out.contains("Measured: rows of folds that the data prescribe, 3 folds by fold, "), "{out}");
    let expected: Vec<String> = (1..=60).map(|i| (i / 7 % 3).to_string()).collect();
    assert_eq!(column(&folder.read("held.csv"), "stance_fold"), expected);
    assert_eq!(column(&folder.read("held.csv"), "tone_fold"), expected);
}

#[test]
fn the_example_data_can_be_trained_on_and_scored() {
    let folder = Folder::new();
    folder.write("fast.toml", support::FAST);
    for name in ["comments.csv", "articles.csv", "new-comments.csv"] {
        let path = format!("{}/training/{name}", env!("CARGO_MANIFEST_DIR"));
        folder.write(name, std::fs::read(path).unwrap());
    }
    folder.run("train comments.csv --articles articles.csv --config fast.toml -o m").done();
    let out = folder.run("predict new-comments.csv --articles articles.csv -m m").done();
    assert_eq!(column(&out, "id"), column(&folder.read("new-comments.csv"), "id"));
}

#[test]
fn packagers_get_completions_and_a_manual_page() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(folder.run(&format!("completions {shell}")).done().contains("belowline"), "{shell}");
    }
    let page = folder.run("man").done();
    assert!(page.starts_with(".ie") || page.starts_with(".TH"), "{page}");
    for command in ["train", "predict", "evaluate", "report", "explain", "inspect", "sample", "extract", "import"] {
        assert!(page.contains(&format!("belowline {command}")), "{command}");
    }
}

#[test]
fn help_is_as_recorded() {
    let folder = Folder::new();
    for command in ["", "train", "predict", "evaluate", "report", "explain", "inspect", "sample", "extract", "import"] {
        let name = format!("help {command}").trim_end().replace(' ', "_");
        let help = folder.run(&format!("{command} --help")).done().replace(".exe", "");
        insta::assert_snapshot!(name, help);
    }
    assert_eq!(folder.run("--version").done(), format!("belowline {}\n", env!("CARGO_PKG_VERSION")));
}
