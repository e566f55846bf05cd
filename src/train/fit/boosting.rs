//! Gradient boosting of regression trees on squared error (Friedman 2001), on histograms of
//! binned columns, leaves grown best first, rows and columns drawn anew for each tree.
//!
//! Own code because the trees are shipped and run in the browser; the libraries tried for it
//! either keep their trees to themselves or fit these few thousand cascades worse.

use crate::diffusion::{Forest, Node};
use rand::seq::index::sample;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Most bins of a column.
const BINS: usize = 128;

/// How many trees of what shape.
#[derive(Debug, Clone, Copy)]
pub struct TreesPlan {
    /// Number of trees.
    pub trees: usize,
    /// Share of each leaf's value that is taken.
    pub rate: f64,
    /// Most leaves of a tree.
    pub leaves: usize,
    /// Least weight of rows in a leaf.
    pub least: f64,
    /// Added to a leaf's weight, which draws it to 0.
    pub shrinkage: f64,
    /// Share of rows that a tree sees.
    pub rows: f64,
    /// Share of columns that a tree sees.
    pub columns: f64,
}

impl TreesPlan {
    /// The trees that are shipped; chosen on validation.
    pub const DEFAULT: TreesPlan = TreesPlan {
        trees: 400,
        rate: 0.03,
        leaves: 15,
        least: 40.0,
        shrinkage: 5.0,
        rows: 0.7,
        columns: 0.4,
    };
}

/// Weighted sums over the rows of a bin or a leaf.
#[derive(Debug, Clone, Copy, Default)]
struct LeafSums {
    weight: f64,
    residual: f64,
}

impl LeafSums {
    fn add(&mut self, other: LeafSums) {
        self.weight += other.weight;
        self.residual += other.residual;
    }

    fn less(self, other: LeafSums) -> LeafSums {
        LeafSums {
            weight: self.weight - other.weight,
            residual: self.residual - other.residual,
        }
    }

    fn score(self, shrinkage: f64) -> f64 {
        self.residual * self.residual / (self.weight + shrinkage)
    }
}

/// A place where a leaf could be parted: rows whose bin of `column` is at most `bin` go left.
#[derive(Debug, Clone, Copy)]
struct Cut {
    gain: f64,
    column: usize,
    bin: u8,
}

/// A leaf that may still be parted.
struct Leaf {
    node: usize,
    rows: Vec<u32>,
    sums: LeafSums,
    cut: Option<Cut>,
}

/// Rows as bins of their columns.
struct Binned {
    /// Upper ends of all bins but the last, per column.
    ends: Vec<Vec<f32>>,
    /// Bins, column by column.
    bins: Vec<Vec<u8>>,
}

impl Binned {
    fn new(x: &[&[f32]]) -> Self {
        let width = x.first().map_or(0, |row| row.len());
        let (mut ends, mut bins) = (Vec::new(), Vec::new());
        for column in 0..width {
            let mut values: Vec<f32> = x.iter().map(|row| row[column]).collect();
            values.sort_by(f32::total_cmp);
            let step = (values.len() / BINS).max(1);
            let mut of_column: Vec<f32> = Vec::new();
            let mut at = step;
            while at < values.len() && of_column.len() < BINS - 1 {
                // Between two values that differ, or the cut would part equals.
                let (below, above) = (values[at - 1], values[at]);
                if below < above {
                    of_column.push(below + (above - below) / 2.0);
                    at += step;
                } else {
                    at += 1;
                }
            }
            let bin = |row: &&[f32]| of_column.partition_point(|&end| end < row[column]) as u8;
            bins.push(x.iter().map(bin).collect());
            ends.push(of_column);
        }
        Binned { ends, bins }
    }
}

