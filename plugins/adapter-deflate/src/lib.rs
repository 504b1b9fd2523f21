//! umoec adapter `deflate`: deflate streams inside gzip, zip, PNG, PDF and others, opened, and made again
//! bit for bit.

mod bits;
mod engine;
mod guess;
mod huffman;
mod inflate;
mod model;
mod record;
mod scan;
mod wire;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, Place, Plugin, PluginId, Proposal,
    Settings, Stream,
};
use umoec_codec::{Error, Limits, Result};

use record::Record;
use scan::Frame;

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Adapter,
    id: PluginId(7),
    name: Cow::Borrowed("deflate"),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("deflate streams of gzip, zip, PNG and PDF files, opened"),
});

/// What streams hold together, as a multiple of the block's length.
const INFLATED_MOST: usize = 8;
/// Streams of a block before the contents: what is not deflate, and the records.
const BEFORE: usize = 2;
/// Most kinds of content.
const KINDS: usize = 16;
/// A stream stays as it is where its corrections are more than this part of it.
const PROFIT: usize = 8;

/// The plugin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deflate;

impl Plugin for Deflate {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }
}

impl Adapter for Deflate {
    fn forward(&self, input: &[u8], settings: &Settings) -> Result<Adapted> {
        DESCRIPTOR.no_settings(settings)?;
        Ok(adapted(input).0)
    }

    fn propose(
        &self,
        input: &[u8],
        _place: &Place<'_>,
        settings: &Settings,
    ) -> Result<Vec<Proposal>> {
        DESCRIPTOR.no_settings(settings)?;
        let (adapted, covered) = adapted(input);
        if covered <= input.len() / 16 && covered <= 32 << 10 {
            return Ok(Vec::new());
        }
        Ok(vec![Proposal { score: 90, adapted }])
    }

    fn inverse(
        &self,
        _version: u8,
        params: &[u8],
        streams: Vec<Vec<u8>>,
        output_len: usize,
        limits: &Limits,
    ) -> Result<Vec<u8>> {
        if !params.is_empty() {
            return Err(fault("it has no parameters"));
        }
        record::join(&streams, output_len, limits)
    }
}

/// What becomes of a block, and how many of its bytes were opened.
fn adapted(input: &[u8]) -> (Adapted, usize) {
    let (mut rest, mut control) = (Vec::new(), Vec::new());
    let mut contents: Vec<Stream> = vec![Stream {
        data: Vec::new(),
        layout: Layout::default(),
    }];
    let (mut at, mut covered) = (0, 0);
    for found in scan::scan(input, input.len().saturating_mul(8 * INFLATED_MOST)) {
        let settings = guess::guess(&found.inflated, None);
        let corrections = engine::explain(&found.inflated, settings);
        if corrections.len() > 24 + found.inflated.used / PROFIT {
            continue;
        }
        let strides = match found.frame {
            Frame::Png {
                geometry: (pixel, row),
                ..
            } => vec![pixel, row],
            _ => Vec::new(),
        };
        let place = contents.iter().position(|c| c.layout.strides == strides);
        let kind = match place {
            Some(kind) => kind,
            None if contents.len() == KINDS => 0,
            None => {
                contents.push(Stream {
                    data: Vec::new(),
                    layout: Layout {
                        strides,
                        number: None,
                    },
                });
                contents.len() - 1
            }
        };
        rest.extend(&input[at..found.range.start]);
        let record = Record {
            gap: found.range.start - at,
            kind,
            length: found.inflated.plain.len(),
            corrections: &corrections,
            frame: found.frame,
        };
        record.write(&mut control);
        contents[kind].data.extend(found.inflated.plain);
        covered += found.range.len();
        at = found.range.end;
    }
    rest.extend(&input[at..]);
    let plain = |data| Stream {
        data,
        layout: Layout::default(),
    };
    let mut streams = vec![plain(rest), plain(control)];
    streams.append(&mut contents);
    (
        Adapted {
            params: Vec::new(),
            streams,
        },
        covered,
    )
}

/// A fault of parameters or streams.
fn fault(reason: &str) -> Error {
    DESCRIPTOR.fault(reason)
}

umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(Deflate)));
