//! Accounts by the reposts that they cause: what each caused per post, how sure that is, and how it
//! compares with what followers alone would do.
//!
//! Reposts per post have a long tail, so they are compared as ln(1 + reposts). An account's mean is
//! drawn towards what accounts of its followers cause, the more so the fewer posts it rests on, by
//! the credibility formula of Bühlmann (1967); both variances in it are of the posts at hand.

use std::collections::HashMap;
use std::ops::Range;

use serde::Serialize;

use super::influence::{Caused, Named, Tree};
use crate::diffusion::DiffusionGraph;

/// The part that an account plays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It writes posts, which others pass on.
    Author,
    /// It passes on posts of others.
    #[default]
    Spreader,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 2] = [Role::Author, Role::Spreader];

    /// Its name in requests, answers and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Author => "author",
            Role::Spreader => "spreader",
        }
    }
}

/// A post with its events, and whose they are.
#[derive(Debug, Clone, Copy)]
pub struct Cascade<'a> {
    /// The events, in order of time.
    pub graph: &'a DiffusionGraph,
    /// What each event names.
    pub named: &'a [Named],
    /// The account of the post's author, then that of each event; `None` where it isn't known.
    pub accounts: &'a [Option<u128>],
}

/// Posts behind the shrinkage where too few accounts have several: as on cascades of Weibo.
const USUAL_CREDIBILITY: f64 = 2.0;
/// Most posts that the shrinkage counts as.
const MOST_CREDIBILITY: f64 = 100.0;
/// Accounts with several posts that the variances are computed from.
const ENOUGH_ACCOUNTS: usize = 10;
/// Standard deviations on either side in which 80 % of a normal distribution lie.
const EIGHTY: f64 = 1.281_551_565_545;
/// Events above an event that are looked through for one of the same account.
const MOST_ABOVE: usize = 1_000;
/// Share of the intervals that hold what they are of.
pub const COVERAGE: f32 = 0.8;

/// What an account caused with one post.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Number of the account.
    account: u32,
    /// Number of the post, in the order in which they were added.
    pub post: u32,
    /// Reposts caused.
    pub reposts: f32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    followers: Option<u64>,
    caused: Caused,
    /// Direct reposts of the event that had most.
    broadcast: f64,
}

/// Adds up what accounts cause, post by post.
#[derive(Debug)]
pub struct Tally {
    role: Role,
    posts: u32,
    number: HashMap<u128, u32>,
    accounts: Vec<u128>,
    sums: Vec<Sums>,
    shares: Vec<Share>,
    /// Seconds from an event of an account to each repost of it, where that is known.
    delays: Vec<(u32, u32)>,
    total: Caused,
}

impl Tally {
    /// Of no post yet.
    pub fn new(role: Role) -> Self {
        Tally {
            role,
            posts: 0,
            number: HashMap::new(),
            accounts: Vec::new(),
            sums: Vec::new(),
            shares: Vec::new(),
            delays: Vec::new(),
            total: Caused::default(),
        }
    }

