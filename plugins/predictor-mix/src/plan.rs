//! Whether the network pays, by a trial. Not part of the format: either choice decodes.

use umoec_codec::Result;
use umoec_codec::plugin::{Meter, PredictorState};
use umoec_predictor_cm::{for_sample, start_alone};
use umoec_predictor_onnx::Network;

use crate::state;

/// Bytes of each of the two pieces that a trial codes. On pieces this short the outcome is
/// clear: a network that helps a whole file by 1 % helps its beginning by 5 and more.
const PIECE: usize = 4 << 10;

/// Bytes of a piece after which there is a look at how it goes.
const STEP: usize = 512;

/// What the network must save beyond what it has to, in percent, where it is believed before the end of a trial.
const CLEAR: u64 = 15;

/// Streams below this length ask for [`SHORT_GAIN`] alone: there the network's beginning is all of it.
const SHORT: usize = 64 << 10;

/// What the network has to save of a short stream, in percent.
const SHORT_GAIN: u64 = 2;

/// A piece under a model.
struct Run {
    state: Box<dyn PredictorState>,
    history: Vec<u8>,
    cost: u64,
}

impl Run {
    fn new(state: Box<dyn PredictorState>) -> Self {
        Self {
            state,
            history: Vec::new(),
            cost: 0,
        }
    }

    /// Codes the next `bytes` of `piece`.
    fn go_on(&mut self, piece: &[u8], bytes: usize) -> Result<()> {
        let start = self.history.len();
        let next = &piece[start..piece.len().min(start + bytes)];
        let mut meter = Meter::new(next);
        self.state.code(next.len(), &mut meter, &mut self.history);
        self.cost += meter.cost();
        self.state.failure().map_or(Ok(()), Err)
    }
}

/// Whether the network and `cm` together need so much less than `cm` alone that the network is worth its
/// time: `gain` percent of a long stream's trial. What it saves is most at first, when `cm` knows nothing; so where that is too little
/// it is soon given up.
pub(crate) fn pays(data: &[u8], cm: &[u8], network: &Network, rest: u32, gain: u8) -> Result<bool> {
    let pieces = match data.len() {
        0..0x4000 => vec![&data[..data.len().min(2 * PIECE)]],
        len => vec![
            &data[len / 4..len / 4 + PIECE],
            &data[len / 4 * 3..len / 4 * 3 + PIECE],
        ],
    };
    let gain = match data.len() {
        0..SHORT => SHORT_GAIN.min(gain.into()),
        _ => gain.into(),
    };
    let mut runs = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let len = piece.len() as u64;
        let cm = for_sample(cm, len)?;
        let alone = Run::new(start_alone(&cm, len)?);
        let together = Run::new(Box::new(state::start(&cm, len, network, rest, None)?));
        runs.push((piece, alone, together));
    }
    loop {
        let (mut alone, mut together, mut left) = (0, 0, 0);
        for (piece, one, other) in &mut runs {
            one.go_on(piece, STEP)?;
            other.go_on(piece, STEP)?;
            alone += one.cost;
            together += other.cost;
            left += piece.len() - one.history.len();
        }
        let pays = together < alone / 100 * (100 - gain);
        let clear = together < alone / 100 * 100u64.saturating_sub(gain + CLEAR);
        if !pays || clear || left == 0 {
            return Ok(pays);
        }
    }
}
