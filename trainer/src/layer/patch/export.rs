//! The integer nodes of a patch block.

use umoec_exact::interface::StateRange;
use umoec_exact::onnx::data_type;

use super::{HELD, Patch};
use crate::export::{STREAM, Writer};
use crate::grid::{ACTIVATION, WEIGHT};
use crate::layer::{Block, Layer, split};

impl Patch {
    /// `x` with what the patch before gives to its row.
    ///
    /// Features of the stream are the same value within patches: the blocks' step counts where a patch's last row is at hand.
    ///
    /// States: `phase`, rows of the patch under way; `rows`, the last P - 1 rounded rows, oldest first; `answer`, what the
    /// rows of the patch under way are given; and those of the blocks.
    pub(super) fn export_patch(&self, writer: &mut Writer, x: &str, parameters: &[f32]) -> String {
        let own = self.own();
        let values = split(&own, parameters);
        let phase = self.export_phase(writer);
        let rows = self.export_rows(writer, x);

        let from = writer.declared();
        let h = self.export_projection(writer, &rows, values[0], values[1]);
        let h = self
            .blocks
            .export(writer, &h, &parameters[self.own_size()..]);
        let (state, answer) = self.export_answer(writer, &h, values[2]);
        let dims = [self.bytes, self.width];
        writer.next_state(&format!("{}answer", writer.prefix), &answer, &dims);
        let given = match phase {
            Some(Phase { phase, complete }) => {
                writer.change_only_where(&complete, from);
                let row = writer.graph.reshape(&phase, &[0, 1, 1]);
                let row = writer.graph.expand(&row, &[1, 1, self.width as i64]);
                let row = writer.graph.cast(&row, data_type::INT64);
                writer.graph.gather_elements(&state, &row, 1)
            }
            None => state,
        };
        let given = writer.graph.reshape(&given, &[0, self.width as i64]);
        let given = writer.times(&given, ((STREAM - HELD.bits()) as f32).exp2());
        writer.graph.add(x, &given)
    }

    /// Counts rows; `None` where each is a patch.
    fn export_phase(&self, writer: &mut Writer) -> Option<Phase> {
        if self.bytes == 1 {
            return None;
        }
        let name = format!("{}phase", writer.prefix);
        let last = self.bytes - 1;
        let range = StateRange::integers(0, last as i32);
        let phase = writer.graph.state(&name, &[1], range);
        let [zero, end] = [0.0, last as f32].map(|number| writer.graph.scalar(number));
        let complete = writer.graph.equal(&phase, &end);
        let next = writer.plus(&phase, 1.0);
        let next = writer.graph.select(&complete, &zero, &next);
        // Changes nothing; the verifier does not know that the phase is not the last here.
        let next = writer.graph.clip(&next, 0.0, last as f32);
        writer.next_state(&name, &next, &[1]);
        Some(Phase { phase, complete })
    }

    /// The last P rows, rounded, [lanes, P · width].
    fn export_rows(&self, writer: &mut Writer, x: &str) -> String {
        let q = writer.round(x, STREAM, ACTIVATION);
        if self.bytes == 1 {
            return q;
        }
        let name = format!("{}rows", writer.prefix);
        let length = (self.bytes - 1) * self.width;
        let range = StateRange::integers(ACTIVATION.low as i32, ACTIVATION.high as i32);
        let older = writer.graph.state(&name, &[length], range);
        let rows = writer.graph.concat(&[&older, &q], 1);
        let (from, to) = (self.width as i64, (self.width + length) as i64);
        let next = writer.graph.slice(&rows, &[from], &[to], &[1]);
        writer.next_state(&name, &next, &[length]);
        rows
    }

    /// The patch row, on the stream's grid.
    fn export_projection(
        &self,
        writer: &mut Writer,
        rows: &str,
        weight: &[f32],
        bias: &[f32],
    ) -> String {
        let [block, bias_block, _] = self.own();
        let bits = ACTIVATION.bits() + WEIGHT.bits() + self.finer();
        let parts = self.parts();
        let sizes: Vec<i64> = parts
            .iter()
            .map(|part| (part.len() * self.width) as i64)
            .collect();
        let inputs = writer.graph.split(rows, &sizes, 1);
        // The bias is on the stream's grid, and the sum is rounded once more to that of the parts.
        let shift = STREAM - HELD.bits();
        let half = (shift as f32 - 1.0).exp2();
        let mut sum = writer.bias(&bias_block.name, bias, half);
        for (part, input) in parts.iter().zip(&inputs) {
            let length = part.len() * self.width;
            let from = part.start * self.width * self.patch_width;
            let own = Block {
                rows: length,
                ..block.clone()
            };
            let values = &weight[from..][..own.size()];
            let weight = writer.weight(&own, values);
            let product = writer.graph.matmul(input, &weight);
            let product = writer.round(&product, bits, HELD);
            let product = writer.times(&product, (shift as f32).exp2());
            sum = writer.graph.add(&product, &sum);
        }
        let row = writer.shift(&sum, shift, HELD.low, HELD.high);
        writer.times(&row, (shift as f32).exp2())
    }

    /// The state `answer`, [lanes, P, width], and what it becomes with a complete patch.
    fn export_answer(&self, writer: &mut Writer, h: &str, weight: &[f32]) -> (String, String) {
        let (all, width) = (self.bytes * self.width, self.patch_width);
        let range = StateRange::integers(HELD.low as i32, HELD.high as i32);
        let name = format!("{}answer", writer.prefix);
        let state = writer.graph.state(&name, &[self.bytes, self.width], range);
        let q = writer.round(h, STREAM, ACTIVATION);
        let [.., block] = self.own();
        let block = Block {
            rows: width,
            columns: all,
            ..block
        };
        let transposed: Vec<f32> = (0..width)
            .flat_map(|row| weight[row..].iter().step_by(width).copied())
            .collect();
        let weight = writer.weight(&block, &transposed);
        let answer = writer.graph.matmul(&q, &weight);
        let answer = writer.round(&answer, STREAM, HELD);
        let shape = [0, self.bytes as i64, self.width as i64];
        (state, writer.graph.reshape(&answer, &shape))
    }
}

/// Where in its patch a row is, [lanes, 1].
struct Phase {
    /// Rows before it.
    phase: String,
    /// Whether it is the last.
    complete: String,
}