/// Fits trees to `y` over rows `x` of equal width with weights `w`. The first tree is a single
/// leaf, the mean of `y`.
pub fn fit(x: &[&[f32]], y: &[f32], w: &[f32], plan: &TreesPlan, seed: u64) -> Forest {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let binned = Binned::new(x);
    let total: f64 = w.iter().map(|&w| f64::from(w)).sum();
    let sum = y.iter().zip(w).map(|(&y, &w)| f64::from(y) * f64::from(w));
    let mean = sum.sum::<f64>() / total.max(f64::MIN_POSITIVE);
    let mut forest = Forest {
        roots: vec![0],
        nodes: vec![leaf(mean)],
    };
    let mut residual: Vec<f64> = y.iter().map(|&y| f64::from(y) - mean).collect();
    let width = binned.bins.len();
    let seen = ((plan.columns * width as f64).ceil() as usize).clamp(width.min(1), width);
    for _ in 0..plan.trees {
        let rows: Vec<u32> = (0..x.len() as u32)
            .filter(|_| rng.random_bool(plan.rows))
            .collect();
        let mut columns = sample(&mut rng, width, seen).into_vec();
        columns.sort_unstable();
        let grower = Grower {
            binned: &binned,
            residual: &residual,
            w,
            columns: &columns,
            plan,
        };
        let tree = grower.grow(rows);
        for (residual, row) in residual.iter_mut().zip(x) {
            *residual -= f64::from(tree.predict(row));
        }
        let offset = forest.nodes.len() as u32;
        forest.roots.push(offset);
        forest.nodes.extend(tree.nodes.iter().map(|&node| Node {
            left: if node.column.is_some() {
                node.left + offset
            } else {
                0
            },
            ..node
        }));
    }
    forest
}

fn leaf(value: f64) -> Node {
    Node {
        column: None,
        value: value as f32,
        left: 0,
    }
}

struct Grower<'a> {
    binned: &'a Binned,
    residual: &'a [f64],
    w: &'a [f32],
    columns: &'a [usize],
    plan: &'a TreesPlan,
}

