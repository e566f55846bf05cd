//! `bsmv eval`: held-out figures of every head beside its baselines.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use bsmv::encoder::Precision;

use super::bundle_dir::Model;
use bsmv::train::data::cascades::Labels;
use bsmv::train::data::catalogue::BrandFiles;
use bsmv::train::data::texts::Embeddings;
use bsmv::train::eval::{audit, gaming, int8, news, probe, same_author, score};
use bsmv::train::heads::{advert, diffusion, emotion, novelty, relevance, sentiment};
use bsmv::train::metrics::MetricRow;
use bsmv::train::{Split, encoders, eval, topics};

/// Held-out metrics of every head beside its baselines, with 95 % intervals.
#[derive(clap::Args)]
pub struct Args {
    /// What to evaluate; everything when nothing is named
    #[arg(value_enum)]
    heads: Vec<Which>,
    /// Folder of the data sets
    #[arg(long)]
    data: PathBuf,
    #[arg(long, value_enum, default_value_t = Split::Valid)]
    split: Split,
    /// What `bsmv label` made of the cascades' texts; for the BSMV head
    #[arg(long, default_value = "runs/labels.ndjson")]
    labels: PathBuf,
    /// Forecasts of `bsmv train diffusion --folds`; for what the BSMV head is compared with
    #[arg(long, default_value = "runs/forecasts.ndjson")]
    forecasts: PathBuf,
    /// Folder of the untuned teacher; for the encoder and the topics
    #[arg(long)]
    teacher: Option<PathBuf>,
    /// Embeddings are kept here
    #[arg(long, default_value = "runs")]
    runs: PathBuf,
    #[arg(long, default_value = "models/topics.json")]
    topics: PathBuf,
    #[command(flatten)]
    brands: BrandFiles,
    /// Sentences and the words that are exchanged in them
    #[arg(long, default_value = "models/audit.json")]
    audit: PathBuf,
    /// Posts that patterns are appended to
    #[arg(long, default_value = "tests/fixtures/posts.json")]
    fixtures: PathBuf,
    /// Texts that are no posts of the languages known
    #[arg(long, default_value = "tests/fixtures/odd.json")]
    odd: PathBuf,
    /// Posts labelled by hand from scene of real use to hard advertisement
    #[arg(long, default_value = "tests/fixtures/adverts.json")]
    adverts: PathBuf,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    model: Model,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    Encoder,
    Int8,
    Audit,
    Sentiment,
    Emotion,
    News,
    Advert,
    Topics,
    Relevance,
    Gaming,
    Novelty,
    Diffusion,
    Bsmv,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let scorer = args.model.open()?;
    let wanted = |which| args.heads.is_empty() || args.heads.contains(&which);
    let encoder = encoders::OfScorer::new(&scorer);
    let embeddings = Embeddings::new(&encoder, &args.runs)?;
    let (data, split) = (args.data.as_path(), args.split);
    let mut rows: Vec<MetricRow> = Vec::new();
    let teacher = args.teacher.as_deref().map(encoders::teacher).transpose()?;
    let teacher = teacher.as_ref().map(|t| Embeddings::new(t, &args.runs));
    let teacher = teacher.transpose()?;
    if wanted(Which::Encoder)
        && let Some(teacher) = &teacher
    {
        rows.extend(probe::probes(data, split, &embeddings, teacher)?);
    }
    if wanted(Which::Int8) {
        let open = |precision| args.model.open_at(precision);
        let (float, int8) = (open(Precision::F32)?, open(Precision::Int8)?);
        let embedders = [&float, &int8].map(|scorer| scorer.reader().embedder());
        rows.extend(int8::cosines(data, embedders)?);
        let [float, int8] = [&float, &int8].map(encoders::OfScorer::new);
        let vectors = [
            &Embeddings::new(&float, &args.runs)?,
            &Embeddings::new(&int8, &args.runs)?,
        ];
        let topics = topics::Topics::read(&args.topics)?;
        let teacher = teacher.as_ref().map(|teacher| (&topics, teacher));
        rows.extend(int8::differences(
            scorer.reader(),
            data,
            split,
            vectors,
            teacher,
        )?);
    }
    if wanted(Which::Audit) {
        rows.extend(audit::evaluate(scorer.reader(), &args.audit)?);
    }
    if wanted(Which::Sentiment) {
        let head = scorer.reader().sentiment();
        rows.extend(sentiment::evaluate(head, data, split, &embeddings)?);
    }
    if wanted(Which::Emotion) {
        let heads = scorer.reader().emotions();
        rows.extend(emotion::evaluate(heads, data, split, &embeddings)?);
    }
    if wanted(Which::News) {
        rows.extend(news::evaluate(data, split, &embeddings)?);
    }
    if wanted(Which::Advert) {
        let head = scorer.reader().advert();
        rows.extend(advert::evaluate(
            head,
            &args.adverts,
            data,
            split,
            &embeddings,
        )?);
    }
    if wanted(Which::Relevance) {
        let head = scorer.reader().relevance_head();
        rows.extend(relevance::evaluate(
            head,
            &args.brands,
            data,
            split,
            &embeddings,
        )?);
    }
    if wanted(Which::Topics)
        && let Some(teacher) = &teacher
    {
        let file = topics::Topics::read(&args.topics)?;
        let projector = scorer.reader().topics();
        let told = topics::projector::told(projector, &file, data, split, teacher, &embeddings)?;
        rows.extend(topics::projector::agreement(&told));
    }
    if wanted(Which::Gaming) {
        rows.extend(gaming::evaluate(
            &scorer,
            &args.fixtures,
            &args.brands.brands,
            data,
            split,
        )?);
    }
    if wanted(Which::Novelty) {
        rows.extend(novelty::evaluate(&scorer, data, split, &args.odd)?);
    }
    if wanted(Which::Diffusion) {
        let labels = Labels::load(&args.labels)?;
        let net = scorer.diffusion();
        let reader = Some(scorer.reader());
        let posts = |split| diffusion::posts(data, split, &labels, reader);
        let (train, held) = (posts(Split::Train)?, posts(split)?);
        rows.extend(eval::diffusion::evaluate(net, &train, &held, split)?);
        rows.extend(same_author::evaluate(net, data, &train, &held, split)?);
    }
    if wanted(Which::Bsmv) {
        let labels = Labels::load(&args.labels)?;
        rows.extend(score::evaluate(
            &scorer,
            data,
            split,
            &labels,
            &args.forecasts,
        )?);
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        for row in &rows {
            println!("{}", row.line());
        }
    }
    Ok(ExitCode::SUCCESS)
}
