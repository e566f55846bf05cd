//! Computing beside the threads that talk to clients, with a bounded queue that callers share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use tokio::task::spawn_blocking;

use super::access::Caller;
use super::error::Failure;
use super::metrics::Metrics;
use super::turns::Turns;
use crate::Error;

/// Requests that may be in the queue for each core, if nobody says how many.
const PLACES_PER_CORE: usize = 8;
/// A caller may hold so many times as many places as are free: alone 4 of 5, two 4 of 9 each. So
/// there is a place for whoever comes next, however much others send.
const SHARE_OF_FREE: usize = 4;
/// The header in which a client says for how many milliseconds it will wait.
const DEADLINE: &str = "deadline-ms";

/// One computation per core at a time; the others wait for their turn. Bounds memory too: a place
/// is taken before a body is read.
#[derive(Clone)]
pub struct Queue {
    places: Arc<Places>,
    turns: Turns,
    metrics: Arc<Metrics>,
}

struct Places {
    size: usize,
    /// Places that each caller holds; none is 0.
    held: Mutex<HashMap<Arc<str>, usize>>,
}

/// A place in the queue; given back when dropped.
struct Place {
    places: Arc<Places>,
    caller: Arc<str>,
}

/// A place in the queue with a way to the cores. Clones share the place.
#[derive(Clone)]
pub struct Slot {
    place: Arc<Place>,
    turns: Turns,
    metrics: Arc<Metrics>,
}

impl Queue {
    /// A queue of `size` requests for this machine's cores; by default as many as suit them.
    pub fn new(size: Option<usize>, metrics: Arc<Metrics>) -> Self {
        let cores = cores();
        Queue {
            places: Arc::new(Places {
                size: size.unwrap_or(cores * PLACES_PER_CORE),
                held: Mutex::default(),
            }),
            turns: Turns::new(cores),
            metrics,
        }
    }

    /// Takes a place, or fails at once when there is none for this caller.
    pub fn enter(&self, caller: &Caller) -> Result<Slot, Failure> {
        let caller = caller.shared_name();
        let mut held = self.places.held();
        let free = self.places.size.saturating_sub(held.values().sum());
        let own = held.get(&caller).copied().unwrap_or(0);
        if own >= SHARE_OF_FREE * free {
            return Err(Failure::Overloaded);
        }
        held.insert(Arc::clone(&caller), own + 1);
        drop(held);
        Ok(Slot {
            place: Arc::new(Place {
                places: Arc::clone(&self.places),
                caller,
            }),
            turns: self.turns.clone(),
            metrics: Arc::clone(&self.metrics),
        })
    }

    /// Requests that have a place.
    pub fn held(&self) -> usize {
        self.places.held().values().sum()
    }

    /// Requests that may have a place.
    pub fn size(&self) -> usize {
        self.places.size
    }

    /// Computations that wait for a core.
    pub fn waiting(&self) -> usize {
        self.turns.waiting()
    }
}

/// Processors that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Places {
    fn held(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.places.held();
        match held.get_mut(&self.caller) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                held.remove(&self.caller);
            }
        }
    }
}

impl Slot {
    /// Waits for a turn at a core, then runs `work` there. Once begun it runs to its end, and holds
    /// its core, even if the client hangs up. May be called several times, for parts of a request.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let place = Arc::clone(&self.place);
        let begin = Instant::now();
        let turn = self.turns.take(&place.caller).await;
        self.metrics.waited(begin.elapsed());
        spawn_blocking(move || {
            let _until_done = (place, turn);
            work()
        })
        .await
        .map_err(|_| Failure::Internal)
    }
}

/// Fails with [`Failure::Deadline`] what isn't done in the time that the client, or else the server,
/// allows. Work that waits for a core then leaves the queue.
pub async fn within<T>(
    headers: &HeaderMap,
    longest: Duration,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let allowed = match headers.get(DEADLINE) {
        None => longest,
        Some(value) => {
            let millis = value
                .to_str()
                .ok()
                .and_then(|text| text.parse::<u64>().ok());
            let millis = millis.filter(|&millis| millis > 0).ok_or_else(|| {
                let problem = "isn't a number of milliseconds, 1 or more";
                Error::invalid("Deadline-Ms", problem)
            })?;
            longest.min(Duration::from_millis(millis))
        }
    };
    let done = tokio::time::timeout(allowed, work).await;
    done.map_err(|_| Failure::Deadline)?
}

/// Runs work that may wait for the disk, or takes milliseconds, beside the threads that talk to
/// clients.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    spawn_blocking(work).await.map_err(|_| Failure::Internal)?
}
