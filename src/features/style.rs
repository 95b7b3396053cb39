//! Block `style`: how a comment is written, whatever it says. Every value lies in [0, 1].

use crate::text::{Lexicon, TokenFacts, TokenId, TokenKind};

/// The measures, in column order.
pub const NAMES: [&str; 18] = [
    "length", "very short", "long words", "exclamation marks", "question marks", "capitals", "elongations",
    "quotation marks", "ellipses", "links", "mentions", "hashtags", "emoji", "numbers", "paragraphs",
    "starts in lower case", "ends without punctuation", "repeated words",
];

/// Measures a comment; `facts` has what is known of each token.
pub(super) fn measure(text: &str, tokens: &[TokenId], facts: &[TokenFacts], lexicon: &Lexicon) -> [f32; NAMES.len()] {
    let mut words = 0usize;
    let (mut letters, mut shouted, mut elongated) = (0usize, 0usize, 0usize);
    let (mut exclamations, mut questions, mut quotes, mut ellipses) = (0usize, 0usize, 0usize, 0usize);
    let (mut links, mut mentions, mut hashtags, mut emoji, mut numbers) = (0usize, 0usize, 0usize, 0usize, 0usize);
    let mut repeated = 0usize;
    let mut before = None;
    for (&token, facts) in tokens.iter().zip(facts) {
        match facts.kind {
            TokenKind::Word => {
                words += 1;
                letters += facts.length();
                shouted += usize::from(facts.shouted);
                elongated += usize::from(facts.elongated);
                repeated += usize::from(before == Some(facts.stem));
            }
            TokenKind::Punctuation => match lexicon.normal(token) {
                // Most are none of what is counted.
                "." | "," => {}
                run => {
                    exclamations += run.matches('!').count();
                    questions += run.matches('?').count();
                    quotes += run.matches('"').count();
                    ellipses += usize::from(run.contains("..") || run.contains('…'));
                }
            },
            TokenKind::Url => links += 1,
            TokenKind::Mention => mentions += 1,
            TokenKind::Hashtag => hashtags += 1,
            TokenKind::Emoji => emoji += 1,
            TokenKind::Number => numbers += 1,
            TokenKind::Email | TokenKind::Phone => {}
        }
        before = Some(facts.stem);
    }
    let trimmed = text.trim();
    let first = trimmed.chars().next();
    let last = trimmed.chars().next_back();
    let flag = |b: bool| if b { 1.0 } else { 0.0 };
    [
        level(tokens.len(), 1000),
        flag(words <= 4),
        (ratio(letters, words) / 10.0).min(1.0),
        level(exclamations, 8),
        level(questions, 8),
        ratio(shouted, words),
        level(elongated, 4),
        level(quotes, 8),
        level(ellipses, 8),
        level(links, 4),
        level(mentions, 4),
        level(hashtags, 4),
        level(emoji, 8),
        level(numbers, 8),
        level(trimmed.matches('\n').count(), 16),
        flag(first.is_some_and(char::is_lowercase)),
        flag(last.is_some_and(char::is_alphanumeric)),
        level(repeated, 4),
    ]
}

/// A count on a logarithmic scale that reaches 1 at `full`.
fn level(count: usize, full: usize) -> f32 {
    if count == 0 {
        return 0.0;
    }
    ((count as f32).ln_1p() / (full as f32).ln_1p()).min(1.0)
}

fn ratio(part: usize, whole: usize) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}
