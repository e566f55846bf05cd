//! Every kernel of this machine against the oracle, and the oracle against plain arithmetic.

use bsmv::kernels::int8::{Activations, PackedLinear};
use bsmv::kernels::scalar::Scalar;
use bsmv::kernels::{self, Kernel};
use proptest::prelude::*;

#[path = "common/kernels.rs"]
mod oracle;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_kernel_gives_the_oracles_bits(
        rows in 1usize..40, inputs in 1usize..200, outputs in 1usize..150, seed: u64,
    ) {
        bsmv::for_each_kernel!(|kernel| {
            oracle::check(kernel, rows, inputs, outputs, seed);
            oracle::check_floats(kernel, rows, inputs, outputs, seed);
        });
    }
}

/// Products of rows of ones, quantized to the largest level.
fn of_ones<K: Kernel>(kernel: K, weights: &[i8], outputs: usize) -> Vec<f32> {
    let inputs = weights.len() / outputs;
    let mut input = Activations::<K>::default();
    input.quantize(kernel, &vec![1.0; 2 * inputs], inputs);
    let mut out = vec![0.0; 2 * outputs];
    let channels = vec![1.0; outputs];
    PackedLinear::new(kernel, weights, &channels, &channels).apply(&input, &mut out);
    out
}

#[test]
fn sums_are_exact_at_the_limit_of_what_fits_into_16_bits() {
    // Of four weights two at 127, and two whose sum goes through where 127 times all of them, or
    // their negatives, no longer fits.
    for small in 0..8i8 {
        for sign in [1, -1] {
            let row = [127, small / 2, 127, small - small / 2].map(|w| sign * w);
            let weights: Vec<i8> = row.iter().copied().cycle().take(64 * 20).collect();
            let exact = of_ones(Scalar, &weights, 20);
            bsmv::for_each_kernel!(|kernel| {
                assert_eq!(of_ones(kernel, &weights, 20), exact, "{small} and {sign}");
            });
        }
    }
}

#[test]
fn the_oracle_agrees_with_plain_arithmetic() {
    let (rows, inputs, outputs) = (3, 37, 11);
    let weights: Vec<i8> = (0..inputs * outputs)
        .map(|i| (i * 37 % 255) as u8 as i8)
        .collect();
    let scales: Vec<f32> = (0..outputs).map(|c| 0.001 + c as f32 * 1e-4).collect();
    let bias: Vec<f32> = (0..outputs).map(|c| c as f32 * 0.1).collect();
    let x: Vec<f32> = (0..rows * inputs).map(|i| (i as f32 * 0.7).sin()).collect();
    let mut quantized = Activations::<Scalar>::default();
    quantized.quantize(Scalar, &x, inputs);
    let mut out = vec![0.0; rows * outputs];
    PackedLinear::new(Scalar, &weights, &scales, &bias).apply(&quantized, &mut out);
    for r in 0..rows {
        for c in 0..outputs {
            let mut exact = f64::from(bias[c]);
            let mut size = 0.0;
            for k in 0..inputs {
                let w = f64::from(weights[c * inputs + k]) * f64::from(scales[c]);
                exact += w * f64::from(x[r * inputs + k]);
                size += w.abs();
            }
            // Half a level of error per activation at most, a level being 2 / 127.
            let error = (f64::from(out[r * outputs + c]) - exact).abs();
            assert!(error < size / 127.0, "row {r} column {c}: off by {error}");
        }
    }
}
