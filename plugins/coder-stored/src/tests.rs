use super::*;
use proptest::prelude::*;

/// One byte after the other, as whole bytes or as bits.
fn drive(whole: &[bool], coder: &mut dyn DecisionCoder) -> Vec<u8> {
    let uniform = ByteDistribution::from_counts(&[0; 256]);
    whole
        .iter()
        .map(|&whole| {
            if whole {
                coder.byte(&uniform)
            } else {
                (0..8).fold(0, |byte, _| {
                    byte << 1 | u8::from(coder.bit(BitProbability::HALF))
                })
            }
        })
        .collect()
}

fn decode(whole: &[bool], payload: &[u8]) -> (Vec<u8>, bool, bool) {
    let mut decoder = Stored::new()
        .decoder(1, &[], payload, &Limits::default())
        .unwrap();
    let data = drive(whole, &mut *decoder);
    (data, decoder.failed(), decoder.finish())
}

proptest! {
    #[test]
    fn the_payload_is_the_stream(bytes in prop::collection::vec(any::<(u8, bool)>(), 0..100)) {
        let (data, whole): (Vec<u8>, Vec<bool>) = bytes.into_iter().unzip();
        let mut encoder = Stored::new().encoder(&[], &data).unwrap();
        prop_assert_eq!(&drive(&whole, &mut *encoder), &data);
        let mut payload = vec![7];
        encoder.finish(&mut payload);
        prop_assert_eq!(payload.remove(0), 7);
        prop_assert_eq!(&payload, &data);
        prop_assert_eq!(decode(&whole, &payload), (data.clone(), false, true));

        for len in 0..data.len() {
            let (_, failed, finished) = decode(&whole, &data[..len]);
            prop_assert!(failed && !finished, "cut to {}", len);
        }
        payload.push(0);
        prop_assert_eq!(decode(&whole, &payload), (data, false, false));
    }

    #[test]
    fn several_lanes_stand_in_the_order_of_coding(
        bytes in prop::collection::vec(any::<(u8, bool)>(), 1..60),
        stride in 1usize..6,
    ) {
        let (data, whole): (Vec<u8>, Vec<bool>) = bytes.into_iter().unzip();
        let order: Vec<usize> = (0..stride)
            .flat_map(|lane| (lane..data.len()).step_by(stride))
            .collect();
        let visit = |coder: &mut dyn DecisionCoder| -> Vec<u8> {
            order
                .iter()
                .flat_map(|&position| {
                    coder.seek(position);
                    drive(&whole[position..=position], coder)
                })
                .collect()
        };
        let in_order: Vec<u8> = order.iter().map(|&position| data[position]).collect();
        let mut encoder = Stored::new().encoder(&[], &data).unwrap();
        prop_assert_eq!(&visit(&mut *encoder), &in_order);
        let mut payload = Vec::new();
        encoder.finish(&mut payload);
        prop_assert_eq!(&payload, &in_order);
        let mut decoder = Stored::new().decoder(1, &[], &payload, &Limits::default()).unwrap();
        prop_assert_eq!(visit(&mut *decoder), in_order);
        prop_assert!(decoder.finish());
    }
}

#[test]
fn decisions_beyond_the_end_fail_and_are_zero() {
    let (data, failed, finished) = decode(&[true, false, true], &[0xff]);
    assert_eq!((data, failed, finished), (vec![0xff, 0, 0], true, false));
}

#[test]
fn there_are_no_parameters_and_no_settings() {
    let stored = Stored::new();
    assert!(stored.encoder(&[0], &[]).is_err());
    assert!(stored.decoder(1, &[0], &[], &Limits::default()).is_err());
    assert_eq!(stored.plan(5, &Settings::new()).unwrap(), []);
    let settings: Settings = "level = 3".parse().unwrap();
    let Err(Error::Config(message)) = stored.plan(5, &settings) else {
        panic!("an unknown setting was taken");
    };
    assert!(message.contains("level"));
}
