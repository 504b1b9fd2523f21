//! Making layers for a stretch: what a layer is told of the place it works at.

use std::sync::{Arc, Mutex};

use super::{Mixer, Mlp, Patch};
use crate::config::BlockConfig;
use crate::data::Stretch;
use crate::differentiable::Shared;
use crate::kernel::ScanShape;

/// Where a layer stands, and the stretch it works on.
#[derive(Clone, Debug)]
pub struct Place {
    /// Width of the residual stream.
    pub width: usize,
    /// Lanes of the stretch; its rows are lane after lane.
    pub lanes: usize,
    /// Whether a stream begins at each row, [rows].
    pub starts: Arc<Vec<bool>>,
}

impl Place {
    /// In a stream of `width`, for `stretch`.
    pub fn new(width: usize, stretch: &Stretch) -> Self {
        Self {
            width,
            lanes: stretch.lanes.max(1),
            starts: Arc::new(stretch.starts.clone()),
        }
    }
}

/// What a layer carries for each lane from stretch to stretch: [lanes, values of a lane].
#[derive(Debug, Default)]
pub struct Carried(Mutex<Vec<f32>>);

impl Carried {
    /// These values at the start.
    pub fn new(values: Vec<f32>) -> Self {
        Self(Mutex::new(values))
    }

    /// The values as they are.
    pub fn get(&self) -> Vec<f32> {
        self.0.lock().map_or_else(|_| Vec::new(), |v| v.clone())
    }

    /// Changes them.
    pub fn set(&self, values: Vec<f32>) {
        if let Ok(mut held) = self.0.lock() {
            *held = values;
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
        BlockConfig::Patch(p) => Arc::new(Patch::new(p, place, states)),
    }
}

/// What `block` in a stream of `width` carries at the start of `lanes` lanes: one vector for each part that carries any.
pub fn initial_states(block: &BlockConfig, width: usize, lanes: usize) -> Vec<Vec<f32>> {
    match block {
        BlockConfig::Mixer(m) => vec![vec![0.0; lanes * m.states * m.channels]],
        BlockConfig::Mlp(_) => Vec::new(),
        BlockConfig::Patch(p) => Patch::initial_states(p, width, lanes),
    }
}
