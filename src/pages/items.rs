//! The paragraphs after a heading, put together to comments: numbered, bulleted, under lines with names and dates, or one a paragraph.

use super::Comment;
use super::headings::{Heading, heading, is_button};
use super::paragraphs::{Marker, Paragraph};
use super::words::{any, lower};

/// Words of a line that tells who wrote and when.
const SAYS: [&str; 30] = [
    "says", "said", "wrote", "writes", "commented", "replied", "sagt", "schrieb", "schreibt", "meint", "antwortete",
    "dit", "écrit", "a", "dijo", "dice", "escribió", "ha", "scrive", "scritto", "disse", "diz", "schreef", "zegt",
    "skrev", "säger", "pisze", "napisał", "пишет", "написал",
];

/// Words that times are told with.
const TIME: [&str; 62] = [
    "ago", "today", "yesterday", "at", "am", "pm", "hours", "hour", "minutes", "days", "day", "weeks", "months",
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "vor", "stunden",
    "tagen", "uhr", "januar", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "il", "heures", "jours",
    "janvier", "février", "mars", "avril", "juin", "juillet", "août", "octobre", "hace", "horas",
];

/// Who wrote a comment, read from the line over it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Byline {
    author: String,
}

/// Comments of the paragraphs after a heading, in order. Buttons, forms and what stands behind them are left out.
pub(super) fn comments(paragraphs: &[Paragraph]) -> Vec<Comment> {
    let end = end_of_comments(paragraphs);
    let paragraphs: Vec<&Paragraph> = paragraphs[..end].iter().filter(|p| !is_button(&p.text)).collect();
    let Some(first) = paragraphs.first() else { return Vec::new() };
    if first.marker.is_some() {
        return by_markers(&paragraphs);
    }
    if byline(first).is_some() {
        return by_names(&paragraphs);
    }
    let mut later = paragraphs.iter().skip(1);
    let grouped = later.clone().any(|p| p.after_gap) && !later.all(|p| p.after_gap);
    let mut comments: Vec<Comment> = Vec::new();
    for paragraph in paragraphs {
        match comments.last_mut() {
            Some(last) if grouped && !paragraph.after_gap => append(last, paragraph),
            _ => comments.push(started(paragraph)),
        }
    }
    comments
}

/// One comment a paragraph: what is known where nothing marks them.
pub(super) fn one_each(paragraphs: &[Paragraph]) -> Vec<Comment> {
    paragraphs.iter().map(started).collect()
}

fn started(paragraph: &Paragraph) -> Comment {
    Comment { text: paragraph.text.clone(), line: Some(paragraph.line), ..Comment::default() }
}

fn append(comment: &mut Comment, paragraph: &Paragraph) {
    comment.text.push_str(if paragraph.after_gap { "\n\n" } else { "\n" });
    comment.text.push_str(&paragraph.text);
}

/// Where a form, or another heading, ends the comments.
fn end_of_comments(paragraphs: &[Paragraph]) -> usize {
    let ends = |p: &Paragraph| {
        p.marker.is_none() && (heading(&p.text) == Some(Heading::Form) || p.text.starts_with('©') || is_rights(&p.text))
    };
    paragraphs.iter().position(ends).unwrap_or(paragraphs.len())
}

fn is_rights(text: &str) -> bool {
    text.len() < 200 && lower(text).first().is_some_and(|word| word == "copyright")
}

fn by_markers(paragraphs: &[&Paragraph]) -> Vec<Comment> {
    let numbered = matches!(paragraphs[0].marker, Some(Marker::Number(_)));
    let mut next = match paragraphs[0].marker {
        Some(Marker::Number(number)) => number,
        _ => 0,
    };
    let mut comments: Vec<Comment> = Vec::new();
    for paragraph in paragraphs {
        let starts = match paragraph.marker {
            // A list inside of a comment starts again with 1.
            Some(Marker::Number(number)) => numbered && number == next,
            Some(Marker::Bullet) => !numbered,
            None => false,
        };
        match comments.last_mut() {
            Some(last) if !starts => append(last, paragraph),
            _ => {
                next = next.saturating_add(1);
                comments.push(started(paragraph));
            }
        }
    }
    comments
}

