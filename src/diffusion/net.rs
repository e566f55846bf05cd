//! The forecast of a graph: the mean of what a graph attention network and boosted trees say.
//!
//! Neither is better everywhere: trees on hand-made columns are ahead while few events are known,
//! the network later, and their errors differ enough for the mean to beat both. Spread and the
//! audience's valence are the network's.

use std::collections::BTreeMap;

use super::columns::{Columns, DiffusionInput};
use super::gat::{Gat, Outputs};
use super::likeness::Likeness;
use super::reach::{Count, Known, Reach};
use super::structure::{audience_valence, unheard, voices_of};
use super::support::{
    FollowerRange, OutsideSupport, PLATFORMS, audience_is_trained, beyond, is_trained, outside,
    platform_row,
};
use super::trees::Trees;
use crate::Result;
use crate::definition::features::DiffusionFeatures;
use crate::definition::value::{self, diffusion_of};
use crate::layers::tensors::Tensors;

/// Observation times, in seconds, at which the network is trained and its intervals are fitted.
pub const OBSERVATION_TIMES: [u32; 5] = [0, 900, 3_600, 21_600, 86_400];

/// Share of the trees in a forecast.
const SHARE_OF_TREES: f32 = 0.5;

/// The forecast of how one graph ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DiffusionForecast {
    /// The expected values.
    pub features: DiffusionFeatures,
    /// Where D lies in nine of ten cases; holds `features.d`.
    pub d_interval: (f32, f32),
    /// How far cascades of such a kind and of such authors were seen, [0, 1]: the errors of the
    /// forecast are those of cascades so far.
    pub support: f32,
    /// Voices whose words are not known: those to come, and events of unknown words.
    pub unheard: f32,
}

/// How far both ends of the interval of D move, in D, per platform and observation time.
pub type Widening = [[f32; OBSERVATION_TIMES.len()]; PLATFORMS.len()];

/// Events after which a cascade's own share of voices counts as much as that of its platform:
/// shares spread as a beta distribution does after six draws (mean 0.58, deviation 0.19 on
/// validation cascades).
const DRAWS: f32 = 6.0;
/// Voices at which what an audience said counts as much for those to come as the post does.
const HALF_HEARD: f32 = 10.0;

/// What an audience says.
struct Audience {
    /// Mean valence of its words, those heard and those to come.
    valence: f32,
    /// Voices heard, whose words are known.
    heard: f32,
    /// Voices to come.
    to_come: f32,
    /// Events that have words which aren't known.
    unknown: f32,
}

/// The audience once there are `events`. Only known words speak: an event whose words are unknown
/// is no voice, and no silence either. `mood` is what the network expects of those to come, and
/// `like` how far the post is of the kind that it learnt audiences of; else they are expected to
/// speak as the post does, drawn to what was heard so far.
fn audience(input: &DiffusionInput, events: f32, mood: f32, like: f32) -> Audience {
    let graph = input.graph;
    let own = input.s.unwrap_or(0.0);
    let heard = voices_of(graph).count() as f32;
    let said = audience_valence(graph).unwrap_or(0.0);
    let seen = graph.len() as f32;
    let unknown = unheard(graph) as f32;
    let known = seen - unknown;
    let speak = Reach::learnt().habits(input.platform).speak;
    // A silence of k events would have had a chance of (1 - speak)^k had the audience any words.
    let silent = if heard > 0.0 {
        1.0
    } else {
        (1.0 - speak).powf(known)
    };
    let share = silent * (heard + speak * DRAWS) / (known + DRAWS);
    let to_come = share * (events - seen - graph.dropped as f32).max(0.0);
    let echo = (HALF_HEARD * own + heard * said) / (HALF_HEARD + heard);
    let next = echo + like * (mood - echo);
    let voices = heard + to_come;
    Audience {
        valence: if voices > 0.0 {
            (heard * said + to_come * next) / voices
        } else {
            own
        },
        heard,
        to_come,
        unknown,
    }
}

/// The trained model with what it must remember of its training set.
#[derive(Clone)]
pub struct DiffusionNet {
    gat: Gat,
    trees: Trees,
    share_of_trees: f32,
    widening: Widening,
    followers: [FollowerRange; PLATFORMS.len()],
    likenesses: [Option<Likeness>; PLATFORMS.len()],
}

impl DiffusionNet {
    /// Reads the network, the trees under `trees`, tables of the training set under `stats`.
    pub fn load(file: &Tensors) -> Result<Self> {
        const TIMES: usize = OBSERVATION_TIMES.len();
        let stats = file.under("stats");
        let widening = stats.floats("widening", &[PLATFORMS.len(), TIMES])?;
        let ranges = stats.floats("followers", &[PLATFORMS.len(), 2])?;
        Ok(DiffusionNet {
            trees: Trees::load(&file.under("trees"))?,
            share_of_trees: SHARE_OF_TREES,
            widening: std::array::from_fn(|p| std::array::from_fn(|t| widening[p * TIMES + t])),
            followers: std::array::from_fn(|p| FollowerRange {
                low: ranges[2 * p],
                high: ranges[2 * p + 1],
            }),
            gat: Gat::load(file)?,
            likenesses: Default::default(),
        })
    }

