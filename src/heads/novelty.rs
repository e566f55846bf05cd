//! How unlike the training texts a text is written: how much its pieces surprise whoever knows how
//! often each of them came there.
//!
//! Distances between vectors don't tell: the encoder maps keyboard noise and program code right
//! among posts. What it never read shows in the pieces: they are rare, or short.

use crate::layers::tensors::Tensors;
use crate::text::Language;
use crate::{Error, Result};

/// Ways to count: surprise per character (noise, code, other languages fall into short pieces) and
/// per piece (rare characters are a piece each).
pub const MEASURES: usize = 2;
/// Languages that are usual in ways of their own: Chinese, and all others.
pub const LANGUAGES: usize = 2;
/// Characters, or pieces, of usual text that every text is counted with, so that a few rare words
/// don't make a short one strange.
const BORROWED: f32 = 10.0;

/// Statistics of the training texts' pieces.
#[derive(Debug, Clone, PartialEq)]
pub struct Novelty {
    /// -ln of each piece's frequency; 0 for pieces that aren't text.
    surprise: Vec<f32>,
    /// Mean surprise, per language and measure.
    usual: [[f32; MEASURES]; LANGUAGES],
    /// Surprise that one training-like text in a few hundred passes.
    limit: [[f32; MEASURES]; LANGUAGES],
}

impl Novelty {
    /// Reads `surprise` `[pieces]`, `usual` and `limit` `[2, 2]`.
    ///
    /// # Errors
    /// [`Error::Bundle`] when one is missing, or a limit isn't above 0.
    pub fn load(file: &Tensors) -> Result<Self> {
        let table = |name: &str| -> Result<[[f32; MEASURES]; LANGUAGES]> {
            let numbers = file.floats(name, &[LANGUAGES, MEASURES])?;
            Ok([[numbers[0], numbers[1]], [numbers[2], numbers[3]]])
        };
        let surprise = file.floats_of_any_shape("surprise")?;
        Self::new(surprise, table("usual")?, table("limit")?)
    }

    /// From its parts, as [`Novelty::load`] reads them.
    pub fn new(
        surprise: Vec<f32>,
        usual: [[f32; MEASURES]; LANGUAGES],
        limit: [[f32; MEASURES]; LANGUAGES],
    ) -> Result<Self> {
        // Negated so that NaN fails too.
        if !limit.iter().flatten().all(|&limit| limit > 0.0) {
            return Err(Error::Bundle("novelty.limit: not above 0".into()));
        }
        Ok(Novelty {
            surprise,
            usual,
            limit,
        })
    }

    /// How far a text of these pieces is from those of training: above 1 it is unlike them.
    /// `characters` are those of the text, spaces left out.
    pub fn distance(&self, pieces: &[u32], characters: usize, language: Option<Language>) -> f32 {
        let row = row_of(language);
        let found = self.measures(pieces, characters, row);
        let of_limit = found.iter().zip(&self.limit[row]);
        of_limit.map(|(x, limit)| x / limit).fold(0.0, f32::max)
    }

    /// Surprise per character and per piece, with what is borrowed of usual text.
    pub fn measures(&self, pieces: &[u32], characters: usize, row: usize) -> [f32; MEASURES] {
        let known = |&id: &u32| self.surprise.get(id as usize).copied().unwrap_or(0.0);
        let (mut sum, mut count) = (0.0f32, 0.0f32);
        for surprise in pieces.iter().map(known).filter(|&s| s > 0.0) {
            sum += surprise;
            count += 1.0;
        }
        let usual = self.usual[row];
        [
            (sum + BORROWED * usual[0]) / (characters as f32 + BORROWED),
            (sum + BORROWED * usual[1]) / (count + BORROWED),
        ]
    }
}

/// The row of a language in tables.
pub fn row_of(language: Option<Language>) -> usize {
    match language {
        Some(Language::Zh) => 0,
        Some(Language::En | Language::Other) | None => 1,
    }
}

/// Characters of a text, spaces left out.
pub fn characters(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Piece 0 isn't text, 1 is frequent, 2 is rare.
    fn novelty() -> Novelty {
        let (usual, limit) = ([[2.0, 4.0]; 2], [[4.0, 8.0]; 2]);
        Novelty::new(vec![0.0, 4.0, 16.0], usual, limit).unwrap()
    }

    #[test]
    fn rare_pieces_and_short_ones_are_far() {
        let far = |pieces: &[u32], characters| novelty().distance(pieces, characters, None);
        assert!(far(&[1; 40], 80) <= 0.5 + 1e-6);
        assert!(far(&[2; 40], 320) > 1.0, "rare");
        assert!(far(&[1; 40], 40) < 1.0 && far(&[1; 40], 30) > 1.0, "short");
    }

    #[test]
    fn a_few_odd_pieces_and_none_at_all_are_not() {
        for pieces in [&[][..], &[0, 0], &[2, 2]] {
            assert!(novelty().distance(pieces, 8, Some(Language::Zh)) < 1.0);
        }
    }

    #[test]
    fn a_limit_must_mean_something() {
        let of = |limit| Novelty::new(vec![], [[1.0; 2]; 2], [[limit; 2]; 2]);
        assert!(of(f32::NAN).is_err() && of(0.0).is_err());
    }
}
