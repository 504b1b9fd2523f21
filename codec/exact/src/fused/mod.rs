//! The fused engine: a proved graph as a short program of integer kernels.
//!
//! ```text
//! StepModel ─► plan: order, regions ─► lower: views, chains, products
//!           ─► finish: memory, registers, packed weights ─► Fused
//! ```
//!
//! The proof gives each value one exponent and an interval, so that floats need no place here: a
//! value is an array of integers of a fixed unit in the narrowest type that has room, and bringing
//! operands to a common unit is a shift that is known beforehand. Sums and products are formed in
//! words that wrap around, which is exact where the result has room.
//!
//! Any proved graph runs. What is fused is found in the graph, not expected of it: element-wise
//! operators over one index space share one pass over memory ([`chain`]), moves of elements become
//! strided views, products with constant bytes have kernels of their own ([`product`]). What need not
//! be done is left out: experts that are not chosen, and work that a condition switches off in all
//! lanes ([`plan`]).
//! `spec/numerics.md` says what is computed, and the reference is the truth.

mod chain;
mod dims;
mod draft;
mod finish;
mod isa;
mod lower;
mod memory;
mod peak;
mod plan;
mod product;
mod program;
mod scale;
mod select;
mod stepper;
mod vector;
mod view;

use std::sync::Arc;

pub use isa::{Isa, VARIABLE};
pub use peak::peak;
pub use stepper::FusedStepper;

use crate::error::{ExactError, Result};
use crate::model::StepModel;

use program::Program;

/// The backend's name.
pub const NAME: &str = "fused";

/// A model lowered for a number of lanes; cheap to clone, shared by threads.
#[derive(Debug, Clone)]
pub struct Fused {
    model: Arc<StepModel>,
    program: Arc<Program>,
}

impl Fused {
    /// Lowers a model for `lanes` lanes and the machine's best instructions, or those that
    /// [`VARIABLE`] names.
    ///
    /// # Errors
    ///
    /// As [`with_isa`](Self::with_isa), and where the variable names what is not there.
    pub fn new(model: Arc<StepModel>, lanes: usize) -> Result<Self> {
        Self::with_isa(model, lanes, Isa::chosen()?)
    }

    /// Lowers a model for those instructions.
    ///
    /// # Errors
    ///
    /// [`ExactError::Backend`] for no lanes or instructions that the machine lacks,
    /// [`ExactError::Limit`] where the lanes would need too much memory.
    pub fn with_isa(model: Arc<StepModel>, lanes: usize, isa: Isa) -> Result<Self> {
        let failed = |reason: String| ExactError::Backend {
            backend: NAME.into(),
            reason,
        };
        if lanes == 0 {
            return Err(failed("there must be a lane".into()));
        }
        if !isa.is_here() {
            return Err(failed(format!("this machine has no {isa}")));
        }
        let (draft, ports) = lower::lower(&model, lanes)?;
        let program = finish::finish(draft, &ports, model.interface(), lanes, isa)?;
        Ok(Self {
            program: Arc::new(program),
            model,
        })
    }

    /// A stepper at the initial states.
    #[must_use]
    pub fn start(&self) -> FusedStepper {
        FusedStepper::new(Arc::clone(&self.model), Arc::clone(&self.program))
    }
}
