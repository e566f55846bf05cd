//! The graph attention network: from a graph as seen to forecasts of how it ends.
//!
//! Two attention layers (Veličković et al. 2018) over the tree, edges both ways and a self loop;
//! since a node has one parent, its incoming messages are its own, its parent's and the sum of
//! its children's, so no list of edges is built. Attention logits pass through a tanh, which
//! bounds them; the softmax over a node's neighbours then needs no maximum subtracted. The
//! read-out joins the post's state, means and log sums over nodes, and columns that describe
//! the graph as a whole; several small networks read it apart and are averaged. What is already certain enters the outputs directly: the network
//! forecasts what is still to come.

use candle_core::{D, DType, Device, Result as CandleResult, Tensor};
use candle_nn::{Linear, Module, VarBuilder, linear, linear_no_bias};

use super::columns::{Batch, EDGE, GLOBAL, NODE, SO_FAR};

/// Width of a node's state.
const WIDTH: usize = 32;
/// Attention heads, each reading `WIDTH / HEADS` columns.
const HEADS: usize = 4;
const HIDDEN: [usize; 2] = [64, 32];
/// Columns of the read-out.
pub const READOUT: usize = 3 * WIDTH + GLOBAL;
/// Bound of an attention logit.
const LOGIT: f64 = 4.0;
/// Bound of a standardised column: beyond it a graph counts as the most extreme one seen.
const EXTREME: f32 = 4.0;
/// Raw outputs: increment of ln(1 + N), its lower and upper spread, speed, depth, leader share,
/// audience.
const RAW: usize = 7;

/// Forecasts as tensors of shape (graphs), for training; all differentiable.
pub struct Outputs {
    /// ln(1 + N).
    pub log_events: Tensor,
    /// 5 % and 95 % quantiles of ln(1 + N), before widening.
    pub low: Tensor,
    pub high: Tensor,
    pub speed: Tensor,
    pub depth: Tensor,
    pub leader_share: Tensor,
    pub audience: Tensor,
}

#[derive(Clone)]
struct Layer {
    /// States, then logits of being read and of reading a child, which cross an edge.
    shared: Linear,
    /// Logits of reading oneself and of being read by the parent, which stay.
    own: Linear,
    /// Logits of an edge downward and upward.
    edge: Linear,
}

impl Layer {
    fn load(vb: VarBuilder) -> CandleResult<Self> {
        Ok(Layer {
            shared: linear(WIDTH, WIDTH + 2 * HEADS, vb.pp("shared"))?,
            own: linear(WIDTH, 2 * HEADS, vb.pp("own"))?,
            edge: linear_no_bias(EDGE, 2 * HEADS, vb.pp("edge"))?,
        })
    }

    /// (nodes, WIDTH) -> (nodes, WIDTH). `spread` (HEADS, WIDTH) copies a head's weight to its
    /// columns: a small product is cheaper than broadcasting over a third axis.
    fn forward(&self, x: &Tensor, batch: &Batch, spread: &Tensor) -> CandleResult<Tensor> {
        let heads = |t: &Tensor, i: usize| t.narrow(1, i * HEADS, HEADS)?.contiguous();
        let shared = self.shared.forward(x)?;
        let own = self.own.forward(x)?;
        let edge = self.edge.forward(&batch.edges)?;
        let state = shared.narrow(1, 0, WIDTH)?.contiguous()?;
        let logits = shared.narrow(1, WIDTH, 2 * HEADS)?.contiguous()?;
        let of_parent = logits.index_select(&batch.parent, 0)?;
        let parent_state = state.index_select(&batch.parent, 0)?;

        // A node reads itself; it reads its parent; its parent reads it.
        let own_weight = attention(&heads(&own, 0)?)?;
        let down = (heads(&logits, 0)? + heads(&of_parent, 1)? + heads(&edge, 0)?)?;
        let down_weight = attention(&down)?.broadcast_mul(&batch.has_parent)?;
        let up = (heads(&own, 1)? + heads(&of_parent, 0)? + heads(&edge, 1)?)?;
        let up_weight = attention(&up)?.broadcast_mul(&batch.has_parent)?;

        // Sums of weights stay one column per head; only what multiplies states is spread.
        let risen_weight = up_weight
            .zeros_like()?
            .index_add(&batch.parent, &up_weight, 0)?;
        let total = ((&own_weight + &down_weight)? + risen_weight)?;
        let rising = (up_weight.matmul(spread)? * &state)?;
        let risen = rising.zeros_like()?.index_add(&batch.parent, &rising, 0)?;
        let own = ((own_weight / &total)?.matmul(spread)? * state)?;
        let down = ((down_weight / &total)?.matmul(spread)? * parent_state)?;
        (own + down)? + (risen * total.recip()?.matmul(spread)?)?
    }
}

