//! Where the network has been trained, and so where its forecasts mean something.

use serde::Serialize;

use crate::post::{Author, Platform};
use crate::text::Language;

/// Range of author followers seen in training on one platform, as ln(1 + followers).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FollowerRange {
    pub low: f32,
    pub high: f32,
}

/// Why a post is outside the training support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutsideSupport {
    /// No cascades of this platform were seen.
    Platform,
    /// The platform was seen, but not in this language.
    Language,
    /// The author has fewer followers than any seen.
    FewFollowers,
    /// The author has more followers than any seen.
    ManyFollowers,
}

/// The platforms with training cascades, in the order of the trained file's tables.
pub const PLATFORMS: [Platform; 2] = [Platform::Weibo, Platform::X];

/// Row of `platform` in the trained file's tables.
pub fn platform_row(platform: Platform) -> Option<usize> {
    PLATFORMS.iter().position(|&p| p == platform)
}

/// `None` when the post is inside: (weibo, zh) or (x, en), with followers inside the range of
/// the platform's row of `ranges`. Unknown followers are inside.
pub fn outside(
    platform: Platform,
    language: Language,
    author: Option<&Author>,
    ranges: &[FollowerRange; 2],
) -> Option<OutsideSupport> {
    let Some(row) = platform_row(platform) else {
        return Some(OutsideSupport::Platform);
    };
    if language != [Language::Zh, Language::En][row] {
        return Some(OutsideSupport::Language);
    }
    // The range is kept in f32; its ends must stay inside after rounding.
    const ROUNDING: f32 = 1e-3;
    let followers = author.and_then(|a| a.followers)?;
    let followers = (followers as f32).ln_1p();
    if followers < ranges[row].low - ROUNDING {
        Some(OutsideSupport::FewFollowers)
    } else if followers > ranges[row].high + ROUNDING {
        Some(OutsideSupport::ManyFollowers)
    } else {
        None
    }
}
