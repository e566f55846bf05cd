//! Whole cascades as the pages of the diffusion API.

use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::{ImportedPost, hash_of};
use crate::diffusion::{DiffusionGraph, DiffusionPage};
use crate::post::json::{parse, without_mark};
use crate::published::record::{Event, PostRecord, check_id};
use crate::{Error, Result};

/// A cascade from all pages of the diffusion API, one JSON value after the other. The field of an
/// error counts pages from 1: `pages[2].parent[3]`. Indices become ids, so a cascade that is
/// read again replaces the one before.
pub fn cascade_from_pages(bytes: &[u8]) -> Result<ImportedPost> {
    let bytes = without_mark(bytes);
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    let mut first: Option<DiffusionPage> = None;
    let mut graph = DiffusionGraph::default();
    let mut events = Vec::new();
    let mut more = false;
    for number in 1.. {
        let at = format!("pages[{number}]");
        let begin = values.byte_offset();
        match values.next() {
            None => break,
            // The page's own reader says it in more words.
            Some(Err(error)) if error.classify() != Category::Io => {
                let rest: Result<DiffusionPage> = parse(&bytes[begin..], &at);
                rest?;
                return Err(Error::invalid(at, error));
            }
            Some(_) => {}
        }
        let page: DiffusionPage = parse(&bytes[begin..values.byte_offset()], &at)?;
        if let Some(first) = &first {
            for (field, same) in [
                ("post", page.post == first.post),
                ("created_at", page.created_at == first.created_at),
                (
                    "observed_until",
                    page.observed_until == first.observed_until,
                ),
                ("total", page.total == first.total),
            ] {
                if !same {
                    let problem = "differs from the first page's: pages are of one snapshot";
                    return Err(Error::invalid(format!("{at}.{field}"), problem));
                }
            }
        } else {
            check_id("post", &page.post).map_err(|e| e.within(&at))?;
        }
        graph.append(&page).map_err(|e| e.within(&at))?;
        more = page.next.is_some();
        for i in 0..page.t.len() {
            let index = page.start + i;
            let event = Event {
                id: index.to_string(),
                parent: (page.parent[i] != 0).then(|| page.parent[i].to_string()),
                t: page.t[i],
                kind: page.kind[i],
                user: Some(format!("{}:{}", hash_of(&page.post), page.user[i])),
                followers: page.followers[i],
                verified: page.verified[i],
                s: page.s[i],
                text: page.text.as_ref().and_then(|texts| texts[i].clone()),
            };
            event
                .validate()
                .map_err(|e| e.within(&format!("{at}.events[{i}]")))?;
            events.push(event);
        }
        first.get_or_insert(page);
    }
    let Some(first) = first else {
        return Err(Error::invalid("pages", "there are none"));
    };
    if more || events.len() as u64 != first.total {
        let problem = format!("hold {} of {} events", events.len(), first.total);
        return Err(Error::invalid("pages", problem));
    }
    Ok(ImportedPost {
        post: PostRecord {
            user: Some(format!("{}:0", hash_of(&first.post))),
            author: first.author,
            ..PostRecord::new(first.created_at)
        },
        id: first.post,
        observed_until: first.observed_until,
        events,
    })
}
