//! What findings say, in two languages.

use std::ops::Range;

use super::folded::Folded;
use super::{Field, Finding, Level, Source};
use crate::scorer::words::Locale;

/// The sentences of one language, by code; `{what}` is the words that were found.
pub struct Words {
    sentences: [(&'static str, &'static str); 15],
}

const EN: Words = Words {
    sentences: [
        (
            "absolute",
            "“{what}” claims a first place that an advertisement must be able to prove. Say what you saw yourself.",
        ),
        (
            "medical",
            "“{what}” promises a medical effect: only approved medicines may. Say how it felt to use.",
        ),
        (
            "guarantee",
            "“{what}” guarantees an effect. Results differ: say what happened to you.",
        ),
        (
            "return",
            "“{what}” promises a return, which advertisements for investments must not.",
        ),
        (
            "offsite",
            "“{what}” leads readers off the platform, which platforms restrict.",
        ),
        (
            "giveaway",
            "“{what}” buys reach with a prize: state the rules, or leave it out.",
        ),
        (
            "disclosure_missing",
            "“{what}” shows that you got something for this: say so at the beginning.",
        ),
        (
            "disclosure_weak",
            "Few understand “{what}”: write that it is an advertisement.",
        ),
        (
            "disclosure_late",
            "“{what}” comes too late: many never unfold that far. Begin with it.",
        ),
        (
            "length",
            "{count} where the platform takes {limit}: shorten it.",
        ),
        ("hashtags", "More than two hashtags: X advises against it."),
        (
            "hidden_characters",
            "There are invisible characters: they can hide words from readers or filters.",
        ),
        ("avoid", "The brand wants to avoid “{what}”."),
        (
            "interest",
            "Did you get anything for this: money, a product, a stay, a discount? Then say so at the beginning.",
        ),
        (
            "ai_label",
            "Was any of it, pictures too, made by AI? Then declare it when you publish.",
        ),
    ],
};

const ZH: Words = Words {
    sentences: [
        (
            "absolute",
            "“{what}”是绝对化用语，广告里不能用。写清楚是自己的体验，或换个说法。",
        ),
        (
            "medical",
            "“{what}”涉及医疗功效，普通商品不能宣传。写写自己的使用感受。",
        ),
        (
            "guarantee",
            "“{what}”对效果作了保证。效果因人而异，只写自己的情况。",
        ),
        ("return", "“{what}”对收益作了承诺，投资类广告不允许。"),
        ("offsite", "“{what}”把读者引到站外，平台会限制。"),
        ("giveaway", "“{what}”用奖品换转发：请写清规则，或者去掉。"),
        (
            "disclosure_missing",
            "“{what}”说明你从中得到了好处，请在开头标明“广告”。",
        ),
        ("disclosure_weak", "“{what}”很多人看不懂，请直接写“广告”。"),
        (
            "disclosure_late",
            "“{what}”放得太靠后，很多人不会展开看，请放到开头。",
        ),
        ("length", "{count} 字，平台最多 {limit} 字，请缩短。"),
        ("hashtags", "话题标签超过两个，X 建议少用。"),
        (
            "hidden_characters",
            "有看不见的字符：可能让读者或审核漏看文字。",
        ),
        ("avoid", "品牌希望避免出现“{what}”。"),
        (
            "interest",
            "你从中得到过什么吗：报酬、样品、招待、折扣？有的话请在开头说明。",
        ),
        (
            "ai_label",
            "有没有用 AI 生成的内容，包括图片？有的话发布时请主动声明。",
        ),
    ],
};

/// The sentences of a language.
pub fn of(locale: Locale) -> &'static Words {
    match locale {
        Locale::En => &EN,
        Locale::Zh => &ZH,
    }
}

impl Words {
    fn sentence(&self, code: &str) -> &'static str {
        let found = self.sentences.iter().find(|(known, _)| *known == code);
        found.map_or("", |(_, sentence)| sentence)
    }

    /// A finding about the words at a place.
    pub fn at(
        &self,
        code: &'static str,
        level: Level,
        field: Field,
        folded: &Folded,
        place: Range<usize>,
        source: Option<Source>,
    ) -> Finding {
        let Range { start, end } = folded.written(&place);
        let message = self.sentence(code).replace("{what}", &folded.words(&place));
        Finding {
            start,
            end,
            message,
            ..self.whole(code, level, field, source)
        }
    }

    /// A finding about a whole field.
    pub fn whole(
        &self,
        code: &'static str,
        level: Level,
        field: Field,
        source: Option<Source>,
    ) -> Finding {
        Finding {
            code,
            rule: code.to_owned(),
            level,
            field,
            start: 0,
            end: 0,
            message: self.sentence(code).to_owned(),
            replacement: None,
            add: None,
            source,
        }
    }

    /// A field that is too long.
    pub fn length(
        &self,
        field: Field,
        count: usize,
        limit: usize,
        source: Option<Source>,
    ) -> Finding {
        let message = self.sentence("length");
        let message = message
            .replace("{count}", &count.to_string())
            .replace("{limit}", &limit.to_string());
        Finding {
            message,
            ..self.whole("length", Level::Must, field, source)
        }
    }
}
