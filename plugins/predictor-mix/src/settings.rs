//! What a profile may say.

use umoec_codec::plugin::Settings;
use umoec_codec::{Error, Result};

use crate::params::{LANES_MAX, Lanes};

/// When a stream is predicted by the network as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Where a trial says that it pays.
    Auto,
    Always,
    Never,
}

/// `gain` unless a profile says otherwise.
const GAIN: u8 = 2;

/// `rest` unless a profile says otherwise. (600 kB of Rust: 24 costs 0.5 % and saves a third of the time, 32 costs
/// 0.3 % and saves a quarter.)
const REST: u8 = 32;

/// log2 of the bytes of a lane's segment. (600 kB of English, of Python with two lanes: 1 KiB costs 0.7 and 2.6 %, 4 KiB
/// 0.4 and 2.2 %, 64 KiB 0.6 and 2.6 %.)
const SEGMENT_LOG2: u8 = 12;

/// `lanes_from` unless a profile says otherwise: shorter streams are soon done.
const LANES_FROM: u64 = 1 << 20;

/// The settings of predictor `mix`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) network: Use,
    /// Longest stream, in bytes, that the network is used for.
    pub(crate) longest: u64,
    /// What it has to save of a long stream's trial, in percent.
    pub(crate) gain: u8,
    /// Least length of a match where the network rests, 0 for none.
    pub(crate) rest: u8,
    /// Lanes of a stream that is long enough, and log2 of the bytes of their segments.
    pub(crate) lanes: Option<Lanes>,
    /// Shortest stream, in bytes, that has lanes.
    pub(crate) lanes_from: u64,
    /// Settings of the network.
    pub(crate) model: Settings,
    /// Settings of `cm`.
    pub(crate) cm: Settings,
}

impl Chosen {
    /// Reads the settings.
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
        let mut chosen = Self {
            network: Use::Auto,
            longest: u64::MAX,
            gain: GAIN,
            rest: REST,
            lanes: None,
            lanes_from: LANES_FROM,
            model: Settings::new(),
            cm: Settings::new(),
        };
        let wrong = |what: String| Error::Config(format!("predictor `mix`: {what}"));
        let kib = |key: &str, value: &toml::Value| {
            let number = value.as_integer().and_then(|n| u64::try_from(n).ok());
            let bytes = number.and_then(|n| n.checked_mul(1024));
            bytes.ok_or_else(|| wrong(format!("`{key}` is a number")))
        };
        for (key, value) in settings {
            match key.as_str() {
                "network" => {
                    chosen.network = match value.as_str() {
                        Some("auto") => Use::Auto,
                        Some("always") => Use::Always,
                        Some("never") => Use::Never,
                        _ => {
                            return Err(wrong("`network` is auto, always or never".to_owned()));
                        }
                    }
                }
                "network_kib" => chosen.longest = kib(key, value)?,
                "lanes_kib" => chosen.lanes_from = kib(key, value)?,
                "gain" => {
                    let number = value.as_integer().and_then(|n| u8::try_from(n).ok());
                    let number = number.filter(|n| *n < 100);
                    chosen.gain =
                        number.ok_or_else(|| wrong("`gain` is a number of 0..=99".to_owned()))?;
                }
                "rest" => {
                    let number = value.as_integer().and_then(|n| u8::try_from(n).ok());
                    chosen.rest =
                        number.ok_or_else(|| wrong("`rest` is a number of 0..=255".to_owned()))?;
                }
                "lanes" => {
                    let number = value.as_integer().and_then(|n| u8::try_from(n).ok());
                    chosen.lanes = match number {
                        Some(1) => None,
                        Some(count @ 2..=LANES_MAX) => Some(Lanes {
                            count,
                            log2: SEGMENT_LOG2,
                        }),
                        _ => return Err(wrong(format!("`lanes` is a number of 1..={LANES_MAX}"))),
                    };
                }
                "model" | "by_hash" | "haste" => {
                    chosen.model.insert(key.clone(), value.clone());
                }
                "cm" => {
                    let table = value.as_table();
                    chosen.cm = table
                        .ok_or_else(|| wrong("`cm` is a table of settings".to_owned()))?
                        .clone();
                }
                other => {
                    return Err(wrong(format!(
                        "unknown setting `{}`; there are network, \
                         network_kib, gain, rest, lanes, lanes_kib, model, by_hash, haste and cm",
                        other.escape_debug()
                    )));
                }
            }
        }
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_exist_is_refused() {
        for text in [
            "network = 'often'",
            "network_kib = -1",
            "rest = 256",
            "gain = 100",
            "cm = 3",
            "lanes = 0",
            "lanes = 9",
            "lanes_kib = true",
        ] {
            let read = Chosen::read(&text.parse().unwrap());
            assert!(matches!(read, Err(Error::Config(_))), "{text}");
        }
        let read = Chosen::read(&"network = 'never'\n[cm]\ntable_mib = 3".parse().unwrap());
        assert_eq!(read.unwrap().network, Use::Never);
    }
}
