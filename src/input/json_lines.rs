//! JSON lines: one object a line -> raw rows.

use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::decode::{Text, read_error};
use super::format::{RawRow, RawRows, too_long};
use super::record::{BadRow, Header, Raw};
use crate::error::{Position, Result};

/// Reads one file of JSON lines. Blank lines are no records.
pub(super) struct JsonRows {
    text: BufReader<Text>,
    /// Shared by the positions of all rows.
    path: Arc<str>,
    limit: usize,
    /// The line being read, without its end.
    line: Vec<u8>,
    /// Lines, records and bytes before the line being read.
    lines: u64,
    records: u64,
    bytes: u64,
    finished: bool,
}

impl JsonRows {
    /// Reads lines of at most `limit` bytes.
    pub(super) fn new(text: Text, path: &str, limit: usize) -> Self {
        JsonRows {
            text: BufReader::with_capacity(64 * 1024, text),
            path: path.into(),
            limit,
            line: Vec::new(),
            lines: 0,
            records: 0,
            bytes: 0,
            finished: false,
        }
    }

    /// Reads the next line that is not blank; `None` at the end of the text.
    fn next_line(&mut self) -> Result<Option<Position>> {
        loop {
            let position = Position {
                path: self.path.clone(),
                line: Some(self.lines + 1),
                record: Some(self.records + 1),
                byte: Some(self.bytes),
                column: None,
            };
            let length =
                read_line(&mut self.text, &mut self.line, self.limit).map_err(|error| read_error(&self.path, error))?;
            match length {
                Length::TooLong => return Err(too_long(position, self.limit)),
                Length::Bytes(0) => return Ok(None),
                Length::Bytes(length) => self.bytes += length as u64,
            }
            self.lines += 1;
            if !self.line.trim_ascii().is_empty() {
                self.records += 1;
                return Ok(Some(position));
            }
        }
    }

    /// The line as an object, or why it is none.
    fn object(&self, position: &Position) -> std::result::Result<Map<String, Value>, String> {
        let text = std::str::from_utf8(&self.line).map_err(|error| {
            let byte = position.byte.unwrap_or(0) + error.valid_up_to() as u64;
            format!("invalid UTF-8 at byte {byte}: repair it, or name the file's encoding with `--encoding`")
        })?;
        if !text.trim_start().starts_with('{') {
            return Err("this line is no JSON object: every line must hold one, `{...}`".to_owned());
        }
        let object: Object = serde_json::from_str(text).map_err(|error| {
            // Messages of serde_json can quote what they complain about, so only its category is told.
            let what = match error.classify() {
                Category::Eof => "the line ends inside of the object",
                Category::Data => "a key stands there for the second time",
                Category::Syntax | Category::Io => "not JSON",
            };
            format!("{what} (byte {} of the line): every line must hold one whole object", error.column())
        })?;
        Ok(object.0)
    }
}

impl RawRows for JsonRows {
    fn path(&self) -> &str {
        &self.path
    }

    fn header(&self) -> &Header {
        &Header::Json
    }

    fn next_row(&mut self) -> Result<Option<RawRow>> {
        if self.finished {
            return Ok(None);
        }
        let position = self.next_line();
        self.finished = !matches!(position, Ok(Some(_)));
        let Some(position) = position? else {
            return Ok(None);
        };
        Ok(Some(match self.object(&position) {
            Ok(object) => RawRow::Good(position, Raw::Json(object)),
            Err(reason) => RawRow::Bad(BadRow { position, reason, raw: self.line.clone() }),
        }))
    }
}

enum Length {
    /// With the line end; 0 at the end of the text.
    Bytes(usize),
    TooLong,
}

/// Puts the next line, without its end, in place of what `line` holds.
fn read_line(text: &mut impl BufRead, line: &mut Vec<u8>, limit: usize) -> io::Result<Length> {
    line.clear();
    loop {
        let available = match text.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let newline = memchr::memchr(b'\n', available);
        let taken = newline.map_or(available.len(), |place| place + 1);
        if line.len() + taken > limit {
            return Ok(Length::TooLong);
        }
        line.extend_from_slice(&available[..taken]);
        text.consume(taken);
        if newline.is_some() || taken == 0 {
            let length = line.len();
            let content = line.strip_suffix(b"\n").unwrap_or(line);
            let content = content.strip_suffix(b"\r").unwrap_or(content).len();
            line.truncate(content);
            return Ok(Length::Bytes(length));
        }
    }
}

