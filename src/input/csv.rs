//! CSV and its relatives: text -> raw rows, by the `csv` crate, with exact positions.
//!
//! Records end with `\n`, `\r\n` or `\r`, in any mixture; empty lines are no records.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::sync::Arc;

use ::csv::{ByteRecord, ErrorKind, ReaderBuilder, StringRecord};

use super::cell::Fault;
use super::columns::shown;
use super::decode::{Text, read_error};
use super::dialect::{delimiter_of, separator_line};
use super::format::{RawRow, RawRows, first_line, too_long};
use super::record::{BadRow, Header, Raw, joined};
use super::window::{MARKER, Window};
use crate::error::{Error, Position, Result};

/// Reads one CSV file.
pub(super) struct CsvRows {
    csv: ::csv::Reader<Window<Text>>,
    /// Shared by the positions of all rows.
    path: Arc<str>,
    header: Header,
    /// Number of columns.
    width: usize,
    limit: usize,
    /// Records read, the header not counted.
    records: u64,
    /// Bytes and lines before the text that `csv` sees: an Excel `sep=` line.
    skipped_bytes: u64,
    /// Line ends that `csv` did not count: the skipped line's, and every `\r` without `\n` between records.
    uncounted_lines: u64,
    /// The last record ended with `\r`, so that a `\n` at the start of the next one belongs to it.
    after_return: bool,
    /// Bytes in the fields of the last record, a guess for the next.
    last_size: usize,
    finished: bool,
}

/// A record and the offsets between which it stands in the text that `csv` sees.
struct Found {
    fields: ByteRecord,
    position: Position,
    start: u64,
    end: u64,
}

impl CsvRows {
    /// Reads the header of a text. Without a delimiter given, the first line tells it.
    ///
    /// # Errors
    /// An empty text, and a header that is malformed or names a column twice.
    pub(super) fn new(mut text: Text, path: &str, delimiter: Option<u8>, limit: usize) -> Result<Self> {
        let mut start = first_line(&mut text).map_err(|error| read_error(path, error))?;
        let separator = separator_line(&start);
        let skipped = separator.map_or(0, |(_, length)| length);
        start.drain(..skipped);
        if separator.is_some() && start.is_empty() {
            start = first_line(&mut text).map_err(|error| read_error(path, error))?;
        }
        let delimiter = separator.map(|(delimiter, _)| delimiter).or(delimiter).unwrap_or_else(|| delimiter_of(&start));
        let text: Text = Box::new(Cursor::new(start).chain(text));
        let mut rows = CsvRows {
            csv: ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .delimiter(delimiter)
                .buffer_capacity(64 * 1024)
                .from_reader(Window::new(text, limit)),
            path: path.into(),
            header: Header::Columns(Vec::new()),
            width: 0,
            limit,
            records: 0,
            skipped_bytes: skipped as u64,
            uncounted_lines: u64::from(separator.is_some()),
            after_return: false,
            last_size: 0,
            finished: false,
        };
        let names = rows.read_header()?;
        rows.width = names.len();
        rows.header = Header::Columns(names);
        Ok(rows)
    }

