//! Events in the order they came in, and the graph they make at any moment.

use std::collections::HashMap;

use super::{DiffusionGraph, EventKind};

/// Stands for the post among indices of events.
const POST: u32 = u32::MAX;

/// One event as it comes in. Ids are hashes: equal ids are the same event or user.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// Hash of its id.
    pub id: u128,
    /// The event that was passed on; `None` for the post itself.
    pub parent: Option<u128>,
    /// Seconds after the post.
    pub t: u32,
    /// Its kind.
    pub kind: EventKind,
    /// `None` is somebody of their own.
    pub user: Option<u128>,
    /// Followers of the account, where known.
    pub followers: Option<u64>,
    /// True for a verified account, where known.
    pub verified: Option<bool>,
    /// Valence of its words in [-1, 1], where known.
    pub s: Option<f32>,
}

/// Events in the order of their arrival, which may be any: a child may come before its parent,
/// an event twice.
///
/// The graph depends on which events are in it, not on their order of arrival. An event whose
/// parent isn't there (yet) hangs on the post; one that claims to be earlier than its parent
/// counts as simultaneous; a circle of parents is broken at its earliest event.
#[derive(Debug, Clone, Default)]
pub struct EventLog {
    ids: Vec<u128>,
    /// Place of the parent in this log; [`POST`] where there is none.
    parent: Vec<u32>,
    t: Vec<u32>,
    kind: Vec<EventKind>,
    /// Numbers of users in order of first arrival; the post's author is 0.
    user: Vec<u32>,
    followers: Vec<Option<u64>>,
    verified: Vec<Option<bool>>,
    s: Vec<Option<f32>>,
    place: HashMap<u128, u32>,
    /// Children whose parent hasn't come, by its id.
    waiting: HashMap<u128, Vec<u32>>,
    author: Option<u128>,
    users: HashMap<u128, u32>,
    user_count: u32,
}

/// A graph made of a log's first events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoggedGraph {
    /// Without `observed_until` and author.
    pub graph: DiffusionGraph,
    /// Place in the log of each of the graph's events.
    pub arrival: Vec<u32>,
}

impl EventLog {
    /// An empty log of a post by `author`, whose pseudonym is 0.
    pub fn new(author: Option<u128>) -> Self {
        EventLog {
            author,
            ..EventLog::default()
        }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// True if nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Adds an event; `false` if it is there already.
    pub fn push(&mut self, event: &Arrival) -> bool {
        let index = self.ids.len() as u32;
        if self.place.contains_key(&event.id) {
            return false;
        }
        self.place.insert(event.id, index);
        for child in self.waiting.remove(&event.id).unwrap_or_default() {
            self.parent[child as usize] = index;
        }
        let parent = event.parent.map_or(POST, |id| {
            self.place.get(&id).copied().unwrap_or_else(|| {
                self.waiting.entry(id).or_default().push(index);
                POST
            })
        });
        let user = self.number_of(event.user);
        self.ids.push(event.id);
        self.parent.push(parent);
        self.t.push(event.t);
        self.kind.push(event.kind);
        self.user.push(user);
        self.followers.push(event.followers);
        self.verified.push(event.verified);
        self.s.push(event.s);
        true
    }

    fn number_of(&mut self, user: Option<u128>) -> u32 {
        if user.is_some() && user == self.author {
            return 0;
        }
        let next = self.user_count + 1;
        let number = user.map_or(next, |id| *self.users.entry(id).or_insert(next));
        self.user_count = self.user_count.max(number);
        number
    }

    /// The graph of the first `n` events, in order of time; parents come before their children.
    pub fn graph(&self, n: usize) -> LoggedGraph {
        let n = n.min(self.len());
        let nodes = self.resolve(n);
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_unstable_by_key(|&i| {
            let node = &nodes[i as usize];
            (node.t, node.depth, self.ids[i as usize])
        });
        let mut index = vec![0u32; n];
        for (i, &place) in order.iter().enumerate() {
            index[place as usize] = i as u32 + 1;
        }
        let mut graph = DiffusionGraph::draft(None);
        let mut pseudonyms = vec![0u32; self.user_count as usize + 1];
        let mut last_pseudonym = 0;
        for &place in &order {
            let i = place as usize;
            let parent = nodes[i].parent;
            let pseudonym = &mut pseudonyms[self.user[i] as usize];
            if *pseudonym == 0 && self.user[i] != 0 {
                last_pseudonym += 1;
                *pseudonym = last_pseudonym;
            }
            graph.t.push(nodes[i].t);
            graph.parent.push(if parent == POST {
                0
            } else {
                index[parent as usize]
            });
            graph.kind.push(self.kind[i]);
            graph.user.push(*pseudonym);
            graph.followers.push(self.followers[i]);
            graph.verified.push(self.verified[i]);
            graph.s.push(self.s[i]);
        }
        LoggedGraph {
            graph,
            arrival: order,
        }
    }

    /// Parent, time and depth of the first `n` events, as a tree below the post.
    fn resolve(&self, n: usize) -> Vec<Node> {
        let mut nodes: Vec<Node> = (0..n)
            .map(|i| Node {
                // What came later isn't there yet.
                parent: if (self.parent[i] as usize) < n {
                    self.parent[i]
                } else {
                    POST
                },
                t: self.t[i],
                depth: 0,
            })
            .collect();
        let mut path: Vec<u32> = Vec::new();
        let mut on_path = vec![false; n];
        for start in 0..n as u32 {
            let mut at = start;
            // Up to the post or to a node that is done.
            while at != POST && nodes[at as usize].depth == 0 {
                if on_path[at as usize] {
                    let circle = path.iter().position(|&p| p == at).unwrap_or(0);
                    let earliest = path[circle..].iter().copied().min_by_key(|&p| {
                        let i = p as usize;
                        (self.t[i], self.ids[i])
                    });
                    nodes[earliest.unwrap_or(at) as usize].parent = POST;
                    for p in path.drain(..) {
                        on_path[p as usize] = false;
                    }
                    at = start;
                    continue;
                }
                on_path[at as usize] = true;
                path.push(at);
                at = nodes[at as usize].parent;
            }
            while let Some(p) = path.pop() {
                on_path[p as usize] = false;
                let parent = nodes[p as usize].parent;
                let (t, depth) = match parent {
                    POST => (0, 0),
                    _ => (nodes[parent as usize].t, nodes[parent as usize].depth),
                };
                let node = &mut nodes[p as usize];
                node.t = node.t.max(t);
                node.depth = depth + 1;
            }
        }
        nodes
    }
}

struct Node {
    parent: u32,
    t: u32,
    /// 0 until it is known; then 1 for a child of the post.
    depth: u32,
}
