//! The paragraphs after a heading, put together to comments: numbered, bulleted, under lines with names and dates, or one a paragraph.

use std::collections::HashMap;

use super::Comment;
use super::headings::{Heading, heading, is_button};
use super::paragraphs::{Marker, Paragraph};
use super::words::lower;

/// Words of a line that tells who wrote.
const SAYS: [&str; 26] = [
    "says", "said", "wrote", "writes", "commented", "replied", "sagt", "schrieb", "schreibt", "meint", "antwortete",
    "écrit", "dijo", "dice", "escribió", "comentó", "scrive", "scritto", "disse", "diz", "schreef", "zegt", "skrev",
    "säger", "pisze", "пишет",
];

/// Words that times are told with.
const TIME: [&str; 84] = [
    "ago", "today", "yesterday", "am", "pm", "hours", "hour", "hrs", "hr", "h", "minutes", "min", "m", "days", "day",
    "d", "weeks", "week", "wk", "w", "months", "month", "years", "year", "january", "february", "march", "april",
    "may", "june", "july", "august", "september", "october", "november", "december", "jan", "feb", "mar", "apr", "jun",
    "jul", "aug", "sep", "sept", "oct", "nov", "dec", "vor", "stunden", "std", "tagen", "uhr", "januar", "februar",
    "märz", "mai", "juni", "juli", "oktober", "dezember", "heures", "jours", "janvier", "février", "mars", "avril",
    "juin", "juillet", "août", "septembre", "octobre", "décembre", "hace", "horas", "días", "enero", "marzo", "abril",
    "mayo", "junio", "temu", "godzin", "назад",
];

/// Small words between a name and a time.
const BETWEEN: [&str; 24] = [
    "on", "at", "the", "of", "in", "am", "um", "den", "le", "à", "il", "y", "el", "de", "a", "las", "del", "op", "om",
    "via", "edited", "gmt", "utc", "th",
];

/// Who wrote a comment, read from the line over it, and how the line says so.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Byline {
    author: String,
    says: bool,
    timed: bool,
}

