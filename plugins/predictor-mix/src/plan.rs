//! Whether the network pays, by a trial. Not part of the format: either choice decodes.

use umoec_codec::Result;
use umoec_codec::plugin::{Meter, PredictorState};
use umoec_predictor_cm::{for_sample, looks_like_text, start_alone};
use umoec_predictor_onnx::Network;

use crate::state;

/// Bytes of each of the two pieces that a trial codes. On pieces this short the outcome is
/// clear: a network that helps a whole file by 1 % helps its beginning by 5 and more.
const PIECE: usize = 4 << 10;

/// Bytes of a piece after which there is a look at how it goes.
const STEP: usize = 512;

/// What the network must save beyond what it has to, in percent, where it is believed before the end of a trial.
const CLEAR: u64 = 15;

/// A short stream asks for [`SHORT_GAIN`] alone: there the network's beginning is all of it. With each doubling from
/// 2^`SHORT_LOG2` bytes to 2^`LONG_LOG2` it asks for more.
const SHORT_LOG2: u32 = 15;
const LONG_LOG2: u32 = 20;

/// What the network has to save of a short stream, in percent.
const SHORT_GAIN: u64 = 2;

/// Up to this length there is no trial: of texts, and of others.
const TEXT_UNTRIED: usize = 4 << 10;
const UNTRIED: usize = 1 << 10;

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

/// Whether the network pays where that is plain without a trial, which takes twice as long as the stream itself: of the shortest, texts
/// become smaller with the network and others do not. (In 300, 1000 and 2000 bytes of 101 files this takes 0.1 % more than trials.)
pub(crate) fn plain(data: &[u8]) -> Option<bool> {
    let text = looks_like_text(data);
    let most = if text { TEXT_UNTRIED } else { UNTRIED };
    (data.len() <= most).then_some(text)
}

/// Whether the network and `cm` together need so much less than `cm` alone that the network is worth its
/// time: `gain` percent of a long stream's trial. Where it does not save half of that it is soon given
/// up: what it saves does not grow much.
pub(crate) fn pays(data: &[u8], cm: &[u8], network: &Network, rest: u32, gain: u8) -> Result<bool> {
    let pieces = match data.len() {
        0..0x4000 => vec![&data[..data.len().min(2 * PIECE)]],
        len => vec![
            &data[len / 4..len / 4 + PIECE],
            &data[len / 4 * 3..len / 4 * 3 + PIECE],
        ],
    };
    let gain = asked_for(data.len(), gain.into());
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
        let hopeless = together >= alone / 200 * (200 - gain);
        let clear = together < alone / 100 * 100u64.saturating_sub(gain + CLEAR);
        if hopeless || clear || left == 0 {
            return Ok(pays);
        }
    }
}

/// What the network has to save of the trial of a stream of `len` bytes, in percent, if it is `gain` for a long one.
fn asked_for(len: usize, gain: u64) -> u64 {
    let doublings = len.max(1).ilog2().clamp(SHORT_LOG2, LONG_LOG2) - SHORT_LOG2;
    let asked = gain * u64::from(doublings) / u64::from(LONG_LOG2 - SHORT_LOG2);
    asked.max(SHORT_GAIN.min(gain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_a_stream_the_more_is_asked_for() {
        let asked = |kib: usize, gain| asked_for(kib << 10, gain);
        assert_eq!([0, 1, 64, 127].map(|kib| asked(kib, 13)), [2; 4]);
        assert_eq!(
            [128, 256, 512, 1024, 1 << 20].map(|kib| asked(kib, 13)),
            [5, 7, 10, 13, 13]
        );
        assert_eq!([0, 64, 1024].map(|kib| asked(kib, 1)), [1; 3]);
        assert_eq!(asked(1024, 0), 0);
    }

    #[test]
    fn the_shortest_are_not_tried() {
        let (text, other) = (b"a text\n".repeat(600), [3; 4200]);
        assert_eq!(plain(&[]), Some(true));
        assert_eq!(plain(&text[..4096]), Some(true));
        assert_eq!(plain(&text[..4097]), None);
        assert_eq!(plain(&other[..1024]), Some(false));
        assert_eq!(plain(&other[..1025]), None);
    }
}
