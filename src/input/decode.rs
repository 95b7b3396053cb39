//! From the bytes of a file to UTF-8 text: decompression, byte order marks, encodings.
//!
//! UTF-8 passes through unchecked, so that one bad row does not stop a file: the row readers check each record.
//! Text in any other encoding is decoded strictly: a malformed sequence is an error, never replaced.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use crate::error::{Error, Position, Result};

/// Bytes on their way to a row reader.
pub type Text = Box<dyn Read + Send>;

/// An opened file.
pub(super) struct Source {
    /// Its text, without byte order mark.
    pub(super) text: Text,
    /// Bytes read from it so far, before decompression.
    pub(super) bytes_read: Arc<AtomicU64>,
    /// Its size on disk; `None` for pipes, which cannot be opened twice either.
    pub(super) size: Option<u64>,
}

/// Opens a file, or standard input for `-`, decompresses and decodes it.
pub(super) fn open(path: &Path, encoding: Option<&'static Encoding>) -> Result<Source> {
    let failed = |error| Error::io("read", path, error);
    let (file, size): (Text, _) = if path == Path::new("-") {
        (Box::new(io::stdin()), None)
    } else {
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        (Box::new(file), metadata.is_file().then_some(metadata.len()))
    };
    Ok(Source { size, ..read(file, path, encoding)? })
}

/// The same for bytes that come from elsewhere; `path` is what messages call them.
pub(super) fn read(bytes: Text, path: &Path, encoding: Option<&'static Encoding>) -> Result<Source> {
    let bytes_read = Arc::new(AtomicU64::new(0));
    let counted = Counted { inner: bytes, count: Arc::clone(&bytes_read) };
    let text = decompressed(Box::new(counted), Arc::clone(&bytes_read))
        .and_then(|text| decoded(text, encoding))
        .map_err(|error| Error::io("read", path, error))?;
    Ok(Source { text, bytes_read, size: None })
}

/// The encoding with this label of the Encoding Standard, in any case.
///
/// # Errors
/// [`Error::Config`] if there is none.
pub(super) fn encoding(label: &str) -> Result<&'static Encoding> {
    // The standard maps a few dangerous encodings to one that decodes nothing.
    Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
        Error::Config(format!(
            "there is no encoding `{label}`. Give a name of the WHATWG Encoding Standard, such as utf-8, \
             utf-16le, windows-1252, iso-8859-15, shift_jis or gb18030"
        ))
    })
}

/// A failed read as the library's error: malformed text is the file's fault, not the system's.
pub(super) fn read_error(path: &str, error: io::Error) -> Error {
    match error.get_ref().and_then(|e| e.downcast_ref::<Malformed>()) {
        Some(malformed) => Error::input(Position::file(path), malformed.to_string()),
        None => Error::io("read", path, error),
    }
}

/// Undoes gzip and zstd, told by their magic numbers: no text starts with either, names can be wrong, and
/// standard input has none.
///
/// `bytes_read` counts compressed bytes: what grows beyond all measure is refused.
fn decompressed(mut bytes: Text, bytes_read: Arc<AtomicU64>) -> io::Result<Text> {
    let start = peek(&mut bytes, 4)?;
    let bytes = Cursor::new(start.clone()).chain(bytes);
    Ok(match start[..] {
        [0x1F, 0x8B, ..] => Box::new(Inflated::new(flate2::read::MultiGzDecoder::new(bytes), bytes_read)),
        [0x28, 0xB5, 0x2F, 0xFD] => {
            let mut decoder = zstd::stream::read::Decoder::new(bytes)?;
            // Dumps of Reddit need it.
            decoder.window_log_max(31)?;
            Box::new(Inflated::new(decoder, bytes_read))
        }
        _ => Box::new(bytes),
    })
}

/// Bytes that any compressed file may grow to.
const FREE: u64 = 1 << 30;
/// Beyond that it may grow to so many times its size: repetitive tables reach a hundred.
const MAX_RATIO: u64 = 1000;

/// Decompressed text, as long as its size is plausible.
struct Inflated<R> {
    inner: R,
    compressed: Arc<AtomicU64>,
    given: u64,
    free: u64,
}

impl<R> Inflated<R> {
    fn new(inner: R, compressed: Arc<AtomicU64>) -> Self {
        Inflated { inner, compressed, given: 0, free: FREE }
    }
}

impl<R: Read> Read for Inflated<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.given += count as u64;
        if self.given > self.free && self.given / MAX_RATIO > self.compressed.load(Ordering::Relaxed) {
            let reason = format!(
                "it grows to more than {MAX_RATIO} times its compressed size, as no table of comments does: if it is one, \
                 decompress it first"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(count)
    }
}

