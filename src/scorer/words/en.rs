//! The words in English.

use super::{
    Features, Flags, Forecast, Hints, List, Media, Outside, Refused, Summary, Unseen, Words,
};
use crate::post::Platform;

pub(super) static WORDS: Words = Words {
    refused: Refused {
        blank: "There is nothing to read: write a few words.",
        damaged: "The text is damaged, as if it had been read in the wrong encoding: paste or load \
             it anew, as UTF-8.",
        noise: "These letters make no words that the model could read.",
        language: "The text is in neither Chinese nor English: the model reads no other language.",
        emoji_alone: "Emoji alone say nothing of a brand: add a few words.",
    },
    unseen: Unseen {
        diffusion_not_modelled: "No spread was followed to its end for {outside}: how far this one \
             goes is told from the author's followers and last posts.",
        words_unknown: "The words of {events} quotes, replies or comments are not known: they \
             speak neither for nor against.",
        no_graph: "Nobody has seen the post yet: how far it goes is a guess, and its audience is \
             expected to speak much as the post does.",
        author: "The author's followers are unknown: a typical account is assumed.",
        counts_by_author: "Likes and other counts are expected from the author alone: what a text \
             says was not found to matter for them on this platform.",
        no_brand: "No brand was chosen: the post is taken to fit it wholly.",
        unlike_training: "The text is written unlike all that the model learnt from: what it reads \
             in it is a guess.",
        irony: "It may be meant the other way: the range holds both readings.",
        text_cut: "The text is too long: about {pieces} words at its end were not read.",
        events_dropped: "{events} events of the graph were left out.",
        hidden_characters: "{characters} invisible characters were removed.",
        media: "{media}",
    },
    flags: Flags {
        giveaway: "It asks to be passed on for a prize: reach that is bought says little about the \
             brand. Ask what people think of it instead.",
        luck: "It promises luck for passing it on: such reach says nothing about the brand. \
             Leave it out.",
        praise_stuffing: "Words of praise are heaped up: they raise the score without saying more. \
             Keep one, and say what you saw.",
        brand_repeated: "The brand's name is repeated over and over: once or twice is enough.",
        emoji_flood: "A flood of emoji: the score reads two of a kind. One or two are enough.",
        hidden_characters: "Invisible characters were removed, which can hide words from readers or \
             from filters: type the place anew.",
    },
    hints: Hints {
        relevance: "The model finds the post {share}% about {brand} and counts everything else at \
             that share. It looks for the brand's name, aliases, keywords and positioning: name \
             the product, if the post is about it.",
        neutral_tone: "The model reads the words as neutral: here it is most sensitive to words \
             that take a side, for or against. Say what you think of it, if you mean to.",
        reach: "The same words count about {nobody} if nobody passes them on, and about \
             {everybody} if many do.",
        word: "What moves the tone most is “{word}”.",
        agree: "All {phrases} phrases of the text agree.",
    },
    summary: Summary {
        ordinary: "{score} points, much as an ordinary post ({base}).",
        moved: "{score} points (an ordinary post: {base}), mainly for {reasons}.",
    },
    forecast: Forecast {
        diffusion_not_modelled: "No spread was followed to its end for {outside}: counts are told \
             from the author's followers and last posts.",
        no_text: "The post's text is not stored: counts are forecast without it, and there is no \
             score.",
    },
    outside: Outside {
        platform: "this platform",
        language: "this language on this platform",
        few_followers: "an account with so few followers",
        many_followers: "an account with so many followers",
        kind: "posts of this kind",
    },
    media: Media {
        unknown: "Pictures and videos are not looked at.",
        counted: "{images} pictures and {videos} videos were not looked at.",
    },
    reason: Features {
        sentiment: "its tone",
        topics: "its fit to the brand",
        size: "how far it travels",
        speed: "how fast it travels",
        depth: "how long its chains of reposts are",
        leader_share: "how much a few accounts carry it",
        audience: "the tone of its audience",
        voices: "how many of its audience speak",
    },
    list: List {
        item: "{reason} ({points:+.0})",
        separator: ", ",
    },
    feature: Features {
        sentiment: "Tone of the words",
        topics: "Topic: {label}",
        size: "Reach",
        speed: "Speed",
        depth: "Depth of the spread",
        leader_share: "Leading spreaders",
        audience: "Mood of the audience",
        voices: "How many speak",
    },
    platform: |platform| match platform {
        Platform::Weibo => "Weibo 微博",
        Platform::Xiaohongshu => "Xiaohongshu 小红书",
        Platform::Douyin => "Douyin 抖音",
        Platform::Bilibili => "Bilibili 哔哩哔哩",
        Platform::X => "X",
        Platform::Instagram => "Instagram",
        Platform::TikTok => "TikTok",
        Platform::YouTube => "YouTube",
        Platform::Other => "Other",
    },
};
