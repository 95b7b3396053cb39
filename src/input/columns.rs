//! Which column plays which role, and what to say when one is missing.

use crate::error::{Error, Result};

/// What a column of the input is used for. Label columns are not roles: they are the tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Identifies the comment; carried, never learned from.
    Id,
    /// Joins the comment with its article and groups rows.
    ArticleId,
    /// The article's text, in the row itself.
    Article,
    /// What the stance is towards, when it is not the article.
    Target,
    /// The comment that this one replies to.
    Parent,
    /// The text that is scored; the only obligatory column.
    Comment,
    /// Who wrote the comment.
    Author,
    /// When it was written.
    Time,
    /// How much the row counts in training.
    Weight,
    /// Fixes the row's fold in validation.
    Fold,
    /// Where the row comes from, if not from the file that it stands in.
    Source,
    /// How it is known where its page's article ends: `marked` or `guessed`.
    Boundary,
    /// How sure that is.
    BoundaryConf,
}

impl Role {
    /// All roles, in the order in which messages name them.
    pub const ALL: [Role; 13] = [
        Role::Id,
        Role::ArticleId,
        Role::Article,
        Role::Target,
        Role::Parent,
        Role::Comment,
        Role::Author,
        Role::Time,
        Role::Weight,
        Role::Fold,
        Role::Source,
        Role::Boundary,
        Role::BoundaryConf,
    ];

    /// The role's own name, which is also the default name of its column.
    pub fn default_name(self) -> &'static str {
        match self {
            Role::Id => "id",
            Role::ArticleId => "article_id",
            Role::Article => "article",
            Role::Target => "target",
            Role::Parent => "parent",
            Role::Comment => "comment",
            Role::Author => "author",
            Role::Time => "time",
            Role::Weight => "weight",
            Role::Fold => "fold",
            Role::Source => "source",
            Role::Boundary => "boundary",
            Role::BoundaryConf => "boundary_conf",
        }
    }
}

/// The name of each role's column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNames {
    /// `None` stands for the default name, so that a name which somebody asked for can be told apart.
    names: [Option<String>; Role::ALL.len()],
}

impl ColumnNames {
    /// Takes one `ROLE=NAME`, the value of `--column`; a later one for the same role wins.
    ///
    /// # Errors
    /// [`Error::Config`] if it has no `=`, an unknown role or an empty name.
    pub fn parse(&mut self, mapping: &str) -> Result<()> {
        let Some((role, name)) = mapping.split_once('=') else {
            return Err(Error::Config(format!(
                "`--column` wants ROLE=NAME, as in `--column comment=body`. Got `{mapping}`"
            )));
        };
        let Some(known) = Role::ALL.into_iter().find(|r| r.default_name() == role) else {
            let roles = Role::ALL.map(Role::default_name).join(", ");
            return Err(Error::Config(format!("`--column` knows no role `{role}`. The roles are {roles}")));
        };
        if name.is_empty() {
            return Err(Error::Config(format!("`--column {role}=` lacks the name of the column")));
        }
        self.names[known as usize] = Some(name.to_owned());
        Ok(())
    }

    /// The name of the role's column.
    pub fn name(&self, role: Role) -> &str {
        self.names[role as usize].as_deref().unwrap_or(role.default_name())
    }

    /// Whether the name was asked for. Such a column must exist: a misspelt one would silently be ignored.
    pub fn is_mapped(&self, role: Role) -> bool {
        self.names[role as usize].is_some()
    }
}

/// Says that a column is missing, which ones there are, the nearest of them, and what to do.
pub(super) fn missing_column(wanted: &str, columns: &[String], remedy: &str) -> String {
    let guess = match nearest(wanted, columns) {
        Some(name) => format!("; did you mean {}?", shown(name)),
        None => ".".to_owned(),
    };
    let list = list_of(columns);
    format!("there is no column `{wanted}`{guess} The columns are {list}. {remedy}")
}

