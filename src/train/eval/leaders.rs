//! Leaders told from the first half of the posts, measured on the second, beside simpler rankings; and
//! how well causes are found where no parent is known.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;

use crate::listening::influence::Named;
use crate::listening::leaders::{self, Leader, Role, Tally};
use crate::post::Platform;
use crate::train::data::cascades::{Cascade, Labels, cascades};
use crate::train::data::sets::rows;
use crate::train::data::texts::TextRow;
use crate::train::heads::trained::Held;
use crate::train::metrics::{MetricRow, bootstrap, bootstrap_pair, spearman};

/// The set, which alone knows accounts, times and parents.
const SET: &str = "zh_weibo_cascades";
/// Accounts that a team can speak with.
const BEST: usize = 20;
const DAMPING: f64 = 0.85;
const ROUNDS: usize = 50;

/// For authors of posts and for those who spread them: the rank correlation of what they caused per
/// post, over those who are in both halves; and which share of all that the accounts of the first half
/// caused in the second came of the best twenty. Nothing is fitted on other posts than those of the
/// first half, so every split is held out.
pub fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let data = held.sources.data();
    let all = cascades(data, held.split, &Labels::default(), None)?;
    let mut posts: Vec<Cascade> = all
        .into_iter()
        .filter(|c| c.platform == Platform::Weibo && !c.count_only)
        .collect();
    posts.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    let texts: Vec<TextRow> = rows(data, SET, held.split)?;
    let norms: HashMap<String, f64> = texts
        .into_iter()
        .map(|row| (row.id, text_norm(&row.text)))
        .collect();
    let (first, second) = posts.split_at(posts.len() / 2);
    let mut out = Vec::new();
    for role in Role::ALL {
        halves(&mut out, role, first, second, &norms);
    }
    without_parents(&mut out, &posts);
    Ok(out)
}

/// Length of the vector of a text's counts of characters.
fn text_norm(text: &str) -> f64 {
    let mut counts: BTreeMap<char, f64> = BTreeMap::new();
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        *counts.entry(c).or_default() += 1.0;
    }
    counts.values().map(|n| n * n).sum::<f64>().sqrt()
}

/// All accounts of some posts, best first. Without `parents` nobody knows what was passed on.
fn ranked(role: Role, posts: &[Cascade], parents: bool) -> Vec<Leader> {
    let mut tally = Tally::new(role);
    for post in posts {
        let named = match parents {
            true => Named::There,
            false => Named::Nothing,
        };
        tally.add(&leaders::Cascade {
            graph: &post.graph,
            named: &vec![named; post.graph.len()],
            accounts: &accounts(post),
        });
    }
    let leaders = tally.leaders();
    leaders.range(0..leaders.len()).collect()
}

fn accounts(post: &Cascade) -> Vec<Option<u128>> {
    let users = post.graph.user.iter().map(|&user| Some(u128::from(user)));
    std::iter::once(Some(u128::from(post.author_key)))
        .chain(users)
        .collect()
}

/// What an account caused with its posts: per post, and in all.
fn caused(leader: &Leader) -> (f64, f64) {
    let total: f64 = leader.shares.iter().map(|s| f64::from(s.reposts)).sum();
    (total / leader.posts as f64, total)
}

fn halves(
    out: &mut Vec<MetricRow>,
    role: Role,
    first: &[Cascade],
    second: &[Cascade],
    norms: &HashMap<String, f64>,
) {
    let before = ranked(role, first, true);
    let after = ranked(role, second, true);
    let after: HashMap<u128, (f64, f64)> = after.iter().map(|l| (l.account, caused(l))).collect();
    let ranks = page_ranks(first);
    let mut methods: Vec<(&str, Vec<f64>)> = vec![
        ("model", before.iter().map(|leader| leader.low).collect()),
        ("past mean", before.iter().map(|l| caused(l).0).collect()),
        (
            "pagerank",
            before.iter().map(|l| ranks[&l.account]).collect(),
        ),
    ];
    // The set has followers of authors alone.
    if role == Role::Author {
        let followers = |leader: &Leader| leader.followers.unwrap_or(0) as f64;
        let norm = |leader: &Leader| {
            let norms = leader
                .shares
                .iter()
                .map(|s| norms[&first[s.post as usize].id]);
            norms.sum::<f64>() / leader.posts as f64
        };
        let times_norm = before.iter().map(|l| followers(l) * norm(l)).collect();
        methods.push(("followers", before.iter().map(followers).collect()));
        methods.push(("followers x text norm", times_norm));
    }
    let slice = format!("weibo, {}s", role.name());
    let totals: Vec<f64> = before
        .iter()
        .map(|l| after.get(&l.account).map_or(0.0, |caused| caused.1))
        .collect();
    let both: Vec<usize> = (0..before.len())
        .filter(|&i| after.contains_key(&before[i].account))
        .collect();
    let truth: Vec<f32> = both
        .iter()
        .map(|&i| after[&before[i].account].0 as f32)
        .collect();
    for (method, scores) in &methods {
        let theirs: Vec<f32> = both.iter().map(|&i| scores[i] as f32).collect();
        let estimate = bootstrap_pair(&truth, &theirs, spearman);
        out.push(MetricRow::new(
            "leaders",
            &slice,
            *method,
            "spearman",
            both.len(),
            estimate,
        ));
        out.push(captured_row(&slice, method, scores, &totals));
    }
}

