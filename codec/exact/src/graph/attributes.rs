//! Attributes of one node: each may be asked for, and what nobody asked for is refused.

use crate::error::shown;
use crate::onnx::{AttributeProto, TensorProto, attribute_type};

/// More than any operator has.
const MOST: usize = 8;

/// The attributes that were not asked for yet.
pub(super) struct Attributes(Vec<AttributeProto>);

impl Attributes {
    pub(super) fn new(attributes: Vec<AttributeProto>) -> Result<Self, String> {
        if attributes.len() > MOST {
            return Err(format!("it has {} attributes", attributes.len()));
        }
        for (i, attribute) in attributes.iter().enumerate() {
            if attributes[..i]
                .iter()
                .any(|other| other.name == attribute.name)
            {
                return Err(format!("attribute {} occurs twice", shown(&attribute.name)));
            }
        }
        Ok(Self(attributes))
    }

    fn take(&mut self, name: &str, code: i32) -> Result<Option<AttributeProto>, String> {
        let Some(at) = self.0.iter().position(|attribute| attribute.name == name) else {
            return Ok(None);
        };
        let attribute = self.0.swap_remove(at);
        let others = [
            (attribute.f.is_some(), attribute_type::FLOAT),
            (attribute.i.is_some(), attribute_type::INT),
            (attribute.s.is_some(), attribute_type::STRING),
            (attribute.t.is_some(), attribute_type::TENSOR),
            (!attribute.floats.is_empty(), attribute_type::FLOATS),
            (!attribute.ints.is_empty(), attribute_type::INTS),
            (!attribute.strings.is_empty(), attribute_type::STRINGS),
        ];
        let stray = others.iter().any(|&(set, field)| set && field != code);
        if attribute.r#type != code || stray {
            return Err(format!("attribute {name} is of a wrong type"));
        }
        Ok(Some(attribute))
    }

    pub(super) fn int(&mut self, name: &str) -> Result<Option<i64>, String> {
        let attribute = self.take(name, attribute_type::INT)?;
        // A zero may be left out by a writer that follows proto3.
        Ok(attribute.map(|attribute| attribute.i.unwrap_or(0)))
    }

    pub(super) fn ints(&mut self, name: &str) -> Result<Option<Vec<i64>>, String> {
        let attribute = self.take(name, attribute_type::INTS)?;
        Ok(attribute.map(|attribute| attribute.ints))
    }

    pub(super) fn flag(&mut self, name: &str, default: bool) -> Result<bool, String> {
        match self.int(name)? {
            None => Ok(default),
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(other) => Err(format!("attribute {name} is {other}, neither 0 nor 1")),
        }
    }

    pub(super) fn tensor(&mut self, name: &str) -> Result<Option<TensorProto>, String> {
        let attribute = self.take(name, attribute_type::TENSOR)?;
        Ok(attribute.and_then(|attribute| attribute.t))
    }

    /// To be called when all known attributes were asked for.
    pub(super) fn finish(self) -> Result<(), String> {
        match self.0.first() {
            None => Ok(()),
            Some(other) => Err(format!("attribute {} is unknown here", shown(&other.name))),
        }
    }
}