/// A column's name for a message.
///
/// A file without a header has comments where names should be, and those must not be repeated: what does not
/// look like a name is described instead.
pub(super) fn shown(name: &str) -> String {
    let length = name.chars().count();
    let words = name.split_whitespace().count();
    if length > 40 || words > 4 || name.chars().any(char::is_control) {
        format!("(a name of {length} characters)")
    } else {
        format!("`{name}`")
    }
}

/// At most this many columns are listed in a message.
const LISTED: usize = 30;

fn list_of(columns: &[String]) -> String {
    let mut list = columns.iter().take(LISTED).map(|name| shown(name)).collect::<Vec<_>>().join(", ");
    if columns.len() > LISTED {
        list.push_str(&format!(" and {} more", columns.len() - LISTED));
    }
    list
}

/// The column whose name is most like the wanted one, if any is like it at all; case does not count.
fn nearest<'a>(wanted: &str, columns: &'a [String]) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let farthest = wanted.chars().count().div_ceil(2).min(4);
    columns
        .iter()
        // Nobody's column name, and the comparison takes time proportional to the product of the lengths.
        .filter(|name| !name.trim().is_empty() && name.len() <= 200)
        .map(|name| {
            let lower = name.to_lowercase();
            // `comment_text` is a better guess for `comment` than its edit distance of five says.
            let distance =
                if lower.contains(&wanted) { usize::from(lower != wanted) } else { edit_distance(&wanted, &lower) };
            (distance, name.as_str())
        })
        .filter(|&(distance, _)| distance <= farthest)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// Levenshtein's distance in characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn every_role_has_its_default_name_until_one_is_mapped() {
        let mut names = ColumnNames::default();
        assert_eq!(names.name(Role::ArticleId), "article_id");
        names.parse("comment=Kommentar = Text").unwrap();
        assert_eq!(names.name(Role::Comment), "Kommentar = Text");
        assert!(names.is_mapped(Role::Comment));
        assert!(!names.is_mapped(Role::Id));
        for (i, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, i, "ALL is in the order of the enum");
        }
    }

    #[test]
    fn a_mapping_that_makes_no_sense_is_explained() {
        let message = |mapping: &str| {
            let error = ColumnNames::default().parse(mapping).unwrap_err();
            assert!(matches!(error, Error::Config(_)));
            error.to_string()
        };
        assert_eq!(
            message("coment=body"),
            "`--column` knows no role `coment`. The roles are id, article_id, article, target, parent, \
             comment, author, time, weight, fold, source, boundary, boundary_conf"
        );
        assert_eq!(message("comment"), "`--column` wants ROLE=NAME, as in `--column comment=body`. Got `comment`");
        assert_eq!(message("comment="), "`--column comment=` lacks the name of the column");
    }

    #[test]
    fn a_missing_column_is_told_with_the_nearest_one() {
        assert_eq!(
            missing_column("comment", &columns(&["id", "Coment", "tone"]), "Do something."),
            "there is no column `comment`; did you mean `Coment`? The columns are `id`, `Coment`, `tone`. \
             Do something."
        );
        assert_eq!(
            missing_column("comment", &columns(&["id", "tone"]), "Do something."),
            "there is no column `comment`. The columns are `id`, `tone`. Do something."
        );
        let near = |names: &[&str]| nearest("comment", &columns(names)).map(str::to_owned);
        assert_eq!(near(&["content", "COMMENT"]).unwrap(), "COMMENT");
        assert_eq!(near(&["moment", "comment_text"]).unwrap(), "comment_text");
        assert_eq!(near(&["", "ärger"]), None);
    }

    #[test]
    fn text_in_the_place_of_a_name_is_not_repeated() {
        let list = list_of(&columns(&["id", "You are all wrong, every one", "a\nb"]));
        assert_eq!(list, "`id`, (a name of 28 characters), (a name of 3 characters)");
        let many: Vec<String> = (0..35).map(|i| format!("c{i}")).collect();
        assert!(list_of(&many).ends_with("`c29` and 5 more"));
    }

    #[test]
    fn edit_distance_counts_characters() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("größe", "grösse"), 2);
        assert_eq!(edit_distance("", "abc"), 3);
    }
}
