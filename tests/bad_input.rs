//! What goes wrong is said with its place and its remedy, and the exit status tells it.

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use belowline::model_file;
use support::{Folder, HEADER, WITHOUT_ARTICLES, comment, model, table};

/// Trains on a text with the fast config and gives the error.
#[track_caller]
fn training_fails(csv: &str, arguments: &str) -> String {
    let folder = Folder::with_comments();
    folder.write("in.csv", csv);
    let message = folder.run(&format!("train in.csv --config fast.toml -o m {arguments}")).failure();
    assert_eq!(folder.names(), ["articles.csv", "comments.csv", "fast.toml", "in.csv"], "something was left behind");
    message
}

/// Scores bytes as a file, once so that the first bad row stops the run and once so that it is left out; gives the reason.
#[track_caller]
fn row_is_bad(csv: impl AsRef<[u8]>) -> String {
    let folder = Folder::with_model();
    folder.write("in.csv", csv);
    let message = folder.run("predict in.csv -m m --on-error fail").err;
    let message = message.strip_prefix("error: ").expect(&message).trim_end();
    let skipped = folder.run("predict in.csv -m m");
    assert_eq!(skipped.status, 3);
    assert_eq!(skipped.err.lines().next(), Some(&*format!("rejected: {message}")));
    let strict = folder.run("predict in.csv -m m -o out.csv --on-error fail");
    assert_eq!(strict.status, 1);
    assert!(!folder.path("out.csv").exists(), "a half of the output must not look like the whole");
    message.to_owned()
}

#[track_caller]
fn prediction_fails(csv: &str, arguments: &str) -> String {
    let folder = Folder::with_model();
    folder.write("in.csv", csv);
    folder.run(&format!("predict in.csv -m m {arguments}")).failure()
}

#[test]
fn an_empty_file_is_told_from_one_without_rows() {
    let empty = "in.csv: the file is empty: it needs a first line with the names of the columns";
    assert_eq!(training_fails("", ""), empty);
    assert_eq!(prediction_fails("", ""), empty);
    assert_eq!(
        training_fails("id,comment,stance\n", ""),
        "the input has a header but no usable rows: nothing to learn"
    );
    let folder = Folder::with_model();
    folder.write("in.csv", "id,comment,stance\n");
    assert_eq!(folder.run("evaluate in.csv -m m").failure(), "no row has a label: nothing to measure against");
    let run = folder.run("predict in.csv -m m");
    assert_eq!((run.status, run.err.as_str()), (0, "0 rows read, 0 written, 0 rejected\n"));
    assert!(run.out.starts_with("id,comment,stance,stance_pred,"), "{}", run.out);
}

#[test]
fn a_column_that_is_missing_is_named_with_the_nearest() {
    let csv = "id,Comment,stance\n1,a,favor\n";
    assert_eq!(
        training_fails(csv, ""),
        "in.csv: there is no column `comment`; did you mean `Comment`? The columns are `id`, `Comment`, `stance`. \
         Name the one to use with `--column comment=NAME`"
    );
    assert_eq!(
        training_fails(csv, "--column comment=Comment --task stanse"),
        "in.csv: there is no column `stanse`; did you mean `stance`? The columns are `id`, `Comment`, `stance`. \
         Name the labels to use with `--task NAME`"
    );
    assert_eq!(
        training_fails("comment,Tone\na,b\n", ""),
        "the input has neither a column `stance` nor `tone`: name the label column with --task"
    );
    assert_eq!(training_fails(csv, "--column body=Comment"), {
        "`--column` knows no role `body`. The roles are id, article_id, article, target, parent, comment, author, time, \
         weight, fold, source, boundary, boundary_conf"
    });
}

#[test]
fn labels_that_nothing_can_be_learned_from_are_told() {
    assert_eq!(
        training_fails("comment,stance\na b,\nc d,\n", ""),
        "column `stance` has no label in any of 2 rows: nothing to learn. Fill it in, or name another with --task"
    );
    assert_eq!(
        training_fails("comment,stance\na b,favor\nc d,favor\n", ""),
        "column `stance` has only one label, `favor`, in 2 rows: at least two are needed to tell apart"
    );
    assert_eq!(
        training_fails("comment,stance,weight\na b,favor,0\na b c,none,0\n", ""),
        "every labelled row of `stance` has weight 0"
    );
    assert_eq!(
        training_fails("comment,stance\nsame text,favor\nsame text,none\n", ""),
        "`stance`: all 2 labelled rows form one group by text, so nothing can be held out. Label comments of more groups, \
         or set validation.group_by = \"text\" in the config"
    );
}

