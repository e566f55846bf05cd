use super::chars::{fold, is_hidden, is_space};
use super::*;
use crate::text::symbols::{is_emoji, is_modifier, is_tag, is_variation};
use proptest::prelude::*;

fn check(table: &[(&str, &str)]) {
    for (input, expected) in table {
        let once = clean(input);
        assert_eq!(&once, expected, "clean({input:?})");
        assert_eq!(clean(&once), once, "again: clean({input:?})");
    }
}

#[test]
fn width_space_and_controls() {
    check(&[
        ("", ""),
        (" \t\r\n\u{3000}", ""),
        ("ＡＢＣ１２３，好！", "ABC123,好!"),
        ("两行\n\n文字　在这", "两行 文字 在这"),
        ("a\u{0}b\u{7}\u{1b}c", "a b c"),
        ("ｶﾞﾝﾀﾞﾑ", "ガンダム"),
        ("cafe\u{301}", "café"),
        ("等等……", "等等..."),
        ("Hello,  WORLD ", "Hello, WORLD"),
        ("Nike™ ①", "NikeTM 1"),
        ("這個品牌的服務太差", "这个品牌的服务太差"),
        ("後後後後悔", "后后后悔"),
    ]);
}

#[test]
fn hidden_characters() {
    check(&[
        ("垃\u{200B}圾\u{2060}产\u{FEFF}品", "垃圾产品"),
        ("abc\u{202E}def\u{2069}", "abcdef"),
        ("soft\u{AD}hyphen", "softhyphen"),
        ("a\u{200D}b", "ab"),
        ("e\u{200B}\u{301}", "é"),
        ("x\u{E0041}\u{E0042}\u{E007F}", "x"),
        ("文\u{E0100}", "文"),
        ("\u{3164}\u{FFA0}ㄱ", "\u{1100}"),
    ]);
    let report = clean_report("a\u{200B}b\u{202E}c\u{1}d\ne❤\u{FE0F}™\u{FE0F}");
    assert_eq!(report.text, "abc d e❤\u{FE0F}TM");
    assert_eq!((report.hidden, report.repeats), (3, 0));
}

#[test]
fn emoji_survive() {
    for emoji in [
        "😀",
        "❤️",
        "👍🏽",
        "👩‍👩‍👧‍👦",
        "🏳️‍🌈",
        "❤️‍🔥",
        "🧑🏽‍💻",
        "🇨🇳",
        "🇨🇳🇫🇷",
        "1️⃣",
        "#️⃣",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "🅰️🆗",
    ] {
        check(&[(emoji, emoji)]);
        assert_eq!(clean_report(emoji).hidden, 0);
        check(&[(&emoji.repeat(2), &emoji.repeat(2))]);
    }
    check(&[
        ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦好", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦好"),
        ("🇨🇳🇨🇳🇨🇳🇨🇳", "🇨🇳🇨🇳"),
        ("👍👍🏽👍", "👍👍🏽👍"),
        ("👩\u{200D}", "👩"),
        ("👩\u{200D}a", "👩a"),
        ("1️⃣1️⃣1️⃣", "1️⃣1️⃣"),
    ]);
}

#[test]
fn runs() {
    check(&[
        ("哈哈哈哈哈", "哈哈哈"),
        ("好棒!!!!!!", "好棒!!!"),
        ("太好了！！！！！", "太好了!!!"),
        ("soooooo good", "sooo good"),
        ("book", "book"),
        ("价格1000000元", "价格1000000元"),
        ("23333333", "23333333"),
        ("😂😂😂😂😂", "😂😂"),
        ("[泪][泪][泪][泪]好", "[泪][泪]好"),
        ("[怒][doge]", "[怒][doge]"),
        ("[并不简单][并不简单][并不简单]", "[并不简单][并不简单]"),
        ("⭐⭐⭐⭐⭐", "⭐⭐⭐⭐⭐"),
        ("★★★★★★★★", "★★★★★"),
        ("[aaaaaaaaaaaa][aaaaaaaaaaaa][aaaaaaaaaaaa]", "[aaa][aaa]"),
    ]);
    assert_eq!(clean_report("哈哈哈哈哈[泪][泪][泪]").repeats, 2 + 3);
}

