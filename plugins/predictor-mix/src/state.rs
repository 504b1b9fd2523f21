//! A stream: `cm` with a network as its adviser.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use umoec_codec::plugin::{DecisionCoder, PredictorState};
use umoec_codec::{Error, Result};
use umoec_predictor_cm::{Adviser, start_advised};
use umoec_predictor_onnx::{Network, Running};

/// Bytes that the network takes in, at most, after it rested: enough for its view of the last words. (600 kB of
/// Rust: 55,847 bytes with 8, 55,771 with 16; 56,435 with only the last.)
const CAUGHT_UP: usize = 16;

/// A state at the beginning of a stream of `len` bytes, under these parameters of `cm`. The network rests where
/// a match has at least `rest` bytes.
pub(crate) fn start(cm: &[u8], len: u64, network: &Network, rest: u32) -> Result<State> {
    let (failure, asked) = (Rc::default(), Rc::default());
    let adviser = Advice {
        network: network.start()?,
        taken: 0,
        asked: Rc::clone(&asked),
        failure: Rc::clone(&failure),
    };
    Ok(State {
        mixer: start_advised(cm, len, adviser, rest)?,
        asked,
        failure,
    })
}

/// The network as `cm` sees it.
struct Advice {
    network: Running,
    /// Bytes of the stream up to the last that the network took in.
    taken: usize,
    asked: Rc<Cell<u64>>,
    failure: Rc<RefCell<Option<Error>>>,
}

impl Adviser for Advice {
    fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]> {
        let first = self.taken.max(history.len().saturating_sub(CAUGHT_UP));
        self.taken = history.len();
        self.asked.set(self.asked.get() + 1);
        let next = match &history[first..] {
            [] => self.network.next(None),
            [before @ .., last] => self
                .network
                .take(before)
                .and_then(|()| self.network.next(Some(*last))),
        };
        match next {
            Ok(weights) => Some(weights),
            Err(error) => {
                *self.failure.borrow_mut() = Some(error);
                None
            }
        }
    }
}

/// The state of a stream.
pub(crate) struct State {
    mixer: Box<dyn PredictorState>,
    /// Bytes that the network was asked about.
    asked: Rc<Cell<u64>>,
    failure: Rc<RefCell<Option<Error>>>,
}

impl PredictorState for State {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        self.mixer.code(len, coder, history);
    }

    fn failure(&mut self) -> Option<Error> {
        self.failure.borrow_mut().take()
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![("bytes that the network was asked about", self.asked.get())]
    }
}
