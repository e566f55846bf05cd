//! The network both forms of the encoder are: BERT's layers, mean pooling, unit length.

use std::sync::{Mutex, PoisonError};

use super::quantize::GROUP;
use super::{Config, check_ids, layer_names, layer_norm};
use crate::Result;
use crate::kernels::Kernel;
use crate::kernels::attention::{Attention, Shape};
use crate::kernels::int8::{Activations, PackedLinear};
use crate::kernels::math::{LayerNorm, normalise};
use crate::layers::tensors::Tensors;

/// Rows of short sequences that are read together.
const GROUP_ROWS: usize = 128;

/// Rows that go through a layer's products one after the other, so that what is between the
/// products stays in the second-level cache.
const BLOCK_ROWS: usize = 64;

/// Bytes that one call of `Embed::embed_all` works in at most, and keeps, for sequences of at
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

/// A network whatever it computes in.
pub(super) trait Embed: Send + Sync {
    fn kernel(&self) -> &'static str;
    fn config(&self) -> &Config;

    /// The unit vectors of some sequences, read as one; they have been checked.
    fn embed(&self, sequences: &[Vec<u32>]) -> Vec<Vec<f32>>;

    /// The unit vector of each sequence of pieces; the bits don't depend on which sequences are
    /// read together. Short ones together save reading the weights again for each.
    fn embed_all(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
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
        let embed = |group: &[Vec<u32>]| self.embed(group);
        #[cfg(not(target_arch = "wasm32"))]
        if groups.len() > 1 {
            use rayon::prelude::*;
            return Ok(groups.into_par_iter().flat_map_iter(embed).collect());
        }
        Ok(groups.into_iter().flat_map(embed).collect())
    }
}

/// A linear layer in one of the forms. `input` is where it puts what it makes of its input.
pub(super) trait Linear: Send + Sync + 'static {
    type Kernel: Kernel;
    type Input: Default + Send;

    /// `out = W x + b` for each row of `x`.
    fn apply(&self, x: &[f32], input: &mut Self::Input, out: &mut [f32]);

    /// `out = W GELU(x) + b` for each row of `x`, which is spoilt.
    fn apply_to_gelu(&self, x: &mut [f32], input: &mut Self::Input, out: &mut [f32]);
}

impl<K: Kernel> Linear for PackedLinear<K> {
    type Kernel = K;
    type Input = Activations<K>;

    fn apply(&self, x: &[f32], input: &mut Activations<K>, out: &mut [f32]) {
        input.quantize(self.kernel(), x, self.inputs());
        PackedLinear::apply(self, input, out);
    }

    fn apply_to_gelu(&self, x: &mut [f32], input: &mut Activations<K>, out: &mut [f32]) {
        input.quantize_gelu(self.kernel(), x, self.inputs());
        PackedLinear::apply(self, input, out);
    }
}

/// BERT with linear layers of one form.
pub(super) struct Network<L: Linear> {
    kernel: L::Kernel,
    config: Config,
    words: WordTable,
    /// `[positions, hidden]`, token type included.
    positions: Vec<f32>,
    norm: LayerNorm,
    layers: Vec<Layer<L>>,
    /// Memory of passes that have ended, for the next ones; as many as ever ran at once.
    scratch: Mutex<Vec<Scratch<L>>>,
}

/// What one pass works in.
struct Scratch<L: Linear> {
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
    input: L::Input,
    attention: Attention,
}

impl<L: Linear> Default for Scratch<L> {
    fn default() -> Self {
        Scratch {
            x: Vec::new(),
            qkv: Vec::new(),
            context: Vec::new(),
            wide: Vec::new(),
            out: Vec::new(),
            input: L::Input::default(),
            attention: Attention::default(),
        }
    }
}

/// Word embeddings `[vocabulary, hidden]`, as stored.
pub(super) enum WordTable {
    #[cfg(not(target_arch = "wasm32"))]
    Floats(Vec<f32>),
    /// One scale per row.
    Bytes { levels: Vec<i8>, scales: Vec<f32> },
    /// Two numbers to a byte, the first in the low half; one scale per [`GROUP`] numbers.
    Nibbles { pairs: Vec<u8>, scales: Vec<f32> },
}

