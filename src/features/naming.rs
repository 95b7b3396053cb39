//! What columns are called: exactly, and in plain words.

use super::layout::Block;
use super::{Features, crossed, similarity, style, target_words, words};

impl Features {
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
            Block::TargetChars => {
                let [target, gram] = self.target_grams[within];
                format!("[{}] {}", self.targets.get(target as usize), self.grams[gram as usize])
            }
            Block::SharedWords => {
                let [kind, stem] = self.shared_terms[within];
                let place = if kind == crossed::SHARED { "in" } else { "not in" };
                format!("{} ({place} the article)", self.word(stem as usize))
            }
            Block::RelatedWords => format!("{} (on topic)", self.word(self.related_terms[within][1] as usize)),
            Block::LeadWords => {
                let [kind, stem] = self.lead_terms[within];
                let word = self.word(stem as usize);
                if kind == crossed::LEAD { format!("lead: {word}") } else { format!("lead: {word} (on topic)") }
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
                match (a, b) {
                    (words::EDGE, words::EDGE) => "(empty)".into(),
                    (words::EDGE, b) => format!("{} (first)", self.stems.get(b as usize)),
                    (a, words::EDGE) => format!("{} (last)", self.stems.get(a as usize)),
                    (a, b) => format!("{} {}", self.stems.get(a as usize), self.stems.get(b as usize)),
                }
            }
        }
    }

    /// What a column of a context block, of the style or of a lone target means, in plain words; `word` is the comment's own spelling of the
    /// word that the column is about, where it is about one. Columns with equal descriptions are parts of one thing. `None` of columns
    /// that only speak of the comment's words.
    pub fn plainly(&self, column: usize, word: Option<&str>) -> Option<String> {
        let (block, within) = self.layout().locate(column);
        let spelled = |stem: u32| word.unwrap_or_else(|| self.stems.get(stem as usize)).to_owned();
        Some(match block {
            Block::Words | Block::Chars | Block::TargetChars => return None,
            Block::TargetWords => {
                let [target, word] = self.target_terms[within];
                if word != target_words::TARGET_ALONE {
                    return None;
                }
                format!("the target is “{}”", self.targets.get(target as usize))
            }
            Block::SharedWords => {
                let [kind, stem] = self.shared_terms[within];
                let also = if kind == crossed::SHARED { "is in the article too" } else { "is not in the article" };
                format!("“{}”, which {also}", spelled(stem))
            }
            Block::RelatedWords => format!("“{}”, while on topic", spelled(self.related_terms[within][1])),
            Block::LeadWords => {
                let [kind, stem] = self.lead_terms[within];
                let stem = self.stems.get(stem as usize);
                let topic = if kind == crossed::LEAD { "" } else { ", and the comment is on topic" };
                format!("the article begins with “{stem}”{topic}")
            }
            Block::Style => style::NAMES[within].to_owned(),
            Block::Similarity => return None,
        })
    }
}
