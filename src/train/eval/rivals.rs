//! Other ways to make a score of the same forecasts: a multi-task network, linear regression,
//! boosted trees. None is shipped; `bsmv eval bsmv` fits them anew and measures the head beside
//! them.

use crate::definition::features::{FEATURES, Group, VOICES};
use anyhow::Result;
use candle_core::{Device, Tensor};

use crate::train::data::cascades::text_hash;
use crate::train::data::cases::{BSMV, Case, Triple};
use crate::train::fit::boosting;
use crate::train::fit::optimise::{HeadPlan, Mlp, fit, matrix, start};

/// Share of the loss of BSMV, s and D, as for the shipped definition's tasks; T is given.
const LOSS: [f32; 3] = [0.6, 0.1, 0.1];
const SEED: u64 = 1;
/// One cascade in so many is kept from training, for stopping in time.
const KEPT: u64 = 8;

/// Predicts s, D and BSMV of a case; NaN where a rival can't.
pub type Predictor = Box<dyn Fn(&Case) -> Triple>;

/// A fitted rival and its name.
pub type Rival = (&'static str, Predictor);

/// Fits all rivals to cases whose score is known.
pub fn rivals(cases: &[&Case]) -> Result<Vec<Rival>> {
    let known: Vec<&Case> = cases
        .iter()
        .copied()
        .filter(|c| !c.truth[BSMV].is_nan())
        .collect();
    let all = |_: usize| true;
    let not = |group: Group| move |i: usize| !group.range().contains(&i);
    let mut out: Vec<Rival> = vec![
        ("linear", perceptron(&known, &[], all)?),
        ("network 32-32", perceptron(&known, &[32, 32], all)?),
        ("network 128-128", perceptron(&known, &[128, 128], all)?),
    ];
    for (name, group) in [
        ("network, no text", Group::Sentiment),
        ("network, no topics", Group::Topics),
        ("network, no graph", Group::Diffusion),
    ] {
        out.push((name, perceptron(&known, &[32, 32], not(group))?));
    }
    out.push(("boosted trees", trees(&known)));
    Ok(out)
}

/// The features, the number of voices on a log scale as sizes are, and how long was seen.
fn columns(case: &Case) -> Vec<f32> {
    let mut x = case.x.to_vec();
    x[VOICES] = x[VOICES].ln_1p();
    x.push((case.time as f32).ln_1p());
    x
}

/// Layers between the features that `reads` and s, D and BSMV; without any, a line.
fn perceptron(
    cases: &[&Case],
    hidden: &[usize],
    reads: impl Fn(usize) -> bool,
) -> Result<Predictor> {
    // A cascade's cases stay together.
    let (held, train): (Vec<&Case>, Vec<&Case>) = cases
        .iter()
        .partition(|c| text_hash(&c.id).is_multiple_of(KEPT));
    let (mean, deviation) = spread(&train);
    let read: Vec<bool> = (0..=FEATURES).map(|i| i == FEATURES || reads(i)).collect();
    let standard = move |case: &Case| -> Vec<f32> {
        let x = columns(case).into_iter().enumerate();
        x.map(|(i, x)| {
            if read[i] {
                (x - mean[i]) / deviation[i]
            } else {
                0.0
            }
        })
        .collect()
    };
    let tensors = |cases: &[&Case]| -> Result<(Tensor, Tensor)> {
        let x: Vec<Vec<f32>> = cases.iter().map(|c| standard(c)).collect();
        let y: Vec<Vec<f32>> = cases.iter().map(|c| scaled(c).to_vec()).collect();
        Ok((matrix(&x)?, matrix(&y)?))
    };
    let names: Vec<String> = (0..=hidden.len()).map(|i| format!("layer{i}")).collect();
    let widths: Vec<usize> = std::iter::once(FEATURES + 1)
        .chain(hidden.iter().copied())
        .chain([LOSS.len()])
        .collect();
    let layers: Vec<(&str, usize, usize)> = names
        .iter()
        .zip(widths.windows(2))
        .map(|(name, w)| (name.as_str(), w[0], w[1]))
        .collect();
    let vars = start(&layers, SEED)?;
    let net = Mlp::new(&vars, &layers, Tensor::relu)?;
    let weight = Tensor::new(&LOSS, &Device::Cpu)?;
    let loss = |x: &Tensor, y: &Tensor| {
        (net.logits(x)? - y)?
            .sqr()?
            .broadcast_mul(&weight)?
            .sum(1)?
            .mean_all()
    };
    let (x, y) = tensors(&train)?;
    let held = tensors(&held)?;
    let plan = HeadPlan {
        epochs: 80,
        batch: 256,
        rate: 2e-3,
        decay: 1e-3,
        patience: 10,
        seed: SEED,
    };
    fit(
        &vars,
        train.len(),
        &plan,
        |rows| loss(&x.index_select(rows, 0)?, &y.index_select(rows, 0)?),
        || Ok(f64::from(loss(&held.0, &held.1)?.to_scalar::<f32>()?)),
    )?;
    Ok(Box::new(move |case| {
        let outputs = || -> Result<Vec<f32>> {
            let outputs = net.logits(&matrix(&[standard(case)])?)?;
            Ok(outputs.flatten_all()?.to_vec1()?)
        };
        match outputs() {
            Ok(outputs) => [outputs[0], outputs[1], 100.0 * outputs[BSMV]],
            Err(_) => [f32::NAN; 3],
        }
    }))
}

/// s, D and BSMV/100.
fn scaled(case: &Case) -> [f32; 3] {
    let [s, d, bsmv] = case.truth;
    [s, d, bsmv / 100.0]
}

/// Mean and deviation of each column; 1 for a constant one.
fn spread(cases: &[&Case]) -> (Vec<f32>, Vec<f32>) {
    let rows: Vec<Vec<f32>> = cases.iter().map(|c| columns(c)).collect();
    let n = rows.len() as f32;
    let column = |i: usize| rows.iter().map(move |row| row[i]);
    let mean: Vec<f32> = (0..=FEATURES).map(|i| column(i).sum::<f32>() / n).collect();
    let deviation = mean.iter().enumerate().map(|(i, mean)| {
        let variance = column(i).map(|x| (x - mean).powi(2)).sum::<f32>() / n;
        if variance > 1e-8 {
            variance.sqrt()
        } else {
            1.0
        }
    });
    let deviation = deviation.collect();
    (mean, deviation)
}

/// Trees on the features and on what stands so far, which only they are told.
fn trees(cases: &[&Case]) -> Predictor {
    let wide = |case: &Case| {
        let mut x = columns(case);
        x.extend(case.so_far);
        x
    };
    let rows: Vec<Vec<f32>> = cases.iter().map(|c| wide(c)).collect();
    let x: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
    let forests = [0, 1, 2].map(|q| {
        let y: Vec<f32> = cases.iter().map(|c| c.truth[q]).collect();
        boosting::fit(
            &x,
            &y,
            &vec![1.0; y.len()],
            &boosting::TreesPlan::DEFAULT,
            SEED,
        )
    });
    Box::new(move |case| {
        let x = wide(case);
        std::array::from_fn(|q| forests[q].predict(&x))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::predict::predict;
    use crate::definition::value::Weights;
    use crate::post::Platform;

    fn case(i: usize) -> Case {
        let wave = |k: usize| ((i * (k + 3)) as f32).sin();
        let mut x = [0.0; FEATURES];
        x[crate::definition::features::OWN] = wave(0);
        x[Group::Topics.range().start] = 1.0;
        x[crate::definition::features::SIZE] = 0.5 + 0.4 * wave(1);
        let predicted = predict(&x);
        Case {
            id: format!("{i}"),
            platform: Platform::Weibo,
            time: 0,
            x,
            truth: [
                predicted.s,
                predicted.d,
                predicted.score(&Weights::BALANCED),
            ],
            so_far: [predicted.s, 0.0, 50.0],
        }
    }

    #[test]
    fn rivals_learn_what_can_be_learnt() {
        let cases: Vec<Case> = (0..5_000).map(case).collect();
        let cases: Vec<&Case> = cases.iter().collect();
        let error = |of: &dyn Fn(&Case) -> Triple| {
            let errors = cases.iter().map(|c| (of(c)[2] - c.truth[2]).abs());
            errors.sum::<f32>() / cases.len() as f32
        };
        let network = perceptron(&cases, &[32, 32], |_| true).unwrap();
        let blind =
            perceptron(&cases, &[32, 32], |i| i != crate::definition::features::OWN).unwrap();
        assert!(error(&network) < 2.0, "{}", error(&network));
        assert!(error(&trees(&cases)) < 3.0);
        assert!(error(&blind) > 8.0, "{}", error(&blind));
    }
}
