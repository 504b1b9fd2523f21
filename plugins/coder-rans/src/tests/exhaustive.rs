//! All of a small world: the rule of `spec.md`, sections 3 and 4, leaves no doubt.

use std::collections::HashMap;

use super::*;

/// Distributions whose first symbols have sizes from one extreme to the other.
fn tables() -> Vec<ByteDistribution> {
    [
        // Sizes of the bytes 0, 1, 2; each byte from 3 on has one count, 255 the rest.
        [1, 2, 60_000],
        [60_000, 1, 300],
        [256, 32_768, 20_000],
        [65_281, 1, 1],
    ]
    .into_iter()
    .map(|sizes| {
        let mut cumulative = Box::new([0u32; 257]);
        for s in 0..256 {
            cumulative[s + 1] = cumulative[s] + sizes.get(s).copied().unwrap_or(1);
        }
        cumulative[256] = TOTAL;
        ByteDistribution::new(cumulative).unwrap()
    })
    .collect()
}

/// Every string over four symbols of `len` bytes.
fn strings(len: u32) -> impl Iterator<Item = Vec<u8>> {
    (0..4u32.pow(len)).map(move |code| {
        (0..len)
            .map(|i| [0, 1, 2, 255][(code >> (2 * i) & 3) as usize])
            .collect()
    })
}

#[test]
fn all_short_streams_have_payloads_of_their_own_that_decode() {
    let tables = tables();
    let mut with_words = 0;
    for n in [1, 2] {
        for chunk in [1, 2, 3, 5, 100] {
            for len in 0..=6u32 {
                // Each position has its own distribution, in two arrangements.
                for offset in [0, 1] {
                    let script: Vec<Step> = (0..len as usize)
                        .map(|i| Step::Byte(tables[(i + offset) % tables.len()].clone()))
                        .collect();
                    let mut seen = HashMap::new();
                    for data in strings(len) {
                        let payload = encode(&script, &data, n, chunk);
                        let decisions = intervals(&script, &data);
                        assert_eq!(payload, reference::encode(&decisions, n, chunk));
                        assert_eq!(decode(&script, &payload, n, chunk).as_ref(), Some(&data));
                        with_words += usize::from(n == 1 && chunk == 100 && payload.len() > 8);
                        if let Some(other) = seen.insert(payload, data) {
                            panic!("{other:?} has the same payload");
                        }
                    }
                }
            }
        }
    }
    assert!(
        with_words > 500,
        "{with_words} single-chunk payloads had words"
    );
}

#[test]
fn every_payload_of_two_bytes_is_refused_or_the_only_one() {
    let tables = tables();
    for chunk in [1, 8] {
        for script in [
            vec![Step::Byte(tables[0].clone())],
            vec![Step::Byte(tables[2].clone()), Step::Byte(tables[1].clone())],
            vec![Step::Bits(
                [1, 2, 100, 30_000, 32_768, 50_000, 65_534, 65_535].map(BitProbability::clamped),
            )],
        ] {
            let mut accepted = 0;
            for value in 0..1u32 << 16 {
                let payload = value.to_le_bytes();
                for len in 0..=2 {
                    // Each string once: the bytes beyond its length are zero.
                    if payload[len..].iter().any(|&b| b != 0) {
                        continue;
                    }
                    if let Some(data) = decode(&script, &payload[..len], 1, chunk) {
                        accepted += 1;
                        assert_eq!(encode(&script, &data, 1, chunk), payload[..len]);
                    }
                }
            }
            // A payload of two bytes holds one chunk.
            let decisions = intervals(&script, &[0; 2]).len();
            assert_eq!(accepted > 0, decisions <= chunk, "{accepted}");
        }
    }
}

#[test]
fn every_ending_is_read_back_at_every_length_of_the_first_state() {
    // Bits of one half each add exactly one bit: the state walks through all lengths, and
    // words begin.
    let mut lengths = [false; 24];
    for len in 0..=18usize {
        let script = vec![Step::Bits([BitProbability::HALF; 8]); len];
        for last in 0..=255u8 {
            let mut data = vec![0x5a; len];
            if let Some(b) = data.last_mut() {
                *b = last;
            }
            let payload = encode(&script, &data, 1, 1 << 22);
            lengths[payload.len()] = true;
            assert_eq!(decode(&script, &payload, 1, 1 << 22), Some(data));
        }
    }
    // One byte is not enough for any count of a 0, which begin at 2^15.
    assert_eq!(lengths[..3], [true, false, true]);
    assert!(lengths[3..20].iter().all(|&seen| seen), "{lengths:?}");
}
