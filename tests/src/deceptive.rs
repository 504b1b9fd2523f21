//! Contents of which a part says little of the whole: such as trials on samples once got wrong.

use crate::random::Random;

/// Temperatures of an ocean: rows of `COLUMNS` big-endian f32 in steps of a hundredth. It begins with land, which is one value, and
/// has islands.
#[must_use]
pub fn ocean(len: usize) -> Vec<u8> {
    const COLUMNS: usize = 181;
    const LAND: f32 = -1e10;
    let mut random = Random::new(5);
    let mut row = [1500i64; COLUMNS];
    let (mut out, mut island, mut number) = (Vec::new(), 0, 0);
    while out.len() < len {
        let drift = random.around_zero(6);
        for (column, value) in row.iter_mut().enumerate() {
            *value += drift + random.around_zero(2);
            if random.below(200) == 0 {
                island = random.index(40);
            }
            let land = number < 60 || column < 9 || island > 0;
            island = island.saturating_sub(1);
            let value = if land { LAND } else { *value as f32 / 100.0 };
            out.extend(value.to_be_bytes());
        }
        number += 1;
    }
    out.truncate(len);
    out
}

/// A program: a header of mostly zeros, and functions that call one another at distances in 32 bits.
#[must_use]
pub fn program(len: usize) -> Vec<u8> {
    const PIECES: [&[u8]; 12] = [
        &[0x48, 0x89, 0xe5],
        &[0x48, 0x8b, 0x45, 0xf8],
        &[0x48, 0x83, 0xec, 0x20],
        &[0x31, 0xc0],
        &[0x89, 0xc7],
        &[0x0f, 0xb6, 0xc0],
        &[0x48, 0x8d, 0x55, 0xe0],
        &[0x85, 0xc0],
        &[0x74, 0x0e],
        &[0x48, 0x01, 0xd0],
        &[0x41, 0x54],
        &[0x66, 0x90],
    ];
    let mut random = Random::new(6);
    let mut out = b"\x7fELF\x02\x01\x01".to_vec();
    out.resize(16, 0);
    // An executable for x86-64.
    out.extend([2, 0, 0x3e, 0, 1, 0, 0, 0]);
    out.resize(4096, 0);
    let mut functions = vec![out.len()];
    while out.len() < len {
        out.push(0x55);
        for _ in 0..random.index(30) + 6 {
            if random.below(4) == 0 {
                // The lower of two: some are called by all.
                let which = random
                    .index(functions.len())
                    .min(random.index(functions.len()));
                let distance = functions[which] as i64 - (out.len() as i64 + 5);
                out.push(0xe8);
                out.extend((distance as i32).to_le_bytes());
            } else {
                let piece = random.index(PIECES.len()).min(random.index(PIECES.len()));
                out.extend(PIECES[piece]);
                if random.below(3) == 0 {
                    out.push(random.byte() & 0x78);
                }
            }
        }
        out.extend([0xc9, 0xc3]);
        out.resize(out.len().next_multiple_of(16), 0xcc);
        functions.push(out.len());
    }
    out.truncate(len);
    out
}

/// Pages of a database: positions in f64 that occur again some thousands of bytes later, with names.
#[must_use]
pub fn database(len: usize) -> Vec<u8> {
    let mut random = Random::new(7);
    let points: Vec<[u8; 16]> = (0..300)
        .map(|_| {
            let mut point = [0; 16];
            for half in point.chunks_exact_mut(8) {
                let value = random.below(360_000_000) as f64 / 1e6 - 180.0;
                half.copy_from_slice(&value.to_le_bytes());
            }
            point
        })
        .collect();
    let mut out = Vec::new();
    while out.len() < len {
        // A part of one long border.
        let first = random.index(points.len());
        let count = random.index(100) + 20;
        out.extend(format!("border {first}").bytes());
        for point in points.iter().cycle().skip(first).take(count) {
            out.extend(point);
        }
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.truncate(len);
    out
}

/// The log of a server: visitors, pages and programs come again and again, but hardly within a few hundred lines.
#[must_use]
pub fn log(len: usize) -> Vec<u8> {
    let mut random = Random::new(8);
    let mut names = |count: usize, letters: usize| -> Vec<String> {
        let name = |random: &mut Random| -> String {
            let length = letters / 2 + random.index(letters);
            let letter = |_| char::from(b'a' + random.below(26) as u8);
            (0..length).map(letter).collect()
        };
        (0..count).map(|_| name(&mut random)).collect()
    };
    let (visitors, pages, programs) = (names(500, 12), names(300, 30), names(120, 60));
    let mut random = Random::new(9);
    let (mut out, mut time) = (Vec::new(), 1_600_000_000);
    while out.len() < len {
        time += random.below(30);
        let mut one =
            |of: &[String]| of[random.index(of.len()).min(random.index(of.len()))].clone();
        let (visitor, page, program) = (one(&visitors), one(&pages), one(&programs));
        out.extend(format!("{time} {visitor} GET /{page} 200 \"{program}\"\n").bytes());
    }
    out.truncate(len);
    out
}
