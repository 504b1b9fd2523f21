//! Streams that other encoders make, and files around them.

use proptest::prelude::*;

use super::*;
use crate::inflate::inflate;
use crate::tokens::{Header, Token, fixed_lengths};
use crate::write::{frequencies, write_header, write_tokens};

#[test]
fn files_are_opened_and_come_back() {
    let plain = text(70_000);
    let mut zip = zip_member("a.txt", &plain[..40_000], USUAL);
    zip.extend(zip_member(
        "b.txt",
        &plain[40_000..],
        Zlib { level: 9, ..USUAL },
    ));
    let pdf = |stream: Vec<u8>| {
        let mut out = b"1 0 obj\n<< /Filter /FlateDecode >>\nstream\r\n".to_vec();
        out.extend(stream);
        out.extend(b"\r\nendstream");
        out
    };
    for block in [
        gzip_member(&plain, USUAL),
        zip,
        zlib_stream(&plain, USUAL),
        pdf(zlib_stream(&plain, Zlib { level: 1, ..USUAL })),
    ] {
        let adapted = propose(&block).unwrap().adapted;
        let [rest, records, content] = &adapted.streams[..] else {
            panic!("{} streams", adapted.streams.len());
        };
        assert_eq!(content.data, plain);
        assert!(rest.data.len() < 100 && records.data.len() < 50);
        assert_eq!(back(datas(adapted.clone()), block.len()).unwrap(), block);
    }
}

#[test]
fn what_follows_from_the_content_is_not_kept() {
    let adapted = opened(&gzip_member(&text(5000), USUAL));
    assert_eq!(adapted.streams[0].data.len(), 15, "the header and the name");
    let mut wrong = gzip_member(&text(5000), USUAL);
    let last = wrong.len() - 1;
    wrong[last] ^= 1;
    assert_eq!(opened(&wrong).streams[0].data.len(), 15 + 8);
}

#[test]
fn images_lose_their_filters() {
    for chunk in [100, 8192, 1 << 20] {
        let (mut block, samples) = png_image(200, 90, chunk);
        block.extend(b"something else");
        let adapted = opened(&block);
        let [rest, _, content] = &adapted.streams[..] else {
            panic!("{} streams", adapted.streams.len());
        };
        assert_eq!(content.data, samples);
        assert_eq!(content.layout.strides, [3, 600]);
        assert_eq!(rest.data.len(), 8 + 25 + 8 + 12 + 14);
        // An image whose check is wrong stays as it is, but for a stream that lies in one chunk.
        let at = block.windows(4).position(|w| w == b"IEND").unwrap() - 5;
        block[at] ^= 1;
        let left = opened(&block).streams.swap_remove(0).data;
        assert_eq!(left == block, chunk < 1 << 20);
    }
}

#[test]
fn images_are_opened_up_to_where_a_block_cuts_them_off() {
    for chunk in [1000, 1 << 20] {
        let (block, samples) = png_image(600, 500, chunk);
        for cut in [block.len() - 12, block.len() - 1000, block.len() * 2 / 3] {
            let adapted = opened(&block[..cut]);
            let content = &adapted.streams[2];
            assert!(content.data.len() > samples.len() / 4 && samples.starts_with(&content.data));
            assert_eq!(content.layout.strides, [3, 1800]);
        }
    }
}

#[test]
fn images_of_one_geometry_share_a_stream() {
    let mut block = png_image(64, 40, 8192).0;
    block.extend(png_image(64, 50, 8192).0);
    block.extend(png_image(65, 50, 8192).0);
    let lengths: Vec<_> = opened(&block)
        .streams
        .iter()
        .map(|s| s.data.len())
        .collect();
    assert_eq!(lengths[2..], [64 * 3 * 90, 65 * 3 * 50]);
}

#[test]
fn more_kinds_than_streams_come_back() {
    let block: Vec<u8> = (20..40)
        .flat_map(|width| png_image(width, 40, 8192).0)
        .collect();
    assert_eq!(opened(&block).streams.len(), 2 + KINDS);
}

#[test]
fn what_a_block_cuts_off_is_opened_up_to_there() {
    let block = gzip_member(&text(600_000), USUAL);
    for cut in [
        block.len() - 1,
        block.len() - 9,
        block.len() / 2,
        block.len() / 2 + 1,
    ] {
        let adapted = opened(&block[..cut]);
        assert!(
            adapted.streams[2].data.len() > 100_000,
            "nothing was opened of {cut}"
        );
    }
}

#[test]
fn other_content_is_left_alone() {
    let mut random = Random(3);
    let noise: Vec<u8> = (0..200_000).map(|_| random.next() as u8).collect();
    let marks = b"x^x\xDAx\x9CPK\x03\x04\x1F\x8B\x08\x89PNG\r\n\x1A\n".repeat(3000);
    for block in [&text(100_000), &noise, &marks, &Vec::new(), &vec![0x78]] {
        assert!(propose(block).is_none());
        assert_eq!(opened(block).streams[0].data, *block);
    }
    // A small stream in a large block is not worth a proposal.
    let mut block = noise.clone();
    block.extend(zlib_stream(&text(8000), USUAL));
    assert!(propose(&block).is_none());
}

#[test]
fn a_bomb_is_not_set_off() {
    let bomb = zlib_stream(&vec![0; 30 << 20], USUAL);
    let lengths: usize = opened(&bomb).streams.iter().map(|s| s.data.len()).sum();
    assert!(lengths <= most_inflated(bomb.len()) + bomb.len());
}

/// Lengths, 0 for a literal, distances and literals.
type Tokens = Vec<(usize, usize, u8)>;

