//! Languages that can be stemmed, and which one a text is in.

use serde::{Deserialize, Serialize};

/// A language with a Snowball stemmer, or [`Language::Unknown`], whose words stay whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // The names say it all.
pub enum Language {
    Arabic,
    Danish,
    Dutch,
    English,
    Finnish,
    French,
    German,
    Greek,
    Hungarian,
    Italian,
    Norwegian,
    Portuguese,
    Romanian,
    Russian,
    Spanish,
    Swedish,
    Tamil,
    Turkish,
    /// Any other language: words are not stemmed.
    Unknown,
}

impl Language {
    /// Every language, in alphabetical order.
    pub const ALL: [Language; 19] = [
        Language::Arabic,
        Language::Danish,
        Language::Dutch,
        Language::English,
        Language::Finnish,
        Language::French,
        Language::German,
        Language::Greek,
        Language::Hungarian,
        Language::Italian,
        Language::Norwegian,
        Language::Portuguese,
        Language::Romanian,
        Language::Russian,
        Language::Spanish,
        Language::Swedish,
        Language::Tamil,
        Language::Turkish,
        Language::Unknown,
    ];

    /// The name used in configs and model files.
    pub fn name(self) -> &'static str {
        match self {
            Language::Arabic => "arabic",
            Language::Danish => "danish",
            Language::Dutch => "dutch",
            Language::English => "english",
            Language::Finnish => "finnish",
            Language::French => "french",
            Language::German => "german",
            Language::Greek => "greek",
            Language::Hungarian => "hungarian",
            Language::Italian => "italian",
            Language::Norwegian => "norwegian",
            Language::Portuguese => "portuguese",
            Language::Romanian => "romanian",
            Language::Russian => "russian",
            Language::Spanish => "spanish",
            Language::Swedish => "swedish",
            Language::Tamil => "tamil",
            Language::Turkish => "turkish",
            Language::Unknown => "unknown",
        }
    }

    /// The language that most of the given texts are in, each text's vote weighted by its length.
    ///
    /// Detection is whatlang's (trigrams and scripts); texts too short to tell do not vote.
    pub fn detect<'t>(texts: impl IntoIterator<Item = &'t str>) -> Language {
        let mut votes = [0usize; Language::ALL.len()];
        for text in texts {
            if let Some(info) = whatlang::detect(text)
                && info.is_reliable()
            {
                votes[Language::from_whatlang(info.lang()) as usize] += text.len();
            }
        }
        let mut best = Language::Unknown;
        for language in Language::ALL {
            if votes[language as usize] > votes[best as usize] {
                best = language;
            }
        }
        best
    }

    /// The language of one text, where it can be told with some certainty.
    pub fn of(text: &str) -> Option<Language> {
        whatlang::detect(text).filter(|info| info.is_reliable()).map(|info| Language::from_whatlang(info.lang()))
    }

    fn from_whatlang(lang: whatlang::Lang) -> Language {
        use whatlang::Lang;
        match lang {
            Lang::Ara => Language::Arabic,
            Lang::Dan => Language::Danish,
            Lang::Nld => Language::Dutch,
            Lang::Eng => Language::English,
            Lang::Fin => Language::Finnish,
            Lang::Fra => Language::French,
            Lang::Deu => Language::German,
            Lang::Ell => Language::Greek,
            Lang::Hun => Language::Hungarian,
            Lang::Ita => Language::Italian,
            Lang::Nob => Language::Norwegian,
            Lang::Por => Language::Portuguese,
            Lang::Ron => Language::Romanian,
            Lang::Rus => Language::Russian,
            Lang::Spa => Language::Spanish,
            Lang::Swe => Language::Swedish,
            Lang::Tam => Language::Tamil,
            Lang::Tur => Language::Turkish,
            _ => Language::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_the_language_of_most_of_the_text() {
        let german = "Die Schule sollte viel später anfangen, weil die Kinder morgens noch müde sind.";
        let english = "This is a short one.";
        assert_eq!(Language::detect([german, german, english]), Language::German);
        assert_eq!(Language::detect(["", "?!"]), Language::Unknown);
    }

    #[test]
    fn names_match_their_serialised_form() {
        for language in Language::ALL {
            assert_eq!(serde_json::to_string(&language).unwrap(), format!("\"{}\"", language.name()));
        }
    }
}
