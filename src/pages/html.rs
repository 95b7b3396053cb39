//! A page that is HTML.

use std::collections::{HashMap, HashSet};

use dom_query::{Document, NodeId, NodeRef};
use dom_smoothie::Readability;

use super::balance::balanced;
use super::markup::{folded, has, names};
use super::paragraphs::{self, Paragraph};
use super::{Boundary, Comment, Page, items, linked_data, markup, text};
use crate::text::html;

/// Classes and ids of the part of a page that holds comments, without `-` and `_`.
const COMMENTS: [&str; 16] = [
    "comments", "commentsarea", "commentarea", "commentssection", "commentsection", "commentswrapper", "commentlist",
    "commentslist", "respond", "disqusthread", "coralthread", "coralcontainer", "commentform", "postlist",
    "commentspage", "readerresponses",
];
/// Ids of places that comment systems fill when a page is opened.
const LOADERS: [&str; 12] = [
    "ghost-comments-root", "commento", "isso-thread", "giscus", "utterances", "fb-comments", "disqus_thread",
    "coral_thread", "coral_talk_stream", "hyvor-talk-view", "cusdis_thread", "remark42",
];
/// Parts of a page that hold neither the article nor its comments.
const ELSEWHERE: [&str; 4] = ["nav", "header", "footer", "aside"];

/// Classes of what stands in an article and repeats or adorns it.
const ASIDES: [&str; 8] = [
    "pullquote", "pull", "wppullquote", "wpcaptiontext", "imagecaption", "photocredit", "imagecredit",
    "newslettersignup",
];
/// Words that an article has at least.
const LEAST_WORDS: usize = 60;

/// Reads a page.
pub(super) fn read(source: &str) -> Result<Page, String> {
    let document = Document::from(balanced(source)?);
    let root = document.root();
    let (comments, nodes) = markup::comments(root);
    let mut comments = without_copies(comments);
    if comments.is_empty() {
        let scripts = document.select("script[type='application/ld+json']");
        comments = scripts.iter().flat_map(|script| linked_data::comments(&script.text())).collect();
    }
    let url = url(&document);
    let headline = headline(&document);
    let whole = if comments.is_empty() { lines(&root) } else { Vec::new() };
    let lacks_comments = comments.is_empty() && LOADERS.iter().any(|id| document.select(&format!("#{id}")).exists());
    remove_what_follows(&nodes);
    nodes.iter().for_each(NodeRef::remove_from_parent);
    remove_comment_parts(&root);
    let asides = take_asides(&root);
    let (title, content) = readable(document, headline);
    let title = Some(title.as_str());
    let with_asides = |page: Page| Page { furniture: [page.furniture, asides].concat(), ..page };
    if !comments.is_empty() {
        let boundary = Boundary { is_marked: true, confidence: 1.0 };
        return Ok(Page { comments, boundary, url, ..with_asides(text::article_of(&content, title)) });
    }
    // No markup is known: a heading over the comments may still say where they are.
    if let Some((_, comments, confidence)) = text::marked(&whole) {
        let comments = items::comments(comments);
        // What a reader wrote is not the article's, wherever the reader view put it.
        let said: HashSet<&str> = comments.iter().flat_map(|comment| comment.text.lines()).map(str::trim).collect();
        let content: Vec<Paragraph> = content.into_iter().filter(|p| !said.contains(p.text.trim())).collect();
        let boundary = Boundary { is_marked: true, confidence };
        return Ok(Page { comments, boundary, url, ..with_asides(text::article_of(&content, title)) });
    }
    Ok(Page { url, lacks_comments, ..with_asides(text::guessed(&content, title)) })
}

/// Pages made for two kinds of screens hold each comment twice.
fn without_copies(comments: Vec<Comment>) -> Vec<Comment> {
    let mut known: HashMap<(String, String, String), usize> = HashMap::new();
    let mut kept: Vec<Comment> = Vec::new();
    // Where each comment is now.
    let mut place = Vec::with_capacity(comments.len());
    for comment in comments {
        let key = (comment.id.clone(), comment.author.clone(), comment.text.clone());
        let is_named = !comment.id.is_empty();
        match known.get(&key).filter(|_| is_named) {
            Some(&first) => place.push(first),
            None => {
                let parent = comment.parent.map(|parent: usize| place[parent]);
                place.push(kept.len());
                known.insert(key, kept.len());
                kept.push(Comment { parent, ..comment });
            }
        }
    }
    kept
}

/// The paragraphs of the whole page, as somebody would copy them.
fn lines(root: &NodeRef) -> Vec<Paragraph> {
    let body = root.descendants_it().find(|node| node.has_name("body")).unwrap_or(*root);
    let mut out = String::new();
    collect(&body, &mut out);
    paragraphs::of(&html::tidy(&out))
}

