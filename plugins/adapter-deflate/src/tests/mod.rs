mod hostile;
mod streams;
mod zlib;

use umoec_codec::plugin::Proposal;

use super::*;
use crate::bits::BitWriter;
use crate::model::{Model, Strategy as Way};
use crate::rebuild::rebuild;
use crate::wire::put;

const FREE: Limits = Limits {
    memory: u64::MAX,
    output: u64::MAX,
};
const USUAL: Zlib = Zlib {
    level: 6,
    strategy: Way::Default,
    window: 15,
    hash: 15,
};

/// The same words for everyone: `spec.md` gives no data.
struct Random(u32);

impl Random {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) as usize
    }
}

/// Text of 200 words, some of them rare.
fn text(length: usize) -> Vec<u8> {
    let mut random = Random(1);
    let word = |random: &mut Random| {
        let length = 2 + random.next() % 8;
        let mut word: Vec<u8> = (0..length)
            .map(|_| 97 + (random.next() % 26) as u8)
            .collect();
        word.push(b' ');
        word
    };
    let words: Vec<_> = (0..200).map(|_| word(&mut random)).collect();
    let mut out = Vec::new();
    while out.len() < length {
        let (a, b) = (random.next() % 200, random.next() % 200);
        out.extend(&words[a.min(b)]);
    }
    out.truncate(length);
    out
}

/// Corrections that leave everything to zlib.
fn nothing_to_correct(plain: &[u8], settings: Zlib, buffer: u8) -> Vec<u8> {
    let mut model = Model::new(plain, settings);
    let mut tokens = 0;
    while model.at() < plain.len() {
        let said = model.next();
        model.take(said, said);
        tokens += 1;
    }
    let blocks = usize::div_ceil(tokens, (1 << buffer) - 1).max(1);
    let mut out = vec![
        settings.level | (settings.strategy as u8) << 4,
        (settings.window - 9) | (settings.hash - 8) << 3,
        buffer,
    ];
    put(&mut out, blocks);
    out.extend(std::iter::repeat_n(2, blocks - 1));
    out.push(2 | 4);
    out
}

/// A deflate stream as zlib makes it of what has only dynamic blocks.
fn deflate(plain: &[u8], settings: Zlib) -> Vec<u8> {
    let mut out = Vec::new();
    let corrections = nothing_to_correct(plain, settings, 14);
    rebuild(plain, &corrections, usize::MAX / 2, &FREE, 0, &mut out).unwrap();
    out
}

fn zlib_stream(plain: &[u8], settings: Zlib) -> Vec<u8> {
    let mut out = vec![0x78, 0x9C];
    out.extend(deflate(plain, settings));
    out.extend(scan::adler32(plain).to_be_bytes());
    out
}

fn gzip_member(plain: &[u8], settings: Zlib) -> Vec<u8> {
    let mut out = b"\x1F\x8B\x08\x08\x00\x00\x00\x00\x00\x03name\x00".to_vec();
    out.extend(deflate(plain, settings));
    out.extend(scan::gzip_trailer(plain));
    out
}

fn zip_member(name: &str, plain: &[u8], settings: Zlib) -> Vec<u8> {
    let stream = deflate(plain, settings);
    let mut out = b"PK\x03\x04\x14\x00\x00\x00\x08\x00\x00\x00\x00\x00".to_vec();
    out.extend(crc32fast::hash(plain).to_le_bytes());
    out.extend((stream.len() as u32).to_le_bytes());
    out.extend((plain.len() as u32).to_le_bytes());
    out.extend((name.len() as u16).to_le_bytes());
    out.extend([0, 0]);
    out.extend(name.as_bytes());
    out.extend(stream);
    out
}

/// A smooth image of 3 bytes to a pixel, its filters in turn, in chunks of at most `chunk` bytes.
fn png_image(width: usize, height: usize, chunk: usize) -> (Vec<u8>, Vec<u8>) {
    let rows = Rows {
        pixel: 3,
        row: 3 * width,
        wide: false,
    };
    let mut random = Random(7);
    let samples: Vec<u8> = (0..height * rows.row)
        .map(|at| (at % rows.row / 5 + at / rows.row * 2 + random.next() % 3) as u8)
        .collect();
    let filters: Vec<u8> = (0..height).map(|y| (y % 5) as u8).collect();
    let stream = zlib_stream(&png::filter(&samples, &filters, rows), USUAL);
    let mut out = b"\x89PNG\r\n\x1A\n".to_vec();
    let mut chunk_of = |kind: &[u8], body: &[u8]| {
        out.extend((body.len() as u32).to_be_bytes());
        let start = out.len();
        out.extend(kind);
        out.extend(body);
        let check = crc32fast::hash(&out[start..]);
        out.extend(check.to_be_bytes());
    };
    let mut header = (width as u32).to_be_bytes().to_vec();
    header.extend((height as u32).to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    chunk_of(b"IHDR", &header);
    stream
        .chunks(chunk)
        .for_each(|body| chunk_of(b"IDAT", body));
    chunk_of(b"IEND", b"");
    (out, samples)
}

fn propose(block: &[u8]) -> Option<Proposal> {
    let place = Place::own(block);
    let mut proposals = Deflate.propose(block, &place, &Settings::new()).unwrap();
    assert!(proposals.len() < 2);
    proposals.pop()
}

fn datas(adapted: Adapted) -> Vec<Vec<u8>> {
    adapted.streams.into_iter().map(|s| s.data).collect()
}

fn back(streams: Vec<Vec<u8>>, length: usize) -> Result<Vec<u8>> {
    Deflate.inverse(1, &[], streams, length, &FREE)
}

/// What a block becomes, after a look at whether it comes back.
fn opened(block: &[u8]) -> Adapted {
    let adapted = Deflate.forward(block, &Settings::new()).unwrap();
    assert_eq!(back(datas(adapted.clone()), block.len()).unwrap(), block);
    adapted
}
