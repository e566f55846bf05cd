//! The kernels where they run in a browser, beside the oracle: `www/tests/kernels.test.mjs` asks.

#[allow(dead_code)] // The encoder uses more of them.
#[path = "../../../../src/kernels/mod.rs"]
mod kernels;
#[path = "../../../../tests/common/kernels.rs"]
mod oracle;

/// Traps where the kernel of this build gives other bits than the oracle.
#[unsafe(no_mangle)]
pub extern "C" fn check(rows: usize, inputs: usize, outputs: usize, seed: u32) {
    oracle::check::<kernels::Simd128>(rows, inputs, outputs, u64::from(seed));
}

/// Traps, to show that [`check`] can: the oracle is asked for the bits of a kernel that is off.
#[unsafe(no_mangle)]
pub extern "C" fn check_a_wrong_one() {
    oracle::check::<Wrong>(3, 10, 9, 1);
}

/// Differs from the oracle in one number of a tile.
struct Wrong;

impl kernels::Kernel for Wrong {
    const NAME: &'static str = "wrong";
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const DEPTH: usize = 1;
    type Activation = u8;

    fn tile(
        a: &[u8],
        stride: usize,
        rows: &[kernels::Row],
        panel: &[i8],
        channels: kernels::Channels,
        out: &mut [f32],
        width: usize,
    ) {
        <kernels::scalar::Scalar as kernels::Kernel>::tile(
            a, stride, rows, panel, channels, out, width,
        );
        out[0] = f32::from_bits(out[0].to_bits() ^ 1);
    }
}
