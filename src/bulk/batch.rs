//! Rows that are scored together, on all cores; equal requests once.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::ErrorReport;
use crate::definition::value::Weights;
use crate::post::brand::BrandProfile;
use crate::scorer::Scorer;
use crate::scorer::answer::Answer;
use crate::scorer::request::CheckedRequest;
use hashlink::LruCache;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::outcome::{Entry, Outcome, Scored};
use super::table::Request;

/// Rows of a batch; with texts of 20,000 characters they take 20 MB.
const ROWS: usize = 256;
/// Scores that are remembered, a few hundred bytes each: a text that comes again later than so many
/// others is read again.
const REMEMBERED: usize = 100_000;

/// Tells equal requests from others.
type Key = [u8; 16];

/// Rows on their way.
pub struct Batch<'a> {
    scorer: &'a Scorer,
    brand: Option<BrandProfile>,
    weights: Option<Weights>,
    rows: Vec<(usize, Waiting)>,
    /// Requests that no other row has, with the places of their first rows.
    requests: Vec<(Key, String, CheckedRequest)>,
    places: HashMap<Key, usize>,
    remembered: LruCache<Key, Scored>,
    read: u64,
    equal: u64,
}

/// What a row waits for.
enum Waiting {
    /// Nothing.
    Known(Outcome),
    /// The request at this place.
    For(usize),
}

impl<'a> Batch<'a> {
    /// An empty batch. `brand` and `weights` stand in where a request has none.
    pub fn new(scorer: &'a Scorer, brand: Option<BrandProfile>, weights: Option<Weights>) -> Self {
        Batch {
            scorer,
            brand,
            weights,
            rows: Vec::with_capacity(ROWS),
            requests: Vec::new(),
            places: HashMap::new(),
            remembered: LruCache::new(REMEMBERED),
            read: 0,
            equal: 0,
        }
    }

    /// Texts that were read.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Rows that have the request of another.
    pub fn equal(&self) -> u64 {
        self.equal
    }

    /// True if it is time to score it.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= ROWS
    }

    /// Notes what became of a row earlier.
    pub fn remember(&mut self, request: Request, outcome: Outcome) {
        if let (Ok((key, _)), Outcome::Scored(score)) = (self.checked(request), outcome) {
            self.remembered.insert(key, score);
        }
    }

    /// Adds a row with its place and number.
    pub fn add(&mut self, (place, line): (String, usize), request: Request) {
        let waiting = match self.checked(request) {
            Err(error) if place.is_empty() => Waiting::Known(ErrorReport::from(&error).into()),
            Err(error) => {
                let named = error.field().is_some_and(|field| field.starts_with(&place));
                let error = if named { error } else { error.within(&place) };
                Waiting::Known(ErrorReport::from(&error).into())
            }
            Ok((key, request)) => {
                if let Some(score) = self.remembered.get(&key) {
                    self.equal += 1;
                    Waiting::Known(Outcome::Scored(score.clone()))
                } else if let Some(&at) = self.places.get(&key) {
                    self.equal += 1;
                    Waiting::For(at)
                } else {
                    self.places.insert(key, self.requests.len());
                    self.requests.push((key, place, request));
                    Waiting::For(self.requests.len() - 1)
                }
            }
        };
        self.rows.push((line, waiting));
    }

    /// Scores what was added, and is empty then.
    pub fn score(&mut self) -> Vec<Entry> {
        let scorer = self.scorer;
        let outcomes: Vec<Outcome> = self
            .requests
            .par_iter()
            .map(|(_, place, request)| score(scorer, place, request))
            .collect();
        self.read += outcomes.len() as u64;
        for ((key, ..), outcome) in self.requests.drain(..).zip(&outcomes) {
            if let Outcome::Scored(score) = outcome {
                self.remembered.insert(key, score.clone());
            }
        }
        self.places.clear();
        let entry = |(line, waiting)| Entry {
            line,
            outcome: match waiting {
                Waiting::Known(outcome) => outcome,
                Waiting::For(at) => outcomes[at].clone(),
            },
        };
        self.rows.drain(..).map(entry).collect()
    }

    /// A request that keeps all rules, and its key.
    fn checked(&self, request: Request) -> crate::Result<(Key, CheckedRequest)> {
        let mut request = request?;
        request.id = None;
        if request.brand.is_none() {
            request.brand.clone_from(&self.brand);
        }
        request.weights = request.weights.or(self.weights);
        let json = serde_json::to_vec(&request)
            .map_err(|problem| crate::Error::invalid("request", problem))?;
        let mut key = Key::default();
        key.copy_from_slice(&Sha256::digest(json)[..16]);
        Ok((key, request.check()?))
    }
}

fn score(scorer: &Scorer, place: &str, request: &CheckedRequest) -> Outcome {
    let answered = catch_unwind(AssertUnwindSafe(|| {
        scorer.answer(request, scorer.score(request))
    }));
    let report = match answered {
        Ok(Ok(Answer::Given(score))) => return Outcome::Scored(Scored::from(&score)),
        Ok(Ok(Answer::Refused(refusal))) => {
            return Outcome::Refused(refusal.refused.code.to_owned());
        }
        Ok(Err(error)) => ErrorReport::from(&error),
        Err(_) => ErrorReport::bug(),
    };
    Outcome::Failed {
        code: report.code.to_owned(),
        message: format!("{place}: {}", report.message),
    }
}
