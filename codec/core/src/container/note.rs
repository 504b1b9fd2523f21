//! PLUGIN: whose a plugin is that the member needs, and where to get it (spec umc §5.10).

use super::{Fields, wire};
use crate::Result;
use crate::plugin::{Kind, PluginId};

/// The most bytes of a text.
const MAX_TEXT: u64 = 256;

/// The most bytes of the body, with room for what later versions may append.
pub(crate) const MAX_BODY: u64 = 1 << 12;

/// What a file says of a plugin that is not of this project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginNote {
    /// Its kind, as in a HEADER's list.
    pub kind: u8,
    /// Its id.
    pub id: PluginId,
    /// The version of its stream.
    pub version: u8,
    /// Its name.
    pub name: String,
    /// What its id is derived from.
    pub identity: String,
    /// Where people get it.
    pub homepage: String,
}

impl PluginNote {
    /// The section's body.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = vec![self.kind];
        wire::put_varint(&mut out, self.id.0);
        out.push(self.version);
        for text in [&self.name, &self.identity, &self.homepage] {
            wire::put_varint(&mut out, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
        out
    }

    /// Reads the section's body.
    pub(crate) fn read(mut fields: Fields<'_>) -> Result<Self> {
        let kind = fields.u8("kind")?;
        let id = PluginId(fields.varint("id", 1, u64::MAX)?);
        let version = fields.u8("version")?;
        let mut text = |what: &str| -> Result<String> {
            let length = fields.varint(what, 1, MAX_TEXT)?;
            let bytes = fields.bytes(length as usize, what)?;
            let text = std::str::from_utf8(bytes).map(str::to_owned);
            text.map_err(|_| fields.fault(format!("{what} is not UTF-8")))
        };
        let (name, identity) = (text("name")?, text("identity")?);
        let homepage = text("place where to get it")?;
        fields.end()?;
        Ok(Self {
            kind,
            id,
            version,
            name,
            identity,
            homepage,
        })
    }

    /// Whether it speaks of that plugin.
    pub(crate) fn is_of(&self, kind: Kind, id: PluginId) -> bool {
        self.kind == super::NeededPlugin::new(kind, id, 0).kind && self.id == id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> PluginNote {
        PluginNote {
            kind: 0,
            id: PluginId(1 << 40),
            version: 3,
            name: "hepmc".into(),
            identity: "org.example.hepmc".into(),
            homepage: "https://example.org".into(),
        }
    }

    #[test]
    fn a_note_reads_back_and_no_other_length_does() {
        let body = note().write();
        let read = |body: &[u8]| PluginNote::read(Fields::new(body, 0, "plugin"));
        assert_eq!(read(&body).unwrap(), note());
        for end in 0..body.len() {
            assert!(read(&body[..end]).is_err(), "{end}");
        }
        assert!(read(&[&body[..], b"x"].concat()).is_err());
    }

    #[test]
    fn a_text_must_be_one() {
        let mut body = note().write();
        *body.last_mut().unwrap() = 0xff;
        let error = PluginNote::read(Fields::new(&body, 7, "plugin")).unwrap_err();
        assert!(error.to_string().contains("not UTF-8"), "{error}");
    }
}
