//! Pieces of a Unigram vocabulary (Kudo 2018), as SentencePiece makes it and a Hugging Face
//! `tokenizer.json` holds it: the one kind of tokenizer that bundles have, quick to load.
//!
//! A text is normalised by SentencePiece's table, its spaces become `▁`, and each run from one `▁`
//! to the next is cut where the sum of its pieces' scores is highest.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::de::{self, SeqAccess, Visitor};
use unicode_segmentation::UnicodeSegmentation;

/// How much less likely than the rarest piece a character is that no piece has.
const UNKNOWN_PENALTY: f64 = 10.0;
/// Graphemes of more bytes than this are normalised character by character.
const LONGEST_GRAPHEME: usize = 5;

/// A vocabulary and what is done to a text before it is cut.
#[derive(Clone, Debug)]
pub(super) struct Unigram {
    vocabulary: Vocabulary,
    charsmap: Option<Charsmap>,
    /// True if runs of spaces become one.
    squeeze: bool,
    /// Stands for a space.
    space: char,
    unknown: u32,
    /// Numbers of the special pieces before and after a text.
    pub(super) around: [Vec<u32>; 2],
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) id: u32,
    /// Character of the text at which it begins.
    pub(super) start: usize,
}

/// A text made ready: each byte knows the character that it comes from.
#[derive(Default)]
struct Normalised {
    text: String,
    origin: Vec<u32>,
}

impl Normalised {
    fn push(&mut self, c: char, origin: usize) {
        self.text.push(c);
        self.origin.resize(self.text.len(), origin as u32);
    }
}

