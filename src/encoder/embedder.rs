//! From a text to its vector: clean, cut into pieces, encode.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

#[cfg(not(target_arch = "wasm32"))]
use crate::encoder::FloatEncoder;
use crate::encoder::Precision;
use crate::encoder::{Config, Device, Int8Encoder, WordBits, quantize};
use crate::kernels::math::normalise;
use crate::layers::tensors::FileBytes;
use crate::text::{Cleaned, Tokenizer, Windows, clean_report, simplified};
use crate::{Error, Result};

/// Windows of a long text that are read; what is past them is cut.
const MOST_WINDOWS: usize = 4;

/// Windows whose vectors are kept, the last that were read one by one.
const KEPT_WINDOWS: usize = 8;

/// A tokenizer and an encoder that belong together.
pub struct Embedder {
    tokenizer: Tokenizer,
    encoder: Form,
    prefix: String,
    max_pieces: usize,
    /// Pieces and vector of windows read before, the newest last.
    kept: Mutex<VecDeque<(Vec<u32>, Vec<f32>)>>,
}

enum Form {
    #[cfg(not(target_arch = "wasm32"))]
    Float(FloatEncoder),
    Int8(Int8Encoder),
}

/// A text as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The text after cleaning, and what cleaning found.
    pub cleaned: Cleaned,
    /// Unit vector.
    pub vector: Vec<f32>,
    /// Pieces past the last window that were not read.
    pub cut: usize,
    /// All pieces read, special ones included.
    pub pieces: Vec<u32>,
}

impl Embedder {
    /// From the files of a bundle; `weights` are floats for f32 and 8-bit for int8.
    pub fn new(
        config: Config,
        tokenizer: &[u8],
        weights: Box<dyn FileBytes>,
        precision: Precision,
        prefix: &str,
        max_pieces: usize,
        #[cfg_attr(target_arch = "wasm32", allow(unused_variables))] device: &Device,
    ) -> Result<Self> {
        let tokenizer = Tokenizer::from_bytes(tokenizer)?;
        if tokenizer.vocabulary_size() > config.vocab_size {
            let problem = format!(
                "the tokenizer has {} pieces, the encoder {}",
                tokenizer.vocabulary_size(),
                config.vocab_size
            );
            return Err(Error::Bundle(problem));
        }
        let max_pieces = max_pieces.min(config.max_position_embeddings);
        let encoder = match precision {
            #[cfg(not(target_arch = "wasm32"))]
            Precision::F32 => Form::Float(FloatEncoder::load(config, weights.into_vec(), device)?),
            #[cfg(target_arch = "wasm32")]
            Precision::F32 => {
                let problem = "this build computes in int8 only";
                return Err(Error::Bundle(problem.into()));
            }
            Precision::Int8 => Form::Int8(Int8Encoder::load(config, &*weights)?),
        };
        Ok(Embedder {
            tokenizer,
            encoder,
            prefix: prefix.to_owned(),
            max_pieces,
            kept: Mutex::default(),
        })
    }

    /// From a folder's files in Hugging Face's layout, quantized here where `precision` asks it,
    /// its word embeddings to `words`.
    pub fn from_float(
        config: Config,
        tokenizer: &[u8],
        weights: Vec<u8>,
        precision: Precision,
        words: WordBits,
        prefix: &str,
        max_pieces: usize,
    ) -> Result<Self> {
        let weights = match precision {
            Precision::F32 => weights,
            Precision::Int8 => quantize(&config, &weights, words)?,
        };
        Self::new(
            config,
            tokenizer,
            Box::new(weights),
            precision,
            prefix,
            max_pieces,
            &Device::Cpu,
        )
    }

    /// How the encoder computes.
    pub fn precision(&self) -> Precision {
        match self.encoder {
            #[cfg(not(target_arch = "wasm32"))]
            Form::Float(_) => Precision::F32,
            Form::Int8(_) => Precision::Int8,
        }
    }

    /// Cleans and embeds one text. What was read a moment ago isn't encoded again: the windows of a
    /// draft before the one that is being written, or the whole text while its brand or its graph
    /// changes.
    pub fn read(&self, text: &str) -> Result<Reading> {
        let cleaned = clean_report(text);
        let Windows { windows, cut } = self.windows(&cleaned.text)?;
        let vector = self.mean(&windows, self.encode_anew(&windows)?);
        Ok(Reading {
            cleaned,
            vector,
            cut,
            pieces: windows.concat(),
        })
    }

