//! Cases: forecasts of cascades beside what the posts turned out to be worth.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use rayon::prelude::*;

use crate::definition::features::{FeatureVector, TOPICS, assemble};
use crate::definition::value::{Weights, diffusion_of, formula, valence_among};
use crate::heads::reader::Reader;
use crate::post::Platform;
use crate::train::data::cascades::{ForecastRow, Targets};
use crate::train::data::sets::{Split, rows};
use crate::train::data::texts::TextRow;

/// s, D and BSMV, in this order; NaN is unknown.
pub type Triple = [f32; 3];
/// Where [`Triple`] has the score.
pub const BSMV: usize = 2;

/// The forecast of one cascade at one time, and how it ended; relevance is 1.
pub struct Case {
    /// The cascade's name.
    pub id: String,
    /// Where it was posted.
    pub platform: Platform,
    /// Seconds after the post up to which it was shown.
    pub time: u32,
    /// The features that the score is made of.
    pub x: FeatureVector,
    /// s, D and BSMV in the end.
    pub truth: Triple,
    /// The same as they stood.
    pub so_far: Triple,
}

/// The scorer's reading of a post.
struct PostReading {
    s: f32,
    topics: [f32; TOPICS],
}

impl Case {
    fn new(row: &ForecastRow, reading: &PostReading) -> Self {
        let Targets { d, s, .. } = row.target;
        let s_now = valence_among(
            reading.s,
            row.audience_so_far.unwrap_or(0.0),
            row.audience_so_far
                .map_or(0.0, |_| row.voices_so_far as f32),
        );
        Case {
            id: row.id.clone(),
            platform: row.platform,
            time: row.observed_until,
            x: assemble(reading.s, &reading.topics, 1.0, &row.features),
            truth: triple(s.unwrap_or(f32::NAN), d),
            so_far: triple(s_now, diffusion_of(row.size_so_far as f32)),
        }
    }
}

/// s, D and the score at relevance 1; NaN where s is.
fn triple(s: f32, d: f32) -> Triple {
    let bsmv = if s.is_nan() {
        s
    } else {
        formula(s, 1.0, d, &Weights::BALANCED)
    };
    [s, d, bsmv]
}

/// Forecasts as cases, with what the scorer reads in their posts.
pub fn cases<'a>(
    reader: &Reader,
    data: &Path,
    split: Split,
    forecasts: impl Iterator<Item = &'a ForecastRow>,
) -> Result<Vec<Case>> {
    let readings: HashMap<String, PostReading> = posts(data, split)?
        .par_iter()
        .map(|post| {
            let text = reader.read(&post.text, None)?;
            let reading = PostReading {
                s: text.valence(),
                topics: text.topics,
            };
            Ok((post.id.clone(), reading))
        })
        .collect::<Result<_>>()?;
    Ok(forecasts
        .filter_map(|row| Some(Case::new(row, readings.get(&row.id)?)))
        .collect())
}

/// The posts of all cascades of a split.
pub fn posts(data: &Path, split: Split) -> Result<Vec<TextRow>> {
    let mut posts: Vec<TextRow> = rows(data, "zh_weibo_cascades", split)?;
    posts.extend(rows::<TextRow>(data, "en_twitter_cascades", split)?);
    Ok(posts)
}
