//! A stream in lanes: short segments of a moving superblock (`spec.md`, section 3).

use umoec_codec::Error;
use umoec_codec::plugin::{DecisionCoder, PredictorState};
use umoec_exact::{ExactError, Regions, Stepper, softmax};

use crate::backend_fault;

/// Logits of one lane.
const SYMBOLS: usize = 256;

/// For `inspect`: the parts that a network of so many multiplications a step left out, since they are under conditions (early
/// exits, depths, patches), as so many steps. None for a network that has no such parts.
#[must_use]
pub fn spared(Regions { run, skipped }: Regions, macs: u64) -> Option<(&'static str, u64)> {
    (run + skipped > 0).then_some(())?;
    let steps = skipped.checked_div(macs)?;
    Some(("steps' worth of parts that the network left out", steps))
}

/// A stream's state.
pub(crate) struct Superblocks {
    stepper: Box<dyn Stepper>,
    /// Bytes of a lane's segment; unused for one lane.
    segment: usize,
    /// Bytes of the whole stream.
    len: u64,
    /// Bytes that have been coded.
    position: u64,
    /// Multiplications of a step of one lane.
    macs: u64,
    /// The byte that each lane coded last.
    inputs: Vec<u8>,
    /// `[lanes, 256]`.
    logits: Vec<i32>,
    /// The superblock that was coded last; the caller has been given `taken` bytes of it.
    ahead: Vec<u8>,
    taken: usize,
    failure: Option<Error>,
}

impl Superblocks {
    /// A stream of `len` bytes, coded by as many lanes as `stepper` has, of so many multiplications a step of one. `start` is
    /// the byte before the first.
    pub(crate) fn new(
        stepper: Box<dyn Stepper>,
        segment: usize,
        len: u64,
        start: u8,
        macs: u64,
    ) -> Self {
        let lanes = stepper.lanes();
        Self {
            stepper,
            segment,
            len,
            position: 0,
            macs,
            inputs: vec![start; lanes],
            logits: vec![0; lanes * SYMBOLS],
            ahead: Vec::new(),
            taken: 0,
            failure: None,
        }
    }

    fn step(&mut self) -> Result<(), ExactError> {
        self.stepper.step(&self.inputs, &mut self.logits)
    }

    /// Codes the byte of a lane after a step.
    fn byte(&mut self, lane: usize, coder: &mut dyn DecisionCoder) -> u8 {
        // Always 256: the vector is a multiple of it.
        let logits = self.logits.as_chunks::<SYMBOLS>().0;
        let byte = coder.byte(&softmax::cumulative(&logits[lane]));
        self.inputs[lane] = byte;
        byte
    }

    /// One lane: byte after byte, none ahead.
    fn one_lane(
        &mut self,
        len: usize,
        coder: &mut dyn DecisionCoder,
        history: &mut Vec<u8>,
    ) -> Result<(), ExactError> {
        for _ in 0..len {
            self.step()?;
            let byte = self.byte(0, coder);
            history.push(byte);
        }
        Ok(())
    }

    /// Codes the next superblock into `ahead`.
    fn superblock(&mut self, coder: &mut dyn DecisionCoder) -> Result<(), ExactError> {
        let lanes = self.inputs.len();
        let rest = self.len - self.position;
        let whole = (lanes * self.segment) as u64;
        let (size, segment) = if rest >= whole {
            (whole as usize, self.segment)
        } else {
            // Fewer than a superblock, which fits the address space.
            (rest as usize, (rest as usize).div_ceil(lanes))
        };
        if self.position > 0 {
            self.stepper.broadcast(lanes - 1);
            let last = self.inputs[lanes - 1];
            self.inputs.fill(last);
        }
        self.ahead.clear();
        self.ahead.resize(size, 0);
        self.taken = 0;
        for step in 0..segment {
            self.step()?;
            // The lanes of the last superblock end one after another.
            for (lane, offset) in (step..size).step_by(segment).enumerate() {
                coder.seek((self.position + offset as u64) as usize);
                self.ahead[offset] = self.byte(lane, coder);
            }
        }
        self.position += size as u64;
        Ok(())
    }

    fn run(
        &mut self,
        mut len: usize,
        coder: &mut dyn DecisionCoder,
        history: &mut Vec<u8>,
    ) -> Result<(), ExactError> {
        if self.inputs.len() == 1 {
            return self.one_lane(len, coder, history);
        }
        while len > 0 {
            if self.taken == self.ahead.len() {
                if self.position == self.len {
                    // More than the stream has: the caller will say so.
                    return Ok(());
                }
                self.superblock(coder)?;
            }
            let piece = len.min(self.ahead.len() - self.taken);
            history.extend_from_slice(&self.ahead[self.taken..self.taken + piece]);
            self.taken += piece;
            len -= piece;
        }
        Ok(())
    }
}

impl PredictorState for Superblocks {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        if let Err(error) = self.run(len, coder, history) {
            self.failure = Some(backend_fault(&error));
        }
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        let spared = spared(self.stepper.regions(), self.macs);
        spared.into_iter().collect()
    }

    fn failure(&mut self) -> Option<Error> {
        self.failure.take()
    }
}
