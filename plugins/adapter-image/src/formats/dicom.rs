//! DICOM files (PS3.10) in explicit or implicit little endian, with native pixel data.

use super::{Bytes, little, rectangle};
use crate::params::Params;

/// Most data elements that are read.
const ELEMENTS_MAX: usize = 1 << 14;
/// A length that is not known.
const UNDEFINED: u32 = u32::MAX;

pub(super) fn read(head: &[u8]) -> Option<Params> {
    if head.get(128..132)? != b"DICM" {
        return None;
    }
    let file = little(head);
    let mut at = 132;
    let mut explicit = true;
    let (mut rows, mut columns, mut channels, mut planar) = (None, None, 1, 0);
    let (mut bits, mut signed, mut frames) = (None, 0, 1);
    for _ in 0..ELEMENTS_MAX {
        let element = Element::read(file, at, explicit)?;
        let value = element.at;
        match element.tag {
            (0x7FE0, 0x0010) => {
                let width = match bits? {
                    8 => 1,
                    16 => 2,
                    32 => 4,
                    _ => return None,
                };
                let (mut channels, mut rows) = (channels, u64::from(rows?) * frames);
                // Channel behind channel: as many grey images.
                if planar != 0 {
                    rows *= u64::from(channels);
                    channels = 1;
                }
                let columns: u16 = columns?;
                let params = rectangle(
                    width,
                    usize::from(channels),
                    columns.into(),
                    rows,
                    value as u64,
                )?;
                // An undefined length says that it is compressed.
                let whole = params.span()? <= u64::from(element.length);
                return (whole && element.length != UNDEFINED).then_some(Params {
                    signed: signed != 0,
                    ..params
                });
            }
            (0x0002, 0x0010) => explicit = syntax(element.text(head)?)?,
            (0x0028, 0x0002) => channels = file.u16(value)?,
            (0x0028, 0x0006) => planar = file.u16(value)?,
            (0x0028, 0x0008) => frames = element.text(head)?.parse().ok()?,
            (0x0028, 0x0010) => rows = Some(file.u16(value)?),
            (0x0028, 0x0011) => columns = Some(file.u16(value)?),
            (0x0028, 0x0100) => bits = Some(file.u16(value)?),
            (0x0028, 0x0103) => signed = file.u16(value)?,
            _ => {}
        }
        at = if element.length == UNDEFINED || element.delimits() {
            // A sequence: its items are walked through like all else.
            value
        } else {
            value.checked_add(element.length as usize)?
        };
    }
    None
}

/// Whether a transfer syntax is explicit; `None` for one that is not native little endian.
fn syntax(uid: &str) -> Option<bool> {
    match uid {
        "1.2.840.10008.1.2" => Some(false),
        "1.2.840.10008.1.2.1" => Some(true),
        _ => None,
    }
}

/// A data element without its value.
struct Element {
    tag: (u16, u16),
    /// Where the value begins.
    at: usize,
    length: u32,
}

impl Element {
    fn read(file: Bytes<'_>, at: usize, explicit: bool) -> Option<Self> {
        let tag = (file.u16(at)?, file.u16(at + 2)?);
        // Items and delimiters have no representation; group 2 always has one.
        let named = tag.0 != 0xFFFE && (explicit || tag.0 == 2);
        let (at, length) = if !named {
            (at + 8, file.u32(at + 4)?)
        } else {
            let kind = file.head.get(at + 4..at + 6)?;
            match kind {
                b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN"
                | b"UR" | b"UT" | b"UV" => (at + 12, file.u32(at + 8)?),
                _ if kind.iter().all(u8::is_ascii_uppercase) => (at + 8, file.u16(at + 6)?.into()),
                _ => return None,
            }
        };
        Some(Self { tag, at, length })
    }

    /// Items, which hold elements, and the ends of items and sequences.
    fn delimits(&self) -> bool {
        self.tag.0 == 0xFFFE
    }

    fn text<'a>(&self, head: &'a [u8]) -> Option<&'a str> {
        let end = self.at.checked_add(self.length as usize)?;
        let text = std::str::from_utf8(head.get(self.at..end)?).ok()?;
        Some(text.trim_matches(['\0', ' ']))
    }
}
