//! Cascades as the graph network and the trees are shown them in training: at several times, in batches,
//! and with parts hidden.

use anyhow::Result;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::diffusion::{Columns, DiffusionGraph, DiffusionInput};
use crate::train::data::cascades::Cascade;
use crate::train::fit::gat::Batch;

/// A cascade at a time, to be shown to the network.
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    /// The cascade.
    pub cascade: &'a Cascade,
    /// Seconds after the post up to which it is shown.
    pub until: u32,
    /// The post and its events up to then.
    pub(super) nodes: usize,
}

impl<'a> Sample<'a> {
    /// `cascade` as it stood `until` seconds after the post; the bare post at 0.
    pub fn new(cascade: &'a Cascade, until: u32) -> Self {
        let events = if until == 0 {
            0
        } else {
            cascade.graph.t.partition_point(|&t| t <= until)
        };
        Sample {
            cascade,
            until,
            nodes: events + 1,
        }
    }
}

/// Cuts samples into runs of about `nodes` nodes.
pub fn batches<'s, 'a>(samples: &'s [Sample<'a>], nodes: usize) -> Vec<&'s [Sample<'a>]> {
    let (mut all, mut from, mut sum) = (Vec::new(), 0, 0);
    for (i, sample) in samples.iter().enumerate() {
        sum += sample.nodes;
        if sum >= nodes || i + 1 == samples.len() {
            all.push(&samples[from..=i]);
            (from, sum) = (i + 1, 0);
        }
    }
    all
}

/// The parts to hide from the network, so that it has met posts of which little is known.
#[derive(Clone, Copy, Default)]
pub struct Hidden {
    author: bool,
    words: bool,
    post: bool,
}

impl Hidden {
    /// Hides each part at random, most of them seldom.
    pub fn draw(rng: &mut ChaCha8Rng) -> Self {
        Hidden {
            author: rng.random_bool(0.1),
            words: rng.random_bool(0.1),
            post: rng.random_bool(0.05),
        }
    }
}

/// Calls `read` with what the network sees of each sample.
fn shown_to<T>(
    samples: &[Sample],
    hidden: &[Hidden],
    read: impl FnOnce(&[DiffusionInput]) -> T,
) -> T {
    let graphs: Vec<DiffusionGraph> = samples
        .iter()
        .zip(hidden)
        .map(|(sample, hidden)| {
            let mut graph = sample.cascade.seen(sample.until);
            if hidden.author {
                graph.author = None;
            }
            if hidden.words {
                graph.s.fill(None);
            }
            graph
        })
        .collect();
    let inputs: Vec<_> = samples
        .iter()
        .zip(hidden)
        .zip(&graphs)
        .map(|((sample, hidden), graph)| {
            let mut input = sample.cascade.input(graph);
            if hidden.post {
                input.created_at = None;
                input.s = None;
                input.topics = None;
            }
            input
        })
        .collect();
    read(&inputs)
}

/// Samples as the network reads them.
pub fn batch(samples: &[Sample], hidden: &[Hidden]) -> Result<Batch> {
    Ok(shown_to(samples, hidden, Batch::new)?)
}

/// Samples as trees read them.
pub fn columns(samples: &[Sample], hidden: &[Hidden]) -> Vec<Columns> {
    shown_to(samples, hidden, |inputs| {
        inputs.par_iter().map(Columns::of).collect()
    })
}

/// Every cascade at each time it can be shown.
pub fn observations<'a>(cascades: &[&'a Cascade]) -> Vec<Sample<'a>> {
    cascades
        .iter()
        .flat_map(|&c| c.times().iter().map(move |&t| Sample::new(c, t)))
        .collect()
}
