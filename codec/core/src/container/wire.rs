//! Integers and plain structs as bytes. The only module that touches bincode: its encoding
//! under `config::standard()` is restated in the specification, so that nobody needs it.

use bincode::error::DecodeError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most bytes a struct may be decoded from: those of a HEADER.
pub(super) const LIMIT: usize = 1 << 16;

const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    bincode::config::Limit<LIMIT>,
> = bincode::config::standard().with_limit::<LIMIT>();

/// Why bytes could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// They end within the value.
    Short,
    /// The value could have been written in fewer bytes (spec umc §3.1).
    NotShortest,
    /// They are no such value.
    Malformed,
}

/// Appends a varint (spec umc §3.1).
pub(super) fn put_varint(out: &mut Vec<u8>, value: u64) {
    put(out, &value);
}

/// The varint at the start of `bytes`, and how many bytes it takes.
pub(super) fn get_varint(bytes: &[u8]) -> Result<(u64, usize), Fault> {
    get(bytes)
}

/// How many bytes follow the first one of a varint; `None` where no varint starts so.
pub(super) const fn varint_tail(first: u8) -> Option<usize> {
    match first {
        0..=250 => Some(0),
        251 => Some(2),
        252 => Some(4),
        253 => Some(8),
        254 | 255 => None,
    }
}

/// Appends the fields of a struct in order, nothing between them.
pub(super) fn put<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    bincode::serde::encode_into_std_write(value, out, CONFIG)
        .expect("plain structs can be written to memory");
}

/// A struct from the start of `bytes`, and how many bytes it takes.
pub(super) fn get<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<(T, usize), Fault> {
    let (value, used) =
        bincode::serde::decode_from_slice::<T, _>(bytes, CONFIG).map_err(|e| match e {
            DecodeError::UnexpectedEnd { .. } => Fault::Short,
            _ => Fault::Malformed,
        })?;
    // bincode takes a small value in a long form; the format has one form for each value.
    let mut shortest = Vec::with_capacity(used);
    put(&mut shortest, &value);
    if shortest == bytes[..used] {
        Ok((value, used))
    } else {
        Err(Fault::NotShortest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // The table of spec umc §3.1.
    const FORMS: [(u64, &[u8]); 8] = [
        (0, &[0]),
        (250, &[250]),
        (251, &[251, 251, 0]),
        (0xffff, &[251, 0xff, 0xff]),
        (0x1_0000, &[252, 0, 0, 1, 0]),
        (0xffff_ffff, &[252, 0xff, 0xff, 0xff, 0xff]),
        (0x1_0000_0000, &[253, 0, 0, 0, 0, 1, 0, 0, 0]),
        (u64::MAX, &[253, 255, 255, 255, 255, 255, 255, 255, 255]),
    ];

    #[test]
    fn varints_have_the_bytes_of_the_specification() {
        for (value, bytes) in FORMS {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(out, bytes);
            assert_eq!(get_varint(bytes), Ok((value, bytes.len())));
            assert_eq!(varint_tail(bytes[0]), Some(bytes.len() - 1));
            assert_eq!(
                get_varint(&bytes[..bytes.len() - 1]),
                Err(Fault::Short),
                "{value}"
            );
        }
    }

    #[test]
    fn a_long_form_of_a_small_value_is_refused() {
        assert_eq!(get_varint(&[251, 250, 0]), Err(Fault::NotShortest));
        assert_eq!(get_varint(&[252, 255, 255, 0, 0]), Err(Fault::NotShortest));
    }

    #[test]
    fn no_varint_starts_with_254_or_255() {
        assert_eq!(get_varint(&[254; 20]), Err(Fault::Malformed));
        assert_eq!(get_varint(&[255; 20]), Err(Fault::Malformed));
        assert_eq!(varint_tail(254), None);
    }

    proptest! {
        #[test]
        fn every_number_comes_back(value: u64, after: Vec<u8>) {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            let len = out.len();
            out.extend(after);
            prop_assert_eq!(get_varint(&out), Ok((value, len)));
        }
    }
}
