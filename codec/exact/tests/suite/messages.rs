//! The messages have the tags of `onnx.proto`: bytes put together by hand.

use prost::Message;
use umoec_exact::build::attributes;
use umoec_exact::onnx::{
    AttributeProto, DimensionProto, DimensionValue, GraphProto, ModelProto, NodeProto,
    OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto,
    TypeProto, ValueInfoProto, attribute_type, data_type,
};

/// A field with a length: tag, content.
fn field(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 128);
    let key = u32::from(tag) << 3 | 2;
    let key = if tag < 16 {
        vec![key as u8]
    } else {
        vec![key as u8 | 128, (key >> 7) as u8]
    };
    [&key[..], &[length], content].concat()
}

/// A number below 128.
fn number(tag: u8, value: u8) -> Vec<u8> {
    let key = u32::from(tag) << 3;
    let key = if tag < 16 {
        vec![key as u8]
    } else {
        vec![key as u8 | 128, (key >> 7) as u8]
    };
    [&key[..], &[value]].concat()
}

fn value_info() -> ValueInfoProto {
    let dim = [
        DimensionValue::Name("lanes".into()),
        DimensionValue::Size(2),
    ]
    .map(|value| DimensionProto {
        value: Some(value),
        denotation: "d".into(),
    });
    let shape = Some(TensorShapeProto { dim: dim.into() });
    let tensor_type = Some(TensorTypeProto {
        elem_type: data_type::FLOAT,
        shape,
    });
    let r#type = Some(TypeProto {
        tensor_type,
        denotation: "t".into(),
    });
    ValueInfoProto {
        name: "v".into(),
        r#type,
        doc_string: "s".into(),
    }
}

#[test]
fn a_value_is_described_as_onnx_does() {
    let lanes = [field(2, b"lanes"), field(3, b"d")].concat();
    let two = [number(1, 2), field(3, b"d")].concat();
    let shape = [field(1, &lanes), field(1, &two)].concat();
    let tensor = [number(1, 1), field(2, &shape)].concat();
    let kind = [field(1, &tensor), field(6, b"t")].concat();
    let expected = [field(1, b"v"), field(2, &kind), field(3, b"s")].concat();
    assert_eq!(value_info().encode_to_vec(), expected);
}

fn tensor() -> TensorProto {
    TensorProto {
        dims: vec![1, 3],
        data_type: data_type::INT8,
        float_data: vec![1.0],
        int32_data: vec![5, 6],
        int64_data: vec![7],
        name: "n".into(),
        raw_data: Some(vec![1, 2, 3]),
        doc_string: "d".into(),
        data_location: 1,
    }
}

fn tensor_bytes() -> Vec<u8> {
    [
        number(1, 1),
        number(1, 3),
        number(2, 3),
        field(4, &1f32.to_le_bytes()),
        field(5, &[5, 6]),
        field(7, &[7]),
        field(8, b"n"),
        field(9, &[1, 2, 3]),
        field(12, b"d"),
        number(14, 1),
    ]
    .concat()
}

#[test]
fn a_tensor_has_its_elements_where_onnx_has_them() {
    assert_eq!(tensor().encode_to_vec(), tensor_bytes());
    for (code, value) in [
        (1, data_type::FLOAT),
        (2, data_type::UINT8),
        (3, data_type::INT8),
        (6, data_type::INT32),
        (7, data_type::INT64),
        (9, data_type::BOOL),
    ] {
        assert_eq!(code, value);
    }
}

#[test]
fn an_attribute_has_one_field_for_each_type() {
    let all = AttributeProto {
        name: "a".into(),
        f: Some(0.0),
        i: Some(0),
        s: Some(vec![]),
        t: Some(tensor()),
        floats: vec![1.0],
        ints: vec![2, 3],
        strings: vec![vec![4]],
        doc_string: "d".into(),
        r#type: attribute_type::TENSOR,
    };
    let float = |tag: u8, x: f32| [&[tag << 3 | 5][..], &x.to_le_bytes()].concat();
    let expected = [
        field(1, b"a"),
        float(2, 0.0),
        number(3, 0),
        field(4, b""),
        field(5, &tensor_bytes()),
        float(7, 1.0),
        number(8, 2),
        number(8, 3),
        field(9, &[4]),
        field(13, b"d"),
        number(20, 4),
    ];
    assert_eq!(all.encode_to_vec(), expected.concat());
    // A zero that was set is written: the checker of ONNX asks for it.
    let zero = attributes::int("axis", 0).encode_to_vec();
    assert_eq!(
        zero,
        [field(1, b"axis"), number(3, 0), number(20, 2)].concat()
    );
}

#[test]
fn a_model_holds_a_graph_of_nodes() {
    let node = NodeProto {
        input: vec!["x".into(), String::new()],
        output: vec!["y".into()],
        name: "n".into(),
        op_type: "Neg".into(),
        attribute: vec![attributes::int("i", 1)],
        doc_string: "d".into(),
        domain: "o".into(),
    };
    let graph = GraphProto {
        node: vec![node],
        name: "g".into(),
        initializer: vec![TensorProto::default()],
        doc_string: "d".into(),
        input: vec![ValueInfoProto {
            name: "i".into(),
            ..Default::default()
        }],
        output: vec![ValueInfoProto {
            name: "o".into(),
            ..Default::default()
        }],
        value_info: vec![ValueInfoProto {
            name: "v".into(),
            ..Default::default()
        }],
    };
    let model = ModelProto {
        ir_version: 8,
        producer_name: "p".into(),
        producer_version: "1".into(),
        domain: "d".into(),
        model_version: 9,
        doc_string: "s".into(),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto {
            domain: "o".into(),
            version: 18,
        }],
        metadata_props: vec![StringStringEntryProto {
            key: "k".into(),
            value: "v".into(),
        }],
    };
    let attribute = [field(1, b"i"), number(3, 1), number(20, 2)].concat();
    let node = [
        field(1, b"x"),
        field(1, b""),
        field(2, b"y"),
        field(3, b"n"),
        field(4, b"Neg"),
        field(5, &attribute),
        field(6, b"d"),
        field(7, b"o"),
    ];
    let graph = [
        field(1, &node.concat()),
        field(2, b"g"),
        field(5, b""),
        field(10, b"d"),
        field(11, &field(1, b"i")),
        field(12, &field(1, b"o")),
        field(13, &field(1, b"v")),
    ];
    let expected = [
        number(1, 8),
        field(2, b"p"),
        field(3, b"1"),
        field(4, b"d"),
        number(5, 9),
        field(6, b"s"),
        field(7, &graph.concat()),
        field(8, &[field(1, b"o"), number(2, 18)].concat()),
        field(14, &[field(1, b"k"), field(2, b"v")].concat()),
    ];
    assert_eq!(model.encode_to_vec(), expected.concat());
}
