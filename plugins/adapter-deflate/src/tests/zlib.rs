//! The model against zlib 1.2.13, which made the numbers here.

use super::*;

/// Level, strategy, window, memory level; bytes and CRC-32 of the raw deflate stream that Python's
/// `zlib.compressobj` makes of `text(150_000)`.
const MADE: [(u8, u8, u8, u8, usize, u32); 18] = [
    (1, 0, 15, 8, 46636, 0xD9561C94),
    (2, 0, 15, 8, 47390, 0x1CC902C2),
    (3, 0, 15, 8, 47486, 0xAB2CC08A),
    (4, 0, 15, 8, 45132, 0xBF142C99),
    (5, 0, 15, 8, 44188, 0x4C16A726),
    (6, 0, 15, 8, 43812, 0x8E9D86B8),
    (7, 0, 15, 8, 43805, 0x27558766),
    (8, 0, 15, 8, 43803, 0xFB995C24),
    (9, 0, 15, 8, 43803, 0xFB995C24),
    (6, 1, 15, 8, 44043, 0xF4B470F6),
    (9, 1, 15, 8, 43994, 0x9A740741),
    (6, 2, 15, 8, 86731, 0x2B8C94E6),
    (6, 3, 15, 8, 86731, 0x2B8C94E6),
    (6, 0, 12, 8, 46393, 0x2E06689C),
    (9, 0, 9, 8, 76709, 0x51ECB9AA),
    (6, 0, 15, 9, 43802, 0x808B138E),
    (6, 0, 15, 4, 43847, 0x698D078F),
    (1, 0, 15, 2, 51469, 0xFD3B1614),
];

#[test]
fn the_model_makes_what_zlib_makes() {
    let plain = text(150_000);
    assert_eq!(
        crc32fast::hash(&plain),
        0x371dbe13,
        "the text is not the one that zlib had"
    );
    for (level, strategy, window, memory, length, check) in MADE {
        let strategy =
            [Way::Default, Way::Filtered, Way::Huffman, Way::Runs][usize::from(strategy)];
        let settings = Zlib {
            level,
            strategy,
            window,
            hash: memory + 7,
        };
        let corrections = nothing_to_correct(&plain, settings, memory + 6);
        let mut out = Vec::new();
        rebuild(&plain, &corrections, usize::MAX / 2, &FREE, 0, &mut out).unwrap();
        assert_eq!(
            (out.len(), crc32fast::hash(&out)),
            (length, check),
            "{settings:?}"
        );
    }
}

#[test]
fn settings_are_found_again() {
    let plain = text(60_000);
    for level in 1..=9 {
        for (strategy, window) in [(Way::Default, 15), (Way::Default, 11), (Way::Filtered, 15)] {
            if strategy == Way::Filtered && level < 4 {
                continue;
            }
            let settings = Zlib {
                level,
                strategy,
                window,
                hash: 15,
            };
            let adapted = opened(&zlib_stream(&plain, settings));
            let records = &adapted.streams[1].data;
            assert!(
                records.len() < 24,
                "{settings:?}: {} bytes of records",
                records.len()
            );
        }
    }
}

#[test]
fn lengths_of_codes_are_bounded_as_zlib_bounds_them() {
    // Fibonacci's numbers make the deepest tree.
    let mut counts = vec![1u32, 1];
    while counts.len() < 30 {
        counts.push(counts[counts.len() - 1] + counts[counts.len() - 2]);
    }
    let lengths = huffman::lengths(&counts, 15);
    let kraft: u32 = lengths.iter().map(|&l| 1 << (15 - l)).sum();
    assert_eq!((lengths.iter().max(), kraft), (Some(&15), 1 << 15));
    // Fewer than two symbols: there are two codes.
    assert_eq!(huffman::lengths(&[0; 30], 15), [1, 1]);
    assert_eq!(huffman::lengths(&[0, 0, 0, 5], 15), [1, 0, 0, 1]);
}
