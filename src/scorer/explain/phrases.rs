//! What each phrase of a post adds to s and T: its clauses, and the words of the strongest ones.
//!
//! Each clause is read by itself, which takes little more than reading the post once more. Its
//! share of s is that of the log-odds of all clauses, weighed by their lengths. Inside the
//! strongest clauses each word's share is what the clause loses without it. A whole post takes a
//! few tens of short readings, however long it is.

use std::ops::Range;

use serde::Serialize;

use super::cut::{clauses_of, cut, keep_whole};
use super::protected::{is_function_word, is_protected};
use crate::Result;
use crate::post::Post;
use crate::scorer::answer::{Note, Value};
use crate::scorer::words::{Words, note};
use crate::text::{Name, Searchable};

/// Characters of a post's beginning whose phrases are found; later ones are counted as `skipped`.
const MOST_CHARS: usize = 2_000;
/// Clauses whose words are looked at.
const STRONGEST: usize = 2;
/// Most words, or runs of words, of such a clause.
const MOST_WORDS: usize = 12;
/// Most texts that are read together ...
const BATCH: usize = 16;
/// ... and about so many characters: a step shouldn't keep what is typed meanwhile waiting.
const BATCH_CHARS: usize = 640;
/// Longest clause in characters that a hint names whole.
const NAMED_WHOLE: usize = 12;
/// Least valence of a clause for which it is named, or counts as taking a side.
const WORTH_A_HINT: f32 = 0.1;
/// Valence from which a text is clearly for or against.
const CLEAR: f32 = 0.5;

/// A clause or a word, and what it adds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WordShare {
    /// Part of the post the words stand in.
    pub field: Field,
    /// Where they stand there, in UTF-16 code units, as JavaScript counts.
    pub start: usize,
    /// Where they end.
    pub end: usize,
    /// What they add to s, [-1, 1].
    pub s: f32,
    /// What they add to T, [-1, 1]; 0 without a brand.
    pub t: f32,
}

/// A part of a post that has words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// Its title.
    Title,
    /// Its text.
    Text,
}

/// A clause and the words in it, as byte ranges of its field.
#[derive(Debug)]
struct Clause {
    field: Field,
    range: Range<usize>,
    words: Vec<Range<usize>>,
}

/// The phrases of a post, and how far their shares are known. Every step is short, so that a caller
/// can stop between two.
#[derive(Debug)]
pub struct Phrases {
    post: Post,
    clauses: Vec<Clause>,
    names: Vec<String>,
    /// s and T of the whole post.
    whole: (f32, f32),
    /// s and T of each clause by itself, as far as they are read.
    read: Vec<(f32, f32)>,
    /// Clauses whose words are looked at, the strongest first; none before all are read.
    strongest: Vec<usize>,
    /// The clause whose share comes next.
    next: usize,
    /// s and T of that clause without each run of its words, as far as they are read.
    without: Vec<(f32, f32)>,
    /// The words that a hint names.
    named: Option<(Field, Range<usize>)>,
    /// Characters past those whose phrases are found (2,000 of a title or a text).
    pub skipped: usize,
}

impl Phrases {
    /// Finds the phrases of `post`, of which `whole` is s and T. `names` are words that stay whole
    /// and are never named as tone. `pieces` cuts text of a script without spaces, by lengths in
    /// characters that add up to it.
    ///
    /// # Errors
    /// Those of `pieces`.
    pub fn new(
        post: &Post,
        whole: (f32, f32),
        names: &[&str],
        pieces: impl Fn(&str) -> Result<Vec<usize>>,
    ) -> Result<Self> {
        let mut found = Vec::new();
        let mut skipped = 0;
        for (field, text) in fields(post) {
            let read = text
                .char_indices()
                .nth(MOST_CHARS)
                .map_or(text.len(), |(at, _)| at);
            skipped += text[read..].chars().count();
            let mut words = cut(&text[..read], &pieces)?;
            let searchable = Searchable::new(text);
            for name in names {
                for range in searchable.find(&Name::new(name)) {
                    keep_whole(&mut words, range);
                }
            }
            for range in clauses_of(&text[..read], &words) {
                let inside = |word: &&Range<usize>| range.contains(&word.start);
                let words = words.iter().filter(inside).cloned().collect();
                found.push(Clause {
                    field,
                    range,
                    words,
                });
            }
        }
        found.retain(|clause| !clause.words.is_empty());
        Ok(Phrases {
            post: post.clone(),
            clauses: found,
            names: names.iter().map(|&name| name.to_owned()).collect(),
            whole,
            read: Vec::new(),
            strongest: Vec::new(),
            next: 0,
            without: Vec::new(),
            named: None,
            skipped,
        })
    }

