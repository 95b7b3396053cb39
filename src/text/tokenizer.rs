//! Cuts a text into tokens with byte offsets, at Unicode word boundaries (UAX #29).

use super::personal;
use super::segments::segments;
use super::token::{Token, TokenKind};

/// Calls `emit` with each token of the text, in order. White space and control characters are no tokens.
pub fn tokenize(text: &str, mut emit: impl FnMut(Token)) {
    let mut from = 0;
    for personal in personal::find(text) {
        tokenize_plain(text, from, personal.start, &mut emit);
        emit(personal);
        from = personal.end;
    }
    tokenize_plain(text, from, text.len(), &mut emit);
}

/// Tokens of `text[from..to]`, which holds nothing personal.
fn tokenize_plain(text: &str, from: usize, to: usize, emit: &mut impl FnMut(Token)) {
    // A run of punctuation is collected until something else comes; a lone `#` at its end joins the word after it.
    let mut run: Option<Token> = None;
    segments(text, from, to, |start, end| {
        let kind = kind_of(text, start, end);
        if kind == Some(TokenKind::Punctuation) {
            match &mut run {
                Some(open) => open.end = end,
                None => run = Some(Token { kind: TokenKind::Punctuation, start, end }),
            }
            return;
        }
        let mut token = kind.map(|kind| Token { kind, start, end });
        if let Some(before) = run.take() {
            end_run(text, before, &mut token, emit);
        }
        if let Some(token) = token {
            emit(token);
        }
    });
    if let Some(token) = run {
        emit(token);
    }
}

/// Gives a run of punctuation to `emit`, without a lone `#` at its end if a word or a number comes next, which becomes a hashtag.
fn end_run(text: &str, mut run: Token, next: &mut Option<Token>, emit: &mut impl FnMut(Token)) {
    if let Some(next) = next
        && matches!(next.kind, TokenKind::Word | TokenKind::Number)
        && run.text(text).ends_with('#')
        && !text[..run.end].ends_with("##")
    {
        run.end -= 1;
        next.start = run.end;
        next.kind = TokenKind::Hashtag;
    }
    if run.start < run.end {
        emit(run);
    }
}

/// The kind of one segment between word boundaries; `None` for white space and controls.
#[inline(always)]
fn kind_of(text: &str, start: usize, end: usize) -> Option<TokenKind> {
    // Most segments of most comments are told by their first byte.
    match text.as_bytes()[start] {
        b'a'..=b'z' | b'A'..=b'Z' => return Some(TokenKind::Word),
        b' ' if end == start + 1 => return None,
        byte if end == start + 1 && byte.is_ascii_punctuation() => return Some(TokenKind::Punctuation),
        _ => {}
    }
    kind_of_any(&text[start..end])
}

fn kind_of_any(segment: &str) -> Option<TokenKind> {
    let first = segment.chars().next()?;
    if segment.chars().any(char::is_alphabetic) {
        return Some(TokenKind::Word);
    }
    if first.is_numeric() {
        return Some(if segment.contains('\u{20e3}') { TokenKind::Emoji } else { TokenKind::Number });
    }
    if segment.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c)) {
        return None;
    }
    if segment.chars().any(is_pictograph) {
        return Some(TokenKind::Emoji);
    }
    Some(TokenKind::Punctuation)
}

/// Zero-width characters and byte-order marks, which carry no meaning of their own.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Whether a character is drawn as a picture: the blocks that hold Unicode's emoji.
pub(super) fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b05}'..='\u{2b55}' | '\u{231a}'..='\u{23ff}' | '\u{25aa}'..='\u{25fe}' | '\u{3030}' | '\u{303d}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens(text: &str) -> Vec<(TokenKind, &str)> {
        let mut found = Vec::new();
        tokenize(text, |t| found.push((t.kind, t.text(text))));
        found
    }

    #[test]
    fn cuts_words_numbers_hashtags_emoji_and_punctuation_runs() {
        use TokenKind::*;
        assert_eq!(
            tokens("Don’t pay £3.50?!?! #NoWay 👩‍🚀🇩🇪 l'été"),
            [
                (Word, "Don’t"),
                (Word, "pay"),
                (Punctuation, "£"),
                (Number, "3.50"),
                (Punctuation, "?!?!"),
                (Hashtag, "#NoWay"),
                (Emoji, "👩‍🚀"),
                (Emoji, "🇩🇪"),
                (Word, "l'été"),
            ]
        );
        assert_eq!(tokens("(#x"), [(Punctuation, "("), (Hashtag, "#x")]);
        assert_eq!(tokens(" \t\r\n\u{200b}"), []);
        assert_eq!(tokens("日本 한국어"), [(Word, "日"), (Word, "本"), (Word, "한국어")]);
    }

    #[test]
    fn personal_tokens_are_cut_out_whole() {
        use TokenKind::*;
        assert_eq!(
            tokens("mail a@b.org or @joe!!"),
            [(Word, "mail"), (Email, "a@b.org"), (Word, "or"), (Mention, "@joe"), (Punctuation, "!!")]
        );
    }

    proptest! {
        #[test]
        fn offsets_rise_and_cover_everything_visible(text in "\\PC{0,60}|[a-z@#./:0-9 !]{0,60}") {
            let mut end = 0;
            tokenize(&text, |t| {
                assert!(t.start >= end && t.end > t.start);
                assert!(text[end..t.start].chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c)));
                end = t.end;
            });
            prop_assert!(text[end..].chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c)));
        }
    }
}
