//! umoec adapter `image`: samples of uncompressed images.
//!
//! PNM, BMP, TGA, TIFF, DICOM and FITS. The samples go first, row behind row without what stands between
//! rows, each most significant byte first and larger for more light; then all that is no sample. So a
//! predictor knows of each byte which channel it belongs to, and what is left of it and above it.

mod formats;
mod kernel;
mod params;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, NumberLayout, Place, Plugin, PluginId,
    Proposal, Region, Settings, Stream,
};
use umoec_codec::{Limits, Result};

use params::{Colour, Params};

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Adapter,
    id: PluginId(5),
    name: Cow::Borrowed("image"),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("samples of PNM, BMP, TGA, TIFF, DICOM and FITS images"),
});

/// The plugin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Image;

impl Plugin for Image {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }
}

impl Adapter for Image {
    /// What has no header counts as one row of grey samples.
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        let proposals = self.propose(input, &Place::default(), settings)?;
        Ok(match proposals.into_iter().next() {
            Some(proposal) => proposal.adapted,
            None => adapted(input, &Params::default()),
        })
    }

    fn propose(
        &self,
        input: &[u8],
        place: &Place<'_>,
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        DESCRIPTOR.no_settings(settings)?;
        // The first block is its own head, and longer than what places hold of it.
        let head = if place.offset == 0 { input } else { place.head };
        let found = formats::read(head)
            .and_then(|file| formats::within(&file, place.offset, input.len() as u64));
        let Some(params) = found else {
            return Ok(Vec::new());
        };
        let colours: &[Colour] = if params.channels >= 3 {
            &[Colour::LessGreen, Colour::Same]
        } else {
            &[Colour::Same]
        };
        let propose = |&colour: &Colour| Proposal {
            score: 100,
            adapted: adapted(
                input,
                &Params {
                    colour,
                    ..params.clone()
                },
            ),
        };
        Ok(colours.iter().map(propose).collect())
    }

    fn regions(&self, input: &[u8], _: &Place<'_>) -> Result<Vec<Region>> {
        Ok(formats::regions(input))
    }

    fn describe(&self, _version: u8, params: &[u8]) -> Option<String> {
        Some(Params::read(params).ok()?.describe())
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
        let stream = DESCRIPTOR.only_stream(streams, output_len)?;
        params.check_within(output_len)?;
        Ok(kernel::inverse(&stream, &params))
    }
}

/// What becomes of a block; `params` must be within it.
fn adapted(input: &[u8], params: &Params) -> Adapted {
    let mut strides = vec![params.pixel() as u32];
    if params.row > params.pixel() as u64 {
        strides.push(params.row as u32);
    }
    let number = NumberLayout {
        width: params.width as u8,
        phase: 0,
    };
    Adapted {
        params: params.write(),
        streams: vec![Stream {
            data: kernel::forward(input, params),
            layout: Layout {
                strides,
                number: Some(number),
            },
        }],
    }
}

umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(Image)));

#[cfg(test)]
mod tests;
