//! Scaled dot-product attention in f32, every sum in one fixed order.
//!
//! Sums run over one index in order, lanes over another, so the result depends neither on the width
//! of the vector unit nor on how many queries are worked on together.

use super::math::{LANES, softmax_numerators};
use super::{Kernel, Work};

/// One head's attention over one sequence, with the memory it works in, kept from call to call:
/// [`start`](Self::start), [`add`](Self::add) the sequence's rows, [`finish`](Self::finish).
#[derive(Default)]
pub struct Attention {
    shape: Shape,
    /// Positions added so far.
    added: usize,
    /// `[n][head size]`.
    queries: Vec<f32>,
    /// `[n / LANES][head size][LANES]`.
    keys: Vec<f32>,
    /// `[head size / LANES][n][LANES]`.
    values: Vec<f32>,
    /// `[QUERIES][n]`, padded to lanes.
    scores: Vec<f32>,
}

/// The sizes of one sequence's attention.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shape {
    /// Positions in the sequence.
    pub positions: usize,
    /// Heads, side by side in each part of a row.
    pub heads: usize,
    /// Numbers of one head.
    pub size: usize,
}

struct Finish<'a, K> {
    attention: &'a mut Attention,
    context: &'a mut [f32],
    kernel: K,
}

impl<K: Kernel> Work for Finish<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (a, context) = (self.attention, self.context);
        let n = a.shape.positions;
        let mut first = 0;
        while first < n {
            let (kernel, left) = (self.kernel, n - first);
            // Fewer at the end: what is worked on together has no part in the result.
            first += match K::QUERIES.min(left) {
                8.. => a.attend::<K, 8>(kernel, first, context),
                6.. if K::QUERIES == 6 => a.attend::<K, 6>(kernel, first, context),
                4.. => a.attend::<K, 4>(kernel, first, context),
                2.. => a.attend::<K, 2>(kernel, first, context),
                _ => a.attend::<K, 1>(kernel, first, context),
            };
        }
    }
}

impl Attention {
    /// Begins a sequence.
    pub fn start(&mut self, shape: Shape) {
        let Shape {
            positions: n, size, ..
        } = shape;
        (self.shape, self.added) = (shape, 0);
        self.queries.resize(n * size, 0.0);
        self.keys.resize(n.next_multiple_of(LANES) * size, 0.0);
        self.values.resize(n * size.next_multiple_of(LANES), 0.0);
    }

    /// Adds rows of query, key and value of all heads, `3 * heads * size` numbers each, of which those
    /// of one head are taken.
    ///
    /// # Panics
    /// When they are more than the sequence has positions.
    pub fn add(&mut self, qkv: &[f32], head: usize) {
        let Shape {
            positions: n,
            heads,
            size,
        } = self.shape;
        for row in qkv.chunks_exact(3 * heads * size) {
            let i = self.added;
            assert!(i < n, "no more rows than positions");
            let [query, key, value] =
                std::array::from_fn(|part| &row[(part * heads + head) * size..][..size]);
            self.queries[i * size..][..size].copy_from_slice(query);
            let keys = &mut self.keys[i / LANES * LANES * size + i % LANES..];
            for (at, k) in keys.iter_mut().step_by(LANES).zip(key) {
                *at = *k;
            }
            let (chunks, rest) = value.as_chunks::<LANES>();
            let (values, _) = self.values.as_chunks_mut::<LANES>();
            for (c, chunk) in chunks.iter().enumerate() {
                values[c * n + i] = *chunk;
            }
            if !rest.is_empty() {
                values[chunks.len() * n + i][..rest.len()].copy_from_slice(rest);
            }
            self.added += 1;
        }
    }

    /// What the head gathers for each position: `context` is `[positions, size]`.
    ///
    /// # Panics
    /// When rows are missing, or `context` has another size.
    pub fn finish<K: Kernel>(&mut self, kernel: K, context: &mut [f32]) {
        assert_eq!(self.added, self.shape.positions, "every row");
        assert_eq!(context.len(), self.added * self.shape.size, "room for all");
        kernel.run(Finish {
            attention: self,
            context,
            kernel,
        });
    }

    /// The context of `Q` queries from `first` on; returns `Q`.
    #[inline(always)]
    fn attend<K: Kernel, const Q: usize>(
        &mut self,
        kernel: K,
        first: usize,
        context: &mut [f32],
    ) -> usize {
        let Shape {
            positions: n, size, ..
        } = self.shape;
        let padded = n.next_multiple_of(LANES);
        let scale = 1.0 / (size as f32).sqrt();
        self.scores.resize(K::QUERIES * padded, 0.0);
        let queries: [&[f32]; Q] =
            std::array::from_fn(|q| &self.queries[(first + q) * size..][..size]);
        for (block, keys) in self.keys.chunks_exact(size * LANES).enumerate() {
            let sums = kernel.sums(queries, keys.as_chunks::<LANES>().0);
            for (q, sums) in sums.iter().enumerate() {
                let scores = &mut self.scores[q * padded + block * LANES..][..LANES];
                for (score, sum) in scores.iter_mut().zip(sums) {
                    *score = sum * scale;
                }
            }
        }
        let mut totals = [0f32; Q];
        for (total, scores) in totals.iter_mut().zip(self.scores.chunks_exact_mut(padded)) {
            scores[n..].fill(f32::NEG_INFINITY);
            *total = softmax_numerators(scores, n);
        }
        let scores: [&[f32]; Q] = std::array::from_fn(|q| &self.scores[q * padded..][..n]);
        for (c, values) in self.values.chunks_exact(n * LANES).enumerate() {
            let sums = kernel.sums(scores, values.as_chunks::<LANES>().0);
            let width = LANES.min(size - c * LANES);
            for (q, (sums, total)) in sums.iter().zip(totals).enumerate() {
                let out = &mut context[(first + q) * size + c * LANES..][..width];
                for (out, sum) in out.iter_mut().zip(sums) {
                    *out = sum / total;
                }
            }
        }
        Q
    }
}
