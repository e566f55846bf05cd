//! Scoring a file against the encoder alone, on all cores: `cargo bench --bench bulk -- POSTS` (5,000).
//! The encoder is measured before and after, in the passes that suit it best: both give texts a second.

#[path = "../tests/common/model.rs"]
#[allow(dead_code)] // Tests read more of it.
mod model;

use std::fmt::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use bsmv::encoder::{Int8Encoder, Precision};
use bsmv::scorer::bundle::{Manifest, encoder_file};

const THINGS: [&str; 8] = [
    "这双鞋",
    "那件外套",
    "新到的连衣裙",
    "他家的咖啡",
    "昨天买的锅",
    "这支口红",
    "朋友送的背包",
    "老板推荐的茶",
];
const SAID: [&str; 8] = [
    "走一天也不累",
    "线头不少",
    "颜色比图片好看",
    "用了一周就坏了",
    "包装特别用心",
    "味道太甜",
    "退款拖了半个月",
    "性价比真的高",
];
const ENDS: [&str; 4] = ["推荐给大家", "再也不买了", "等打折再说", "值得一试"];

/// Texts that all differ.
fn text(i: usize) -> String {
    let of = |list: &[&'static str], step: usize| list[(i / step) % list.len()];
    format!(
        "{}{}，{}{}，{}，第{i}次",
        of(&THINGS, 1),
        of(&SAID, 8),
        of(&THINGS, 64),
        of(&SAID, 512),
        of(&ENDS, 4_096)
    )
}

fn main() {
    let posts = std::env::args().find_map(|arg| arg.parse().ok());
    let posts: usize = posts.unwrap_or(5_000);
    let texts: Vec<String> = (0..posts).map(text).collect();

    let scorer = model::scorer(Precision::Int8);
    let pieces: Vec<Vec<u32>> = texts
        .iter()
        .map(|text| scorer.reader().embedder().pieces(text).unwrap().1)
        .collect();
    let mean = pieces.iter().map(Vec::len).sum::<usize>() as f64 / posts as f64;
    drop(scorer);
    let folder = model::bundle_folder();
    let config = Manifest::from_json(&model::read(&folder.join("manifest.json")))
        .unwrap()
        .encoder
        .config;
    let weights = model::read(&folder.join(encoder_file(Precision::Int8)));
    let encoder = Int8Encoder::load(config, &weights).unwrap();
    let encode = || {
        let begin = Instant::now();
        for some in pieces.chunks(1_024) {
            encoder.embed(some).unwrap();
        }
        posts as f64 / begin.elapsed().as_secs_f64()
    };

    let desk = tempfile::tempdir().unwrap();
    let (input, out) = (
        desk.path().join("posts.csv"),
        desk.path().join("scores.csv"),
    );
    let mut table = String::from("id,text\n");
    for (i, text) in texts.iter().enumerate() {
        writeln!(table, "{i},{text}").unwrap();
    }
    std::fs::write(&input, table).unwrap();
    let mut score = Command::new(env!("CARGO_BIN_EXE_bsmv"));
    score.args(["score", "--precision", "int8", "--bundle"]);
    score.arg(&folder).arg(&input).arg("--out").arg(&out);
    score.stdout(Stdio::null()).stderr(Stdio::null());

    encode();
    let before = encode();
    let begin = Instant::now();
    assert!(score.status().unwrap().success());
    let scored = posts as f64 / begin.elapsed().as_secs_f64();
    let after = encode();
    let encoded = (before + after) / 2.0;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{posts} posts of {mean:.1} pieces, int8, {threads} threads");
    println!("encoder alone: {before:.0} a second before, {after:.0} after");
    println!(
        "bsmv score FILE --out FILE: {scored:.0} a second, {:.2} of the encoder's",
        scored / encoded
    );
}