/// exp of a bounded logit: in [exp(-LOGIT), exp(LOGIT)].
fn attention(logits: &Tensor) -> CandleResult<Tensor> {
    ((logits * (1.0 / LOGIT))?.tanh()? * LOGIT)?.exp()
}

/// ln(1 + exp(x)), safe for large |x|.
fn softplus(x: &Tensor) -> CandleResult<Tensor> {
    x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
}

/// Read-outs that learn apart and are averaged.
pub const MEMBERS: usize = 8;

/// From the columns of the read-out to the raw outputs.
#[derive(Clone)]
struct Member {
    hidden: [Linear; 2],
    out: Linear,
    /// From the global columns straight to the outputs.
    skip: Linear,
}

impl Member {
    fn load(vb: VarBuilder) -> CandleResult<Self> {
        Ok(Member {
            hidden: [
                linear(READOUT, HIDDEN[0], vb.pp("hidden0"))?,
                linear(HIDDEN[0], HIDDEN[1], vb.pp("hidden1"))?,
            ],
            out: linear(HIDDEN[1], RAW, vb.pp("out"))?,
            skip: linear_no_bias(GLOBAL, RAW, vb.pp("skip"))?,
        })
    }

    /// (graphs, READOUT) -> (graphs, RAW).
    fn forward(&self, read_out: &Tensor) -> CandleResult<Tensor> {
        let globals = read_out.narrow(1, READOUT - GLOBAL, GLOBAL)?;
        let mut x = read_out.clone();
        for hidden in &self.hidden {
            x = hidden.forward(&x)?.relu()?;
        }
        self.out.forward(&x)? + self.skip.forward(&globals.contiguous()?)?
    }
}

/// The network's weights.
#[derive(Clone)]
pub struct Gat {
    embed: Linear,
    layers: [Layer; 2],
    members: Vec<Member>,
    spread: Tensor,
    /// (1, GLOBAL): mean of each column and the inverse of its deviation, 0 for a column that
    /// never varied, so that what was never learnt is never read.
    mean: Tensor,
    scale: Tensor,
    device: Device,
}

impl Gat {
    /// Reads the weights below `vb`. Spreads of the training set's columns are under `stats`.
    pub fn load(vb: VarBuilder) -> CandleResult<Self> {
        let stats = vb.pp("stats");
        let mut spread = vec![0.0f32; HEADS * WIDTH];
        for column in 0..WIDTH {
            spread[column * HEADS / WIDTH * WIDTH + column] = 1.0;
        }
        let member = |i| Member::load(vb.pp(format!("member{i}")));
        Ok(Gat {
            embed: linear(NODE, WIDTH, vb.pp("embed"))?,
            layers: [Layer::load(vb.pp("layer0"))?, Layer::load(vb.pp("layer1"))?],
            members: (0..MEMBERS).map(member).collect::<CandleResult<_>>()?,
            spread: Tensor::from_vec(spread, (HEADS, WIDTH), vb.device())?.to_dtype(DType::F32)?,
            mean: stats.get((1, GLOBAL), "mean")?,
            scale: stats.get((1, GLOBAL), "scale")?,
            device: vb.device().clone(),
        })
    }

    /// (graphs, [`READOUT`]): what the outputs are computed from. The global columns come last,
    /// standardised.
    pub fn read_out(&self, batch: &Batch) -> CandleResult<Tensor> {
        let mut x = self.embed.forward(&batch.nodes)?.relu()?;
        for layer in &self.layers {
            x = (&x + layer.forward(&x, batch, &self.spread)?)?.relu()?;
        }
        let graphs = batch.roots.dim(0)?;
        let root = x.index_select(&batch.roots, 0)?;
        let sum = Tensor::zeros((graphs, WIDTH), DType::F32, &self.device)?.index_add(
            &batch.graph,
            &x,
            0,
        )?;
        let mean = sum.broadcast_mul(&batch.inverse_size)?;
        // States are not negative, so neither are sums.
        let log_sum = ((sum + 1.0)?.log()? * 0.25)?;
        let globals = batch.globals.broadcast_sub(&self.mean)?;
        let globals = globals.broadcast_mul(&self.scale)?;
        let globals = globals.clamp(-EXTREME, EXTREME)?;
        Tensor::cat(&[&root, &mean, &log_sum, &globals], 1)
    }

    /// Forecasts from a read-out: the mean of all members, before what bounds them.
    pub fn outputs(&self, read_out: &Tensor, batch: &Batch) -> CandleResult<Outputs> {
        let mut sum = self.members[0].forward(read_out)?;
        for member in &self.members[1..] {
            sum = (sum + member.forward(read_out)?)?;
        }
        bounded(&(sum * (1.0 / MEMBERS as f64))?, batch)
    }

