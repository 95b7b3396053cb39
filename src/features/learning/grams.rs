//! Character n-grams that enough comments hold, and which each token has.
//!
//! One table of all n-grams would be one thread's work, and larger than its cache. So they are dealt out by their first two characters: whatever
//! begins at a place of a token is in the same shard, and each shard has a table of its own.

use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use rayon::prelude::*;

use super::learned_tokens::LearnedTokens;
use super::lists::{Lists, Piece, pieces};
use super::vocabulary::{NONE, keep};
use crate::features::BlockConfig;
use crate::features::frequencies::count_all;
use crate::features::inherited::put_first;
use crate::features::pool::in_pieces;
use crate::text::ngrams::longest_grams;
use crate::text::{CharGram, TokenId};

/// Character n-grams of enough comments, which the first `tokens` tokens make up, after those of a base; and the columns of those that each
/// of these tokens has, in the order in which [`GramTable::find`] finds them.
///
/// [`GramTable::find`]: crate::features::chars::GramTable::find
pub(super) fn learn_grams(
    learned: &LearnedTokens,
    tokens: usize,
    comments: &Lists,
    config: &BlockConfig,
    base: Option<&[CharGram]>,
) -> (Vec<CharGram>, Lists) {
    let dealt: Vec<Dealt> = pieces(tokens).map(|tokens| Dealt::new(learned, tokens)).collect();
    let (shards, found): (_, Vec<Found>) =
        in_pieces(SHARDS, 1).map(|shard| Shard::distinct(shard.start, &dealt)).unzip();
    let ids = Ids::new(shards);
    let ids_of =
        dealt.into_par_iter().with_max_len(1).enumerate().map(|(piece, dealt)| ids.of(&dealt, piece, &found)).collect();
    let ids_of = Lists::new(tokens, ids_of);
    drop(found);
    let mut kept = {
        let df = count_all(comments.len(), ids.len(), |frequencies, comment| {
            for &token in comments.of(comment) {
                ids_of.of(token as usize).iter().for_each(|&gram| frequencies.count(gram as usize, comment));
            }
        });
        keep(ids.with(&df), config.min_df, config.max_features)
    };
    if let Some(base) = base {
        put_first(base.iter().copied(), &mut kept);
    }
    let ids_of_kept: Vec<Option<u32>> = kept.par_iter().map(|&gram| ids.find(gram)).collect();
    let mut column_of = vec![NONE; ids.len()];
    let held = (0..).zip(ids_of_kept).filter_map(|(column, id)| Some((column, id?)));
    held.for_each(|(column, id)| column_of[id as usize] = column);
    drop(ids);
    let columns = pieces(tokens).map(|tokens| {
        let mut columns = Piece::with_capacity(tokens.len(), 0);
        for token in tokens {
            let of_token = ids_of.of(token).iter().map(|&id| column_of[id as usize]);
            columns.extend(of_token.filter(|&column| column != NONE));
            columns.end_list();
        }
        columns.shrink();
        columns
    });
    let columns = Lists::new(tokens, columns.collect());
    (kept, columns)
}

/// Tables of n-grams: some for each of many threads, and so many that each fits into a thread's cache. A byte holds the number of a shard.
const SHARDS: usize = 1 << SHARD_BITS;
const SHARD_BITS: u32 = 5;

/// The shard of an n-gram and of all that it begins with.
fn shard_of(gram: CharGram) -> usize {
    (gram.first_two().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - SHARD_BITS)) as usize
}

/// The n-grams of some tokens, dealt out to shards.
struct Dealt {
    /// By shard the longest n-grams of places, in order.
    longest: [Vec<CharGram>; SHARDS],
    /// Of each place the shard, and how many n-grams begin there.
    places: Vec<(u8, u8)>,
    /// By token where its places end.
    ends: Vec<usize>,
}

impl Dealt {
    fn new(learned: &LearnedTokens, tokens: Range<usize>) -> Self {
        let ends = Vec::with_capacity(tokens.len());
        let mut dealt = Dealt { longest: Default::default(), places: Vec::new(), ends };
        for token in tokens {
            // Class tokens have none.
            for longest in learned.normal(token as TokenId).into_iter().flat_map(longest_grams) {
                let shard = shard_of(longest);
                dealt.longest[shard].push(longest);
                dealt.places.push((shard as u8, longest.beginnings().len() as u8));
            }
            dealt.ends.push(dealt.places.len());
        }
        dealt
    }
}

/// Distinct n-grams of a shard, in the order in which tokens have them first.
struct Shard {
    /// The id of the first one; those of the others follow.
    first: u32,
    grams: Vec<CharGram>,
    /// The place of each in `grams`.
    places: HashMap<CharGram, u32, RandomState>,
}

/// By piece of tokens the places in a shard of the n-grams that were dealt out to it, in order.
type Found = Vec<Vec<u32>>;

impl Shard {
    fn distinct(shard: usize, dealt: &[Dealt]) -> (Self, Found) {
        let (mut grams, mut places) = (Vec::new(), HashMap::default());
        let mut place_of = |gram: CharGram| {
            *places.entry(gram).or_insert_with(|| {
                grams.push(gram);
                (grams.len() - 1) as u32
            })
        };
        let of_piece = |dealt: &Dealt| {
            dealt.longest[shard].iter().flat_map(|longest| longest.beginnings()).map(&mut place_of).collect()
        };
        let found = dealt.iter().map(of_piece).collect();
        (Shard { first: 0, grams, places }, found)
    }
}

