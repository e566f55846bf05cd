//! Accounts that act together: signals with the rows they rest on, never a verdict.
//!
//! Two signals are looked for. Accounts that pass on the same post within seconds of each other, and
//! do so with several posts, as CooRTweet looks for them; and the same words from several accounts.
//! Fans of a star do both, so each signal comes with what was seen.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// Seconds within which two accounts pass on the same post at the same moment.
pub const SAME_MOMENT: u32 = 10;
/// Posts with which two accounts must do so.
pub const SAME_POSTS: usize = 2;
/// Other accounts that must have the same words.
pub const SAME_WORDS: usize = 2;
/// Characters of words that nobody has by chance.
pub const LONG_WORDS: usize = 15;
/// Rows of evidence that are kept of a signal.
const EVIDENCE: usize = 10;

/// One event, as far as it tells who acts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Act {
    /// Seconds after the post.
    pub t: u32,
    /// Whose it is.
    pub account: u128,
    /// Hash of its words, where there are at least [`LONG_WORDS`] characters of them.
    pub words: Option<u64>,
}

/// A kind of signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// Other accounts passed on the same post within 10 seconds, two posts at least.
    SameMoments,
    /// Two other accounts at least wrote the same words.
    SameWords,
}

/// Two events that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// Number of the post, as among those that were looked through.
    pub post: usize,
    /// Seconds after the post.
    pub t: u32,
    /// The other account.
    pub other: u128,
    /// Seconds after its post of the other's event.
    pub other_t: u32,
    /// Number of the other's post.
    pub other_post: usize,
}

/// Something that accounts which act together do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// What was seen.
    pub kind: SignalKind,
    /// Other accounts.
    pub accounts: usize,
    /// Posts of the account with which it was seen.
    pub posts: usize,
    /// The first of the rows.
    pub evidence: Vec<Evidence>,
}

/// The signals of an account, by its posts: the events of each, sorted by time.
pub fn signals(account: u128, posts: &[&[Act]]) -> Vec<Signal> {
    let moments = same_moments(account, posts);
    let words = same_words(account, posts);
    [moments, words].into_iter().flatten().collect()
}

fn same_moments(account: u128, posts: &[&[Act]]) -> Option<Signal> {
    // Of each other account, one row for each post.
    let mut others: BTreeMap<u128, BTreeMap<usize, Evidence>> = BTreeMap::new();
    for (post, acts) in posts.iter().enumerate() {
        for own in acts.iter().filter(|act| act.account == account) {
            let from = own.t.saturating_sub(SAME_MOMENT);
            let first = acts.partition_point(|act| act.t < from);
            let near = acts[first..]
                .iter()
                .take_while(|act| act.t <= own.t.saturating_add(SAME_MOMENT))
                .filter(|act| act.account != account);
            for other in near {
                let rows = others.entry(other.account).or_default();
                rows.entry(post).or_insert(Evidence {
                    post,
                    t: own.t,
                    other: other.account,
                    other_t: other.t,
                    other_post: post,
                });
            }
        }
    }
    others.retain(|_, rows| rows.len() >= SAME_POSTS);
    let rows = others.values().flat_map(BTreeMap::values).copied();
    signal(SignalKind::SameMoments, rows.collect())
}

fn same_words(account: u128, posts: &[&[Act]]) -> Option<Signal> {
    let all = || {
        let posts = posts.iter().enumerate();
        posts.flat_map(|(post, acts)| acts.iter().map(move |act| (post, act)))
    };
    let mut own: BTreeMap<u64, (usize, u32)> = BTreeMap::new();
    for (post, act) in all().filter(|(_, act)| act.account == account) {
        if let Some(words) = act.words {
            own.entry(words).or_insert((post, act.t));
        }
    }
    let mut rows: BTreeMap<u64, BTreeMap<u128, Evidence>> = BTreeMap::new();
    for (other_post, other) in all().filter(|(_, act)| act.account != account) {
        if let Some(words) = other.words
            && let Some(&(post, t)) = own.get(&words)
        {
            let row = Evidence {
                post,
                t,
                other: other.account,
                other_t: other.t,
                other_post,
            };
            let of_words = rows.entry(words).or_default();
            of_words.entry(other.account).or_insert(row);
        }
    }
    rows.retain(|_, others| others.len() >= SAME_WORDS);
    let rows = rows.values().flat_map(BTreeMap::values).copied();
    signal(SignalKind::SameWords, rows.collect())
}

fn signal(kind: SignalKind, mut rows: Vec<Evidence>) -> Option<Signal> {
    let accounts: BTreeSet<u128> = rows.iter().map(|row| row.other).collect();
    let posts: BTreeSet<usize> = rows.iter().map(|row| row.post).collect();
    if rows.is_empty() {
        return None;
    }
    rows.truncate(EVIDENCE);
    Some(Signal {
        kind,
        accounts: accounts.len(),
        posts: posts.len(),
        evidence: rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(t: u32, account: u128) -> Act {
        Act {
            t,
            account,
            words: None,
        }
    }

    #[test]
    fn two_posts_within_ten_seconds_are_a_signal_and_one_is_none() {
        let one = [act(100, 1), act(105, 2), act(300, 3)];
        let two = [act(50, 3), act(90, 2), act(100, 1)];
        assert!(signals(1, &[&one]).is_empty());
        assert!(signals(3, &[&one, &two]).is_empty());
        let found = signals(1, &[&one, &two]);
        assert_eq!(found.len(), 1);
        let found = &found[0];
        assert_eq!(
            (found.kind, found.accounts, found.posts),
            (SignalKind::SameMoments, 1, 2)
        );
        let rows: Vec<_> = found
            .evidence
            .iter()
            .map(|e| (e.post, e.t, e.other, e.other_t))
            .collect();
        assert_eq!(rows, [(0, 100, 2, 105), (1, 100, 2, 90)]);
        // A second later it is none.
        let late = [act(89, 2), act(100, 1)];
        assert!(signals(1, &[&one, &late]).is_empty());
    }

    #[test]
    fn the_same_words_of_three_accounts_are_a_signal() {
        let says = |t, account, words| Act {
            words: Some(words),
            ..act(t, account)
        };
        let one = [says(10, 1, 7), says(500, 2, 7), says(900, 4, 8)];
        let two = [says(40, 3, 7)];
        assert!(signals(1, &[&one]).is_empty());
        assert!(signals(4, &[&one, &two]).is_empty());
        let found = signals(1, &[&one, &two]);
        assert_eq!(
            (found[0].kind, found[0].accounts),
            (SignalKind::SameWords, 2)
        );
        assert_eq!(found[0].evidence[1].other_post, 1);
    }
}