fn collect(node: &NodeRef, out: &mut String) {
    for child in node.children_it(false) {
        if child.is_text() {
            out.push_str(&child.text());
        } else if let Some(name) = child.node_name()
            && !ELSEWHERE.contains(&&*name)
            && &*name != "script"
        {
            let space = html::space_around(&name);
            out.push_str(space);
            collect(&child, out);
            out.push_str(space);
        }
    }
}

/// Takes what belongs to comments out of a page, so that it is not read as the article.
fn remove_comment_parts(root: &NodeRef) {
    let is_part = |node: &NodeRef| {
        let name = node.node_name().unwrap_or_default();
        let id = node.attr("id").unwrap_or_default();
        let named = COMMENTS.contains(&folded(&id).as_str()) || has(&names(node), &COMMENTS);
        named && !matches!(&*name, "html" | "body" | "main" | "article")
    };
    let parts: Vec<NodeRef> = root.descendants_it().filter(|node| node.is_element() && is_part(node)).collect();
    parts.iter().for_each(NodeRef::remove_from_parent);
}

/// Takes what stands behind the comments out of a page: lists of other articles, never this one.
fn remove_what_follows(comments: &[NodeRef]) {
    let Some(last) = comments.last() else { return };
    let mut following = Vec::new();
    for node in std::iter::once(*last).chain(last.ancestors_it(None)) {
        let mut next = node.next_sibling();
        while let Some(sibling) = next {
            next = sibling.next_sibling();
            following.push(sibling);
        }
        if node.has_name("body") {
            break;
        }
    }
    // Where the text stands behind the comments, as behind a drawer at the top, it is the article.
    let root = last.ancestors_it(None).last().unwrap_or(*last);
    let skipped: HashSet<NodeId> = following.iter().chain(comments).map(|node| node.id).collect();
    if words_of_paragraphs(&root, &skipped) >= LEAST_WORDS {
        following.iter().for_each(NodeRef::remove_from_parent);
    }
}

/// Words in the paragraphs under a node, without those under some other nodes.
fn words_of_paragraphs(node: &NodeRef, skipped: &HashSet<NodeId>) -> usize {
    let children = node.children_it(false).filter(|child| child.is_element() && !skipped.contains(&child.id));
    children
        .map(|child| match child.has_name("p") {
            true => child.text().split_whitespace().count(),
            false => words_of_paragraphs(&child, skipped),
        })
        .sum()
}

/// Takes captions and pull quotes out of a page; gives their texts.
fn take_asides(root: &NodeRef) -> Vec<String> {
    let is_aside = |node: &NodeRef| node.has_name("figcaption") || has(&names(node), &ASIDES);
    let asides: Vec<NodeRef> = root.descendants_it().filter(|node| node.is_element() && is_aside(node)).collect();
    let texts = asides.iter().map(|node| node.text().split_whitespace().collect::<Vec<_>>().join(" "));
    let texts = texts.filter(|text| !text.is_empty()).collect();
    asides.iter().for_each(NodeRef::remove_from_parent);
    texts
}

/// The title and the paragraphs of the article.
fn readable(document: Document, headline: String) -> (String, Vec<Paragraph>) {
    let whole = lines(&document.root());
    let article = Readability::with_document(document, None, None).and_then(|mut readable| readable.parse());
    let Ok(article) = article else { return (headline, whole) };
    let content = paragraphs::of(&html::text(&article.content));
    let title = if headline.is_empty() { html::text(&article.title) } else { headline };
    (title, if content.is_empty() { whole } else { content })
}

/// The headline that the page names for those who link to it, else its only first-order heading.
fn headline(document: &Document) -> String {
    let named = document.select("meta[property='og:title']").attr("content");
    let named = named.map(|title| html::text(&title)).filter(|title| !title.is_empty());
    let headings = document.select("h1");
    let first = (headings.length() == 1).then(|| html::text(&headings.html()));
    let first = first.filter(|title| !title.is_empty());
    // What is linked often carries the site's name; the heading does not.
    match (first, named) {
        (Some(first), Some(named)) if named.contains(&first) => first,
        (first, named) => named.or(first).unwrap_or_default(),
    }
    .replace('\n', " ")
}

fn url(document: &Document) -> String {
    let canonical = document.select("link[rel='canonical']").attr("href");
    let named = document.select("meta[property='og:url']").attr("content");
    let url = canonical.or(named).unwrap_or_default();
    if url.starts_with("http") { url.trim().to_owned() } else { String::new() }
}
