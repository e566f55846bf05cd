//! Linear layers in plain f32 loops: what small networks are made of.
//!
//! Sums run over inputs in order, so every build gives the same bits.

use crate::layers::tensors::Tensors;
use crate::{Error, Result};

/// Outputs that are summed side by side: what fits the registers of a SIMD unit.
const BLOCK: usize = 16;

/// `y = W x + b`.
#[derive(Debug, Clone)]
pub struct Dense {
    /// `[block of outputs][input][output in the block]`, the last block padded.
    weight: Vec<f32>,
    /// Padded likewise.
    bias: Vec<f32>,
    inputs: usize,
    outputs: usize,
}

impl Dense {
    /// `weight`: `[outputs][inputs]`, row by row, with as many outputs as `bias` has numbers.
    ///
    /// # Panics
    /// When the lengths disagree.
    pub fn new(weight: &[f32], bias: &[f32], inputs: usize) -> Self {
        let outputs = bias.len();
        assert_eq!(weight.len(), inputs * outputs, "one weight per pair");
        let padded = outputs.next_multiple_of(BLOCK);
        let mut blocks = vec![0.0; padded * inputs];
        for (output, row) in weight.chunks_exact(inputs).enumerate() {
            let block = output / BLOCK * BLOCK * inputs;
            for (input, w) in row.iter().enumerate() {
                blocks[block + input * BLOCK + output % BLOCK] = *w;
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(padded, 0.0);
        Dense {
            weight: blocks,
            bias,
            inputs,
            outputs,
        }
    }

    /// Reads `weight` `[outputs, inputs]` and `bias` `[outputs]`.
    pub fn load(file: &Tensors, inputs: usize, outputs: usize) -> Result<Self> {
        let weight = file.floats("weight", &[outputs, inputs])?;
        Ok(Dense::new(
            &weight,
            &file.floats("bias", &[outputs])?,
            inputs,
        ))
    }

    /// The same without a bias.
    pub fn load_without_bias(file: &Tensors, inputs: usize, outputs: usize) -> Result<Self> {
        let weight = file.floats("weight", &[outputs, inputs])?;
        Ok(Dense::new(&weight, &vec![0.0; outputs], inputs))
    }

    /// Outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Writes `W x + b` into `y`.
    ///
    /// # Panics
    /// When `x` or `y` has another length than the layer.
    pub fn apply(&self, x: &[f32], y: &mut [f32]) {
        assert_eq!(
            (x.len(), y.len()),
            (self.inputs, self.outputs),
            "as many numbers as the layer has inputs and outputs"
        );
        let blocks = self.weight.chunks_exact(BLOCK * self.inputs);
        let biases = self.bias.as_chunks::<BLOCK>().0;
        for ((y, block), bias) in y.chunks_mut(BLOCK).zip(blocks).zip(biases) {
            let mut sum = *bias;
            for (x, weights) in x.iter().zip(block.as_chunks::<BLOCK>().0) {
                for (sum, w) in sum.iter_mut().zip(weights) {
                    *sum += x * w;
                }
            }
            y.copy_from_slice(&sum[..y.len()]);
        }
    }

    /// `W x + b` of a vector from outside; another length than the layer's is an error.
    pub fn forward(&self, x: &[f32]) -> Result<Vec<f32>> {
        if x.len() != self.inputs {
            let problem = format!("{} numbers for a layer of {}", x.len(), self.inputs);
            return Err(Error::Compute(problem));
        }
        let mut y = vec![0.0; self.outputs];
        self.apply(x, &mut y);
        Ok(y)
    }
}

/// max(x, 0), in place.
pub fn relu(x: &mut [f32]) {
    for x in x {
        *x = x.max(0.0);
    }
}

/// Shares that sum to 1: e^x of each over the sum of all, in place.
pub fn softmax(x: &mut [f32]) {
    let top = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for x in x.iter_mut() {
        *x = (*x - top).exp();
        sum += *x;
    }
    for x in x {
        *x /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_a_product_and_a_bias() {
        for (inputs, outputs) in [(1, 1), (3, 7), (5, 16), (19, 33)] {
            let weight: Vec<f32> = (0..inputs * outputs).map(|i| (i as f32).sin()).collect();
            let bias: Vec<f32> = (0..outputs).map(|o| o as f32 * 0.5).collect();
            let x: Vec<f32> = (0..inputs).map(|i| (i as f32 + 0.3).cos()).collect();
            let found = Dense::new(&weight, &bias, inputs).forward(&x).unwrap();
            assert_eq!(found.len(), outputs);
            for (o, y) in found.iter().enumerate() {
                let row = &weight[o * inputs..][..inputs];
                let sum: f32 = row.iter().zip(&x).map(|(w, x)| w * x).sum();
                assert!((y - sum - bias[o]).abs() < 1e-5, "{inputs} to {outputs}");
            }
        }
    }

    #[test]
    fn a_vector_of_another_length_is_an_error() {
        let layer = Dense::new(&[1.0, 2.0], &[0.0], 2);
        assert_eq!(layer.forward(&[1.0]).unwrap_err().code(), "compute");
        assert_eq!(layer.forward(&[1.0, 1.0]).unwrap(), [3.0]);
    }

    #[test]
    fn shares_sum_to_one_however_large_the_numbers() {
        let mut x = [1000.0, 999.0, -1000.0];
        softmax(&mut x);
        assert!((x.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((x[0] / x[1] - 1f32.exp()).abs() < 1e-4 && x[2] == 0.0);
    }
}
