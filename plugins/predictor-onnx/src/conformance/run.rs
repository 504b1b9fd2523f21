//! How it is run.

use std::sync::Arc;

use umoec_exact::{ExactError, Fused, Isa, Stepper};

use super::{Case, SEQUENCES};
use crate::backend::{Backend, Prepared};

/// Numbers of lanes: one, one for each sequence, and several whole vectors of any machine.
pub const LANES: [usize; 3] = [1, 7, 64];

/// Numbers of threads that run the case at once.
pub const THREADS: [usize; 2] = [1, 2];

/// One way to run a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// What runs it.
    pub backend: Backend,
    /// Lanes in lockstep.
    pub lanes: usize,
    /// Threads that share the prepared model, each running the whole case.
    pub threads: usize,
    /// Instructions that [`Backend::Fused`] is forced to; `None` leaves them to the backend.
    pub isa: Option<Isa>,
}

impl Setting {
    /// The instructions to try with a backend: each of this machine, where they can be chosen.
    #[must_use]
    pub fn isas(backend: Backend) -> Vec<Option<Isa>> {
        match backend {
            Backend::Fused => Isa::here().map(Some).collect(),
            _ => vec![None],
        }
    }
}

/// The digest of a case: BLAKE3 of the logits of all sequences, each number in 4 bytes,
/// little-endian.
///
/// # Errors
/// [`ExactError::Backend`] where the backend fails, or where two lanes or two threads that should
/// give the same do not.
pub fn digest(case: &Case, setting: Setting) -> Result<[u8; 32], ExactError> {
    let prepared: Arc<dyn Prepared> = match setting.isa {
        Some(isa) => {
            let model = Arc::clone(case.loaded.model());
            Arc::new(Fused::with_isa(model, setting.lanes, isa)?)
        }
        None => case.loaded.prepare(setting.backend, setting.lanes)?,
    };
    let one = || on_one_thread(case, setting, &*prepared);
    let digests: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..setting.threads).map(|_| scope.spawn(one)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|outcome| outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut digests = digests.into_iter();
    let first = digests.next().unwrap_or_else(one)?;
    for other in digests {
        if other? != first {
            return Err(differs(setting, "two threads"));
        }
    }
    Ok(first)
}

fn differs(setting: Setting, what: &str) -> ExactError {
    ExactError::Backend {
        backend: setting.backend.name().into(),
        reason: format!("{what} gave different logits for the same bytes"),
    }
}

fn on_one_thread(
    case: &Case,
    setting: Setting,
    prepared: &dyn Prepared,
) -> Result<[u8; 32], ExactError> {
    let mut stepper = prepared.start()?;
    let mut hashes: Vec<blake3::Hash> = Vec::new();
    // With fewer lanes than sequences, one group of sequences after another.
    while hashes.len() < SEQUENCES {
        stepper.reset();
        let lanes = lane_hashes(case, &mut *stepper, hashes.len())?;
        let round = lanes.len().min(SEQUENCES);
        // Lanes beyond the sequences had the same bytes as those before them.
        let mut repeated = lanes.iter().enumerate().skip(round);
        if repeated.any(|(lane, hash)| *hash != lanes[lane % SEQUENCES]) {
            return Err(differs(setting, "two lanes"));
        }
        hashes.extend(&lanes[..round]);
    }
    let mut hasher = blake3::Hasher::new();
    for hash in &hashes[..SEQUENCES] {
        hasher.update(hash.as_bytes());
    }
    Ok(*hasher.finalize().as_bytes())
}

/// The hash of each lane's logits; lane `l` is fed sequence `first + l`, counted round.
fn lane_hashes(
    case: &Case,
    stepper: &mut dyn Stepper,
    first: usize,
) -> Result<Vec<blake3::Hash>, ExactError> {
    let lanes = stepper.lanes();
    let interface = case.loaded.model().interface();
    let mut hashers = vec![blake3::Hasher::new(); lanes];
    let mut logits = vec![0; lanes * 256];
    for step in 0..case.steps {
        if let Some(condition) = &interface.condition {
            let (low, high) = (condition.range.low, condition.range.high);
            let span = u64::from(high.abs_diff(low)) + 1;
            let of_lane = |lane: usize| {
                let sequence = (first + lane) % SEQUENCES;
                (0..condition.size).map(move |k| {
                    let draw = u64::from(input(sequence, step * 31 + k, 2)) << 8
                        | u64::from(input(sequence, step * 31 + k, 3));
                    low.wrapping_add_unsigned((draw % span) as u32)
                })
            };
            let values: Vec<i32> = (0..lanes).flat_map(of_lane).collect();
            stepper.set_condition(&values)?;
        }
        let byte = |lane| input((first + lane) % SEQUENCES, step, 1);
        let bytes: Vec<u8> = (0..lanes).map(byte).collect();
        stepper.step(&bytes, &mut logits)?;
        for (hasher, logits) in hashers.iter_mut().zip(logits.chunks_exact(256)) {
            for logit in logits {
                hasher.update(&logit.to_le_bytes());
            }
        }
    }
    Ok(hashers.iter().map(blake3::Hasher::finalize).collect())
}

/// A byte of a fixed sequence: the top of a multiplicative hash. Sequence 0 is text, so that
/// embeddings of common bytes are met too.
fn input(sequence: usize, step: usize, stream: u64) -> u8 {
    const TEXT: &[u8] = b"In the beginning was the Word; 0, 1, 2, {\"a\": [3]}\n";
    if sequence == 0 && stream == 1 {
        return TEXT[step % TEXT.len()];
    }
    let key = (sequence as u64) << 40 | (step as u64) << 8 | stream;
    // 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4), twice.
    let mixed = (key + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as u8
}
