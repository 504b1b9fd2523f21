//! Sizes of the gated recurrent layer.

use serde::{Deserialize, Serialize};

use super::model::first_broken;

/// A gated recurrent layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GruConfig {
    /// Width of the state, a multiple of 16.
    pub channels: usize,
    /// A gate's unit is 2^-shift, 8 to 12.
    pub shift: i32,
}

impl GruConfig {
    /// Refuses sizes that the layer cannot have; says which.
    pub(super) fn check(&self) -> Result<(), String> {
        first_broken(&[
            (
                self.channels > 0 && self.channels.is_multiple_of(16),
                "channels is no multiple of 16",
            ),
            ((8..=12).contains(&self.shift), "shift is not in 8..=12"),
        ])
    }
}
