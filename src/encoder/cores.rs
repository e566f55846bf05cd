//! How many threads may share one pass: no more than there are cores that no pass is using.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads of this process that are at a pass.
static BUSY: AtomicUsize = AtomicUsize::new(0);

/// The threads of one pass, counted until this is dropped.
pub struct Crew(usize);

impl Crew {
    /// This thread, and so many others that they are `most` together, as far as they have nothing
    /// to do.
    pub fn up_to(most: usize) -> Self {
        let before = BUSY.fetch_add(1, Ordering::Relaxed);
        let mut crew = Crew(1);
        let wanted = most.min(threads().saturating_sub(before));
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

/// Threads that passes may use together where this one runs: as many as the machine has cores, or as
/// `RAYON_NUM_THREADS` says.
fn threads() -> usize {
    #[cfg(not(target_arch = "wasm32"))]
    return rayon::current_num_threads();
    #[cfg(target_arch = "wasm32")]
    1
}