/// Distinct n-grams, which have ids: those of one shard after those of the other.
struct Ids(Vec<Shard>);

impl Ids {
    fn new(mut shards: Vec<Shard>) -> Self {
        let mut first = 0;
        for shard in &mut shards {
            shard.first = first;
            first += shard.grams.len() as u32;
        }
        Ids(shards)
    }

    fn len(&self) -> usize {
        self.0.iter().map(|shard| shard.grams.len()).sum()
    }

    /// Each n-gram with what stands under its id.
    fn with<'s>(&'s self, df: &'s [u32]) -> impl ParallelIterator<Item = (CharGram, u32)> + 's {
        self.0
            .par_iter()
            .flat_map_iter(|shard| shard.grams.iter().copied().zip(df[shard.first as usize..].iter().copied()))
    }

    fn find(&self, gram: CharGram) -> Option<u32> {
        let shard = &self.0[shard_of(gram)];
        shard.places.get(&gram).map(|place| shard.first + place)
    }

    /// Ids of the n-grams that each token of a piece has. Given is what was found in each shard.
    fn of(&self, dealt: &Dealt, piece: usize, found: &[Found]) -> Piece {
        let mut found: Vec<_> =
            self.0.iter().zip(found).map(|(shard, found)| (shard.first, found[piece].iter())).collect();
        let all = found.iter().map(|(_, places)| places.len()).sum();
        let mut ids = Piece::with_capacity(dealt.ends.len(), all);
        let mut start = 0;
        for &end in &dealt.ends {
            for &(shard, grams) in &dealt.places[start..end] {
                let (first, places) = &mut found[usize::from(shard)];
                ids.extend(places.take(usize::from(grams)).map(|place| *first + place));
            }
            ids.end_list();
            start = end;
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::features::FeatureConfig;
    use crate::features::chars::GramTable;
    use crate::features::learning::readers::Readers;
    use crate::text::{Language, Lexicon};

    /// The n-grams of enough comments, most frequent first, counted without shards.
    fn counted(lexicon: &Lexicon, comments: &Lists, config: &BlockConfig) -> Vec<String> {
        let mut comments_of: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for comment in 0..comments.len() {
            let tokens = comments.of(comment).iter().copied();
            for token in tokens.filter(|&token| lexicon.facts(token).kind.class_token().is_none()) {
                let padded: Vec<char> = format!(" {} ", lexicon.normal(token).replace('\0', "")).chars().collect();
                for gram in (2..=5).flat_map(|length| padded.windows(length)) {
                    comments_of.entry(gram.iter().collect()).or_default().insert(comment);
                }
            }
        }
        let mut all: Vec<(String, usize)> = comments_of.into_iter().map(|(gram, of)| (gram, of.len())).collect();
        all.retain(|&(_, df)| df >= config.min_df);
        all.sort_by_key(|(gram, df)| (Reverse(*df), gram.clone()));
        all.truncate(config.max_features);
        all.into_iter().map(|(gram, _)| gram).collect()
    }

    #[test]
    fn n_grams_are_those_of_enough_comments_and_those_of_a_token_what_a_look_up_finds() {
        let mut texts: Vec<String> = [
            "Cats and dogs @ann",
            "cats, dogs & an unimaginablenesses é\0é éé",
            "incomprehensibilities saw unimaginablenesses",
            "",
            "a cat",
        ]
        .map(str::to_owned)
        .into();
        // Tokens enough for several pieces.
        let word = |i: usize| -> String {
            (0..3 + i % 4).map(|c| char::from(b'a' + (i * i / 7 + c * i) as u8 % 19)).collect()
        };
        texts.extend((0..200).map(|i| format!("{} {} {}", word(i), word(i / 3), word(3 * i))));
        let mut readers = Readers::new(Language::English);
        let comments = readers.read(texts.len(), |i| [texts[i].as_str()]);
        let tokens = readers.tokens();
        readers.read(1, |_| ["elsewhere"]);
        let noted = readers.finish();
        let learned = LearnedTokens::of(&noted);
        let lexicon = learned.put_down(noted);
        assert!(pieces(tokens).len() > 2);
        let grams = |of: &[&str]| of.iter().map(|gram| CharGram::pack(gram).unwrap()).collect::<Vec<_>>();
        let base = grams(&["se", " w", "ses", " wo", "zz"]);
        let mut held = BTreeSet::new();
        for base in [None, Some(&base[..])] {
            for (min_df, max_features) in [(0, 9_000), (1, 9_000), (2, 9_000), (2, 7), (1, 90), (1, 0)] {
                let config = BlockConfig { min_df, max_features, ..FeatureConfig::default().chars };
                let (kept, columns) = learn_grams(&learned, tokens, &comments, &config, base);
                if base.is_none() {
                    let names: Vec<String> = kept.iter().map(|gram| gram.to_string()).collect();
                    assert_eq!(names, counted(&lexicon, &comments, &config));
                }
                let table = GramTable::new(&kept);
                assert_eq!(table.len(), kept.len());
                for token in 0..tokens as TokenId {
                    let mut found = Vec::new();
                    if lexicon.facts(token).kind.class_token().is_none() {
                        table.find(lexicon.normal(token), &mut Vec::new(), &mut found);
                    }
                    assert_eq!(columns.of(token as usize), found);
                    held.extend(found.into_iter().map(|column| kept[column as usize].to_string()));
                }
            }
        }
        assert!(["ses", "é ", "ca"].iter().all(|gram| held.contains(*gram)) && !held.contains("wh"));
    }
}
