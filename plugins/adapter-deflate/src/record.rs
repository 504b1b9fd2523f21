//! The records of the control stream, and the way back by them (`spec.md`, sections 2 and 3).

use umoec_codec::{Limits, Result};

use crate::png::{Rows, filter, idat_check};
use crate::scan::{Frame, adler32, gzip_trailer};
use crate::wire::{Fields, put};
use crate::{KINDS, fault, rebuild};

/// A deflate stream on the wire.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// Bytes that are not deflate before it, since the last one.
    pub(crate) gap: usize,
    /// Which of the contents' streams has its content.
    pub(crate) kind: usize,
    /// Bytes of its content there.
    pub(crate) length: usize,
    pub(crate) corrections: &'a [u8],
    pub(crate) around: Around<'a>,
}

/// Bit of a record's first byte: the image is cut off.
const CUT: u8 = 64;
/// Most lengths of an image's chunks, not counting those like the one before.
const RUNS: usize = 1 << 16;

/// What stands around a stream.
#[derive(Debug)]
pub(crate) enum Around<'a> {
    Bare,
    Zlib,
    Gzip,
    Png {
        header: [u8; 2],
        /// Rows without their filters, and these.
        filters: Option<(Rows, &'a [u8])>,
        /// Bytes of chunks, and how many of them follow one another.
        runs: Vec<(usize, usize)>,
        /// Where the image goes on behind it, the length that the last chunk names: neither the content nor
        /// this chunk has its check.
        cut: Option<usize>,
    },
}

impl<'a> Around<'a> {
    pub(crate) fn new(frame: &Frame, filters: Option<(Rows, &'a [u8])>) -> Self {
        match frame {
            Frame::Bare => Self::Bare,
            Frame::Zlib => Self::Zlib,
            Frame::Gzip => Self::Gzip,
            Frame::Png {
                header,
                lengths,
                cut,
                ..
            } => {
                let runs = lengths
                    .chunk_by(|a, b| a == b)
                    .map(|run| (run[0], run.len()));
                Self::Png {
                    header: *header,
                    filters,
                    runs: runs.collect(),
                    cut: *cut,
                }
            }
        }
    }

    fn id(&self) -> u8 {
        match self {
            Self::Bare => 0,
            Self::Zlib => 1,
            Self::Gzip => 2,
            Self::Png { cut: None, .. } => 3,
            Self::Png { .. } => 3 | CUT,
        }
    }
}

impl<'a> Record<'a> {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put(out, self.gap);
        out.push(self.around.id() | (self.kind as u8) << 2);
        put(out, self.length);
        put(out, self.corrections.len());
        out.extend(self.corrections);
        if let Around::Png {
            header,
            filters,
            runs,
            cut,
        } = &self.around
        {
            out.extend(header);
            put(out, filters.map_or(0, |(rows, _)| rows.pixel));
            if let Some((rows, filters)) = filters {
                put(out, rows.row);
                out.extend(*filters);
            }
            put(out, runs.len());
            for &(length, times) in runs {
                put(out, length);
                put(out, times);
            }
            cut.iter().for_each(|&length| put(out, length));
        }
    }

    /// Whether it and its content really make `wanted`.
    pub(crate) fn makes(&self, content: &[u8], wanted: &[u8]) -> bool {
        let limits = Limits {
            memory: u64::MAX,
            output: u64::MAX,
        };
        let mut out = Vec::new();
        let done = append(self, content, wanted.len(), &limits, &mut out);
        let few = !matches!(&self.around, Around::Png { runs, .. } if runs.len() > RUNS);
        done.is_ok() && out == wanted && few
    }

    fn read(fields: &mut Fields<'a>) -> Result<Self> {
        let gap = fields.number()?;
        let first = fields.byte()?;
        let kind = usize::from(first >> 2) & (KINDS - 1);
        let cut = first & CUT != 0;
        if first & 128 != 0 || (cut && first & 3 != 3) {
            return Err(fault("a record has unknown properties"));
        }
        let length = fields.number()?;
        let corrections = fields.number()?;
        let corrections = fields.bytes(corrections)?;
        let around = match first & 3 {
            0 => Around::Bare,
            1 => Around::Zlib,
            2 => Around::Gzip,
            _ => read_png(fields, length, cut)?,
        };
        Ok(Self {
            gap,
            kind,
            length,
            corrections,
            around,
        })
    }
}