    /// The same model with other intervals.
    #[must_use]
    pub fn widened(self, widening: Widening) -> Self {
        DiffusionNet { widening, ..self }
    }

    /// The same model for posts of every kind: it counts as far as a post is like the cascades of
    /// its platform. Without a likeness to them, by the platform's name, every post of it is.
    #[must_use]
    pub fn like(self, likenesses: &BTreeMap<String, Likeness>) -> Self {
        DiffusionNet {
            likenesses: PLATFORMS.map(|platform| likenesses.get(platform.name()).cloned()),
            ..self
        }
    }

    /// The same model with other trees.
    #[must_use]
    pub fn grown(self, trees: Trees) -> Self {
        DiffusionNet { trees, ..self }
    }

    /// The same model with other weight on its trees: 0 is the graph network alone, 1 the trees.
    #[must_use]
    pub fn leaning(self, share_of_trees: f32) -> Self {
        DiffusionNet {
            share_of_trees,
            ..self
        }
    }

    /// The reason why a forecast rests less on cascades than on the author; `None` inside the
    /// training support.
    pub fn outside_support(&self, input: &DiffusionInput) -> Option<OutsideSupport> {
        let place = outside(
            input.platform,
            input.language,
            input.author,
            &self.followers,
        );
        place.or_else(|| (self.support(input) < 0.5).then_some(OutsideSupport::Kind))
    }

    /// The forecast of a graph by the network alone.
    pub fn network(&self, input: &DiffusionInput) -> Outputs {
        self.gat.outputs(&Columns::of(input), &input.graph.parent)
    }

    /// How far a forecast of this post may rest on cascades, [0, 1]: 0 off the platforms and
    /// languages of training.
    fn support(&self, input: &DiffusionInput) -> f32 {
        if !is_trained(input.platform, input.language) {
            return 0.0;
        }
        let row = platform_row(input.platform);
        match (
            row.and_then(|row| self.likenesses[row].as_ref()),
            input.vector,
        ) {
            (None, _) => 1.0,
            (Some(likeness), Some(vector)) => likeness.of(vector),
            // A post whose words aren't known may be of either kind.
            (Some(_), None) => 0.5,
        }
    }

    /// The forecast of one graph: that of the network and its trees as far as the post is like
    /// their cascades, else that of [`Reach`]. D is never below that of the events so far, and
    /// never falls where the author has more followers.
    pub fn forecast(&self, input: &DiffusionInput) -> DiffusionForecast {
        let support = self.support(input);
        let reach = Reach::learnt();
        let graph = input.graph;
        let seen = graph.len() as f32 + graph.dropped as f32;
        let known = Known::of(input.platform, input.author, input.form.as_ref());
        let by = |known: &Known| {
            let expected = reach.expect(Count::Events, known);
            let expected = expected.expect("every platform has a line of events");
            reach.grown(&expected, seen, graph.observed_until)
        };
        let by_author = by(&known);
        let learnt = self.by_cascades(input);
        let joined = |cascades: f32, author: f32| author + support * (cascades - author);
        // A longer log can't be told apart from D = 1.
        let d_of = |log_events: f32| diffusion_of(log_events.exp_m1());
        let log = joined(learnt.log, by_author.0);
        let d = d_of(log).max(diffusion_of(seen));
        let wider = support * self.widening(input);
        let low = d_of(joined(learnt.low, by_author.1)) - wider;
        let high = d_of(joined(learnt.high, by_author.2)) + wider;
        let like = match audience_is_trained(input.platform) {
            true => support,
            false => 0.0,
        };
        // Followers decide how far a post goes, not what is said of it: without this, praise could fall
        // where more people come to hear it.
        let (usual, ..) = by(&Known {
            followers: None,
            ..known
        });
        let usual = d_of(joined(learnt.log - learnt.above, usual)).max(diffusion_of(seen));
        let audience = audience(input, value::events_of(usual), learnt.mood, like);
        DiffusionForecast {
            features: DiffusionFeatures {
                d,
                speed: learnt.speed,
                depth: learnt.depth,
                leader_share: learnt.leader_share,
                audience: audience.valence,
                voices: audience.heard + audience.to_come,
            },
            d_interval: (low.clamp(diffusion_of(seen).min(d), d), high.clamp(d, 1.0)),
            support: support * (-beyond(input.platform, input.author, &self.followers)).exp(),
            unheard: audience.to_come + audience.unknown,
        }
    }

