//! The integer nodes of a Mamba-2 layer.

use umoec_exact::interface::StateRange;

use super::Mamba2;
use super::tables::{ENTRIES, Silu, steps};
use crate::export::{STREAM, Writer};
use crate::grid::{ACTIVATION, GAIN, Grid, INPUT, READ_OUT, SILU, SKIP, WRITE};
use crate::kernel::{TAIL, TAPS};
use crate::layer::mixer::{READ_BITS, export_scan};
use crate::layer::{Layer, split};

fn sizes(all: &[usize]) -> Vec<i64> {
    all.iter().map(|&n| n as i64).collect()
}

impl Mamba2 {
    /// The nodes; `x` is the residual stream before the layer.
    pub(super) fn nodes(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let blocks = self.blocks();
        let values = split(&blocks, parameters);
        let (channels, states, heads) = (self.scan.channels, self.scan.states, self.heads);

        let q = writer.round(x, STREAM, ACTIVATION);
        let weight = writer.weight(&blocks[0], values[0]);
        let sums = writer.graph.matmul(&q, &weight);
        let parts = sizes(&[channels, self.mixed(), heads]);
        let parts = writer.graph.split(&sums, &parts, 1);
        let name = format!("{}silu", writer.prefix);
        let silu = Silu::new().integers();
        let silu = writer.graph.initializer_f32(&name, &[ENTRIES], &silu);

        let z = writer.round(&parts[0], STREAM, SILU);
        let z = look_up(writer, &silu, &z, SILU);
        let v = writer.round(&parts[1], STREAM, ACTIVATION);
        let v = self.convolution(writer, &v, [values[1], values[2]]);
        let v = look_up(writer, &silu, &v, SILU);
        let parts_of_v = sizes(&[channels, states, states]);
        let v = writer.graph.split(&v, &parts_of_v, 1);
        let [read, b, c] = &v[..] else {
            unreachable!("the value was split in three")
        };

        let shift = STREAM - WRITE.bits();
        let half = (shift as f32 - 1.0).exp2();
        let bias = writer.bias(&blocks[3].name, values[3], half);
        let d = writer.graph.add(&parts[2], &bias);
        let d = writer.shift(&d, shift, WRITE.low, WRITE.high);
        let [gate, gain] = self.gate_and_gain(writer, &d, values[4]);

        let dims = [0, heads as i64, (channels / heads) as i64];
        let by_head = writer.graph.reshape(read, &dims);
        let gain = writer.graph.reshape(&gain, &[0, heads as i64, 1]);
        let input = writer.graph.mul(&by_head, &gain);
        let input = writer.round(&input, ACTIVATION.bits() + GAIN.bits(), INPUT);
        let scan = (self.scan, heads);
        let y = export_scan(writer, scan, self.shift, [&input, &gate, b, c]);

        let skip = values[5].iter().map(|&v| SKIP.index(v));
        let skip: Vec<f32> = skip
            .flat_map(|v| std::iter::repeat_n(v, channels / heads))
            .collect();
        let name = format!("{}{}", writer.prefix, blocks[5].name);
        let skip = writer.graph.initializer_f32(&name, &[channels], &skip);
        let passed = writer.graph.mul(read, &skip);
        let y = writer.graph.add(&y, &passed);
        let y = writer.round(&y, READ_BITS + ACTIVATION.bits(), READ_OUT);
        let o = writer.graph.mul(&y, &z);
        let o = writer.round(&o, READ_OUT.bits() + ACTIVATION.bits(), ACTIVATION);
        let weight = writer.weight(&blocks[6], values[6]);
        let o = writer.graph.matmul(&o, &weight);
        writer.graph.add(x, &o)
    }

    /// The convolution of `v` [lanes, mixed], rounded to [`SILU`]; its state is the last [`TAIL`] values of
    /// `v`.
    fn convolution(&self, writer: &mut Writer, v: &str, [weight, bias]: [&[f32]; 2]) -> String {
        let blocks = self.blocks();
        let mixed = self.mixed();
        let name = format!("{}conv", writer.prefix);
        let range = StateRange::integers(ACTIVATION.low as i32, ACTIVATION.high as i32);
        let dims = [TAIL, mixed];
        let tail = writer.graph.state(&name, &dims, range);
        let v = writer.graph.reshape(v, &[0, 1, mixed as i64]);
        let window = writer.graph.concat(&[&tail, &v], 1);
        let next = writer.graph.slice(&window, &[1], &[TAPS as i64], &[1]);
        writer.next_state(&name, &next, &dims);

        let weight = writer.weight(&blocks[1], weight);
        let sums = writer.graph.mul(&window, &weight);
        let sums = writer.graph.reduce_sum(&sums, &[1], false);
        let shift = STREAM - SILU.bits();
        let bias = writer.bias(&blocks[2].name, bias, (shift as f32 - 1.0).exp2());
        let sums = writer.graph.add(&sums, &bias);
        writer.shift(&sums, shift, SILU.low, SILU.high)
    }

    /// Gate and gain of the heads at the step sizes `d` [lanes, heads].
    fn gate_and_gain(&self, writer: &mut Writer, d: &str, rates: &[f32]) -> [String; 2] {
        let steps = steps(rates, self.shift);
        // One table behind another: a head looks up its own.
        let first = (0..self.heads).map(|h| (h * ENTRIES) as f32 - WRITE.low);
        let first: Vec<f32> = first.collect();
        let name = format!("{}first", writer.prefix);
        let first = writer.graph.initializer_f32(&name, &[self.heads], &first);
        let entry = writer.graph.add(d, &first);
        let gates = steps
            .iter()
            .map(|step| step.gate * (self.shift as f32).exp2());
        let gains = steps.iter().map(|step| step.gain / GAIN.step);
        [
            ("gates", gates.collect::<Vec<_>>()),
            ("gains", gains.collect()),
        ]
        .map(|(name, table)| {
            let name = format!("{}{name}", writer.prefix);
            let table = writer.graph.initializer_f32(&name, &[table.len()], &table);
            writer.graph.look_up(&table, &entry, 0)
        })
    }
}

/// The entries of `table` for values of `grid`, a grid of [`ENTRIES`].
fn look_up(writer: &mut Writer, table: &str, x: &str, grid: Grid) -> String {
    let entry = writer.plus(x, -grid.low);
    writer.graph.look_up(table, &entry, 0)
}
