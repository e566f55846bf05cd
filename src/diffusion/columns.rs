//! Graphs and their posts as the columns of numbers the network reads.

use time::{Duration, OffsetDateTime, UtcOffset};

use super::form::Form;
use super::structure::{
    audience_valence, depths, direct_children, leader_share, speed, structural_virality,
    subtree_sizes, voices_of,
};
use super::support::{self, LANGUAGE_COLUMNS, PLATFORM_COLUMNS};
use super::{DiffusionGraph, EventKind};
use crate::definition::features::TOPICS;
use crate::post::{Author, Platform};
use crate::text::Language;

/// Numbers per node.
pub const NODE: usize = 19;
/// Numbers per edge; the edge to its parent stands in the child's row.
pub const EDGE: usize = 5;
/// Numbers per graph.
pub const GLOBAL: usize = 91;
/// Numbers of [`Columns::so_far`]: what is already certain.
pub const SO_FAR: usize = 5;

/// The network's input: a graph as seen, and what is known of the post.
#[derive(Debug, Clone, Copy)]
pub struct DiffusionInput<'a> {
    /// The graph as seen.
    pub graph: &'a DiffusionGraph,
    /// Who posted, as far as it is known.
    pub author: Option<&'a Author>,
    /// Where the post stands.
    pub platform: Platform,
    /// The language of its text.
    pub language: Language,
    /// Valence of the post's own text, [-1, 1].
    pub s: Option<f32>,
    /// When it was or will be published; hour and weekday are read in UTC.
    pub created_at: Option<OffsetDateTime>,
    /// Length of the text in characters.
    pub text_chars: usize,
    /// Number of pictures.
    pub images: Option<u32>,
    /// Topic weights that sum to 1, before relevance.
    pub topics: Option<[f32; TOPICS]>,
    /// The text's vector; the graph network doesn't read it.
    pub vector: Option<&'a [f32]>,
    /// The form of the text; the graph network doesn't read it.
    pub form: Option<Form>,
}

/// One graph in numbers.
pub struct Columns {
    /// `[nodes][NODE]`, the post first.
    pub nodes: Vec<f32>,
    /// `[nodes][EDGE]`: the edge of each node to its parent.
    pub edges: Vec<f32>,
    /// Columns of the graph as a whole, not yet standardised.
    pub globals: Vec<f32>,
    /// ln(1 + events), ln(1 + seconds to the middle event), structural virality, leader share,
    /// audience valence as they stand, the last drawn to 0 where few have spoken; 0 where there
    /// is nothing yet.
    pub so_far: [f32; SO_FAR],
}

impl Columns {
    /// Reads a graph in time linear in its events.
    pub fn of(input: &DiffusionInput) -> Self {
        let n = input.graph.len() + 1;
        let mut nodes = Vec::with_capacity(n * NODE);
        let mut edges = Vec::with_capacity(n * EDGE);
        let mut globals = Vec::with_capacity(GLOBAL);
        let shape = Shape::of(&input.graph.parent);
        push_nodes(&mut nodes, &mut edges, input, &shape);
        let so_far = certain(input.graph);
        push_globals(&mut globals, input, &shape, &so_far);
        Columns {
            nodes,
            edges,
            globals,
            so_far,
        }
    }
}

struct Shape {
    depth: Vec<u32>,
    children: Vec<u32>,
    subtree: Vec<u32>,
}

impl Shape {
    fn of(parent: &[u32]) -> Self {
        Shape {
            depth: depths(parent),
            children: direct_children(parent),
            subtree: subtree_sizes(parent),
        }
    }
}

/// ln(1 + x).
fn log(x: impl Into<f64>) -> f32 {
    x.into().ln_1p() as f32
}

/// ln(1 + x) of seconds or followers, brought near 1.
fn log10th(x: impl Into<f64>) -> f32 {
    0.1 * log(x)
}

fn flag(known: bool) -> f32 {
    f32::from(u8::from(known))
}

/// Columns of kinds of events.
const KINDS: usize = 4;

/// 1 in the kind's column, 0 in the others.
fn kind_row(kind: EventKind) -> [f32; KINDS] {
    let column = match kind {
        EventKind::Repost => 0,
        EventKind::Quote => 1,
        EventKind::Reply => 2,
        EventKind::Comment => 3,
    };
    one_hot(column)
}

