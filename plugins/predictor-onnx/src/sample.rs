//! Step graphs of any size without training: for tests and for measuring speed.
//!
//! They are built as small trained models are (embeddings of the last byte and of hashed
//! n-grams, gated recurrent layers, a read-out), so that they cost the same. Their weights are
//! noise; all that they know is that text is made of letters.

use umoec_exact::build::{GraphBuilder, ModelCard, seal};
use umoec_exact::condition::STATISTICS;
use umoec_exact::onnx::data_type;
use umoec_exact::{ExactError, ModelLimits, StateRange};

/// Bytes that the n-gram hashes look at.
const HISTORY: usize = 4;

/// The size of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Channels of every layer, a multiple of 4.
    pub width: usize,
    /// Recurrent layers.
    pub layers: usize,
    /// log2 of the rows of each n-gram table, at most 16.
    pub rows: u32,
    /// Values of 0 to 255 that it is told of a stream, at most 64; 0: it has no such input.
    pub told: usize,
}

impl Size {
    /// A few kilobytes: for tests.
    pub const TINY: Self = Self {
        width: 16,
        layers: 1,
        rows: 6,
        told: 0,
    };

    /// As small, and told the statistics of a stream.
    pub const TOLD: Self = Self {
        told: STATISTICS,
        ..Self::TINY
    };

    /// As much as a model that is embedded in the program may cost: 0.3 M MAC a byte, 2 MiB.
    pub const NANO: Self = Self {
        width: 144,
        layers: 3,
        rows: 13,
        told: 0,
    };
}

/// A model of that size, sealed with a self-test. `seed` chooses its weights.
///
/// # Errors
/// None for sizes in range, unless builder and verifier disagree.
pub fn sample(name: &str, size: Size, seed: u64) -> Result<Vec<u8>, ExactError> {
    let mut net = Net {
        graph: GraphBuilder::new(&ModelCard::named(name, "1")),
        noise: seed,
        width: size.width,
    };
    let byte = net.graph.byte_input();
    let mut x = net.embed(&byte, size.rows);
    if size.told > 0 {
        x = net.tell(&x, size.told);
    }
    for layer in 0..size.layers {
        x = net.layer(&x, layer);
    }
    let weights = net.weights(&[size.width, 256]);
    let sums = net.graph.matmul(&x, &weights);
    let noise = net.graph.requantise(&sums, 11, false, -1000.0, 1000.0);
    let prior = prior();
    let prior = net.graph.initializer_f32("prior", &[256], &prior);
    let logits = net.graph.add(&noise, &prior);
    net.graph.output("logits", &logits, &[256]);
    let file = net.graph.finish();
    seal(&file, &ModelLimits::default(), b"\0a sample")
}

/// Logits of each byte alone.
fn prior() -> Vec<f32> {
    let of = |byte: u8| match byte {
        b' ' | b'a'..=b'z' => 256.0,
        b'\n' | b'!'..=b'~' => 0.0,
        _ => -192.0,
    };
    (0..=255).map(of).collect()
}

struct Net {
    graph: GraphBuilder,
    noise: u64,
    width: usize,
}

impl Net {
    fn draw(&mut self, elements: usize) -> Vec<i8> {
        let next = |_| {
            // Knuth's linear congruence (MMIX); the top bits are the good ones.
            let state = self.noise.wrapping_mul(6_364_136_223_846_793_005);
            self.noise = state.wrapping_add(1_442_695_040_888_963_407);
            ((self.noise >> 56) as i8).max(-127)
        };
        (0..elements).map(next).collect()
    }

    fn weights(&mut self, dims: &[usize]) -> String {
        let data = self.draw(dims.iter().product());
        self.graph.weights_i8("weights", dims, &data)
    }

    /// Rows of a table picked by `[lanes, 1]` integers: `[lanes, columns]`.
    fn rows(&mut self, picked: &str, rows: usize, columns: usize) -> String {
        let data = self.draw(rows * columns);
        let table = self.graph.initializer_i8("table", &[rows, columns], &data);
        let picked = self.graph.squeeze(picked, &[1]);
        let found = self.graph.look_up(&table, &picked, 0);
        self.graph.cast(&found, data_type::FLOAT)
    }

