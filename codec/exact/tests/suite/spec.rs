//! `spec/numerics.md` and the code say the same.

use std::fs;
use std::path::Path;

use umoec_exact::build::{GraphBuilder, ModelCard};
use umoec_exact::graph::Op;
use umoec_exact::interface::keys;
use umoec_exact::onnx::{IR_VERSION, OPSET_VERSION, data_type};
use umoec_exact::softmax::{LOGIT_MAX, LOGIT_MIN, TABLE, cumulative};
use umoec_exact::verify::{EXPONENT_MAX, EXPONENT_MIN, SPAN_MAX, SUM_MAX};
use umoec_exact::{StateRange, Stepper};

use crate::common::{load, reference};

fn text() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/numerics.md");
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_table_of_the_softmax_is_given_in_full() {
    let text = text();
    let (_, rows) = text.split_once("in rows of 6:").unwrap();
    let (rows, _) = rows.split_once("The sum").unwrap();
    let table: Vec<u32> = rows
        .split_whitespace()
        .map(|n| n.parse().unwrap())
        .collect();
    assert_eq!(table, TABLE);
}

#[test]
fn every_operator_is_described() {
    let text = text();
    let (_, tables) = text.split_once("## 3. Operators").unwrap();
    let (tables, _) = tables.split_once("## 4. Exactness").unwrap();
    let first_cells = tables
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let mut described: Vec<&str> = first_cells
        .flat_map(|cell| cell.split(", "))
        .filter(|cell| *cell != "operator")
        .collect();
    described.sort_unstable();
    assert_eq!(described, Op::NAMES);
}

#[test]
fn bounds_and_versions_are_those_of_the_specification() {
    let text = text();
    for quoted in [
        format!(
            "sum < 2^{}        (so sum <= {SUM_MAX})",
            SUM_MAX.ilog2() + 1
        ),
        format!("{EXPONENT_MIN} <= e <= {EXPONENT_MAX}"),
        format!("`sum * 2^(e - u) < 2^{}`", SPAN_MAX.ilog2() + 1),
        format!("of IR version {IR_VERSION} and operator set `ai.onnx` version {OPSET_VERSION}"),
        format!("for each value of the next byte an integer from {LOGIT_MIN} to {LOGIT_MAX}"),
        format!("float32 (code {})", data_type::FLOAT),
        format!("uint8 ({}), int8 ({})", data_type::UINT8, data_type::INT8),
        format!("int32 ({}), int64 ({})", data_type::INT32, data_type::INT64),
        format!("bool ({})", data_type::BOOL),
    ] {
        assert!(text.contains(&quoted), "{quoted:?} is not in the text");
    }
    for key in [
        keys::FORMAT,
        keys::ROLE,
        keys::PATCH,
        keys::NAME,
        keys::VERSION,
        keys::LICENCE,
        keys::CONTEXT,
        keys::TRAINING,
        keys::START,
        keys::STATE,
        keys::CONDITION,
        keys::SELF_TEST,
        keys::CERTIFICATE,
    ] {
        let row = format!("\n| `{key}");
        assert!(text.contains(&row), "{key} has no row");
    }
}

/// The model of section 8.
fn example() -> Vec<u8> {
    let mut x = GraphBuilder::new(&ModelCard::named("example", "1"));
    let byte = x.byte_input();
    let level = x.state("level", &[2], StateRange::integers(-100, 100));
    let rate = x.initializer_f32("rate", &[2], &[0.25, -0.5]);
    let keep = x.initializer_f32("keep", &[], &[0.75]);
    let weights = x.initializer_f32("weights", &[2], &[3.0, -1.0]);
    let places: Vec<f32> = (0..=255u8).map(f32::from).collect();
    let places = x.initializer_f32("places", &[256], &places);
    let gain = x.initializer_f32("gain", &[], &[640.0]);
    let a = x.mul(&byte, &rate);
    let b = x.floor(&a);
    let c = x.mul(&level, &keep);
    let d = x.floor(&c);
    let e = x.add(&d, &b);
    let f = x.clip(&e, -100.0, 100.0);
    let g = x.mul(&f, &weights);
    let h = x.reduce_sum(&g, &[1], true);
    let i = x.equal(&byte, &places);
    let j = x.cast(&i, data_type::FLOAT);
    let k = x.mul(&j, &gain);
    let l = x.add(&k, &h);
    let logits = x.clip(&l, -4096.0, 4095.0);
    x.output("logits", &logits, &[256]);
    x.next_state("level", &f, &[2]);
    x.finish()
}

#[test]
fn the_example_is_run_as_the_text_says() {
    let (text, file) = (text(), example());
    let mut reference = reference(&file, 1);
    for (step, byte) in [0u8, 97, 98].into_iter().enumerate() {
        let trace = reference.trace(&[byte]).unwrap();
        let level = trace["next.level"].integers().unwrap();
        let sum = trace["reducesum"].integers().unwrap()[0];
        let mut logits = vec![0; 256];
        reference.step(&[byte], &mut logits).unwrap();
        let at = usize::from(byte);
        let other = logits[at ^ 1];
        assert!((0..256).all(|i| i == at || logits[i] == other));
        let logits: [i32; 256] = logits.try_into().unwrap();
        let interval = cumulative(&logits).interval(byte);
        let row = format!(
            "| {} | {byte} | {}, {} | {sum} | {} | {other} | {}, {} |",
            step + 1,
            level[0],
            level[1],
            logits[at],
            interval.start,
            interval.size
        );
        assert!(text.contains(&row), "the text does not have {row}");
    }
}

#[test]
fn the_example_is_proved_as_the_text_says() {
    let (text, model) = (text(), load(&example()).unwrap());
    let certificate = model.certificate();
    let worst = certificate.worst.as_ref().unwrap().bound;
    assert!(text.contains(&format!("Its largest `sum` is {worst}.")));
    for (value, name) in [("h", "reducesum"), ("l", "add_2")] {
        let fact = certificate
            .tensors
            .iter()
            .find(|fact| fact.name == name)
            .unwrap();
        let row = format!("| {value} | {} .. {}", fact.low, fact.high);
        assert!(text.contains(&row), "the text does not have {row}");
    }
    assert_eq!(
        certificate.summary().split("; ").nth(1).unwrap(),
        "matrix products exact in fp32, tf32, bf16, fp16"
    );
}
