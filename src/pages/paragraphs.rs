//! A pasted text as paragraphs: wrapped lines put together again, list markers and indents noted.

/// A paragraph of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paragraph {
    /// Its text, without list marker and without blanks around it.
    pub(super) text: String,
    /// Line on which it starts, from 1.
    pub(super) line: u64,
    /// What it starts with as an item of a list.
    pub(super) marker: Option<Marker>,
    /// Whether it is set in further than the margin.
    pub(super) is_indented: bool,
    /// Whether an empty line stands before it.
    pub(super) after_gap: bool,
}

/// What an item of a list starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Number(u32),
    Bullet,
}

impl Paragraph {
    pub(super) fn words(&self) -> usize {
        self.text.split_whitespace().count()
    }

    /// Whether it ends as a sentence does.
    pub(super) fn ends_sentence(&self) -> bool {
        let end = self.text.trim_end_matches(['"', '\'', ')', ']', '”', '’', '»', '“', '›', ' ']);
        end.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟', '।'])
    }
}

/// The paragraphs of a text. Every line that is not blank is one, or a part of one where lines are wrapped.
pub(super) fn of(text: &str) -> Vec<Paragraph> {
    let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches('\r')).collect();
    let width = wrapped_at(&lines);
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut after_gap = true;
    // Length of the line before, where this line may go on with its paragraph.
    let mut open: Option<usize> = None;
    for (place, line) in lines.iter().enumerate() {
        let text = line.trim();
        if text.is_empty() {
            (after_gap, open) = (true, None);
            continue;
        }
        let (marker, rest) = marker(text);
        let length = line.chars().count();
        let goes_on = width.zip(open).is_some_and(|(width, before)| before * 10 >= width * 7) && marker.is_none();
        match paragraphs.last_mut() {
            Some(last) if goes_on => {
                last.text.push(' ');
                last.text.push_str(text);
            }
            _ => paragraphs.push(Paragraph {
                text: rest.to_owned(),
                line: place as u64 + 1,
                marker,
                is_indented: line.starts_with([' ', '\t']),
                after_gap,
            }),
        }
        (after_gap, open) = (false, Some(length));
    }
    paragraphs.retain(|paragraph| !paragraph.text.is_empty());
    paragraphs
}

/// Lines of fewer characters are not what a program wraps at.
const NARROW: usize = 40;
/// Nor are longer ones.
const WIDE: usize = 110;

/// The width at which lines are wrapped; `None` where every line is a paragraph.
fn wrapped_at(lines: &[&str]) -> Option<usize> {
    let lengths: Vec<usize> = lines.iter().map(|line| line.trim_end().chars().count()).collect();
    let longest = lengths.iter().copied().max().filter(|&longest| (NARROW..=WIDE).contains(&longest))?;
    let inner = lengths.windows(2).filter(|pair| pair[0] > 0 && pair[1] > 0).map(|pair| pair[0]);
    let (mut all, mut full) = (0, 0);
    for length in inner {
        all += 1;
        full += usize::from(length * 10 >= longest * 7);
    }
    (all >= 5 && full * 10 >= all * 6).then_some(longest)
}

/// The marker at the start of a line, and the rest of the line.
fn marker(line: &str) -> (Option<Marker>, &str) {
    if let Some(rest) = line.strip_prefix(['-', '–', '—', '*', '•', '·', '‣', '▪', '●', '○', '◦'])
        && rest.starts_with([' ', '\t', '\u{a0}'])
    {
        return (Some(Marker::Bullet), rest.trim_start());
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=4).contains(&digits)
        && let Some(rest) = line[digits..].strip_prefix(['.', ')'])
        && rest.starts_with([' ', '\t', '\u{a0}'])
        && let Ok(number) = line[..digits].parse()
    {
        return (Some(Marker::Number(number)), rest.trim_start());
    }
    (None, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        of(text).into_iter().map(|paragraph| paragraph.text).collect()
    }

    #[test]
    fn a_line_is_a_paragraph_unless_lines_are_wrapped() {
        assert_eq!(texts("One long line.\r\nAnother.\n\n  Third  "), ["One long line.", "Another.", "Third"]);
        let wrapped = "The council met late on Tuesday and after a debate\nof three hours it decided to keep the old library\nopen.\n\n\
                       Name:\nThe vote was close and several members left early\nbefore the last question was put to them all, as\n\
                       is their habit these days.\n";
        let paragraphs = texts(wrapped);
        assert_eq!(paragraphs.len(), 3, "{paragraphs:?}");
        assert!(paragraphs[0].ends_with("library open."));
        assert_eq!(paragraphs[1], "Name:");
    }

    #[test]
    fn markers_of_lists_are_taken_off() {
        let list = of("  1. One\n     more\n2) Two\n• Three\n2020 was no marker\n-no\n1.5 percent");
        let markers: Vec<_> = list.iter().map(|p| p.marker).collect();
        let number = |n| Some(Marker::Number(n));
        assert_eq!(markers, [number(1), None, number(2), Some(Marker::Bullet), None, None, None]);
        assert_eq!(list[0].text, "One");
        assert!(list[1].is_indented && !list[2].is_indented);
        assert_eq!(list[1].line, 2);
    }

    #[test]
    fn nothing_has_no_paragraphs() {
        assert!(of("").is_empty() && of(" \n\t\n").is_empty());
    }
}
