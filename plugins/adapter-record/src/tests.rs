use umoec_codec::Error;

use super::*;

mod files;
mod found;
mod hdf5;
mod root;
mod schemas;
mod wire;

fn back(input: &[u8], adapted: Adapted) -> Result<Vec<u8>> {
    let streams = adapted.streams.into_iter().map(|s| s.data).collect();
    Record.inverse(1, &adapted.params, streams, input.len(), &Limits::default())
}

/// What is proposed for a content that is one block, after checking that each comes back.
fn propose(input: &[u8], settings: &Settings) -> Vec<Proposal> {
    propose_block(input, 0, input, settings)
}

/// The same for the block at `offset` of a content.
fn propose_block(
    content: &[u8],
    offset: usize,
    block: &[u8],
    settings: &Settings,
) -> Vec<Proposal> {
    let place = Place {
        offset: offset as u64,
        head: &content[..content.len().min(Place::HEAD)],
    };
    let proposals = Record.propose(block, &place, settings).unwrap();
    for proposal in &proposals {
        assert_eq!(back(block, proposal.adapted.clone()).unwrap(), block);
        assert!(Record.describe(1, &proposal.adapted.params).is_some());
    }
    proposals
}

fn params(proposal: &Proposal) -> Params {
    Params::read(&proposal.adapted.params).unwrap()
}

/// Numbers within -0.5 .. 0.5, always the same.
pub(crate) fn noise() -> impl FnMut() -> f32 {
    let mut state = 1u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    }
}
