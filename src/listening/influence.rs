//! Reposts that each event of a cascade caused: counted where it is known what was passed on, and
//! expected where it isn't.
//!
//! Where it isn't known, any earlier post or repost may have been what was passed on, with a weight
//! of m e^(-r Δt): m are the followers of its account, Δt the seconds between the two (the model of
//! BirdSpotter, Rizoiu et al. 2018). Chains of such links make an event the cause of later ones. The
//! sums over all trees take one pass forward and one back.

use crate::diffusion::{DiffusionGraph, EventKind};

/// r: how fast the weight of an event falls, per second; half of it is left after 2.8 hours.
pub const DECAY: f64 = 0.000_068;

/// A post and its events as their influence is computed: columns, in order of time. Node 0 is the
/// post.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tree {
    /// Seconds after the post; never falling.
    pub t: Vec<u32>,
    /// The node that was passed on or answered, always an earlier one; `None` where it isn't known.
    /// That of the post is not read.
    pub parent: Vec<Option<u32>>,
    /// True for what passes the post on: the post itself, reposts and quotes.
    pub passes: Vec<bool>,
    /// m: the weight of its audience, above 0.
    pub mass: Vec<f64>,
    /// Valence of its words, where known.
    pub s: Vec<Option<f32>>,
}

/// What an event caused: expected counts of the events below it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Caused {
    /// Reposts and quotes.
    pub reposts: f64,
    /// Those of them whose own parent is known.
    pub observed: f64,
    /// Those of them that passed on this very event.
    pub direct: f64,
    /// Events with words whose valence is known.
    pub voices: f64,
    /// Those of them whose words are more bad than good.
    pub negative: f64,
}

impl Caused {
    fn add(&mut self, other: Caused, times: f64) {
        self.reposts += times * other.reposts;
        self.observed += times * other.observed;
        self.direct += times * other.direct;
        self.voices += times * other.voices;
        self.negative += times * other.negative;
    }

    fn times(mut self, factor: f64) -> Caused {
        let whole = std::mem::take(&mut self);
        self.add(whole, factor);
        self
    }
}

/// What an event says of the event that it passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Nothing: it passed on the post, or whoever collected it didn't know.
    Nothing,
    /// One that is there.
    There,
    /// One that isn't there.
    Missing,
}

impl Tree {
    /// The tree of a graph, and of what each of its events names. Where no event of a post names
    /// another, nobody knows any parent, since those that passed on the post itself name nothing
    /// either.
    ///
    /// # Panics
    /// If `named` is not as long as the graph.
    pub fn new(graph: &DiffusionGraph, named: &[Named]) -> Tree {
        assert_eq!(named.len(), graph.len(), "one for each event");
        let any_named = named.iter().any(|&named| named != Named::Nothing);
        let passes = |kind: &EventKind| match kind {
            EventKind::Repost | EventKind::Quote => true,
            EventKind::Reply | EventKind::Comment => false,
        };
        let parents = graph.parent.iter().zip(named).map(|(&parent, named)| {
            let known = any_named && *named != Named::Missing;
            known.then_some(parent)
        });
        let passing: Vec<bool> = graph.kind.iter().map(passes).collect();
        let author = graph.author.as_ref().and_then(|author| author.followers);
        Tree {
            t: std::iter::once(0).chain(graph.t.iter().copied()).collect(),
            parent: std::iter::once(None).chain(parents).collect(),
            mass: masses(author, &graph.followers, &passing),
            passes: std::iter::once(true).chain(passing).collect(),
            s: std::iter::once(None)
                .chain(graph.s.iter().copied())
                .collect(),
        }
    }

    /// What the parent of a node is taken for: an event that only answers, and names nothing, answers
    /// the post.
    fn known_parent(&self, i: usize) -> Option<u32> {
        match self.parent[i] {
            None if !self.passes[i] => Some(0),
            known => known,
        }
    }

