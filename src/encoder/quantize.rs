//! From stored floats to the 8-bit form.
//!
//! Linear layers and word embeddings become signed 8-bit rows with one scale per row (per output
//! channel, per piece): scale = max |w| / 127, rounded half to even. Positions (with the first
//! token type added), norms and biases stay f32.

use std::collections::BTreeMap;

use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::{Config, EMBEDDING_NORM, POSITIONS, TYPES, WORDS, layer_names};
use crate::kernels::math::round_half_even;
use crate::{Error, Result};

/// Name of the scales of tensor `name`.
pub(super) fn scale_name(name: &str) -> String {
    format!("{name}.scale")
}

/// A tensor of a safetensors file as f32, whatever float it was stored as.
pub fn floats(file: &SafeTensors, name: &str) -> Result<Vec<f32>> {
    let view = file
        .tensor(name)
        .map_err(|e| Error::Bundle(format!("{name}: {e}")))?;
    let bytes = view.data();
    match view.dtype() {
        Dtype::F32 => Ok(bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect()),
        Dtype::F16 => Ok(bytes
            .chunks_exact(2)
            .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
            .collect()),
        other => Err(Error::Bundle(format!(
            "{name}: stored as {other:?}, not a float"
        ))),
    }
}

/// The 8-bit safetensors file of a float encoder in Hugging Face's names.
pub fn quantize(config: &Config, safetensors: &[u8]) -> Result<Vec<u8>> {
    let file = SafeTensors::deserialize(safetensors)
        .map_err(|e| Error::Bundle(format!("encoder weights: {e}")))?;
    let prefix = if file.tensor(&format!("{WORDS}.weight")).is_ok() {
        ""
    } else {
        "bert."
    };
    let get = |name: &str| floats(&file, &format!("{prefix}{name}"));
    let h = config.hidden_size;
    let mut out = Output::default();

    out.rows(
        &format!("{WORDS}.weight"),
        &get(&format!("{WORDS}.weight"))?,
        h,
    )?;
    let types = get(&format!("{TYPES}.weight"))?;
    let mut positions = get(&format!("{POSITIONS}.weight"))?;
    for row in positions.chunks_exact_mut(h) {
        row.iter_mut().zip(&types).for_each(|(p, t)| *p += t);
    }
    out.floats(POSITIONS, &positions);
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

    fn rows(&mut self, name: &str, values: &[f32], width: usize) -> Result<()> {
        if values.is_empty() || !values.len().is_multiple_of(width) {
            let problem = format!("{name}: {} numbers, not rows of {width}", values.len());
            return Err(Error::Bundle(problem));
        }
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
