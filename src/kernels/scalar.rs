//! The oracle: plain loops that every other kernel must equal.

use super::Kernel;

/// One row, one column, one input at a time.
pub struct Scalar;

impl Kernel for Scalar {
    const NAME: &'static str = "scalar";
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const DEPTH: usize = 1;
    type Activation = u8;

    fn tile(a: &[u8], stride: usize, rows: usize, panel: &[i8], acc: &mut [i32]) {
        acc[..rows * Self::COLUMNS].fill(0);
        for r in 0..rows {
            let acc = &mut acc[r * Self::COLUMNS..(r + 1) * Self::COLUMNS];
            let row = &a[r * stride..(r + 1) * stride];
            for (x, group) in row.iter().zip(panel.chunks_exact(Self::COLUMNS)) {
                for (sum, w) in acc.iter_mut().zip(group) {
                    *sum += i32::from(*x) * i32::from(*w);
                }
            }
        }
    }
}
