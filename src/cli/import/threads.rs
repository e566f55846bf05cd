//! Who passed on whom: events of events, and reposts that name whom they came along.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use bsmv::published::import::Happening;

/// Longest chain of events that is followed.
const MAX_DEPTH: usize = 1_000;

/// What the events of a file refer to, known after a first reading.
#[derive(Default)]
pub struct Threads {
    /// By the hash of an event's id, the id of what it answers or passes on.
    targets: HashMap<u64, Box<str>>,
    /// Hash of target and name, seconds since 1970, and id of each event; sorted once all are in.
    names: Vec<(u64, i64, Box<str>)>,
    is_sorted: bool,
}

fn hash_of(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

impl Threads {
    /// Takes an event in; `at` is its time in seconds since 1970.
    pub fn add(&mut self, happening: &Happening, at: Option<i64>) {
        let Some(target) = happening.target.as_deref() else {
            return;
        };
        let id = happening.event.id.as_str();
        // What is passed on by name hangs on the post that the file names.
        if let (Some(name), Some(at)) = (&happening.name, at) {
            self.names.push((hash_of((target, name)), at, id.into()));
            self.is_sorted = false;
        }
        self.targets.insert(hash_of(id), target.into());
    }

    /// What an event leads to: its target, the target of that, and so on.
    pub fn path(&self, target: &str) -> Vec<String> {
        let mut path = vec![target.to_owned()];
        while path.len() < MAX_DEPTH
            && let Some(next) = path
                .last()
                .and_then(|id| self.targets.get(&hash_of(id.as_str())))
            && !path.iter().any(|id| **id == **next)
        {
            path.push(next.to_string());
        }
        path
    }

    /// The latest event up to `at` by the first of the names that has one.
    pub fn parent(&mut self, happening: &Happening, at: i64) -> Option<String> {
        if !self.is_sorted {
            self.names.sort_unstable();
            self.is_sorted = true;
        }
        let target = happening.target.as_deref()?;
        let own = happening.event.id.as_str();
        happening.chain.iter().find_map(|name| {
            let key = hash_of((target, name));
            let begin = self.names.partition_point(|(other, ..)| *other < key);
            let end = self
                .names
                .partition_point(|(other, time, _)| (*other, *time) <= (key, at));
            let found = self.names[begin.min(end)..end].iter().rev();
            found
                .map(|(.., id)| &**id)
                .find(|id| *id != own)
                .map(str::to_owned)
        })
    }
}