    fn read_header(&mut self) -> Result<Vec<String>> {
        let Some(found) = self.next_record()? else {
            return Err(Error::input(
                Position::file(&*self.path),
                "the file is empty: it needs a first line with the names of the columns",
            ));
        };
        let (position, fields) = self.checked(found).map_err(|bad| bad.into_error())?;
        let names: Vec<String> = fields.iter().map(str::to_owned).collect();
        let mut places = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            if let Some(first) = places.insert(name.as_str(), place) {
                let twice =
                    if name.is_empty() { "have no name".to_owned() } else { format!("are both named {}", shown(name)) };
                let (first, second) = (first + 1, place + 1);
                return Err(Error::input(
                    position,
                    format!("columns {first} and {second} {twice}: give each column a name of its own"),
                ));
            }
        }
        Ok(names)
    }

    /// The next record, unchecked, with its exact place; `None` at the end of the text.
    fn next_record(&mut self) -> Result<Option<Found>> {
        let before = self.csv.position().byte();
        self.csv.get_mut().forget_before(before);
        let mut fields = ByteRecord::with_capacity(self.last_size, self.width);
        let more = self.csv.read_byte_record(&mut fields);
        let line = fields.position().map_or(0, ::csv::Position::line);
        let end = self.csv.position().byte();
        let window = self.csv.get_ref();
        // `csv` takes the line ends before a record for a part of it.
        let bytes = window.slice(before, end);
        let gap = LineEnds::at_the_start_of(bytes, self.after_return);
        let start = before + gap.length as u64;
        self.uncounted_lines += gap.lone_returns;
        self.after_return = bytes.last() == Some(&b'\r');
        let position = Position {
            path: self.path.clone(),
            line: Some(line + gap.newlines + self.uncounted_lines),
            record: (self.width > 0).then_some(self.records + 1),
            byte: Some(self.skipped_bytes + start),
            column: None,
        };
        match more {
            Err(_) if window.overflowed() => return Err(too_long(position, self.limit)),
            Err(error) => {
                return Err(match error.into_kind() {
                    ErrorKind::Io(error) => read_error(&self.path, error),
                    // None of the other kinds can come from reading bytes with any number of fields.
                    _ => Error::input(position, "this record cannot be read as CSV"),
                });
            }
            Ok(false) => return Ok(None),
            Ok(true) if window.is_behind_the_end(start) => return Ok(None),
            Ok(true) if end - start > self.limit as u64 => {
                return Err(too_long(position, self.limit));
            }
            Ok(true) => {}
        }
        if self.width > 0 {
            self.records += 1;
        }
        // Short rows after a huge one should not hold its memory.
        self.last_size = fields.as_slice().len().min(64 * 1024);
        Ok(Some(Found { fields, position, start, end }))
    }

    /// Everything that can be wrong with a record whatever its columns mean.
    fn checked(&self, found: Found) -> std::result::Result<(Position, StringRecord), Box<BadRow>> {
        let Found { fields, position, start, end } = found;
        let bytes = self.csv.get_ref().slice(start, end);
        if self.csv.get_ref().is_marker_swallowed(end) {
            return Err(Box::new(self.unclosed(position, &fields, bytes.len())));
        }
        if let Some(place) = memchr::memchr(0, fields.as_slice()) {
            let field = field_at(&fields, place);
            let byte = memchr::memchr(0, bytes).unwrap_or(0) as u64 + start + self.skipped_bytes;
            let reason = format!(
                "a NUL byte at byte {byte}: remove it, or name the encoding with `--encoding` if this is UTF-16"
            );
            let bad = self.fault(field, reason).of_row(position, joined(&fields));
            return Err(Box::new(bad));
        }
        let fields = StringRecord::from_byte_record(fields).map_err(|error| {
            let field = error.utf8_error().field();
            let valid = std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), str::len);
            let byte = valid as u64 + start + self.skipped_bytes;
            let reason =
                format!("invalid UTF-8 at byte {byte}: repair it, or name the file's encoding with `--encoding`");
            let raw = joined(&error.into_byte_record());
            Box::new(self.fault(field, reason).of_row(position.clone(), raw))
        })?;
        if self.width > 0 && fields.len() != self.width {
            let reason = format!(
                "{} {}, the header has {}: look for a delimiter that is missing, or that stands in a field \
                 without quotes",
                fields.len(),
                if fields.len() == 1 { "field" } else { "fields" },
                self.width
            );
            let raw = joined(fields.as_byte_record());
            return Err(Box::new(BadRow { position, reason, raw }));
        }
        Ok((position, fields))
    }

    fn unclosed(&self, position: Position, fields: &ByteRecord, length: usize) -> BadRow {
        // The last field swallowed the marker too; what it swallowed of the file stays.
        let last = fields.len().saturating_sub(1);
        let mut kept = ByteRecord::new();
        for (place, field) in fields.iter().enumerate() {
            let field = if place == last { field.strip_suffix(MARKER).unwrap_or(field) } else { field };
            kept.push_field(field);
        }
        let reason = format!(
            "a quoted field of this record is never closed, so that it takes in the rest of the file \
             ({length} bytes): close it, and double every quote inside a quoted field"
        );
        self.fault(last, reason).of_row(position, joined(&kept))
    }

    fn fault(&self, field: usize, reason: String) -> Fault {
        let column = match &self.header {
            Header::Columns(names) => names.get(field).cloned(),
            Header::Json => None,
        };
        Fault { column, reason }
    }
}