impl Unigram {
    /// Reads a `tokenizer.json`; one that does anything else to a text than this module is
    /// refused.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, String> {
        let file: File = serde_json::from_slice(json).map_err(|e| e.to_string())?;
        let model = file.model;
        let vocabulary = model.vocab;
        if model.kind != "Unigram" || model.byte_fallback {
            return Err("its model is not a Unigram vocabulary of whole characters".into());
        }
        let unknown = model.unk_id.filter(|&id| (id as usize) < vocabulary.len());
        let unknown = unknown.ok_or("its Unigram vocabulary has no piece for the unknown")?;
        for added in file.added_tokens {
            if !added.special || vocabulary.find(&added.content) != Some(added.id) {
                return Err(format!("it adds {} to its vocabulary", added.content));
            }
        }
        let mut unigram = Unigram {
            vocabulary,
            charsmap: None,
            squeeze: false,
            space: file.pre_tokenizer.space()?,
            unknown,
            around: file
                .post_processor
                .map_or(Ok(Default::default()), |p| p.around())?,
        };
        if let Some(normalizer) = file.normalizer {
            normalizer.set(&mut unigram)?;
        }
        Ok(unigram)
    }

    /// Number of pieces; every piece number is below it.
    pub(super) fn len(&self) -> usize {
        self.vocabulary.len()
    }

    /// The number of a piece.
    pub(super) fn find(&self, piece: &str) -> Option<u32> {
        self.vocabulary.find(piece)
    }

    /// The pieces of a text, in order.
    pub(super) fn cut(&self, text: &str) -> Vec<Piece> {
        let text = self.spaced(self.normalised(text));
        let mut pieces = Vec::new();
        let mut best = Vec::new();
        let mut start = 0;
        while start < text.text.len() {
            let first = text.text[start..].chars().next().map_or(1, char::len_utf8);
            let next = text.text[start + first..].find(self.space);
            let end = next.map_or(text.text.len(), |next| start + first + next);
            self.cut_run(&text, start..end, &mut best, &mut pieces);
            start = end;
        }
        pieces
    }

    /// What SentencePiece's table makes of a text: of each grapheme where it knows that, else of
    /// its characters.
    fn normalised(&self, text: &str) -> Normalised {
        let mut out = Normalised::default();
        let Some(charsmap) = &self.charsmap else {
            text.chars().enumerate().for_each(|(i, c)| out.push(c, i));
            return out;
        };
        let mut at = 0;
        for grapheme in text.graphemes(true) {
            let short = Some(grapheme).filter(|g| g.len() <= LONGEST_GRAPHEME);
            let count = grapheme.chars().count();
            if let Some(replaced) = short.and_then(|g| charsmap.replacement(g.as_bytes())) {
                for (i, c) in replaced.chars().enumerate() {
                    out.push(c, at + i.min(count - 1));
                }
            } else {
                for (i, c) in grapheme.chars().enumerate() {
                    match charsmap.replacement(c.encode_utf8(&mut [0; 4]).as_bytes()) {
                        Some(replaced) => replaced.chars().for_each(|c| out.push(c, at + i)),
                        None => out.push(c, at + i),
                    }
                }
            }
            at += count;
        }
        out
    }

    /// Spaces as `▁`, one of them at the start.
    fn spaced(&self, text: Normalised) -> Normalised {
        let mut out = Normalised::default();
        let starts_with_space = text.text.starts_with([' ', self.space]);
        if let (Some(&first), false) = (text.origin.first(), starts_with_space) {
            out.push(self.space, first as usize);
        }
        let mut chars = text.text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let followed = chars.peek().is_some_and(|&(_, next)| next == ' ');
            match c {
                // The last of a run stands for it.
                ' ' if self.squeeze && followed => {}
                ' ' => out.push(self.space, text.origin[at] as usize),
                c => out.push(c, text.origin[at] as usize),
            }
        }
        out
    }

    /// Cuts one run and adds its pieces. `best` is scratch.
    fn cut_run(
        &self,
        text: &Normalised,
        run: std::ops::Range<usize>,
        best: &mut Vec<Step>,
        pieces: &mut Vec<Piece>,
    ) {
        let bytes = text.text[run.clone()].as_bytes();
        best.clear();
        best.resize(bytes.len() + 1, Step::default());
        let mut at = 0;
        for c in text.text[run.clone()].chars() {
            let (so_far, width) = (best[at].score, c.len_utf8());
            let mut offer = |length: usize, id: u32, score: f64| {
                let step = &mut best[at + length];
                if step.length == 0 || so_far + score > step.score {
                    *step = Step {
                        score: so_far + score,
                        length: length as u32,
                        id,
                    };
                }
            };
            let mut whole = false;
            self.vocabulary.prefixes(&bytes[at..], |length, id| {
                offer(length, id, self.vocabulary.scores[id as usize]);
                whole |= length == width;
            });
            if !whole {
                let score = self.vocabulary.least - UNKNOWN_PENALTY;
                offer(width, self.unknown, score);
            }
            at += width;
        }
        let from = pieces.len();
        let mut end = bytes.len();
        while end > 0 {
            let step = best[end];
            end -= step.length as usize;
            let start = text.origin[run.start + end] as usize;
            // Unknown characters side by side are one piece.
            match pieces[from..].last_mut() {
                Some(last) if last.id == self.unknown && step.id == self.unknown => {
                    last.start = start;
                }
                _ => pieces.push(Piece { id: step.id, start }),
            }
        }
        pieces[from..].reverse();
    }
}

/// The best way to a place in a run: its score, and the piece that it ends with.
#[derive(Clone, Copy, Default)]
struct Step {
    score: f64,
    length: u32,
    id: u32,
}

/// Pieces and their scores, found by a hash of their bytes.
#[derive(Clone, Debug)]
struct Vocabulary {
    /// All pieces, one after the other.
    text: Vec<u8>,
    /// Where each ends in `text`.
    ends: Vec<u32>,
    scores: Vec<f64>,
    least: f64,
    /// Bytes of the longest piece.
    longest: usize,
    /// Numbers of pieces plus 1, at their hashes or in the next free place; 0 is free.
    table: Vec<u32>,
}

/// Start and multiplier of the FNV-1a hash.
const HASH_START: u32 = 0x811c_9dc5;
const HASH_TIMES: u32 = 0x0100_0193;

