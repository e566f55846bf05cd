//! One pass through the network as units of work that several threads may take.
//!
//! Units are numbered in the order in which one thread would do them, and a thread takes the lowest
//! that nobody has. Before it begins one, it waits until all those are done that the unit builds on;
//! these have lower numbers, so somebody is at work on each, and in the end nobody waits for
//! a thread that isn't there: who comes late finds nothing to do, and who is alone does everything.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::kernels::attention::Shape;

/// Turns of an idle loop before a thread that waits offers its core to others.
const SPINS: u32 = 2_000;

/// The sizes of a network, as a pass needs them.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub hidden: usize,
    pub heads: usize,
    pub layers: usize,
}

/// What is to be done; parts are blocks of rows, whatever sequences they are of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unit {
    /// Begin with the rows of this part: their pieces' embeddings, and query, key and value.
    Begin(usize),
    /// Attention of one head over one sequence.
    Attend { sequence: usize, head: usize },
    /// The rest of a layer for the rows of this part, and query, key and value of the next.
    Go { layer: usize, part: usize },
}

/// Some sequences on their way through the network.
pub struct Pass {
    sizes: Sizes,
    /// Rows of every part but the last.
    block: usize,
    /// Sequence, position and piece of each row.
    rows: Vec<Row>,
    /// Positions of each sequence.
    lengths: Vec<usize>,
    /// `[rows, hidden]` of each part: the state that layers transform.
    states: Vec<Mutex<Vec<f32>>>,
    /// `[rows, 3 * hidden]` of each part: query, key and value.
    qkv: Vec<RwLock<Vec<f32>>>,
    /// `[positions, head size]` of each sequence and head: what attention gathers.
    contexts: Vec<RwLock<Vec<f32>>>,
    next: AtomicUsize,
    done: Counter,
    failed: AtomicBool,
}

/// A row of the pass: a piece of a sequence.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub sequence: usize,
    pub position: usize,
    pub piece: usize,
}

/// In a cache line of its own: who waits reads it all the time.
#[derive(Default)]
#[repr(align(128))]
struct Counter(AtomicUsize);

impl Pass {
    pub fn new(sizes: Sizes) -> Self {
        Pass {
            sizes,
            block: 1,
            rows: Vec::new(),
            lengths: Vec::new(),
            states: Vec::new(),
            qkv: Vec::new(),
            contexts: Vec::new(),
            next: AtomicUsize::new(0),
            done: Counter::default(),
            failed: AtomicBool::new(false),
        }
    }

    /// Takes new sequences, to be worked on in parts of `block` rows. Memory is kept for the next.
    pub fn start(&mut self, sequences: &[Vec<u32>], block: usize) {
        let Sizes { hidden, heads, .. } = self.sizes;
        self.block = block;
        self.rows.clear();
        self.lengths.clear();
        for (sequence, ids) in sequences.iter().enumerate() {
            self.lengths.push(ids.len());
            let row = |(position, &piece): (usize, &u32)| Row {
                sequence,
                position,
                piece: piece as usize,
            };
            self.rows.extend(ids.iter().enumerate().map(row));
        }
        // All of it is written before it is read.
        let parts = self.rows.len().div_ceil(block);
        self.states.resize_with(parts, Mutex::default);
        self.qkv.resize_with(parts, RwLock::default);
        let sizes = (0..parts).map(|part| self.rows_of(part).len());
        for ((size, state), qkv) in sizes.zip(&self.states).zip(&self.qkv) {
            lock(state).resize(size * hidden, 0.0);
            write(qkv).resize(size * 3 * hidden, 0.0);
        }
        let contexts = self.lengths.len() * heads;
        self.contexts.resize_with(contexts, RwLock::default);
        for (contexts, n) in self.contexts.chunks(heads).zip(&self.lengths) {
            for context in contexts {
                write(context).resize(n * hidden / heads, 0.0);
            }
        }
        *self.next.get_mut() = 0;
        *self.done.0.get_mut() = 0;
        *self.failed.get_mut() = false;
    }

