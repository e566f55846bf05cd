//! What words say of likes: it moves that forecast alone, where it was found to tell something, and
//! nobody wins by writing nothing.

mod common;

use bsmv::diffusion::reach::Count;
use bsmv::encoder::Precision;
use bsmv::heads::likes::LEARNT;
use bsmv::post::{Author, Platform, Post, RecentPost};
use bsmv::scorer::Scorer;
use bsmv::scorer::answer::Score;
use bsmv::scorer::bundle::{Bundle, HEADS, Manifest};
use bsmv::scorer::request::ScoreRequest;
use bsmv::text::Language;
use common::model::{bundle_folder, read, score_of, scorer};
use safetensors::SafeTensors;

/// The bundle as it was before it had this head.
fn older() -> Scorer {
    let folder = bundle_folder();
    let manifest = Manifest::from_json(&read(&folder.join("manifest.json"))).unwrap();
    let bundle = Bundle::read(manifest, Precision::Int8, |name| {
        let bytes = read(&folder.join(name));
        if name != HEADS {
            return Ok(bytes);
        }
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let (likes, others): (Vec<_>, Vec<_>) = tensors
            .tensors()
            .into_iter()
            .partition(|(name, _)| name.starts_with("likes."));
        assert_eq!(likes.len(), 4);
        Ok(safetensors::serialize(others, None).unwrap())
    });
    Scorer::new(bundle.unwrap(), Precision::Int8).unwrap()
}

/// The score of a text without a brand, by an author with a million followers, so that likes are
/// told finely.
fn scored(scorer: &Scorer, platform: Platform, text: &str, recent: &[RecentPost]) -> Score {
    let post = Post {
        text: text.into(),
        platform,
        author: Some(Author {
            followers: Some(1_000_000),
            recent: recent.to_vec(),
            ..Author::default()
        }),
        ..Post::default()
    };
    score_of(
        scorer,
        &ScoreRequest {
            post,
            ..ScoreRequest::default()
        },
    )
}

fn likes(score: &Score) -> u64 {
    let found = score.engagement.iter().find(|e| e.count == Count::Likes);
    found.expect("likes are forecast").median
}

/// Scenes of real use, and texts that only say what is.
const SCENES: [(Language, [&str; 3]); 2] = [
    (
        Language::Zh,
        [
            "昨晚发烧到三十九度，室友跑了三条街给我买到一碗热粥，喝下去的时候眼泪掉进碗里，这辈子都记得。",
            "用了两个月，烂脸期红了一大片的地方都退下去了，今天素颜出门，同事问我是不是换了粉底。",
            "我妈第一次自己用手机点到了一杯热咖啡，举着杯子给我打视频，高兴得像个小孩。",
        ],
    ),
    (
        Language::En,
        [
            "My grandmother wore these shoes to her first dance in forty years and cried the whole way home, happy.",
            "Three years of work, one tiny kitchen, and tonight we finally opened the door. Thank you for believing in us.",
            "She fell asleep holding the little bear you all sent us. We will never forget this kindness.",
        ],
    ),
];
const PLAIN: [(Language, [&str; 3]); 2] = [
    (
        Language::Zh,
        [
            "门店营业时间调整为早上九点到晚上八点，节假日照常。",
            "菜单更新，新增三款饮品，价格从十五元到十九元不等。",
            "想问一下这个是早上用还是晚上用？",
        ],
    ),
    (
        Language::En,
        [
            "The store on Fifth opens at six and closes at nine on weekdays.",
            "Version 4.2 is out now. Download it from the website.",
            "The charger plugs in on the left side of the base.",
        ],
    ),
];
/// Texts that cost nothing to write; an emoji alone is refused altogether.
const LAZY: [(Language, [&str; 4]); 2] = [
    (Language::Zh, ["赞", "好看😍", "打卡🔥🔥🔥", "早上好❤️"]),
    (Language::En, ["nice", "wow 😍", "love it ❤️❤️", "ootd 🔥"]),
];

