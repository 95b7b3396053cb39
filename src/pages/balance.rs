//! Any HTML as sound HTML: every element closed where it ends, none too deep, nothing that nobody reads.
//!
//! Parsers of HTML repair what is wrong with it at a price: unclosed elements can cost them time and memory that grow with the square of the
//! length. What comes out of here is well nested and bounded, so that all that follows takes time proportional to it.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use crate::text::html::without_huge_tags;

/// Elements within elements; deeper ones are left out, their text stays.
const MAX_DEPTH: usize = 200;
/// Elements of a page.
const MAX_ELEMENTS: usize = 400_000;

/// Elements without contents or end.
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
/// Those of them that say something about the page or its text.
const VOID_KEPT: [&str; 5] = ["base", "br", "hr", "link", "meta"];
/// Elements whose contents nobody reads.
const HIDDEN: [&str; 19] = [
    "script", "style", "noscript", "template", "iframe", "svg", "math", "object", "canvas", "select", "textarea",
    "noembed", "noframes", "xmp", "plaintext", "audio", "video", "datalist", "dialog",
];
/// Elements before which a paragraph ends.
const ENDS_PARAGRAPH: [&str; 34] = [
    "address", "article", "aside", "blockquote", "center", "details", "dir", "div", "dl", "dd", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "menu",
    "nav", "ol", "p", "pre", "section", "table", "ul",
];
/// Elements that end when one of their kind starts, and what they may not reach beyond.
const ENDS_LIKE: [(&[&str], &[&str]); 5] = [
    (&["li"], &["ul", "ol", "menu", "dir"]),
    (&["dt", "dd"], &["dl"]),
    (&["td", "th"], &["tr", "table"]),
    (&["tr"], &["table", "tbody", "thead", "tfoot"]),
    (&["thead", "tbody", "tfoot"], &["table"]),
];
/// Attributes that say what an element is.
const ATTRIBUTES: [&str; 18] = [
    "class", "id", "itemtype", "itemprop", "datetime", "title", "content", "name", "property", "rel", "href", "type",
    "role", "lang", "hidden", "style", "aria-hidden", "data-role",
];

/// Sound HTML of any; an error if it is more than can be read.
pub(super) fn balanced(html: &str) -> Result<String, String> {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(&without_huge_tags(html)));
    // The sink never asks for a stop, so one call takes all.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut state = tokenizer.sink.state.into_inner();
    if state.elements > MAX_ELEMENTS {
        return Err(format!("the page has more than {MAX_ELEMENTS} elements: this is no page of comments"));
    }
    state.close_to(0);
    Ok(state.out)
}

