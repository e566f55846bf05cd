//! The forecast of a graph: the mean of what a graph attention network and boosted trees say.
//!
//! Neither is better everywhere: trees on hand-made columns are ahead while few events are known,
//! the network later, and their errors differ enough for the mean to beat both. Spread and the
//! audience's valence are the network's.

use super::columns::{Columns, DiffusionInput};
use super::gat::{Gat, Outputs};
use super::structure::audience_valence;
use super::support::{
    FollowerRange, OutsideSupport, PLATFORMS, audience_is_trained, outside, platform_row,
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
}

/// How far both ends of the interval of D move, in D, per platform and observation time.
pub type Widening = [[f32; OBSERVATION_TIMES.len()]; PLATFORMS.len()];

/// Share of bare reposts among the events of Weibo's training cascades.
const BARE: f32 = 0.4;
/// Events after which a cascade's own share of voices counts as much as [`BARE`]: shares spread as
/// a beta distribution does after six draws (mean 0.58, deviation 0.19 on validation cascades).
const DRAWS: f32 = 6.0;

/// Valence of the whole audience and its number of voices once there are `events`: those heard,
/// and those to come, of valence `to_come`. Where nobody speaks, the post's words are all that is
/// said.
fn audience(input: &DiffusionInput, events: f32, to_come: f32) -> (f32, f32) {
    let graph = input.graph;
    let (seen, heard) = (graph.len() as f32, audience_valence(graph));
    let spoke = graph.kind.iter().filter(|kind| kind.has_words()).count() as f32;
    let (share, to_come) = if audience_is_trained(input.platform) {
        // A silence of k events would have had a chance of BARE^k had the audience any words.
        let speaks = if spoke > 0.0 { 1.0 } else { BARE.powf(seen) };
        let share = (spoke + (1.0 - BARE) * DRAWS) / (seen + DRAWS);
        (speaks * share, to_come)
    } else {
        // Not the platform whose audiences were learnt from: as those heard, so those to come.
        (spoke / seen.max(1.0), heard.unwrap_or(0.0))
    };
    let later = share * (events - seen - graph.dropped as f32).max(0.0);
    let voices = spoke + later;
    if voices == 0.0 {
        return (input.s.unwrap_or(0.0), 0.0);
    }
    // Voices whose words are unknown count as those to come.
    let spoken = heard.unwrap_or(to_come);
    ((spoke * spoken + later * to_come) / voices, voices)
}

/// The trained model with what it must remember of its training set.
#[derive(Clone)]
pub struct DiffusionNet {
    gat: Gat,
    trees: Trees,
    share_of_trees: f32,
    widening: Widening,
    followers: [FollowerRange; PLATFORMS.len()],
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
        })
    }

    /// The same model with other intervals.
    #[must_use]
    pub fn widened(self, widening: Widening) -> Self {
        DiffusionNet { widening, ..self }
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

    /// The reason why a forecast for this post would mean nothing; `None` inside the training support.
    pub fn outside_support(&self, input: &DiffusionInput) -> Option<OutsideSupport> {
        let author = input.graph.author.as_ref();
        outside(input.platform, input.language, author, &self.followers)
    }

    /// The forecast of a graph by the network alone.
    pub fn network(&self, input: &DiffusionInput) -> Outputs {
        self.gat.outputs(&Columns::of(input), &input.graph.parent)
    }

    /// The forecast of one graph.
    pub fn forecast(&self, input: &DiffusionInput) -> DiffusionForecast {
        let columns = Columns::of(input);
        let out = self.gat.outputs(&columns, &input.graph.parent);
        let rise = self.trees.rise(&columns.globals);
        let so_far = columns.so_far;
        let joined = |net: f32, now: f32, rise: f32| net + self.share_of_trees * (now + rise - net);
        // A longer log can't be told apart from D = 1.
        let d_of = |log_events: f32| diffusion_of(log_events.exp_m1());
        let now = so_far[0];
        let log = joined(out.log_events, now, rise.log_events);
        let seen = input.graph.len() as f32 + input.graph.dropped as f32;
        let d = d_of(log).max(diffusion_of(seen));
        let (audience, voices) = audience(input, value::events_of(d), out.to_come);
        let wider = self.widening(input);
        // The network's lower end is a share of its growth, the upper one a distance.
        let share = (out.low - now) / (out.log_events - now).max(f32::MIN_POSITIVE);
        let low = d_of(now + share * (log - now)) - wider;
        let high = d_of(log + out.high - out.log_events) + wider;
        DiffusionForecast {
            features: DiffusionFeatures {
                d,
                speed: joined(out.speed, so_far[1], rise.speed).max(so_far[1]),
                depth: joined(out.depth, so_far[2], rise.depth).max(0.0),
                leader_share: joined(out.leader_share, so_far[3], rise.leader_share)
                    .clamp(0.0, 1.0),
                audience,
                voices,
            },
            d_interval: (low.clamp(diffusion_of(seen).min(d), d), high.clamp(d, 1.0)),
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
