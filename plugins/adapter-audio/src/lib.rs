//! umoec adapter `audio`: PCM samples of WAV and AIFF files.
//!
//! Each sample is replaced, in place, by the difference from its prediction by least squares and a
//! cascade of adaptive filters (`predict`), most significant byte first. Everything else stays as it is.

mod filter;
mod header;
mod kernel;
mod least_squares;
mod params;
mod predict;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, NumberLayout, Place, Plugin, PluginId,
    Proposal, Region, Settings, Stream,
};
use umoec_codec::{Limits, Result};

use params::{Params, fault};

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Adapter,
    id: PluginId(3),
    name: Cow::Borrowed("audio"),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("PCM samples of WAV and AIFF files, predicted"),
});

/// The plugin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Audio;

impl Plugin for Audio {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }
}

impl Adapter for Audio {
    /// What has no header counts as 16-bit stereo.
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        DESCRIPTOR.no_settings(settings)?;
        let found = header::read(input).and_then(|p| header::within(&p, 0, input.len() as u64));
        let stereo = Params {
            width: 2,
            big_endian: false,
            unsigned: false,
            channels: 2,
            skip: 0,
            length: input.len() as u64 / 4 * 4,
        };
        adapted(input, &found.unwrap_or(stereo))
    }

    fn propose(
        &self,
        input: &[u8],
        place: &Place<'_>,
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        DESCRIPTOR.no_settings(settings)?;
        let found = header::read(place.head)
            .and_then(|file| header::within(&file, place.offset, input.len() as u64));
        found
            .into_iter()
            .map(|params| {
                Ok(Proposal {
                    score: 100,
                    adapted: adapted(input, &params)?,
                })
            })
            .collect()
    }

    fn regions(&self, input: &[u8], _: &Place<'_>) -> Result<Vec<Region>> {
        let region = |range| Region {
            range,
            score: 100,
            joins: false,
            note: Vec::new(),
        };
        Ok(header::regions(input).into_iter().map(region).collect())
    }

    fn describe(&self, _version: u8, params: &[u8]) -> Option<String> {
        Some(Params::read(params).ok()?.describe())
    }

    fn memory(&self, adapted: &Adapted, _len: usize) -> u64 {
        Params::read(&adapted.params).map_or(0, |params| predict::MEMORY * params.channels as u64)
    }

    fn inverse(
        &self,
        _version: u8,
        params: &[u8],
        streams: Vec<Vec<u8>>,
        output_len: usize,
        _limits: &Limits,
    ) -> Result<Vec<u8>> {
        let params = Params::read(params)?;
        let mut data = DESCRIPTOR.only_stream(streams, output_len)?;
        let samples = samples(&params, data.len())?;
        kernel::inverse(&mut data[samples], &params);
        Ok(data)
    }
}

/// Where in a block of `len` bytes the samples are.
fn samples(params: &Params, len: usize) -> Result<Range<usize>> {
    let outside = || fault("its samples are not within the block");
    let start = usize::try_from(params.skip).map_err(|_| outside())?;
    let length = usize::try_from(params.length).map_err(|_| outside())?;
    let end = start.checked_add(length).filter(|&end| end <= len);
    Ok(start..end.ok_or_else(outside)?)
}

fn adapted(input: &[u8], params: &Params) -> Result<Adapted> {
    let mut data = input.to_vec();
    let samples = samples(params, data.len())?;
    kernel::forward(&mut data[samples], params);
    let number = NumberLayout {
        width: params.width as u8,
        phase: (params.skip % params.width as u64) as u8,
    };
    Ok(Adapted {
        params: params.write(),
        streams: vec![Stream {
            data,
            layout: Layout {
                strides: vec![params.frame() as u32],
                number: Some(number),
            },
        }],
    })
}

umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(Audio)));

#[cfg(test)]
mod tests;
