//! Networks that leave work out, as trained ones are written: a mixture of experts, and a network
//! that runs once for each patch of bytes. Weights are pseudo-random.

use umoec_exact::StateRange;
use umoec_exact::build::{GraphBuilder, ModelCard};
use umoec_exact::onnx::data_type;
use umoec_exact::random::Random;

/// Channels of the stream between layers, integers of ±127.
pub(crate) const WIDTH: usize = 128;

/// Sizes of a mixture of experts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Experts {
    /// Layers, 0 for the rest of the network alone.
    pub(crate) layers: usize,
    /// Experts that a layer chooses from.
    pub(crate) experts: usize,
    /// Hidden units of each.
    pub(crate) hidden: usize,
    /// How many a layer chooses.
    pub(crate) chosen: usize,
}

/// Sizes of a network that runs once for each patch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patches {
    /// Bytes of a patch; a zero byte begins a new one.
    pub(crate) period: usize,
    /// Layers of the network, each a gated recurrence and a perceptron.
    pub(crate) layers: usize,
    /// States of each channel of a recurrence.
    pub(crate) states: usize,
}

struct Network {
    b: GraphBuilder,
    random: Random,
}

/// The file of a mixture of experts after an embedding of the last byte.
pub(crate) fn experts(sizes: Experts) -> Vec<u8> {
    let mut network = Network::new("experts");
    let mut x = network.embedding();
    for _ in 0..sizes.layers {
        x = network.mixture(&x, sizes);
    }
    network.finish(&x)
}

/// The file of a network that collects bytes and runs its layers once for each patch.
pub(crate) fn patches(sizes: Patches) -> Vec<u8> {
    let mut network = Network::new("patches");
    let byte = network.embedding();
    let (due, collected) = network.patch(&byte, sizes.period);
    let mut x = collected;
    for layer in 0..sizes.layers {
        x = network.recurrence(&x, &due, layer, sizes);
        x = network.perceptron(&x, 2 * WIDTH);
    }
    let kept = network.kept("patch", &x, &due);
    let both = network.b.add(&byte, &kept);
    let both = network.b.clip(&both, -127.0, 127.0);
    network.finish(&both)
}

impl Network {
    fn new(name: &str) -> Self {
        Self {
            b: GraphBuilder::new(&ModelCard::named(name, "1")),
            random: Random::new(1),
        }
    }

    fn bytes(&mut self, count: usize) -> Vec<i8> {
        (0..count)
            .map(|_| (self.random.byte() as i8).max(-127))
            .collect()
    }

    fn weights(&mut self, dims: &[usize]) -> String {
        let data = self.bytes(dims.iter().product());
        self.b.weights_i8("weights", dims, &data)
    }

    /// The row of the last byte.
    fn embedding(&mut self) -> String {
        let byte = self.b.byte_input();
        let rows = self.bytes(256 * WIDTH);
        let table = self.b.initializer_i8("rows", &[256, WIDTH], &rows);
        let row = self.b.look_up(&table, &byte, 0);
        let row = self.b.cast(&row, data_type::FLOAT);
        self.b.squeeze(&row, &[1])
    }

    /// `x + sum over the chosen of gate * relu(x · up)² · down`.
    fn mixture(&mut self, x: &str, sizes: Experts) -> String {
        let Experts {
            experts,
            hidden,
            chosen,
            ..
        } = sizes;
        let router = self.weights(&[WIDTH, experts]);
        let scores = self.b.matmul(x, &router);
        let bias: Vec<f32> = (0..experts)
            .map(|_| 1.0 + self.random.below(5000) as f32)
            .collect();
        let bias = self.b.initializer_f32("bias", &[experts], &bias);
        let scores = self.b.add(&scores, &bias);
        let (values, picked) = self.b.top_k(&scores, chosen, 1);

        let row = self.b.reshape(x, &[0, 1, 1, WIDTH as i64]);
        let up = self.bank("up", &[experts, WIDTH, hidden], &picked);
        let u = self.b.matmul(&row, &up);
        let u = self.b.requantise(&u, 10, true, -127.0, 127.0);
        let u = self.b.relu(&u);
        let h = self.b.mul(&u, &u);
        let h = self.b.requantise(&h, 6, true, 0.0, 255.0);
        let down = self.bank("down", &[experts, hidden, WIDTH], &picked);
        let y = self.b.matmul(&h, &down);
        let y = self.b.squeeze(&y, &[2]);
        let y = self.b.requantise(&y, 8, true, -2047.0, 2047.0);

        let place = self.b.requantise(&values, 11, false, 0.0, 255.0);
        let curve: Vec<f32> = (0..256).map(|i| (i / 2 + 64) as f32).collect();
        let curve = self.b.initializer_f32("gates", &[256], &curve);
        let gates = self.b.look_up(&curve, &place, 0);
        let gates = self.b.unsqueeze(&gates, &[2]);
        let y = self.b.mul(&y, &gates);
        let y = self.b.reduce_sum(&y, &[1], false);
        let y = self.b.requantise(&y, 8, true, -4096.0, 4096.0);
        let sum = self.b.add(x, &y);
        self.b.clip(&sum, -127.0, 127.0)
    }

    /// The matrices of the chosen experts.
    fn bank(&mut self, name: &str, dims: &[usize], picked: &str) -> String {
        let data = self.bytes(dims.iter().product());
        let bank = self.b.weights_i8(name, dims, &data);
        self.b.gather(&bank, picked, 0)
    }

