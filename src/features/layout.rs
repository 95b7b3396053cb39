//! Which columns belong to which block.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A family of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Stemmed word 1-2-grams.
    Words,
    /// Character 2-5-grams inside words.
    Chars,
    /// Word 1-2-grams joined with the target.
    TargetWords,
    /// Character 3-grams joined with the target.
    TargetChars,
    /// Stems told apart by whether the article (else the parent) has them too.
    SharedWords,
    /// Stems of comments that are on the article's topic.
    RelatedWords,
    /// Stems of the article's title and lead, and again while the comment is on its topic.
    LeadWords,
    /// Lengths, punctuation, capitals and the like.
    Style,
    /// Closeness to article and parent.
    Similarity,
}

impl Block {
    /// All blocks in column order.
    pub const ALL: [Block; 9] = [
        Block::Words,
        Block::Chars,
        Block::TargetWords,
        Block::TargetChars,
        Block::SharedWords,
        Block::RelatedWords,
        Block::LeadWords,
        Block::Style,
        Block::Similarity,
    ];

    /// The name used in configs, explanations and reports.
    pub fn name(self) -> &'static str {
        match self {
            Block::Words => "words",
            Block::Chars => "chars",
            Block::TargetWords => "target_words",
            Block::TargetChars => "target_chars",
            Block::SharedWords => "shared_words",
            Block::RelatedWords => "related_words",
            Block::LeadWords => "lead_words",
            Block::Style => "style",
            Block::Similarity => "similarity",
        }
    }

    /// Whether the block says something of an article, of a parent or of how close the comment is to them and to the target.
    pub fn reads_context(self) -> bool {
        matches!(self, Block::SharedWords | Block::RelatedWords | Block::LeadWords | Block::Similarity)
    }

    /// Whether the block takes part only where validation speaks for it; the others do unless it speaks against them.
    pub fn is_optional(self) -> bool {
        matches!(self, Block::TargetChars)
    }

    /// Whether no other block refers to the terms of this one, so that a model which does not use it need not have them.
    pub fn stands_alone(self) -> bool {
        !matches!(self, Block::Words | Block::Chars | Block::Style | Block::Similarity)
    }

    /// Whether the block counts terms of a vocabulary (tf-idf, scaled to length 1) rather than measuring fixed things.
    pub fn is_counted(self) -> bool {
        !matches!(self, Block::Style | Block::Similarity)
    }
}

/// How much each block counts: its values are learned as if multiplied by its weight. 0 leaves a block out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "BTreeMap<Block, f64>", from = "BTreeMap<Block, f64>")]
pub struct BlockWeights([f64; Block::ALL.len()]);

impl BlockWeights {
    /// The weight that `of` gives each block.
    pub fn new(of: impl FnMut(Block) -> f64) -> Self {
        BlockWeights(Block::ALL.map(of))
    }

    /// The weight of a block.
    pub fn of(&self, block: Block) -> f64 {
        self.0[block as usize]
    }

    /// Whether a block takes part.
    pub fn uses(&self, block: Block) -> bool {
        self.of(block) > 0.0
    }

    /// The same without the blocks that take part only where validation speaks for them.
    pub fn without_optional(self) -> Self {
        BlockWeights::new(|block| if block.is_optional() { 0.0 } else { self.of(block) })
    }

    /// The same but for one block.
    pub fn with(mut self, block: Block, weight: f64) -> Self {
        self.0[block as usize] = weight;
        self
    }
}

impl From<BlockWeights> for BTreeMap<Block, f64> {
    fn from(weights: BlockWeights) -> Self {
        Block::ALL.into_iter().map(|b| (b, weights.of(b))).collect()
    }
}

impl From<BTreeMap<Block, f64>> for BlockWeights {
    fn from(map: BTreeMap<Block, f64>) -> Self {
        BlockWeights::new(|block| map.get(&block).copied().unwrap_or(0.0))
    }
}

/// The columns of each block, one block after the other, counted blocks first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Where each block of [`Block::ALL`] ends.
    ends: [usize; Block::ALL.len()],
}

impl Layout {
    /// Lays out blocks of the given widths, which must come in the order of [`Block::ALL`].
    pub fn new(widths: [(Block, usize); Block::ALL.len()]) -> Self {
        let mut ends = [0; Block::ALL.len()];
        let mut end = 0;
        for (i, (block, width)) in widths.into_iter().enumerate() {
            debug_assert_eq!(block, Block::ALL[i]);
            end += width;
            ends[i] = end;
        }
        Layout { ends }
    }

    /// The columns of a block.
    pub fn range(&self, block: Block) -> Range<usize> {
        let place = block as usize;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        start..self.ends[place]
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.ends[self.ends.len() - 1]
    }

    /// Number of columns of counted blocks, which come first.
    pub fn counted_columns(&self) -> usize {
        self.range(Block::Style).start
    }

    /// The block of a column and the column's place in it.
    pub fn locate(&self, column: usize) -> (Block, usize) {
        let place = self.ends.partition_point(|&end| end <= column);
        let block = Block::ALL[place];
        (block, column - self.range(block).start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_each_other_and_empty_ones_are_skipped() {
        let widths = [3, 0, 2, 0, 0, 0, 0, 1, 4];
        let layout = Layout::new(std::array::from_fn(|i| (Block::ALL[i], widths[i])));
        assert_eq!(layout.range(Block::Chars), 3..3);
        assert_eq!(layout.locate(3), (Block::TargetWords, 0));
        assert_eq!(layout.locate(9), (Block::Similarity, 3));
        assert_eq!(layout.columns(), 10);
        assert_eq!(layout.counted_columns(), 5);
    }
}
