//! One cell of a raw row as text, whatever the format.

use std::borrow::Cow;

use serde_json::Value;

use super::record::{BadRow, Header, Raw};
use crate::error::Position;
use crate::labels::SEPARATOR;

/// A column that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name, the key in JSON lines.
    pub(super) name: String,
    /// Its place in the header of a CSV file; not used for JSON lines.
    pub(super) index: usize,
}

impl Column {
    /// The column of a name, if the header has it; of JSON lines, every one may.
    pub(super) fn find(header: &Header, name: &str) -> Option<Self> {
        let index = match header {
            Header::Columns(columns) => columns.iter().position(|column| column == name)?,
            Header::Json => 0,
        };
        Some(Column { name: name.to_owned(), index })
    }
}

/// Why a row cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The column to blame, if it is one.
    pub(super) column: Option<String>,
    /// What is wrong and what to do.
    pub(super) reason: String,
}

impl Fault {
    /// A fault of one column.
    pub(super) fn at(column: &Column, reason: impl Into<String>) -> Self {
        Fault { column: Some(column.name.clone()), reason: reason.into() }
    }

    /// The row with this fault, given where it starts and its bytes.
    pub(super) fn of_row(self, mut position: Position, raw: Vec<u8>) -> BadRow {
        position.column = self.column;
        BadRow { position, reason: self.reason, raw }
    }
}

/// The text of a cell; `None` if it is absent, null or blank.
pub(super) fn text<'a>(raw: &'a Raw, column: &Column) -> Result<Option<Cow<'a, str>>, Fault> {
    let text = match raw {
        Raw::Fields(fields) => fields.get(column.index).map(Cow::Borrowed),
        Raw::Json(object) => match object.get(&column.name) {
            None => None,
            Some(value) => json_text(value, column)?,
        },
    };
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// A label cell, without white space around it; `None` is not labelled.
///
/// In JSON lines it may be an array of labels, which is joined as in CSV; an empty one is labelled, none applies.
pub(super) fn label(raw: &Raw, column: &Column) -> Result<Option<String>, Fault> {
    if let Raw::Json(object) = raw
        && let Some(Value::Array(labels)) = object.get(&column.name)
    {
        return joined_labels(labels, column).map(Some);
    }
    let cell = text(raw, column)?;
    Ok(cell.map(|cell| cell.trim().to_owned()))
}

fn json_text<'a>(value: &'a Value, column: &Column) -> Result<Option<Cow<'a, str>>, Fault> {
    let found = match value {
        Value::Null => return Ok(None),
        // Readers of CSV choke on it, and no text needs it.
        Value::String(text) if text.contains('\0') => {
            return Err(Fault::at(column, "a NUL character, which no text needs: remove it"));
        }
        Value::String(text) => return Ok(Some(Cow::Borrowed(text))),
        Value::Number(number) => return Ok(Some(Cow::Owned(number.to_string()))),
        Value::Bool(truth) => {
            return Ok(Some(Cow::Borrowed(if *truth { "true" } else { "false" })));
        }
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    Err(Fault::at(column, format!("{found} where text is expected: make it a string")))
}

fn joined_labels(labels: &[Value], column: &Column) -> Result<String, Fault> {
    let mut cell = String::new();
    for label in labels {
        let Some(label) = label.as_str() else {
            return Err(Fault::at(column, "an array of labels may hold strings only"));
        };
        let label = label.trim();
        if label.is_empty() || label.contains([SEPARATOR, '\0']) {
            return Err(Fault::at(column, "a label in an array may not be blank nor hold `|` or NUL"));
        }
        if !cell.is_empty() {
            cell.push(SEPARATOR);
        }
        cell.push_str(label);
    }
    if cell.is_empty() {
        cell.push(SEPARATOR);
    }
    Ok(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(line: &str) -> Raw {
        Raw::Json(serde_json::from_str(line).unwrap())
    }

    fn column(name: &str) -> Column {
        Column { name: name.to_owned(), index: 0 }
    }

    #[test]
    fn values_of_json_become_their_text() {
        let raw = json(r#"{"s":"é ","i":-7,"f":0.5,"b":false,"n":null,"w":" \t"}"#);
        let text = |name: &str| text(&raw, &column(name)).unwrap().map(Cow::into_owned);
        assert_eq!(text("s").unwrap(), "é ");
        assert_eq!(text("i").unwrap(), "-7");
        assert_eq!(text("f").unwrap(), "0.5");
        assert_eq!(text("b").unwrap(), "false");
        assert_eq!(text("n"), None);
        assert_eq!(text("w"), None);
        assert_eq!(text("absent"), None);
    }

    #[test]
    fn arrays_and_objects_are_no_text() {
        let raw = json(r#"{"a":["secret"],"o":{"secret":1},"z":"secret\u0000"}"#);
        let fault = |name: &str| {
            let fault = text(&raw, &column(name)).unwrap_err();
            assert_eq!(fault.column.as_deref(), Some(name));
            fault.reason
        };
        assert_eq!(fault("a"), "an array where text is expected: make it a string");
        assert_eq!(fault("o"), "an object where text is expected: make it a string");
        assert_eq!(fault("z"), "a NUL character, which no text needs: remove it");
    }

    #[test]
    fn an_array_of_labels_is_joined_as_in_csv() {
        let raw = json(r#"{"a":["joy"," Ärger"],"e":[],"s":" joy ","n":null,"x":["a",1],"y":["a|b"],"z":[""]}"#);
        let label = |name: &str| label(&raw, &column(name));
        assert_eq!(label("a").unwrap().unwrap(), "joy|Ärger");
        assert_eq!(label("e").unwrap().unwrap(), "|");
        assert_eq!(label("s").unwrap().unwrap(), "joy");
        assert_eq!(label("n").unwrap(), None);
        assert_eq!(label("x").unwrap_err().reason, "an array of labels may hold strings only");
        let reserved = "a label in an array may not be blank nor hold `|` or NUL";
        assert_eq!(label("y").unwrap_err().reason, reserved);
        assert_eq!(label("z").unwrap_err().reason, reserved);
    }

    #[test]
    fn a_blank_cell_of_csv_is_absent_and_a_bar_is_not() {
        let raw = Raw::Fields(vec![" ", "|"].into());
        let at = |index| Column { name: "tone".into(), index };
        assert_eq!(label(&raw, &at(0)).unwrap(), None);
        assert_eq!(label(&raw, &at(1)).unwrap().unwrap(), "|");
    }
}