    /// The rows of a part.
    pub fn rows_of(&self, part: usize) -> &[Row] {
        let first = part * self.block;
        &self.rows[first..self.rows.len().min(first + self.block)]
    }

    /// Does units with `act` until none is left to take, with whoever else does. Returns when all of
    /// this thread's are done; others may still be at theirs.
    ///
    /// # Panics
    /// When `act` does, here or in another thread.
    pub fn work(&self, mut act: impl FnMut(Unit)) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some((unit, needed)) = self.unit(number) else {
                return;
            };
            self.wait(needed);
            let guard = Failing(&self.failed);
            act(unit);
            std::mem::forget(guard);
            self.done.0.fetch_add(1, Ordering::Release);
        }
    }

    /// Waits until all units are done.
    ///
    /// # Panics
    /// When a thread panicked at one.
    pub fn finish(&self) {
        self.wait(self.units());
    }

    fn units(&self) -> usize {
        let parts = self.states.len();
        parts + self.sizes.layers * (self.contexts.len() + parts)
    }

    /// A unit by its number, and how many must be done before.
    fn unit(&self, number: usize) -> Option<(Unit, usize)> {
        let (parts, contexts, heads) = (self.states.len(), self.contexts.len(), self.sizes.heads);
        if number >= self.units() {
            return None;
        }
        let Some(after) = number.checked_sub(parts) else {
            return Some((Unit::Begin(number), 0));
        };
        let layer = after / (contexts + parts);
        let (here, start) = (
            after % (contexts + parts),
            number - after % (contexts + parts),
        );
        Some(match here.checked_sub(contexts) {
            None => {
                let (sequence, head) = (here / heads, here % heads);
                (Unit::Attend { sequence, head }, start)
            }
            Some(part) => (Unit::Go { layer, part }, start + contexts),
        })
    }

    fn wait(&self, needed: usize) {
        let mut spins = 0;
        while self.done.0.load(Ordering::Acquire) < needed {
            assert!(
                !self.failed.load(Ordering::Relaxed),
                "a thread of the pass failed"
            );
            if spins < SPINS {
                spins += 1;
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }

    /// The state of a part's rows.
    pub fn state(&self, part: usize) -> MutexGuard<'_, Vec<f32>> {
        lock(&self.states[part])
    }

    /// Where a part's query, key and value go.
    pub fn qkv(&self, part: usize) -> RwLockWriteGuard<'_, Vec<f32>> {
        write(&self.qkv[part])
    }

    /// Where what a head gathers for a sequence goes.
    pub fn context(&self, sequence: usize, head: usize) -> RwLockWriteGuard<'_, Vec<f32>> {
        write(&self.contexts[sequence * self.sizes.heads + head])
    }

    /// The shape of a sequence's attention.
    pub fn shape(&self, sequence: usize) -> Shape {
        Shape {
            positions: self.lengths[sequence],
            heads: self.sizes.heads,
            size: self.sizes.hidden / self.sizes.heads,
        }
    }

    /// Gives `take` the query, key and value of a sequence's rows, in their order.
    pub fn each_qkv(&self, sequence: usize, mut take: impl FnMut(&[f32])) {
        let width = 3 * self.sizes.hidden;
        let first: usize = self.lengths[..sequence].iter().sum();
        let end = first + self.lengths[sequence];
        for part in first / self.block..end.div_ceil(self.block) {
            let top = part * self.block;
            let here = first.max(top) - top..end.min(top + self.block) - top;
            take(&read(&self.qkv[part])[here.start * width..here.end * width]);
        }
    }

    /// Puts what all heads gathered for a part's rows side by side: `[rows, hidden]`.
    pub fn gather(&self, part: usize, out: &mut [f32]) {
        let Sizes { hidden, heads, .. } = self.sizes;
        let size = hidden / heads;
        let mut rows = self.rows_of(part);
        let mut out = out;
        while let [
            Row {
                sequence, position, ..
            },
            ..,
        ] = *rows
        {
            let of_it = rows.len().min(self.lengths[sequence] - position);
            let (here, rest) = out.split_at_mut(of_it * hidden);
            for head in 0..heads {
                let context = read(&self.contexts[sequence * heads + head]);
                let from = context[position * size..].chunks_exact(size);
                for (row, from) in here.chunks_exact_mut(hidden).zip(from) {
                    row[head * size..][..size].copy_from_slice(from);
                }
            }
            (rows, out) = (&rows[of_it..], rest);
        }
    }
}

