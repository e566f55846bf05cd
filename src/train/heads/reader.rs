//! The reader of the heads trained so far.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};

use crate::heads::reader::Reader;
use crate::layers::tensors::Tensors;
use crate::train::data::encoders;
use crate::train::data::folders::Sources;
use crate::train::fit::optimise::file_of;
use crate::train::heads::HEADS;
use crate::train::heads::trained::HeadFile;
use crate::train::topics::Topics;

/// A reader of the student with the heads trained so far, before there is a bundle. Heads that the
/// score needs must be there.
pub fn trained_so_far(student: &Path, sources: &Sources) -> Result<Reader> {
    let mut tensors: HashMap<String, Tensor> = HashMap::new();
    for HeadFile { prefix, name } in HEADS.iter().flat_map(|head| head.files) {
        let path = sources.made(name);
        if !path.exists() {
            continue;
        }
        let loaded = candle_core::safetensors::load(&path, &Device::Cpu)
            .with_context(|| format!("reading {}", path.display()))?;
        let named = loaded.into_iter();
        tensors.extend(named.map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
    }
    let heads = file_of(&tensors)?;
    let labels = Topics::read(&sources.topics)?.labels();
    let embedder = encoders::student(student)?.into_embedder();
    Reader::new(embedder, &Tensors::open(&heads)?, labels)
        .with_context(|| format!("the heads in {}", sources.folders.runs.display()))
}
