//! The round trip that every plugin of a library makes when it is loaded.
//!
//! It finds what is built wrong, not what is meant ill: a plugin runs here for the first time.

use crate::plugin::{
    Adapter, Answers, AnyPlugin, Coder, DecisionCoder, Layout, Place, Predictor, Settings,
};
use crate::probability::{BitProbability, ByteDistribution};
use crate::{Error, Limits, Result};

/// Tests a plugin, also with the author's sample.
pub(super) fn run(plugin: &AnyPlugin, sample: &[u8]) -> Result<(), String> {
    let mut contents = vec![
        ("one byte", vec![0x41]),
        ("text", text()),
        ("noise", noise(4096)),
        ("zeros", vec![0; 3000]),
    ];
    if !sample.is_empty() {
        contents.push(("its sample", sample.to_vec()));
    }
    for (what, content) in contents {
        let passed = match plugin {
            AnyPlugin::Adapter(adapter) => test_adapter(&**adapter, &content),
            AnyPlugin::Predictor(predictor) => test_predictor(&**predictor, &content),
            AnyPlugin::Coder(coder) => test_coder(&**coder, &content),
        };
        passed
            .map_err(|e| said(e, &plugin.descriptor().name))
            .and_then(|outcome| outcome)
            .map_err(|e| format!("with {what}: {e}"))?;
    }
    Ok(())
}

/// The error without what the refusal says already.
fn said(error: Error, name: &str) -> String {
    match error {
        Error::Plugin { reason, .. } => {
            let start = format!("`{name}`: ");
            let short = reason.strip_prefix(&start);
            short.map(str::to_owned).unwrap_or(reason)
        }
        other => other.to_string(),
    }
}

/// What the test found, unless the plugin itself reported an error.
type Outcome = Result<std::result::Result<(), String>>;

fn text() -> Vec<u8> {
    let line = |n: usize| format!("{n}\tThe quick brown fox jumps over {} lazy dogs.\n", n * n);
    (0..60).map(line).collect::<String>().into_bytes()
}

fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 11) as u8
    };
    (0..len).map(|_| next()).collect()
}

fn verdict(right: bool, wrong: &str) -> Outcome {
    Ok(if right { Ok(()) } else { Err(wrong.to_owned()) })
}

fn test_adapter(adapter: &dyn Adapter, content: &[u8]) -> Outcome {
    let version = adapter.descriptor().version;
    let adapted = adapter.forward(content, &Settings::new())?;
    let streams = adapted.streams.into_iter().map(|s| s.data).collect();
    let limits = Limits::default();
    let back = adapter.inverse(version, &adapted.params, streams, content.len(), &limits)?;
    // What it proposes is brought back by the host itself.
    let place = Place::own(content);
    adapter.propose(content, &place, &Settings::new())?;
    for region in adapter.regions(content, &place)? {
        adapter.propose_region(&content[region.range], &region.note, &Settings::new())?;
    }
    verdict(back == content, "it does not come back as it was")
}

/// Notes the probabilities that a predictor states, or compares them with those noted before.
struct Notes<'a> {
    answers: Answers<'a>,
    noted: Vec<u64>,
    /// Where in `noted` the way back is; `None` on the way there.
    position: Option<usize>,
    same: bool,
}

impl Notes<'_> {
    fn note(&mut self, stated: u64) {
        match &mut self.position {
            None => self.noted.push(stated),
            Some(position) => {
                self.same &= self.noted.get(*position) == Some(&stated);
                *position += 1;
            }
        }
    }
}

impl DecisionCoder for Notes<'_> {
    fn bit(&mut self, one: BitProbability) -> bool {
        self.note(one.one().into());
        self.answers.bit()
    }

    fn byte(&mut self, distribution: &ByteDistribution) -> u8 {
        let byte = self.answers.byte();
        let all = distribution.cumulative().iter();
        self.note(all.fold(1, |sum: u64, &c| {
            sum.wrapping_mul(0x0100_0000_01B3) ^ u64::from(c)
        }));
        byte
    }

    fn seek(&mut self, position: usize) {
        self.note(u64::MAX - position as u64);
        self.answers.seek(position);
    }
}

/// The same probabilities twice, once in pieces, and the bytes in the history.
fn test_predictor(predictor: &dyn Predictor, content: &[u8]) -> Outcome {
    let version = predictor.descriptor().version;
    let params = predictor.plan(content, &Layout::default(), &Settings::new())?;
    let mut notes = Notes {
        answers: Answers::new(&[]),
        noted: Vec::new(),
        position: None,
        same: true,
    };
    for (pieces, position) in [(1, None), (3, Some(0))] {
        notes.answers = Answers::new(content);
        notes.position = position;
        let limits = Limits::default();
        let opened = predictor.open(version, &params, content.len() as u64, &limits)?;
        let mut state = opened.start()?;
        let mut history = Vec::new();
        for piece in content.chunks(content.len().div_ceil(pieces)) {
            state.code(piece.len(), &mut notes, &mut history);
            if let Some(error) = state.failure() {
                return Err(error);
            }
        }
        if history != content {
            return verdict(false, "its history is not what it coded");
        }
    }
    let all = notes.position == Some(notes.noted.len());
    verdict(
        notes.same && all,
        "it states other probabilities the second time",
    )
}

/// Some decisions of each kind under steep and flat probabilities.
fn drive(coder: &mut dyn DecisionCoder, len: usize) -> Vec<u8> {
    let flat = ByteDistribution::from_counts(&[0; 256]);
    let mut counts = [1; 256];
    counts[usize::from(b' ')] = 1 << 20;
    let steep = ByteDistribution::from_counts(&counts);
    let mut bytes = Vec::with_capacity(len);
    for i in 0..len {
        bytes.push(match i % 4 {
            0 => coder.byte(&flat),
            1 => coder.byte(&steep),
            _ => (0..8u32).fold(0, |byte, bit| {
                let one = [1, 60_000, 32_768, 65_535][(bit as usize + i) % 4];
                byte << 1 | u8::from(coder.bit(BitProbability::clamped(one)))
            }),
        });
    }
    bytes
}

fn test_coder(coder: &dyn Coder, content: &[u8]) -> Outcome {
    let version = coder.descriptor().version;
    let params = coder.plan(content.len(), &Settings::new())?;
    let mut encoder = coder.encoder(&params, content)?;
    let answers = drive(&mut *encoder, content.len());
    let mut payload = Vec::new();
    encoder.try_finish(&mut payload)?;
    if answers != content {
        return verdict(
            false,
            "its encoder does not answer with the bytes it was given",
        );
    }
    let mut decoder = coder.decoder(version, &params, &payload, &Limits::default())?;
    let back = drive(&mut *decoder, content.len());
    if back != content || decoder.failed() || !decoder.finish() {
        return verdict(false, "its decoder does not give the bytes back");
    }
    payload.push(0);
    let mut decoder = coder.decoder(version, &params, &payload, &Limits::default())?;
    drive(&mut *decoder, content.len());
    verdict(
        !decoder.finish(),
        "its decoder takes a payload with a byte too many",
    )
}
