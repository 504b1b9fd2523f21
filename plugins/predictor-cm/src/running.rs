//! A model at work: what it does with a stream, compiled for each instruction set.

use umoec_codec::plugin::{DecisionCoder, PredictorState};

use crate::simd::{Job, Kernel, Ops};

/// A model that codes bytes.
pub(crate) trait Bytes {
    /// Codes the next `len` bytes. Must be `#[inline(always)]`, as [`Job::run`].
    fn code<O: Ops>(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>);
}

/// A model with the kernel it runs on.
pub(crate) struct Running<M> {
    pub(crate) model: M,
    pub(crate) kernel: Kernel,
}

/// One call of `code`.
struct Piece<'a, M> {
    model: &'a mut M,
    len: usize,
    coder: &'a mut dyn DecisionCoder,
    history: &'a mut Vec<u8>,
}

impl<M: Bytes> Job for Piece<'_, M> {
    #[inline(always)]
    fn run<O: Ops>(self) {
        self.model.code::<O>(self.len, self.coder, self.history);
    }
}

impl<M: Bytes> PredictorState for Running<M> {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        self.kernel.run(Piece {
            model: &mut self.model,
            len,
            coder,
            history,
        });
    }
}
