//! The graph attention network in candle, for fitting; `crate::diffusion` computes the same in
//! plain loops.

use crate::diffusion::{
    Columns, DiffusionInput, EDGE, EXTREME, GLOBAL, HEADS, HIDDEN, LOGIT, MEMBERS, NODE, RAW,
    READOUT, SO_FAR, WIDTH,
};
use candle_core::{D, DType, Device, Result as CandleResult, Tensor};
use candle_nn::{Linear, Module, VarBuilder, linear, linear_no_bias};

/// Several graphs side by side: node rows of all, one row per graph.
pub struct Batch {
    /// (nodes, [`NODE`])
    nodes: Tensor,
    /// (nodes, [`EDGE`])
    edges: Tensor,
    /// Row of each node's parent; a post is its own.
    parent: Tensor,
    /// (nodes, 1): 1 where there is a parent, 0 for a post.
    has_parent: Tensor,
    /// Graph of each node.
    graph: Tensor,
    /// Row of each graph's post.
    roots: Tensor,
    /// (graphs, 1): 1 / nodes.
    inverse_size: Tensor,
    /// (graphs, [`GLOBAL`]), not yet standardised.
    globals: Tensor,
    /// (graphs, [`SO_FAR`])
    so_far: Tensor,
}

impl Batch {
    /// Lays `inputs` out as tensors, in time linear in their events.
    pub fn new(inputs: &[DiffusionInput]) -> CandleResult<Self> {
        let device = &Device::Cpu;
        let n: usize = inputs.iter().map(|input| input.graph.len() + 1).sum();
        let g = inputs.len();
        let mut nodes = Vec::with_capacity(n * NODE);
        let mut edges = Vec::with_capacity(n * EDGE);
        let mut parent = Vec::with_capacity(n);
        let mut has_parent = vec![1.0f32; n];
        let mut graph = Vec::with_capacity(n);
        let mut roots = Vec::with_capacity(g);
        let mut inverse_size = Vec::with_capacity(g);
        let mut globals = Vec::with_capacity(g * GLOBAL);
        let mut so_far = Vec::with_capacity(g * SO_FAR);
        for (i, input) in inputs.iter().enumerate() {
            let root = parent.len() as u32;
            let size = input.graph.len() + 1;
            has_parent[root as usize] = 0.0;
            roots.push(root);
            inverse_size.push(1.0 / size as f32);
            parent.push(root);
            parent.extend(input.graph.parent.iter().map(|p| p + root));
            graph.resize(graph.len() + size, i as u32);
            let columns = Columns::of(input);
            nodes.extend(columns.nodes);
            edges.extend(columns.edges);
            globals.extend(columns.globals);
            so_far.extend(columns.so_far);
        }
        Ok(Batch {
            nodes: Tensor::from_vec(nodes, (n, NODE), device)?,
            edges: Tensor::from_vec(edges, (n, EDGE), device)?,
            parent: Tensor::from_vec(parent, n, device)?,
            has_parent: Tensor::from_vec(has_parent, (n, 1), device)?,
            graph: Tensor::from_vec(graph, n, device)?,
            roots: Tensor::from_vec(roots, g, device)?,
            inverse_size: Tensor::from_vec(inverse_size, (g, 1), device)?,
            globals: Tensor::from_vec(globals, (g, GLOBAL), device)?,
            so_far: Tensor::from_vec(so_far, (g, SO_FAR), device)?,
        })
    }
}

/// Forecasts as tensors of shape (graphs), for training; all differentiable.
pub struct Outputs {
    /// ln(1 + N).
    pub log_events: Tensor,
    /// 5 % quantile of ln(1 + N), before widening.
    pub low: Tensor,
    /// 95 % quantile of ln(1 + N), before widening.
    pub high: Tensor,
    /// ln(1 + seconds) to the middle event.
    pub speed: Tensor,
    /// Structural virality.
    pub depth: Tensor,
    /// Share of the events below three leaders, [0, 1].
    pub leader_share: Tensor,
    /// Mean valence of the voices to come, [-1, 1].
    pub to_come: Tensor,
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
    let bound = f64::from(LOGIT);
    ((logits * (1.0 / bound))?.tanh()? * bound)?.exp()
}