    /// What each node caused, in O(n).
    pub fn caused(&self) -> Vec<Caused> {
        let n = self.t.len();
        let mut caused = vec![Caused::default(); n];
        // Of each node without known parent: the weight of all that it may have passed on, as it was
        // at the last of them. Relative to that moment it is never near 0.
        let mut weight = vec![0.0; n];
        let fall = |from: usize, to: usize| (-DECAY * f64::from(self.t[to] - self.t[from])).exp();
        let (mut sum, mut last) = (0.0, 0);
        let mut before = vec![0; n];
        for i in 0..n {
            (weight[i], before[i]) = (sum, last);
            if self.passes[i] {
                sum = sum * fall(last, i) + self.mass[i];
                last = i;
            }
        }
        // What the nodes after a candidate bring to each unit of its weight.
        let mut later = Caused::default();
        for i in (0..n).rev() {
            if self.passes[i] {
                let expected = later;
                caused[i].add(expected, self.mass[i]);
                later = later.times(fall(before[i], i));
            }
            if i == 0 {
                break;
            }
            let flow = self.flow(i, caused[i]);
            match self.known_parent(i) {
                Some(parent) => caused[parent as usize].add(flow, 1.0),
                None => later.add(flow, 1.0 / weight[i]),
            }
        }
        caused
    }

    /// What a node brings to whatever caused it: itself, and all that it caused.
    fn flow(&self, i: usize, caused: Caused) -> Caused {
        let own = f64::from(u8::from(self.passes[i]));
        let known = self.parent[i].is_some();
        let s = self.s[i];
        Caused {
            reposts: caused.reposts + own,
            observed: caused.observed + if known { own } else { 0.0 },
            direct: own,
            voices: caused.voices + f64::from(u8::from(s.is_some())),
            negative: caused.negative + f64::from(u8::from(s.is_some_and(|s| s < 0.0))),
        }
    }
}

