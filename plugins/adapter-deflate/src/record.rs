//! The records of the control stream, and the way back by them (`spec.md`, sections 2 and 3).

use umoec_codec::{Limits, Result};

use crate::scan::{Frame, adler32, gzip_trailer, idat_check};
use crate::wire::{Fields, put};
use crate::{BEFORE, KINDS, engine, fault};

/// A deflate stream on the wire.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    /// Bytes that are not deflate before it, since the last one.
    pub(crate) gap: usize,
    /// Which of the contents' streams has its content.
    pub(crate) kind: usize,
    /// Bytes of its content.
    pub(crate) length: usize,
    pub(crate) corrections: &'a [u8],
    pub(crate) frame: Frame,
}

impl<'a> Record<'a> {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put(out, self.gap);
        let frame = match self.frame {
            Frame::Bare => 0,
            Frame::Zlib => 1,
            Frame::Gzip => 2,
            Frame::Png { .. } => 3,
        };
        out.push(frame | (self.kind as u8) << 2);
        put(out, self.length);
        put(out, self.corrections.len());
        out.extend(self.corrections);
        if let Frame::Png {
            header, lengths, ..
        } = &self.frame
        {
            out.extend(header);
            let runs: Vec<_> = lengths.chunk_by(|a, b| a == b).collect();
            put(out, runs.len());
            for run in runs {
                put(out, run[0]);
                put(out, run.len());
            }
        }
    }

    fn read(fields: &mut Fields<'a>) -> Result<(Self, Vec<(usize, usize)>)> {
        let gap = fields.number()?;
        let first = fields.byte()?;
        let length = fields.number()?;
        let corrections = fields.number()?;
        let corrections = fields.bytes(corrections)?;
        let mut runs = Vec::new();
        let frame = match first & 3 {
            0 => Frame::Bare,
            1 => Frame::Zlib,
            2 => Frame::Gzip,
            _ => {
                let header = fields.bytes(2)?;
                for _ in 0..fields.number()? {
                    runs.push((fields.number()?, fields.number()?));
                }
                Frame::Png {
                    header: [header[0], header[1]],
                    lengths: Vec::new(),
                    geometry: (1, 1),
                }
            }
        };
        let kind = usize::from(first >> 2);
        if kind >= KINDS {
            return Err(fault("a record names no stream"));
        }
        Ok((
            Self {
                gap,
                kind,
                length,
                corrections,
                frame,
            },
            runs,
        ))
    }
}

/// The block.
pub(crate) fn join(streams: &[Vec<u8>], output_len: usize, _limits: &Limits) -> Result<Vec<u8>> {
    let [rest, control, contents @ ..] = streams else {
        return Err(fault("it has fewer streams than it needs"));
    };
    let _ = BEFORE;
    let (mut rest, mut control) = (Fields(rest), Fields(control));
    let mut contents: Vec<_> = contents.iter().map(|c| Fields(c)).collect();
    let mut out = Vec::new();
    while !control.is_empty() {
        let (record, runs) = Record::read(&mut control)?;
        out.extend(rest.bytes(record.gap)?);
        let content = contents
            .get_mut(record.kind)
            .ok_or_else(|| fault("a record names no stream"))?;
        let plain = content.bytes(record.length)?;
        if let Frame::Png { header, .. } = record.frame {
            let mut joined = header.to_vec();
            engine::rebuild(plain, record.corrections, output_len, &mut joined)?;
            joined.extend(adler32(plain).to_be_bytes());
            chunks(&joined, &runs, output_len, &mut out)?;
        } else {
            engine::rebuild(plain, record.corrections, output_len, &mut out)?;
            match record.frame {
                Frame::Zlib => out.extend(adler32(plain).to_be_bytes()),
                Frame::Gzip => out.extend(gzip_trailer(plain)),
                _ => {}
            }
        }
        if out.len() > output_len {
            return Err(fault("its streams make more than the block"));
        }
    }
    out.extend(rest.0);
    if out.len() != output_len || contents.iter().any(|c| !c.is_empty()) {
        return Err(fault("its streams do not make the block"));
    }
    Ok(out)
}

/// Appends `joined` as IDAT chunks, but for the length and name of the first.
fn chunks(joined: &[u8], runs: &[(usize, usize)], most: usize, out: &mut Vec<u8>) -> Result<()> {
    let (mut left, mut first) = (Fields(joined), true);
    let mut chunk = |body: &[u8]| {
        if !first {
            out.extend((body.len() as u32).to_be_bytes());
            out.extend(b"IDAT");
        }
        first = false;
        out.extend(body);
        out.extend(idat_check(body).to_be_bytes());
        if out.len() > most {
            return Err(fault("its streams make more than the block"));
        }
        Ok(())
    };
    for &(length, times) in runs {
        for _ in 0..times {
            chunk(left.bytes(length)?)?;
        }
    }
    chunk(left.0)
}
