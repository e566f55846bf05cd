//! The oracle: plain loops that every other kernel must equal.

use super::{Channels, Kernel, Row};

/// One row, one column, one input at a time.
pub struct Scalar;

impl Kernel for Scalar {
    const NAME: &'static str = "scalar";
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const DEPTH: usize = 1;
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
        for (r, row) in rows.iter().enumerate() {
            for c in 0..Self::COLUMNS {
                let mut sum = 0;
                for k in 0..stride {
                    sum += i32::from(a[r * stride + k]) * i32::from(panel[k * Self::COLUMNS + c]);
                }
                let exact = (sum - row.zero * channels.sums[c]) as f32;
                out[r * width + c] = exact * (row.scale * channels.scales[c]) + channels.bias[c];
            }
        }
    }
}