fn read_png<'a>(fields: &mut Fields<'a>, length: usize, cut: bool) -> Result<Around<'a>> {
    let header = fields.bytes(2)?;
    let header = [header[0], header[1]];
    let mut filters = None;
    let pixel = fields.number()?;
    if pixel != 0 {
        let row = fields.number()?;
        if row == 0 {
            return Err(fault("an image has rows of no bytes"));
        }
        let list = fields.bytes(length.div_ceil(row))?;
        if list.iter().any(|&filter| filter > 4) {
            return Err(fault("an image has an unknown filter"));
        }
        filters = Some((
            Rows {
                pixel,
                row,
                wide: false,
            },
            list,
        ));
    }
    let count = fields.number()?;
    if count > RUNS {
        return Err(fault("an image has too many chunks"));
    }
    let mut runs = Vec::new();
    for _ in 0..count {
        runs.push((fields.number()?, fields.number()?));
    }
    let cut = if cut { Some(fields.number()?) } else { None };
    Ok(Around::Png {
        header,
        filters,
        runs,
        cut,
    })
}

/// The block.
pub(crate) fn join(streams: &[Vec<u8>], output_len: usize, limits: &Limits) -> Result<Vec<u8>> {
    let [rest, control, contents @ ..] = streams else {
        return Err(fault("it has fewer streams than it needs"));
    };
    let (mut rest, mut control) = (Fields(rest), Fields(control));
    let mut contents: Vec<_> = contents.iter().map(|c| Fields(c)).collect();
    let mut out = Vec::new();
    let too_long = || fault("its streams make more than the block");
    while !control.is_empty() {
        let record = Record::read(&mut control)?;
        out.extend(rest.bytes(record.gap)?);
        let most = output_len.checked_sub(out.len()).ok_or_else(too_long)?;
        let content = contents.get_mut(record.kind);
        let content = content.ok_or_else(|| fault("a record names an impossible stream"))?;
        append(
            &record,
            content.bytes(record.length)?,
            most,
            limits,
            &mut out,
        )?;
        if out.len() > output_len {
            return Err(too_long());
        }
    }
    out.extend(rest.0);
    if out.len() != output_len || contents.iter().any(|c| !c.is_empty()) {
        return Err(fault("its streams do not make the block"));
    }
    Ok(out)
}

/// Appends a stream and what stands around it, at most about `most` bytes.
fn append(
    record: &Record<'_>,
    content: &[u8],
    most: usize,
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<()> {
    let rebuild = |content: &[u8], taken, out: &mut Vec<u8>| {
        rebuild::rebuild(content, record.corrections, most, limits, taken, out)
    };
    match &record.around {
        Around::Bare => rebuild(content, 0, out)?,
        Around::Zlib => {
            rebuild(content, 0, out)?;
            out.extend(adler32(content).to_be_bytes());
        }
        Around::Gzip => {
            rebuild(content, 0, out)?;
            out.extend(gzip_trailer(content));
        }
        Around::Png {
            header,
            filters,
            runs,
            cut,
        } => {
            // Rows with their filters, at most two bytes for one, and the stream in one piece.
            let taken = content.len().saturating_mul(2).saturating_add(most);
            rebuild::afford(limits, taken)?;
            let filtered = filters.map(|(rows, filters)| filter(content, filters, rows));
            let content = filtered.as_deref().unwrap_or(content);
            let mut joined = header.to_vec();
            rebuild(content, taken, &mut joined)?;
            if cut.is_none() {
                joined.extend(adler32(content).to_be_bytes());
            }
            chunks(&joined, runs, *cut, most, out)?;
        }
    }
    Ok(())
}

/// Appends `joined` as IDAT chunks, but for the length and name of the first, and if it is cut for the check
/// of the last; about `most` bytes.
fn chunks(
    joined: &[u8],
    runs: &[(usize, usize)],
    cut: Option<usize>,
    most: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    let (mut left, begin) = (Fields(joined), out.len());
    let mut chunk = |body: &[u8], length: usize, whole: bool| {
        if out.len() > begin {
            out.extend((length as u32).to_be_bytes());
            out.extend(b"IDAT");
        }
        out.extend(body);
        if whole {
            out.extend(idat_check(body).to_be_bytes());
        }
        if out.len() - begin > most {
            return Err(fault("its streams make more than the block"));
        }
        Ok(())
    };
    for &(length, times) in runs {
        for _ in 0..times {
            chunk(left.bytes(length)?, length, true)?;
        }
    }
    chunk(left.0, cut.unwrap_or(left.0.len()), cut.is_none())
}
