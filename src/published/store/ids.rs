//! Ids as keyed hashes: equal ids stay equal, and nobody without the key can tell or try them.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a key: a block of SHA-256.
pub const KEY_BYTES: usize = 64;

/// The kinds of things that are hashed; the same id of two kinds has two hashes.
#[derive(Debug, Clone, Copy)]
pub enum IdOf {
    /// A post, by the id of its platform.
    Post,
    /// An event, by the id of its platform.
    Event,
    /// An account, by the id of its platform.
    User,
    /// A cursor, which is sealed by its hash.
    Cursor,
    /// An answer, whose ETag is made of its hash.
    Tag,
    /// A request that is made once, by its caller and its name.
    Request,
    /// What such a request asks for.
    Asked,
}

/// The store's secret: made once, kept in the store, never sent.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl Key {
    /// The key with these bytes.
    pub fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        Key(Hmac::new(bytes.into()))
    }

    /// The first 16 bytes of HMAC-SHA-256 of the kind and the id.
    pub fn hash(&self, of: IdOf, id: &str) -> u128 {
        let mut mac = self.0.clone();
        mac.update(&[of as u8]);
        mac.update(id.as_bytes());
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let (first, _) = digest.split_at(16);
        first.iter().fold(0, |hash, &b| hash << 8 | u128::from(b))
    }
}

/// A hash as it is shown, and written to files: 32 hexadecimal digits.
pub fn hex(hash: u128) -> String {
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new(&std::array::from_fn(|i| i as u8))
    }

    /// By Python's `hmac`. Files are full of them, so they can't change.
    #[test]
    fn hashes_are_the_first_half_of_a_keyed_sha_256() {
        for (of, hash) in [
            (IdOf::Post, 0xb547303e3652fc9215c5ed1845c54679),
            (IdOf::Event, 0xc630e8c370433ca8c4ce9826d17b6d8b),
            (IdOf::User, 0xb44d5364b436c5181e3e3c09526c3ac6),
            (IdOf::Cursor, 0x7d5dacc83e2be247ad1f0043a303548f),
            (IdOf::Tag, 0x42c22dd0b7c9aaedebb67c7ddec2d654),
        ] {
            assert_eq!(key().hash(of, "p1"), hash, "{of:?}");
        }
    }

    #[test]
    fn another_key_makes_another_hash_of_the_same_id() {
        let other = Key::new(&[1; KEY_BYTES]);
        assert_ne!(key().hash(IdOf::Post, "p1"), other.hash(IdOf::Post, "p1"));
        assert_ne!(key().hash(IdOf::Post, "p1"), key().hash(IdOf::Post, "p2"));
    }
}
