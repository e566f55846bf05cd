//! The form of a text: what of it can be counted without understanding it.

use serde::{Deserialize, Serialize};

use crate::text::symbols::is_emoji;

/// One number of the form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Number {
    /// ln(1 + characters of the text).
    Length,
    /// ln(1 + characters of the title).
    Title,
    /// ln(1 + hashtags).
    Hashtags,
    /// 1 with a question mark.
    Question,
    /// ln(1 + emoji).
    Emoji,
    /// ln(1 + numbers in digits): how concrete it is.
    Digits,
    /// 1 with a video, 0 without; one half where that is unknown.
    Video,
}

/// Numbers of a form.
pub const FORM: usize = 7;

impl Number {
    /// All of them, in order.
    pub const ALL: [Number; FORM] = [
        Number::Length,
        Number::Title,
        Number::Hashtags,
        Number::Question,
        Number::Emoji,
        Number::Digits,
        Number::Video,
    ];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Number::Length => "length",
            Number::Title => "title",
            Number::Hashtags => "hashtags",
            Number::Question => "question",
            Number::Emoji => "emoji",
            Number::Digits => "digits",
            Number::Video => "video",
        }
    }
}

/// The form of one text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Form([f32; FORM]);

impl Form {
    /// The form of a post; `video` is whether it has one, where that is known.
    pub fn of(title: &str, text: &str, video: Option<bool>) -> Form {
        let log = |n: usize| (n as f32).ln_1p();
        let both = || title.chars().chain(['\n']).chain(text.chars());
        let (mut digits, mut inside) = (0, false);
        for c in both() {
            digits += usize::from(c.is_ascii_digit() && !inside);
            inside = c.is_ascii_digit();
        }
        // On Weibo a hashtag has a mark at both ends; elsewhere a mark begins one.
        let hashtags = both().filter(|c| matches!(c, '#' | '＃')).count();
        Form([
            log(text.chars().count()),
            log(title.chars().count()),
            log(hashtags),
            f32::from(u8::from(both().any(|c| matches!(c, '?' | '？')))),
            log(both().filter(|&c| is_emoji(c)).count()),
            log(digits),
            video.map_or(0.5, |video| f32::from(u8::from(video))),
        ])
    }

    /// One of its numbers.
    pub fn get(&self, number: Number) -> f32 {
        self.0[number as usize]
    }

    /// All of them, in the order of [`Number::ALL`].
    pub fn numbers(&self) -> &[f32; FORM] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_counted_is_counted() {
        let form = Form::of("好喝?", "第3天 12.5元 😀😀 #a #b", Some(true));
        let log = |n: f32| n.ln_1p();
        let expected = [log(18.0), log(3.0), log(2.0), 1.0, log(2.0), log(3.0), 1.0];
        for ((number, got), expected) in Number::ALL.iter().zip(form.numbers()).zip(expected) {
            assert!((got - expected).abs() < 1e-6, "{number:?}: {got}");
            assert_eq!(form.get(*number), *got);
        }
        assert_eq!(Form::of("", "", None).get(Number::Video), 0.5);
    }
}
