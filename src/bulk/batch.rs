//! Rows that are scored together, on all cores; equal requests once.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::ErrorReport;
use crate::definition::value::Weights;
use crate::post::brand::BrandProfile;
use crate::scorer::Scorer;
use crate::scorer::answer::{Answer, Score};
use crate::scorer::request::CheckedRequest;
use hashlink::LruCache;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::outcome::{Entry, Outcome, Scored};
use super::table::Request;

/// Rows of a batch; with texts of 20,000 characters they take 80 MB.
const ROWS: usize = 1_024;
/// Texts that are read together.
const TOGETHER: usize = 8;
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
    /// Number, place and request of each.
    rows: Vec<(usize, String, Request)>,
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
        self.rows.push((line, place, request));
    }

    /// Scores what was added, and is empty then.
    pub fn score(&mut self) -> Vec<Entry> {
        let rows = std::mem::take(&mut self.rows);
        let checked: Vec<_> = rows
            .into_par_iter()
            .map(|(line, place, request)| (line, self.checked(request), place))
            .collect();
        // Requests that no other row has, with the places of their first rows.
        let mut requests: Vec<(Key, String, CheckedRequest)> = Vec::new();
        let mut places = HashMap::new();
        let mut waiting = Vec::with_capacity(checked.len());
        for (line, checked, place) in checked {
            let outcome = match checked {
                Err(error) => Waiting::Known(refused(error, &place)),
                Ok((key, request)) => {
                    if let Some(score) = self.remembered.get(&key) {
                        self.equal += 1;
                        Waiting::Known(Outcome::Scored(score.clone()))
                    } else if let Some(&at) = places.get(&key) {
                        self.equal += 1;
                        Waiting::For(at)
                    } else {
                        places.insert(key, requests.len());
                        requests.push((key, place, request));
                        Waiting::For(requests.len() - 1)
                    }
                }
            };
            waiting.push((line, outcome));
        }
        let outcomes: Vec<Outcome> = requests
            .par_chunks(TOGETHER)
            .flat_map_iter(|chunk| scores(self.scorer, chunk))
            .collect();
        self.read += outcomes.len() as u64;
        for ((key, ..), outcome) in requests.into_iter().zip(&outcomes) {
            if let Outcome::Scored(score) = outcome {
                self.remembered.insert(key, score.clone());
            }
        }
        let entry = |(line, waiting)| Entry {
            line,
            outcome: match waiting {
                Waiting::Known(outcome) => outcome,
                Waiting::For(at) => outcomes[at].clone(),
            },
        };
        waiting.into_iter().map(entry).collect()
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

/// The outcome of a row whose request breaks a rule.
fn refused(error: crate::Error, place: &str) -> Outcome {
    let named = place.is_empty() || error.field().is_some_and(|field| field.starts_with(place));
    let error = if named { error } else { error.within(place) };
    ErrorReport::from(&error).into()
}

/// Scores of requests that are read together.
fn scores(scorer: &Scorer, chunk: &[(Key, String, CheckedRequest)]) -> Vec<Outcome> {
    let requests: Vec<&CheckedRequest> = chunk.iter().map(|(.., request)| request).collect();
    let made = catch_unwind(AssertUnwindSafe(|| scorer.score_all(&requests)));
    let Ok(made) = made else {
        // One of them meets a bug: the others have their scores.
        let alone = |(_, place, request): &(Key, String, CheckedRequest)| {
            let made = catch_unwind(AssertUnwindSafe(|| scorer.score(request)));
            match made {
                Ok(made) => outcome(scorer, place, request, made),
                Err(_) => failed(place, ErrorReport::bug()),
            }
        };
        return chunk.iter().map(alone).collect();
    };
    let both = chunk.iter().zip(made);
    both.map(|((_, place, request), made)| outcome(scorer, place, request, made))
        .collect()
}

fn outcome(
    scorer: &Scorer,
    place: &str,
    request: &CheckedRequest,
    made: crate::Result<Score>,
) -> Outcome {
    match scorer.answer(request, made) {
        Ok(Answer::Given(score)) => Outcome::Scored(Scored::from(&score)),
        Ok(Answer::Refused(refusal)) => Outcome::Refused(refusal.refused.code.to_owned()),
        Err(error) => failed(place, ErrorReport::from(&error)),
    }
}

fn failed(place: &str, report: ErrorReport) -> Outcome {
    Outcome::Failed {
        code: report.code.to_owned(),
        message: format!("{place}: {}", report.message),
    }
}
