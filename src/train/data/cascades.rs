//! Cascades of the data sets as graphs with targets, and forecasts of them as rows.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::definition::features::{DiffusionFeatures, TOPICS};
use crate::definition::value::{diffusion_of, realised_valence};
use crate::diffusion::structure::{
    audience_valence, leader_share, speed, structural_virality, voices_of,
};
use crate::diffusion::{DiffusionGraph, DiffusionInput, EventKind, OBSERVATION_TIMES};
use crate::heads::reader::Reader;
use crate::post::{Author, Platform};
use crate::text::Language;
use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::train::data::sets::{Split, rows};
use crate::train::data::texts::first_bytes;

/// Valences of texts by the hash of the exact text: NDJSON `{"h": …, "s": …}`, plain or gzip; `h`
/// is 16 hex digits, the first 8 bytes of the text's SHA-256.
#[derive(Debug, Clone, Default)]
pub struct Labels(HashMap<u64, f32>);

#[derive(Deserialize)]
struct LabelRow {
    h: String,
    s: f32,
}

/// The first 8 bytes of the SHA-256 of a text, as in its `h`.
pub fn text_hash(text: &str) -> u64 {
    first_bytes(text.as_bytes())
}

impl Labels {
    /// Reads a file of labels.
    ///
    /// # Errors
    /// When there is no such file, or a line isn't a label.
    pub fn load(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
        let reader: Box<dyn Read> = if path.extension().is_some_and(|e| e == "gz") {
            Box::new(MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        let mut by_hash = HashMap::new();
        for (i, line) in BufReader::new(reader).lines().enumerate() {
            let place = || format!("{}, line {}", path.display(), i + 1);
            let row: LabelRow = serde_json::from_str(&line?).with_context(place)?;
            by_hash.insert(u64::from_str_radix(&row.h, 16).with_context(place)?, row.s);
        }
        Ok(Labels(by_hash))
    }

    /// The valence of exactly this text, if it is known.
    pub fn get(&self, text: &str) -> Option<f32> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&text_hash(text)).copied()
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True where no text is labelled.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How a cascade ended. `None` where the data can't tell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Targets {
    /// All events, with those that the data set leaves out.
    pub n: u64,
    /// D of those, [0, 1].
    pub d: f32,
    /// ln(1 + seconds) to the middle event; missing without events, or when the middle event was left out.
    pub speed: Option<f32>,
    /// Structural virality; missing where events were left out.
    pub depth: Option<f32>,
    /// Share of the events below three leaders; missing where events were left out.
    pub leader_share: Option<f32>,
    /// Mean valence of the events with words; missing where none is labelled.
    pub audience: Option<f32>,
    /// Events with words; missing where the data set has none of their texts.
    pub voices: Option<u64>,
    /// Realised valence of post and audience; missing unless both are labelled (an audience of
    /// none counts as labelled when the data set has its texts).
    pub s: Option<f32>,
}

/// One post of a data set with its whole graph.
#[derive(Debug, Clone)]
pub struct Cascade {
    /// The post's name within its set.
    pub id: String,
    /// Where it was posted.
    pub platform: Platform,
    /// The language of its set.
    pub language: Language,
    /// [`text_hash`] of the post's text.
    pub text_hash: u64,
    /// Characters of the post's text.
    pub text_chars: usize,
    /// Number of pictures, where the data set counts them.
    pub images: Option<u32>,
    /// When it was posted.
    pub created_at: Option<OffsetDateTime>,
    /// The author's pseudonym, or something else that no two authors share.
    pub author_key: u64,
    /// Valence of the post's own text as the scorer reads it; the labeller's where nobody reads.
    pub s: Option<f32>,
    /// Topics of the post's own text as the scorer reads them; `None` where nobody reads.
    pub topics: Option<[f32; TOPICS]>,
    /// Vector of the post's own text; `None` where nobody reads.
    pub vector: Option<Vec<f32>>,
    /// All events that the data set holds.
    pub graph: DiffusionGraph,
    /// True where only the final count is known: such a post serves as a draft.
    pub count_only: bool,
    /// How it ended.
    pub targets: Targets,
}

impl Cascade {
    /// The graph as it stood `until` seconds after the post; the bare post at 0.
    pub fn seen(&self, until: u32) -> DiffusionGraph {
        if until == 0 {
            DiffusionGraph::draft(self.graph.author.clone())
        } else {
            self.graph.cut(until)
        }
    }

    /// The input of the graph network: the post, with `graph` for what happened to it.
    pub fn input<'a>(&'a self, graph: &'a DiffusionGraph) -> DiffusionInput<'a> {
        DiffusionInput {
            graph,
            author: graph.author.as_ref(),
            platform: self.platform,
            language: self.language,
            s: self.s,
            created_at: self.created_at,
            text_chars: self.text_chars,
            images: self.images,
            topics: self.topics,
            vector: self.vector.as_deref(),
            form: None,
        }
    }

    /// Times at which this cascade can be shown.
    pub fn times(&self) -> &'static [u32] {
        if self.count_only {
            &OBSERVATION_TIMES[..1]
        } else {
            &OBSERVATION_TIMES
        }
    }
}

