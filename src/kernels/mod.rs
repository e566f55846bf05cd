//! Integer matrix products: activations in 0..=127 times signed 8-bit weights, summed in i32.
//!
//! Activations stay in seven bits so that every instruction set gives the same exact sum: x86's
//! `maddubs` can't saturate (127 * 128 * 2 < 2^15) and WebAssembly's relaxed dot product has one
//! meaning only. One [`Kernel`] per architecture; [`scalar`] is the oracle the others must equal
//! bit for bit.

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
#[cfg(target_arch = "x86_64")]
mod x86;

pub mod attention;
pub mod floats;
pub mod math;
pub mod scalar;

#[cfg(target_arch = "aarch64")]
pub use neon::Neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use simd128::Simd128;
#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512Vnni};

use math::LANES;

/// Largest activation: seven bits.
pub const MAX_ACTIVATION: f32 = 127.0;

/// A product of one small block of activations with one panel of weights.
///
/// Weights are packed into panels of [`COLUMNS`](Kernel::COLUMNS) output channels; within a panel
/// groups of [`DEPTH`](Kernel::DEPTH) consecutive inputs of each channel lie side by side, so that
/// the kernel reads a panel front to back.
pub trait Kernel: Send + Sync + 'static {
    /// Name for reports.
    const NAME: &'static str;
    /// Most activation rows in one call of [`tile`](Kernel::tile).
    const ROWS: usize;
    /// Output channels in one panel.
    const COLUMNS: usize;
    /// Consecutive inputs that are multiplied together.
    const DEPTH: usize;
    /// How an activation is stored.
    type Activation: Copy + Default + From<u8> + Send + Sync;

    /// `out[r * width + c] = y` for the rows of one tile, [`ROWS`](Kernel::ROWS) of them or fewer,
    /// and every channel c of one packed panel, where y is what [`Channels`] makes of the exact
    /// sum over k of `a[r * stride + k] * w[c][k]`, whatever the [order](Kernel::arrange) of a, which
    /// holds a whole tile. `stride` is a multiple of DEPTH.
    ///
    /// # Panics
    /// When a slice is shorter than that.
    fn tile(
        a: &[Self::Activation],
        stride: usize,
        rows: &[Row],
        panel: &[i8],
        channels: Channels,
        out: &mut [f32],
        width: usize,
    );

    /// Brings the quantized rows of one tile, ROWS of `stride` numbers, into the order in which
    /// [`tile`](Kernel::tile) reads them: one after the other, where a kernel says nothing else.
    /// `spare` is memory for it.
    #[inline(always)]
    fn arrange(_rows: &mut [Self::Activation], _stride: usize, _spare: &mut Vec<Self::Activation>) {
    }

    /// Puts `weights` of one channel, DEPTH of them or fewer, into `group`, which holds DEPTH weights
    /// of each of a panel's channels.
    #[inline(always)]
    fn place(weights: &[i8], column: usize, group: &mut [i8]) {
        group[column * Self::DEPTH..][..weights.len()].copy_from_slice(weights);
    }

    /// `sums[q][l] = sum over j of factors[q][j] * rows[j][l]`, each added in the order of j, from 0,
    /// product and sum rounded apart. The default is the oracle.
    ///
    /// # Panics
    /// When there are fewer factors than rows.
    #[inline(always)]
    fn sums<const Q: usize>(factors: [&[f32]; Q], rows: &[[f32; LANES]]) -> [[f32; LANES]; Q] {
        let mut sums = [[0f32; LANES]; Q];
        for (j, row) in rows.iter().enumerate() {
            for (sums, factors) in sums.iter_mut().zip(factors) {
                for (sum, v) in sums.iter_mut().zip(row) {
                    *sum += factors[j] * v;
                }
            }
        }
        sums
    }

    /// The same tile of f32 weights: `out[r * width + c] = bias[c] + sum over k of
    /// `a[r * stride + k] * panel[k * COLUMNS + c]` for `rows` rows. Kernels may round product and
    /// sum at once, so the bits differ between them.
    ///
    /// # Panics
    /// When a slice is shorter than that.
    fn float_tile(
        a: &[f32],
        stride: usize,
        rows: usize,
        panel: &[f32],
        bias: &[f32],
        out: &mut [f32],
        width: usize,
    ) {
        for r in 0..rows {
            let out = &mut out[r * width..][..Self::COLUMNS];
            out.copy_from_slice(&bias[..Self::COLUMNS]);
            let row = &a[r * stride..][..stride];
            for (x, w) in row.iter().zip(panel.chunks_exact(Self::COLUMNS)) {
                for (y, w) in out.iter_mut().zip(w) {
                    *y += x * w;
                }
            }
        }
    }

    /// Does `work` compiled for this kernel's instruction set: that is how plain loops become its
    /// widest vectors.
    fn run<W: Work>(work: W) -> W::Output {
        work.run()
    }
}

/// Something that can be made for any kernel.
pub trait Choice {
    type Output;