impl WordTable {
    /// Writes the vector of a piece into `out`.
    fn read(&self, id: usize, out: &mut [f32]) {
        let h = out.len();
        match self {
            #[cfg(not(target_arch = "wasm32"))]
            WordTable::Floats(words) => out.copy_from_slice(&words[id * h..][..h]),
            WordTable::Bytes { levels, scales } => {
                for (out, w) in out.iter_mut().zip(&levels[id * h..][..h]) {
                    *out = f32::from(*w) * scales[id];
                }
            }
            WordTable::Nibbles { pairs, scales } => {
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

pub(super) struct Layer<L> {
    /// Query, key and value in one product.
    pub qkv: L,
    pub attention: L,
    pub attention_norm: LayerNorm,
    pub up: L,
    pub down: L,
    pub norm: LayerNorm,
}

impl<L> Layer<L> {
    /// Reads layer `i`; `linear` reads products with the given inputs and outputs and makes one of
    /// them.
    pub fn load(
        file: &Tensors,
        i: usize,
        config: &Config,
        linear: impl Fn(&[&String], usize, usize) -> Result<L>,
    ) -> Result<Self> {
        let (h, wide) = (config.hidden_size, config.intermediate_size);
        let names = layer_names(i);
        Ok(Layer {
            qkv: linear(&[&names.query, &names.key, &names.value], h, h)?,
            attention: linear(&[&names.attention], h, h)?,
            attention_norm: layer_norm(file, &names.attention_norm, config)?,
            up: linear(&[&names.up], h, wide)?,
            down: linear(&[&names.down], wide, h)?,
            norm: layer_norm(file, &names.norm, config)?,
        })
    }
}

impl<L: Linear> Network<L> {
    /// `positions`: `[positions, hidden]`, token type included; `norm`: of the embeddings.
    pub fn new(
        kernel: L::Kernel,
        config: Config,
        words: WordTable,
        positions: Vec<f32>,
        norm: LayerNorm,
        layers: Vec<Layer<L>>,
    ) -> Self {
        Network {
            kernel,
            config,
            words,
            positions,
            norm,
            layers,
            scratch: Mutex::default(),
        }
    }

    /// The states of the last layer, `[rows, hidden]`, in `scratch.x`.
    fn forward(&self, sequences: &[Vec<u32>], scratch: &mut Scratch<L>) {
        let Config {
            hidden_size: h,
            intermediate_size: wide,
            num_attention_heads: heads,
            ..
        } = self.config;
        let n: usize = sequences.iter().map(Vec::len).sum();
        let block = n
            .div_ceil(n.div_ceil(BLOCK_ROWS))
            .next_multiple_of(L::Kernel::ROWS);
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
            input,
            attention,
            ..
        } = scratch;

        let places = sequences.iter().flat_map(|ids| ids.iter().enumerate());
        for (x, (i, &id)) in x.chunks_exact_mut(h).zip(places) {
            self.words.read(id as usize, x);
            let position = &self.positions[i * h..][..h];
            x.iter_mut().zip(position).for_each(|(x, p)| *x += p);
        }
        self.norm.apply(self.kernel, x, None);

        for layer in &self.layers {
            for (x, qkv) in x.chunks(block * h).zip(qkv.chunks_mut(block * 3 * h)) {
                layer.qkv.apply(x, input, qkv);
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
                attention.apply(self.kernel, here, shape, out);
                (qkv, gathered) = (after, rest);
            }
            for (x, context) in x.chunks_mut(block * h).zip(context.chunks(block * h)) {
                let out = &mut scratch.out[..x.len()];
                let wide_out = &mut scratch.wide[..x.len() / h * wide];
                layer.attention.apply(context, input, out);
                layer.attention_norm.apply(self.kernel, x, Some(out));
                layer.up.apply(x, input, wide_out);
                layer.down.apply_to_gelu(wide_out, input, out);
                layer.norm.apply(self.kernel, x, Some(out));
            }
        }
    }
}

impl<L: Linear> Embed for Network<L> {
    fn kernel(&self) -> &'static str {
        L::Kernel::NAME
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
