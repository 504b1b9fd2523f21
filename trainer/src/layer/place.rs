//! Making layers for a stretch: what a layer is told of the place it works at.

use std::sync::{Arc, Mutex};

use super::{Adaln, Attention, Depths, Gru, Mamba2, Mixer, Mlp, Moe, Patch};
use crate::config::BlockConfig;
use crate::data::Stretch;
use crate::differentiable::Shared;
use crate::kernel::{BandShape, ScanShape};

/// Where a layer stands, and the stretch it works on.
#[derive(Clone, Debug)]
pub struct Place {
    /// Width of the residual stream.
    pub width: usize,
    /// Lanes of the stretch; its rows are lane after lane.
    pub lanes: usize,
    /// Whether a stream begins at each row, `[rows]`.
    pub starts: Arc<Vec<bool>>,
    /// What is known of each row besides its bytes.
    pub features: Features,
}

/// Features of each row (`crate::conditions`).
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// How many of each row.
    pub count: usize,
    /// [rows, count].
    pub rows: Arc<Vec<u8>>,
}

impl Place {
    /// In a stream of `width`, for `stretch`, without features.
    pub fn new(width: usize, stretch: &Stretch) -> Self {
        Self {
            width,
            lanes: stretch.lanes.max(1),
            starts: Arc::new(stretch.starts.clone()),
            features: Features::default(),
        }
    }
}

/// What a layer carries for each lane from stretch to stretch: [lanes, values of a lane], before the stretch and after it.
/// The former stay, so that a forward pass may be done again.
#[derive(Debug, Default)]
pub struct Carried {
    before: Vec<f32>,
    after: Mutex<Option<Vec<f32>>>,
}

impl Carried {
    /// These values at the start.
    pub fn new(before: Vec<f32>) -> Self {
        Self {
            before,
            after: Mutex::default(),
        }
    }

    /// The values before the stretch.
    pub fn before(&self) -> &[f32] {
        &self.before
    }

    /// The values after the stretch; those before it, until a forward pass was made.
    pub fn after(&self) -> Vec<f32> {
        let after = self.after.lock().ok().and_then(|after| after.clone());
        after.unwrap_or_else(|| self.before.clone())
    }

    /// Leaves the values that a forward pass ended with.
    pub fn leave(&self, values: Vec<f32>) {
        if let Ok(mut after) = self.after.lock() {
            *after = Some(values);
        }
    }
}

/// The layer of `block` at `place`, which takes as many of `states` as [`initial_states`] makes for it.
pub fn build(
    block: &BlockConfig,
    place: &Place,
    states: &mut std::vec::IntoIter<Vec<f32>>,
) -> Shared {
    let width = place.width;
    match block {
        BlockConfig::Mixer(m) => Arc::new(Mixer {
            width,
            heads: m.heads,
            scan: ScanShape {
                states: m.states,
                channels: m.channels,
            },
            shift: m.shift,
            starts: Arc::clone(&place.starts),
            states: Carried::new(states.next().unwrap_or_default()),
        }),
        BlockConfig::Mlp(m) => Arc::new(Mlp {
            width,
            hidden: m.hidden,
        }),
        BlockConfig::Moe(m) => Arc::new(Moe {
            width,
            experts: m.experts,
            shared: m.shared,
            chosen: m.chosen,
            hidden: m.hidden,
            load: Mutex::default(),
        }),
        BlockConfig::Attention(a) => Arc::new(Attention {
            width,
            head_width: a.head_width,
            band: BandShape {
                heads: a.heads,
                latent: a.latent,
                window: a.window,
            },
            starts: Arc::clone(&place.starts),
            latents: Carried::new(states.next().unwrap_or_default()),
            seen: Carried::new(states.next().unwrap_or_default()),
        }),
        BlockConfig::Gru(g) => Arc::new(Gru {
            width,
            channels: g.channels,
            shift: g.shift,
            starts: Arc::clone(&place.starts),
            states: Carried::new(states.next().unwrap_or_default()),
        }),
        BlockConfig::Adaln(m) => Arc::new(Adaln {
            width,
            features: place.features.clone(),
            inner: build(&m.inner, place, states),
        }),
        BlockConfig::Mod(m) => Arc::new(Depths {
            width,
            capacity: m.capacity,
            inner: build(&m.inner, place, states),
            share: Mutex::default(),
        }),
        BlockConfig::Mamba2(m) => Arc::new(Mamba2::new(m, place, states)),
        BlockConfig::Patch(p) => Arc::new(Patch::new(p, place, states)),
    }
}

/// What `block` in a stream of `width` carries at the start of `lanes` lanes: one vector for each part that carries any.
pub fn initial_states(block: &BlockConfig, width: usize, lanes: usize) -> Vec<Vec<f32>> {
    match block {
        BlockConfig::Mixer(m) => vec![vec![0.0; lanes * m.states * m.channels]],
        BlockConfig::Mlp(_) | BlockConfig::Moe(_) => Vec::new(),
        BlockConfig::Attention(a) => vec![vec![0.0; lanes * a.window * a.latent], vec![0.0; lanes]],
        BlockConfig::Gru(g) => vec![vec![0.0; lanes * g.channels]],
        BlockConfig::Adaln(m) => initial_states(&m.inner, width, lanes),
        BlockConfig::Mod(m) => initial_states(&m.inner, width, lanes),
        BlockConfig::Mamba2(m) => Mamba2::initial_states(m, lanes),
        BlockConfig::Patch(p) => Patch::initial_states(p, width, lanes),
    }
}
