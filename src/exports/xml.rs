//! XML, element by element, with bounded memory.

use std::io::BufReader;

use quick_xml::events::{BytesStart, Event};

use super::{MAX_TEXT, too_long};
use crate::error::{Error, Position, Result};
use crate::input::Text;

/// Elements inside each other, at most; exports have less than ten.
const MAX_DEPTH: usize = 256;

/// A beginning or an end of an element.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An element begins: its attribute `dsq:id`, if it has one.
    Begin(Option<String>),
    /// An element ends: the text that stood directly in it.
    End(String),
}

/// Goes through a document.
pub(super) struct Xml {
    reader: quick_xml::Reader<BufReader<Text>>,
    buffer: Vec<u8>,
    path: String,
    /// Name of the outermost element, and whether it was met.
    root: &'static str,
    has_begun: bool,
    /// Names of the open elements, and the text so far of each.
    open: Vec<(String, String)>,
    records: u64,
}

impl Xml {
    /// A document whose outermost element must be `root`.
    pub(super) fn new(text: Text, path: &str, root: &'static str) -> Self {
        let mut reader = quick_xml::Reader::from_reader(BufReader::with_capacity(1 << 16, text));
        reader.config_mut().expand_empty_elements = true;
        Xml { reader, buffer: Vec::new(), path: path.to_owned(), root, has_begun: false, open: Vec::new(), records: 0 }
    }

    /// Names of the elements that are open, the outermost first; of an end that was just met, its own is the last.
    pub(super) fn is_at(&self, path: &[&str]) -> bool {
        self.open.len() >= path.len()
            && self.open[self.open.len() - path.len()..].iter().zip(path).all(|((name, _), wanted)| name == wanted)
    }

    /// Counts a record for positions.
    pub(super) fn count_record(&mut self) {
        self.records += 1;
    }

    /// Where reading stands.
    pub(super) fn position(&self) -> Position {
        let mut position = Position::file(self.path.clone());
        position.byte = Some(self.reader.buffer_position());
        position.record = Some(self.records + 1);
        position
    }

    /// The next step, after which [`Xml::is_at`] tells where; `close` must follow each end. `None` at the end of the document.
    pub(super) fn next(&mut self) -> Result<Option<Step>> {
        loop {
            self.buffer.clear();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(quick_xml::Error::Io(error)) => {
                    let error = std::io::Error::new(error.kind(), error.to_string());
                    return Err(Error::io("read", &self.path, error));
                }
                Err(error) => return Err(self.malformed(&error.to_string())),
            };
            let piece: String = match event {
                Event::Start(start) => {
                    let (name, id) = (name(&start), id(&start));
                    if !self.has_begun && name != self.root {
                        let what = format!(
                            "the outermost element is <{name}>, not <{}>: is it another system's file?",
                            self.root
                        );
                        return Err(Error::input(self.position(), what));
                    }
                    self.has_begun = true;
                    if self.open.len() == MAX_DEPTH {
                        return Err(self.malformed("elements stand inside each other too deeply"));
                    }
                    self.open.push((name, String::new()));
                    return Ok(Some(Step::Begin(id)));
                }
                Event::End(_) => {
                    let text = self.open.last_mut().map(|(_, text)| std::mem::take(text));
                    return Ok(Some(Step::End(text.unwrap_or_default())));
                }
                // A text node comes in pieces, cut at each entity.
                Event::Text(text) => text.to_string(),
                Event::CData(text) => text.to_string(),
                Event::GeneralRef(entity) => {
                    let name = entity.to_string();
                    match entity.resolve_char_ref() {
                        Ok(Some(c)) => c.to_string(),
                        _ => match name.as_str() {
                            "amp" => "&".into(),
                            "lt" => "<".into(),
                            "gt" => ">".into(),
                            "quot" => "\"".into(),
                            "apos" => "'".into(),
                            // Never expanded by what the document declares; HTML's own are resolved with the text.
                            _ => format!("&{name};"),
                        },
                    }
                }
                Event::Eof if !self.has_begun => {
                    return Err(self.malformed(&format!("there is no element <{}>", self.root)));
                }
                Event::Eof if self.open.is_empty() => return Ok(None),
                Event::Eof => {
                    let open = self.open.last().map(|(name, _)| name.clone()).unwrap_or_default();
                    return Err(self.malformed(&format!("the file ends inside <{open}>: it is cut short")));
                }
                _ => continue,
            };
            let position = self.position();
            if let Some((_, text)) = self.open.last_mut() {
                if text.len() + piece.len() > MAX_TEXT {
                    return Err(too_long(position));
                }
                text.push_str(&piece);
            }
        }
    }

    /// Leaves the element whose end was met.
    pub(super) fn close(&mut self) {
        self.open.pop();
    }

    fn malformed(&self, what: &str) -> Error {
        Error::input(self.position(), format!("this is not well-formed XML: {what}"))
    }
}

fn name(start: &BytesStart) -> String {
    start.name().as_ref().to_owned()
}

fn id(start: &BytesStart) -> Option<String> {
    let attribute = start.attributes().with_checks(false).flatten().find(|a| a.key.as_ref() == "dsq:id")?;
    Some(attribute.value.into_owned())
}
