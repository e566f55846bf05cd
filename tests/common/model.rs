//! The committed bundle and fixtures, as tests read them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bsmv::diffusion::{DiffusionPage, EventKind};
use bsmv::encoder::Precision;
use bsmv::post::Post;
use bsmv::post::brand::BrandProfile;
use bsmv::scorer::Scorer;
use bsmv::scorer::answer::Score;
use bsmv::scorer::bundle::{Bundle, Manifest};
use bsmv::scorer::request::{CheckedRequest, ScoreRequest};
use serde::Deserialize;

/// One post written for these tests.
#[derive(Deserialize)]
pub struct Fixture {
    pub id: String,
    pub post: Post,
    pub brand: Option<String>,
    pub kind: String,
    pub valence: String,
    pub on_topic: bool,
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn bundle_folder() -> PathBuf {
    root().join("models/bsmv-base")
}

pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub fn scorer(precision: Precision) -> Scorer {
    let folder = bundle_folder();
    let manifest = Manifest::from_json(&read(&folder.join("manifest.json"))).unwrap();
    let check = manifest.clone();
    let bundle = Bundle::read(manifest, precision, |name| {
        let bytes = read(&folder.join(name));
        check.verify(name, &bytes)?;
        Ok(bytes)
    });
    Scorer::new(bundle.unwrap(), precision).unwrap()
}

pub fn fixtures() -> Vec<Fixture> {
    serde_json::from_slice(&read(&root().join("tests/fixtures/posts.json"))).unwrap()
}

/// Brand profiles by id.
pub fn brands() -> HashMap<String, BrandProfile> {
    let all: Vec<BrandProfile> =
        serde_json::from_slice(&read(&root().join("models/brands.json"))).unwrap();
    all.into_iter()
        .map(|b| (b.id.clone().expect("committed profiles have ids"), b))
        .collect()
}

/// The score of a request that keeps the rules.
pub fn score_of(scorer: &Scorer, request: &ScoreRequest) -> Score {
    scorer.score(&checked(request)).unwrap()
}

/// The request, which must keep the rules.
pub fn checked(request: &ScoreRequest) -> CheckedRequest {
    request.clone().check().unwrap()
}

/// The fixture as a request: a draft for its brand.
pub fn request(fixture: &Fixture, brands: &HashMap<String, BrandProfile>) -> ScoreRequest {
    ScoreRequest {
        post: fixture.post.clone(),
        brand: fixture.brand.as_ref().map(|id| brands[id].clone()),
        ..Default::default()
    }
}

/// `n` events of one kind, dense at first, none of whose words are known.
pub fn events(n: u32, observed_until: u32, kind: EventKind) -> DiffusionPage {
    let rows = n as usize;
    let when = |i: u32| (f64::from(i + 1) / f64::from(n)).powi(2) * f64::from(observed_until);
    DiffusionPage {
        schema: 1,
        post: "events".into(),
        created_at: time::OffsetDateTime::UNIX_EPOCH,
        observed_until,
        total: n.into(),
        author: None,
        start: 1,
        t: (0..n).map(|i| when(i) as u32).collect(),
        parent: vec![0; rows],
        kind: vec![kind; rows],
        user: (1..=n).collect(),
        followers: vec![None; rows],
        verified: vec![None; rows],
        s: vec![None; rows],
        text: None,
        next: None,
    }
}