/// What a careless encoder does: literals and matches as they come.
fn any_tokens() -> impl Strategy<Value = Tokens> {
    let token = (
        prop_oneof![Just(0usize), 3..=258usize, 3..=8usize],
        1..40usize,
        97..103u8,
    );
    prop::collection::vec(token, 0..400)
}

/// A stream of blocks: stored, with fixed codes, with zlib's codes or with codes of one length.
fn stream(blocks: &[(u8, Tokens)]) -> (Vec<u8>, Vec<u8>) {
    let (mut plain, mut out) = (Vec::new(), Vec::new());
    let mut bits = BitWriter::new(&mut out, usize::MAX / 2);
    for (number, (kind, chosen)) in blocks.iter().enumerate() {
        let start = plain.len();
        let mut tokens = Vec::new();
        for &(length, distance, byte) in chosen {
            if length == 0 || distance > plain.len() {
                plain.push(byte);
                tokens.push(Token::literal(byte));
            } else {
                (0..length).for_each(|_| plain.push(plain[plain.len() - distance]));
                tokens.push(Token::reference(length, distance));
            }
        }
        bits.put(u32::from(number + 1 == blocks.len()), 1);
        match kind {
            0 if plain.len() - start < 65_536 => {
                let length = (plain.len() - start) as u16;
                bits.put(0, 2);
                bits.bytes(&length.to_le_bytes());
                bits.bytes(&(!length).to_le_bytes());
                bits.bytes(&plain[start..]);
            }
            0 | 1 => {
                bits.put(1, 2);
                let (literals, distances) = fixed_lengths();
                write_tokens(&tokens, &literals, &distances, &mut bits).unwrap();
            }
            _ => {
                bits.put(2, 2);
                let (literals, distances) = frequencies(&tokens);
                let own = Header {
                    literals: vec![9; 286],
                    distances: vec![5; 30],
                    meta: [vec![0; 6], vec![1, 0, 0, 1]].concat(),
                    symbols: [vec![(9, 0); 286], vec![(5, 0); 30]].concat(),
                };
                let header = if *kind == 2 {
                    huffman::header(&literals, &distances)
                } else {
                    own
                };
                write_header(&header, &mut bits).unwrap();
                write_tokens(&tokens, &header.literals, &header.distances, &mut bits).unwrap();
            }
        }
    }
    bits.flush(0);
    (plain, out)
}

fn any_settings() -> impl Strategy<Value = Zlib> {
    use Way::{Default, Filtered, Huffman, Runs};
    let strategy = prop_oneof![Just(Default), Just(Filtered), Just(Huffman), Just(Runs)];
    (1..=9u8, strategy, 9..=15u8, 8..=16u8).prop_map(|(level, strategy, window, hash)| Zlib {
        level,
        strategy,
        window,
        hash,
    })
}

proptest! {
    /// Whatever an encoder chose, and whatever zlib would have chosen instead.
    #[test]
    fn any_stream_comes_back(
        blocks in prop::collection::vec((0..4u8, any_tokens()), 1..5),
        settings in any_settings(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (plain, compressed) = stream(&blocks);
        let end = cut.map_or(compressed.len(), |cut| cut.index(compressed.len()) + 1);
        let Some(inflated) = inflate(&compressed[..end], usize::MAX, &mut usize::MAX.clone()) else {
            prop_assert!(cut.is_some());
            return Ok(());
        };
        prop_assert!(plain.starts_with(&inflated.plain));
        prop_assert!(cut.is_some() || inflated.plain == plain);
        let corrections = explain::explain(&inflated, settings);
        let mut out = b"before".to_vec();
        rebuild(&inflated.plain, &corrections, end, &FREE, 0, &mut out).unwrap();
        prop_assert_eq!(&out[6..], &compressed[..inflated.used]);
    }

    #[test]
    fn filters_come_back(
        filtered in prop::collection::vec(any::<u8>(), 0..400),
        pixel in 1..9usize,
        row in 1..50usize,
    ) {
        let rows = Rows { pixel, row, wide: false };
        let mut filtered = filtered;
        if filtered.len() % (row + 1) == 1 {
            filtered.pop();
        }
        filtered.iter_mut().step_by(row + 1).for_each(|filter| *filter %= 5);
        let (filters, samples) = png::unfilter(&filtered, rows).unwrap();
        prop_assert_eq!(png::filter(&samples, &filters, rows), filtered);
    }

    #[test]
    fn blocks_with_streams_anywhere_come_back(
        parts in prop::collection::vec((0..5u8, 0..3000usize), 0..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut block = Vec::new();
        for (kind, length) in parts {
            let plain = text(length);
            block.extend(match kind {
                0 => plain,
                1 => gzip_member(&plain, USUAL),
                2 => zip_member("x", &plain, Zlib { level: 1, ..USUAL }),
                3 => zlib_stream(&plain, USUAL),
                _ => png_image(length / 40 + 1, 30, 777).0,
            });
        }
        opened(&block);
        opened(&block[..cut.index(block.len() + 1)]);
    }

    /// A damaged file is no other file.
    #[test]
    fn damaged_files_come_back(
        kind in 0..4u8,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let plain = text(3000);
        let mut block = match kind {
            0 => gzip_member(&plain, USUAL),
            1 => zip_member("x", &plain, USUAL),
            2 => zlib_stream(&plain, USUAL),
            _ => png_image(30, 30, 300).0,
        };
        for (place, value) in changes {
            let place = place.index(block.len());
            block[place] = value;
        }
        opened(&block);
    }
}
