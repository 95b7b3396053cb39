//! Memory for a model's weights: one piece, of large pages where the system has them.

use std::io;
use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

/// Bytes in memory of their own, zero at first.
///
/// A model's weights are read in no order and are megabytes: of pages of four kilobytes each has to be set up and found again by itself, which
/// took a fifth of the time of scoring one comment.
#[derive(Debug)]
pub struct Bytes(MmapMut);

impl Bytes {
    /// So many zeros.
    ///
    /// # Errors
    /// If there is not so much memory.
    pub fn zeroed(length: usize) -> io::Result<Self> {
        // A map cannot be empty.
        let map = MmapMut::map_anon(length.max(1))?;
        // A wish: without large pages everything is as it was.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Ok(Bytes(map))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Bytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_zero_until_written() {
        let mut bytes = Bytes::zeroed(3 << 20).unwrap();
        assert!(bytes.len() == 3 << 20 && bytes.iter().all(|&b| b == 0));
        bytes[1 << 20] = 7;
        assert_eq!(bytes.iter().filter(|&&b| b != 0).count(), 1);
        assert!(Bytes::zeroed(0).is_ok());
        assert!(Bytes::zeroed(usize::MAX).is_err());
    }
}
