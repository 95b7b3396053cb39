//! What a run leaves behind that is killed, or whose input goes away.
#![cfg(unix)]

mod support;

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use support::Folder;

/// Starts a run whose input is a pipe that never ends, kills it while it waits for more, and gives the names in the folder.
fn killed(folder: &Folder, arguments: &str) -> Vec<String> {
    let mut run =
        folder.process(arguments).stdin(Stdio::piped()).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = run.stdin.take().unwrap();
    let (header, rows) = support::comments().split_once('\n').map(|(h, r)| (h.to_owned(), r.to_owned())).unwrap();
    writeln!(input, "{header}").unwrap();
    // More than pipes and batches hold, so that work has begun.
    for _ in 0..40 {
        input.write_all(rows.as_bytes()).unwrap();
    }
    input.flush().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    run.kill().unwrap();
    run.wait().unwrap();
    folder.names()
}

#[test]
fn a_run_that_is_killed_leaves_the_old_output() {
    let folder = Folder::with_model();
    for (arguments, output) in [
        ("predict - -m m -o out", "out"),
        ("report - -m m -o out", "out"),
        ("evaluate - -m m -o out", "out"),
        ("train - --config fast.toml -o out", "out"),
        ("predict - -m m -o p.csv --rejects out", "out"),
    ] {
        folder.write(output, "old");
        killed(&folder, arguments);
        assert_eq!(folder.read(output), "old", "{arguments}");
    }
    // What could not be cleared away bears a name that nobody takes for an output, and stays out of the way of folders.
    let known = ["articles.csv", "comments.csv", "fast.toml", "m", "out"];
    let left: Vec<String> = folder.names().into_iter().filter(|name| !known.contains(&name.as_str())).collect();
    assert!(left.iter().all(|name| name.starts_with(".belowline-")), "{left:?}");
}

#[test]
fn a_run_that_is_killed_leaves_no_output_where_there_was_none() {
    let folder = Folder::with_model();
    let names = killed(&folder, "predict - -m m -o out.csv");
    assert!(!names.contains(&"out.csv".to_owned()), "{names:?}");
    folder.run("predict comments.csv -m m -o out.csv").done();
    assert!(folder.read("out.csv").lines().count() > 60, "the next run is not hindered");
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_the_work() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with_model();
    std::fs::create_dir(folder.path("locked")).unwrap();
    std::fs::set_permissions(folder.path("locked"), std::fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write everywhere; then there is nothing to see.
    if std::fs::write(folder.path("locked/probe"), "").is_ok() {
        return;
    }
    for arguments in [
        "predict comments.csv -m m -o locked/x", "report comments.csv -m m -o locked/x",
        "train comments.csv -o locked/x",
    ] {
        let message = folder.run(arguments).failure();
        assert!(message.starts_with("cannot write into locked: "), "{message}");
    }
}

#[test]
fn an_input_that_goes_away_is_a_clear_error() {
    let folder = Folder::with_model();
    for arguments in [
        "predict gone.csv -m m", "report gone.csv -m m -o r.html", "train gone.csv -o x", "evaluate gone.csv -m m",
        "import gone.xml --from disqus",
    ] {
        assert!(folder.run(arguments).failure().starts_with("cannot read gone."), "{arguments}");
    }
    assert!(folder.run("predict comments.csv -m gone").failure().starts_with("cannot read gone: "));
    assert!(
        folder.run("predict comments.csv -m m --articles gone.csv").failure().starts_with("cannot read gone.csv: ")
    );
}
