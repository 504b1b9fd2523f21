//! Constants of a graph under construction.

use crate::onnx::{TensorProto, data_type};

use super::{GraphBuilder, attributes};

/// A tensor with raw little-endian elements.
pub(crate) fn raw(name: &str, data_type: i32, dims: &[usize], raw: Vec<u8>) -> TensorProto {
    TensorProto {
        dims: dims.iter().map(|&size| size as i64).collect(),
        data_type,
        name: name.into(),
        raw_data: Some(raw),
        ..TensorProto::default()
    }
}

impl GraphBuilder {
    fn initializer(&mut self, name: &str, data_type: i32, dims: &[usize], data: Vec<u8>) -> String {
        let name = self.unique(name);
        self.graph
            .initializer
            .push(raw(&name, data_type, dims, data));
        name
    }

    /// A float constant, row-major.
    pub fn initializer_f32(&mut self, name: &str, dims: &[usize], data: &[f32]) -> String {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.initializer(name, data_type::FLOAT, dims, bytes)
    }

    /// A constant of signed bytes.
    pub fn initializer_i8(&mut self, name: &str, dims: &[usize], data: &[i8]) -> String {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.initializer(name, data_type::INT8, dims, bytes)
    }

    /// A constant of bytes.
    pub fn initializer_u8(&mut self, name: &str, dims: &[usize], data: &[u8]) -> String {
        self.initializer(name, data_type::UINT8, dims, data.to_vec())
    }

    /// A constant of 32-bit integers.
    pub fn initializer_i32(&mut self, name: &str, dims: &[usize], data: &[i32]) -> String {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.initializer(name, data_type::INT32, dims, bytes)
    }

    /// A constant of 64-bit integers.
    pub fn initializer_i64(&mut self, name: &str, dims: &[usize], data: &[i64]) -> String {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.initializer(name, data_type::INT64, dims, bytes)
    }

    /// Weights in signed bytes that the graph reads as floats: an int8 constant and a Cast.
    pub fn weights_i8(&mut self, name: &str, dims: &[usize], data: &[i8]) -> String {
        let bytes = self.initializer_i8(name, dims, data);
        self.cast(&bytes, data_type::FLOAT)
    }

    /// A float constant without axes. The same number is stored once.
    pub fn scalar(&mut self, value: f32) -> String {
        if let Some(name) = self.scalars.get(&value.to_bits()) {
            return name.clone();
        }
        let name = self.initializer_f32("scalar", &[], &[value]);
        self.scalars.insert(value.to_bits(), name.clone());
        name
    }

    /// A constant vector of integers (a shape, axes, ...). The same vector is stored once.
    pub fn vector_i64(&mut self, values: &[i64]) -> String {
        if let Some(name) = self.vectors.get(values) {
            return name.clone();
        }
        let name = self.initializer_i64("vector", &[values.len()], values);
        self.vectors.insert(values.to_vec(), name.clone());
        name
    }

    /// A float constant made by a Constant node.
    pub fn constant_f32(&mut self, dims: &[usize], data: &[f32]) -> String {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        let tensor = raw("", data_type::FLOAT, dims, bytes);
        self.node("Constant", &[], vec![attributes::tensor("value", tensor)])
    }
}
