//! Memory for a model's file: one piece, which may be more than there is.

use std::io;
use std::ops::{Deref, DerefMut};

use memmap2::{MmapMut, MmapOptions};

/// Bytes in memory of their own, zero at first.
///
/// The system sets up their pages when they are first written to, on whichever core that is: two threads that fill a half each are done in two
/// thirds of the time. (Large pages would be faster still, when there are some; to wait until the system has made room for them costs more
/// than they give.)
#[derive(Debug)]
pub struct Bytes(MmapMut);

impl Bytes {
    /// So many zeros.
    ///
    /// # Errors
    /// If there is not so much memory.
    pub fn zeroed(length: usize) -> io::Result<Self> {
        // A map cannot be empty.
        MmapOptions::new().len(length.max(1)).map_anon().map(Bytes)
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
