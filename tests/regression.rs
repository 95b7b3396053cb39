//! One test a fixed bug.

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use belowline::model_file;
use support::{FAST, Folder, HEADER, column, comment, comments, model};

/// The workers waited for a reader that had left, and the run never ended.
#[test]
fn an_error_of_writing_ends_the_run_however_much_is_still_to_come() {
    let folder = Folder::with_model();
    let rows: String = (0..6_000).map(|i| format!("c{i},{}\n", comment(i))).collect();
    folder.write("in.csv", format!("{HEADER}\n{rows}"));
    let mut child = folder.process("predict in.csv -m m --threads 1 --quiet").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The same with a bad row that must stop the run.
#[test]
fn a_bad_row_ends_the_run_however_much_is_still_to_come() {
    let folder = Folder::with_model();
    let rows: String = (0..6_000).map(|i| format!("c{i},{}\n", comment(i))).collect();
    folder.write("in.csv", format!("{HEADER}\ntoo,few\n{rows}"));
    let message = folder.run("predict in.csv -m m --threads 1 --on-error fail -o out.csv").failure();
    assert!(message.starts_with("in.csv, line 2, record 1, "), "{message}");
}

/// With one of two articles held out, the inner folds had a single group and nothing to fit: "no rows to fit".
#[test]
fn comments_under_two_articles_are_enough_to_train_on() {
    let folder = Folder::with_comments();
    let all = comments();
    let two: Vec<&str> = all.lines().filter(|line| !line.contains(",bridge,")).collect();
    folder.write("in.csv", two.join("\n"));
    folder.write("fast.toml", format!("{FAST}group_by = \"article\"\n"));
    let out = folder.run("train in.csv --config fast.toml -o m").done();
    assert!(out.contains("Measured: comments under articles never seen, 2 folds by article, "), "{out}");
    folder.write("in.csv", "comment,stance\nsame words here,favor\nsame words there,none\n");
    assert_eq!(
        folder.run("train in.csv --config fast.toml -o m").failure(),
        "`stance`: 2 labelled rows are too few to hold some out twice: label more comments"
    );
}

/// A score of 0.000 stood beside settings that nobody had tried.
#[test]
fn a_training_that_searched_nothing_shows_no_scores_of_a_search() {
    let out = Folder::with_comments().run("train comments.csv --config fast.toml -o m").done();
    assert!(out.contains("\n  alpha 1, class weights balanced (not searched)\n"), "{out}");
}

/// The summary was appended to the model.
#[test]
fn a_model_on_standard_output_is_nothing_but_the_model() {
    let folder = Folder::with_comments();
    let train = "train comments.csv --articles articles.csv --config fast.toml -o -";
    let output = folder.process(train).env_remove("SOURCE_DATE_EPOCH").output().unwrap();
    assert!(output.stdout == model(), "something else than the model");
    assert!(String::from_utf8(output.stderr).unwrap().ends_with(" written to -\n"));
}

/// The renamed file took the pipe's place; run by root it would have replaced `/dev/null` as well.
#[cfg(unix)]
#[test]
fn an_output_that_is_no_regular_file_is_written_to_and_stays() {
    use std::os::unix::fs::FileTypeExt;
    let folder = Folder::with_model();
    folder.write("new.csv", "comment\na b c\n");
    let pipe = folder.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut child = folder.process("predict new.csv -m m -o pipe --quiet").spawn().unwrap();
    let mut text = String::new();
    // Opened for writing too, so that a program that never opens its end does not block the test.
    let mut reader = BufReader::new(std::fs::File::options().read(true).write(true).open(&pipe).unwrap());
    assert!(child.wait().unwrap().success());
    assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
    reader.read_line(&mut text).unwrap();
    assert!(text.starts_with("comment,stance_pred,"), "{text}");
}

/// The renamed file took the link's place, and what it led to stayed as it was.
#[cfg(unix)]
#[test]
fn an_output_that_is_a_link_leads_to_the_file() {
    let folder = Folder::with_model();
    folder.write("new.csv", "comment\na b c\n");
    folder.write("real.csv", "old");
    std::os::unix::fs::symlink("real.csv", folder.path("link.csv")).unwrap();
    folder.run("predict new.csv -m m -o link.csv").done();
    assert!(folder.path("link.csv").is_symlink());
    assert_eq!(column(&folder.read("real.csv"), "comment"), ["a b c"]);
}

/// `eprintln` panics where standard error is a closed pipe.
#[test]
fn messages_that_nobody_reads_do_no_harm() {
    let folder = Folder::with_model();
    folder.write("bad.csv", format!("comment,x\n{}", ",x\n".repeat(5_000)));
    for (arguments, status) in [
        ("predict bad.csv -m m", 3),
        ("predict bad.csv -m m --on-error fail", 1),
        ("predict bad.csv -m m --min-conf 2", 2),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut child = folder.process(arguments).stdout(Stdio::null()).stderr(writer).spawn().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(status), "{arguments}");
    }
}

/// Standard input was read for the first model, and the second found an empty file.
#[test]
fn two_models_cannot_be_compared_on_standard_input() {
    let folder = Folder::with_model();
    let run = folder.run_on("evaluate - -m m --against m", comments());
    assert_eq!(run.status, 2);
    assert_eq!(run.err, "error: --against reads the input twice, standard input only once: save it to a file\n");
}

/// Every column of predictions stood there twice.
#[test]
fn a_task_that_is_named_twice_is_learned_once() {
    let folder = Folder::with_comments();
    folder.run("train comments.csv --task stance --task stance --config fast.toml -o m").done();
    let out = folder.run("predict comments.csv -m m").done();
    assert_eq!(out.matches("stance_pred").count(), 1);
}

/// The sum of two lengths overflowed.
#[test]
fn a_model_that_promises_more_bytes_than_there_are_numbers_is_refused() {
    let header = format!(r#"{{"t":{{"dtype":"U8","shape":[1],"data_offsets":[0,{}]}}}}"#, u64::MAX);
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
    assert!(model_file::from_bytes(&bytes, Path::new("m")).is_err());
}
