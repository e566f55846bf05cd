//! Likes: what the words of a text say of the likes it will get, beside those of other posts of
//! the same account.

use crate::definition::features::EMBEDDING;
use crate::diffusion::reach::Told;
use crate::layers::tensors::Tensors;
use crate::post::Platform;
use crate::text::Language;
use crate::{Error, Result};

/// The platforms whose texts were found to tell something, each with the language of the texts that
/// it was learnt from, in the order of the head's rows.
pub const LEARNT: [(Platform, Language); 2] = [
    (Platform::Xiaohongshu, Language::Zh),
    (Platform::Instagram, Language::En),
];
/// Letters from which on a text can win as much as any: an emoji alone says too little to win by.
const ENOUGH: f32 = 20.0;

/// The line of one platform.
#[derive(Debug, Clone, PartialEq)]
pub struct LikesLine {
    /// Rise of ln(1 + likes) with each number of a text's vector.
    pub weights: Vec<f32>,
    /// The rise of the zero vector.
    pub bias: f32,
    /// The largest rise or fall that is told, above 0.
    pub most: f32,
    /// The share of a rise that other texts of the account have too, [0, 1].
    pub usual: f32,
}

impl LikesLine {
    /// What a text with this vector says; `text` as it was read.
    pub fn told(&self, vector: &[f32], text: &str) -> Told {
        let along = vector.iter().zip(&self.weights).map(|(x, w)| x * w);
        let rise = (self.bias + along.sum::<f32>()).clamp(-self.most, self.most);
        let letters = text.chars().filter(|c| c.is_alphabetic()).count() as f32;
        Told {
            rise: if rise > 0.0 {
                rise * (letters / ENOUGH).min(1.0)
            } else {
                rise
            },
            usual: self.usual,
        }
    }
}

/// The lines of all platforms that have one.
#[derive(Debug, Clone, PartialEq)]
pub struct Likes([LikesLine; LEARNT.len()]);

impl Likes {
    /// Lines in the order of [`LEARNT`].
    pub fn new(lines: [LikesLine; LEARNT.len()]) -> Self {
        Likes(lines)
    }

    /// Reads `weight` `[platforms, 384]`, `bias`, `most` and `usual` `[platforms]`.
    ///
    /// # Errors
    /// [`Error::Bundle`] when one is missing, or `most` isn't above 0.
    pub fn load(file: &Tensors) -> Result<Self> {
        const N: usize = LEARNT.len();
        let weights = file.floats("weight", &[N, EMBEDDING])?;
        let [bias, most, usual] = [
            file.floats("bias", &[N])?,
            file.floats("most", &[N])?,
            file.floats("usual", &[N])?,
        ];
        // Negated so that NaN fails too.
        if !most.iter().all(|&most| most > 0.0) {
            return Err(Error::Bundle("likes.most: not above 0".into()));
        }
        Ok(Likes(std::array::from_fn(|row| LikesLine {
            weights: weights[row * EMBEDDING..(row + 1) * EMBEDDING].to_vec(),
            bias: bias[row],
            most: most[row],
            usual: usual[row].clamp(0.0, 1.0),
        })))
    }

    /// What a text says of its likes on a platform; `None` where nothing was learnt, or from texts of
    /// another language. `text` as it was read, and `language` as it was detected there.
    pub fn told(
        &self,
        platform: Platform,
        language: Option<Language>,
        vector: &[f32],
        text: &str,
    ) -> Option<Told> {
        let row = LEARNT.iter().position(|(learnt, _)| *learnt == platform)?;
        let known = language.is_none_or(|language| language == LEARNT[row].1);
        known.then(|| self.0[row].told(vector, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tensors::tests::file;

    /// Rows that read the first number of the vector, and at most so much.
    fn load(most: f32) -> Result<Likes> {
        let n = LEARNT.len();
        let mut weight = vec![0.0; n * EMBEDDING];
        for row in 0..n {
            weight[row * EMBEDDING] = 2.0;
        }
        let bytes = file(&[
            ("weight".into(), vec![n, EMBEDDING], weight),
            ("bias".into(), vec![n], vec![0.1; n]),
            ("most".into(), vec![n], vec![most; n]),
            ("usual".into(), vec![n], vec![0.25; n]),
        ]);
        Likes::load(&Tensors::open(&&bytes[..])?)
    }

    fn rise(likes: &Likes, first: f32, text: &str) -> f32 {
        let mut vector = [0.0; EMBEDDING];
        vector[0] = first;
        let told = likes.told(Platform::Xiaohongshu, None, &vector, text);
        told.unwrap().rise
    }

    #[test]
    fn a_rise_follows_the_vector_up_to_the_most_and_few_letters_win_little() {
        let likes = load(0.5).unwrap();
        let long = "我妈第一次自己用手机点到了一杯热咖啡，特别高兴。";
        assert!((rise(&likes, 0.1, long) - 0.3).abs() < 1e-6);
        assert_eq!(rise(&likes, 1.0, long), 0.5);
        assert_eq!(rise(&likes, -1.0, long), -0.5);
        assert_eq!(rise(&likes, 1.0, "😍"), 0.0);
        assert!((rise(&likes, 1.0, "真好喝") - 0.5 * 3.0 / 20.0).abs() < 1e-6);
        assert_eq!(rise(&likes, -1.0, "😍"), -0.5);
    }

    #[test]
    fn where_nothing_was_learnt_nothing_is_told() {
        let likes = load(0.5).unwrap();
        let vector = [0.0; EMBEDDING];
        let told = |platform, language| likes.told(platform, language, &vector, "a").is_some();
        for (platform, language) in LEARNT {
            assert!(told(platform, Some(language)) && told(platform, None));
            assert!(!told(platform, Some(Language::Other)));
        }
        assert!(!told(Platform::Douyin, Some(Language::Zh)));
        assert_eq!(load(0.0).unwrap_err().code(), "bundle");
    }
}
