//! What small networks are made of: the tensors of a file, and plain layers.

pub mod dense;
pub mod tensors;
