mod example;

use super::*;
use proptest::prelude::*;
use umoec_codec::plugin::{Coder, Registry};
use umoec_coder_rans as _;

fn rans() -> Arc<dyn Coder> {
    let registry = Registry::linked().unwrap();
    match registry.by_name(Kind::Coder, "rans").unwrap() {
        AnyPlugin::Coder(coder) => coder.clone(),
        _ => unreachable!("the registry keeps kinds apart"),
    }
}

fn start() -> Box<dyn PredictorState> {
    let opened = Order0::new().open(1, &[], 0, &Limits::default()).unwrap();
    opened.start().unwrap()
}

fn encode(data: &[u8]) -> Vec<u8> {
    let rans = rans();
    let mut encoder = rans.encoder(&[], data).unwrap();
    let mut history = Vec::new();
    start().code(data.len(), &mut *encoder, &mut history);
    assert_eq!(history, data);
    let mut payload = Vec::new();
    encoder.finish(&mut payload);
    payload
}

/// Decodes in pieces of `piece` bytes; `None` where the coder refuses the payload.
fn decode(payload: &[u8], len: usize, piece: usize) -> Option<Vec<u8>> {
    let rans = rans();
    let mut decoder = rans.decoder(1, &[], payload, &Limits::default()).unwrap();
    let (mut state, mut history) = (start(), Vec::new());
    while history.len() < len {
        state.code(piece.min(len - history.len()), &mut *decoder, &mut history);
    }
    decoder.finish().then_some(history)
}

proptest! {
    #[test]
    fn streams_round_trip_in_pieces_of_any_size(
        data in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..600),
            prop::collection::vec(prop::sample::select(b"etaoin ".to_vec()), 0..3000),
        ],
        piece in 1usize..700,
    ) {
        prop_assert_eq!(decode(&encode(&data), data.len(), piece), Some(data));
    }

    #[test]
    fn a_cut_payload_does_not_give_the_stream(data in prop::collection::vec(any::<u8>(), 1..60)) {
        let payload = encode(&data);
        for len in 0..payload.len() {
            prop_assert!(decode(&payload[..len], data.len(), 16).as_ref() != Some(&data));
        }
    }

    #[test]
    fn any_payload_decodes_to_something_without_a_panic(
        payload in prop::collection::vec(any::<u8>(), 0..40),
        len in 0usize..100,
    ) {
        if let Some(data) = decode(&payload, len, 7) {
            prop_assert_eq!(encode(&data), payload);
        }
    }

    #[test]
    fn counts_keep_their_bounds(data in prop::collection::vec(0u8..4, 0..4000)) {
        let mut counts = Counts::default();
        for byte in data {
            counts.update(byte);
            prop_assert_eq!(counts.sum, counts.counts.iter().sum());
            prop_assert!(counts.sum <= LIMIT);
            prop_assert!(counts.counts.iter().all(|&c| c >= 1));
        }
    }
}

#[test]
fn the_limit_itself_is_not_halved() {
    // 256 + 32 * 504 = 16384: the 505th byte is the first to halve.
    let mut counts = Counts::default();
    for _ in 0..504 {
        counts.update(b'x');
    }
    assert_eq!(
        (counts.sum, counts.counts[usize::from(b'x')]),
        (16_384, 16_129)
    );
    counts.update(b'x');
    assert_eq!(counts.counts[usize::from(b'x')], 8081);
    assert_eq!((counts.sum, counts.counts[0]), (8081 + 255, 1));
}

#[test]
fn it_learns_a_skewed_source() {
    // Two values at odds of 7 to 1: 0.544 bits a byte, and the learning.
    let data: Vec<u8> = (0..8000u32)
        .map(|i| if i % 8 == 3 { b'n' } else { b'y' })
        .collect();
    let bits_per_byte = encode(&data).len() as f64 * 8.0 / data.len() as f64;
    assert!((0.54..0.75).contains(&bits_per_byte), "{bits_per_byte}");
}

#[test]
fn there_are_no_parameters_and_no_settings() {
    let order0 = Order0::new();
    assert!(matches!(
        order0.open(1, &[0], 0, &Limits::default()),
        Err(Error::Plugin { id: ID, .. })
    ));
    let layout = Layout::default();
    assert_eq!(order0.plan(b"x", &layout, &Settings::new()).unwrap(), []);
    let settings: Settings = "order = 1".parse().unwrap();
    let Err(Error::Config(message)) = order0.plan(b"x", &layout, &settings) else {
        panic!("an unknown setting was taken");
    };
    assert!(message.contains("order"));
}
