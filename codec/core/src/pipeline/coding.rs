//! One stream through predictor and coder: the same drive in both directions.

use super::costs::Metered;
use super::pool::Watch;
use crate::limits::reserve_towards;
use crate::plugin::{Coder, DecisionCoder, Kind, Meter, Opened, PluginId, PredictorState};
use crate::probability::ByteDistribution;
use crate::{Error, Limits, Result};

/// Bytes between two looks at whether a damaged payload has already ended.
const PIECE: usize = 1 << 16;

/// A predictor with its identity, for messages. `None` predicts nothing.
pub(super) type Predicting<'a> = Option<(PluginId, &'a dyn Opened)>;

/// No predictor: every byte is equally probable (spec umc §6.2).
struct Uniform(ByteDistribution);

impl PredictorState for Uniform {
    fn code(&mut self, len: usize, coder: &mut dyn DecisionCoder, history: &mut Vec<u8>) {
        for _ in 0..len {
            history.push(coder.byte(&self.0));
        }
    }
}

fn start(predicting: Predicting<'_>) -> Result<Box<dyn PredictorState>> {
    match predicting {
        Some((_, opened)) => opened.start(),
        None => Ok(Box::new(Uniform(ByteDistribution::from_counts(&[0; 256])))),
    }
}

/// A predictor that coded other bytes, or more or fewer, than it was asked for.
fn broken(predicting: Predicting<'_>, reason: &str) -> Error {
    Error::Plugin {
        kind: Kind::Predictor,
        id: predicting.map_or(PluginId(0), |(id, _)| id),
        reason: reason.into(),
    }
}

/// Work that nobody waits for any more ends with this.
fn cancelled() -> Error {
    Error::Config("the work was given up".into())
}

/// Has `state` code `piece`, which `coder` knows, behind `history`.
fn code_known(
    state: &mut dyn PredictorState,
    predicting: Predicting<'_>,
    piece: &[u8],
    coder: &mut dyn DecisionCoder,
    history: &mut Vec<u8>,
) -> Result<()> {
    let before = history.len();
    state.code(piece.len(), coder, history);
    if let Some(error) = state.failure() {
        return Err(error);
    }
    if history.get(before..) != Some(piece) {
        return Err(broken(
            predicting,
            "its history differs from what it was given to code",
        ));
    }
    Ok(())
}

/// Codes `data`; returns the payload.
pub(super) fn encode_stream(
    predicting: Predicting<'_>,
    coder: &dyn Coder,
    coder_params: &[u8],
    data: &[u8],
    watch: &Watch,
) -> Result<Vec<u8>> {
    let mut encoder = coder.encoder(coder_params, data)?;
    let mut state = start(predicting)?;
    state.assist(watch.helpers());
    let mut history = Vec::with_capacity(data.len());
    for piece in data.chunks(PIECE) {
        if watch.is_cancelled() {
            return Err(cancelled());
        }
        code_known(&mut *state, predicting, piece, &mut *encoder, &mut history)?;
        watch.advance(piece.len());
    }
    // The coder writes in one go what it kept; nothing else is needed for that.
    drop((state, history));
    let mut payload = Vec::new();
    encoder.try_finish(&mut payload)?;
    Ok(payload)
}

/// What each byte of `data` would cost, in bits.
pub(super) fn measure_stream(
    predicting: Predicting<'_>,
    data: &[u8],
    watch: &Watch,
) -> Result<Vec<f32>> {
    let mut state = start(predicting)?;
    state.assist(watch.helpers());
    let mut meter = Meter::new(data);
    let (mut bits, mut position) = (Vec::new(), (0, 0));
    let mut history = Vec::with_capacity(data.len());
    for piece in data.chunks(PIECE) {
        if watch.is_cancelled() {
            return Err(cancelled());
        }
        let mut metered = Metered {
            inner: &mut meter,
            bits: &mut bits,
            length: data.len(),
            position: &mut position,
        };
        code_known(&mut *state, predicting, piece, &mut metered, &mut history)?;
    }
    bits.resize(data.len(), 0.0);
    Ok(bits)
}

/// How the payload of a stream went wrong.
pub(super) enum StreamFault {
    /// The coder or the predictor gave up.
    Error(Error),
    /// The payload is not one of a stream of that length.
    Payload,
}

impl From<Error> for StreamFault {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Which payload to decode, and how.
pub(super) struct Payload<'a> {
    pub(super) coder: &'a dyn Coder,
    pub(super) version: u8,
    pub(super) params: &'a [u8],
    pub(super) bytes: &'a [u8],
    /// Bytes of the stream.
    pub(super) length: usize,
}

/// What a stream cost: each byte in bits, and what its predictor counted.
#[derive(Default)]
pub(super) struct StreamLedger {
    pub(super) bits: Vec<f32>,
    pub(super) counts: Vec<(&'static str, u64)>,
}

/// Decodes a stream; memory grows with what was decoded, not with what is claimed.
pub(super) fn decode_stream(
    predicting: Predicting<'_>,
    payload: &Payload<'_>,
    limits: &Limits,
    watch: &Watch,
    mut ledger: Option<&mut StreamLedger>,
) -> Result<Vec<u8>, StreamFault> {
    let mut position = (0, 0);
    let mut decoder =
        payload
            .coder
            .decoder(payload.version, payload.params, payload.bytes, limits)?;
    let mut state = start(predicting)?;
    state.assist(watch.helpers());
    let mut history = Vec::new();
    while history.len() < payload.length {
        if watch.is_cancelled() {
            return Err(cancelled().into());
        }
        let piece = PIECE.min(payload.length - history.len());
        let wanted = history.len() + piece;
        reserve_towards(&mut history, piece, payload.length);
        match &mut ledger {
            None => state.code(piece, &mut *decoder, &mut history),
            Some(ledger) => {
                let mut metered = Metered {
                    inner: &mut *decoder,
                    bits: &mut ledger.bits,
                    length: payload.length,
                    position: &mut position,
                };
                state.code(piece, &mut metered, &mut history);
            }
        }
        if let Some(error) = state.failure() {
            return Err(error.into());
        }
        if decoder.failed() {
            return Err(StreamFault::Payload);
        }
        if history.len() != wanted {
            return Err(broken(predicting, "it coded more or fewer bytes than asked").into());
        }
        watch.advance(piece);
    }
    if let Some(ledger) = ledger {
        ledger.bits.resize(payload.length, 0.0);
        ledger.counts = state.counts();
    }
    if decoder.finish() {
        Ok(history)
    } else {
        Err(StreamFault::Payload)
    }
}
