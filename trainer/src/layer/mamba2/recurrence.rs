//! The recurrence of a Mamba-2 layer on all lanes, in either of its forms.

use super::Mamba2;
use crate::kernel::{SsdShape, scan_backward, scan_forward, ssd_backward, ssd_forward};

/// How training computes the recurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanForm {
    /// Byte after byte, vectors along the channels.
    Loop,
    /// In matrix products over chunks of so many bytes.
    Chunks(usize),
}

impl ScanForm {
    /// What training takes. At 128 channels in 8 heads with 32 states (`examples/scan_speed.rs`, one core
    /// of an AMD EPYC with AVX-512) a byte takes 0.39 µs forward and 0.82 µs backward in chunks of 32, 0.45
    /// and 0.87 in chunks of 64, 0.65 and 1.26 of 128; in the loop 0.37 and 1.96, most of that for copies
    /// of the states that the backward pass needs.
    pub const FASTEST: Self = Self::Chunks(32);
}

impl Mamba2 {
    /// The recurrence on all lanes: `c S` [bytes, channels], and what its backward pass needs.
    pub(super) fn scan(
        &self,
        input: &[f32],
        gates: &[f32],
        b: &[f32],
        c: &[f32],
    ) -> (Vec<f32>, Vec<f32>) {
        let (channels, states) = (self.scan.channels, self.scan.states);
        let (mut y, mut kept) = (vec![0.0; input.len()], Vec::new());
        let mut carried = self.states.before().to_vec();
        let lanes = carried.chunks_exact_mut(self.scan.state_len());
        for (rows, state) in self.rows().into_iter().zip(lanes) {
            let of = |m: usize| rows.start * m..rows.end * m;
            let starts = &self.starts[rows.clone()];
            let (x, b, c) = (&input[of(channels)], &b[of(states)], &c[of(states)]);
            let (gates, y) = (&gates[of(self.heads)], &mut y[of(channels)]);
            kept.extend(match self.form {
                ScanForm::Loop => {
                    let gates = self.spread(gates);
                    scan_forward(self.scan, starts, x, &gates, b, c, state, y)
                }
                ScanForm::Chunks(chunk) => {
                    ssd_forward(self.ssd(chunk), starts, x, gates, b, c, state, y)
                }
            });
        }
        self.states.leave(carried);
        (y, kept)
    }

    /// Gradients of input, gates, b and c from that of [`Self::scan`].
    pub(super) fn scan_backward(
        &self,
        inputs: [&[f32]; 4],
        kept: &[f32],
        dy: &[f32],
    ) -> [Vec<f32>; 4] {
        let (channels, states) = (self.scan.channels, self.scan.states);
        let mut gradients = inputs.map(|input| vec![0.0; input.len()]);
        let [dx, dgates, db, dc] = &mut gradients;
        let [x, gates, b, c] = inputs;
        let per_lane = kept.len() / self.lanes;
        for (rows, kept) in self
            .rows()
            .into_iter()
            .zip(kept.chunks_exact(per_lane.max(1)))
        {
            let of = |m: usize| rows.start * m..rows.end * m;
            let starts = &self.starts[rows.clone()];
            let (x, b, c) = (&x[of(channels)], &b[of(states)], &c[of(states)]);
            let (gates, dy) = (&gates[of(self.heads)], &dy[of(channels)]);
            let (dx, dgates) = (&mut dx[of(channels)], &mut dgates[of(self.heads)]);
            let (db, dc) = (&mut db[of(states)], &mut dc[of(states)]);
            match self.form {
                ScanForm::Loop => {
                    let gates = self.spread(gates);
                    let mut each = vec![0.0; gates.len()];
                    scan_backward(
                        self.scan, starts, x, &gates, b, c, kept, dy, dx, &mut each, db, dc,
                    );
                    let each = each.chunks_exact(channels / self.heads);
                    for (dgate, each) in dgates.iter_mut().zip(each) {
                        *dgate = each.iter().sum();
                    }
                }
                ScanForm::Chunks(chunk) => {
                    let ssd = self.ssd(chunk);
                    ssd_backward(ssd, starts, x, gates, b, c, kept, dy, dx, dgates, db, dc);
                }
            }
        }
        gradients
    }

    fn ssd(&self, chunk: usize) -> SsdShape {
        SsdShape {
            scan: self.scan,
            heads: self.heads,
            chunk,
        }
    }

    /// A gate for each channel from one for each head.
    fn spread(&self, gates: &[f32]) -> Vec<f32> {
        let per_head = self.scan.channels / self.heads;
        let mut out = vec![0.0; gates.len() * per_head];
        for (out, &gate) in out.chunks_exact_mut(per_head).zip(gates) {
            out.fill(gate);
        }
        out
    }
}
