//! Ids as keyed hashes: equal ids stay equal, and nobody without the key can tell or try them.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a key: a block of SHA-256.
pub const KEY_BYTES: usize = 64;

/// What an id names; the same id of two kinds has two hashes.
#[derive(Debug, Clone, Copy)]
pub enum IdOf {
    Post,
    Event,
    User,
    Cursor,
    Tag,
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
