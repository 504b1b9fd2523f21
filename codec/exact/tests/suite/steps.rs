//! Steps, lanes and states of the reference.

use umoec_exact::build::seal;
use umoec_exact::{ModelLimits, Reference, SelfTest, StateRange, Stepper};

use crate::common::{builder, load, recurrent, reference, run};

#[test]
fn a_recurrent_model_is_run_as_by_hand() {
    let logits = run(&recurrent(), b"ab");
    let mut state = [0i64; 4];
    for (step, byte) in b"ab".iter().enumerate() {
        for (channel, state) in state.iter_mut().enumerate() {
            let weight = (i64::from(*byte) * 4 + channel as i64) * 37 % 255 - 127;
            *state = ((*state * 7 + 4).div_euclid(8) + weight).clamp(-1000, 1000);
        }
        for symbol in 0..256 {
            let product =
                |(k, x): (usize, &i64)| x * ((k as i64 * 256 + symbol as i64) * 91 % 251 - 125);
            let sum: i64 = state.iter().enumerate().map(product).sum();
            let expected = sum.div_euclid(64).clamp(-4096, 4095);
            assert_eq!(i64::from(logits[step * 256 + symbol]), expected);
        }
    }
}

#[test]
fn lanes_do_not_meet() {
    let file = recurrent();
    let mut three = reference(&file, 3);
    let mut logits = vec![0; 3 * 256];
    for bytes in [*b"abc", *b"bcd", *b"zzz"] {
        three.step(&bytes, &mut logits).unwrap();
    }
    for (lane, bytes) in [b"abz", b"bcz", b"cdz"].into_iter().enumerate() {
        let alone = run(&file, bytes);
        assert_eq!(logits[lane * 256..(lane + 1) * 256], alone[512..]);
    }
}

#[test]
fn a_lane_is_copied_and_all_are_reset() {
    let file = recurrent();
    let mut two = reference(&file, 2);
    let mut logits = vec![0; 512];
    two.step(b"xy", &mut logits).unwrap();
    two.broadcast(1);
    two.step(b"zz", &mut logits).unwrap();
    assert_eq!(logits[..256], logits[256..]);
    assert_eq!(logits[..256], run(&file, b"yz")[256..]);
    two.reset();
    two.step(b"xx", &mut logits).unwrap();
    assert_eq!(logits[..256], run(&file, b"x"));
}

#[test]
fn a_step_of_a_wrong_size_is_refused() {
    let mut two = reference(&recurrent(), 2);
    assert!(two.step(b"x", &mut vec![0; 512]).is_err());
    assert!(two.step(b"xy", &mut vec![0; 256]).is_err());
    assert!(two.set_condition(&[1]).is_err());
}

#[test]
fn a_condition_is_an_input_of_its_own() {
    let mut b = builder();
    let byte = b.byte_input();
    let range = StateRange {
        low: -4,
        high: 4,
        exponent: -1,
        initial: 0,
    };
    b.metadata("umoec.condition", &range.to_json());
    b.metadata("umoec.start", "10");
    let condition = b.input("condition", &[2]);
    let sum = b.reduce_sum(&condition, &[1], true);
    let sum = b.add(&sum, &byte);
    let whole = b.floor(&sum);
    let logits = b.expand(&whole, &[1, 256]);
    b.output("logits", &logits, &[256]);
    let file = b.finish();
    assert_eq!(load(&file).unwrap().interface().start, 10);
    let mut two = reference(&file, 2);
    let mut logits = vec![0; 512];
    let mut step = |two: &mut Reference| {
        two.step(&[10, 20], &mut logits).unwrap();
        (logits[0], logits[511])
    };
    // The lower end until it is set, then as set: (4 - 1) / 2 rounded down, and so on.
    assert_eq!(step(&mut two), (6, 16));
    two.set_condition(&[4, -1, 3, 4]).unwrap();
    assert_eq!(step(&mut two), (11, 23));
    two.reset();
    assert_eq!(step(&mut two), (11, 23));
    assert!(two.set_condition(&[5, 0, 0, 0]).is_err());
    assert!(two.set_condition(&[0, 0]).is_err());
}

#[test]
fn states_are_set_within_their_range() {
    let mut one = reference(&recurrent(), 1);
    one.set_state("sum", &[1000, -1000, 0, 1]).unwrap();
    assert!(one.set_state("sum", &[1001, 0, 0, 0]).is_err());
    assert!(one.set_state("sum", &[0; 3]).is_err());
    assert!(one.set_state("other", &[0; 4]).is_err());
}

#[test]
fn a_sealed_model_carries_its_self_test() {
    let file = seal(&recurrent(), &ModelLimits::default(), b"The quick").unwrap();
    let model = load(&file).unwrap();
    let test = model.self_test().unwrap().clone();
    assert_eq!(test.bytes, b"The quick");
    test.check("reference", &mut reference(&file, 3)).unwrap();
    let wrong = SelfTest {
        bytes: b"the quick".to_vec(),
        ..test
    };
    assert!(wrong.check("reference", &mut reference(&file, 3)).is_err());
    assert!(seal(&file, &ModelLimits::default(), b"").is_err());
    // Sealing again with the same vector changes nothing.
    assert_eq!(
        seal(&file, &ModelLimits::default(), b"The quick").unwrap(),
        file
    );
}
