//! The threads that rows are scored on.

use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use bsmv::{Error, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads, made when they are first needed.
pub struct Pool {
    /// Their number; all cores if it isn't said.
    pub threads: Option<usize>,
    made: Mutex<Option<(u32, Arc<ThreadPool>)>>,
}

impl Pool {
    /// A pool of so many threads, or of one for each core.
    pub fn new(threads: Option<usize>) -> Self {
        Pool {
            threads,
            made: Mutex::default(),
        }
    }

    /// The threads of this process.
    pub fn get(&self) -> Result<Arc<ThreadPool>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let process = process::id();
        match made.take() {
            Some((of, pool)) if of == process => {
                *made = Some((of, pool.clone()));
                return Ok(pool);
            }
            // A process that was forked has none of the threads of the one before, and must not wait
            // for them to end.
            Some((_, gone)) => std::mem::forget(gone),
            None => {}
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(self.threads.unwrap_or(0))
            .thread_name(|i| format!("bsmv-{i}"))
            .build()
            .map_err(|e| Error::Compute(e.to_string()))?;
        let pool = Arc::new(pool);
        *made = Some((process, pool.clone()));
        Ok(pool)
    }
}
