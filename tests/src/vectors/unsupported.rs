//! Files that may be right, for a program that has more.

use super::{Vector, faulty};
use crate::stack::Fault;
use crate::wire::{
    Header, LORA, MODEL, Member, OPENING, PLUGIN, frame, reference, section, solo, solo_member,
    stored, varint,
};

/// The id of a third party (spec plugin-ids §3).
const THIRD_PARTY: u64 = 0x009f_3c51_e007_0001;

pub(super) fn vectors() -> Vec<Vector> {
    [versions(), sections(), needs(), frames()].concat()
}

fn unsupported(name: &'static str, sentence: &'static str, file: Vec<u8>) -> Vector {
    faulty(name, Fault::Unsupported, sentence, file)
}

fn versions() -> Vec<Vector> {
    let version = |name, sentence, byte| {
        let mut file = solo_member(&solo(0, &stored(b"abc"), b"abc", 0x80));
        file[3] = byte;
        unsupported(name, sentence, file)
    };
    vec![
        version("version-2", "Version 2 of the format.", 0x82),
        version("version-0", "Version 0 of the format.", 0x80),
        version("version-127", "Version 127 of the format.", 0xff),
        unsupported(
            "version-2-else",
            "Version 2, and nothing behind it that version 1 could follow.",
            b"UMC\x82\xff\xff\xff\xff".to_vec(),
        ),
    ]
}

fn sections() -> Vec<Vector> {
    let within = |name, sentence, id, body: &[u8]| {
        let member = Member::new(&Header::default()).section(id, body);
        unsupported(name, sentence, member.stored(b"abc").index().end())
    };
    let lora = [&[7; 32][..], &[1, 1, 0, 1, 1, 0, 0, 1, 1, 5, 6]].concat();
    vec![
        within(
            "section-critical",
            "An unknown critical section.",
            0x70,
            b"for a later version",
        ),
        within("section-critical-0", "A section with id 0.", 0, b""),
        within(
            "section-lora",
            "Differences of a model's weights.",
            LORA,
            &lora,
        ),
        unsupported(
            "section-critical-first",
            "The member begins with an unknown critical section.",
            [&OPENING[..], &section(0x42, b"a later form of HEADER")].concat(),
        ),
    ]
}

fn needs() -> Vec<Vector> {
    let lists = |name, sentence, plugin: (u8, u64, u8)| {
        let header = Header {
            plugins: vec![(2, 1, 1), plugin],
            ..Header::default()
        };
        unsupported(
            name,
            sentence,
            Member::new(&header).stored(b"abc").index().end(),
        )
    };
    let lists_models = |models: Vec<[u8; 32]>| Header {
        models,
        ..Header::default()
    };
    let third = Header {
        plugins: vec![(0, THIRD_PARTY, 1), (2, 1, 1)],
        ..Header::default()
    };
    let mut note = vec![0];
    note.extend(varint(THIRD_PARTY));
    note.push(1);
    for text in ["stars", "org.example.stars", "https://example.org/stars"] {
        note.push(text.len() as u8);
        note.extend(text.bytes());
    }
    let model = lists_models(vec![[0x5a; 32]]);
    let hash = blake3::hash(b"model");
    let two = lists_models(vec![*hash.as_bytes(), [0x5a; 32]]);
    let first = [hash.as_bytes(), &[5, 0][..], b"model"].concat();
    vec![
        lists(
            "header-adapter",
            "The HEADER lists an unknown adapter.",
            (0, 9, 1),
        ),
        lists(
            "header-predictor",
            "The HEADER lists a predictor of a third party.",
            (1, THIRD_PARTY, 1),
        ),
        lists(
            "header-coder",
            "The HEADER lists an unknown coder.",
            (2, 500, 1),
        ),
        lists(
            "header-plugin-version",
            "The HEADER lists coder `rans` with stream version 2.",
            (2, 2, 2),
        ),
        lists(
            "header-plugin-kind",
            "The HEADER lists a plugin of kind 3.",
            (3, 1, 1),
        ),
        unsupported(
            "header-plugin-named",
            "The HEADER lists an adapter of a third party, and a PLUGIN says whose it is.",
            Member::new(&third)
                .section(PLUGIN, &note)
                .stored(b"abc")
                .index()
                .end(),
        ),
        unsupported(
            "header-model",
            "The HEADER lists a model that is not here.",
            Member::new(&model).stored(b"abc").index().end(),
        ),
        unsupported(
            "header-models",
            "The HEADER lists two models, of which only the first is embedded.",
            Member::new(&two)
                .section(MODEL, &first)
                .stored(b"abc")
                .index()
                .end(),
        ),
    ]
}

fn frames() -> Vec<Vector> {
    let solo = |name, sentence, frame: &[u8]| {
        unsupported(name, sentence, solo_member(&solo(120, frame, b"abc", 0x80)))
    };
    let uses = |name, sentence, adapter: &[u8], predictor: &[u8], coder: &[u8]| {
        solo(name, sentence, &frame(3, adapter, predictor, coder, b"abc"))
    };
    let third = reference(THIRD_PARTY, 1, b"its own parameters");
    let lanes = [&[2, 3, 0, 2, 2][..], &[0, 1, 1], b"abc"].concat();
    let model = [&[4, 3, 0, 1][..], &[0x5a; 32], &[0, 1, 1], b"abc"].concat();
    vec![
        uses(
            "frame-adapter",
            "An unknown adapter.",
            &[77, 1],
            &[0],
            &[1, 1],
        ),
        uses(
            "frame-predictor",
            "A predictor of a third party.",
            &[0],
            &third,
            &[1, 1],
        ),
        uses(
            "frame-coder",
            "An unknown coder.",
            &[0],
            &[0],
            &[0xfb, 0x01, 0x01, 1],
        ),
        uses(
            "frame-predictor-version",
            "Predictor `order0` with stream version 2.",
            &[0],
            &[1, 2],
            &[1, 1],
        ),
        uses(
            "frame-coder-version",
            "Coder `stored` with stream version 127.",
            &[0],
            &[0],
            &[1, 127],
        ),
        solo(
            "frame-lanes",
            "A frame with lanes, which no predictor here has.",
            &lanes,
        ),
        solo(
            "frame-model",
            "A frame with a model that is not here.",
            &model,
        ),
    ]
}
