//! HTML to text: tags away, entities resolved, paragraphs kept.

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
    input.push_back(StrTendril::from_slice(html));
    // The sink never asks for a stop, so one call takes all.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tidy(&tokenizer.sink.text.into_inner())
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
    }
}
