//! The encoder alone, natively: milliseconds by number of pieces and by batch, int8 and f32, f32 on
//! candle's tensors, and where an int8 pass goes. `RAYON_NUM_THREADS` sets how many threads share a
//! batch.

#[path = "../tests/common/model.rs"]
#[allow(dead_code)] // Tests read more of it.
mod model;

use std::time::Instant;

use bsmv::encoder::Precision;
use bsmv::encoder::{Config, Device, FloatEncoder, Int8Encoder};
use bsmv::kernels::Kernel;
use bsmv::kernels::attention::{Attention, Shape};
use bsmv::kernels::int8::{Activations, PackedLinear};
use bsmv::kernels::math::LayerNorm;
use bsmv::scorer::bundle::Manifest;
use bsmv::scorer::bundle::encoder_file;

/// Median milliseconds.
fn median(mut run: impl FnMut()) -> f64 {
    let begin = Instant::now();
    run();
    let rounds = (400.0 / (begin.elapsed().as_secs_f64() * 1e3)).clamp(5.0, 200.0) as usize;
    let mut ms: Vec<f64> = (0..rounds)
        .map(|_| {
            let begin = Instant::now();
            run();
            begin.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    ms.sort_by(f64::total_cmp);
    ms[rounds / 2]
}

/// `n` pieces that differ from each other.
fn pieces(n: usize, config: &Config, seed: usize) -> Vec<u32> {
    (0..n)
        .map(|i| ((i + seed * 31) * 7919 % config.vocab_size) as u32)
        .collect()
}

fn report(name: &str, config: &Config, embed: &dyn Fn(&[Vec<u32>])) {
    for n in [16, 32, 64, 128, 256] {
        let one = [pieces(n, config, 0)];
        println!("{name} {n:>3} pieces: {:8.2} ms", median(|| embed(&one)));
    }
    for batch in [8, 32] {
        let texts: Vec<_> = (0..batch).map(|i| pieces(64, config, i)).collect();
        println!(
            "{name} {batch:>2} texts of 64: {:8.2} ms",
            median(|| embed(&texts))
        );
    }
}

/// Parts of a pass over `rows` pieces, all layers.
fn parts<K: Kernel>(kernel: K, rows: usize, config: &Config) {
    let (h, wide) = (config.hidden_size, config.intermediate_size);
    let layers = config.num_hidden_layers as f64;
    let numbers = |n: usize| -> Vec<f32> { (0..n).map(|i| (i as f32 * 0.7).sin()).collect() };
    let mut input = Activations::<K>::default();
    let mut products = 0.0;
    for (inputs, outputs) in [(h, 3 * h), (h, h), (h, wide), (wide, h)] {
        let weights: Vec<i8> = (0..inputs * outputs).map(|i| (i * 37) as i8).collect();
        let channels = numbers(outputs);
        let linear = PackedLinear::new(kernel, &weights, &channels, &channels);
        input.quantize(kernel, &numbers(rows * inputs), inputs);
        let mut out = vec![0.0; rows * outputs];
        let ms = median(|| linear.apply(&input, &mut out));
        products += ms;
        let gops = 2e-6 * (rows * inputs * outputs) as f64 / ms;
        println!("{} {rows} x {inputs} x {outputs}: {gops:.0} GOP/s", K::NAME);
    }
    let (x, source) = (numbers(rows * h), numbers(rows * wide));
    let mut spoilt = source.clone();
    let gelu = median(|| {
        spoilt.copy_from_slice(&source);
        input.quantize_gelu(kernel, &mut spoilt, wide);
    });
    let quantize = 3.0 * median(|| input.quantize(kernel, &x, h));
    let (qkv, mut context) = (numbers(rows * 3 * h), vec![0.0; rows * h]);
    let shape = Shape {
        positions: rows,
        heads: config.num_attention_heads,
        size: h / config.num_attention_heads,
    };
    let mut attention = Attention::default();
    let attention = median(|| attention.apply(kernel, &qkv, shape, &mut context));
    let norm = LayerNorm {
        weight: numbers(h),
        bias: numbers(h),
        eps: 1e-12,
    };
    let mut state = x.clone();
    let norms = 2.0 * median(|| norm.apply(kernel, &mut state, Some(&x)));
    for (name, ms) in [
        ("products", products),
        ("attention", attention),
        ("GELU, quantized", gelu),
        ("other quantizing", quantize),
        ("layer norms", norms),
    ] {
        println!("{} {rows} pieces, {name}: {:.2} ms", K::NAME, ms * layers);
    }
}

fn main() {
    let folder = model::bundle_folder();
    let config = Manifest::from_json(&model::read(&folder.join("manifest.json")))
        .unwrap()
        .encoder
        .config;
    let weights = |precision| model::read(&folder.join(encoder_file(precision)));
    let int8 = Int8Encoder::load(config.clone(), &weights(Precision::Int8)).unwrap();
    report(&format!("int8 ({})", int8.kernel()), &config, &|texts| {
        int8.embed(texts).unwrap();
    });
    let float = weights(Precision::F32);
    let devices = [
        ("f32", Device::Cpu),
        #[cfg(feature = "candle")]
        ("f32 on tensors", Device::Candle(candle_core::Device::Cpu)),
    ];
    for (name, device) in devices {
        let encoder = FloatEncoder::load(config.clone(), float.clone(), &device).unwrap();
        report(name, &config, &|texts| {
            encoder.embed(texts).unwrap();
        });
    }
    bsmv::for_each_kernel!(|kernel| parts(kernel, 64, &config));
}
