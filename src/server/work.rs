//! Computing beside the threads that talk to clients, with bounded queues that callers share, and the
//! bound on what bodies hold in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::access::Caller;
use super::error::Failure;
use super::metrics::Metrics;
use super::turns::{Turn, Turns};
use crate::Error;

/// Requests with small bodies that may be in the queue for each core, if nobody says how many.
const PLACES_PER_CORE: usize = 32;
/// One place for a request with a large body for so many with small ones.
const QUICK_PER_HEAVY: usize = 8;
/// A caller may hold so many times as many places as are free: alone 4 of 5, two 4 of 9 each. So
/// there is a place for whoever comes next, however much others send.
const SHARE_OF_FREE: usize = 4;
/// Longest body, in bytes, that takes no share of the memory for bodies: with their connections,
/// small ones are as many as files may be open.
pub const SMALL: usize = 64 << 10;
/// Memory for all larger bodies together, in bytes, sent and unpacked.
const BODIES: usize = 160 << 20;
/// What a share grows by.
const STEP: usize = 64 << 10;
/// The header in which a client says for how many milliseconds it will wait.
const DEADLINE: &str = "deadline-ms";

/// Two lines for work that keeps a core busy: what came in a small body never waits for what came in
/// a large one. A place is taken when a body is here, so that nobody holds one by sending slowly.
#[derive(Clone)]
pub struct Queue {
    quick: Line,
    heavy: Line,
    memory: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

/// One computation per core at a time; the others wait for their turn.
#[derive(Clone)]
struct Line {
    places: Arc<Places>,
    turns: Turns,
}

struct Places {
    size: usize,
    /// Places that each caller holds; none is 0.
    held: Mutex<HashMap<Arc<str>, usize>>,
}

/// A place in a line; given back when dropped.
struct Place {
    places: Arc<Places>,
    caller: Arc<str>,
    /// Held for as long as the place.
    _share: Share,
}

/// A body's share of the memory for bodies; given back when dropped.
pub struct Share {
    memory: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

/// A place in a line with a way to the cores. Clones share the place.
#[derive(Clone)]
pub struct Slot {
    place: Arc<Place>,
    turns: Turns,
    metrics: Arc<Metrics>,
}

impl Line {
    fn new(cores: usize, places: usize) -> Self {
        Line {
            places: Arc::new(Places {
                size: places,
                held: Mutex::default(),
            }),
            turns: Turns::new(cores),
        }
    }
}

impl Queue {
    /// The queue for this machine's cores with places for `size` requests with small bodies, by
    /// default as many as suit the cores, and an eighth as many for others.
    pub fn new(size: Option<usize>, metrics: Arc<Metrics>) -> Self {
        let cores = cores();
        let size = size.unwrap_or(cores * PLACES_PER_CORE);
        Queue {
            quick: Line::new(cores, size),
            heavy: Line::new((cores / 2).max(1), (size / QUICK_PER_HEAVY).max(1)),
            memory: Arc::new(Semaphore::new(BODIES / STEP)),
            metrics,
        }
    }

    /// The share of a body of which nothing has come yet.
    pub fn share(&self) -> Share {
        Share {
            memory: Arc::clone(&self.memory),
            held: None,
        }
    }

    /// Waits for a turn at a core of those for large bodies, to make one ready.
    pub async fn heavy_turn(&self, caller: &Caller) -> Turn {
        let begin = Instant::now();
        let turn = self.heavy.turns.take(&caller.shared_name()).await;
        self.metrics.waited(begin.elapsed());
        turn
    }

    /// A turn at a core that nobody waits for, if there is one.
    pub fn spare_turn(&self) -> Option<Turn> {
        self.quick.turns.take_spare()
    }

    /// Takes a place for the work that a body with this share asks for, or fails at once when there
    /// is none for this caller.
    pub fn enter(&self, caller: &Caller, share: Share) -> Result<Slot, Failure> {
        let Line { places, turns } = match share.held {
            None => &self.quick,
            Some(_) => &self.heavy,
        };
        let caller = caller.shared_name();
        let mut held = places.held();
        let free = places.size.saturating_sub(held.values().sum());
        let own = held.get(&caller).copied().unwrap_or(0);
        if own >= SHARE_OF_FREE * free {
            return Err(Failure::Overloaded);
        }
        held.insert(Arc::clone(&caller), own + 1);
        drop(held);
        Ok(Slot {
            place: Arc::new(Place {
                places: Arc::clone(places),
                caller,
                _share: share,
            }),
            turns: turns.clone(),
            metrics: Arc::clone(&self.metrics),
        })
    }

    fn lines(&self) -> [&Line; 2] {
        [&self.quick, &self.heavy]
    }

    /// Requests that have a place.
    pub fn held(&self) -> usize {
        let held = |line: &Line| line.places.held().values().sum::<usize>();
        self.lines().into_iter().map(held).sum()
    }

    /// Requests that may have a place.
    pub fn size(&self) -> usize {
        self.lines().into_iter().map(|line| line.places.size).sum()
    }

    /// Computations that wait for a core.
    pub fn waiting(&self) -> usize {
        let waiting = self.lines().into_iter().map(|line| line.turns.waiting());
        waiting.sum()
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

impl Share {
    /// Takes what a body of so many bytes needs, sent and unpacked, or fails at once when others
    /// have it.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Failure> {
        let steps = match bytes {
            ..=SMALL => 0,
            large => large.div_ceil(STEP),
        };
        let missing = steps.saturating_sub(self.held.as_ref().map_or(0, |held| held.num_permits()));
        if missing == 0 {
            return Ok(());
        }
        let missing = u32::try_from(missing).map_err(|_| Failure::Overloaded)?;
        let memory = Arc::clone(&self.memory);
        let more = memory
            .try_acquire_many_owned(missing)
            .map_err(|_| Failure::Overloaded)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        Ok(())
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
