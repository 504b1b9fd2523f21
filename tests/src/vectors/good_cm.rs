//! Files that encoders write with predictor `cm`.

use umoec_codec::pipeline::Profile;

use super::{Vector, good};
use crate::content::Kind;
use crate::stack::{encode, fixed};

/// `cm` that may choose among these models only.
fn cm(block_size: u64, settings: &str) -> Profile {
    fixed(block_size, ("cm", settings), ("rans", ""))
}

/// A small recipe of a profile's own.
const RECIPE: &str = "table_mib = 1\n\
    models = [\"mine\"]\n\
    [custom.mine]\n\
    contexts = \"o1 o2 word\"\n\
    direct = \"o0\"\n\
    matches = \"6\"\n\
    selectors = \"zero c1\"\n\
    rates = \"60 20 8\"\n\
    weight = \"40\"\n";

/// Machine code of x86-64: instructions of all forms, in no good order.
fn program(mut seed: u32, count: usize) -> Vec<u8> {
    const FORMS: [&[u8]; 12] = [
        &[0x55],
        &[0x48, 0x89, 0xE5],
        &[0x48, 0x83, 0xEC],
        &[0x48, 0x8D, 0x3D],
        &[0xE8],
        &[0x8B, 0x44, 0x24],
        &[0x48, 0xB8],
        &[0x66, 0xC7, 0x00],
        &[0xF6, 0xC1],
        &[0x0F, 0x84],
        &[0x66, 0x0F, 0x3A, 0x0F, 0xC1],
        &[0xC4, 0xE2, 0x7D, 0x58, 0x05],
    ];
    /// Bytes that follow each.
    const OPERANDS: [usize; 12] = [0, 0, 1, 4, 4, 1, 8, 2, 1, 4, 1, 4];
    let mut code = Vec::new();
    for _ in 0..count {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let form = (seed >> 28) as usize % FORMS.len();
        code.extend(FORMS[form]);
        let operand = [
            (seed >> 20) as u8 & 0x38,
            (seed >> 24) as u8 & 3,
            0,
            0,
            0,
            0,
            0,
            0,
        ];
        code.extend(&operand[..OPERANDS[form]]);
    }
    code
}

pub(super) fn vectors() -> Vec<Vector> {
    let text = Kind::Text.generate(6000, 7);
    let records = Kind::Records.generate(6000, 8);
    let grid = Kind::Grid.generate(9600, 9);
    let waves = Kind::Waves.generate(3000, 10);
    let runs = Kind::Runs.generate(600_000, 11);
    let machine = [&records[..2000], &program(5, 800)].concat();
    let tiny = Kind::Text.generate(60, 12);
    // Rows, some of them again the other way round, after what puts them elsewhere.
    let back = records[..3200].rchunks(16).skip(20).flatten();
    let back = [&records[..3203], &back.copied().collect::<Vec<u8>>()].concat();
    let only = |model: &str| cm(1 << 20, &format!("models = [\"{model}\"]"));
    let stride = |mut profile: Profile, strides: &str| {
        profile.adapter.settings = toml::from_str(&format!("strides = {strides}")).unwrap();
        profile
    };
    vec![
        good(
            "cm-text",
            "Predictor `cm`, preset `text`.",
            &text,
            encode(&text, only("text")),
        ),
        good(
            "cm-record",
            "Predictor `cm`, preset `record`, with the stride of the records.",
            &records,
            encode(&records, stride(only("record"), "[16]")),
        ),
        good(
            "cm-record-no-stride",
            "Predictor `cm`, preset `record`, without a stride.",
            &waves,
            encode(&waves, stride(only("record"), "[]")),
        ),
        good(
            "cm-back",
            "Predictor `cm`, preset `mid-record`: rows that come back the other way round.",
            &back,
            encode(&back, stride(only("mid-record"), "[16]")),
        ),
        good(
            "cm-grid",
            "Predictor `cm`, preset `grid`, with the strides of pixel and row.",
            &grid,
            encode(&grid, stride(only("grid"), "[3, 192]")),
        ),
        good(
            "cm-fast-text",
            "Predictor `cm`, preset `fast-text`.",
            &text,
            encode(&text, only("fast-text")),
        ),
        good(
            "cm-fast-record",
            "Predictor `cm`, preset `fast-record`.",
            &records,
            encode(&records, stride(only("fast-record"), "[16]")),
        ),
        good(
            "cm-deep-text",
            "Predictor `cm`, preset `deep-text`.",
            &text,
            encode(&text, only("deep-text")),
        ),
        good(
            "cm-deep-record",
            "Predictor `cm`, preset `deep-record`.",
            &records,
            encode(&records, stride(only("deep-record"), "[16]")),
        ),
        good(
            "cm-deep-grid",
            "Predictor `cm`, preset `deep-grid`, with the strides of pixel and row.",
            &grid,
            encode(&grid, stride(only("deep-grid"), "[3, 192]")),
        ),
        good(
            "cm-mid-text",
            "Predictor `cm`, preset `mid-text`.",
            &text,
            encode(&text, only("mid-text")),
        ),
        good(
            "cm-mid-record",
            "Predictor `cm`, preset `mid-record`, with the stride of the records.",
            &records,
            encode(&records, stride(only("mid-record"), "[16]")),
        ),
        good(
            "cm-machine",
            "Predictor `cm`, preset `machine`, on records and machine code of x86-64.",
            &machine,
            encode(&machine, only("machine")),
        ),
        good(
            "cm-deep-machine",
            "Predictor `cm`, preset `deep-machine`, on records and machine code of x86-64.",
            &machine,
            encode(&machine, only("deep-machine")),
        ),
        good(
            "cm-bare",
            "Predictor `cm`, preset `bare`, which has no hashed contexts and no matchers.",
            &text,
            encode(&text, only("bare")),
        ),
        good(
            "cm-recipe",
            "Predictor `cm` with a recipe of its own instead of a preset.",
            &text,
            encode(&text, cm(1 << 20, RECIPE)),
        ),
        good(
            "cm-blocks",
            "Predictor `cm` in three blocks.",
            &text,
            encode(&text, cm(2000, "models = [\"text\"]")),
        ),
        good(
            "cm-tiny",
            "Predictor `cm` on 60 bytes.",
            &tiny,
            encode(&tiny, only("text")),
        ),
        good(
            "cm-chunks",
            "Predictor `cm` on 600,000 bytes of runs: more than 2^22 binary decisions.",
            &runs,
            encode(&runs, cm(1 << 20, RECIPE)),
        ),
    ]
}
