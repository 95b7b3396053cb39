//! Reduces words to stems with the Snowball algorithms of `rust-stemmers`.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use rust_stemmers::Algorithm;

use super::language::Language;

/// A stemmer for one language.
pub struct Stemmer {
    algorithm: Option<rust_stemmers::Stemmer>,
    /// The Greek algorithm of rust-stemmers 1.2.0 panics on some words (`ισαισα`).
    may_panic: bool,
}

impl Stemmer {
    /// The stemmer of a language; words of an unknown language stay whole.
    pub fn new(language: Language) -> Self {
        let algorithm = match language {
            Language::Arabic => Algorithm::Arabic,
            Language::Danish => Algorithm::Danish,
            Language::Dutch => Algorithm::Dutch,
            Language::English => Algorithm::English,
            Language::Finnish => Algorithm::Finnish,
            Language::French => Algorithm::French,
            Language::German => Algorithm::German,
            Language::Greek => Algorithm::Greek,
            Language::Hungarian => Algorithm::Hungarian,
            Language::Italian => Algorithm::Italian,
            Language::Norwegian => Algorithm::Norwegian,
            Language::Portuguese => Algorithm::Portuguese,
            Language::Romanian => Algorithm::Romanian,
            Language::Russian => Algorithm::Russian,
            Language::Spanish => Algorithm::Spanish,
            Language::Swedish => Algorithm::Swedish,
            Language::Tamil => Algorithm::Tamil,
            Language::Turkish => Algorithm::Turkish,
            Language::Unknown => {
                return Stemmer { algorithm: None, may_panic: false };
            }
        };
        let may_panic = language == Language::Greek;
        if may_panic {
            silence_stemming_panics();
        }
        Stemmer { algorithm: Some(rust_stemmers::Stemmer::create(algorithm)), may_panic }
    }

    /// Appends the stem of a lower-cased word to `out`; a word that the algorithm cannot handle stays whole.
    pub fn stem_into(&self, word: &str, out: &mut String) {
        let Some(algorithm) = &self.algorithm else {
            out.push_str(word);
            return;
        };
        if !self.may_panic {
            out.push_str(&algorithm.stem(word));
            return;
        }
        STEMMING.set(true);
        let stem = panic::catch_unwind(AssertUnwindSafe(|| algorithm.stem(word).into_owned()));
        STEMMING.set(false);
        out.push_str(stem.as_deref().unwrap_or(word));
    }
}

thread_local! {
    static STEMMING: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the panics that are caught above off standard error: their message would quote a commenter's word.
/// Every other panic reaches the hook that was there before.
fn silence_stemming_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !STEMMING.get() {
                before(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(language: Language, word: &str) -> String {
        let mut out = String::new();
        Stemmer::new(language).stem_into(word, &mut out);
        out
    }

    #[test]
    fn stems_by_language_and_leaves_unknown_ones_whole() {
        assert_eq!(stem(Language::English, "uniforms"), "uniform");
        assert_eq!(stem(Language::German, "häuser"), "haus");
        assert_eq!(stem(Language::Unknown, "uniforms"), "uniforms");
    }

    #[test]
    fn survives_greek_words_that_make_the_algorithm_panic() {
        assert_eq!(stem(Language::Greek, "ισαισα"), "ισαισα");
    }

    #[test]
    fn no_language_fails_on_foreign_scripts() {
        for language in Language::ALL {
            for word in ["", "a", "don't", "ß", "日本", "ё", "ισα", "é", "<url>", "'''", "ısı", "தமிழ்"]
            {
                stem(language, word);
            }
        }
    }
}
