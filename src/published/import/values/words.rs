//! Words for kinds of events, and for yes and no, in Chinese and English.

use crate::diffusion::EventKind;
use crate::post::Platform;

/// The platform that a word names, in any case: by its own name, or by another that people give it.
/// `None` for any other word, "other" among them.
pub fn platform(word: &str) -> Option<Platform> {
    let word = word.trim().to_lowercase();
    Some(match word.as_str() {
        "wb" | "微博" | "新浪微博" => Platform::Weibo,
        "xhs" | "red" | "rednote" | "小红书" => Platform::Xiaohongshu,
        "dy" | "抖音" => Platform::Douyin,
        "b站" | "哔哩哔哩" => Platform::Bilibili,
        "twitter" | "推特" => Platform::X,
        "ins" | "ig" => Platform::Instagram,
        "yt" | "油管" => Platform::YouTube,
        _ => {
            let mut known = Platform::ALL.into_iter().filter(|p| *p != Platform::Other);
            return known.find(|platform| platform.name() == word);
        }
    })
}

/// The kind of event that a word names, in any case.
pub fn kind(word: &str) -> Option<EventKind> {
    Some(match word.trim().to_lowercase().as_str() {
        "repost" | "reposts" | "reposted" | "retweet" | "retweeted" | "rt" | "share" | "shared"
        | "forward" | "转发" | "转" | "分享" | "转推" | "轉發" | "快转" => {
            EventKind::Repost
        }
        "quote" | "quoted" | "quote tweet" | "引用" | "引用转发" | "转发并评论" | "转评" => {
            EventKind::Quote
        }
        "reply" | "replied_to" | "replied" | "replies" | "回复" | "回覆" | "楼中楼"
        | "二级评论" | "子评论" => EventKind::Reply,
        "comment" | "comments" | "commented" | "评论" | "評論" | "一级评论" | "留言" => {
            EventKind::Comment
        }
        _ => return None,
    })
}

/// Yes or no; `Ok(None)` if it is not known.
///
/// # Errors
/// `()` for any other word.
pub fn yes_or_no(word: &str) -> Result<Option<bool>, ()> {
    match word.trim().to_lowercase().as_str() {
        "" | "nan" | "null" | "none" | "n/a" | "未知" | "unknown" => Ok(None),
        "true" | "yes" | "y" | "t" | "1" | "1.0" | "是" | "已认证" | "认证" | "verified"
        | "蓝v" | "黄v" | "红v" | "金v" | "橙v" => Ok(Some(true)),
        "false" | "no" | "n" | "f" | "0" | "0.0" | "否" | "未认证" | "无" | "普通用户" => {
            Ok(Some(false))
        }
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_but_other_is_known_by_its_name() {
        for known in Platform::ALL {
            let expected = (known != Platform::Other).then_some(known);
            assert_eq!(platform(&known.name().to_uppercase()), expected);
        }
        assert_eq!(platform(" 小红书"), Some(Platform::Xiaohongshu));
    }

    #[test]
    fn kinds_have_names_in_two_languages() {
        for (word, expected) in [
            ("repost", EventKind::Repost),
            ("转发", EventKind::Repost),
            ("retweeted", EventKind::Repost),
            ("Quoted", EventKind::Quote),
            ("引用", EventKind::Quote),
            ("replied_to", EventKind::Reply),
            ("回复", EventKind::Reply),
            ("Comment", EventKind::Comment),
            (" 评论 ", EventKind::Comment),
        ] {
            assert_eq!(kind(word), Some(expected), "{word}");
        }
        assert_eq!(kind("like"), None);
        assert_eq!(kind(""), None);
    }

    #[test]
    fn yes_and_no_have_many_words() {
        for word in ["Yes", "是", "1", "TRUE", "蓝V", "y"] {
            assert_eq!(yes_or_no(word), Ok(Some(true)), "{word}");
        }
        for word in ["No", "否", "0", "False", "普通用户"] {
            assert_eq!(yes_or_no(word), Ok(Some(false)), "{word}");
        }
        assert_eq!(yes_or_no("NaN"), Ok(None));
        assert_eq!(yes_or_no("maybe"), Err(()));
    }
}
