//! Elementwise and reducing arithmetic with one fixed order, so that every build gives the same
//! bits: IEEE operations only, no fused multiply-add, sums in sixteen lanes added as a tree.
//! Written so that the compiler turns each loop into SIMD.

use super::{Kernel, Work};

/// Lanes of every sum: a multiple of each target's vector width.
pub const LANES: usize = 16;
/// 1.5 * 2^23: adding it rounds a small f32 to an integer, half to even.
const ROUNDING: f32 = 12_582_912.0;

/// Nearest integer, half to even, for |x| < 2^22.
#[inline(always)]
pub fn round_half_even(x: f32) -> f32 {
    (x + ROUNDING) - ROUNDING
}

/// The same as an integer: the low bits of the sum hold it, which is cheaper than a conversion.
#[inline(always)]
pub fn round_to_integer(x: f32) -> i32 {
    (x + ROUNDING).to_bits() as i32 - ROUNDING.to_bits() as i32
}

/// Each number of `x` times `inverse`, rounded, plus `zero`, at most `top`; the sum of all. None is
/// below 0 when `zero` is as much as the least rounds to below it; NaN counts as `top`.
#[inline(always)]
pub fn levels<A: From<u8>>(x: &[f32], inverse: f32, zero: i32, top: i32, out: &mut [A]) -> i32 {
    let [rounding] = constants([ROUNDING]);
    let highest = ROUNDING + (top - zero) as f32;
    let offset = zero - ROUNDING.to_bits() as i32;
    let mut sum = 0;
    for (q, v) in out.iter_mut().zip(x) {
        let level = lower(highest, v * inverse + rounding).to_bits() as i32 + offset;
        *q = A::from(level as u8);
        sum += level;
    }
    sum
}

/// Folds `x` into lanes, number i into lane i modulo [`LANES`], in order.
#[inline(always)]
fn lanes(x: &[f32], start: f32, f: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    let mut lanes = [start; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &v) in lanes.iter_mut().zip(chunk) {
            *lane = f(*lane, v);
        }
    }
    for (lane, &v) in lanes.iter_mut().zip(rest) {
        *lane = f(*lane, v);
    }
    lanes
}

#[inline(always)]
fn lower(a: f32, b: f32) -> f32 {
    if b < a { b } else { a }
}

#[inline(always)]
fn higher(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// Least and greatest of `x` and 0.
#[inline(always)]
pub fn range_with_zero(x: &[f32]) -> (f32, f32) {
    let (low, high) = (lanes(x, 0.0, lower), lanes(x, 0.0, higher));
    (
        low.into_iter().fold(0.0, lower),
        high.into_iter().fold(0.0, higher),
    )
}

/// Sum of `f(x)` over `x`.
#[inline(always)]
fn lane_sum(x: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = lanes(x, 0.0, |sum, v| sum + f(v));
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// Constants of a loop as the loop reads them. Engines of WebAssembly rebuild a vector constant from
/// immediates wherever it is used, which doubles the work of a polynomial; what a compiler can't
/// see through stays in registers or on the stack.
#[inline(always)]
fn constants<const N: usize>(values: [f32; N]) -> [f32; N] {
    if cfg!(target_arch = "wasm32") {
        std::hint::black_box(values)
    } else {
        values
    }
}

/// e^x by Cephes' scheme: x = n ln 2 + r, a polynomial for e^r, n put into the exponent.
const EXP: [f32; 12] = [
    -87.0,
    std::f32::consts::LOG2_E,
    ROUNDING,
    // ln 2 in two parts, the first exact in few bits, so that r keeps its precision.
    0.693_359_4,
    -2.121_944_4e-4,
    1.987_569_1e-4,
    1.398_2e-3,
    8.333_452e-3,
    4.166_579_6e-2,
    1.666_666_5e-1,
    5.000_000_3e-1,
    1.0,
];

/// e^x for x in [-87, 88], relative error below 2e-7; smaller x give e^-87.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    exp_by(x, &EXP)
}

/// [`exp`] with the constants [`EXP`] at hand.
#[inline(always)]
fn exp_by(x: f32, k: &[f32; 12]) -> f32 {
    let [
        least,
        log2_e,
        rounding,
        ln2_high,
        ln2_low,
        polynomial @ ..,
        one,
    ] = *k;
    let x = if x < least { least } else { x };
    let shifted = x * log2_e + rounding;
    let n = shifted - rounding;
    let r = (x - n * ln2_high) - n * ln2_low;
    let [p, rest @ ..] = polynomial;
    let p = rest.into_iter().fold(p, |p, c| p * r + c);
    let y = p * (r * r) + r + one;
    let exponent = shifted
        .to_bits()
        .wrapping_sub(ROUNDING.to_bits())
        .wrapping_shl(23);
    f32::from_bits(y.to_bits().wrapping_add(exponent))
}

/// erf by Abramowitz and Stegun 7.1.26, absolute error below 5e-7 in f32.
const ERF: [f32; 8] = [
    std::f32::consts::FRAC_1_SQRT_2,
    0.327_591_1,
    1.061_405_4,
    -1.453_152,
    1.421_413_7,
    -0.284_496_74,
    0.254_829_6,
    0.5,
];

/// Gaussian error linear unit, x/2 (1 + erf(x / sqrt 2)), in place.
#[inline(always)]
pub fn gelu(x: &mut [f32]) {
    let (exp_constants, erf_constants) = (constants(EXP), constants(ERF));
    let [root, scale, polynomial @ .., half] = erf_constants;
    let one = exp_constants[11];
    for v in x {
        let z = v.abs() * root;
        let t = one / (one + scale * z);
        let [p, rest @ ..] = polynomial;
        let p = rest.into_iter().fold(p, |p, c| p * t + c);
        let tail = p * t * exp_by(-z * z, &exp_constants);
        let erf = if *v < 0.0 { tail - one } else { one - tail };
        *v *= half * (one + erf);
    }
}

/// e^(x - max x) in place; returns the sum of the results. `x` may be padded at its end with
/// `f32::NEG_INFINITY` beyond `valid`; padding becomes 0.
#[inline(always)]
pub fn softmax_numerators(x: &mut [f32], valid: usize) -> f32 {
    let least = f32::NEG_INFINITY;
    let top = lanes(x, least, higher).into_iter().fold(least, higher);
    let k = constants(EXP);
    for v in x.iter_mut() {
        *v = exp_by(*v - top, &k);
    }
    x[valid..].fill(0.0);
    lane_sum(x, |v| v)
}

/// Layer normalisation: scale and shift after a row is brought to mean 0 and variance 1.
pub struct LayerNorm {
    /// Scale of each number of a row.
    pub weight: Vec<f32>,
    /// Shift of each number of a row.
    pub bias: Vec<f32>,
    /// Added to the variance, so that a row of equal numbers has a root to be divided by.
    pub eps: f32,
}

impl LayerNorm {
    /// `row = (row - mean) / sqrt(variance + eps) * weight + bias`, in place, for each row of `x`,
    /// to which `more` is added first where it is given.
    ///
    /// # Panics
    /// When `more` is shorter than `x`.
    pub fn apply<K: Kernel>(&self, kernel: K, x: &mut [f32], more: Option<&[f32]>) {
        kernel.run(Norm {
            norm: self,
            x,
            more,
        });
    }
}

struct Norm<'a> {
    norm: &'a LayerNorm,
    x: &'a mut [f32],
    more: Option<&'a [f32]>,
}

