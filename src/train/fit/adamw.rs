//! AdamW whose moments can be saved, so that training resumes as if never stopped.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};

/// Named parameters with their moments (Loshchilov & Hutter 2019).
pub struct AdamW {
    parameters: BTreeMap<String, Var>,
    first: BTreeMap<String, Tensor>,
    second: BTreeMap<String, Tensor>,
    steps: i32,
    decay: f64,
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.99;
const EPSILON: f64 = 1e-8;
/// Longest gradient followed as it is.
const CLIP: f64 = 5.0;

impl AdamW {
    /// Starts at moments of 0; weights, not biases, shrink by `decay`.
    pub fn new(parameters: BTreeMap<String, Var>, decay: f64) -> Result<Self> {
        let zeros = || -> Result<BTreeMap<String, Tensor>> {
            let zero = |(name, var): (&String, &Var)| Ok((name.clone(), var.zeros_like()?));
            parameters.iter().map(zero).collect()
        };
        Ok(AdamW {
            first: zeros()?,
            second: zeros()?,
            parameters,
            steps: 0,
            decay,
        })
    }

    /// One step against `gradients`, shortened to a norm of at most `CLIP`.
    pub fn step(&mut self, gradients: &GradStore, rate: f64) -> Result<()> {
        self.steps += 1;
        let mut square = 0.0f64;
        for var in self.parameters.values() {
            if let Some(g) = gradients.get(var) {
                square += f64::from(g.sqr()?.sum_all()?.to_scalar::<f32>()?);
            }
        }
        let shorten = (CLIP / square.sqrt().max(CLIP)).min(1.0);
        let correct1 = 1.0 - BETA1.powi(self.steps);
        let correct2 = 1.0 - BETA2.powi(self.steps);
        for (name, var) in &self.parameters {
            let Some(g) = gradients.get(var) else {
                continue;
            };
            let g = (g.detach() * shorten)?;
            let m = ((&self.first[name] * BETA1)? + (&g * (1.0 - BETA1))?)?;
            let v = ((&self.second[name] * BETA2)? + (g.sqr()? * (1.0 - BETA2))?)?;
            let step = ((&m / correct1)? / ((&v / correct2)?.sqrt()? + EPSILON)?)?;
            // Biases aren't shrunk.
            let decay = if var.rank() > 1 { self.decay } else { 0.0 };
            let next = ((var.as_tensor() * (1.0 - rate * decay))? - (step * rate)?)?;
            var.set(&next.detach())?;
            self.first.insert(name.clone(), m.detach());
            self.second.insert(name.clone(), v.detach());
        }
        Ok(())
    }

    /// Steps made.
    pub fn steps(&self) -> i32 {
        self.steps
    }

    /// Steps and moments as tensors, to be saved.
    pub fn state(&self) -> Result<HashMap<String, Tensor>> {
        let mut state = HashMap::new();
        for (prefix, moments) in [("first", &self.first), ("second", &self.second)] {
            for (name, tensor) in moments {
                state.insert(format!("{prefix}.{name}"), tensor.clone());
            }
        }
        let device = candle_core::Device::Cpu;
        state.insert("steps".into(), Tensor::new(&[self.steps as f32], &device)?);
        Ok(state)
    }

    /// Takes steps and moments from [`AdamW::state`].
    pub fn restore(&mut self, state: &HashMap<String, Tensor>) -> Result<()> {
        let find = |name: String| {
            let tensor = state.get(&name).cloned();
            tensor.with_context(|| format!("checkpoint lacks {name}"))
        };
        for name in self.parameters.keys() {
            self.first
                .insert(name.clone(), find(format!("first.{name}"))?);
            self.second
                .insert(name.clone(), find(format!("second.{name}"))?);
        }
        self.steps = find("steps".into())?.to_vec1::<f32>()?[0] as i32;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn run(optimizer: &mut AdamW, x: &Var, steps: usize) {
        for _ in 0..steps {
            let loss = (x.as_tensor() - 3.0).unwrap().sqr().unwrap();
            let gradients = loss.sum_all().unwrap().backward().unwrap();
            optimizer.step(&gradients, 0.1).unwrap();
        }
    }

    fn start() -> (AdamW, Var) {
        let x = Var::new(&[[0f32, 10.0]], &Device::Cpu).unwrap();
        let parameters = BTreeMap::from([("x".to_string(), x.clone())]);
        (AdamW::new(parameters, 0.0).unwrap(), x)
    }

    #[test]
    fn finds_a_minimum() {
        let (mut optimizer, x) = start();
        run(&mut optimizer, &x, 300);
        for v in x.to_vec2::<f32>().unwrap().concat() {
            assert!((v - 3.0).abs() < 0.05, "{v}");
        }
    }

    #[test]
    fn resumes_as_if_never_stopped() {
        let (mut whole, x) = start();
        run(&mut whole, &x, 20);
        let (mut before, y) = start();
        run(&mut before, &y, 10);
        let (mut after, z) = start();
        after.restore(&before.state().unwrap()).unwrap();
        z.set(y.as_tensor()).unwrap();
        run(&mut after, &z, 10);
        assert_eq!(x.to_vec2::<f32>().unwrap(), z.to_vec2::<f32>().unwrap());
    }
}
