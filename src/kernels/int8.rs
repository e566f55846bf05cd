//! 8-bit products with one result in every build: activations quantized row by row, weights packed.

use super::{Channels, Kernel, Order, Row, TILE, Tile, Work, math, soon};

/// Largest activation: seven bits.
pub const MAX_ACTIVATION: f32 = 127.0;

/// Tiles of a panel from which on the next one is asked for beforehand.
const FETCHING_TILES: usize = 6;

/// Rows of activations, each quantized by its own range.
pub struct Activations<K: Kernel> {
    /// Whole tiles of [`ROWS`](Kernel::ROWS) rows, [arranged](Kernel::arrange).
    values: Vec<K::Activation>,
    rows: Vec<Row>,
    stride: usize,
    spare: Vec<K::Activation>,
}

impl<K: Kernel> Default for Activations<K> {
    fn default() -> Self {
        Activations {
            values: Vec::new(),
            rows: Vec::new(),
            stride: 0,
            spare: Vec::new(),
        }
    }
}

impl<K: Kernel> Activations<K> {
    /// Quantizes the rows of `x`, `width` numbers each, in place of what was held before.
    pub fn quantize(&mut self, kernel: K, x: &[f32], width: usize) {
        self.start(x.len() / width, width);
        kernel.run(Quantize {
            into: self,
            x,
            width,
        });
    }

    /// Quantizes GELU of the rows of `x`, which it leaves there.
    pub fn quantize_gelu(&mut self, kernel: K, x: &mut [f32], width: usize) {
        self.start(x.len() / width, width);
        kernel.run(QuantizeGelu {
            into: self,
            x,
            width,
        });
    }

    fn start(&mut self, n: usize, width: usize) {
        self.stride = width.next_multiple_of(K::DEPTH);
        self.rows.clear();
        self.values.clear();
        let tiles = n.next_multiple_of(K::ROWS);
        self.values
            .resize(tiles * self.stride, K::Activation::default());
    }

    /// Quantizes the rows of tile `t`.
    #[inline(always)]
    fn quantize_tile(&mut self, t: usize, x: &[f32], width: usize) {
        let size = K::ROWS * self.stride;
        let tile = &mut self.values[t * size..][..size];
        for (row, out) in x
            .chunks_exact(width)
            .zip(tile.chunks_exact_mut(self.stride))
        {
            self.rows.push(quantize_row(row, &mut out[..width]));
        }
        K::arrange(tile, self.stride, &mut self.spare);
    }
}

#[inline(always)]
fn quantize_row<A: From<u8>>(row: &[f32], out: &mut [A]) -> Row {
    let (low, high) = math::range_with_zero(row);
    // An all-zero row quantizes to zeros at any scale.
    let scale = if high > low {
        (high - low) / MAX_ACTIVATION
    } else {
        1.0
    };
    let inverse = 1.0 / scale;
    let zero = math::round_to_integer(-low * inverse);
    let sum = math::levels(row, inverse, zero, MAX_ACTIVATION as i32, out);
    Row { scale, zero, sum }
}

struct Quantize<'a, K: Kernel> {
    into: &'a mut Activations<K>,
    x: &'a [f32],
    width: usize,
}

impl<K: Kernel> Work for Quantize<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (t, rows) in self.x.chunks(K::ROWS * self.width).enumerate() {
            self.into.quantize_tile(t, rows, self.width);
        }
    }
}

struct QuantizeGelu<'a, K: Kernel> {
    into: &'a mut Activations<K>,
    x: &'a mut [f32],
    width: usize,
}

impl<K: Kernel> Work for QuantizeGelu<'_, K> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (t, rows) in self.x.chunks_mut(K::ROWS * self.width).enumerate() {
            math::gelu(rows);
            self.into.quantize_tile(t, rows, self.width);
        }
    }
}

/// A linear layer `y = W x + b` with 8-bit weights per output channel, packed for kernel `K`.
pub struct PackedLinear<K> {
    panels: Vec<i8>,
    /// Of each panel.
    orders: Vec<Order>,
    scales: Vec<f32>,
    /// Sum of each channel's weights, for the activations' zero point.
    sums: Vec<i32>,
    bias: Vec<f32>,
    inputs: usize,
    /// Inputs, padded to the kernel's depth.
    depth: usize,
    outputs: usize,
    kernel: K,
}