    /// Whether a patch ends with this byte, and the sum of its rows.
    fn patch(&mut self, row: &str, period: usize) -> (String, String) {
        let last = period as i32 - 1;
        let phase = self.b.state("phase", &[1], StateRange::integers(0, last));
        let [zero, one, end] = [0.0, 1.0, last as f32].map(|n| self.b.scalar(n));
        let due = self.b.equal(&phase, &end);
        let new = self.b.equal("byte", &zero);
        let begins = self.b.or(&due, &new);
        let next = self.b.add(&phase, &one);
        let next = self.b.select(&begins, &zero, &next);
        let next = self.b.clip(&next, 0.0, last as f32);
        self.b.next_state("phase", &next, &[1]);

        let range = StateRange::integers(-4000, 4000);
        let state = self.b.state("collected", &[WIDTH], range);
        let sum = self.b.add(&state, row);
        let sum = self.b.clip(&sum, -4000.0, 4000.0);
        let next = self.b.select(&begins, &zero, &sum);
        self.b.next_state("collected", &next, &[WIDTH]);
        (due, self.b.requantise(&sum, 2, true, -127.0, 127.0))
    }

    /// What a value was when the condition last held.
    fn kept(&mut self, name: &str, x: &str, due: &str) -> String {
        let range = StateRange::integers(-127, 127);
        let state = self.b.state(name, &[WIDTH], range);
        let next = self.b.select(due, x, &state);
        self.b.next_state(name, &next, &[WIDTH]);
        next
    }

    /// A residual layer of squared rectified units.
    fn perceptron(&mut self, x: &str, hidden: usize) -> String {
        let up = self.weights(&[WIDTH, hidden]);
        let u = self.b.matmul(x, &up);
        let u = self.b.requantise(&u, 10, true, 0.0, 127.0);
        let h = self.b.mul(&u, &u);
        let h = self.b.requantise(&h, 6, true, 0.0, 255.0);
        let down = self.weights(&[hidden, WIDTH]);
        let y = self.b.matmul(&h, &down);
        let y = self.b.requantise(&y, 12, true, -127.0, 127.0);
        let sum = self.b.add(x, &y);
        self.b.clip(&sum, -127.0, 127.0)
    }

    /// A residual layer with a gated state, which moves when the condition holds.
    fn recurrence(&mut self, x: &str, due: &str, layer: usize, sizes: Patches) -> String {
        let (channels, states) = (WIDTH, sizes.states);
        let [c, n] = [channels, states].map(|size| size as i64);
        let columns = 2 * channels + 2 * states;
        let weights = self.weights(&[WIDTH, columns]);
        let u = self.b.matmul(x, &weights);
        let u = self.b.requantise(&u, 11, true, -127.0, 127.0);
        let parts = self.b.split(&u, &[c, c, n, n], 1);
        let [read, gate, into, out] = &parts[..] else {
            unreachable!("the value was split in four")
        };
        let offset = self.b.scalar(128.0);
        let gate = self.b.add(gate, &offset);
        let gate = self.b.reshape(&gate, &[0, 1, c]);

        let name = format!("{layer}");
        let dims = [states, channels];
        let state = self
            .b
            .state(&name, &dims, StateRange::integers(-32_767, 32_767));
        let two = self.b.scalar(2.0);
        let into = self.b.mul(into, &two);
        let into = self.b.reshape(&into, &[0, n, 1]);
        let read = self.b.reshape(read, &[0, 1, c]);
        let target = self.b.mul(&into, &read);
        let change = self.b.sub(&target, &state);
        let change = self.b.mul(&change, &gate);
        let change = self.rounded(&change, 9);
        let next = self.b.add(&state, &change);
        let next = self.b.clip(&next, -32_767.0, 32_767.0);
        let due = self.b.unsqueeze(due, &[2]);
        let kept = self.b.select(&due, &next, &state);
        self.b.next_state(&name, &kept, &dims);

        let seen = self.rounded(&next, 3);
        let out = self.b.reshape(out, &[0, 1, n]);
        let y = self.b.matmul(&out, &seen);
        let y = self.b.reshape(&y, &[0, c]);
        let y = self.b.requantise(&y, 14, true, -127.0, 127.0);
        let weights = self.weights(&[channels, WIDTH]);
        let y = self.b.matmul(&y, &weights);
        let y = self.b.requantise(&y, 11, true, -127.0, 127.0);
        let sum = self.b.add(x, &y);
        self.b.clip(&sum, -127.0, 127.0)
    }

    /// `floor(x * 2^-shift + 1/2)`, as layers of trained networks write it.
    fn rounded(&mut self, x: &str, shift: i32) -> String {
        let [half, unit] = [shift - 1, -shift].map(|n| self.b.scalar((n as f32).exp2()));
        let x = self.b.add(x, &half);
        let x = self.b.mul(&x, &unit);
        self.b.floor(&x)
    }

    /// Logits.
    fn finish(mut self, x: &str) -> Vec<u8> {
        let weights = self.weights(&[WIDTH, 256]);
        let logits = self.b.matmul(x, &weights);
        let logits = self.b.requantise(&logits, 8, true, -4096.0, 4095.0);
        self.b.output("logits", &logits, &[256]);
        self.b.finish()
    }
}
