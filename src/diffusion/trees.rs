//! Boosted regression trees on the columns that describe a graph as a whole.

use super::columns::GLOBAL;
use crate::layers::tensors::Tensors;
use crate::{Error, Result};

/// One node: `column` and the `value` up to which a row goes left, or a leaf's `value`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// `None` for a leaf.
    pub column: Option<u32>,
    /// Largest number of the column that goes left, or what a leaf adds.
    pub value: f32,
    /// Index of the left child; the right one follows it.
    pub left: u32,
}

/// Trees whose leaves add up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forest {
    /// Index of the root of each tree.
    pub roots: Vec<u32>,
    /// Nodes of all trees.
    pub nodes: Vec<Node>,
}

impl Forest {
    /// The sum of the leaves that `row` falls into. `row` must have every column that is read.
    pub fn predict(&self, row: &[f32]) -> f32 {
        self.roots.iter().map(|&root| self.leaf(root, row)).sum()
    }

    /// The value of one tree's leaf.
    fn leaf(&self, root: u32, row: &[f32]) -> f32 {
        let mut node = &self.nodes[root as usize];
        while let Some(column) = node.column {
            let right = u32::from(row[column as usize] > node.value);
            node = &self.nodes[(node.left + right) as usize];
        }
        node.value
    }

    /// Nodes as rows of (column or -1, value, left child), and the roots.
    pub fn to_columns(&self) -> (Vec<[f32; 3]>, Vec<f32>) {
        let row = |n: &Node| {
            let column = n.column.map_or(-1.0, |c| c as f32);
            [column, n.value, n.left as f32]
        };
        let roots = self.roots.iter().map(|&r| r as f32).collect();
        (self.nodes.iter().map(row).collect(), roots)
    }

    /// Reads what [`Forest::to_columns`] gives. Children must come after their parents, so that
    /// every walk ends.
    pub fn from_columns(nodes: &[[f32; 3]], roots: &[f32]) -> Result<Self> {
        let broken = |what: &str| Error::Bundle(format!("diffusion trees: {what}"));
        let mut forest = Forest::default();
        forest.nodes.reserve_exact(nodes.len());
        for (i, &[column, value, left]) in nodes.iter().enumerate() {
            if !value.is_finite() || column >= GLOBAL as f32 || column.is_nan() {
                return Err(broken("a node reads no column"));
            }
            let inner = column >= 0.0;
            if inner && !(left > i as f32 && left + 1.0 < nodes.len() as f32) {
                return Err(broken("a child is not below its parent"));
            }
            forest.nodes.push(Node {
                column: inner.then_some(column as u32),
                value,
                left: left as u32,
            });
        }
        for &root in roots {
            if !(root >= 0.0 && root < nodes.len() as f32) {
                return Err(broken("a root is missing"));
            }
            forest.roots.push(root as u32);
        }
        Ok(forest)
    }
}

/// The trees' forecast of a graph: how far each measure will rise above what it is now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rise {
    /// Rise of ln(1 + events).
    pub log_events: f32,
    pub speed: f32,
    pub depth: f32,
    pub leader_share: f32,
}

/// Names of the forests, in the order of `Rise` and of what is certain already.
pub const FORESTS: [&str; 4] = ["log_events", "speed", "depth", "leader_share"];

/// One forest per measure.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trees(pub [Forest; FORESTS.len()]);

impl Trees {
    /// Reads for each forest its nodes `[nodes, 3]` and, under `.roots`, where its trees begin.
    pub fn load(file: &Tensors) -> Result<Self> {
        let mut trees = Trees::default();
        for (forest, name) in trees.0.iter_mut().zip(FORESTS) {
            let nodes = file.floats_of_any_shape(name)?;
            let roots = file.floats_of_any_shape(&format!("{name}.roots"))?;
            *forest = Forest::from_columns(nodes.as_chunks().0, &roots)?;
        }
        Ok(trees)
    }

    /// Forecast for one row of global columns, before standardising.
    pub fn rise(&self, row: &[f32]) -> Rise {
        let [log_events, speed, depth, leader_share] =
            std::array::from_fn(|i| self.0[i].predict(row));
        Rise {
            log_events: log_events.max(0.0),
            speed,
            depth,
            leader_share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(column: Option<u32>, value: f32, left: u32) -> Node {
        Node {
            column,
            value,
            left,
        }
    }

    /// 1 everywhere, and 10 more where column 0 is past 2 and column 3 is not past -1.
    fn forest() -> Forest {
        Forest {
            roots: vec![0, 1],
            nodes: vec![
                node(None, 1.0, 0),
                node(Some(0), 2.0, 2),
                node(None, 0.0, 0),
                node(Some(3), -1.0, 4),
                node(None, 10.0, 0),
                node(None, 0.0, 0),
            ],
        }
    }

    #[test]
    fn a_row_falls_into_one_leaf_of_each_tree() {
        let f = forest();
        assert_eq!(f.predict(&[2.0, 0.0, 0.0, -1.0]), 1.0);
        assert_eq!(f.predict(&[2.1, 0.0, 0.0, -1.0]), 11.0);
        assert_eq!(f.predict(&[2.1, 0.0, 0.0, 0.0]), 1.0);
    }

    #[test]
    fn columns_hold_a_forest_and_broken_ones_are_refused() {
        let (nodes, roots) = forest().to_columns();
        assert_eq!(Forest::from_columns(&nodes, &roots).unwrap(), forest());
        let broken = |row: usize, column: usize, value: f32| {
            let mut nodes = nodes.clone();
            nodes[row][column] = value;
            Forest::from_columns(&nodes, &roots).is_err()
        };
        assert!(broken(1, 2, 1.0), "a node that is its own child");
        assert!(broken(1, 2, 5.0), "a right child past the end");
        assert!(broken(3, 0, GLOBAL as f32), "an unknown column");
        assert!(broken(4, 1, f32::NAN), "a leaf of nothing");
        assert!(Forest::from_columns(&nodes, &[6.0]).is_err());
    }
}
