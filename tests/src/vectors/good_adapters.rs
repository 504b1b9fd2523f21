//! Files with the adapters for numbers, sound and programs, and with the models of `cm` that see numbers.

use umoec_codec::Limits;
use umoec_codec::pipeline::Profile;
use umoec_codec::plugin::PluginId;

use super::{Vector, good};
use crate::content::Kind;
use crate::random::Random;
use crate::stack::{encode, fixed, registry};
use crate::wire::{frame, reference, solo, solo_member};

pub(super) fn vectors() -> Vec<Vector> {
    [models(), written(), floats(), audio(), exe()].concat()
}

/// `cm` with one model behind an adapter.
pub(super) fn behind(adapter: &str, model: &str) -> Profile {
    let settings = format!("models = [\"{model}\"]\ntable_mib = 1");
    let mut profile = fixed(1 << 20, ("cm", &settings), ("rans", ""));
    profile.adapter.name = adapter.into();
    profile
}

/// Records of three numbers: a slow walk, a wave that depends on it, and noise.
fn walk(count: usize, bytes: impl Fn(f64) -> Vec<u8>) -> Vec<u8> {
    let mut random = Random::new(31);
    let mut state = (40_000i64, 0i64);
    let records = (0..count).map(|_| {
        state.1 += random.around_zero(40) - state.0 / 900;
        state.0 += state.1;
        let noise = 1000 + random.around_zero(900);
        // Quotients of whole numbers below 2^53: rounded alike everywhere.
        [state.0, 3 * state.1, noise]
            .map(|v| bytes(v as f64 / 1024.0))
            .concat()
    });
    records.collect::<Vec<_>>().concat()
}

/// A WAV file of two channels of 16 bits.
fn wav(frames: usize) -> Vec<u8> {
    let samples = Kind::Waves.generate(4 * frames, 32);
    let length = (samples.len() as u32).to_le_bytes();
    [
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0data",
        &length[..],
        &samples,
        b"LIST\x04\0\0\0INFO",
    ]
    .concat()
}

fn models() -> Vec<Vector> {
    let singles = walk(250, |v| (v as f32).to_le_bytes().into());
    let doubles = [b"head!", &walk(100, |v| v.to_be_bytes().into())[..]].concat();
    let sound = wav(900);
    vec![
        good(
            "cm-number",
            "Predictor `cm`, preset `number`: records of three little-endian f32 through adapter `float`.",
            &singles,
            encode(&singles, behind("float", "number")),
        ),
        good(
            "cm-number-f64",
            "Predictor `cm`, preset `number`: records of three big-endian f64 behind five other bytes.",
            &doubles,
            encode(&doubles, behind("float", "number")),
        ),
        good(
            "cm-residual",
            "Predictor `cm`, preset `residual`: a WAV file through adapter `audio`.",
            &sound,
            encode(&sound, behind("audio", "residual")),
        ),
    ]
}

fn written() -> Vec<Vector> {
    // Two functions, called from everywhere, in an ELF file of x86-64.
    let mut program = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0".to_vec();
    let mut random = Random::new(33);
    while program.len() < 2500 {
        let from = program.len() as u32 + 5;
        let target = [0x40u32, 0x812][random.index(2)];
        program.push(0xe8);
        program.extend(target.wrapping_sub(from).to_le_bytes());
        program.extend(&[0x48, 0x89, 0xc7, 0x31, 0xf6][..random.index(5) + 1]);
    }
    vec![good(
        "adapter-exe",
        "Adapter `exe` on calls of x86-64.",
        &program,
        encode(&program, behind("exe", "fast-record")),
    )]
}

/// A stored stream behind an adapter with these parameters: what no encoder here writes.
fn by_hand(
    name: &'static str,
    sentence: &'static str,
    adapter: u64,
    params: &[u8],
    stream: &[u8],
) -> Vector {
    let plugin = registry().adapter(PluginId(adapter), 1).unwrap().clone();
    let limits = Limits::default();
    let streams = vec![stream.to_vec()];
    let content = plugin
        .inverse(1, params, streams, stream.len(), &limits)
        .unwrap();
    let adapter = reference(adapter, 1, params);
    let body = frame(stream.len() as u64, &adapter, &[0], &[1, 1], stream);
    good(
        name,
        sentence,
        &content,
        solo_member(&solo(24, &body, &content, 0x80)),
    )
}

fn floats() -> Vec<Vector> {
    let stream = Kind::Noise.generate(1003, 34);
    let float = |name, sentence, params: &[u8]| by_hand(name, sentence, 2, params, &stream);
    vec![
        float(
            "float-16",
            "Adapter `float`: 16-bit numbers of every kind, with and without differences; the last record is cut.",
            &[2, 7, 0, 1, 2, 4, 5, 6],
        ),
        float(
            "float-32",
            "Adapter `float`: big-endian 32-bit numbers of every kind.",
            &[4 | 16, 0x80, 0, 0, 1, 2, 4, 5, 6],
        ),
        float(
            "float-64",
            "Adapter `float`: 64-bit numbers of every kind.",
            &[8, 1, 6, 5, 4, 2, 1, 0],
        ),
        float(
            "float-skip",
            "Adapter `float` that skips more than there is.",
            &[4, 0xff, 0xff, 0xff, 0xff, 0x7f, 6],
        ),
    ]
}

fn audio() -> Vec<Vector> {
    let noise = Kind::Noise.generate(1200, 35);
    // What is nearly predicted: residuals of a few units.
    let small: Vec<u8> = noise
        .chunks(3)
        .flat_map(|n| [0x80, n[0] & 7, n[1]])
        .collect();
    let audio =
        |name, sentence, params: &[u8], stream: &[u8]| by_hand(name, sentence, 3, params, stream);
    vec![
        audio(
            "audio-8",
            "Adapter `audio`: unsigned 8-bit samples of one channel, some bytes before and after.",
            &[8, 0, 44, 0xe8, 7],
            &noise,
        ),
        audio(
            "audio-16",
            "Adapter `audio`: big-endian 16-bit samples of three channels; a part of a frame is left.",
            &[1 | 4, 2, 0, 0xd7, 4],
            &noise,
        ),
        audio(
            "audio-24",
            "Adapter `audio`: 24-bit samples of two channels, with small residuals.",
            &[2, 1, 0, 0xb0, 9],
            &small,
        ),
        audio(
            "audio-32",
            "Adapter `audio`: 32-bit samples of 32 channels, as wide as they can be.",
            &[3, 31, 48, 0x80, 9],
            &noise,
        ),
    ]
}

fn exe() -> Vec<Vector> {
    // Bytes of which branches are made, so that many overlap.
    let bytes = [0xe8, 0xe9, 0, 0xff, 0x94, 0x97, 1, 0x80];
    let noise = Kind::Noise.generate(1001, 36);
    let stream: Vec<u8> = noise.iter().map(|&b| bytes[usize::from(b & 7)]).collect();
    let exe = |name, sentence, params: &[u8]| by_hand(name, sentence, 4, params, &stream);
    vec![
        exe(
            "exe-x86",
            "Adapter `exe`: x86, calls within calls, an address that wraps.",
            &[1, 0xf0, 0xff, 0xff, 0xff],
        ),
        exe(
            "exe-aarch64",
            "Adapter `exe`: AArch64, from an address that is no multiple of four.",
            &[2, 3, 0, 0x10, 0],
        ),
    ]
}
