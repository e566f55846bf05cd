//! The oracle: plain loops that every other kernel must equal.

use super::{Kernel, Tile};

/// One row, one column, one input at a time.
#[derive(Debug, Clone, Copy)]
pub struct Scalar;

impl Kernel for Scalar {
    const NAME: &'static str = "scalar";
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const DEPTH: usize = 1;
    type Activation = u8;

    #[inline]
    fn detect() -> Option<Self> {
        Some(Scalar)
    }

    fn tile(self, tile: &Tile<u8>, out: &mut [f32]) {
        tile.check::<Self>(out);
        let channels = tile.channels;
        for (r, row) in tile.rows.iter().enumerate() {
            let levels = &tile.activations[r * tile.stride..][..tile.stride];
            for c in 0..Self::COLUMNS {
                let mut sum = 0;
                for (k, &level) in levels.iter().enumerate() {
                    sum += i32::from(level) * i32::from(tile.panel[k * Self::COLUMNS + c]);
                }
                let exact = (sum - row.zero * channels.sums[c]) as f32;
                out[r * tile.width + c] =
                    exact * (row.scale * channels.scales[c]) + channels.bias[c];
            }
        }
    }
}
