//! Forged files with the shipped plugins: parameters and payloads that no encoder writes, behind
//! checks that are right.

// clippy's leave for tests covers only functions that are marked as such.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use umoec_builtin::{profile, profiles, registry};
use umoec_codec::Error;
use umoec_codec::pipeline::{DecodeOptions, EncodeOptions, compress, decompress, inspect};
use umoec_codec::plugin::Registry;

static REGISTRY: LazyLock<Arc<Registry>> = LazyLock::new(|| Arc::new(registry().unwrap()));

fn content() -> Vec<u8> {
    b"What is predicted need not be said. ".repeat(12)
}

/// One SOLO for each profile, and one of predictor `order0`.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut all: Vec<_> = profiles()
        .into_iter()
        .map(|n| profile(n).unwrap())
        .collect();
    let mut order0 = all[0].clone();
    order0.predictor.name = "order0".into();
    order0.predictor.settings.clear();
    all.push(order0);
    let code = |p| compress(&content(), &REGISTRY, &EncodeOptions::new(p)).unwrap();
    all.into_iter().map(code).collect()
});

/// The file with some bytes of its one section's body replaced and the section's CRC-32 right.
fn forge(file: &[u8], changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    let section = inspect(file).unwrap().members[0].sections[0].clone();
    let (start, crc) = (section.offset as usize, file.len() - 4);
    let body = crc - section.body_length as usize;
    let mut forged = file.to_vec();
    for (at, value) in changes {
        // Half of the changes hit the first bytes, where the parameters are.
        let whole = at.index(2 * section.body_length as usize);
        let at = if whole < section.body_length as usize {
            whole
        } else {
            whole % 24
        };
        forged[body + at] = *value;
    }
    let right = crc32fast::hash(&forged[start..crc]).to_le_bytes();
    forged[crc..].copy_from_slice(&right);
    forged
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn forged_parameters_and_payloads_are_refused(
        which in 0..FILES.len(),
        changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4),
    ) {
        let forged = forge(&FILES[which], &changes);
        let options = DecodeOptions {
            memory: Some(64 << 20),
            output_limit: 1 << 20,
            ..DecodeOptions::default()
        };
        match decompress(&forged, &REGISTRY, &options) {
            Ok(back) => prop_assert_eq!(back, content()),
            Err(
                Error::Format { .. }
                | Error::Unsupported { .. }
                | Error::Integrity { .. }
                | Error::Limit { .. },
            ) => {}
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
