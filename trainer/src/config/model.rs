//! What a network is made of: the tables, and one entry per block of the residual stack.

use serde::{Deserialize, Serialize};

use super::{AttentionConfig, GruConfig};
use crate::conditions::Conditions;
use crate::context::Context;
use crate::recall::LEVELS;

/// One n-gram table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableConfig {
    /// What its rows stand for.
    pub context: Context,
    /// log2 of the number of rows.
    pub bits: u32,
}

impl TableConfig {
    /// Whether its rows stand for what a memory expects.
    pub fn is_memory(&self) -> bool {
        matches!(self.context, Context::Recall(_))
    }
}

/// Sizes of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Width of the residual stream.
    pub width: usize,
    /// Width of a table's row.
    pub row_width: usize,
    /// Rows hold multiples of this many steps of their grid: with 2 or 3 there is less to say of each value, and the file
    /// becomes smaller where it is compressed.
    #[serde(default = "row_step")]
    pub row_step: u8,
    /// What the network is told of a stream besides its bytes.
    #[serde(default)]
    pub conditions: Conditions,
    /// Blocks, counted from 0, behind which the network has another read-out: early exits.
    #[serde(default)]
    pub exits: Vec<usize>,
    /// Weight of an exit's loss, where the last read-out's has 1.
    #[serde(default = "exit_weight")]
    pub exit_weight: f32,
    /// Those of the exits at which the exported network itself may end, as hasty as it is told to be
    /// ([`crate::export`]); it has no node of the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hasty: Vec<usize>,
    /// The n-gram tables.
    pub tables: Vec<TableConfig>,
    /// The residual blocks, first to last.
    pub blocks: Vec<BlockConfig>,
}

/// Of the rows' grid, where the configuration says nothing: all values.
fn row_step() -> u8 {
    1
}

/// What an exit's loss weighs where the configuration says nothing.
pub(crate) fn exit_weight() -> f32 {
    0.3
}

/// One block: what it does with the residual stream. Each kind lives in its own file of `layer/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BlockConfig {
    /// Gated state-space layer.
    Mixer(MixerConfig),
    /// Squared rectified units.
    Mlp(MlpConfig),
    /// Mixture of experts.
    Moe(MoeConfig),
    /// Multi-head latent attention over a sliding window.
    Attention(AttentionConfig),
    /// A gated recurrent layer.
    Gru(GruConfig),
    /// A block under scale, shift and gate by the features of the stream.
    Adaln(AdalnConfig),
    /// A block for some of the bytes.
    Mod(ModConfig),
    /// Mamba-2.
    Mamba2(Mamba2Config),
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

/// A mixture of experts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoeConfig {
    /// Routed experts, 2 to 256.
    pub experts: usize,
    /// Shared experts, which every byte has.
    #[serde(default)]
    pub shared: usize,
    /// Routed experts that a byte has.
    pub chosen: usize,
    /// Hidden units of an expert.
    pub hidden: usize,
}

/// Scale, shift and gate around a block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdalnConfig {
    /// The block.
    pub inner: Box<BlockConfig>,
}

/// A block that is computed for a share of the bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModConfig {
    /// That share, above 0 and below 1.
    pub capacity: f32,
    /// The block.
    pub inner: Box<BlockConfig>,
}

