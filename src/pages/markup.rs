//! Comments by the markup that comment systems use: WordPress, Disqus, Coral, Substack, schema.org's microdata, and class names like theirs.
//!
//! Names of classes are compared without case, `-` and `_`: `comment-body`, `Comment__body` and `commentBody` are one.

use dom_query::NodeRef;

use super::Comment;
use super::headings::heading;
use crate::text::html::{space_around, tidy};

/// Classes of a whole comment.
const COMMENT: [&str; 22] = [
    "comment", "commentitem", "commentsitem", "commentlistitem", "commentslistitem", "ccomment", "usercomment",
    "readercomment", "commentwrapper", "commentcontainer", "commententry", "commentnode", "coralcomment",
    "singlecomment", "commentthreaditem", "commentcard", "ucomment", "commentpost", "commentrow", "commentview",
    "commentelement", "commentarticle",
];
/// Classes of lists whose entries are comments.
const LIST: [&str; 12] = [
    "commentlist", "commentslist", "postlist", "readerresponses", "commentthread", "commentsthread", "responses",
    "readercomments", "usercomments", "discussionlist", "commentitems", "replylist",
];
/// Classes of the list of answers within a comment.
const ANSWERS: [&str; 5] = ["children", "replies", "answers", "childcomments", "commentreplies"];
/// Classes of an answer in such a list.
const REPLY: [&str; 6] = ["reply", "answer", "commentreply", "replyitem", "childcomment", "response"];
/// Classes of what is no comment though it stands among them, and of what is no reader's word in one.
const LEFT_OUT: [&str; 12] = [
    "pingback", "trackback", "commentrespond", "commentform", "respond", "commentawaitingmoderation", "recentcomments",
    "widgetrecentcomments", "screenreadertext", "visuallyhidden", "sronly", "addcomment",
];
/// Classes of the text of a comment, the surest first.
const TEXT: [&[&str]; 3] = [
    &[
        "postmessage", "commentmessage", "commentcontent", "commenttext", "coralcommentcontent", "coralcontent",
        "commentcopy", "commentbodytext", "commentbodycontent",
    ],
    &["commentbody", "responsebody", "replybody", "responsetext", "replytext", "replycontent", "responsecontent"],
    &["body", "message", "content", "text", "bodytext"],
];
/// Classes of the author's name, the surest first.
const AUTHOR: [&[&str]; 3] = [
    &[
        "fn", "commentauthorname", "coralusername", "coralcommentusername", "commentusername", "authorname",
        "commentername", "displayname",
    ],
    &[
        "commentauthor", "author", "username", "commenter", "commentername", "nickname", "commentname", "commentuser",
        "responseauthor", "replyauthor",
    ],
    &["user", "name", "byline", "postbyline", "usernamelink"],
];
/// Classes of what stands around the text of a comment.
const AROUND: [&str; 47] = [
    "commentmeta", "commentmetadata", "commentheader", "commenthead", "meta", "header", "footer", "actions",
    "commentactions", "commentfooter", "reply", "replylink", "commentreply", "commentreplylink", "votes", "vote",
    "voting", "share", "avatar", "badge", "toolbar", "menu", "buttons", "editlink", "commenteditlink", "report",
    "flag", "like", "likes", "likecount", "permalink", "commentpermalink", "says", "date", "commentdate", "time",
    "timestamp", "timeago", "commenttimestamp", "commenttime", "expand", "readmore", "controls", "usermeta",
    "postmeta", "showalltoggle", "showmore",
];
/// Properties of a comment, in microdata, that are not its text.
const PROPERTIES_AROUND: [&str; 7] =
    ["author", "creator", "dateCreated", "datePublished", "upvoteCount", "downvoteCount", "commentTime"];
/// Classes of a comment's time.
const TIME: [&str; 14] = [
    "timeago", "commentdate", "date", "timestamp", "commenttimestamp", "coraltimestamp", "coralcommenttimestamp",
    "commenttime", "time", "published", "postedon", "postdate", "commentmetadata", "responsedate",
];
/// Elements in which comments or their texts can stand.
const BLOCKS: [&str; 9] = ["li", "article", "div", "section", "tr", "td", "blockquote", "p", "dd"];

/// A comment that is being read.
#[derive(Default)]
struct Found<'n> {
    node: Option<NodeRef<'n>>,
    /// The comment within which it stands.
    within: Option<usize>,
    /// What may be its text, with how sure that is: 0 is surest.
    texts: Vec<(usize, NodeRef<'n>)>,
    authors: Vec<(usize, String)>,
    time: String,
    id: String,
    /// How far it is set in, where a class says so.
    depth: Option<u32>,
}

