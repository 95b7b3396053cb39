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

/// An article of two paragraphs.
const ARTICLE: &str = "<article><h1>The bath</h1><p>The public bath by the river was closed on Monday after eighty years, and nobody \
    in the town hall would say for how long it will stay so. The keys hang in the porter's lodge.</p><p>Swimmers came all the same and stood \
    at the gate, some of them with towels. They were told to write letters, which they did, on the spot and in pencil.</p></article>";

/// Author, text and parent of each comment of a page with that article.
fn comments(after: &str) -> Vec<(String, String, Option<usize>)> {
    let page = belowline::pages::read(belowline::pages::Kind::Html, &format!("<body>{ARTICLE}{after}</body>")).unwrap();
    assert!(page.body.starts_with("The public bath") && page.body.ends_with("in pencil."), "{}", page.body);
    page.comments.into_iter().map(|c| (c.author, c.text, c.parent)).collect()
}

fn comment(author: &str, text: &str, parent: Option<usize>) -> (String, String, Option<usize>) {
    (author.to_owned(), text.to_owned(), parent)
}

#[test]
fn markup_of_newer_themes_forms_and_replies_in_divs_is_read() {
    let block = "<ol class='wp-block-comment-template'><li id='comment-1' class='comment'><div class='wp-block-comment-author-name'>Ann</div>\
                 <div class='wp-block-comment-edit-link'>Edit</div><div class='wp-block-comment-content'><p>One.</p></div></li></ol>";
    assert_eq!(comments(block), [comment("Ann", "One.", None)]);
    let form = "<form><div class='comment'><b class='author'>Ann</b><form class='usertext'><div class='comment-body'>One.</div></form></div></form>";
    assert_eq!(comments(form), [comment("Ann", "One.", None)]);
    let divs = "<div class='comment'><b class='author'>Ann</b><p class='comment-text'>One.</p><div class='replies'><div class='reply'>\
                <b class='author'>Bob</b><p class='comment-text'>Two.</p></div></div></div>";
    assert_eq!(comments(divs), [comment("Ann", "One.", None), comment("Bob", "Two.", Some(0))]);
    let depths = "<div class='comment depth-1'><p>One.</p></div><div class='comment depth-2'><p>Two.</p></div><div class='comment depth-1'><p>Three.</p></div>";
    let parents: Vec<_> = comments(depths).into_iter().map(|(_, _, parent)| parent).collect();
    assert_eq!(parents, [None, Some(0), None]);
}

#[test]
fn what_only_looks_like_a_comment_is_none() {
    let link = "<div class='comment'><a href='#comments'>3 comments</a></div>";
    let action = "<div itemtype='https://schema.org/CommentAction'>Write</div>";
    let faq = "<script type='application/ld+json'>{\"@type\":\"FAQPage\",\"mainEntity\":[{\"@type\":\"Question\",\
               \"acceptedAnswer\":{\"@type\":\"Answer\",\"text\":\"At noon.\"}}]}</script>";
    for page in [link, action, faq] {
        assert_eq!(comments(page), [], "{page}");
    }
    let one = "<li class='comment' id='comment-7'><p class='comment-text'>One.</p></li>";
    assert_eq!(comments(&format!("<ol>{one}</ol><ul>{one}</ul>")).len(), 1, "a copy for small screens");
}

#[test]
fn comments_before_the_article_leave_it_whole() {
    let drawer = "<div class='drawer'><div class='comment'><b class='author'>Ann</b><p class='comment-text'>One.</p></div></div>";
    let page =
        belowline::pages::read(belowline::pages::Kind::Html, &format!("<body>{drawer}{ARTICLE}</body>")).unwrap();
    assert!(page.body.ends_with("in pencil.") && page.comments.len() == 1, "{page:?}");
}

#[test]
fn sentences_of_the_article_are_no_furniture() {
    let sentences = [
        "Lee told the court: \"I did not do it, and nobody has said that I did.\"",
        "More than 300 people came: old and young, with and without towels.",
        "Critics join a growing chorus on Twitter that wants the bath to be opened again.",
        "Maria Lopez is the director of the clinic and says that old people need the water.",
        "To get health coverage, families must wait for a year, she said on Monday.",
        "The auditors found errors and mistakes in the count of the tiles.",
        "The letters were read aloud in the evening, and then everyone went home in the rain.",
    ];
    let page = belowline::pages::read(belowline::pages::Kind::Text, &sentences.join("\n")).unwrap();
    for sentence in sentences {
        assert!(page.body.contains(sentence), "left out: {sentence}");
    }
}
