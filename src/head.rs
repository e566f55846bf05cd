//! The multi-task head: 16 features -> 32 -> 32 (ReLU) -> BSMV/100, s, T, D.
//!
//! The score is the closed formula on the head's s and D and on T as given. The head's own BSMV
//! output is trained beside them and shapes the shared layers, but it is not the score: it follows
//! the news posts it was fitted to as well as the formula does, and off their beaten track it lets
//! complaints rise with their reposts, which the formula can't.

use crate::explain::Additive;
use crate::features::{FEATURES, FeatureVector, Group};
use crate::tensors::Tensors;
use crate::value::{Weights, formula};
use crate::{Error, Result};

/// Width of both hidden layers.
pub const HIDDEN: usize = 32;
/// Outputs: BSMV/100, s, T, D.
pub const OUTPUTS: usize = 4;

/// The head in plain arrays: small enough that explanations can run it some 10^5 times, and the
/// same bits in every build.
pub struct Head {
    /// `[feature][hidden]`; features are standardised inside.
    first: [[f32; HIDDEN]; FEATURES],
    first_bias: [f32; HIDDEN],
    /// `[hidden in][hidden out]`.
    second: [[f32; HIDDEN]; HIDDEN],
    second_bias: [f32; HIDDEN],
    /// `[output][hidden]`.
    last: [[f32; HIDDEN]; OUTPUTS],
    last_bias: [f32; OUTPUTS],
    /// Feature vectors of ordinary posts, against which a post is explained.
    background: Vec<FeatureVector>,
}

/// What the head says of one post.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadOutput {
    /// 0 to 100, at default weights.
    pub bsmv: f32,
    /// [-1, 1].
    pub s: f32,
    /// [0, 1].
    pub t: f32,
    /// [0, 1].
    pub d: f32,
}

impl Head {
    /// Reads tensors `head.{0,1,2}.{weight,bias}` (`[out, in]`), `head.mean`, `head.deviation`
    /// (of the features) and `head.background` `[n, 16]`.
    pub fn load(file: &Tensors) -> Result<Self> {
        let file = file.under("head");
        let mean = file.floats("mean", &[FEATURES])?;
        let deviation = file.floats("deviation", &[FEATURES])?;
        let w = file.floats("0.weight", &[HIDDEN, FEATURES])?;
        let mut first_bias: [f32; HIDDEN] = array(&file.floats("0.bias", &[HIDDEN])?);
        let mut first = [[0.0; HIDDEN]; FEATURES];
        for (i, column) in first.iter_mut().enumerate() {
            for (h, weight) in column.iter_mut().enumerate() {
                *weight = w[h * FEATURES + i] / deviation[i];
                first_bias[h] -= *weight * mean[i];
            }
        }
        let w = file.floats("1.weight", &[HIDDEN, HIDDEN])?;
        let mut second = [[0.0; HIDDEN]; HIDDEN];
        for (i, column) in second.iter_mut().enumerate() {
            for (o, weight) in column.iter_mut().enumerate() {
                *weight = w[o * HIDDEN + i];
            }
        }
        let w = file.floats("2.weight", &[OUTPUTS, HIDDEN])?;
        let mut last = [[0.0; HIDDEN]; OUTPUTS];
        for (row, weights) in last.iter_mut().zip(w.chunks_exact(HIDDEN)) {
            row.copy_from_slice(weights);
        }
        let background = file.floats_of_any_shape("background")?;
        if background.is_empty() || !background.len().is_multiple_of(FEATURES) {
            return Err(Error::Bundle("head.background: not rows of 16".into()));
        }
        Ok(Head {
            first,
            first_bias,
            second,
            second_bias: array(&file.floats("1.bias", &[HIDDEN])?),
            last,
            last_bias: array(&file.floats("2.bias", &[OUTPUTS])?),
            background: background.chunks_exact(FEATURES).map(array).collect(),
        })
    }

    /// Feature vectors of ordinary posts.
    pub fn background(&self) -> &[FeatureVector] {
        &self.background
    }

    /// Valence, relevance, diffusion and the score they make.
    pub fn predict(&self, x: &FeatureVector) -> HeadOutput {
        self.outputs(&self.state(x))
    }

    /// The head's own BSMV output, 0 to 100, for comparison.
    pub fn direct(&self, x: &FeatureVector) -> f32 {
        let hidden = self.hidden(&self.state(x).first);
        crate::value::clamp(100.0 * self.output(0, &hidden))
    }

    fn outputs(&self, state: &State) -> HeadOutput {
        let hidden = self.hidden(&state.first);
        let s = self.output(1, &hidden).clamp(-1.0, 1.0);
        let t = state.relevance.clamp(0.0, 1.0);
        let d = self.output(3, &hidden).clamp(0.0, 1.0);
        let bsmv = formula(s, t, d, &Weights::BALANCED);
        HeadOutput { bsmv, s, t, d }
    }

    /// The second layer's activations.
    fn hidden(&self, first: &[f32; HIDDEN]) -> [f32; HIDDEN] {
        // About half of the units are off. Their numbers are listed without a branch, which
        // nothing could predict, so that the sums below run over the others alone.
        let (mut on, mut count) = ([0; HIDDEN], 0);
        for (i, h) in first.iter().enumerate() {
            on[count] = i;
            count += usize::from(*h > 0.0);
        }
        let mut hidden = self.second_bias;
        for &i in &on[..count] {
            let h = first[i];
            for (sum, w) in hidden.iter_mut().zip(&self.second[i]) {
                *sum += h * w;
            }
        }
        // `f32::max` would be a call into libm in WebAssembly.
        hidden.map(|h| if h > 0.0 { h } else { 0.0 })
    }

    fn output(&self, o: usize, hidden: &[f32; HIDDEN]) -> f32 {
        // Several sums side by side: one alone would wait for each addition.
        let mut lanes = [0f32; 8];
        for (h, w) in hidden.chunks_exact(8).zip(self.last[o].chunks_exact(8)) {
            for ((lane, h), w) in lanes.iter_mut().zip(h).zip(w) {
                *lane += h * w;
            }
        }
        lanes.iter().fold(self.last_bias[o], |sum, lane| sum + lane)
    }
}

/// What the features add up to: the first layer before its ReLU, and T.
#[derive(Clone)]
pub struct State {
    first: [f32; HIDDEN],
    relevance: f32,
}

impl Additive for Head {
    type State = State;

    fn state(&self, x: &FeatureVector) -> Self::State {
        let mut state = State {
            first: self.first_bias,
            relevance: 0.0,
        };
        for (i, v) in x.iter().enumerate() {
            self.add(&mut state, i, *v);
        }
        state
    }

    fn add(&self, state: &mut Self::State, feature: usize, change: f32) {
        for (s, w) in state.first.iter_mut().zip(&self.first[feature]) {
            *s += w * change;
        }
        if Group::Topics.range().contains(&feature) {
            state.relevance += change;
        }
    }

    fn value(&self, state: &Self::State) -> f32 {
        self.outputs(state).bsmv
    }
}

fn array<const N: usize>(values: &[f32]) -> [f32; N] {
    std::array::from_fn(|i| values[i])
}