fn by_names(paragraphs: &[&Paragraph]) -> Vec<Comment> {
    let mut comments: Vec<Comment> = Vec::new();
    let mut author: Option<Byline> = None;
    for paragraph in paragraphs {
        match (byline(paragraph), author.take()) {
            // A date on a line of its own, under the name.
            (Some(_), Some(before)) if !before.author.is_empty() => author = Some(before),
            (Some(found), _) => author = Some(found),
            (None, Some(by)) => comments.push(Comment { author: by.author, ..started(paragraph) }),
            (None, None) => match comments.last_mut() {
                Some(last) => append(last, paragraph),
                None => comments.push(started(paragraph)),
            },
        }
    }
    comments
}

/// A line that tells who wrote what follows, or when: short, no sentence, with a verb of saying or a time.
fn byline(paragraph: &Paragraph) -> Option<Byline> {
    let text = paragraph.text.trim();
    if text.len() > 120 || paragraph.marker.is_some() {
        return None;
    }
    let ends = text.trim_end_matches("a.m.").trim_end_matches("p.m.");
    let words = lower(text);
    if words.is_empty() || words.len() > 14 || (ends.len() == text.len() && text.ends_with(['.', '!', '?', '…'])) {
        return None;
    }
    let says = words.iter().position(|word| SAYS.contains(&word.as_str())).filter(|&at| at > 0);
    let has_digit = text.chars().any(|c| c.is_ascii_digit());
    let timed = (any(&words, &TIME) && has_digit) || is_numeric_date(text) || any(&words, &["yesterday", "today"]);
    let calls = text.ends_with(':') && words.len() <= 5;
    let says = says.filter(|_| timed || text.ends_with(':') || words.len() <= 4);
    if says.is_none() && !timed && !calls {
        return None;
    }
    Some(Byline { author: author(text, says.is_some()) })
}

fn is_numeric_date(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).count();
    parts >= 3 && digits >= 6 && text.contains(['/', '.', '-', ':'])
}

/// The words before a verb of saying, or before what tells the time.
fn author(text: &str, says: bool) -> String {
    let mut name = Vec::new();
    for word in text.split_whitespace() {
        let folded = lower(word).join("");
        let bare = word.chars().any(char::is_alphanumeric);
        let ends = (says && SAYS.contains(&folded.as_str()) && !name.is_empty())
            || TIME.contains(&folded.as_str())
            || word.starts_with(|c: char| c.is_ascii_digit())
            || !bare
            || matches!(folded.as_str(), "on" | "am" | "le" | "el" | "il" | "den" | "via" | "op");
        if ends {
            break;
        }
        name.push(word);
        if word.ends_with([',', ':', ';']) {
            break;
        }
    }
    name.join(" ").trim_end_matches([',', ':', ';', '·', '|']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::paragraphs;

    fn read(text: &str) -> Vec<(String, String)> {
        comments(&paragraphs::of(text)).into_iter().map(|c| (c.author, c.text)).collect()
    }

    fn texts(text: &str) -> Vec<String> {
        read(text).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn numbers_start_comments_and_lists_inside_do_not() {
        let text = "1. One\n   and on\n\n2. Two things:\n1. this\n2. that\n\n3. Three\n\nwith more\nReply\nLeave a reply\nName";
        assert_eq!(texts(text), ["One\nand on", "Two things:\nthis\nthat", "Three\n\nwith more"]);
        assert_eq!(texts("• One\n• Two\nand on"), ["One", "Two\nand on"]);
    }

    #[test]
    fn names_and_dates_start_comments() {
        let text = "Ann B. says:\nMay 3, 2024 at 10:12 am\nFirst.\n\nSecond part.\nReply\nKarl schrieb am 3. Mai 2024 um 9:15 Uhr\nZweiter.\n\
                    bob42 · 2 hours ago\nThird!";
        let named = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(
            read(text),
            [named("Ann B.", "First.\n\nSecond part."), named("Karl", "Zweiter."), named("bob42", "Third!")]
        );
    }

    #[test]
    fn without_marks_empty_lines_part_comments_and_else_every_line_is_one() {
        assert_eq!(texts("One\nmore\n\nTwo\n\nThree"), ["One\nmore", "Two", "Three"]);
        assert_eq!(texts("One is here.\nTwo is there."), ["One is here.", "Two is there."]);
        assert!(texts("").is_empty());
    }
}
