//! A cursor over a section's body that knows where in the input it stands.

use super::wire::{self, Fault};
use crate::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads the fields of a body one after another. Its errors carry the offset and the section.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    body: &'a [u8],
    position: usize,
    /// Offset in the input of the body's first byte.
    base: u64,
    section: &'a str,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(body: &'a [u8], base: u64, section: &'a str) -> Self {
        Self {
            body,
            position: 0,
            base,
            section,
        }
    }

    /// How many bytes have been read.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    fn rest(&self) -> &'a [u8] {
        &self.body[self.position..]
    }

    /// A fault of the field that would be read next.
    pub(crate) fn fault(&self, reason: impl Into<String>) -> Error {
        Error::Format {
            offset: self.base + self.position as u64,
            section: self.section.to_owned(),
            reason: reason.into(),
        }
    }

    fn explain(&self, what: &str, fault: Fault) -> Error {
        self.fault(match fault {
            Fault::Short => format!("the section ends within {what}"),
            Fault::NotShortest => format!("a number in {what} is not in its shortest form"),
            Fault::Malformed => format!("{what} is malformed"),
        })
    }

    pub(crate) fn u8(&mut self, what: &str) -> Result<u8> {
        Ok(self.bytes(1, what)?[0])
    }

    pub(crate) fn u64_le(&mut self, what: &str) -> Result<u64> {
        let mut word = [0; 8];
        word.copy_from_slice(self.bytes(8, what)?);
        Ok(u64::from_le_bytes(word))
    }

    /// A varint within `min..=max`.
    pub(crate) fn varint(&mut self, what: &str, min: u64, max: u64) -> Result<u64> {
        let (value, used) =
            wire::get_varint(self.rest()).map_err(|fault| self.explain(what, fault))?;
        if value < min || value > max {
            return Err(self.fault(format!("{what} is {value}, which is not in {min}..={max}")));
        }
        self.position += used;
        Ok(value)
    }

    pub(crate) fn bytes(&mut self, len: usize, what: &str) -> Result<&'a [u8]> {
        let Some(bytes) = self.rest().get(..len) else {
            return Err(self.explain(what, Fault::Short));
        };
        self.position += len;
        Ok(bytes)
    }

    /// All that is left.
    pub(crate) fn remainder(&mut self) -> &'a [u8] {
        let rest = self.rest();
        self.position += rest.len();
        rest
    }

    pub(crate) fn hash(&mut self, what: &str) -> Result<[u8; 32]> {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.bytes(32, what)?);
        Ok(hash)
    }

    /// A struct of plain fields.
    pub(crate) fn plain<T: DeserializeOwned + Serialize>(&mut self, what: &str) -> Result<T> {
        let (value, used) = wire::get(self.rest()).map_err(|fault| self.explain(what, fault))?;
        self.position += used;
        Ok(value)
    }

    /// Checks that nothing is left.
    pub(crate) fn end(&self) -> Result<()> {
        match self.rest().len() {
            0 => Ok(()),
            more => Err(self.fault(format!("{more} bytes follow the last field"))),
        }
    }
}
