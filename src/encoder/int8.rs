//! The encoder in 8-bit integers and f32 of a fixed order: the same bits in every build.

use safetensors::tensor::Dtype;

use super::network::{Embed, Layer, Network, WordTable};
use super::quantize::{GROUP, scale_name};
use super::{Config, EMBEDDING_NORM, POSITIONS, WORDS, layer_norm};
use crate::kernels::int8::PackedLinear;
use crate::kernels::{Choice, Kernel, on_fastest};
use crate::layers::tensors::{FileBytes, Tensors};
use crate::{Error, Result};

/// BERT with 8-bit weights on the fastest kernel this machine has.
pub struct Int8Encoder {
    network: Box<dyn Embed>,
}

impl Int8Encoder {
    /// Loads what [`quantize`](super::quantize()) wrote. A tensor that is missing or of another shape
    /// is an error.
    pub fn load(config: Config, file: &dyn FileBytes) -> Result<Self> {
        on_fastest(Load { config, file })
    }

    /// The same on this kernel, whatever others the machine has: to compare them.
    pub fn load_on<K: Kernel>(kernel: K, config: Config, file: &dyn FileBytes) -> Result<Self> {
        Load { config, file }.with(kernel)
    }

    /// Name of the kernel in use.
    pub fn kernel(&self) -> &'static str {
        self.network.kernel()
    }

    /// Shape of the network.
    pub fn config(&self) -> &Config {
        self.network.config()
    }

    /// The unit vector of each sequence of pieces; the bits don't depend on which sequences are
    /// read together. Short ones together save reading the weights again for each. A sequence
    /// without a piece or with more than the network has positions is an error, and so is a piece
    /// past its vocabulary.
    pub fn embed(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        self.network.embed_all(sequences)
    }
}

struct Load<'a> {
    config: Config,
    file: &'a dyn FileBytes,
}

impl Choice for Load<'_> {
    type Output = Result<Int8Encoder>;

    fn with<K: Kernel>(self, kernel: K) -> Result<Int8Encoder> {
        let (config, file) = (self.config, Tensors::open(self.file)?);
        let h = config.hidden_size;
        let layers = (0..config.num_hidden_layers)
            .map(|i| layer(kernel, &file, i, &config))
            .collect::<Result<_>>()?;
        let words = words(&file, config.vocab_size, h)?;
        let positions = file.floats(POSITIONS, &[config.max_position_embeddings * h])?;
        let norm = layer_norm(&file, EMBEDDING_NORM, &config)?;
        let network = Network::boxed(kernel, config, words, positions, norm, layers);
        Ok(Int8Encoder { network })
    }
}

/// Word embeddings, 8-bit or 4-bit as they are stored.
fn words(file: &Tensors, pieces: usize, width: usize) -> Result<WordTable> {
    let name = format!("{WORDS}.weight");
    if file.info(&name)?.dtype != Dtype::U8 {
        let levels = file.bytes(&name, Dtype::I8, &[pieces, width])?;
        return Ok(WordTable::Bytes {
            levels: levels.iter().map(|&b| b as i8).collect(),
            scales: file.floats(&scale_name(&name), &[pieces])?,
        });
    }
    if !width.is_multiple_of(GROUP) {
        let problem = format!("{name}: 4 bits for rows of {width}, no multiple of {GROUP}");
        return Err(Error::Bundle(problem));
    }
    let pairs = file.bytes(&name, Dtype::U8, &[pieces, width / 2])?;
    Ok(WordTable::Nibbles {
        pairs: pairs.into_owned(),
        scales: file.floats(&scale_name(&name), &[pieces * width / GROUP])?,
    })
}

/// Appends the signed numbers that bytes hold. A function of its own for the reason that the
/// packing of a row is one.
#[inline(never)]
fn push_signed(bytes: &[u8], numbers: &mut Vec<i8>) {
    numbers.extend(bytes.iter().map(|&byte| byte as i8));
}

fn layer<K: Kernel>(
    kernel: K,
    file: &Tensors,
    i: usize,
    config: &Config,
) -> Result<Layer<PackedLinear<K>>> {
    let linear = |parts: &[&String], inputs: usize, outputs: usize| -> Result<_> {
        let (mut weights, mut scales, mut bias) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            let name = format!("{part}.weight");
            let rows = file.bytes(&name, Dtype::I8, &[outputs, inputs])?;
            rows.chunks_exact(inputs)
                .for_each(|row| push_signed(row, &mut weights));
            scales.extend(file.floats(&scale_name(&name), &[outputs])?);
            bias.extend(file.floats(&format!("{part}.bias"), &[outputs])?);
        }
        Ok(PackedLinear::new(kernel, &weights, &scales, &bias))
    };
    Layer::load(file, i, config, linear)
}