#[test]
fn training_that_would_not_fit_into_memory_is_refused_before_it_begins() {
    let folder = Folder::with_comments();
    let error = folder.run("train comments.csv --config fast.toml -o m2 --max-memory 100KB").failure();
    assert!(error.starts_with("training on 60 comments would take about "), "{error}");
    assert!(error.contains("and the limit is 100 kB: raise `min_df` or lower `max_features`"), "{error}");
    assert!(!folder.path("m2").exists());
    let error = folder.run("train comments.csv -o m2 --max-memory lots").usage();
    assert!(error.contains("a size looks like 800MB or 6GB"), "{error}");
}

#[test]
fn a_label_with_one_example_is_warned_of_and_works() {
    let folder = Folder::with_comments();
    let csv = support::comments() + "c60,,,,I wonder about the buses,irony,civil\n";
    folder.write("in.csv", csv);
    let run = folder.run("train in.csv --config fast.toml -o m");
    assert_eq!(run.status, 0);
    assert_eq!(
        run.err,
        "warning: `stance`: only one comment is labelled `irony`; it can be neither learned well nor measured\n"
    );
    let out = folder.run("predict in.csv -m m").done();
    assert!(out.lines().next().unwrap().contains(",stance_p_irony,"));
}

#[test]
fn a_row_with_too_many_or_too_few_fields_is_bad() {
    assert_eq!(
        row_is_bad("id,comment\n1,\"two\nlines\"\n2,a,b\n"),
        "in.csv, line 4, record 2, byte 25: 3 fields, the header has 2: look for a delimiter that is missing, or that \
         stands in a field without quotes"
    );
    assert!(
        row_is_bad("id,comment\n1\n").starts_with("in.csv, line 2, record 1, byte 11: 1 field, the header has 2: ")
    );
}

#[test]
fn a_comment_that_is_blank_is_bad() {
    assert_eq!(
        row_is_bad("id,comment\n1,fine\n2,\" \"\n"),
        "in.csv, line 3, record 2, byte 18, column `comment`: the comment is missing or blank"
    );
}

#[test]
fn a_quote_that_is_never_closed_is_bad() {
    assert_eq!(
        row_is_bad("id,comment\n1,fine\n2,\"never closed\n3,lost\n"),
        "in.csv, line 3, record 2, byte 18, column `comment`: a quoted field of this record is never closed, so that it \
         takes in the rest of the file (23 bytes): close it, and double every quote inside a quoted field"
    );
}

#[test]
fn bytes_that_are_no_text_are_bad() {
    assert_eq!(
        row_is_bad(b"id,comment\n1,fi\0ne\n"),
        "in.csv, line 2, record 1, byte 11, column `comment`: a NUL byte at byte 15: remove it, or name the encoding with \
         `--encoding` if this is UTF-16"
    );
    assert_eq!(
        row_is_bad(b"id,comment\n1,caf\xE9\n"),
        "in.csv, line 2, record 1, byte 11, column `comment`: invalid UTF-8 at byte 16: repair it, or name the file's \
         encoding with `--encoding`"
    );
}

#[test]
fn a_line_that_is_no_json_object_is_bad() {
    let folder = Folder::with_model();
    folder.write("in.jsonl", "{\"comment\":\"fine\"}\n\n[1]\n{\"comment\":[1]}\n{\"comment\":\"cut");
    let run = folder.run("predict in.jsonl -m m");
    assert_eq!((run.status, run.out.lines().count()), (3, 1));
    assert_eq!(
        run.err,
        "rejected: in.jsonl, line 3, record 2, byte 20: this line is no JSON object: every line must hold one, `{...}`\n\
         rejected: in.jsonl, line 4, record 3, byte 24, column `comment`: an array where text is expected: make it a string\n\
         rejected: in.jsonl, line 5, record 4, byte 40: the line ends inside of the object (byte 15 of the line): every \
         line must hold one whole object\n\
         4 rows read, 1 written, 3 rejected\n"
    );
}

#[test]
fn a_header_that_names_a_column_twice_is_refused() {
    assert_eq!(
        prediction_fails("id,comment,id\n1,a,2\n", ""),
        "in.csv, line 1, byte 0: columns 1 and 3 are both named `id`: give each column a name of its own"
    );
}

