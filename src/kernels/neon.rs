//! aarch64: 4 x 8 tile of plain NEON, which every such processor has.
//!
//! Products of 8 bits are made in 16, and neighbours added to sums of 32.

use std::arch::aarch64::*;

use super::{Channels, Kernel, Row, check_tile};

/// 128-bit vectors of 8-bit numbers.
pub struct Neon;

impl Kernel for Neon {
    const NAME: &'static str = "neon";
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const DEPTH: usize = 4;
    type Activation = u8;

    fn tile(
        a: &[u8],
        stride: usize,
        rows: &[Row],
        panel: &[i8],
        channels: Channels,
        out: &mut [f32],
        width: usize,
    ) {
        check_tile::<Self>(a, stride, rows, panel, channels, out, width);
        // SAFETY: just checked; NEON is part of the architecture.
        unsafe {
            match rows.len() {
                1 => tile::<1>(a, stride, rows, panel, channels, out, width),
                2 => tile::<2>(a, stride, rows, panel, channels, out, width),
                3 => tile::<3>(a, stride, rows, panel, channels, out, width),
                _ => tile::<4>(a, stride, rows, panel, channels, out, width),
            }
        }
    }
}

/// # Safety
/// The slices must pass [`check_tile`], with `R` rows.
#[target_feature(enable = "neon")]
unsafe fn tile<const R: usize>(
    a: &[u8],
    stride: usize,
    rows: &[Row],
    panel: &[i8],
    channels: Channels,
    out: &mut [f32],
    width: usize,
) {
    // Each vector sums two channels, each in two halves of its inputs.
    let mut sums = [[vdupq_n_s32(0); 4]; R];
    unsafe {
        for k in 0..stride / 4 {
            let w = panel.as_ptr().add(32 * k);
            let w: [int8x8_t; 4] = std::array::from_fn(|v| vld1_s8(w.add(8 * v)));
            for (r, sums) in sums.iter_mut().enumerate() {
                let four = a.as_ptr().add(r * stride + 4 * k).cast::<i32>();
                let x = vreinterpret_s8_s32(vdup_n_s32(four.read_unaligned()));
                for (sum, w) in sums.iter_mut().zip(w) {
                    *sum = vpadalq_s16(*sum, vmull_s8(x, w));
                }
            }
        }
        for half in 0..2 {
            let scales = vld1q_f32(channels.scales.as_ptr().add(4 * half));
            let weights = vld1q_s32(channels.sums.as_ptr().add(4 * half));
            let bias = vld1q_f32(channels.bias.as_ptr().add(4 * half));
            for (r, sums) in sums.iter().enumerate() {
                let row = rows.get_unchecked(r);
                let sum = vpaddq_s32(sums[2 * half], sums[2 * half + 1]);
                let zero = vmulq_s32(vdupq_n_s32(row.zero), weights);
                let exact = vcvtq_f32_s32(vsubq_s32(sum, zero));
                let scale = vmulq_f32(vdupq_n_f32(row.scale), scales);
                let y = vaddq_f32(vmulq_f32(exact, scale), bias);
                vst1q_f32(out.as_mut_ptr().add(r * width + 4 * half), y);
            }
        }
    }
}
