//! Times the encoder on pieces that it is given, for `benches/native.py`:
//! `cargo bench --bench encode -- FOLDER f32|int8 [KERNEL]`, then one JSON object per line of standard
//! input, each answered by one line. The folder has Hugging Face's layout; without KERNEL the
//! fastest is used.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use bsmv::encoder::{Config, FloatEncoder, Int8Encoder, WordBits, quantize};
use bsmv::kernels::{Choice, Kernel, on_fastest};
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

type Failure = Box<dyn std::error::Error>;
type Embed = Box<dyn Fn(&[Vec<u32>]) -> bsmv::Result<Vec<Vec<f32>>>>;

struct Load<'a> {
    config: Config,
    weights: Vec<u8>,
    precision: &'a str,
}

impl Choice for Load<'_> {
    type Output = Result<Embed, Failure>;

    fn with<K: Kernel>(self, kernel: K) -> Result<Embed, Failure> {
        Ok(match self.precision {
            "f32" => {
                let encoder = FloatEncoder::load_on(kernel, self.config, self.weights)?;
                Box::new(move |ids| encoder.embed(ids))
            }
            "int8" => {
                let quantized = quantize(&self.config, &self.weights, WordBits::Eight)?;
                let encoder = Int8Encoder::load_on(kernel, self.config, &quantized)?;
                Box::new(move |ids| encoder.embed(ids))
            }
            other => return Err(format!("{other}: f32 or int8").into()),
        })
    }
}

fn name_of<K: Kernel>(_: K) -> &'static str {
    K::NAME
}

fn main() -> Result<(), Failure> {
    // Cargo adds an option of its own.
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let (folder, precision, wanted) = match args.as_slice() {
        [folder, precision] => (folder, precision, None),
        [folder, precision, kernel] => (folder, precision, Some(kernel)),
        _ => {
            println!("encode: nothing to do without FOLDER and f32 or int8");
            return Ok(());
        }
    };
    let read = |name: &str| std::fs::read(Path::new(folder).join(name));
    let config = Config::from_json(&read("config.json")?)?;
    let weights = read("model.safetensors")?;
    let embed = match wanted {
        None => on_fastest(Load {
            config,
            weights,
            precision,
        })?,
        Some(wanted) => {
            let mut found = None;
            bsmv::for_each_kernel!(|kernel| {
                if name_of(kernel) == wanted {
                    let load = Load {
                        config: config.clone(),
                        weights: weights.clone(),
                        precision,
                    };
                    found = Some(load.with(kernel)?);
                }
            });
            found.ok_or_else(|| format!("this processor has no kernel {wanted}"))?
        }
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
