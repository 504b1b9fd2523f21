//! What a profile may say.

use umoec_codec::plugin::Settings;
use umoec_codec::{Error, Result};

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
            model: Settings::new(),
            cm: Settings::new(),
        };
        let wrong = |what: String| Error::Config(format!("predictor `mix`: {what}"));
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
                "network_kib" => {
                    let number = value.as_integer().and_then(|n| u64::try_from(n).ok());
                    let number = number.and_then(|n| n.checked_mul(1024));
                    chosen.longest =
                        number.ok_or_else(|| wrong("`network_kib` is a number".to_owned()))?;
                }
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
                "model" | "by_hash" => {
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
                         network_kib, gain, rest, model, by_hash and cm",
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
            "lanes = 2",
        ] {
            let read = Chosen::read(&text.parse().unwrap());
            assert!(matches!(read, Err(Error::Config(_))), "{text}");
        }
        let read = Chosen::read(&"network = 'never'\n[cm]\ntable_mib = 3".parse().unwrap());
        assert_eq!(read.unwrap().network, Use::Never);
    }
}