    /// Number of clauses.
    pub fn len(&self) -> usize {
        self.clauses.len()
    }

    /// True if the post has no word, only punctuation.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// Shares of the next phrases, in their order, or none where there is more to read before them;
    /// `None` after the last. `predict` gives s and T of each text.
    ///
    /// # Errors
    /// Those of `predict`.
    pub fn step(
        &mut self,
        predict: impl Fn(&[String]) -> Result<Vec<(f32, f32)>>,
    ) -> Result<Option<Vec<WordShare>>> {
        let unread = &self.clauses[self.read.len()..];
        if !unread.is_empty() {
            let texts: Vec<String> = unread.iter().map(|clause| self.letters(clause)).collect();
            self.read.extend(predict(batch(&texts))?);
            if self.read.len() == self.clauses.len() {
                self.choose_strongest();
            }
            return Ok(Some(Vec::new()));
        }
        let plain = self.next;
        while self.next < self.clauses.len() && !self.strongest.contains(&self.next) {
            self.next += 1;
        }
        if plain < self.next {
            return Ok(Some((plain..self.next).map(|i| self.share(i)).collect()));
        }
        if self.next == self.clauses.len() {
            return Ok(None);
        }
        let texts = self.without_each(&self.clauses[self.next]);
        if self.without.len() < texts.len() {
            let found = predict(batch(&texts[self.without.len()..]))?;
            self.without.extend(found);
            return Ok(Some(Vec::new()));
        }
        let shares = self.inside(self.next);
        self.without.clear();
        self.next += 1;
        Ok(Some(shares))
    }

    /// A hint at the phrase so far that the tone hangs on most, or that all agree. A name, a
    /// negation, a warning or a disclosure of advertising is never named by itself: nobody should
    /// be led to take it out.
    pub fn hint(&self, words: &Words) -> Option<Note> {
        let (s, _) = self.whole;
        let sides = self.read.iter().filter(|(s, _)| s.abs() >= WORTH_A_HINT);
        let agree = sides.clone().all(|(other, _)| other.signum() == s.signum());
        if s.abs() >= CLEAR && agree && sides.clone().count() >= 3 {
            let phrases = Value::Count(sides.count() as u64);
            return Some(note!(words, hints.agree, phrases: phrases));
        }
        let strongest = *self.strongest.first()?;
        let (valence, _) = self.read[strongest];
        let (field, range) = self.named.as_ref()?;
        let phrase = self.text(*field)[range.clone()].to_owned();
        Some(note!(
            words, hints.word,
            word: Value::Text(phrase),
            s: Value::signed(valence, 2),
        ))
    }

    fn choose_strongest(&mut self) {
        let weight = |i: &usize| {
            let (s, _) = self.read[*i];
            log_odds(s).abs() * (self.length(*i) as f32).sqrt()
        };
        let mut order: Vec<usize> = (0..self.read.len()).collect();
        // What tells against the whole is not what it hangs on.
        let (s, _) = self.whole;
        let agrees = |i: usize| self.read[i].0 * s > 0.0;
        order.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        order.sort_by_key(|&i| !agrees(i));
        order.retain(|&i| self.read[i].0.abs() >= WORTH_A_HINT);
        order.truncate(STRONGEST);
        self.strongest = order;
        self.named = self.strongest.first().and_then(|&i| {
            let clause = &self.clauses[i];
            let words = self.tone_words(clause);
            let (first, last) = (words.first()?, words.last()?);
            let range = first.start..last.end;
            let letters = self.text(clause.field)[range.clone()].chars().count();
            (letters <= NAMED_WHOLE).then_some((clause.field, range))
        });
    }

    /// Words of a clause that a hint may begin or end with: no names, no function words.
    fn tone_words(&self, clause: &Clause) -> Vec<Range<usize>> {
        let text = self.text(clause.field);
        let searchable = Searchable::new(text);
        let names = self.names.iter();
        let names: Vec<_> = names
            .flat_map(|name| searchable.find(&Name::new(name)))
            .collect();
        let words = clause.words.iter().filter(|word| {
            let named = names
                .iter()
                .any(|n| n.start < word.end && word.start < n.end);
            !named && !is_function_word(&text[(*word).clone()])
        });
        words.cloned().collect()
    }

