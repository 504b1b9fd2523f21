//! Whether the network pays, by a trial. Not part of the format: either choice decodes.

use umoec_codec::Result;
use umoec_predictor_cm::{Meter, for_sample, start_alone};
use umoec_predictor_onnx::Network;

use crate::state;

/// Bytes of each of the two pieces that a trial codes. On pieces this short the outcome is
/// clear: a network that helps a whole file by 1 % helps its beginning by 5 and more.
const PIECE: usize = 4 << 10;

/// The network has to save one part in this many to be worth its time.
const LEAST_GAIN: u64 = 64;

/// Whether the network predicts `data` better together with `cm` than `cm` alone.
pub(crate) fn pays(data: &[u8], cm: &[u8], network: &Network, rest: u32) -> Result<bool> {
    let pieces = match data.len() {
        0..0x4000 => vec![&data[..data.len().min(2 * PIECE)]],
        len => vec![
            &data[len / 4..len / 4 + PIECE],
            &data[len / 4 * 3..len / 4 * 3 + PIECE],
        ],
    };
    let (mut alone, mut together) = (0, 0);
    for piece in pieces {
        let len = piece.len() as u64;
        let cm = for_sample(cm, len)?;
        let cost = |mut state: Box<dyn umoec_codec::plugin::PredictorState>| -> Result<u64> {
            let mut meter = Meter::new(piece);
            state.code(
                piece.len(),
                &mut meter,
                &mut Vec::with_capacity(piece.len()),
            );
            match state.failure() {
                Some(error) => Err(error),
                None => Ok(meter.cost()),
            }
        };
        alone += cost(start_alone(&cm, len)?)?;
        together += cost(Box::new(state::start(&cm, len, network, rest)?))?;
    }
    Ok(together + together / LEAST_GAIN < alone)
}
