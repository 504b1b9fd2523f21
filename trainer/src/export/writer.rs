//! What layers write their nodes with.

use umoec_exact::build::{GraphBuilder, ModelCard};

use crate::grid::{Grid, WEIGHT};
use crate::layer::Block;

/// The grid of the residual stream and of most sums: 2^-12. Products of [`WEIGHT`]s with
/// eight-bit inputs lie on it, so that the stream is never rounded.
pub const STREAM: i32 = 12;

/// A graph under construction and where in the network we are.
#[derive(Debug)]
pub struct Writer {
    /// The graph.
    pub graph: GraphBuilder,
    /// The byte just coded, [lanes, 1].
    pub byte: String,
    /// Features of the stream, [lanes, features], on their grid; no name where there are none.
    pub features: String,
    /// Prefix of the names of the present layer's weights and states.
    pub prefix: String,
    /// Next values of states, written last: name, value, sizes.
    next: Vec<(String, String, Vec<usize>)>,
}

impl Writer {
    /// An empty graph.
    pub fn new(card: &ModelCard) -> Self {
        let mut graph = GraphBuilder::new(card);
        let byte = graph.byte_input();
        Self {
            graph,
            byte,
            features: String::new(),
            prefix: String::new(),
            next: Vec::new(),
        }
    }

    /// A matrix of weights as floats, `n · 2^-7` carried as `n`.
    pub fn weight(&mut self, block: &Block, values: &[f32]) -> String {
        self.integers(block, values, WEIGHT)
    }

    /// Matrices of weights, one for each expert, as signed bytes: [matrices, rows of one, columns].
    pub fn experts(&mut self, block: &Block, values: &[f32]) -> String {
        let data: Vec<i8> = values
            .iter()
            .map(|&value| WEIGHT.index(value) as i8)
            .collect();
        let name = format!("{}{}", self.prefix, block.name);
        let dims = [block.matrices, block.rows / block.matrices, block.columns];
        self.graph.initializer_i8(&name, &dims, &data)
    }

    /// A matrix on a grid of signed bytes, carried as integers.
    pub fn integers(&mut self, block: &Block, values: &[f32], grid: Grid) -> String {
        let data: Vec<i8> = values
            .iter()
            .map(|&value| grid.index(value) as i8)
            .collect();
        let name = format!("{}{}", self.prefix, block.name);
        self.graph
            .weights_i8(&name, &[block.rows, block.columns], &data)
    }

    /// A bias on the stream's grid, with `extra` added to each integer: half a unit of the
    /// rounding that follows.
    pub fn bias(&mut self, name: &str, values: &[f32], extra: f32) -> String {
        let scale = (STREAM as f32).exp2();
        let data: Vec<f32> = values.iter().map(|v| (v * scale).round() + extra).collect();
        let name = format!("{}{name}", self.prefix);
        self.graph.initializer_f32(&name, &[data.len()], &data)
    }

    /// `floor(x · 2^-shift)` within `low..=high`.
    pub fn shift(&mut self, x: &str, shift: i32, low: f32, high: f32) -> String {
        let scale = self.graph.scalar((-shift as f32).exp2());
        let x = self.graph.mul(x, &scale);
        let x = self.graph.floor(&x);
        self.graph.clip(&x, low, high)
    }

    /// From a grid of step 2^-`bits` to the nearest value of `grid`, halves upward.
    pub fn round(&mut self, x: &str, bits: i32, grid: Grid) -> String {
        let shift = bits - grid.bits();
        let x = self.plus(x, (shift as f32 - 1.0).exp2());
        self.shift(&x, shift, grid.low, grid.high)
    }

    /// `x + number`.
    pub fn plus(&mut self, x: &str, number: f32) -> String {
        let number = self.graph.scalar(number);
        self.graph.add(x, &number)
    }

    /// `x · number`.
    pub fn times(&mut self, x: &str, number: f32) -> String {
        let number = self.graph.scalar(number);
        self.graph.mul(x, &number)
    }

    /// Declares what a state becomes.
    pub fn next_state(&mut self, name: &str, value: &str, dims: &[usize]) {
        self.next
            .push((name.to_owned(), value.to_owned(), dims.to_vec()));
    }

    /// How many states have been declared with [`Self::next_state`].
    pub fn declared(&self) -> usize {
        self.next.len()
    }

    /// Lets the states declared from the `from`th on change only where `condition`, [lanes, 1], holds; elsewhere they
    /// stay as they are.
    pub fn change_only_where(&mut self, condition: &str, from: usize) {
        self.choose_next(condition, from, true);
    }

    /// Lets them change only where it does not hold.
    pub fn keep_where(&mut self, condition: &str, from: usize) {
        self.choose_next(condition, from, false);
    }

    /// Lets these states change where the condition is `truth`.
    fn choose_next(&mut self, condition: &str, from: usize, truth: bool) {
        for (name, value, dims) in &mut self.next[from..] {
            let held = format!("state.{name}");
            let condition = match dims.len() {
                1 => condition.to_owned(),
                axes => {
                    let shape: Vec<i64> = (0..=axes).map(|axis| (axis > 0).into()).collect();
                    self.graph.reshape(condition, &shape)
                }
            };
            *value = match truth {
                true => self.graph.select(&condition, value, &held),
                false => self.graph.select(&condition, &held, value),
            };
        }
    }

    /// The file.
    pub fn finish(mut self) -> Vec<u8> {
        for (name, value, dims) in &self.next {
            self.graph.next_state(name, value, dims);
        }
        self.graph.finish()
    }
}