    /// Adds a post. Later ones know an account's followers better.
    pub fn add(&mut self, cascade: &Cascade) {
        let tree = Tree::new(cascade.graph, cascade.named);
        let caused = tree.caused();
        let post = self.posts;
        self.posts += 1;
        self.total.reposts += caused[0].reposts;
        self.total.observed += caused[0].observed;
        let mut direct: Vec<Vec<u32>> = vec![Vec::new(); tree.t.len()];
        for i in 1..tree.t.len() {
            if let Some(parent) = tree.parent[i]
                && tree.passes[i]
            {
                direct[parent as usize].push(tree.t[i] - tree.t[parent as usize]);
            }
        }
        let nodes: Range<usize> = match self.role {
            Role::Author => 0..1,
            Role::Spreader => 1..tree.t.len(),
        };
        let author = cascade.accounts[0];
        let first = self.shares.len();
        // Accounts of this post, with their places among the shares.
        let mut here: HashMap<u32, usize> = HashMap::new();
        for i in nodes {
            let Some(account) = cascade.accounts[i] else {
                continue;
            };
            let own = self.role == Role::Spreader && Some(account) == author;
            if own || !tree.passes[i] {
                continue;
            }
            let number = self.number_of(account);
            let again = here.contains_key(&number);
            let place = *here.entry(number).or_insert_with(|| {
                self.shares.push(Share {
                    account: number,
                    post,
                    reposts: 0.0,
                });
                self.shares.len() - 1
            });
            let followers = match i {
                0 => cascade.graph.author.as_ref().and_then(|a| a.followers),
                _ => cascade.graph.followers[i - 1],
            };
            let sums = &mut self.sums[number as usize];
            sums.followers = followers.or(sums.followers);
            // What is below another event of the same account is counted there.
            if again && has_above(&tree, i, account, cascade.accounts) {
                continue;
            }
            self.shares[place].reposts += caused[i].reposts as f32;
            sums.caused.reposts += caused[i].reposts;
            sums.caused.observed += caused[i].observed;
            sums.caused.direct += caused[i].direct;
            sums.caused.voices += caused[i].voices;
            sums.caused.negative += caused[i].negative;
            sums.broadcast = sums.broadcast.max(caused[i].direct);
            let delays = direct[i].iter().map(|&delay| (number, delay));
            self.delays.extend(delays);
        }
        debug_assert!(self.shares[first..].iter().all(|share| share.post == post));
    }

    fn number_of(&mut self, account: u128) -> u32 {
        *self.number.entry(account).or_insert_with(|| {
            self.accounts.push(account);
            self.sums.push(Sums::default());
            self.accounts.len() as u32 - 1
        })
    }

    /// The accounts in their order, best first.
    pub fn leaders(mut self) -> Leaders {
        self.shares.sort_unstable_by_key(|s| (s.account, s.post));
        self.delays.sort_unstable();
        let of = split(&self.shares, self.accounts.len(), |share| share.account);
        let logs = |account: usize| {
            let shares = &self.shares[of[account].clone()];
            shares.iter().map(|share| f64::from(share.reposts).ln_1p())
        };
        let means: Vec<f64> = (0..of.len())
            .map(|account| logs(account).sum::<f64>() / of[account].len() as f64)
            .collect();
        let expected = Expected::fit(&self.sums, &means);
        let prior: Vec<f64> = self.sums.iter().map(|s| expected.of(s.followers)).collect();
        let spread = Spread::of((0..of.len()).map(|account| {
            let residuals: Vec<f64> = logs(account).map(|y| y - prior[account]).collect();
            residuals
        }));
        let estimates: Vec<Estimate> = (0..of.len())
            .map(|i| {
                let (n, k) = (of[i].len() as f64, spread.credibility);
                let mean = (n * means[i] + k * prior[i]) / (n + k);
                let half = EIGHTY * (spread.within / (n + k)).sqrt();
                Estimate { mean, half }
            })
            .collect();
        let mut order: Vec<u32> = (0..self.accounts.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| {
            let (x, y) = (a as usize, b as usize);
            let low = |i: usize| estimates[i].low();
            let reposts = |i: usize| self.sums[i].caused.reposts;
            low(y)
                .total_cmp(&low(x))
                .then(reposts(y).total_cmp(&reposts(x)))
                .then(self.accounts[x].cmp(&self.accounts[y]))
        });
        let delays = split(&self.delays, self.accounts.len(), |delay| delay.0);
        Leaders {
            posts: self.posts,
            total: self.total,
            accounts: self.accounts,
            sums: self.sums,
            shares: self.shares,
            of,
            delays: self.delays,
            delays_of: delays,
            prior,
            estimates,
            order,
        }
    }
}

/// True if the same account has an event above this one, by known parents, [`MOST_ABOVE`] at most.
fn has_above(tree: &Tree, i: usize, account: u128, accounts: &[Option<u128>]) -> bool {
    let mut at = i;
    for _ in 0..MOST_ABOVE {
        match tree.parent[at] {
            Some(above) if above > 0 => at = above as usize,
            _ => return false,
        }
        if accounts[at] == Some(account) && tree.passes[at] {
            return true;
        }
    }
    false
}

