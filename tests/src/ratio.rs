//! `tests/ratio.csv`: how small generated contents get under each profile. A change of a size is a
//! change of the encoder, to be looked at in review.

use std::path::PathBuf;

use crate::content::Kind;
use crate::stack::encode;

/// The contents: kind, length and seed.
const CONTENTS: [(Kind, usize); 13] = [
    (Kind::Text, 0),
    (Kind::Text, 1),
    (Kind::Text, 200),
    (Kind::Text, 4_000),
    (Kind::Text, 60_000),
    (Kind::Csv, 200),
    (Kind::Csv, 60_000),
    (Kind::Records, 60_000),
    (Kind::Grid, 60_000),
    (Kind::Waves, 60_000),
    (Kind::Runs, 60_000),
    (Kind::Noise, 20_000),
    (Kind::Mixed, 60_000),
];

/// The file.
#[must_use]
pub fn path() -> PathBuf {
    crate::root().join("tests/ratio.csv")
}

/// The sizes as they are now.
///
/// # Panics
/// Where a profile cannot be used.
#[must_use]
pub fn text() -> String {
    let profiles = umoec_builtin::profiles();
    let mut text = format!("content,bytes,{}\n", profiles.join(","));
    for (kind, len) in CONTENTS {
        let content = kind.generate(len, 77);
        text.push_str(&format!("{},{len}", kind.name()));
        for profile in &profiles {
            let profile = umoec_builtin::profile(profile).unwrap();
            text.push_str(&format!(",{}", encode(&content, profile).len()));
        }
        text.push('\n');
    }
    text
}