/// Comments of the paragraphs after a heading, in order. Buttons, forms and what stands behind them are left out.
pub(super) fn comments(paragraphs: &[Paragraph]) -> Vec<Comment> {
    let forms = Forms::new(paragraphs);
    let end = end_of_comments(paragraphs, &forms);
    let shown = paragraphs[..end].iter().enumerate();
    let shown = shown.filter(|&(i, p)| !is_button(&p.text) && !forms.is_button(i, p));
    let paragraphs: Vec<&Paragraph> = shown.map(|(_, p)| p).collect();
    let Some(first) = paragraphs.first() else { return Vec::new() };
    if first.marker.is_some() {
        return by_markers(&paragraphs);
    }
    let lines = with_bylines(&paragraphs);
    if lines.first().is_some_and(|(_, byline)| byline.is_some()) {
        return by_names(&lines);
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

/// Whether the first of these paragraphs that is no button starts a comment by itself: by a number, a bullet or a name.
pub(super) fn start_comments(paragraphs: &[Paragraph]) -> bool {
    let shown: Vec<&Paragraph> = paragraphs.iter().filter(|p| !is_button(&p.text)).take(2).collect();
    let first = shown.first();
    first.is_some_and(|p| p.marker.is_some())
        || with_bylines(&shown).first().is_some_and(|(_, byline)| byline.is_some())
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

/// Where a form, or the site's own lines, end the comments: behind all that starts one.
fn end_of_comments(paragraphs: &[Paragraph], forms: &Forms) -> usize {
    let starts = |p: &Paragraph| p.marker.is_some() || byline(p).is_some();
    let last = paragraphs.iter().rposition(starts).map_or(0, |last| last + 1);
    let ends = |(i, p): (usize, &Paragraph)| {
        let form = forms.count(p) > 0 && !forms.is_button(i, p);
        p.marker.is_none() && (form || p.text.starts_with('©') || is_copyright_line(&p.text))
    };
    paragraphs.iter().enumerate().skip(last.max(1)).find(|&found| ends(found)).map_or(paragraphs.len(), |(i, _)| i)
}

/// Calls for comments that end nothing: on top of them, or under every one.
struct Forms<'p> {
    counts: HashMap<&'p str, usize>,
    /// The first paragraph that is neither a button nor such a call.
    first_text: usize,
}

impl<'p> Forms<'p> {
    fn new(paragraphs: &'p [Paragraph]) -> Self {
        let is_form = |p: &&Paragraph| heading(&p.text) == Some(Heading::Form);
        let mut counts = HashMap::new();
        for paragraph in paragraphs.iter().filter(is_form) {
            *counts.entry(paragraph.text.as_str()).or_default() += 1;
        }
        let is_text = |p: &Paragraph| !is_button(&p.text) && !counts.contains_key(p.text.as_str());
        let first_text = paragraphs.iter().position(is_text).unwrap_or(paragraphs.len());
        Forms { counts, first_text }
    }

    /// How often this call stands there; 0 for what is none.
    fn count(&self, paragraph: &Paragraph) -> usize {
        self.counts.get(paragraph.text.as_str()).copied().unwrap_or_default()
    }

    fn is_button(&self, place: usize, paragraph: &Paragraph) -> bool {
        let count = self.count(paragraph);
        count > 1 || (count == 1 && place < self.first_text)
    }
}

fn is_copyright_line(text: &str) -> bool {
    text.len() < 200
        && text.chars().any(|c| c.is_ascii_digit())
        && lower(text).first().is_some_and(|word| word == "copyright")
}

fn by_markers(paragraphs: &[&Paragraph]) -> Vec<Comment> {
    let numbered = matches!(paragraphs[0].marker, Some(Marker::Number(_)));
    let is_indented = paragraphs[0].is_indented;
    let mut next = match paragraphs[0].marker {
        Some(Marker::Number(number)) => number,
        _ => 0,
    };
    // The number that goes on with a list inside of a comment.
    let mut inner: Option<u32> = None;
    let mut comments: Vec<Comment> = Vec::new();
    for paragraph in paragraphs {
        let starts = match paragraph.marker {
            Some(Marker::Number(number)) if numbered => {
                let goes_on = inner == Some(number) && !paragraph.after_gap;
                if (number == 1 && next > 1) || goes_on {
                    inner = Some(number + 1);
                    false
                } else {
                    number == next
                }
            }
            Some(Marker::Bullet) => !numbered && (is_indented || !paragraph.is_indented),
            _ => false,
        };
        match comments.last_mut() {
            Some(last) if !starts => append(last, paragraph),
            _ => {
                (next, inner) = (next.saturating_add(1), None);
                comments.push(started(paragraph));
            }
        }
    }
    comments
}

/// The paragraphs with what they say of authors; a name on one line and the time on the next are one line.
fn with_bylines<'p>(paragraphs: &[&'p Paragraph]) -> Vec<(&'p Paragraph, Option<Byline>)> {
    let mut lines: Vec<(&Paragraph, Option<Byline>)> = Vec::with_capacity(paragraphs.len());
    for paragraph in paragraphs {
        let found = byline(paragraph);
        let is_time = found.as_ref().is_some_and(|found| found.author.is_empty());
        match lines.last_mut() {
            Some((name, before @ None)) if is_time && is_name(name) => {
                *before = Some(Byline { author: name.text.clone(), says: false, timed: true });
            }
            // The time belongs to the name before it.
            Some((_, Some(_))) if is_time => {}
            _ => lines.push((paragraph, found)),
        }
    }
    lines
}

fn is_name(paragraph: &Paragraph) -> bool {
    let starts = paragraph.text.chars().next().is_some_and(char::is_alphanumeric);
    paragraph.words() <= 4 && starts && !paragraph.ends_sentence() && paragraph.marker.is_none()
}

fn by_names(lines: &[(&Paragraph, Option<Byline>)]) -> Vec<Comment> {
    let shape = lines.first().and_then(|(_, byline)| byline.as_ref()).map(|first| (first.says, first.timed));
    let mut comments: Vec<Comment> = Vec::new();
    let mut author: Option<String> = None;
    for (paragraph, byline) in lines {
        // Lines over comments look alike; others that look like one are what somebody said.
        let alike = byline.as_ref().filter(|found| Some((found.says, found.timed)) == shape);
        match (alike, author.take()) {
            (Some(found), None) => author = Some(found.author.clone()),
            (_, Some(by)) => comments.push(Comment { author: by, ..started(paragraph) }),
            (None, None) => match comments.last_mut() {
                Some(last) => append(last, paragraph),
                None => comments.push(started(paragraph)),
            },
        }
    }
    comments
}

