//! Payloads of streams, through the plugins themselves: for frames that no encoder writes.

use umoec_codec::Limits;
use umoec_codec::plugin::PluginId;
use umoec_codec::probability::ByteDistribution;

use crate::stack::registry;

/// Coder `rans` on bytes that nothing predicts (spec umc §6.2).
pub(super) fn uniform_rans(data: &[u8]) -> Vec<u8> {
    let registry = registry();
    let coder = registry.coder(PluginId(2), 1).unwrap();
    let mut encoder = coder.encoder(&[], data).unwrap();
    let uniform = ByteDistribution::from_counts(&[0; 256]);
    for _ in data {
        encoder.byte(&uniform);
    }
    let mut payload = Vec::new();
    encoder.finish(&mut payload);
    payload
}

/// Predictor `order0` and coder `rans` on `data`.
pub(super) fn order0_rans(data: &[u8]) -> Vec<u8> {
    let registry = registry();
    let predictor = registry.predictor(PluginId(1), 1).unwrap();
    let opened = predictor.open(1, &[], data.len() as u64, &Limits::default());
    let coder = registry.coder(PluginId(2), 1).unwrap();
    let mut encoder = coder.encoder(&[], data).unwrap();
    let (mut state, mut history) = (opened.unwrap().start().unwrap(), Vec::new());
    state.code(data.len(), &mut *encoder, &mut history);
    let mut payload = Vec::new();
    encoder.finish(&mut payload);
    payload
}
