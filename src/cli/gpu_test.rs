//! `bsmv gpu-test`: the f32 encoder on CUDA beside the CPU.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, ensure};
use bsmv::encoder::embedder::Embedder;
use bsmv::encoder::{Device, Precision};
use bsmv::post::Post;
use serde::Deserialize;

use super::bundle_dir::Model;
use super::device;

/// Largest difference of one number of a unit vector that both devices may show: both sum the same
/// f32 products, in another order.
const BOUND: f32 = 1e-4;
const BATCHES: [usize; 4] = [1, 8, 32, 128];

/// Compare the f32 encoder on CUDA with the CPU, and count posts per second by batch
#[derive(clap::Args)]
pub struct Args {
    /// Posts to embed
    #[arg(long, default_value = "tests/fixtures/posts.json")]
    posts: PathBuf,
    #[command(flatten)]
    model: Model,
}

#[derive(Deserialize)]
struct Row {
    post: Post,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let device = device::cuda()?;
    let rows: Vec<Row> = serde_json::from_slice(&std::fs::read(&args.posts)?)?;
    let texts: Vec<String> = rows.iter().map(|row| row.post.full_text()).collect();
    let cpu = args.model.embedder(Precision::F32, &Device::Cpu)?;
    let cuda = args.model.embedder(Precision::F32, &device)?;
    let expected = cpu.embed_all(&texts, 32)?;
    let mut worst = 0f32;
    for batch in BATCHES {
        for (a, b) in expected.iter().zip(cuda.embed_all(&texts, batch)?) {
            let differences = a.iter().zip(&b).map(|(a, b)| (a - b).abs());
            worst = differences.fold(worst, f32::max);
        }
        println!(
            "batch {batch:>3}: {:.0} posts/s on CUDA, {:.0} on the CPU",
            rate(&cuda, &texts, batch)?,
            rate(&cpu, &texts, batch)?
        );
    }
    println!(
        "{} posts: largest difference {worst:e}, bound {BOUND:e}",
        texts.len()
    );
    ensure!(worst <= BOUND, "CUDA and CPU disagree");
    Ok(ExitCode::SUCCESS)
}

/// Posts per second, the median of three runs.
fn rate(embedder: &Embedder, texts: &[String], batch: usize) -> Result<f64> {
    let mut seconds = Vec::new();
    for _ in 0..3 {
        let begin = Instant::now();
        embedder.embed_all(texts, batch)?;
        seconds.push(begin.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(texts.len() as f64 / seconds[1])
}
