//! Folds the text of one token to its canonical form.

use unicode_normalization::{UnicodeNormalization, is_nfkc};

use super::token::TokenKind;
use super::tokenizer::is_invisible;

/// Longest run of one character that is kept: "soooooo" and "sooo" are the same word, "so" is another.
const MAX_RUN: usize = 3;

/// Words of more characters are noise (keyboard mashing, encoded data) and fold to [`LONG_WORD`].
const MAX_WORD: usize = 100;

/// Stands for every overlong word.
const LONG_WORD: &str = "<long>";

/// Stands for every number of more than four digits, so that no account or house number becomes a feature.
const LONG_NUMBER: &str = "<number>";

/// Writes the canonical form of a token into `out` (which is cleared first).
///
/// Personal kinds become their class token. The rest is brought to NFKC and lower case, typographic apostrophes become `'`,
/// invisible characters are dropped, and runs of one character are cut to three.
pub fn normalize(kind: TokenKind, text: &str, out: &mut String) {
    out.clear();
    if let Some(class) = kind.class_token() {
        out.push_str(class);
        return;
    }
    if kind == TokenKind::Number && text.bytes().filter(u8::is_ascii_digit).count() > 4 {
        out.push_str(LONG_NUMBER);
        return;
    }
    // Longer than this cannot end up short; stop before doing work that grows with a hostile token.
    if text.len() > MAX_WORD * 16 && kind != TokenKind::Punctuation {
        out.push_str(LONG_WORD);
        return;
    }
    let mut folder = Folder { out, last: '\0', run: 0 };
    if text.is_ascii() {
        for c in text.chars() {
            folder.push(c.to_ascii_lowercase());
        }
    } else if is_nfkc(text) {
        text.chars().flat_map(char::to_lowercase).for_each(|c| folder.push(c));
    } else {
        text.nfkc().flat_map(char::to_lowercase).for_each(|c| folder.push(c));
    }
    let words = matches!(kind, TokenKind::Word | TokenKind::Hashtag | TokenKind::Number);
    if out.len() > MAX_WORD && words && out.chars().count() > MAX_WORD {
        out.clear();
        out.push_str(LONG_WORD);
    }
}

/// Appends characters, holding runs to [`MAX_RUN`].
struct Folder<'o> {
    out: &'o mut String,
    last: char,
    run: usize,
}

impl Folder<'_> {
    fn push(&mut self, c: char) {
        let c = match c {
            '’' | '‘' | 'ʼ' | '`' | '´' => '\'',
            '“' | '”' | '„' | '«' | '»' => '"',
            c if is_invisible(c) => return,
            c => c,
        };
        self.run = if c == self.last { self.run + 1 } else { 1 };
        self.last = c;
        if self.run <= MAX_RUN || c.is_ascii_digit() {
            self.out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TokenKind::*;

    fn normal(kind: TokenKind, text: &str) -> String {
        let mut out = String::from("left over");
        normalize(kind, text, &mut out);
        out
    }

    #[test]
    fn folds_case_width_apostrophes_and_elongation() {
        assert_eq!(normal(Word, "Don’t"), "don't");
        assert_eq!(normal(Word, "SOOOOOOO"), "sooo");
        assert_eq!(normal(Word, "ＦＲＥＥ"), "free");
        assert_eq!(normal(Word, "E\u{301}te\u{301}"), "été");
        assert_eq!(normal(Word, "Schifffahrt"), "schifffahrt");
        assert_eq!(normal(Punctuation, "!!!!!!!!"), "!!!");
        assert_eq!(normal(Word, "in\u{200d}vis\u{ad}ible"), "invisible");
    }

    #[test]
    fn personal_kinds_and_long_numbers_keep_nothing_of_their_text() {
        assert_eq!(normal(Mention, "@jane"), "<mention>");
        assert_eq!(normal(Phone, "555-0123"), "<phone>");
        assert_eq!(normal(Number, "123456"), "<number>");
        assert_eq!(normal(Number, "2016"), "2016");
        assert_eq!(normal(Number, "1000"), "1000");
    }

    #[test]
    fn overlong_words_fold_to_one_class() {
        let mashed: String = ('a'..='z').cycle().take(101).collect();
        assert_eq!(normal(Word, &mashed), "<long>");
        assert_eq!(normal(Word, &"ab".repeat(50)), "ab".repeat(50));
        assert_eq!(normal(Word, &"ab".repeat(1_000_000)), "<long>");
    }
}
