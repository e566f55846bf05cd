//! The kernels where they run in a browser, beside the oracle: `www/tests/kernels.test.mjs` asks.

#[allow(dead_code)] // The encoder uses more of them.
#[path = "../../../../src/kernels/mod.rs"]
mod kernels;
#[path = "../../../../tests/common/kernels.rs"]
mod oracle;

use kernels::scalar::Scalar;
use kernels::{Kernel, Tile};

/// Traps where a kernel of this build gives other bits than the oracle.
#[unsafe(no_mangle)]
pub extern "C" fn check(rows: usize, inputs: usize, outputs: usize, seed: u32) {
    for_each_kernel!(|kernel| oracle::check(kernel, rows, inputs, outputs, u64::from(seed)));
}

/// Traps, to show that [`check`] can: the oracle is asked for the bits of a kernel that is off.
#[unsafe(no_mangle)]
pub extern "C" fn check_a_wrong_one() {
    oracle::check(Wrong, 3, 10, 9, 1);
}

/// Differs from the oracle in one number of a tile.
#[derive(Clone, Copy)]
struct Wrong;

impl Kernel for Wrong {
    const NAME: &'static str = "wrong";
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const DEPTH: usize = 1;
    type Activation = u8;

    fn detect() -> Option<Self> {
        Some(Wrong)
    }

    fn tile(self, tile: &Tile<u8>, out: &mut [f32]) {
        Scalar.tile(tile, out);
        out[0] = f32::from_bits(out[0].to_bits() ^ 1);
    }
}