    /// What network and trees say, of an author with the followers that are typical of cascades
    /// and what followers add to that.
    fn by_cascades(&self, input: &DiffusionInput) -> ByCascades {
        let reach = Reach::learnt();
        let author = reach.typical(input.platform, input.author);
        let typical = DiffusionInput {
            author: author.as_ref(),
            ..*input
        };
        let columns = Columns::of(&typical);
        let out = self.gat.outputs(&columns, &input.graph.parent);
        let rise = self.trees.rise(&columns.globals);
        let so_far = columns.so_far;
        let joined = |net: f32, now: f32, rise: f32| net + self.share_of_trees * (now + rise - net);
        let now = so_far[0];
        let until = input.graph.observed_until;
        let above = reach.above_typical(input.platform, input.author, until);
        let log = joined(out.log_events, now, rise.log_events) + above;
        // The network's lower end is a share of its growth, the upper one a distance.
        let share = (out.low - now) / (out.log_events - now).max(f32::MIN_POSITIVE);
        ByCascades {
            log,
            above,
            low: now + share * (log - now),
            high: log + out.high - out.log_events,
            mood: out.to_come,
            speed: joined(out.speed, so_far[1], rise.speed).max(so_far[1]),
            depth: joined(out.depth, so_far[2], rise.depth).max(0.0),
            leader_share: joined(out.leader_share, so_far[3], rise.leader_share).clamp(0.0, 1.0),
        }
    }

    /// Widening of the interval of D, linear in ln(1 + seconds) between the fitted times; the
    /// largest of all platforms where this one is unknown.
    fn widening(&self, input: &DiffusionInput) -> f32 {
        let at = |row: usize| {
            let knots = OBSERVATION_TIMES.map(|t| (t as f32).ln_1p());
            let x = (input.graph.observed_until as f32).ln_1p();
            let table = &self.widening[row];
            let above = knots.partition_point(|&k| k <= x);
            if above == knots.len() {
                return table[above - 1];
            }
            let share = (x - knots[above - 1]) / (knots[above] - knots[above - 1]);
            table[above - 1] + share * (table[above] - table[above - 1])
        };
        match platform_row(input.platform) {
            Some(row) => at(row),
            None => (0..PLATFORMS.len()).map(at).fold(f32::MIN, f32::max),
        }
    }
}

/// A forecast by network and trees alone.
struct ByCascades {
    /// ln(1 + N), and where it lies in nine of ten cascades before widening.
    log: f32,
    /// What followers add to it.
    above: f32,
    low: f32,
    high: f32,
    /// Valence of the voices to come.
    mood: f32,
    speed: f32,
    depth: f32,
    leader_share: f32,
}

#[cfg(test)]
mod tests {
    use super::super::columns::tests::{graph, input};
    use super::super::gat;
    use super::super::trees::FORESTS;
    use super::*;
    use crate::layers::tensors::tests::file;

    /// Any network, with trees of one leaf each.
    fn tensors(leaf: f32) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        let mut tensors = gat::tests::tensors();
        for name in FORESTS {
            let node = vec![-1.0, leaf, 0.0];
            tensors.push((format!("trees.{name}"), vec![1, 3], node));
            tensors.push((format!("trees.{name}.roots"), vec![1], vec![0.0]));
        }
        let times = OBSERVATION_TIMES.len();
        let widening = vec![0.0; PLATFORMS.len() * times];
        tensors.push((
            "stats.widening".into(),
            vec![PLATFORMS.len(), times],
            widening,
        ));
        let followers = vec![0.0, 18.0, 0.0, 18.0];
        tensors.push(("stats.followers".into(), vec![2, 2], followers));
        tensors
    }

    fn load(tensors: &[(String, Vec<usize>, Vec<f32>)]) -> Result<DiffusionNet> {
        let bytes = file(tensors);
        DiffusionNet::load(&Tensors::open(&bytes)?)
    }

    fn net(leaf: f32) -> DiffusionNet {
        load(&tensors(leaf)).unwrap()
    }

    #[test]
    fn forecasts_keep_to_what_is_certain() {
        for leaf in [-3.0, 0.0, 20.0] {
            let net = net(leaf);
            for graph in [0, 1, 3, 30, 400].map(graph) {
                let f = net.forecast(&input(&graph));
                let (low, high) = f.d_interval;
                let seen = diffusion_of(graph.len() as f32);
                assert!(seen <= low && low <= f.features.d, "{low} in {f:?}");
                assert!(f.features.d <= high && high <= 1.0, "{high} in {f:?}");
                let features = f.features;
                assert!((0.0..=1.0).contains(&features.leader_share));
                assert!((-1.0..=1.0).contains(&features.audience));
                assert!(features.speed >= 0.0 && features.depth >= 0.0);
            }
        }
    }

    #[test]
    fn the_forecast_lies_between_the_network_and_the_trees() {
        let graph = graph(20);
        let of = |share: f32| {
            let forecast = net(0.8).leaning(share).forecast(&input(&graph));
            forecast.features.depth
        };
        let (network, joint, trees) = (of(0.0), of(0.5), of(1.0));
        assert!((joint - (network + trees) / 2.0).abs() < 1e-4);
        assert!((network - trees).abs() > 1e-3);
    }

    #[test]
    fn a_file_without_trees_is_refused() {
        let mut tensors = tensors(0.0);
        tensors.retain(|(name, _, _)| name != "trees.depth");
        assert_eq!(load(&tensors).err().unwrap().code(), "bundle");
    }
}
