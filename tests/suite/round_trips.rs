//! What goes in comes out, under every profile.

use proptest::prelude::*;
use umoec_codec::pipeline::{CheckKind, Profile};
use umoec_tests::content::Kind;
use umoec_tests::stack::{
    decode, decode_by_index, encode, encode_checked, encode_stream, fixed, order0,
};

fn shipped() -> impl Strategy<Value = Profile> {
    let names = umoec_builtin::profiles();
    prop::sample::select(names).prop_map(|name| umoec_builtin::profile(name).unwrap())
}

/// For what has many blocks: mostly profiles whose streams begin at once.
fn light() -> impl Strategy<Value = Profile> {
    let states = prop::sample::select(vec!["", "states = 2", "states = 8"]);
    let order0 = states.prop_map(|states| fixed(1 << 20, ("order0", ""), ("rans", states)));
    prop_oneof![9 => order0, 1 => shipped()]
}

/// Every predictor with every coder, whatever the shipped profiles use.
fn combined() -> impl Strategy<Value = Profile> {
    let predictor = prop::sample::select(vec![
        ("order0", ""),
        ("cm", "table_mib = 1"),
        ("cm", "table_mib = 1\nmodels = [\"record\"]"),
    ]);
    let coder = prop::sample::select(vec![
        ("stored", ""),
        ("rans", ""),
        ("rans", "states = 2"),
        ("rans", "states = 4"),
        ("rans", "states = 8"),
    ]);
    (predictor, coder).prop_map(|(predictor, coder)| fixed(1 << 20, predictor, coder))
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

/// Mostly short; the lengths around which something changes are likely.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => 0usize..64,
        2 => 64usize..600,
        2 => 600usize..6000,
        1 => prop::sample::select(vec![250, 251, 252, 255, 256, 4095, 4096, 65_535, 65_536, 65_537]),
    ]
}

fn structured() -> impl Strategy<Value = Vec<u8>> {
    (kind(), length(), any::<u64>()).prop_map(|(kind, len, seed)| kind.generate(len, seed))
}

/// Pieces of one content within another: what was learned is suddenly wrong.
fn spliced() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec((kind(), 0usize..400, 0u64..3), 1..8).prop_map(|pieces| {
        let pieces = pieces
            .iter()
            .map(|&(kind, len, seed)| kind.generate(len, seed));
        pieces.collect::<Vec<_>>().concat()
    })
}

/// Bytes without any generator behind them.
fn arbitrary() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<Vec<u8>>(),
        prop::collection::vec(prop::sample::select(vec![0u8, 1, 0x80, 0xff]), 0..300),
        (any::<u8>(), 0usize..5000).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![3 => structured(), 1 => spliced(), 1 => arbitrary()]
}

/// The bytes that a container may add to content that does not compress: those of a SOLO, and
/// of each block.
fn most(content: &[u8], block_size: u64) -> usize {
    200 + content.len() + content.len().div_ceil(block_size as usize) * 64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_content_under_every_profile(content in content(), profile in shipped()) {
        let file = encode(&content, profile.clone());
        prop_assert!(decode(&file).unwrap() == content, "{}", profile.name);
        // Lengths above 250 take more bytes themselves.
        let container = match content.len() as u64 {
            0..=200 => 28,
            // Two blocks, with all that a member of several has.
            len if profile.split.is_some_and(|split| len >= split) => 200,
            _ => 40,
        };
        prop_assert!(file.len() <= content.len() + container, "{} bytes", file.len());
    }

    #[test]
    fn every_combination_of_plugins(content in content(), profile in combined()) {
        let file = encode(&content, profile);
        prop_assert!(decode(&file).unwrap() == content);
    }

    #[test]
    fn every_block_size(
        content in content(),
        mut profile in light(),
        block_size in prop_oneof![1u64..20, 20u64..3000],
        split in prop::option::of(0u64..2000),
        check in prop::sample::select(vec![CheckKind::Crc32, CheckKind::Blake3_128, CheckKind::Blake3_256]),
    ) {
        // A block of one byte costs a frame.
        let content = &content[..content.len().min(block_size as usize * 12)];
        (profile.block_size, profile.split) = (block_size, split);
        let file = encode_checked(content, profile, check);
        prop_assert!(decode(&file).unwrap() == content);
        prop_assert!(decode_by_index(&file, Default::default()).unwrap() == content);
        prop_assert!(file.len() <= most(content, block_size));
    }

    #[test]
    fn contents_of_unknown_length_in_odd_pieces(
        content in content(),
        mut profile in light(),
        block_size in 50u64..3000,
        pieces in [1usize..5000, 1usize..100],
    ) {
        let content = &content[..content.len().min(block_size as usize * 8)];
        profile.block_size = block_size;
        let [file, other] = pieces.map(|piece| encode_stream(content, profile.clone(), piece));
        prop_assert!(file == other, "the pieces change the bytes");
        prop_assert!(decode(&file).unwrap() == content);
    }
}

#[test]
fn every_tiny_length() {
    for kind in Kind::ALL {
        for len in 0..=64 {
            let content = kind.generate(len, 5);
            let file = encode(&content, order0(1000));
            assert!(decode(&file).unwrap() == content, "{kind:?}, {len}");
        }
    }
    for name in umoec_builtin::profiles() {
        for kind in [Kind::Text, Kind::Records] {
            for len in (0..10).chain((10..=64).step_by(9)) {
                let content = kind.generate(len, 5);
                let file = encode(&content, umoec_builtin::profile(name).unwrap());
                assert!(decode(&file).unwrap() == content, "{name}, {kind:?}, {len}");
            }
        }
    }
}

#[test]
fn larger_contents_of_every_kind() {
    for name in umoec_builtin::profiles() {
        for kind in Kind::ALL {
            let content = kind.generate(20_000, 6);
            let file = encode(&content, umoec_builtin::profile(name).unwrap());
            assert!(decode(&file).unwrap() == content, "{name}, {kind:?}");
            // A network alone knows nothing of what it was not trained on, but what is behind it learns.
            let shrinks = kind != Kind::Noise;
            let most = content.len() + if shrinks { 0 } else { 64 };
            assert!(file.len() <= most, "{name}, {kind:?}: {}", file.len());
        }
    }
}