#[test]
fn links() {
    check(&[
        ("看http://t.cn/abc好", "看URL好"),
        ("see https://example.com/a?b=c#d.", "see URL."),
        ("HTTP://X.COM", "URL"),
        ("www.example.com now", "URL now"),
        ("t.cn/R2Wx8 很好", "URL 很好"),
        ("详情：http://t.cn/abc，关注", "详情:URL,关注"),
        ("wordhttp://t.co/x", "word URL"),
        ("(http://a.com)", "(URL)"),
        ("http://a.com:8080/x", "URL"),
        ("http://t.cn/abc[哈哈]", "URL[哈哈]"),
        ("http://t.cn/abc@小米 好", "URL@user 好"),
        ("https://medium.com/@bob/x ok", "URL ok"),
        ("http://a http://b", "URL URL"),
        ("http://a http://b http://c", "URL URL URL"),
        ("BUY THIS NOW: http://a @ACME!", "buy this now: URL @user!"),
        ("http://", "http://"),
        ("http://...", "http://..."),
        ("http://@小", "http://@user"),
        ("at.cn/x and www. end", "at.cn/x and www. end"),
        ("http://x\u{301}", "URL"),
        ("[http://a][http://b][http://c]", "[URL][URL][URL]"),
    ]);
}

#[test]
fn mentions() {
    check(&[
        ("@bob: hi", "@user: hi"),
        ("@Bob_1's", "@user's"),
        ("转发//@小米手机:真好", "转发//@user:真好"),
        ("你好@雷军 看", "你好@user 看"),
        ("RT@bob hi", "RT@user hi"),
        (
            "write joe.x@mail.example.com now",
            "write joe.x@mail.example.com now",
        ),
        ("joe@www.x.com", "joe@www.x.com"),
        ("@ nobody", "@ nobody"),
        ("@@@@@@bob", "@@@user"),
        ("@小米http://t.cn/a", "@user URL"),
        ("@http://t.cn/a", "@ URL"),
        ("a@小.b@c", "a@user.b@user"),
    ]);
    let paragraph = format!("@{}", "说明文字不断句".repeat(8));
    assert_eq!(clean(&paragraph), paragraph);
}

#[test]
fn topics() {
    check(&[
        ("#爱情安全感#古时七夕节", "爱情安全感 古时七夕节"),
        ("＃复仇者联盟[电影]＃ 其实", "复仇者联盟[电影] 其实"),
        (
            "REAL. 😅😀#EnglishMonth#IFight URL",
            "REAL. 😅😀 EnglishMonth IFight URL",
        ),
        ("#IphoneSE# 好", "IphoneSE 好"),
        ("# 深圳 交警# 夜间", "深圳 交警 夜间"),
        ("We are #1 in C# and F#.", "We are #1 in C# and F#."),
        ("#4U9525 #2014世界杯#", "4U9525 2014世界杯"),
        ("(#1)", "(#1)"),
        ("####", ""),
    ]);
}

#[test]
fn emoji_have_no_compatibility_form_and_folding_hides_nothing() {
    for c in '\0'..=char::MAX {
        let folded = fold(&c.to_string());
        if is_emoji(c) || is_modifier(c) || is_variation(c) || is_tag(c) {
            assert_eq!(folded, [c]);
        }
        if !is_hidden(c) {
            assert!(!folded.iter().any(|&f| is_hidden(f)), "{c:?}");
        }
        let once = clean(&c.to_string());
        assert_eq!(clean(&once), once, "{c:?}");
    }
}

