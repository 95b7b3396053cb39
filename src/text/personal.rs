//! Finds what may identify a person, before words are cut: web addresses, e-mail addresses, mentions, telephone numbers.
//!
//! One pass over the bytes looks for the few bytes that such a thing must hold (`@`, `:`, `.`, `/`, a digit) and only there
//! looks closer. Where a rule is in doubt it decides for hiding.

use super::token::{Token, TokenKind};

/// Endings that make `name.ending` a web address without a scheme. Endings that are common words (`so`, `me`, `is`) are left out.
const TOP_LEVEL_DOMAINS: &[&str] = &[
    "app", "at", "au", "be", "biz", "blog", "br", "ca", "ch", "co", "com", "cz", "de", "dev", "dk", "edu", "es", "eu",
    "fi", "fr", "gov", "gr", "ie", "info", "int", "io", "it", "jp", "ly", "mil", "mx", "net", "news", "nl", "nz",
    "onion", "online", "org", "pl", "pt", "ro", "ru", "se", "site", "test", "tv", "ua", "uk", "us", "xyz",
];

/// Fewest and most digits of a telephone number.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The bytes at which one looks closer.
const MARKS: [bool; 256] = {
    let mut marks = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        marks[byte] = matches!(byte as u8, b'@' | b':' | b'.' | b'/' | b'0'..=b'9');
        byte += 1;
    }
    marks
};

/// All such tokens of a text, in order, not overlapping.
pub fn find(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut found: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(skip) = bytes[at..].iter().position(|&b| MARKS[b as usize]) {
        at += skip;
        let floor = found.last().map_or(0, |t| t.end);
        let token = match bytes[at] {
            b'@' => email(text, at, floor).or_else(|| mention(text, at)),
            b':' => url_with_scheme(text, at, floor),
            b'.' => bare_url(text, at, floor),
            b'/' => reddit_user(text, at, floor),
            b'0'..=b'9' if at == floor || !bytes[at - 1].is_ascii_digit() => phone(text, at, floor),
            _ => None,
        };
        match token {
            Some(token) => {
                at = token.end;
                found.push(token);
            }
            None => at += 1,
        }
    }
    found
}

