//! Small step graphs for the tests.

pub(crate) mod networks;

use std::sync::Arc;

use prost::Message;
use umoec_exact::build::{GraphBuilder, ModelCard};
use umoec_exact::onnx::{GraphProto, ModelProto};
use umoec_exact::{ExactError, ModelLimits, Reference, StateRange, StepModel, Stepper};

/// A builder with a card.
pub(crate) fn builder() -> GraphBuilder {
    GraphBuilder::new(&ModelCard::named("test", "1"))
}

/// Loads a file.
pub(crate) fn load(file: &[u8]) -> Result<StepModel, ExactError> {
    StepModel::load(file, &ModelLimits::default())
}

/// A recurrent model: a leaky sum of the bytes, through a weight matrix.
pub(crate) fn recurrent() -> Vec<u8> {
    let mut b = builder();
    let byte = b.byte_input();
    let state = b.state("sum", &[4], StateRange::integers(-1000, 1000));
    let table: Vec<i8> = (0..1024).map(|i| (i * 37 % 255 - 127) as i8).collect();
    let table = b.initializer_i8("table", &[256, 4], &table);
    let rows = b.look_up(&table, &byte, 0);
    let rows = b.squeeze(&rows, &[1]);
    let rows = b.cast(&rows, umoec_exact::onnx::data_type::FLOAT);
    let seven = b.scalar(7.0);
    let kept = b.mul(&state, &seven);
    let kept = b.requantise(&kept, 3, true, -1000.0, 1000.0);
    let sum = b.add(&kept, &rows);
    let sum = b.clip(&sum, -1000.0, 1000.0);
    b.next_state("sum", &sum, &[4]);
    let weights: Vec<i8> = (0..1024).map(|i| (i * 91 % 251 - 125) as i8).collect();
    let weights = b.weights_i8("weights", &[4, 256], &weights);
    let logits = b.matmul(&sum, &weights);
    let logits = b.requantise(&logits, 6, false, -4096.0, 4095.0);
    b.output("logits", &logits, &[256]);
    b.finish()
}

/// The reference of a file.
pub(crate) fn reference(file: &[u8], lanes: usize) -> Reference {
    Reference::new(Arc::new(load(file).unwrap()), lanes).unwrap()
}

/// The logits of one lane fed with those bytes.
pub(crate) fn run(file: &[u8], bytes: &[u8]) -> Vec<i32> {
    let mut reference = reference(file, 1);
    let mut all = Vec::new();
    for &byte in bytes {
        let mut logits = vec![0; 256];
        reference.step(&[byte], &mut logits).unwrap();
        all.extend(logits);
    }
    all
}

/// A graph whose one interesting value is made by `part` from the byte `[lanes, 1]` as float.
pub(crate) fn with(part: impl FnOnce(&mut GraphBuilder, &str) -> String) -> Vec<u8> {
    let mut b = builder();
    let byte = b.byte_input();
    part(&mut b, &byte);
    constant_logits(&mut b, &byte);
    b.finish()
}

/// Logits that are all zero.
pub(crate) fn constant_logits(b: &mut GraphBuilder, byte: &str) {
    let zero = b.scalar(0.0);
    let flat = b.mul(byte, &zero);
    let logits = b.expand(&flat, &[1, 256]);
    b.output("logits", &logits, &[256]);
}

/// The file with a change to its messages.
pub(crate) fn edited(file: &[u8], edit: impl FnOnce(&mut ModelProto)) -> Vec<u8> {
    let mut model = ModelProto::decode(file).unwrap();
    edit(&mut model);
    model.encode_to_vec()
}

/// As [`edited`], of the graph alone.
pub(crate) fn regraphed(file: &[u8], edit: impl FnOnce(&mut GraphProto)) -> Vec<u8> {
    edited(file, |model| edit(model.graph.as_mut().unwrap()))
}

/// What a file is refused for.
pub(crate) fn refusal(file: &[u8]) -> String {
    match load(file) {
        Ok(_) => "accepted".into(),
        Err(error) => error.to_string(),
    }
}
