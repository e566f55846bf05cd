//! Latent Dirichlet allocation by collapsed Gibbs sampling (Griffiths & Steyvers 2004): what the
//! found topics are compared with.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Priors of a text's topics and of a topic's words; a short text is about little.
const ALPHA: f64 = 0.1;
const BETA: f64 = 0.01;

/// How often each of `words` words came from each of `topics` topics after `rounds` sweeps over
/// `texts`, whose words are numbers below `words`: a row of counts per topic.
pub fn lda(
    texts: &[Vec<u32>],
    words: usize,
    topics: usize,
    rounds: usize,
    seed: u64,
) -> Vec<Vec<u32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // A word's counts lie side by side.
    let mut of_word = vec![vec![0u32; topics]; words];
    let mut of_topic = vec![0u32; topics];
    let mut of_text = vec![vec![0u32; topics]; texts.len()];
    let mut drawn: Vec<Vec<usize>> = Vec::with_capacity(texts.len());
    for (text, counts) in texts.iter().zip(&mut of_text) {
        let start = text.iter().map(|&word| {
            let topic = rng.random_range(0..topics);
            of_word[word as usize][topic] += 1;
            of_topic[topic] += 1;
            counts[topic] += 1;
            topic
        });
        drawn.push(start.collect());
    }
    let smooth = BETA * words as f64;
    let mut cumulated = vec![0.0; topics];
    for _ in 0..rounds {
        for ((text, counts), drawn) in texts.iter().zip(&mut of_text).zip(&mut drawn) {
            for (&word, topic) in text.iter().zip(drawn) {
                let word = &mut of_word[word as usize];
                word[*topic] -= 1;
                of_topic[*topic] -= 1;
                counts[*topic] -= 1;
                let mut sum = 0.0;
                for (k, slot) in cumulated.iter_mut().enumerate() {
                    sum += (f64::from(counts[k]) + ALPHA) * (f64::from(word[k]) + BETA)
                        / (f64::from(of_topic[k]) + smooth);
                    *slot = sum;
                }
                let point = rng.random_range(0.0..sum);
                *topic = cumulated.partition_point(|&s| s <= point).min(topics - 1);
                word[*topic] += 1;
                of_topic[*topic] += 1;
                counts[*topic] += 1;
            }
        }
    }
    (0..topics)
        .map(|k| of_word.iter().map(|word| word[k]).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_never_meet_come_from_different_topics() {
        let texts: Vec<Vec<u32>> = (0..60)
            .map(|i| {
                if i % 2 == 0 {
                    vec![0, 1, 2]
                } else {
                    vec![3, 4, 5]
                }
            })
            .collect();
        let counts = lda(&texts, 6, 2, 100, 3);
        let topic = |word: usize| usize::from(counts[1][word] > counts[0][word]);
        assert!((0..3).all(|w| topic(w) == topic(0)));
        assert!((3..6).all(|w| topic(w) == 1 - topic(0)));
        assert_eq!(counts.iter().flatten().sum::<u32>(), 180);
    }
}