impl Vocabulary {
    fn new() -> Self {
        Vocabulary {
            text: Vec::new(),
            ends: Vec::new(),
            scores: Vec::new(),
            least: f64::INFINITY,
            longest: 0,
            table: Vec::new(),
        }
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn push(&mut self, piece: &str, score: f64) {
        self.text.extend_from_slice(piece.as_bytes());
        self.ends.push(self.text.len() as u32);
        self.scores.push(score);
        self.least = self.least.min(score);
        self.longest = self.longest.max(piece.len());
    }

    /// Makes pieces findable; of equal ones the last.
    fn index(&mut self) {
        // Less than half of it is taken, so that searches are short and end.
        self.table = vec![0; (2 * self.len() + 1).next_power_of_two()];
        for id in 0..self.len() as u32 {
            let piece = self.piece(id);
            let hash = piece.iter().fold(HASH_START, |h, &b| hashed(h, b));
            let place = self.place(hash, piece);
            self.table[place] = id + 1;
        }
    }

    fn piece(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[id] as usize]
    }

    /// Where in the table `piece` is, or would be.
    fn place(&self, hash: u32, piece: &[u8]) -> usize {
        let last = self.table.len() - 1;
        let mut place = (hash ^ hash >> 15) as usize & last;
        while self.table[place] != 0 && self.piece(self.table[place] - 1) != piece {
            place = (place + 1) & last;
        }
        place
    }

    fn find(&self, piece: &str) -> Option<u32> {
        let hash = piece.bytes().fold(HASH_START, hashed);
        self.table[self.place(hash, piece.as_bytes())].checked_sub(1)
    }

    /// Calls `found` with length and number of each piece that `text` begins with, shortest
    /// first.
    fn prefixes(&self, text: &[u8], mut found: impl FnMut(usize, u32)) {
        let mut hash = HASH_START;
        for (i, &byte) in text.iter().take(self.longest).enumerate() {
            hash = hashed(hash, byte);
            // A piece ends where a character does.
            if text.get(i + 1).is_none_or(|next| next & 0xc0 != 0x80) {
                let place = self.place(hash, &text[..=i]);
                if let Some(id) = self.table[place].checked_sub(1) {
                    found(i + 1, id);
                }
            }
        }
    }
}

fn hashed(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(HASH_TIMES)
}

/// SentencePiece's normalisation table: a double-array trie of what is replaced (Darts' units,
/// 32 bits each), and what it is replaced with, each up to a zero.
#[derive(Clone, Debug)]
struct Charsmap {
    units: Vec<u32>,
    replacements: String,
}

impl Charsmap {
    fn from_base64(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        let (size, rest) = bytes.split_first_chunk()?;
        let (trie, replacements) = rest.split_at_checked(u32::from_le_bytes(*size) as usize)?;
        let units = trie.as_chunks().0.iter();
        Some(Charsmap {
            units: units.map(|&unit| u32::from_le_bytes(unit)).collect(),
            replacements: String::from_utf8(replacements.to_vec()).ok()?,
        })
    }

    /// What stands in the table for the shortest beginning of `text` that it has.
    fn replacement(&self, text: &[u8]) -> Option<&str> {
        let below = |unit: u32| (unit >> 10) << ((unit & (1 << 9)) >> 6);
        let mut node = below(*self.units.first()?);
        for &byte in text.iter().take_while(|&&byte| byte != 0) {
            node ^= u32::from(byte);
            let unit = *self.units.get(node as usize)?;
            if unit & (1 << 31 | 0xff) != u32::from(byte) {
                return None;
            }
            node ^= below(unit);
            let is_end = unit >> 8 & 1 == 1;
            if is_end {
                let value = *self.units.get(node as usize)? & !(1 << 31);
                return self.replacements.get(value as usize..)?.split('\0').next();
            }
        }
        None
    }
}

// --- the file ---------------------------------------------------------------------------------

#[derive(Deserialize)]
struct File<'a> {
    #[serde(default, borrow)]
    added_tokens: Vec<AddedToken<'a>>,
    #[serde(borrow)]
    normalizer: Option<Normalizer<'a>>,
    #[serde(borrow)]
    pre_tokenizer: PreTokenizer<'a>,
    #[serde(borrow)]
    post_processor: Option<PostProcessor<'a>>,
    #[serde(borrow)]
    model: Model<'a>,
}