#[derive(Default)]
struct Sink {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    out: String,
    open: Vec<String>,
    /// Elements that are open beyond the greatest depth.
    beyond: usize,
    elements: usize,
    /// The hidden element that is open, and how many of its name within each other.
    hidden: Option<(String, usize)>,
    /// A script that describes the page, whose contents are kept.
    in_linked_data: bool,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::CharacterTokens(text) => state.text(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return state.start(&tag),
            Token::TagToken(tag) => state.end(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn text(&mut self, text: &str) {
        if self.in_linked_data {
            self.out.push_str(text);
        } else if self.hidden.is_none() {
            escape(text, &mut self.out);
        }
    }

    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let raw = match name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
            "textarea" | "title" => TokenSinkResult::RawData(RawKind::Rcdata),
            "plaintext" => TokenSinkResult::Plaintext,
            _ => TokenSinkResult::Continue,
        };
        // A list of choices that is never closed ends where a block starts.
        let is_open_choice = |hidden: &str| matches!(hidden, "select" | "datalist") && ENDS_PARAGRAPH.contains(&name);
        if self.hidden.as_ref().is_some_and(|(hidden, _)| is_open_choice(hidden)) {
            self.hidden = None;
        }
        if let Some((hidden, count)) = &mut self.hidden {
            *count += usize::from(hidden == name);
            return raw;
        }
        self.elements += 1;
        let is_void = VOID.contains(&name);
        if self.elements > MAX_ELEMENTS || (is_void && !VOID_KEPT.contains(&name)) {
            return raw;
        }
        if name == "script" && is_linked_data(tag) {
            self.out.push_str("<script type=\"application/ld+json\">");
            self.in_linked_data = true;
            return raw;
        }
        if HIDDEN.contains(&name) {
            if !tag.self_closing {
                self.hidden = Some((name.to_owned(), 1));
            }
            return raw;
        }
        if ENDS_PARAGRAPH.contains(&name) {
            self.close_like(&["p"], &ENDS_PARAGRAPH);
        }
        if let Some((like, within)) = ENDS_LIKE.iter().find(|(like, _)| like.contains(&name)) {
            self.close_like(like, within);
        }
        if self.open.len() >= MAX_DEPTH && !is_void {
            self.beyond += 1;
            return raw;
        }
        self.out.push('<');
        self.out.push_str(name);
        for attribute in &tag.attrs {
            let key: &str = &attribute.name.local;
            if ATTRIBUTES.contains(&key) || (key.starts_with("data-") && key.len() <= 40) {
                self.out.push(' ');
                // Other characters would end the name, or the tag.
                self.out.extend(key.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-'));
                self.out.push_str("=\"");
                escape(&attribute.value, &mut self.out);
                self.out.push('"');
            }
        }
        self.out.push('>');
        if !is_void {
            self.open.push(name.to_owned());
        }
        raw
    }

    fn end(&mut self, name: &str) {
        if self.in_linked_data {
            if name == "script" {
                self.out.push_str("</script>");
                self.in_linked_data = false;
            }
            return;
        }
        if let Some((hidden, count)) = &mut self.hidden {
            if hidden == name {
                *count -= 1;
            }
            if *count == 0 {
                self.hidden = None;
            }
            return;
        }
        if VOID.contains(&name) || HIDDEN.contains(&name) {
            return;
        }
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        if let Some(place) = self.open.iter().rposition(|open| open == name) {
            // A stray end of a piece of text ends no block.
            let is_block = |name: &str| ENDS_PARAGRAPH.contains(&name) || matches!(name, "td" | "th" | "tr" | "body");
            if is_block(name) || !self.open[place + 1..].iter().any(|open| is_block(open)) {
                self.close_to(place);
            }
        }
    }

    /// Closes the innermost element of these names, unless one of the others lies further in.
    fn close_like(&mut self, like: &[&str], within: &[&str]) {
        let is_either = |open: &String| like.contains(&open.as_str()) || within.contains(&open.as_str());
        if let Some(place) = self.open.iter().rposition(is_either)
            && like.contains(&self.open[place].as_str())
        {
            self.close_to(place);
        }
    }

    fn close_to(&mut self, depth: usize) {
        if depth < self.open.len() {
            self.beyond = 0;
        }
        for name in self.open.drain(depth..).rev() {
            self.out.push_str("</");
            self.out.push_str(&name);
            self.out.push('>');
        }
        if self.in_linked_data {
            self.out.push_str("</script>");
            self.in_linked_data = false;
        }
    }
}

fn is_linked_data(tag: &Tag) -> bool {
    tag.attrs.iter().any(|a| &*a.name.local == "type" && a.value.trim().eq_ignore_ascii_case("application/ld+json"))
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\0' => {}
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(html: &str) -> String {
        balanced(html).unwrap()
    }

    #[test]
    fn every_element_is_closed_where_it_ends() {
        assert_eq!(of("<p>a<p><b>b<div>c"), "<p>a</p><p><b>b</b></p><div>c</div>");
        assert_eq!(of("<ul><li>a<ul><li>b</ul><li>c</ul>d</i>"), "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>d");
        assert_eq!(
            of("<table><tr><td>a<td>b<tr><td>c</table>"),
            "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"
        );
        assert_eq!(of("a<br>b<img src=x>&lt;c onclick=1"), "a<br>b&lt;c onclick=1");
    }

    #[test]
    fn what_nobody_reads_goes_and_what_describes_the_page_stays() {
        assert_eq!(of("a<script>if (1 < 2) '<p>'</script>b<style>p{}</style>c<svg><svg></svg>x</svg>d"), "abcd");
        let data = "<script type=\"application/ld+json\">{\"a\": \"<b>\"}</script>";
        assert_eq!(of(data), data);
        assert_eq!(of("<div onclick='x' class='a \"b' data-id=7>"), "<div class=\"a &quot;b\" data-id=\"7\"></div>");
        assert_eq!(of("<script type='application/ld+json'>{"), "<script type=\"application/ld+json\">{</script>");
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let deep = of(&("<div>".repeat(100_000) + "x" + &"</div>".repeat(100_000) + "y"));
        assert_eq!(deep.matches("<div>").count(), MAX_DEPTH);
        assert!(deep.contains('x') && deep.ends_with('y'));
        assert!(balanced(&"<b>".repeat(MAX_ELEMENTS + 1)).unwrap_err().starts_with("the page has more than"));
    }
}
