//! `make quality`: the tables, with and without other packages. No Python is run: a shell script stands for it.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use support::Folder;

/// Sixty labelled comments in `tiny`, which name articles.
fn folder() -> Folder {
    let folder = Folder::with_comments();
    std::fs::create_dir(folder.path("tiny")).unwrap();
    std::fs::create_dir(folder.path("no_data")).unwrap();
    folder.write("tiny/train.csv", support::comments());
    folder.write("tiny/articles.csv", support::ARTICLES);
    folder
}

/// The example's program. Cargo builds it with some ways of testing and not with others, so it is asked to; once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // target/PROFILE/deps/this-test
        let this = std::env::current_exe().unwrap();
        let profile = this.ancestors().nth(2).unwrap();
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--quiet", "--locked", "--example", "quality"]);
        command.arg("--target-dir").arg(profile.parent().unwrap());
        command.arg("--manifest-path").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
        if profile.ends_with("release") {
            command.arg("--release");
        }
        assert!(command.status().unwrap().success());
        profile.join("examples").join(format!("quality{}", std::env::consts::EXE_SUFFIX))
    })
}

fn quality(folder: &Folder, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder.path("")).env("SOURCE_DATE_EPOCH", "1798761599");
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The cells of the rows whose first is `data`.
fn rows(out: &str, data: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    out.lines().map(cells).filter(|cells| cells[0] == data).collect()
}

#[test]
fn the_table_says_what_the_training_summary_says() {
    let folder = folder();
    let output = quality(&folder, &["."]);
    let out = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let heading = format!("2026-12-31, belowline {}: `make quality DATA=.`\n\n", env!("CARGO_PKG_VERSION"));
    assert!(out.starts_with(&heading), "{out}");
    let stance = rows(&out, "tiny, stance");
    let summary = folder.run("train tiny/train.csv --articles tiny/articles.csv -o m --task stance").done();
    let measured = summary.lines().find(|line| line.contains("95% interval")).unwrap();
    let number = |text: &str| text.trim_matches(['(', ',', ')']).trim_start_matches('0').to_owned();
    let words: Vec<&str> = measured.split_whitespace().collect();
    let expected = format!("{} ({} to {})", number(words[1]), number(words[4]), number(words[6]));
    assert_eq!(stance[0][1..], ["new comments under known articles", "macro-F1", &expected], "{measured}");
    let places: Vec<String> = stance.iter().map(|cells| cells[1..3].join(": ")).collect();
    let of = |question: &str| ["macro-F1", "Favg", "calibration error"].map(|name| format!("{question}: {name}"));
    let both = [of("new comments under known articles"), of("comments under articles never seen")].concat();
    assert_eq!(places[..6], both, "then the row of sizes and times");
    assert_eq!(stance[6][1..4], ["60", "3", "3 articles"]);
    assert_eq!(rows(&out, "tiny, tone").len(), 5, "several labels a comment have neither Favg nor AUC: {out}");
}

#[test]
fn a_data_set_that_fails_is_in_the_table_and_the_others_are_measured() {
    let folder = folder();
    std::fs::create_dir(folder.path("broken")).unwrap();
    folder.write("broken/train.csv", "comment,stance\nyes,favor\nno\n");
    std::fs::create_dir(folder.path("other")).unwrap();
    folder.write("other/train.csv", "comment,view\nyes,favor\n");
    let output = quality(&folder, &["."]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(out.contains("| broken, stance | failed: ./broken/train.csv, line 3, record 2"), "{out}");
    assert!(out.contains("| other | failed: train.csv has neither a column `stance` nor `tone` |  |  |"), "{out}");
    assert!(!rows(&out, "tiny, stance").is_empty(), "{out}");
    let err = text(&output.stderr);
    assert!(err.contains("failed: other: train.csv has neither"), "{err}");
}

#[test]
fn a_folder_or_data_set_that_is_not_there_is_an_error_that_says_so() {
    let folder = folder();
    let message = |arguments: &[&str]| {
        let output = quality(&folder, arguments);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()));
        text(&output.stderr)
    };
    assert!(message(&["nowhere"]).starts_with("error: cannot read the folder nowhere: "));
    assert_eq!(message(&["no_data"]), "error: no_data has no data set: a sub-folder with a file train.csv\n");
    assert_eq!(message(&[".", "--set", "huge"]), "error: there is no data set `huge` in .: it has tiny\n");
}

#[cfg(unix)]
#[test]
fn other_packages_are_compared_on_the_same_rows() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    // Answers `run` for scikit-learn with the first label of each held-out row, for fastText never, for Vowpal Wabbit with an error.
    folder.write(
        "python",
        "#!/bin/sh\n\
         case \"$2 $3\" in\n\
         'list ') printf 'scikit-learn\\t1.2\\tmulti-label\\nfastText\\t3.4\\tmulti-label\\nVowpal Wabbit\\t5.6\\tsingle-label\\n' ;;\n\
         'run scikit-learn')\n\
           echo row,predicted,against,favor,none > \"$5\"\n\
           sed -n 's/^\\([0-9]*\\),[0-9].*/\\1,against,1,0,0/p' \"$4\" >> \"$5\"\n\
           echo seconds 0.25 ;;\n\
         'run fastText') exec sleep 60 ;;\n\
         *) echo no such thing >&2; exit 3 ;;\n\
         esac\n",
    );
    std::fs::set_permissions(folder.path("python"), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder.write("tiny/train.csv", support::comments().replace(",tone\n", ",mood\n"));
    let output = quality(&folder, &[".", "--python", "./python", "--peer-timeout", "1"]);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{err}");
    let stance = rows(&out, "tiny, stance");
    // Always `against`, in a third of the rows: F1 of one half, a third of which is the mean.
    assert!(stance[0][4].starts_with(".167; +.8"), "{out}");
    assert_eq!(stance[0][5..], ["not done in 1 s", "failed"]);
    assert_eq!(stance[2][4], ".667", "sure, and right in a third of the rows");
    assert_eq!(stance[6][5..], ["0.5", "not done in 1 s", "failed"]);
    assert!(out.contains("scikit-learn 1.2, fastText 3.4, Vowpal Wabbit 5.6"), "{out}");
    let message =
        "failed: tiny, stance: Vowpal Wabbit, new comments under known articles: exit status: 3: no such thing\n";
    assert!(err.contains(message), "{err}");
}
