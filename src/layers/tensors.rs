//! Named tensors of a safetensors file, read one by one.
//!
//! The file may lie outside of the module's memory (in WebAssembly it belongs to JavaScript): what
//! is read of it is one tensor, never the whole.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use crate::{Error, Result};

/// A file's bytes, wherever they are.
pub trait FileBytes {
    /// How many there are.
    fn size(&self) -> usize;

    /// Those of `range`, which lies within the file.
    fn read(&self, range: Range<usize>) -> Cow<'_, [u8]>;

    /// All of them.
    fn into_vec(self: Box<Self>) -> Vec<u8> {
        self.read(0..self.size()).into_owned()
    }
}

impl FileBytes for &[u8] {
    fn size(&self) -> usize {
        self.len()
    }

    fn read(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        self[range].into()
    }
}

impl FileBytes for Vec<u8> {
    fn size(&self) -> usize {
        self.len()
    }

    fn read(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        self[range].into()
    }

    fn into_vec(self: Box<Self>) -> Vec<u8> {
        *self
    }
}

/// The tensors of a file whose names begin alike.
#[derive(Clone)]
pub struct Tensors<'a> {
    file: &'a dyn FileBytes,
    header: Rc<Metadata>,
    /// Where the tensors' bytes begin.
    start: usize,
    /// What stands before every name, its last dot included.
    prefix: String,
}

/// Length of the number at a file's start that says how long its header is.
const HEADER_LENGTH: usize = 8;

impl<'a> Tensors<'a> {
    /// Reads the header. A file that isn't whole is an error.
    pub fn open(file: &'a dyn FileBytes) -> Result<Self> {
        let broken = |problem: &dyn std::fmt::Display| {
            Error::Bundle(format!("not a whole safetensors file: {problem}"))
        };
        if file.size() < HEADER_LENGTH {
            return Err(broken(&"too short"));
        }
        let mut length = [0; HEADER_LENGTH];
        length.copy_from_slice(&file.read(0..HEADER_LENGTH));
        let start = usize::try_from(u64::from_le_bytes(length))
            .ok()
            .and_then(|length| length.checked_add(HEADER_LENGTH))
            .filter(|&start| start <= file.size())
            .ok_or_else(|| broken(&"its header is cut off"))?;
        let header: Metadata = serde_json::from_slice(&file.read(HEADER_LENGTH..start))
            .map_err(|problem| broken(&problem))?;
        if header.data_len() != file.size() - start {
            return Err(broken(&"its tensors are cut off"));
        }
        Ok(Tensors {
            file,
            header: Rc::new(header),
            start,
            prefix: String::new(),
        })
    }

    /// Bytes of all tensors once halves are widened to f32, with the largest a second time: what
    /// is held while they are taken over one by one.
    pub fn widened(&self) -> u64 {
        let bytes = |info: &TensorInfo| {
            let stored = (info.data_offsets.1 - info.data_offsets.0) as u64;
            stored * if info.dtype == Dtype::F16 { 2 } else { 1 }
        };
        let tensors = self.header.tensors();
        let each = || tensors.values().map(|info| bytes(info));
        each().sum::<u64>() + each().max().unwrap_or(0)
    }

    /// The tensors below `name`, that is `name.…`.
    #[must_use]
    pub fn under(&self, name: &str) -> Self {
        Tensors {
            prefix: format!("{}{name}.", self.prefix),
            ..self.clone()
        }
    }

    /// True if there is a tensor `name`.
    pub fn has(&self, name: &str) -> bool {
        self.header
            .info(&format!("{}{name}", self.prefix))
            .is_some()
    }

    /// True if there is any tensor.
    pub fn any(&self) -> bool {
        let names = self.header.tensors();
        names.keys().any(|name| name.starts_with(&self.prefix))
    }

    /// Type and shape of a tensor.
    pub fn info(&self, name: &str) -> Result<&TensorInfo> {
        let name = format!("{}{name}", self.prefix);
        self.header
            .info(&name)
            .ok_or_else(|| Error::Bundle(format!("tensor {name} is missing")))
    }

    /// The bytes of a tensor, which must have this type and shape.
    pub fn bytes(&self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<Cow<'_, [u8]>> {
        let info = self.info(name)?;
        if info.dtype != dtype || info.shape != shape {
            return Err(self.unfit(name, &format!("{dtype:?} {shape:?}")));
        }
        Ok(self.read(info))
    }