/// 1 in `column`, 0 in the others.
fn one_hot<const N: usize>(column: usize) -> [f32; N] {
    std::array::from_fn(|i| flag(i == column))
}

/// The numbers of [`Columns::so_far`].
fn certain(graph: &DiffusionGraph) -> [f32; SO_FAR] {
    [
        log(graph.len() as f64 + graph.dropped as f64),
        speed(&graph.t).unwrap_or(0.0),
        structural_virality(&graph.parent),
        leader_share(&graph.parent),
        heard(graph),
    ]
}

/// Voices at which an audience's valence counts for half: as many as the post's own words count.
const HALF_HEARD: f32 = 10.0;

/// Valence of the audience so far, drawn to 0 where few have spoken.
fn heard(graph: &DiffusionGraph) -> f32 {
    let voices = voices_of(graph).count() as f32;
    audience_valence(graph).unwrap_or(0.0) * voices / (voices + HALF_HEARD)
}

/// Rows of a graph's nodes and of the edges to their parents. Followers are read for the post's
/// author only: those of reposters are unknown in nearly every training cascade.
fn push_nodes(nodes: &mut Vec<f32>, edges: &mut Vec<f32>, input: &DiffusionInput, shape: &Shape) {
    let graph = input.graph;
    let until = graph.observed_until;
    let window = f64::from(until).max(1.0);
    for node in 0..=graph.len() {
        let event = node.checked_sub(1);
        let t = event.map_or(0, |e| graph.t[e]);
        let parent = event.map(|e| graph.parent[e] as usize);
        let siblings = parent.map_or(0, |p| shape.children[p] - 1);
        let since_parent = parent.map_or(0, |p| t - if p == 0 { 0 } else { graph.t[p - 1] });
        let kind = event.map_or([0.0; KINDS], |e| kind_row(graph.kind[e]));
        let (s, author) = match event {
            None => (input.s, input.author),
            Some(e) => (graph.s[e], None),
        };
        let followers = author.and_then(|a| a.followers);
        let verified = author.and_then(|a| a.verified);
        nodes.extend_from_slice(&[
            0.5 * log(shape.children[node]),
            0.5 * log(shape.subtree[node] - 1),
            0.25 * log(siblings),
            log(shape.depth[node]),
            log10th(t),
            log10th(until.saturating_sub(t)),
            (f64::from(t) / window) as f32,
            log10th(since_parent),
        ]);
        nodes.extend_from_slice(&kind);
        nodes.extend_from_slice(&[
            flag(event.is_none()),
            s.unwrap_or(0.0),
            flag(s.is_some()),
            log10th(followers.unwrap_or(0) as f64),
            flag(followers.is_some()),
            flag(verified == Some(true)),
            flag(verified.is_some()),
        ]);
        edges.extend_from_slice(&kind);
        edges.push(log10th(since_parent));
    }
}

