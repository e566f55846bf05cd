//! Text to piece numbers, from a Hugging Face `tokenizer.json`.

use super::TextError;
use super::unigram::{Piece, Unigram};

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

/// Cuts texts into the pieces of one vocabulary: Unigram, as bundles have it, or, with the feature
/// `tokenizers`, any other model of the file format.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    model: Model,
    /// Special pieces put before and after every text.
    around: [Vec<u32>; 2],
    /// Pieces that no text may contain: those around it, padding, mask.
    reserved: Vec<u32>,
}

#[derive(Clone, Debug)]
enum Model {
    Unigram(Box<Unigram>),
    #[cfg(feature = "tokenizers")]
    Other(Box<tokenizers::Tokenizer>),
}

impl Model {
    fn find(&self, piece: &str) -> Option<u32> {
        match self {
            Model::Unigram(unigram) => unigram.find(piece),
            #[cfg(feature = "tokenizers")]
            Model::Other(other) => other.token_to_id(piece),
        }
    }

    fn cut(&self, text: &str) -> Result<Vec<Piece>, TextError> {
        match self {
            Model::Unigram(unigram) => Ok(unigram.cut(text)),
            #[cfg(feature = "tokenizers")]
            Model::Other(other) => {
                let pieces = other.encode_char_offsets(text, false);
                let pieces = pieces.map_err(|e| TextError::Encode(e.to_string()))?;
                let starts = pieces.get_offsets().iter().map(|offsets| offsets.0);
                let pieces = pieces.get_ids().iter().zip(starts);
                Ok(pieces.map(|(&id, start)| Piece { id, start }).collect())
            }
        }
    }
}

/// A model of another kind, by the reference library, and the special pieces around a text.
#[cfg(feature = "tokenizers")]
fn other(bytes: &[u8]) -> tokenizers::Result<(Model, [Vec<u32>; 2])> {
    let mut other = tokenizers::Tokenizer::from_bytes(bytes)?;
    other.with_truncation(None)?;
    other.with_padding(None);
    other.set_encode_special_tokens(true);
    let any = other.encode("a", true)?;
    let is_special = any.get_special_tokens_mask();
    let before = is_special.iter().take_while(|&&is| is == 1).count();
    let after = is_special[before..].iter().filter(|&&is| is == 1).count();
    let ids = any.get_ids();
    let around = [ids[..before].to_vec(), ids[ids.len() - after..].to_vec()];
    Ok((Model::Other(Box::new(other)), around))
}

impl Tokenizer {
    /// Loads a `tokenizer.json`. Truncation and padding set in the file are
    /// ignored.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TextError> {
        match Unigram::from_json(bytes) {
            Ok(mut unigram) => {
                let around = std::mem::take(&mut unigram.around);
                Ok(Self::new(Model::Unigram(Box::new(unigram)), around))
            }
            #[cfg(feature = "tokenizers")]
            Err(_) => Self::reference(bytes),
            #[cfg(not(feature = "tokenizers"))]
            Err(problem) => Err(TextError::TokenizerFile(problem)),
        }
    }

    /// Loads any file by the library that defined its format; what [`Tokenizer::from_bytes`]
    /// reads itself must give the same pieces.
    #[cfg(feature = "tokenizers")]
    pub fn reference(bytes: &[u8]) -> Result<Self, TextError> {
        let (model, around) = other(bytes).map_err(|e| TextError::TokenizerFile(e.to_string()))?;
        Ok(Self::new(model, around))
    }

    fn new(model: Model, around: [Vec<u32>; 2]) -> Self {
        let mut reserved = around.concat();
        let named = ["<pad>", "[PAD]", "<mask>", "[MASK]"];
        reserved.extend(named.iter().filter_map(|piece| model.find(piece)));
        Self {
            model,
            around,
            reserved,
        }
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
        let special = self.special_pieces();
        let room = max_pieces
            .checked_sub(special)
            .filter(|&room| room > 0)
            .ok_or(TextError::NoRoom {
                max_pieces,
                special,
            })?;
        // A Unigram vocabulary holds the special pieces as words like any other, and prefers
        // them; a post must not end its own sequence.
        let pieces = self.model.cut(text)?.into_iter().map(|piece| piece.id);
        let pieces: Vec<u32> = pieces.filter(|id| !self.reserved.contains(id)).collect();
        let [before, after] = &self.around;
        let read = pieces.len().min(room * most.max(1));
        let finish = |window: &[u32]| [before, window, after].concat();
        let mut windows: Vec<_> = pieces[..read].chunks(room).map(finish).collect();
        if windows.is_empty() {
            windows.push(finish(&[]));
        }
        Ok(Windows {
            windows,
            cut: pieces.len() - read,
        })
    }

    /// Lengths, in characters, of the pieces that a text is cut into; they add up to the text's.
    pub fn lengths(&self, text: &str) -> Result<Vec<usize>, TextError> {
        let pieces = self.model.cut(text)?;
        let end = text.chars().count();
        let mut bounds: Vec<usize> = pieces.iter().map(|piece| piece.start).collect();
        bounds.extend([0, end]);
        bounds.retain(|&bound| bound <= end);
        bounds.sort_unstable();
        bounds.dedup();
        Ok(bounds.windows(2).map(|pair| pair[1] - pair[0]).collect())
    }

    /// Number of pieces in the vocabulary; every piece number is below it.
    pub fn vocabulary_size(&self) -> usize {
        match &self.model {
            Model::Unigram(unigram) => unigram.len(),
            #[cfg(feature = "tokenizers")]
            Model::Other(other) => other.get_vocab_size(true),
        }
    }

    /// Special pieces added to every text.
    pub fn special_pieces(&self) -> usize {
        self.around[0].len() + self.around[1].len()
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
