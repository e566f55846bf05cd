//! How much memory a scorer may take, and how much it will: asked before anything is allocated,
//! because in WebAssembly an allocation that fails ends the module.
//!
//! Needs are bounds from sizes and shapes; `tests/memory.rs` holds them against what is allocated.

use crate::layers::tensors::{FileBytes, Tensors};
use crate::{Error, Result};

/// A limit on memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryBudget {
    bytes: u64,
}

impl MemoryBudget {
    /// No limit.
    pub const UNLIMITED: MemoryBudget = MemoryBudget { bytes: u64::MAX };

    /// At most so many bytes.
    pub const fn of(bytes: u64) -> Self {
        MemoryBudget { bytes }
    }

    /// [`Error::MemoryBudget`] if `needed` bytes for `what` are more than it allows.
    pub fn check(self, what: &str, needed: u64) -> Result<()> {
        if needed > self.bytes {
            return Err(Error::MemoryBudget {
                what: what.to_owned(),
                needed,
                budget: self.bytes,
            });
        }
        Ok(())
    }
}

/// A budget and what is taken of it for good.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    budget: MemoryBudget,
    /// Bytes of the model and of reading the longest text with it.
    taken: u64,
}

impl Account {
    /// Takes what a model needs, or says that the budget has less.
    pub(crate) fn open(budget: MemoryBudget, taken: u64) -> Result<Self> {
        budget.check("the model", taken)?;
        Ok(Account { budget, taken })
    }

    /// Bytes of the model and of reading the longest text with it.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// Checks that a request of so many characters of JSON may be read.
    pub(crate) fn admit(&self, characters: usize) -> Result<()> {
        let needed = characters as u64 * PER_CHARACTER;
        let what = format!("a request of {characters} characters");
        self.budget.check(&what, self.taken + needed)
    }

    /// Checks that a graph of so many events may be forecast.
    pub(crate) fn admit_events(&self, events: usize) -> Result<()> {
        let needed = events as u64 * PER_EVENT;
        let what = format!("a graph of {events} events");
        self.budget.check(&what, self.taken + needed)
    }
}

/// Bytes that a character (a UTF-16 unit) of JSON becomes at most: three as UTF-8, and four in a
/// string or in the columns of a page of events while they grow.
const PER_CHARACTER: u64 = 7;
/// Bytes of an event in a graph, its columns and the graph network.
const PER_EVENT: u64 = 640;
/// Bytes that go through the cleaning and cutting of the longest text, brands that are kept
/// ready, an explanation, an answer, and the module's own data and stack.
const AROUND: u64 = 10 << 20;

/// Bytes of a model: its encoder, the other files, and reading a text of `pieces` at most.
pub(crate) fn of_model<'a>(
    encoder: &dyn FileBytes,
    others: impl Iterator<Item = &'a dyn FileBytes>,
    scratch: u64,
) -> Result<u64> {
    // Halves are widened; what is parsed of a small file takes no more than twice its place.
    let encoder = Tensors::open(encoder)?.widened();
    let others: u64 = others.map(|file| 2 * file.size() as u64).sum();
    Ok(encoder + others + scratch + AROUND)
}