/// An object in which no key stands twice: of two values, one would be lost without a word.
struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> std::result::Result<Object, A::Error> {
                let mut object = Map::new();
                while let Some((key, value)) = access.next_entry::<String, Value>()? {
                    if object.insert(key, value).is_some() {
                        return Err(A::Error::custom("a key stands twice"));
                    }
                }
                Ok(Object(object))
            }
        }

        deserializer.deserialize_map(Keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static [u8], limit: usize) -> JsonRows {
        JsonRows::new(Box::new(text), "a.jsonl", limit)
    }

    /// Every row as its place and the object, or as its message.
    fn rows(text: &'static [u8]) -> Vec<String> {
        let mut rows = read(text, 1000);
        let mut seen = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            seen.push(match row {
                RawRow::Good(at, raw) => format!(
                    "{}/{}/{}: {}",
                    at.line.unwrap(),
                    at.record.unwrap(),
                    at.byte.unwrap(),
                    String::from_utf8(raw.to_bytes()).unwrap()
                ),
                RawRow::Bad(bad) => bad.into_error().to_string(),
            });
        }
        assert!(rows.next_row().unwrap().is_none(), "the end is the end");
        seen
    }

    #[test]
    fn rows_come_with_line_record_and_byte_and_blank_lines_are_skipped() {
        assert_eq!(
            rows("{\"comment\":\"ä\"}\r\n\n \t\r\n {\"b\":1, \"a\":2}".as_bytes()),
            ["1/1/0: {\"comment\":\"ä\"}", "4/2/23: {\"b\":1,\"a\":2}"]
        );
        assert_eq!(rows(b""), [""; 0]);
    }

    #[test]
    fn a_line_that_is_no_object_is_bad_and_the_next_is_read() {
        assert_eq!(
            rows(b"[\"secret\"]\n\"secret\"\n{}\n"),
            [
                "a.jsonl, line 1, record 1, byte 0: this line is no JSON object: every line must hold one, \
                 `{...}`",
                "a.jsonl, line 2, record 2, byte 11: this line is no JSON object: every line must hold one, \
                 `{...}`",
                "3/3/20: {}",
            ]
        );
    }

    #[test]
    fn malformed_json_is_told_by_place_and_never_quoted() {
        let messages =
            rows(b"{\"a\": secret}\n{\"a\": \"secret\n{\"a\":1,\"b\":2,\"a\":\"secret\"}\n{} {}\n{\"a\":\"\x00\"}\n");
        assert_eq!(
            messages[0],
            "a.jsonl, line 1, record 1, byte 0: not JSON (byte 7 of the line): every line must hold one whole \
             object"
        );
        assert_eq!(
            messages[1],
            "a.jsonl, line 2, record 2, byte 14: the line ends inside of the object (byte 13 of the line): every \
             line must hold one whole object"
        );
        assert!(messages[2].contains("a key stands there for the second time (byte"));
        assert!(messages[3].contains("not JSON (byte 4 of the line)"));
        assert!(messages[4].contains("not JSON (byte 7 of the line)"));
        assert!(messages.iter().all(|message| !message.contains("secret")));
    }

    #[test]
    fn deep_nesting_is_a_bad_row_and_no_overflow() {
        let line = format!("{{\"a\":{}", "[".repeat(100_000));
        let mut rows = JsonRows::new(Box::new(io::Cursor::new(line)), "a.jsonl", 1 << 20);
        assert!(matches!(rows.next_row(), Ok(Some(RawRow::Bad(_)))));
    }

    #[test]
    fn invalid_utf_8_is_a_bad_row_with_its_byte_and_its_line_is_kept() {
        let mut rows = read(b"{}\n{\"a\":\"\xC3\xA4\xFF\"}\n", 1000);
        rows.next_row().unwrap();
        let Ok(Some(RawRow::Bad(bad))) = rows.next_row() else {
            panic!("a bad row");
        };
        assert_eq!(bad.raw, b"{\"a\":\"\xC3\xA4\xFF\"}");
        assert_eq!(
            bad.into_error().to_string(),
            "a.jsonl, line 2, record 2, byte 3: invalid UTF-8 at byte 11: repair it, or name the file's encoding \
             with `--encoding`"
        );
    }

    #[test]
    fn a_line_beyond_the_limit_stops_the_reading() {
        let endless = io::Read::chain(&b"{}\n{"[..], io::repeat(b' '));
        let mut rows = JsonRows::new(Box::new(endless), "a.jsonl", 1000);
        assert!(rows.next_row().unwrap().is_some());
        let message = rows.next_row().unwrap_err().to_string();
        let start = "a.jsonl, line 2, record 2, byte 3: this record is longer than 1000 bytes";
        assert!(message.starts_with(start), "{message}");
        assert!(rows.next_row().unwrap().is_none());
    }
}
