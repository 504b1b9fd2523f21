//! Settings as a library reads them.

use crate::plugin::Settings;
use crate::plugin::abi::{UmoecSetting, UmoecSettings};
use crate::plugin::border::{lend, size};

/// Settings as the other side reads them.
pub(super) struct Lent {
    toml: String,
    list: Vec<(String, String)>,
}

impl Lent {
    pub(super) fn new(settings: &Settings) -> Self {
        let mut list = Vec::new();
        flatten("", settings, &mut list);
        Self {
            toml: settings.to_string(),
            list,
        }
    }

    /// Hands them to `then`, for the time of that call.
    pub(super) fn with<T>(&self, then: impl FnOnce(&UmoecSettings) -> T) -> T {
        let lend_pair = |(key, value): &(String, String)| UmoecSetting {
            key: lend(key.as_bytes()),
            value: lend(value.as_bytes()),
        };
        let list: Vec<UmoecSetting> = self.list.iter().map(lend_pair).collect();
        then(&UmoecSettings {
            size: size::<UmoecSettings>(),
            reserved: 0,
            toml: lend(self.toml.as_bytes()),
            list: list.as_ptr(),
            count: list.len(),
        })
    }
}

fn flatten(prefix: &str, table: &Settings, list: &mut Vec<(String, String)>) {
    for (key, value) in table {
        let key = format!("{prefix}{key}");
        match value {
            toml::Value::Table(inner) => flatten(&format!("{key}."), inner, list),
            toml::Value::String(text) => list.push((key, text.clone())),
            other => list.push((key, other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::border::{borrow, borrow_array};

    #[test]
    fn settings_are_lent_whole_and_one_by_one() {
        let settings: Settings = "a = 3\nb = 'text'\n[c]\nd = [1, 2]\n".parse().unwrap();
        Lent::new(&settings).with(|lent| {
            // SAFETY: the settings are lent for the time of this closure.
            let (toml, list) = unsafe { (borrow(lent.toml), borrow_array(lent.list, lent.count)) };
            let text = std::str::from_utf8(toml).unwrap();
            assert_eq!(text.parse::<Settings>().unwrap(), settings);
            let pairs: Vec<String> = list
                .iter()
                // SAFETY: as above.
                .map(|s| unsafe { [borrow(s.key), borrow(s.value)] })
                .map(|pair| pair.map(|b| String::from_utf8_lossy(b)).join("="))
                .collect();
            assert_eq!(pairs, ["a=3", "b=text", "c.d=[1, 2]"]);
        });
    }
}
