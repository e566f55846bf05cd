//! Leaders of the posts in a store, as they are answered.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;
use time::OffsetDateTime;

use super::store::reading::{Period, Reading, StoredPost};
use super::store::{Result, hex};
use crate::diffusion::{Arrival, DiffusionGraph, EventLog};
use crate::listening::coordination::{Act, LONG_WORDS, Signal, SignalKind, signals};
use crate::listening::influence::Named;
use crate::listening::leaders::{COVERAGE, Cascade, Leader, Leaders, Role, Tally};
use crate::post::Platform;
use crate::text::{Name, Searchable};

/// Posts of a leader that are named.
const EXAMPLES: usize = 3;
/// Posts of a leader, those with most reposts, that are looked through for others that act with it.
const LOOKED_THROUGH: usize = 100;

/// The posts whose leaders are asked for, and their part.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The part that they play.
    pub role: Role,
    /// Names of a brand: posts that have one of them. Of none, all posts.
    pub brand: Vec<String>,
    /// Words of a topic: posts that have one of them, beside a name. Of none, all posts.
    pub topic: Vec<String>,
    /// Where the posts stand.
    pub platform: Option<Platform>,
    /// When they were published.
    pub period: Period,
}

/// Which of the leaders are wanted.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// From a place, counted from 0, so many.
    Places(usize, usize),
    /// The account of this id.
    User(String),
}

/// Accounts by the reposts that they caused.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeadersPage {
    /// The part that they play.
    pub role: Role,
    /// Posts that were asked for.
    pub posts: u32,
    /// Reposts and quotes of those posts.
    pub reposts: u64,
    /// Share of those reposts of which it is known what they passed on; null without reposts. The
    /// causes of the others are expected.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub observed: Option<f64>,
    /// Accounts that play the part.
    pub accounts: usize,
    /// 0.8: four of five intervals hold what they are of.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub coverage: f32,
    /// The accounts, by the lower end of `per_post`.
    pub leaders: Vec<LeaderRow>,
    /// Cursor of the next page; null or left out on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What is known of the parents of reposts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Parents {
    /// All are known: counted.
    Observed,
    /// Some are known: counted in part.
    Mixed,
    /// None is known: expected from times and followers.
    Inferred,
}

/// An account, and what it caused.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeaderRow {
    /// Keyed hash of the account's id: the store has no other name of it.
    pub account: String,
    /// Its place, from 1.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub rank: usize,
    /// Posts that it wrote or passed on, among those asked for.
    pub posts: usize,
    /// Followers as they were known last; null where they never were.
    pub followers: Option<u64>,
    /// Reposts that came of it: below its posts or events.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub reposts: f64,
    /// Those of them that passed on its own post or event.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub direct: f64,
    /// What `reposts` rests on; null where there are none.
    pub parents: Option<Parents>,
    /// Share of `reposts` of which it is known what they passed on; null where there are none.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub observed: Option<f64>,
    /// Reposts that it causes with one post.
    pub per_post: PerPost,
    /// How many times as much it causes as accounts with so many followers do, among these; null
    /// where its followers aren't known.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub lift: Option<f64>,
    /// Share of `reposts` that passed on the single post or event of it that was passed on most; null
    /// where there are none.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub largest_broadcast: Option<f64>,
    /// The largest h such that h posts were reposted h times or more because of it.
    pub h_index: usize,
    /// Median of the seconds after which its posts or events were passed on; null where no parent is
    /// known.
    pub median_delay: Option<u32>,
    /// Events below it whose valence is known.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub voices: f64,
    /// Share of those whose words are more bad than good; null without any.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub negative: Option<f64>,
    /// Its posts with most reposts.
    pub examples: Vec<ExamplePost>,
    /// Accounts that seem to act with it, by what was seen: no verdict. Of spreaders alone.
    pub signals: Vec<SignalRow>,
}

/// Reposts caused with one post: of a post in the middle, drawn towards what accounts of so many
/// followers cause, the more so the fewer posts there are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PerPost {
    /// The estimate.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub value: f64,
    /// Lower end of its interval.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub low: f64,
    /// Upper end of its interval.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub high: f64,
}

