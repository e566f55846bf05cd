//! Scaled dot-product attention in f32, every sum in one fixed order.
//!
//! Sums run over one index in order, lanes over another, so the result depends neither on the width
//! of the vector unit nor on how many queries are worked on together.

use super::math::{LANES, softmax_numerators};
use super::{Kernel, Work};

/// Queries worked on together: each reads keys and values once for all of them. Their sums fill
/// half of the sixteen registers of 128 bits, or less of what x86 has.
const QUERIES: usize = if cfg!(target_arch = "wasm32") { 2 } else { 4 };

/// Attention with the memory it works in, kept from call to call.
#[derive(Default)]
pub struct Attention {
    /// One head's keys: `[n / LANES][head size][LANES]`.
    keys: Vec<f32>,
    /// One head's values: `[head size / LANES][n][LANES]`.
    values: Vec<f32>,
    /// `[QUERIES][n]`, padded to lanes.
    scores: Vec<f32>,
}

/// The sizes of one sequence's attention.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Positions in the sequence.
    pub positions: usize,
    /// Heads, side by side in each part of a row.
    pub heads: usize,
    /// Numbers of one head.
    pub size: usize,
}

impl Shape {
    /// Query, key or value (`part` 0, 1, 2) of one head at position `i`.
    #[inline(always)]
    fn part<'a>(&self, qkv: &'a [f32], i: usize, part: usize, head: usize) -> &'a [f32] {
        &qkv[((i * 3 + part) * self.heads + head) * self.size..][..self.size]
    }
}

struct Heads<'a, K> {
    attention: &'a mut Attention,
    qkv: &'a [f32],
    shape: Shape,
    context: &'a mut [f32],
    kernel: K,
}

impl<K: Kernel> Work for Heads<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let n = self.shape.positions;
        let whole = n / QUERIES * QUERIES;
        for head in 0..self.shape.heads {
            let (a, qkv, context) = (&mut *self.attention, self.qkv, &mut *self.context);
            a.gather(qkv, self.shape, head);
            for first in (0..whole).step_by(QUERIES) {
                a.attend::<K, QUERIES>(self.kernel, qkv, self.shape, head, first, context);
            }
            for first in whole..n {
                a.attend::<K, 1>(self.kernel, qkv, self.shape, head, first, context);
            }
        }
    }
}

impl Attention {
    /// Every head of one sequence. `qkv`: `[positions, 3 * heads * size]`; `context`:
    /// `[positions, heads * size]`.
    ///
    /// # Panics
    /// When a slice is shorter than that.
    pub fn apply<K: Kernel>(&mut self, kernel: K, qkv: &[f32], shape: Shape, context: &mut [f32]) {
        kernel.run(Heads {
            attention: self,
            qkv,
            shape,
            context,
            kernel,
        });
    }

    /// Lays out one head's keys and values for [`attend`](Self::attend).
    #[inline(always)]
    fn gather(&mut self, qkv: &[f32], shape: Shape, head: usize) {
        let Shape {
            positions: n, size, ..
        } = shape;
        self.keys.resize(n.next_multiple_of(LANES) * size, 0.0);
        self.values.resize(n * size.next_multiple_of(LANES), 0.0);
        for i in 0..n {
            let keys = &mut self.keys[i / LANES * LANES * size + i % LANES..];
            let key = shape.part(qkv, i, 1, head);
            for (at, k) in keys.iter_mut().step_by(LANES).zip(key) {
                *at = *k;
            }
            let value = shape.part(qkv, i, 2, head);
            let (chunks, rest) = value.as_chunks::<LANES>();
            let (values, _) = self.values.as_chunks_mut::<LANES>();
            for (c, chunk) in chunks.iter().enumerate() {
                values[c * n + i] = *chunk;
            }
            if !rest.is_empty() {
                values[chunks.len() * n + i][..rest.len()].copy_from_slice(rest);
            }
        }
    }

    /// The context of `Q` queries from `first` on.
    #[inline(always)]
    fn attend<K: Kernel, const Q: usize>(
        &mut self,
        kernel: K,
        qkv: &[f32],
        shape: Shape,
        head: usize,
        first: usize,
        context: &mut [f32],
    ) {
        let Shape {
            positions: n,
            heads,
            size,
        } = shape;
        let padded = n.next_multiple_of(LANES);
        let scale = 1.0 / (size as f32).sqrt();
        self.scores.resize(QUERIES * padded, 0.0);
        let queries: [&[f32]; Q] = std::array::from_fn(|q| shape.part(qkv, first + q, 0, head));
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
            for (q, (sums, total)) in sums.iter().zip(totals).enumerate() {
                let start = ((first + q) * heads + head) * size + c * LANES;
                let width = LANES.min(size - c * LANES);
                for (out, sum) in context[start..start + width].iter_mut().zip(sums) {
                    *out = sum / total;
                }
            }
        }
    }
}
