//! The graph attention network: from a graph as seen to forecasts of how it ends.
//!
//! Two attention layers (Veličković et al. 2018) over the tree, edges both ways and a self loop;
//! since a node has one parent, its incoming messages are its own, its parent's and the sum of
//! its children's, so no list of edges is built. Attention logits pass through a tanh, which
//! bounds them; the softmax over a node's neighbours then needs no maximum subtracted. The
//! read-out joins the post's state, means and log sums over nodes, and columns that describe
//! the graph as a whole; several small networks read it apart and are averaged. What is already
//! certain enters the outputs directly: the network forecasts what is still to come.

use super::columns::{Columns, EDGE, GLOBAL, NODE, SO_FAR};
use crate::Result;
use crate::kernels::math::exp;
use crate::layers::dense::{Dense, relu};
use crate::layers::tensors::Tensors;

/// Width of a node's state.
pub const WIDTH: usize = 32;
/// Attention heads, each reading `WIDTH / HEADS` columns.
pub const HEADS: usize = 4;
/// Widths of a member's hidden layers.
pub const HIDDEN: [usize; 2] = [64, 32];
/// Columns of the read-out.
pub const READOUT: usize = 3 * WIDTH + GLOBAL;
/// Bound of an attention logit.
pub const LOGIT: f32 = 4.0;
/// Bound of a standardised column: beyond it a graph counts as the most extreme one seen.
pub const EXTREME: f32 = 4.0;
/// Read-outs that learn apart and are averaged.
pub const MEMBERS: usize = 8;
/// Raw outputs: increment of ln(1 + N), its lower and upper spread, speed, depth, leader share,
/// valence of the voices to come.
pub const RAW: usize = 7;

/// The network's forecast of one graph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outputs {
    /// ln(1 + N).
    pub log_events: f32,
    /// 5 % quantile of ln(1 + N), before widening.
    pub low: f32,
    /// 95 % quantile of ln(1 + N), before widening.
    pub high: f32,
    /// ln(1 + seconds to the middle event).
    pub speed: f32,
    /// Structural virality.
    pub depth: f32,
    /// Share of the three leading spreaders.
    pub leader_share: f32,
    /// Mean valence of those who have yet to speak.
    pub to_come: f32,
}

#[derive(Clone)]
struct Layer {
    /// States, then logits of being read and of reading a child, which cross an edge.
    shared: Dense,
    /// Logits of reading oneself and of being read by the parent, which stay.
    own: Dense,
    /// Logits of an edge downward and upward.
    edge: Dense,
}

/// Numbers that the `shared` part of a layer gives for a node.
const SHARED: usize = WIDTH + 2 * HEADS;

impl Layer {
    fn load(file: &Tensors) -> Result<Self> {
        Ok(Layer {
            shared: Dense::load(&file.under("shared"), WIDTH, SHARED)?,
            own: Dense::load(&file.under("own"), WIDTH, 2 * HEADS)?,
            edge: Dense::load_without_bias(&file.under("edge"), EDGE, 2 * HEADS)?,
        })
    }

