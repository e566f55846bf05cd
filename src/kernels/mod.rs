//! Matrix products and what stands between them, once per instruction set.
//!
//! Products of 8 bits are of activations in 0..=127 and signed weights, summed in i32. Activations
//! stay in seven bits so that every instruction set gives the same exact sum: x86's `maddubs` can't
//! saturate (127 * 128 * 2 < 2^15) and WebAssembly's relaxed dot product has one meaning only.
//!
//! One [`Kernel`] per instruction set; [`scalar`] is the oracle the others must equal bit for bit.
//! A kernel is a value without size that exists only where its instructions do: who holds one may
//! use it, and nobody else can. [`for_each_kernel`](crate::for_each_kernel) is the one list of them.

/// Calls a function made for a number of rows, where that is known only now:
/// `by_rows!(n, 1 2 or 3: tile(x, out))` is `tile::<n>(x, out)` for one or two rows, and for others `tile::<3>`.
macro_rules! by_rows {
    ($rows:expr, $($fewer:literal)* or $most:literal: $function:ident $arguments:tt) => {
        match $rows {
            $($fewer => $function::<$fewer> $arguments,)*
            _ => $function::<$most> $arguments,
        }
    };
}

pub mod attention;
pub mod floats;
pub mod int8;
pub mod math;
#[cfg(target_arch = "x86_64")]
mod pairs;
// The three files of the crate with unsafe code: vectors are loaded and stored through pointers.
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
#[allow(unsafe_code)]
mod neon;
pub mod scalar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[allow(unsafe_code)]
mod simd128;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86;

#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
pub use neon::{Neon, NeonDot};
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use simd128::Simd128;
#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512Vnni, AvxVnni};

use math::LANES;

