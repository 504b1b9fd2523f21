//! Models that are refused for what surrounds the graph: versions, metadata, interface, size.

use umoec_exact::build::attributes::int;
use umoec_exact::onnx::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
};
use umoec_exact::{ModelLimits, StepModel};

use crate::common::{edited, recurrent, refusal, regraphed, with};

fn refused(text: &str, edit: impl FnOnce(&mut GraphProto)) {
    let reason = refusal(&regraphed(&recurrent(), edit));
    assert!(reason.contains(text), "{reason:?} does not say {text:?}");
}

fn model_refused(text: &str, edit: impl FnOnce(&mut ModelProto)) {
    let reason = refusal(&edited(&recurrent(), edit));
    assert!(reason.contains(text), "{reason:?} does not say {text:?}");
}

#[test]
fn versions_and_operator_sets() {
    model_refused("IR version 3 is not 8", |model| model.ir_version = 3);
    model_refused("operator sets: ai.onnx 17; only ai.onnx 18", |model| {
        model.opset_import[0].version = 17;
    });
    model_refused("operator sets: none", |model| model.opset_import.clear());
    model_refused("ai.onnx 18, com.microsoft 1; only", |model| {
        let (domain, version) = ("com.microsoft".into(), 1);
        model
            .opset_import
            .push(OperatorSetIdProto { domain, version });
    });
    model_refused("it has no graph", |model| model.graph = None);
}

