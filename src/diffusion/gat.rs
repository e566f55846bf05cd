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

        let up_weight = up_weight.matmul(spread)?;
        let rising = Tensor::cat(&[&(&up_weight * &state)?, &up_weight], 1)?;
        let risen = rising.zeros_like()?.index_add(&batch.parent, &rising, 0)?;
        let risen_state = risen.narrow(1, 0, WIDTH)?.contiguous()?;
        let risen_weight = risen.narrow(1, WIDTH, WIDTH)?.contiguous()?;
        let own_weight = own_weight.matmul(spread)?;
        let down_weight = down_weight.matmul(spread)?;
        let total = ((&own_weight + &down_weight)? + risen_weight)?;
        let sum = (((own_weight * state)? + (down_weight * parent_state)?)? + risen_state)?;
        sum / total
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
pub const MEMBERS: usize = 4;

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
