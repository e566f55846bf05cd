//! Exact measures of a graph, each in time linear in its events.
//!
//! Functions of `parent` take the column of [`DiffusionGraph`]: entry `i` is the parent of node
//! `i + 1`, and below it.

use super::DiffusionGraph;

/// Number of leading spreaders in [`leader_share`].
const LEADERS: usize = 3;

/// Structural virality: mean distance between two nodes, over all pairs of the post and its
/// events (Goel et al. 2016, "The structural virality of online diffusion"). 0 for one node.
///
/// An edge lies on the paths between the nodes below it and all others, so the distances sum
/// to the sum over edges of below x above.
pub fn structural_virality(parent: &[u32]) -> f32 {
    let nodes = parent.len() as f64 + 1.0;
    if parent.is_empty() {
        return 0.0;
    }
    let distances: f64 = subtree_sizes(parent)[1..]
        .iter()
        .map(|&below| f64::from(below) * (nodes - f64::from(below)))
        .sum();
    (distances / (nodes * (nodes - 1.0) / 2.0)) as f32
}

/// ln(1 + seconds) to event number N/2 rounded up; `None` without events.
pub fn speed(t: &[u32]) -> Option<f32> {
    let middle = t.len().div_ceil(2).checked_sub(1)?;
    Some((t[middle] as f32).ln_1p())
}

/// Share of all events that lie below the three events with most direct children, their
/// descendants joined as a set; a leader counts when it lies below another. [0, 1), 0 without
/// events. The post itself is never a leader; among equals the earliest leads.
pub fn leader_share(parent: &[u32]) -> f32 {
    if parent.is_empty() {
        return 0.0;
    }
    let children = direct_children(parent);
    // Best first; node 0 stands for an empty place, since the post can't lead.
    let mut leaders = [0usize; LEADERS];
    let count = |node: usize| if node == 0 { 0 } else { children[node] };
    for node in 1..children.len() {
        let mut candidate = node;
        for place in &mut leaders {
            if count(candidate) > count(*place) {
                std::mem::swap(place, &mut candidate);
            }
        }
    }
    let mut below = vec![false; children.len()];
    let mut joined = 0usize;
    for (i, &p) in parent.iter().enumerate() {
        let p = p as usize;
        below[i + 1] = below[p] || (p != 0 && leaders.contains(&p));
        joined += usize::from(below[i + 1]);
    }
    joined as f32 / parent.len() as f32
}

/// Each event's share of the diffusion: its direct children over N. Entry `i` is node `i + 1`.
pub fn event_share(parent: &[u32]) -> Vec<f32> {
    let n = parent.len() as f32;
    direct_children(parent)[1..]
        .iter()
        .map(|&c| c as f32 / n)
        .collect()
}

/// Mean valence of the events that carry words, where it is known; `None` without any.
pub fn audience_valence(graph: &DiffusionGraph) -> Option<f32> {
    let (mut sum, mut voices) = (0.0f64, 0u32);
    for s in voices_of(graph) {
        sum += f64::from(s);
        voices += 1;
    }
    (voices > 0).then(|| (sum / f64::from(voices)) as f32)
}

/// Known valences of the events that carry words, in order of time.
pub fn voices_of(graph: &DiffusionGraph) -> impl Iterator<Item = f32> + '_ {
    let words = graph.kind.iter().map(|kind| kind.has_words());
    graph
        .s
        .iter()
        .zip(words)
        .filter_map(|(s, w)| s.filter(|_| w))
}

/// Events that have words of their own which are not known.
pub fn unheard(graph: &DiffusionGraph) -> u64 {
    let with_words = graph.kind.iter().filter(|kind| kind.has_words()).count();
    (with_words - voices_of(graph).count()) as u64
}

/// Nodes at and below each node, the post first.
pub(super) fn subtree_sizes(parent: &[u32]) -> Vec<u32> {
    let mut sizes = vec![1; parent.len() + 1];
    // Parents come before their children, so one pass from the end sees every child complete.
    for (i, &p) in parent.iter().enumerate().rev() {
        sizes[p as usize] += sizes[i + 1];
    }
    sizes
}

/// Number of direct children of each node, the post first.
pub(super) fn direct_children(parent: &[u32]) -> Vec<u32> {
    let mut children = vec![0; parent.len() + 1];
    for &p in parent {
        children[p as usize] += 1;
    }
    children
}

/// Distance of each node from the post, the post first.
pub(super) fn depths(parent: &[u32]) -> Vec<u32> {
    let mut depths = Vec::with_capacity(parent.len() + 1);
    depths.push(0);
    for &p in parent {
        depths.push(depths[p as usize] + 1);
    }
    depths
}