/// Does something with each kernel that this processor has, the fastest first and the oracle last:
/// `for_each_kernel!(|kernel| check(kernel))`. The one list of kernels.
#[macro_export]
macro_rules! for_each_kernel {
    (|$kernel:ident| $action:expr) => {{
        use $crate::kernels::Kernel as _;
        #[cfg(target_arch = "x86_64")]
        if let Some($kernel) = $crate::kernels::Avx512Vnni::detect() {
            $action
        }
        #[cfg(target_arch = "x86_64")]
        if let Some($kernel) = $crate::kernels::AvxVnni::detect() {
            $action
        }
        #[cfg(target_arch = "x86_64")]
        if let Some($kernel) = $crate::kernels::Avx2::detect() {
            $action
        }
        #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
        if let Some($kernel) = $crate::kernels::NeonDot::detect() {
            $action
        }
        #[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
        if let Some($kernel) = $crate::kernels::Neon::detect() {
            $action
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        if let Some($kernel) = $crate::kernels::Simd128::detect() {
            $action
        }
        let $kernel = $crate::kernels::scalar::Scalar;
        $action
    }};
}

/// A product of one small block of activations with one panel of weights.
///
/// Weights are packed into panels of [`COLUMNS`](Kernel::COLUMNS) output channels; within a panel
/// groups of [`DEPTH`](Kernel::DEPTH) consecutive inputs of each channel lie side by side, so that
/// the kernel reads a panel front to back.
///
/// A type whose instructions some processors lack has no public way to a value but
/// [`detect`](Kernel::detect).
pub trait Kernel: Copy + Send + Sync + 'static {
    /// Name for reports.
    const NAME: &'static str;
    /// Most activation rows in one call of [`tile`](Kernel::tile).
    const ROWS: usize;
    /// Output channels in one panel.
    const COLUMNS: usize;
    /// Consecutive inputs that are multiplied together.
    const DEPTH: usize;
    /// Most rows in one call of [`float_tile`](Kernel::float_tile).
    const FLOAT_ROWS: usize = Self::ROWS;
    /// Output channels in one panel of f32 weights.
    const FLOAT_COLUMNS: usize = Self::COLUMNS;
    /// Most queries whose [`sums`](Kernel::sums) are made together: their sums fill about half of the
    /// registers.
    const QUERIES: usize = 4;
    /// How an activation is stored.
    type Activation: Copy + Default + From<u8> + Send + Sync;

    /// The kernel, where this processor has its instructions.
    fn detect() -> Option<Self>;

    /// `out[r * width + c] = y` for every row r of a tile and every channel c of its panel, where y
    /// is what [`Channels`] makes of the exact sum over k of activation k of the row times weight k
    /// of the channel.
    ///
    /// # Panics
    /// When a slice is shorter than [`Tile`] says, or `out` than that.
    fn tile(self, tile: &Tile<Self::Activation>, out: &mut [f32]);

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

    /// Brings a packed panel's groups of inputs into the order in which [`tile`](Kernel::tile) reads
    /// them, and says it: as they come, where a kernel says nothing else. Sums of integers are the
    /// same in every order.
    fn order(self, _panel: &mut [i8]) -> Order {
        Order::default()
    }

    /// Asks for memory that will be read soon. That changes no result, and by default nothing at all.
    #[inline(always)]
    fn fetch<T>(self, _soon: &[T]) {}

    /// `sums[q][l] = sum over j of factors[q][j] * rows[j][l]`, each added in the order of j, from 0,
    /// product and sum rounded apart. The default is the oracle.
    ///
    /// # Panics
    /// When there are fewer factors than rows.
    #[inline(always)]
    fn sums<const Q: usize>(
        self,
        factors: [&[f32]; Q],
        rows: &[[f32; LANES]],
    ) -> [[f32; LANES]; Q] {
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

    /// `out[r * width + c] = bias[c] + sum over k of x[r][k] * weight[k][c]` for every row r and
    /// column c of a tile. Kernels may round product and sum at once, so the bits differ between
    /// them.
    ///
    /// # Panics
    /// When a slice is shorter than [`FloatTile`] says, or `out` than that.
    fn float_tile(self, tile: &FloatTile, out: &mut [f32]) {
        tile.check::<Self>(out);
        for r in 0..tile.rows {
            let out = &mut out[r * tile.width..][..Self::FLOAT_COLUMNS];
            out.copy_from_slice(&tile.bias[..Self::FLOAT_COLUMNS]);
            let row = &tile.x[r * tile.stride..][..tile.stride];
            for (x, w) in row.iter().zip(tile.panel.chunks_exact(Self::FLOAT_COLUMNS)) {
                for (y, w) in out.iter_mut().zip(w) {
                    *y += x * w;
                }
            }
        }
    }

    /// Does `work` compiled for this kernel's instruction set: that is how plain loops become its
    /// widest vectors.
    fn run<W: Work>(self, work: W) -> W::Output {
        work.run()
    }
}

/// Something that can be made for any kernel.
pub trait Choice {
    /// The thing made, the same type for all kernels.
    type Output;

    /// Makes it for `kernel`.
    fn with<K: Kernel>(self, kernel: K) -> Self::Output;
}

/// Makes it for the fastest kernel that this processor has.
#[allow(clippy::needless_return)] // It is needed for every kernel but the last.
pub fn on_fastest<C: Choice>(choice: C) -> C::Output {
    for_each_kernel!(|kernel| return choice.with(kernel))
}

/// Something to do in one instruction set. A closure would do, were it sure to be inlined into the
/// function that enables the instructions; `run` here is marked `#[inline(always)]`.
pub trait Work {
    /// The result of it.
    type Output;

    /// Does it.
    fn run(self) -> Self::Output;
}

/// How a row of activations was quantized: `x = scale * (q - zero)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Difference of two numbers whose levels are neighbours.
    pub scale: f32,
    /// The level of 0.
    pub zero: i32,
    /// Sum of q, for kernels that hold weights shifted.
    pub sum: i32,
}

/// What turns exact sums of one panel's channels into numbers:
/// `y = (sum - zero * sums[c]) * (scale * scales[c]) + bias[c]`, in that order.
#[derive(Debug, Clone, Copy)]
pub struct Channels<'a> {
    /// Scale of each channel's weights.
    pub scales: &'a [f32],
    /// Sum of each channel's weights, for the activations' zero point.
    pub sums: &'a [i32],
    /// Added to each channel's results.
    pub bias: &'a [f32],
}

/// The order in which the groups of a panel lie, where a kernel chooses one.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// The first input of each group.
    inputs: Vec<u32>,
    /// Groups at the front that lie in pairs: products of two such can be added before they are
    /// widened.
    paired: usize,
    /// Past every input of theirs.
    end: usize,
}

