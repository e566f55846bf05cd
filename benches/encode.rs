//! Times the encoder on pieces that it is given, for `benches/native.py`:
//! `cargo bench --bench encode -- FOLDER f32|int8`, then one JSON object per line of standard
//! input, each answered by one line. The folder has Hugging Face's layout.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use bsmv::encoder::{Config, Device, FloatEncoder, Int8Encoder, WordBits, quantize};
use serde::{Deserialize, Serialize};

/// Encode `ids` together, as often as `runs` says.
#[derive(Deserialize)]
struct Request {
    ids: Vec<Vec<u32>>,
    runs: usize,
}

/// Milliseconds of each run, and the vectors of the last.
#[derive(Serialize)]
struct Answer {
    ms: Vec<f64>,
    vectors: Vec<Vec<f32>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo adds an option of its own.
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let [folder, precision] = args.as_slice() else {
        println!("encode: nothing to do without FOLDER and f32 or int8");
        return Ok(());
    };
    let read = |name: &str| std::fs::read(Path::new(folder).join(name));
    let config = Config::from_json(&read("config.json")?)?;
    let weights = read("model.safetensors")?;
    type Embed = Box<dyn Fn(&[Vec<u32>]) -> bsmv::Result<Vec<Vec<f32>>>>;
    let embed: Embed = match precision.as_str() {
        "f32" => {
            let encoder = FloatEncoder::load(config, weights, &Device::Cpu)?;
            Box::new(move |ids| encoder.embed(ids))
        }
        "int8" => {
            let quantized = quantize(&config, &weights, WordBits::Eight)?;
            let encoder = Int8Encoder::load(config, &quantized)?;
            Box::new(move |ids| encoder.embed(ids))
        }
        other => return Err(format!("{other}: f32 or int8").into()),
    };
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let mut answer = Answer {
            ms: Vec::new(),
            vectors: Vec::new(),
        };
        for _ in 0..request.runs {
            let begin = Instant::now();
            answer.vectors = embed(&request.ids)?;
            answer.ms.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}