    /// Calls `heard` with each node and what it hears, last node first: a node's children all
    /// come after it, so that what they say is complete when its turn comes, and needs no list.
    /// `states` are those before the layer.
    fn messages(
        &self,
        states: &mut [f32],
        parent: &[u32],
        edges: &[f32],
        heard: impl Fn(&mut [f32], &[f32; WIDTH]),
    ) {
        let nodes = states.len() / WIDTH;
        let mut shared = vec![0.0; nodes * SHARED];
        for (x, shared) in states
            .chunks_exact(WIDTH)
            .zip(shared.chunks_exact_mut(SHARED))
        {
            self.shared.apply(x, shared);
        }
        // What the children of each node say, and how much it weighs.
        let mut risen = vec![([0f32; WIDTH], [0f32; HEADS]); nodes];
        for node in (0..nodes).rev() {
            let x = &mut states[node * WIDTH..][..WIDTH];
            let mut own = [0.0; 2 * HEADS];
            self.own.apply(x, &mut own);
            let here = &shared[node * SHARED..][..SHARED];
            // Of itself, of its parent to it, of it to its parent.
            let mut weights = [0.0; 3 * HEADS];
            weights[..HEADS].copy_from_slice(&own[..HEADS]);
            let above = node.checked_sub(1).map(|event| {
                let above = parent[event] as usize;
                let mut edge = [0.0; 2 * HEADS];
                self.edge.apply(&edges[node * EDGE..][..EDGE], &mut edge);
                let there = &shared[above * SHARED..][..SHARED];
                for h in 0..HEADS {
                    weights[HEADS + h] = here[WIDTH + h] + there[WIDTH + HEADS + h] + edge[h];
                    weights[2 * HEADS + h] = own[HEADS + h] + there[WIDTH + h] + edge[HEADS + h];
                }
                above
            });
            attention(&mut weights);
            if above.is_none() {
                weights[HEADS..].fill(0.0);
            }
            let (mut message, total) = risen[node];
            for c in 0..WIDTH {
                message[c] += weights[head_of(c)] * here[c];
            }
            if let Some(above) = above {
                let there = &shared[above * SHARED..][..WIDTH];
                let (rising, rising_weight) = &mut risen[above];
                for c in 0..WIDTH {
                    message[c] += weights[HEADS + head_of(c)] * there[c];
                    rising[c] += weights[2 * HEADS + head_of(c)] * here[c];
                }
                for h in 0..HEADS {
                    rising_weight[h] += weights[2 * HEADS + h];
                }
            }
            let total: [f32; HEADS] =
                std::array::from_fn(|h| 1.0 / (total[h] + weights[h] + weights[HEADS + h]));
            for c in 0..WIDTH {
                message[c] *= total[head_of(c)];
            }
            heard(x, &message);
        }
    }

    /// Adds to each state what the node hears.
    fn apply(&self, states: &mut [f32], parent: &[u32], edges: &[f32]) {
        self.messages(states, parent, edges, |x, message| {
            for (x, m) in x.iter_mut().zip(message) {
                *x = (*x + m).max(0.0);
            }
        });
    }
}

/// The attention head that reads a column.
const fn head_of(column: usize) -> usize {
    column * HEADS / WIDTH
}

/// exp of a bounded logit, in place: in [exp(-LOGIT), exp(LOGIT)].
fn attention(logits: &mut [f32; 3 * HEADS]) {
    for logit in logits {
        // tanh z = 1 - 2 / (1 + e^2z), where e^2z may not overflow.
        let z = (*logit * (2.0 / LOGIT)).min(80.0);
        *logit = exp(LOGIT - 2.0 * LOGIT / (1.0 + exp(z)));
    }
}

/// ln(1 + exp(x)), safe for large |x|.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// From the columns of the read-out to the raw outputs.
#[derive(Clone)]
struct Member {
    hidden: [Dense; 2],
    out: Dense,
    /// From the global columns straight to the outputs.
    skip: Dense,
}

impl Member {
    fn load(file: &Tensors) -> Result<Self> {
        Ok(Member {
            hidden: [
                Dense::load(&file.under("hidden0"), READOUT, HIDDEN[0])?,
                Dense::load(&file.under("hidden1"), HIDDEN[0], HIDDEN[1])?,
            ],
            out: Dense::load(&file.under("out"), HIDDEN[1], RAW)?,
            skip: Dense::load_without_bias(&file.under("skip"), GLOBAL, RAW)?,
        })
    }

    fn apply(&self, read_out: &[f32; READOUT]) -> [f32; RAW] {
        let (mut first, mut second) = ([0.0; HIDDEN[0]], [0.0; HIDDEN[1]]);
        self.hidden[0].apply(read_out, &mut first);
        relu(&mut first);
        self.hidden[1].apply(&first, &mut second);
        relu(&mut second);
        let (mut out, mut skip) = ([0.0; RAW], [0.0; RAW]);
        self.out.apply(&second, &mut out);
        self.skip.apply(&read_out[READOUT - GLOBAL..], &mut skip);
        std::array::from_fn(|i| out[i] + skip[i])
    }
}

/// The network's weights.
#[derive(Clone)]
pub struct Gat {
    embed: Dense,
    layers: [Layer; 2],
    members: Vec<Member>,
    /// Mean of each global column and the inverse of its deviation, 0 for a column that never
    /// varied, so that what was never learnt is never read.
    mean: Vec<f32>,
    scale: Vec<f32>,
}