#[test]
fn inputs_with_different_headers_are_refused() {
    let folder = Folder::with_model();
    folder.write("a.csv", "id,comment\n1,a\n");
    folder.write("b.csv", "comment,id\na,1\n");
    let message = folder.run("predict a.csv b.csv -m m").failure();
    assert!(message.starts_with("b.csv: "), "{message}");
    assert!(message.contains("a.csv"), "{message}");
}

#[test]
fn an_article_that_is_not_among_the_articles_is_a_bad_row() {
    let folder = Folder::with_model();
    folder.write("in.csv", "article_id,comment\nbuses,a\ntrains,b\n,c\n");
    let run = folder.run("predict in.csv --articles articles.csv -m m");
    assert_eq!((run.status, run.out.lines().count()), (3, 3));
    assert_eq!(
        run.err.lines().next().unwrap(),
        "rejected: in.csv, line 3, record 2, byte 27, column `article_id`: this article is not among the 3 of articles.csv: \
         add it there, or leave the cell empty"
    );
}

#[test]
fn a_label_that_the_model_does_not_know_stops_evaluate() {
    let folder = Folder::with_model();
    folder.write("in.csv", "comment,stance\na,favor\nb,favour\nc,none\n");
    assert_eq!(
        folder.run("evaluate in.csv -m m").failure(),
        "in.csv, line 3, record 2, byte 23, column `stance`: label `favour` is unknown to the model, which knows against, \
         favor, none"
    );
    let run = folder.run("evaluate in.csv -m m --on-error skip");
    assert_eq!(run.status, 3);
    assert!(run.out.starts_with("Task stance: 2 labelled rows\n"), "{}", run.out);
    folder.write("unlabelled.csv", "comment\na\n");
    assert_eq!(
        folder.run("evaluate unlabelled.csv -m m").failure(),
        "the input has no label column of this model's tasks (stance, tone): nothing to measure against"
    );
}

#[test]
fn settings_that_make_no_sense_are_told_with_their_range() {
    let folder = Folder::with_comments();
    let train = "train comments.csv -o m";
    folder.write("bad.toml", "[validation]\nfold = 3\n");
    assert_eq!(
        folder.run(&format!("{train} --config bad.toml")).failure(),
        "bad.toml: unknown key `validation.fold`; the nearest known one is `validation.folds`"
    );
    folder.write("bad.toml", "[features.words]\nmin_df = 1\n");
    assert_eq!(
        folder.run(&format!("{train} --config bad.toml")).failure(),
        "`features.words.min_df` in the config must be at least 2, so that no single comment's words reach the model. Got 1"
    );
    assert_eq!(
        folder.run(&format!("{train} --folds 1")).usage().lines().next(),
        Some("invalid value '1' for '--folds <K>': 1 is not in 2..=100")
    );
    assert_eq!(
        folder.run(&format!("{train} --config none.toml")).failure(),
        "cannot read none.toml: No such file or directory (os error 2)"
    );
    assert!(folder.run(&format!("{train} --encoding utf-9")).failure().starts_with("there is no encoding `utf-9`."));
}

#[test]
fn thresholds_name_a_task_and_a_label_that_exist() {
    let fails = |threshold: &str| {
        let folder = Folder::with_model();
        folder.write("in.csv", "comment\na\n");
        folder.run(&format!("predict in.csv -m m --threshold {threshold}")).usage()
    };
    assert_eq!(fails("mood:angry=0.5"), "the model has no task `mood`: it has stance, tone");
    assert_eq!(fails("tone:angy=0.5"), "task `tone` has no label `angy`: it has angry, civil, hostile");
    assert_eq!(fails("tone:angry=2"), "the threshold of `tone:angry` must be in (0, 1]. Got 2");
    assert_eq!(fails("stance:favor=0.5"), "task `stance` is single-label: it has no thresholds; use --min-conf");
    let malformed = "--threshold must look like TASK:LABEL=P, as in tone:hostile=0.8. Got ";
    for threshold in ["tone", "tone:angry", "tone:angry=much"] {
        assert_eq!(fails(threshold), format!("{malformed}{threshold}"));
    }
}

#[test]
fn what_the_command_line_lacks_is_a_usage_error() {
    let folder = Folder::with_model();
    folder.write("in.csv", "comment\na\n");
    for (arguments, message) in [
        ("sample in.csv -n 0", "error: --rows must be from 1 to 1000000. Got 0\n"),
        ("predict in.csv -m m --min-conf 1.5", "error: --min-conf must be from 0 to 1. Got 1.5\n"),
        ("predict in.csv -m m --min-conf=-0.1", "error: --min-conf must be from 0 to 1. Got -0.1\n"),
        ("predict in.csv -m m --min-conf nan", "error: --min-conf must be from 0 to 1. Got NaN\n"),
    ] {
        let run = folder.run(arguments);
        assert_eq!((run.status, run.out.as_str(), run.err.as_str()), (2, "", message), "{arguments}");
    }
    for arguments in ["", "predict", "predict in.csv -m m --format xml", "train in.csv", "inspect -m m --threads 0"] {
        assert_eq!(folder.run(arguments).status, 2, "{arguments}");
    }
}

