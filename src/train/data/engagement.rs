//! Posts with what people did with them, each beside the posts its author had published before.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use crate::diffusion::form::Form;
use crate::post::{Author, Platform, RecentPost};
use crate::train::data::sets::{Split, rows};

/// A set of such posts.
pub struct EngagementSet {
    /// Its name.
    pub name: &'static str,
    /// Where its posts stand.
    pub platform: Platform,
    /// True where posts were taken as they came; false where only successful ones were.
    pub unselected: bool,
}

/// The sets that reach is learnt from.
pub const SETS: [EngagementSet; 5] = [
    EngagementSet {
        name: "zh_xhs_engagement",
        platform: Platform::Xiaohongshu,
        unselected: true,
    },
    EngagementSet {
        name: "en_ig_engagement",
        platform: Platform::Instagram,
        unselected: true,
    },
    EngagementSet {
        name: "zh_douyin_engagement",
        platform: Platform::Douyin,
        unselected: true,
    },
    EngagementSet {
        name: "zh_bilibili_hot",
        platform: Platform::Bilibili,
        unselected: false,
    },
    EngagementSet {
        name: "en_tiktok_brand_engagement",
        platform: Platform::TikTok,
        unselected: false,
    },
];

/// Posts of an author that are known of when the next one is forecast.
const RECENT: usize = 20;
/// Fewest other posts of an author whose median says what is usual.
const USUAL: usize = 4;

#[derive(Deserialize)]
struct Row {
    title: Option<String>,
    text: Option<String>,
    created_at: Option<String>,
    likes: Option<u64>,
    saves: Option<u64>,
    comments: Option<u64>,
    shares: Option<u64>,
    followers: Option<u64>,
    media: Option<String>,
    author_key: String,
    source: String,
}

/// One post.
pub struct EngagedPost {
    /// Pseudonym of its author.
    pub author_key: String,
    /// How it came into the set.
    pub source: String,
    /// Its author as known before it: followers, and the last posts.
    pub author: Author,
    /// What became of it.
    pub counts: RecentPost,
    /// Title and text.
    pub text: String,
    /// The form of the two.
    pub form: Form,
    /// What became of all other posts of the author, if there are enough to say what is usual.
    pub others: Vec<RecentPost>,
}

/// All posts of a split, author by author, in order of time.
///
/// # Errors
/// When the set can't be read.
pub fn posts(data: &Path, set: &EngagementSet, split: Split) -> Result<Vec<EngagedPost>> {
    let mut authors: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows::<Row>(data, set.name, split)? {
        authors.entry(row.author_key.clone()).or_default().push(row);
    }
    let mut posts = Vec::new();
    for mut rows in authors.into_values() {
        rows.sort_by(|a, b| a.created_at.cmp(&b.created_at));
        let counts: Vec<RecentPost> = rows.iter().map(counts).collect();
        for (i, row) in rows.into_iter().enumerate() {
            let (title, text) = (row.title.unwrap_or_default(), row.text.unwrap_or_default());
            let video = row.media.map(|media| media == "video");
            let mut others = counts.clone();
            others.remove(i);
            others.truncate(if others.len() >= USUAL { usize::MAX } else { 0 });
            posts.push(EngagedPost {
                author: Author {
                    followers: row.followers,
                    recent: counts[i.saturating_sub(RECENT)..i].to_vec(),
                    ..Author::default()
                },
                author_key: row.author_key,
                source: row.source,
                counts: counts[i],
                form: Form::of(&title, &text, video),
                text: format!("{title}\n{text}").trim().to_owned(),
                others,
            });
        }
    }
    Ok(posts)
}

fn counts(row: &Row) -> RecentPost {
    RecentPost {
        likes: row.likes,
        saves: row.saves,
        comments: row.comments,
        shares: row.shares,
    }
}
