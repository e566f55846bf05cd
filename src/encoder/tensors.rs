//! The encoder in f32 on candle's tensors, for devices that the crate's kernels don't reach: the
//! BERT of candle-transformers, with mean pooling to unit length.

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{self, BertModel, HiddenAct, PositionEmbeddingType};

use super::{Config, WORDS, check_ids};
use crate::{Error, Result};

/// BERT in f32; weights may be stored as f16 or f32.
pub(super) struct TensorEncoder {
    config: Config,
    model: BertModel,
    device: Device,
}

impl TensorEncoder {
    /// Loads a BERT with Hugging Face's tensor names, with or without a `bert.` prefix.
    pub fn load(config: Config, safetensors: Vec<u8>, device: &Device) -> Result<Self> {
        let load = || {
            let vb = VarBuilder::from_buffered_safetensors(safetensors, DType::F32, device)?;
            let prefixed = vb.contains_tensor(&format!("bert.{WORDS}.weight"));
            let vb = if prefixed { vb.pp("bert") } else { vb };
            BertModel::load(vb, &shape_of(&config))
        };
        let model = load().map_err(|e| Error::Bundle(format!("encoder weights: {e}")))?;
        Ok(TensorEncoder {
            config,
            model,
            device: device.clone(),
        })
    }

    /// Shape of the network.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// One unit vector per sequence. Sequences of like length together waste least.
    pub fn embed(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let longest = sequences.iter().map(Vec::len).max().unwrap_or(0);
        let rows = sequences.len();
        let mut ids = vec![0u32; rows * longest];
        let mut kept = vec![0f32; rows * longest];
        for (i, sequence) in sequences.iter().enumerate() {
            check_ids(&self.config, sequence)?;
            ids[i * longest..][..sequence.len()].copy_from_slice(sequence);
            kept[i * longest..][..sequence.len()].fill(1.0);
        }
        if rows == 0 {
            return Ok(Vec::new());
        }
        let padded = kept.contains(&0.0);
        let ids = Tensor::from_vec(ids, (rows, longest), &self.device)?;
        let kept = Tensor::from_vec(kept, (rows, longest), &self.device)?;
        let mask = padded.then_some(&kept);
        let states = self.model.forward(&ids, &ids.zeros_like()?, mask)?;
        let sum = states.broadcast_mul(&kept.unsqueeze(2)?)?.sum(1)?;
        let mean = sum.broadcast_div(&kept.sum_keepdim(1)?)?;
        let length = mean.sqr()?.sum_keepdim(1)?.sqrt()?;
        Ok(mean.broadcast_div(&length)?.to_vec2()?)
    }
}

/// The shape as candle-transformers names it. Activation and embeddings are those that every
/// encoder of this crate has; the rest matters to training alone.
fn shape_of(config: &Config) -> bert::Config {
    bert::Config {
        vocab_size: config.vocab_size,
        hidden_size: config.hidden_size,
        num_hidden_layers: config.num_hidden_layers,
        num_attention_heads: config.num_attention_heads,
        intermediate_size: config.intermediate_size,
        max_position_embeddings: config.max_position_embeddings,
        layer_norm_eps: config.layer_norm_eps,
        hidden_act: HiddenAct::Gelu,
        position_embedding_type: PositionEmbeddingType::Absolute,
        type_vocab_size: 2,
        ..bert::Config::default()
    }
}
