//! The statistics against slow and obvious ones, in floating point where that is what they stand for.

use super::*;

/// A stream of each kind: nothing, tiny, text, records, noise.
fn streams() -> Vec<Vec<u8>> {
    let mut noise = 1u32;
    let mut draw = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    };
    let text = "In a hole in the ground there lived 1 Hobbit.\r\n\tNot a nasty, dirty, wet hole: ";
    vec![
        vec![],
        vec![0],
        vec![7, 7, 7],
        b"abcd".to_vec(),
        text.bytes().cycle().take(3_001).collect(),
        (0..5_000u32).flat_map(|n| (n * 3).to_le_bytes()).collect(),
        "\u{e9}\u{4e2d}\u{1f600}x"
            .bytes()
            .cycle()
            .take(999)
            .collect(),
        (0..70_000).map(|_| draw()).collect(),
        vec![0; 1 << 17],
    ]
}

/// Entropy in bits of what `values` are, counted value by value.
fn plain_entropy(values: &[u8]) -> f64 {
    let share = |byte| values.iter().filter(|&&b| b == byte).count() as f64 / values.len() as f64;
    let shares = (0..=255).map(share).filter(|&p| p > 0.0);
    shares.map(|p| -p * p.log2()).sum()
}

/// Positions that repeat: the last earlier position of the same place has the same four bytes.
fn plain_repeats(bytes: &[u8]) -> usize {
    let word =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let place = |at: usize| u64::from(word(at)) * 2_654_435_761 % (1 << 32) / (1 << 18);
    let last = |at: usize| (0..at).rev().find(|&before| place(before) == place(at));
    let positions = 0..bytes.len().saturating_sub(3);
    let repeats = positions.filter(|&at| last(at).is_some_and(|before| word(before) == word(at)));
    repeats.count()
}

#[test]
fn shares_are_those_of_the_classes() {
    let sets: [&[u8]; CLASSES] = [
        b"abcdefghijklmnopqrstuvwxyz",
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        b"0123456789",
        b" \t",
        b"\n\r",
        br##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##,
        b"\0",
        b"\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f",
        &(0x80..=0xbf).collect::<Vec<u8>>(),
        &(0xc0..=0xff).collect::<Vec<u8>>(),
    ];
    assert_eq!(sets.iter().map(|set| set.len()).sum::<usize>(), 256);
    for bytes in streams() {
        let found = statistics(&bytes);
        for (at, set) in sets.iter().enumerate() {
            let count = bytes.iter().filter(|byte| set.contains(byte)).count();
            let share = 255.0 * count as f64 / bytes.len().max(1) as f64;
            assert!((f64::from(found[at]) - share).abs() <= 0.5, "class {at}");
        }
    }
}

#[test]
fn entropies_are_shannons() {
    for bytes in streams().iter().filter(|bytes| bytes.len() > 4) {
        let found = statistics(bytes);
        let close = |at: usize, values: &[u8]| {
            let wanted = (32.0 * plain_entropy(values)).min(255.0);
            let error = f64::from(found[at]) - wanted;
            assert!(
                (-1.1..=0.1).contains(&error),
                "{at}: {} {wanted}",
                found[at]
            );
        };
        close(10, bytes);
        for (at, lag) in [(11, 1), (12, 2), (13, 4)] {
            let later = bytes[lag..].iter().zip(bytes);
            close(
                at,
                &later.map(|(b, a)| b.wrapping_sub(*a)).collect::<Vec<_>>(),
            );
        }
    }
}

#[test]
fn repeats_are_those_of_a_search() {
    for mut bytes in streams() {
        bytes.truncate(4_000);
        let positions = bytes.len().saturating_sub(3).max(1);
        let share = 255.0 * plain_repeats(&bytes) as f64 / positions as f64;
        assert!((f64::from(statistics(&bytes)[14]) - share).abs() <= 0.5);
    }
}

#[test]
fn a_logarithm_is_one_and_never_falls() {
    let mut last = 0;
    for n in (1..70_000u64).chain((17..64).flat_map(|e| [(1 << e) - 1, 1 << e, (1 << e) + 1])) {
        let log = log2(n);
        assert!(
            (log as f64 / 4096.0 - (n as f64).log2()).abs() < 2.0 / 4096.0,
            "{n}"
        );
        assert!(log >= last, "{n}");
        last = log;
        if n.is_power_of_two() {
            assert_eq!(log, u64::from(n.ilog2()) << 12);
        }
    }
    let lengths = [0, 1, 2, 3, 1 << 15, 1 << 16, 1 << 17].map(|len| statistics(&vec![9; len])[15]);
    assert_eq!(lengths, [0, 0, 16, 25, 240, 255, 255]);
}

/// The numbers themselves, found by another program from the module's text alone: a change of any would part encoders
/// from the networks trained with them.
#[test]
fn the_statistics_stay_what_they_are() {
    let wanted: [[u8; STATISTICS]; 4] = [
        [
            170, 10, 3, 52, 6, 13, 0, 0, 0, 0, 136, 167, 178, 178, 249, 184,
        ],
        [
            7, 7, 13, 3, 3, 25, 129, 38, 16, 16, 150, 211, 248, 26, 0, 228,
        ],
        [
            25, 0, 0, 0, 0, 0, 0, 0, 153, 77, 106, 106, 106, 106, 252, 159,
        ],
        [
            26, 26, 10, 2, 2, 32, 1, 29, 63, 64, 255, 255, 255, 255, 0, 255,
        ],
    ];
    for (bytes, wanted) in streams()[4..].iter().zip(wanted) {
        assert_eq!(statistics(bytes), wanted);
    }
}
