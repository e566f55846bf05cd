//! The command line: one verb, one module with its `Args` and its `run`.

#[cfg(feature = "server")]
mod audit;
#[cfg(feature = "server")]
mod backup;
mod bundle_dir;
mod checks;
mod clean;
#[cfg(feature = "server")]
mod config;
mod device;
#[cfg(feature = "train")]
mod embed;
#[cfg(feature = "server")]
mod erase;
#[cfg(feature = "train")]
mod eval;
#[cfg(feature = "server")]
mod export;
mod gpu_test;
#[cfg(feature = "server")]
mod health;
#[cfg(feature = "server")]
mod http;
#[cfg(feature = "server")]
mod import;
#[cfg(feature = "server")]
mod jobs;
#[cfg(feature = "server")]
mod key;
#[cfg(feature = "server")]
mod leaders;
#[cfg(feature = "server")]
mod models;
#[cfg(feature = "server")]
mod options;
mod report;
#[cfg(feature = "server")]
mod restore;
mod score;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "train")]
mod topics;
#[cfg(feature = "train")]
mod train;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Brand Social Media Value: what a post is worth to a brand, 0 to 100; 50 is no effect.
#[derive(Parser)]
#[command(name = "bsmv", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Score one post, or one request per line of standard input
    Score(score::Args),
    /// Check drafts for words that rules forbid, disclosure and length: no model, no score
    Checks(checks::Args),
    /// Serve the HTTP API and the page
    #[cfg(feature = "server")]
    Serve(serve::Args),
    /// Make, list and revoke the keys of a server
    #[cfg(feature = "server")]
    #[command(subcommand)]
    Key(key::Task),
    /// List who changed or erased what in a store
    #[cfg(feature = "server")]
    Audit(audit::Args),
    /// Read posts and events from files into a store
    #[cfg(feature = "server")]
    Import(import::Args),
    /// List the accounts that caused most reposts of the posts in a store
    #[cfg(feature = "server")]
    Leaders(leaders::Args),
    /// Have a server score files: submit, list, fetch
    #[cfg(feature = "server")]
    #[command(subcommand)]
    Jobs(jobs::Verb),
    /// Ask a server whether it can score
    #[cfg(feature = "server")]
    Health(health::Args),
    /// Copy a store while a server has it open
    #[cfg(feature = "server")]
    Backup(backup::Args),
    /// Put a backup in the place of a store
    #[cfg(feature = "server")]
    Restore(restore::Args),
    /// Write everything in a store as lines of JSON
    #[cfg(feature = "server")]
    Export(export::Args),
    /// Erase a post, a user or old posts from stores and backups
    #[cfg(feature = "server")]
    Erase(erase::Args),
    /// Clean the "text" of every JSON line on standard input
    Clean,
    /// Embed the "text" of every JSON line on standard input
    #[cfg(feature = "train")]
    Embed(embed::Args),
    /// Compare the f32 encoder on CUDA with the CPU
    GpuTest(gpu_test::Args),
    /// Train one part of the model
    #[cfg(feature = "train")]
    #[command(subcommand)]
    Train(train::Part),
    /// Find topics by density, merge and name them, assign texts to them
    #[cfg(feature = "train")]
    #[command(subcommand)]
    Topics(topics::Step),
    /// Held-out metrics of every head beside its baselines
    #[cfg(feature = "train")]
    Eval(eval::Args),
    /// Label texts with the frozen sentiment labeller
    #[cfg(feature = "train")]
    Label(bsmv::train::label::LabelArgs),
    /// Write the 8-bit form of an encoder
    #[cfg(feature = "train")]
    Quantize(bsmv::train::bundle::QuantizeArgs),
    /// Put trained parts together as a bundle
    #[cfg(feature = "train")]
    Bundle(bsmv::train::bundle::BundleArgs),
}

/// Runs the verb that was asked for. Exit codes: 0 done, 1 failed, 2 wrong usage (from clap).
pub fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Score(args) => score::run(args),
        #[cfg(feature = "server")]
        Verb::Serve(args) => serve::run(args),
        #[cfg(feature = "server")]
        Verb::Key(task) => key::run(task),
        #[cfg(feature = "server")]
        Verb::Audit(args) => audit::run(&args),
        #[cfg(feature = "server")]
        Verb::Import(args) => import::run(&args),
        #[cfg(feature = "server")]
        Verb::Leaders(args) => leaders::run(&args),
        #[cfg(feature = "server")]
        Verb::Jobs(verb) => jobs::run(verb),
        #[cfg(feature = "server")]
        Verb::Health(args) => health::run(&args),
        #[cfg(feature = "server")]
        Verb::Backup(args) => backup::run(&args),
        #[cfg(feature = "server")]
        Verb::Restore(args) => restore::run(&args),
        #[cfg(feature = "server")]
        Verb::Export(args) => export::run(&args),
        #[cfg(feature = "server")]
        Verb::Erase(args) => erase::run(&args),
        Verb::Checks(args) => checks::run(&args),
        Verb::Clean => clean::run(),
        #[cfg(feature = "train")]
        Verb::Embed(args) => embed::run(&args),
        Verb::GpuTest(args) => gpu_test::run(&args),
        #[cfg(feature = "train")]
        Verb::Train(part) => train::run(part),
        #[cfg(feature = "train")]
        Verb::Topics(step) => topics::run(step),
        #[cfg(feature = "train")]
        Verb::Eval(args) => eval::run(&args),
        #[cfg(feature = "train")]
        Verb::Label(args) => bsmv::train::label::run(&args).map(|()| ExitCode::SUCCESS),
        #[cfg(feature = "train")]
        Verb::Quantize(args) => {
            bsmv::train::bundle::quantize_encoder(&args).map(|()| ExitCode::SUCCESS)
        }
        #[cfg(feature = "train")]
        Verb::Bundle(args) => bsmv::train::bundle::run(&args).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(failed)
}

/// One line on standard error. Nobody reading on (`bsmv score | head`) isn't a failure.
fn failed(error: anyhow::Error) -> ExitCode {
    let unread = error
        .downcast_ref::<io::Error>()
        .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe);
    if unread {
        return ExitCode::SUCCESS;
    }
    eprintln!("bsmv: {error:#}");
    ExitCode::FAILURE
}
