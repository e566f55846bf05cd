//! Figures on held-out rows: those of each head, and those of more than one, such as probes, the
//! audit, precision, and the score beside its rivals.

pub mod audit;
pub mod diffusion;
pub mod engagement;
pub mod gaming;
pub mod int8;
pub mod leaders;
pub mod news;
pub mod number;
pub mod probe;
pub mod rivals;
pub mod same_author;
pub mod score;
pub mod today;

use anyhow::Result;

use crate::train::heads::HEADS;
use crate::train::heads::trained::Held;
use crate::train::metrics::MetricRow;

/// Something that `bsmv eval` measures.
pub struct Measurement {
    /// Its name, as in `bsmv eval <name>`.
    pub name: &'static str,
    /// One line for help texts.
    pub about: &'static str,
    /// Measures it.
    pub rows: fn(&Held) -> Result<Vec<MetricRow>>,
}

/// Measurements that aren't of one head that reads text.
const OTHERS: &[Measurement] = &[
    Measurement {
        name: "encoder",
        about: "How much of the teacher the encoder kept, by linear probes",
        rows: probe::evaluate,
    },
    Measurement {
        name: "int8",
        about: "The cost of 8 bits, to vectors and to classes",
        rows: int8::evaluate,
    },
    Measurement {
        name: "audit",
        about: "Valence where only a person, a brand or a word is exchanged",
        rows: audit::evaluate,
    },
    Measurement {
        name: "news",
        about: "Subjects of headlines, by a head fitted on the way",
        rows: news::evaluate,
    },
    Measurement {
        name: "today",
        about: "Posts of today: moods by area, sides, comparisons, about the brand or not",
        rows: today::evaluate,
    },
    Measurement {
        name: "gaming",
        about: "Patterns that are put into a post to move its score",
        rows: gaming::evaluate,
    },
    Measurement {
        name: "diffusion",
        about: "Forecasts of cascades, and which of two posts of an author goes further",
        rows: diffusion::evaluate_bundle,
    },
    Measurement {
        name: "leaders",
        about: "Who causes reposts in the second half of the posts, told from the first",
        rows: leaders::evaluate,
    },
    Measurement {
        name: "engagement",
        about: "Likes, saves, comments and shares of authors not seen, and what helps a post travel",
        rows: engagement::evaluate,
    },
    Measurement {
        name: "number",
        about: "How scores of own drafts are spread, and how often intervals hold what came",
        rows: number::evaluate,
    },
    Measurement {
        name: "bsmv",
        about: "The score beside simpler forecasts and what can be fitted",
        rows: score::evaluate,
    },
];

/// All measurements: of each of [`HEADS`], then all others.
pub fn all() -> impl Iterator<Item = Measurement> {
    let heads = HEADS.iter().map(|head| Measurement {
        name: head.name,
        about: head.about,
        rows: head.evaluate,
    });
    heads.chain(OTHERS.iter().map(|other| Measurement { ..*other }))
}
