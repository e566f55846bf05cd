//! Fitting of small heads: seeded start, AdamW, early stopping on validation.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{AdamW, Linear, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap, linear};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::train::data::texts::progress;

/// Linear layers of a head: names, inputs, outputs.
pub type Layers<'a> = [(&'a str, usize, usize)];

/// A head while it is fitted: linear layers with a function between them. Deployed it is one of
/// the crate's own, which compute the same in plain loops.
pub struct Mlp {
    layers: Vec<Linear>,
    between: fn(&Tensor) -> candle_core::Result<Tensor>,
}

impl Mlp {
    /// A head on variables that [`start`] made of the same layers.
    pub fn new(
        vars: &VarMap,
        layers: &Layers,
        between: fn(&Tensor) -> candle_core::Result<Tensor>,
    ) -> Result<Self> {
        let vb = VarBuilder::from_varmap(vars, DType::F32, &Device::Cpu);
        let layers = layers
            .iter()
            .map(|&(name, inputs, outputs)| linear(inputs, outputs, vb.pp(name)))
            .collect::<Result<_, _>>()?;
        Ok(Mlp { layers, between })
    }

    /// (n, outputs) of (n, inputs).
    pub fn logits(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let mut x = self.layers[0].forward(x)?;
        for layer in &self.layers[1..] {
            x = layer.forward(&(self.between)(&x)?)?;
        }
        Ok(x)
    }
}

/// Tensors as the bytes of a safetensors file, from which deployed heads are read.
pub fn file_of(tensors: &HashMap<String, Tensor>) -> Result<Vec<u8>> {
    Ok(safetensors::serialize(tensors, None)?)
}

/// [`file_of`] variables.
pub fn file_of_vars(vars: &VarMap) -> Result<Vec<u8>> {
    let data = vars.data().lock().ok().context("variables are locked")?;
    let tensors = data
        .iter()
        .map(|(name, var)| (name.clone(), var.as_tensor().clone()));
    file_of(&tensors.collect())
}

/// How a head is fitted.
#[derive(Debug, Clone, Copy)]
pub struct HeadPlan {
    /// Most passes over the rows.
    pub epochs: usize,
    /// Rows of a batch.
    pub batch: usize,
    /// Learning rate of AdamW.
    pub rate: f64,
    /// Decay of the weights.
    pub decay: f64,
    /// Epochs without a better validation loss before stopping.
    pub patience: usize,
    /// Seed of the order of rows.
    pub seed: u64,
}

/// Variables of linear layers `(name, inputs, outputs)`: weights uniform within one over the
/// root of the inputs, biases 0. candle's own start can't be seeded on the CPU.
pub fn start(layers: &Layers, seed: u64) -> Result<VarMap> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let vars = VarMap::new();
    {
        let mut data = vars.data().lock().ok().context("variables are locked")?;
        for &(name, inputs, outputs) in layers {
            let bound = (inputs as f32).sqrt().recip();
            let weight: Vec<f32> = (0..inputs * outputs)
                .map(|_| rng.random_range(-bound..bound))
                .collect();
            let weight = Tensor::from_vec(weight, (outputs, inputs), &Device::Cpu)?;
            let bias = Tensor::zeros(outputs, DType::F32, &Device::Cpu)?;
            data.insert(format!("{name}.weight"), Var::from_tensor(&weight)?);
            data.insert(format!("{name}.bias"), Var::from_tensor(&bias)?);
        }
    }
    Ok(vars)
}

/// A linear head that an encoder was tuned with: weight (classes, width of a vector), row by row, and
/// bias.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearHead {
    /// Weights, class by class.
    pub weight: Vec<f32>,
    /// One number for each class.
    pub bias: Vec<f32>,
}

/// Makes the variables of a head `hidden`, `out` compute what a linear head does: a number is what the
/// ReLU leaves of it less what it leaves of its opposite. What hidden units are left stay as
/// [`start`] made them, unread.
pub fn begin_at(vars: &VarMap, linear: &LinearHead) -> Result<()> {
    let classes = linear.bias.len();
    let data = vars.data().lock().ok().context("variables are locked")?;
    let var = |name: &str| data.get(name).with_context(|| format!("no {name}"));
    let (weight, out) = (var("hidden.weight")?, var("out.weight")?);
    let (hidden, width) = weight.dims2()?;
    ensure!(
        linear.weight.len() == classes * width && 2 * classes <= hidden && out.dim(0)? == classes,
        "a linear head of {classes} classes and {} weights doesn't fit",
        linear.weight.len()
    );
    let mut rows = weight.flatten_all()?.to_vec1::<f32>()?;
    let mut signs = vec![0f32; classes * hidden];
    for class in 0..classes {
        let of = &linear.weight[class * width..][..width];
        rows[class * width..][..width].copy_from_slice(of);
        let opposite = rows[(classes + class) * width..][..width].iter_mut();
        opposite.zip(of).for_each(|(row, w)| *row = -w);
        signs[class * hidden + class] = 1.0;
        signs[class * hidden + classes + class] = -1.0;
    }
    weight.set(&Tensor::from_vec(rows, (hidden, width), &Device::Cpu)?)?;
    out.set(&Tensor::from_vec(signs, (classes, hidden), &Device::Cpu)?)?;
    var("out.bias")?.set(&Tensor::new(&linear.bias[..], &Device::Cpu)?)?;
    Ok(())
}

