//! f32 products: the layout and tiles of the 8-bit ones, without their fixed bits.

use std::marker::PhantomData;

use super::{Kernel, TILE, Work, math};

/// A linear layer `y = W x + b` in f32, packed for kernel `K`.
pub struct FloatLinear<K> {
    /// Panels of [`COLUMNS`](Kernel::COLUMNS) outputs, in each `[inputs][COLUMNS]`.
    panels: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
    outputs: usize,
    kernel: PhantomData<K>,
}

impl<K: Kernel> FloatLinear<K> {
    /// Packs `weights`, row-major `[outputs][inputs]`.
    ///
    /// # Panics
    /// When the lengths disagree.
    pub fn new(weights: &[f32], bias: &[f32]) -> Self {
        let outputs = bias.len();
        assert_eq!(weights.len() % outputs, 0, "whole rows of weights");
        let inputs = weights.len() / outputs;
        let padded = outputs.next_multiple_of(K::COLUMNS);
        let mut panels = vec![0.0; padded * inputs];
        for (column, row) in weights.chunks_exact(inputs).enumerate() {
            let start = column / K::COLUMNS * K::COLUMNS * inputs + column % K::COLUMNS;
            for (place, w) in panels[start..].iter_mut().step_by(K::COLUMNS).zip(row) {
                *place = *w;
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(padded, 0.0);
        FloatLinear {
            panels,
            bias,
            inputs,
            outputs,
            kernel: PhantomData,
        }
    }

    /// `out[r] = W x_r + b` for the rows of `x`.
    ///
    /// # Panics
    /// When `x` and `out` aren't as many whole rows.
    pub fn apply(&self, x: &[f32], out: &mut [f32]) {
        let n = x.len() / self.inputs;
        assert_eq!(x.len(), n * self.inputs, "whole rows");
        assert_eq!(out.len(), n * self.outputs, "room for every row");
        let mut tile = [0f32; TILE];
        let panels = self.panels.chunks_exact(K::COLUMNS * self.inputs);
        for (panel, first) in panels.zip((0..).step_by(K::COLUMNS)) {
            let bias = &self.bias[first..][..K::COLUMNS];
            let width = K::COLUMNS.min(self.outputs - first);
            for top in (0..n).step_by(K::ROWS) {
                let rows = K::ROWS.min(n - top);
                let a = &x[top * self.inputs..];
                let out = &mut out[top * self.outputs + first..];
                if width == K::COLUMNS {
                    K::float_tile(a, self.inputs, rows, panel, bias, out, self.outputs);
                    continue;
                }
                K::float_tile(a, self.inputs, rows, panel, bias, &mut tile, K::COLUMNS);
                let both = out.chunks_mut(self.outputs).zip(tile.chunks(K::COLUMNS));
                for (out, tile) in both.take(rows) {
                    out[..width].copy_from_slice(&tile[..width]);
                }
            }
        }
    }
}

/// GELU of numbers, in place.
pub fn gelu<K: Kernel>(x: &mut [f32]) {
    K::run(Gelu(x));
}

struct Gelu<'a>(&'a mut [f32]);

impl Work for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        math::gelu(self.0);
    }
}
