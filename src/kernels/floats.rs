//! f32 products: the layout and tiles of the 8-bit ones, without their fixed bits.

use super::{FloatTile, Kernel, TILE, Work, math, soon};

/// A linear layer `y = W x + b` in f32, packed for kernel `K`.
pub struct FloatLinear<K> {
    /// Panels of [`FLOAT_COLUMNS`](Kernel::FLOAT_COLUMNS) outputs, in each `[inputs][FLOAT_COLUMNS]`.
    panels: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
    outputs: usize,
    kernel: K,
}

impl<K: Kernel> FloatLinear<K> {
    /// Packs `weights`, row-major `[outputs][inputs]`.
    ///
    /// # Panics
    /// When the lengths disagree.
    pub fn new(kernel: K, weights: &[f32], bias: &[f32]) -> Self {
        const { assert!(K::FLOAT_ROWS * K::FLOAT_COLUMNS <= TILE) };
        let outputs = bias.len();
        assert_eq!(weights.len() % outputs, 0, "whole rows of weights");
        let inputs = weights.len() / outputs;
        let padded = outputs.next_multiple_of(K::FLOAT_COLUMNS);
        let mut panels = vec![0.0; padded * inputs];
        for (column, row) in weights.chunks_exact(inputs).enumerate() {
            let start =
                column / K::FLOAT_COLUMNS * K::FLOAT_COLUMNS * inputs + column % K::FLOAT_COLUMNS;
            for (place, w) in panels[start..]
                .iter_mut()
                .step_by(K::FLOAT_COLUMNS)
                .zip(row)
            {
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
            kernel,
        }
    }

    /// The kernel that it is packed for.
    pub fn kernel(&self) -> K {
        self.kernel
    }

    /// `out[r] = W x_r + b` for the rows of `x`.
    ///
    /// # Panics
    /// When `x` and `out` aren't as many whole rows.
    pub fn apply(&self, x: &[f32], out: &mut [f32]) {
        let n = x.len() / self.inputs;
        assert_eq!(x.len(), n * self.inputs, "whole rows");
        assert_eq!(out.len(), n * self.outputs, "room for every row");
        let mut spare = [0f32; TILE];
        let panels = self.panels.chunks_exact(K::FLOAT_COLUMNS * self.inputs);
        let tiles = n.div_ceil(K::FLOAT_ROWS);
        for (panel, first) in panels.zip((0..).step_by(K::FLOAT_COLUMNS)) {
            let wide = K::FLOAT_COLUMNS.min(self.outputs - first);
            let after = &self.panels[first * self.inputs + panel.len()..];
            for (t, top) in (0..n).step_by(K::FLOAT_ROWS).enumerate() {
                self.kernel.fetch(soon(after, panel.len(), t, tiles));
                let mut tile = FloatTile {
                    x: &x[top * self.inputs..],
                    stride: self.inputs,
                    rows: K::FLOAT_ROWS.min(n - top),
                    panel,
                    bias: &self.bias[first..][..K::FLOAT_COLUMNS],
                    width: self.outputs,
                };
                let out = &mut out[top * self.outputs + first..];
                if wide == K::FLOAT_COLUMNS {
                    self.kernel.float_tile(&tile, out);
                    continue;
                }
                tile.width = K::FLOAT_COLUMNS;
                self.kernel.float_tile(&tile, &mut spare);
                let both = out
                    .chunks_mut(self.outputs)
                    .zip(spare.chunks(K::FLOAT_COLUMNS));
                for (out, spare) in both.take(tile.rows) {
                    out[..wide].copy_from_slice(&spare[..wide]);
                }
            }
        }
    }
}

/// GELU of numbers, in place.
pub fn gelu<K: Kernel>(kernel: K, x: &mut [f32]) {
    kernel.run(Gelu(x));
}

struct Gelu<'a>(&'a mut [f32]);

impl Work for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        math::gelu(self.0);
    }
}
