//! Labels of a task: names on the outside, class indices inside, in one fixed order.

use serde::{Deserialize, Serialize};

/// Separates the labels of a multi-label cell.
pub const SEPARATOR: char = '|';

/// Whether a comment has exactly one label of a task or any number of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// Exactly one label a comment.
    SingleLabel,
    /// Any number of labels a comment, none included.
    MultiLabel,
}

/// The labels of one task.
///
/// Invariant: sorted by code point, no duplicates. The index of a label is its class index everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct LabelSet {
    names: Vec<String>,
}

impl LabelSet {
    /// Collects labels into a set; order and repetition of the input do not matter.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut names: Vec<String> = names.into_iter().map(Into::into).collect();
        names.sort_unstable();
        names.dedup();
        LabelSet { names }
    }

    /// Number of labels.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The name of a class index.
    pub fn name(&self, class: usize) -> &str {
        &self.names[class]
    }

    /// All names, in class order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The class index of a name.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.names.binary_search_by(|n| n.as_str().cmp(name)).ok()
    }

    /// The class indices of the labels in a cell, ascending, each once; names that are not in the set are left out.
    pub fn indices(&self, cell: &str) -> Vec<usize> {
        let mut indices: Vec<usize> = split_cell(cell).filter_map(|name| self.index(name)).collect();
        indices.sort_unstable();
        indices.dedup();
        indices
    }

    /// The numbers that labels have unless a config says otherwise: favor 1, none 0, against -1, where these are all labels there are.
    pub fn usual_numbers(&self) -> Option<Vec<f64>> {
        let number =
            |name: &String| [("favor", 1.0), ("none", 0.0), ("against", -1.0)].into_iter().find(|(l, _)| l == name);
        let poles = ["favor", "against"].iter().all(|pole| self.index(pole).is_some());
        let numbers: Option<Vec<f64>> = self.names.iter().map(|name| number(name).map(|(_, n)| n)).collect();
        numbers.filter(|_| poles)
    }

    /// Joins the names of some classes for a cell.
    pub fn join(&self, classes: &[usize]) -> String {
        let mut cell = String::new();
        for (i, &class) in classes.iter().enumerate() {
            if i > 0 {
                cell.push(SEPARATOR);
            }
            cell.push_str(self.name(class));
        }
        cell
    }
}

impl From<Vec<String>> for LabelSet {
    fn from(names: Vec<String>) -> Self {
        LabelSet::new(names)
    }
}

impl From<LabelSet> for Vec<String> {
    fn from(set: LabelSet) -> Self {
        set.names
    }
}

/// Whether a label cell says nothing: blank is *not labelled*, never a negative.
pub fn is_unlabelled(cell: &str) -> bool {
    cell.trim().is_empty()
}

/// The labels in a cell: parts between `|`, trimmed, empty parts left out.
///
/// `"|"` gives none (labelled, none applies); so does a blank cell, which [`is_unlabelled`] tells apart.
pub fn split_cell(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(SEPARATOR).map(str::trim).filter(|part| !part.is_empty())
}

/// Longest name that is taken for a label rather than for a text.
pub const MAX_NAME: usize = 100;

/// A label for a message. What does not look like a label is described, not quoted: where a text column is taken for a label
/// column, the cell is somebody's comment.
pub fn shown(label: &str) -> String {
    let words = label.split_whitespace().count();
    let letters = label.chars().count();
    if letters <= 40 && words <= 4 && !label.chars().any(char::is_control) {
        format!("`{label}`")
    } else {
        format!("a text of {letters} characters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_in_code_point_order_whatever_the_input_order() {
        let set = LabelSet::new(["none", "Zorn", "against", "none", "ärger"]);
        assert_eq!(set.names(), ["Zorn", "against", "none", "ärger"]);
        assert_eq!(set.index("none"), Some(2));
        assert_eq!(set.index("favor"), None);
        assert_eq!(set.join(&[0, 3]), "Zorn|ärger");
    }

    #[test]
    fn what_does_not_look_like_a_label_is_not_quoted() {
        assert_eq!(shown("not insulting"), "`not insulting`");
        assert_eq!(shown("this is clearly a whole comment"), "a text of 31 characters");
    }

    #[test]
    fn a_bar_alone_is_labelled_and_blank_is_not() {
        assert!(is_unlabelled(" \t"));
        assert!(!is_unlabelled("|"));
        assert_eq!(split_cell("|").count(), 0);
        assert_eq!(split_cell(" joy | anger|").collect::<Vec<_>>(), ["joy", "anger"]);
    }
}