#[test]
fn an_input_column_with_the_name_of_an_output_is_refused() {
    assert_eq!(
        prediction_fails("comment,stance_pred\na,b\n", ""),
        "in.csv, column `stance_pred`: the input already has a column `stance_pred`, which the predictions would be written \
         to: rename or remove it"
    );
    assert_eq!(
        prediction_fails("comment,belowline\na,b\n", "--format jsonl"),
        "in.csv, column `belowline`: the input already has a column `belowline`, which the predictions would be written to: \
         rename or remove it"
    );
}

#[test]
fn files_that_are_not_there_are_named() {
    let folder = Folder::with_model();
    let missing = "No such file or directory (os error 2)";
    assert_eq!(folder.run("predict no.csv -m m").failure(), format!("cannot read no.csv: {missing}"));
    assert_eq!(folder.run("predict comments.csv -m no").failure(), format!("cannot read no: {missing}"));
    assert_eq!(
        folder.run("predict comments.csv -m m --articles no.csv").failure(),
        format!("cannot read no.csv: {missing}")
    );
    for arguments in ["predict comments.csv -m m -o", "train comments.csv --config fast.toml -o"] {
        assert_eq!(
            folder.run(&format!("{arguments} no/out.csv")).failure(),
            "cannot write into no: the folder does not exist; make it first"
        );
        assert_eq!(folder.run(&format!("{arguments} .")).failure(), "cannot write .: it is a folder");
    }
}

/// What `predict` says of a file that should be a model.
#[track_caller]
fn model_is_refused(bytes: &[u8]) -> String {
    let folder = Folder::with_comments();
    folder.write("m", bytes);
    folder.run("predict comments.csv -m m").failure()
}

#[test]
fn what_is_wrong_with_a_model_file_is_told_apart() {
    let not = "m is not a belowline model: ";
    assert_eq!(model_is_refused(b""), format!("{not}the file is empty"));
    let foreign = format!("{not}it does not begin like a safetensors file");
    assert_eq!(model_is_refused(support::comments().as_bytes()), foreign);
    let header = br#"{"__metadata__":{"format":"pt"}}"#;
    let other = [&(header.len() as u64).to_le_bytes()[..], header].concat();
    assert_eq!(model_is_refused(&other), format!("{not}it is a safetensors file of another program"));

    let model = model();
    let length = model.len();
    for cut in [length - 1, length / 2] {
        let message = format!("m is cut short: its header promises {length} bytes, the file has {cut}");
        assert_eq!(model_is_refused(&model[..cut]), message);
    }
    assert!(model_is_refused(&model[..100]).starts_with("m is cut short: its header promises "));

    let mut damaged = model.to_vec();
    damaged[length - 9] ^= 1;
    assert_eq!(model_is_refused(&damaged), "m is damaged: its checksum does not match its contents");

    let version = br#"{\"format\":4,"#;
    let place = model.windows(version.len()).position(|part| part == version).unwrap();
    let mut newer = model.to_vec();
    newer[place + version.len() - 2] = b'7';
    assert_eq!(
        model_is_refused(&newer),
        "m has model format 7, this belowline reads up to 4: install a newer belowline, or train again"
    );
    newer[place + version.len() - 2] = b'1';
    assert_eq!(model_is_refused(&newer), "m has model format 1, this belowline reads format 4: train it again");
}

#[test]
fn no_damage_to_a_model_goes_unnoticed_or_does_harm() {
    let model = model();
    let step = model.len() / 400;
    for place in (0..400).chain((400..model.len()).step_by(step)) {
        let mut damaged = model.to_vec();
        damaged[place] ^= 0x10;
        assert!(model_file::from_bytes(&damaged, Path::new("m")).is_err(), "byte {place} changed");
        assert!(model_file::from_bytes(&model[..place], Path::new("m")).is_err(), "cut at byte {place}");
    }
    let more = [model, b"x"].concat();
    assert!(model_file::from_bytes(&more, Path::new("m")).is_err(), "longer than it should be");
}

