//! How far posts of an account go, and what they gain, before anything of the post itself was
//! seen: by its followers, its last posts and the form of the text.
//!
//! The numbers are in `reach.json`, which `bsmv train reach` writes. Every count is forecast as
//! ln(1 + count): a line over ln(1 + followers), drawn to the median of the author's last posts,
//! moved a little by the form of the text where that was found to matter, and likes by what a head
//! of the bundle reads in its words. So a forecast is continuous in followers and never falls in them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::form::Form;
use crate::post::{Author, Platform, RecentPost};

/// Something that is counted under a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Count {
    /// Likes.
    Likes,
    /// How often it was saved.
    Saves,
    /// Comments and replies.
    Comments,
    /// Shares, reposts and quotes.
    Shares,
    /// Comments and shares together: the events that D counts.
    #[cfg_attr(test, schemars(skip))]
    Events,
}

impl Count {
    /// All of them, in order.
    pub const ALL: [Count; 5] = [
        Count::Likes,
        Count::Saves,
        Count::Comments,
        Count::Shares,
        Count::Events,
    ];

    /// Its name, as JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Count::Likes => "likes",
            Count::Saves => "saves",
            Count::Comments => "comments",
            Count::Shares => "shares",
            Count::Events => "events",
        }
    }

    /// This count of a post, where it is known.
    pub fn of(self, post: &RecentPost) -> Option<u64> {
        match self {
            Count::Likes => post.likes,
            Count::Saves => post.saves,
            Count::Comments => post.comments,
            Count::Shares => post.shares,
            Count::Events => post.events(),
        }
    }
}

/// All that was learnt of accounts and their posts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// The command that wrote the numbers, and what they were learnt from.
    pub made_by: String,
    /// Followers of an account of which nothing is known.
    pub typical_followers: u64,
    /// Seconds after a post, and the mean share of all its events that have come by then; from
    /// 0 and 0 to 1.
    pub arrived: Vec<(f32, f32)>,
    /// What was learnt of each platform, by its name; the rest stand under "other".
    pub platforms: BTreeMap<String, Habits>,
    /// Followers in the cascades of the graph network, by platform.
    pub cascades: BTreeMap<String, FollowerLine>,
}

/// Posts of one platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Habits {
    /// Share of the events that have words of their own.
    pub speak: f32,
    /// The lines of its counts; one that is missing was never seen on the platform.
    pub counts: BTreeMap<Count, Line>,
}

/// One count of one platform: ln(1 + count) by followers, with its errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// ln(1 + count) at [`Reach::typical_followers`]. Missing where posts were chosen for their
    /// success: then the count is forecast for authors with recent posts alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<f32>,
    /// Rise for each unit of ln(1 + followers), 0 or more.
    pub slope: f32,
    /// Recent posts at which their median counts as much as the followers.
    pub half: f32,
    /// 5, 10, 90 and 95 % quantiles of the error by followers alone ...
    pub alone: [f32; 4],
    /// ... and with the author's recent posts.
    pub recent: [f32; 4],
    /// Rise with each number of the form of the text; empty where none was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form: Vec<FormEffect>,
}

/// What one number of a text's form does to a count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormEffect {
    /// Which.
    pub number: FormNumber,
    /// Its mean.
    pub mean: f32,
    /// Rise of ln(1 + count) for each unit above it.
    pub rise: f32,
}

/// A number of a [`Form`].
pub type FormNumber = super::form::Number;

/// Followers in cascades.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowerLine {
    /// Their median.
    pub typical: u64,
    /// Rise of ln(1 + events) for each unit of ln(1 + followers), 0 or more.
    pub slope: f32,
}

static REACH: LazyLock<Reach> = LazyLock::new(|| {
    serde_json::from_str(include_str!("reach.json")).expect("a test reads reach.json")
});

/// What is known of an account and of a text's form.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Where the post stands.
    pub platform: Platform,
    /// Followers of the account, if they are known.
    pub followers: Option<u64>,
    /// Counts of its last posts.
    pub recent: &'a [RecentPost],
    /// The form of the text, if it is known.
    pub form: Option<&'a Form>,
    /// What the words of the text say of its likes, where that was found to tell something.
    pub told: Option<Told>,
}

/// What the words of a text say of the likes it will get.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// Rise of ln(1 + likes) above those of an ordinary text by an account of which nothing is known.
    pub rise: f32,
    /// The share of it that the account's other texts have too, [0, 1]: its last posts' likes have
    /// that already.
    pub usual: f32,
}

