//! From a text to its vector: clean, cut into pieces, encode.

use crate::encoder::{Config, FloatEncoder, Int8Encoder, quantize};
use crate::score::Precision;
use crate::text::{Cleaned, Tokenizer, clean_report};
use crate::{Error, Result};

/// A tokenizer and an encoder that belong together.
pub struct Embedder {
    tokenizer: Tokenizer,
    encoder: Form,
    prefix: String,
    max_pieces: usize,
}

enum Form {
    Float(FloatEncoder),
    Int8(Int8Encoder),
}

/// A text as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub cleaned: Cleaned,
    /// Unit vector.
    pub vector: Vec<f32>,
    /// Pieces past the maximum that were not read.
    pub cut: usize,
}

impl Embedder {
    /// From the files of a bundle; `weights` are floats for f32 and 8-bit for int8.
    pub fn new(
        config: Config,
        tokenizer: &[u8],
        weights: Vec<u8>,
        precision: Precision,
        prefix: &str,
        max_pieces: usize,
        device: &candle_core::Device,
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
            Precision::F32 => Form::Float(FloatEncoder::load(config, weights, device)?),
            Precision::Int8 => Form::Int8(Int8Encoder::load(config, &weights)?),
        };
        Ok(Embedder {
            tokenizer,
            encoder,
            prefix: prefix.to_owned(),
            max_pieces,
        })
    }

    /// From a folder's files in Hugging Face's layout, quantized here where `precision` asks it.
    pub fn from_float(
        config: Config,
        tokenizer: &[u8],
        weights: Vec<u8>,
        precision: Precision,
        prefix: &str,
        max_pieces: usize,
    ) -> Result<Self> {
        let weights = match precision {
            Precision::F32 => weights,
            Precision::Int8 => quantize(&config, &weights)?,
        };
        let device = candle_core::Device::Cpu;
        Self::new(
            config, tokenizer, weights, precision, prefix, max_pieces, &device,
        )
    }

    /// How the encoder computes.
    pub fn precision(&self) -> Precision {
        match self.encoder {
            Form::Float(_) => Precision::F32,
            Form::Int8(_) => Precision::Int8,
        }
    }

    /// Cleans and embeds one text.
    pub fn read(&self, text: &str) -> Result<Reading> {
        let cleaned = clean_report(text);
        let (ids, cut) = self.pieces(&cleaned.text)?;
        let vector = self.encode(&[ids])?.remove(0);
        Ok(Reading {
            cleaned,
            vector,
            cut,
        })
    }

    /// Unit vectors of several texts, in their order; at most `batch` are encoded together.
    pub fn embed_all(&self, texts: &[String], batch: usize) -> Result<Vec<Vec<f32>>> {
        let mut pieces = Vec::with_capacity(texts.len());
        for text in texts {
            pieces.push(self.pieces(&clean_report(text).text)?.0);
        }
        // Padding is least among texts of like length.
        let mut order: Vec<usize> = (0..pieces.len()).collect();
        order.sort_by_key(|&i| pieces[i].len());
        let mut vectors = vec![Vec::new(); pieces.len()];
        for chunk in order.chunks(batch.max(1)) {
            let ids: Vec<_> = chunk.iter().map(|&i| pieces[i].clone()).collect();
            for (&i, vector) in chunk.iter().zip(self.encode(&ids)?) {
                vectors[i] = vector;
            }
        }
        Ok(vectors)
    }

    /// Lengths, in characters, of the pieces of a text that needs no cleaning; they add up.
    pub fn piece_lengths(&self, text: &str) -> Result<Vec<usize>> {
        Ok(self.tokenizer.lengths(text)?)
    }

    fn encode(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        match &self.encoder {
            Form::Float(encoder) => encoder.embed(sequences),
            Form::Int8(encoder) => encoder.embed(sequences),
        }
    }

    fn pieces(&self, cleaned: &str) -> Result<(Vec<u32>, usize)> {
        let encoded = if self.prefix.is_empty() {
            self.tokenizer.encode(cleaned, self.max_pieces)?
        } else {
            let text = format!("{}{cleaned}", self.prefix);
            self.tokenizer.encode(&text, self.max_pieces)?
        };
        Ok((encoded.ids, encoded.cut))
    }
}
