//! For predictors that build on `cm`: its model with one more opinion among its inputs.

use std::num::NonZeroUsize;

use umoec_codec::Result;
use umoec_codec::plugin::PredictorState;

use crate::advice::{Advised, Adviser};
use crate::lanes::Lanes;
use crate::model::Model;
use crate::params::Params;
use crate::plan::table_size;
use crate::running::Running;
use crate::simd::Kernel;
use crate::{descriptor, start};

/// A state at the beginning of a stream of `len` bytes that also listens to `adviser`, except where
/// a match of at least `rest` bytes speaks for itself; `params` are those of `cm`, hostile on the decoding side.
///
/// # Errors
/// `Plugin` where the parameters are malformed, `Memory` where the system has too little.
pub fn start_advised<A: Adviser + 'static>(
    params: &[u8],
    len: u64,
    adviser: A,
    rest: u32,
) -> Result<Box<dyn PredictorState>> {
    let model = Model::new(
        &Params::read(params)?,
        len,
        Advised::new(adviser, rest, len)?,
    )?;
    Ok(Box::new(Running {
        model,
        kernel: Kernel::detect(),
    }))
}

/// As [`start_advised`], in as many lanes as there are advisers: segments of `segment` bytes, coded in turn, so that
/// advisers can think on several threads. Each adviser sees the bytes of its own lane alone.
///
/// # Errors
/// As `start_advised`; `Plugin` where `cm` has no lanes under these parameters.
pub fn start_lanes<A: Adviser + Send + 'static>(
    params: &[u8],
    len: u64,
    advisers: Vec<A>,
    segment: NonZeroUsize,
    rest: u32,
) -> Result<Box<dyn PredictorState>> {
    let params = Params::read(params)?;
    if !params.has_lanes() {
        return Err(descriptor().fault("a model that looks at numbers has no lanes"));
    }
    Ok(Box::new(Lanes::new(&params, len, advisers, segment, rest)?))
}

/// Whether streams under these parameters may have lanes.
///
/// # Errors
/// `Plugin` where the parameters are malformed.
pub fn has_lanes(params: &[u8]) -> Result<bool> {
    Ok(Params::read(params)?.has_lanes())
}

/// Bytes of memory that `lanes` lanes take in a stream of `len` bytes, more than one takes; their advisers not counted.
#[must_use]
pub fn lanes_memory(lanes: u64, len: u64) -> u64 {
    Lanes::<()>::memory(lanes, len)
}

/// Bytes of memory of such a state, its adviser not counted.
///
/// # Errors
/// `Plugin` where the parameters are malformed.
pub fn advised_memory(params: &[u8], len: u64) -> Result<u64> {
    Ok(Model::<Advised<()>>::memory(&Params::read(params)?, len))
}

/// A state at the beginning of a stream of `len` bytes, as [`crate::Cm`] has it.
///
/// # Errors
/// As [`start_advised`].
pub fn start_alone(params: &[u8], len: u64) -> Result<Box<dyn PredictorState>> {
    Ok(start(&Params::read(params)?, len, Kernel::detect())?)
}

/// These parameters for a sample of `len` bytes: a trial need not fill a table for the whole.
///
/// # Errors
/// `Plugin` where the parameters are malformed.
pub fn for_sample(params: &[u8], len: u64) -> Result<Vec<u8>> {
    let mut params = Params::read(params)?;
    params.size = table_size(&params.recipe, len, u64::MAX);
    let mut wire = Vec::new();
    params.write(&mut wire);
    Ok(wire)
}
