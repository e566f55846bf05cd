//! `bsmv train`: fits one part of the model.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::train::{advert, diffusion, emotion, encoders, head, relevance, sentiment, topics};

/// What is trained, in the order of `models/README.md`.
#[derive(Subcommand)]
pub enum Part {
    /// The three-class sentiment head on a frozen encoder
    Sentiment(sentiment::SentimentArgs),
    /// The emotion heads, one per language
    Emotion(emotion::EmotionArgs),
    /// How much a text reads like an advertisement
    Advert(advert::AdvertArgs),
    /// The topics (with --cluster) or the projector to them
    Topics(topics::TopicsArgs),
    /// The relevance of a post to a brand
    Relevance(relevance::RelevanceArgs),

    /// The graph network on cascades
    Diffusion(diffusion::DiffusionArgs),
    /// The BSMV head, on the graph network's forecasts
    Head(head::HeadArgs),
}

pub fn run(part: Part) -> Result<ExitCode> {
    match part {
        Part::Sentiment(args) => sentiment::run(&args, &encoders::student(&args.encoder)?)?,
        Part::Emotion(args) => emotion::run(&args, &encoders::student(&args.encoder)?)?,
        Part::Advert(args) => advert::run(&args, &encoders::student(&args.encoder)?)?,
        Part::Relevance(args) => relevance::run(&args, &encoders::student(&args.encoder)?)?,
        Part::Topics(args) if args.cluster => {
            topics::cluster(&args, &encoders::teacher(&args.teacher)?)?;
        }
        Part::Topics(args) => {
            let student = args.encoder.as_ref();
            let student = student.context("--encoder DIR names the student")?;
            let teacher = encoders::teacher(&args.teacher)?;
            topics::run(&args, &teacher, &encoders::student(student)?)?;
        }

        Part::Diffusion(args) => diffusion::run(args)?,
        Part::Head(args) => head::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}
