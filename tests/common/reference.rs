//! The BERT of candle-transformers, which the encoder must agree with.

use bsmv::encoder::Config;
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert;
use serde_json::json;

/// candle-transformers' BERT with mean pooling to unit length, on the processor.
pub struct Reference(bert::BertModel);

impl Reference {
    pub fn load(config: &Config, weights: Vec<u8>) -> Self {
        let mut wanted = serde_json::to_value(config).unwrap();
        for (key, value) in [
            ("hidden_act", json!("gelu")),
            ("hidden_dropout_prob", json!(0.0)),
            ("type_vocab_size", json!(2)),
            ("initializer_range", json!(0.02)),
            ("pad_token_id", json!(1)),
        ] {
            wanted[key] = value;
        }
        let config: bert::Config = serde_json::from_value(wanted).unwrap();
        let weights = VarBuilder::from_buffered_safetensors(weights, DType::F32, &Device::Cpu);
        Reference(bert::BertModel::load(weights.unwrap(), &config).unwrap())
    }

    /// The unit vectors of sequences of one length.
    pub fn embed(&self, sequences: &[Vec<u32>]) -> Vec<Vec<f32>> {
        let embed = || -> candle_core::Result<Vec<Vec<f32>>> {
            let shape = (sequences.len(), sequences[0].len());
            let ids = Tensor::from_vec(sequences.concat(), shape, &Device::Cpu)?;
            let states = self.0.forward(&ids, &ids.zeros_like()?, None)?;
            let mean = states.mean(1)?;
            let length = mean.sqr()?.sum_keepdim(1)?.sqrt()?;
            mean.broadcast_div(&length)?.to_vec2()
        };
        embed().unwrap()
    }
}
