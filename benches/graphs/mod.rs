//! What the benchmarks of the graph network forecast: natively and, through wasm, in browsers.
#![allow(dead_code)] // Each of the two uses a part.

use bsmv::Result;
use bsmv::diffusion::{DiffusionGraph, DiffusionInput, DiffusionNet, EventKind};
use bsmv::layers::tensors::Tensors;
use bsmv::post::Platform;
use bsmv::text::Language;

/// Events of the graphs.
pub const SIZES: [u32; 5] = [1_000, 3_000, 10_000, 30_000, 100_000];
/// Forecasts per size.
pub const ROUNDS: usize = 15;

pub fn load(diffusion: Vec<u8>) -> Result<DiffusionNet> {
    DiffusionNet::load(&Tensors::open(&diffusion)?)
}

/// A made-up graph seen for a day: half of the events on the post, the others on earlier ones,
/// every third a quote of known valence.
pub fn graph(events: u32) -> DiffusionGraph {
    let mut graph = DiffusionGraph {
        observed_until: 86_400,
        ..DiffusionGraph::default()
    };
    let mut state = 1u32;
    for i in 0..events {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let draw = state >> 8;
        graph
            .t
            .push((u64::from(i) * 86_400 / u64::from(events)) as u32);
        graph.parent.push(if draw.is_multiple_of(2) {
            0
        } else {
            draw % (i + 1)
        });
        let quote = i % 3 == 0;
        graph.kind.push(if quote {
            EventKind::Quote
        } else {
            EventKind::Repost
        });
        graph.user.push(draw % events);
        graph.followers.push(None);
        graph.verified.push(None);
        graph.s.push(quote.then_some(0.25));
    }
    graph
}

/// D of `graph`, as the scorer forecasts it.
pub fn forecast(net: &DiffusionNet, graph: &DiffusionGraph) -> f32 {
    let input = DiffusionInput {
        graph,
        author: graph.author.as_ref(),
        platform: Platform::Weibo,
        language: Language::Zh,
        s: Some(0.5),
        created_at: None,
        text_chars: 100,
        images: Some(1),
        topics: None,
        vector: None,
        form: None,
    };
    net.forecast(&input).features.d
}
