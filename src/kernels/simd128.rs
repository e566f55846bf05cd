//! WebAssembly SIMD: 4 x 8 tile, pairs of 16-bit products.
//!
//! `i32x4.dot_i16x8_s` multiplies eight 16-bit numbers and adds neighbours. Weights are widened
//! on load; activations are kept as 16 bits so that a pair is one 32-bit splat load. Eight
//! accumulators and their operands fit the sixteen registers of x86-64; larger tiles spill, and so
//! do loops unrolled by hand.
//!
//! Measured on one core of an AMD EPYC (Zen 4), 60 x 384 x 1152, in Chromium 156 and Node 24 alike:
//! this tile alone 82 GOP/s; unrolled by two 65; 2 x 16 69, 3 x 16 70, 6 x 8 61. The same tile with
//! `i32x4.relaxed_dot_i8x16_i7x16_add_s`: 88, that is 8 % more for the products and less for a
//! score, and a second module for engines without relaxed instructions. It isn't worth that.

use std::arch::wasm32::{
    f32x4_add, f32x4_convert_i32x4, f32x4_mul, f32x4_splat, i16x8_load_extend_i8x8, i32x4_add,
    i32x4_dot_i16x8, i32x4_mul, i32x4_splat, i32x4_sub, v128, v128_load, v128_load32_splat,
    v128_store,
};

use super::math::LANES;
use super::{Channels, Kernel, Row, check_tile};

/// Plain 128-bit SIMD, no relaxed instructions.
pub struct Simd128;

impl Kernel for Simd128 {
    const NAME: &'static str = "simd128";
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const DEPTH: usize = 2;
    type Activation = i16;

    fn tile(
        a: &[i16],
        stride: usize,
        rows: &[Row],
        panel: &[i8],
        channels: Channels,
        out: &mut [f32],
        width: usize,
    ) {
        check_tile::<Self>(a, stride, rows, panel, channels, out, width);
        // SAFETY: just checked.
        unsafe {
            match rows.len() {
                1 => tile::<1>(a, stride, rows, panel, channels, out, width),
                2 => tile::<2>(a, stride, rows, panel, channels, out, width),
                3 => tile::<3>(a, stride, rows, panel, channels, out, width),
                _ => tile::<4>(a, stride, rows, panel, channels, out, width),
            }
        }
    }

    #[inline(always)]
    fn sums<const Q: usize>(factors: [&[f32]; Q], rows: &[[f32; LANES]]) -> [[f32; LANES]; Q] {
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
/// The slices must pass [`check_tile`], with `R` rows. WebAssembly loads and stores need no
/// alignment.
#[inline(never)]
unsafe fn tile<const R: usize>(
    a: &[i16],
    stride: usize,
    rows: &[Row],
    panel: &[i8],
    channels: Channels,
    out: &mut [f32],
    width: usize,
) {
    let mut sums: [[v128; 2]; R] = [[i32x4_splat(0); 2]; R];
    unsafe {
        let mut at: [*const i16; R] = std::array::from_fn(|r| a.as_ptr().add(r * stride));
        let mut w = panel.as_ptr();
        for _ in 0..stride / 2 {
            let low = i16x8_load_extend_i8x8(w);
            let high = i16x8_load_extend_i8x8(w.add(8));
            for (sum, at) in sums.iter_mut().zip(at) {
                let x = v128_load32_splat(at.cast());
                sum[0] = i32x4_add(sum[0], i32x4_dot_i16x8(x, low));
                sum[1] = i32x4_add(sum[1], i32x4_dot_i16x8(x, high));
            }
            w = w.add(16);
            at = at.map(|at| at.add(2));
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
