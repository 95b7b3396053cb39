//! From a saved page to a report: rows, the article's part, labels, probabilities, caveats.

mod support;

use serde_json::Value;
use support::{Folder, column, table};

/// Pages in five shapes, with the number of their comments.
const PAGES: [(&str, usize); 5] = [
    ("numbered.txt", 3),
    ("pull-quote.txt", 0),
    ("syndicated.txt", 0),
    ("nothing-between.txt", 6),
    ("furniture.txt", 0),
];

/// A folder with the model and a folder `pages` of the five.
fn folder() -> Folder {
    let folder = Folder::with_model();
    std::fs::create_dir(folder.path("pages")).unwrap();
    for (name, _) in PAGES {
        std::fs::copy(format!("tests/pages/{name}"), folder.path(&format!("pages/{name}"))).unwrap();
    }
    folder
}

fn kinds(report: &Value) -> Vec<&str> {
    report["caveats"].as_array().unwrap().iter().map(|caveat| caveat["kind"].as_str().unwrap()).collect()
}

#[test]
fn what_is_extracted_is_scored_with_its_article() {
    let folder = folder();
    folder.run("extract pages -o comments.csv --articles-output articles.csv --author-key fast.toml").done();
    let comments = folder.read("comments.csv");
    assert_eq!(
        table(&comments)[0].join(","),
        "id,article_id,parent_id,parent,comment,author,time,boundary,boundary_conf"
    );
    for (name, count) in PAGES {
        let of_page = column(&comments, "article_id").iter().filter(|id| *id == &format!("pages/{name}")).count();
        assert_eq!(of_page, count, "{name}");
    }
    assert_eq!(table(&folder.read("articles.csv")).len(), 6);
    let scored = folder.run("predict comments.csv --articles articles.csv -m m").done();
    assert_eq!(table(&scored).len(), 10);
    let predicted = column(&scored, "stance_pred");
    assert!(predicted.iter().all(|label| ["favor", "against", "none"].contains(&label.as_str())), "{predicted:?}");
    for label in ["favor", "against", "none"] {
        let p = column(&scored, &format!("stance_p_{label}"));
        assert!(p.iter().all(|p| (0.0..=1.0).contains(&p.parse::<f64>().unwrap())));
    }

    // The same pages without the detour give the same scores: they bring their articles along.
    let direct = folder.run("predict pages -m m").done();
    for name in ["id", "comment", "boundary_conf", "stance_pred", "stance_p_favor", "tone_pred"] {
        assert_eq!(column(&direct, name), column(&scored, name), "{name}");
    }
    let alone = folder.run("predict comments.csv -m m").done();
    assert_ne!(column(&alone, "stance_p_favor"), column(&scored, "stance_p_favor"), "the article has its part");
}

#[test]
fn explain_takes_a_comment_of_a_page_and_its_article() {
    let folder = folder();
    folder.run("extract pages/numbered.txt -o comments.csv --articles-output articles.csv").done();
    let articles = folder.read("articles.csv");
    folder.write("article.txt", column(&articles, "body").remove(0));
    folder.write("comment.txt", column(&folder.read("comments.csv"), "comment").remove(0));
    let explained = folder.run("explain -m m --file comment.txt --article article.txt --format json").done();
    let explained: Value = serde_json::from_str(&explained).unwrap();
    assert!(explained["tasks"].as_array().is_some_and(|tasks| tasks.len() == 2), "{explained}");
}

#[test]
fn a_report_on_pages_says_where_the_boundary_was_guessed() {
    let folder = folder();
    folder.run("report pages -m m -o r.json").done();
    let report: Value = serde_json::from_str(&folder.read("r.json")).unwrap();
    assert_eq!(report["rows"], 9);
    assert!(kinds(&report).contains(&"guessed-boundary"), "{:?}", kinds(&report));
    assert!(!kinds(&report).contains(&"no-articles"), "pages bring their articles");
    let text =
        report["caveats"].as_array().unwrap().iter().find(|c| c["kind"] == "guessed-boundary").unwrap()["text"].clone();
    assert!(text.as_str().unwrap().starts_with("6 comments come from pages"), "{text}");
    folder.run("report pages/numbered.txt -m m -o marked.json").done();
    let marked: Value = serde_json::from_str(&folder.read("marked.json")).unwrap();
    assert!(!kinds(&marked).contains(&"guessed-boundary"));

    // What was extracted says so as well.
    folder.run("extract pages -o comments.csv --articles-output articles.csv").done();
    folder.run("report comments.csv --articles articles.csv -m m -o again.json").done();
    let again: Value = serde_json::from_str(&folder.read("again.json")).unwrap();
    assert!(kinds(&again).contains(&"guessed-boundary"));
}