/// The row of columns that describe a graph as a whole, its post and its author.
fn push_globals(row: &mut Vec<f32>, input: &DiffusionInput, shape: &Shape, certain: &[f32]) {
    let start = row.len();
    let graph = input.graph;
    let (n, until) = (graph.len(), graph.observed_until);
    let per_event = if n == 0 { 0.0 } else { 1.0 / n as f32 };
    let seen_by = |t: f64| graph.t.partition_point(|&e| f64::from(e) <= t);

    // How fast, and whether faster or slower than before.
    let window = f64::from(until);
    let (log_until, log_n) = (log(until), certain[0]);
    row.extend_from_slice(&[log_until, flag(until == 0), log_n]);
    for part in [2.0, 4.0, 8.0, 16.0] {
        row.push(log((n - seen_by(window - window / part)) as f64));
    }
    for part in [16.0, 4.0] {
        row.push(log(seen_by(window / part) as f64));
    }
    let first = graph.t.first().copied().unwrap_or(0);
    let last = graph.t.last().copied().unwrap_or(0);
    row.extend_from_slice(&[certain[1], log(first), log(until.saturating_sub(last))]);
    push_pace(row, graph);

    // What the tree looks like.
    let depth_sum: f64 = shape.depth.iter().map(|&d| f64::from(d)).sum();
    let deepest = shape.depth.iter().copied().max().unwrap_or(0);
    let busiest = shape.children[1..].iter().copied().max().unwrap_or(0);
    let passed_on = shape.children[1..].iter().filter(|&&c| c > 0).count();
    row.extend_from_slice(&[
        depth_sum as f32 * per_event,
        log(deepest),
        shape.children[0] as f32 * per_event,
        log(certain[2]),
        certain[3],
        log(busiest),
        passed_on as f32 * per_event,
    ]);
    push_levels(row, graph, shape);
    let mut kinds = [0.0f32; KINDS];
    for &kind in &graph.kind {
        for (sum, one) in kinds.iter_mut().zip(kind_row(kind)) {
            *sum += one;
        }
    }
    row.extend(kinds.map(|count| count * per_event));
    let mut users = graph.user.clone();
    users.sort_unstable();
    users.dedup();
    row.push(users.len() as f32 * per_event);

    // What the audience says.
    let voices = voices_of(graph).count() as f32;
    row.extend_from_slice(&[certain[4], flag(voices > 0.0), log(voices)]);

    // Who posted.
    let unknown = Author::default();
    let author = input.author.unwrap_or(&unknown);
    let age = author.account_age_days.map(u64::from);
    for count in [author.followers, author.following, author.posts, age] {
        row.extend_from_slice(&[log(count.unwrap_or(0) as f64), flag(count.is_some())]);
    }
    row.extend_from_slice(&[
        flag(author.verified == Some(true)),
        flag(author.verified.is_some()),
    ]);

    // What was posted, where and when.
    let platform: [f32; PLATFORM_COLUMNS] = one_hot(support::platform_column(input.platform));
    row.extend(platform);
    row.extend(one_hot::<LANGUAGE_COLUMNS>(support::language_column(
        input.language,
    )));
    let weibo = flag(input.platform == Platform::Weibo);
    row.extend_from_slice(&[weibo * log_until, weibo * log_n, log_until * log_n]);
    row.extend_from_slice(&[
        input.s.unwrap_or(0.0),
        input.s.map_or(0.0, f32::abs),
        flag(input.s.is_some()),
    ]);
    row.extend(input.topics.unwrap_or_default());
    row.push(flag(input.topics.is_some()));
    row.push(log(input.text_chars as f64));
    row.extend_from_slice(&[log(input.images.unwrap_or(0)), flag(input.images.is_some())]);
    row.extend(clock(input.created_at));
    let now = input
        .created_at
        .and_then(|at| at.checked_add(Duration::seconds(until.into())));
    row.extend_from_slice(&clock(now)[..2]);
    debug_assert_eq!(row.len() - start, GLOBAL);
}

/// Time scales of fading attention, in seconds.
const FADING: [f32; 4] = [300.0, 1_800.0, 7_200.0, 28_800.0];
/// Counts of events whose times are columns.
const MILESTONES: [usize; 6] = [5, 10, 25, 50, 100, 200];

/// Events weighed by how long ago they were, when round numbers of them were reached (later than
/// now where they weren't), and their mean time.
fn push_pace(row: &mut Vec<f32>, graph: &DiffusionGraph) {
    let until = graph.observed_until;
    let mut fading = [0.0f32; FADING.len()];
    let mut sum = 0u64;
    for &t in &graph.t {
        let age = until.saturating_sub(t) as f32;
        for (weight, scale) in fading.iter_mut().zip(FADING) {
            *weight += (-age / scale).exp();
        }
        sum += u64::from(t);
    }
    row.extend(fading.map(log));
    row.extend(MILESTONES.map(|m| graph.t.get(m - 1).map_or(log(until) + 1.0, |&t| log(t))));
    row.push(log(sum as f64 / graph.len().max(1) as f64));
}

