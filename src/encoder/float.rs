//! The encoder in f32: on the crate's kernels, or on candle's tensors where a device of candle's is
//! asked for.

use super::network::{Embed, Layer, Linear, Network, WordTable};
#[cfg(feature = "candle")]
use super::tensors::TensorEncoder;
use super::{Config, Device, EMBEDDING_NORM, POSITIONS, TYPES, WORDS, layer_norm};
use crate::Result;
use crate::kernels::floats::{FloatLinear, gelu};
use crate::kernels::{Choice, Kernel, on_fastest};
use crate::layers::tensors::Tensors;

/// BERT in f32; weights may be stored as f16 or f32.
pub struct FloatEncoder(Form);

enum Form {
    Kernels(Box<dyn Embed>),
    #[cfg(feature = "candle")]
    Tensors(Box<TensorEncoder>),
}

impl FloatEncoder {
    /// Loads a BERT with Hugging Face's tensor names, with or without a `bert.` prefix. A tensor that
    /// is missing or of another shape is an error.
    pub fn load(config: Config, safetensors: Vec<u8>, device: &Device) -> Result<Self> {
        match device {
            Device::Cpu => on_fastest(Load {
                config,
                safetensors,
            }),
            #[cfg(feature = "candle")]
            Device::Candle(device) => {
                let encoder = TensorEncoder::load(config, safetensors, device)?;
                Ok(FloatEncoder(Form::Tensors(Box::new(encoder))))
            }
        }
    }

    /// The same on the processor and this kernel, whatever others the machine has: to compare them.
    pub fn load_on<K: Kernel>(kernel: K, config: Config, safetensors: Vec<u8>) -> Result<Self> {
        let load = Load {
            config,
            safetensors,
        };
        load.with(kernel)
    }

    /// Shape of the network.
    pub fn config(&self) -> &Config {
        match &self.0 {
            Form::Kernels(network) => network.config(),
            #[cfg(feature = "candle")]
            Form::Tensors(encoder) => encoder.config(),
        }
    }

    /// The unit vector of each sequence of pieces. A sequence without a piece or with more than the
    /// network has positions is an error, and so is a piece past its vocabulary.
    pub fn embed(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        match &self.0 {
            Form::Kernels(network) => network.embed_all(sequences),
            #[cfg(feature = "candle")]
            Form::Tensors(encoder) => encoder.embed(sequences),
        }
    }
}

struct Load {
    config: Config,
    safetensors: Vec<u8>,
}

impl Choice for Load {
    type Output = Result<FloatEncoder>;

    fn with<K: Kernel>(self, kernel: K) -> Result<FloatEncoder> {
        let (config, file) = (self.config, Tensors::open(&self.safetensors)?);
        let file = match file.under("bert") {
            inner if inner.has(&format!("{WORDS}.weight")) => inner,
            _ => file,
        };
        let h = config.hidden_size;
        let words = file.floats(&format!("{WORDS}.weight"), &[config.vocab_size, h])?;
        let shape = [config.max_position_embeddings, h];
        let mut positions = file.floats(&format!("{POSITIONS}.weight"), &shape)?;
        let types = file.floats(&format!("{TYPES}.weight"), &[2, h])?;
        for row in positions.chunks_exact_mut(h) {
            row.iter_mut().zip(&types).for_each(|(p, t)| *p += t);
        }
        let layers = (0..config.num_hidden_layers)
            .map(|i| layer(kernel, &file, i, &config))
            .collect::<Result<_>>()?;
        let norm = layer_norm(&file, EMBEDDING_NORM, &config)?;
        let words = WordTable::Floats(words);
        let network = Network::boxed(kernel, config, words, positions, norm, layers);
        Ok(FloatEncoder(Form::Kernels(network)))
    }
}

fn layer<K: Kernel>(
    kernel: K,
    file: &Tensors,
    i: usize,
    config: &Config,
) -> Result<Layer<FloatLinear<K>>> {
    let linear = |parts: &[&String], inputs: usize, outputs: usize| -> Result<_> {
        let (mut weights, mut bias) = (Vec::new(), Vec::new());
        for part in parts {
            weights.extend(file.floats(&format!("{part}.weight"), &[outputs, inputs])?);
            bias.extend(file.floats(&format!("{part}.bias"), &[outputs])?);
        }
        Ok(FloatLinear::new(kernel, &weights, &bias))
    };
    Layer::load(file, i, config, linear)
}

impl<K: Kernel> Linear for FloatLinear<K> {
    type Kernel = K;
    type Input = ();

    fn apply(&self, x: &[f32], _: &mut (), out: &mut [f32]) {
        FloatLinear::apply(self, x, out);
    }

    fn apply_to_gelu(&self, x: &mut [f32], _: &mut (), out: &mut [f32]) {
        gelu(self.kernel(), x);
        FloatLinear::apply(self, x, out);
    }
}
