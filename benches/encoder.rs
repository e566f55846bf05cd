//! The encoder alone, natively: milliseconds by number of pieces and by batch, int8 and f32, and f32
//! on candle's tensors. `RAYON_NUM_THREADS` sets how many threads share a text or a batch.

#[path = "../tests/common/model.rs"]
#[allow(dead_code)] // Tests read more of it.
mod model;

use std::time::Instant;

use bsmv::encoder::Precision;
use bsmv::encoder::{Config, Device, FloatEncoder, Int8Encoder};
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
}
