//! Weibo's chain in the text of a repost: `mine//@near:words//@far:words`.

/// Longest name that Weibo allows, and some.
const MAX_NAME_CHARS: usize = 40;

/// The words that the person who reposted added.
pub fn own_words(text: &str) -> &str {
    let end = starts(text).next().map_or(text.len(), |(start, _)| start);
    text[..end].trim()
}

/// Names of those it came along, nearest first.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    starts(text).map(|(_, name)| name)
}

/// True for what Weibo writes where somebody reposts without a word.
pub fn is_silent(words: &str) -> bool {
    matches!(
        words,
        "" | "转发微博" | "轉發微博" | "Repost" | "转发" | "//"
    )
}

/// Places of `//@name:`, each with its name.
fn starts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("//@").filter_map(|(start, mark)| {
        let rest = &text[start + mark.len()..];
        let end = rest
            .char_indices()
            .take(MAX_NAME_CHARS)
            .take_while(|(_, c)| !c.is_whitespace() && !matches!(c, '/' | '@'))
            .find(|(_, c)| matches!(c, ':' | '：'));
        let name = &rest[..end?.0];
        (!name.is_empty()).then_some((start, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_has_own_words_and_names() {
        let text = "真的好用//@小猫:求链接//@阿 b:不是名字//@老王：第一";
        assert_eq!(own_words(text), "真的好用");
        assert_eq!(names(text).collect::<Vec<_>>(), ["小猫", "老王"]);
        assert_eq!(
            own_words("看 http://t.cn/abc 很好"),
            "看 http://t.cn/abc 很好"
        );
        assert_eq!(names("@小猫 你看").count(), 0);
        assert_eq!(names("//@").count(), 0);
        assert!(is_silent(own_words("转发微博//@小猫:好")));
    }
}