/// Turns text into UTF-8. A byte order mark outweighs the encoding asked for, and is removed.
fn decoded(mut bytes: Text, asked: Option<&'static Encoding>) -> io::Result<Text> {
    let mut start = peek(&mut bytes, 3)?;
    let mut mark_length = 0;
    let mut encoding = asked.unwrap_or(UTF_8);
    if let Some((marked, length)) = Encoding::for_bom(&start) {
        encoding = marked;
        mark_length = length;
    }
    start.drain(..mark_length);
    let bytes = Cursor::new(start).chain(bytes);
    if encoding == UTF_8 {
        return Ok(Box::new(bytes));
    }
    Ok(Box::new(Transcoder {
        inner: bytes,
        encoding,
        decoder: encoding.new_decoder_without_bom_handling(),
        input: vec![0; CHUNK],
        unread: 0..0,
        output: vec![0; CHUNK],
        ready: 0..0,
        offset: mark_length as u64,
        state: State::Reading,
    }))
}

fn peek(reader: &mut impl Read, count: u64) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    reader.take(count).read_to_end(&mut start)?;
    Ok(start)
}

/// Counts what is read, for progress.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A sequence of bytes that the encoding does not have.
#[derive(Debug, thiserror::Error)]
#[error(
    "the file is not {encoding} at byte {offset}, counted before decoding: name its encoding with \
     `--encoding`, or repair it"
)]
struct Malformed {
    encoding: &'static str,
    /// In the file, after decompression.
    offset: u64,
}

const CHUNK: usize = 32 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// The file is read to its end; the decoder may still hold a part of a character.
    AtEnd,
    Finished,
    /// The text stops at this offset of the file.
    Malformed(u64),
}

/// Decodes without replacing: `encoding_rs_io` would put U+FFFD for what is malformed, and not say so.
struct Transcoder<R> {
    inner: R,
    encoding: &'static Encoding,
    decoder: Decoder,
    input: Vec<u8>,
    /// The part of `input` that the decoder has not seen.
    unread: std::ops::Range<usize>,
    output: Vec<u8>,
    /// The part of `output` that is still to be handed out.
    ready: std::ops::Range<usize>,
    /// Bytes of the file that the decoder has seen.
    offset: u64,
    state: State,
}