impl Grower<'_> {
    /// One tree: the leaf whose cut gains most is parted until there are enough.
    fn grow(&self, rows: Vec<u32>) -> Forest {
        let mut nodes = vec![leaf(0.0)];
        let mut leaves = vec![self.leaf(0, rows)];
        while leaves.len() < self.plan.leaves {
            let best = leaves
                .iter()
                .enumerate()
                .filter_map(|(i, leaf)| Some((i, leaf.cut?)))
                .max_by(|a, b| a.1.gain.total_cmp(&b.1.gain));
            let Some((i, cut)) = best else { break };
            let parted = leaves.swap_remove(i);
            let bins = &self.binned.bins[cut.column];
            let (left, right) = parted
                .rows
                .into_iter()
                .partition(|&row| bins[row as usize] <= cut.bin);
            nodes[parted.node] = Node {
                column: Some(cut.column as u32),
                value: self.binned.ends[cut.column][usize::from(cut.bin)],
                left: nodes.len() as u32,
            };
            for rows in [left, right] {
                leaves.push(self.leaf(nodes.len(), rows));
                nodes.push(leaf(0.0));
            }
        }
        for Leaf { node, sums, .. } in leaves {
            let value = sums.residual / (sums.weight + self.plan.shrinkage);
            nodes[node] = leaf(self.plan.rate * value);
        }
        Forest {
            roots: vec![0],
            nodes,
        }
    }

    fn leaf(&self, node: usize, rows: Vec<u32>) -> Leaf {
        let mut sums = LeafSums::default();
        for &row in &rows {
            sums.add(self.of_row(row));
        }
        let cut = self.best_cut(&rows, sums);
        Leaf {
            node,
            rows,
            sums,
            cut,
        }
    }

    fn of_row(&self, row: u32) -> LeafSums {
        let weight = f64::from(self.w[row as usize]);
        LeafSums {
            weight,
            residual: weight * self.residual[row as usize],
        }
    }

    fn best_cut(&self, rows: &[u32], all: LeafSums) -> Option<Cut> {
        if all.weight < 2.0 * self.plan.least {
            return None;
        }
        let shrinkage = self.plan.shrinkage;
        let mut best: Option<Cut> = None;
        for &column in self.columns {
            let bins = &self.binned.bins[column];
            let ends = self.binned.ends[column].len();
            let mut sums = [LeafSums::default(); BINS];
            for &row in rows {
                sums[usize::from(bins[row as usize])].add(self.of_row(row));
            }
            let mut left = LeafSums::default();
            for (bin, &of_bin) in sums[..ends].iter().enumerate() {
                left.add(of_bin);
                let right = all.less(left);
                if left.weight < self.plan.least || right.weight < self.plan.least {
                    continue;
                }
                let gain = left.score(shrinkage) + right.score(shrinkage) - all.score(shrinkage);
                if gain > best.map_or(1e-9, |cut| cut.gain) {
                    best = Some(Cut {
                        gain,
                        column,
                        bin: bin as u8,
                    });
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of two columns of interest and one of noise; `y` needs both.
    fn data(n: usize) -> (Vec<[f32; 3]>, Vec<f32>) {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let x: Vec<[f32; 3]> = (0..n)
            .map(|_| std::array::from_fn(|_| rng.random_range(-1.0..1.0)))
            .collect();
        let y = x
            .iter()
            .map(|r| if r[0] > 0.2 && r[1] < 0.5 { 3.0 } else { -1.0 })
            .collect();
        (x, y)
    }

    fn rows(x: &[[f32; 3]]) -> Vec<&[f32]> {
        x.iter().map(|r| &r[..]).collect()
    }

    #[test]
    fn finds_what_two_columns_tell_together_on_rows_not_seen() {
        let (x, y) = data(3_000);
        let w = vec![1.0; 2_000];
        let forest = fit(&rows(&x[..2_000]), &y[..2_000], &w, &TreesPlan::DEFAULT, 1);
        let off: f32 = x[2_000..]
            .iter()
            .zip(&y[2_000..])
            .map(|(r, y)| (forest.predict(r) - y).abs())
            .sum::<f32>()
            / 1_000.0;
        assert!(off < 0.15, "mean error {off}");
        assert_eq!(
            forest,
            fit(&rows(&x[..2_000]), &y[..2_000], &w, &TreesPlan::DEFAULT, 1)
        );
    }

    #[test]
    fn one_cut_is_the_best_of_all_cuts() {
        let (x, y) = data(60);
        let w: Vec<f32> = (0..60).map(|i| 1.0 + (i % 3) as f32).collect();
        let plan = TreesPlan {
            trees: 1,
            rate: 1.0,
            leaves: 2,
            least: 5.0,
            shrinkage: 0.0,
            rows: 1.0,
            columns: 1.0,
        };
        let forest = fit(&rows(&x), &y, &w, &plan, 1);
        let error = |p: &dyn Fn(&[f32; 3]) -> f64| -> f64 {
            let square = |i: usize| (p(&x[i]) - f64::from(y[i])).powi(2);
            (0..60).map(|i| f64::from(w[i]) * square(i)).sum()
        };
        // Every cut of every column, by hand.
        let mut least = f64::INFINITY;
        for column in 0..3 {
            for cut in &x {
                let side = |r: &[f32; 3]| r[column] <= cut[column];
                let mean = |left: bool| {
                    let (mut sum, mut weight) = (0.0, 0.0);
                    for i in (0..60).filter(|&i| side(&x[i]) == left) {
                        sum += f64::from(w[i] * y[i]);
                        weight += f64::from(w[i]);
                    }
                    (sum / weight, weight)
                };
                let ((a, wa), (b, wb)) = (mean(true), mean(false));
                if wa >= 5.0 && wb >= 5.0 {
                    least = least.min(error(&|r| if side(r) { a } else { b }));
                }
            }
        }
        let found = error(&|r| f64::from(forest.predict(r)));
        assert!((found - least).abs() < 1e-3, "{found} and {least}");
    }
}