/// The comments under a node in their order, and the nodes that they stand in.
pub(super) fn comments<'n>(root: NodeRef<'n>) -> (Vec<Comment>, Vec<NodeRef<'n>>) {
    let mut found = Vec::new();
    walk(root, None, false, &mut found);
    let nodes = found.iter().filter(|f| f.within.is_none()).filter_map(|f| f.node).collect();
    let texts: Vec<String> = found.iter().map(text_of).collect();
    // A shell around another comment is that comment.
    let mut is: Vec<usize> = (0..found.len()).collect();
    for i in (0..found.len()).rev() {
        // What is found next stands directly within, if anything does.
        let has_inner = found.get(i + 1).is_some_and(|next| next.within == Some(i));
        if texts[i].is_empty() && has_inner {
            is[i] = is[i + 1];
            let id = std::mem::take(&mut found[i].id);
            let (depth, inner) = (found[i].depth, &mut found[is[i]]);
            inner.depth = depth.or(inner.depth);
            if inner.id.is_empty() {
                inner.id = id;
            }
        }
    }
    let mut comments: Vec<Comment> = Vec::new();
    let mut place: Vec<Option<usize>> = vec![None; found.len()];
    let mut above: Vec<(u32, usize)> = Vec::new();
    for (i, text) in texts.into_iter().enumerate() {
        let found = &found;
        // A link to the comments, or a count of them, in their own class.
        if text.is_empty() || (text.len() < 60 && found[i].texts.is_empty() && heading(&text).is_some()) {
            continue;
        }
        // The nearest comment around that has a text of its own, which is not this one.
        let mut around = found[i].within;
        let mut parent = None;
        while let Some(outer) = around {
            if is[outer] != i
                && let Some(place) = place[is[outer]]
            {
                parent = Some(place);
                break;
            }
            around = found[outer].within;
        }
        if let Some(depth) = found[i].depth {
            while above.last().is_some_and(|&(other, _)| other >= depth) {
                above.pop();
            }
            parent = parent.or(above.last().map(|&(_, place)| place));
            above.push((depth, comments.len()));
        }
        place[i] = Some(comments.len());
        let author =
            found[i].authors.iter().min_by_key(|(rank, _)| *rank).map(|(_, name)| name.clone()).unwrap_or_default();
        comments.push(Comment {
            id: found[i].id.clone(),
            parent,
            text,
            author,
            time: found[i].time.clone(),
            line: None,
        });
    }
    (comments, nodes)
}

/// Goes through the elements under a node; the depth of pages is bounded.
fn walk<'n>(node: NodeRef<'n>, current: Option<usize>, in_list: bool, found: &mut Vec<Found<'n>>) {
    for child in node.children_it(false).filter(NodeRef::is_element) {
        let names = names(&child);
        let name = child.node_name().unwrap_or_default();
        if has(&names, &LEFT_OUT) || matches!(&*name, "script" | "style") {
            continue;
        }
        let is_entry = in_list && (matches!(&*name, "li" | "article") || has(&names, &REPLY));
        if is_comment(&child, &name, &names, is_entry) {
            found.push(Found {
                node: Some(child),
                within: current,
                id: id_of(&child),
                depth: depth_of(&child),
                ..Found::default()
            });
            walk(child, Some(found.len() - 1), false, found);
            continue;
        }
        if let Some(current) = current {
            note(&child, &name, &names, &mut found[current]);
        }
        let answers = current.is_some() && has(&names, &ANSWERS);
        let is_list = matches!(&*name, "ul" | "ol" | "div" | "section") && (answers || has(&names, &LIST));
        walk(child, current, is_list, found);
    }
}

fn is_comment(node: &NodeRef, name: &str, names: &[String], is_entry: bool) -> bool {
    let kind = node.attr("itemtype").unwrap_or_default();
    let kind = kind.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if matches!(kind, "Comment" | "UserComments") {
        return true;
    }
    if !BLOCKS.contains(&name) || has(names, &TEXT[1][1..]) {
        return false;
    }
    is_entry || has(names, &COMMENT) || is_comment_id(&node.attr("id").unwrap_or_default())
}

/// `comment-17`, `li-comment-17`, `post-17` with digits.
fn is_comment_id(id: &str) -> bool {
    let digits = id.trim_start_matches(|c: char| !c.is_ascii_digit());
    let word = folded(&id[..id.len() - digits.len()]);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    is_number && matches!(word.as_str(), "comment" | "licomment" | "commentid" | "commentcontainer")
}