    /// The last byte and the hashes of the last 2 and 3, `[lanes, width]`.
    fn embed(&mut self, byte: &str, log_rows: u32) -> String {
        let bytes = StateRange::integers(0, 255);
        let past = self.graph.state("past", &[HISTORY], bytes);
        let kept = self.graph.slice(&past, &[1], &[HISTORY as i64], &[1]);
        let past = self.graph.concat(&[&kept, byte], 1);
        self.graph.next_state("past", &past, &[HISTORY]);
        let quarter = self.width / 4;
        let mut parts = vec![self.rows(byte, 256, 2 * quarter)];
        for order in [2, 3] {
            // Odd coefficients, whose sum stays below 2^24 / 255.
            let coefficient = |i: usize| match i + order >= HISTORY {
                true => [1021.0, 4099.0, 16_411.0][HISTORY - 1 - i],
                false => 0.0,
            };
            let coefficients: Vec<f32> = (0..HISTORY).map(coefficient).collect();
            let dims = [HISTORY, 1];
            let coefficients = self.graph.initializer_f32("hash", &dims, &coefficients);
            let hash = self.graph.matmul(&past, &coefficients);
            let hash = self.modulo(&hash, log_rows);
            parts.push(self.rows(&hash, 1 << log_rows, quarter));
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.graph.concat(&parts, 1)
    }

    /// `x` with what the network is told added to it, `[lanes, width]`.
    fn tell(&mut self, x: &str, told: usize) -> String {
        let range = StateRange::integers(0, 255);
        let condition = self.graph.condition_input(told, range);
        let weights = self.weights(&[told, self.width]);
        let sums = self.graph.matmul(&condition, &weights);
        let update = self.graph.requantise(&sums, 10, true, -127.0, 127.0);
        let sum = self.graph.add(x, &update);
        self.graph.clip(&sum, -127.0, 127.0)
    }

    /// `x mod 2^bits`, within its range for the verifier.
    fn modulo(&mut self, x: &str, bits: u32) -> String {
        let size = (1u32 << bits) as f32;
        let (small, large) = (self.graph.scalar(1.0 / size), self.graph.scalar(size));
        let quotient = self.graph.mul(x, &small);
        let quotient = self.graph.floor(&quotient);
        let whole = self.graph.mul(&quotient, &large);
        let rest = self.graph.sub(x, &whole);
        self.graph.clip(&rest, 0.0, size - 1.0)
    }

    /// A gated recurrence: `s' = s * g + v * (1 - g)`, then `x + W (s' * o)`.
    fn layer(&mut self, x: &str, number: usize) -> String {
        let width = self.width;
        let name = format!("layer{number}");
        let state = self
            .graph
            .state(&name, &[width], StateRange::integers(-127, 127));
        let weights = self.weights(&[width, 3 * width]);
        let sums = self.graph.matmul(x, &weights);
        let activations = self.graph.requantise(&sums, 9, true, -127.0, 127.0);
        let parts = self.graph.split(&activations, &[width as i64; 3], 1);
        let (one, half) = (self.graph.scalar(256.0), self.graph.scalar(128.0));
        let gate = self.graph.add(&parts[0], &half);
        let rest = self.graph.sub(&one, &gate);
        let kept = self.graph.mul(&state, &gate);
        let new = self.graph.mul(&parts[1], &rest);
        let mixed = self.graph.add(&kept, &new);
        let next = self.graph.requantise(&mixed, 8, true, -127.0, 127.0);
        self.graph.next_state(&name, &next, &[width]);
        let shown = self.graph.mul(&next, &parts[2]);
        let shown = self.graph.requantise(&shown, 7, true, -127.0, 127.0);
        let weights = self.weights(&[width, width]);
        let update = self.graph.matmul(&shown, &weights);
        let residual = self.graph.mul(x, &one);
        let sum = self.graph.add(&update, &residual);
        self.graph.requantise(&sum, 9, true, -127.0, 127.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use umoec_exact::StepModel;

    #[test]
    fn samples_are_exact_and_of_the_size_they_say() {
        for (size, macs, bytes) in [
            (Size::TINY, 4_000..6_000, 8_000..40_000),
            (Size::TOLD, 4_000..6_000, 8_000..40_000),
            (Size::NANO, 250_000..300_000, 800_000..2_000_000),
        ] {
            let file = sample("sample", size, 1).unwrap();
            let model = StepModel::load(&file, &ModelLimits::default()).unwrap();
            let cost = model.cost();
            assert!(macs.contains(&cost.macs_per_byte), "{cost:?}");
            assert!(bytes.contains(&cost.file_bytes), "{cost:?}");
        }
    }

    #[test]
    fn the_seed_decides() {
        let of = |seed| sample("sample", Size::TINY, seed).unwrap();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }
}