impl Gat {
    /// Reads the network's tensors. Spreads of the training set's columns are under `stats`.
    pub fn load(file: &Tensors) -> Result<Self> {
        let stats = file.under("stats");
        let members = (0..MEMBERS).map(|i| Member::load(&file.under(&format!("member{i}"))));
        Ok(Gat {
            embed: Dense::load(&file.under("embed"), NODE, WIDTH)?,
            layers: [
                Layer::load(&file.under("layer0"))?,
                Layer::load(&file.under("layer1"))?,
            ],
            members: members.collect::<Result<_>>()?,
            mean: stats.floats("mean", &[1, GLOBAL])?,
            scale: stats.floats("scale", &[1, GLOBAL])?,
        })
    }

    /// Forecasts of a graph with these parents, one less than its nodes.
    pub fn outputs(&self, columns: &Columns, parent: &[u32]) -> Outputs {
        let read_out = self.read_out(columns, parent);
        let mut mean = [0.0; RAW];
        for member in &self.members {
            for (mean, raw) in mean.iter_mut().zip(member.apply(&read_out)) {
                *mean += raw;
            }
        }
        bounded(mean.map(|sum| sum / MEMBERS as f32), &columns.so_far)
    }

    /// What the outputs are computed from. The global columns come last, standardised.
    fn read_out(&self, columns: &Columns, parent: &[u32]) -> [f32; READOUT] {
        let nodes = parent.len() + 1;
        let mut states = self.embedded(columns, nodes);
        for layer in &self.layers {
            layer.apply(&mut states, parent, &columns.edges);
        }
        let mut sum = [0f32; WIDTH];
        for x in states.chunks_exact(WIDTH) {
            for (sum, x) in sum.iter_mut().zip(x) {
                *sum += x;
            }
        }
        let mut read_out = [0.0; READOUT];
        let (root, rest) = read_out.split_at_mut(WIDTH);
        let (mean, rest) = rest.split_at_mut(WIDTH);
        let (log_sum, globals) = rest.split_at_mut(WIDTH);
        root.copy_from_slice(&states[..WIDTH]);
        for (c, sum) in sum.into_iter().enumerate() {
            mean[c] = sum / nodes as f32;
            // States are not negative, so neither are sums.
            log_sum[c] = 0.25 * (sum + 1.0).ln();
        }
        for (i, (out, x)) in globals.iter_mut().zip(&columns.globals).enumerate() {
            *out = ((x - self.mean[i]) * self.scale[i]).clamp(-EXTREME, EXTREME);
        }
        read_out
    }

    /// `[nodes][WIDTH]`: the states before the first layer.
    fn embedded(&self, columns: &Columns, nodes: usize) -> Vec<f32> {
        let mut states = vec![0.0; nodes * WIDTH];
        let rows = columns.nodes.chunks_exact(NODE);
        for (row, x) in rows.zip(states.chunks_exact_mut(WIDTH)) {
            self.embed.apply(row, x);
            relu(x);
        }
        states
    }
}

