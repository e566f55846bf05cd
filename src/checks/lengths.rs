//! How long posts are, as their platforms count.

use serde::Serialize;

use super::words::Words;
use super::{Field, Finding, Level, sources};
use crate::post::{Platform, Post};
use crate::text::symbols::{is_emoji, symbol_length};

/// What a length is a number of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Counted {
    /// Characters; an emoji of several code points is one.
    Characters,
    /// Weights of X: Chinese characters and emoji are two, links 23.
    Weighted,
    /// Two letters or digits are one, as Weibo counts.
    Halved,
}

/// The length of a part of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Length {
    /// The part.
    pub field: Field,
    /// What is counted.
    pub counted: Counted,
    /// How many there are.
    pub count: usize,
    /// How many there may be; null where no limit is known.
    pub limit: Option<usize>,
    /// How many are shown before a reader must unfold the rest; null where all are.
    pub shown: Option<usize>,
}

/// X's own table of weights (twitter-text, configuration 3): these ranges weigh one, all else two.
const LIGHT: [std::ops::RangeInclusive<u32>; 4] = [0..=4351, 8192..=8205, 8208..=8223, 8242..=8247];
/// What any link weighs there.
const LINK: usize = 23;
/// Tags from which X advises against more.
const X_TAGS: usize = 2;

/// Limits of title and text: (most, shown before the fold).
fn limits(platform: Platform, field: Field) -> (Option<usize>, Option<usize>) {
    match (platform, field) {
        (Platform::Xiaohongshu, Field::Title) => (Some(20), None),
        (Platform::Xiaohongshu, Field::Text) => (Some(1000), None),
        (Platform::X, Field::Text) => (Some(280), None),
        (Platform::Weibo, Field::Text) => (Some(2000), Some(140)),
        _ => (None, None),
    }
}

/// The lengths of title and text.
pub fn of(post: &Post) -> Vec<Length> {
    let counted = match post.platform {
        Platform::X => Counted::Weighted,
        Platform::Weibo => Counted::Halved,
        _ => Counted::Characters,
    };
    let length = |field: Field, text: &str| {
        let (limit, shown) = limits(post.platform, field);
        let count = count(text, counted);
        Length {
            field,
            counted,
            count,
            limit,
            shown,
        }
    };
    vec![
        length(Field::Title, post.title.as_deref().unwrap_or("")),
        length(Field::Text, &post.text),
    ]
}

fn count(text: &str, counted: Counted) -> usize {
    let chars: Vec<char> = text.chars().collect();
    let mut halves = 0;
    let mut i = 0;
    while i < chars.len() {
        let link = if counted == Counted::Characters {
            0
        } else {
            link_length(&chars[i..])
        };
        let symbol = if is_emoji(chars[i]) {
            symbol_length(&chars[i..])
        } else {
            0
        };
        halves += match counted {
            Counted::Weighted if link > 0 => 2 * LINK,
            _ if symbol > 0 => {
                if counted == Counted::Weighted {
                    4
                } else {
                    2
                }
            }
            Counted::Weighted
                if LIGHT
                    .iter()
                    .any(|range| range.contains(&u32::from(chars[i]))) =>
            {
                2
            }
            Counted::Weighted => 4,
            Counted::Halved if chars[i].is_ascii() => 1,
            Counted::Halved | Counted::Characters => 2,
        };
        i += match counted {
            Counted::Weighted if link > 0 => link,
            _ => symbol.max(1),
        };
    }
    halves.div_ceil(2)
}

/// Characters of the link that `chars` begins with, 0 if with none.
fn link_length(chars: &[char]) -> usize {
    let begins = |scheme: &str| scheme.chars().eq(chars.iter().copied().take(scheme.len()));
    if !begins("https://") && !begins("http://") {
        return 0;
    }
    chars.iter().take_while(|c| c.is_ascii_graphic()).count()
}

/// A finding for each part that is too long.
pub fn over(lengths: &[Length], platform: Platform, words: &Words) -> Vec<Finding> {
    let source = (platform == Platform::X).then_some(sources::X_COUNTS);
    let too_long = lengths.iter().filter_map(|length| {
        let limit = length.limit.filter(|&limit| length.count > limit)?;
        Some(words.length(length, limit, source))
    });
    too_long.collect()
}

/// A finding where X advises against so many tags.
pub fn hashtags(post: &Post, words: &Words) -> Option<Finding> {
    if post.platform != Platform::X {
        return None;
    }
    let spaced = post.text.split_whitespace();
    let tags = spaced
        .filter(|word| word.len() > 1 && word.starts_with(['#', '＃']))
        .count();
    (tags > X_TAGS).then(|| {
        words.whole(
            "hashtags",
            Level::Should,
            Field::Text,
            Some(sources::X_HASHTAGS),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x_weighs_and_weibo_halves() {
        assert_eq!(count("hello", Counted::Weighted), 5);
        assert_eq!(count("你好", Counted::Weighted), 4);
        assert_eq!(count("👨‍👩‍👧 a", Counted::Weighted), 4);
        assert_eq!(
            count(
                "see https://example.com/a/very/long/address",
                Counted::Weighted
            ),
            27
        );
        assert_eq!(count("你好ab", Counted::Halved), 3);
        assert_eq!(count("你好abc", Counted::Halved), 4);
        assert_eq!(count("你好👨‍👩‍👧", Counted::Characters), 3);
    }
}
