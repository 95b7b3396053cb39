//! A page that is plain text.

use super::boundary::{Candidates, WEIGHTS};
use super::furniture;
use super::headings::{Heading, heading};
use super::items;
use super::paragraphs::{self, Paragraph};
use super::{Boundary, Page};

/// A heading that follows so little text has no article over it.
const LEAST_WORDS: usize = 40;

/// Reads a page.
pub(super) fn read(text: &str) -> Page {
    let paragraphs = paragraphs::of(text);
    match marked(&paragraphs) {
        Some((article, comments, confidence)) => {
            let comments = items::comments(comments);
            let boundary = Boundary { is_marked: true, confidence };
            Page { comments, boundary, ..article_of(article, None) }
        }
        None => guessed(&paragraphs, None),
    }
}

/// The paragraphs before the heading over the comments, those after it, and how sure it is.
pub(super) fn marked(paragraphs: &[Paragraph]) -> Option<(&[Paragraph], &[Paragraph], f64)> {
    let headings: Vec<(usize, Heading)> = paragraphs
        .iter()
        .enumerate()
        .filter_map(|(i, p)| Some((i, p.marker.is_none().then(|| heading(&p.text))??)))
        .collect();
    let (place, confidence) = chosen(paragraphs, &headings)?;
    // Several headings in a row are one.
    let next_to = |a: usize, b: usize| headings[b].0 == headings[a].0 + 1;
    let (mut begin, mut last) = (place, place);
    while begin > 0 && next_to(begin - 1, begin) {
        begin -= 1;
    }
    while last + 1 < headings.len() && next_to(last, last + 1) {
        last += 1;
    }
    let row = &headings[begin..=last];
    let is_empty =
        row.iter().any(|&(_, kind)| kind == Heading::NoComments) || row.iter().all(|&(_, kind)| kind == Heading::Form);
    // A call that leads up to the heading belongs to it.
    let leads = |p: &Paragraph| p.words() <= 5 && !p.ends_sentence();
    let first = headings[begin].0;
    let first = if paragraphs[..first].last().is_some_and(leads) { first - 1 } else { first };
    let comments = if is_empty { &paragraphs[paragraphs.len()..] } else { &paragraphs[headings[last].0 + 1..] };
    Some((&paragraphs[..first], comments, confidence))
}

/// The heading that stands over the comments, and how sure it is: first one that a name, a number or a bullet follows, else the last that counts
/// comments, else the last. A link to the comments stands at the top, a part of the article may be headed like them, a form follows them.
fn chosen(paragraphs: &[Paragraph], headings: &[(usize, Heading)]) -> Option<(usize, f64)> {
    let mut words = vec![0; paragraphs.len() + 1];
    for (i, p) in paragraphs.iter().enumerate() {
        words[i + 1] = words[i] + if p.ends_sentence() { p.words() } else { 0 };
    }
    let places = |kind: Heading| headings.iter().enumerate().filter(move |(_, heading)| heading.1 == kind);
    let has_article = |i: usize| words[i] >= LEAST_WORDS;
    let starts = |&(_, &(i, _)): &(usize, &(usize, Heading))| items::start_comments(&paragraphs[i + 1..]);
    let counts = |i: usize| paragraphs[i].text.chars().any(|c| c.is_ascii_digit());
    let follows = |i: usize| i + 1 < paragraphs.len();
    let enough = |&(_, &(i, _)): &(usize, &(usize, Heading))| has_article(i);
    if let Some((place, _)) = places(Heading::Comments).filter(enough).find(starts) {
        return Some((place, 0.99));
    }
    if let Some((place, _)) = places(Heading::NoComments).rfind(enough) {
        return Some((place, 0.99));
    }
    if let Some((place, _)) = places(Heading::Comments).filter(enough).rfind(|&(_, &(i, _))| counts(i) && follows(i)) {
        return Some((place, 0.95));
    }
    if let Some((place, _)) = places(Heading::Comments).filter(enough).rfind(|&(_, &(i, _))| follows(i)) {
        return Some((place, 0.8));
    }
    // Under hardly any article only what starts comments for certain is one.
    let bare = || places(Heading::Comments).find(starts).map(|(place, _)| (place, 0.9));
    places(Heading::Form).find(enough).map(|(place, _)| (place, 0.9)).or_else(bare)
}

/// A page on which nothing says where comments begin.
pub(super) fn guessed(paragraphs: &[Paragraph], title: Option<&str>) -> Page {
    let marks = furniture::mark(paragraphs);
    let body: Vec<usize> = (0..paragraphs.len()).filter(|&i| !marks[i]).collect();
    let cut = Candidates::of(paragraphs, &marks).cut(&WEIGHTS);
    let boundary = Boundary { is_marked: false, confidence: cut.confidence };
    let Some(&start) = body.get(cut.at) else {
        return Page { boundary, ..article_without(paragraphs, &marks, title) };
    };
    // What a reader wrote is never furniture, but for what stands behind all readers.
    let end = body.last().map_or(start, |&last| last + 1);
    Page { comments: items::one_each(&paragraphs[start..end]), boundary, ..article_of(&paragraphs[..start], title) }
}

/// A page of an article alone. Without a title given, a first line that looks like one is it.
pub(super) fn article_of(paragraphs: &[Paragraph], title: Option<&str>) -> Page {
    article_without(paragraphs, &furniture::mark(paragraphs), title)
}

/// The same, with what is furniture marked.
fn article_without(paragraphs: &[Paragraph], marks: &[bool], title: Option<&str>) -> Page {
    let (mut kept, mut furniture) = (Vec::new(), Vec::new());
    for (paragraph, mark) in paragraphs.iter().zip(marks) {
        if *mark { furniture.push(paragraph.text.clone()) } else { kept.push(paragraph) }
    }
    let is_title = |p: &&Paragraph| match title {
        Some(title) => p.text == title,
        None => p.words() <= 20 && !p.text.trim_end().ends_with(['.', ':', ',', ';']) && p.marker.is_none(),
    };
    let has_title = kept.first().is_some_and(is_title) && kept.len() > 1;
    let first = has_title.then(|| kept.remove(0).text.clone());
    let title = title.map(str::to_owned).or(first).unwrap_or_default();
    let body = kept.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join("\n\n");
    Page { title, body, furniture, ..Page::default() }
}
