//! Tests through the traits, as a predictor sees the coder. A script stands for the predictor.

mod cost;
mod exhaustive;
mod hostile;
mod round_trip;
mod spec;

use proptest::prelude::*;
use umoec_codec::Limits;
use umoec_codec::plugin::{Coder, DecisionCoder};
use umoec_codec::probability::{BitProbability, ByteDistribution, Interval, TOTAL};

use crate::{Rans, reference};

/// How one byte of a stream is asked for.
#[derive(Debug, Clone)]
enum Step {
    /// Eight binary decisions, each the same whatever the bits before it are.
    Bits([BitProbability; 8]),
    /// One whole byte.
    Byte(ByteDistribution),
}

/// Asks `coder` for one byte after the other, as a predictor does.
fn drive(script: &[Step], coder: &mut dyn DecisionCoder) -> Vec<u8> {
    script
        .iter()
        .map(|step| match step {
            Step::Bits(ones) => ones
                .iter()
                .fold(0, |byte, &one| byte << 1 | u8::from(coder.bit(one))),
            Step::Byte(distribution) => coder.byte(distribution),
        })
        .collect()
}

/// The intervals that `data` takes under `script`.
fn intervals(script: &[Step], data: &[u8]) -> Vec<Interval> {
    let mut all = Vec::new();
    for (step, &byte) in script.iter().zip(data) {
        match step {
            Step::Bits(ones) => {
                all.extend((0..8).map(|i| Interval::of_bit(byte >> (7 - i) & 1 != 0, ones[i])));
            }
            Step::Byte(distribution) => all.push(distribution.interval(byte)),
        }
    }
    all
}

/// The parameters for `n` states.
fn params(n: usize) -> Vec<u8> {
    if n == 1 { vec![] } else { vec![n as u8] }
}

fn encode(script: &[Step], data: &[u8], n: usize, chunk: usize) -> Vec<u8> {
    let rans = Rans::new(chunk);
    let mut encoder = rans.encoder(&params(n), data).unwrap();
    assert_eq!(drive(script, &mut *encoder), data);
    let mut payload = vec![0xaa];
    encoder.finish(&mut payload);
    assert_eq!(payload.remove(0), 0xaa, "what was in `out` must stay");
    payload
}

/// The bytes that `payload` decodes to, `None` where the decoder refuses it.
fn decode(script: &[Step], payload: &[u8], n: usize, chunk: usize) -> Option<Vec<u8>> {
    let rans = Rans::new(chunk);
    let mut decoder = rans
        .decoder(1, &params(n), payload, &Limits::default())
        .unwrap();
    let data = drive(script, &mut *decoder);
    let failed = decoder.failed();
    let finished = decoder.finish();
    assert!(!(failed && finished), "a failure must not be forgotten");
    finished.then_some(data)
}

/// The cost of `intervals` by their probabilities, in bits.
fn ideal(intervals: &[Interval]) -> f64 {
    intervals
        .iter()
        .map(|i| 16.0 - f64::from(i.size).log2())
        .sum()
}

/// Any probability, the extreme ones often.
fn any_bit() -> impl Strategy<Value = BitProbability> {
    prop_oneof![
        Just(1),
        Just(TOTAL - 1),
        0u32..64,
        TOTAL - 64..TOTAL,
        0..TOTAL
    ]
    .prop_map(BitProbability::clamped)
}

/// Any distribution, those with one dominant byte often.
fn any_distribution() -> impl Strategy<Value = ByteDistribution> {
    prop_oneof![
        any::<u8>().prop_map(|top| {
            let mut counts = [0; 256];
            counts[usize::from(top)] = 1;
            ByteDistribution::from_counts(&counts)
        }),
        prop::collection::vec(prop_oneof![Just(0), 0u32..1 << 20], 256)
            .prop_map(|counts| ByteDistribution::from_counts(&counts.try_into().unwrap())),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::array::uniform8(any_bit()).prop_map(Step::Bits),
        1 => any_distribution().prop_map(Step::Byte),
    ]
}

/// A script and bytes for it.
fn any_stream(len: usize) -> impl Strategy<Value = (Vec<Step>, Vec<u8>)> {
    prop::collection::vec((any_step(), any::<u8>()), 0..len).prop_map(|v| v.into_iter().unzip())
}

fn any_n() -> impl Strategy<Value = usize> {
    prop::sample::select(vec![1, 2, 4, 8])
}
