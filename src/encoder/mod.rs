//! The text encoder: BERT, mean pooling, unit length. Two forms of one network: `FloatEncoder`
//! (f32, on the processor or on candle's tensors; native builds only) and [`Int8Encoder`] (the same
//! bits in every build).

mod cores;
pub mod embedder;
#[cfg(not(target_arch = "wasm32"))]
mod float;
mod int8;
mod network;
mod pass;
mod quantize;
#[cfg(feature = "candle")]
mod tensors;

use serde::{Deserialize, Serialize};

#[cfg(not(target_arch = "wasm32"))]
pub use float::FloatEncoder;
pub use int8::Int8Encoder;
pub use network::scratch_bytes;
pub use quantize::{WordBits, quantize};

use crate::kernels::math::LayerNorm;
use crate::layers::tensors::Tensors;
use crate::{Error, Result};

/// Where an f32 encoder computes; 8-bit ones compute on the processor.
#[derive(Debug, Clone, Default)]
pub enum Device {
    /// The processor, on the crate's kernels.
    #[default]
    Cpu,
    /// A device of candle's, on its tensors: a GPU, or the processor to compare with.
    #[cfg(feature = "candle")]
    Candle(candle_core::Device),
}

/// How the text encoder computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    /// Pieces that have an embedding.
    pub vocab_size: usize,
    /// Numbers of a piece's state, and of a text's vector.
    pub hidden_size: usize,
    /// Layers, one after the other.
    pub num_hidden_layers: usize,
    /// Heads of each attention; they divide `hidden_size`.
    pub num_attention_heads: usize,
    /// Numbers between the two products of a layer's second half.
    pub intermediate_size: usize,
    /// Most pieces of one sequence.
    pub max_position_embeddings: usize,
    /// Added to the variance in every layer norm.
    #[serde(default = "default_eps")]
    pub layer_norm_eps: f64,
}

fn default_eps() -> f64 {
    1e-12
}

impl Config {
    /// Reads `config.json`. A file that isn't one, or heads that don't divide the hidden size, is an
    /// error.
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
