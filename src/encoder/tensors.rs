//! The encoder in f32 on candle tensors, for devices that the crate's kernels don't reach.

use candle_core::{D, DType, Device, Tensor};
use candle_nn::{VarBuilder, ops};

use super::{Config, EMBEDDING_NORM, POSITIONS, TYPES, WORDS, check_ids, layer_names};
use crate::{Error, Result};

/// BERT in f32; weights may be stored as f16 or f32.
pub(super) struct TensorEncoder {
    config: Config,
    device: Device,
    words: Tensor,
    /// Position embeddings with the first token type's added.
    positions: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
}

struct Layer {
    /// Query, key and value in one product; queries are scaled by 1 / sqrt(head size).
    qkv: Linear,
    attention: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    norm: Norm,
}

struct Linear {
    /// `[inputs, outputs]`.
    weight: Tensor,
    bias: Tensor,
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
    eps: f32,
}

impl Linear {
    fn load(vb: &VarBuilder, name: &str, inputs: usize, outputs: usize) -> Result<Self> {
        Linear::new(
            &vb.get((outputs, inputs), &format!("{name}.weight"))?,
            vb.get(outputs, &format!("{name}.bias"))?,
        )
    }

    fn new(weight: &Tensor, bias: Tensor) -> Result<Self> {
        Ok(Linear {
            weight: weight.t()?.contiguous()?,
            bias,
        })
    }

    /// `x`: `[rows, inputs]`.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(x.matmul(&self.weight)?.broadcast_add(&self.bias)?)
    }
}

