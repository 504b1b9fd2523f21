//! What a step graph takes and gives: the byte, the states, the condition and the logits
//! (spec numerics §5).

mod check;
mod metadata;

use serde::{Deserialize, Serialize};

pub use metadata::Metadata;

/// Keys of the model's metadata.
pub mod keys {
    /// Version of the step-graph contract, `1`.
    pub const FORMAT: &str = "umoec.format";
    /// What the graph is for, `step`.
    pub const ROLE: &str = "umoec.role";
    /// Bytes per patch, `1`.
    pub const PATCH: &str = "umoec.patch";
    /// The model's name.
    pub const NAME: &str = "umoec.name";
    /// The model's version.
    pub const VERSION: &str = "umoec.version";
    /// Licence of the weights.
    pub const LICENCE: &str = "umoec.licence";
    /// Bytes that the model sees at most, 0 for no bound.
    pub const CONTEXT: &str = "umoec.context";
    /// What it was trained on.
    pub const TRAINING: &str = "umoec.training";
    /// The byte before the first, in decimal; absent for 0.
    pub const START: &str = "umoec.start";
    /// Prefix of the declarations of states, a JSON object each.
    pub const STATE: &str = "umoec.state.";
    /// Declaration of the conditioning input, a JSON object.
    pub const CONDITION: &str = "umoec.condition";
    /// A short vector of bytes and the digest of their logits.
    pub const SELF_TEST: &str = "umoec.self_test";
    /// Summary of the certificate, for readers; never trusted.
    pub const CERTIFICATE: &str = "umoec.certificate";
}

/// What a state may hold: integers `low..=high` in units of `2^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateRange {
    /// Least integer.
    pub low: i32,
    /// Greatest integer.
    pub high: i32,
    /// The unit is 2 to this power.
    #[serde(default)]
    pub exponent: i32,
    /// The integer that fills the state before the first step.
    #[serde(default)]
    pub initial: i32,
}

impl StateRange {
    /// Integers `low..=high`, starting at 0.
    #[must_use]
    pub const fn integers(low: i32, high: i32) -> Self {
        Self {
            low,
            high,
            exponent: 0,
            initial: 0,
        }
    }

    /// The metadata entry that declares it.
    #[must_use]
    pub fn to_json(self) -> String {
        let Self {
            low,
            high,
            exponent,
            initial,
        } = self;
        format!(r#"{{"low":{low},"high":{high},"exponent":{exponent},"initial":{initial}}}"#)
    }
}

/// A state of a step graph: input `state.NAME`, output `next.NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The name without prefix.
    pub name: String,
    /// Sizes of the axes behind the lane axis.
    pub dims: Vec<usize>,
    /// What it may hold, and how it starts.
    pub range: StateRange,
}

/// Most states of a step graph.
pub const STATES: usize = 1024;

impl State {
    /// Name of the graph's input.
    #[must_use]
    pub fn input(&self) -> String {
        format!("state.{}", self.name)
    }

    /// Name of the graph's output.
    #[must_use]
    pub fn output(&self) -> String {
        format!("next.{}", self.name)
    }

    /// Elements of one lane.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.dims.iter().product()
    }
}

/// The conditioning input of a step graph, `condition`, `[lanes, size]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Integers per lane.
    pub size: usize,
    /// What they may be; `initial` is unused.
    pub range: StateRange,
}

/// What a step graph takes and gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The states, in the order of the graph's inputs.
    pub states: Vec<State>,
    /// The conditioning input, if there is one.
    pub condition: Option<Condition>,
    /// The byte fed to the first step of a stream.
    pub start: u8,
}
