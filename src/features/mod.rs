//! Tokens to sparse rows: the second half of preprocessing.
//!
//! A row is made of blocks, one file each. [`words`], [`chars`] and [`target_words`] count terms of a vocabulary that
//! [`learning`] takes from the training comments; [`style`] and [`similarity`] measure a fixed list of things.
//! [`layout`] says which columns belong to which block, [`weighting`] turns counts into tf-idf, and a [`Session`] does all of
//! it for one comment after another, in training and in scoring alike.

pub mod chars;
pub mod counter;
pub mod layout;
pub mod learning;
pub mod matrix;
pub mod session;
pub mod similarity;
pub mod style;
pub mod target_words;
pub mod weighting;
pub mod words;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::text::{CharGram, Language, StringTable};

use layout::{Block, Layout};
pub use matrix::Matrix;
pub use session::Session;

/// The texts of one comment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Texts<'t> {
    /// What is scored.
    pub comment: &'t str,
    /// Title and body of the article it stands under.
    pub article: Option<ArticleText<'t>>,
    /// The comment it replies to.
    pub parent: Option<&'t str>,
    /// What its stance is towards.
    pub target: Option<&'t str>,
}

/// The texts of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArticleText<'t> {
    /// Headline; may be empty.
    pub title: &'t str,
    /// Text; may be empty.
    pub body: &'t str,
}

/// How one block counts and how far its vocabulary goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BlockConfig {
    /// The block's weight: its values are learned as if multiplied by it. 0 leaves the block out.
    pub weight: f64,
    /// Terms of fewer comments are left out. At least 2, so that nothing that one comment alone holds reaches the model.
    pub min_df: usize,
    /// At most so many terms are kept, those of most comments.
    pub max_features: usize,
}

impl BlockConfig {
    fn weighing(weight: f64) -> Self {
        BlockConfig { weight, ..BlockConfig::default() }
    }
}

impl Default for BlockConfig {
    fn default() -> Self {
        BlockConfig { weight: 1.0, min_df: 2, max_features: 500_000 }
    }
}

/// Every block's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureConfig {
    /// Stemmed word 1-2-grams.
    pub words: BlockConfig,
    /// Character 2-5-grams inside words.
    pub chars: BlockConfig,
    /// The word 1-2-grams joined with the target.
    pub target_words: BlockConfig,
    /// Lengths, punctuation, capitals and the like.
    pub style: FixedBlockConfig,
    /// Closeness to article and parent.
    pub similarity: FixedBlockConfig,
}

impl Default for FeatureConfig {
    fn default() -> Self {
        FeatureConfig {
            words: BlockConfig::weighing(1.0),
            chars: BlockConfig::weighing(1.0),
            target_words: BlockConfig::weighing(1.0),
            style: FixedBlockConfig::default(),
            similarity: FixedBlockConfig::default(),
        }
    }
}

/// Settings of a block without vocabulary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FixedBlockConfig {
    /// The block's weight; 0 leaves the block out.
    pub weight: f64,
}

impl Default for FixedBlockConfig {
    fn default() -> Self {
        FixedBlockConfig { weight: 0.5 }
    }
}

impl FeatureConfig {
    /// The weight of a block.
    pub fn weight(&self, block: Block) -> f64 {
        match block {
            Block::Words => self.words.weight,
            Block::Chars => self.chars.weight,
            Block::TargetWords => self.target_words.weight,
            Block::Style => self.style.weight,
            Block::Similarity => self.similarity.weight,
        }
    }
}

/// What was learned from the training comments: vocabularies, document frequencies, bins.
#[derive(Debug, Clone)]
pub struct Features {
    /// Language of the stemmer.
    pub language: Language,
    /// Word stems; the column of a stem in the block `words` is its index.
    pub stems: Arc<StringTable>,
    /// Pairs of stems, sorted; their columns follow the stems'.
    pub bigrams: Vec<[u32; 2]>,
    /// Character n-grams, sorted.
    pub grams: Vec<CharGram>,
    /// Targets in canonical form, sorted.
    pub targets: StringTable,
    /// Pairs of target and column in the block `words`, sorted.
    pub target_terms: Vec<[u32; 2]>,
    /// Inverse document frequency of each counted column.
    pub idf: Vec<f32>,
    /// Inverse document frequency of a stem that no training comment holds.
    pub unseen_idf: f32,
    /// Upper edges of the quantile bins of each similarity.
    pub bins: Vec<Vec<f32>>,
    lookups: Lookups,
}

