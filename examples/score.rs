//! Scores a draft for a brand, and says what moved the score.
//!
//! ```sh
//! cargo run --release --example score
//! cargo run --release --example score -- "The worst shoes I ever had."
//! ```

use std::error::Error;
use std::path::Path;

use bsmv::{BrandProfile, Bundle, Manifest, Platform, Post, Precision, ScoreRequest, Scorer};

fn main() -> Result<(), Box<dyn Error>> {
    let text = std::env::args().nth(1);
    let request = ScoreRequest {
        post: Post {
            text: text.unwrap_or_else(|| "Two years with these Nike shoes, not a scratch.".into()),
            platform: Platform::X,
            ..Post::default()
        },
        brand: Some(BrandProfile {
            name: "Nike".into(),
            positioning: "Sports shoes and clothing for athletes, and for all who want to be."
                .into(),
            ..BrandProfile::default()
        }),
        ..ScoreRequest::default()
    };
    let request = request.check()?;

    let scorer = open(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/bsmv-base"))?;
    let evaluation = scorer.evaluate(&request, &scorer.read(&request)?);
    let explanation = scorer.explanation(&request, &evaluation);
    let score = evaluation.score;

    println!("{:.1} of 100; 50 is no effect", score.bsmv);
    println!(
        "realised: {:.1} to {:.1}, nine times in ten",
        score.interval.low, score.interval.high
    );
    println!(
        "sentiment {:+.1}, topic {:+.1}, diffusion {:+.1}",
        score.parts.sentiment, score.parts.topic, score.parts.diffusion
    );
    println!("{}", explanation.sentence);
    for note in &score.unseen {
        println!("not seen: {}", note.message);
    }
    Ok(())
}

/// A scorer from the files of a bundle, each checked against its SHA-256.
fn open(folder: impl AsRef<Path>) -> Result<Scorer, Box<dyn Error>> {
    let folder = folder.as_ref();
    let manifest = Manifest::from_json(&std::fs::read(folder.join("manifest.json"))?)?;
    let sums = manifest.clone();
    let bundle = Bundle::read(manifest, Precision::Int8, |name| {
        let problem = |e| bsmv::Error::Bundle(format!("{name}: {e}"));
        let bytes = std::fs::read(folder.join(name)).map_err(problem)?;
        sums.verify(name, &bytes)?;
        Ok(bytes)
    })?;
    Ok(Scorer::new(bundle, Precision::Int8)?)
}
