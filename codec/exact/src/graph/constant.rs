//! Tensors that stand in the file.

use crate::error::shown;
use crate::limits::ModelLimits;
use crate::onnx::{TensorProto, data_type};

use super::ElementType;

/// The elements of a constant, row-major.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Floats, all finite.
    F32(Vec<f32>),
    /// Signed bytes.
    I8(Vec<i8>),
    /// Bytes.
    U8(Vec<u8>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// 64-bit integers.
    I64(Vec<i64>),
    /// Truth values.
    Bool(Vec<bool>),
}

impl Data {
    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::F32(x) => x.len(),
            Self::I8(x) => x.len(),
            Self::U8(x) => x.len(),
            Self::I32(x) => x.len(),
            Self::I64(x) => x.len(),
            Self::Bool(x) => x.len(),
        }
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element type.
    #[must_use]
    pub const fn element(&self) -> ElementType {
        match self {
            Self::F32(_) => ElementType::F32,
            Self::I8(_) => ElementType::I8,
            Self::U8(_) => ElementType::U8,
            Self::I32(_) => ElementType::I32,
            Self::I64(_) => ElementType::I64,
            Self::Bool(_) => ElementType::Bool,
        }
    }

    /// The elements as integers; `None` for floats.
    #[must_use]
    pub fn integers(&self) -> Option<Vec<i64>> {
        match self {
            Self::F32(_) => None,
            Self::I8(x) => Some(x.iter().map(|&n| n.into()).collect()),
            Self::U8(x) => Some(x.iter().map(|&n| n.into()).collect()),
            Self::I32(x) => Some(x.iter().map(|&n| n.into()).collect()),
            Self::I64(x) => Some(x.clone()),
            Self::Bool(x) => Some(x.iter().map(|&n| n.into()).collect()),
        }
    }
}

/// A constant tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Sizes of the axes, at least 1 each; but a vector of integers may be empty.
    pub dims: Vec<usize>,
    /// The elements.
    pub data: Data,
}

impl Constant {
    /// Reads a tensor of the file; the error is a reason without the tensor's name.
    pub(super) fn read(tensor: TensorProto, limits: &ModelLimits) -> Result<Self, String> {
        if tensor.data_location != 0 {
            return Err("its data is outside of the file".into());
        }
        let mut elements = 1usize;
        let mut dims = Vec::with_capacity(tensor.dims.len().min(ModelLimits::RANK));
        if tensor.dims.len() > ModelLimits::RANK {
            return Err(format!("it has {} axes", tensor.dims.len()));
        }
        for &size in &tensor.dims {
            let size = usize::try_from(size).map_err(|_| format!("an axis of size {size}"))?;
            dims.push(size);
            elements = elements.saturating_mul(size);
        }
        if elements > limits.tensor_elements {
            return Err(format!(
                "it has {elements} elements, the limit is {}",
                limits.tensor_elements
            ));
        }
        let empty_vector = tensor.data_type == data_type::INT64 && dims == [0];
        if elements == 0 && !empty_vector {
            return Err("it has no elements".into());
        }
        let data = elements_of(tensor)?;
        if data.len() != elements {
            return Err(format!(
                "its shape has {elements} elements, its data {}",
                data.len()
            ));
        }
        if let Data::F32(floats) = &data
            && let Some(at) = floats.iter().position(|x| !x.is_finite())
        {
            return Err(format!("element {at} is {}", floats[at]));
        }
        Ok(Self { dims, data })
    }
}

fn elements_of(tensor: TensorProto) -> Result<Data, String> {
    let TensorProto {
        data_type,
        float_data,
        int32_data,
        int64_data,
        raw_data,
        ..
    } = tensor;
    let given = [
        !float_data.is_empty(),
        !int32_data.is_empty(),
        !int64_data.is_empty(),
    ];
    if let Some(raw) = raw_data {
        if given.contains(&true) {
            return Err("it has its data twice".into());
        }
        return from_raw(data_type, raw);
    }
    let only = |field: usize| {
        let others = (0..3).any(|i| i != field && given[i]);
        if others {
            Err("its data is of another type than it says".to_owned())
        } else {
            Ok(())
        }
    };
    match data_type {
        data_type::FLOAT => only(0).map(|()| Data::F32(float_data)),
        data_type::INT32 => only(1).map(|()| Data::I32(int32_data)),
        data_type::INT64 => only(2).map(|()| Data::I64(int64_data)),
        data_type::INT8 => only(1).and_then(|()| narrowed(&int32_data).map(Data::I8)),
        data_type::UINT8 => only(1).and_then(|()| narrowed(&int32_data).map(Data::U8)),
        data_type::BOOL => {
            only(1)?;
            narrowed(&int32_data).and_then(booleans)
        }
        other => Err(format!("element type {other} is outside the exact subset")),
    }
}

fn from_raw(data_type: i32, raw: Vec<u8>) -> Result<Data, String> {
    fn words<const N: usize, T>(raw: &[u8], read: fn([u8; N]) -> T) -> Result<Vec<T>, String> {
        let (chunks, rest) = raw.as_chunks::<N>();
        if !rest.is_empty() {
            return Err("its data ends within an element".into());
        }
        Ok(chunks.iter().map(|&chunk| read(chunk)).collect())
    }
    match data_type {
        data_type::FLOAT => words(&raw, f32::from_le_bytes).map(Data::F32),
        data_type::INT32 => words(&raw, i32::from_le_bytes).map(Data::I32),
        data_type::INT64 => words(&raw, i64::from_le_bytes).map(Data::I64),
        data_type::INT8 => words(&raw, i8::from_le_bytes).map(Data::I8),
        data_type::UINT8 => Ok(Data::U8(raw)),
        data_type::BOOL => booleans(raw),
        other => Err(format!("element type {other} is outside the exact subset")),
    }
}

fn narrowed<T: TryFrom<i32>>(data: &[i32]) -> Result<Vec<T>, String> {
    let narrow = |&n: &i32| T::try_from(n).map_err(|_| format!("{n} does not fit its type"));
    data.iter().map(narrow).collect()
}

fn booleans(bytes: Vec<u8>) -> Result<Data, String> {
    if let Some(byte) = bytes.iter().find(|&&byte| byte > 1) {
        return Err(format!("{byte} is no truth value"));
    }
    Ok(Data::Bool(
        bytes.into_iter().map(|byte| byte == 1).collect(),
    ))
}

/// The element type of that code.
pub(super) fn element_type(code: i32) -> Result<ElementType, String> {
    Ok(match code {
        data_type::FLOAT => ElementType::F32,
        data_type::INT8 => ElementType::I8,
        data_type::UINT8 => ElementType::U8,
        data_type::INT32 => ElementType::I32,
        data_type::INT64 => ElementType::I64,
        data_type::BOOL => ElementType::Bool,
        other => return Err(format!("element type {other} is outside the exact subset")),
    })
}

/// As an error of the graph.
pub(super) fn describe(name: &str, reason: &str) -> String {
    format!("initializer {}: {reason}", shown(name))
}
