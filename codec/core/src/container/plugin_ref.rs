//! How a frame names a plugin.

use super::{Fields, wire};
use crate::Result;
use crate::plugin::PluginId;

/// The most bytes of parameters that a reference may carry (spec umc §5.2).
pub(super) const MAX_PARAMS: u64 = 1 << 16;

const PARAMS_FOLLOW: u8 = 0x80;

/// A plugin, the version of its stream, and its parameters (spec umc §5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginRef {
    /// Which plugin. Not 0, which stands for none.
    pub id: PluginId,
    /// The version of the plugin's stream, 1..=127.
    pub version: u8,
    /// At most 65536 bytes that only the plugin understands.
    pub params: Vec<u8>,
}

impl PluginRef {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        wire::put_varint(out, self.id.0);
        let follow = if self.params.is_empty() {
            0
        } else {
            PARAMS_FOLLOW
        };
        out.push(self.version | follow);
        if !self.params.is_empty() {
            wire::put_varint(out, self.params.len() as u64);
            out.extend_from_slice(&self.params);
        }
    }

    /// Writes the byte 0 for no plugin.
    pub(super) fn put_option(reference: Option<&Self>, out: &mut Vec<u8>) {
        match reference {
            Some(reference) => reference.put(out),
            None => wire::put_varint(out, 0),
        }
    }

    /// `None` where the id is 0.
    pub(super) fn get_option(fields: &mut Fields<'_>, what: &str) -> Result<Option<Self>> {
        let id = fields.varint(&format!("id of the {what}"), 0, u64::MAX)?;
        if id == 0 {
            return Ok(None);
        }
        let byte = fields.u8(&format!("version of the {what}"))?;
        let version = byte & !PARAMS_FOLLOW;
        if version == 0 {
            return Err(fields.fault(format!("the version of the {what} is 0")));
        }
        let params = if byte & PARAMS_FOLLOW == 0 {
            Vec::new()
        } else {
            let what = format!("parameters of the {what}");
            let length = fields.varint(&what, 1, MAX_PARAMS)?;
            fields.bytes(length as usize, &what)?.to_vec()
        };
        Ok(Some(Self {
            id: PluginId(id),
            version,
            params,
        }))
    }

    pub(super) fn get(fields: &mut Fields<'_>, what: &str) -> Result<Self> {
        match Self::get_option(fields, what)? {
            Some(reference) => Ok(reference),
            None => Err(fields.fault(format!("there must be a {what}, its id is 0"))),
        }
    }
}
