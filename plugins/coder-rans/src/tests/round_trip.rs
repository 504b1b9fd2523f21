//! What was encoded decodes, and as the reference does it.

use super::*;
use crate::CHUNK;

proptest! {
    #[test]
    fn every_stream_round_trips_with_the_reference_bytes(
        (script, data) in any_stream(60),
        n in any_n(),
        chunk in prop_oneof![1usize..40, Just(CHUNK)],
    ) {
        let payload = encode(&script, &data, n, chunk);
        let decisions = intervals(&script, &data);
        prop_assert_eq!(&payload, &reference::encode(&decisions, n, chunk));
        prop_assert_eq!(decode(&script, &payload, n, chunk), Some(data));

        // The reference decoder, with a chooser that follows the true decisions as long as the
        // counts agree with them.
        let mut expected = decisions.iter();
        let decoded = reference::decode(&payload, n, chunk, decisions.len(), |count| {
            let &interval = expected.next().unwrap();
            assert!((interval.start..interval.start + interval.size).contains(&count));
            interval
        });
        prop_assert_eq!(decoded, Some(decisions));
    }

    #[test]
    fn lanes_may_be_coded_in_any_order(
        bytes in prop::collection::vec((any::<u8>(), any_step()), 1..40),
        stride in 1usize..8,
        n in any_n(),
    ) {
        let (data, script): (Vec<u8>, Vec<Step>) = bytes.into_iter().unzip();
        // Lane after lane of an interleaving with that stride.
        let order: Vec<usize> = (0..stride)
            .flat_map(|lane| (lane..data.len()).step_by(stride))
            .collect();
        let visit = |coder: &mut dyn DecisionCoder| {
            let mut decoded = vec![0; data.len()];
            for &position in &order {
                coder.seek(position);
                decoded[position] = drive(&script[position..=position], coder)[0];
            }
            decoded
        };
        let rans = Rans::new(CHUNK);
        let mut encoder = rans.encoder(&params(n), &data).unwrap();
        prop_assert_eq!(&visit(&mut *encoder), &data);
        let mut payload = Vec::new();
        encoder.finish(&mut payload);
        let mut decoder = rans.decoder(1, &params(n), &payload, &Limits::default()).unwrap();
        prop_assert_eq!(&visit(&mut *decoder), &data);
        prop_assert!(decoder.finish());
    }
}

#[test]
fn a_stream_without_decisions_has_an_empty_payload() {
    for n in [1, 2, 4, 8] {
        assert_eq!(encode(&[], &[], n, CHUNK), []);
        assert_eq!(decode(&[], &[], n, CHUNK), Some(vec![]));
        assert_eq!(decode(&[], &[1], n, CHUNK), None);
    }
}

#[test]
fn full_chunks_round_trip_on_both_sides_of_their_border() {
    // Eight decisions a byte: CHUNK is a whole number of bytes.
    let step =
        Step::Bits([3, 60_000, 30_000, 65_535, 1, 40_000, 7, 65_000].map(BitProbability::clamped));
    for n in [1, 4] {
        for extra in [-1isize, 0, 1] {
            let len = (CHUNK / 8).checked_add_signed(extra).unwrap();
            let script = vec![step.clone(); len];
            let data: Vec<u8> = (0..len as u32)
                .map(|i| (i.wrapping_mul(0x9e37_79b1) >> 24) as u8)
                .collect();
            let payload = encode(&script, &data, n, CHUNK);
            assert!(payload == reference::encode(&intervals(&script, &data), n, CHUNK));
            assert!(decode(&script, &payload, n, CHUNK) == Some(data));
        }
    }
}

#[test]
fn memory_covers_what_the_encoder_collects() {
    let rans = Rans::new(CHUNK);
    assert_eq!(rans.memory(&[], 0), 6);
    assert_eq!(rans.memory(&[], 1000), 8192 * 6);
    assert_eq!(rans.memory(&[], u64::MAX), 24 << 20);
}
