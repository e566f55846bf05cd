//! Answers given before: an equal request of the same caller is answered from memory.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use hashlink::LruCache;
use sha2::{Digest, Sha256};

/// How long an answer is kept. A forecast made of the same words never changes, but nobody's words
/// should stay in memory for long.
const KEPT_FOR: Duration = Duration::from_hours(1);
/// What keeping an answer takes beside it, in bytes.
const OVERHEAD: usize = 200;

/// What a request is known by: nothing of it can be read from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestDigest([u8; 32]);

impl RequestDigest {
    /// The digest of what a caller asks of an endpoint.
    pub fn of(caller: &str, endpoint: &str, body: &[u8]) -> Self {
        let mut digest = Sha256::new();
        for part in [caller.as_bytes(), endpoint.as_bytes(), body] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        RequestDigest(digest.finalize().into())
    }
}

/// Answers in memory; those not asked for longest make room.
pub struct Answers {
    most_bytes: usize,
    kept: Mutex<Kept>,
}

struct Kept {
    /// Least lately used first.
    answers: LruCache<RequestDigest, (Bytes, Instant)>,
    bytes: usize,
}

impl Answers {
    /// Keeps answers of at most so many bytes; of 0, none.
    pub fn new(most_bytes: usize) -> Self {
        Answers {
            most_bytes,
            kept: Mutex::new(Kept {
                answers: LruCache::new_unbounded(),
                bytes: 0,
            }),
        }
    }

    /// The answer that was given before, if it is still kept.
    pub fn get(&self, request: RequestDigest) -> Option<Bytes> {
        let mut kept = self.kept();
        let (answer, at) = kept.answers.get(&request)?;
        if at.elapsed() < KEPT_FOR {
            return Some(answer.clone());
        }
        kept.remove(request);
        None
    }

    /// Keeps an answer.
    pub fn keep(&self, request: RequestDigest, answer: Bytes) {
        let size = answer.len() + OVERHEAD;
        if size > self.most_bytes {
            return;
        }
        let mut kept = self.kept();
        kept.remove(request);
        kept.answers.insert(request, (answer, Instant::now()));
        kept.bytes += size;
        while kept.bytes > self.most_bytes
            && let Some((_, (oldest, _))) = kept.answers.remove_lru()
        {
            kept.bytes -= oldest.len() + OVERHEAD;
        }
    }

    /// How much is kept, in bytes.
    pub fn bytes(&self) -> usize {
        self.kept().bytes
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn remove(&mut self, request: RequestDigest) {
        if let Some((answer, _)) = self.answers.remove(&request) {
            self.bytes -= answer.len() + OVERHEAD;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: u8) -> RequestDigest {
        RequestDigest::of("ann", "/v1/score", &[n])
    }

    #[test]
    fn answers_are_kept_by_caller_and_endpoint_and_the_oldest_make_room() {
        let answer = Bytes::from(vec![7; 300]);
        let answers = Answers::new(1000);
        answers.keep(digest(1), answer.clone());
        answers.keep(digest(2), answer.clone());
        assert_eq!(answers.bytes(), 1000);
        assert!(answers.get(digest(1)).is_some());
        for other in [
            RequestDigest::of("ben", "/v1/score", &[1]),
            RequestDigest::of("ann", "/v1/explain", &[1]),
            RequestDigest::of("an", "n/v1/score", &[1]),
        ] {
            assert!(answers.get(other).is_none());
        }
        answers.keep(digest(3), answer.clone());
        let there = [1, 2, 3].map(|n| answers.get(digest(n)).is_some());
        assert_eq!(there, [true, false, true]);
        answers.keep(digest(3), answer);
        assert_eq!(answers.bytes(), 1000);
        answers.keep(digest(4), Bytes::from(vec![7; 900]));
        assert!(answers.get(digest(4)).is_none());
        let none = Answers::new(0);
        none.keep(digest(1), Bytes::new());
        assert_eq!((none.bytes(), none.get(digest(1))), (0, None));
    }
}
