//! The model that is part of the program.

mod support;

use support::{Folder, table};

const COMMENTS: &str = "id,comment\n1,\"Thank you for writing this, it made my day.\"\n2,\"I am so sick of this, what a rotten mess!\"\n3,They close at six.\n";

#[test]
fn predict_without_a_model_scores_tone_and_hostility_and_says_how_to_get_stance() {
    let folder = Folder::new();
    folder.write("in.csv", COMMENTS);
    let run = folder.run("predict in.csv -o out.csv");
    assert_eq!(run.status, 0, "{}", run.err);
    let said: Vec<&str> = run.err.lines().collect();
    assert_eq!(said[0], "3 rows read, 3 written, 0 rejected");
    assert!(said[1].contains("built-in model") && said[1].contains("--task stance"), "{}", run.err);
    assert_eq!(said.len(), 2, "{}", run.err);
    let rows = table(&folder.read("out.csv"));
    let column = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
    assert!(!rows[0].iter().any(|column| column.starts_with("stance")));
    let probability = |row: usize, name: &str| rows[row][column(name)].parse::<f64>().unwrap();
    assert!(rows[1][column("tone_pred")].contains("supportive"));
    assert!(rows[2][column("tone_pred")].contains("angry"));
    assert_eq!(rows[3][column("tone_pred")], "");
    assert!(probability(2, "hostility_p_hostile") > probability(3, "hostility_p_hostile"));
    // By its name it is the same model, and says the same.
    assert_eq!(folder.run("predict in.csv -m builtin -o named.csv").err, run.err);
    assert_eq!(folder.read("named.csv"), folder.read("out.csv"));
}

#[test]
fn a_report_without_a_model_tells_where_the_model_fails() {
    let folder = Folder::new();
    folder.write("in.csv", COMMENTS);
    assert_eq!(folder.run("report in.csv -o report.json").status, 0);
    let report: serde_json::Value = serde_json::from_str(&folder.read("report.json")).unwrap();
    let kinds: Vec<&str> =
        report["caveats"].as_array().unwrap().iter().map(|caveat| caveat["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"model-note"), "{kinds:?}");
    assert!(report["model"]["note"].as_str().unwrap().contains("English"));
    // Comments that come with scores are not scored again, and nobody answers for them.
    folder.run("predict in.csv -o scored.csv --quiet");
    assert_eq!(folder.run("report scored.csv -o scored.json").status, 0);
    let report: serde_json::Value = serde_json::from_str(&folder.read("scored.json")).unwrap();
    assert!(report["model"].is_null());
}

#[test]
fn inspect_prints_the_card_and_explain_and_evaluate_need_no_model() {
    let folder = Folder::new();
    let card = std::fs::read_to_string("models/english.md").unwrap();
    let run = folder.run("inspect");
    assert!(run.status == 0 && run.out.starts_with(&card), "{}", run.err);
    let json: serde_json::Value = serde_json::from_str(&folder.run("inspect --format json").out).unwrap();
    assert_eq!(json["card"].as_str(), Some(card.as_str()));
    assert!(json["blocks"][1]["bytes"].as_u64().unwrap() > 100_000);
    let run = folder.run("explain --text splendid");
    assert!(run.status == 0 && run.out.contains("hostility: not_hostile"), "{}{}", run.out, run.err);
    folder.write("labelled.csv", "comment,hostility\nThank you all,not_hostile\nYou worthless scum,hostile\n");
    let run = folder.run("evaluate labelled.csv");
    assert!(run.status == 0 && run.out.contains("Task hostility: 2 labelled rows"), "{}{}", run.out, run.err);
}

#[test]
fn models_with_other_labels_are_not_compared_and_the_name_is_not_taken_for_a_file() {
    let folder = Folder::with_model();
    folder.write("labelled.csv", "comment,tone\nThank you all,supportive\nYou worthless scum,angry\n");
    let run = folder.run("evaluate labelled.csv --against m");
    assert_eq!(run.status, 1, "{}", run.out);
    assert!(run.err.contains("other labels for `tone`"), "{}", run.err);
    let message = folder.run("train labelled.csv --task tone --base builtin -o builtin").usage();
    assert_eq!(
        message,
        "--output: `builtin` stands for the model that is part of the program: choose another name, or ./builtin"
    );
}

#[test]
fn labels_of_a_house_start_from_it_whatever_they_are_called() {
    let folder = Folder::new();
    let mut rows = String::from("comment,verdict\n");
    for i in 0..12 {
        rows += &format!(
            "Thank you for the photo of bridge {i}, lovely,keep\nYou stupid people and your damn bridge {i},drop\n"
        );
    }
    let rows = rows
        .replace("Thank you for the photo of bridge", "\"Thank you for the photo of bridge")
        .replace(", lovely,", ", lovely\",");
    folder.write("own.csv", rows);
    folder.write("fast.toml", support::FAST);
    let run = folder.run("train own.csv --task verdict --base builtin --config fast.toml -o own.safetensors");
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(run.out.contains("What the base model's scores are worth"), "{}", run.out);
    let inspected = folder.run("inspect -m own.safetensors");
    assert!(inspected.out.contains("On top of a model trained on the comments with the SHA-256"), "{}", inspected.out);
    assert!(!inspected.out.contains("# Card"));
    let run = folder.run("train own.csv --task verdict --base missing.safetensors -o other.safetensors");
    assert!(run.status == 1 && run.err.contains("missing.safetensors"), "{}", run.err);
}
