//! Random step graphs that are exact by construction and cover every operator.
//!
//! For conformance suites: the same seed always gives the same file. Each graph has a recurrent
//! state, a history of bytes, a few parts picked at random, and a read-out.

mod networks;
mod parts;
mod source;
mod switched;

use crate::build::{GraphBuilder, ModelCard};
use crate::interface::StateRange;
use crate::onnx::data_type;

pub use source::Random;

/// Largest magnitude of the values that parts hand to each other.
const LARGEST: f32 = 127.0;

/// A graph in the making. Values that parts share are `[lanes, WIDTH]`, integers of at most
/// [`LARGEST`] in magnitude.
struct Generator {
    random: Random,
    b: GraphBuilder,
    values: Vec<String>,
    states: usize,
    /// Whether it is told something.
    told: bool,
    /// Parts that are being made within one another.
    depth: usize,
}

/// Channels of the values that parts share.
const WIDTH: usize = 8;

/// A part: takes the values there are and makes one more.
type Part = fn(&mut Generator) -> String;

/// Number of different parts, see [`model_of`].
pub const PARTS: usize = PLAIN + switched::ALL.len();

/// Those of them that always run whole. They come first.
const PLAIN: usize = parts::ALL.len() + networks::ALL.len();

/// A random step graph: the file of a model that passes the verifier.
#[must_use]
pub fn model(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let count = 3 + random.index(6);
    let picked: Vec<usize> = (0..count).map(|_| random.index(PLAIN)).collect();
    build(seed, random, &picked)
}

/// As [`model`], of parts that leave work out: mixtures of experts, and what conditions switch on
/// and off.
#[must_use]
pub fn switched_model(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let count = 2 + random.index(4);
    let parts = switched::ALL.len();
    let picked: Vec<usize> = (0..count).map(|_| PLAIN + random.index(parts)).collect();
    build(seed, random, &picked)
}

/// A step graph of those parts, each a number below [`PARTS`]; others are left out.
#[must_use]
pub fn model_of(seed: u64, parts: &[usize]) -> Vec<u8> {
    build(seed, Random::new(seed), parts)
}

/// Bytes to run a model on: runs, text and noise.
#[must_use]
pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let run = 1 + random.index(12);
        let kind = random.index(4);
        let repeated = random.byte();
        bytes.extend((0..run).map(|_| match kind {
            0 => repeated,
            1 => b'a' + random.byte() % 26,
            2 => 0xff - random.byte() % 2 * 0xff,
            _ => random.byte(),
        }));
    }
    bytes.truncate(length);
    bytes
}

fn build(seed: u64, random: Random, picked: &[usize]) -> Vec<u8> {
    let card = ModelCard::named(&format!("random-{seed}"), "1");
    let mut g = Generator {
        random,
        b: GraphBuilder::new(&card),
        values: Vec::new(),
        states: 0,
        told: false,
        depth: 0,
    };
    let byte = g.b.byte_input();
    g.embedding(&byte);
    for &part in picked {
        let parts = parts::ALL.iter().chain(&networks::ALL);
        let parts = parts.chain(&switched::ALL);
        if let Some(part) = parts.copied().nth(part) {
            let value = part(&mut g);
            g.values.push(value);
        }
    }
    g.read_out();
    g.b.finish()
}

impl Generator {
    /// Any of the values so far.
    fn any(&mut self) -> String {
        let at = self.random.index(self.values.len());
        self.values[at].clone()
    }

    /// Random weights in signed bytes, as floats.
    fn weights(&mut self, dims: &[usize]) -> String {
        let data = self.signed(dims.iter().product());
        self.b.weights_i8("weights", dims, &data)
    }

    fn signed(&mut self, count: usize) -> Vec<i8> {
        (0..count).map(|_| self.random.byte() as i8).collect()
    }

    /// Random integer floats within a magnitude.
    fn floats(&mut self, dims: &[usize], largest: u64) -> String {
        let count: usize = dims.iter().product();
        let data: Vec<f32> = (0..count)
            .map(|_| self.random.below(2 * largest + 1) as f32 - largest as f32)
            .collect();
        self.b.initializer_f32("floats", dims, &data)
    }

    /// Brings integers of any magnitude to what parts share.
    fn tidy(&mut self, x: &str, shift: u32) -> String {
        let round = self.random.flag();
        self.b.requantise(x, shift, round, -LARGEST, LARGEST)
    }

    /// A state of that shape in that range. Returns its name and its value.
    fn state(&mut self, dims: &[usize], range: StateRange) -> (String, String) {
        self.states += 1;
        let name = format!("s{}", self.states);
        let value = self.b.state(&name, dims, range);
        (name, value)
    }

    /// The byte's row of a table, and a leaky sum of such rows as a state.
    fn embedding(&mut self, byte: &str) {
        let rows = self.signed(256 * WIDTH);
        let table = self.b.initializer_i8("embedding", &[256, WIDTH], &rows);
        let row = self.b.look_up(&table, byte, 0);
        let row = self.b.cast(&row, data_type::FLOAT);
        let row = self.b.squeeze(&row, &[1]);
        let row = self.b.clip(&row, -LARGEST, LARGEST);
        let initial = self.random.below(9) as i32 - 4;
        let range = StateRange {
            low: -2000,
            high: 2000,
            exponent: -2,
            initial,
        };
        let (name, state) = self.state(&[WIDTH], range);
        // In quarters: the state moves by whole quarters and is read in whole numbers.
        let kept = self.b.scalar(0.875);
        let four = self.b.scalar(4.0);
        let quarter = self.b.scalar(0.25);
        let kept = self.b.mul(&state, &kept);
        let sum = self.b.add(&kept, &row);
        let quarters = self.b.mul(&sum, &four);
        let quarters = self.b.floor(&quarters);
        let next = self.b.mul(&quarters, &quarter);
        let next = self.b.clip(&next, -500.0, 500.0);
        self.b.next_state(&name, &next, &[WIDTH]);
        let whole = self.b.floor(&next);
        let read = self.tidy(&whole, 2);
        self.values = vec![row, read];
    }

    /// All values side by side, through one matrix, to logits.
    fn read_out(&mut self) {
        let values = self.values.clone();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let all = self.b.concat(&values, -1);
        let weights = self.weights(&[values.len() * WIDTH, 256]);
        let sums = self.b.matmul(&all, &weights);
        let logits = self.b.requantise(&sums, 4, true, -4096.0, 4095.0);
        self.b.output("logits", &logits, &[256]);
    }
}
