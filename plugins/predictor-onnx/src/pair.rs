//! Two states of one network that make their steps together: its weights are read once for both, and what one
//! has to wait for the other fills. The results are those of two that step alone.

use std::any::Any;

use umoec_codec::Result;
use umoec_exact::{ExactError, FusedStepper, Regions, Stepper as _, softmax};

use crate::backend_fault;
use crate::network::Running;

/// What steps two [`Running`] of one [`Network`](crate::Network) together. While it does, their states are here.
pub struct Pair {
    /// Of two lanes.
    stepper: FusedStepper,
    /// Whether the states are here.
    joined: bool,
    /// What had been computed and left out when that was last asked.
    regions: Regions,
    logits: [i32; 512],
    counts: [[u32; 256]; 2],
}

impl Pair {
    pub(crate) fn new(stepper: FusedStepper) -> Self {
        Self {
            stepper,
            joined: false,
            regions: Regions::default(),
            logits: [0; 512],
            counts: [[0; 256]; 2],
        }
    }

    /// As [`Running::next`], of both. They have to be the same two, in this order, until they are parted.
    ///
    /// # Errors
    /// `Config` where the backend fails.
    pub fn next(&mut self, two: [&mut Running; 2], last: [u8; 2]) -> Result<[&[u32; 256]; 2]> {
        if !self.joined {
            for (lane, one) in two.into_iter().enumerate() {
                debug_assert!(!one.away, "another pair has it");
                self.stepper.copy_lane(lane, own(one)?, 0);
                one.away = true;
            }
            self.joined = true;
        }
        let step = self.stepper.step(&last, &mut self.logits);
        step.map_err(|e| backend_fault(&e))?;
        let [first, second] = &mut self.counts;
        let (logits, _) = self.logits.as_chunks::<256>();
        softmax::count(&logits[0], first);
        softmax::count(&logits[1], second);
        Ok([first, second])
    }

    /// What was computed and left out in the steps made together since this was asked last.
    pub fn regions(&mut self) -> Regions {
        self.stepper.regions().since(&mut self.regions)
    }

    /// Gives both their states back, if they are here.
    ///
    /// # Errors
    /// `Config` where they are not of the backend that the pair was made for.
    pub fn part(&mut self, two: [&mut Running; 2]) -> Result<()> {
        if self.joined {
            for (lane, one) in two.into_iter().enumerate() {
                debug_assert!(one.away, "it was not one of the two");
                own(one)?.copy_lane(0, &self.stepper, lane);
                one.away = false;
            }
            self.joined = false;
        }
        Ok(())
    }
}

/// The stepper of one of the two.
fn own(one: &mut Running) -> Result<&mut FusedStepper> {
    let stepper = &mut *one.stepper as &mut dyn Any;
    stepper.downcast_mut().ok_or_else(|| {
        backend_fault(&ExactError::Backend {
            backend: "fused".into(),
            reason: "a pair has networks of another backend".into(),
        })
    })
}
