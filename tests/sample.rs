//! What is picked for labelling, and that it comes back labelled.

mod support;

use support::{Folder, column, table};

#[test]
fn half_is_random_and_half_is_what_the_model_is_least_sure_of() {
    let folder = Folder::with_model();
    let run = folder.run("sample comments.csv --articles articles.csv -m m -n 20 --task mood -o picked.csv");
    assert_eq!(run.err, "60 rows read, 20 picked: 10 at random, 10 that the model is least sure of; 0 rejected\n");
    let picked = folder.read("picked.csv");
    assert_eq!(table(&picked)[0].join(","), format!("{},picked,mood", support::HEADER));
    let why = column(&picked, "picked");
    assert_eq!(why.iter().filter(|why| *why == "unsure").count(), 10);
    assert!(column(&picked, "mood").iter().all(String::is_empty));
    // The least sure ones are those that predict is least sure of, where articles let them.
    let scored = folder.run("predict comments.csv --articles articles.csv -m m").done();
    let sureness: Vec<f64> = column(&scored, "stance_conf")
        .iter()
        .zip(column(&scored, "tone_conf"))
        .map(|(a, b)| a.parse::<f64>().unwrap().min(b.parse().unwrap()))
        .collect();
    let ids = column(&scored, "id");
    let mean = |rows: Vec<f64>| rows.iter().sum::<f64>() / rows.len() as f64;
    let of = |reason: &str| -> Vec<f64> {
        let chosen = column(&picked, "id").into_iter().zip(&why).filter(|(_, why)| *why == reason);
        chosen.map(|(id, _)| sureness[ids.iter().position(|other| *other == id).unwrap()]).collect()
    };
    assert!(mean(of("unsure")) < mean(of("random")), "{:?} {:?}", of("unsure"), of("random"));
    let again = folder.run("sample comments.csv --articles articles.csv -m m -n 20 --task mood --threads 1").done();
    assert_eq!(again, picked, "the same at any number of threads");
}

#[test]
fn without_a_model_all_are_random_and_labelled_rows_are_left_out() {
    let folder = Folder::with_comments();
    let run = folder.run("sample comments.csv -n 5");
    assert_eq!(
        run.err,
        "60 rows read (60 of them labelled already), 0 picked: 0 at random, 0 that the model is least sure of; 0 rejected\n"
    );
    folder.write("new.csv", "id;comment;tone\n1;a b;\n2;c d;joy\n3;e f;\n4;a b;\n5;;\n");
    let run = folder.run("sample new.csv --task tone -n 5");
    assert_eq!(run.status, 3, "{}", run.err);
    assert_eq!(column(&run.out, "comment"), ["a b", "e f"], "one of a text, none that is labelled");
    assert_eq!(table(&run.out)[0], ["id", "comment", "tone", "picked"]);
    assert_ne!(
        folder.run("sample comments.csv --task mood -n 9 --seed 1").done(),
        folder.run("sample comments.csv --task mood -n 9 --seed 2").done()
    );
}

#[test]
fn json_lines_and_pages_become_a_table() {
    let folder = Folder::new();
    folder.write("a.jsonl", "{\"id\":1,\"comment\":\"x\"}\n{\"comment\":\"y\",\"likes\":[2]}\n");
    let out = folder.run("sample a.jsonl -n 5").done();
    assert_eq!(out, "id,comment,likes,picked,stance,tone\n1,x,,random,,\n,y,[2],random,,\n");
    std::fs::copy("tests/pages/says.txt", folder.path("says.txt")).unwrap();
    assert_eq!(table(&folder.run("sample says.txt -n 2").done()).len(), 3);
}

#[test]
fn what_a_spreadsheet_saves_can_be_trained_on() {
    let folder = Folder::with_comments();
    folder.run("sample comments.csv --task mood -n 40 -o to-label.csv").done();
    // Somebody labels it; the program writes semicolons and Windows-1252.
    let mut rows = table(&folder.read("to-label.csv"));
    let mood = rows[0].iter().position(|name| name == "mood").unwrap();
    let stance = rows[0].iter().position(|name| name == "stance").unwrap();
    for row in rows.iter_mut().skip(1) {
        row[mood] = if row[stance] == "favor" { "fröhlich".into() } else { "müde".into() };
    }
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    folder.write("labelled.csv", encoding_rs::WINDOWS_1252.encode(&text).0);
    let trained =
        folder.run("train labelled.csv --encoding windows-1252 --task mood --config fast.toml --quiet -o mood");
    assert_eq!(trained.status, 0, "{}", trained.err);
    assert!(trained.out.contains("fröhlich"), "{}", trained.out);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = Folder::with_comments();
    assert_eq!(folder.run("sample comments.csv -n 0").usage(), "--rows must be from 1 to 1000000. Got 0");
    folder.write("picked.csv", "comment,picked\na,random\n");
    assert!(folder.run("sample picked.csv").usage().starts_with("the input has a column `picked` already"));
    assert!(folder.run("sample comments.csv -o comments.csv").usage().contains("would write over"));
}
