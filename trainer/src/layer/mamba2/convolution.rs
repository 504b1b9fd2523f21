//! The short convolution of a Mamba-2 layer on all lanes.

use super::Mamba2;
use crate::kernel::{TAIL, conv_backward, conv_forward};
use crate::layer::rounded;

impl Mamba2 {
    /// `v` [bytes, channels + 2 states] convolved; the tails become those of the next stretch.
    pub(super) fn convolve(&self, v: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let mixed = self.mixed();
        let weight = rounded(weight);
        let mut out = vec![0.0; v.len()];
        let mut tails = self.tails.before().to_vec();
        let lanes = tails.chunks_exact_mut(TAIL * mixed);
        for (rows, tail) in self.rows().into_iter().zip(lanes) {
            let of = rows.start * mixed..rows.end * mixed;
            let (v, out) = (&v[of.clone()], &mut out[of]);
            conv_forward(&self.starts[rows], tail, v, &weight, bias, out);
        }
        self.tails.leave(tails);
        out
    }

    /// The gradient of `v` from that of [`Self::convolve`]; those of weight and bias
    /// are added to.
    pub(super) fn convolve_backward(
        &self,
        v: &[f32],
        weight: &[f32],
        dout: &[f32],
        [dweight, dbias]: [&mut [f32]; 2],
    ) -> Vec<f32> {
        let mixed = self.mixed();
        let weight = rounded(weight);
        let mut dv = vec![0.0; v.len()];
        let lanes = self.tails.before().chunks_exact(TAIL * mixed);
        for (rows, tail) in self.rows().into_iter().zip(lanes) {
            let of = rows.start * mixed..rows.end * mixed;
            let (v, dout, dv) = (&v[of.clone()], &dout[of.clone()], &mut dv[of]);
            let starts = &self.starts[rows];
            conv_backward(starts, tail, v, &weight, dout, dv, dweight, dbias);
        }
        dv
    }
}
