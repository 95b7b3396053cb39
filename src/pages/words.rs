//! Words of a line for looking them up in tables: lower case, without punctuation.

/// The words of a text in lower case; digits are words, punctuation is not.
pub(super) fn lower(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else if matches!(c, '\'' | '’') && !word.is_empty() {
            word.push('\'');
        } else if !word.is_empty() {
            let done = std::mem::take(&mut word);
            words.push(done.trim_end_matches('\'').to_owned());
        }
    }
    words
}

/// Whether one of the words stands in a table.
pub(super) fn any(words: &[String], table: &[&str]) -> bool {
    words.iter().any(|word| table.contains(&word.as_str()))
}

/// Whether one of the words starts as an entry of a table does.
pub(super) fn any_stem(words: &[String], table: &[&str]) -> bool {
    words.iter().any(|word| table.iter().any(|stem| word.starts_with(stem)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_apostrophes_stay_inside() {
        assert_eq!(lower("“Don’t”, said ÉLISE: 3rd!"), ["don't", "said", "élise", "3rd"]);
        assert_eq!(lower("readers' …"), ["readers"]);
        assert!(any(&lower("Follow us"), &["follow"]) && !any(&lower("follows"), &["follow"]));
        assert!(any_stem(&lower("Republished"), &["republish"]));
    }
}