    /// The share of a clause: its length times its log-odds, in units of s.
    fn share(&self, i: usize) -> WordShare {
        let all = || (0..self.read.len()).map(|i| (self.length(i) as f32, self.read[i]));
        let letters: f32 = all().map(|(n, _)| n).sum();
        let valence: f32 = all().map(|(n, (s, _))| n * s.abs()).sum();
        let odds: f32 = all().map(|(n, (s, _))| n * log_odds(s).abs()).sum();
        let relevance: f32 = all().map(|(_, (_, t))| t).sum();
        let (s, t) = self.read[i];
        let own = self.length(i) as f32 * log_odds(s);
        let (_, whole_t) = self.whole;
        let brand = !self.names.is_empty();
        self.placed(
            i,
            &self.clauses[i].range,
            own / odds.max(f32::MIN_POSITIVE) * valence / letters.max(1.0),
            match brand {
                true => whole_t * t / relevance.max(f32::MIN_POSITIVE),
                false => 0.0,
            },
        )
    }

    /// A clause without each run of its words; nothing where it is one run, and can't be without.
    fn without_each(&self, clause: &Clause) -> Vec<String> {
        let text = self.text(clause.field);
        let Range { start, end } = clause.range.clone();
        let runs = runs(&clause.words);
        if runs.len() < 2 {
            return Vec::new();
        }
        let without = |run: &Range<usize>| {
            let (before, after) = (&text[start..run.start], &text[run.end..end]);
            format!("{before}{after}")
        };
        runs.iter().map(without).collect()
    }

    /// The shares of the words of a clause that was read without each of them: they add up to its
    /// own but for what tells against it.
    fn inside(&mut self, i: usize) -> Vec<WordShare> {
        let clause = &self.clauses[i];
        let whole = self.share(i);
        if self.without.is_empty() {
            return vec![whole];
        }
        let runs = runs(&clause.words);
        let (s, t) = self.read[i];
        let lost: Vec<(f32, f32)> = self
            .without
            .iter()
            .map(|(s_without, t_without)| (log_odds(s) - log_odds(*s_without), t - t_without))
            .collect();
        let sum = |of: fn(&(f32, f32)) -> f32| lost.iter().map(|l| of(l).abs()).sum::<f32>();
        let (all_s, all_t) = (sum(|l| l.0), sum(|l| l.1));
        let part = |part: f32, all: f32| part / all.max(f32::MIN_POSITIVE);
        let shares = runs.iter().zip(&lost).map(|(run, (s, t))| {
            let s = whole.s.abs() * part(*s, all_s);
            self.placed(i, run, s, whole.t * part(*t, all_t))
        });
        let shares = shares.collect();
        if self.named.is_none() && self.strongest.first() == Some(&i) {
            self.named = self.strongest_run(i, &runs, &lost);
        }
        shares
    }

    /// The run of a clause's words that it loses most without, and may be named.
    fn strongest_run(
        &self,
        i: usize,
        runs: &[Range<usize>],
        lost: &[(f32, f32)],
    ) -> Option<(Field, Range<usize>)> {
        let clause = &self.clauses[i];
        let text = self.text(clause.field);
        let tone = self.tone_words(clause);
        let has_tone = |run: &Range<usize>| tone.iter().any(|word| run.contains(&word.start));
        let (s, _) = self.read[i];
        let named = runs.iter().zip(lost).filter(|(run, (change, _))| {
            change * s > 0.0 && has_tone(run) && !is_protected(text, (*run).clone())
        });
        let (run, _) = named.max_by(|a, b| a.1.0.abs().total_cmp(&b.1.0.abs()))?;
        Some((clause.field, run.clone()))
    }

    fn placed(&self, i: usize, range: &Range<usize>, s: f32, t: f32) -> WordShare {
        let field = self.clauses[i].field;
        let text = self.text(field);
        let letters = text[range.clone()].trim_end();
        let start = utf16(&text[..range.start]);
        WordShare {
            field,
            start,
            end: start + utf16(letters),
            s,
            t,
        }
    }

    fn length(&self, i: usize) -> usize {
        self.letters(&self.clauses[i]).chars().count()
    }

    fn letters(&self, clause: &Clause) -> String {
        self.text(clause.field)[clause.range.clone()].to_owned()
    }

    fn text(&self, field: Field) -> &str {
        match field {
            Field::Title => self.post.title.as_deref().unwrap_or_default(),
            Field::Text => &self.post.text,
        }
    }
}

/// ln((1 + s) / (1 - s)), not beyond what a probability of 0.995 has.
fn log_odds(s: f32) -> f32 {
    let s = s.clamp(-0.99, 0.99);
    ((1.0 + s) / (1.0 - s)).ln()
}

/// As many of these texts as one step reads.
fn batch(texts: &[String]) -> &[String] {
    let mut chars = 0;
    let fit = texts.iter().take_while(|text| {
        chars += text.chars().count();
        chars <= BATCH_CHARS
    });
    &texts[..fit.count().clamp(1, BATCH).min(texts.len())]
}