impl<'a> Known<'a> {
    /// What is known of the account of a post.
    pub fn of(platform: Platform, author: Option<&'a Author>, form: Option<&'a Form>) -> Self {
        Known {
            platform,
            followers: author.and_then(|author| author.followers),
            recent: author.map_or(&[], |author| &author.recent),
            form,
            told: None,
        }
    }
}

/// A forecast of ln(1 + count).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expectation {
    /// The median.
    pub log: f32,
    /// 5, 10, 90 and 95 % quantiles, less the median.
    pub errors: [f32; 4],
}

impl Reach {
    /// The numbers that this build was made with.
    pub fn learnt() -> &'static Reach {
        &REACH
    }

    /// What was learnt of a platform, or of platforms in general.
    pub fn habits(&self, platform: Platform) -> &Habits {
        let other = Platform::Other.name();
        let own = self.platforms.get(platform.name());
        own.unwrap_or_else(|| &self.platforms[other])
    }

    /// True if the form of a text was found to move any count on this platform.
    pub fn reads_text(&self, platform: Platform) -> bool {
        let mut lines = self.habits(platform).counts.values();
        lines.any(|line| !line.form.is_empty())
    }

    /// ln(1 + followers), typical ones where they are unknown.
    fn log_followers(&self, followers: Option<u64>) -> f32 {
        log(followers.unwrap_or(self.typical_followers))
    }

    /// Forecasts a count before anything of the post is seen. `None` where the platform's posts
    /// tell nothing and there are no recent posts that have this count.
    pub fn expect(&self, count: Count, known: &Known) -> Option<Expectation> {
        let other = &self.platforms[Platform::Other.name()].counts;
        let own = self.habits(known.platform).counts.get(&count);
        let mut logs: Vec<f32> = known
            .recent
            .iter()
            .filter_map(|p| count.of(p))
            .map(log)
            .collect();
        let line = own.or_else(|| other.get(&count).filter(|_| !logs.is_empty()))?;
        // Where a platform has no such line, followers say nothing of its level.
        let level = own.and_then(|line| line.level);
        let by_followers = level.map(|level| {
            let above = self.log_followers(known.followers) - log(self.typical_followers);
            (level + line.slope * above).max(0.0)
        });
        let (mut expected, by_recent, errors) = match (by_followers, median(&mut logs)) {
            (Some(line_log), Some(recent)) => {
                let n = logs.len() as f32;
                let share = n / (n + line.half);
                (line_log + share * (recent - line_log), share, line.recent)
            }
            (None, Some(recent)) => (recent, 1.0, line.recent),
            (Some(line_log), None) => (line_log, 0.0, line.alone),
            (None, None) => return None,
        };
        if let Some(form) = known.form {
            let rises = line.form.iter();
            expected += rises
                .map(|e| e.rise * (form.get(e.number) - e.mean))
                .sum::<f32>();
        }
        if let (Count::Likes, Some(told)) = (count, known.told) {
            expected += told.rise * (1.0 - by_recent * told.usual);
        }
        Some(Expectation {
            log: expected.max(0.0),
            errors,
        })
    }

    /// The mean share of all events that have come `until` so many seconds, [0, 1].
    pub fn arrived(&self, until: u32) -> f32 {
        let x = (until as f32).ln_1p();
        let (mut before, mut share) = (0.0f32, 0.0f32);
        for &(seconds, by_then) in &self.arrived {
            let at = seconds.ln_1p();
            if x < at {
                return share + (by_then - share) * (x - before) / (at - before);
            }
            (before, share) = (at, by_then);
        }
        share
    }

    /// ln(1 + N) at last of a post with `seen` events `until` so many seconds, with its 5 and 95 %
    /// quantiles. Events are taken to come at a rate that is gamma-distributed round the
    /// expectation, whose shape is that of its errors: the more were seen, the less it counts.
    pub fn grown(&self, expected: &Expectation, seen: f32, until: u32) -> (f32, f32, f32) {
        let [low, _, _, high] = expected.errors;
        if until == 0 {
            let least = seen.ln_1p();
            let at = |error: f32| (expected.log + error).max(least);
            return (at(0.0), at(low), at(high));
        }
        let come = self.arrived(until);
        let spread = (high - low) / 3.29;
        let shape = shape_of(spread);
        let mean = expected.log.exp_m1().max(0.01);
        let rate = (shape + seen) / (shape / mean + come);
        let rest = rate * (1.0 - come);
        // The spread of the rate, beside what it was before anything was seen.
        let sharper = spread_of(shape + seen) / spread_of(shape);
        let at = |error: f32| (seen + rest * (error * sharper).exp()).ln_1p();
        (at(0.0), at(low), at(high))
    }

    /// How far ln(1 + N) of a platform's cascades lies above that of an account with typical
    /// followers, `until` so many seconds; 0 where followers are unknown.
    pub fn above_typical(&self, platform: Platform, author: Option<&Author>, until: u32) -> f32 {
        let Some(line) = self.cascades.get(platform.name()) else {
            return 0.0;
        };
        let Some(followers) = author.and_then(|author| author.followers) else {
            return 0.0;
        };
        line.slope * (log(followers) - log(line.typical)) * (1.0 - self.arrived(until))
    }

    /// The account as the graph network is told of it: with the followers that are typical of its
    /// cascades, for what followers do is added by [`Reach::above_typical`].
    pub fn typical(&self, platform: Platform, author: Option<&Author>) -> Option<Author> {
        let line = self.cascades.get(platform.name());
        let followers = author.and_then(|author| author.followers);
        match (line, followers) {
            (Some(line), Some(_)) => Some(Author {
                followers: Some(line.typical),
                ..author.cloned().unwrap_or_default()
            }),
            _ => author.cloned(),
        }
    }
}

