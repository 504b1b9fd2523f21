//! umoec adapter `deflate`: deflate streams inside gzip, zip, PNG, PDF and others, opened, and made again
//! bit for bit.

mod bits;
mod block;
mod code;
mod explain;
mod guess;
mod huffman;
mod inflate;
mod model;
mod png;
mod rebuild;
mod record;
mod scan;
mod tokens;
mod wire;
mod write;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use umoec_codec::plugin::{
    Adapted, Adapter, AnyPlugin, Descriptor, Kind, Layout, NumberLayout, Place, Plugin, PluginId,
    Proposal, Settings, Stream,
};
use umoec_codec::{Error, Limits, Result};

use model::Zlib;
use png::Rows;
use record::{Around, Record};
use scan::{Found, Frame};

static DESCRIPTOR: LazyLock<Descriptor> = LazyLock::new(|| Descriptor {
    kind: Kind::Adapter,
    id: PluginId(7),
    name: Cow::Borrowed("deflate"),
    version: 1,
    oldest: 1,
    summary: Cow::Borrowed("deflate streams of gzip, zip, PNG and PDF files, opened"),
});

/// Most kinds of content: streams of a block beside the two that all have.
const KINDS: usize = 16;
/// A stream stays as it is where its corrections are more than this many eighths of it: better models take
/// at most about half of it off.
const PROFIT: usize = 5;

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

    fn memory(&self, adapted: &Adapted, len: usize) -> u64 {
        let contents = adapted.streams.iter().skip(2).map(|s| s.data.len());
        rebuild::memory(contents.max().unwrap_or(0), len)
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

/// Most bytes that the streams of a block may have inside together: text and rows of images have 3 to 20
/// times their deflate streams', and a zip bomb shall not become a bomb.
fn most_inflated(block: usize) -> usize {
    block
        .saturating_mul(64)
        .min(block.saturating_mul(8).saturating_add(8 << 20))
}

/// What becomes of a block, and how many of its bytes were opened.
fn adapted(input: &[u8]) -> (Adapted, usize) {
    let mut opened = Opened::default();
    scan::scan(input, most_inflated(input.len()), |found| {
        opened.take(input, found);
    });
    opened.rest.extend(&input[opened.at..]);
    let plain = |data| Stream {
        data,
        layout: Layout::default(),
    };
    let mut streams = vec![plain(opened.rest), plain(opened.records)];
    streams.append(&mut opened.contents);
    (
        Adapted {
            params: Vec::new(),
            streams,
        },
        opened.covered,
    )
}

/// A block, as far as it was gone through.
#[derive(Default)]
struct Opened {
    rest: Vec<u8>,
    records: Vec<u8>,
    contents: Vec<Stream>,
    /// What comes next of the block.
    at: usize,
    /// Bytes of the block that were opened.
    covered: usize,
    /// How zlib was called for the last stream.
    zlib: Option<Zlib>,
}

impl Opened {
    /// Takes a stream in, if that pays and if it really comes back.
    fn take(&mut self, input: &[u8], found: Found) {
        let zlib = guess::guess(&found.inflated, found.window, self.zlib);
        let corrections = explain::explain(&found.inflated, zlib);
        if corrections.len() > 16 + found.inflated.used * PROFIT / 8 {
            return;
        }
        let rows = match found.frame {
            Frame::Png { rows, .. } => rows,
            _ => None,
        };
        let unfiltered = rows.and_then(|rows| png::unfilter(&found.inflated.plain, rows));
        let (filters, content) = match (&unfiltered, rows) {
            (Some((filters, samples)), Some(rows)) => (Some((rows, &filters[..])), samples),
            _ => (None, &found.inflated.plain),
        };
        let layout = filters.map_or_else(Layout::default, |(rows, _)| layout(rows));
        let record = Record {
            gap: found.range.start - self.at,
            kind: kind(&self.contents, &layout),
            length: content.len(),
            corrections: &corrections,
            around: Around::new(&found.frame, filters),
        };
        if !record.makes(content, &input[found.range.clone()]) {
            return;
        }
        record.write(&mut self.records);
        self.rest.extend(&input[self.at..found.range.start]);
        if record.kind == self.contents.len() {
            self.contents.push(Stream {
                data: Vec::new(),
                layout,
            });
        }
        self.contents[record.kind].data.extend(content);
        self.zlib = Some(zlib);
        self.covered += found.range.len();
        self.at = found.range.end;
    }
}

/// Which stream of `contents`, or the next one, has that layout. The last takes what is too much.
fn kind(contents: &[Stream], layout: &Layout) -> usize {
    let same = contents.iter().position(|c| c.layout == *layout);
    same.unwrap_or(contents.len()).min(KINDS - 1)
}

/// The layout of an image's samples.
fn layout(rows: Rows) -> Layout {
    let wide = NumberLayout { width: 2, phase: 0 };
    Layout {
        strides: vec![rows.pixel as u32, rows.row as u32],
        number: rows.wide.then_some(wide),
    }
}

/// A fault of parameters or streams.
fn fault(reason: &str) -> Error {
    DESCRIPTOR.fault(reason)
}

umoec_codec::submit!(AnyPlugin::Adapter(Arc::new(Deflate)));

#[cfg(test)]
mod tests;