impl RawRows for CsvRows {
    fn path(&self) -> &str {
        &self.path
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn next_row(&mut self) -> Result<Option<RawRow>> {
        if self.finished {
            return Ok(None);
        }
        let found = self.next_record();
        self.finished = !matches!(found, Ok(Some(_)));
        let Some(found) = found? else {
            return Ok(None);
        };
        self.finished = self.csv.get_ref().is_marker_swallowed(found.end);
        Ok(Some(match self.checked(found) {
            Ok((position, fields)) => RawRow::Good(position, Raw::Fields(fields)),
            Err(bad) => RawRow::Bad(*bad),
        }))
    }
}

/// Line ends before a record.
#[derive(Debug, Default, PartialEq, Eq)]
struct LineEnds {
    /// How many bytes they take.
    length: usize,
    /// `\n`, with or without `\r` before.
    newlines: u64,
    /// `\r` without `\n` after.
    lone_returns: u64,
}

impl LineEnds {
    /// Counts them; `after_return` tells that the byte before the first was a `\r`, which counts here.
    fn at_the_start_of(bytes: &[u8], after_return: bool) -> Self {
        let mut ends = LineEnds::default();
        let mut pending = after_return;
        for &byte in bytes {
            match byte {
                b'\n' => ends.newlines += 1,
                b'\r' if pending => ends.lone_returns += 1,
                b'\r' => {}
                _ => break,
            }
            pending = byte == b'\r';
            ends.length += 1;
        }
        if pending {
            ends.lone_returns += 1;
        }
        ends
    }
}

/// The field that holds a byte of the record's joined fields.
fn field_at(fields: &ByteRecord, place: usize) -> usize {
    (0..fields.len()).find(|&i| fields.range(i).is_some_and(|range| range.contains(&place))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1 << 20;

    fn open(text: &[u8]) -> Result<CsvRows> {
        CsvRows::new(Box::new(Cursor::new(text.to_vec())), "a.csv", None, LIMIT)
    }

    fn columns(text: &[u8]) -> Vec<String> {
        match open(text).unwrap().header() {
            Header::Columns(names) => names.clone(),
            Header::Json => unreachable!(),
        }
    }

    fn header_error(text: &[u8]) -> String {
        open(text).err().unwrap().to_string()
    }

    /// Every row as its place and its fields, or as its message.
    fn rows(text: &[u8]) -> Vec<String> {
        let mut rows = open(text).unwrap();
        let mut seen = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            seen.push(match row {
                RawRow::Good(at, Raw::Fields(fields)) => format!(
                    "{}/{}/{}: {}",
                    at.line.unwrap(),
                    at.record.unwrap(),
                    at.byte.unwrap(),
                    fields.iter().collect::<Vec<_>>().join("¦")
                ),
                RawRow::Good(_, Raw::Json(_)) => unreachable!(),
                RawRow::Bad(bad) => bad.into_error().to_string(),
            });
        }
        assert!(rows.next_row().unwrap().is_none(), "the end is the end");
        seen
    }

    fn bad_row(text: &[u8]) -> BadRow {
        let mut rows = open(text).unwrap();
        loop {
            match rows.next_row().unwrap().expect("a bad row") {
                RawRow::Bad(bad) => return bad,
                RawRow::Good(..) => {}
            }
        }
    }

    #[test]
    fn rows_come_with_line_record_and_byte() {
        assert_eq!(rows("id,comment\n1,\"ä\nb \"\"c\"\"\"\n2,d".as_bytes()), ["2/1/11: 1¦ä\nb \"c\"", "4/2/26: 2¦d"]);
        assert_eq!(rows(b"id,comment\n"), [""; 0]);
        assert_eq!(rows(b"id,comment"), [""; 0]);
    }

    #[test]
    fn positions_are_exact_with_every_mixture_of_line_ends_and_empty_lines() {
        assert_eq!(
            rows(b"\r\n\na,b\r\n1,2\r\n\r\n3,\"x\r\ny\"\n\n\n5,6\r7,8\r\r9,0\r\n"),
            ["4/1/8: 1¦2", "6/2/15: 3¦x\r\ny", "10/3/26: 5¦6", "11/4/30: 7¦8", "13/5/35: 9¦0"]
        );
    }

    #[test]
    fn positions_are_exact_across_buffers() {
        let mut text = String::from("id,comment\r\n");
        let mut expected = Vec::new();
        for i in 0..20_000 {
            let (line, byte) = (2 + 3 * i, text.len());
            text.push_str(&format!("{i},\"größe\r\n{i}\"\r\n\r\n"));
            expected.push(format!("{line}/{}/{byte}: {i}¦größe\r\n{i}", i + 1));
        }
        assert_eq!(rows(text.as_bytes()), expected);
    }

    #[test]
    fn the_first_line_tells_the_delimiter() {
        assert_eq!(columns(b"a,b;c\n"), ["a", "b;c"]);
        assert_eq!(columns(b"a;b c\n1;2,3\n"), ["a", "b c"]);
        assert_eq!(columns(b"a\tb;c\n"), ["a", "b;c"]);
        assert_eq!(columns(b"\"a, b\";c\r\n"), ["a, b", "c"]);
        assert_eq!(columns(b"\n\ncomment\n1;2\n"), ["comment"]);
    }

    #[test]
    fn excels_separator_line_is_honoured_and_counted() {
        assert_eq!(rows(b"sep=;\r\na;b,c\r\n1;2\r\n"), ["3/1/14: 1¦2"]);
        assert_eq!(rows(b"sep=\t\na\tb\n1\t2\n"), ["3/1/10: 1¦2"]);
        assert_eq!(rows(b"SEP=|\na|b\n1|2\n"), ["3/1/10: 1¦2"]);
        assert_eq!(columns(b"sep=\n1\n"), ["sep="]);
        assert!(header_error(b"sep=;").contains("the file is empty"));
    }

    #[test]
    fn an_empty_file_is_an_error() {
        let message = "a.csv: the file is empty: it needs a first line with the names of the columns";
        // The end of the file is no place to look at.
        for text in [&b""[..], b"\n", b"\r\n\r\n"] {
            assert_eq!(header_error(text), message);
        }
    }

    #[test]
    fn a_name_given_twice_is_an_error_with_both_columns() {
        assert_eq!(
            header_error("id,größe,x,größe\n1,2,3,4\n".as_bytes()),
            "a.csv, line 1, byte 0: columns 2 and 4 are both named `größe`: give each column a name of its own"
        );
        assert_eq!(
            header_error(b"id,,comment,\n"),
            "a.csv, line 1, byte 0: columns 2 and 4 have no name: give each column a name of its own"
        );
    }

    #[test]
    fn fails_when_the_header_has_nul_bytes_or_an_open_quote() {
        assert_eq!(
            header_error(b"i\0d\0\n\0"),
            "a.csv, line 1, byte 0: a NUL byte at byte 1: remove it, or name the encoding with `--encoding` if \
             this is UTF-16"
        );
        assert!(header_error(b"id,\"comment\n1,x\n").contains("is never closed"));
        assert!(header_error(b"id,\xE4\n").contains("invalid UTF-8 at byte 3"));
    }

    #[test]
    fn a_row_with_the_wrong_number_of_fields_is_bad_and_the_next_is_read() {
        assert_eq!(
            rows(b"a,b,c\n\"x\ny\",2\n1,2,3\n1\n1,2,3,4\n"),
            [
                "a.csv, line 2, record 1, byte 6: 2 fields, the header has 3: look for a delimiter that is \
                 missing, or that stands in a field without quotes",
                "4/2/14: 1¦2¦3",
                "a.csv, line 5, record 3, byte 20: 1 field, the header has 3: look for a delimiter that is \
                 missing, or that stands in a field without quotes",
                "a.csv, line 6, record 4, byte 22: 4 fields, the header has 3: look for a delimiter that is \
                 missing, or that stands in a field without quotes",
            ]
        );
        assert_eq!(bad_row(b"a;b\n\"x,\ny\"\n").raw, b"\"x,\ny\"");
    }

    #[test]
    fn invalid_utf_8_is_a_bad_row_with_its_byte_and_column() {
        let text = b"id,comment\n1,\xC3\xA4\n2,\"\"\"\xC3\xA4\n\xFFz\"\n3,c\n";
        assert_eq!(
            rows(text),
            [
                "2/1/11: 1¦ä",
                "a.csv, line 3, record 2, byte 16, column `comment`: invalid UTF-8 at byte 24: repair it, or \
                 name the file's encoding with `--encoding`",
                "5/3/28: 3¦c",
            ]
        );
        assert_eq!(text[24], 0xFF);
        assert_eq!(bad_row(text).raw, b"2,\"\"\"\xC3\xA4\n\xFFz\"");
    }

    #[test]
    fn a_nul_byte_is_a_bad_row_with_its_byte_and_column() {
        assert_eq!(
            rows("id,comment\n1,ä\0\n2,b\n".as_bytes()),
            [
                "a.csv, line 2, record 1, byte 11, column `comment`: a NUL byte at byte 15: remove it, or name \
                 the encoding with `--encoding` if this is UTF-16",
                "3/2/17: 2¦b",
            ]
        );
    }

    #[test]
    fn fails_when_a_quoted_field_is_never_closed() {
        let text = "id,comment\n1,a\n\n2,\"ä, b\n3,c\n";
        assert_eq!(
            rows(text.as_bytes()),
            [
                "2/1/11: 1¦a",
                "a.csv, line 4, record 2, byte 16, column `comment`: a quoted field of this record is never \
                 closed, so that it takes in the rest of the file (13 bytes): close it, and double every quote \
                 inside a quoted field",
            ]
        );
        assert_eq!(bad_row(text.as_bytes()).raw, "2,\"ä, b\n3,c\n\"".as_bytes());
        for open in ["1,\"", "1,\"a\"\"", "1,\"a\n", "1,\"a\n.\n", "1,\"a\r"] {
            let text = format!("id,comment\n{open}");
            let message = rows(text.as_bytes()).remove(0);
            assert!(message.contains("never closed"), "{open:?}: {message}");
        }
    }

    #[test]
    fn a_closed_quote_at_the_very_end_is_no_error() {
        for closed in ["1,\"a\"", "1,\"a\"\r", "1,\"a\"\r\n", "1,\"\"", "1,\"a\"\"\"", "1,b\"", ".,."] {
            let text = format!("id,comment\n{closed}");
            let rows = rows(text.as_bytes());
            assert_eq!(rows.len(), 1, "{closed:?}");
            assert!(rows[0].starts_with("2/1/11: "), "{closed:?}: {}", rows[0]);
        }
        assert_eq!(rows(b"comment\n.\n"), ["2/1/8: ."]);
    }

    #[test]
    fn a_record_beyond_the_limit_stops_the_reading() {
        let endless = Cursor::new(b"comment\na\n\"".to_vec()).chain(std::io::repeat(b'x'));
        let mut rows = CsvRows::new(Box::new(endless), "a.csv", None, 1000).unwrap();
        assert!(rows.next_row().unwrap().is_some());
        assert_eq!(
            rows.next_row().unwrap_err().to_string(),
            "a.csv, line 3, record 2, byte 10: this record is longer than 1000 bytes, the most that is read at \
             once: look for a quoted field that is never closed, or for a line end that is missing"
        );
        assert!(rows.next_row().unwrap().is_none());

        let text: Text = Box::new(&b"comment\n123456789\n1234567890\n"[..]);
        let mut rows = CsvRows::new(text, "a.csv", None, 10).unwrap();
        assert!(rows.next_row().is_ok());
        assert!(rows.next_row().is_err(), "a record in the middle of a buffer");
    }

    #[test]
    fn blank_fields_and_wide_text_survive_untouched() {
        assert_eq!(rows("a,b\n , \"x\" \n\"\",日本\n".as_bytes()), ["2/1/4:  ¦ \"x\" ", "3/2/12: ¦日本"]);
    }
}
