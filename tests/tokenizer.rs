//! The crate's own way of cutting texts into pieces beside that of the library that defined the
//! file format, on the committed vocabularies.

#[path = "common/model.rs"]
#[allow(dead_code)] // Others read more of it.
mod model;

use std::sync::LazyLock;

use bsmv::text::{Tokenizer, clean};
use model::{bundle_folder, fixtures, read, root};
use proptest::prelude::*;

/// Ours and the reference, of the bundle and of the labeller.
static PAIRS: LazyLock<[(Tokenizer, Tokenizer); 2]> = LazyLock::new(|| {
    [bundle_folder(), root().join("models/labeller")].map(|folder| {
        let file = read(&folder.join("tokenizer.json"));
        let both = (Tokenizer::from_bytes(&file), Tokenizer::reference(&file));
        (both.0.unwrap(), both.1.unwrap())
    })
});

fn assert_same_pieces(text: &str) {
    for (ours, reference) in &*PAIRS {
        for (max, most) in [(256, 4), (16, 3)] {
            let found = ours.windows(text, max, most).unwrap();
            let expected = reference.windows(text, max, most).unwrap();
            assert_eq!(found, expected, "{text:?}");
        }
    }
}

#[test]
fn vocabularies_and_special_pieces_are_the_references() {
    for (ours, reference) in &*PAIRS {
        assert_eq!(ours.vocabulary_size(), reference.vocabulary_size());
        assert_eq!(ours.special_pieces(), reference.special_pieces());
    }
}

#[test]
fn posts_are_cut_as_the_reference_does() {
    for fixture in fixtures() {
        let text = fixture.post.full_text();
        assert_same_pieces(&text);
        let cleaned = clean(&text);
        assert_same_pieces(&cleaned);
        for (ours, reference) in &*PAIRS {
            let lengths = ours.lengths(&cleaned).unwrap();
            assert_eq!(lengths, reference.lengths(&cleaned).unwrap(), "{cleaned:?}");
        }
    }
}

#[test]
fn odd_texts_are_cut_as_the_reference_does() {
    for text in [
        "",
        " ",
        "   ",
        "\u{2581}",
        "\u{2581}\u{2581} a",
        "a  b   c ",
        "</s><pad>a<unk>b<mask>",
        "<unk>😀<unk>",
        "ﬁne ½ Å e\u{301} a\u{308}\u{304}",
        "ガギグ ﾊﾟﾋﾟ 한국어 \u{1112}\u{1161}\u{11ab}",
        "\u{200b}zero\u{200d}width\u{feff}",
        "👨‍👩‍👧‍👦👍🏽🇨🇳",
        "\0nul\u{7}bell\ttab\r\nline",
        "\u{3000}全角　空格",
        "नमस्ते สวัสดี مرحبا",
    ] {
        assert_same_pieces(text);
    }
    assert_same_pieces(&"好".repeat(3_000));
    assert_same_pieces(&"a ".repeat(3_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_cut_as_the_reference_does(text in "\\PC{0,60}") {
        assert_same_pieces(&text);
    }

    #[test]
    fn any_characters_are_cut_as_the_reference_does(
        text in proptest::collection::vec(any::<char>(), 0..40),
    ) {
        assert_same_pieces(&text.into_iter().collect::<String>());
    }

    #[test]
    fn words_and_spaces_are_cut_as_the_reference_does(
        text in "([a-zA-Z很好的了吃\u{2581}<>/!,.。，ﬁé\u{301}]{0,8} {0,3}){0,12}",
    ) {
        assert_same_pieces(&text);
    }
}