/// The rows of each of `n` accounts, which are sorted by it.
fn split<T>(rows: &[T], n: usize, account: impl Fn(&T) -> u32) -> Vec<Range<usize>> {
    let mut out = Vec::with_capacity(n);
    let mut from = 0;
    for i in 0..n as u32 {
        let length = rows[from..].iter().take_while(|row| account(row) == i);
        let to = from + length.count();
        out.push(from..to);
        from = to;
    }
    out
}

/// What accounts of a number of followers cause, as the mean of ln(1 + reposts): a straight line in
/// ln(1 + followers) whose slope is between 0 and 1, since influence grows slower than followers.
#[derive(Debug, Clone, Copy)]
struct Expected {
    slope: f64,
    start: f64,
    unknown: f64,
}

impl Expected {
    fn fit(sums: &[Sums], means: &[f64]) -> Self {
        let mean = |of: &[f64]| match of.len() {
            0 => None,
            n => Some(of.iter().sum::<f64>() / n as f64),
        };
        let (mut x, mut y, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for (sums, &value) in sums.iter().zip(means) {
            match sums.followers {
                Some(followers) => {
                    x.push((followers as f64).ln_1p());
                    y.push(value);
                }
                None => others.push(value),
            }
        }
        let all = mean(means).unwrap_or(0.0);
        let (x_mean, y_mean) = (mean(&x).unwrap_or(0.0), mean(&y).unwrap_or(all));
        let (mut xy, mut xx) = (0.0, 0.0);
        for (x, y) in x.iter().zip(&y) {
            xy += (x - x_mean) * (y - y_mean);
            xx += (x - x_mean).powi(2);
        }
        let slope = match x.len() {
            n if n >= ENOUGH_ACCOUNTS && xx > 0.0 => (xy / xx).clamp(0.0, 1.0),
            _ => 0.0,
        };
        Expected {
            slope,
            start: y_mean - slope * x_mean,
            unknown: mean(&others).unwrap_or(all),
        }
    }

    fn of(&self, followers: Option<u64>) -> f64 {
        followers.map_or(self.unknown, |followers| {
            (self.start + self.slope * (followers as f64).ln_1p()).max(0.0)
        })
    }
}

/// How posts of one account differ, and how many posts the expectation of its followers counts as.
#[derive(Debug, Clone, Copy)]
struct Spread {
    within: f64,
    credibility: f64,
}

impl Spread {
    /// Of every account's differences from what its followers would do. The variance between accounts
    /// is the mean product of two posts of the same account.
    fn of(accounts: impl Iterator<Item = Vec<f64>>) -> Self {
        let (mut several, mut posts, mut between, mut all) = (0, 0.0, 0.0, 0.0);
        let (mut posts_of_all, mut all_of_all) = (0.0, 0.0);
        for residuals in accounts {
            let n = residuals.len() as f64;
            let squares: f64 = residuals.iter().map(|r| r * r).sum();
            posts_of_all += n;
            all_of_all += squares;
            if residuals.len() < 2 {
                continue;
            }
            let sum: f64 = residuals.iter().sum();
            several += 1;
            posts += n;
            all += squares;
            between += (sum * sum - squares) / (n - 1.0);
        }
        if several < ENOUGH_ACCOUNTS {
            let all = if posts_of_all > 0.0 {
                all_of_all / posts_of_all
            } else {
                0.0
            };
            return Spread {
                within: all * USUAL_CREDIBILITY / (1.0 + USUAL_CREDIBILITY),
                credibility: USUAL_CREDIBILITY,
            };
        }
        let (between, all) = (between / posts, all / posts);
        let least = all / (1.0 + MOST_CREDIBILITY);
        let between = between.clamp(least, all);
        let within = all - between;
        Spread {
            within,
            credibility: if between > 0.0 { within / between } else { 0.0 },
        }
    }
}

/// Mean and half an interval of ln(1 + reposts).
#[derive(Debug, Clone, Copy)]
struct Estimate {
    mean: f64,
    half: f64,
}

impl Estimate {
    fn low(self) -> f64 {
        (self.mean - self.half).max(0.0)
    }
}

/// An account, and what it caused.
#[derive(Debug, Clone, PartialEq)]
pub struct Leader {
    /// The account.
    pub account: u128,
    /// Its place, from 1. The order is by `low`: what can be relied on.
    pub rank: usize,
    /// Posts that it wrote or passed on.
    pub posts: usize,
    /// Followers, where known.
    pub followers: Option<u64>,
    /// Reposts caused per post, of a post in the middle; drawn towards what its followers would do.
    pub per_post: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// (1 + `per_post`) over (1 + what accounts of its followers cause); `None` without followers.
    pub lift: Option<f64>,
    /// All that its events caused.
    pub caused: Caused,
    /// Share of `caused.reposts` that came of its single largest broadcast: reposts of one event.
    pub largest: Option<f64>,
    /// The largest h such that h posts were reposted at least h times because of it.
    pub h_index: usize,
    /// Median of the seconds to a repost of its events, where it is known what was reposted.
    pub median_delay: Option<u32>,
    /// What it caused with each post, most first.
    pub shares: Vec<Share>,
}

/// Accounts in their order.
#[derive(Debug)]
pub struct Leaders {
    /// Posts that were added.
    pub posts: u32,
    /// All reposts of those posts, and how many of them have a known parent.
    pub total: Caused,
    accounts: Vec<u128>,
    sums: Vec<Sums>,
    shares: Vec<Share>,
    of: Vec<Range<usize>>,
    delays: Vec<(u32, u32)>,
    delays_of: Vec<Range<usize>>,
    prior: Vec<f64>,
    estimates: Vec<Estimate>,
    order: Vec<u32>,
}

impl Leaders {
    /// Number of accounts.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True if there is no account.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The accounts of these places, from 0; fewer at the end.
    pub fn range(&self, places: Range<usize>) -> impl Iterator<Item = Leader> + '_ {
        let places = places.start.min(self.len())..places.end.min(self.len());
        places.map(|place| self.leader(place))
    }