fn token(kind: TokenKind, start: usize, end: usize) -> Option<Token> {
    Some(Token { kind, start, end })
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether the character before `start` could belong to a word that goes on at `start`.
fn joins_left(text: &str, start: usize) -> bool {
    text[..start].chars().next_back().is_some_and(is_name_char)
}

/// Start of the longest run before `end` (and not before `floor`) whose characters all pass.
fn run_left(text: &str, end: usize, floor: usize, pass: impl Fn(char) -> bool) -> usize {
    text[floor..end].char_indices().rev().take_while(|&(_, c)| pass(c)).last().map_or(end, |(i, _)| floor + i)
}

/// End of the longest run from `start` whose characters all pass.
fn run_right(text: &str, start: usize, pass: impl Fn(char) -> bool) -> usize {
    text[start..].char_indices().find(|&(_, c)| !pass(c)).map_or(text.len(), |(i, _)| start + i)
}

/// Takes closing punctuation, which belongs to the sentence, off the end.
fn without_trailing_punctuation(text: &str, start: usize, end: usize) -> usize {
    start + text[start..end].trim_end_matches(|c: char| !(is_name_char(c) || c == '/' || c == '-' || c == '=')).len()
}

/// A host name from `start`: labels joined by single dots. Gives its end and whether it has a dot.
fn host(text: &str, start: usize) -> (usize, bool) {
    let end = run_right(text, start, |c| is_name_char(c) || c == '-' || c == '.');
    let end = start + text[start..end].trim_end_matches(['.', '-']).len();
    (end, text[start..end].contains('.'))
}

fn email(text: &str, at: usize, floor: usize) -> Option<Token> {
    let start = run_left(text, at, floor, |c| is_name_char(c) || "._%+-".contains(c));
    let start = start + (at - start - text[start..at].trim_start_matches(['.', '-']).len());
    let (end, dotted) = host(text, at + 1);
    if start < at && dotted { token(TokenKind::Email, start, end) } else { None }
}

fn mention(text: &str, at: usize) -> Option<Token> {
    let end = run_right(text, at + 1, |c| is_name_char(c) || c == '-' || c == '.');
    let end = at + text[at..end].trim_end_matches(['.', '-']).len();
    if end <= at + 1 {
        return None;
    }
    // A handle on another server: @name@server.
    if text[end..].starts_with('@') {
        let (server_end, _) = host(text, end + 1);
        if server_end > end + 1 {
            return token(TokenKind::Mention, at, server_end);
        }
    }
    token(TokenKind::Mention, at, end)
}

fn is_url_char(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !"<>\"“”«»".contains(c)
}

fn url_with_scheme(text: &str, colon: usize, floor: usize) -> Option<Token> {
    if !text[colon..].starts_with("://") {
        return None;
    }
    let start = run_left(text, colon, floor, |c| c.is_ascii_alphanumeric());
    let end = run_right(text, colon + 3, is_url_char);
    let end = without_trailing_punctuation(text, start, end);
    if start < colon && end > colon + 3 { token(TokenKind::Url, start, end) } else { None }
}

fn bare_url(text: &str, dot: usize, floor: usize) -> Option<Token> {
    // Most dots end a sentence. A host would end there too, so that no dot would stand in it.
    let may_go_on = |b: &u8| !b.is_ascii() || b.is_ascii_alphanumeric() || b"_-.".contains(b);
    if !text.as_bytes().get(dot + 1).is_some_and(may_go_on) {
        return None;
    }
    let start = run_left(text, dot, floor, |c| is_name_char(c) || c == '-');
    if start == dot {
        return None;
    }
    let (host_end, _) = host(text, start);
    let name = &text[start..host_end];
    let ending = name.rsplit('.').next().unwrap_or("");
    let known = name.len() > ending.len()
        && TOP_LEVEL_DOMAINS.iter().any(|d| d.eq_ignore_ascii_case(ending))
        // "U.S", "e.g.it": single letters are abbreviations, not hosts.
        && name.split('.').rev().nth(1).is_some_and(|label| label.chars().count() > 1);
    let www = name.len() > 4 && name.as_bytes()[..4].eq_ignore_ascii_case(b"www.");
    if !known && !www {
        return None;
    }
    let end = match text[host_end..].chars().next() {
        Some('/' | '?' | ':' | '#') => {
            without_trailing_punctuation(text, start, run_right(text, host_end, is_url_char))
        }
        Some('@') => return None, // The left part of an e-mail address.
        _ => host_end,
    };
    token(TokenKind::Url, start, end.max(host_end))
}

/// `u/name` and `/u/name`.
fn reddit_user(text: &str, slash: usize, floor: usize) -> Option<Token> {
    let start = slash.checked_sub(1).filter(|&s| s >= floor)?;
    if !text.as_bytes()[start].eq_ignore_ascii_case(&b'u') || joins_left(text, start) {
        return None;
    }
    let end = run_right(text, slash + 1, |c| is_name_char(c) || c == '-');
    if end < slash + 4 {
        return None;
    }
    let slashed = start > floor && text.as_bytes()[start - 1] == b'/';
    token(TokenKind::Mention, start - usize::from(slashed), end)
}

/// Digit groups with single separators between them, seven to fifteen digits in all.
fn phone(text: &str, at: usize, floor: usize) -> Option<Token> {
    if joins_left(text, at) {
        return None;
    }
    let bytes = text.as_bytes();
    let (mut digits, mut groups, mut end, mut i) = (0, 0, at, at);
    while i < bytes.len() {
        let group = bytes[i..].iter().take_while(|b| b.is_ascii_digit()).count();
        if group == 0 {
            break;
        }
        digits += group;
        groups += 1;
        i += group;
        end = i;
        // Up to three separators: ") ", "-", ".", " / ", " (".
        let gap = bytes[i..].iter().take(3).take_while(|b| b" -./()".contains(b)).count();
        if gap == 0 || gap > 3 {
            break;
        }
        i += gap;
    }
    if !PHONE_DIGITS.contains(&digits) || text[end..].chars().next().is_some_and(char::is_alphabetic) {
        return None;
    }
    // "2010-2014", "2012 2016": two years.
    if groups == 2 && digits == 8 {
        let year = |s: &str| s.len() == 4 && matches!(&s[..2], "16" | "17" | "18" | "19" | "20");
        if year(&text[at..at + 4]) && year(&text[end - 4..end]) {
            return None;
        }
    }
    let start = run_left(text, at, floor, |c| c == '+' || c == '(');
    token(TokenKind::Phone, start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
        find(text).into_iter().map(|t| (t.kind, t.text(text))).collect()
    }

    #[test]
    fn finds_addresses_and_leaves_the_sentence_its_punctuation() {
        use TokenKind::*;
        assert_eq!(
            kinds("Écrivez à jane.doe+x@mail.example.org, ou (www.example.com/a?b=c)."),
            [(Email, "jane.doe+x@mail.example.org"), (Url, "www.example.com/a?b=c")]
        );
        assert_eq!(
            kinds("www.über.example or www._x.example, www.-x.example, www..example"),
            [(Url, "www.über.example"), (Url, "www._x.example"), (Url, "www.-x.example"), (Url, "www..example")]
        );
        assert_eq!(
            kinds("see https://example.org/ü/x. and example.com! @Tom_1, @a@b.social u/some_one"),
            [
                (Url, "https://example.org/ü/x"),
                (Url, "example.com"),
                (Mention, "@Tom_1"),
                (Mention, "@a@b.social"),
                (Mention, "u/some_one")
            ]
        );
    }

    #[test]
    fn finds_telephone_numbers_but_not_years_prices_or_scores() {
        use TokenKind::*;
        for number in
            ["+49 170 1234567", "(212) 555-0187", "555-0123", "02921 / 4455", "0044.20.7946.0958", "5550123999"]
        {
            let text = format!("ruf {number} an");
            assert_eq!(kinds(&text), [(Phone, number)], "{number}");
        }
        for other in ["1999-2004", "$1,000,000", "3-2", "12.5", "route 66", "covid19000000"] {
            assert_eq!(kinds(other), [], "{other}");
        }
    }

    #[test]
    fn leaves_abbreviations_and_missing_spaces_alone() {
        for text in ["The U.S. and the E.U.", "end.Then", "a @ b", "http://", "either/or", "e.g.it"] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }
}