    /// The numbers of a tensor of this shape, whatever float they are stored as.
    pub fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        if self.info(name)?.shape != shape {
            return Err(self.unfit(name, &format!("{shape:?}")));
        }
        self.floats_of_any_shape(name)
    }

    /// The numbers of a tensor, whatever its shape.
    pub fn floats_of_any_shape(&self, name: &str) -> Result<Vec<f32>> {
        let info = self.info(name)?;
        let bytes = self.read(info);
        match info.dtype {
            Dtype::F32 => {
                let (numbers, _) = bytes.as_chunks();
                Ok(numbers.iter().map(|&b| f32::from_le_bytes(b)).collect())
            }
            Dtype::F16 => {
                let (numbers, _) = bytes.as_chunks();
                Ok(numbers
                    .iter()
                    .map(|&b| widen(u16::from_le_bytes(b)))
                    .collect())
            }
            _ => Err(self.unfit(name, "floats")),
        }
    }

    fn read(&self, info: &TensorInfo) -> Cow<'_, [u8]> {
        let (from, to) = info.data_offsets;
        self.file.read(self.start + from..self.start + to)
    }

    /// The error of a tensor that isn't what was expected.
    fn unfit(&self, name: &str, expected: &str) -> Error {
        let found = self.info(name).map_or_else(
            |missing| missing.to_string(),
            |info| format!("{:?} {:?}", info.dtype, info.shape),
        );
        Error::Bundle(format!(
            "tensor {}{name} is {found}, not {expected}",
            self.prefix
        ))
    }
}

/// The number that the bits of an f16 are, in steps that become SIMD.
fn widen(half: u16) -> f32 {
    let (sign, rest) = (u32::from(half & 0x8000) << 16, u32::from(half & 0x7fff));
    // The fields stand where f32 has them; what is missing is the difference of the exponents'
    // biases, 127 - 15, which a product makes up for, of numbers too small for an exponent too.
    let number = f32::from_bits(rest << 13) * f32::from_bits((127 + 112) << 23);
    let infinite = if rest >= 0x7c00 { 0x7f80_0000 } else { 0 };
    f32::from_bits(number.to_bits() | infinite | sign)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use safetensors::tensor::TensorView;

    /// A file of f32 tensors: names, shapes and numbers.
    pub(crate) fn file(tensors: &[(String, Vec<usize>, Vec<f32>)]) -> Vec<u8> {
        let bytes: Vec<Vec<u8>> = tensors
            .iter()
            .map(|(_, _, numbers)| numbers.iter().flat_map(|x| x.to_le_bytes()).collect())
            .collect();
        let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
            (name.as_str(), view.unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    }

    fn small() -> Vec<u8> {
        file(&[
            ("a.x".into(), vec![2], vec![1.0, 2.0]),
            ("a.b.y".into(), vec![2, 2], vec![3.0, 4.0, 5.0, 6.0]),
        ])
    }

    #[test]
    fn tensors_are_found_by_name_and_shape() {
        let bytes = small();
        let file = Tensors::open(&bytes).unwrap();
        let a = file.under("a");
        assert_eq!(a.floats("x", &[2]).unwrap(), [1.0, 2.0]);
        assert_eq!(
            a.under("b").floats("y", &[2, 2]).unwrap(),
            [3.0, 4.0, 5.0, 6.0]
        );
        assert!(a.has("x") && !a.has("y"));
        assert_eq!(a.floats("x", &[3]).unwrap_err().code(), "bundle");
        assert_eq!(a.floats("y", &[2]).unwrap_err().code(), "bundle");
        assert!(a.bytes("x", Dtype::I8, &[2]).is_err());
    }

    #[test]
    fn every_half_is_widened_exactly() {
        for half in 0..=u16::MAX {
            let (found, exact) = (widen(half), half::f16::from_bits(half).to_f32());
            let same = found.to_bits() == exact.to_bits();
            assert!(same || found.is_nan() && exact.is_nan(), "{half:#x}");
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let bytes = small();
        for end in 0..bytes.len() {
            assert!(Tensors::open(&&bytes[..end]).is_err(), "cut at {end}");
        }
        let mut long = bytes;
        long.push(0);
        assert!(Tensors::open(&long).is_err());
        assert!(Tensors::open(&vec![0xff; 64]).is_err());
    }
}