#[test]
fn metadata_and_interface() {
    for (key, value, text) in [
        (
            "umoec.format",
            Some("2"),
            "umoec.format is 2, this program knows 1",
        ),
        ("umoec.role", Some("patch"), "umoec.role is patch"),
        ("umoec.patch", Some("4"), "umoec.patch is 4"),
        ("umoec.name", Some("a b"), "not a plain word"),
        ("umoec.name", Some("../../etc"), "not a plain word"),
        (
            "umoec.version",
            None,
            "the metadata umoec.version is missing",
        ),
        ("umoec.licence", Some("\u{1b}[31m"), "control characters"),
        ("umoec.context", Some("-1"), "not a number in range"),
        ("umoec.context", Some("007"), "not a number in range"),
        ("umoec.start", Some("256"), "not a number in range"),
        (
            "umoec.state.sum",
            None,
            "the metadata umoec.state.sum is missing",
        ),
        (
            "umoec.state.sum",
            Some("{}"),
            "umoec.state.sum: missing field",
        ),
        (
            "umoec.state.sum",
            Some(r#"{"low":1,"high":0}"#),
            "is impossible",
        ),
        (
            "umoec.state.sum",
            Some(r#"{"low":0,"high":16777216}"#),
            "is impossible",
        ),
        (
            "umoec.state.sum",
            Some(r#"{"low":0,"high":1,"exponent":-33}"#),
            "is impossible",
        ),
        (
            "umoec.state.sum",
            Some(r#"{"low":0,"high":1,"initial":2}"#),
            "is impossible",
        ),
        (
            "umoec.state.sum",
            Some(r#"{"low":0,"high":1e3}"#),
            "umoec.state.sum: invalid type",
        ),
        (
            "umoec.state.other",
            Some(r#"{"low":0,"high":1}"#),
            "declares what is not there",
        ),
        (
            "umoec.condition",
            Some(r#"{"low":0,"high":1}"#),
            "declares what is not there",
        ),
        (
            "umoec.self_test",
            Some("{}"),
            "umoec.self_test is not as specified",
        ),
        (
            "umoec.self_test",
            Some(r#"{"bytes":"41","logits":"00"}"#),
            "is not as specified",
        ),
    ] {
        model_refused(text, |model| {
            model.metadata_props.retain(|entry| entry.key != key);
            if let Some(value) = value {
                let (key, value) = (key.into(), value.into());
                model
                    .metadata_props
                    .push(StringStringEntryProto { key, value });
            }
        });
    }
    model_refused("the metadata umoec.name is there twice", |model| {
        let again = model
            .metadata_props
            .iter()
            .find(|entry| entry.key == "umoec.name")
            .cloned();
        model.metadata_props.extend(again);
    });
    refused("there is no input byte", |graph| {
        graph.input.retain(|input| input.name != "byte");
        graph.node.clear();
        graph.output.clear();
    });
    refused("there is no output logits", |graph| {
        graph.output.retain(|o| o.name != "logits");
    });
    refused("there is no output next.sum", |graph| {
        graph.output.retain(|o| o.name == "logits");
    });
    refused("the input extra is unknown", |graph| {
        let mut input = graph.input[0].clone();
        input.name = "extra".into();
        graph.input.push(input);
    });
}

#[test]
fn too_much_of_anything() {
    let limits = ModelLimits::default();
    let refusal = |file: &[u8], limits: ModelLimits| match StepModel::load(file, &limits) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    };
    let file = recurrent();
    let reason = refusal(
        &file,
        ModelLimits {
            file_bytes: 100,
            ..limits
        },
    );
    assert_eq!(
        reason,
        format!(
            "the model's file in bytes: {}, the limit is 100",
            file.len()
        )
    );
    let reason = refusal(&file, ModelLimits { nodes: 5, ..limits });
    assert_eq!(reason, "the model's nodes: 6, the limit is 5");
    let reason = refusal(
        &file,
        ModelLimits {
            elements: 2000,
            ..limits
        },
    );
    assert!(
        reason.starts_with("the model's elements of all tensors:"),
        "{reason}"
    );
    let reason = refusal(
        &file,
        ModelLimits {
            operations: 1000,
            ..limits
        },
    );
    assert!(
        reason.starts_with("the model's operations per step:"),
        "{reason}"
    );
    let reason = refusal(
        &file,
        ModelLimits {
            fields: 50,
            ..limits
        },
    );
    assert_eq!(reason, "the model's fields: 51, the limit is 50");
    let huge = with(|b, byte| b.expand(byte, &[1, 1_000_000_000]));
    let reason = refusal(&huge, limits);
    assert_eq!(
        reason,
        "the model's elements of one tensor: 1000000000, the limit is 16777216"
    );
    let endless = with(|b, byte| {
        let deep = b.unsqueeze(byte, &[2]);
        b.expand(&deep, &[1, i64::MAX, i64::MAX])
    });
    let reason = refusal(&endless, limits);
    assert!(
        reason.starts_with("the model's elements of one tensor:"),
        "{reason}"
    );
}

#[test]
fn the_work_of_the_proof_is_bounded() {
    // Few elements, but each index may mean any row: the proof would look at all for each range.
    let file = with(|b, byte| {
        let table = b.initializer_f32("t", &[1 << 16], &vec![1.0; 1 << 16]);
        let offsets: Vec<f32> = (0..4096).map(|n| n as f32 * 15.0).collect();
        let offsets = b.initializer_f32("o", &[4096], &offsets);
        let place = b.add(byte, &offsets);
        let wide = b.clip(&place, 0.0, 65_535.0);
        b.look_up(&table, &wide, 0)
    });
    assert_eq!(refusal(&file), "accepted");
    let limits = ModelLimits {
        operations: 110_000,
        ..ModelLimits::default()
    };
    let error = StepModel::load(&file, &limits).unwrap_err().to_string();
    assert!(
        error.contains("the proof takes more operations than the limits allow"),
        "{error}"
    );
}

#[test]
fn work_that_grows_with_the_square_is_bounded() {
    // A cycle in which each node reads a thousand others first.
    refused("the graph has a cycle through node", |graph| {
        for n in 0..100 {
            let mut input = vec!["byte".to_owned(); 1000];
            input.push(format!("x{}", (n + 1) % 100));
            let output = vec![format!("x{n}")];
            let op_type = "Max".into();
            graph.node.push(NodeProto {
                input,
                output,
                op_type,
                ..NodeProto::default()
            });
        }
    });
    refused("it has 9 attributes", |graph| {
        graph.node[0].attribute = (0..9).map(|n| int(&format!("a{n}"), 0)).collect();
    });
    let limits = ModelLimits {
        operations: 1 << 20,
        ..ModelLimits::default()
    };
    let file = with(|b, byte| {
        let wide = b.expand(byte, &[1, 1 << 12]);
        let mut all = vec![byte; 1 << 9];
        all[0] = &wide;
        b.max(&all)
    });
    let error = StepModel::load(&file, &limits).unwrap_err().to_string();
    assert!(
        error.starts_with("the model's operations per step:"),
        "{error}"
    );
    let reason = refusal(&edited(&recurrent(), |model| {
        let graph = model.graph.as_mut().unwrap();
        let mut state = graph.input[1].clone();
        let declared = model
            .metadata_props
            .iter()
            .find(|entry| entry.key == "umoec.state.sum");
        let declared = declared.cloned().unwrap();
        for n in 0..1024 {
            state.name = format!("state.s{n}");
            graph.input.push(state.clone());
            let key = format!("umoec.state.s{n}");
            model.metadata_props.push(StringStringEntryProto {
                key,
                ..declared.clone()
            });
        }
    }));
    assert!(
        reason.contains("there are 1025 states, at most 1024 are allowed"),
        "{reason}"
    );
}