#[test]
fn long_hostile_texts_take_linear_time() {
    for part in [
        "@",
        "http://",
        "h",
        "[",
        "[a",
        "#",
        "a@",
        "@a.",
        "1#",
        "\u{301}",
        "👩\u{200D}",
        "🇨",
    ] {
        let text = part.repeat(200_000);
        let once = clean(&text);
        assert_eq!(clean(&once), once);
    }
}

/// Bits that the rules look at, so that random texts meet their edges.
fn piece() -> impl Strategy<Value = String> {
    let bits = [
        "http://",
        "https://",
        "HTTP://x",
        "www.",
        "t.cn/",
        "bit.ly/a",
        "@",
        "@user",
        "URL",
        "#",
        "＃",
        "[",
        "]",
        "[怒]",
        "[doge]",
        "a",
        "b",
        "C",
        "L",
        "r",
        "1",
        "22",
        "小",
        "米",
        "哈哈哈",
        " ",
        "\n",
        ".",
        ",",
        ":",
        "/",
        "-",
        "_",
        "!",
        "！",
        "(",
        ")",
        "'",
        "\"",
        "e\u{301}",
        "\u{301}",
        "\u{323}",
        "\u{338}",
        "\u{200B}",
        "\u{200D}",
        "\u{FE0F}",
        "\u{20E3}",
        "\u{1}",
        "\u{AD}",
        "é",
        "👩",
        "👍🏽",
        "\u{1F3FD}",
        "❤\u{FE0F}",
        "⭐",
        "🇨",
        "🇳",
        "🏴",
        "\u{E0067}",
        "\u{E007F}",
        "™",
        "…",
        "ﷺ",
        "가",
        "\u{1100}",
        "\u{1161}",
        "\u{11A8}",
        "ｶﾞ",
        "\u{3164}",
        "l",
        "com",
        "x@y.zz",
        "５",
        "％",
        "+",
    ];
    prop_oneof![
        8 => proptest::sample::select(bits.to_vec()).prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
        2 => (proptest::sample::select(bits.to_vec()), 2usize..7).prop_map(|(b, n)| b.repeat(n)),
    ]
}

fn assert_clean(input: &str) {
    let report = clean_report(input);
    let once = &report.text;
    assert_eq!(&clean(once), once, "not idempotent: {input:?}");
    assert_eq!(
        clean_report(once),
        Cleaned {
            text: once.clone(),
            ..Cleaned::default()
        }
    );
    assert_eq!(once.trim(), once);
    assert!(!once.contains("  "));
    let chars: Vec<char> = once.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        assert!(!c.is_control() && (c == ' ' || !is_space(c)));
        let joins = c == '\u{200D}' || is_variation(c) || is_tag(c);
        assert!(!is_hidden(c) || (joins && i > 0), "{c:?} left of {input:?}");
    }
    // NFKC may lengthen a text; after it only placeholders do.
    let folded = fold(input);
    let marks = folded.iter().filter(|&&c| c == '@').count();
    let links = once.matches(URL).count();
    assert!(chars.len() <= folded.len() + 4 * marks + links, "{input:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn holds_for_texts_made_of_special_parts(parts in prop::collection::vec(piece(), 0..24)) {
        assert_clean(&parts.concat());
    }

    #[test]
    fn holds_for_any_text(text in any::<String>()) {
        assert_clean(&text);
    }

    /// Some small letters are one character with a mark where capitals aren't.
    #[test]
    fn holds_for_texts_in_capitals(parts in prop::collection::vec(shouted(), 2..40)) {
        assert_clean(&parts.concat());
    }
}

fn shouted() -> impl Strategy<Value = String> {
    let bits = [
        "J",
        "H",
        "T",
        "AWFUL",
        "\u{30C}",
        "\u{331}",
        "\u{308}",
        " ",
        " ",
        "!",
        "www.x.com",
    ];
    (proptest::sample::select(bits.to_vec()), 1usize..5).prop_map(|(bit, n)| bit.repeat(n))
}
