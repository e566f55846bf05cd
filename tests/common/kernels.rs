//! A kernel beside the oracle, bit for bit: natively in `tests/kernels.rs`, and in WebAssembly by the
//! module that `www/tests/kernels.test.mjs` loads.

use super::kernels::Kernel;
use super::kernels::attention::{Attention, Shape};
use super::kernels::floats::FloatLinear;
use super::kernels::int8::{Activations, PackedLinear};
use super::kernels::math::LayerNorm;
use super::kernels::scalar::Scalar;

/// Numbers that look random, the same for the same seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    /// Most in [-1, 1), some at the ends of a wider range.
    fn floats(&mut self, n: usize) -> Vec<f32> {
        let mut one = || match self.next() % 8 {
            0 => -3.0,
            1 => 5.0,
            _ => (self.next() % 2000) as f32 * 1e-3 - 1.0,
        };
        (0..n).map(|_| one()).collect()
    }

    /// Half of them extreme, or all of them small as most of a trained layer's are.
    fn bytes(&mut self, n: usize) -> Vec<i8> {
        let kind = self.next() % 2;
        let mut one = || match (kind, self.next() % 4) {
            (0, 0) => -128,
            (0, 1) => 127,
            (0, _) => self.next() as i8,
            _ => (self.next() % 61) as i8 - 30,
        };
        (0..n).map(|_| one()).collect()
    }
}

/// A kernel's results from numbers drawn from `seed`: products of every kind, attention over `rows`
/// positions, layer normalisation.
fn results<K: Kernel>(
    kernel: K,
    rows: usize,
    inputs: usize,
    outputs: usize,
    seed: u64,
) -> Vec<Vec<f32>> {
    let mut numbers = Numbers(seed | 1);
    let weights = numbers.bytes(inputs * outputs);
    let scales: Vec<f32> = numbers.floats(outputs).iter().map(|s| s * 1e-2).collect();
    let bias = numbers.floats(outputs);
    let mut x = numbers.floats(rows * inputs);

    let linear = PackedLinear::new(kernel, &weights, &scales, &bias);
    let mut quantized = Activations::<K>::default();
    let mut plain = vec![0.0; rows * outputs];
    quantized.quantize(kernel, &x, inputs);
    linear.apply(&quantized, &mut plain);
    let mut of_gelu = vec![0.0; rows * outputs];
    quantized.quantize_gelu(kernel, &mut x, inputs);
    linear.apply(&quantized, &mut of_gelu);

    let (heads, size) = (2, inputs % 40 + 1);
    let qkv = numbers.floats(rows * 3 * heads * size);
    let mut context = vec![0.0; heads * rows * size];
    let shape = Shape {
        positions: rows,
        heads,
        size,
    };
    let mut attention = Attention::default();
    // Twice, for what the first leaves behind; the rows come in two parts.
    for qkv in [numbers.floats(qkv.len()), qkv] {
        let (first, second) = qkv.split_at(rows / 2 * 3 * heads * size);
        for (head, context) in context.chunks_exact_mut(rows * size).enumerate() {
            attention.start(shape);
            attention.add(first, head);
            attention.add(second, head);
            attention.finish(kernel, context);
        }
    }

    let norm = LayerNorm {
        weight: numbers.floats(inputs),
        bias: numbers.floats(inputs),
        eps: 1e-12,
    };
    norm.apply(kernel, &mut x, Some(&numbers.floats(rows * inputs)));
    vec![plain, of_gelu, context, x]
}

/// # Panics
/// When the kernel gives other bits than the oracle.
pub fn check<K: Kernel>(kernel: K, rows: usize, inputs: usize, outputs: usize, seed: u64) {
    let got = results(kernel, rows, inputs, outputs, seed);
    let expected = results(Scalar, rows, inputs, outputs, seed);
    let names = ["product", "product of GELU", "attention", "layer norm"];
    for ((got, expected), name) in got.iter().zip(&expected).zip(names) {
        for (i, (g, e)) in got.iter().zip(expected).enumerate() {
            assert!(
                g.to_bits() == e.to_bits(),
                "{name} of {} at {rows}x{inputs}x{outputs}: number {i} is {g}, not {e}",
                K::NAME
            );
        }
    }
}

/// # Panics
/// When its f32 products are further from f64 than rounding explains.
#[allow(dead_code)] // Native builds alone compute in f32.
pub fn check_floats<K: Kernel>(kernel: K, rows: usize, inputs: usize, outputs: usize, seed: u64) {
    let mut numbers = Numbers(seed | 1);
    let weights = numbers.floats(inputs * outputs);
    let bias = numbers.floats(outputs);
    let x = numbers.floats(rows * inputs);
    let mut out = vec![0.0; rows * outputs];
    FloatLinear::new(kernel, &weights, &bias).apply(&x, &mut out);
    for (i, y) in out.iter().enumerate() {
        let (row, column) = (&x[i / outputs * inputs..], &weights[i % outputs * inputs..]);
        let products = row.iter().zip(column).take(inputs);
        let exact = products.map(|(x, w)| f64::from(*x) * f64::from(*w));
        let exact = exact.sum::<f64>() + f64::from(bias[i % outputs]);
        let bound = 25.0 * (inputs + 1) as f64 * f64::from(f32::EPSILON);
        assert!(
            (f64::from(*y) - exact).abs() <= bound,
            "f32 product of {} at {rows}x{inputs}x{outputs}: {y} for {exact}",
            K::NAME
        );
    }
}
