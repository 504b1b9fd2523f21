//! Coded size against the ideal code length, and against an independent coder.

use std::collections::HashMap;

use constriction::stream::Encode;
use constriction::stream::model::ContiguousCategoricalEntropyModel;
use constriction::stream::stack::AnsCoder;

use super::*;
use crate::CHUNK;

/// Marsaglia's xorshift64: reproducible numbers for large streams.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A count of `0..TOTAL`.
    fn count(&mut self) -> u32 {
        (self.next() >> 48) as u32
    }
}

type Model = ContiguousCategoricalEntropyModel<u32, Vec<u32>, 16>;

/// What constriction's ANS coder with the same state and word sizes makes of it, in bytes.
fn constriction(symbols: &[(usize, &Model)]) -> f64 {
    let mut coder: AnsCoder<u32, u64> = AnsCoder::new();
    for &(symbol, model) in symbols.iter().rev() {
        coder.encode_symbol(symbol, model).unwrap();
    }
    coder.iter_compressed().count() as f64 * 4.0
}

/// Checks the size of `payload` against the ideal, another coder's size, and the bound of `spec.md`, section 8.
fn check(what: &str, payload: &[u8], decisions: &[Interval], other: f64) {
    let (bytes, ideal) = (payload.len() as f64, ideal(decisions) / 8.0);
    println!(
        "{what}: ideal {ideal:.1} bytes, coded {bytes} ({:+.5} %), constriction {other} ({:+.5} %)",
        (bytes / ideal - 1.0) * 100.0,
        (other / ideal - 1.0) * 100.0
    );
    assert!(bytes <= ideal * 1.001);
    assert!(
        bytes >= ideal * 0.999,
        "data drawn from the model cannot cost less"
    );
    assert!(bytes <= other * 1.001);
}

/// Codes binary decisions with the probabilities that `draw` gives, and outcomes that are 1 with
/// the probability `truth` makes of it.
fn check_bits(name: &str, draw: fn(&mut Random) -> u32, truth: fn(u32) -> u32) {
    let mut random = Random(0x1234_5678_9abc_def1);
    let mut models: HashMap<u32, Model> = HashMap::new();
    let (mut script, mut data, mut symbols) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..1 << 17 {
        let mut ones = [BitProbability::HALF; 8];
        let mut byte = 0;
        for slot in &mut ones {
            let one = BitProbability::clamped(draw(&mut random));
            let bit = random.count() < truth(one.one());
            *slot = one;
            byte = byte << 1 | u8::from(bit);
            models.entry(one.one()).or_insert_with(|| {
                let sizes = [one.one(), one.zero()];
                Model::from_nonzero_fixed_point_probabilities(sizes, false).unwrap()
            });
            symbols.push((usize::from(!bit), one.one()));
        }
        script.push(Step::Bits(ones));
        data.push(byte);
    }
    let symbols: Vec<_> = symbols.iter().map(|(s, one)| (*s, &models[one])).collect();
    let (decisions, other) = (intervals(&script, &data), constriction(&symbols));
    for n in [1, 4] {
        let payload = encode(&script, &data, n, CHUNK);
        check(&format!("{name}, {n} states"), &payload, &decisions, other);
    }
}

#[test]
fn random_binary_decisions_cost_what_they_should() {
    check_bits("uniform probabilities", Random::count, |one| one);
    check_bits(
        "near 0",
        |r| (u64::from(r.count()).pow(2) >> 16) as u32,
        |one| one,
    );
}

#[test]
fn skewed_binary_decisions_cost_what_they_should() {
    // The probabilities are wrong for these outcomes, but their cost is still the ideal one: on
    // both sides of an extreme, with the costly outcome now and then.
    check_bits("1/65536", |_| 1, |_| 2600);
    check_bits("65535/65536", |_| 65_535, |_| 62_936);
    check_bits(
        "either",
        |r| (r.count() & 1) * 65_536,
        |one| if one == 1 { 2600 } else { 62_936 },
    );
}

#[test]
fn random_bytes_cost_what_they_should() {
    let mut random = Random(0xfeed_5678_9abc_def1);
    let distributions: Vec<(ByteDistribution, Model)> = (0..32)
        .map(|i| {
            let counts = std::array::from_fn(|_| (random.next() >> (32 + i)) as u32);
            let distribution = ByteDistribution::from_counts(&counts);
            let sizes = (0..=255).map(|s| distribution.interval(s).size);
            let model = Model::from_nonzero_fixed_point_probabilities(sizes, false).unwrap();
            (distribution, model)
        })
        .collect();
    let (mut script, mut data, mut symbols) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..100_000 {
        let (distribution, model) = &distributions[i % distributions.len()];
        let byte = distribution.symbol_at(random.count());
        script.push(Step::Byte(distribution.clone()));
        data.push(byte);
        symbols.push((usize::from(byte), model));
    }
    let other = constriction(&symbols);
    for n in [1, 2, 8] {
        let payload = encode(&script, &data, n, CHUNK);
        check(
            &format!("bytes, {n} states"),
            &payload,
            &intervals(&script, &data),
            other,
        );
    }
}

#[test]
fn large_and_certain_costs_next_to_nothing() {
    // Four million certain decisions cost 92 bits by their probabilities.
    let script = vec![Step::Bits([BitProbability::clamped(1); 8]); 1 << 19];
    let payload = encode(&script, &vec![0; 1 << 19], 1, CHUNK);
    assert!(payload.len() <= 92 / 8 + 3, "{} bytes", payload.len());
}

proptest! {
    #[test]
    fn no_stream_costs_more_than_section_8_allows((script, data) in any_stream(80), n in any_n(), chunk in 1usize..700) {
        let decisions = intervals(&script, &data);
        let bits = encode(&script, &data, n, chunk).len() as f64 * 8.0;
        let states = decisions.len().div_ceil(chunk) * n;
        let ends = if states == 1 { 24.0 } else { 64.0 * states as f64 };
        let bound = ideal(&decisions) * (1.0 + 1.0 / 65_536.0) + ends;
        prop_assert!(bits <= bound + 1e-6, "{} bits, bound {}", bits, bound);
    }
}
