//! Whole cascades as chains of users: the format of DeepHawkes and CasFlow.

use std::collections::HashMap;

use time::OffsetDateTime;

use super::{ImportedPost, at_line, hash_of, shortened};
use crate::diffusion::EventKind;
use crate::published::record::{Event, MAX_SECONDS, PostRecord, check_id};
use crate::{Error, Result};

/// Longest chain of users in one path.
const MAX_PATH: usize = 1_000;

/// A cascade from one line of DeepHawkes' format (Cao et al. 2017), tab-separated: id of the
/// message, id of its user, Unix time of publication, number of reposts, and the reposts,
/// separated by spaces. Each repost is the chain of users it came along, from the author on,
/// and its seconds after the post: `u1/u2/u3:175`. A chain of the author alone is the post.
///
/// A repost hangs on the latest listed one of the longest chain that its own begins with.
/// `number` is the line's in its file, from 1.
pub fn cascade_from_paths(line: &[u8], number: usize) -> Result<ImportedPost> {
    let at = |name: &str| format!("{}.{name}", at_line(number));
    let line =
        std::str::from_utf8(line).map_err(|_| Error::invalid(at_line(number), "isn't UTF-8"))?;
    let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
    let &[id, user, posted_at, _count, paths] = fields.as_slice() else {
        let problem = format!(
            "has {} tab-separated fields, not 5: id, user, Unix time, count, paths",
            fields.len()
        );
        return Err(Error::invalid(at_line(number), problem));
    };
    check_id(&at("id"), id)?;
    check_id(&at("user"), user)?;
    let created_at = posted_at
        .parse()
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        // What RFC 3339 can't write can't be stored.
        .filter(|time| (0..=9999).contains(&time.year()))
        .ok_or_else(|| {
            let problem = format!("is \"{posted_at}\": use seconds since 1970");
            Error::invalid(at("created_at"), problem)
        })?;

    let mut events: Vec<Event> = Vec::new();
    // Reposts by their chain: time and id.
    let mut listed: HashMap<&str, Vec<(u32, String)>> = HashMap::new();
    let mut chains = Vec::new();
    for (i, entry) in paths.split_ascii_whitespace().enumerate() {
        let field = || at(&format!("paths[{}]", i + 1));
        let parsed = entry
            .rsplit_once(':')
            .and_then(|(chain, t)| Some((chain, seconds(t)?)));
        let Some((chain, t)) = parsed else {
            let problem = format!("is \"{}\": use u1/u2:seconds", shortened(entry));
            return Err(Error::invalid(field(), problem));
        };
        if chain.split('/').count() > MAX_PATH {
            let problem = format!("has more than {MAX_PATH} users");
            return Err(Error::invalid(field(), problem));
        }
        for user in chain.split('/') {
            check_id(&field(), user)?;
        }
        if chain == user {
            continue;
        }
        let id = hash_of(entry);
        listed.entry(chain).or_default().push((t, id.clone()));
        chains.push(chain);
        let last = chain.rsplit('/').next().unwrap_or(chain);
        events.push(Event {
            id,
            parent: None,
            t,
            kind: EventKind::Repost,
            user: Some(last.to_owned()),
            followers: None,
            verified: None,
            s: None,
            text: None,
        });
    }
    for reposts in listed.values_mut() {
        reposts.sort();
    }
    for (event, chain) in events.iter_mut().zip(chains) {
        let mut above = chain;
        while event.parent.is_none()
            && let Some((shorter, _)) = above.rsplit_once('/')
        {
            above = shorter;
            if let Some(reposts) = listed.get(above) {
                let before = reposts.partition_point(|(t, _)| *t <= event.t);
                event.parent = reposts
                    .get(before.saturating_sub(1))
                    .map(|(_, id)| id.clone());
            }
        }
    }
    Ok(ImportedPost {
        id: id.to_owned(),
        post: PostRecord {
            user: Some(user.to_owned()),
            ..PostRecord::new(created_at)
        },
        observed_until: events.iter().map(|e| e.t).max().unwrap_or(0),
        events,
    })
}

/// Seconds after the post; CasFlow's may have a fraction.
fn seconds(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole: u32 = whole.parse().ok()?;
    let digits = fraction.bytes().all(|b| b.is_ascii_digit());
    (digits && whole <= MAX_SECONDS).then_some(whole)
}
