//! The `bsmv` command: shells round the library's core.

#[cfg(feature = "train")]
mod train;

fn main() {}