/// ln(1 + exp(x)), safe for large |x|.
fn softplus(x: &Tensor) -> CandleResult<Tensor> {
    x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
}

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

    /// The columns that outputs are computed from (graphs, [`READOUT`]). The global columns come last,
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
    // tanh of (what was heard so far + change), with the inverse of tanh bounded.
    let heard = so_far(4)?.clamp(-0.95f32, 0.95f32)?;
    let heard = (((&heard + 1.0)? / (1.0 - &heard)?)?.log()? * 0.5)?;
    Ok(Outputs {
        log_events: (&seen + &more)?,
        low: (&seen + least)?,
        high: (&seen + most)?,
        speed: (so_far(1)? + softplus(&raw(3)?)?)?,
        depth: softplus(&(so_far(2)? + raw(4)?)?)?,
        leader_share: sigmoid(&((so_far(3)? * 4.0)? + raw(5)?)?)?,
        to_come: (heard + raw(6)?)?.tanh()?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use crate::diffusion::{
        DiffusionGraph, DiffusionNet, EventKind, FORESTS, OBSERVATION_TIMES, PLATFORMS,
    };
    use crate::layers::tensors::Tensors;
    use crate::post::Platform;
    use crate::text::Language;
    use candle_nn::VarMap;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::train::fit::optimise::file_of;

    fn graph(events: u32) -> DiffusionGraph {
        let mut graph = DiffusionGraph {
            observed_until: 20 * events,
            ..DiffusionGraph::default()
        };
        for i in 0..events {
            graph.t.push(20 * i);
            graph.parent.push(if i % 3 == 0 { 0 } else { i * 5 / 7 });
            let repost = i % 2 == 0;
            graph.kind.push(if repost {
                EventKind::Repost
            } else {
                EventKind::Quote
            });
            graph.user.push(i % 5);
            graph.followers.push(None);
            graph.verified.push(None);
            graph.s.push((!repost).then_some(0.5));
        }
        graph
    }

    #[test]
    fn what_is_fitted_is_what_is_deployed() {
        let map = VarMap::new();
        let gat = Gat::load(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu)).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let data = map.data().lock().unwrap();
        let mut tensors = HashMap::new();
        let mut names: Vec<&String> = data.keys().collect();
        names.sort();
        for name in names {
            let shape = data[name].shape().clone();
            let numbers: Vec<f32> = (0..shape.elem_count())
                .map(|_| rng.random_range(-0.5..0.5))
                .collect();
            let tensor = Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap();
            data[name].set(&tensor).unwrap();
            tensors.insert(name.clone(), tensor);
        }
        let zeros = |shape: (usize, usize)| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        for name in FORESTS {
            let leaf = Tensor::new(&[[-1f32, 0.0, 0.0]], &Device::Cpu).unwrap();
            tensors.insert(format!("trees.{name}"), leaf);
            let root = Tensor::new(&[0f32], &Device::Cpu).unwrap();
            tensors.insert(format!("trees.{name}.roots"), root);
        }
        let widening = zeros((PLATFORMS.len(), OBSERVATION_TIMES.len()));
        tensors.insert("stats.widening".into(), widening);
        tensors.insert("stats.followers".into(), zeros((PLATFORMS.len(), 2)));
        let bytes = file_of(&tensors).unwrap();
        let deployed = DiffusionNet::load(&Tensors::open(&bytes).unwrap()).unwrap();

        let graphs = [0, 1, 12, 90, 700].map(graph);
        let inputs = graphs.each_ref().map(|graph| DiffusionInput {
            graph,
            author: graph.author.as_ref(),
            platform: Platform::Weibo,
            language: Language::Zh,
            s: Some(0.3),
            created_at: None,
            text_chars: 40,
            images: Some(1),
            topics: None,
            vector: None,
            form: None,
        });
        let batch = Batch::new(&inputs).unwrap();
        let out = gat.outputs(&gat.read_out(&batch).unwrap(), &batch).unwrap();
        let column = |t: &Tensor| t.to_vec1::<f32>().unwrap();
        let fitted = [
            column(&out.log_events),
            column(&out.low),
            column(&out.high),
            column(&out.speed),
            column(&out.depth),
            column(&out.leader_share),
            column(&out.to_come),
        ];
        for (i, input) in inputs.iter().enumerate() {
            let d = deployed.network(input);
            let deployed = [
                d.log_events,
                d.low,
                d.high,
                d.speed,
                d.depth,
                d.leader_share,
                d.to_come,
            ];
            for (deployed, fitted) in deployed.iter().zip(&fitted) {
                let error = (deployed - fitted[i]).abs();
                assert!(error < 1e-4 * fitted[i].abs().max(1.0), "off by {error}");
            }
        }
    }
}
