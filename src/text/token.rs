//! What a token is.

/// The kind of a token, decided from the original text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Letters, possibly with digits and apostrophes inside.
    Word,
    /// Digits with `.`, `,` or `:` between them.
    Number,
    /// `#` and the word after it.
    Hashtag,
    /// One emoji, with its modifiers and joiners.
    Emoji,
    /// A run of punctuation and symbols.
    Punctuation,
    /// `@name`, `@name@server`, `u/name`.
    Mention,
    /// A web address, with or without scheme.
    Url,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
}

impl TokenKind {
    /// The kind's name in explanations.
    pub fn name(self) -> &'static str {
        match self {
            TokenKind::Word => "word",
            TokenKind::Number => "number",
            TokenKind::Hashtag => "hashtag",
            TokenKind::Emoji => "emoji",
            TokenKind::Punctuation => "punctuation",
            TokenKind::Mention => "mention",
            TokenKind::Url => "url",
            TokenKind::Email => "email",
            TokenKind::Phone => "phone",
        }
    }

    /// The class token that stands for every token of a kind whose text may identify a person.
    pub fn class_token(self) -> Option<&'static str> {
        match self {
            TokenKind::Mention => Some("<mention>"),
            TokenKind::Url => Some("<url>"),
            TokenKind::Email => Some("<email>"),
            TokenKind::Phone => Some("<phone>"),
            _ => None,
        }
    }
}

/// One token: where it stands in the original text and what kind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Offset of its first byte in the original text. No later step changes offsets.
    pub start: usize,
    /// Offset behind its last byte.
    pub end: usize,
}

impl Token {
    /// The token's text in the original.
    pub fn text<'t>(&self, original: &'t str) -> &'t str {
        &original[self.start..self.end]
    }
}
