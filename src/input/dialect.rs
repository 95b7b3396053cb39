//! The delimiter of a CSV file, told by its first line.

/// The delimiter that a line `sep=;` at the very start names, as Excel writes it, and the length of the line.
pub(super) fn separator_line(start: &[u8]) -> Option<(u8, usize)> {
    let (word, rest) = start.split_at_checked(4)?;
    let (&delimiter, rest) = rest.split_first()?;
    let sensible = delimiter == b'\t' || (delimiter.is_ascii_punctuation() && delimiter != b'"');
    let line_end = match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        [] => 0,
        _ => return None,
    };
    (word.eq_ignore_ascii_case(b"sep=") && sensible).then_some((delimiter, 5 + line_end))
}

/// The delimiter of a header line: a comma if it has one outside quotes, else a tab, else a semicolon.
pub(super) fn delimiter_of(start: &[u8]) -> u8 {
    let mut quoted = false;
    let mut seen = [false; 256];
    for &byte in start.trim_ascii_start() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if !quoted => seen[usize::from(byte)] = true,
            _ => {}
        }
    }
    let candidates = [b',', b'\t', b';'];
    let found = candidates.into_iter().find(|&byte| seen[usize::from(byte)]);
    found.unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_goes_before_a_tab_and_a_tab_before_a_semicolon() {
        assert_eq!(delimiter_of(b"a;b\tc,d\n"), b',');
        assert_eq!(delimiter_of(b"a;b\tc\n1,2"), b'\t');
        assert_eq!(delimiter_of(b"a;b\r1\t2"), b';');
        assert_eq!(delimiter_of("größe".as_bytes()), b',');
        assert_eq!(delimiter_of(b""), b',');
    }

    #[test]
    fn what_stands_in_quotes_is_no_delimiter() {
        assert_eq!(delimiter_of(b"\"a, \"\"b,\"\" \n,\";c\n"), b';');
    }

    #[test]
    fn a_separator_line_needs_one_sensible_delimiter_and_a_line_end() {
        assert_eq!(separator_line(b"sep=;\r\na"), Some((b';', 7)));
        assert_eq!(separator_line(b"Sep=,\na"), Some((b',', 6)));
        assert_eq!(separator_line(b"sep=\t"), Some((b'\t', 5)));
        for other in ["sep=;;\n", "sep=a\n", "sep=\"\n", "sep=\n", "sep", "sep=é\n", "set=;\n"] {
            assert_eq!(separator_line(other.as_bytes()), None, "{other}");
        }
    }
}
