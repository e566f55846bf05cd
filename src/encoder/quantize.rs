//! From stored floats to the 8-bit form.
//!
//! Linear layers become signed 8-bit rows with one scale per output channel: max |w| / 127, rounded
//! half to even. Word embeddings become the same with one scale per piece, or 4 bits with one scale
//! per [`GROUP`] numbers: the one of largest magnitude over -8, so that sixteen levels reach it.
//! Positions (with the first token type added) are f16; norms and biases stay f32.

use std::collections::BTreeMap;

use half::f16;
use safetensors::tensor::{Dtype, TensorView};

use super::{Config, EMBEDDING_NORM, POSITIONS, TYPES, WORDS, layer_names};
use crate::kernels::math::round_half_even;
use crate::layers::tensors::Tensors;
use crate::{Error, Result};

/// Numbers of a 4-bit word embedding that share a scale.
pub(super) const GROUP: usize = 32;

/// How word embeddings, the larger half of a small encoder, are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordBits {
    /// For networks tuned to it: half the size.
    Four,
    /// For any network.
    Eight,
}

/// Name of the scales of tensor `name`.
pub(super) fn scale_name(name: &str) -> String {
    format!("{name}.scale")
}

/// The 8-bit safetensors file of a float encoder in Hugging Face's names, with or without a `bert.`
/// prefix. A tensor that is missing or isn't whole rows is an error.
pub fn quantize(config: &Config, safetensors: &[u8], words: WordBits) -> Result<Vec<u8>> {
    let file = Tensors::open(&safetensors)?;
    let file = if file.has(&format!("{WORDS}.weight")) {
        file
    } else {
        file.under("bert")
    };
    let get = |name: &str| file.floats_of_any_shape(name);
    let h = config.hidden_size;
    let mut out = Output::default();

    let name = format!("{WORDS}.weight");
    match words {
        WordBits::Four => out.nibbles(&name, &get(&name)?, h)?,
        WordBits::Eight => out.rows(&name, &get(&name)?, h)?,
    }
    let types = get(&format!("{TYPES}.weight"))?;
    let mut positions = get(&format!("{POSITIONS}.weight"))?;
    for row in positions.chunks_exact_mut(h) {
        row.iter_mut().zip(&types).for_each(|(p, t)| *p += t);
    }
    out.halves(POSITIONS, &positions);
    let copy_norm = |out: &mut Output, name: &str| -> Result<()> {
        for part in ["weight", "bias"] {
            let name = format!("{name}.{part}");
            out.floats(&name, &get(&name)?);
        }
        Ok(())
    };
    copy_norm(&mut out, EMBEDDING_NORM)?;
    for i in 0..config.num_hidden_layers {
        let names = layer_names(i);
        for (name, inputs) in [
            (&names.query, h),
            (&names.key, h),
            (&names.value, h),
            (&names.attention, h),
            (&names.up, h),
            (&names.down, config.intermediate_size),
        ] {
            out.rows(
                &format!("{name}.weight"),
                &get(&format!("{name}.weight"))?,
                inputs,
            )?;
            out.floats(&format!("{name}.bias"), &get(&format!("{name}.bias"))?);
        }
        copy_norm(&mut out, &names.attention_norm)?;
        copy_norm(&mut out, &names.norm)?;
    }
    out.serialise()
}

/// Tensors of the file being made: type, shape and little-endian bytes.
#[derive(Default)]
struct Output(BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>);

impl Output {
    fn floats(&mut self, name: &str, values: &[f32]) {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.0
            .insert(name.to_owned(), (Dtype::F32, vec![values.len()], bytes));
    }

    fn halves(&mut self, name: &str, values: &[f32]) {
        let half = |v: &f32| f16::from_f32(*v).to_le_bytes();
        let bytes = values.iter().flat_map(half).collect();
        self.0
            .insert(name.to_owned(), (Dtype::F16, vec![values.len()], bytes));
    }

    /// Two numbers to a byte, the first in the low half, each 8 more than its level.
    fn nibbles(&mut self, name: &str, values: &[f32], width: usize) -> Result<()> {
        check_rows(name, values, width)?;
        if !width.is_multiple_of(GROUP) {
            let problem = format!("{name}: 4 bits need rows of a multiple of {GROUP} numbers");
            return Err(Error::Bundle(problem));
        }
        let mut scales = Vec::with_capacity(values.len() / GROUP);
        let mut bytes = Vec::with_capacity(values.len() / 2);
        for group in values.chunks_exact(GROUP) {
            let further = |top: f32, &v: &f32| if v.abs() > top.abs() { v } else { top };
            let top = group.iter().fold(0f32, further);
            let scale = f16::from_f32(top / -8.0).to_f32();
            scales.push(scale);
            let level = |v: f32| match scale {
                0.0 => 8,
                scale => (round_half_even(v / scale).clamp(-8.0, 7.0) + 8.0) as u8,
            };
            let pairs = group.chunks_exact(2);
            bytes.extend(pairs.map(|pair| level(pair[0]) | level(pair[1]) << 4));
        }
        self.halves(&scale_name(name), &scales);
        let shape = vec![values.len() / width, width / 2];
        self.0.insert(name.to_owned(), (Dtype::U8, shape, bytes));
        Ok(())
    }

    fn rows(&mut self, name: &str, values: &[f32], width: usize) -> Result<()> {
        check_rows(name, values, width)?;
        let mut scales = Vec::with_capacity(values.len() / width);
        let mut bytes = Vec::with_capacity(values.len());
        for row in values.chunks_exact(width) {
            let top = row.iter().fold(0f32, |top, v| top.max(v.abs()));
            let scale = if top > 0.0 { top / 127.0 } else { 1.0 };
            scales.push(scale);
            bytes.extend(row.iter().map(|v| round_half_even(v / scale) as i8 as u8));
        }
        let shape = vec![values.len() / width, width];
        self.floats(&scale_name(name), &scales);
        self.0.insert(name.to_owned(), (Dtype::I8, shape, bytes));
        Ok(())
    }

    fn serialise(&self) -> Result<Vec<u8>> {
        let views = self
            .0
            .iter()
            .map(|(name, (dtype, shape, bytes))| {
                Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?))
            })
            .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|e| Error::Bundle(format!("8-bit encoder: {e}")))?;
        safetensors::serialize(views, None)
            .map_err(|e| Error::Bundle(format!("8-bit encoder: {e}")))
    }
}

fn check_rows(name: &str, values: &[f32], width: usize) -> Result<()> {
    if values.is_empty() || !values.len().is_multiple_of(width) {
        let problem = format!("{name}: {} numbers, not rows of {width}", values.len());
        return Err(Error::Bundle(problem));
    }
    Ok(())
}
