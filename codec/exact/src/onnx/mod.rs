//! The messages of ONNX that a step graph may consist of, as `prost` structures.
//!
//! Tags and types are those of `onnx.proto` (IR 8), fields that the subset refuses are absent:
//! [`scan`] refuses a file that has them before it is decoded. Fields that proto2 would leave
//! out are options, so that a zero that was set is also written.

pub mod scan;
mod schema;

use prost::{Message, Oneof};

/// The IR version that is written. Read: 3 to this.
pub const IR_VERSION: i64 = 8;

/// The only operator set version that is read and written, of the domain `ai.onnx`.
pub const OPSET_VERSION: i64 = 18;

/// A whole file.
#[derive(Clone, PartialEq, Message)]
pub struct ModelProto {
    /// Version of the file format, [`IR_VERSION`].
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    /// The program that wrote the file.
    #[prost(string, tag = "2")]
    pub producer_name: String,
    /// Its version.
    #[prost(string, tag = "3")]
    pub producer_version: String,
    /// Namespace of the model, unused.
    #[prost(string, tag = "4")]
    pub domain: String,
    /// Version of the model, unused.
    #[prost(int64, tag = "5")]
    pub model_version: i64,
    /// Free text, unused.
    #[prost(string, tag = "6")]
    pub doc_string: String,
    /// The graph.
    #[prost(message, optional, tag = "7")]
    pub graph: Option<GraphProto>,
    /// Versions of the operator sets in use.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSetIdProto>,
    /// Metadata, keys and values.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<StringStringEntryProto>,
}

/// Version of an operator set.
#[derive(Clone, PartialEq, Message)]
pub struct OperatorSetIdProto {
    /// Empty for `ai.onnx`.
    #[prost(string, tag = "1")]
    pub domain: String,
    /// [`OPSET_VERSION`].
    #[prost(int64, tag = "2")]
    pub version: i64,
}