/// Raw outputs as forecasts that keep to what is certain.
fn bounded(raw: [f32; RAW], so_far: &[f32; SO_FAR]) -> Outputs {
    // Events, and with them the middle one, can only be added.
    let (seen, more) = (so_far[0], softplus(raw[0]));
    // The inverse of tanh, bounded: what was heard so far, from which the rest starts.
    let mean = so_far[4].clamp(-0.95, 0.95);
    let mean = 0.5 * ((mean + 1.0) / (1.0 - mean)).ln();
    Outputs {
        log_events: seen + more,
        // The interval follows the forecast.
        low: seen + more * sigmoid(raw[1]),
        high: seen + more + softplus(raw[2]),
        speed: so_far[1] + softplus(raw[3]),
        depth: softplus(so_far[2] + raw[4]),
        leader_share: sigmoid(4.0 * so_far[3] + raw[5]),
        to_come: (mean + raw[6]).tanh(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::columns::tests::{graph, input};
    use super::*;
    use crate::layers::tensors::tests::file;

    /// Tensors of a network with weights drawn by a fixed rule: names, shapes, numbers.
    pub(in super::super) fn tensors() -> Vec<(String, Vec<usize>, Vec<f32>)> {
        let mut shapes = vec![("embed".to_owned(), NODE, WIDTH, true)];
        for i in 0..2 {
            shapes.push((format!("layer{i}.shared"), WIDTH, SHARED, true));
            shapes.push((format!("layer{i}.own"), WIDTH, 2 * HEADS, true));
            shapes.push((format!("layer{i}.edge"), EDGE, 2 * HEADS, false));
        }
        for i in 0..MEMBERS {
            shapes.push((format!("member{i}.hidden0"), READOUT, HIDDEN[0], true));
            shapes.push((format!("member{i}.hidden1"), HIDDEN[0], HIDDEN[1], true));
            shapes.push((format!("member{i}.out"), HIDDEN[1], RAW, true));
            shapes.push((format!("member{i}.skip"), GLOBAL, RAW, false));
        }
        let mut state = 7u32;
        let mut draw = |shape: Vec<usize>| {
            let numbers = (0..shape.iter().product()).map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32 - 0.5
            });
            (numbers.collect(), shape)
        };
        let mut tensors = Vec::new();
        let mut add = |name: String, shape| {
            let (numbers, shape) = draw(shape);
            tensors.push((name, shape, numbers));
        };
        for (name, inputs, outputs, bias) in shapes {
            add(format!("{name}.weight"), vec![outputs, inputs]);
            if bias {
                add(format!("{name}.bias"), vec![outputs]);
            }
        }
        add("stats.mean".into(), vec![1, GLOBAL]);
        add("stats.scale".into(), vec![1, GLOBAL]);
        tensors
    }

    fn gat() -> Gat {
        let bytes = file(&tensors());
        Gat::load(&Tensors::open(&bytes).unwrap()).unwrap()
    }

    /// One layer by its definition: for each node and head, a softmax over itself, its parent and
    /// its children, whose bounded logits are sums of what reader, read and edge say.
    fn by_hand(layer: &Layer, states: &[f32], parent: &[u32], edges: &[f32]) -> Vec<f32> {
        let rows = |layer: &Dense, x: &[f32], width: usize| -> Vec<Vec<f32>> {
            let rows = x.chunks_exact(width);
            rows.map(|row| layer.forward(row).unwrap()).collect()
        };
        let shared = rows(&layer.shared, states, WIDTH);
        let own = rows(&layer.own, states, WIDTH);
        let edge = rows(&layer.edge, edges, EDGE);
        let weight = |logit: f32| (4.0 * (logit / 4.0).tanh()).exp();
        let n = shared.len();
        let parent_of = |node: usize| (node > 0).then(|| parent[node - 1] as usize);
        let mut out = vec![0.0; n * WIDTH];
        for (i, row) in out.chunks_exact_mut(WIDTH).enumerate() {
            for (c, value) in row.iter_mut().enumerate() {
                let h = c * HEADS / WIDTH;
                let (read, reads_child) = (WIDTH + h, WIDTH + HEADS + h);
                let mut heard = vec![(weight(own[i][h]), i)];
                if let Some(p) = parent_of(i) {
                    let logit = shared[i][read] + shared[p][reads_child] + edge[i][h];
                    heard.push((weight(logit), p));
                }
                for child in (0..n).filter(|&j| parent_of(j) == Some(i)) {
                    let logit = own[child][HEADS + h] + shared[i][read] + edge[child][HEADS + h];
                    heard.push((weight(logit), child));
                }
                let total: f32 = heard.iter().map(|(w, _)| w).sum();
                *value = heard.iter().map(|(w, j)| w * shared[*j][c]).sum::<f32>() / total;
            }
        }
        out
    }

    #[test]
    fn a_layer_is_a_softmax_over_itself_its_parent_and_its_children() {
        let net = gat();
        for events in [0, 7, 40] {
            let graph = graph(events);
            let columns = Columns::of(&input(&graph));
            let before = net.embedded(&columns, graph.len() + 1);
            let wanted = by_hand(&net.layers[0], &before, &graph.parent, &columns.edges);
            let mut found = before;
            net.layers[0].messages(&mut found, &graph.parent, &columns.edges, |x, message| {
                x.copy_from_slice(message);
            });
            for (a, b) in found.iter().zip(wanted) {
                assert!((a - b).abs() < 1e-4, "{a} is not {b}");
            }
        }
    }

    #[test]
    fn attention_is_bounded_whatever_the_logit() {
        let bound = LOGIT.exp();
        let mut logits = [0.0; 3 * HEADS];
        logits[..8].copy_from_slice(&[-1e30, -500.0, -3.0, -1e-3, 1e-3, 3.0, 500.0, 1e30]);
        let exact = logits.map(|x| (LOGIT * (x / LOGIT).tanh()).exp());
        attention(&mut logits);
        for (found, exact) in logits.into_iter().zip(exact) {
            assert!((found - exact).abs() < 1e-5 * exact && found <= bound * 1.00001);
        }
    }
}
