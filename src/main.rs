//! The `bsmv` command: shells round the library's core.

#[cfg(feature = "train")]
mod train;

use clap::Parser;

/// Brand Social Media Value.
#[derive(Parser)]
enum Cli {
    Label(train::label::LabelArgs),
    Quantize {
        config: std::path::PathBuf,
        weights: std::path::PathBuf,
        out: std::path::PathBuf,
    },
    Compare {
        dir: std::path::PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse() {
        Cli::Label(args) => train::label::run(&args),
        Cli::Quantize {
            config,
            weights,
            out,
        } => {
            let config = bsmv::encoder::Config::from_json(&std::fs::read(config)?)?;
            Ok(std::fs::write(
                out,
                bsmv::encoder::quantize(&config, &std::fs::read(weights)?)?,
            )?)
        }
        Cli::Compare { dir } => {
            use bsmv::{embedder::Embedder, encoder::Config, score::Precision};
            let config = Config::from_json(&std::fs::read(dir.join("config.json"))?)?;
            let tok = std::fs::read(dir.join("tokenizer.json"))?;
            let w = std::fs::read(dir.join("model.safetensors"))?;
            let f = Embedder::from_float(config.clone(), &tok, w.clone(), Precision::F32, "", 128)?;
            let q =
                Embedder::from_float(config.clone(), &tok, w.clone(), Precision::Int8, "", 128)?;
            let mut texts = vec![];
            for l in std::io::stdin().lines() {
                texts.push(
                    serde_json::from_str::<serde_json::Value>(&l?)?["text"]
                        .as_str()
                        .unwrap()
                        .to_owned(),
                );
            }
            let t = std::time::Instant::now();
            let a = f.embed_all(&texts, 16)?;
            println!("float {:?}", t.elapsed());
            let t = std::time::Instant::now();
            let b = q.embed_all(&texts, 16)?;
            println!("int8 {:?}", t.elapsed());
            let cos: Vec<f32> = a
                .iter()
                .zip(&b)
                .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a * b).sum())
                .collect();
            println!(
                "n {} mean cos {} min {}",
                cos.len(),
                cos.iter().sum::<f32>() / cos.len() as f32,
                cos.iter().copied().fold(1.0, f32::min)
            );
            let sc = bsmv::encoder::Int8Encoder::load_scalar(
                config.clone(),
                &bsmv::encoder::quantize(&config, &w)?,
            )?;
            let tk = bsmv::text::Tokenizer::from_bytes(&tok)?;
            for (t, b) in texts.iter().zip(&b).take(20) {
                let v = sc.embed(&tk.encode(&bsmv::text::clean(t), 128)?.ids)?;
                assert_eq!(&v, b);
            }
            println!("scalar equal");
            Ok(())
        }
    }
}