/// A post that a number rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ExamplePost {
    /// Keyed hash of the post's id.
    pub post: String,
    /// When it was published (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub created_at: OffsetDateTime,
    /// Where it stands.
    pub platform: Platform,
    /// Reposts that the account caused with it.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub reposts: f32,
}

/// Something that accounts which act together do. Fans do it too.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SignalRow {
    /// What was seen.
    pub kind: SignalKind,
    /// Other accounts with which it was seen.
    pub accounts: usize,
    /// Posts with which it was seen.
    pub posts: usize,
    /// The first rows of it.
    pub evidence: Vec<EvidenceRow>,
}

/// Two events that are alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EvidenceRow {
    /// Keyed hash of the post's id.
    pub post: String,
    /// Seconds after the post.
    pub t: u32,
    /// Keyed hash of the other account's id.
    pub other: String,
    /// Keyed hash of the id of the post that the other passed on or answered.
    pub other_post: String,
    /// Seconds after that post.
    pub other_t: u32,
}

/// A post among those asked for.
struct Asked {
    row: i64,
    id: u128,
    created_at: OffsetDateTime,
    platform: Platform,
}

/// The leaders of a store's posts; without the cursor of the next page.
///
/// # Errors
/// Those of the store.
pub fn leaders(reading: &Reading, question: &Question, wanted: &Wanted) -> Result<LeadersPage> {
    let (posts, leaders) = ranked(reading, question)?;
    let places = match wanted {
        Wanted::Places(start, most) => *start..start.saturating_add(*most),
        Wanted::User(id) => match leaders.place(reading.account(id)) {
            Some(place) => place..place + 1,
            None => 0..0,
        },
    };
    let rows: Vec<Leader> = leaders.range(places).collect();
    let acts = match question.role {
        Role::Author => HashMap::new(),
        Role::Spreader => acts_of(reading, &rows, &posts)?,
    };
    let total = leaders.total;
    Ok(LeadersPage {
        role: question.role,
        posts: leaders.posts,
        reposts: total.reposts.round() as u64,
        observed: share(total.observed, total.reposts),
        accounts: leaders.len(),
        coverage: COVERAGE,
        leaders: rows.iter().map(|row| answer(row, &posts, &acts)).collect(),
        next: None,
    })
}

fn ranked(reading: &Reading, question: &Question) -> Result<(Vec<Asked>, Leaders)> {
    let names = |words: &[String]| words.iter().map(|word| Name::new(word)).collect::<Vec<_>>();
    let (brand, topic) = (names(&question.brand), names(&question.topic));
    let mut posts = Vec::new();
    let mut tally = Tally::new(question.role);
    reading.posts(question.period, |post| {
        let platform = post.record.platform;
        if question.platform.is_some_and(|asked| asked != platform)
            || !has_words(&post, &[&brand, &topic])
        {
            return Ok(());
        }
        let arrivals = reading.arrivals(post.row)?;
        posts.push(Asked {
            row: post.row,
            id: post.id,
            created_at: post.record.created_at,
            platform,
        });
        add(&mut tally, post, &arrivals);
        Ok(())
    })?;
    Ok((posts, tally.leaders()))
}

/// True if the post has a name of each list that has some.
fn has_words(post: &StoredPost, lists: &[&[Name]]) -> bool {
    if lists.iter().all(|names| names.is_empty()) {
        return true;
    }
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let text = format!("{}\n{}", part(&post.record.title), part(&post.record.text));
    let text = Searchable::new(&text);
    let found = |names: &&[Name]| names.iter().any(|name| text.contains(name));
    lists.iter().all(|names| names.is_empty() || found(names))
}

