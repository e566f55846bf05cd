//! The text encoder: BERT, mean pooling, unit length. Two forms of one network: `FloatEncoder`
//! (f32, CPU or CUDA; native builds only) and [`Int8Encoder`] (the same bits in every build).

pub mod embedder;
#[cfg(not(target_arch = "wasm32"))]
mod float;
mod int8;
mod network;
mod quantize;
#[cfg(not(target_arch = "wasm32"))]
mod tensors;

use serde::{Deserialize, Serialize};

#[cfg(not(target_arch = "wasm32"))]
pub use candle_core::Device;
#[cfg(not(target_arch = "wasm32"))]
pub use float::FloatEncoder;
pub use int8::Int8Encoder;
pub use network::scratch_bytes;
pub use quantize::{WordBits, quantize};

use crate::kernels::math::LayerNorm;
use crate::layers::tensors::Tensors;
use crate::{Error, Result};

/// Where an f32 encoder computes: nowhere but here, and not at all, in WebAssembly.
#[cfg(target_arch = "wasm32")]
#[derive(Debug, Clone)]
pub enum Device {
    Cpu,
}

/// How the encoder computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// f32 arithmetic on weights stored as f16.
    F32,
    /// 8-bit weights, 7-bit activations.
    Int8,
}

/// Shape of a BERT, from a Hugging Face `config.json`; fields it doesn't need are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub intermediate_size: usize,
    pub max_position_embeddings: usize,
    #[serde(default = "default_eps")]
    pub layer_norm_eps: f64,
}

fn default_eps() -> f64 {
    1e-12
}

impl Config {
    /// Reads `config.json`.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        let config: Config = serde_json::from_slice(json)
            .map_err(|e| Error::Bundle(format!("encoder configuration: {e}")))?;
        if config.num_attention_heads == 0
            || !config
                .hidden_size
                .is_multiple_of(config.num_attention_heads)
        {
            let problem = "encoder configuration: heads must divide the hidden size";
            return Err(Error::Bundle(problem.into()));
        }
        Ok(config)
    }

    fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }
}

/// Tensor names of layer `i` in a Hugging Face BERT, in the order they are used.
fn layer_names(i: usize) -> LayerNames {
    let name = |part: &str| format!("encoder.layer.{i}.{part}");
    LayerNames {
        query: name("attention.self.query"),
        key: name("attention.self.key"),
        value: name("attention.self.value"),
        attention: name("attention.output.dense"),
        attention_norm: name("attention.output.LayerNorm"),
        up: name("intermediate.dense"),
        down: name("output.dense"),
        norm: name("output.LayerNorm"),
    }
}

struct LayerNames {
    query: String,
    key: String,
    value: String,
    attention: String,
    attention_norm: String,
    up: String,
    down: String,
    norm: String,
}

const WORDS: &str = "embeddings.word_embeddings";
const POSITIONS: &str = "embeddings.position_embeddings";
const TYPES: &str = "embeddings.token_type_embeddings";
const EMBEDDING_NORM: &str = "embeddings.LayerNorm";

fn layer_norm(file: &Tensors, name: &str, config: &Config) -> Result<LayerNorm> {
    let width = [config.hidden_size];
    Ok(LayerNorm {
        weight: file.floats(&format!("{name}.weight"), &width)?,
        bias: file.floats(&format!("{name}.bias"), &width)?,
        eps: config.layer_norm_eps as f32,
    })
}

/// Checks a sequence against the network's limits.
fn check_ids(config: &Config, ids: &[u32]) -> Result<()> {
    if ids.is_empty() || ids.len() > config.max_position_embeddings {
        let problem = format!(
            "{} pieces, the encoder reads 1 to {}",
            ids.len(),
            config.max_position_embeddings
        );
        return Err(Error::invalid("text", problem));
    }
    match ids.iter().find(|&&id| id as usize >= config.vocab_size) {
        Some(id) => Err(Error::Bundle(format!(
            "the tokenizer gives piece {id}, the encoder knows {}",
            config.vocab_size
        ))),
        None => Ok(()),
    }
}
