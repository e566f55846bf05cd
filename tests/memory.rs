//! What the memory budget says against what is allocated.

#![allow(unsafe_code)] // An allocator that counts can't be written without.

#[path = "common/model.rs"]
#[allow(dead_code)] // Others read more of it.
mod model;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex};

use bsmv::Result;
use bsmv::diffusion::{DiffusionPage, EventKind, MAX_EVENTS};
use bsmv::encoder::Precision;
use bsmv::post::{Platform, Post};
use bsmv::scorer::Scorer;
use bsmv::scorer::bundle::{Bundle, Manifest};
use bsmv::scorer::memory::MemoryBudget;
use bsmv::scorer::request::{CheckedRequest, ScoreRequest};
use model::{brands, bundle_folder, read};

/// Counts what is allocated, and the most there has been.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Relaxed) + layout.size();
        PEAK.fetch_max(now, Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Held by whoever counts: tests run side by side.
static COUNTED: Mutex<()> = Mutex::new(());

/// Most bytes that `work` had allocated at once, and what it gave.
fn peak<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let given = work();
    ((PEAK.load(Relaxed) - before) as u64, given)
}

/// The bundle's files, outside of what is counted, as those of JavaScript are.
static FILES: LazyLock<Vec<(String, &'static [u8])>> = LazyLock::new(|| {
    let files = manifest().files_for(Precision::Int8).unwrap().to_vec();
    let read = |name: String| {
        let bytes: &[u8] = read(&bundle_folder().join(&name)).leak();
        (name, bytes)
    };
    files.into_iter().map(read).collect()
});

fn manifest() -> Manifest {
    Manifest::from_json(&read(&bundle_folder().join("manifest.json"))).unwrap()
}

fn open(budget: MemoryBudget) -> Result<Scorer> {
    let of = |name: &str| FILES.iter().find(|file| file.0 == name).unwrap().1;
    let bundle = Bundle::read(manifest(), Precision::Int8, |name| Ok(of(name)))?;
    Scorer::within(bundle, Precision::Int8, budget)
}

/// A request with as much text as a post may have, of pieces that are read to the end.
fn longest() -> CheckedRequest {
    text().check().unwrap()
}

fn text() -> ScoreRequest {
    ScoreRequest {
        post: Post {
            text: "这款咖啡很好喝，we love it so much! ".repeat(700),
            platform: Platform::Weibo,
            ..Post::default()
        },
        brand: brands().into_values().next(),
        ..ScoreRequest::default()
    }
}

fn with_events(n: usize) -> CheckedRequest {
    let mut request = text();
    request.post.text.truncate(30);
    request.graph = Some(DiffusionPage {
        schema: 1,
        post: "p".into(),
        created_at: time::OffsetDateTime::UNIX_EPOCH,
        observed_until: n as u32,
        total: n as u64,
        author: None,
        start: 1,
        t: (1..=n as u32).collect(),
        parent: (0..n as u32).map(|i| i / 3).collect(),
        kind: vec![EventKind::Quote; n],
        user: (1..=n as u32).collect(),
        followers: vec![None; n],
        verified: vec![None; n],
        s: vec![Some(0.5); n],
        text: None,
        next: None,
    });
    request.check().unwrap()
}

fn code(result: Result<impl Sized>) -> &'static str {
    result.err().map_or("none", |error| error.code())
}

#[test]
fn what_is_allocated_keeps_to_what_is_said() {
    let _alone = COUNTED.lock().unwrap();
    LazyLock::force(&FILES);
    let (used, scorer) = peak(|| {
        let scorer = open(MemoryBudget::UNLIMITED).unwrap();
        scorer.score(&longest()).unwrap();
        scorer
    });
    let said = scorer.memory();
    println!("the model and a long text: {used} bytes, said {said}");
    assert!(used <= said && said <= 2 * used);

    // A budget that a graph just fits is kept; of half the events it would have been wrong to
    // refuse twice as many.
    let request = with_events(MAX_EVENTS);
    let (used, score) = peak(|| scorer.score(&request));
    score.unwrap();
    let budget = |bytes: u64| open(MemoryBudget::of(said + bytes)).unwrap();
    println!("a graph of {MAX_EVENTS} events: {used} bytes");
    assert_eq!(code(budget(used).score(&request)), "memory_budget");
    assert_eq!(code(budget(2 * used).score(&request)), "none");
}

#[test]
fn a_model_that_does_not_fit_is_refused_before_it_is_read() {
    let _alone = COUNTED.lock().unwrap();
    LazyLock::force(&FILES);
    let (used, refused) = peak(|| open(MemoryBudget::of(20 << 20)));
    let error = refused.err().unwrap();
    assert_eq!(error.code(), "memory_budget");
    assert!(error.to_string().starts_with("the model needs"), "{error}");
    assert!(used < 1 << 20, "{used} bytes");
}

#[test]
fn what_does_not_fit_is_refused_and_the_rest_is_scored() {
    let _alone = COUNTED.lock().unwrap();
    let said = open(MemoryBudget::UNLIMITED).unwrap().memory();
    let scorer = open(MemoryBudget::of(said + (4 << 20))).unwrap();
    let big = with_events(MAX_EVENTS);
    let (used, refused) = peak(|| scorer.score(&big));
    assert_eq!(code(refused), "memory_budget");
    assert!(used < 1 << 20, "{used} bytes");
    assert_eq!(code(scorer.explain(&big)), "memory_budget");
    assert_eq!(code(scorer.admit(10 << 20)), "memory_budget");
    assert_eq!(code(scorer.admit(100_000)), "none");
    assert_eq!(code(scorer.score(&with_events(2_000))), "none");
    assert_eq!(code(scorer.score(&longest())), "none");
}
