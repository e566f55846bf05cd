//! A score as text for people.

use std::io::{self, Write};

use bsmv::heads::INDICATORS;
use bsmv::post::brand::BrandProfile;
use bsmv::scorer::answer::{Engagement, Explanation, Score};

/// Features and topics shown; `--json` has all of them.
const SHOWN: usize = 5;

/// Writes the score, its interval, parts, what counted most, topics and what it can't see.
pub fn write(
    out: &mut impl Write,
    score: &Score,
    explanation: &Explanation,
    brand: Option<&BrandProfile>,
) -> io::Result<()> {
    let whom = brand.map_or("a brand this fits", |brand| &brand.name);
    writeln!(out, "{:.1} of 100 for {whom} (50 is no effect)", score.bsmv)?;
    writeln!(
        out,
        "{:.0} times in 100 the realised value lies between {:.1} and {:.1}",
        100.0 * score.interval.coverage,
        score.interval.low,
        score.interval.high
    )?;

    writeln!(out, "\nParts, in points")?;
    let (p, w) = (&score.parts, &score.weights);
    writeln!(
        out,
        "  sentiment {:>+6.1}  weight {}",
        p.sentiment, w.sentiment
    )?;
    writeln!(out, "  topic     {:>+6.1}  weight {}", p.topic, w.topic)?;
    writeln!(
        out,
        "  diffusion {:>+6.1}  weight {}",
        p.diffusion, w.diffusion
    )?;

    writeln!(
        out,
        "\nForecast: valence {:+.2}, relevance {:.2}, diffusion {:.2} (about {:.0} events)",
        score.predicted.s, score.predicted.t, score.predicted.d, score.predicted.events
    )?;
    writeln!(
        out,
        "Tone of the words {:+.2}, mood expected of the audience {:+.2} (about {:.0} voices)",
        score.sentiment.s, score.predicted.audience, score.predicted.voices
    )?;
    for count in &score.engagement {
        engagement(out, count)?;
    }
    if let Some(emotion) = &score.emotion {
        writeln!(
            out,
            "Emotion: {}, {:.0} of 10",
            emotion.label.unwrap_or("unsure"),
            emotion.intensity
        )?;
    }
    for (head, indicator) in INDICATORS.iter().zip(&score.indicators) {
        if let Some(value) = indicator.value {
            let ([low, high], code) = (head.ends, indicator.code);
            writeln!(out, "{code}: {value:.2} between {low} (0) and {high} (1)")?;
        }
    }
    match score.events {
        0 => writeln!(out, "Seen so far: the post alone")?,
        n => writeln!(
            out,
            "Seen so far: {n} events in {} seconds",
            score.observed_until
        )?,
    }

    writeln!(
        out,
        "\nWhat counted most, against an average post ({:.1}) at default weights",
        explanation.base
    )?;
    let mut contributions: Vec<_> = explanation.contributions.iter().collect();
    contributions.sort_by(|a, b| b.points.abs().total_cmp(&a.points.abs()));
    for c in contributions.iter().take(SHOWN) {
        writeln!(out, "  {:>+6.1}  {}", c.points, c.feature)?;
    }

    writeln!(out, "  {}", explanation.sentence)?;

    let mut topics: Vec<_> = score.topics.iter().collect();
    topics.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    writeln!(out, "\nTopics")?;
    for topic in topics.iter().take(SHOWN) {
        writeln!(out, "  {:>5.0}%  {}", 100.0 * topic.weight, topic.label)?;
    }

    if !score.flags.is_empty() {
        writeln!(out, "\nMay be there to move the score")?;
        for flag in &score.flags {
            writeln!(out, "  - {}", flag.message)?;
        }
    }
    writeln!(out, "\nNot taken into account")?;
    for unseen in &score.unseen {
        writeln!(out, "  - {}", unseen.message)?;
    }
    writeln!(out, "\n{} in {}", score.bundle, precision(score))
}

fn engagement(out: &mut impl Write, of: &Engagement) -> io::Result<()> {
    let Engagement {
        count,
        median,
        low,
        high,
        coverage,
        ..
    } = of;
    write!(
        out,
        "{}: about {median}, {:.0} times in 100 between {low} and {high}",
        count.name(),
        100.0 * coverage
    )?;
    match of.of {
        0 => writeln!(out),
        posts => writeln!(out, ", above {} of the last {posts} posts", of.above),
    }
}

fn precision(score: &Score) -> &'static str {
    match score.precision {
        bsmv::encoder::Precision::F32 => "f32",
        bsmv::encoder::Precision::Int8 => "int8",
    }
}
