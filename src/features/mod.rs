//! Tokens to sparse rows: the second half of preprocessing.
//!
//! A row is made of blocks, one file each. [`words`], [`chars`] and [`target_words`] count terms of a vocabulary that
//! [`learning`] takes from the training comments, and so do the three blocks of [`crossed`], which cross stems with what the article says;
//! [`style`] and [`similarity`] measure a fixed list of things. A [`context`] is an article, parent or target, analysed once.
//! [`layout`] says which columns belong to which block, [`weighting`] turns counts into tf-idf, and a [`Session`] does all of
//! it for one comment after another, in training and in scoring alike.

pub mod chars;
pub mod context;
pub mod counter;
pub mod crossed;
pub(crate) mod frequencies;
pub mod inherited;
pub mod layout;
pub mod learning;
pub mod matrix;
mod naming;
mod pair_table;
mod pool;
pub mod repeats;
pub mod session;
pub mod similarity;
pub mod style;
pub mod target_chars;
pub mod target_words;
pub mod token_grams;
pub mod trace;
pub mod weighting;
pub mod words;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::text::{CharGram, Language, StringTable};

use layout::{Block, BlockWeights, Layout};
pub use matrix::Matrix;
pub use session::{Session, Shared};
pub use trace::Trace;

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
    /// The character 3-grams joined with the target, for targets of many comments.
    pub target_chars: BlockConfig,
    /// Lengths, punctuation, capitals and the like.
    pub style: FixedBlockConfig,
    /// Stems told apart by whether the article (else the parent) has them too.
    pub shared_words: BlockConfig,
    /// Stems of comments that are on the article's topic.
    pub related_words: BlockConfig,
    /// Stems of the article's title and lead.
    pub lead_words: BlockConfig,
    /// Closeness to article, parent and target.
    pub similarity: FixedBlockConfig,
}

impl Default for FeatureConfig {
    fn default() -> Self {
        FeatureConfig {
            words: BlockConfig::weighing(1.0),
            chars: BlockConfig::weighing(1.0),
            target_words: BlockConfig::weighing(1.0),
            target_chars: BlockConfig::weighing(1.0),
            shared_words: BlockConfig::weighing(0.5),
            related_words: BlockConfig::weighing(0.5),
            lead_words: BlockConfig::weighing(0.5),
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
    /// The settings of a counted block; `None` of the others.
    pub fn counted(&self, block: Block) -> Option<&BlockConfig> {
        match block {
            Block::Words => Some(&self.words),
            Block::Chars => Some(&self.chars),
            Block::TargetWords => Some(&self.target_words),
            Block::TargetChars => Some(&self.target_chars),
            Block::SharedWords => Some(&self.shared_words),
            Block::RelatedWords => Some(&self.related_words),
            Block::LeadWords => Some(&self.lead_words),
            Block::Style | Block::Similarity => None,
        }
    }

    /// Changes the settings of every counted block.
    pub fn for_each_counted(&mut self, mut change: impl FnMut(&mut BlockConfig)) {
        let FeatureConfig { words, chars, target_words, target_chars, shared_words, related_words, lead_words, .. } =
            self;
        [words, chars, target_words, target_chars, shared_words, related_words, lead_words]
            .into_iter()
            .for_each(&mut change);
    }

    /// The weights of all blocks.
    pub fn weights(&self) -> BlockWeights {
        BlockWeights::new(|block| match block {
            Block::Style => self.style.weight,
            Block::Similarity => self.similarity.weight,
            counted => self.counted(counted).map_or(0.0, |c| c.weight),
        })
    }
}

/// What was learned from the training comments: vocabularies, document frequencies, bins.
#[derive(Debug, Clone)]
pub struct Features {
    /// Language of the stemmer.
    pub language: Language,
    /// Word stems; the column of a stem in the block `words` is its index.
    pub stems: Arc<StringTable>,
    /// Pairs of stems, those of most comments first; their columns follow the stems'.
    pub bigrams: Vec<[u32; 2]>,
    /// Character n-grams, those of most comments first.
    pub grams: Vec<CharGram>,
    /// Targets in canonical form, sorted.
    pub targets: StringTable,
    /// Pairs of target and column in the block `words`, those of most comments first.
    pub target_terms: Vec<[u32; 2]>,
    /// Pairs of target and column in the block `chars`, those of most comments first.
    pub target_grams: Vec<[u32; 2]>,
    /// Terms of `shared_words`, `related_words` and `lead_words`: pairs of kind and stem, those of most comments first.
    pub shared_terms: Vec<[u32; 2]>,
    /// See `shared_terms`.
    pub related_terms: Vec<[u32; 2]>,
    /// See `shared_terms`.
    pub lead_terms: Vec<[u32; 2]>,
    /// Inverse document frequency of each stem over comments and their contexts; empty where no comment has any.
    pub context_idf: Vec<f32>,
    /// How close comment and article must be to count as related.
    pub gate: f32,
    /// Inverse document frequency of each counted column.
    pub idf: Vec<f32>,
    /// Inverse document frequency of a stem that no training comment holds.
    pub unseen_idf: f32,
    /// Upper edges of the quantile bins of each similarity.
    pub bins: Vec<Vec<f32>>,
    pub(crate) lookups: Lookups,
}

/// Hash tables over the vocabularies; derived, never saved.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lookups {
    bigrams: words::BigramTable,
    grams: chars::GramTable,
    target_terms: target_words::TermTable,
    target_grams: target_words::TermTable,
    /// Of the shared, the related and the lead terms.
    crossed: [crossed::CrossTable; 3],
}

impl Features {
    /// Nothing learned yet.
    pub(crate) fn empty(language: Language) -> Self {
        Features {
            language,
            stems: Arc::default(),
            bigrams: Vec::new(),
            grams: Vec::new(),
            targets: StringTable::default(),
            target_terms: Vec::new(),
            target_grams: Vec::new(),
            shared_terms: Vec::new(),
            related_terms: Vec::new(),
            lead_terms: Vec::new(),
            context_idf: Vec::new(),
            gate: 1.0,
            idf: Vec::new(),
            unseen_idf: 1.0,
            bins: vec![Vec::new(); similarity::COUNT],
            lookups: Lookups::default(),
        }
    }