    /// Forecasts of one member, for training; of a read-out with some of its columns dropped.
    pub fn outputs_of(
        &self,
        member: usize,
        read_out: &Tensor,
        batch: &Batch,
    ) -> CandleResult<Outputs> {
        bounded(&self.members[member].forward(read_out)?, batch)
    }
}

/// Raw outputs (graphs, RAW) as forecasts that keep to what is certain.
fn bounded(raw: &Tensor, batch: &Batch) -> CandleResult<Outputs> {
    let raw = |i: usize| raw.narrow(1, i, 1)?.squeeze(D::Minus1);
    let so_far = |i: usize| {
        debug_assert!(i < SO_FAR);
        batch.so_far.narrow(1, i, 1)?.squeeze(D::Minus1)
    };
    let sigmoid = |x: &Tensor| candle_nn::ops::sigmoid(x);

    // Events, and with them the middle one, can only be added.
    let seen = so_far(0)?;
    let more = softplus(&raw(0)?)?;
    // The interval follows the forecast, not the other way round.
    let fixed = more.detach();
    let least = (&fixed * sigmoid(&raw(1)?)?)?;
    let most = (fixed + softplus(&raw(2)?)?)?;
    // tanh of (audience so far + change), with the inverse of tanh bounded.
    let said = so_far(4)?.clamp(-0.95f32, 0.95f32)?;
    let said = (((&said + 1.0)? / (1.0 - &said)?)?.log()? * 0.5)?;
    Ok(Outputs {
        log_events: (&seen + &more)?,
        low: (&seen + least)?,
        high: (&seen + most)?,
        speed: (so_far(1)? + softplus(&raw(3)?)?)?,
        depth: softplus(&(so_far(2)? + raw(4)?)?)?,
        leader_share: sigmoid(&((so_far(3)? * 4.0)? + raw(5)?)?)?,
        audience: (said + raw(6)?)?.tanh()?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashMap;

    use super::super::columns::tests::{graph, input};
    use super::*;
    use candle_nn::VarMap;

    /// Tensors of a network with weights drawn by a fixed rule.
    pub(in super::super) fn tensors() -> HashMap<String, Tensor> {
        let map = VarMap::new();
        Gat::load(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu)).unwrap();
        let mut tensors = HashMap::new();
        let mut state = 7u32;
        let data = map.data().lock().unwrap();
        let mut names: Vec<&String> = data.keys().collect();
        names.sort();
        for name in names {
            let shape = data[name].shape();
            let mut draw = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32 - 0.5
            };
            let values: Vec<f32> = (0..shape.elem_count()).map(&mut draw).collect();
            let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
            tensors.insert(name.clone(), tensor);
        }
        tensors
    }

    fn gat() -> Gat {
        let vb = VarBuilder::from_tensors(tensors(), DType::F32, &Device::Cpu);
        Gat::load(vb).unwrap()
    }

    /// One layer by its definition: for each node and head, a softmax over itself, its parent and
    /// its children, whose bounded logits are sums of what reader, read and edge say.
    fn by_hand(layer: &Layer, x: &Tensor, batch: &Batch) -> Vec<Vec<f32>> {
        let rows = |t: Tensor| t.to_vec2::<f32>().unwrap();
        let shared = rows(layer.shared.forward(x).unwrap());
        let own = rows(layer.own.forward(x).unwrap());
        let edge = rows(layer.edge.forward(&batch.edges).unwrap());
        let parent = batch.parent.to_vec1::<u32>().unwrap();
        let n = parent.len();
        let weight = |logit: f32| (4.0 * (logit / 4.0).tanh()).exp();
        let mut out = vec![vec![0.0; WIDTH]; n];
        for (i, row) in out.iter_mut().enumerate() {
            for (c, value) in row.iter_mut().enumerate() {
                let h = c * HEADS / WIDTH;
                let (read, reads_child) = (WIDTH + h, WIDTH + HEADS + h);
                let mut heard = vec![(weight(own[i][h]), i)];
                let p = parent[i] as usize;
                if p != i {
                    let logit = shared[i][read] + shared[p][reads_child] + edge[i][h];
                    heard.push((weight(logit), p));
                }
                for child in (0..n).filter(|&j| j != i && parent[j] as usize == i) {
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
        let (net, graphs) = (gat(), [graph(7), graph(0), graph(40)]);
        let inputs = graphs.each_ref().map(input);
        let batch = Batch::new(&inputs, &Device::Cpu).unwrap();
        let x = net.embed.forward(&batch.nodes).unwrap();
        let found = net.layers[0].forward(&x, &batch, &net.spread).unwrap();
        let found = found.to_vec2::<f32>().unwrap();
        for (found, wanted) in found.iter().zip(by_hand(&net.layers[0], &x, &batch)) {
            for (a, b) in found.iter().zip(wanted) {
                assert!((a - b).abs() < 1e-4, "{a} is not {b}");
            }
        }
    }
}
