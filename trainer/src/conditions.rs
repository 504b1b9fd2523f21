//! What the network is told of a stream besides its bytes: statistics of the whole, and of what came just before.

use umoec_exact::condition::{STATISTICS, statistics};

use crate::local::{COUNTS, Local};

/// Which features there are. Each is an integer from 0 to 255.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conditions {
    /// None.
    #[default]
    None,
    /// [`statistics`] of the whole stream, which stand in its frame.
    Global,
    /// [`Local`] counts of the bytes before, which cost nothing.
    Local,
    /// Those of the whole stream, then those of the bytes before.
    Both,
}

impl Conditions {
    /// Whether statistics of the whole stream are among them.
    pub fn global(self) -> bool {
        matches!(self, Self::Global | Self::Both)
    }

    /// Whether counts of the bytes before are among them.
    pub fn local(self) -> bool {
        matches!(self, Self::Local | Self::Both)
    }

    /// How many features.
    pub fn count(self) -> usize {
        usize::from(self.global()) * STATISTICS + usize::from(self.local()) * COUNTS
    }
}

/// The features of one stream, as it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    conditions: Conditions,
    whole: [u8; STATISTICS],
    local: Local,
}

impl Observed {
    /// Before the first byte of `stream`.
    pub fn new(conditions: Conditions, stream: &[u8]) -> Self {
        let whole = if conditions.global() {
            statistics(stream)
        } else {
            [0; STATISTICS]
        };
        Self {
            conditions,
            whole,
            local: Local::default(),
        }
    }

    /// Takes in the byte before the next position, and adds that position's features to `features`.
    pub fn next(&mut self, byte: u8, features: &mut Vec<u8>) {
        if self.conditions.global() {
            features.extend(self.whole);
        }
        if self.conditions.local() {
            self.local.push(byte);
            features.extend(self.local.told());
        }
    }
}