fn captured_row(slice: &str, method: &str, scores: &[f64], totals: &[f64]) -> MetricRow {
    let estimate = bootstrap(scores.len(), |rows| captured(rows, scores, totals));
    MetricRow::new(
        "leaders",
        slice,
        method,
        "captured@20",
        scores.len(),
        estimate,
    )
}

/// Share of what the accounts of `rows` caused that came of the best of them.
fn captured(rows: &[usize], scores: &[f64], totals: &[f64]) -> f64 {
    let all: f64 = rows.iter().map(|&i| totals[i]).sum();
    let mut rows = rows.to_vec();
    if rows.len() > BEST {
        rows.select_nth_unstable_by(BEST, |&a, &b| {
            scores[b].total_cmp(&scores[a]).then(a.cmp(&b))
        });
        rows.truncate(BEST);
    }
    rows.iter().map(|&i| totals[i]).sum::<f64>() / all
}

/// PageRank of accounts on the graph of who passed on whom; each passes on what it has to those whom
/// it passed on, as often as it did.
fn page_ranks(posts: &[Cascade]) -> HashMap<u128, f64> {
    let mut number: HashMap<u128, usize> = HashMap::new();
    let mut links: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for post in posts {
        let accounts: Vec<usize> = accounts(post)
            .into_iter()
            .flatten()
            .map(|account| {
                let next = number.len();
                *number.entry(account).or_insert(next)
            })
            .collect();
        for (i, &parent) in post.graph.parent.iter().enumerate() {
            let (from, to) = (accounts[i + 1], accounts[parent as usize]);
            if from != to {
                *links.entry((from, to)).or_default() += 1.0;
            }
        }
    }
    let n = number.len();
    let mut out = vec![0.0; n];
    for (&(from, _), times) in &links {
        out[from] += times;
    }
    let mut rank = vec![1.0 / n as f64; n];
    for _ in 0..ROUNDS {
        let mut next = vec![0.0; n];
        for (&(from, to), times) in &links {
            next[to] += DAMPING * rank[from] * times / out[from];
        }
        // Whoever passes on nobody passes on to all.
        let rest = (1.0 - next.iter().sum::<f64>()) / n as f64;
        rank = next.into_iter().map(|value| value + rest).collect();
    }
    number
        .into_iter()
        .map(|(account, i)| (account, rank[i]))
        .collect()
}

/// The same posts with their parents and without: how well what spreaders caused is found from times
/// alone, since the set has no followers of theirs.
fn without_parents(out: &mut Vec<MetricRow>, posts: &[Cascade]) {
    let known = ranked(Role::Spreader, posts, true);
    let totals: Vec<f64> = known.iter().map(|leader| caused(leader).1).collect();
    let hidden = ranked(Role::Spreader, posts, false);
    let hidden: HashMap<u128, f64> = hidden.iter().map(|l| (l.account, caused(l).1)).collect();
    let slice = "weibo, parents hidden";
    let truth: Vec<f32> = totals.iter().map(|&total| total as f32).collect();
    for (method, scores) in [
        ("model", known.iter().map(|l| hidden[&l.account]).collect()),
        ("posts", known.iter().map(|l| l.posts as f64).collect()),
        ("parents known", totals.clone()),
    ] {
        let scores: Vec<f64> = scores;
        let theirs: Vec<f32> = scores.iter().map(|&score| score as f32).collect();
        let estimate = bootstrap_pair(&truth, &theirs, spearman);
        out.push(MetricRow::new(
            "leaders",
            slice,
            method,
            "spearman",
            truth.len(),
            estimate,
        ));
        out.push(captured_row(slice, method, &scores, &totals));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_twenty_capture_their_share() {
        let scores: Vec<f64> = (0..40).map(f64::from).collect();
        let totals: Vec<f64> = (0..40).map(|i| f64::from(u8::from(i >= 30))).collect();
        let all: Vec<usize> = (0..40).collect();
        assert_eq!(captured(&all, &scores, &totals), 1.0);
        let worst: Vec<f64> = scores.iter().map(|score| -score).collect();
        assert_eq!(captured(&all, &worst, &totals), 0.0);
        assert_eq!(captured(&all[25..], &scores, &totals), 1.0);
    }

    #[test]
    fn a_text_norm_is_the_length_of_its_counts() {
        assert_eq!(text_norm("aaab bbb, b"), 5.0f64.hypot(3.0));
        assert_eq!(text_norm("…"), 0.0);
    }
}