/// A forecast beside how it ended. The BSMV head is trained on such rows: those of training
/// cascades come from networks that haven't seen the cascade's author.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForecastRow {
    /// The cascade's name.
    pub id: String,
    /// Name of the split that it is of.
    pub split: String,
    /// Where it was posted.
    pub platform: Platform,
    /// The language of its set.
    pub language: Language,
    /// Hash of the post's text, as in files of labels.
    pub h: String,
    /// Seconds after the post up to which it was shown.
    pub observed_until: u32,
    /// The forecast.
    #[serde(flatten)]
    pub features: DiffusionFeatures,
    /// Lower end of the interval of D.
    pub d_low: f32,
    /// Upper end of the interval of D.
    pub d_high: f32,
    /// Valence of the post's own text.
    pub s_post: Option<f32>,
    /// Events up to then.
    pub size_so_far: u64,
    /// Events with words among them.
    pub voices_so_far: u64,
    /// Mean valence of those that are labelled.
    pub audience_so_far: Option<f32>,
    /// How it ended.
    pub target: Targets,
}

#[derive(Deserialize)]
struct DataRow {
    id: String,
    text: String,
    #[serde(default, with = "time::serde::rfc3339::option")]
    created_at: Option<OffsetDateTime>,
    #[serde(default)]
    author: Option<DataAuthor>,
    pics: Option<u32>,
    n_events: Option<u64>,
    #[serde(default)]
    events: Vec<DataEvent>,
    retweets: Option<u64>,
    replies: Option<u64>,
}

#[derive(Deserialize)]
struct DataAuthor {
    user: Option<u64>,
    followers: Option<u64>,
    following: Option<u64>,
    posts: Option<u64>,
    verified: Option<bool>,
    account_age_days: Option<u32>,
}

#[derive(Deserialize)]
struct DataEvent {
    t: u32,
    user: u32,
    parent: i64,
    kind: DataKind,
    text: Option<String>,
    followers: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum DataKind {
    #[serde(alias = "retweet")]
    Repost,
    Quote,
    Reply,
}

/// The sets that hold cascades, with the platform and language of each.
const SETS: [(&str, Platform, Language); 2] = [
    ("zh_weibo_cascades", Platform::Weibo, Language::Zh),
    ("en_twitter_cascades", Platform::X, Language::En),
];
/// Posts of which only the final count is known.
const COUNTS: &str = "en_post_engagement";

/// All cascades of a split.
pub fn cascades(
    data: &Path,
    split: Split,
    labels: &Labels,
    reader: Option<&Reader>,
) -> Result<Vec<Cascade>> {
    let mut all = Vec::new();
    for (set, platform, language) in SETS {
        let rows = rows::<DataRow>(data, set, split)?.into_par_iter();
        let read = rows.map(|row| cascade(row, platform, language, labels, reader));
        all.extend(read.collect::<Result<Vec<_>>>()?);
    }
    Ok(all)
}

/// Posts on x of which only the final number of reposts and replies is known (reposts alone
/// where replies weren't counted).
pub fn counted_posts(
    data: &Path,
    split: Split,
    labels: &Labels,
    reader: Option<&Reader>,
) -> Result<Vec<Cascade>> {
    rows::<DataRow>(data, COUNTS, split)?
        .into_par_iter()
        .filter(|row| row.retweets.is_some())
        .map(|row| cascade(row, Platform::X, Language::En, labels, reader))
        .collect()
}

fn cascade(
    row: DataRow,
    platform: Platform,
    language: Language,
    labels: &Labels,
    reader: Option<&Reader>,
) -> Result<Cascade> {
    let count_only = row.n_events.is_none();
    let text_hash = text_hash(&row.text);
    let author_key = row.author.as_ref().and_then(|a| a.user);
    let author = row.author.map(|a| Author {
        followers: a.followers,
        following: a.following,
        posts: a.posts,
        verified: a.verified,
        account_age_days: a.account_age_days,
        recent: Vec::new(),
    });
    let mut graph = DiffusionGraph::draft(author);
    let words = row.events.iter().filter(|e| e.text.is_some()).count();
    // Whether the set has its events' words at all.
    let texts = words > 0;
    for (i, event) in row.events.into_iter().enumerate() {
        let parent = u32::try_from(event.parent + 1)
            .with_context(|| format!("{}: parent of event {i}", row.id))?;
        graph.t.push(event.t);
        graph.parent.push(parent);
        graph.kind.push(match event.kind {
            DataKind::Repost => EventKind::Repost,
            DataKind::Quote => EventKind::Quote,
            DataKind::Reply => EventKind::Reply,
        });
        graph.user.push(event.user);
        graph.followers.push(event.followers);
        graph.verified.push(None);
        graph.s.push(event.text.and_then(|text| labels.get(&text)));
    }
    graph.observed_until = graph.t.last().copied().unwrap_or(0).max(86_400);
    let counted = row.retweets.unwrap_or(0) + row.replies.unwrap_or(0);
    let n = row.n_events.unwrap_or(counted);
    let s = labels.get(&row.text);
    let read = reader.map(|reader| reader.read(&row.text, None));
    let read = read.transpose()?;
    let whole = !count_only && n == graph.len() as u64;
    let audience = audience_valence(&graph);
    let targets = Targets {
        n,
        d: diffusion_of(n as f32),
        speed: if whole {
            speed(&graph.t)
        } else {
            middle(n, &graph.t)
        },
        depth: whole.then(|| structural_virality(&graph.parent)),
        leader_share: whole.then(|| leader_share(&graph.parent)),
        audience,
        voices: texts.then_some(words as u64),
        s: s.filter(|_| texts).and_then(|s| realised(s, &graph, words)),
    };
    Ok(Cascade {
        platform,
        language,
        text_hash,
        text_chars: row.text.chars().count(),
        images: row.pics,
        created_at: row.created_at,
        author_key: author_key.unwrap_or(text_hash),
        s: read.as_ref().map(|read| read.valence()).or(s),
        topics: read.as_ref().map(|read| read.topics),
        vector: read.map(|read| read.vector),
        id: row.id,
        graph,
        count_only,
        targets,
    })
}

/// Realised valence of a post and an audience of `words` voices, of which the labelled ones are a
/// fair sample; `None` when none of them is labelled.
fn realised(s: f32, graph: &DiffusionGraph, words: usize) -> Option<f32> {
    let labelled: Vec<f32> = voices_of(graph).collect();
    if labelled.is_empty() {
        return None;
    }
    let mean = labelled.iter().sum::<f32>() / labelled.len() as f32;
    Some(realised_valence(s, std::iter::repeat_n(mean, words)))
}

/// ln(1 + seconds) to the middle of `n` events, where the first ones kept hold it.
fn middle(n: u64, t: &[u32]) -> Option<f32> {
    let middle = usize::try_from(n.div_ceil(2)).ok()?.checked_sub(1)?;
    Some((*t.get(middle)? as f32).ln_1p())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: serde_json::Value, labels: &Labels) -> Cascade {
        let row = serde_json::from_value(json).unwrap();
        let (platform, language) = (Platform::X, Language::En);
        cascade(row, platform, language, labels, None).unwrap()
    }

