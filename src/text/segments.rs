//! Cuts a text at Unicode word boundaries (UAX #29): a scanner of bytes where the text is ASCII, `unicode-segmentation` elsewhere.

use unicode_segmentation::UnicodeSegmentation;

/// What UAX #29 makes of an ASCII character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    /// `_`, which joins letters and digits.
    Joiner,
    /// Joins two letters: `:`.
    MidLetter,
    /// Joins two digits: `,` and `;`.
    MidDigit,
    /// Joins two letters or two digits: `.` and `'`.
    Mid,
    Space,
    Return,
    Newline,
    Other,
}

/// The class of each byte; of those beyond ASCII, which are never looked up, `Other`.
const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            b'_' => Class::Joiner,
            b':' => Class::MidLetter,
            b',' | b';' => Class::MidDigit,
            b'.' | b'\'' => Class::Mid,
            b' ' => Class::Space,
            b'\r' => Class::Return,
            b'\n' => Class::Newline,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

/// Whether a byte goes on a word without further ado.
#[inline(always)]
fn is_of_word(byte: u8) -> bool {
    matches!(CLASSES[byte as usize], Class::Letter | Class::Digit | Class::Joiner)
}

/// Calls `emit` with start and end of each piece of `text[from..to]` between word boundaries, in order.
pub(super) fn segments(text: &str, from: usize, to: usize, mut emit: impl FnMut(usize, usize)) {
    let bytes = &text.as_bytes()[..to];
    let mut at = from;
    while at < to {
        // Telling whether there is any such byte is many times faster than looking for the first.
        let foreign = if bytes[at..].is_ascii() { None } else { bytes[at..].iter().position(|b| !b.is_ascii()) };
        let foreign = foreign.map_or(to, |i| at + i);
        let sure = if foreign == to { to } else { last_sure_boundary(bytes, at, foreign) };
        ascii_segments(bytes, at, sure, &mut emit);
        if sure == to {
            return;
        }
        let end = next_sure_boundary(bytes, foreign);
        for (offset, segment) in text[sure..end].split_word_bound_indices() {
            emit(sure + offset, sure + offset + segment.len());
        }
        at = end;
    }
}

/// Whether a boundary lies before `place` whatever stands further off: between a space and an ASCII character that is none.
fn is_sure_boundary(bytes: &[u8], place: usize) -> bool {
    bytes[place - 1] == b' ' && bytes[place] != b' ' && bytes[place].is_ascii()
}

/// The last such place before `end`; `start` if there is none.
fn last_sure_boundary(bytes: &[u8], start: usize, end: usize) -> usize {
    (start + 1..end).rev().find(|&place| is_sure_boundary(bytes, place)).unwrap_or(start)
}

/// The first such place after `start`; the end of the text if there is none.
fn next_sure_boundary(bytes: &[u8], start: usize) -> usize {
    (start + 1..bytes.len()).find(|&place| is_sure_boundary(bytes, place)).unwrap_or(bytes.len())
}

/// Pieces of `bytes[from..to]`, which is ASCII.
fn ascii_segments(bytes: &[u8], from: usize, to: usize, emit: &mut impl FnMut(usize, usize)) {
    let class = |place: usize| if place < to { CLASSES[bytes[place] as usize] } else { Class::Other };
    let mut start = from;
    while start < to {
        let mut end = start + 1;
        match class(start) {
            Class::Letter | Class::Digit | Class::Joiner => loop {
                end = bytes[end..to].iter().position(|&b| !is_of_word(b)).map_or(to, |length| end + length);
                // What stands before matters only to a few marks: most words end with a space.
                let joins = match class(end) {
                    Class::MidLetter => class(end - 1) == Class::Letter && class(end + 1) == Class::Letter,
                    Class::MidDigit => class(end - 1) == Class::Digit && class(end + 1) == Class::Digit,
                    Class::Mid => {
                        class(end - 1) == class(end + 1) && matches!(class(end + 1), Class::Letter | Class::Digit)
                    }
                    _ => false,
                };
                if !joins {
                    break;
                }
                end += 2;
            },
            Class::Space => {
                while class(end) == Class::Space {
                    end += 1;
                }
            }
            Class::Return if class(end) == Class::Newline => end += 1,
            _ => {}
        }
        emit(start, end);
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn pieces_are_those_of_the_unicode_library(
            text in "[ a-c1-3_:,;.'\"\r\n\t!é\u{301}\u{200d}א😀日\u{3000}]{0,24}|\\PC{0,24}|[\\x00-\\x7f]{0,24}",
        ) {
            let mut found = Vec::new();
            segments(&text, 0, text.len(), |start, end| found.push((start, &text[start..end])));
            let expected: Vec<(usize, &str)> = text.split_word_bound_indices().collect();
            prop_assert_eq!(found, expected);
        }
    }
}
