//! How texts begin.

/// At most so many characters of a text, and an ellipsis where it goes on.
pub fn excerpt(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// At most so many bytes of a text, whole characters.
pub fn start(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_never_cut() {
        assert_eq!([excerpt("äöü", 2), excerpt("äöü", 3), excerpt("", 3)], ["äö…", "äöü", ""]);
        assert_eq!([start("äöü", 3), start("äöü", 4), start("äöü", 99), start("😀", 2)], ["ä", "äö", "äöü", ""]);
    }
}