/// ln(1 + count).
fn log(count: u64) -> f32 {
    (count as f32).ln_1p()
}

/// The median; `None` without numbers.
fn median(numbers: &mut [f32]) -> Option<f32> {
    numbers.sort_by(f32::total_cmp);
    let (n, middle) = (numbers.len(), numbers.len() / 2);
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(numbers[middle]),
        _ => Some((numbers[middle - 1] + numbers[middle]) / 2.0),
    }
}

/// Standard deviation of the logarithm of a gamma-distributed rate: its trigamma function, by the
/// first two terms.
fn spread_of(shape: f32) -> f32 {
    (1.0 / shape + 0.5 / (shape * shape)).sqrt()
}

/// The inverse of [`spread_of`].
fn shape_of(spread: f32) -> f32 {
    let variance = spread * spread;
    (1.0 + (1.0 + 2.0 * variance).sqrt()) / (2.0 * variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(followers: u64, comments: &[u64]) -> Author {
        let recent = comments.iter().map(|&n| RecentPost {
            comments: Some(n),
            ..RecentPost::default()
        });
        Author {
            followers: Some(followers),
            recent: recent.collect(),
            ..Author::default()
        }
    }

    fn events(platform: Platform, author: &Author) -> Expectation {
        let known = Known::of(platform, Some(author), None);
        Reach::learnt().expect(Count::Events, &known).unwrap()
    }

    #[test]
    fn every_platform_has_an_expectation_that_never_falls_in_followers() {
        for platform in Platform::ALL {
            for recent in [&[][..], &[3, 40, 5]] {
                let mut last = 0.0;
                for power in 0..31 {
                    let log = events(platform, &author((1 << power) - 1, recent)).log;
                    assert!(log >= last, "{platform:?}: {log} after {last}");
                    last = log;
                }
            }
        }
    }

    #[test]
    fn recent_posts_outweigh_followers() {
        let busy = events(Platform::Xiaohongshu, &author(100, &[400; 20])).log;
        assert!((busy - 400f32.ln()).abs() < 1.0, "{busy}");
    }

    #[test]
    fn what_was_seen_counts_and_at_last_alone() {
        let reach = Reach::learnt();
        let expected = events(Platform::Xiaohongshu, &author(1_000, &[]));
        for until in [0, 60, 900, 86_400, 5_000_000] {
            let mut last = 0.0;
            for seen in [0.0, 1.0, 20.0, 800.0] {
                let (log, low, high) = reach.grown(&expected, seen, until);
                assert!(log >= last && log >= seen.ln_1p() - 1e-4, "{seen} {until}");
                assert!(low <= log && log <= high);
                last = log;
            }
        }
        let (end, ..) = reach.grown(&expected, 800.0, u32::MAX);
        assert!((end - 800f32.ln_1p()).abs() < 1e-3);
    }

    #[test]
    fn shapes_and_spreads_are_inverse() {
        for spread in [0.3, 1.0, 2.0] {
            assert!((spread_of(shape_of(spread)) - spread).abs() < 1e-3);
        }
    }
}