/// How many events at each distance from the post; where the last quarter of the time took place;
/// what the busiest spreader set off.
fn push_levels(row: &mut Vec<f32>, graph: &DiffusionGraph, shape: &Shape) {
    let until = graph.observed_until;
    let mut levels = [0u32; 3];
    for &depth in &shape.depth[1..] {
        levels[(depth as usize - 1).min(2)] += 1;
    }
    row.extend(levels.map(log));
    let recent = graph.t.partition_point(|&t| t <= until - until / 4);
    let count = (graph.len() - recent).max(1) as f32;
    let depths: u32 = shape.depth[1 + recent..].iter().sum();
    let direct = graph.parent[recent..].iter().filter(|&&p| p == 0).count();
    row.extend_from_slice(&[depths as f32 / count, direct as f32 / count]);
    let busiest = (1..=graph.len())
        .rev()
        .max_by_key(|&node| shape.children[node])
        .filter(|&node| shape.children[node] > 0);
    row.extend_from_slice(&busiest.map_or([0.0; 2], |node| {
        [
            log(until.saturating_sub(graph.t[node - 1])),
            log(shape.subtree[node]),
        ]
    }));
}

/// Hour and weekday in UTC as points on circles, whether it is weekend, and a mask.
fn clock(created_at: Option<OffsetDateTime>) -> [f32; 6] {
    let Some(at) = created_at.and_then(|at| at.checked_to_offset(UtcOffset::UTC)) else {
        return [0.0; 6];
    };
    let day = std::f32::consts::TAU * (f32::from(at.hour()) + f32::from(at.minute()) / 60.0) / 24.0;
    let weekday = at.weekday().number_days_from_monday();
    let week = std::f32::consts::TAU * f32::from(weekday) / 7.0;
    [
        day.sin(),
        day.cos(),
        week.sin(),
        week.cos(),
        flag(weekday >= 5),
        1.0,
    ]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `events` events, every third on the post, one every 20 seconds.
    pub(in super::super) fn graph(events: u32) -> DiffusionGraph {
        let mut graph = DiffusionGraph {
            observed_until: 20 * events,
            ..DiffusionGraph::default()
        };
        for i in 0..events {
            graph.t.push(20 * i);
            graph.parent.push(if i % 3 == 0 { 0 } else { i * 5 / 7 });
            graph.kind.push(if i % 2 == 0 {
                EventKind::Repost
            } else {
                EventKind::Quote
            });
            graph.user.push(i % 5);
            graph.followers.push(None);
            graph.verified.push(None);
            graph.s.push((i % 2 == 1).then_some(0.5));
        }
        graph
    }

    pub(in super::super) fn input(graph: &DiffusionGraph) -> DiffusionInput<'_> {
        DiffusionInput {
            graph,
            author: graph.author.as_ref(),
            platform: Platform::Weibo,
            language: Language::Zh,
            s: Some(0.3),
            created_at: None,
            text_chars: 40,
            images: Some(1),
            topics: None,
            vector: None,
            form: None,
        }
    }

    fn globals(graph: &DiffusionGraph) -> Vec<f32> {
        Columns::of(&input(graph)).globals
    }

    #[test]
    fn columns_see_nothing_past_the_cut() {
        let whole = graph(60);
        for until in [1, 200, 590, 1_200] {
            let mut seen = whole.clone();
            seen.t.retain(|&t| t <= until);
            let n = seen.t.len();
            seen.parent.truncate(n);
            seen.kind.truncate(n);
            seen.user.truncate(n);
            seen.followers.truncate(n);
            seen.verified.truncate(n);
            seen.s.truncate(n);
            seen.observed_until = until;
            assert_eq!(globals(&whole.cut(until)), globals(&seen));
        }
    }

    #[test]
    fn columns_are_finite_for_every_graph_however_odd() {
        let mut odd = vec![graph(0), graph(1), graph(300)];
        // All at once, at the very start, in one long chain, seen for as long as can be.
        let mut chain = graph(50);
        chain.t.fill(0);
        chain.parent = (0..50).collect();
        chain.observed_until = u32::MAX;
        odd.push(chain);
        for graph in odd {
            let mut input = input(&graph);
            input.created_at = Some(OffsetDateTime::UNIX_EPOCH);
            let columns = Columns::of(&input);
            for values in [
                &columns.nodes[..],
                &columns.edges,
                &columns.globals,
                &columns.so_far,
            ] {
                assert!(values.iter().all(|v| v.is_finite()));
            }
        }
    }
}