/// The weight of each node's audience. Nobody's followers count as one; those that aren't known as the
/// middle of those that are, and where none are, all weigh the same: else the one that is known would
/// be the cause of everything.
fn masses(author: Option<u64>, followers: &[Option<u64>], passes: &[bool]) -> Vec<f64> {
    let passing = followers.iter().zip(passes).filter(|(_, passes)| **passes);
    let mut known: Vec<u64> = passing.filter_map(|(followers, _)| *followers).collect();
    let nodes = std::iter::once(author).chain(followers.iter().copied());
    if known.is_empty() {
        return nodes.map(|_| 1.0).collect();
    }
    known.sort_unstable();
    let middle = known[known.len() / 2];
    nodes
        .map(|followers| followers.unwrap_or(middle).max(1) as f64)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by the definition: the probability of every link, and of every chain of links.
    fn by_all_chains(tree: &Tree) -> Vec<Caused> {
        let n = tree.t.len();
        let mut link = vec![vec![0.0; n]; n];
        for (j, link) in link.iter_mut().enumerate().skip(1) {
            if let Some(parent) = tree.known_parent(j) {
                link[parent as usize] = 1.0;
                continue;
            }
            let last = (0..j).filter(|&k| tree.passes[k]).map(|k| tree.t[k]).max();
            let weight = |k: usize| {
                let age = f64::from(last.unwrap() - tree.t[k]);
                f64::from(u8::from(tree.passes[k])) * tree.mass[k] * (-DECAY * age).exp()
            };
            let all: f64 = (0..j).map(weight).sum();
            for (k, link) in link.iter_mut().enumerate().take(j) {
                *link = weight(k) / all;
            }
        }
        // Probability that i is above j.
        let mut above = vec![vec![0.0; n]; n];
        for j in 1..n {
            for i in 0..j {
                let through: f64 = (i + 1..j).map(|k| link[j][k] * above[k][i]).sum();
                above[j][i] = link[j][i] + through;
            }
        }
        (0..n)
            .map(|i| {
                let mut caused = Caused::default();
                for j in i + 1..n {
                    let mut flow = tree.flow(j, Caused::default());
                    let own = flow.direct;
                    flow.direct = 0.0;
                    caused.add(flow, above[j][i]);
                    caused.direct += own * link[j][i];
                }
                caused
            })
            .collect()
    }

    fn assert_close(tree: &Tree) {
        for (i, (fast, slow)) in tree.caused().iter().zip(by_all_chains(tree)).enumerate() {
            for (name, a, b) in [
                ("reposts", fast.reposts, slow.reposts),
                ("observed", fast.observed, slow.observed),
                ("direct", fast.direct, slow.direct),
                ("voices", fast.voices, slow.voices),
                ("negative", fast.negative, slow.negative),
            ] {
                assert!(
                    (a - b).abs() <= 1e-9 * b.abs().max(1.0),
                    "{name} of node {i}: {a} is not {b} in {tree:?}"
                );
            }
        }
    }

    prop_compose! {
        /// One event: gap, parent as a share of those before it, passes, followers, s.
        fn event()(
            gap in prop_oneof![Just(0u32), 0u32..100, 0u32..20_000, 0u32..2_000_000],
            parent in proptest::option::of(0.0f64..1.0),
            passes in proptest::bool::weighted(0.8),
            mass in prop_oneof![Just(1.0f64), 1.0f64..1e3, 1.0f64..1e8],
            s in proptest::option::of(-1.0f32..1.0),
        ) -> (u32, Option<f64>, bool, f64, Option<f32>) {
            (gap, parent, passes, mass, s)
        }
    }

    proptest! {
        #[test]
        fn one_pass_each_way_equals_the_sum_over_all_chains(
            root in 1.0f64..1e7,
            events in proptest::collection::vec(event(), 0..40),
        ) {
            let mut tree = Tree {
                t: vec![0],
                parent: vec![None],
                passes: vec![true],
                mass: vec![root],
                s: vec![None],
            };
            for (gap, parent, passes, mass, s) in events {
                let n = tree.t.len();
                tree.t.push(tree.t[n - 1] + gap);
                tree.parent.push(parent.map(|share| (share * n as f64) as u32));
                tree.passes.push(passes);
                tree.mass.push(mass);
                tree.s.push(s);
            }
            assert_close(&tree);
            // Whatever the tree, the post is above all.
            let reposts = tree.passes.iter().filter(|passes| **passes).count() - 1;
            prop_assert!((tree.caused()[0].reposts - reposts as f64).abs() < 1e-6);
        }
    }

    fn graph(parents: &[u32], followers: &[Option<u64>]) -> DiffusionGraph {
        let n = parents.len();
        DiffusionGraph {
            t: (1..=n as u32).map(|i| 60 * i).collect(),
            parent: parents.to_vec(),
            kind: vec![EventKind::Repost; n],
            user: (1..=n as u32).collect(),
            followers: followers.to_vec(),
            verified: vec![None; n],
            s: vec![None; n],
            ..DiffusionGraph::draft(None)
        }
    }

    const NAMED: [Named; 4] = [Named::Nothing, Named::There, Named::There, Named::There];

    #[test]
    fn a_known_tree_is_counted() {
        let tree = Tree::new(&graph(&[0, 1, 1, 2], &[None; 4]), &NAMED);
        let reposts: Vec<f64> = tree.caused().iter().map(|c| c.reposts).collect();
        assert_eq!(reposts, [4.0, 3.0, 1.0, 0.0, 0.0]);
        let direct: Vec<f64> = tree.caused().iter().map(|c| c.direct).collect();
        assert_eq!(direct, [1.0, 2.0, 1.0, 0.0, 0.0]);
        assert_eq!(tree.caused()[0].observed, 4.0);
        // The third names one that never came: it may have passed on any of those before it.
        let gone = [Named::Nothing, Named::There, Named::Missing, Named::There];
        let tree = Tree::new(&graph(&[0, 1, 0, 2], &[None; 4]), &gone);
        assert_eq!(tree.parent, [None, Some(0), Some(1), None, Some(2)]);
        let caused = tree.caused();
        assert!(caused[1].reposts > 2.0 && caused[1].reposts < 3.0);
        assert_eq!(caused[1].observed, 2.0);
    }

    #[test]
    fn where_no_parent_is_named_all_are_expected_by_followers() {
        let star = graph(&[0, 0, 0], &[Some(9_000_000), Some(1), None]);
        let tree = Tree::new(&star, &[Named::Nothing; 3]);
        assert_eq!(tree.parent, [None; 4]);
        let caused = tree.caused();
        assert!(
            caused[1].reposts > 0.6 && caused[1].observed == 0.0,
            "{caused:?}"
        );
        assert!(caused[2].reposts < 1e-6 + caused[1].reposts);
        // Nobody's followers are known: whoever came first is the likelier cause.
        let even = Tree::new(&graph(&[0, 0, 0], &[None; 3]), &[Named::Nothing; 3]).caused();
        assert!(even[1].reposts > even[2].reposts && even[2].reposts > 0.0);
    }

    #[test]
    fn years_of_silence_divide_nothing_by_zero() {
        let mut late = graph(&[0, 0, 0], &[None; 3]);
        late.t = vec![10, 500_000_000, 999_999_999];
        let caused = Tree::new(&late, &[Named::Nothing; 3]).caused();
        assert!(caused.iter().all(|c| c.reposts.is_finite()));
        assert!((caused[0].reposts - 3.0).abs() < 1e-9);
        assert!((caused[2].direct - 1.0).abs() < 1e-9);
    }
}