#[derive(Deserialize)]
struct AddedToken<'a> {
    id: u32,
    #[serde(borrow)]
    content: Cow<'a, str>,
    special: bool,
}

#[derive(Deserialize)]
struct Normalizer<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    normalizers: Vec<Normalizer<'a>>,
    #[serde(borrow)]
    precompiled_charsmap: Option<Cow<'a, str>>,
    pattern: Option<Pattern>,
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Pattern {
    #[serde(rename = "Regex")]
    regex: Option<String>,
}

impl Normalizer<'_> {
    fn set(self, unigram: &mut Unigram) -> Result<(), String> {
        let regex = self.pattern.and_then(|pattern| pattern.regex);
        match (&*self.kind, regex.as_deref(), self.content.as_deref()) {
            ("Sequence", ..) => {
                return self
                    .normalizers
                    .into_iter()
                    .try_for_each(|n| n.set(unigram));
            }
            ("Precompiled", ..) if unigram.charsmap.is_none() && !unigram.squeeze => {
                let table = self.precompiled_charsmap.unwrap_or_default();
                let table = Charsmap::from_base64(&table);
                unigram.charsmap = Some(table.ok_or("its table of characters is damaged")?);
            }
            ("Replace", Some(" {2,}"), Some(" ")) => unigram.squeeze = true,
            _ => return Err(format!("it normalises by {}", self.kind)),
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct PreTokenizer<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    replacement: Option<char>,
    add_prefix_space: Option<bool>,
    #[serde(borrow)]
    prepend_scheme: Option<Cow<'a, str>>,
    split: Option<bool>,
}

impl PreTokenizer<'_> {
    fn space(&self) -> Result<char, String> {
        let prefixed = self.add_prefix_space != Some(false)
            && self.prepend_scheme.as_deref().is_none_or(|s| s == "always");
        match (&*self.kind, self.replacement) {
            ("Metaspace", Some(space)) if prefixed && self.split != Some(false) => Ok(space),
            _ => Err(format!("it splits words by {}", self.kind)),
        }
    }
}

#[derive(Deserialize)]
struct PostProcessor<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    single: Vec<Part>,
    #[serde(default)]
    special_tokens: std::collections::BTreeMap<String, SpecialToken>,
}

#[derive(Deserialize)]
enum Part {
    SpecialToken { id: String },
    Sequence {},
}

#[derive(Deserialize)]
struct SpecialToken {
    ids: Vec<u32>,
}

impl PostProcessor<'_> {
    /// Special pieces before and after a text.
    fn around(self) -> Result<[Vec<u32>; 2], String> {
        let mut around = [Vec::new(), Vec::new()];
        let mut sequences = 0;
        for part in self.single {
            match part {
                Part::Sequence {} => sequences += 1,
                Part::SpecialToken { id } => {
                    let token = self.special_tokens.get(&id);
                    let ids = &token
                        .ok_or_else(|| format!("it names no number of {id}"))?
                        .ids;
                    around[sequences.min(1)].extend(ids);
                }
            }
        }
        if self.kind != "TemplateProcessing" || sequences != 1 {
            return Err(format!("it surrounds texts by {}", self.kind));
        }
        Ok(around)
    }
}

#[derive(Deserialize)]
struct Model<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    unk_id: Option<u32>,
    #[serde(default)]
    byte_fallback: bool,
    vocab: Vocabulary,
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pieces;
        #[derive(Deserialize)]
        struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

        impl<'de> Visitor<'de> for Pieces {
            type Value = Vocabulary;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("pieces with their scores")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vocabulary, A::Error> {
                let mut vocabulary = Vocabulary::new();
                while let Some((Text(piece), score)) = seq.next_element::<(Text, f64)>()? {
                    if piece.is_empty() {
                        return Err(de::Error::custom("a piece is empty"));
                    }
                    vocabulary.push(&piece, score);
                }
                vocabulary.index();
                Ok(vocabulary)
            }
        }
        deserializer.deserialize_seq(Pieces)
    }
}
