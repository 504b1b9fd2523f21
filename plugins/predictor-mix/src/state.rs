//! A stream: `cm` with a network as its adviser.

use std::cell::RefCell;
use std::rc::Rc;

use umoec_codec::plugin::{DecisionCoder, PredictorState};
use umoec_codec::{Error, Result};
use umoec_predictor_cm::{Adviser, start_advised};
use umoec_predictor_onnx::{Network, Running};

/// A state at the beginning of a stream of `len` bytes, under these parameters of `cm`.
pub(crate) fn start(cm: &[u8], len: u64, network: &Network) -> Result<State> {
    let failure = Rc::default();
    let adviser = Advice {
        network: network.start()?,
        failure: Rc::clone(&failure),
    };
    Ok(State {
        mixer: start_advised(cm, len, adviser)?,
        failure,
    })
}

/// The network as `cm` sees it.
struct Advice {
    network: Running,
    failure: Rc<RefCell<Option<Error>>>,
}

impl Adviser for Advice {
    fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]> {
        match self.network.next(history.last().copied()) {
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
    failure: Rc<RefCell<Option<Error>>>,
}

impl PredictorState for State {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        self.mixer.code(len, coder, history);
    }

    fn failure(&mut self) -> Option<Error> {
        self.failure.borrow_mut().take()
    }
}
