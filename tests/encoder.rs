//! The encoder's two forms beside independent ones, on the committed bundle.

mod common;
#[path = "common/reference.rs"]
mod reference;

use bsmv::encoder::{Device, FloatEncoder, Int8Encoder, Precision};
use bsmv::scorer::Scorer;
use bsmv::scorer::bundle::{Bundle, Manifest};
use bsmv::scorer::bundle::{TOKENIZER, encoder_file};
use bsmv::text::{Tokenizer, clean};
use common::model::{bundle_folder, fixtures, read};
use reference::Reference;

fn manifest() -> Manifest {
    Manifest::from_json(&read(&bundle_folder().join("manifest.json"))).unwrap()
}

/// Pieces of some fixtures, short and long, Chinese and English.
fn sequences() -> Vec<Vec<u32>> {
    let tokenizer = Tokenizer::from_bytes(&read(&bundle_folder().join(TOKENIZER))).unwrap();
    fixtures()
        .iter()
        .step_by(8)
        .map(|f| tokenizer.encode(&clean(&f.post.text), 256).unwrap().ids)
        .collect()
}

fn weights(precision: Precision) -> Vec<u8> {
    read(&bundle_folder().join(encoder_file(precision)))
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn f32_is_the_reference_bert() {
    let config = manifest().encoder.config;
    let bytes = weights(Precision::F32);
    let reference = Reference::load(&config, bytes.clone());
    let ours = FloatEncoder::load(config, bytes, &Device::Cpu).unwrap();
    let sequences = sequences();
    // One batch of several lengths, against the reference one by one.
    let batch = ours.embed(&sequences).unwrap();
    for (ids, vector) in sequences.into_iter().zip(&batch) {
        for (ours, reference) in vector.iter().zip(&reference.embed(&[ids])[0]) {
            assert!((ours - reference).abs() < 1e-4);
        }
    }
}

#[test]
fn int8_has_the_oracles_bits_and_stays_near_f32() {
    let config = manifest().encoder.config;
    let bytes = weights(Precision::Int8);
    let fast = Int8Encoder::load(config.clone(), &bytes).unwrap();
    let oracle = Int8Encoder::load_scalar(config.clone(), &bytes).unwrap();
    let float = FloatEncoder::load(config, weights(Precision::F32), &Device::Cpu).unwrap();
    let sequences = sequences();
    let together = fast.embed(&sequences).unwrap();
    let mut sum = 0.0;
    for (ids, vector) in sequences.iter().zip(&together) {
        let alone = [ids.clone()];
        assert_eq!(*vector, fast.embed(&alone).unwrap()[0], "alone or together");
        assert_eq!(
            *vector,
            oracle.embed(&alone).unwrap()[0],
            "{} against scalar",
            fast.kernel()
        );
        sum += cosine(vector, &float.embed(&alone).unwrap()[0]);
    }
    let mean = sum / sequences.len() as f32;
    println!(
        "int8 ({}) against f32: mean cosine {mean:.5}",
        fast.kernel()
    );
    assert!(mean >= 0.99, "mean cosine {mean}");
}

#[cfg(feature = "candle")]
#[test]
fn f32_on_tensors_agrees_with_f32_on_kernels() {
    let config = manifest().encoder.config;
    let bytes = weights(Precision::F32);
    let kernels = FloatEncoder::load(config.clone(), bytes.clone(), &Device::Cpu).unwrap();
    let candle = Device::Candle(candle_core::Device::Cpu);
    let tensors = FloatEncoder::load(config, bytes, &candle).unwrap();
    let sequences = sequences();
    let (kernels, tensors) = (
        kernels.embed(&sequences).unwrap(),
        tensors.embed(&sequences).unwrap(),
    );
    for (a, b) in kernels.iter().flatten().zip(tensors.iter().flatten()) {
        assert!((a - b).abs() < 1e-4, "{a} and {b}");
    }
}

#[test]
fn a_draft_has_the_bits_of_a_text_read_for_the_first_time() {
    let scorer = common::model::scorer(Precision::Int8);
    // Several windows, of which an edit at the end leaves the first ones as they were.
    let texts: Vec<String> = fixtures().iter().map(|f| f.post.full_text()).collect();
    let long = texts[..8].concat();
    let drafts = [
        &long[..],
        &format!("{long} And more."),
        "A short one",
        "A short one",
        "A short one!",
        &texts[3],
        &long,
    ];
    for draft in drafts {
        let fresh = common::model::scorer(Precision::Int8);
        assert_eq!(scorer.embed(draft).unwrap(), fresh.embed(draft).unwrap());
    }
}

#[test]
fn sequences_the_encoder_cannot_read_are_refused() {
    let config = manifest().encoder.config;
    let (most, vocabulary) = (config.max_position_embeddings, config.vocab_size as u32);
    let int8 = Int8Encoder::load(config, &weights(Precision::Int8)).unwrap();
    assert_eq!(int8.embed(&[vec![]]).unwrap_err().code(), "invalid_input");
    assert_eq!(
        int8.embed(&[vec![0; most + 1]]).unwrap_err().code(),
        "invalid_input"
    );
    assert_eq!(
        int8.embed(&[vec![vocabulary]]).unwrap_err().code(),
        "bundle"
    );
    assert!(int8.embed(&[vec![0; most]]).is_ok());
}

#[test]
fn a_bundle_that_is_not_whole_is_refused() {
    let other = br#"{"schema":99,"whatever":true}"#;
    assert_eq!(
        Manifest::from_json(other).unwrap_err().code(),
        "bundle_schema"
    );
    assert_eq!(Manifest::from_json(b"{").unwrap_err().code(), "bundle");

    let manifest = manifest();
    let name = encoder_file(Precision::Int8);
    let mut bytes = weights(Precision::Int8);
    assert!(manifest.verify(name, &bytes).is_ok());
    bytes[1000] ^= 1;
    assert_eq!(manifest.verify(name, &bytes).unwrap_err().code(), "bundle");
    assert_eq!(
        manifest.verify("other", &bytes).unwrap_err().code(),
        "bundle"
    );

    // Cut short, and not safetensors at all: an error, not a panic.
    for file in [
        name,
        TOKENIZER,
        "heads.safetensors",
        "diffusion.safetensors",
    ] {
        for spoilt in [Vec::new(), vec![7; 100]] {
            let bundle = Bundle::read(manifest.clone(), Precision::Int8, |wanted| {
                Ok(if wanted == file {
                    spoilt.clone()
                } else {
                    read(&bundle_folder().join(wanted))
                })
            });
            let failed = Scorer::new(bundle.unwrap(), Precision::Int8).err();
            assert!(failed.is_some(), "{file} was taken");
        }
    }
}
