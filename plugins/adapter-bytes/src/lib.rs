//! umoec adapter `bytes`: the identity, with hints about the layout of the data.
//!
//! One stream, the block itself, and no parameters. On the encoding side it looks for the
//! strides of records, samples and image rows (`stride`) and passes them on as a
//! [`Layout`]; a predictor that uses them writes them into its own parameters.

mod stride;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, Plugin, PluginId, Settings, Stream,
};
use umoec_codec::{Error, Limits, Result};

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Adapter,
    id: PluginId(1),
    name: Cow::Borrowed("bytes"),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("the identity; finds the strides of records, samples and rows"),
});

/// The plugin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bytes;

impl Plugin for Bytes {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }
}

impl Adapter for Bytes {
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        let strides = strides(settings)?.unwrap_or_else(|| stride::find(input));
        let layout = Layout {
            strides,
            number: None,
        };
        Ok(Adapted {
            params: Vec::new(),
            streams: vec![Stream {
                data: input.to_vec(),
                layout,
            }],
        })
    }

    fn inverse(
        &self,
        _version: u8,
        params: &[u8],
        streams: Vec<Vec<u8>>,
        output_len: usize,
        _limits: &Limits,
    ) -> Result<Vec<u8>> {
        if !params.is_empty() {
            return Err(DESCRIPTOR.fault("it has no parameters, but the frame gives some"));
        }
        DESCRIPTOR.only_stream(streams, output_len)
    }
}

/// Strides of `data`: that of its elements first (1 where only rows were found), then that of its
/// rows, then the width of a number within the element. Those not found are left out.
#[must_use]
pub fn find_strides(data: &[u8]) -> Vec<u32> {
    stride::find(data)
}

/// `strides = [..]` of the profile, which replaces the search; `None` where it is not set.
fn strides(settings: &Settings) -> Result<Option<Vec<u32>>> {
    let config = |reason: &str| Error::Config(format!("settings of adapter bytes: {reason}"));
    if let Some(key) = settings.keys().find(|k| *k != "strides") {
        return Err(config(&format!("there is no `{key}`; there is: strides")));
    }
    let Some(value) = settings.get("strides") else {
        return Ok(None);
    };
    let list = value.as_array().and_then(|list| {
        list.iter()
            .map(|v| {
                v.as_integer()
                    .and_then(|v| u32::try_from(v).ok())
                    .filter(|v| *v > 0)
            })
            .collect()
    });
    list.map(Some)
        .ok_or_else(|| config("`strides` is a list of numbers of bytes above 0"))
}

umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(Bytes)));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_gives_the_block() {
        let data: Vec<u8> = (0..10_000u32).map(|i| (i % 251) as u8).collect();
        let adapted = Bytes.forward(&data, &Settings::new()).unwrap();
        let streams: Vec<Vec<u8>> = adapted.streams.into_iter().map(|s| s.data).collect();
        let limits = Limits::default();
        let back = Bytes
            .inverse(1, &adapted.params, streams.clone(), data.len(), &limits)
            .unwrap();
        assert_eq!(back, data);
        assert!(
            Bytes
                .inverse(1, &[0], streams.clone(), data.len(), &limits)
                .is_err()
        );
        assert!(
            Bytes
                .inverse(1, &[], streams.clone(), data.len() + 1, &limits)
                .is_err()
        );
        assert!(Bytes.inverse(1, &[], vec![], 0, &limits).is_err());
    }

    #[test]
    fn given_strides_replace_the_search() {
        let settings: Settings = toml::from_str("strides = [12]").unwrap();
        let adapted = Bytes.forward(b"abc", &settings).unwrap();
        assert_eq!(adapted.streams[0].layout.strides, [12]);
        for bad in ["strides = 12", "strides = [0]", "stride = [12]"] {
            let settings: Settings = toml::from_str(bad).unwrap();
            assert!(
                matches!(Bytes.forward(b"abc", &settings), Err(Error::Config(_))),
                "{bad}"
            );
        }
    }
}