fn add(tally: &mut Tally, post: StoredPost, arrivals: &[Arrival]) {
    let mut log = EventLog::new(post.author);
    for event in arrivals {
        log.push(event);
    }
    let logged = log.graph(log.len());
    let there: HashSet<u128> = arrivals.iter().map(|event| event.id).collect();
    let in_order = || logged.arrival.iter().map(|&i| &arrivals[i as usize]);
    let named: Vec<Named> = in_order()
        .map(|event| match event.parent {
            None => Named::Nothing,
            Some(parent) if there.contains(&parent) => Named::There,
            Some(_) => Named::Missing,
        })
        .collect();
    let accounts = std::iter::once(post.author).chain(in_order().map(|event| event.user));
    let accounts: Vec<Option<u128>> = accounts.collect();
    tally.add(&Cascade {
        graph: &DiffusionGraph {
            author: post.record.author,
            ..logged.graph
        },
        named: &named,
        accounts: &accounts,
    });
}

/// Events of the posts that these leaders spread most, by the number of the post.
fn acts_of(reading: &Reading, rows: &[Leader], posts: &[Asked]) -> Result<HashMap<u32, Vec<Act>>> {
    let mut acts = HashMap::new();
    for share in rows
        .iter()
        .flat_map(|row| row.shares.iter().take(LOOKED_THROUGH))
    {
        if acts.contains_key(&share.post) {
            continue;
        }
        let events = reading.events(posts[share.post as usize].row)?;
        let mut of_post: Vec<Act> = events
            .into_iter()
            .filter_map(|event| {
                Some(Act {
                    t: event.arrival.t,
                    account: event.arrival.user?,
                    words: event.text.as_deref().and_then(words_of),
                })
            })
            .collect();
        of_post.sort_unstable();
        acts.insert(share.post, of_post);
    }
    Ok(acts)
}

/// Hash of the letters of a text that has enough of them.
fn words_of(text: &str) -> Option<u64> {
    let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.chars().count() < LONG_WORDS {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    letters.to_lowercase().hash(&mut hasher);
    Some(hasher.finish())
}

fn answer(row: &Leader, posts: &[Asked], acts: &HashMap<u32, Vec<Act>>) -> LeaderRow {
    let looked_through: Vec<u32> = row
        .shares
        .iter()
        .take(LOOKED_THROUGH)
        .map(|s| s.post)
        .collect();
    let of_posts: Vec<&[Act]> = looked_through
        .iter()
        .map(|post| acts.get(post).map_or(&[][..], Vec::as_slice))
        .collect();
    let caused = &row.caused;
    let observed = share(caused.observed, caused.reposts);
    LeaderRow {
        account: hex(row.account),
        rank: row.rank,
        posts: row.posts,
        followers: row.followers,
        reposts: caused.reposts,
        direct: caused.direct,
        parents: observed.map(|share| match share {
            0.0 => Parents::Inferred,
            share if share > 1.0 - 1e-9 => Parents::Observed,
            _ => Parents::Mixed,
        }),
        observed,
        per_post: PerPost {
            value: row.per_post,
            low: row.low,
            high: row.high,
        },
        lift: row.lift,
        largest_broadcast: row.largest,
        h_index: row.h_index,
        median_delay: row.median_delay,
        voices: caused.voices,
        negative: share(caused.negative, caused.voices),
        examples: row
            .shares
            .iter()
            .take(EXAMPLES)
            .map(|share| {
                let post = &posts[share.post as usize];
                ExamplePost {
                    post: hex(post.id),
                    created_at: post.created_at,
                    platform: post.platform,
                    reposts: share.reposts,
                }
            })
            .collect(),
        signals: signals(row.account, &of_posts)
            .into_iter()
            .map(|signal| signal_row(signal, |i| posts[looked_through[i] as usize].id))
            .collect(),
    }
}

fn signal_row(signal: Signal, post: impl Fn(usize) -> u128) -> SignalRow {
    SignalRow {
        kind: signal.kind,
        accounts: signal.accounts,
        posts: signal.posts,
        evidence: signal
            .evidence
            .into_iter()
            .map(|row| EvidenceRow {
                post: hex(post(row.post)),
                t: row.t,
                other: hex(row.other),
                other_post: hex(post(row.other_post)),
                other_t: row.other_t,
            })
            .collect(),
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| (part / whole).clamp(0.0, 1.0))
}