/// At most [`MOST_WORDS`] runs of neighbouring words.
fn runs(words: &[Range<usize>]) -> Vec<Range<usize>> {
    let together = words.len().div_ceil(MOST_WORDS).max(1);
    let runs = words.chunks(together);
    runs.map(|run| run[0].start..run[run.len() - 1].end)
        .collect()
}

fn fields(post: &Post) -> impl Iterator<Item = (Field, &str)> {
    let title = post.title.as_deref().map(|title| (Field::Title, title));
    title.into_iter().chain([(Field::Text, post.text.as_str())])
}

fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::super::cut::MOST_CLAUSES;
    use super::*;
    use crate::scorer::words::Locale;

    /// Pairs of characters.
    fn pairs(run: &str) -> Result<Vec<usize>> {
        let n = run.chars().count();
        Ok((0..n).step_by(2).map(|i| (n - i).min(2)).collect())
    }

    fn post(text: &str) -> Post {
        Post {
            text: text.into(),
            ..Post::default()
        }
    }

    /// s counts "good" and "bad", T counts "tea".
    fn predict(texts: &[String]) -> Result<Vec<(f32, f32)>> {
        let count = |text: &String, word| text.matches(word).count() as f32;
        let s = |text| (0.6 * (count(text, "good") - count(text, "bad"))).clamp(-0.9, 0.9);
        Ok(texts.iter().map(|t| (s(t), count(t, "tea"))).collect())
    }

    fn all(phrases: &mut Phrases) -> Vec<WordShare> {
        let mut shares = Vec::new();
        while let Some(step) = phrases.step(predict).unwrap() {
            shares.extend(step);
        }
        shares
    }

    #[test]
    fn clauses_have_shares_and_the_strongest_have_words() {
        let text = "The queue was long, but good tea again, and a good old place.";
        let post = post(text);
        let mut phrases = Phrases::new(&post, (0.6, 1.0), &["tea"], pairs).unwrap();
        assert_eq!(phrases.len(), 3);
        let shares = all(&mut phrases);
        let of = |letters: &str| {
            let found = shares.iter().find(|w| &text[w.start..w.end] == letters);
            found.unwrap_or_else(|| panic!("{letters}: {shares:?}"))
        };
        assert_eq!(of("The queue was long,").s, 0.0);
        assert!(of("good").s > 0.15);
        assert!(of("tea").t > 0.9 && of("tea").s == 0.0);
        assert!(shares.windows(2).all(|w| w[0].end <= w[1].start));
    }

    #[test]
    fn the_hint_names_the_strongest_phrase_and_no_name() {
        let post = post("Tea Corner is bad. The rest of the street was as it always is.");
        let mut phrases = Phrases::new(&post, (-0.6, 1.0), &["Tea Corner"], pairs).unwrap();
        all(&mut phrases);
        let hint = phrases.hint(Locale::En.words()).unwrap();
        assert_eq!(hint.message, "What moves the tone most is “bad”.");
    }

    #[test]
    fn a_text_whose_phrases_agree_says_so() {
        let post = post("A good drink, a good place, a good day. Good.");
        let mut phrases = Phrases::new(&post, (0.8, 1.0), &[], pairs).unwrap();
        all(&mut phrases);
        let hint = phrases.hint(Locale::En.words()).unwrap();
        assert_eq!(hint.code, "agree");
    }

    #[test]
    fn long_posts_take_few_readings_and_each_step_is_short() {
        for text in ["a good cup, but a bad one, ", "good word "] {
            let post = post(&text.repeat(40));
            let mut phrases = Phrases::new(&post, (0.1, 1.0), &[], pairs).unwrap();
            assert!(phrases.len() <= MOST_CLAUSES);
            let readings = std::cell::Cell::new(0);
            let counted = |texts: &[String]| {
                let chars: usize = texts.iter().map(|text| text.chars().count()).sum();
                assert!(chars <= BATCH_CHARS, "{chars}");
                readings.set(readings.get() + texts.len());
                predict(texts)
            };
            while phrases.step(counted).unwrap().is_some() {}
            assert!(readings.get() <= MOST_CLAUSES + STRONGEST * MOST_WORDS);
            assert_eq!(phrases.skipped, 0);
        }
        let long = post(&"字".repeat(MOST_CHARS + 7));
        let long = Phrases::new(&long, (0.0, 1.0), &[], pairs).unwrap();
        assert_eq!(long.skipped, 7);
    }

    #[test]
    fn a_name_with_a_comma_stays_in_one_clause() {
        let post = post("Wow, Inc is bad, it is bad.");
        let mut phrases = Phrases::new(&post, (-0.6, 1.0), &["Wow, Inc"], pairs).unwrap();
        assert_eq!(phrases.len(), 2);
        assert!(all(&mut phrases).iter().any(|share| share.s < 0.0));
    }
}
