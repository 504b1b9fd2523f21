//! What a network is made of: the tables, and one entry per block of the residual stack.

use serde::{Deserialize, Serialize};

use crate::context::Context;

/// One n-gram table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    /// What its rows stand for.
    pub context: Context,
    /// log2 of the number of rows.
    pub bits: u32,
}

/// Sizes of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Width of the residual stream.
    pub width: usize,
    /// Width of a table's row.
    pub row_width: usize,
    /// The n-gram tables.
    pub tables: Vec<TableConfig>,
    /// The residual blocks, first to last.
    pub blocks: Vec<BlockConfig>,
}

/// One block: what it does with the residual stream. Each kind lives in its own file of `layer/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BlockConfig {
    /// Gated state-space layer.
    Mixer(MixerConfig),
    /// Squared rectified units.
    Mlp(MlpConfig),
    /// A network that runs once for each patch of bytes.
    Patch(PatchConfig),
}

/// A gated state-space layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixerConfig {
    /// Channels, all heads together, a multiple of 16.
    pub channels: usize,
    /// Heads.
    pub heads: usize,
    /// States per channel, 1 to 32.
    pub states: usize,
    /// A gate's unit is 2^-shift, 8 to 12.
    pub shift: i32,
}

/// A layer of squared rectified units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MlpConfig {
    /// Hidden units.
    pub hidden: usize,
}

/// A network that runs once for each patch, beside the network of bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatchConfig {
    /// Rows that make a patch: bytes, or within another patch block that one's patches. 1 to 64.
    pub bytes: usize,
    /// Width of the patches' residual stream, 1 to 1024.
    pub width: usize,
    /// The residual blocks that work on it, first to last; `patch` again for longer patches.
    pub blocks: Vec<BlockConfig>,
}

/// The first rule of `rules` that does not hold.
pub(super) fn first_broken(rules: &[(bool, &str)]) -> Result<(), String> {
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, rule)) => Err((*rule).to_owned()),
        None => Ok(()),
    }
}

impl ModelConfig {
    /// Refuses sizes that no network can have; says which.
    pub(super) fn check(&self) -> Result<(), String> {
        first_broken(&[
            (self.width > 0 && self.row_width > 0, "model: a width is 0"),
            (
                self.row_width % 2 == 0,
                "model: row_width is odd, and rows are packed in pairs",
            ),
            (!self.tables.is_empty(), "model: no tables"),
            (
                self.tables.iter().all(|table| {
                    (4..=20).contains(&table.bits)
                        && !matches!(table.context, Context::Bytes(n) if !(2..=6).contains(&n))
                }),
                "model: a table has not 2 to 6 bytes, or not 2^4 to 2^20 rows",
            ),
        ])?;
        for (index, block) in self.blocks.iter().enumerate() {
            block
                .check()
                .map_err(|rule| format!("model: block {index}: {rule}"))?;
        }
        Ok(())
    }
}

impl BlockConfig {
    /// Refuses sizes that the block cannot have; says which.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Mixer(m) => first_broken(&[
                (
                    m.channels > 0 && m.channels % 16 == 0,
                    "channels is no multiple of 16",
                ),
                (
                    m.heads > 0 && m.channels % m.heads.max(1) == 0,
                    "heads does not divide channels",
                ),
                (m.states > 0 && m.states <= 32, "states is not in 1..=32"),
                ((8..=12).contains(&m.shift), "shift is not in 8..=12"),
            ]),
            Self::Mlp(m) => first_broken(&[(m.hidden > 0, "hidden is 0")]),
            Self::Patch(p) => {
                first_broken(&[
                    ((1..=64).contains(&p.bytes), "bytes is not in 1..=64"),
                    // More products of eight bits each than 1024 may reach 2^24 (spec/numerics.md).
                    ((1..=1024).contains(&p.width), "width is not in 1..=1024"),
                ])?;
                for (index, block) in p.blocks.iter().enumerate() {
                    block
                        .check()
                        .map_err(|rule| format!("its block {index}: {rule}"))?;
                }
                Ok(())
            }
        }
    }
}
