//! Where the network has been trained, and so where its forecasts mean something. Whoever adds a
//! platform or a language decides here what the network makes of it.

use serde::Serialize;

use crate::post::{Author, Platform};
use crate::text::Language;

/// Range of author followers seen in training on one platform, as ln(1 + followers).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FollowerRange {
    /// The fewest.
    pub low: f32,
    /// The most.
    pub high: f32,
}

/// The reason why a post is outside the training support.
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
    /// The text is of another kind than those of the cascades.
    Kind,
}

/// The platforms with training cascades, in the order of the trained file's tables.
pub const PLATFORMS: [Platform; 2] = [Platform::Weibo, Platform::X];
/// Columns of platforms in the network's input.
pub(super) const PLATFORM_COLUMNS: usize = 5;
/// Columns of languages in the network's input.
pub(super) const LANGUAGE_COLUMNS: usize = 3;

/// Column of `platform` in the network's input. One that came after the training shares that of
/// all others.
pub(super) fn platform_column(platform: Platform) -> usize {
    match platform {
        Platform::Weibo => 0,
        Platform::Xiaohongshu => 1,
        Platform::Douyin => 2,
        Platform::X => 3,
        Platform::Bilibili
        | Platform::Instagram
        | Platform::TikTok
        | Platform::YouTube
        | Platform::Other => 4,
    }
}

/// Column of `language` in the network's input. One that came after the training shares that of
/// all others.
pub(super) fn language_column(language: Language) -> usize {
    match language {
        Language::Zh => 0,
        Language::En => 1,
        Language::Other => 2,
    }
}

/// The language of the training cascades of `platform`; `None` where there are none.
fn trained_language(platform: Platform) -> Option<Language> {
    match platform {
        Platform::Weibo => Some(Language::Zh),
        Platform::X => Some(Language::En),
        Platform::Xiaohongshu
        | Platform::Douyin
        | Platform::Bilibili
        | Platform::Instagram
        | Platform::TikTok
        | Platform::YouTube
        | Platform::Other => None,
    }
}

/// True if there were cascades of this platform in this language.
pub(super) fn is_trained(platform: Platform, language: Language) -> bool {
    trained_language(platform) == Some(language)
}

/// True if the texts of the training cascades of `platform` taught what an audience says.
pub(super) fn audience_is_trained(platform: Platform) -> bool {
    match platform {
        Platform::Weibo => true,
        Platform::X
        | Platform::Xiaohongshu
        | Platform::Douyin
        | Platform::Bilibili
        | Platform::Instagram
        | Platform::TikTok
        | Platform::YouTube
        | Platform::Other => false,
    }
}

/// Row of `platform` in the trained file's tables.
pub fn platform_row(platform: Platform) -> Option<usize> {
    PLATFORMS.iter().position(|&p| p == platform)
}

/// How far an author's followers lie beyond those of training, in ln(1 + followers); 0 inside, and
/// where either is unknown.
pub(super) fn beyond(
    platform: Platform,
    author: Option<&Author>,
    ranges: &[FollowerRange; PLATFORMS.len()],
) -> f32 {
    let row = platform_row(platform);
    let followers = author.and_then(|author| author.followers);
    let (Some(row), Some(followers)) = (row, followers) else {
        return 0.0;
    };
    let (FollowerRange { low, high }, log) = (ranges[row], (followers as f32).ln_1p());
    (low - log).max(log - high).max(0.0)
}

/// The reason why a forecast rests less on cascades than on the author; `None` when the post is
/// inside their support: (weibo, zh) or (x, en), with followers inside the range of the platform's
/// row of `ranges`. Unknown followers are inside.
pub fn outside(
    platform: Platform,
    language: Language,
    author: Option<&Author>,
    ranges: &[FollowerRange; PLATFORMS.len()],
) -> Option<OutsideSupport> {
    let (Some(row), Some(trained)) = (platform_row(platform), trained_language(platform)) else {
        return Some(OutsideSupport::Platform);
    };
    if language != trained {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_trained_where_the_tables_have_its_row() {
        for platform in Platform::ALL {
            let trained = trained_language(platform).is_some();
            assert_eq!(trained, platform_row(platform).is_some(), "{platform:?}");
            assert!(platform_column(platform) < PLATFORM_COLUMNS);
        }
    }
}
