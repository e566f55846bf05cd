//! The graph network for the benchmark in browsers: `www/bench/forward.mjs` runs it.

use bsmv::diffusion::{DiffusionGraph, DiffusionNet};
use wasm_bindgen::prelude::*;

#[path = "../../../../benches/graphs/mod.rs"]
mod graphs;

/// A loaded network and one graph.
#[wasm_bindgen]
pub struct Forward {
    net: DiffusionNet,
    graph: DiffusionGraph,
}

#[wasm_bindgen]
impl Forward {
    /// `diffusion` is the bundle's diffusion.safetensors.
    #[wasm_bindgen(constructor)]
    pub fn new(diffusion: Vec<u8>, events: u32) -> Result<Forward, JsError> {
        Ok(Forward {
            net: graphs::load(diffusion)?,
            graph: graphs::graph(events),
        })
    }

    /// D of the graph.
    pub fn run(&self) -> f32 {
        graphs::forecast(&self.net, &self.graph)
    }
}
