//! The real model on the 200 fixtures, natively. The same figures are checked in Node and in a
//! browser against `fixtures/expected.json`, which `BSMV_BLESS=1 cargo test --release --test
//! fixtures` writes anew after a change of the bundle.

mod common;

use bsmv::definition::value::{NO_EFFECT, Weights};
use bsmv::diffusion::{DiffusionPage, EventKind};
use bsmv::encoder::Precision;
use bsmv::post::{Platform, Post};
use bsmv::scorer::Scorer;
use bsmv::scorer::request::ScoreRequest;
use common::model::{
    Fixture, brands, checked, events, fixtures, read, request, root, score_of, scorer,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[derive(Serialize, Deserialize)]
struct Expected {
    id: String,
    bsmv: f32,
    /// Of the embedding's little-endian f32 bytes.
    embedding_sha256: String,
}

fn hash(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|v| v.to_le_bytes()).collect();
    Sha256::digest(&bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

#[test]
fn int8_gives_the_recorded_scores_and_the_recorded_bits() {
    let (scorer, brands) = (scorer(Precision::Int8), brands());
    let found: Vec<Expected> = fixtures()
        .iter()
        .map(|fixture| Expected {
            id: fixture.id.clone(),
            bsmv: score_of(&scorer, &request(fixture, &brands)).bsmv,
            embedding_sha256: hash(&scorer.embed(&fixture.post.full_text()).unwrap()),
        })
        .collect();
    let path = root().join("tests/fixtures/expected.json");
    if std::env::var_os("BSMV_BLESS").is_some() {
        std::fs::write(&path, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
    }
    let expected: Vec<Expected> = serde_json::from_slice(&read(&path)).unwrap();
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(&expected) {
        assert_eq!(f.id, e.id);
        assert_eq!(
            f.embedding_sha256, e.embedding_sha256,
            "embedding of {}",
            f.id
        );
        assert!(
            (f.bsmv - e.bsmv).abs() <= 1e-4,
            "{}: {} for {}",
            f.id,
            f.bsmv,
            e.bsmv
        );
    }
}

#[test]
fn int8_is_within_a_point_of_f32() {
    let (int8, f32, brands) = (scorer(Precision::Int8), scorer(Precision::F32), brands());
    let (mut off, mut worst) = (0.0, (0.0, String::new()));
    let fixtures = fixtures();
    for fixture in &fixtures {
        let request = request(fixture, &brands);
        let difference = (score_of(&int8, &request).bsmv - score_of(&f32, &request).bsmv).abs();
        off += difference;
        if difference > worst.0 {
            worst = (difference, fixture.id.clone());
        }
    }
    let mean = off / fixtures.len() as f32;
    println!(
        "int8 against f32: mean {mean:.3} points, at most {:.3} ({})",
        worst.0, worst.1
    );
    assert!(mean <= 1.0, "mean absolute difference {mean} points");
}

fn score_with(scorer: &Scorer, mut request: ScoreRequest, page: DiffusionPage) -> f32 {
    request.graph = Some(page);
    score_of(scorer, &request).bsmv
}

/// Posts where diffusion is modelled: Chinese on Weibo, English on X.
fn modelled(fixture: &Fixture) -> bool {
    matches!(fixture.post.platform, Platform::Weibo | Platform::X)
}

#[test]
fn reposts_raise_praise_and_lower_complaints() {
    let (scorer, brands) = (scorer(Precision::Int8), brands());
    let (mut praise, mut complaints) = (0, 0);
    for fixture in fixtures().iter().filter(|f| modelled(f)) {
        let request = request(fixture, &brands);
        let s = score_of(&scorer, &request).sentiment.s;
        let sign = match fixture.kind.as_str() {
            "praise" if s > 0.3 && praise < 20 => {
                praise += 1;
                1.0
            }
            "complaint" if s < -0.4 && complaints < 20 => {
                complaints += 1;
                -1.0
            }
            _ => continue,
        };
        for observed_until in [3_600, 86_400] {
            let scores = [20, 200, 900].map(|n| {
                score_with(
                    &scorer,
                    request.clone(),
                    events(n, observed_until, EventKind::Repost),
                )
            });
            let rises = scores.windows(2).all(|w| sign * (w[1] - w[0]) > 0.0);
            assert!(
                rises,
                "{} ({s:+.2}) at {observed_until} s: {scores:?}",
                fixture.id
            );
        }
    }
    assert_eq!((praise, complaints), (20, 20), "forty fixtures take part");
}

/// Scores of posts about something else that 900 people passed on. Those that use the brand's name
/// for another thing (an apple pie, a river) are left out: telling these apart is beyond the
/// relevance head, as the model card says.
fn viral_and_off_topic() -> Vec<(String, f32)> {
    let (scorer, brands) = (scorer(Precision::Int8), brands());
    let mut scores = Vec::new();
    for fixture in fixtures()
        .iter()
        .filter(|f| modelled(f) && f.kind == "off_topic")
    {
        let Some(brand) = fixture.brand.as_ref().map(|id| &brands[id]) else {
            continue;
        };
        let text = fixture.post.full_text().to_lowercase();
        if brand
            .names()
            .any(|name| text.contains(&name.to_lowercase()))
        {
            continue;
        }
        for observed_until in [3_600, 86_400] {
            let request = request(fixture, &brands);
            let score = score_with(
                &scorer,
                request,
                events(900, observed_until, EventKind::Repost),
            );
            scores.push((fixture.id.clone(), score));
        }
    }
    assert!(scores.len() >= 10, "only {} scores", scores.len());
    scores
}

#[test]
fn a_mood_keeps_its_strength_where_the_brand_is_named() {
    let (scorer, brands) = (scorer(Precision::Int8), brands());
    for language in ["zh", "en"] {
        let (mut named, mut of_itself) = (0.0, 0.0);
        for fixture in fixtures().iter().filter(|f| f.id.starts_with(language)) {
            if !matches!(&*fixture.kind, "praise" | "complaint") {
                continue;
            }
            let request = request(fixture, &brands);
            let alone = ScoreRequest {
                brand: None,
                ..request.clone()
            };
            named += score_of(&scorer, &request).sentiment.s.abs();
            of_itself += score_of(&scorer, &alone).sentiment.s.abs();
        }
        let kept = named / of_itself;
        assert!(kept > 0.8, "{language}: {kept}");
    }
}

#[test]
fn a_viral_post_about_something_else_has_no_effect() {
    for (id, score) in viral_and_off_topic() {
        assert!((score - NO_EFFECT).abs() <= 5.0, "{id}: {score}");
    }
}

#[test]
fn a_brand_called_by_its_account_is_called_by_its_name() {
    let (scorer, brands) = (scorer(Precision::Int8), brands());
    for (brand, account, name) in [
        (
            "sephora",
            "@Sephora sent me the wrong shade twice.",
            "Sephora sent me the wrong shade twice.",
        ),
        (
            "delta",
            "Eleven hours at JFK, no hotel, thanks @DeltaAir",
            "Eleven hours at JFK, no hotel, thanks Delta Air",
        ),
        (
            "xiaomi",
            "更新完系统卡得没法用，@小米手机 你们测没测过",
            "更新完系统卡得没法用，小米手机 你们测没测过",
        ),
    ] {
        let score = |text: &str| {
            let post = Post {
                text: text.to_owned(),
                ..Post::default()
            };
            let request = ScoreRequest {
                post,
                brand: Some(brands[brand].clone()),
                ..ScoreRequest::default()
            };
            score_of(&scorer, &request)
        };
        let (account, name) = (score(account), score(name));
        assert_eq!(account.bsmv, name.bsmv, "{brand}");
        assert!(account.bsmv < NO_EFFECT - 2.0, "{brand}: {}", account.bsmv);
    }
}

#[test]
fn a_post_scores_the_same_in_either_script() {
    let (scorer, brands) = (scorer(Precision::Int8), brands());
    let score = |text: &str, brand: &str| {
        let request = ScoreRequest {
            post: Post {
                text: text.to_owned(),
                ..Post::default()
            },
            brand: Some(brands[brand].clone()),
            ..ScoreRequest::default()
        };
        score_of(&scorer, &request)
    };
    for (brand, traditional, simplified) in [
        (
            "iqiyi",
            "愛奇藝會員漲價之後還是沒完沒了的廣告，退訂了。",
            "爱奇艺会员涨价之后还是没完没了的广告，退订了。",
        ),
        (
            "huawei",
            "華為這款手機拍照真的驚豔，後來又給媽媽買了一臺！",
            "华为这款手机拍照真的惊艳，后来又给妈妈买了一台！",
        ),
    ] {
        let (traditional, simplified) = (score(traditional, brand), score(simplified, brand));
        assert_eq!(traditional, simplified);
        let moved = (traditional.bsmv - NO_EFFECT).abs();
        assert!(moved > 2.0, "{brand}: {}", traditional.bsmv);
    }
}

/// Times each fixture is scored below, as a draft and with graphs: a thousand posts in all.
const POSTS_PER_TEXT: usize = 5;

#[test]
fn parts_and_contributions_add_up() {
    let (scorer, brands) = (scorer(Precision::Int8), brands());
    let graphs: Vec<DiffusionPage> = std::fs::read_dir(root().join("tests/fixtures/graphs"))
        .unwrap()
        .map(|entry| serde_json::from_slice(&read(&entry.unwrap().path())).unwrap())
        .collect();
    let fixtures = fixtures();
    for i in 0..fixtures.len() * POSTS_PER_TEXT {
        let fixture = &fixtures[i / POSTS_PER_TEXT];
        let mut request = request(fixture, &brands);
        if i % POSTS_PER_TEXT > 0 {
            request.graph = Some(graphs[i % graphs.len()].clone());
        }
        let score = score_of(&scorer, &request);
        let p = score.parts;
        let sum = NO_EFFECT + p.sentiment + p.topic + p.diffusion;
        assert!(
            (sum - score.bsmv).abs() < 1e-4,
            "{}: parts {sum}, score {}",
            fixture.id,
            score.bsmv
        );
        let explained = scorer.explain(&checked(&request)).unwrap();
        let points = explained.contributions.iter().map(|c| c.points);
        let sum = explained.base + points.sum::<f32>();
        assert!(
            (sum - score.bsmv).abs() < 1e-4,
            "{}: contributions {sum}",
            fixture.id
        );
        let interval = score.interval;
        assert!(
            interval.low <= score.bsmv && score.bsmv <= interval.high,
            "{}",
            fixture.id
        );

        request.weights = Some(Weights::AWARENESS);
        let reweighed = score_of(&scorer, &request);
        assert_eq!(
            scorer.explain(&checked(&request)).unwrap().contributions,
            explained.contributions,
            "made at default weights"
        );
        assert!((0.0..=100.0).contains(&reweighed.bsmv));
    }
}

#[test]
fn a_reweighed_score_is_the_one_scored_with_those_weights() {
    let (scorer, brands) = (scorer(Precision::Int8), brands());
    for fixture in fixtures().iter().step_by(20) {
        let mut request = request(fixture, &brands);
        let balanced = score_of(&scorer, &request);
        for weights in [Weights::AWARENESS, Weights::SALES, Weights::BALANCED] {
            request.weights = Some(weights);
            let (direct, moved) = (
                score_of(&scorer, &request),
                scorer.reweigh(&balanced, &weights),
            );
            for (direct, moved) in [
                (direct.bsmv, moved.bsmv),
                (direct.interval.low, moved.interval.low),
                (direct.interval.high, moved.interval.high),
                (direct.parts.topic, moved.parts.topic),
            ] {
                assert!(
                    (direct - moved).abs() < 1e-3,
                    "{}: {moved} for {direct}",
                    fixture.id
                );
            }
            assert_eq!(moved.weights, weights);
        }
    }
}

#[test]
fn words_are_blamed_for_what_they_say() {
    let scorer = scorer(Precision::Int8);
    for (text, phrases) in [
        ("The coffee is terrible.", &["terrible"][..]),
        ("快递等了九天，客服还不理人，失望", &["还不理人", "失望"]),
    ] {
        let request = ScoreRequest {
            post: bsmv::post::Post {
                text: text.into(),
                ..Default::default()
            },
            ..Default::default()
        };
        let (mut words, _) = scorer.words(&checked(&request)).unwrap();
        let read = |texts: &[String]| scorer.valence_and_relevance(texts, None);
        let mut shares = Vec::new();
        while let Some(step) = words.step(read).unwrap() {
            shares.extend(step);
        }
        let utf16: Vec<u16> = text.encode_utf16().collect();
        let worst = shares.iter().min_by(|a, b| a.s.total_cmp(&b.s)).unwrap();
        let worst_word = String::from_utf16(&utf16[worst.start..worst.end]).unwrap();
        let within = |phrase: &&str| phrase.contains(&worst_word) || worst_word.contains(phrase);
        assert!(
            worst.s < 0.0 && phrases.iter().any(within),
            "{worst_word} in {text}"
        );
        assert!(shares.iter().all(|share| share.t == 0.0));
    }
}

#[derive(Deserialize)]
struct Odd {
    kind: String,
    texts: Vec<String>,
}

/// True if there is no score, or it says that the model learnt from nothing like this text.
fn unlike(scorer: &Scorer, text: &str) -> bool {
    let post = Post {
        text: text.to_owned(),
        ..Post::default()
    };
    let request = ScoreRequest {
        post,
        ..ScoreRequest::default()
    };
    match scorer.score(&checked(&request)) {
        Ok(score) => score
            .unseen
            .iter()
            .any(|note| note.code == "unlike_training"),
        Err(error) => error.code() == "unreadable",
    }
}

/// Measured 0.81 of all; the three Latin-script languages are told by their words as often as not.
const LEAST_ODD: f64 = 0.75;

#[test]
fn a_text_unlike_those_of_training_is_told_and_a_post_is_not() {
    let scorer = scorer(Precision::Int8);
    let odd: Vec<Odd> =
        serde_json::from_slice(&read(&root().join("tests/fixtures/odd.json"))).unwrap();
    let (mut told, mut all) = (0, 0);
    for Odd { kind, texts } in &odd {
        let of_kind = texts.iter().filter(|text| unlike(&scorer, text)).count();
        println!("{kind}: {of_kind} of {}", texts.len());
        told += of_kind;
        all += texts.len();
    }
    assert!(told as f64 >= LEAST_ODD * all as f64, "{told} of {all}");
    let posts = fixtures();
    let wrong: Vec<&str> = posts
        .iter()
        .filter(|f| unlike(&scorer, &f.post.full_text()))
        .map(|f| f.id.as_str())
        .collect();
    assert!(wrong.len() * 50 <= posts.len(), "{wrong:?}");
}
