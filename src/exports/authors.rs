//! Names of authors, replaced so that one author's comments stay together and nobody can be looked up.

use hmac::{Hmac, KeyInit, Mac};
use rand::RngCore;
use sha2::Sha256;

/// Replaces names by a keyed hash (HMAC-SHA256): without the key nobody can try names until one fits.
pub struct Authors {
    key: [u8; 32],
}

impl Authors {
    /// With a key drawn at random, which is never written anywhere: the same name has another hash in the next run.
    pub fn random() -> Self {
        let mut key = [0; 32];
        rand::rngs::OsRng.fill_bytes(&mut key);
        Authors { key }
    }

    /// With a secret of the user's, so that several imports give one author one hash.
    pub fn keyed(secret: &[u8]) -> Self {
        let mut key = [0; 32];
        key.copy_from_slice(&<Sha256 as sha2::Digest>::digest(secret));
        Authors { key }
    }

    /// The hash of a name, 16 hexadecimal digits; of no name nothing.
    pub fn replace(&self, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        let mut hash = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        hash.update(name.as_bytes());
        hash.finalize().into_bytes()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_hash_under_one_key_and_another_under_another() {
        let (a, b) = (Authors::keyed(b"secret"), Authors::keyed(b"other"));
        assert_eq!(a.replace("Zoë"), Authors::keyed(b"secret").replace("Zoë"));
        assert_ne!(a.replace("Zoë"), b.replace("Zoë"));
        assert_ne!(a.replace("Zoë"), a.replace("Zoe"));
        assert_ne!(Authors::random().replace("x"), Authors::random().replace("x"));
        assert_eq!((a.replace("x").len(), a.replace("")), (16, String::new()));
    }
}