    /// Cleans and embeds several texts together: what [`Embedder::read`] makes of each.
    pub fn read_all(&self, texts: &[String]) -> Result<Vec<Reading>> {
        let mut cleaned = Vec::with_capacity(texts.len());
        let mut windows = Vec::with_capacity(texts.len());
        for text in texts {
            let report = clean_report(text);
            windows.push(self.windows(&report.text)?);
            cleaned.push(report);
        }
        let all: Vec<Vec<u32>> = windows.iter().flat_map(|w| w.windows.clone()).collect();
        let mut vectors = self.encode(&all)?.into_iter();
        let reading = |(cleaned, Windows { windows, cut }): (Cleaned, Windows)| Reading {
            cleaned,
            vector: self.mean(&windows, vectors.by_ref().take(windows.len()).collect()),
            cut,
            pieces: windows.concat(),
        };
        Ok(cleaned.into_iter().zip(windows).map(reading).collect())
    }

    /// Unit vectors of several texts, in their order; at most `batch` windows are encoded
    /// together.
    pub fn embed_all(&self, texts: &[String], batch: usize) -> Result<Vec<Vec<f32>>> {
        let mut windows = Vec::with_capacity(texts.len());
        for text in texts {
            windows.push(self.windows(&clean_report(text).text)?.windows);
        }
        let flat: Vec<&Vec<u32>> = windows.iter().flatten().collect();
        // Padding is least among texts of like length.
        let mut order: Vec<usize> = (0..flat.len()).collect();
        order.sort_by_key(|&i| flat[i].len());
        let mut vectors = vec![Vec::new(); flat.len()];
        for chunk in order.chunks(batch.max(1)) {
            let ids: Vec<_> = chunk.iter().map(|&i| flat[i].clone()).collect();
            for (&i, vector) in chunk.iter().zip(self.encode(&ids)?) {
                vectors[i] = vector;
            }
        }
        let mut rest = vectors.into_iter();
        let mean = |w: &Vec<Vec<u32>>| self.mean(w, rest.by_ref().take(w.len()).collect());
        Ok(windows.iter().map(mean).collect())
    }

    /// The unit vector of a text read in windows: their mean, weighted by their pieces.
    fn mean(&self, windows: &[Vec<u32>], mut vectors: Vec<Vec<f32>>) -> Vec<f32> {
        if let [_] = &vectors[..] {
            return vectors.remove(0);
        }
        let mut mean = vec![0f32; vectors.first().map_or(0, Vec::len)];
        for (ids, vector) in windows.iter().zip(&vectors) {
            let weight = (ids.len() - self.tokenizer.special_pieces()) as f32;
            for (m, v) in mean.iter_mut().zip(vector) {
                *m += weight * v;
            }
        }
        normalise(&mut mean);
        mean
    }

    /// The text as it is read and all pieces read of it, special ones included.
    pub fn pieces(&self, text: &str) -> Result<(String, Vec<u32>)> {
        let cleaned = clean_report(text).text;
        let pieces = self.windows(&cleaned)?.windows.concat();
        Ok((cleaned, pieces))
    }

    /// Number of pieces in the vocabulary.
    pub fn vocabulary_size(&self) -> usize {
        self.tokenizer.vocabulary_size()
    }

    /// Lengths, in characters, of the pieces of a text that needs no other cleaning than reading
    /// its script; they add up.
    pub fn piece_lengths(&self, text: &str) -> Result<Vec<usize>> {
        let read: String = text.chars().map(simplified).collect();
        Ok(self.tokenizer.lengths(&read)?)
    }

    /// The vectors of windows, those that are kept taken from there. A window's vector depends on
    /// its pieces alone, so nothing can tell.
    fn encode_anew(&self, windows: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<Option<Vec<f32>>> = {
            let kept = kept();
            let find = |ids: &Vec<u32>| kept.iter().find(|(other, _)| other == ids);
            let vector = |ids| find(ids).map(|(_, vector)| vector.clone());
            windows.iter().map(vector).collect()
        };
        let new = || {
            windows
                .iter()
                .zip(&found)
                .filter(|(_, found)| found.is_none())
        };
        let new: Vec<Vec<u32>> = new().map(|(ids, _)| ids.clone()).collect();
        let encoded = self.encode(&new)?;
        let mut kept = kept();
        for (ids, vector) in new.into_iter().zip(&encoded) {
            if kept.len() == KEPT_WINDOWS {
                kept.pop_front();
            }
            kept.push_back((ids, vector.clone()));
        }
        let missing = found.iter_mut().filter(|found| found.is_none());
        for (place, vector) in missing.zip(encoded) {
            *place = Some(vector);
        }
        Ok(found.into_iter().flatten().collect())
    }

    fn encode(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        match &self.encoder {
            #[cfg(not(target_arch = "wasm32"))]
            Form::Float(encoder) => encoder.embed(sequences),
            Form::Int8(encoder) => encoder.embed(sequences),
        }
    }

    fn windows(&self, cleaned: &str) -> Result<Windows> {
        let prefixed: Cow<str> = match self.prefix.as_str() {
            "" => cleaned.into(),
            prefix => format!("{prefix}{cleaned}").into(),
        };
        let found = self
            .tokenizer
            .windows(&prefixed, self.max_pieces, MOST_WINDOWS)?;
        Ok(found)
    }
}
