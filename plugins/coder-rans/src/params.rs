//! The parameters: how many states a stream is coded with.

use serde::Deserialize;
use umoec_codec::plugin::{Kind, Settings};
use umoec_codec::{Error, Result};

use crate::ID;

/// What a profile may set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default = "one")]
    states: u8,
}

fn one() -> u8 {
    1
}

/// Whether `states` is a number that the format knows (`spec.md`, section 2).
fn known(states: u8) -> bool {
    matches!(states, 1 | 2 | 4 | 8)
}

/// The parameters that a profile's settings ask for.
pub(crate) fn from_settings(settings: &Settings) -> Result<Vec<u8>> {
    let options: Options = settings
        .clone()
        .try_into()
        .map_err(|e| Error::Config(format!("coder `rans`: {e}")))?;
    match options.states {
        1 => Ok(Vec::new()),
        states if known(states) => Ok(vec![states]),
        states => Err(Error::Config(format!(
            "coder `rans`: states = {states}, but it must be 1, 2, 4 or 8"
        ))),
    }
}

/// The number of states that parameters ask for.
pub(crate) fn parse(params: &[u8]) -> Result<u8> {
    match params {
        [] => Ok(1),
        &[states] if known(states) => Ok(states),
        _ => Err(Error::Plugin {
            kind: Kind::Coder,
            id: ID,
            reason: format!("`rans` does not know the parameters {params:02x?}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        text.parse().unwrap()
    }

    #[test]
    fn settings_and_parameters_agree() {
        assert_eq!(from_settings(&settings("")).unwrap(), []);
        for states in [1, 2, 4, 8] {
            let params = from_settings(&settings(&format!("states = {states}"))).unwrap();
            assert_eq!(parse(&params).unwrap(), states);
        }
    }

    #[test]
    fn what_is_unknown_is_refused_by_name() {
        for (text, word) in [
            ("state = 2", "state"),
            ("states = 3", "states = 3"),
            ("states = 0", "states = 0"),
            ("states = \"2\"", "string"),
            ("states = 256", "256"),
        ] {
            let Err(Error::Config(message)) = from_settings(&settings(text)) else {
                panic!("{text} was taken");
            };
            assert!(message.contains(word), "{message}");
        }
    }

    #[test]
    fn reserved_parameters_are_refused() {
        for byte in 0..=255u8 {
            assert_eq!(parse(&[byte]).is_ok(), [1, 2, 4, 8].contains(&byte));
            assert!(parse(&[1, byte]).is_err());
        }
    }
}