/// Hash tables over the vocabularies; derived, never saved.
#[derive(Debug, Clone, Default)]
struct Lookups {
    bigrams: words::BigramTable,
    grams: chars::GramTable,
    target_terms: target_words::TermTable,
}

impl Features {
    /// Where each block's columns stand.
    pub fn layout(&self) -> Layout {
        Layout::new([
            (Block::Words, self.stems.len() + self.bigrams.len()),
            (Block::Chars, self.grams.len()),
            (Block::TargetWords, self.target_terms.len()),
            (Block::Style, style::NAMES.len()),
            (Block::Similarity, similarity::columns(&self.bins)),
        ])
    }

    /// A table for quick look-ups must be rebuilt after the vocabularies were set.
    pub(crate) fn index(mut self) -> Self {
        self.lookups = Lookups {
            bigrams: words::BigramTable::new(&self.bigrams),
            grams: chars::GramTable::new(&self.grams),
            target_terms: target_words::TermTable::new(&self.target_terms),
        };
        self
    }

    /// Features from saved parts; `None` unless the parts fit together.
    #[allow(clippy::too_many_arguments)] // One argument a part of the model file.
    pub fn from_parts(
        language: Language,
        stems: StringTable,
        bigrams: Vec<[u32; 2]>,
        grams: Vec<CharGram>,
        targets: StringTable,
        target_terms: Vec<[u32; 2]>,
        idf: Vec<f32>,
        unseen_idf: f32,
        bins: Vec<Vec<f32>>,
    ) -> Option<Self> {
        let word_columns = stems.len() + bigrams.len();
        let counted = word_columns + grams.len() + target_terms.len();
        let in_order = bigrams.is_sorted_by(|a, b| a < b)
            && grams.is_sorted_by(|a, b| a < b)
            && target_terms.is_sorted_by(|a, b| a < b);
        let in_range = bigrams.iter().flatten().all(|&stem| (stem as usize) < stems.len())
            && target_terms.iter().all(|t| {
                (t[0] as usize) < targets.len()
                    && ((t[1] as usize) < word_columns || t[1] == target_words::TARGET_ALONE)
            });
        let numbers = idf.iter().chain([&unseen_idf]).chain(bins.iter().flatten()).all(|v| v.is_finite());
        let fits = in_order && in_range && numbers && idf.len() == counted && bins.len() == similarity::NAMES.len();
        fits.then(|| {
            Features {
                language,
                stems: Arc::new(stems),
                bigrams,
                grams,
                targets,
                target_terms,
                idf,
                unseen_idf,
                bins,
                lookups: Lookups::default(),
            }
            .index()
        })
    }

    /// The block of a column and the term it stands for, in words.
    pub fn name(&self, column: usize) -> (Block, String) {
        let (block, within) = self.layout().locate(column);
        let term = match block {
            Block::Words => self.word(within),
            Block::Chars => self.grams[within].to_string(),
            Block::TargetWords => {
                let [target, word] = self.target_terms[within];
                let target = self.targets.get(target as usize);
                match word {
                    target_words::TARGET_ALONE => format!("[{target}]"),
                    word => format!("[{target}] {}", self.word(word as usize)),
                }
            }
            Block::Style => style::NAMES[within].to_string(),
            Block::Similarity => similarity::name(&self.bins, within),
        };
        (block, term)
    }

    fn word(&self, column: usize) -> String {
        match column.checked_sub(self.stems.len()) {
            None => self.stems.get(column).to_string(),
            Some(pair) => {
                let [a, b] = self.bigrams[pair];
                format!("{} {}", self.stems.get(a as usize), self.stems.get(b as usize))
            }
        }
    }
}
