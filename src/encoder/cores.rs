//! How many threads may share one pass: no more than there are cores that no pass is using.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads of this process that are at a pass.
static BUSY: AtomicUsize = AtomicUsize::new(0);

/// The threads of one pass, counted until this is dropped.
pub struct Crew(usize);

impl Crew {
    /// This thread alone.
    pub fn alone() -> Self {
        BUSY.fetch_add(1, Ordering::Relaxed);
        Crew(1)
    }

    #[cfg(not(target_arch = "wasm32"))]
    /// This thread and up to `most - 1` others, of `cores` that all passes of this process share.
    pub fn up_to(most: usize, cores: usize) -> Self {
        let before = BUSY.fetch_add(1, Ordering::Relaxed);
        let mut crew = Crew(1);
        let wanted = most.min(cores.saturating_sub(before));
        if wanted > 1 {
            BUSY.fetch_add(wanted - 1, Ordering::Relaxed);
            crew.0 = wanted;
        }
        crew
    }

    /// How many they are, this thread included.
    pub fn size(&self) -> usize {
        self.0
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        BUSY.fetch_sub(self.0, Ordering::Relaxed);
    }
}
