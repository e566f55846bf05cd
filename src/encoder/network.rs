//! The network both forms of the encoder are: BERT's layers, mean pooling, unit length.

use std::sync::{Arc, Mutex, PoisonError};

use super::cores::Crew;
use super::pass::{Pass, Sizes, Unit};
use super::quantize::GROUP;
use super::{Config, check_ids, layer_names, layer_norm};
use crate::Result;
use crate::kernels::Kernel;
use crate::kernels::attention::Attention;
use crate::kernels::int8::{Activations, PackedLinear};
use crate::kernels::math::{LayerNorm, normalise};
use crate::layers::tensors::Tensors;

/// Rows of short sequences that are read together.
const GROUP_ROWS: usize = 128;

/// Rows that go through a layer's products one after the other, so that what is between the
/// products stays in the second-level cache.
const BLOCK_ROWS: usize = 64;

/// Fewest rows for each of the threads that share a pass: each reads all weights.
const THREAD_ROWS: usize = 6;

/// Bytes that one call of `Embed::embed_all` works in at most, and keeps, for sequences of at
/// most `pieces`.
pub fn scratch_bytes(config: &Config, pieces: usize) -> usize {
    let (h, wide) = (config.hidden_size, config.intermediate_size);
    // State, query with key and value, context; one head's keys, values and scores.
    let row = 5 * h + 3 * config.head_size();
    // The wide layer and what it becomes, also quantized in up to 16 bits, and what goes in.
    let of_block = 2 * wide + 3 * h;
    // A vector that grows takes up to twice what it holds.
    2 * 4 * (pieces.max(GROUP_ROWS) * row + 2 * BLOCK_ROWS * of_block)
}

/// A network whatever it computes in.
pub(super) trait Embed: Send + Sync {
    fn kernel(&self) -> &'static str;
    fn config(&self) -> &Config;

    /// The unit vectors of some sequences, read as one; they have been checked. Up to `threads` may
    /// share the work, as far as they have nothing else to do.
    fn embed(&self, sequences: &[Vec<u32>], threads: usize) -> Vec<Vec<f32>>;

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
        #[cfg(not(target_arch = "wasm32"))]
        {
            use rayon::prelude::*;
            let threads = rayon::current_num_threads() / groups.len().max(1);
            if let [group] = groups[..] {
                // Here: to bring it to another thread takes time.
                return Ok(self.embed(group, threads));
            }
            let embed = |group: &[Vec<u32>]| self.embed(group, threads);
            Ok(groups.into_par_iter().flat_map_iter(embed).collect())
        }
        #[cfg(target_arch = "wasm32")]
        Ok(groups
            .into_iter()
            .flat_map(|group| self.embed(group, 1))
            .collect())
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
    /// Memory of threads and of passes that have ended, for the next ones; as much as was ever used
    /// at once.
    scratch: Mutex<Vec<Scratch<L>>>,
    passes: Mutex<Vec<Arc<Pass>>>,
}

/// What one thread works in.
struct Scratch<L: Linear> {
    /// `[block, hidden]`: what attention gathered.
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
    pub fn boxed(
        kernel: L::Kernel,
        config: Config,
        words: WordTable,
        positions: Vec<f32>,
        norm: LayerNorm,
        layers: Vec<Layer<L>>,
    ) -> Box<dyn Embed> {
        Box::new(Arc::new(Network {
            kernel,
            config,
            words,
            positions,
            norm,
            layers,
            scratch: Mutex::default(),
            passes: Mutex::default(),
        }))
    }

    /// Does units of a pass until none is left to take.
    fn work(&self, pass: &Pass) {
        let mut scratch = take(&self.scratch).unwrap_or_default();
        pass.work(|unit| self.act(pass, unit, &mut scratch));
        put(&self.scratch, scratch);
    }

