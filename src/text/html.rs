//! HTML to text: tags away, entities resolved, paragraphs kept.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 24] = [
    "address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figure", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "li", "ol", "pre", "table", "ul",
];

/// The text of a piece of HTML. Only tags are looked at, no tree is built: the time is linear in the length, however deep the nesting.
pub fn text(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return tidy(html);
    }
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(&without_huge_tags(html)));
    // The sink never asks for a stop, so one call takes all.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tidy(&tokenizer.sink.text.into_inner())
}

/// Attributes that a tag may have: the tokenizer compares each with all others.
const MAX_ATTRIBUTES: usize = 500;

/// HTML without tags of more attributes than anybody writes. Long values, as of pictures within the page, are no reason.
pub(crate) fn without_huge_tags(html: &str) -> Cow<'_, str> {
    let bytes = html.as_bytes();
    let mut kept = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(start) = memchr::memchr(b'<', &bytes[at..]).map(|found| at + found) {
        at = start + 1;
        if !bytes.get(at).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'/') {
            continue;
        }
        let (length, attributes) = measured(&bytes[at..]);
        at += length;
        if attributes > MAX_ATTRIBUTES {
            kept.push_str(&html[copied..start]);
            copied = at;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    kept.push_str(&html[copied..]);
    Cow::Owned(kept)
}

/// Length and number of attributes of a tag from behind its `<`, by the states of the HTML standard's tokenizer.
fn measured(bytes: &[u8]) -> (usize, usize) {
    enum State {
        TagName,
        BeforeName,
        Name,
        AfterName,
        BeforeValue,
        Quoted(u8),
        Unquoted,
    }
    let mut state = State::TagName;
    let mut attributes = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        let blank = byte.is_ascii_whitespace();
        state = match (state, byte) {
            (State::Quoted(quote), byte) if byte == quote => State::BeforeName,
            (State::Quoted(quote), _) => State::Quoted(quote),
            (_, b'>') => return (i + 1, attributes),
            (State::TagName | State::BeforeName | State::AfterName, b'/') => State::BeforeName,
            (State::TagName, _) => {
                if blank {
                    State::BeforeName
                } else {
                    State::TagName
                }
            }
            (State::BeforeName, _) if blank => State::BeforeName,
            (State::AfterName, _) if blank => State::AfterName,
            (State::Name | State::AfterName, b'=') => State::BeforeValue,
            (State::BeforeName | State::AfterName, _) => {
                attributes += 1;
                State::Name
            }
            (State::Name, b'/') => State::BeforeName,
            (State::Name, _) => {
                if blank {
                    State::AfterName
                } else {
                    State::Name
                }
            }
            (State::BeforeValue, b'"' | b'\'') => State::Quoted(byte),
            (State::BeforeValue, _) if blank => State::BeforeValue,
            (State::BeforeValue, _) => State::Unquoted,
            (State::Unquoted, _) => {
                if blank {
                    State::BeforeName
                } else {
                    State::Unquoted
                }
            }
        };
    }
    (bytes.len(), attributes)
}

/// What parts an element from the text around it.
pub(crate) fn space_around(name: &str) -> &'static str {
    match name {
        "br" => "\n",
        "p" => "\n\n",
        "td" | "th" => " ",
        name if BLOCKS.contains(&name) => "\n",
        _ => "",
    }
}

#[derive(Default)]
struct Sink {
    text: RefCell<String>,
    /// Depth of elements whose text nobody sees.
    hidden: RefCell<usize>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut text = self.text.borrow_mut();
        match token {
            Token::CharacterTokens(characters) if *self.hidden.borrow() == 0 => text.push_str(&characters),
            Token::TagToken(tag) => {
                let name: &str = &tag.name;
                match name {
                    "script" | "style" => {
                        *self.hidden.borrow_mut() = usize::from(tag.kind == TagKind::StartTag);
                        if tag.kind == TagKind::StartTag {
                            let kind = if name == "style" { RawKind::Rawtext } else { RawKind::ScriptData };
                            return TokenSinkResult::RawData(kind);
                        }
                    }
                    name => text.push_str(space_around(name)),
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// White space as people would type it: no blanks at the ends of lines, one empty line at most between paragraphs.
pub(crate) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let mut words = line.split([' ', '\t', '\u{a0}', '\r']).filter(|word| !word.is_empty()).peekable();
        if words.peek().is_none() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        let mut first = true;
        for word in words {
            if !first {
                out.push(' ');
            }
            first = false;
            // NUL means nothing in text and is refused by every reader.
            out.extend(word.chars().filter(|&c| c != '\0'));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_entities_are_resolved_and_paragraphs_stay() {
        assert_eq!(
            text("<p>Fish &amp; chips &#8212; caf&eacute;</p>\n<p>Second<br>line  with   <b>bold</b></p>"),
            "Fish & chips — café\n\nSecond\nline with bold"
        );
        assert_eq!(text("plain\n\n\n\ntext \t here"), "plain\n\ntext here");
        assert_eq!(text("<ul><li>a</li><li>b</li></ul>c"), "a\n\nb\n\nc");
        assert_eq!(text("a<script>var x = '<p>no</p>';</script>b<style>p {}</style>c <!-- no -->d"), "abc d");
        assert_eq!(text("1 < 2 && 3 > 2"), "1 < 2 && 3 > 2");
        assert_eq!(text("&nbsp;&nbsp;x&lt;y"), "x<y");
    }

    #[test]
    fn deep_nesting_and_unclosed_tags_take_no_longer() {
        let deep = "<div><blockquote>".repeat(200_000) + "end <b>unclosed";
        assert_eq!(text(&deep), "end unclosed");
        assert_eq!(text("<script>never closed"), "");
        assert_eq!(text("<p title='never closed"), "");
        let attributes: String = (0..200_000).map(|i| format!(" a{i}")).collect();
        assert_eq!(text(&format!("a<b{attributes}>b</b><i class=x title='1 > 0'>c")), "abc");
        let long = format!("a<img src=\"{}\">b", "x y ".repeat(10_000));
        assert!(matches!(without_huge_tags(&long), Cow::Borrowed(_)));
    }
}
