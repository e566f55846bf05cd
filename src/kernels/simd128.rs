//! WebAssembly SIMD: 4 x 8 tile, pairs of 16-bit products.
//!
//! `i32x4.dot_i16x8_s` multiplies eight 16-bit numbers and adds neighbours. Weights are widened
//! on load; activations are kept as 16 bits so that a pair is one 32-bit splat load. Eight
//! accumulators and their operands fit the sixteen registers of x86-64; larger tiles spill.

use std::arch::wasm32::{f32x4_add, f32x4_mul, f32x4_splat,
    i16x8_load_extend_i8x8, i32x4_add, i32x4_dot_i16x8, i32x4_splat, v128,
    v128_load, v128_load32_splat, v128_store,
};

use super::Kernel;
use super::math::LANES;

/// Plain 128-bit SIMD, no relaxed instructions.
pub struct Simd128;

impl Kernel for Simd128 {
    const NAME: &'static str = "simd128";
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const DEPTH: usize = 2;
    type Activation = i16;

    fn tile(a: &[i16], stride: usize, rows: usize, panel: &[i8], acc: &mut [i32]) {
        match rows {
            1 => tile::<1>(a, stride, panel, acc),
            2 => tile::<2>(a, stride, panel, acc),
            3 => tile::<3>(a, stride, panel, acc),
            _ => tile::<4>(a, stride, panel, acc),
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
#[inline(never)]
fn tile<const R: usize>(a: &[i16], stride: usize, panel: &[i8], acc: &mut [i32]) {
    assert!(a.len() >= R * stride && stride.is_multiple_of(2));
    assert!(panel.len() >= stride * 8 && acc.len() >= R * 8);
    let mut sums: [[v128; 2]; R] = [[i32x4_splat(0); 2]; R];
    // SAFETY: the assertions above bound every address: pair k reads panel bytes
    // 16 k .. 16 k + 16 with k < stride / 2, and row r reads activations 2 k and 2 k + 1 below
    // R * stride. WebAssembly loads and stores need no alignment.
    unsafe {
        let mut rows: [*const i16; R] = std::array::from_fn(|r| a.as_ptr().add(r * stride));
        let mut w = panel.as_ptr();
        for _ in 0..stride / 2 {
            let low = i16x8_load_extend_i8x8(w);
            let high = i16x8_load_extend_i8x8(w.add(8));
            for (sum, row) in sums.iter_mut().zip(rows) {
                let x = v128_load32_splat(row.cast());
                sum[0] = i32x4_add(sum[0], i32x4_dot_i16x8(x, low));
                sum[1] = i32x4_add(sum[1], i32x4_dot_i16x8(x, high));
            }
            w = w.add(16);
            rows = rows.map(|row| row.add(2));
        }
        for (r, sum) in sums.iter().enumerate() {
            v128_store(acc.as_mut_ptr().add(8 * r).cast(), sum[0]);
            v128_store(acc.as_mut_ptr().add(8 * r + 4).cast(), sum[1]);
        }
    }
}
