//! A look at a file before it is decoded: sizes, counts and unknown fields.
//!
//! Protobuf decoders take a structure of a hundred bytes for two bytes of input, merge messages
//! that occur twice, and skip what they do not know. A hostile file could thus take much memory,
//! or mean one thing here and another to a runtime. The scan walks the wire format once, takes no
//! memory, and refuses all of that.

use crate::error::{ExactError, Result};
use crate::limits::ModelLimits;

use super::schema::{Field, Kind};

/// Checks that `file` is a model of known fields within the limits.
///
/// # Errors
///
/// [`ExactError::Malformed`] with the offset, [`ExactError::Unsupported`] with the name of what
/// is outside the subset, [`ExactError::Limit`].
pub fn scan(file: &[u8], limits: &ModelLimits) -> Result<()> {
    if file.len() > limits.file_bytes {
        return Err(ExactError::limit(
            "file in bytes",
            file.len(),
            limits.file_bytes,
        ));
    }
    let mut scan = Scan {
        file,
        limits,
        fields: 0,
        nodes: 0,
    };
    scan.message(Kind::Model, 0, file.len())
}

struct Scan<'a> {
    file: &'a [u8],
    limits: &'a ModelLimits,
    fields: usize,
    nodes: usize,
}

impl Scan<'_> {
    /// Walks a message; messages nest as deep as the schema, which has no circle.
    fn message(&mut self, kind: Kind, mut at: usize, end: usize) -> Result<()> {
        let mut seen = 0u64;
        while at < end {
            let start = at;
            let key = self.varint(&mut at, end)?;
            let (tag, wire) = (key >> 3, key & 7);
            let field = match kind.field(tag) {
                Some(Field::Refused(what)) => {
                    let text = format!("{what} are outside the exact subset (byte {start})");
                    return Err(ExactError::Unsupported(text));
                }
                Some(field) => field,
                None => {
                    return Err(malformed(
                        start,
                        format!("{} has no field {tag}", kind.name()),
                    ));
                }
            };
            if !field.repeats() {
                // All tags of the schema are below 64.
                let bit = 1u64 << tag;
                if seen & bit != 0 {
                    let text = format!("{} has field {tag} twice", kind.name());
                    return Err(malformed(start, text));
                }
                seen |= bit;
            }
            self.count(1)?;
            at = self.field(field, wire, at, end)?;
        }
        Ok(())
    }

    /// Walks a field's value and returns the offset behind it.
    fn field(&mut self, field: Field, wire: u64, mut at: usize, end: usize) -> Result<usize> {
        match (field, wire) {
            (Field::Varint | Field::Varints, 0) => {
                self.varint(&mut at, end)?;
            }
            (Field::Float | Field::Floats, 5) => {
                if end - at < 4 {
                    return Err(truncated(at));
                }
                at += 4;
            }
            (Field::Varints, 2) => {
                let inner = self.length(&mut at, end)?;
                self.count(inner - at)?;
                while at < inner {
                    self.varint(&mut at, inner)?;
                }
            }
            (Field::Floats, 2) => {
                let inner = self.length(&mut at, end)?;
                if !(inner - at).is_multiple_of(4) {
                    return Err(malformed(at, "packed floats end within one".into()));
                }
                at = inner;
            }
            (Field::Bytes | Field::BytesList, 2) => at = self.length(&mut at, end)?,
            (Field::One(kind) | Field::Many(kind), 2) => {
                let inner = self.length(&mut at, end)?;
                if kind == Kind::Node {
                    self.nodes += 1;
                    if self.nodes > self.limits.nodes {
                        return Err(ExactError::limit("nodes", self.nodes, self.limits.nodes));
                    }
                }
                self.message(kind, at, inner)?;
                at = inner;
            }
            _ => {
                return Err(malformed(
                    at,
                    format!("wire type {wire} does not fit the field"),
                ));
            }
        }
        Ok(at)
    }

    /// Reads a length and returns the end of what it measures.
    fn length(&self, at: &mut usize, end: usize) -> Result<usize> {
        let length = self.varint(at, end)?;
        match usize::try_from(length) {
            Ok(length) if length <= end - *at => Ok(*at + length),
            _ => Err(truncated(*at)),
        }
    }

    fn varint(&self, at: &mut usize, end: usize) -> Result<u64> {
        let start = *at;
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            if *at >= end {
                return Err(truncated(start));
            }
            let byte = self.file[*at];
            *at += 1;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed(start, "a number has more than 64 bits".into()))
    }

    fn count(&mut self, fields: usize) -> Result<()> {
        self.fields += fields;
        if self.fields > self.limits.fields {
            return Err(ExactError::limit("fields", self.fields, self.limits.fields));
        }
        Ok(())
    }
}

fn malformed(offset: usize, reason: String) -> ExactError {
    ExactError::Malformed { offset, reason }
}

fn truncated(offset: usize) -> ExactError {
    malformed(offset, "it ends too early".into())
}
