//! Block `target_chars`: character 3-grams again, each joined with the target, for targets that many comments have.
//!
//! What [`target_words`] is to the words. Where comments are short and spelled freely, as tweets are, it tells much more; elsewhere it
//! does harm, so it takes part only where validation speaks for it ([`Block::is_optional`]).
//!
//! [`target_words`]: super::target_words
//! [`Block::is_optional`]: super::layout::Block::is_optional

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::Features;
use super::frequencies::DocumentFrequencies;
use super::words::key;
use crate::text::TokenId;

/// Targets of fewer comments have no n-grams of their own: there would be more of them than comments can tell apart.
pub const FEWEST_COMMENTS: usize = 100;

/// Characters of the n-grams: longer and shorter ones say the same again.
const LENGTH: usize = 3;

/// Pairs of target and n-gram, in the order in which comments hold them first, with the number of comments that do.
///
/// `comments` gives each comment's tokens and the index of its target; comments without a target do not matter. `columns_of` gives the
/// columns of a token's n-grams.
pub(super) fn frequencies<'c>(
    features: &Features,
    comments: impl Iterator<Item = (&'c [TokenId], Option<u32>)> + Clone,
    columns_of: impl Fn(TokenId) -> &'c [u32],
) -> Vec<([u32; 2], u32)> {
    let mut of_target = vec![0usize; features.targets.len()];
    comments.clone().filter_map(|(_, target)| target).for_each(|target| of_target[target as usize] += 1);
    let is_frequent = |target: &u32| of_target[*target as usize] >= FEWEST_COMMENTS;
    if of_target.iter().all(|&comments| comments < FEWEST_COMMENTS) {
        return Vec::new();
    }
    let takes_part: Vec<bool> = features.grams.iter().map(|gram| gram.chars().count() == LENGTH).collect();
    let mut places: HashMap<u64, u32, RandomState> = HashMap::default();
    let mut pairs: Vec<[u32; 2]> = Vec::new();
    let mut frequencies = DocumentFrequencies::new(0);
    for (comment, (tokens, target)) in comments.enumerate() {
        let Some(target) = target.filter(is_frequent) else { continue };
        let grams = tokens.iter().flat_map(|&token| columns_of(token));
        for &gram in grams.filter(|&&gram| takes_part[gram as usize]) {
            let place = *places.entry(key(target, gram)).or_insert_with(|| {
                pairs.push([target, gram]);
                (pairs.len() - 1) as u32
            });
            frequencies.count(place as usize, comment);
        }
    }
    pairs.into_iter().zip(frequencies.into_counts()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::layout::Block;
    use crate::features::learning::learn;
    use crate::features::weighting::RawRow;
    use crate::features::{FeatureConfig, Session, Shared, Texts};
    use crate::text::Language;
    use std::sync::Arc;

    fn rows(times: usize) -> Vec<Texts<'static>> {
        let row = |(comment, target)| Texts { comment, target: Some(target), ..Texts::default() };
        let cats = std::iter::repeat_n(("éa éa", "Cats"), times);
        cats.chain(std::iter::repeat_n(("éa oo", "Dogs"), FEWEST_COMMENTS)).map(row).collect()
    }

    #[test]
    fn targets_of_many_comments_have_the_n_grams_of_their_comments() {
        let names = |times| {
            let (features, _) = learn(Language::English, &FeatureConfig::default(), &rows(times));
            let mut names: Vec<String> =
                features.layout().range(Block::TargetChars).map(|column| features.name(column).1).collect();
            names.sort_unstable();
            names
        };
        let of = |target: &str, words: &[&str]| -> Vec<String> {
            let grams = words.iter().flat_map(|word| {
                let chars: Vec<char> = format!(" {word} ").chars().collect();
                chars.windows(LENGTH).map(|w| w.iter().collect::<String>()).collect::<Vec<_>>()
            });
            grams.map(|gram| format!("[{target}] {gram}")).collect()
        };
        let mut both = [of("cat", &["éa"]), of("dog", &["éa", "oo"])].concat();
        both.sort_unstable();
        assert_eq!(names(FEWEST_COMMENTS), both);
        let mut one = of("dog", &["éa", "oo"]);
        one.sort_unstable();
        assert_eq!(names(FEWEST_COMMENTS - 1), one);
    }

    #[test]
    fn a_comment_counts_its_n_grams_under_its_own_target() {
        let (features, _) = learn(Language::English, &FeatureConfig::default(), &rows(FEWEST_COMMENTS));
        let mut session = Session::new(&features, Arc::new(Shared::new(1)));
        let mut raw = RawRow::default();
        let block = features.layout().range(Block::TargetChars);
        let mut found = |comment: &str, target: Option<&str>| -> Vec<(String, u8)> {
            session.extract(&Texts { comment, target, ..Texts::default() }, &mut raw);
            let of_row = raw.columns.iter().zip(&raw.counts).filter(|(c, _)| block.contains(&(**c as usize)));
            let mut of_row: Vec<_> = of_row.map(|(&c, &n)| (features.name(c as usize).1, n)).collect();
            of_row.sort_unstable();
            of_row
        };
        let named = |names: &[(&str, u8)]| names.iter().map(|&(name, n)| (name.to_owned(), n)).collect::<Vec<_>>();
        assert_eq!(found("xa xa", Some("cats")), named(&[]));
        assert_eq!(found("zéa zéa xoo", Some("cats")), named(&[("[cat] éa ", 2)]));
        assert_eq!(found("xoo", Some("dogs")), named(&[("[dog] oo ", 1)]));
        assert_eq!(found("xoo", Some("cats")), []);
        assert_eq!(found("xoo", Some("birds")), []);
        assert_eq!(found("xoo", None), []);
    }
}
