//! What findings say, in two languages.

use std::ops::Range;

use super::folded::Folded;
use super::{Counted, Field, Finding, Length, Level, Source};
use crate::scorer::words::Locale;

/// The sentences of one language, by code; `{what}` is the words that were found, `{field}` the title
/// or the text.
pub struct Words {
    sentences: &'static [(&'static str, &'static str)],
    title: &'static str,
    text: &'static str,
}

const EN: Words = Words {
    sentences: &[
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
            "“{what}” promises a return, which advertisements for investments must not: leave it out, and name the risk.",
        ),
        (
            "offsite",
            "“{what}” leads readers off the platform, which platforms restrict: leave it out.",
        ),
        (
            "giveaway",
            "“{what}” buys attention with a prize or luck: state the rules, or leave it out.",
        ),
        (
            "begging",
            "“{what}” begs for attention, for which platforms may show a post less: ask what readers think instead.",
        ),
        (
            "disclosure_missing",
            "“{what}” sounds as if you got something for this: if so, say it at the beginning.",
        ),
        (
            "disclosure_weak",
            "“{what}” isn't plain enough: write that it is an advertisement.",
        ),
        (
            "disclosure_late",
            "“{what}” comes too late: many never unfold that far. Begin with it.",
        ),
        (
            "length",
            "The {field} has {count} characters where the platform takes {limit}: shorten it.",
        ),
        (
            "length_weighted",
            "The {field} counts {count} where X takes {limit}: shorten it. Chinese characters and emoji count 2, a link 23.",
        ),
        (
            "hashtags",
            "More than two hashtags: X advises against it. Keep the two that fit best.",
        ),
        (
            "hidden_characters",
            "There are invisible characters, which can hide words from readers or filters: type the place anew.",
        ),
        (
            "avoid",
            "The brand wants to avoid “{what}”: say it in other words.",
        ),
        (
            "interest",
            "Did you get anything for this: money, a product, a stay, a discount? Then say so at the beginning.",
        ),
        (
            "ai_label",
            "Was any of it, pictures too, made by AI? Then declare it when you publish.",
        ),
    ],
    title: "title",
    text: "text",
};

const ZH: Words = Words {
    sentences: &[
        (
            "absolute",
            "“{what}”是绝对化用语，广告里不能用。换个说法，或只写自己的真实体验。",
        ),
        (
            "medical",
            "“{what}”涉及医疗功效，普通商品的广告不能用。可以改写成使用感受。",
        ),
        (
            "guarantee",
            "“{what}”等于保证效果，广告里不能用。效果因人而异，写自己的实际情况就好。",
        ),
        (
            "return",
            "“{what}”涉及收益承诺或无风险宣传，投资理财广告不能用。请删掉，并写明风险。",
        ),
        (
            "offsite",
            "“{what}”属于站外引流，可能被平台限流，建议删掉。",
        ),
        (
            "giveaway",
            "“{what}”涉及抽奖或诱导互动：请写清活动规则，或者去掉。",
        ),
        (
            "begging",
            "“{what}”属于诱导互动，平台可能限流。不如问问大家怎么看。",
        ),
        (
            "disclosure_missing",
            "“{what}”看起来有商业合作，有的话请在开头标明“广告”。",
        ),
        ("disclosure_weak", "“{what}”标得不够明确，请直接写“广告”。"),
        (
            "disclosure_late",
            "“{what}”太靠后，不点“展开”看不到，请移到开头。",
        ),
        (
            "length",
            "{field} {count} 字，超过平台上限 {limit} 字，请删减。",
        ),
        (
            "length_weighted",
            "{field}按 X 的算法是 {count}，上限 {limit}，请删减。一个汉字或表情算 2，一个链接算 23。",
        ),
        (
            "hashtags",
            "话题标签超过两个，X 建议最多两个：留下最相关的。",
        ),
        (
            "hidden_characters",
            "含不可见字符，可能被当作躲避审核：请删掉，重新输入这一处。",
        ),
        ("avoid", "“{what}”是这个品牌的避用词，换个说法吧。"),
        (
            "interest",
            "这条有报酬、送样、招待或折扣吗？有的话请在开头标明。",
        ),
        (
            "ai_label",
            "文字或图片用了 AI 生成吗？用了的话，发布时请主动声明。",
        ),
    ],
    title: "标题",
    text: "正文",
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

    /// A field that is too long, in the platform's own count.
    pub fn length(&self, length: &Length, limit: usize, source: Option<Source>) -> Finding {
        let sentence = match length.counted {
            Counted::Characters | Counted::Halved => self.sentence("length"),
            Counted::Weighted => self.sentence("length_weighted"),
        };
        let field = match length.field {
            Field::Title => self.title,
            Field::Text => self.text,
        };
        let message = sentence
            .replace("{field}", field)
            .replace("{count}", &length.count.to_string())
            .replace("{limit}", &limit.to_string());
        Finding {
            message,
            ..self.whole("length", Level::Must, length.field, source)
        }
    }
}
