//! Files with the adapters for images and for tables, and with the model of `cm` for images.

use umoec_codec::plugin::{PluginId, Settings};

use super::good_adapters::behind;
use super::{Vector, good};
use crate::random::Random;
use crate::stack::{encode, registry};
use crate::wire::{reference, several, solo, solo_member};

/// The content through that adapter, its streams stored: so small, some would not shrink.
pub(super) fn through(adapter: u64, content: &[u8], settings: &Settings) -> Vec<u8> {
    let registry = registry();
    let plugin = registry.adapter(PluginId(adapter), 1).unwrap();
    let adapted = plugin.forward(content, settings).unwrap();
    let streams: Vec<_> = adapted.streams.into_iter().map(|s| s.data).collect();
    let adapter = reference(adapter, 1, &adapted.params);
    let length = content.len() as u64;
    let body = match &streams[..] {
        [one] if one.len() == content.len() => {
            crate::wire::frame(length, &adapter, &[0], &[1, 1], one)
        }
        [one] => {
            let head = [&[8], &crate::wire::varint(length)[..], &adapter].concat();
            let stream = [&crate::wire::varint(one.len() as u64)[..], &[0, 1, 1]].concat();
            [head, stream, one.clone()].concat()
        }
        _ => several(length, &adapter, &streams),
    };
    // 2 MiB.
    solo_member(&solo(64, &body, content, 0x80))
}

pub(super) fn vectors() -> Vec<Vector> {
    [images(), tables()].concat()
}

/// Pixels of smooth colours with some noise.
fn pixels(width: usize, height: usize, channels: usize, most: i64) -> Vec<i64> {
    let mut random = Random::new(41);
    let place = (0..height).flat_map(|y| (0..width).map(move |x| (x as i64, y as i64)));
    let pixel = place.flat_map(|(x, y)| (0..channels as i64).map(move |c| (x, y, c)));
    pixel
        .map(|(x, y, c)| {
            let smooth = (3 * x + 5 * y + x * y / 9) * (c + 2) % most;
            (smooth + random.around_zero(6)).clamp(0, most)
        })
        .collect()
}

fn bytes_of(values: &[i64]) -> Vec<u8> {
    values.iter().map(|&v| v as u8).collect()
}

fn images() -> Vec<Vector> {
    let none = Settings::new();
    let colour = [&b"P6\n40 24\n255\n"[..], &bytes_of(&pixels(40, 24, 3, 255))].concat();
    let wide: Vec<u8> = pixels(30, 20, 1, 65_535)
        .iter()
        .flat_map(|&v| (v as u16).to_be_bytes())
        .collect();
    let wide = [&b"P5\n30 20\n65535\n"[..], &wide, b"behind"].concat();
    vec![
        good(
            "cm-image",
            "Predictor `cm`, preset `image`: a PPM file through adapter `image`.",
            &colour,
            encode(&colour, behind("image", "image")),
        ),
        good(
            "image-colour",
            "Adapter `image`: three channels of 8 bits.",
            &colour,
            through(5, &colour, &none),
        ),
        good(
            "image-wide",
            "Adapter `image`: one channel of 16 bits, most significant byte first, and bytes behind it.",
            &wide,
            through(5, &wide, &none),
        ),
    ]
}

/// Records of f32 `x`, f32 `y`, f32 `x * x + y * y`, f64 of a tenth, and u16.
fn table(records: usize) -> Vec<u8> {
    let mut random = Random::new(42);
    let mut price = 1000i64;
    let record = |number: usize| {
        let [x, y] = [(); 2].map(|()| random.around_zero(4000) as f32 / 64.0);
        price += random.around_zero(9);
        let parts = [
            &x.to_le_bytes()[..],
            &y.to_le_bytes(),
            &(x * x + y * y).to_le_bytes(),
            &(price as f64 / 10.0).to_le_bytes(),
            &(3 * number as u16).to_le_bytes(),
        ];
        parts.concat()
    };
    (0..records).flat_map(record).collect()
}

fn tables() -> Vec<Vector> {
    let schema: Settings = "[schema]\nheader = 5\nfields = [{ type = 'f32', count = 3 }, { type = 'f64' }, { type = 'u16' }]"
        .parse()
        .unwrap();
    let known = [&b"head!"[..], &table(150), b"tail"].concat();
    let points: Vec<u8> = table(200)
        .chunks(22)
        .flat_map(|r| r[..12].to_vec())
        .collect();
    let array = [
        &b"\x93NUMPY\x01\0\x76\0{'descr': '<f4', 'fortran_order': False, 'shape': (200, 3), }"[..],
        &[b' '; 56],
        b"\n",
        &points,
    ]
    .concat();
    vec![
        good(
            "record-schema",
            "Adapter `record`: fields of a schema, one of which follows from two others, and prices in tenths; bytes before and behind.",
            &known,
            through(6, &known, &schema),
        ),
        good(
            "record-npy",
            "Adapter `record`: rows of an array in a file of NumPy.",
            &array,
            through(6, &array, &Settings::new()),
        ),
    ]
}