/// Lowers `loss` (of a batch, given as a u32 tensor of row numbers below `rows`) until
/// `validate` no longer falls; leaves the best variables in `vars`, those it began with among
/// them, and returns their validation loss.
pub fn fit(
    vars: &VarMap,
    rows: usize,
    plan: &HeadPlan,
    loss: impl Fn(&Tensor) -> candle_core::Result<Tensor>,
    validate: impl Fn() -> Result<f64>,
) -> Result<f64> {
    let all = vars.all_vars();
    let params = ParamsAdamW {
        lr: plan.rate,
        weight_decay: plan.decay,
        ..ParamsAdamW::default()
    };
    let mut optimiser = AdamW::new(all.clone(), params)?;
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let mut order: Vec<u32> = (0..rows as u32).collect();
    let copies = || -> candle_core::Result<Vec<Tensor>> {
        all.iter().map(|v| v.as_tensor().copy()).collect()
    };
    let (mut best, mut best_vars, mut since) = (validate()?, copies()?, 0);
    let bar = progress(plan.epochs, "fitting");
    for _ in 0..plan.epochs {
        order.shuffle(&mut rng);
        for batch in order.chunks(plan.batch) {
            let index = Tensor::from_slice(batch, batch.len(), &Device::Cpu)?;
            optimiser.backward_step(&loss(&index)?)?;
        }
        let found = validate()?;
        bar.inc(1);
        bar.set_message(format!("fitting, validation loss {found:.4}"));
        if found < best {
            best = found;
            best_vars = copies()?;
            since = 0;
        } else {
            since += 1;
            if since > plan.patience {
                break;
            }
        }
    }
    bar.finish_and_clear();
    for (var, value) in all.iter().zip(&best_vars) {
        var.set(value)?;
    }
    Ok(best)
}

/// Rows of equal length as a tensor (n, width).
pub fn matrix(rows: &[Vec<f32>]) -> Result<Tensor> {
    let width = rows.first().map_or(0, Vec::len);
    let flat: Vec<f32> = rows.iter().flatten().copied().collect();
    Ok(Tensor::from_vec(flat, (rows.len(), width), &Device::Cpu)?)
}

/// Multiplies the variables of one layer by `factor`, as a temperature does to logits.
pub fn scale_layer(vars: &VarMap, name: &str, factor: f64) -> Result<()> {
    let data = vars.data().lock().ok().context("variables are locked")?;
    for part in ["weight", "bias"] {
        let var = data
            .get(&format!("{name}.{part}"))
            .with_context(|| format!("no layer {name}"))?;
        var.set(&(var.as_tensor() * factor)?)?;
    }
    Ok(())
}

