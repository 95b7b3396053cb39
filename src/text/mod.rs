//! Text to tokens: the first half of preprocessing, one path for comment, article, title, parent and target.
//!
//! The steps and their order are fixed here: [`tokenizer`] cuts the original text into tokens with byte offsets,
//! [`normalizer`] folds each token to a canonical form, [`stemmer`] reduces words to stems, [`ngrams`] builds
//! character n-grams, and [`lexicon`] does all of that once for each distinct token. [`html`] makes text of HTML before all that.

pub mod excerpt;
pub mod html;
mod interner;
mod known_tokens;
pub mod language;
pub mod lexicon;
pub mod ngrams;
pub mod normalizer;
mod noting;
pub mod personal;
mod segments;
pub mod stemmer;
pub mod string_table;
pub mod token;
mod token_table;
pub mod tokenizer;

pub use known_tokens::TokenFacts;
pub use language::Language;
pub use lexicon::{Lexicon, StemId, TokenId};
pub use ngrams::CharGram;
pub(crate) use noting::Learned;
pub use string_table::StringTable;
pub use token::{Token, TokenKind};
pub use tokenizer::tokenize;
