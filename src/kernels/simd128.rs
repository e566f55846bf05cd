//! WebAssembly SIMD: 4 x 8 tile, pairs of 16-bit products.
//!
//! `i32x4.dot_i16x8_s` multiplies eight 16-bit numbers and adds neighbours. Activations are kept as
//! 16 bits so that a pair is one 32-bit splat load; pairs of the four rows lie side by side, so that
//! one pointer serves all. Eight accumulators and their operands fit the sixteen registers of
//! x86-64; larger tiles spill, and so do loops unrolled by hand.
//!
//! Weights are 8 bits and yet not widened: two of them are one 16-bit number `256 h + l + 128`, h of
//! one of the panel's last four channels, l of one of its first four. Shifted right by 8 it is h. As
//! it stands, it gives a sum from which 256 times the sum for h comes off at the end, and 128 times
//! that of the activations. On the way i32 may wrap around; what is left is exact.
//!
//! Measured on one core of an AMD EPYC (Zen 4), the loop alone, 60 x 384 x 1152, Node 24: weights
//! widened on load 80 GOP/s, two in one 86, and rows side by side 90; that unrolled by two 70,
//! 5 x 8 51, weights held in 16 bits 87. The processor's own limit for so many products and sums is
//! 98. `i32x4.relaxed_dot_i8x16_i7x16_add_s` with rows apart gave 88: not worth a second module for
//! engines without it.

use std::arch::wasm32::{
    f32x4_add, f32x4_convert_i32x4, f32x4_mul, f32x4_splat, i16x8_shr, i32x4_add, i32x4_dot_i16x8,
    i32x4_mul, i32x4_shl, i32x4_splat, i32x4_sub, v128, v128_load, v128_load32_splat, v128_store,
};

use super::math::LANES;
use super::{Kernel, Tile};

/// Plain 128-bit SIMD, no relaxed instructions.
#[derive(Debug, Clone, Copy)]
pub struct Simd128(());

impl Kernel for Simd128 {
    const NAME: &'static str = "simd128";
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const DEPTH: usize = 2;
    const QUERIES: usize = 2;
    type Activation = i16;

    #[inline]
    fn detect() -> Option<Self> {
        // A module with such instructions loads only where they are.
        Some(Simd128(()))
    }

    fn tile(self, tile: &Tile<i16>, out: &mut [f32]) {
        tile.check::<Self>(out);
        // SAFETY: just checked.
        unsafe { by_rows!(tile.rows.len(), 1 2 3 or 4: tile_simd128(tile, out)) }
    }

    /// Two of each row in turn.
    #[inline(always)]
    fn arrange(rows: &mut [i16], stride: usize, spare: &mut Vec<i16>) {
        spare.clear();
        spare.extend_from_slice(rows);
        let pairs = spare.as_chunks::<2>().0;
        let [a, b, c, d] = std::array::from_fn(|r| &pairs[r * stride / 2..][..stride / 2]);
        let groups = rows.as_chunks_mut::<2>().0.as_chunks_mut::<4>().0;
        for ((((group, a), b), c), d) in groups.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *group = [*a, *b, *c, *d];
        }
    }

    /// The last four channels' weights in high bytes, the first four's beside them in low ones.
    #[inline(always)]
    fn place(weights: &[i8], column: usize, group: &mut [i8]) {
        let (half, lane) = (column / 4, column % 4 * Self::DEPTH);
        for (place, w) in group[2 * lane + half..].iter_mut().step_by(2).zip(weights) {
            *place = if half == 0 { *w ^ i8::MIN } else { *w };
        }
    }

    #[inline(always)]
    fn sums<const Q: usize>(
        self,
        factors: [&[f32]; Q],
        rows: &[[f32; LANES]],
    ) -> [[f32; LANES]; Q] {
        assert!(factors.iter().all(|f| f.len() >= rows.len()));
        let mut sums = [[f32x4_splat(0.0); 4]; Q];
        let mut out = [[0f32; LANES]; Q];
        // SAFETY: a row holds four vectors, and factors reach as far as the rows.
        unsafe {
            for (j, row) in rows.iter().enumerate() {
                let v: [v128; 4] =
                    std::array::from_fn(|i| v128_load(row.as_ptr().add(4 * i).cast()));
                for (sum, factors) in sums.iter_mut().zip(factors) {
                    let x = v128_load32_splat(factors.as_ptr().add(j).cast());
                    for (sum, v) in sum.iter_mut().zip(v) {
                        *sum = f32x4_add(*sum, f32x4_mul(x, v));
                    }
                }
            }
            for (i, sum) in sums.iter().flatten().enumerate() {
                v128_store(out.as_mut_ptr().cast::<f32>().add(4 * i).cast(), *sum);
            }
        }
        out
    }
}

/// A function of its own, not unrolled: an engine's register allocator then keeps every sum in a
/// register, which it doesn't in the middle of a larger one.
///
/// # Safety
/// The tile must have passed [`Tile::check`], with `R` rows. WebAssembly loads and stores need no
/// alignment.
#[inline(never)]
unsafe fn tile_simd128<const R: usize>(tile: &Tile<i16>, out: &mut [f32]) {
    let Tile {
        activations: a,
        stride,
        rows,
        panel,
        channels,
        width,
        ..
    } = *tile;
    let mut sums: [[v128; 2]; R] = [[i32x4_splat(0); 2]; R];
    // SAFETY: the tile was checked.
    unsafe {
        let mut at = a.as_ptr();
        let mut w = panel.as_ptr();
        for _ in 0..stride / 2 {
            let both = v128_load(w.cast());
            let high = i16x8_shr(both, 8);
            for (r, sum) in sums.iter_mut().enumerate() {
                let x = v128_load32_splat(at.add(2 * r).cast());
                sum[0] = i32x4_add(sum[0], i32x4_dot_i16x8(x, both));
                sum[1] = i32x4_add(sum[1], i32x4_dot_i16x8(x, high));
            }
            w = w.add(16);
            at = at.add(2 * Simd128::ROWS);
        }
        for (r, sum) in sums.iter_mut().enumerate() {
            let row = rows.get_unchecked(r);
            let shifted = i32x4_sub(sum[0], i32x4_shl(sum[1], 8));
            sum[0] = i32x4_sub(shifted, i32x4_splat(128 * row.sum));
        }
        for half in 0..2 {
            let scales = v128_load(channels.scales.as_ptr().add(4 * half).cast());
            let weights = v128_load(channels.sums.as_ptr().add(4 * half).cast());
            let bias = v128_load(channels.bias.as_ptr().add(4 * half).cast());
            for (r, sum) in sums.iter().enumerate() {
                let row = rows.get_unchecked(r);
                let zero = i32x4_mul(i32x4_splat(row.zero), weights);
                let exact = f32x4_convert_i32x4(i32x4_sub(sum[half], zero));
                let scale = f32x4_mul(f32x4_splat(row.scale), scales);
                let y = f32x4_add(f32x4_mul(exact, scale), bias);
                v128_store(out.as_mut_ptr().add(r * width + 4 * half).cast(), y);
            }
        }
    }
}
