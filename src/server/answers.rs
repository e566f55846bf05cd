//! Answers given before: an equal request of the same caller is answered from memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// As it is sent.
    pub json: Bytes,
    /// `name@version` of the bundle that made it.
    pub bundle: Arc<str>,
}

/// An answer that isn't kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    request: RequestDigest,
    generation: u64,
}

/// Answers in memory; those not asked for longest make room.
pub struct Answers {
    most_bytes: usize,
    kept: Mutex<Kept>,
}

struct Kept {
    /// Raised whenever all are forgotten.
    generation: u64,
    /// Least lately used first.
    answers: LruCache<RequestDigest, (Answer, Instant)>,
    bytes: usize,
}

impl Answers {
    /// Keeps answers of at most so many bytes; of 0, none.
    pub fn new(most_bytes: usize) -> Self {
        Answers {
            most_bytes,
            kept: Mutex::new(Kept {
                generation: 0,
                answers: LruCache::new_unbounded(),
                bytes: 0,
            }),
        }
    }

    /// The answer that was given before, if it is still kept; else what it can be kept with.
    pub fn get(&self, request: RequestDigest) -> Result<Answer, Missing> {
        let mut kept = self.kept();
        let missing = Missing {
            request,
            generation: kept.generation,
        };
        let (answer, at) = kept.answers.get(&request).ok_or(missing)?;
        if at.elapsed() < KEPT_FOR {
            return Ok(answer.clone());
        }
        kept.remove(request);
        Err(missing)
    }

    /// Keeps an answer, unless all were forgotten since it was missing.
    pub fn keep(&self, missing: Missing, answer: Answer) {
        let size = answer.json.len() + OVERHEAD;
        let mut kept = self.kept();
        if size > self.most_bytes || missing.generation != kept.generation {
            return;
        }
        kept.remove(missing.request);
        kept.answers
            .insert(missing.request, (answer, Instant::now()));
        kept.bytes += size;
        while kept.bytes > self.most_bytes
            && let Some((_, (oldest, _))) = kept.answers.remove_lru()
        {
            kept.bytes -= oldest.json.len() + OVERHEAD;
        }
    }

    /// Forgets all of them, and those that are being made: something was erased that they may repeat.
    pub fn forget(&self) {
        let mut kept = self.kept();
        kept.generation += 1;
        kept.answers.clear();
        kept.bytes = 0;
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
            self.bytes -= answer.json.len() + OVERHEAD;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: usize) -> Answer {
        Answer {
            json: vec![7; bytes].into(),
            bundle: "bundle@1".into(),
        }
    }

    fn digest(n: u8) -> RequestDigest {
        RequestDigest::of("ann", "/v1/score", &[n])
    }

    #[test]
    fn answers_are_kept_by_caller_and_endpoint_and_the_oldest_make_room() {
        let some = answer(300);
        let answers = Answers::new(1000);
        let missing = |n: u8| Missing {
            request: digest(n),
            generation: 0,
        };
        let keep = |n: u8, answer: &Answer| answers.keep(missing(n), answer.clone());
        keep(1, &some);
        keep(2, &some);
        assert_eq!(answers.bytes(), 1000);
        assert!(answers.get(digest(1)).is_ok());
        for other in [
            RequestDigest::of("ben", "/v1/score", &[1]),
            RequestDigest::of("ann", "/v1/explain", &[1]),
            RequestDigest::of("an", "n/v1/score", &[1]),
        ] {
            assert!(answers.get(other).is_err());
        }
        keep(3, &some);
        let there = [1, 2, 3].map(|n| answers.get(digest(n)).is_ok());
        assert_eq!(there, [true, false, true]);
        keep(3, &some);
        assert_eq!(answers.bytes(), 1000);
        keep(4, &answer(900));
        assert!(answers.get(digest(4)).is_err());
        let none = Answers::new(0);
        none.keep(missing(1), answer(0));
        assert_eq!((none.bytes(), none.get(digest(1))), (0, Err(missing(1))));
    }

    #[test]
    fn what_was_being_made_when_all_was_forgotten_is_not_kept() {
        let answers = Answers::new(1000);
        let before = answers.get(digest(1)).unwrap_err();
        answers.keep(answers.get(digest(2)).unwrap_err(), answer(0));
        answers.forget();
        assert!(answers.get(digest(2)).is_err());
        answers.keep(before, answer(0));
        assert!(answers.get(digest(1)).is_err());
        answers.keep(answers.get(digest(1)).unwrap_err(), answer(0));
        assert!(answers.get(digest(1)).is_ok());
    }
}
