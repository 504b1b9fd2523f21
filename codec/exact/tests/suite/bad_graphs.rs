//! Ill-formed graphs, each refused for what is wrong with it.

use umoec_exact::build::attributes::int;
use umoec_exact::onnx::{
    AttributeProto, DimensionProto, DimensionValue, GraphProto, NodeProto, TensorProto, data_type,
};

use crate::common::{edited, recurrent, refusal, regraphed, with};

fn node(name: &str, operator: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        name: name.into(),
        op_type: operator.into(),
        input: inputs.iter().map(|&name| name.to_owned()).collect(),
        output: vec![output.into()],
        ..NodeProto::default()
    }
}

/// Asserts that an edit of a good graph is refused with that text.
fn refused(text: &str, edit: impl FnOnce(&mut GraphProto)) {
    let reason = refusal(&regraphed(&recurrent(), edit));
    assert!(reason.contains(text), "{reason:?} does not say {text:?}");
}

#[test]
fn the_graph_that_is_edited_is_good() {
    assert_eq!(refusal(&edited(&recurrent(), |_| {})), "accepted");
}

#[test]
fn cycles_and_orders() {
    refused("the graph has a cycle through node", |graph| {
        graph.node.push(node("a", "Neg", &["y"], "x"));
        graph.node.push(node("b", "Abs", &["x"], "y"));
    });
    refused("the graph has a cycle through node self", |graph| {
        graph.node.push(node("self", "Neg", &["x"], "x"));
    });
    refused("not in topological order", |graph| graph.node.reverse());
    refused("it reads nowhere, which nothing makes", |graph| {
        graph.node.push(node("a", "Neg", &["nowhere"], "x"));
    });
}

#[test]
fn names() {
    refused("two nodes have the name a", |graph| {
        graph.node.push(node("a", "Neg", &["byte"], "x"));
        graph.node.push(node("a", "Neg", &["byte"], "y"));
    });
    refused("the value x is made twice", |graph| {
        graph.node.push(node("a", "Neg", &["byte"], "x"));
        graph.node.push(node("b", "Abs", &["byte"], "x"));
    });
    refused("a value's name is", |graph| {
        graph.node.push(node("a", "Neg", &["byte"], ""));
    });
    refused("a value's name is \"\\\\u{1b}[2J\"", |graph| {
        graph.node.push(node("a", "Neg", &["byte"], "\u{1b}[2J"));
    });
    refused("nothing makes the output", |graph| {
        let mut output = graph.output[0].clone();
        output.name = "other".into();
        graph.output.push(output);
    });
    refused("is there twice", |graph| {
        let output = graph.output[0].clone();
        graph.output.push(output);
    });
}

#[test]
fn operators_outside_the_subset() {
    for operator in [
        "Conv", "Div", "Sqrt", "Softmax", "Exp", "Loop", "If", "Add\u{0}",
    ] {
        refused("outside the exact subset", |graph| {
            graph.node.push(node("a", operator, &["byte", "byte"], "x"));
        });
    }
    refused(
        "the domain com.microsoft is outside the exact subset",
        |graph| {
            let fused = node("a", "Add", &["byte", "byte"], "x");
            graph.node.push(NodeProto {
                domain: "com.microsoft".into(),
                ..fused
            });
        },
    );
}

#[test]
fn attributes() {
    let with_attributes = |attribute: Vec<AttributeProto>| {
        let cast = node("a", "Cast", &["byte"], "x");
        regraphed(&recurrent(), |graph| {
            graph.node.push(NodeProto { attribute, ..cast });
        })
    };
    let to = int("to", data_type::INT32.into());
    assert_eq!(refusal(&with_attributes(vec![to.clone()])), "accepted");
    for (attributes, text) in [
        (vec![], "it has no attribute to"),
        (vec![to.clone(), to.clone()], "attribute to occurs twice"),
        (
            vec![to.clone(), int("saturate", 1)],
            "attribute saturate is unknown here",
        ),
        (
            vec![int("to", 11)],
            "element type 11 is outside the exact subset",
        ),
        (vec![int("to", 1)], "a change from float32 to float32"),
        (vec![int("to", 2)], "a change from float32 to uint8"),
        (
            vec![AttributeProto {
                r#type: 1,
                ..to.clone()
            }],
            "attribute to is of a wrong type",
        ),
        (
            vec![AttributeProto { f: Some(1.0), ..to }],
            "attribute to is of a wrong type",
        ),
    ] {
        let reason = refusal(&with_attributes(attributes));
        assert!(reason.contains(text), "{reason:?} does not say {text:?}");
    }
}

