//! Sizes of latent attention.

use serde::{Deserialize, Serialize};

use super::model::first_broken;

/// Multi-head latent attention over a sliding window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttentionConfig {
    /// Heads, 1 to 16.
    pub heads: usize,
    /// Width of a head's query and of what it reads, 1 to 128.
    pub head_width: usize,
    /// Width of the latent that is cached for each byte, 1 to 256.
    pub latent: usize,
    /// Bytes that are seen, the one at hand included: a multiple of 16 up to 512.
    pub window: usize,
}

impl AttentionConfig {
    /// Refuses sizes whose sums would not be exact; says which.
    pub(super) fn check(&self) -> Result<(), String> {
        first_broken(&[
            ((1..=16).contains(&self.heads), "heads is not in 1..=16"),
            (
                (1..=128).contains(&self.head_width),
                "head_width is not in 1..=128",
            ),
            ((1..=256).contains(&self.latent), "latent is not in 1..=256"),
            (
                self.window.is_multiple_of(16) && (16..=512).contains(&self.window),
                "window is no multiple of 16 in 16..=512",
            ),
        ])
    }
}
