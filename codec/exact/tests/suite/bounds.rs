//! The bound of each operator: what just holds is accepted, one beyond is refused with the node,
//! the operator and the bound.

use umoec_exact::ExactError;
use umoec_exact::StateRange;
use umoec_exact::build::GraphBuilder;
use umoec_exact::onnx::data_type;

use crate::common::{builder, constant_logits, load, refusal, with};

const LIMIT: u64 = 1 << 24;

/// Loads a graph around a state `[lanes, size]` of that range.
fn around(
    size: usize,
    range: StateRange,
    part: impl FnOnce(&mut GraphBuilder, &str),
) -> Result<(), ExactError> {
    let mut b = builder();
    let byte = b.byte_input();
    let state = b.state("x", &[size], range);
    b.next_state("x", &state, &[size]);
    part(&mut b, &state);
    constant_logits(&mut b, &byte);
    load(&b.finish()).map(drop)
}

fn bound(result: Result<(), ExactError>) -> Option<(String, u64)> {
    match result {
        Ok(()) => None,
        Err(ExactError::Inexact {
            operator,
            bound,
            allowed,
            ..
        }) => {
            assert_eq!(allowed, LIMIT - 1);
            Some((operator, bound))
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_product_of_matrices_may_sum_to_one_below_the_bound() {
    let sum = |weights: &[f32], high: i32| {
        let range = StateRange::integers(-high, high);
        bound(around(weights.len(), range, |b, x| {
            let w = b.initializer_f32("w", &[weights.len(), 1], weights);
            b.matmul(x, &w);
        }))
    };
    assert_eq!(sum(&[16_000_001.0, 777_214.0], 1), None);
    let product = |sum| Some(("MatMul".to_owned(), sum));
    assert_eq!(sum(&[16_000_001.0, 777_215.0], 1), product(LIMIT));
    assert_eq!(sum(&[16_000_001.0, -777_216.0], 1), product(LIMIT + 1));
    // Opposite signs do not cancel: the partial sums count.
    assert_eq!(sum(&[65_537.0, -65_535.0], 128), product(LIMIT));
    // Powers of two are units, not magnitudes.
    assert_eq!(sum(&[65_536.0, -65_536.0], 128), None);
    assert_eq!(sum(&[65_536.0, -65_535.0], 128), None);
}

#[test]
fn the_actual_rows_count_not_the_largest_weight() {
    let file = |heavy: f32| {
        around(256, StateRange::integers(-127, 127), |b, x| {
            let mut weights = vec![1.0; 256];
            weights[3] = heavy;
            let w = b.initializer_f32("w", &[256, 1], &weights);
            b.matmul(x, &w);
        })
    };
    assert_eq!(bound(file(131_849.0)), None);
    assert_eq!(
        bound(file(131_850.0)),
        Some(("MatMul".into(), 127 * (255 + 131_850)))
    );
}

#[test]
fn every_sum_and_product_has_the_bound() {
    let half = (LIMIT / 2) as i32;
    let wide = |high| StateRange::integers(0, high);
    assert_eq!(
        bound(around(1, wide(half - 1), |b, x| drop(b.add(x, x)))),
        None
    );
    let add = bound(around(1, wide(half), |b, x| drop(b.add(x, x))));
    assert_eq!(add, Some(("Add".into(), LIMIT)));
    let sub = bound(around(1, StateRange::integers(-half, half - 1), |b, x| {
        drop(b.sub(x, x));
    }));
    assert_eq!(sub, Some(("Sub".into(), LIMIT)));
    assert_eq!(bound(around(1, wide(4095), |b, x| drop(b.mul(x, x)))), None);
    let mul = bound(around(1, wide(4096), |b, x| drop(b.mul(x, x))));
    assert_eq!(mul, Some(("Mul".into(), LIMIT)));
    assert_eq!(
        bound(around(4, wide(half / 2 - 1), |b, x| drop(b.reduce_sum(
            x,
            &[1],
            true
        )))),
        None
    );
    let sum = bound(around(4, wide(half / 2), |b, x| {
        drop(b.reduce_sum(x, &[1], true));
    }));
    assert_eq!(sum, Some(("ReduceSum".into(), LIMIT)));
}

#[test]
fn operands_in_different_units_count_in_the_finer() {
    let fine = |exponent: i32| {
        bound(around(1, StateRange::integers(0, 255), |b, x| {
            let scale = b.scalar((exponent as f32).exp2());
            let y = b.mul(x, &scale);
            b.add(x, &y);
        }))
    };
    assert_eq!(fine(-15), None);
    assert_eq!(fine(-16), None);
    assert_eq!(fine(-17), Some(("Add".into(), 255 * 131_073)));
}

#[test]
fn a_bias_belongs_to_the_sum() {
    // Runtimes start the accumulators with it, or end with it.
    let with_bias = |bias: f32| {
        bound(around(2, StateRange::integers(0, 255), |b, x| {
            let w = b.initializer_f32("w", &[2, 1], &[32_769.0, -32_767.0]);
            let sum = b.matmul(x, &w);
            let bias = b.initializer_f32("bias", &[1], &[bias]);
            b.add(&sum, &bias);
        }))
    };
    assert_eq!(with_bias(65_535.0), None);
    assert_eq!(with_bias(-65_536.0), Some(("Add".into(), LIMIT)));
}

#[test]
fn constant_factors_may_move_into_a_sum() {
    // The result is always zero, but its addends are not.
    let scaled = |factor: f32| {
        bound(around(
            2,
            StateRange {
                initial: 255,
                ..StateRange::integers(255, 255)
            },
            |b, x| {
                let w = b.initializer_f32("w", &[2, 1], &[10_001.0, -10_001.0]);
                let sum = b.matmul(x, &w);
                let factor = b.scalar(factor);
                b.mul(&sum, &factor);
            },
        ))
    };
    assert_eq!(scaled(3.0), None);
    assert_eq!(scaled(0.25), None);
    assert_eq!(scaled(5.0), Some(("Mul".into(), 5 * 2 * 255 * 10_001)));
}

#[test]
fn fractions_are_no_integers() {
    let cast = with(|b, byte| {
        let half = b.scalar(0.5);
        let x = b.mul(byte, &half);
        b.cast(&x, data_type::INT64)
    });
    let text = "node cast/Cast (Cast) is not exact: its input is not proved an integer but a \
                multiple of 2^-1";
    assert_eq!(refusal(&cast), text);
    let floored = with(|b, byte| {
        let half = b.scalar(0.5);
        let x = b.mul(byte, &half);
        let x = b.floor(&x);
        b.cast(&x, data_type::INT64)
    });
    assert_eq!(refusal(&floored), "accepted");
}

#[test]
fn indices_stay_within_the_table() {
    let look_up = |rows: usize, offset: f32| {
        refusal(&with(|b, byte| {
            let table = b.initializer_f32("table", &[rows], &vec![1.0; rows]);
            let offset = b.scalar(offset);
            let place = b.add(byte, &offset);
            b.look_up(&table, &place, 0)
        }))
    };
    assert_eq!(look_up(257, 1.0), "accepted");
    assert!(look_up(256, 1.0).ends_with("its indices are 1 to 256, the axis has 256 elements"));
    assert!(look_up(300, -1.0).ends_with("its indices are -1 to 254, the axis has 300 elements"));
}

#[test]
fn units_that_a_gpu_would_flush_are_refused() {
    let scaled = |steps: usize| {
        refusal(&with(|b, byte| {
            let tiny = b.scalar(0.5f32.powi(20));
            (0..steps).fold(byte.to_owned(), |x, _| b.mul(&x, &tiny))
        }))
    };
    assert_eq!(scaled(1), "accepted");
    let text = "its unit is 2 to the power of plus or minus 40, at most 32 is allowed";
    assert!(scaled(2).ends_with(text), "{}", scaled(2));
    for beyond in [1e-40, 2f32.powi(-33), 2f32.powi(32), f32::MAX] {
        let refused = refusal(&with(|b, byte| {
            let constant = b.scalar(beyond);
            b.mul(byte, &constant)
        }));
        assert!(refused.contains("is beyond 2^"), "{beyond}: {refused}");
    }
}

#[test]
fn zeros_of_both_signs_are_not_ranked() {
    let rank = |offset: Option<f32>| {
        let result = around(4, StateRange::integers(-5, 5), |b, x| {
            let mut x = x.to_owned();
            if let Some(offset) = offset {
                let offset = b.scalar(offset);
                x = b.add(&x, &offset);
            }
            b.top_k(&x, 2, 1);
        });
        result.map_err(|error| error.to_string())
    };
    assert!(rank(None).unwrap_err().contains("negative zeros"));
    assert!(rank(Some(-0.0)).unwrap_err().contains("negative zeros"));
    assert_eq!(rank(Some(1.0)), Ok(()));
}

#[test]
fn a_state_must_hold_what_a_step_may_make() {
    let counter = |range: StateRange, step: f32, high: f32| {
        let mut b = builder();
        let byte = b.byte_input();
        let state = b.state("count", &[1], range);
        let step = b.scalar(step);
        let next = b.add(&state, &step);
        let next = b.clip(&next, -8.0, high);
        b.next_state("count", &next, &[1]);
        constant_logits(&mut b, &byte);
        refusal(&b.finish())
    };
    let whole = StateRange::integers(-8, 8);
    assert_eq!(counter(whole, 1.0, 8.0), "accepted");
    let wide = counter(whole, 1.0, 9.0);
    let text = "not a step graph: output next.count may be -7..=9 * 2^0, which is not within \
                -8..=8 * 2^0";
    assert_eq!(wide, text);
    // It grows without bound, a unit a step: the induction fails, not only the first step.
    assert!(counter(whole, 1.0, 1e6).contains("next.count may be -7..=9"));
    assert!(counter(whole, 0.5, 8.0).contains("next.count may be -15..=16 * 2^-1"));
    assert_eq!(
        counter(
            StateRange {
                low: -16,
                high: 16,
                exponent: -1,
                initial: 3
            },
            0.5,
            8.0
        ),
        "accepted"
    );
}

#[test]
fn logits_are_bounded_integers() {
    let logits = |factor: f32, high: f32| {
        let mut b = builder();
        let byte = b.byte_input();
        let factor = b.scalar(factor);
        let x = b.mul(&byte, &factor);
        let x = b.clip(&x, -4096.0, high);
        let x = b.expand(&x, &[1, 256]);
        b.output("logits", &x, &[256]);
        refusal(&b.finish())
    };
    assert_eq!(logits(20.0, 4095.0), "accepted");
    assert!(logits(20.0, 4096.0).contains("output logits may be"));
    assert!(logits(0.5, 4095.0).contains("output logits may be 0..=255 * 2^-1"));
}

#[test]
fn reduced_precision_is_allowed_where_it_holds_the_operands() {
    let modes = |range: StateRange, weight: f32| {
        let mut b = builder();
        let byte = b.byte_input();
        let state = b.state("x", &[1], range);
        b.next_state("x", &state, &[1]);
        let w = b.initializer_f32("w", &[1, 1], &[weight]);
        b.matmul(&state, &w);
        constant_logits(&mut b, &byte);
        let modes = load(&b.finish()).unwrap().certificate().modes;
        (modes.tf32, modes.bf16, modes.fp16)
    };
    let integers = StateRange::integers;
    assert_eq!(modes(integers(-256, 256), 255.0), (true, true, true));
    assert_eq!(modes(integers(-257, 256), 255.0), (true, false, true));
    assert_eq!(modes(integers(-256, 256), 257.0), (true, false, true));
    assert_eq!(modes(integers(-2048, 2048), 257.0), (true, false, true));
    assert_eq!(modes(integers(-2049, 2048), 257.0), (false, false, false));
    assert_eq!(modes(integers(-256, 256), 2049.0), (false, false, false));
    // Half precision has few exponents.
    let fine = StateRange {
        exponent: -15,
        ..integers(-1, 1)
    };
    assert_eq!(modes(fine, 1.0), (true, true, false));
    assert_eq!(modes(integers(-1, 1), 65_536.0), (true, true, false));
}

#[test]
fn a_span_of_units_in_one_tensor_is_bounded() {
    let mixed = |exponent: i32| {
        refusal(&with(|b, byte| {
            let scales = [20, exponent].map(|exponent| (exponent as f32).exp2());
            let scales = b.initializer_f32("scales", &[2], &scales);
            b.mul(byte, &scales)
        }))
    };
    assert_eq!(mixed(-20), "accepted");
    let refused = mixed(-21);
    assert!(
        refused.contains("in their common unit 2^-21 reach"),
        "{refused}"
    );
}