/// Notes what an element within a comment says of it.
fn note<'n>(node: &NodeRef<'n>, name: &str, names: &[String], found: &mut Found<'n>) {
    let property = node.attr("itemprop").unwrap_or_default();
    let rank = match &*property {
        "text" | "commentText" => Some(0),
        _ if node.attr("data-role").as_deref() == Some("message") => Some(0),
        _ => TEXT.iter().position(|table| has(names, table)).map(|rank| rank + 1),
    };
    if let Some(rank) = rank {
        found.texts.push((rank, *node));
    }
    let rank = match &*property {
        "author" | "creator" | "name" => Some(0),
        _ => AUTHOR.iter().position(|table| has(names, table)).map(|rank| rank + 1),
    };
    if let Some(rank) = rank
        && !has(names, &["avatar"])
    {
        let text = tidy(&text(node)).replace('\n', " ");
        if !text.is_empty() && text.len() <= 100 {
            found.authors.push((rank, text));
        }
    }
    let timed =
        name == "time" || matches!(&*property, "dateCreated" | "datePublished" | "commentTime") || has(names, &TIME);
    if timed && found.time.is_empty() {
        let attributes = ["datetime", "content", "title", "data-time", "data-timestamp"];
        let told =
            attributes.iter().filter_map(|key| node.attr(key)).find(|value| value.chars().any(|c| c.is_ascii_digit()));
        found.time = told.unwrap_or_default().trim().to_owned();
    }
}

/// The text of a comment: its surest parts, or all that is not around it.
fn text_of(found: &Found) -> String {
    let Some(node) = &found.node else { return String::new() };
    let mut out = String::new();
    let surest = found.texts.iter().map(|(rank, _)| *rank).min();
    match surest {
        None => collect(node, true, &mut out),
        Some(surest) => {
            let mut last: Option<NodeRef> = None;
            for (_, part) in found.texts.iter().filter(|(rank, _)| *rank == surest) {
                if last.is_some_and(|last| part.ancestors_it(Some(20)).any(|outer| outer.id == last.id)) {
                    continue;
                }
                out.push_str("\n\n");
                collect(part, true, &mut out);
                last = Some(*part);
            }
        }
    }
    tidy(&out)
}

/// All text under a node.
fn text(node: &NodeRef) -> String {
    let mut out = String::new();
    collect(node, false, &mut out);
    out
}

/// Whether an element within a comment holds none of its words: what stands around its text, or another comment.
fn is_around(node: &NodeRef, name: &str) -> bool {
    let names = names(node);
    has(&names, &AROUND)
        || has(&names, &LEFT_OUT)
        || AUTHOR[..2].iter().any(|table| has(&names, table))
        || matches!(name, "header" | "footer" | "button" | "nav" | "time" | "script" | "style")
        || node.attr("itemprop").is_some_and(|property| PROPERTIES_AROUND.contains(&&*property))
        || is_comment(node, name, &names, false)
        || (matches!(name, "ul" | "ol" | "div") && (has(&names, &LIST) || has(&names, &ANSWERS)))
}

/// Collects the text under a node; of a comment without other comments in it and without what stands around its text.
fn collect(node: &NodeRef, of_comment: bool, out: &mut String) {
    for child in node.children_it(false) {
        if child.is_text() {
            out.push_str(&child.text());
            continue;
        }
        let Some(name) = child.node_name() else { continue };
        if of_comment && is_around(&child, &name) {
            out.push('\n');
            continue;
        }
        let space = space_around(&name);
        out.push_str(space);
        collect(&child, of_comment, out);
        if &*name != "br" {
            out.push_str(space);
        }
    }
}

fn id_of(node: &NodeRef) -> String {
    let keys = ["data-comment-id", "data-commentid", "data-id", "id"];
    keys.iter().find_map(|key| node.attr(key)).map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// How far a comment is set in by its classes, or by those of the two elements around it.
fn depth_of(node: &NodeRef) -> Option<u32> {
    let of = |node: NodeRef| {
        let class = node.attr("class").unwrap_or_default();
        class.split_ascii_whitespace().find_map(|name| {
            let (word, number) = name.rsplit_once('-')?;
            ["depth", "indent", "level"].iter().any(|known| word.ends_with(known)).then(|| number.parse().ok())?
        })
    };
    std::iter::once(*node).chain(node.ancestors_it(Some(2))).find_map(of)
}

/// The classes of an element without case, `-`, `_` and digits.
pub(super) fn names(node: &NodeRef) -> Vec<String> {
    let class = node.attr("class").unwrap_or_default();
    let name = |name: &str| {
        let name = folded(name);
        // The blocks of newer themes: `wp-block-comment-content`.
        name.strip_prefix("wpblock").map(str::to_owned).unwrap_or(name)
    };
    class.split_ascii_whitespace().take(30).map(name).collect()
}

/// A class or an id without case, `-`, `_` and digits.
pub(super) fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
}

pub(super) fn has(names: &[String], table: &[&str]) -> bool {
    names.iter().any(|name| table.contains(&name.as_str()))
}
