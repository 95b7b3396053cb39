//! What the `csv` crate does not tell: the bytes of a record, and whether its quotes were closed.

use std::io::{self, Read};

/// Stands after the last byte of the text: ends the last line and opens one more record.
///
/// If all quotes are closed, that record is read as one that starts behind the end of the text. If not, the
/// open field swallows it, and the last record reaches beyond the line end. Either way the position alone
/// tells, so what the marker says does not matter.
pub(super) const MARKER: &[u8] = b"\n.\n";

/// A reader that keeps the bytes of the record being read, bounds their number and marks the end of the text.
pub(super) struct Window<R> {
    inner: R,
    /// Bytes handed out and not yet forgotten.
    held: Vec<u8>,
    /// Offset of `held[0]` in the text.
    start: u64,
    /// Offset of the first byte that is still wanted; those before it go at the next read, so that a buffer
    /// full of short records is moved once and not once a record.
    wanted: u64,
    limit: usize,
    /// Length of the text, once it is known.
    end: Option<u64>,
    marker: &'static [u8],
    overflowed: bool,
}

impl<R: Read> Window<R> {
    /// Reads from `inner`; fails as soon as more than `limit` bytes are wanted at once.
    pub(super) fn new(inner: R, limit: usize) -> Self {
        Window { inner, held: Vec::new(), start: 0, wanted: 0, limit, end: None, marker: MARKER, overflowed: false }
    }

    /// Lets go of the bytes before an offset.
    pub(super) fn forget_before(&mut self, offset: u64) {
        self.wanted = offset;
    }

    /// The bytes from one offset to another, as far as they belong to the text and were not forgotten.
    pub(super) fn slice(&self, from: u64, to: u64) -> &[u8] {
        let place = |offset: u64| {
            let distance = offset.saturating_sub(self.start);
            usize::try_from(distance).map_or(self.held.len(), |d| d.min(self.held.len()))
        };
        let (from, to) = (place(from), place(to));
        &self.held[from..to.max(from)]
    }

    /// Whether an offset lies behind the text, where only the marker is.
    pub(super) fn is_behind_the_end(&self, offset: u64) -> bool {
        self.end.is_some_and(|end| offset >= end)
    }

    /// Whether a record that ends at this offset swallowed the marker. A last line without a line end borrows
    /// the marker's first byte; whatever reaches further was never closed.
    pub(super) fn is_marker_swallowed(&self, record_end: u64) -> bool {
        self.end.is_some_and(|end| record_end > end + 1)
    }

    /// Whether reading stopped because of the limit.
    pub(super) fn overflowed(&self) -> bool {
        self.overflowed
    }
}

impl<R: Read> Read for Window<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.end.is_none() {
            let unwanted = self.wanted.saturating_sub(self.start);
            let unwanted = usize::try_from(unwanted).map_or(self.held.len(), |n| n.min(self.held.len()));
            self.held.drain(..unwanted);
            self.start += unwanted as u64;
            if self.held.len() > self.limit {
                self.overflowed = true;
                return Err(io::Error::other("a record is too long"));
            }
            let count = loop {
                match self.inner.read(out) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            if count > 0 {
                self.held.extend_from_slice(&out[..count]);
                return Ok(count);
            }
            self.end = Some(self.start + self.held.len() as u64);
        }
        self.marker.read(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_followed_by_the_marker() {
        let mut window = Window::new(&b"ab"[..], 100);
        let mut text = Vec::new();
        window.read_to_end(&mut text).unwrap();
        assert_eq!(text, b"ab\n.\n");
        assert_eq!(window.slice(1, 5), b"b");
        assert!(!window.is_behind_the_end(1));
        assert!(window.is_behind_the_end(2));
        assert!(!window.is_marker_swallowed(3));
        assert!(window.is_marker_swallowed(4));
    }

    #[test]
    fn only_wanted_bytes_are_held() {
        let text = vec![b'x'; 1000];
        let mut window = Window::new(&text[..], 60);
        let mut chunk = [0; 50];
        for i in 1..=20 {
            assert_eq!(window.read(&mut chunk).unwrap(), 50);
            window.forget_before(i * 50 - 10);
            assert!(window.held.len() <= 60);
        }
        assert_eq!(window.slice(990, 1000), [b'x'; 10]);
        assert_eq!(window.slice(0, 5), b"");
        assert_eq!(window.slice(9, 2), b"");
    }

    #[test]
    fn stops_handing_out_bytes_beyond_the_limit() {
        let mut window = Window::new(io::repeat(b'x'), 60);
        let mut chunk = [0; 50];
        window.read_exact(&mut chunk).unwrap();
        window.read_exact(&mut chunk).unwrap();
        assert!(!window.overflowed());
        assert!(window.read(&mut chunk).is_err());
        assert!(window.overflowed());
    }
}