/// A Mamba-2 layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mamba2Config {
    /// Channels, all heads together, a multiple of 16.
    pub channels: usize,
    /// Heads.
    pub heads: usize,
    /// States per channel, 1 to 32.
    pub states: usize,
    /// A step forgets between 1 and 255 times 2^-shift, 8 to 12: with 8 nearly all or a 256th.
    pub shift: i32,
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
    /// The model with rows of another grid.
    pub fn with_row_step(&self, row_step: u8) -> Self {
        Self {
            row_step,
            ..self.clone()
        }
    }

    /// Refuses sizes that no network can have; says which.
    pub(super) fn check(&self) -> Result<(), String> {
        first_broken(&[
            (self.width > 0 && self.row_width > 0, "model: a width is 0"),
            (
                self.row_width.is_multiple_of(2),
                "model: row_width is odd, and rows are packed in pairs",
            ),
            (
                (1..=4).contains(&self.row_step),
                "model: row_step is not in 1..=4",
            ),
            (!self.tables.is_empty(), "model: no tables"),
            (
                self.tables.iter().all(|table| match table.context {
                    Context::Recall(recall) => {
                        (2..=6).contains(&recall.bytes) && (4..=14).contains(&recall.slots)
                    }
                    Context::Bytes(bytes) => (2..=6).contains(&bytes),
                    Context::Word | Context::Words => true,
                }),
                "model: a table has not 2 to 6 bytes, or a memory not 2^4 to 2^14 slots",
            ),
            (
                self.tables.iter().all(|table| match table.context {
                    Context::Recall(_) => 1 << table.bits == 256 * LEVELS,
                    _ => (4..=20).contains(&table.bits),
                }),
                "model: a table has not 2^4 to 2^20 rows, or one of a memory not 2^10",
            ),
            (
                self.conditions != Conditions::None
                    || !self.blocks.iter().any(BlockConfig::reads_conditions),
                "model: an adaln block needs conditions = \"global\", \"local\" or \"both\"",
            ),
            (
                self.conditions == Conditions::None
                    || self.blocks.iter().any(BlockConfig::reads_conditions),
                "model: there are conditions, and no adaln block that reads them",
            ),
            (
                self.exits.is_sorted_by(|a, b| a < b)
                    && self.exits.iter().all(|exit| exit + 1 < self.blocks.len()),
                "model: exits are not blocks in order, each before the last",
            ),
            (
                self.hasty.is_sorted_by(|a, b| a < b)
                    && self.hasty.iter().all(|exit| self.exits.contains(exit)),
                "model: hasty are not exits in order",
            ),
            (
                self.exit_weight > 0.0 && self.exit_weight <= 10.0,
                "model: exit_weight is not above 0 and up to 10",
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
            Self::Mixer(m) => check_scan(m.channels, m.heads, m.states, m.shift),
            Self::Mamba2(m) => check_scan(m.channels, m.heads, m.states, m.shift),
            Self::Mlp(m) => first_broken(&[(m.hidden > 0, "hidden is 0")]),
            Self::Moe(m) => first_broken(&[
                (m.hidden > 0, "hidden is 0"),
                ((2..=256).contains(&m.experts), "experts is not in 2..=256"),
                (
                    m.chosen > 0 && m.chosen <= m.experts,
                    "chosen is not in 1..=experts",
                ),
            ]),
            Self::Attention(a) => a.check(),
            Self::Gru(g) => g.check(),
            Self::Adaln(m) => m.inner.check(),
            Self::Mod(m) => {
                first_broken(&[
                    (
                        m.capacity > 0.0 && m.capacity < 1.0,
                        "capacity is not above 0 and below 1",
                    ),
                    (
                        m.inner.is_bytewise(),
                        "a mod block holds no block that looks at other bytes or at conditions",
                    ),
                ])?;
                m.inner.check()
            }
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

    /// Whether the block, or one within it, reads the conditions.
    pub(crate) fn reads_conditions(&self) -> bool {
        match self {
            Self::Adaln(_) => true,
            Self::Mod(m) => m.inner.reads_conditions(),
            Self::Patch(p) => p.blocks.iter().any(Self::reads_conditions),
            _ => false,
        }
    }

    /// Whether what the block does with a byte depends on that byte's row alone.
    fn is_bytewise(&self) -> bool {
        match self {
            Self::Mlp(_) | Self::Moe(_) => true,
            Self::Mod(m) => m.inner.is_bytewise(),
            _ => false,
        }
    }
}

/// Refuses sizes that the recurrence of a state-space layer cannot have.
fn check_scan(channels: usize, heads: usize, states: usize, shift: i32) -> Result<(), String> {
    first_broken(&[
        (
            channels > 0 && channels.is_multiple_of(16),
            "channels is no multiple of 16",
        ),
        (
            heads > 0 && channels.is_multiple_of(heads.max(1)),
            "heads does not divide channels",
        ),
        (states > 0 && states <= 32, "states is not in 1..=32"),
        ((8..=12).contains(&shift), "shift is not in 8..=12"),
    ])
}