/// A key and its value.
#[derive(Clone, PartialEq, Message)]
pub struct StringStringEntryProto {
    /// The key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// A graph: nodes in topological order over named values.
#[derive(Clone, PartialEq, Message)]
pub struct GraphProto {
    /// The nodes.
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<NodeProto>,
    /// The graph's name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Named constants.
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<TensorProto>,
    /// Free text, unused.
    #[prost(string, tag = "10")]
    pub doc_string: String,
    /// Inputs with types and shapes.
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfoProto>,
    /// Outputs with types and shapes.
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfoProto>,
    /// Types and shapes of other values.
    #[prost(message, repeated, tag = "13")]
    pub value_info: Vec<ValueInfoProto>,
}

/// An application of an operator.
#[derive(Clone, PartialEq, Message)]
pub struct NodeProto {
    /// Names of the values read; empty where an optional one is absent.
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    /// Names of the values made.
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    /// The node's name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// The operator.
    #[prost(string, tag = "4")]
    pub op_type: String,
    /// Attributes.
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<AttributeProto>,
    /// Free text, unused.
    #[prost(string, tag = "6")]
    pub doc_string: String,
    /// The operator's domain, empty for `ai.onnx`.
    #[prost(string, tag = "7")]
    pub domain: String,
}

/// A static parameter of a node.
#[derive(Clone, PartialEq, Message)]
pub struct AttributeProto {
    /// The attribute's name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// A float, where the type says so.
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    /// An integer.
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    /// Bytes.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub s: Option<Vec<u8>>,
    /// A tensor.
    #[prost(message, optional, tag = "5")]
    pub t: Option<TensorProto>,
    /// Floats.
    #[prost(float, repeated, packed = "false", tag = "7")]
    pub floats: Vec<f32>,
    /// Integers.
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    /// Byte strings.
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub strings: Vec<Vec<u8>>,
    /// Free text, unused.
    #[prost(string, tag = "13")]
    pub doc_string: String,
    /// Which of the fields holds the value, one of [`attribute_type`].
    #[prost(int32, tag = "20")]
    pub r#type: i32,
}

/// Codes of `AttributeProto::type`.
pub mod attribute_type {
    /// `f`
    pub const FLOAT: i32 = 1;
    /// `i`
    pub const INT: i32 = 2;
    /// `s`
    pub const STRING: i32 = 3;
    /// `t`
    pub const TENSOR: i32 = 4;
    /// `floats`
    pub const FLOATS: i32 = 6;
    /// `ints`
    pub const INTS: i32 = 7;
    /// `strings`
    pub const STRINGS: i32 = 8;
}

/// A constant tensor, row-major.
#[derive(Clone, PartialEq, Message)]
pub struct TensorProto {
    /// Sizes of the axes.
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    /// Element type, one of [`data_type`].
    #[prost(int32, tag = "2")]
    pub data_type: i32,
    /// Elements of a float tensor.
    #[prost(float, repeated, tag = "4")]
    pub float_data: Vec<f32>,
    /// Elements of a tensor of up to 32-bit integers.
    #[prost(int32, repeated, tag = "5")]
    pub int32_data: Vec<i32>,
    /// Elements of a tensor of 64-bit integers.
    #[prost(int64, repeated, tag = "7")]
    pub int64_data: Vec<i64>,
    /// Name of the value that this tensor gives.
    #[prost(string, tag = "8")]
    pub name: String,
    /// Elements in little-endian bytes.
    #[prost(bytes = "vec", optional, tag = "9")]
    pub raw_data: Option<Vec<u8>>,
    /// Free text, unused.
    #[prost(string, tag = "12")]
    pub doc_string: String,
    /// 0 where the elements are in this message, the only place allowed.
    #[prost(int32, tag = "14")]
    pub data_location: i32,
}

/// Codes of `TensorProto::data_type`.
pub mod data_type {
    /// 32-bit float
    pub const FLOAT: i32 = 1;
    /// unsigned byte
    pub const UINT8: i32 = 2;
    /// signed byte
    pub const INT8: i32 = 3;
    /// 32-bit integer
    pub const INT32: i32 = 6;
    /// 64-bit integer
    pub const INT64: i32 = 7;
    /// truth value, one byte
    pub const BOOL: i32 = 9;
}

/// A value's name, type and shape.
#[derive(Clone, PartialEq, Message)]
pub struct ValueInfoProto {
    /// The value's name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its type.
    #[prost(message, optional, tag = "2")]
    pub r#type: Option<TypeProto>,
    /// Free text, unused.
    #[prost(string, tag = "3")]
    pub doc_string: String,
}

/// A type; the subset has tensors only.
#[derive(Clone, PartialEq, Message)]
pub struct TypeProto {
    /// A tensor's type.
    #[prost(message, optional, tag = "1")]
    pub tensor_type: Option<TensorTypeProto>,
    /// Free text, unused.
    #[prost(string, tag = "6")]
    pub denotation: String,
}

/// `TypeProto.Tensor`.
#[derive(Clone, PartialEq, Message)]
pub struct TensorTypeProto {
    /// Element type, one of [`data_type`].
    #[prost(int32, tag = "1")]
    pub elem_type: i32,
    /// The shape.
    #[prost(message, optional, tag = "2")]
    pub shape: Option<TensorShapeProto>,
}

/// A shape.
#[derive(Clone, PartialEq, Message)]
pub struct TensorShapeProto {
    /// The axes.
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<DimensionProto>,
}

/// `TensorShapeProto.Dimension`: a size or a name for one.
#[derive(Clone, PartialEq, Message)]
pub struct DimensionProto {
    /// The size or its name.
    #[prost(oneof = "DimensionValue", tags = "1, 2")]
    pub value: Option<DimensionValue>,
    /// Free text, unused.
    #[prost(string, tag = "3")]
    pub denotation: String,
}

/// What a [`DimensionProto`] says.
#[derive(Clone, PartialEq, Oneof)]
pub enum DimensionValue {
    /// A size.
    #[prost(int64, tag = "1")]
    Size(i64),
    /// A name, `lanes` in step graphs.
    #[prost(string, tag = "2")]
    Name(String),
}
