//! Whether the network pays, by a trial. Not part of the format: either choice decodes.

use umoec_codec::Result;
use umoec_codec::plugin::Meter;
use umoec_predictor_cm::{for_sample, start_alone};
use umoec_predictor_onnx::Network;

use crate::state;

/// Bytes of each of the two pieces that a trial codes. On pieces this short the outcome is
/// clear: a network that helps a whole file by 1 % helps its beginning by 5 and more.
const PIECE: usize = 4 << 10;

/// Streams below this length ask for [`SHORT_GAIN`] alone: there the network's beginning is all of it.
const SHORT: usize = 64 << 10;

/// What the network has to save of a short stream, in percent.
const SHORT_GAIN: u64 = 2;

/// Whether the network and `cm` together need so much less than `cm` alone that the network is worth its
/// time: `gain` percent of a long stream's trial.
pub(crate) fn pays(data: &[u8], cm: &[u8], network: &Network, rest: u32, gain: u8) -> Result<bool> {
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
        together += cost(Box::new(state::start(&cm, len, network, rest, None)?))?;
    }
    let gain = match data.len() {
        0..SHORT => SHORT_GAIN.min(gain.into()),
        _ => gain.into(),
    };
    Ok(together < alone / 100 * (100 - gain))
}
