//! The encoder in 8-bit integers and f32 of a fixed order: the same bits in every build.

use std::sync::{Mutex, PoisonError};

use safetensors::tensor::Dtype;

use super::quantize::{GROUP, scale_name};
use super::{Config, EMBEDDING_NORM, POSITIONS, WORDS, check_ids, layer_names};
use crate::kernels::attention::{Attention, Shape};
use crate::kernels::math::{LayerNorm, normalise};
use crate::kernels::scalar::Scalar;
use crate::kernels::{Activations, Kernel, PackedLinear};
use crate::tensors::{FileBytes, Tensors};
use crate::{Error, Result};

/// BERT with 8-bit weights on the fastest kernel this machine has.
pub struct Int8Encoder {
    network: Box<dyn Embed>,
}

impl Int8Encoder {
    /// Loads what [`super::quantize`] wrote.
    pub fn load(config: Config, file: &dyn FileBytes) -> Result<Self> {
        #[cfg(target_arch = "x86_64")]
        {
            use crate::kernels::{Avx2, Avx512Vnni};
            if Avx512Vnni::available() {
                return Self::load_with::<Avx512Vnni>(config, file);
            }
            if Avx2::available() {
                return Self::load_with::<Avx2>(config, file);
            }
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        return Self::load_with::<crate::kernels::Simd128>(config, file);
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        Self::load_with::<Scalar>(config, file)
    }

    /// The same on the scalar oracle: slow, for tests.
    pub fn load_scalar(config: Config, file: &dyn FileBytes) -> Result<Self> {
        Self::load_with::<Scalar>(config, file)
    }

    fn load_with<K: Kernel>(config: Config, file: &dyn FileBytes) -> Result<Self> {
        let network = Box::new(Network::<K>::load(config, file)?);
        Ok(Int8Encoder { network })
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
    /// read together. Short ones together save reading the weights again for each.
    pub fn embed(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        for ids in sequences {
            check_ids(self.config(), ids)?;
        }
        let mut groups = Vec::new();
        let mut rest = sequences;
        while let [first, ..] = rest {
            let (mut rows, mut taken) = (first.len(), 1);
            while taken < rest.len() && rows + rest[taken].len() <= GROUP_ROWS {
                rows += rest[taken].len();
                taken += 1;
            }
            let (group, after) = rest.split_at(taken);
            groups.push(group);
            rest = after;
        }
        let embed = |group: &[Vec<u32>]| self.network.embed(group);
        #[cfg(not(target_arch = "wasm32"))]
        if groups.len() > 1 {
            use rayon::prelude::*;
            return Ok(groups.into_par_iter().flat_map_iter(embed).collect());
        }
        Ok(groups.into_iter().flat_map(embed).collect())
    }
}

/// Bytes that one call of [`Int8Encoder::embed`] works in at most, and keeps, for sequences of at
/// most `pieces`.
pub fn scratch_bytes(config: &Config, pieces: usize) -> usize {
    let (h, wide) = (config.hidden_size, config.intermediate_size);
    // State, query with key and value, context; one head's keys, values and scores.
    let row = 5 * h + 3 * config.head_size();
    // The wide layer and what it becomes, also quantized in up to 16 bits.
    let of_block = 2 * wide + 2 * h;
    // A vector that grows takes up to twice what it holds.
    2 * 4 * (pieces.max(GROUP_ROWS) * row + 2 * BLOCK_ROWS * of_block)
}

/// Rows of short sequences that are read together.
const GROUP_ROWS: usize = 128;

/// Rows that go through a layer's products one after the other, so that what is between the
/// products stays in the second-level cache.
const BLOCK_ROWS: usize = 64;

trait Embed: Send + Sync {
    fn kernel(&self) -> &'static str;
    fn config(&self) -> &Config;
    fn embed(&self, sequences: &[Vec<u32>]) -> Vec<Vec<f32>>;
}

struct Network<K: Kernel> {
    config: Config,
    words: Words,
    /// `[positions, hidden]`, token type included.
    positions: Vec<f32>,
    norm: LayerNorm,
    layers: Vec<Layer<K>>,
    /// Memory of passes that have ended, for the next ones; as many as ever ran at once.
    scratch: Mutex<Vec<Scratch<K>>>,
}

/// What one pass works in.
struct Scratch<K: Kernel> {
    /// `[rows, hidden]`, the state that layers transform.
    x: Vec<f32>,
    /// `[rows, 3 * hidden]`: query, key and value.
    qkv: Vec<f32>,
    /// `[rows, hidden]`: what attention gathers.
    context: Vec<f32>,
    /// `[block, intermediate]`.
    wide: Vec<f32>,
    /// `[block, hidden]`: what is added to the state.
    out: Vec<f32>,
    quantized: Activations<K>,
    attention: Attention,
}

impl<K: Kernel> Default for Scratch<K> {
    fn default() -> Self {
        Scratch {
            x: Vec::new(),
            qkv: Vec::new(),
            context: Vec::new(),
            wide: Vec::new(),
            out: Vec::new(),
            quantized: Activations::default(),
            attention: Attention::default(),
        }
    }
}

/// Word embeddings `[vocabulary, hidden]`, as stored.
enum Words {
    /// One scale per row.
    Bytes { levels: Vec<i8>, scales: Vec<f32> },
    /// Two numbers to a byte, the first in the low half; one scale per [`GROUP`] numbers.
    Nibbles { pairs: Vec<u8>, scales: Vec<f32> },
}

impl Words {
    fn load(file: &Tensors, pieces: usize, width: usize) -> Result<Self> {
        let name = format!("{WORDS}.weight");
        if file.info(&name)?.dtype != Dtype::U8 {
            let levels = file.bytes(&name, Dtype::I8, &[pieces, width])?;
            return Ok(Words::Bytes {
                levels: levels.iter().map(|&b| b as i8).collect(),
                scales: file.floats(&scale_name(&name), &[pieces])?,
            });
        }
        if !width.is_multiple_of(GROUP) {
            let problem = format!("{name}: 4 bits for rows of {width}, no multiple of {GROUP}");
            return Err(Error::Bundle(problem));
        }
        let pairs = file.bytes(&name, Dtype::U8, &[pieces, width / 2])?;
        Ok(Words::Nibbles {
            pairs: pairs.into_owned(),
            scales: file.floats(&scale_name(&name), &[pieces * width / GROUP])?,
        })
    }

    /// Writes the vector of a piece into `out`.
    fn read(&self, id: usize, out: &mut [f32]) {
        let h = out.len();
        match self {
            Words::Bytes { levels, scales } => {
                for (out, w) in out.iter_mut().zip(&levels[id * h..][..h]) {
                    *out = f32::from(*w) * scales[id];
                }
            }
            Words::Nibbles { pairs, scales } => {
                let scales = &scales[id * h / GROUP..];
                let pairs = pairs[id * h / 2..][..h / 2].chunks_exact(GROUP / 2);
                for ((out, pairs), scale) in out.chunks_exact_mut(GROUP).zip(pairs).zip(scales) {
                    for (out, pair) in out.chunks_exact_mut(2).zip(pairs) {
                        let level = |half: u8| f32::from(half as i8 - 8);
                        out[0] = level(pair & 15) * scale;
                        out[1] = level(pair >> 4) * scale;
                    }
                }
            }
        }
    }
}

struct Layer<K: Kernel> {
    qkv: PackedLinear<K>,
    attention: PackedLinear<K>,
    attention_norm: LayerNorm,
    up: PackedLinear<K>,
    down: PackedLinear<K>,
    norm: LayerNorm,
}

fn norm(file: &Tensors, name: &str, config: &Config) -> Result<LayerNorm> {
    let width = [config.hidden_size];
    Ok(LayerNorm {
        weight: file.floats(&format!("{name}.weight"), &width)?,
        bias: file.floats(&format!("{name}.bias"), &width)?,
        eps: config.layer_norm_eps as f32,
    })
}

impl<K: Kernel> Layer<K> {
    fn load(file: &Tensors, i: usize, config: &Config) -> Result<Self> {
        let (h, wide) = (config.hidden_size, config.intermediate_size);
        let names = layer_names(i);
        let linear = |parts: &[&String], inputs: usize, outputs: usize| -> Result<_> {
            let (mut weights, mut scales, mut bias) = (Vec::new(), Vec::new(), Vec::new());
            for part in parts {
                let name = format!("{part}.weight");
                let rows = file.bytes(&name, Dtype::I8, &[outputs, inputs])?;
                weights.extend(rows.iter().map(|&b| b as i8));
                scales.extend(file.floats(&scale_name(&name), &[outputs])?);
                bias.extend(file.floats(&format!("{part}.bias"), &[outputs])?);
            }
            Ok(PackedLinear::new(&weights, &scales, &bias))
        };
        Ok(Layer {
            qkv: linear(&[&names.query, &names.key, &names.value], h, h)?,
            attention: linear(&[&names.attention], h, h)?,
            attention_norm: norm(file, &names.attention_norm, config)?,
            up: linear(&[&names.up], h, wide)?,
            down: linear(&[&names.down], wide, h)?,
            norm: norm(file, &names.norm, config)?,
        })
    }
}

impl<K: Kernel> Network<K> {
    fn load(config: Config, file: &dyn FileBytes) -> Result<Self> {
        let file = Tensors::open(file)?;
        let h = config.hidden_size;
        let layers = (0..config.num_hidden_layers)
            .map(|i| Layer::load(&file, i, &config))
            .collect::<Result<_>>()?;
        Ok(Network {
            words: Words::load(&file, config.vocab_size, h)?,
            positions: file.floats(POSITIONS, &[config.max_position_embeddings * h])?,
            norm: norm(&file, EMBEDDING_NORM, &config)?,
            layers,
            scratch: Mutex::default(),
            config,
        })
    }

    /// The states of the last layer, `[rows, hidden]`, in `scratch.x`.
    fn forward(&self, sequences: &[Vec<u32>], scratch: &mut Scratch<K>) {
        let Config {
            hidden_size: h,
            intermediate_size: wide,
            num_attention_heads: heads,
            ..
        } = self.config;
        let n: usize = sequences.iter().map(Vec::len).sum();
        let block = n.div_ceil(n.div_ceil(BLOCK_ROWS)).next_multiple_of(K::ROWS);
        // All of it is written before it is read.
        scratch.x.resize(n * h, 0.0);
        scratch.qkv.resize(n * 3 * h, 0.0);
        scratch.context.resize(n * h, 0.0);
        scratch.wide.resize(block * wide, 0.0);
        scratch.out.resize(block * h, 0.0);
        let Scratch {
            x,
            qkv,
            context,
            quantized,
            attention,
            ..
        } = scratch;

        let places = sequences.iter().flat_map(|ids| ids.iter().enumerate());
        for (x, (i, &id)) in x.chunks_exact_mut(h).zip(places) {
            self.words.read(id as usize, x);
            let position = &self.positions[i * h..][..h];
            x.iter_mut().zip(position).for_each(|(x, p)| *x += p);
        }
        self.norm.apply::<K>(x, None);

        for layer in &self.layers {
            for (x, qkv) in x.chunks(block * h).zip(qkv.chunks_mut(block * 3 * h)) {
                quantized.quantize(x, h);
                layer.qkv.apply(quantized, qkv);
            }
            let (mut qkv, mut gathered) = (&qkv[..], &mut context[..]);
            for ids in sequences {
                let (here, after) = qkv.split_at(ids.len() * 3 * h);
                let (out, rest) = gathered.split_at_mut(ids.len() * h);
                let shape = Shape {
                    positions: ids.len(),
                    heads,
                    size: h / heads,
                };
                attention.apply::<K>(here, shape, out);
                (qkv, gathered) = (after, rest);
            }
            for (x, context) in x.chunks_mut(block * h).zip(context.chunks(block * h)) {
                let out = &mut scratch.out[..x.len()];
                let wide_out = &mut scratch.wide[..x.len() / h * wide];
                quantized.quantize(context, h);
                layer.attention.apply(quantized, out);
                layer.attention_norm.apply::<K>(x, Some(out));
                quantized.quantize(x, h);
                layer.up.apply(quantized, wide_out);
                quantized.quantize_gelu(wide_out, wide);
                layer.down.apply(quantized, out);
                layer.norm.apply::<K>(x, Some(out));
            }
        }
    }
}

impl<K: Kernel> Embed for Network<K> {
    fn kernel(&self) -> &'static str {
        K::NAME
    }

    fn config(&self) -> &Config {
        &self.config
    }

    fn embed(&self, sequences: &[Vec<u32>]) -> Vec<Vec<f32>> {
        let pool = || self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = pool().pop().unwrap_or_default();
        self.forward(sequences, &mut scratch);
        let h = self.config.hidden_size;
        let mut x = &scratch.x[..];
        let mean = |ids: &Vec<u32>| {
            let (here, after) = x.split_at(ids.len() * h);
            x = after;
            let mut mean = vec![0f32; h];
            for row in here.chunks_exact(h) {
                mean.iter_mut().zip(row).for_each(|(m, v)| *m += v);
            }
            mean.iter_mut().for_each(|m| *m /= ids.len() as f32);
            normalise(&mut mean);
            mean
        };
        let vectors = sequences.iter().map(mean).collect();
        pool().push(scratch);
        vectors
    }
}
