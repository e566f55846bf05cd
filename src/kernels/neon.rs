//! aarch64: 4 x 8 tile of plain NEON, which every such processor has, and 6 x 16 of dot products, for
//! those of the last years. Nobody has measured their speed: an emulator showed that the bits are right.
//!
//! Plain, products of 8 bits are made in 16, and neighbours added to sums of 32.

use std::arch::aarch64::*;
use std::arch::asm;
use std::arch::is_aarch64_feature_detected;

use super::{Kernel, Tile};

/// 128-bit vectors of 8-bit numbers.
#[derive(Debug, Clone, Copy)]
pub struct Neon(());

impl Kernel for Neon {
    const NAME: &'static str = "neon";
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const DEPTH: usize = 4;
    type Activation = u8;

    #[inline]
    fn detect() -> Option<Self> {
        // This file is compiled where the whole build may use NEON.
        Some(Neon(()))
    }

    fn tile(self, tile: &Tile<u8>, out: &mut [f32]) {
        tile.check::<Self>(out);
        // SAFETY: just checked.
        unsafe { by_rows!(tile.rows.len(), 1 2 3 or 4: tile_neon(tile, out)) }
    }
}

/// Sums of four products of 8 bits to a lane, in one instruction.
#[derive(Debug, Clone, Copy)]
pub struct NeonDot(());

impl Kernel for NeonDot {
    const NAME: &'static str = "neondot";
    const ROWS: usize = 6;
    const COLUMNS: usize = 16;
    const DEPTH: usize = 4;
    type Activation = u8;

    fn detect() -> Option<Self> {
        is_aarch64_feature_detected!("dotprod").then_some(NeonDot(()))
    }

    fn tile(self, tile: &Tile<u8>, out: &mut [f32]) {
        tile.check::<Self>(out);
        // SAFETY: `detect` found the instructions, or there were no `self`; every address was just
        // checked.
        unsafe { by_rows!(tile.rows.len(), 1 2 3 4 5 or 6: tile_dot(tile, out)) }
    }
}

/// # Safety
/// Needs dot products, and a tile that passed [`Tile::check`], of `R` rows.
#[target_feature(enable = "neon,dotprod")]
unsafe fn tile_dot<const R: usize>(tile: &Tile<u8>, out: &mut [f32]) {
    let (a, stride, channels) = (tile.activations.as_ptr(), tile.stride, tile.channels);
    let mut sums = [[vdupq_n_s32(0); 4]; R];
    // SAFETY: the tile was checked.
    unsafe {
        for k in 0..stride / 4 {
            let w = tile.panel.as_ptr().add(64 * k);
            let w: [int8x16_t; 4] = std::array::from_fn(|v| vld1q_s8(w.add(16 * v)));
            for (r, sums) in sums.iter_mut().enumerate() {
                let four = a.add(r * stride + 4 * k).cast::<i32>();
                // Levels are below 128: signed or not is the same.
                let x = vreinterpretq_s8_s32(vdupq_n_s32(four.read_unaligned()));
                for (sum, w) in sums.iter_mut().zip(w) {
                    *sum = dot(*sum, x, w);
                }
            }
        }
        for v in 0..4 {
            let scales = vld1q_f32(channels.scales.as_ptr().add(4 * v));
            let weights = vld1q_s32(channels.sums.as_ptr().add(4 * v));
            let bias = vld1q_f32(channels.bias.as_ptr().add(4 * v));
            for (r, sums) in sums.iter().enumerate() {
                let row = tile.rows.get_unchecked(r);
                let zero = vmulq_s32(vdupq_n_s32(row.zero), weights);
                let exact = vcvtq_f32_s32(vsubq_s32(sums[v], zero));
                let scale = vmulq_f32(vdupq_n_f32(row.scale), scales);
                let y = vaddq_f32(vmulq_f32(exact, scale), bias);
                vst1q_f32(out.as_mut_ptr().add(r * tile.width + 4 * v), y);
            }
        }
    }
}

/// `sum` and, in each lane, four products. The standard library's function for it isn't stable.
#[target_feature(enable = "neon,dotprod")]
#[inline]
fn dot(mut sum: int32x4_t, x: int8x16_t, w: int8x16_t) -> int32x4_t {
    // SAFETY: reads and writes the registers it names.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {x:v}.16b, {w:v}.16b",
            sum = inlateout(vreg) sum,
            x = in(vreg) x,
            w = in(vreg) w,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// # Safety
/// The tile must have passed [`Tile::check`], with `R` rows.
#[target_feature(enable = "neon")]
unsafe fn tile_neon<const R: usize>(tile: &Tile<u8>, out: &mut [f32]) {
    let Tile {
        activations: a,
        stride,
        rows,
        panel,
        channels,
        width,
        ..
    } = *tile;
    // Each vector sums two channels, each in two halves of its inputs.
    let mut sums = [[vdupq_n_s32(0); 4]; R];
    // SAFETY: the tile was checked.
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
