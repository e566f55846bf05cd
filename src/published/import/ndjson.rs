//! Events as the API takes them: one JSON object on each line, every field known.

use serde::Deserialize;
use time::OffsetDateTime;

use super::at_line;
use crate::diffusion::EventKind;
use crate::post::json::{parse, without_mark};
use crate::post::moment;
use crate::published::record::{Event, seconds_after};
use crate::{Error, Result};
#[cfg(test)]
use crate::{
    post::MAX_TEXT_CHARS,
    published::record::{MAX_ID_BYTES, MAX_SECONDS},
};

/// Something that somebody did with a post; its time is `t` or `created_at`. Of its ids only keyed
/// hashes are kept.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Event", extend(
    "anyOf" = [{"required": ["t"]}, {"required": ["created_at"]}]
)))]
#[serde(deny_unknown_fields)]
pub struct SentEvent {
    /// At most 256 bytes of UTF-8; the same event sent again is the same id, and counts once.
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_ID_BYTES)))]
    id: String,
    /// Id of the event that was passed on, of the same post; null for the post itself. It may come
    /// later.
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_ID_BYTES)))]
    parent: Option<String>,
    /// Seconds after the post.
    #[cfg_attr(test, schemars(range(max = MAX_SECONDS)))]
    t: Option<u32>,
    /// In place of `t`: when it happened (RFC 3339). Up to five minutes before the post it counts
    /// at 0.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    created_at: Option<OffsetDateTime>,
    /// The way the post was passed on or answered.
    kind: EventKind,
    /// Id of the account.
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_ID_BYTES)))]
    user: Option<String>,
    /// Followers of the account.
    followers: Option<u64>,
    /// True if the account is verified.
    verified: Option<bool>,
    /// Valence of its text, where the sender knows it.
    #[cfg_attr(test, schemars(range(min = -1, max = 1)))]
    s: Option<f32>,
    /// Read for its valence where `s` is not given; kept only if the post says so.
    #[cfg_attr(test, schemars(length(max = MAX_TEXT_CHARS)))]
    text: Option<String>,
}

/// Events, one JSON object per line; blank lines are skipped. `posted_at` says when the post was
/// published, if that is known; it is asked once, and only if a line has `created_at`.
pub fn events_from_ndjson(
    bytes: &[u8],
    posted_at: impl FnOnce() -> Option<OffsetDateTime>,
) -> Result<Vec<Event>> {
    let mut posted_at = Asked::Later(posted_at);
    let mut events = Vec::new();
    for (number, line) in lines(bytes) {
        let quick = line.starts_with(b"{").then(|| serde_json::from_slice(line));
        let sent: SentEvent = match quick {
            Some(Ok(event)) => event,
            // Reads it again, slower, to say what is wrong.
            _ => parse(line, &at_line(number)).map_err(|e| on_line(e, number))?,
        };
        let event = event(sent, &mut posted_at);
        events.push(event.map_err(|e| e.within(&at_line(number)))?);
    }
    Ok(events)
}

/// A value that is asked for once, if at all.
enum Asked<F> {
    Later(F),
    Known(Option<OffsetDateTime>),
}

impl<F: FnOnce() -> Option<OffsetDateTime>> Asked<F> {
    fn get(&mut self) -> Option<OffsetDateTime> {
        match std::mem::replace(self, Asked::Known(None)) {
            Asked::Later(ask) => {
                let known = ask();
                *self = Asked::Known(known);
                known
            }
            Asked::Known(known) => {
                *self = Asked::Known(known);
                known
            }
        }
    }
}

fn event<F: FnOnce() -> Option<OffsetDateTime>>(
    sent: SentEvent,
    posted_at: &mut Asked<F>,
) -> Result<Event> {
    let t = match (sent.t, sent.created_at) {
        (Some(t), None) => t,
        (None, Some(time)) => {
            let posted_at = posted_at.get().ok_or_else(|| {
                Error::invalid(
                    "created_at",
                    "can't be counted from a post that is not known",
                )
            })?;
            moment::check("created_at", time)?;
            seconds_after(posted_at, time)?.0
        }
        (None, None) => return Err(Error::invalid("t", "is missing, and so is created_at")),
        (Some(_), Some(_)) => {
            return Err(Error::invalid("t", "stands beside created_at: give one"));
        }
    };
    let event = Event {
        id: sent.id,
        parent: sent.parent,
        t,
        kind: sent.kind,
        user: sent.user,
        followers: sent.followers,
        verified: sent.verified,
        s: sent.s,
        text: sent.text,
    };
    event.validate()?;
    Ok(event)
}

/// Lines that aren't blank, with their numbers.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    without_mark(bytes)
        .split(|&b| b == b'\n')
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
}

/// The line's number in its file instead of 1.
fn on_line(error: Error, number: usize) -> Error {
    match error {
        Error::Malformed {
            field,
            problem,
            column,
            ..
        } => Error::Malformed {
            field,
            problem,
            line: number,
            column,
        },
        other => other,
    }
}