#[test]
fn shapes_and_types() {
    for (operator, inputs, text) in [
        ("MatMul", ["state.sum", "state.sum"], "do not fit"),
        ("MatMul", ["cast_2", "cast_2"], "do not fit"),
        ("Add", ["state.sum", "logits"], "do not fit"),
        (
            "Add",
            ["state.sum", "table"],
            "input 1 is int8, not float32",
        ),
        (
            "And",
            ["state.sum", "state.sum"],
            "input 0 is float32, not bool",
        ),
        ("Gather", ["table", "state.sum"], "indices are float32"),
        ("Reshape", ["state.sum", "vector"], "does not fit [1]"),
        (
            "Reshape",
            ["state.sum", "byte"],
            "input 1 is float32, not int64",
        ),
        (
            "Squeeze",
            ["state.sum", "vector"],
            "axis 1 of [lanes, 4] is not 1",
        ),
        (
            "ReduceSum",
            ["state.sum", "zero"],
            "axis 0 is the lane axis",
        ),
        (
            "Unsqueeze",
            ["state.sum", "zero"],
            "does not have the lane axis in front",
        ),
        ("Neg", ["state.sum", "state.sum"], "it has 2 inputs"),
    ] {
        refused(text, |graph| {
            graph.initializer.push(integers("zero", &[1], &[0]));
            graph.node.push(node("a", operator, &inputs, "x"));
        });
    }
    refused("does not have the lane axis in front", |graph| {
        graph.node.push(node("a", "Transpose", &["state.sum"], "x"));
    });
    refused(
        "is said to be float32 [lanes, 5] and is float32 [lanes, 4]",
        |graph| {
            let shape = graph.output[0]
                .r#type
                .as_mut()
                .unwrap()
                .tensor_type
                .as_mut()
                .unwrap();
            shape.shape.as_mut().unwrap().dim[1].value = Some(DimensionValue::Size(5));
        },
    );
    for (dim, text) in [
        (
            DimensionValue::Name("batch".into()),
            "neither a positive size nor",
        ),
        (DimensionValue::Size(0), "neither a positive size nor"),
        (DimensionValue::Size(-3), "neither a positive size nor"),
        (
            DimensionValue::Size(3),
            "not float32 with lanes on the first axis alone",
        ),
    ] {
        refused(text, |graph| {
            let kind = graph.input[0]
                .r#type
                .as_mut()
                .unwrap()
                .tensor_type
                .as_mut()
                .unwrap();
            let value = Some(dim);
            kind.shape.as_mut().unwrap().dim[0] = DimensionProto {
                value,
                ..Default::default()
            };
        });
    }
}

fn integers(name: &str, dims: &[i64], data: &[i64]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: data_type::INT64,
        int64_data: data.to_vec(),
        ..TensorProto::default()
    }
}

#[test]
fn constants() {
    for (value, text) in [
        (f32::NAN, "NaN"),
        (f32::INFINITY, "inf"),
        (f32::NEG_INFINITY, "-inf"),
    ] {
        refused(&format!("initializer x: element 1 is {text}"), |graph| {
            graph.initializer.push(TensorProto {
                name: "x".into(),
                dims: vec![2],
                data_type: data_type::FLOAT,
                float_data: vec![1.0, value],
                ..TensorProto::default()
            });
        });
    }
    for (dims, text) in [
        (&[3][..], "its shape has 3 elements, its data 2"),
        (&[-2], "an axis of size -2"),
        (&[1 << 40, 1 << 40], "elements, the limit is"),
        (&[1_000_000_000], "it has 1000000000 elements, the limit is"),
        (&[0, 2], "it has no elements"),
        (&[1; 9], "it has 9 axes"),
    ] {
        refused(text, |graph| {
            graph.initializer.push(integers("x", dims, &[1, 2]));
        });
    }
    let odd = TensorProto {
        int64_data: vec![],
        raw_data: Some(vec![0; 15]),
        ..integers("x", &[2], &[])
    };
    refused("its data ends within an element", |graph| {
        graph.initializer.push(odd);
    });
    let twice = TensorProto {
        raw_data: Some(vec![0; 16]),
        ..integers("x", &[2], &[1, 2])
    };
    refused("it has its data twice", |graph| {
        graph.initializer.push(twice);
    });
    let outside = TensorProto {
        data_location: 1,
        ..integers("x", &[2], &[1, 2])
    };
    refused("its data is outside of the file", |graph| {
        graph.initializer.push(outside);
    });
    let half = TensorProto {
        data_type: 10,
        raw_data: Some(vec![0; 4]),
        ..integers("x", &[2], &[])
    };
    refused("element type 10 is outside the exact subset", |graph| {
        graph.initializer.push(half);
    });
    let truth = TensorProto {
        data_type: 9,
        raw_data: Some(vec![0, 2]),
        ..integers("x", &[2], &[])
    };
    refused("2 is no truth value", |graph| graph.initializer.push(truth));
}

#[test]
fn clip_bounds_in_the_wrong_order() {
    let file = with(|b, byte| b.clip(byte, 3.0, 2.0));
    assert!(refusal(&file).contains("the lower bound 3 is above the upper, 2"));
}
