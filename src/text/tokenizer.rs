//! Text to piece numbers, from a Hugging Face `tokenizer.json`.

use super::TextError;
use tokenizers::{Encoding, Token, TruncationDirection};

/// Longest text, in characters, that is cut into pieces. Longer ones are an
/// error rather than cut here: the caller knows whether to refuse or shorten
/// a post, and says so. Far above any encoder's reach (512 pieces), low enough
/// that a hostile text costs milliseconds.
pub const MAX_CHARS: usize = 20_000;

/// The pieces of one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Numbers of the pieces, special ones included.
    pub ids: Vec<u32>,
    /// Pieces of the text that the limit dropped from its end.
    pub cut: usize,
}

/// The pieces of a text that may be too long to be read at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Numbers of the pieces of each part, special ones included; the text's order. Never empty.
    pub windows: Vec<Vec<u32>>,
    /// Pieces of the text past the last window.
    pub cut: usize,
}

/// Cuts texts into the pieces of one vocabulary (Unigram, WordPiece or any
/// other model of the file format).
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// Special pieces put around every text.
    special: usize,
    /// Pieces that no text may contain: those around it, padding, mask.
    reserved: Vec<u32>,
}

impl Tokenizer {
    /// Loads a `tokenizer.json`. Truncation and padding set in the file are
    /// ignored.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TextError> {
        let file = |e: tokenizers::Error| TextError::TokenizerFile(e.to_string());
        let mut inner = tokenizers::Tokenizer::from_bytes(bytes).map_err(file)?;
        inner.with_truncation(None).map_err(file)?;
        inner.with_padding(None);
        inner.set_encode_special_tokens(true);
        let mut reserved = inner.encode("", true).map_err(file)?.get_ids().to_vec();
        let special = reserved.len();
        let named = ["<pad>", "[PAD]", "<mask>", "[MASK]"];
        reserved.extend(named.iter().filter_map(|piece| inner.token_to_id(piece)));
        Ok(Self {
            inner,
            special,
            reserved,
        })
    }

    /// Cuts a text into at most `max_pieces` pieces: the first of [`Tokenizer::windows`].
    pub fn encode(&self, text: &str, max_pieces: usize) -> Result<Encoded, TextError> {
        let Windows { mut windows, cut } = self.windows(text, max_pieces, 1)?;
        Ok(Encoded {
            ids: windows.swap_remove(0),
            cut,
        })
    }

    /// Cuts a text into at most `most` windows of at most `max_pieces` pieces each. The limit
    /// counts the special pieces, which every window has; what doesn't fit is dropped from the
    /// end of the text and counted. No padding. Special pieces written in the text (`</s>`) say
    /// nothing and are left out.
    pub fn windows(
        &self,
        text: &str,
        max_pieces: usize,
        most: usize,
    ) -> Result<Windows, TextError> {
        // Bytes first: a text of few bytes needs no counting.
        if text.len() > MAX_CHARS {
            let chars = text.chars().count();
            if chars > MAX_CHARS {
                return Err(TextError::TooLong {
                    chars,
                    max: MAX_CHARS,
                });
            }
        }
        // Without room for a piece of the text there would be no end of windows.
        let room = max_pieces
            .checked_sub(self.special)
            .filter(|&room| room > 0)
            .ok_or(TextError::NoRoom {
                max_pieces,
                special: self.special,
            })?;
        let encode = |e: tokenizers::Error| TextError::Encode(e.to_string());
        let mut pieces = self.inner.encode_fast(text, false).map_err(encode)?;
        if pieces.get_ids().iter().any(|id| self.reserved.contains(id)) {
            pieces = self.without_reserved(&pieces);
        }
        pieces.truncate(room, 0, TruncationDirection::Right);
        let mut rest = pieces.take_overflowing();
        let kept = most.saturating_sub(1).min(rest.len());
        let cut = rest.drain(kept..).map(|window| window.len()).sum();
        let finish = |window| {
            let whole = self.inner.post_process(window, None, true);
            Ok(whole.map_err(encode)?.get_ids().to_vec())
        };
        let windows = std::iter::once(pieces).chain(rest).map(finish);
        Ok(Windows {
            windows: windows.collect::<Result<_, TextError>>()?,
            cut,
        })
    }

    /// Lengths, in characters, of the pieces that a text is cut into; they add up to the text's.
    pub fn lengths(&self, text: &str) -> Result<Vec<usize>, TextError> {
        let pieces = self.inner.encode_char_offsets(text, false);
        let pieces = pieces.map_err(|e| TextError::Encode(e.to_string()))?;
        let end = text.chars().count();
        let mut bounds: Vec<usize> = pieces.get_offsets().iter().map(|piece| piece.0).collect();
        bounds.extend([0, end]);
        bounds.retain(|&bound| bound <= end);
        bounds.sort_unstable();
        bounds.dedup();
        Ok(bounds.windows(2).map(|pair| pair[1] - pair[0]).collect())
    }

    /// A Unigram vocabulary holds the special pieces as words like any other,
    /// and prefers them; a post must not end its own sequence.
    fn without_reserved(&self, pieces: &Encoding) -> Encoding {
        let ids = pieces.get_ids().iter();
        let parts = ids.zip(pieces.get_tokens()).zip(pieces.get_offsets());
        let tokens = parts
            .filter(|((id, _), _)| !self.reserved.contains(id))
            .map(|((&id, value), &offsets)| Token {
                id,
                value: value.clone(),
                offsets,
            })
            .collect();
        Encoding::from_tokens(tokens, 0)
    }

    /// Number of pieces in the vocabulary; every piece number is below it.
    pub fn vocabulary_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// Special pieces added to every text.
    pub fn special_pieces(&self) -> usize {
        self.special
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn unigram() -> Value {
        let vocabulary = json!([
            ["<s>", 0.0],
            ["<pad>", 0.0],
            ["</s>", 0.0],
            ["<unk>", 0.0],
            ["▁", -2.0],
            ["很", -3.0],
            ["好", -3.0],
            ["▁很好", -4.0],
            ["▁good", -3.5],
            ["o", -5.0],
            ["g", -5.0],
            ["d", -5.0],
            ["s", -5.0],
            ["<", -6.0],
            ["/", -6.0],
            [">", -6.0]
        ]);
        let special: Vec<Value> = ["<s>", "<pad>", "</s>", "<unk>"]
            .iter()
            .enumerate()
            .map(|(id, content)| {
                json!({"id": id, "content": content, "single_word": false, "lstrip": false,
                       "rstrip": false, "normalized": false, "special": true})
            })
            .collect();
        let single = json!([
            {"SpecialToken": {"id": "<s>", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "</s>", "type_id": 0}}
        ]);
        json!({
            "version": "1.0",
            "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
            "padding": {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null,
                        "pad_id": 1, "pad_type_id": 0, "pad_token": "<pad>"},
            "added_tokens": special,
            "normalizer": null,
            "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": true},
            "post_processor": {
                "type": "TemplateProcessing", "single": single, "pair": [],
                "special_tokens": {
                    "<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
                    "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}
                }
            },
            "decoder": null,
            "model": {"type": "Unigram", "unk_id": 3, "vocab": vocabulary, "byte_fallback": false}
        })
    }

    fn load(file: &Value) -> Tokenizer {
        Tokenizer::from_bytes(file.to_string().as_bytes()).unwrap()
    }

    fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
        tokenizer.encode(text, 512).unwrap().ids
    }

    #[test]
    fn unigram_pieces_between_special_ones() {
        let t = load(&unigram());
        assert_eq!((t.vocabulary_size(), t.special_pieces()), (16, 2));
        assert_eq!(ids(&t, ""), [0, 2]);
        assert_eq!(ids(&t, "很好"), [0, 7, 2]);
        assert_eq!(ids(&t, "good 很好好"), [0, 8, 7, 6, 2]);
        assert_eq!(ids(&t, "好😀好"), [0, 4, 6, 3, 6, 2]);
    }

    #[test]
    fn the_limit_counts_special_pieces_and_cuts_the_end() {
        let t = load(&unigram());
        let whole = ids(&t, "good 很好 good");
        assert_eq!(whole, [0, 8, 7, 8, 2]);
        for max in 3..8 {
            let e = t.encode("good 很好 good", max).unwrap();
            assert_eq!(e.cut, 5usize.saturating_sub(max));
            assert_eq!(e.ids.len(), max.min(5));
            assert_eq!(e.ids[..e.ids.len() - 1], whole[..e.ids.len() - 1]);
            assert_eq!(e.ids.last(), Some(&2));
        }
        let error = t.encode("好", 2).unwrap_err();
        assert!(matches!(
            error,
            TextError::NoRoom {
                max_pieces: 2,
                special: 2
            }
        ));
    }

    #[test]
    fn a_long_text_is_read_in_windows() {
        let t = load(&unigram());
        let windows = |max, most| t.windows("good 很好 good", max, most).unwrap();
        let expected = |windows: &[&[u32]], cut| Windows {
            windows: windows.iter().map(|w| w.to_vec()).collect(),
            cut,
        };
        assert_eq!(windows(5, 4), expected(&[&[0, 8, 7, 8, 2]], 0));
        assert_eq!(windows(4, 4), expected(&[&[0, 8, 7, 2], &[0, 8, 2]], 0));
        assert_eq!(windows(3, 2), expected(&[&[0, 8, 2], &[0, 7, 2]], 1));
        assert_eq!(t.windows("", 4, 4).unwrap(), expected(&[&[0, 2]], 0));
    }

    #[test]
    fn special_pieces_in_a_text_are_left_out() {
        let t = load(&unigram());
        assert_eq!(ids(&t, "</s><pad><s>"), [0, 4, 2]);
        let found = ids(&t, "good</s>很<pad>好<s>");
        assert_eq!(found, [0, 8, 5, 6, 2]);
        let e = t.encode("good</s>很<pad>好<s>", 4).unwrap();
        assert_eq!((e.ids, e.cut), (vec![0, 8, 5, 2], 1));
    }

    #[test]
    fn lengths_of_pieces_add_up_to_the_text() {
        let t = load(&unigram());
        assert_eq!(t.lengths("很好好").unwrap(), [2, 1]);
        assert_eq!(t.lengths("好坏很好").unwrap(), [1, 1, 1, 1]);
        assert!(t.lengths("").unwrap().is_empty());
    }

    #[test]
    fn word_piece_files_load() {
        let t = load(&json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
            "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                           "strip_accents": null, "lowercase": true},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]", 0]},
            "decoder": null,
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": 100,
                      "vocab": {"[CLS]": 0, "[SEP]": 1, "[UNK]": 2, "play": 3, "##ing": 4, "好": 5}}
        }));
        assert_eq!(t.vocabulary_size(), 6);
        assert_eq!(ids(&t, "Playing 好坏"), [0, 3, 4, 5, 2, 1]);
        assert_eq!(
            t.encode("playing", 3).unwrap(),
            Encoded {
                ids: vec![0, 3, 1],
                cut: 1
            }
        );
    }

    #[test]
    fn bad_files_and_long_texts_are_errors() {
        for bytes in [
            &b""[..],
            b"{}",
            b"[1",
            b"\xff\xfe",
            br#"{"version":"1.0","model":{}}"#,
        ] {
            let error = Tokenizer::from_bytes(bytes).unwrap_err();
            assert!(matches!(error, TextError::TokenizerFile(_)), "{error}");
        }
        let t = load(&unigram());
        let longest = "好".repeat(MAX_CHARS);
        let e = t.encode(&longest, 128).unwrap();
        assert_eq!((e.ids.len(), e.cut), (128, MAX_CHARS + 1 - 126));
        let error = t.encode(&(longest + "好"), 128).unwrap_err();
        assert!(matches!(
            error,
            TextError::TooLong {
                chars: 20_001,
                max: MAX_CHARS
            }
        ));
    }
}