/// The temperature in [1/4, 4] whose inverse, times the logits, lowers `loss_at` most.
pub fn temperature(loss_at: impl Fn(f64) -> Result<f64>) -> Result<f64> {
    let mut best = (f64::INFINITY, 1.0);
    for step in -40..=40 {
        let t = 4f64.powf(f64::from(step) / 40.0);
        let loss = loss_at(1.0 / t)?;
        if loss < best.0 {
            best = (loss, t);
        }
    }
    Ok(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::features::EMBEDDING;
    use crate::heads::classifier::{Classifier, HIDDEN};
    use crate::heads::relevance::{self, PAIR_FEATURES};
    use crate::layers::tensors::Tensors;
    use candle_nn::loss::mse;

    #[test]
    fn a_head_begins_at_the_linear_one_and_keeps_it_where_fitting_makes_it_worse() {
        let layers = [("hidden", EMBEDDING, HIDDEN), ("out", HIDDEN, 3)];
        let vars = start(&layers, 1).unwrap();
        let weight: Vec<f32> = (0..3 * EMBEDDING).map(|i| (i as f32).sin()).collect();
        let bias = vec![0.1, -0.2, 0.3];
        let linear = LinearHead {
            weight: weight.clone(),
            bias: bias.clone(),
        };
        begin_at(&vars, &linear).unwrap();
        let x: Vec<f32> = (0..EMBEDDING).map(|i| (i as f32 * 0.7).cos()).collect();
        let wanted = |class: usize| -> f32 {
            let row = &weight[class * EMBEDDING..][..EMBEDDING];
            row.iter().zip(&x).map(|(w, x)| w * x).sum::<f32>() + bias[class]
        };
        let head = |vars: &VarMap| {
            let bytes = file_of_vars(vars).unwrap();
            let head = Classifier::load(&Tensors::open(&bytes).unwrap(), 3).unwrap();
            head.logits(&x).unwrap()
        };
        for (class, found) in head(&vars).into_iter().enumerate() {
            assert!((found - wanted(class)).abs() < 1e-3, "{class}");
        }
        let before = head(&vars);
        let plan = HeadPlan {
            epochs: 3,
            batch: 4,
            rate: 0.1,
            decay: 0.0,
            patience: 5,
            seed: 1,
        };
        let mlp = Mlp::new(&vars, &layers, Tensor::relu).unwrap();
        let rows = matrix(&vec![x.clone(); 8]).unwrap();
        let loss = |batch: &Tensor| mlp.logits(&rows.index_select(batch, 0)?)?.sqr()?.mean_all();
        let worse = std::cell::Cell::new(0.0);
        let validate = || {
            worse.set(worse.get() + 1.0);
            Ok(worse.get())
        };
        fit(&vars, 8, &plan, loss, validate).unwrap();
        assert_eq!(head(&vars), before);
        let wide = LinearHead {
            weight: vec![0.0; 40 * EMBEDDING],
            bias: vec![0.0; 40],
        };
        assert!(begin_at(&vars, &wide).is_err());
    }

    fn line(seed: u64) -> (f64, Vec<f32>) {
        let x: Vec<Vec<f32>> = (0..64).map(|i| vec![i as f32 / 64.0]).collect();
        let y: Vec<Vec<f32>> = x.iter().map(|x| vec![2.0 * x[0] - 0.5]).collect();
        let (x, y) = (matrix(&x).unwrap(), matrix(&y).unwrap());
        let vars = start(&[("line", 1, 1)], seed).unwrap();
        let vb = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
        let layer = linear(1, 1, vb.pp("line")).unwrap();
        let plan = HeadPlan {
            epochs: 200,
            batch: 16,
            rate: 0.05,
            decay: 0.0,
            patience: 200,
            seed,
        };
        let loss = |rows: &Tensor| {
            mse(
                &layer.forward(&x.index_select(rows, 0)?)?,
                &y.index_select(rows, 0)?,
            )
        };
        let validate = || Ok(f64::from(mse(&layer.forward(&x)?, &y)?.to_scalar::<f32>()?));
        let best = fit(&vars, 64, &plan, loss, validate).unwrap();
        (
            best,
            layer.weight().flatten_all().unwrap().to_vec1().unwrap(),
        )
    }

    #[test]
    fn fits_a_line_and_repeats_itself() {
        let (loss, weight) = line(3);
        assert!(loss < 1e-3, "{loss}");
        assert_eq!(weight, line(3).1);
    }

    /// Vectors of unit length, as an encoder gives them.
    fn vectors() -> Vec<Vec<f32>> {
        let vector = |i: usize| {
            let v: Vec<f32> = (0..EMBEDDING).map(|j| ((i * 7 + j) as f32).sin()).collect();
            let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
            v.into_iter().map(|x| x / length).collect()
        };
        (0..20).map(vector).collect()
    }

    #[test]
    fn a_fitted_classifier_is_the_deployed_one() {
        let layers = [("hidden", EMBEDDING, HIDDEN), ("out", HIDDEN, 10)];
        let vars = start(&layers, 9).unwrap();
        let x = vectors();
        let head = Mlp::new(&vars, &layers, Tensor::relu).unwrap();
        let fitted = head.logits(&matrix(&x).unwrap()).unwrap();
        let fitted: Vec<Vec<f32>> = fitted.to_vec2().unwrap();
        let bytes = file_of_vars(&vars).unwrap();
        let deployed = Classifier::load(&Tensors::open(&bytes).unwrap(), 10).unwrap();
        for (x, fitted) in x.iter().zip(fitted) {
            let deployed = deployed.logits(x).unwrap();
            for (d, f) in deployed.iter().zip(fitted) {
                assert!((d - f).abs() < 1e-5, "{d} is not {f}");
            }
        }
    }

    #[test]
    fn a_fitted_relevance_head_is_the_deployed_one() {
        let width = relevance::HIDDEN;
        let layers = [("hidden", PAIR_FEATURES, width), ("out", width, 1)];
        let vars = start(&layers, 9).unwrap();
        let rows: Vec<[f32; PAIR_FEATURES]> = (0..20)
            .map(|i| std::array::from_fn(|j| 3.0 * ((i * 5 + j) as f32).cos()))
            .collect();
        let x: Vec<Vec<f32>> = rows.iter().map(|row| row.to_vec()).collect();
        let head = Mlp::new(&vars, &layers, Tensor::tanh).unwrap();
        let fitted = candle_nn::ops::sigmoid(&head.logits(&matrix(&x).unwrap()).unwrap()).unwrap();
        let fitted: Vec<f32> = fitted.flatten_all().unwrap().to_vec1().unwrap();
        let deployed = relevance::Net::load(&Tensors::open(&file_of_vars(&vars).unwrap()).unwrap());
        let deployed = deployed.unwrap();
        for (row, fitted) in rows.iter().zip(fitted) {
            assert!((deployed.probability(row) - fitted).abs() < 1e-6);
        }
    }
}