#[test]
fn a_scene_of_real_use_gains_more_than_a_plain_notice() {
    let scorer = scorer(Precision::Int8);
    for (platform, language) in LEARNT {
        let of = |texts: &[(Language, [&str; 3])]| {
            let (_, texts) = texts.iter().find(|(l, _)| *l == language).unwrap();
            texts.map(|text| likes(&scored(&scorer, platform, text, &[])))
        };
        let (scenes, plain) = (of(&SCENES), of(&PLAIN));
        println!("{platform:?}: scenes {scenes:?}, plain {plain:?}");
        assert!(
            scenes.iter().sum::<u64>() > plain.iter().sum::<u64>(),
            "{platform:?}: {scenes:?} {plain:?}"
        );
    }
}

#[test]
fn a_lazy_post_does_not_win_by_its_words() {
    let (scorer, older) = (scorer(Precision::Int8), older());
    for (platform, language) in LEARNT {
        let (_, scenes) = SCENES.iter().find(|(l, _)| *l == language).unwrap();
        let (_, lazy) = LAZY.iter().find(|(l, _)| *l == language).unwrap();
        // What the words alone do, as a factor of likes.
        let gain = |text: &str| {
            let [with, without] = [&scorer, &older].map(|s| likes(&scored(s, platform, text, &[])));
            with as f64 / without as f64
        };
        let scenes = scenes.map(gain);
        let mean = scenes.iter().sum::<f64>() / scenes.len() as f64;
        for lazy in lazy {
            let lazily = gain(lazy);
            println!("{platform:?} {lazy}: x{lazily:.3}; scenes {scenes:.3?}");
            assert!(lazily < mean, "{platform:?} {lazy}: {lazily} {scenes:?}");
            assert!(lazily < 1.15, "{platform:?} {lazy}: {lazily}");
        }
    }
}

#[test]
fn a_bundle_without_the_head_loads_and_differs_in_likes_alone() {
    let (scorer, older) = (scorer(Precision::Int8), older());
    let mut moved = 0;
    for platform in Platform::ALL {
        for (language, texts) in SCENES.iter().chain(&PLAIN) {
            for text in texts {
                let new = scored(&scorer, platform, text, &[]);
                let old = scored(&older, platform, text, &[]);
                assert_eq!(new.bsmv, old.bsmv);
                assert_eq!(new.predicted, old.predicted);
                let learnt = LEARNT.contains(&(platform, *language));
                for (new, old) in new.engagement.iter().zip(&old.engagement) {
                    let may = learnt && new.count == Count::Likes;
                    assert!(may || new == old, "{platform:?} {text}: {new:?} {old:?}");
                    moved += usize::from(new != old);
                }
            }
        }
    }
    assert!(moved >= 8, "{moved} moved");
    let douyin = scored(&scorer, Platform::Douyin, SCENES[0].1[0], &[]);
    let said = |score: &Score| score.unseen.iter().any(|n| n.code == "counts_by_author");
    assert!(said(&douyin));
    assert!(!said(&scored(
        &scorer,
        Platform::Xiaohongshu,
        SCENES[0].1[0],
        &[]
    )));
}

#[test]
fn words_move_the_next_post_of_a_known_author_by_less() {
    let (scorer, older) = (scorer(Precision::Int8), older());
    let recent = [RecentPost {
        likes: Some(5_000),
        ..RecentPost::default()
    }; 20];
    let (_, texts) = &PLAIN[0];
    for text in texts {
        let moved = |recent: &[RecentPost]| {
            let [new, old] = [&scorer, &older]
                .map(|s| (likes(&scored(s, Platform::Xiaohongshu, text, recent)) as f64).ln());
            new - old
        };
        let (stranger, known) = (moved(&[]), moved(&recent));
        assert!(known.abs() < stranger.abs(), "{text}: {known} {stranger}");
        assert_eq!(known.signum(), stranger.signum(), "{text}");
    }
}
