//! Files on their way: how many each caller may send at once, and what is erased meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::record::Record;
use crate::bulk::mentioned_in;

/// Files that may arrive at once.
const PLACES: usize = 16;
/// Whoever holds a place may take another while it holds fewer than so many times as many as would stay
/// free: the last one is left to whoever has none, however slowly others send.
const SHARE_OF_FREE: usize = 4;

/// The files that are on their way, by the ids of their jobs.
#[derive(Default)]
pub struct Arrivals(Mutex<HashMap<String, Arrival>>);

struct Arrival {
    caller: Arc<str>,
    /// What was erased since it began, or was looked for in it last.
    erased: Vec<Erased>,
}

/// What is erased wherever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erased {
    /// A post or user of this id.
    Id(String),
    /// What was asked for a brand of this id or name.
    Brand(String),
}

impl Erased {
    /// True if a job says it itself; its file may say it too.
    pub fn is_in(&self, record: &Record) -> bool {
        match self {
            Erased::Id(id) => mentioned_in(&record.words(), std::slice::from_ref(id)),
            Erased::Brand(brand) => {
                let asked = record.options.brand.as_ref();
                asked.is_some_and(|b| b.id.as_ref() == Some(brand) || b.name == *brand)
            }
        }
    }
}

/// The ids among what is erased, which a file may have.
pub fn ids(erased: &[Erased]) -> Vec<String> {
    let id = |erased: &Erased| match erased {
        Erased::Id(id) => Some(id.clone()),
        Erased::Brand(_) => None,
    };
    erased.iter().filter_map(id).collect()
}

impl Arrivals {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arrival>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a file; false if there is none for this caller.
    pub fn begin(&self, id: &str, caller: Arc<str>) -> bool {
        let mut arrivals = self.lock();
        let is_own = |other: &&Arrival| other.caller == caller;
        let own = arrivals.values().filter(is_own).count();
        let free = PLACES.saturating_sub(arrivals.len());
        if free == 0 || (own > 0 && own >= SHARE_OF_FREE * (free - 1)) {
            return false;
        }
        let erased = Vec::new();
        arrivals.insert(id.to_owned(), Arrival { caller, erased });
        true
    }

    /// Lets go of a file that didn't arrive.
    pub fn give_up(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Has it looked for in every file that is on its way.
    pub fn tell(&self, erased: &Erased) {
        for arrival in self.lock().values_mut() {
            arrival.erased.push(erased.clone());
        }
    }

    /// Ends an arrival by `accept`, unless something was erased that nobody has looked for in the file:
    /// that is the error. Nothing is erased meanwhile.
    pub fn end<T>(&self, id: &str, accept: impl FnOnce() -> T) -> Result<T, Vec<Erased>> {
        let mut arrivals = self.lock();
        match arrivals.get_mut(id) {
            Some(arrival) if !arrival.erased.is_empty() => Err(std::mem::take(&mut arrival.erased)),
            _ => {
                arrivals.remove(id);
                Ok(accept())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_leaves_places_for_others() {
        let arrivals = Arrivals::default();
        let begins = |caller: &str, from: usize| {
            let begin = |n: &usize| arrivals.begin(&format!("{caller}{n}"), caller.into());
            (from..from + 20).take_while(begin).count()
        };
        assert_eq!(begins("ann", 0), 12);
        assert_eq!(begins("ben", 0), 3);
        assert_eq!(begins("cy", 0), 1);
        arrivals.give_up("ann3");
        assert_eq!(begins("dan", 0), 1);
    }

    #[test]
    fn nothing_arrives_before_it_was_looked_through_for_what_was_erased() {
        let arrivals = Arrivals::default();
        assert!(arrivals.begin("a", "ann".into()));
        let erased = Erased::Id("mallory".to_owned());
        arrivals.tell(&erased);
        let end = || arrivals.end("a", || "accepted");
        assert_eq!(end(), Err(vec![erased]));
        assert_eq!(end(), Ok("accepted"));
    }
}
