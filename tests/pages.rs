//! Pages of our own writing give the articles and the comments that stand on them.

use std::path::Path;

use belowline::input::page;
use belowline::pages::Page;
use serde_json::Value;

/// One space between words, whatever stood there.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("expected.json lacks {key}"))
}

/// What is not as it should be on a page.
fn faults(page: &Page, expected: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |ok: bool, what: String| {
        if !ok {
            faults.push(what);
        }
    };
    let body = folded(&page.body);
    check(page.title == text(expected, "title"), format!("title: {:?}", page.title));
    let (starts, ends) = (text(expected, "article_starts"), text(expected, "article_ends"));
    check(
        // A standfirst may stand before it.
        body.find(starts).is_some_and(|at| at < 250),
        format!("the article lacks its start: {starts}"),
    );
    check(body.ends_with(ends), format!("the article does not end with: {ends}"));
    let comments = expected["comments"].as_array().unwrap();
    check(
        page.comments.len() == comments.len(),
        format!("{} comments instead of {}", page.comments.len(), comments.len()),
    );
    for (i, (found, wanted)) in page.comments.iter().zip(comments).enumerate() {
        let comment = folded(&found.text);
        check(comment.starts_with(text(wanted, "starts")), format!("comment {i} lacks its start"));
        check(comment.ends_with(text(wanted, "ends")), format!("comment {i} lacks its end: {}", text(wanted, "ends")));
        check(found.author == text(wanted, "author"), format!("comment {i}: author {:?}", found.author));
        let time = text(wanted, "time");
        check(time.is_empty() || found.time == time, format!("comment {i}: time {:?}", found.time));
        check(
            found.parent.map(|p| p as u64) == wanted["parent"].as_u64(),
            format!("comment {i}: parent {:?}", found.parent),
        );
    }
    for comment in &page.comments {
        check(!body.contains(&folded(&comment.text)), "a comment stands in the article too".into());
    }
    let boundary = match (page.comments.is_empty(), page.boundary.is_marked) {
        (true, _) => "none",
        (false, true) => "marked",
        (false, false) => "guessed",
    };
    check(boundary == text(expected, "boundary"), format!("boundary: {boundary}"));
    for furniture in expected["furniture"].as_array().unwrap() {
        let furniture = furniture.as_str().unwrap();
        check(!body.contains(furniture), format!("furniture in the article: {furniture}"));
        let is_in = |comment: &belowline::pages::Comment| folded(&comment.text).contains(furniture);
        check(!page.comments.iter().any(is_in), format!("furniture in a comment: {furniture}"));
    }
    faults
}

#[test]
fn every_page_gives_its_article_and_its_comments() {
    let folder = Path::new("tests/pages");
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
    let mut faulty = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(name == "expected.json" || expected.get(&name).is_some(), "{name} is not in expected.json");
    }
    for (name, expected) in expected.as_object().unwrap() {
        let page = page(&folder.join(name), None).unwrap();
        faulty.extend(faults(&page, expected).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(expected.as_object().unwrap().len() >= 16);
    assert!(faulty.is_empty(), "{}", faulty.join("\n"));
}
