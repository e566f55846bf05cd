//! `bsmv train`: fits one part of the model.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches, Subcommand, value_parser};

use bsmv::scorer::bundle::DIFFUSION;
use bsmv::train::data::cascades::Labels;
use bsmv::train::data::folders::Sources;
use bsmv::train::data::sets::Split;
use bsmv::train::eval;
use bsmv::train::fit::network::NetworkPlan;
use bsmv::train::heads::diffusion::{CascadeSplits, NetworkRun};
use bsmv::train::heads::reach::{self, ReachArgs};
use bsmv::train::heads::reader::trained_so_far;
use bsmv::train::heads::trained::{TrainedHead, Training};
use bsmv::train::heads::{HEADS, intervals, likeness};

/// A part of the model to train.
#[derive(Subcommand)]
pub enum Part {
    /// One of [`HEADS`].
    #[command(flatten)]
    Text(TextHead),
    /// The graph network on cascades
    Diffusion(DiffusionArgs),
    /// How like a text is to those of the cascades
    Likeness(LikenessArgs),
    /// How far posts of an account go, and what they gain: src/diffusion/reach.json
    Reach(ReachArgs),
    /// The intervals of scores, and the posts that explanations compare with
    Head(IntervalArgs),
}

/// Options of every part.
#[derive(Args)]
struct Common {
    /// Folder of the encoder in Hugging Face's layout
    #[arg(long, value_name = "DIR")]
    encoder: PathBuf,
    #[command(flatten)]
    sources: Sources,
}

/// Options of `bsmv train diffusion`.
#[derive(Args)]
pub struct DiffusionArgs {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    plan: NetworkPlan,
    /// Valences of texts by hash, of `bsmv label`; without them valences are unknown
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Train this many further networks, each blind to a part of the authors, and write forecasts
    /// of the posts they haven't seen
    #[arg(long, default_value_t = 0, requires = "forecasts")]
    folds: u64,
    /// Where forecasts of training (out of fold) and validation cascades go, as NDJSON
    #[arg(long, value_name = "FILE")]
    forecasts: Option<PathBuf>,
    /// Where the network goes, a checkpoint and the folds' networks beside it [default:
    /// diffusion.safetensors in --runs]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Go on from what an interrupted run left
    #[arg(long)]
    resume: bool,
}

/// Options of `bsmv train likeness`.
#[derive(Args)]
pub struct LikenessArgs {
    #[command(flatten)]
    common: Common,
    /// Folder of the texts written for training
    #[arg(long, value_name = "DIR", default_value = "models/training/texts")]
    texts: PathBuf,
}

/// Options of `bsmv train head`.
#[derive(Args)]
pub struct IntervalArgs {
    #[command(flatten)]
    common: Common,
    /// Forecasts of `bsmv train diffusion --folds`
    #[arg(long, value_name = "FILE", default_value = "runs/forecasts.ndjson")]
    forecasts: PathBuf,
    /// Seed of all that is random
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One of [`HEADS`], with what it is trained with: a subcommand of its name, whose options are
/// those of every part and its settings.
pub struct TextHead {
    head: &'static TrainedHead,
    training: Training,
}

impl Subcommand for TextHead {
    fn augment_subcommands(cmd: Command) -> Command {
        HEADS.iter().fold(cmd, |cmd, head| {
            let mut own = Common::augment_args(Command::new(head.name)).about(head.about);
            for setting in head.settings {
                let arg = Arg::new(setting.name).long(setting.name);
                let help = format!("{} [default: {}]", setting.about, setting.default);
                let arg = arg.help(help).value_name("N");
                own = own.arg(arg.value_parser(value_parser!(usize)));
            }
            cmd.subcommand(own)
        })
    }

    fn augment_subcommands_for_update(cmd: Command) -> Command {
        Self::augment_subcommands(cmd)
    }

    fn has_subcommand(name: &str) -> bool {
        HEADS.iter().any(|head| head.name == name)
    }
}

impl FromArgMatches for TextHead {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let (name, matches) = matches
            .subcommand()
            .ok_or_else(|| Error::new(ErrorKind::MissingSubcommand))?;
        let head = HEADS.iter().find(|head| head.name == name);
        let head = head.ok_or_else(|| Error::new(ErrorKind::InvalidSubcommand))?;
        let Common { encoder, sources } = Common::from_arg_matches(matches)?;
        let settings = head.settings.iter().map(|setting| {
            let value = matches.get_one(setting.name).copied();
            (setting.name, value.unwrap_or(setting.default))
        });
        let training = Training {
            sources,
            encoder,
            settings: settings.collect::<BTreeMap<_, _>>(),
        };
        Ok(TextHead { head, training })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Trains the part.
pub fn run(part: Part) -> Result<ExitCode> {
    match part {
        Part::Text(TextHead { head, training }) => (head.train)(&training)?,
        Part::Diffusion(args) => train_diffusion(&args)?,
        Part::Likeness(LikenessArgs { common, texts }) => {
            likeness::fit(&common.sources, &common.encoder, &texts)?;
        }
        Part::Reach(args) => reach::run(&args)?,
        Part::Head(IntervalArgs {
            common,
            forecasts,
            seed,
        }) => intervals::fit(&common.sources, &common.encoder, &forecasts, seed)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Trains the network, prints its validation figures and writes the forecasts that are wanted.
fn train_diffusion(args: &DiffusionArgs) -> Result<()> {
    let labels = args.labels.as_deref();
    let labels = labels.map_or(Ok(Labels::default()), Labels::load)?;
    let Common { encoder, sources } = &args.common;
    let reader = trained_so_far(encoder, sources)?;
    let posts = CascadeSplits::read(sources.data(), &labels, &reader)?;
    eprintln!(
        "{} labelled texts; {} posts to train on, {} to validate",
        labels.len(),
        posts.train.len(),
        posts.valid.len()
    );
    let out = match &args.out {
        Some(path) => path.clone(),
        None => sources.to_make(DIFFUSION)?,
    };
    let run = NetworkRun {
        plan: &args.plan,
        out: &out,
        resume: args.resume,
    };
    let net = run.fit(&posts)?;
    for row in eval::diffusion::evaluate(&net, &posts.train, &posts.valid, Split::Valid)? {
        println!("{}", row.line());
    }
    match &args.forecasts {
        Some(path) => run.write_forecasts(&net, &posts, args.folds, path),
        None => Ok(()),
    }
}
