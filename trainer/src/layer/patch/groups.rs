//! The blocks that work on patches: lanes with as many patches as each other run side by side, as rows of one matrix.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::plan::Lane;
use crate::config::PatchConfig;
use crate::layer::{Features, Kept, Layer, Place, Stack};

/// Lanes with the same number of complete patches.
#[derive(Debug)]
pub(super) struct Group {
    lanes: Vec<usize>,
    /// Their patches, lane after lane, by number.
    patches: Range<usize>,
    stack: Stack,
}

/// The place within patches of `lanes` lanes, where `starts` are the patches that begin a stream, and `features` those of
/// the patches.
pub(super) fn inside(
    config: &PatchConfig,
    place: &Place,
    lanes: usize,
    starts: Vec<bool>,
    features: Vec<u8>,
) -> Place {
    Place {
        width: config.width,
        lanes,
        starts: Arc::new(starts),
        features: Features {
            count: place.features.count,
            rows: Arc::new(features),
        },
    }
}

/// Numbers the patches of all lanes and makes the blocks for them, which begin from `states`. Lanes
/// without a patch are in no group.
pub(super) fn groups(
    config: &PatchConfig,
    place: &Place,
    lanes: &mut [Lane],
    states: &[Vec<f32>],
) -> Vec<Group> {
    let mut alike: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, lane) in lanes.iter().enumerate() {
        alike.entry(lane.pieces.len()).or_default().push(number);
    }
    alike.remove(&0);
    let mut next = 0;
    let group = |(count, members): (usize, Vec<usize>)| {
        let patches = next..next + count * members.len();
        next = patches.end;
        let mut starts = Vec::with_capacity(patches.len());
        let mut features = Vec::new();
        let (told, count_told) = (&place.features.rows, place.features.count);
        for (number, &lane) in patches.clone().step_by(count).zip(&members) {
            lanes[lane].first = number;
            for piece in &lanes[lane].pieces {
                starts.push(piece.start);
                // A patch is computed with its last row, so it is told what that row is told.
                let last = piece.rows.end - 1;
                features.extend(&told[last * count_told..][..count_told]);
            }
        }
        let own = |all: &Vec<f32>| -> Vec<f32> {
            let size = all.len() / lanes.len();
            let parts = members.iter().map(|lane| &all[lane * size..][..size]);
            parts.flatten().copied().collect()
        };
        let states = states.iter().map(own).collect();
        let place = inside(config, place, members.len(), starts, features);
        Group {
            stack: Stack::new(&config.blocks, &place, states),
            lanes: members,
            patches,
        }
    };
    alike.into_iter().map(group).collect()
}

impl Group {
    /// The group's part of a matrix of patches by `width`.
    pub(super) fn range(&self, width: usize) -> Range<usize> {
        self.patches.start * width..self.patches.end * width
    }

    /// The blocks on the group's rows; the last vector kept says how many the others are.
    pub(super) fn forward(&self, rows: &[f32], parameters: &[f32]) -> (Vec<f32>, Kept) {
        let (y, mut kept) = self.stack.forward(rows, parameters);
        kept.push(vec![kept.len() as f32]);
        (y, kept)
    }

    /// The gradients, with the end of `kept`, which is taken off.
    pub(super) fn backward(
        &self,
        parameters: &[f32],
        kept: &mut Kept,
        dy: &[f32],
    ) -> (Vec<f32>, Vec<f32>) {
        let count = kept.pop().map_or(0, |count| count[0] as usize);
        let own = kept.split_off(kept.len() - count);
        self.stack.backward(parameters, own, dy)
    }
}

/// The blocks' states after the stretch: `before` with what the groups made of their lanes' part.
pub(super) fn states(groups: &[Group], before: &[Vec<f32>], lanes: usize) -> Vec<Vec<f32>> {
    let mut states = before.to_vec();
    for group in groups {
        for (all, own) in states.iter_mut().zip(group.stack.states()) {
            let size = all.len() / lanes;
            for (at, lane) in group.lanes.iter().enumerate() {
                all[lane * size..][..size].copy_from_slice(&own[at * size..][..size]);
            }
        }
    }
    states
}

/// The experts' loads, each group with the weight of its patches.
pub(super) fn load(groups: &[Group]) -> Vec<f32> {
    let load = |group: &Group| (group.stack.load(), group.patches.len());
    mean(&groups.iter().map(load).collect::<Vec<_>>())
}

/// The mean of vectors with weights. Those shorter than others do not count: groups so short that a patch block within
/// had no patch lack that one's experts.
fn mean(loads: &[(Vec<f32>, usize)]) -> Vec<f32> {
    let experts = loads.iter().map(|(load, _)| load.len()).max();
    let experts = experts.unwrap_or(0);
    let whole = || loads.iter().filter(|(load, _)| load.len() == experts);
    let total = whole().map(|(_, weight)| weight).sum::<usize>() as f32;
    let of = |expert: usize| {
        let shares = whole().map(|(load, weight)| load[expert] * *weight as f32);
        shares.sum::<f32>() / total
    };
    (0..experts).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::mean;

    #[test]
    fn loads_count_by_patches_and_only_where_all_experts_are() {
        let loads = [(vec![1.0], 5), (vec![1.0, 0.0], 3), (vec![0.0, 1.0], 1)];
        assert_eq!(mean(&loads), [0.75, 0.25]);
        assert!(mean(&[]).is_empty());
    }
}