#[test]
fn rows_before_the_one_that_stops_the_run_reach_standard_output() {
    let folder = Folder::with_model();
    let rows: String = (0..900).map(|i| format!("{i},A comment on buses\n")).collect();
    folder.write("in.csv", format!("id,comment\n{rows}900,\n901,Another\n"));
    for (format, lines) in [("csv", 901), ("jsonl", 900)] {
        for threads in [1, 3] {
            let run = folder.run(&format!("predict in.csv -m m --on-error fail --format {format} --threads {threads}"));
            assert_eq!((run.status, run.out.lines().count()), (1, lines), "{format}, {threads} threads");
            assert!(run.err.starts_with("error: in.csv, line 902, "), "{}", run.err);
        }
    }
}

#[test]
fn rows_before_the_end_of_what_can_be_read_reach_standard_output() {
    let folder = Folder::with_model();
    let rows: String = (0..900).map(|i| format!("{i},A comment on buses\n")).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(format!("id,comment\n{rows}").as_bytes()).unwrap();
    let whole = gzip.finish().unwrap();
    folder.write("in.csv.gz", &whole[..whole.len() - 8]);
    let outs = [1, 3].map(|threads| {
        let run = folder.run(&format!("predict in.csv.gz -m m --threads {threads}"));
        assert_eq!((run.status, run.out.lines().count()), (1, 901), "{threads} threads: {}", run.err);
        run.out
    });
    assert_eq!(outs[0], outs[1]);
}

#[test]
fn rejects_are_written_with_their_places_and_nothing_is_lost() {
    let folder = Folder::with_model();
    folder.write("in.csv", b"id,comment\n1,fine\n2,\n3,\"a \"\"b\"\",\nc\",d\n4,caf\xE9\n5,fine\n");
    let run = folder.run("predict in.csv -m m -o out.csv --rejects rejects.csv");
    assert_eq!(
        (run.status, run.out.as_str(), run.err.as_str()),
        (3, "", &*format!("5 rows read, 2 written, 3 rejected\n{WITHOUT_ARTICLES}"))
    );
    let rejects = folder.bytes("rejects.csv");
    let rejects = table(&String::from_utf8_lossy(&rejects));
    assert_eq!(rejects[0], ["path", "line", "record", "byte", "column", "reason", "row"]);
    let places: Vec<_> = rejects[1..].iter().map(|row| row[..5].join(" ")).collect();
    assert_eq!(places, ["in.csv 3 2 18 comment", "in.csv 4 3 21 ", "in.csv 6 4 38 comment"]);
    let rows: Vec<_> = rejects[1..].iter().map(|row| row[6].as_str()).collect();
    assert_eq!(rows, ["2,", "3,\"a \"\"b\"\",\nc\",d", "4,caf\u{fffd}"]);
    assert!(folder.bytes("rejects.csv").windows(4).any(|part| part == b"caf\xE9"), "the bytes stay as they were");
}

#[test]
fn training_can_leave_bad_rows_out() {
    let folder = Folder::with_comments();
    folder.write("in.csv", support::comments() + "c60,too,few\n");
    assert!(folder.run("train in.csv --config fast.toml -o m").failure().starts_with("in.csv, line 62, record 61, "));
    assert!(!folder.path("m").exists());
    let run = folder.run("train in.csv --config fast.toml -o m --on-error skip");
    assert_eq!(run.status, 3);
    assert!(run.out.contains("\n61 rows read, 60 used, 1 rejected. Model of "), "{}", run.out);
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    let folder = Folder::with_model();
    for (arguments, what) in [
        ("predict comments.csv -m m", "cannot write the predictions: "),
        ("evaluate comments.csv -m m", "cannot write standard output: "),
        ("inspect -m m", "cannot write standard output: "),
        ("explain -m m --text x", "cannot write standard output: "),
        ("report comments.csv -m m -o -", "cannot write standard output: "),
    ] {
        let output = folder.process(arguments).stdout(full.try_clone().unwrap()).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(message, format!("error: {what}No space left on device (os error 28)\n"), "{arguments}");
        assert_eq!(output.status.code(), Some(1), "{arguments}");
    }
}

#[test]
fn a_reader_who_has_had_enough_ends_the_run_quietly() {
    let folder = Folder::with_model();
    let rows: String = (0..3_000).map(|i| format!("c{i},{}\n", comment(i))).collect();
    folder.write("in.csv", format!("{HEADER}\n{rows}"));
    let mut child = folder
        .process("predict in.csv -m m --explain 3")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with(HEADER), "{line}");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}