impl Work for Norm<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let width = self.norm.weight.len();
        for (i, row) in self.x.chunks_exact_mut(width).enumerate() {
            if let Some(more) = self.more {
                for (v, m) in row.iter_mut().zip(&more[i * width..][..width]) {
                    *v += m;
                }
            }
            norm_row(row, &self.norm.weight, &self.norm.bias, self.norm.eps);
        }
    }
}

#[inline(always)]
fn norm_row(row: &mut [f32], weight: &[f32], bias: &[f32], eps: f32) {
    let n = weight.len() as f32;
    let mean = lane_sum(row, |v| v) / n;
    let variance = lane_sum(row, |v| (v - mean) * (v - mean)) / n;
    let inverse = 1.0 / (variance + eps).sqrt();
    for ((v, w), b) in row.iter_mut().zip(weight).zip(bias) {
        *v = (*v - mean) * inverse * w + b;
    }
}

/// Scales `x` to unit length; a zero vector stays.
pub fn normalise(x: &mut [f32]) {
    let length = lane_sum(x, |v| v * v).sqrt();
    if length > 0.0 {
        for v in x {
            *v /= length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_over_its_range() {
        for i in -8700..=800 {
            let x = i as f32 * 0.01;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2e-7, "exp({x}): relative error {error:e}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f32::NEG_INFINITY), exp(-87.0));
    }

    /// GELU by numerical integration of the normal density, in f64.
    fn gelu_exact(x: f64) -> f64 {
        let steps = 20_000;
        let h = x / steps as f64;
        let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let inner: f64 = (1..steps).map(|i| density(h * i as f64)).sum();
        x * (0.5 + h * (inner + 0.5 * (density(0.0) + density(x))))
    }

    #[test]
    fn gelu_is_close_over_its_range() {
        for i in -60..=60 {
            let x = i as f32 * 0.1;
            let mut y = [x];
            gelu(&mut y);
            assert!(
                (f64::from(y[0]) - gelu_exact(f64::from(x))).abs() < 2e-6,
                "gelu({x})"
            );
        }
    }

    #[test]
    fn rounding_is_half_to_even() {
        for (x, y) in [
            (0.5, 0.0),
            (1.5, 2.0),
            (2.5, 2.0),
            (-0.5, 0.0),
            (-1.5, -2.0),
            (126.7, 127.0),
        ] {
            assert_eq!(round_half_even(x), y);
        }
    }

    #[test]
    fn padding_takes_no_part_in_softmax() {
        let mut padded = [0.3, -1.0, 2.0, f32::NEG_INFINITY, f32::NEG_INFINITY];
        let sum = softmax_numerators(&mut padded, 3);
        assert_eq!(padded[3..], [0.0, 0.0]);
        assert_eq!(padded[2], 1.0);
        assert!((sum - (1.0 + (-1.7f32).exp() + (-3f32).exp())).abs() < 1e-6);
    }
}
