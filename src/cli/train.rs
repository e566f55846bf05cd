//! `bsmv train`: fits one part of the model.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use bsmv::train::encoders;
use bsmv::train::heads::{advert, diffusion, emotion, intervals, novelty, relevance, sentiment};
use bsmv::train::topics::projector;

/// What is trained, in the order of `models/README.md`.
#[derive(Subcommand)]
pub enum Part {
    /// The three-class sentiment head on a frozen encoder
    Sentiment(sentiment::SentimentArgs),
    /// The emotion heads, one per language
    Emotion(emotion::EmotionArgs),
    /// How much a text reads like an advertisement
    Advert(advert::AdvertArgs),
    /// The projector to the ten topics
    Topics(projector::TopicsArgs),
    /// The relevance of a post to a brand
    Relevance(relevance::RelevanceArgs),
    /// What says that a text is unlike those of training
    Novelty(novelty::NoveltyArgs),
    /// The graph network on cascades
    Diffusion(diffusion::DiffusionArgs),
    /// The intervals of scores, and the posts that explanations compare with
    Head(intervals::HeadArgs),
}

pub fn run(part: Part) -> Result<ExitCode> {
    match part {
        Part::Sentiment(args) => sentiment::run(&args, &encoders::student(&args.encoder)?)?,
        Part::Emotion(args) => emotion::run(&args, &encoders::student(&args.encoder)?)?,
        Part::Advert(args) => advert::run(&args, &encoders::student(&args.encoder)?)?,
        Part::Relevance(args) => relevance::run(&args, &encoders::student(&args.encoder)?)?,
        Part::Topics(args) => {
            let teacher = encoders::teacher(&args.teacher)?;
            projector::run(&args, &teacher, &encoders::student(&args.encoder)?)?;
        }
        Part::Novelty(args) => novelty::run(&args, encoders::student(&args.encoder)?.embedder())?,
        Part::Diffusion(args) => diffusion::run(args)?,
        Part::Head(args) => intervals::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}