impl Order {
    /// Of groups of `depth` inputs, by the first input of each; so many at the front are in pairs.
    ///
    /// # Panics
    /// When fewer groups are given than are in pairs, or half a pair.
    pub fn new(inputs: Vec<u32>, paired: usize, depth: usize) -> Self {
        assert!(paired <= inputs.len() && paired.is_multiple_of(2));
        let end = inputs.iter().max().map_or(0, |&last| last as usize + depth);
        Order {
            inputs,
            paired,
            end,
        }
    }
}

/// One block of an 8-bit product: some rows of activations times one panel of weights.
#[derive(Debug, Clone, Copy)]
pub struct Tile<'a, A> {
    /// [`ROWS`](Kernel::ROWS) times `stride` levels in the kernel's [order](Kernel::arrange), also
    /// where fewer rows are wanted.
    pub activations: &'a [A],
    /// Levels of one row, a multiple of [`DEPTH`](Kernel::DEPTH).
    pub stride: usize,
    /// The rows that are wanted, 1 to [`ROWS`](Kernel::ROWS) of them.
    pub rows: &'a [Row],
    /// `stride` times [`COLUMNS`](Kernel::COLUMNS) weights, as they are packed.
    pub panel: &'a [i8],
    /// What [`order`](Kernel::order) said of the panel.
    pub order: &'a Order,
    /// [`COLUMNS`](Kernel::COLUMNS) channels.
    pub channels: Channels<'a>,
    /// Numbers from one row of the output to the next.
    pub width: usize,
}

impl<A> Tile<'_, A> {
    /// Checks what kernel `K` relies on.
    #[inline(always)]
    fn check<K: Kernel>(&self, out: &[f32]) {
        let (n, channels) = (self.rows.len(), self.channels);
        assert!((1..=K::ROWS).contains(&n) && self.stride.is_multiple_of(K::DEPTH));
        assert!(self.activations.len() >= K::ROWS * self.stride);
        assert!(self.panel.len() >= self.stride * K::COLUMNS && self.order.end <= self.stride);
        assert!(self.order.inputs.len() * K::DEPTH <= self.stride);
        assert!(self.order.paired <= self.order.inputs.len());
        assert!(channels.scales.len() >= K::COLUMNS && channels.sums.len() >= K::COLUMNS);
        assert!(channels.bias.len() >= K::COLUMNS);
        assert!(out.len() >= (n - 1) * self.width + K::COLUMNS);
    }
}

/// One block of an f32 product: some rows times one panel of weights.
#[derive(Debug, Clone, Copy)]
pub struct FloatTile<'a> {
    /// `rows` times `stride` numbers.
    pub x: &'a [f32],
    /// Numbers of one row.
    pub stride: usize,
    /// How many rows, 1 to [`FLOAT_ROWS`](Kernel::FLOAT_ROWS).
    pub rows: usize,
    /// `[stride][FLOAT_COLUMNS]` weights.
    pub panel: &'a [f32],
    /// Added to each of [`FLOAT_COLUMNS`](Kernel::FLOAT_COLUMNS) columns.
    pub bias: &'a [f32],
    /// Numbers from one row of the output to the next.
    pub width: usize,
}

impl FloatTile<'_> {
    /// Checks what kernel `K` relies on.
    fn check<K: Kernel>(&self, out: &[f32]) {
        assert!((1..=K::FLOAT_ROWS).contains(&self.rows));
        assert!(self.x.len() >= self.rows * self.stride);
        assert!(self.panel.len() >= self.stride * K::FLOAT_COLUMNS);
        assert!(self.bias.len() >= K::FLOAT_COLUMNS);
        assert!(out.len() >= (self.rows - 1) * self.width + K::FLOAT_COLUMNS);
    }
}

/// Numbers of the largest tile of any kernel: 6 x 64.
const TILE: usize = 384;

/// The part of the panel after this one to ask for at tile `t` of `tiles`, so that the first tile of
/// that finds it near.
#[inline(always)]
fn soon<T>(after: &[T], size: usize, t: usize, tiles: usize) -> &[T] {
    let part = size.div_ceil(tiles);
    let after = &after[..size.min(after.len())];
    &after[after.len().min(t * part)..after.len().min((t + 1) * part)]
}