impl<K: Kernel> PackedLinear<K> {
    /// Packs `weights`, row-major `[outputs][inputs]` with one scale per output.
    ///
    /// # Panics
    /// When the lengths disagree.
    pub fn new(kernel: K, weights: &[i8], scales: &[f32], bias: &[f32]) -> Self {
        const { assert!(K::ROWS * K::COLUMNS <= TILE) };
        let outputs = scales.len();
        assert_eq!(bias.len(), outputs, "one bias per output");
        assert_eq!(weights.len() % outputs, 0, "whole rows of weights");
        let inputs = weights.len() / outputs;
        let depth = inputs.next_multiple_of(K::DEPTH);
        let padded = outputs.next_multiple_of(K::COLUMNS);
        let mut panels = vec![0; padded * depth];
        let mut sums = Vec::with_capacity(padded);
        for (column, row) in weights.chunks_exact(inputs).enumerate() {
            let panel = &mut panels[column / K::COLUMNS * K::COLUMNS * depth..];
            sums.push(pack_row::<K>(row, column % K::COLUMNS, panel));
        }
        let orders = panels.chunks_exact_mut(K::COLUMNS * depth);
        let orders = orders.map(|panel| kernel.order(panel)).collect();
        let pad = |values: &[f32]| {
            let mut values = values.to_vec();
            values.resize(padded, 0.0);
            values
        };
        sums.resize(padded, 0);
        PackedLinear {
            panels,
            orders,
            scales: pad(scales),
            sums,
            bias: pad(bias),
            inputs,
            depth,
            outputs,
            kernel,
        }
    }

    /// The kernel that it is packed for.
    pub fn kernel(&self) -> K {
        self.kernel
    }

    /// Numbers of one input row.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Output channels.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// `out[r][c] = W x_r + b`; `out` holds as many rows as `x`, `outputs` numbers each.
    ///
    /// # Panics
    /// When `x` was quantized at another width or `out` has another size.
    pub fn apply(&self, x: &Activations<K>, out: &mut [f32]) {
        assert_eq!(x.stride, self.depth, "as many activations as inputs");
        assert_eq!(out.len(), x.rows.len() * self.outputs, "room for every row");
        let mut spare = [0f32; TILE];
        let tiles = x.rows.len().div_ceil(K::ROWS);
        let panels = self.panels.chunks_exact(K::COLUMNS * self.depth);
        for (p, (panel, order)) in panels.zip(&self.orders).enumerate() {
            let first = p * K::COLUMNS;
            let wide = K::COLUMNS.min(self.outputs - first);
            let here = first..first + K::COLUMNS;
            let channels = Channels {
                scales: &self.scales[here.clone()],
                sums: &self.sums[here.clone()],
                bias: &self.bias[here],
            };
            let after = &self.panels[(p + 1) * panel.len()..];
            for (t, rows) in x.rows.chunks(K::ROWS).enumerate() {
                // Few tiles would have to ask for much at once, and wait for it.
                if tiles >= FETCHING_TILES {
                    self.kernel.fetch(soon(after, panel.len(), t, tiles));
                }
                let top = t * K::ROWS;
                let mut tile = Tile {
                    activations: &x.values[top * x.stride..],
                    stride: x.stride,
                    rows,
                    panel,
                    order,
                    channels,
                    width: self.outputs,
                };
                let out = &mut out[top * self.outputs + first..];
                if wide == K::COLUMNS {
                    self.kernel.tile(&tile, out);
                    continue;
                }
                tile.width = K::COLUMNS;
                self.kernel.tile(&tile, &mut spare);
                let both = out.chunks_mut(self.outputs).zip(spare.chunks(K::COLUMNS));
                for (out, spare) in both.take(rows.len()) {
                    out[..wide].copy_from_slice(&spare[..wide]);
                }
            }
        }
    }
}

/// Spreads the weights of a channel over its panel; their sum.
///
/// A function of its own, called for each row: engines of WebAssembly compile what is called often
/// anew and better, but don't leave a long loop for it.
#[inline(never)]
fn pack_row<K: Kernel>(row: &[i8], column: usize, panel: &mut [i8]) -> i32 {
    let (groups, rest) = row.split_at(row.len() / K::DEPTH * K::DEPTH);
    let mut places = panel.chunks_exact_mut(K::COLUMNS * K::DEPTH);
    for (weights, group) in groups.chunks_exact(K::DEPTH).zip(&mut places) {
        K::place(weights, column, group);
    }
    if let Some(group) = places.next()
        && !rest.is_empty()
    {
        K::place(rest, column, group);
    }
    row.iter().map(|&w| i32::from(w)).sum()
}