    /// Where each block's columns stand.
    pub fn layout(&self) -> Layout {
        Layout::new([
            (Block::Words, self.stems.len() + self.bigrams.len()),
            (Block::Chars, self.grams.len()),
            (Block::TargetWords, self.target_terms.len()),
            (Block::TargetChars, self.target_grams.len()),
            (Block::SharedWords, self.shared_terms.len()),
            (Block::RelatedWords, self.related_terms.len()),
            (Block::LeadWords, self.lead_terms.len()),
            (Block::Style, style::NAMES.len()),
            (Block::Similarity, similarity::columns(&self.bins)),
        ])
    }

    /// Bytes that a block's terms and their document frequencies take in a model file.
    pub fn vocabulary_bytes(&self, block: Block) -> u64 {
        let table = |table: &StringTable| table.text().len() + size_of_val(table.offsets());
        let pairs = |pairs: &[[u32; 2]]| size_of_val(pairs);
        let terms = match block {
            Block::Words => table(&self.stems) + pairs(&self.bigrams) + size_of_val(self.context_idf.as_slice()),
            Block::Chars => self.grams.iter().map(|gram| gram.to_string().len() + size_of::<u32>()).sum(),
            Block::TargetWords => table(&self.targets) + pairs(&self.target_terms),
            Block::TargetChars => pairs(&self.target_grams),
            Block::SharedWords => pairs(&self.shared_terms),
            Block::RelatedWords => pairs(&self.related_terms),
            Block::LeadWords => pairs(&self.lead_terms),
            Block::Style | Block::Similarity => 0,
        };
        let idf = if block.is_counted() { self.layout().range(block).len() * size_of::<f32>() } else { 0 };
        (terms + idf) as u64
    }

    /// Tables for quick look-ups must be rebuilt after the vocabularies were set.
    pub(crate) fn index(mut self) -> Self {
        let ((grams, bigrams), ([target_terms, target_grams], crossed)) = rayon::join(
            || rayon::join(|| self.gram_table(), || self.bigram_table()),
            || rayon::join(|| self.target_tables(), || self.cross_tables()),
        );
        self.lookups = Lookups { bigrams, grams, target_terms, target_grams, crossed };
        self
    }