    fn events(parents: &[i64]) -> serde_json::Value {
        let event = |(i, p): (usize, &i64)| serde_json::json!({"t": 10 * (i + 1), "user": i, "parent": p, "kind": "retweet"});
        parents.iter().enumerate().map(event).collect()
    }

    #[test]
    fn parents_move_by_one_and_retweets_are_reposts() {
        let row = serde_json::json!({"id": "a", "text": "hello", "n_events": 3,
            "events": events(&[-1, 0, 0])});
        let c = of(row, &Labels::default());
        assert_eq!(c.graph.parent, [0, 1, 1]);
        assert_eq!(c.graph.kind, [EventKind::Repost; 3]);
        assert_eq!(c.targets.speed, Some(21f32.ln()));
        assert!((c.targets.leader_share.unwrap() - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!((c.targets.audience, c.targets.s), (None, None));
        assert_eq!(c.seen(0).len(), 0);
        assert_eq!(c.seen(20).len(), 2);
    }

    #[test]
    fn what_was_left_out_masks_what_it_would_change() {
        let row = |n: u64| {
            serde_json::json!({"id": "a", "text": "hello", "n_events": n,
                "events": events(&[-1, 0, 0])})
        };
        let c = of(row(6), &Labels::default()).targets;
        assert_eq!((c.n, c.depth, c.leader_share), (6, None, None));
        assert_eq!(c.speed, Some(31f32.ln()));
        assert_eq!(of(row(7), &Labels::default()).targets.speed, None);
    }

    #[test]
    fn words_are_looked_up_by_the_hash_of_their_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.ndjson");
        let line =
            |text: &str, s: f32| format!("{{\"h\":\"{:016x}\",\"s\":{s}}}\n", text_hash(text));
        // SHA-256 of "abc" begins ba7816bf 8f01cfea.
        assert_eq!(text_hash("abc"), 0xba78_16bf_8f01_cfea);
        std::fs::write(&path, line("hello", 0.5) + &line("bad", -1.0)).unwrap();
        let labels = Labels::load(&path).unwrap();
        assert_eq!((labels.len(), labels.get("bad ")), (2, None));
        let row = serde_json::json!({"id": "a", "text": "hello", "n_events": 2, "events": [
            {"t": 1, "user": 1, "parent": -1, "kind": "quote", "text": "bad"},
            {"t": 2, "user": 2, "parent": -1, "kind": "quote", "text": "never labelled"}]});
        let c = of(row, &labels);
        assert_eq!(c.s, Some(0.5));
        assert_eq!(c.targets.audience, Some(-1.0));
        // Two voices, the one that is labelled standing for both.
        assert_eq!(c.targets.s, Some((5.0 - 2.0) / 12.0));
    }

    #[test]
    fn a_counted_post_is_a_draft() {
        let row = serde_json::json!({"id": "a", "text": "hello", "retweets": 3, "replies": 2});
        let c = of(row, &Labels::default());
        assert_eq!((c.targets.n, c.times()), (5, &[0][..]));
        assert_eq!(c.targets.depth, None);
    }
}
