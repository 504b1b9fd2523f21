//! The gated recurrent layer.

use burn::tensor::Tensor;
use umoec_trainer::config::{BlockConfig, GruConfig};
use umoec_trainer::grid::{ACTIVATION, WRITE};
use umoec_trainer::layer::gate_table;

use crate::layers::{agrees, columns, constant, on, row, straight, weight};

const CHANNELS: usize = 16;
const SHIFT: i32 = 9;

/// One lane, byte by byte.
fn reference(p: &[Tensor<2>], x: &Tensor<2>, starts: &[bool], cut: usize) -> Tensor<2> {
    let [weights, candidate_bias, gate_bias, out] = p else {
        panic!("four blocks")
    };
    let unit = (-SHIFT as f32).exp2();
    let table = gate_table();
    let mut h = constant(vec![0.0; CHANNELS], CHANNELS);
    let mut rows = Vec::new();
    for (t, &start) in starts.iter().enumerate() {
        if start {
            h = constant(vec![0.0; CHANNELS], CHANNELS);
        }
        if t == cut {
            h = h.detach();
        }
        let u = on(row(x, t), ACTIVATION).matmul(weight(weights));
        let candidate = on(
            columns(&u, 0, CHANNELS) + candidate_bias.clone(),
            ACTIVATION,
        );
        let logit = on(columns(&u, CHANNELS, CHANNELS) + gate_bias.clone(), WRITE);
        // The curve under the table, made the table's entry.
        let sigmoid = (logit.clone().neg().exp() + 1.0).recip() * (255.0 * unit);
        let entry = |d: f32| unit * f32::from(table[(d / WRITE.step + 128.0) as usize]);
        let entries = straight(logit.detach(), entry, |_| false);
        let gate = entries + (sigmoid.clone() - sigmoid.detach());
        h = h.clone() + gate * (candidate - h);
        rows.push(row(x, t) + on(h.clone(), ACTIVATION).matmul(weight(out)));
    }
    Tensor::cat(rows, 0)
}

#[test]
fn both_passes_are_those_of_a_loop_over_time() {
    let block = BlockConfig::Gru(GruConfig {
        channels: CHANNELS,
        shift: SHIFT,
    });
    agrees(&block, 1.0, reference);
}