    fn with<K: Kernel>(self) -> Self::Output;
}

/// Makes it for the fastest kernel that this processor has.
pub fn on_fastest<C: Choice>(choice: C) -> C::Output {
    #[cfg(target_arch = "x86_64")]
    if Avx512Vnni::available() {
        return choice.with::<Avx512Vnni>();
    } else if Avx2::available() {
        return choice.with::<Avx2>();
    }
    #[cfg(target_arch = "aarch64")]
    type Fallback = Neon;
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    type Fallback = Simd128;
    #[cfg(not(any(
        target_arch = "aarch64",
        all(target_arch = "wasm32", target_feature = "simd128")
    )))]
    type Fallback = scalar::Scalar;
    choice.with::<Fallback>()
}

/// Something to do in one instruction set. A closure would do, were it sure to be inlined into the
/// function that enables the instructions; `run` here is marked `#[inline(always)]`.
pub trait Work {
    type Output;

    fn run(self) -> Self::Output;
}

/// How a row of activations was quantized: `x = scale * (q - zero)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub scale: f32,
    pub zero: i32,
    /// Sum of q, for kernels that hold weights shifted.
    pub sum: i32,
}

/// What turns exact sums of one panel's channels into numbers:
/// `y = (sum - zero * sums[c]) * (scale * scales[c]) + bias[c]`, in that order.
#[derive(Debug, Clone, Copy)]
pub struct Channels<'a> {
    pub scales: &'a [f32],
    /// Sum of each channel's weights, for the activations' zero point.
    pub sums: &'a [i32],
    pub bias: &'a [f32],
}

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
    pub fn quantize(&mut self, x: &[f32], width: usize) {
        self.start(x.len() / width, width);
        K::run(Quantize {
            into: self,
            x,
            width,
        });
    }

    /// Quantizes GELU of the rows of `x`, which it leaves there.
    pub fn quantize_gelu(&mut self, x: &mut [f32], width: usize) {
        self.start(x.len() / width, width);
        K::run(QuantizeGelu {
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
    scales: Vec<f32>,
    /// Sum of each channel's weights, for the activations' zero point.
    sums: Vec<i32>,
    bias: Vec<f32>,
    inputs: usize,
    /// Inputs, padded to the kernel's depth.
    depth: usize,
    outputs: usize,
    kernel: std::marker::PhantomData<K>,
}

impl<K: Kernel> PackedLinear<K> {
    /// Packs `weights`, row-major `[outputs][inputs]` with one scale per output.
    ///
    /// # Panics
    /// When the lengths disagree.
    pub fn new(weights: &[i8], scales: &[f32], bias: &[f32]) -> Self {
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
        let pad = |values: &[f32]| {
            let mut values = values.to_vec();
            values.resize(padded, 0.0);
            values
        };
        sums.resize(padded, 0);
        PackedLinear {
            panels,
            scales: pad(scales),
            sums,
            bias: pad(bias),
            inputs,
            depth,
            outputs,
            kernel: std::marker::PhantomData,
        }
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
        let mut tile = [0f32; TILE];
        let panels = self.panels.chunks_exact(K::COLUMNS * self.depth);
        for (p, panel) in panels.enumerate() {
            let first = p * K::COLUMNS;
            let width = K::COLUMNS.min(self.outputs - first);
            let here = first..first + K::COLUMNS;
            let channels = Channels {
                scales: &self.scales[here.clone()],
                sums: &self.sums[here.clone()],
                bias: &self.bias[here],
            };
            for (t, rows) in x.rows.chunks(K::ROWS).enumerate() {
                let top = t * K::ROWS;
                let a = &x.values[top * x.stride..];
                let out = &mut out[top * self.outputs + first..];
                if width == K::COLUMNS {
                    K::tile(a, x.stride, rows, panel, channels, out, self.outputs);
                    continue;
                }
                K::tile(a, x.stride, rows, panel, channels, &mut tile, K::COLUMNS);
                let rows = out.chunks_mut(self.outputs).zip(tile.chunks(K::COLUMNS));
                for (out, tile) in rows.take(x.rows.len() - top) {
                    out[..width].copy_from_slice(&tile[..width]);
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

/// The largest tile of any kernel: 6 x 64.
const TILE: usize = 384;

/// Checks what [`Kernel::tile`] may rely on.
#[inline(always)]
fn check_tile<K: Kernel>(
    a: &[K::Activation],
    stride: usize,
    rows: &[Row],
    panel: &[i8],
    channels: Channels,
    out: &[f32],
    width: usize,
) {
    let n = rows.len();
    assert!((1..=K::ROWS).contains(&n) && stride.is_multiple_of(K::DEPTH));
    assert!(a.len() >= K::ROWS * stride && panel.len() >= stride * K::COLUMNS);
    assert!(channels.scales.len() >= K::COLUMNS && channels.sums.len() >= K::COLUMNS);
    assert!(channels.bias.len() >= K::COLUMNS && out.len() >= (n - 1) * width + K::COLUMNS);
}