#[test]
fn a_page_without_comments_is_no_failure() {
    let folder = folder();
    let scored = folder.run("predict pages/syndicated.txt -m m").done();
    assert_eq!(table(&scored).len(), 1, "the header alone");
    let extracted = folder.run("extract pages/syndicated.txt").done();
    assert_eq!(extracted, "id,article_id,parent_id,parent,comment,author,time,boundary,boundary_conf\n");
    folder.run("report pages/syndicated.txt -m m -o r.json").done();
    let report: Value = serde_json::from_str(&folder.read("r.json")).unwrap();
    assert_eq!((&report["rows"], kinds(&report)), (&0.into(), vec!["no-comments"]));
    for ending in ["html", "md", "csv"] {
        folder.run(&format!("report pages/syndicated.txt -m m -o r.{ending}")).done();
    }
}

#[test]
fn names_of_authors_are_not_carried_over_unless_asked_for() {
    let folder = Folder::new();
    std::fs::copy("tests/pages/says.txt", folder.path("says.txt")).unwrap();
    let plain = folder.run("extract says.txt --keep-authors").done();
    let authors = column(&plain, "author");
    assert!(authors.iter().all(|author| !author.is_empty()), "{authors:?}");
    let hashed = folder.run("extract says.txt").done();
    for (hash, author) in column(&hashed, "author").iter().zip(&authors) {
        assert!(hash.len() == 16 && hash != author && !column(&hashed, "comment").is_empty());
    }
    folder.write("key", "a secret");
    let keyed = || folder.run("extract says.txt --author-key key").done();
    assert_eq!(keyed(), keyed());
    assert_ne!(keyed(), hashed);
}

#[test]
fn pages_on_standard_input_are_told_by_their_first_byte() {
    let folder = Folder::with_model();
    let html = std::fs::read("tests/pages/wordpress.html").unwrap();
    let direct = folder.run_on("predict - -m m", html.clone()).done();
    assert_eq!(table(&direct).len(), 6);
    assert_eq!(column(&direct, "article_id")[0], "-");
    assert_eq!(table(&folder.run_on("extract -", html).done()).len(), 6);
}

#[test]
fn broken_pages_are_errors_with_a_place() {
    let folder = Folder::new();
    folder.write("bad.html", b"<p>caf\xE9</p>");
    assert_eq!(
        folder.run("extract bad.html -o c.csv").failure(),
        "bad.html, byte 6: invalid UTF-8: repair it, or name the page's encoding with `--encoding`"
    );
    assert!(!folder.names().contains(&"c.csv".to_owned()), "nothing is written half");
    assert_eq!(table(&folder.run("extract bad.html --encoding latin1").done()).len(), 1);
    folder
        .write("declared.html", b"<meta charset='windows-1252'><ul class=comment-list><li class=comment>caf\xE9</ul>");
    assert_eq!(column(&folder.run("extract declared.html").done(), "comment"), ["café"]);
    folder.write("deep.html", "<div><b>".repeat(150_000));
    folder.run("extract deep.html").done();
    folder.write("many.html", "<b>".repeat(500_000));
    assert!(folder.run("extract many.html -o c.csv").failure().starts_with("many.html: the page has more than"));
    folder.write("nul.txt", "A line.\0\0\n\nComments\n\nOne\0");
    folder.run("extract nul.txt").done();
    folder.write("empty.html", "");
    assert_eq!(table(&folder.run("extract empty.html").done()).len(), 1);
    // A table in a .txt file stays one.
    folder.write("table.txt", "id;comment\n1;x\n");
    let model = Folder::with_model();
    model.write("table.txt", "id;comment\n1;x\n");
    assert_eq!(column(&model.run("predict table.txt -m m").done(), "comment"), ["x"]);
}

#[test]
fn what_is_left_out_of_articles_is_listed_on_demand() {
    let folder = folder();
    let listed = folder.run("extract pages/furniture.txt --verbose -o c.csv");
    let listed = listed.err;
    assert!(listed.contains("left out: ") && listed.to_uppercase().contains("TELEGRAM"), "{listed}");
    assert!(!folder.run("extract pages/furniture.txt -o c.csv").err.contains("left out"));
    let clash = folder.run("extract pages/furniture.txt -o pages/furniture.txt").usage();
    assert!(clash.contains("would write over"), "{clash}");
}
