//! The encoder's two forms beside independent ones, on the committed bundle.

mod common;
#[path = "common/reference.rs"]
mod reference;

use bsmv::encoder::{Config, Device, FloatEncoder, Int8Encoder, Precision};
use bsmv::kernels::scalar::Scalar;
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
    let oracle = Int8Encoder::load_on(Scalar, config.clone(), &bytes).unwrap();
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

/// Texts of these lengths, one by one.
fn texts_of(lengths: &[usize], config: &Config) -> Vec<Vec<u32>> {
    let piece = |i: usize, n: usize| ((i + n) * 7919 % config.vocab_size) as u32;
    let text = |&n: &usize| (0..n).map(|i| piece(i, n)).collect();
    lengths.iter().map(text).collect()
}

#[test]
fn every_kernel_of_this_machine_has_the_oracles_bits_in_int8_and_agrees_in_f32() {
    let config = manifest().encoder.config;
    let (bytes, floats) = (weights(Precision::Int8), weights(Precision::F32));
    let texts = texts_of(&[1, 5, 21, 38], &config);
    let oracle = Int8Encoder::load_on(Scalar, config.clone(), &bytes).unwrap();
    let oracle = oracle.embed(&texts).unwrap();
    let reference = FloatEncoder::load_on(Scalar, config.clone(), floats.clone()).unwrap();
    let reference = reference.embed(&texts).unwrap();
    bsmv::for_each_kernel!(|kernel| {
        let int8 = Int8Encoder::load_on(kernel, config.clone(), &bytes).unwrap();
        assert_eq!(int8.embed(&texts).unwrap(), oracle, "{}", int8.kernel());
        let float = FloatEncoder::load_on(kernel, config.clone(), floats.clone()).unwrap();
        for (vector, reference) in float.embed(&texts).unwrap().iter().zip(&reference) {
            assert!(cosine(vector, reference) > 0.99999, "{}", int8.kernel());
        }
    });
}

#[test]
fn threads_that_share_a_text_change_no_bit() {
    let config = manifest().encoder.config;
    let texts = texts_of(&[1, 16, 17, 50, 129, 256], &config);
    let int8 = Int8Encoder::load(config.clone(), &weights(Precision::Int8)).unwrap();
    let float = FloatEncoder::load(config, weights(Precision::F32), &Device::Cpu).unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let one = |ids: &Vec<u32>| [vec![ids.clone()], vec![ids.clone(), vec![5; 9]]];
            let together: Vec<_> = texts.iter().flat_map(one).collect();
            let read = |texts: &Vec<Vec<u32>>| {
                let both = [int8.embed(texts).unwrap(), float.embed(texts).unwrap()];
                both.concat()
            };
            together.iter().map(read).collect::<Vec<_>>()
        })
    };
    let alone = on(1);
    for threads in [2, 5] {
        assert_eq!(on(threads), alone, "{threads} threads");
    }
}

#[test]
fn many_texts_at_once_each_get_their_own_vector() {
    let config = manifest().encoder.config;
    let texts = texts_of(&[3, 16, 40, 70, 130], &config);
    let int8 = Int8Encoder::load(config, &weights(Precision::Int8)).unwrap();
    let alone: Vec<_> = texts
        .iter()
        .map(|ids| int8.embed(std::slice::from_ref(ids)).unwrap())
        .collect();
    std::thread::scope(|scope| {
        for shift in 0..4 {
            let (int8, texts, alone) = (&int8, &texts, &alone);
            scope.spawn(move || {
                for i in (shift..shift + 15).map(|i| i % texts.len()) {
                    let found = int8.embed(std::slice::from_ref(&texts[i])).unwrap();
                    assert_eq!(found, alone[i]);
                }
            });
        }
    });
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