impl Norm {
    fn load(vb: &VarBuilder, name: &str, config: &Config) -> Result<Self> {
        Ok(Norm {
            weight: vb.get(config.hidden_size, &format!("{name}.weight"))?,
            bias: vb.get(config.hidden_size, &format!("{name}.bias"))?,
            eps: config.layer_norm_eps as f32,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(ops::layer_norm(x, &self.weight, &self.bias, self.eps)?)
    }
}

impl TensorEncoder {
    /// Loads a BERT with Hugging Face's tensor names, with or without a `bert.` prefix.
    pub fn load(config: Config, safetensors: Vec<u8>, device: &Device) -> Result<Self> {
        let vb = VarBuilder::from_buffered_safetensors(safetensors, DType::F32, device)
            .map_err(|e| Error::Bundle(format!("encoder weights: {e}")))?;
        let vb = if vb.contains_tensor(&format!("bert.{WORDS}.weight")) {
            vb.pp("bert")
        } else {
            vb
        };
        Self::build(config, &vb, device).map_err(|e| Error::Bundle(format!("encoder weights: {e}")))
    }

    fn build(config: Config, vb: &VarBuilder, device: &Device) -> Result<Self> {
        let h = config.hidden_size;
        let words = vb.get((config.vocab_size, h), &format!("{WORDS}.weight"))?;
        let positions = vb.get(
            (config.max_position_embeddings, h),
            &format!("{POSITIONS}.weight"),
        )?;
        let types = vb.get((2, h), &format!("{TYPES}.weight"))?;
        let positions = positions.broadcast_add(&types.get(0)?)?;
        let layers = (0..config.num_hidden_layers)
            .map(|i| Layer::load(vb, i, &config))
            .collect::<Result<_>>()?;
        Ok(TensorEncoder {
            words,
            positions,
            norm: Norm::load(vb, EMBEDDING_NORM, &config)?,
            layers,
            device: device.clone(),
            config,
        })
    }

    /// Shape of the network.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// One unit vector per sequence. Sequences of like length together waste least.
    pub fn embed(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let longest = sequences.iter().map(Vec::len).max().unwrap_or(0);
        let (b, h) = (sequences.len(), self.config.hidden_size);
        let mut ids = vec![0u32; b * longest];
        let mut kept = vec![0f32; b * longest];
        for (i, sequence) in sequences.iter().enumerate() {
            check_ids(&self.config, sequence)?;
            ids[i * longest..][..sequence.len()].copy_from_slice(sequence);
            kept[i * longest..][..sequence.len()].fill(1.0);
        }
        if b == 0 {
            return Ok(Vec::new());
        }
        let padded = kept.contains(&0.0);
        let ids = Tensor::from_vec(ids, b * longest, &self.device)?;
        let kept = Tensor::from_vec(kept, (b, longest), &self.device)?;
        // 0 for pieces, a large negative number for padding.
        let mask = ((&kept - 1.0)? * 1e9)?.reshape((b, 1, 1, longest))?;
        let mask = padded.then_some(&mask);

        let x = self.words.index_select(&ids, 0)?.reshape((b, longest, h))?;
        let x = x.broadcast_add(&self.positions.narrow(0, 0, longest)?)?;
        let mut x = self.norm.forward(&x.reshape((b * longest, h))?)?;
        for layer in &self.layers {
            x = layer.forward(&x, b, longest, mask, &self.config)?;
        }
        let x = x
            .reshape((b, longest, h))?
            .broadcast_mul(&kept.unsqueeze(2)?)?;
        let mean = x.sum(1)?.broadcast_div(&kept.sum_keepdim(1)?)?;
        let length = mean.sqr()?.sum_keepdim(1)?.sqrt()?;
        Ok(mean.broadcast_div(&length)?.to_vec2()?)
    }
}

impl Layer {
    fn load(vb: &VarBuilder, i: usize, config: &Config) -> Result<Self> {
        let (h, wide) = (config.hidden_size, config.intermediate_size);
        let names = layer_names(i);
        let part = |name: &str| -> Result<(Tensor, Tensor)> {
            Ok((
                vb.get((h, h), &format!("{name}.weight"))?,
                vb.get(h, &format!("{name}.bias"))?,
            ))
        };
        let scale = 1.0 / (config.head_size() as f64).sqrt();
        let (q, q_bias) = part(&names.query)?;
        let (k, k_bias) = part(&names.key)?;
        let (v, v_bias) = part(&names.value)?;
        Ok(Layer {
            qkv: Linear::new(
                &Tensor::cat(&[&(q * scale)?, &k, &v], 0)?,
                Tensor::cat(&[&(q_bias * scale)?, &k_bias, &v_bias], 0)?,
            )?,
            attention: Linear::load(vb, &names.attention, h, h)?,
            attention_norm: Norm::load(vb, &names.attention_norm, config)?,
            up: Linear::load(vb, &names.up, h, wide)?,
            down: Linear::load(vb, &names.down, wide, h)?,
            norm: Norm::load(vb, &names.norm, config)?,
        })
    }

    /// `x`: `[b * n, hidden]`.
    fn forward(
        &self,
        x: &Tensor,
        b: usize,
        n: usize,
        mask: Option<&Tensor>,
        config: &Config,
    ) -> Result<Tensor> {
        let (heads, size) = (config.num_attention_heads, config.head_size());
        let qkv = self.qkv.forward(x)?.reshape((b, n, 3, heads, size))?;
        // [3, b, heads, n, size]
        let qkv = qkv.permute((2, 0, 3, 1, 4))?.contiguous()?;
        let (q, k, v) = (qkv.get(0)?, qkv.get(1)?, qkv.get(2)?);
        let scores = q.matmul(&k.transpose(D::Minus2, D::Minus1)?)?;
        let scores = match mask {
            Some(mask) => scores.broadcast_add(mask)?,
            None => scores,
        };
        let context = ops::softmax_last_dim(&scores)?.matmul(&v)?;
        let context = context.transpose(1, 2)?.reshape((b * n, heads * size))?;
        let x = self
            .attention_norm
            .forward(&(self.attention.forward(&context)? + x)?)?;
        let wide = self.up.forward(&x)?.gelu_erf()?;
        self.norm.forward(&(self.down.forward(&wide)? + x)?)
    }
}
