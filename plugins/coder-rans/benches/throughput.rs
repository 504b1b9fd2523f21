//! Decisions per second through the traits, as a predictor sees the coder.
//!
//! `cargo bench -p umoec-coder-rans`

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use umoec_codec::Limits;
use umoec_codec::plugin::{AnyPlugin, Coder, DecisionCoder, Kind, Registry};
use umoec_codec::probability::{BitProbability, ByteDistribution};
use umoec_coder_rans as _;

/// Bytes of a stream: as binary decisions, two full chunks.
const LEN: usize = 1 << 20;

/// What is asked for, byte after byte.
enum Script {
    Bits(Vec<BitProbability>),
    Bytes(Vec<ByteDistribution>),
}

impl Script {
    fn decisions(&self) -> usize {
        match self {
            Self::Bits(ones) => ones.len(),
            Self::Bytes(_) => LEN,
        }
    }

    fn drive(&self, coder: &mut dyn DecisionCoder) {
        match self {
            Self::Bits(ones) => {
                for &one in ones {
                    black_box(coder.bit(one));
                }
            }
            Self::Bytes(distributions) => {
                for i in 0..LEN {
                    black_box(coder.byte(&distributions[i % distributions.len()]));
                }
            }
        }
    }
}

/// Marsaglia's xorshift64.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Probabilities as a good predictor has them, mostly near a certainty, and data drawn from them:
/// about 0.25 bits each.
fn bits() -> (Script, Vec<u8>) {
    let mut state = 0x1234_5678_9abc_def1;
    let mut data = vec![0u8; LEN];
    let mut ones = Vec::with_capacity(LEN * 8);
    for i in 0..LEN * 8 {
        let draw = random(&mut state);
        let small = (1 << (draw >> 60)) + (draw >> 48 & 0xf);
        let one = if draw & 1 == 0 { small } else { 65_536 - small };
        let one = BitProbability::clamped(one as u32);
        let bit = (random(&mut state) >> 48) < u64::from(one.one());
        data[i / 8] |= u8::from(bit) << (7 - i % 8);
        ones.push(one);
    }
    (Script::Bits(ones), data)
}

/// Text-like distributions, and data drawn from them.
fn bytes() -> (Script, Vec<u8>) {
    let mut state = 0xfeed_5678_9abc_def1;
    let distributions: Vec<ByteDistribution> = (0..64)
        .map(|_| {
            let counts = std::array::from_fn(|_| 1 << (random(&mut state) >> 60));
            ByteDistribution::from_counts(&counts)
        })
        .collect();
    let data = (0..LEN)
        .map(|i| distributions[i % 64].symbol_at((random(&mut state) >> 48) as u32))
        .collect();
    (Script::Bytes(distributions), data)
}

fn encode(rans: &dyn Coder, params: &[u8], script: &Script, data: &[u8]) -> Vec<u8> {
    let Ok(mut encoder) = rans.encoder(params, data) else {
        panic!("the parameters are valid");
    };
    script.drive(&mut *encoder);
    let mut payload = Vec::new();
    encoder.finish(&mut payload);
    payload
}

fn decode(rans: &dyn Coder, params: &[u8], script: &Script, payload: &[u8]) {
    let Ok(mut decoder) = rans.decoder(1, params, payload, &Limits::default()) else {
        panic!("the parameters are valid");
    };
    script.drive(&mut *decoder);
    assert!(decoder.finish());
}

fn throughput(c: &mut Criterion) {
    let registry = Registry::linked().expect("one plugin cannot collide");
    let Ok(AnyPlugin::Coder(rans)) = registry.by_name(Kind::Coder, "rans") else {
        panic!("`rans` is linked");
    };
    let rans = &**rans;
    for (name, (script, data)) in [("bits", bits()), ("bytes", bytes())] {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(script.decisions() as u64));
        group.sample_size(10);
        for n in [1u8, 2, 4, 8] {
            group.bench_function(BenchmarkId::new("encode", n), |b| {
                b.iter(|| encode(rans, &[n], &script, &data));
            });
            let payload = encode(rans, &[n], &script, &data);
            group.bench_function(BenchmarkId::new("decode", n), |b| {
                b.iter(|| decode(rans, &[n], &script, &payload));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, throughput);
criterion_main!(benches);