    /// The place of an account, from 0.
    pub fn place(&self, account: u128) -> Option<usize> {
        let is_it = |&number: &u32| self.accounts[number as usize] == account;
        self.order.iter().position(is_it)
    }

    fn leader(&self, place: usize) -> Leader {
        let i = self.order[place] as usize;
        let (sums, estimate) = (&self.sums[i], self.estimates[i]);
        let mut shares = self.shares[self.of[i].clone()].to_vec();
        shares.sort_by(|a, b| b.reposts.total_cmp(&a.reposts));
        let delays = &self.delays[self.delays_of[i].clone()];
        let lift = (estimate.mean - self.prior[i]).exp();
        let any = sums.caused.reposts > 0.0;
        Leader {
            account: self.accounts[i],
            rank: place + 1,
            posts: shares.len(),
            followers: sums.followers,
            per_post: estimate.mean.max(0.0).exp_m1(),
            low: estimate.low().exp_m1(),
            high: (estimate.mean + estimate.half).max(0.0).exp_m1(),
            lift: sums.followers.map(|_| lift),
            caused: sums.caused,
            largest: any.then(|| sums.broadcast / sums.caused.reposts),
            h_index: shares
                .iter()
                .enumerate()
                .take_while(|(before, share)| f64::from(share.reposts) >= (before + 1) as f64)
                .count(),
            median_delay: delays.get(delays.len() / 2).map(|delay| delay.1),
            shares,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diffusion::EventKind;
    use crate::post::Author;

    /// A post by an account of so many followers, with reposts: (account, parent).
    fn add(tally: &mut Tally, author: u128, followers: Option<u64>, events: &[(u128, u32)]) {
        let n = events.len();
        let graph = DiffusionGraph {
            t: (1..=n as u32).map(|i| 10 * i).collect(),
            parent: events.iter().map(|event| event.1).collect(),
            kind: vec![EventKind::Repost; n],
            user: vec![1; n],
            followers: vec![None; n],
            verified: vec![None; n],
            s: vec![Some(-0.5); n],
            ..DiffusionGraph::draft(Some(Author {
                followers,
                ..Author::default()
            }))
        };
        let named: Vec<Named> = events
            .iter()
            .map(|event| match event.1 {
                0 => Named::Nothing,
                _ => Named::There,
            })
            .collect();
        let accounts = events.iter().map(|event| Some(event.0));
        let accounts: Vec<_> = std::iter::once(Some(author)).chain(accounts).collect();
        tally.add(&Cascade {
            graph: &graph,
            named: &named,
            accounts: &accounts,
        });
    }

    fn all(tally: Tally) -> Vec<Leader> {
        let leaders = tally.leaders();
        leaders.range(0..leaders.len()).collect()
    }

    #[test]
    fn whoever_caused_reposts_often_stands_before_whoever_did_once() {
        let mut tally = Tally::new(Role::Spreader);
        for _ in 0..6 {
            add(&mut tally, 1, None, &[(7, 0), (20, 1), (21, 1), (22, 1)]);
        }
        add(
            &mut tally,
            1,
            None,
            &[(8, 0), (30, 1), (31, 1), (32, 1), (33, 1)],
        );
        let rows = all(tally);
        assert_eq!((rows[0].account, rows[0].posts), (7, 6));
        assert_eq!((rows[1].account, rows[1].posts), (8, 1));
        let first = &rows[0];
        assert_eq!((first.caused.reposts, first.caused.observed), (18.0, 18.0));
        assert!(first.low < first.per_post && first.per_post < first.high);
        assert!(first.per_post < 3.0, "it is drawn towards the others");
        assert!(rows[1].per_post < first.per_post && rows[1].high > rows[1].per_post);
        assert_eq!((first.h_index, first.median_delay), (3, Some(20)));
        assert_eq!(first.largest, Some(3.0 / 18.0));
        assert_eq!(first.caused.negative / first.caused.voices, 1.0);
        assert_eq!((first.followers, first.lift), (None, None));
        // The author is no spreader of own posts.
        assert!(rows.iter().all(|row| row.account != 1));
    }

    #[test]
    fn an_account_below_itself_is_counted_once_and_not_as_two_posts() {
        let mut tally = Tally::new(Role::Spreader);
        add(&mut tally, 1, None, &[(7, 0), (7, 1), (8, 2)]);
        let rows = all(tally);
        let seven = rows.iter().find(|row| row.account == 7).unwrap();
        assert_eq!((seven.posts, seven.caused.reposts), (1, 2.0));
    }

    #[test]
    fn lift_is_over_what_so_many_followers_would_do() {
        let mut tally = Tally::new(Role::Author);
        let crowd: Vec<(u128, u32)> = (0..200).map(|i| (1000 + i, 0)).collect();
        // Twenty accounts whose posts go as far as their followers would have it, twice each.
        for account in 0..20u128 {
            let followers = 10u64.pow(1 + account as u32 % 5);
            let reposts = 5 * (1 + account as usize % 5);
            for _ in 0..2 {
                add(&mut tally, account, Some(followers), &crowd[..reposts]);
            }
        }
        for _ in 0..5 {
            add(&mut tally, 99, Some(100), &crowd);
        }
        let rows = all(tally);
        assert_eq!(rows[0].account, 99);
        assert!(rows[0].lift.unwrap() > 3.0, "{:?}", rows[0]);
        assert!(rows[1..].iter().all(|row| row.lift.unwrap() < 2.0));
        let total = |rows: &[Leader]| rows.iter().map(|r| r.caused.reposts).sum::<f64>();
        assert_eq!(total(&rows), 2.0 * 4.0 * 75.0 + 1000.0);
    }

    #[test]
    fn no_posts_make_no_leaders_and_one_post_has_an_interval() {
        assert!(Tally::new(Role::Author).leaders().is_empty());
        let mut tally = Tally::new(Role::Author);
        add(&mut tally, 1, Some(10), &[(7, 0)]);
        let rows = all(tally);
        assert_eq!(rows.len(), 1);
        assert!(rows[0].per_post.is_finite() && rows[0].lift == Some(1.0));
    }
}