/// A line that tells who wrote what follows, or when: short, no sentence, with a verb of saying, a time, or a colon behind a name.
fn byline(paragraph: &Paragraph) -> Option<Byline> {
    let text = paragraph.text.trim();
    if text.len() > 120 || paragraph.marker.is_some() {
        return None;
    }
    let ends = text.trim_end_matches("a.m.").trim_end_matches("p.m.");
    let words = lower(text);
    if words.is_empty() || words.len() > 16 || (ends.len() == text.len() && text.ends_with(['.', '!', '?', '…'])) {
        return None;
    }
    let (author, rest) = author(text);
    let says = rest.iter().any(|word| SAYS.contains(&word.as_str()));
    let is_time = |word: &String| {
        TIME.contains(&word.as_str())
            || word.starts_with(|c: char| c.is_ascii_digit())
            || BETWEEN.contains(&word.as_str())
    };
    let has_digit = rest.iter().any(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    // "3h" is a time as well.
    let unit = |word: &String| TIME.contains(&word.trim_start_matches(|c: char| c.is_ascii_digit()));
    let timed = has_digit && (rest.iter().any(unit) || is_numeric_date(text));
    // Behind the name nothing but the verb and the time, or it is a sentence.
    let pure = rest.iter().all(|word| is_time(word) || SAYS.contains(&word.as_str()));
    let calls = text.ends_with(':') && words.len() <= 4 && rest.is_empty() && author.starts_with(char::is_uppercase);
    let told = pure && (timed || (says && (text.ends_with(':') || rest.len() <= 2)));
    (told || calls).then_some(Byline { author, says, timed })
}

fn is_numeric_date(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).count();
    parts >= 3 && digits >= 6 && text.contains(['/', '.', '-', ':'])
}

/// The words before a verb of saying, or before what tells the time; and the words after them.
fn author(text: &str) -> (String, Vec<String>) {
    let mut name = Vec::new();
    let mut pieces = text.split_whitespace();
    let mut rest = String::new();
    for word in pieces.by_ref() {
        let folded = lower(word).join("");
        let ends = (SAYS.contains(&folded.as_str()) && !name.is_empty())
            || (TIME.contains(&folded.as_str()) && (name.is_empty() || folded.len() > 1))
            || word.starts_with(|c: char| c.is_ascii_digit())
            || !word.chars().any(char::is_alphanumeric)
            || (!name.is_empty()
                && matches!(
                    folded.as_str(),
                    "on" | "at" | "am" | "le" | "el" | "il" | "den" | "via" | "op" | "a" | "hat"
                ));
        if ends {
            // "hat geschrieben", "a écrit": the verb follows.
            rest.push_str(if matches!(folded.as_str(), "hat" | "a") { "" } else { word });
            break;
        }
        name.push(word);
        if word.ends_with([',', ':', ';']) {
            break;
        }
    }
    for word in pieces {
        rest.push(' ');
        rest.push_str(word);
    }
    (name.join(" ").trim_end_matches([',', ':', ';', '·', '|']).to_owned(), lower(&rest))
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
        let named = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let text = "Ann B. says:\nMay 3, 2024 at 10:12 am\nFirst.\n\nSecond part.\nReply\nbob42 says:\nMay 4, 2024 at 1:00 pm\nThird!";
        assert_eq!(read(text), [named("Ann B.", "First.\n\nSecond part."), named("bob42", "Third!")]);
        let text = "Karl schrieb am 3. Mai 2024 um 9:15 Uhr\nEins.\nEva L. schrieb am 4. Mai 2024 um 10:00 Uhr\nZwei.";
        assert_eq!(read(text), [named("Karl", "Eins."), named("Eva L.", "Zwei.")]);
        let text = "Sort by newest\nbob42 · 2 hours ago\nOne\nAnn Lee · 3h\nTwo";
        assert_eq!(read(text), [named("bob42", "One"), named("Ann Lee", "Two")]);
    }

    #[test]
    fn what_somebody_said_is_no_line_over_a_comment() {
        let text = "Ann says:\nWhat a shame\nBob says:\nIt rained in there today\nCy says:\nHe wrote this:\nno.\nMy view:\nyes.";
        let named = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(
            read(text),
            [
                named("Ann", "What a shame"),
                named("Bob", "It rained in there today"),
                named("Cy", "He wrote this:\nno.\nMy view:\nyes.")
            ]
        );
        let text = "Ann Lee\n3 May 2024\nOne.\n\nBo\n4 May 2024\nClosed at 5 pm already in 2009\nLog in to reply\n\nCy\n5 May 2024\nThree.\nLog in to reply";
        assert_eq!(
            read(text),
            [named("Ann Lee", "One."), named("Bo", "Closed at 5 pm already in 2009"), named("Cy", "Three.")]
        );
    }

    #[test]
    fn lists_inside_of_comments_stay_inside() {
        let text = "1. Mine:\n1. a\n2. b\n3. c\n\n2. Two\n\n3. Three";
        assert_eq!(texts(text), ["Mine:\na\nb\nc", "Two", "Three"]);
        assert_eq!(texts("- One\n  - sub\n- Two"), ["One\nsub", "Two"]);
    }

    #[test]
    fn without_marks_empty_lines_part_comments_and_else_every_line_is_one() {
        assert_eq!(texts("One\nmore\n\nTwo\n\nThree"), ["One\nmore", "Two", "Three"]);
        assert_eq!(texts("One is here.\nTwo is there."), ["One is here.", "Two is there."]);
        assert!(texts("").is_empty());
    }
}
