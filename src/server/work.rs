//! Computing beside the threads that talk to clients, with bounded queues, and the bound on what
//! bodies hold in memory.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::error::Failure;

/// Requests with small bodies that may wait for each core, and others.
const QUICK_PER_CORE: usize = 32;
const HEAVY_PER_CORE: usize = 8;
/// Longest body, in bytes, that takes no share of the memory for bodies: with their connections,
/// small ones are as many as files may be open.
pub const SMALL: usize = 64 << 10;
/// Memory for all larger bodies together, in bytes, sent and unpacked.
const BODIES: usize = 160 << 20;
/// What a share grows by.
const STEP: usize = 64 << 10;

/// Two lines for work that keeps a core busy: what came in a small body never waits for what came in
/// a large one.
#[derive(Clone)]
pub struct Queue {
    quick: Line,
    heavy: Line,
    memory: Arc<Semaphore>,
}

/// One computation per core at a time; the others wait for their turn.
#[derive(Clone)]
struct Line {
    slots: Arc<Semaphore>,
    cores: Arc<Semaphore>,
}

/// A body's share of the memory for bodies; given back when dropped.
pub struct Share {
    memory: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

/// A place in a line; given back when dropped.
pub struct Slot {
    cores: Arc<Semaphore>,
    held: OwnedSemaphorePermit,
    share: Share,
}

impl Line {
    fn new(cores: usize, per_core: usize) -> Self {
        Line {
            slots: Arc::new(Semaphore::new(cores * per_core)),
            cores: Arc::new(Semaphore::new(cores)),
        }
    }
}

impl Queue {
    /// The queues for this machine's cores.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Queue {
            quick: Line::new(cores, QUICK_PER_CORE),
            heavy: Line::new((cores / 2).max(1), HEAVY_PER_CORE),
            memory: Arc::new(Semaphore::new(BODIES / STEP)),
        }
    }

    /// The share of a body of which nothing has come yet.
    pub fn share(&self) -> Share {
        Share {
            memory: Arc::clone(&self.memory),
            held: None,
        }
    }

    /// Waits for a core of those for large bodies, to make one ready.
    pub async fn heavy_core(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let cores = Arc::clone(&self.heavy.cores);
        cores.acquire_owned().await.map_err(|_| Failure::Internal)
    }

    /// Takes a place for the work that a body with this share asks for, or fails at once when there
    /// is none.
    pub fn enter(&self, share: Share) -> Result<Slot, Failure> {
        let line = match share.held {
            None => &self.quick,
            Some(_) => &self.heavy,
        };
        let slots = Arc::clone(&line.slots);
        let held = slots.try_acquire_owned().map_err(|_| Failure::Overloaded)?;
        Ok(Slot {
            cores: Arc::clone(&line.cores),
            held,
            share,
        })
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
    /// Waits for a core, then runs `work` on it. Once begun it runs to its end, and holds its
    /// core, even if the client hangs up.
    pub async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let Slot { cores, held, share } = self;
        let core = cores.acquire_owned().await.map_err(|_| Failure::Internal)?;
        spawn_blocking(move || {
            let _until_done = (held, share, core);
            work()
        })
        .await
        .map_err(|_| Failure::Internal)
    }
}

/// Runs work that may wait for the disk, or takes milliseconds, beside the threads that talk to
/// clients.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    spawn_blocking(work).await.map_err(|_| Failure::Internal)?
}
