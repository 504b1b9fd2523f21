//! Blocks, written (RFC 1951).

use umoec_codec::Result;

use crate::bits::BitWriter;
use crate::fault;
use crate::huffman::codes;
use crate::tokens::{DISTANCES, Header, LENGTHS, ORDER, Token};

/// How often each literal, length and distance code occurs, and the end of the block.
pub(crate) fn frequencies(tokens: &[Token]) -> ([u32; 286], [u32; 30]) {
    let (mut literals, mut distances) = ([0; 286], [0; 30]);
    literals[256] = 1;
    for token in tokens {
        if token.is_literal() {
            literals[usize::from(token.byte())] += 1;
        } else {
            literals[257 + length_code(token.length())] += 1;
            distances[distance_code(token.distance())] += 1;
        }
    }
    (literals, distances)
}

fn length_code(length: usize) -> usize {
    match length {
        258 => 28,
        _ => LENGTHS[..28].partition_point(|&(least, _)| usize::from(least) <= length) - 1,
    }
}

fn distance_code(distance: usize) -> usize {
    DISTANCES.partition_point(|&(least, _)| usize::from(least) <= distance) - 1
}

/// Lengths of codes.
pub(crate) fn write_header(header: &Header, bits: &mut BitWriter<'_>) -> Result<()> {
    bits.put(header.literals.len() as u32 - 257, 5);
    bits.put(header.distances.len() as u32 - 1, 5);
    bits.put(header.meta.len() as u32 - 4, 4);
    let mut lengths = [0; 19];
    for (&length, place) in header.meta.iter().zip(ORDER) {
        bits.put(u32::from(length), 3);
        lengths[place] = length;
    }
    let codes = codes(&lengths);
    for &(symbol, extra) in &header.symbols {
        put_code(usize::from(symbol), &codes, &lengths, bits)?;
        let width = match symbol {
            16 => 2,
            17 => 3,
            18 => 7,
            _ => 0,
        };
        bits.put(u32::from(extra), width);
    }
    Ok(())
}

/// Tokens and the end of the block.
pub(crate) fn write_tokens(
    tokens: &[Token],
    literals: &[u8],
    distances: &[u8],
    bits: &mut BitWriter<'_>,
) -> Result<()> {
    let (literal_codes, distance_codes) = (codes(literals), codes(distances));
    for token in tokens {
        if token.is_literal() {
            put_code(usize::from(token.byte()), &literal_codes, literals, bits)?;
            continue;
        }
        let code = length_code(token.length());
        put_code(257 + code, &literal_codes, literals, bits)?;
        let (least, extra) = LENGTHS[code];
        bits.put(
            (token.length() - usize::from(least)) as u32,
            u32::from(extra),
        );
        let code = distance_code(token.distance());
        put_code(code, &distance_codes, distances, bits)?;
        let (least, extra) = DISTANCES[code];
        bits.put(
            (token.distance() - usize::from(least)) as u32,
            u32::from(extra),
        );
    }
    put_code(256, &literal_codes, literals, bits)
}

fn put_code(symbol: usize, codes: &[u16], lengths: &[u8], bits: &mut BitWriter<'_>) -> Result<()> {
    match lengths.get(symbol) {
        None | Some(0) => Err(fault("a block has a symbol without a code")),
        Some(&length) => {
            bits.put(u32::from(codes[symbol]), u32::from(length));
            Ok(())
        }
    }
}