    fn act(&self, pass: &Pass, unit: Unit, scratch: &mut Scratch<L>) {
        let (h, wide) = (self.config.hidden_size, self.config.intermediate_size);
        match unit {
            Unit::Begin(part) => {
                let x = &mut pass.state(part)[..];
                for (x, row) in x.chunks_exact_mut(h).zip(pass.rows_of(part)) {
                    self.words.read(row.piece, x);
                    let position = &self.positions[row.position * h..][..h];
                    x.iter_mut().zip(position).for_each(|(x, p)| *x += p);
                }
                self.norm.apply(self.kernel, x, None);
                if let Some(layer) = self.layers.first() {
                    layer.qkv.apply(x, &mut scratch.input, &mut pass.qkv(part));
                }
            }
            Unit::Attend { sequence, head } => {
                let attention = &mut scratch.attention;
                attention.start(pass.shape(sequence));
                pass.each_qkv(sequence, |rows| attention.add(rows, head));
                attention.finish(self.kernel, &mut pass.context(sequence, head));
            }
            Unit::Go { layer: i, part } => {
                let layer = &self.layers[i];
                let x = &mut pass.state(part)[..];
                let Scratch {
                    context,
                    wide: wide_out,
                    out,
                    input,
                    ..
                } = scratch;
                // All of it is written before it is read.
                context.resize(x.len(), 0.0);
                out.resize(x.len(), 0.0);
                wide_out.resize(x.len() / h * wide, 0.0);
                pass.gather(part, context);
                layer.attention.apply(context, input, out);
                layer.attention_norm.apply(self.kernel, x, Some(out));
                layer.up.apply(x, input, wide_out);
                layer.down.apply_to_gelu(wide_out, input, out);
                layer.norm.apply(self.kernel, x, Some(out));
                if let Some(next) = self.layers.get(i + 1) {
                    next.qkv.apply(x, input, &mut pass.qkv(part));
                }
            }
        }
    }
}

/// Takes something from those that are kept.
fn take<T>(kept: &Mutex<Vec<T>>) -> Option<T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// Keeps something for the next one.
fn put<T>(kept: &Mutex<Vec<T>>, one: T) {
    kept.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(one);
}

impl<L: Linear> Embed for Arc<Network<L>> {
    fn kernel(&self) -> &'static str {
        L::Kernel::NAME
    }

    fn config(&self) -> &Config {
        &self.config
    }

    fn embed(&self, sequences: &[Vec<u32>], threads: usize) -> Vec<Vec<f32>> {
        let n: usize = sequences.iter().map(Vec::len).sum();
        let crew = Crew::up_to(threads.min(n / THREAD_ROWS));
        let parts = n.div_ceil(BLOCK_ROWS).next_multiple_of(crew.size());
        // Whole tiles, but not where one thread would have one more than another.
        let block = match crew.size() {
            1 => n.div_ceil(parts).next_multiple_of(L::Kernel::ROWS),
            _ => n.div_ceil(parts),
        };
        let new = || {
            Arc::new(Pass::new(Sizes {
                hidden: self.config.hidden_size,
                heads: self.config.num_attention_heads,
                layers: self.config.num_hidden_layers,
            }))
        };
        // A thread that came late may hold the last one still.
        let kept = take(&self.passes).filter(|pass| Arc::strong_count(pass) == 1);
        let mut pass = kept.unwrap_or_else(new);
        Arc::get_mut(&mut pass)
            .expect("nobody else has it")
            .start(sequences, block);
        #[cfg(not(target_arch = "wasm32"))]
        for _ in 1..crew.size() {
            let (network, pass) = (Arc::clone(self), Arc::clone(&pass));
            // A panic is told by the thread that waits for this one.
            rayon::spawn(move || {
                let work = std::panic::AssertUnwindSafe(|| network.work(&pass));
                let _ = std::panic::catch_unwind(work);
            });
        }
        self.work(&pass);
        pass.finish();
        let h = self.config.hidden_size;
        let mut means = vec![vec![0f32; h]; sequences.len()];
        for part in 0..n.div_ceil(block) {
            let state = pass.state(part);
            for (row, x) in pass.rows_of(part).iter().zip(state.chunks_exact(h)) {
                let mean = &mut means[row.sequence];
                mean.iter_mut().zip(x).for_each(|(m, v)| *m += v);
            }
        }
        for (mean, ids) in means.iter_mut().zip(sequences) {
            mean.iter_mut().for_each(|m| *m /= ids.len() as f32);
            normalise(mean);
        }
        put(&self.passes, pass);
        means
    }
}