impl<R: Read> Transcoder<R> {
    /// Decodes until there is output or nothing left to decode.
    fn fill(&mut self) -> io::Result<()> {
        while self.ready.is_empty() && matches!(self.state, State::Reading | State::AtEnd) {
            if self.unread.is_empty() && self.state == State::Reading {
                let count = self.inner.read(&mut self.input)?;
                self.unread = 0..count;
                if count == 0 {
                    self.state = State::AtEnd;
                }
            }
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
                &self.input[self.unread.clone()],
                &mut self.output,
                self.state == State::AtEnd,
            );
            self.unread.start += read;
            self.offset += read as u64;
            self.ready = 0..written;
            match result {
                DecoderResult::Malformed(length, behind) => {
                    let back = u64::from(length) + u64::from(behind);
                    self.state = State::Malformed(self.offset.saturating_sub(back));
                }
                DecoderResult::InputEmpty if self.state == State::AtEnd => {
                    self.state = State::Finished;
                }
                DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        if let (State::Malformed(offset), true) = (self.state, self.ready.is_empty()) {
            let encoding = self.encoding.name();
            return Err(io::Error::new(io::ErrorKind::InvalidData, Malformed { encoding, offset }));
        }
        let count = (&self.output[self.ready.clone()]).read(out)?;
        self.ready.start += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Hands out one byte at a time, so that every character is cut everywhere.
    struct Drip(Cursor<Vec<u8>>);

    impl Read for Drip {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = out.len().min(1);
            self.0.read(&mut out[..count])
        }
    }

    fn read(bytes: &[u8], label: Option<&str>) -> std::result::Result<Vec<u8>, String> {
        let asked = label.map(|label| encoding(label).unwrap());
        let read = |bytes: Text| {
            let mut text = Vec::new();
            decompressed(bytes, Arc::default())
                .and_then(|bytes| decoded(bytes, asked))
                .and_then(|mut bytes| bytes.read_to_end(&mut text))
                .map(|_| text)
                .map_err(|error| read_error("a.csv", error).to_string())
        };
        let whole = read(Box::new(Cursor::new(bytes.to_vec())));
        let drip = read(Box::new(Drip(Cursor::new(bytes.to_vec()))));
        assert_eq!(whole, drip);
        whole
    }

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn what_grows_beyond_measure_is_refused() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b'a'; 4 << 20]).unwrap();
        let bomb = encoder.finish().unwrap();
        let inflate = |free| {
            let compressed = Arc::new(AtomicU64::new(0));
            let counted = Counted { inner: Cursor::new(bomb.clone()), count: Arc::clone(&compressed) };
            let decoder = flate2::read::MultiGzDecoder::new(counted);
            let mut text = Vec::new();
            Inflated { free, ..Inflated::new(decoder, compressed) }.read_to_end(&mut text).map_err(|e| e.to_string())
        };
        assert_eq!(inflate(FREE), Ok(4 << 20));
        assert!(inflate(1 << 20).unwrap_err().starts_with("it grows to more than 1000 times its compressed size"));
    }

    #[test]
    fn utf_8_passes_through_without_its_mark_even_if_invalid() {
        assert_eq!(read(b"\xEF\xBB\xBFa\xFFb", None).unwrap(), b"a\xFFb");
        assert_eq!(read("ä\u{FEFF}".as_bytes(), None).unwrap(), "ä\u{FEFF}".as_bytes());
        assert_eq!(read(b"", None).unwrap(), b"");
        assert_eq!(read(b"a", Some("UTF8")).unwrap(), b"a");
    }

    #[test]
    fn utf_16_is_told_by_its_mark() {
        let text = "größe,\"😀\"\r\n";
        let marked = format!("\u{FEFF}{text}");
        for bytes in [utf16(&marked, u16::to_le_bytes), utf16(&marked, u16::to_be_bytes)] {
            assert_eq!(read(&bytes, None).unwrap(), text.as_bytes());
            assert_eq!(read(&bytes, Some("windows-1252")).unwrap(), text.as_bytes());
        }
        let unmarked = utf16(text, u16::to_be_bytes);
        assert_eq!(read(&unmarked, Some("utf-16be")).unwrap(), text.as_bytes());
    }

    #[test]
    fn other_encodings_are_decoded_on_demand() {
        assert_eq!(read(b"caf\xE9", Some("latin1")).unwrap(), "café".as_bytes());
        assert_eq!(read(b"\x93\xFA\x96\x7B", Some("shift_jis")).unwrap(), "日本".as_bytes());
    }

    #[test]
    fn a_long_text_is_decoded_across_chunks() {
        let text = "aß😀\n".repeat(50_000);
        let bytes = utf16(&format!("\u{FEFF}{text}"), u16::to_le_bytes);
        assert_eq!(read(&bytes, None).unwrap(), text.as_bytes());
    }

    #[test]
    fn malformed_text_is_an_error_with_its_byte_and_never_replaced() {
        // A lone high surrogate after the mark and two letters.
        let mut bytes = utf16("\u{FEFF}ab", u16::to_le_bytes);
        bytes.extend([0x3D, 0xD8]);
        bytes.extend(utf16("cd", u16::to_le_bytes));
        assert_eq!(
            read(&bytes, None).unwrap_err(),
            "a.csv: the file is not UTF-16LE at byte 6, counted before decoding: name its encoding with \
             `--encoding`, or repair it"
        );
        let cut = &utf16("\u{FEFF}ab", u16::to_le_bytes)[..5];
        assert!(read(cut, None).unwrap_err().contains("UTF-16LE at byte 4,"));
        let shift_jis = b"ok\n\x93\xFA\x81\x20";
        assert!(read(shift_jis, Some("shift_jis")).unwrap_err().contains("Shift_JIS at byte 5,"));
    }

    #[test]
    fn text_before_a_malformed_sequence_is_handed_out() {
        let mut text = decoded(Box::new(&b"ok\n\x81\x20"[..]), Some(encoding_rs::SHIFT_JIS)).unwrap();
        let mut out = [0; 10];
        assert_eq!(text.read(&mut out).unwrap(), 3);
        assert!(text.read(&mut out).is_err());
        assert!(text.read(&mut out).is_err(), "the error stays");
    }

    #[test]
    fn gzip_and_zstd_are_told_by_their_magic_number() {
        let text = "comment\nä\n".as_bytes();
        let mut two_members = gzip(b"comment\n");
        two_members.extend(gzip("ä\n".as_bytes()));
        assert_eq!(read(&gzip(text), None).unwrap(), text);
        assert_eq!(read(&two_members, None).unwrap(), text);
        assert_eq!(read(&zstd::encode_all(text, 1).unwrap(), None).unwrap(), text);
        let utf16 = gzip(&utf16("\u{FEFF}ä", u16::to_le_bytes));
        assert_eq!(read(&utf16, None).unwrap(), "ä".as_bytes());
    }

    #[test]
    fn a_compressed_file_that_is_cut_short_is_an_error() {
        let text = "comment\n".repeat(1000);
        let gzip = gzip(text.as_bytes());
        let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
        for bytes in [&gzip[..gzip.len() - 9], &zstd[..zstd.len() - 3]] {
            let message = read(bytes, None).unwrap_err();
            assert!(message.starts_with("cannot read a.csv: "), "{message}");
        }
    }

    #[test]
    fn an_unknown_encoding_is_a_setting_to_correct() {
        let error = encoding("utf-9").unwrap_err();
        assert!(matches!(error, Error::Config(_)));
        assert!(error.to_string().starts_with("there is no encoding `utf-9`. Give a name"));
        assert!(encoding("iso-2022-kr").is_err());
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = open(Path::new("no/such.csv"), None).err().unwrap().to_string();
        assert!(error.starts_with("cannot read no/such.csv: "), "{error}");
    }
}