/// Says that a thread failed, unless it is forgotten.
struct Failing<'a>(&'a AtomicBool);

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

// What a thread that panicked leaves behind is written anew before it is read.

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes {
        hidden: 4,
        heads: 2,
        layers: 3,
    };

    fn pass(lengths: &[usize], block: usize) -> Pass {
        let mut pass = Pass::new(SIZES);
        let sequences: Vec<Vec<u32>> = lengths.iter().map(|&n| vec![7; n]).collect();
        pass.start(&sequences, block);
        pass
    }

    #[test]
    fn a_unit_begins_when_all_that_it_builds_on_is_done() {
        // Five parts, of which the second begins in the first sequence and ends in the second.
        let pass = pass(&[5, 9], 3);
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    pass.work(|unit| {
                        let before = lock(&done).len();
                        let layers_done = match unit {
                            Unit::Begin(_) => 0,
                            Unit::Attend { .. } => before.saturating_sub(5) / 9,
                            Unit::Go { layer, .. } => {
                                assert!(before >= 5 + layer * 9 + 4, "attention comes first");
                                layer
                            }
                        };
                        assert!(layers_done < SIZES.layers);
                        lock(&done).push(unit);
                    });
                    pass.finish();
                    assert_eq!(lock(&done).len(), 5 + 3 * (4 + 5));
                });
            }
        });
        for layer in 0..3 {
            let of_layer = |unit: &&Unit| matches!(unit, Unit::Go { layer: l, .. } if *l == layer);
            assert_eq!(lock(&done).iter().filter(of_layer).count(), 5);
        }
    }

    #[test]
    fn rows_come_back_in_their_order_from_whatever_parts() {
        for block in 1..16 {
            let pass = pass(&[5, 1, 9], block);
            for part in 0..pass.states.len() {
                for (row, at) in pass.rows_of(part).iter().zip(0..) {
                    let number = (part * block + at) as f32;
                    pass.qkv(part)[at * 12..][..12].fill(number);
                    for head in 0..2 {
                        let context = &mut pass.context(row.sequence, head);
                        context[row.position * 2..][..2].fill(2.0 * number + head as f32);
                    }
                }
            }
            let mut numbers: Vec<f32> = Vec::new();
            for sequence in 0..3 {
                pass.each_qkv(sequence, |rows| numbers.extend(rows.iter().step_by(12)));
            }
            assert!(numbers.iter().copied().eq((0..15).map(|i| i as f32)));
            for part in 0..pass.states.len() {
                let mut out = vec![0.0; pass.rows_of(part).len() * 4];
                pass.gather(part, &mut out);
                let first = 2 * part * block;
                let expected = (0..).map(|i| (first + i / 2) as f32);
                assert!(out.iter().copied().zip(expected).all(|(a, b)| a == b));
            }
        }
    }

    #[test]
    #[should_panic(expected = "a thread of the pass failed")]
    fn nobody_waits_for_a_thread_that_failed() {
        let pass = pass(&[4], 2);
        let failed = std::panic::AssertUnwindSafe(|| pass.work(|_| panic!("so it does")));
        assert!(std::panic::catch_unwind(failed).is_err());
        pass.finish();
    }
}
