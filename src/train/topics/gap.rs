//! Why topics cohere less on held-out texts than on those that their terms were chosen on, and
//! what the subjects that people named reach there.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::coherence::TOP;
use super::sides::{CANDIDATES, Coherence, Corpus, KNOWN, PARTS, Side, choose};
use super::terms::top_terms;

/// Texts of fewer words are alike by chance.
const COPIED: usize = 3;

/// Coherence of terms chosen from `candidates` on half of the training texts, from those very
/// texts to the held-out ones; and how much of it the reference texts allow.
pub fn steps(side: &Side, candidates: &[Vec<u32>]) -> Vec<Coherence> {
    let chosen_on = side.training(|t| !t.apart);
    let apart = side.training(|t| t.apart);
    let mut reference = side.reference();
    let terms = choose(&chosen_on, PARTS, candidates);

    let seen: HashSet<&[u32]> = chosen_on.iter().copied().collect();
    let copied = |text: &&[u32]| text.len() >= COPIED && seen.contains(text);
    let new: Corpus = apart.iter().copied().filter(|t| !copied(t)).collect();
    let as_many = (new.len() / reference.len().max(1)).max(1);
    let oracle = choose(&reference, 1, candidates);
    let mut found = vec![
        Coherence::new("half of training: chosen on it", &chosen_on, 1, &terms),
        Coherence::new("  the other half", &apart, 1, &terms),
        Coherence::new("  without copies of the first", &new, 1, &terms),
        Coherence::new("  as few as held out", &new, as_many, &terms),
        side.coherence("  held out", &terms),
        side.coherence("chosen on the held-out", &oracle),
    ];
    reference.sort_by_key(|text| text.len());
    let (short, long) = reference.split_at(reference.len() / 2);
    for (what, half) in [("shorter half", short), ("longer half", long)] {
        found.push(Coherence::new(what, &half.to_vec(), 1, &terms));
    }
    found
}

/// Coherence of the `count` largest subjects that people named, all and by set; terms are chosen
/// as topics' are, but from all training texts. A subject is large by its training texts, and
/// those short of terms don't count.
pub fn people(side: &Side, count: usize) -> Vec<Coherence> {
    let mut sizes: BTreeMap<&(&str, String), usize> = BTreeMap::new();
    for subject in side.training.iter().filter_map(|t| t.subject.as_ref()) {
        *sizes.entry(subject).or_default() += 1;
    }
    let mut subjects: Vec<&(&str, String)> = sizes.keys().copied().collect();
    subjects.sort_by_key(|subject| Reverse(sizes[subject]));
    let numbers: HashMap<_, usize> = subjects.iter().copied().zip(0..).collect();
    let texts = side.training.iter();
    let texts = texts.map(|t| (t.subject.as_ref().map(|s| numbers[s]), &t.words[..]));
    let terms = side.choose(top_terms(texts, subjects.len(), KNOWN, CANDIDATES));
    let rated = subjects.iter().zip(terms).filter(|(_, t)| t.len() == TOP);
    let largest: Vec<(&str, Vec<u32>)> = rated.map(|(s, t)| (s.0, t)).take(count).collect();
    let coherence = |what: &str, which: &dyn Fn(&str) -> bool| {
        let some = largest.iter().filter(|(set, _)| which(set));
        side.coherence(what, &some.map(|(_, t)| t.clone()).collect::<Vec<_>>())
    };
    let mut found = vec![coherence("people's subjects", &|_| true)];
    let sets: BTreeSet<&str> = largest.iter().map(|(set, _)| *set).collect();
    found.extend(
        sets.iter()
            .map(|set| coherence(&format!("  {set}"), &|s| s == *set)),
    );
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;
    use crate::train::topics::sides::Text;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Texts of five of a subject's ten words, 0 to 9 or 10 to 19, and of ten words more, 20 to
    /// 29, that come by chance but all together in a fifth of the first half.
    fn side(held_out: usize) -> Side {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut text = |i: usize, together: bool| -> Vec<u32> {
            let from = if i.is_multiple_of(2) { 0 } else { 10 };
            let mut words: Vec<u32> = (from..from + 10).collect();
            words.sort_by_cached_key(|_| rng.random_range(0..u32::MAX));
            words.truncate(5);
            words.extend((20..30).filter(|_| together || rng.random_range(0..10) < 3));
            words
        };
        let training = (0..400).map(|i| Text {
            words: text(i, i < 200 && i.is_multiple_of(5)),
            subject: (i < 300).then(|| ("set", format!("{}", i % 2))),
            apart: i >= 200,
        });
        Side {
            language: Language::En,
            rows: Vec::new(),
            sample: Vec::new(),
            training: training.collect(),
            reference: (0..held_out).map(|i| text(i, false)).collect(),
        }
    }

    #[test]
    fn what_held_only_where_it_was_chosen_is_told_apart() {
        let side = side(200);
        let spurious: Vec<u32> = (20..30).collect();
        let real: Vec<u32> = (0..10).collect();
        let value = |topic: &Vec<u32>| -> Vec<f64> {
            let found = steps(&side, std::slice::from_ref(topic));
            found.iter().map(|j| j.c_v.value).collect()
        };
        let (spurious, real) = (value(&spurious), value(&real));
        assert!(spurious[0] > spurious[1] + 0.3, "{spurious:?}");
        assert!((real[0] - real[1]).abs() < 0.1, "{real:?}");
        assert!((real[4] - real[1]).abs() < 0.1, "{real:?}");
    }

    #[test]
    fn texts_are_counted_without_copies_and_in_parts() {
        let topic: Vec<u32> = (0..10).collect();
        let mut side = side(50);
        let texts = |side: &Side| -> Vec<usize> {
            let found = steps(side, std::slice::from_ref(&topic));
            found.iter().map(|j| j.texts).collect()
        };
        assert_eq!(texts(&side), [200, 200, 200, 50, 50, 50, 25, 25]);
        // Two words may be alike by chance, three are a copy.
        for (i, words) in [(0, vec![28, 29, 30]), (1, vec![28, 29])] {
            side.training[i].words = words.clone();
            side.training[300 + i].words = words;
        }
        assert_eq!(texts(&side)[..4], [200, 200, 199, 199 / 3]);
    }

    #[test]
    fn the_largest_subjects_of_people_are_rated() {
        let mut side = side(50);
        let texts = side.training.iter_mut();
        texts.for_each(|text| text.words.retain(|word| *word < 20));
        let found = people(&side, 9);
        let what: Vec<&str> = found.iter().map(|j| &j.what[..]).collect();
        assert_eq!(what, ["people's subjects", "  set"]);
        assert!(found.iter().all(|j| j.rated == 2 && j.c_v.value > 0.5));
        assert_eq!(people(&side, 1)[0].rated, 1);
    }
}
