//! Rows as they come out of a file: good ones, bad ones, and the header over them.

use super::example::Example;
use crate::error::{Error, Position};

/// A row as it came, so that it can pass through untouched.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// The fields of a CSV record: as many as the header has.
    Fields(::csv::StringRecord),
    /// A JSON object, its keys in the order of the line.
    Json(serde_json::Map<String, serde_json::Value>),
}

impl Raw {
    /// The row as bytes of a file: CSV with commas, or a line of JSON; without a line end.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Raw::Fields(fields) => joined(fields.as_byte_record()),
            Raw::Json(object) => serde_json::to_vec(object).expect("an object with string keys can be written"),
        }
    }
}

/// A usable row.
#[derive(Debug, Clone)]
pub struct Record {
    /// Where the row starts.
    pub position: Position,
    /// What it says.
    pub example: Example,
    /// How it came.
    pub raw: Raw,
}

/// A row that cannot be used, with everything needed to report it and to keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Where the row starts, and the column if one is to blame.
    pub position: Position,
    /// What is wrong and what to do; without the text of any cell.
    pub reason: String,
    /// The row, so that nothing is lost: its fields joined as CSV with commas, whatever the delimiter of the
    /// file, or the line of JSON; without a line end. Bytes that are no UTF-8 are kept.
    pub raw: Vec<u8>,
}

impl BadRow {
    /// The row as an error, for a run that stops at the first.
    pub fn into_error(self) -> Error {
        Error::input(self.position, self.reason)
    }
}

/// What one step of reading gives.
#[derive(Debug, Clone)]
pub enum Row {
    /// A row to work with.
    Good(Box<Record>),
    /// A row to report; reading can go on after it.
    Bad(BadRow),
}

/// What a file says about its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// CSV: the names of all columns, in order, no two the same.
    Columns(Vec<String>),
    /// JSON lines: every line names its own.
    Json,
}

/// A value of JSON as a cell: text as it is, nothing for null, anything else as JSON.
pub(crate) fn json_cell(value: Option<&serde_json::Value>) -> String {
    match value {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Fields as one line of CSV, without a line end. Quoting makes it whole, whatever the fields hold.
pub(super) fn joined(fields: &::csv::ByteRecord) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_byte_record(fields).expect("writing to memory does not fail");
    let mut line = writer.into_inner().expect("writing to memory does not fail");
    line.pop();
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_joined_so_that_they_can_be_read_again() {
        let raw = Raw::Fields(vec!["1", "a \"b\", c\nd", "ä"].into());
        assert_eq!(raw.to_bytes(), "1,\"a \"\"b\"\", c\nd\",ä".as_bytes().to_vec());
        let invalid = ::csv::ByteRecord::from(vec![&b"a\xFF"[..], b""]);
        assert_eq!(joined(&invalid), b"a\xFF,");
    }

    #[test]
    fn keys_of_an_object_keep_their_order() {
        let line = r#"{"z":1,"a":"é","m":[true,null]}"#;
        let raw = Raw::Json(serde_json::from_str(line).unwrap());
        assert_eq!(raw.to_bytes(), line.as_bytes());
    }

    #[test]
    fn a_bad_row_turns_into_an_error_with_its_position() {
        let row = BadRow {
            position: Position { line: Some(3), ..Position::file("a.csv") },
            reason: "no good".into(),
            raw: b"x".to_vec(),
        };
        assert_eq!(row.into_error().to_string(), "a.csv, line 3: no good");
    }
}
