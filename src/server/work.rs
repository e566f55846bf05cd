//! Computing beside the threads that talk to clients, with a bounded queue.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::error::Failure;

/// Requests that may wait for each core. Bounds memory too: a slot is taken before a body is read.
const SLOTS_PER_CORE: usize = 8;

/// One computation per core at a time; the others wait for their turn.
#[derive(Clone)]
pub struct Queue {
    slots: Arc<Semaphore>,
    cores: Arc<Semaphore>,
}

/// A slot in the queue; given back when dropped.
pub struct Slot {
    cores: Arc<Semaphore>,
    held: OwnedSemaphorePermit,
}

impl Queue {
    /// A queue for this machine's cores.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Queue {
            slots: Arc::new(Semaphore::new(cores * SLOTS_PER_CORE)),
            cores: Arc::new(Semaphore::new(cores)),
        }
    }

    /// Takes a slot, or fails at once when there is none.
    pub fn enter(&self) -> Result<Slot, Failure> {
        let slots = Arc::clone(&self.slots);
        let held = slots.try_acquire_owned().map_err(|_| Failure::Overloaded)?;
        Ok(Slot {
            cores: Arc::clone(&self.cores),
            held,
        })
    }
}

impl Slot {
    /// Waits for a core, then runs `work` on it. Once begun it runs to its end, and holds its
    /// core, even if the client hangs up.
    pub async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let Slot { cores, held } = self;
        let core = cores.acquire_owned().await.map_err(|_| Failure::Internal)?;
        spawn_blocking(move || {
            let _until_done = (held, core);
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
