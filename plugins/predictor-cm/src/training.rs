//! For the program that makes `primed.bin` (`examples/prime.rs` of `predictor-mix`): models that begin with what it says,
//! and show what they learned.

use umoec_codec::plugin::{Meter, PredictorState};
use umoec_codec::{Error, Result};

use crate::advice::{Advice, Advised, Adviser, Alone};
use crate::descriptor;
use crate::model::Model;
use crate::params::Params;
use crate::plan::table_size;
use crate::presets;
use crate::primed::{self, Beginning};
use crate::running::Running;
use crate::simd::{Kernel, LANES};

pub use crate::primed::{COUNTS, FORMAT, LAST, STATES, VECTORS_MAX};

/// log2 of the units of stored weights, of the selectors and of the last mixer, where a weight of one is 2^28.
pub const UNITS_LOG2: [u32; 2] = [16 + primed::UNITS[0], 16 + primed::UNITS[1]];

/// What a model learned that another stream may begin with.
#[derive(Debug, Clone, Default)]
pub struct Learned {
    /// Counters of the states, of each context: 22 bits of probability above 2 of marks and 8 of count.
    pub states: Vec<[u32; 256]>,
    /// Counters of the counts of runs, of each context that has runs.
    pub runs: Vec<[u32; 16]>,
    /// Weights, of rows of [`Shape::width`] and of the last mixer's, of 16.
    pub weights: [Vec<i32>; 2],
}

/// What a model's mixer looks like.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Inputs that there are, and with those that fill up a row.
    pub inputs: usize,
    /// See `inputs`.
    pub width: usize,
    /// Contexts of each selector.
    pub selectors: Vec<usize>,
}

/// Recorded opinions on each byte of a stream.
pub struct Recorded<'a>(pub &'a [[u32; 256]]);

impl Adviser for Recorded<'_> {
    fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]> {
        self.0.get(history.len())
    }
}

/// What a model begins with.
pub enum Begin<'a> {
    /// Nothing.
    Flat,
    /// What these data in the format of `primed.bin` say.
    Primed(&'a [u8]),
    /// What was learned before.
    With(&'a Learned),
}

/// These parameters with another preset, by its name, and a table for `len` bytes.
///
/// # Errors
/// `Plugin` where the parameters are malformed, `Config` where there is no such preset.
pub fn with_preset(params: &[u8], name: &str, len: u64) -> Result<Vec<u8>> {
    let mut params = Params::read(params)?;
    let preset = presets::by_name(name);
    let preset = preset.ok_or_else(|| Error::Config(format!("there is no preset {name}")))?;
    (params.preset, params.recipe) = (preset.number, preset.recipe.clone());
    params.size = table_size(&params.recipe, len, u64::MAX);
    let mut wire = Vec::new();
    params.write(&mut wire);
    Ok(wire)
}

/// The shape of a model's mixer.
///
/// # Errors
/// `Plugin` where the parameters are malformed.
pub fn shape(params: &[u8], advised: bool) -> Result<Shape> {
    let recipe = Params::read(params)?.recipe;
    let (more, last) = match advised {
        false => (Alone::INPUTS, Alone::SELECTORS),
        true => (Advised::<()>::INPUTS, Advised::<()>::SELECTORS),
    };
    let inputs = recipe.inputs() + more;
    let own = recipe.selectors.iter().map(|s| s.size());
    Ok(Shape {
        inputs,
        width: inputs.next_multiple_of(LANES),
        selectors: own.chain(last.iter().copied()).collect(),
    })
}

/// Codes `data`: its cost in bytes, and what was learned. Where a match has at least `rest` bytes there is no advice.
///
/// # Errors
/// `Plugin` where the parameters or the data to begin with are malformed.
pub fn code(
    params: &[u8],
    data: &[u8],
    advice: Option<&[[u32; 256]]>,
    rest: u32,
    begin: &Begin<'_>,
) -> Result<(f64, Learned)> {
    let params = Params::read(params)?;
    match advice {
        None => code_with(&params, data, Alone, begin),
        Some(advice) => {
            let advice = Advised::new(Recorded(advice), rest, data.len() as u64)?;
            code_with(&params, data, advice, begin)
        }
    }
}

fn code_with<A: Advice>(
    params: &Params,
    data: &[u8],
    advice: A,
    begin: &Begin<'_>,
) -> Result<(f64, Learned)> {
    let all = match begin {
        Begin::Primed(bytes) => {
            primed::read(bytes).ok_or_else(|| descriptor().fault("there is no such beginning"))?
        }
        _ => Vec::new(),
    };
    let beginning = all.iter().find(|b: &&Beginning| b.preset == params.preset);
    let mut model = Model::begun(params, data.len() as u64, advice, beginning)?;
    if let Begin::With(learned) = begin {
        model.begin_with(learned);
    }
    let mut meter = Meter::new(data);
    let mut running = Running {
        model,
        kernel: Kernel::detect(),
    };
    running.code(data.len(), &mut meter, &mut Vec::with_capacity(data.len()));
    let cost = meter.cost() as f64 / f64::from(8 << 16);
    Ok((cost, running.model.learned()))
}
