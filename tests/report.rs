//! Reports and explanations: what they count, what they say, in every format.

mod support;

use serde_json::Value;
use support::{Folder, column, table};

/// A folder with the model and 200 comments, `new.csv`, with times, a few of them nearly the same.
fn folder() -> Folder {
    let folder = Folder::with_model();
    let mut csv = String::from("id,article_id,target,parent,time,comment\n");
    for i in 0..200 {
        let row = support::comment(i % 60);
        // The labels at its end are not for new comments.
        let mut fields = table(&format!("a,t,p,c,s,t2\n{row}\n")).remove(1);
        fields.truncate(4);
        let comment = format!("{} Number {i}.", fields[3]);
        let time = format!("2026-0{}-{:02}T08:00:00Z", 1 + i / 100, 1 + i % 28);
        csv += &format!("n{i},{},{},\"{}\",{time},\"{comment}\"\n", fields[0], fields[1], fields[2]);
    }
    folder.write("new.csv", csv);
    folder
}

const REPORT: &str = "report new.csv --articles articles.csv -m m";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_report_counts_what_predict_predicts() {
    let folder = folder();
    let predicted = folder.run("predict new.csv --articles articles.csv -m m").done();
    folder.run(&format!("{REPORT} -o r.json")).done();
    let report = json(&folder.read("r.json"));
    assert_eq!(
        (&report["schema"], &report["version"], &report["rows"]),
        (&"belowline-report".into(), &1.into(), &200.into())
    );
    for (t, task) in ["stance", "tone"].into_iter().enumerate() {
        let cells = column(&predicted, &format!("{task}_pred"));
        let articles = column(&predicted, "article_id");
        let of =
            |label: &str| -> Vec<usize> { (0..200).filter(|&row| cells[row].split('|').any(|l| l == label)).collect() };
        for (k, label) in report["tasks"][t]["labels"].as_array().unwrap().iter().enumerate() {
            let rows = of(label["label"].as_str().unwrap());
            assert_eq!(label["count"], rows.len(), "{label}");
            assert_eq!(label["share"], rows.len() as f64 / 200.0);
            let by_article = report["breakdowns"].as_array().unwrap().iter().find(|b| b["by"] == "article").unwrap();
            for group in by_article["groups"].as_array().unwrap() {
                let here = rows.iter().filter(|&&row| articles[row] == group["name"].as_str().unwrap()).count();
                assert_eq!(group["tasks"][t]["labels"][k], here);
            }
        }
        assert_eq!(report["tasks"][t]["unlabelled"], cells.iter().filter(|cell| cell.is_empty()).count());
    }
    let scores: Vec<f64> = column(&predicted, "stance_score").iter().map(|s| s.parse().unwrap()).collect();
    let mean = report["tasks"][0]["mean_score"].as_f64().unwrap();
    assert!((mean - scores.iter().sum::<f64>() / 200.0).abs() < 1e-6);
    let crossing: u64 = report["crossing"]["counts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert!(crossing >= 200);
    let by = |report: &Value| -> Vec<String> {
        report["breakdowns"].as_array().unwrap().iter().map(|b| b["by"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(by(&report), ["source", "article", "target", "week"]);
    assert_eq!(report["sample"].as_array().unwrap().len(), 200);
}

#[test]
fn scored_comments_give_the_same_report_as_raw_ones() {
    let folder = folder();
    folder.run(&format!("{REPORT} -o raw.json --max-comments 5")).done();
    folder.run("predict new.csv --articles articles.csv -m m -o p.csv").done();
    folder.run("predict new.csv --articles articles.csv -m m -o p.jsonl").done();
    let strip = |name: &str| {
        let mut report = json(&folder.read(name));
        let shares = |report: &Value| -> Vec<Value> {
            let tasks = report["tasks"].as_array().unwrap().iter();
            tasks.flat_map(|t| t["labels"].as_array().unwrap()).map(|l| l["corrected"]["value"].clone()).collect()
        };
        let rows: Vec<Value> = report["sample"].as_array().unwrap().iter().map(|c| c["row"].clone()).collect();
        let counts = report["breakdowns"][1]["groups"].take();
        let marks = report["sample"][0]["tasks"][0]["marks"].clone();
        let counts: Vec<Value> = counts.as_array().unwrap().iter().map(|g| g["tasks"][1]["labels"].clone()).collect();
        assert!(
            report["sample"].as_array().unwrap().iter().any(|c| c["tasks"][0]["marks"] != Value::Array(Vec::new()))
        );
        (shares(&report), rows, counts, marks)
    };
    for scored in ["p.csv", "p.jsonl"] {
        folder.run(&format!("report {scored} --articles articles.csv -m m -o s.json --max-comments 5")).done();
        assert_eq!(strip("s.json"), strip("raw.json"), "{scored}");
        assert_eq!(json(&folder.read("s.json"))["scores_from_input"], true);
    }
    folder.run("report p.csv -o n.json").done();
    let without = json(&folder.read("n.json"));
    assert_eq!((&without["model"], &without["tasks"][0]["corrected_by"]), (&Value::Null, &Value::Null));
    assert_eq!(without["tasks"][0]["kind"], "single-label");
    assert_eq!(without["tasks"][1]["kind"], "multi-label");
    assert!(caveats(&without).contains(&"no-model".to_owned()));
}

fn caveats(report: &Value) -> Vec<String> {
    report["caveats"].as_array().unwrap().iter().map(|c| c["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn scores_of_another_model_are_not_corrected_by_this_one() {
    let folder = folder();
    folder.run("predict new.csv -m m -o p.csv").done();
    folder.write("other.toml", format!("{}seed = 5\n", support::FAST));
    folder.run("train comments.csv --config other.toml -o o").done();
    folder.run("report p.csv -m o -o r.json").done();
    let report = json(&folder.read("r.json"));
    assert!(caveats(&report).contains(&"other-model".to_owned()), "{:?}", caveats(&report));
    assert_eq!(report["tasks"][0]["labels"][0]["corrected"], Value::Null);
}

#[test]
fn the_same_input_gives_the_same_bytes_in_every_format_at_any_number_of_threads() {
    let folder = folder();
    for format in ["html", "md", "json", "csv"] {
        folder.run(&format!("{REPORT} -o a.{format} --threads 1")).done();
        folder.run(&format!("{REPORT} -o b.{format} --threads 4")).done();
        assert_eq!(folder.bytes(&format!("a.{format}")), folder.bytes(&format!("b.{format}")), "{format}");
    }
}

#[test]
fn many_files_and_folders_keep_their_source() {
    let folder = folder();
    let text = folder.read("new.csv");
    std::fs::create_dir(folder.path("many")).unwrap();
    folder.write("many/b.csv", &text);
    folder.write("many/a.csv", &text);
    folder.write("many/notes.txt", "not a table");
    folder.run("report many new.csv --articles articles.csv -m m -o r.csv --by source").done();
    let out = folder.read("r.csv");
    assert_eq!(column(&out, "source"), ["many/a.csv", "many/b.csv", "new.csv"]);
    assert_eq!(column(&out, "comments"), ["200"; 3]);
    std::fs::create_dir(folder.path("none")).unwrap();
    assert_eq!(
        folder.run("report none -m m -o r.csv").failure(),
        "none: the folder holds no .csv, .tsv, .jsonl or .ndjson file and no .html or .txt page, compressed or not"
    );
}

#[test]
fn csv_has_a_row_an_article_and_target_and_nothing_that_a_spreadsheet_computes() {
    let folder = folder();
    folder.write(
        "evil.csv",
        "article_id,target,comment\n=1+1,@x,I fully support this plan\n=1+1,-2,Bad for all of us\n+a,,Is there a map\n",
    );
    folder.run("report evil.csv -m m -o r.csv").done();
    let out = folder.read("r.csv");
    assert_eq!(column(&out, "article"), ["'=1+1", "'=1+1", "'+a"]);
    assert_eq!(column(&out, "target"), ["'@x", "'-2", ""]);
    folder.run(&format!("{REPORT} -o t.csv --by target")).done();
    assert_eq!(table(&folder.read("t.csv"))[0][0], "target");
    folder.run(&format!("{REPORT} -o w.csv --by week")).done();
    assert!(column(&folder.read("w.csv"), "week").is_sorted());
}

#[test]
fn rows_of_a_table_add_up_to_all_comments() {
    let folder = folder();
    folder.write(
        "part.csv",
        "article_id,target,comment\nbuses,x,I fully support this plan\n,,Bad for all of us\n,y,Is there a map\n",
    );
    for (by, names) in [
        ("", vec!["buses", "", "(none)"]),
        (" --by article", vec!["buses", "(none)"]),
        (" --by target", vec!["x", "y", "(none)"]),
    ] {
        folder.run(&format!("report part.csv -m m -o r.csv{by}")).done();
        let out = folder.read("r.csv");
        assert_eq!(table(&out)[1..].iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), names, "{by}");
        assert_eq!(column(&out, "comments").iter().map(|n| n.parse::<u32>().unwrap()).sum::<u32>(), 3);
    }
    let run = folder.run("report part.csv -m m -o r.html --by week");
    assert!(run.err.contains("warning: no row names a week"), "{}", run.err);
}

#[test]
fn nothing_that_is_read_is_written_over() {
    let folder = folder();
    for (arguments, message) in [
        ("report new.csv -m m -o new.csv", "--output would write over new.csv, which is read: choose another name"),
        (
            "report new.csv -m m -o r.html --rejects ./new.csv",
            "--rejects would write over ./new.csv, which is read: choose another name",
        ),
        (
            "report new.csv --articles articles.csv -m m -o articles.csv",
            "--output would write over articles.csv, which is read: choose another name",
        ),
        ("report new.csv -m m -o m", "--output would write over m, which is read: choose another name"),
        ("predict new.csv -m m -o new.csv", "--output would write over new.csv, which is read: choose another name"),
        (
            "evaluate comments.csv -m m -o comments.csv",
            "--output would write over comments.csv, which is read: choose another name",
        ),
        (
            "train comments.csv -o comments.csv",
            "--output would write over comments.csv, which is read: choose another name",
        ),
        (
            "train comments.csv -o x --out-of-fold x",
            "--out-of-fold and --output name the same file: one would replace the other",
        ),
        (
            "import new.csv --from coral -o new.csv",
            "--output would write over new.csv, which is read: choose another name",
        ),
    ] {
        let before = folder.bytes("new.csv");
        assert_eq!(folder.run(arguments).usage(), message, "{arguments}");
        assert_eq!(folder.bytes("new.csv"), before);
    }
    folder.run("predict new.csv -m m -o /dev/null").done();
}

#[test]
fn corrected_shares_are_those_of_the_models_own_decisions() {
    let folder = folder();
    let corrected = |name: &str| -> Vec<Value> {
        let report = json(&folder.read(name));
        let tasks = report["tasks"].as_array().unwrap().iter();
        tasks.flat_map(|t| t["labels"].as_array().unwrap()).map(|l| l["corrected"].clone()).collect()
    };
    folder.run(&format!("{REPORT} -o own.json")).done();
    folder.run("predict new.csv --articles articles.csv -m m -o withheld.csv --min-conf 1").done();
    folder.run("report withheld.csv --articles articles.csv -m m -o w.json").done();
    assert_eq!(corrected("own.json"), corrected("w.json"));
    let report = json(&folder.read("w.json"));
    assert!(caveats(&report).contains(&"changed-labels".to_owned()), "{:?}", caveats(&report));
    assert!(!caveats(&json(&folder.read("own.json"))).contains(&"changed-labels".to_owned()));
}

#[test]
fn times_that_cannot_be_read_are_told_even_where_none_can() {
    let folder = folder();
    folder.write("t.csv", "time,comment\nyesterday,I fully support this plan\n1969-01-01,Bad for all of us\n");
    folder.run("report t.csv -m m -o r.json").done();
    let report = json(&folder.read("r.json"));
    assert_eq!((&report["time"]["first"], &report["time"]["unreadable"]), (&Value::Null, &2.into()));
    assert!(caveats(&report).contains(&"unreadable-times".to_owned()));
}

#[test]
fn a_bad_first_line_does_not_hide_that_rows_are_scored_and_one_foreign_task_does_not_spoil_another() {
    let folder = folder();
    folder.run("predict new.csv --articles articles.csv -m m -o p.jsonl").done();
    folder.write("bad.jsonl", format!("no json\n{}", folder.read("p.jsonl")));
    let run = folder.run("report bad.jsonl --articles articles.csv -m m -o r.json");
    assert_eq!(run.status, 3, "{}", run.err);
    let report = json(&folder.read("r.json"));
    assert_eq!((&report["rows"], &report["scores_from_input"]), (&200.into(), &true.into()));

    // The scores of one task are turned round; those of the other are the model's own.
    let changed = folder.read("p.jsonl").replace("\"favor\":0.", "\"favour\":0.").replace("\"favor\"]", "\"favour\"]");
    folder.write("changed.jsonl", changed);
    folder.run("report changed.jsonl --articles articles.csv -m m -o c.json").done();
    let report = json(&folder.read("c.json"));
    let corrected = |task: usize| report["tasks"][task]["labels"][0]["corrected"].is_object();
    assert_eq!((corrected(0), corrected(1)), (false, true));
}

#[test]
fn scores_that_cannot_be_are_rejected() {
    let folder = folder();
    folder.write("one.csv", "comment\nI fully support this plan\n");
    folder.run("predict one.csv -m m -o p.csv").done();
    let good = folder.read("p.csv");
    let cells = table(&good);
    let broken = |name: &str, value: &str| -> String {
        let place = cells[0].iter().position(|c| c == name).unwrap();
        let mut rows = cells.clone();
        rows[1][place] = value.into();
        let mut writer = csv::Writer::from_writer(Vec::new());
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        folder.write("b.csv", writer.into_inner().unwrap());
        let run = folder.run("report b.csv -m m -o b.json");
        assert_eq!(run.status, 3, "{name}: {}", run.err);
        run.err.lines().next().unwrap().split_once("byte ").unwrap().1.split_once(", ").unwrap().1.to_owned()
    };
    assert_eq!(
        broken("stance_score", "99"),
        "column `stance_score`: the score lies outside -1 to 1: score the row again"
    );
    assert_eq!(
        broken("stance_conf", "1.5"),
        "column `stance_conf`: a probability lies between 0 and 1: score the row again"
    );
    assert_eq!(
        broken("stance_pred", "favor|against"),
        "column `stance_pred`: several labels of a task with one label a comment: score the row again"
    );
    assert!(
        broken("stance_p_favor", "0.999")
            .starts_with("column `stance_p_against`: the probabilities of a task with one label")
    );
}

#[test]
fn rejected_rows_are_counted_with_their_reasons_and_change_the_exit_status() {
    let folder = folder();
    folder.write("bad.csv", "id,comment\n1,good plan\n2,\n3,\n4,x,y\n");
    let run = folder.run("report bad.csv -m m -o r.json");
    assert_eq!(run.status, 3, "{}", run.err);
    assert!(run.err.ends_with("4 rows read, 1 reported, 3 rejected. Report written to r.json\n"), "{}", run.err);
    let report = json(&folder.read("r.json"));
    assert_eq!(report["rejects"][0]["count"], 2);
    assert_eq!(report["rejects"][0]["reason"], "the comment is missing or blank");
    assert!(report["rejects"][0]["first"].as_str().unwrap().starts_with("bad.csv, line 3, record 2"));
    let failed = folder.run("report bad.csv -m m -o other.json --on-error fail");
    assert_eq!(failed.status, 1);
    assert!(!folder.names().contains(&"other.json".to_owned()));
}

#[test]
fn what_cannot_be_reported_is_said() {
    let folder = folder();
    folder.write("empty.csv", "id,comment\n");
    folder.run("report empty.csv -m m -o r.html").done();
    assert!(folder.read("r.html").contains("There are no comments to report on."));
    folder.run("report empty.csv -m m -o r.md").done();
    folder.run("report empty.csv -m m -o r.csv").done();
}

#[test]
fn campaigns_and_foreign_languages_are_noticed() {
    let folder = folder();
    let mut csv = String::from("time,comment\n");
    for i in 0..40 {
        csv += &format!(
            "2026-05-01T{:02}:00:00Z,Please keep the old bridge open because the children of our school need it every single morning {i}\n",
            i % 24
        );
    }
    for _ in 0..10 {
        csv += ",Die Brücke muss unbedingt offen bleiben weil die Kinder sonst jeden Morgen einen großen Umweg gehen müssen\n";
    }
    folder.write("camp.csv", csv);
    folder.run("report camp.csv -m m -o r.json").done();
    let report = json(&folder.read("r.json"));
    let found = caveats(&report);
    for kind in ["possible-brigading", "near-duplicates", "other-language", "no-articles"] {
        assert!(found.contains(&kind.to_owned()), "{kind}: {found:?}");
    }
    assert_eq!(report["alike"]["largest"][0]["count"], 40);
    assert_eq!(report["time"]["missing"], 10);
    folder.run(&format!("{REPORT} -o calm.json")).done();
    assert!(!caveats(&json(&folder.read("calm.json"))).contains(&"other-language".to_owned()));
}

#[test]
fn a_sample_is_as_large_as_wanted_and_counts_are_of_all() {
    let folder = folder();
    folder.run(&format!("{REPORT} -o r.json --max-comments 7")).done();
    let report = json(&folder.read("r.json"));
    let rows: Vec<u64> = report["sample"].as_array().unwrap().iter().map(|c| c["row"].as_u64().unwrap()).collect();
    assert_eq!(rows.len(), 7);
    assert!(rows.is_sorted());
    assert_eq!(report["rows"], 200);
    folder.run(&format!("{REPORT} -o none.json --max-comments 0")).done();
    assert_eq!(json(&folder.read("none.json"))["sample"], Value::Array(Vec::new()));
    // Marks lie on characters of the text.
    for comment in report["sample"].as_array().unwrap() {
        let text = comment["text"].as_str().unwrap();
        for mark in comment["tasks"][0]["marks"].as_array().unwrap() {
            let (start, end) = (mark[0].as_u64().unwrap() as usize, mark[1].as_u64().unwrap() as usize);
            assert!(text.get(start..end).is_some_and(|word| !word.is_empty()));
        }
    }
}

#[test]
fn explain_says_why_in_words_that_add_up() {
    let folder = Folder::with_model();
    folder.write("c.txt", "What a terrible waste: the bridge. You idiots make me so angry!");
    folder.write("a.txt", "The old bridge\n\nEngineers say that the bridge has to close for a year.");
    let out = json(&folder.run("explain -m m --file c.txt --article a.txt --format json --verbose").done());
    for task in out["tasks"].as_array().unwrap() {
        for label in task["labels"].as_array().unwrap() {
            let sum = |list: &str| -> f64 {
                label[list].as_array().unwrap().iter().map(|part| part["contribution"].as_f64().unwrap()).sum()
            };
            let all = sum("words") + sum("parts") + label["intercept"].as_f64().unwrap();
            assert!((all - label["raw_score"].as_f64().unwrap()).abs() < 1e-9);
        }
    }
    assert_eq!(out["tasks"][0]["predicted"][0], "against");
    assert_eq!(out["preprocessing"]["tokens"][2]["stem"], "terribl");
    assert!(out["preprocessing"]["features"].as_array().unwrap().len() > 20);

    let text = folder.run("explain -m m --file c.txt --article a.txt --label favor").done();
    assert!(text.contains("  why favor:") && !text.contains("why against"), "{text}");
    assert!(text.contains("  the article\n"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours but on a terminal");
    let text = folder.run_on("explain -m m --file - --verbose", "I fully support it").done();
    assert!(text.contains("preprocessing (language english)"), "{text}");
}

#[test]
fn what_cannot_be_explained_is_said() {
    let folder = Folder::with_model();
    assert_eq!(
        folder.run("explain -m m --text x --label angri").usage(),
        "the model has no label `angri`: it has stance: against, favor, none; tone: angry, civil, hostile"
    );
    folder.write("blank.txt", " \n");
    assert_eq!(folder.run("explain -m m --file blank.txt").usage(), "the comment is blank: there is nothing to score");
    folder.write("latin.txt", b"caf\xe9 noir");
    assert_eq!(
        folder.run("explain -m m --file latin.txt").failure(),
        "latin.txt, byte 3: the text is not UTF-8 here: save the file as UTF-8"
    );
    assert_eq!(folder.run("explain -m m").status, 2);
    assert!(folder.run("explain -m m --file none.txt").failure().starts_with("cannot read none.txt"));
}

#[test]
fn evaluate_shows_curves_articles_and_the_worst_errors() {
    let folder = Folder::with_model();
    folder.write(
        "wrong.csv",
        "id,article_id,comment,stance\n1,buses,I fully support this plan,against\n2,new,What a terrible waste,against\n3,buses,Bad for all of us,against\n",
    );
    let found = json(&folder.run("evaluate wrong.csv -m m --format json").done());
    let task = &found["tasks"][0];
    assert_eq!(task["worst"].as_array().unwrap().len(), 1);
    assert_eq!((&task["worst"][0]["id"], &task["worst"][0]["predicted"][0]), (&"1".into(), &"favor".into()));
    assert!(task["worst"][0]["wrongness"].as_f64().unwrap() > 0.0);
    assert_eq!((&task["articles"][0]["article"], &task["articles"][0]["rows"]), (&"buses".into(), &2.into()));
    assert_eq!((&task["articles"][0]["accuracy"], &task["articles"][1]["seen"]), (&0.5.into(), &false.into()));
    assert_eq!(task["precision_recall"][0]["average_precision"], 1.0, "all rows are against");
    assert_eq!(task["precision_recall"][1], Value::Null);
    let text = folder.run("evaluate wrong.csv -m m").done();
    assert!(text.contains("wrong.csv, line 2: against taken for favor"), "{text}");
    folder.run("evaluate wrong.csv -m m -o e.html").done();
    assert!(folder.read("e.html").starts_with("<!doctype html>"));
}

/// Numbers differ in their last digits between kinds of CPU; three decimals do not.
fn rounded(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            *value = (number.as_f64().unwrap() * 1000.0).round().into();
        }
        Value::Array(values) => values.iter_mut().for_each(rounded),
        Value::Object(map) => map.values_mut().for_each(rounded),
        _ => {}
    }
}

/// A text with its decimals cut to three.
fn shortened(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut decimals = None;
    for c in text.chars() {
        decimals = match (c, decimals) {
            ('.', _) => Some(0),
            ('0'..='9', Some(n)) => Some(n + 1),
            _ => None,
        };
        if decimals.is_none_or(|n| n <= 3) {
            out.push(c);
        }
    }
    out
}

#[test]
fn every_format_of_the_demonstration_comments_is_as_recorded() {
    let folder = Folder::new();
    for name in ["comments.csv", "articles.csv", "new-comments.csv"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("training").join(name);
        std::fs::copy(path, folder.path(name)).unwrap();
    }
    folder.write("fast.toml", support::FAST);
    folder.run("train comments.csv --articles articles.csv --config fast.toml -o m").done();
    let report = "report new-comments.csv --articles articles.csv -m m --max-comments 2";
    for format in ["md", "csv", "json", "html"] {
        folder.run(&format!("{report} -o r.{format}")).done();
    }
    insta::assert_snapshot!("report_markdown", folder.read("r.md"));
    insta::assert_snapshot!("report_csv", shortened(&folder.read("r.csv")));
    let mut value = json(&folder.read("r.json"));
    rounded(&mut value);
    // What is said of each label is of the same form.
    for task in value["tasks"].as_array_mut().unwrap() {
        task["labels"].as_array_mut().unwrap().truncate(1);
    }
    value["breakdowns"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|b| b["groups"].as_array_mut().unwrap().truncate(1));
    value["pairs"]["groups"].as_array_mut().unwrap().truncate(1);
    value["model"]["tasks"].as_array_mut().unwrap().truncate(1);
    insta::assert_snapshot!("report_json", serde_json::to_string_pretty(&value).unwrap());
    let html = folder.read("r.html");
    let (_, body) = html.split_once("<body>").unwrap();
    let (body, _) = body.split_once("<script type=\"application/json\"").unwrap();
    insta::assert_snapshot!("report_html", shortened(body));
    folder.write("c.txt", "These dreamers never pay for anything. What a waste, you muppets!");
    insta::assert_snapshot!(
        "explain_text",
        shortened(&folder.run("explain -m m --file c.txt --top 4 --verbose").done())
    );
    folder.write("few.csv", table_of(&folder.read("comments.csv"), 60));
    insta::assert_snapshot!("evaluate_text", folder.run("evaluate few.csv --articles articles.csv -m m").done());
}

/// The header and the first rows of a CSV text.
fn table_of(csv: &str, rows: usize) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    table(csv).iter().take(rows + 1).for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}
