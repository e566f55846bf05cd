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

/// e^x for x in [-87, 88], relative error below 2e-7; smaller x give e^-87.
///
/// Cephes' scheme: x = n ln 2 + r, a polynomial for e^r, n put into the exponent.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDING;
    let n = shifted - ROUNDING;
    // ln 2 in two parts, the first exact in few bits, so that r keeps its precision.
    let r = (x - n * 0.693_359_4) - n * -2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 5.000_000_3e-1;
    let y = p * (r * r) + r + 1.0;
    let exponent = shifted
        .to_bits()
        .wrapping_sub(ROUNDING.to_bits())
        .wrapping_shl(23);
    f32::from_bits(y.to_bits().wrapping_add(exponent))
}

/// Gaussian error linear unit, x/2 (1 + erf(x / sqrt 2)), in place.
///
/// erf by Abramowitz and Stegun 7.1.26, absolute error below 5e-7 in f32.
#[inline(always)]
pub fn gelu(x: &mut [f32]) {
    for v in x {
        let z = v.abs() * std::f32::consts::FRAC_1_SQRT_2;
        let t = 1.0 / (1.0 + 0.327_591_1 * z);
        let p = 1.061_405_4;
        let p = p * t - 1.453_152;
        let p = p * t + 1.421_413_7;
        let p = p * t - 0.284_496_74;
        let p = p * t + 0.254_829_6;
        let tail = p * t * exp(-z * z);
        let erf = if *v < 0.0 { tail - 1.0 } else { 1.0 - tail };
        *v *= 0.5 * (1.0 + erf);
    }
}

/// e^(x - max x) in place; returns the sum of the results. `x` may be padded at its end with
/// `f32::NEG_INFINITY` beyond `valid`; padding becomes 0.
#[inline(always)]
pub fn softmax_numerators(x: &mut [f32], valid: usize) -> f32 {
    let least = f32::NEG_INFINITY;
    let top = lanes(x, least, higher).into_iter().fold(least, higher);
    for v in x.iter_mut() {
        *v = exp(*v - top);
    }
    x[valid..].fill(0.0);
    lane_sum(x, |v| v)
}

/// Layer normalisation: scale and shift after a row is brought to mean 0 and variance 1.
pub struct LayerNorm {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub eps: f32,
}

impl LayerNorm {
    /// `row = (row - mean) / sqrt(variance + eps) * weight + bias`, in place, for each row of `x`,
    /// to which `more` is added first where it is given.
    pub fn apply<K: Kernel>(&self, x: &mut [f32], more: Option<&[f32]>) {
        K::run(Norm { norm: self, x, more });
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