    fn bigram_table(&self) -> words::BigramTable {
        words::BigramTable::new(&self.bigrams, self.stems.len())
    }

    fn gram_table(&self) -> chars::GramTable {
        chars::GramTable::new(&self.grams)
    }

    /// Tables of the blocks that join words and n-grams with targets.
    fn target_tables(&self) -> [target_words::TermTable; 2] {
        let table = |terms| target_words::TermTable::new(terms, self.targets.len());
        rayon::join(|| table(&self.target_terms), || table(&self.target_grams)).into()
    }

    /// Tables of the blocks that cross stems with contexts.
    fn cross_tables(&self) -> [crossed::CrossTable; 3] {
        let table = |terms| crossed::CrossTable::new(terms, self.stems.len());
        let rest = || rayon::join(|| table(&self.related_terms), || table(&self.lead_terms));
        let (shared, (related, lead)) = rayon::join(|| table(&self.shared_terms), rest);
        [shared, related, lead]
    }

    /// Features from saved parts, ready for use; `None` unless the parts fit together.
    pub(crate) fn checked(self) -> Option<Self> {
        let word_columns = self.stems.len() + self.bigrams.len();
        let crossed = [&self.shared_terms, &self.related_terms, &self.lead_terms];
        let is_stem = |stem: u32| (stem as usize) < self.stems.len();
        let in_range = self.bigrams.iter().flatten().all(|&stem| is_stem(stem) || stem == words::EDGE)
            && self.target_terms.iter().all(|t| {
                (t[0] as usize) < self.targets.len()
                    && ((t[1] as usize) < word_columns || t[1] == target_words::TARGET_ALONE)
            })
            && self
                .target_grams
                .iter()
                .all(|t| (t[0] as usize) < self.targets.len() && (t[1] as usize) < self.grams.len())
            && crossed.iter().all(|terms| terms.iter().all(|&[kind, stem]| kind < crossed::KINDS && is_stem(stem)));
        let numbers = self.idf.iter().chain([&self.unseen_idf, &self.gate]).chain(&self.context_idf);
        let finite = numbers.chain(self.bins.iter().flatten()).all(|v| v.is_finite());
        let fits = self.idf.len() == self.layout().counted_columns()
            && self.bins.len() == similarity::COUNT
            && (self.context_idf.is_empty() || self.context_idf.len() == self.stems.len());
        (in_range && finite && fits).then(|| self.index()).filter(Features::has_distinct_terms)
    }

    /// Whether no term has two columns.
    fn has_distinct_terms(&self) -> bool {
        let Lookups { bigrams, grams, target_terms, target_grams, crossed: [shared, related, lead] } = &self.lookups;
        bigrams.len() == self.bigrams.len()
            && grams.len() == self.grams.len()
            && target_terms.len() == self.target_terms.len()
            && target_grams.len() == self.target_grams.len()
            && shared.len() == self.shared_terms.len()
            && related.len() == self.related_terms.len()
            && lead.len() == self.lead_terms.len()
    }

    /// The same without the terms of some blocks, which must stand alone, and the columns that are left, in order.
    pub(crate) fn without(mut self, blocks: &[Block]) -> (Self, Vec<usize>) {
        let layout = self.layout();
        let is_left = |column: &usize| !blocks.contains(&layout.locate(*column).0);
        let left: Vec<usize> = (0..layout.columns()).filter(is_left).collect();
        self.idf = left.iter().filter_map(|&column| self.idf.get(column)).copied().collect();
        for block in blocks {
            let terms = match block {
                Block::TargetWords => &mut self.target_terms,
                Block::TargetChars => &mut self.target_grams,
                Block::SharedWords => &mut self.shared_terms,
                Block::RelatedWords => &mut self.related_terms,
                Block::LeadWords => &mut self.lead_terms,
                Block::Words | Block::Chars | Block::Style | Block::Similarity => continue,
            };
            *terms = Vec::new();
        }
        (self.index(), left)
    }

    /// Whether training comments had articles or parents.
    pub fn knows_articles(&self) -> bool {
        let of_targets = similarity::TARGET * similarity::MEASURES.len();
        self.bins[..of_targets].iter().any(|edges| !edges.is_empty())
    }
}
