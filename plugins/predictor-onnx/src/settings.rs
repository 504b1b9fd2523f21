//! What a profile may say.

use umoec_codec::plugin::Settings;
use umoec_codec::{Error, Result};

use crate::params::{MAX_LANES, MAX_SUPERBLOCK};

/// Bytes of a lane's part of a superblock, unless something else is asked for.
const SEGMENT: usize = 4096;

/// The settings of predictor `tier1-onnx`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// Name or hash of the model; `None`: the embedded one.
    pub(crate) model: Option<String>,
    /// `None`: by the length of the stream.
    lanes: Option<usize>,
    segment: usize,
    /// Whether a known model is named by its hash all the same, as one that is embedded must be.
    pub(crate) by_hash: bool,
    /// How hasty a model with early exits is to be.
    pub(crate) haste: u8,
}

impl Chosen {
    /// Reads the settings.
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
        let mut chosen = Self {
            model: None,
            lanes: None,
            segment: SEGMENT,
            by_hash: false,
            haste: 0,
        };
        for (key, value) in settings {
            match key.as_str() {
                "model" => {
                    let text = value.as_str().ok_or_else(|| {
                        Error::Config("predictor `tier1-onnx`: `model` is a name or a hash".into())
                    })?;
                    chosen.model = Some(text.to_owned());
                }
                "by_hash" => {
                    chosen.by_hash = value.as_bool().ok_or_else(|| {
                        Error::Config("predictor `tier1-onnx`: `by_hash` is true or false".into())
                    })?;
                }
                "haste" => {
                    let number = value.as_integer().and_then(|n| u8::try_from(n).ok());
                    chosen.haste = number.ok_or_else(|| {
                        Error::Config(
                            "predictor `tier1-onnx`: `haste` is a number of 0..=255".into(),
                        )
                    })?;
                }
                "lanes" => chosen.lanes = Some(within(key, value, MAX_LANES)?),
                "segment" => chosen.segment = within(key, value, MAX_SUPERBLOCK)?,
                other => {
                    return Err(Error::Config(format!(
                        "predictor `tier1-onnx`: unknown setting `{}`; there are model, by_hash, \
                         haste, lanes and segment",
                        other.escape_debug()
                    )));
                }
            }
        }
        let size = chosen.lanes.unwrap_or(1) as u64 * chosen.segment as u64;
        if size > MAX_SUPERBLOCK {
            return Err(Error::Config(format!(
                "predictor `tier1-onnx`: `lanes` times `segment` is {size}, at most \
                 {MAX_SUPERBLOCK} are possible"
            )));
        }
        Ok(chosen)
    }

    /// Lanes and segment for a stream of `len` bytes; a segment of 0 for one lane.
    ///
    /// Each lane begins with what was known at the superblock's start, which costs ratio: so
    /// short streams have one, and longer ones as many as make a step worth its overhead. (60 kB of
    /// a book through a recurrent network of 0.27 M MAC: 15,157 bytes with one lane, 15,184 with 16,
    /// at more than three times the speed.)
    pub(crate) fn lanes(&self, len: usize) -> (usize, usize) {
        let lanes = self.lanes.unwrap_or(match len {
            0..0x8000 => 1,
            _ => 16,
        });
        // No lane without a byte, and no segment longer than the stream needs.
        let lanes = lanes.min(len.max(1));
        let segment = self.segment.min(len.div_ceil(lanes)).max(1);
        if lanes == 1 { (1, 0) } else { (lanes, segment) }
    }
}

fn within(key: &str, value: &toml::Value, max: u64) -> Result<usize> {
    let number = value.as_integer().and_then(|n| u64::try_from(n).ok());
    match number {
        Some(number) if (1..=max).contains(&number) => Ok(number as usize),
        _ => Err(Error::Config(format!(
            "predictor `tier1-onnx`: `{key}` is not a number of 1..={max}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Chosen> {
        Chosen::read(&text.parse().unwrap())
    }

    #[test]
    fn lanes_follow_the_length_unless_asked_for() {
        let auto = read("").unwrap();
        assert_eq!(auto.lanes(0), (1, 0));
        assert_eq!(auto.lanes(25_000), (1, 0));
        assert_eq!(auto.lanes(0x8000), (16, 2048));
        assert_eq!(auto.lanes(100_000), (16, 4096));
        assert_eq!(auto.lanes(1 << 20), (16, 4096));
        let asked = read("lanes = 64\nsegment = 100").unwrap();
        assert_eq!(asked.lanes(1 << 20), (64, 100));
        assert_eq!(asked.lanes(640), (64, 10));
        assert_eq!(asked.lanes(3), (3, 1));
        assert_eq!(asked.lanes(1), (1, 0));
    }

    #[test]
    fn what_does_not_exist_or_fit_is_refused() {
        for text in [
            "models = 'x'",
            "model = 3",
            "by_hash = 1",
            "lanes = 0",
            "lanes = 5000",
            "lanes = 'many'",
            "segment = -1",
            "lanes = 4096\nsegment = 65536",
        ] {
            assert!(matches!(read(text), Err(Error::Config(_))), "{text}");
        }
        assert_eq!(
            read("model = 'mine'").unwrap().model.as_deref(),
            Some("mine")
        );
    }
}
