//! MODEL: a model that travels with the content (spec umc §5.7).

use super::{Fields, ModelHash, wire};
use crate::Result;

/// The body up to the model itself: hash and length.
pub(crate) fn head(hash: &ModelHash, length: usize) -> Vec<u8> {
    let mut out = hash.to_vec();
    wire::put_varint(&mut out, length as u64);
    out
}

/// Reads a body: the hash, compared with the bytes, and where in the body these begin.
pub(super) fn read(mut fields: Fields<'_>) -> Result<(ModelHash, usize)> {
    let hash = fields.hash("hash of the model")?;
    let length = fields.varint("length of the model", 0, u64::MAX)?;
    let start = fields.position();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let bytes = fields.bytes(length, "the model")?;
    fields.end()?;
    let actual = blake3::hash(bytes);
    if actual != hash {
        return Err(fields.fault(format!(
            "the model's bytes have the hash {actual}, not its own"
        )));
    }
    Ok((hash, start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn body() -> Vec<u8> {
        let hash = blake3::hash(b"model");
        [&head(hash.as_bytes(), 5)[..], b"model"].concat()
    }

    #[test]
    fn a_model_reads_back() {
        let (hash, start) = read(Fields::new(&body(), 0, "model")).unwrap();
        assert_eq!(blake3::hash(b"model"), hash);
        assert_eq!(&body()[start..], b"model");
    }

    #[test]
    fn a_body_cut_lengthened_or_changed_anywhere_is_refused() {
        let body = body();
        let refused = |body: &[u8]| {
            let read = read(Fields::new(body, 0, "model"));
            assert!(matches!(read, Err(Error::Format { .. })));
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
