//! MODEL: a model that travels with the content (spec umc §5.7).

use std::borrow::Cow;

use super::{Fields, ModelHash, wire};
use crate::Result;
use crate::packed::{pack, unpack};

/// The model's bytes follow as they are.
const PLAIN: u8 = 0;
/// They follow packed.
const PACKED: u8 = 1;

/// A body: packed where that is shorter.
pub(crate) fn write(hash: &ModelHash, bytes: &[u8]) -> Vec<u8> {
    let packed = pack(bytes);
    let (form, data) = match packed.len() < bytes.len() {
        true => (PACKED, &packed[..]),
        false => (PLAIN, bytes),
    };
    let mut out = hash.to_vec();
    wire::put_varint(&mut out, bytes.len() as u64);
    out.push(form);
    out.extend_from_slice(data);
    out
}

/// Reads a body: the hash, compared with the bytes, and these: the body's end, or unpacked. Before that
/// `affordable` is asked about their number.
pub(super) fn read(
    mut fields: Fields<'_>,
    affordable: impl FnOnce(u64) -> Result<()>,
) -> Result<(ModelHash, Cow<'_, [u8]>)> {
    let hash = fields.hash("hash of the model")?;
    let length = fields.varint("length of the model", 0, u64::MAX)?;
    let form = fields.u8("form of the model")?;
    let count = usize::try_from(length).unwrap_or(usize::MAX);
    let bytes = match form {
        PLAIN => Cow::Borrowed(fields.bytes(count, "the model")?),
        PACKED => {
            affordable(length)?;
            let unpacked = unpack(fields.remainder(), count);
            Cow::Owned(
                unpacked
                    .map_err(|why| fields.fault(format!("the model is not packed well: {why}")))?,
            )
        }
        _ => return Err(fields.fault(format!("the model's form is {form}, not 0 or 1"))),
    };
    fields.end()?;
    let actual = blake3::hash(&bytes);
    if actual != hash {
        return Err(fields.fault(format!(
            "the model's bytes have the hash {actual}, not its own"
        )));
    }
    Ok((hash, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    /// One that is shorter packed, and one that is not.
    fn models() -> [Vec<u8>; 2] {
        [vec![7; 5000], b"model".to_vec()]
    }

    fn body(model: &[u8]) -> Vec<u8> {
        write(blake3::hash(model).as_bytes(), model)
    }

    fn read(body: &[u8]) -> Result<(ModelHash, Cow<'_, [u8]>)> {
        super::read(Fields::new(body, 0, "model"), |_| Ok(()))
    }

    #[test]
    fn a_model_reads_back() {
        let lengths = models().map(|model| {
            let body = body(&model);
            let (hash, bytes) = read(&body).unwrap();
            assert_eq!(blake3::hash(&model), hash);
            assert_eq!(bytes, model);
            body.len()
        });
        assert!(lengths[0] < 100, "{lengths:?}");
        assert_eq!(lengths[1], 32 + 1 + 1 + 5);
    }

    #[test]
    fn a_body_cut_lengthened_or_changed_anywhere_is_refused() {
        for model in models() {
            let body = body(&model);
            let refused = |body: &[u8]| {
                assert!(matches!(read(body), Err(Error::Format { .. })));
            };
            for position in 0..body.len() {
                refused(&body[..position]);
                let mut changed = body.clone();
                changed[position] ^= 1;
                refused(&changed);
            }
            refused(&[&body[..], b"?"].concat());
        }
    }

    #[test]
    fn what_is_not_affordable_is_not_unpacked() {
        let body = body(&models()[0]);
        let refuse = |length| {
            assert_eq!(length, 5000);
            Err(Error::Config("too much".into()))
        };
        let read = super::read(Fields::new(&body, 0, "model"), refuse);
        assert!(matches!(read, Err(Error::Config(_))));
    }
}
