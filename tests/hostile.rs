//! Broken and hostile files of every format, through the program: a clear error or a reject each, never a crash, a hang or unbounded memory.

mod support;

use std::io::Write;

use support::{Folder, column, table};

/// What the program says of a file that it scores: exit status, number of rows written, messages.
fn scored(name: &str, content: impl AsRef<[u8]>, arguments: &str) -> (i32, Vec<String>, String) {
    let folder = Folder::with_model();
    folder.write(name, content);
    let run = folder.run(&format!("predict {name} -m m --format csv {arguments}"));
    let comments = if run.out.is_empty() { Vec::new() } else { column(&run.out, "comment") };
    (run.status, comments, run.err.replace(support::WITHOUT_ARTICLES, ""))
}

#[test]
fn what_spreadsheets_save_is_read() {
    let read = |content: &[u8], arguments: &str| scored("a.csv", content, arguments);
    for content in [
        &b"sep=;\r\nid;comment\r\n1;x, y\r\n"[..],
        b"\xEF\xBB\xBFid;comment\r\n1;\"x, y\"\r\n",
        b"id\tcomment\n1\tx, y\n",
        b"id,comment\r1,\"x, y\"\r",
        b"id,comment\r\n\n\r1,\"x, y\"\n\r\n",
        b"\xFF\xFEi\0d\0;\0c\0o\0m\0m\0e\0n\0t\0\n\x001\0;\0x\0,\0 \0y\0\n\0",
    ] {
        let (status, comments, messages) = read(content, "");
        assert_eq!((status, comments), (0, vec!["x, y".to_owned()]), "{content:?}: {messages}");
    }
    let (status, comments, _) = read(b"id;comment\n1;caf\xE9\n", "--encoding windows-1252");
    assert_eq!((status, comments), (0, vec!["café".to_owned()]));
}

#[test]
fn one_bad_row_is_rejected_with_its_place_and_the_rest_is_scored() {
    let deep =
        format!("{{\"comment\":\"b\",\"x\":{}{}}}\n{{\"comment\":\"a\"}}\n", "[".repeat(200_000), "]".repeat(200_000));
    for (name, content, place) in [
        ("a.csv", "id,comment\n1,b\0\n2,a\n", "a.csv, line 2, record 1, byte 11, column `comment`"),
        ("a.csv", "id,comment\n2,a\n1,\"secret\n3,c\n", "a.csv, line 3, record 2, byte 15, column `comment`"),
        ("a.csv", "id,comment\n1,x,y\n2,a\n", "a.csv, line 2, record 1, byte 11"),
        ("a.jsonl", "{\"comment\":\"b\n{\"comment\":\"a\"}\n", "a.jsonl, line 1, record 1, byte 0"),
        ("a.jsonl", "{\"comment\":\"\u{0}\"}\n{\"comment\":\"a\"}\n", "a.jsonl, line 1, record 1, byte 0"),
        ("a.jsonl", &deep, "a.jsonl, line 1, record 1, byte 0"),
    ] {
        let (status, comments, messages) = scored(name, content, "");
        assert_eq!((status, comments), (3, vec!["a".to_owned()]), "{messages}");
        assert!(messages.starts_with(&format!("rejected: {place}: ")), "{messages}");
        assert!(!messages.contains("secret") && messages.len() < 1000, "no text of a comment: {messages}");
    }
}

#[test]
fn a_field_of_100_megabytes_passes_through_and_a_record_beyond_the_limit_is_refused() {
    let huge = "x".repeat(100 << 20);
    let folder = Folder::with_model();
    folder.write("a.csv", format!("note,comment\n{huge},a\n"));
    let run = folder.run("predict a.csv -m m -o out.csv");
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(folder.bytes("out.csv").len() > huge.len());
    folder.write("b.csv", format!("note,comment\n\"{huge}{huge}{huge},a\n"));
    let error = folder.run("predict b.csv -m m -o b.out").failure();
    assert!(
        error.starts_with("b.csv, line 2, record 1, byte 13: this record is longer than 268435456 bytes"),
        "{error}"
    );
    assert!(!folder.names().contains(&"b.out".to_owned()));
}

#[test]
fn a_small_file_that_unpacks_to_a_huge_one_ends_in_an_error() {
    let folder = Folder::with_model();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"comment\n").unwrap();
    for _ in 0..300 {
        gzip.write_all(&[b'x'; 1 << 20]).unwrap();
    }
    let gzip = gzip.finish().unwrap();
    assert!(gzip.len() < 3 << 20);
    let no_json = "rejected: a.jsonl.gz, line 1, record 1, byte 0: this line is no JSON object: every line must hold one, `{...}`\n";
    for (name, before) in [("a.csv.gz", ""), ("a.jsonl.gz", no_json), ("a.html.gz", "")] {
        folder.write(name, &gzip);
        let mut run = folder.run(&format!("predict {name} -m m -o out.csv"));
        run.err = run.err.strip_prefix(before).expect(&run.err).to_owned();
        let error = run.failure();
        assert!(error.contains("bytes"), "{error}");
    }
    folder.write("a.xml.gz", &gzip);
    for system in ["wordpress", "disqus"] {
        let error = folder.run(&format!("import a.xml.gz --from {system} -o out.csv")).failure();
        assert!(error.starts_with("a.xml.gz, "), "{error}");
    }
    assert!(!folder.names().contains(&"out.csv".to_owned()));
}

#[test]
fn a_file_that_is_cut_short_is_told() {
    let folder = Folder::with_model();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all("comment\nsome words here\n".repeat(2000).as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    folder.write("a.csv.gz", &gzip[..gzip.len() - 20]);
    let error = folder.run("predict a.csv.gz -m m -o out.csv").failure();
    assert!(error.starts_with("cannot read a.csv.gz: "), "{error}");
    folder.write("a.csv.zst", &zstd::encode_all(&b"comment\na\n"[..], 1).unwrap()[..12]);
    let error = folder.run("predict a.csv.zst -m m -o out.csv").failure();
    assert!(error.starts_with("cannot read a.csv.zst: "), "{error}");
}

#[test]
fn folders_hold_tables_or_pages() {
    let folder = Folder::with_model();
    std::fs::create_dir(folder.path("mixed")).unwrap();
    folder.write("mixed/a.csv", "comment\na\n");
    folder.write("mixed/notes.txt", "What this is about");
    assert_eq!(table(&folder.run("predict mixed -m m").done()).len(), 2, "a note beside tables is none");
    folder.write("mixed/b.html", "<p>x</p>");
    let error = folder.run("predict mixed -m m").failure();
    assert!(error.starts_with("mixed: the folder holds tables and web pages"), "{error}");
}
