//! The body of a FRAME: one block, coded on its own.

use std::ops::Range;

use super::parts::{self, Part, Segment};
use super::{Fields, MAX_BLOCK, MAX_FRAME_HEAD, ModelHash, PluginRef, wire};
use crate::Result;

const SEVERAL_STREAMS: u8 = 0b0000_0001;
const LANES: u8 = 0b0000_0010;
const MODELS: u8 = 0b0000_0100;
const LENGTH_DIFFERS: u8 = 0b0000_1000;
const PARTS: u8 = 0b0001_0000;
const RESERVED: u8 = 0b1110_0000;

/// The most streams of a frame (spec umc §2.3).
pub const MAX_STREAMS: u64 = 256;
const MAX_MODELS: u64 = 16;
const MAX_LANES: u64 = 4096;

/// How a block is laid out over lanes (spec umc §5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lanes {
    /// Lanes that a predictor serves in lockstep, 1..=4096.
    pub count: u64,
    /// Bytes of a lane's segment of the moving superblock, at least 1.
    pub segment: u64,
}

/// One stream of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamHead {
    /// Bytes of the stream.
    pub length: u64,
    /// `None`: every byte is equally probable.
    pub predictor: Option<PluginRef>,
    /// What wrote the payload.
    pub coder: PluginRef,
    /// Where in the frame's body the payload is.
    pub payload: Range<usize>,
}

/// What stands before the payloads (spec umc §5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameHead {
    /// Bytes of the block.
    pub raw_length: u64,
    /// What the adapters take, in the order of their streams; mostly one that takes the whole block.
    pub parts: Vec<Part>,
    /// What the block is made of, where there are several parts; else nothing.
    pub segments: Vec<Segment>,
    /// `None`: bytes follow one another.
    pub lanes: Option<Lanes>,
    /// The models that the predictors use, in the order in which their parameters count them.
    pub models: Vec<ModelHash>,
    /// At least one.
    pub streams: Vec<StreamHead>,
}

impl FrameHead {
    /// The head's bytes for streams whose payloads have the lengths that their ranges have.
    pub(crate) fn write(&self) -> Vec<u8> {
        let one = match &self.streams[..] {
            [one] => Some(one),
            _ => None,
        };
        let differs = one.is_some_and(|stream| stream.length != self.raw_length);
        let flags = [
            (one.is_none(), SEVERAL_STREAMS),
            (self.lanes.is_some(), LANES),
            (!self.models.is_empty(), MODELS),
            (differs, LENGTH_DIFFERS),
            (self.parts.len() > 1, PARTS),
        ];
        let mut out = vec![flags.iter().map(|&(set, bit)| u8::from(set) * bit).sum()];
        wire::put_varint(&mut out, self.raw_length);
        match &self.parts[..] {
            [only] => PluginRef::put_option(only.adapter.as_ref(), &mut out),
            several => parts::put(several, &self.segments, &mut out),
        }
        if let Some(lanes) = self.lanes {
            wire::put_varint(&mut out, lanes.count);
            wire::put_varint(&mut out, lanes.segment);
        }
        if !self.models.is_empty() {
            wire::put_varint(&mut out, self.models.len() as u64);
            self.models
                .iter()
                .for_each(|hash| out.extend_from_slice(hash));
        }
        if one.is_none() && self.parts.len() == 1 {
            wire::put_varint(&mut out, self.streams.len() as u64);
        }
        for stream in &self.streams {
            if one.is_none() || differs {
                wire::put_varint(&mut out, stream.length);
            }
            PluginRef::put_option(stream.predictor.as_ref(), &mut out);
            stream.coder.put(&mut out);
            if one.is_none() {
                wire::put_varint(&mut out, stream.payload.len() as u64);
            }
        }
        out
    }

    /// Reads the head of a frame whose body has `body_length` bytes from `fields`, which hold
    /// the body or as much of it as a head can take.
    pub(crate) fn read(fields: &mut Fields<'_>, body_length: u64) -> Result<Self> {
        let flags = fields.u8("flags")?;
        if flags & RESERVED != 0 {
            return Err(fields.fault(format!("reserved bits are set in the flags {flags:#04x}")));
        }
        let several = flags & SEVERAL_STREAMS != 0;
        if several && flags & LENGTH_DIFFERS != 0 {
            return Err(fields.fault("the flags give one length to several streams"));
        }
        if flags & PARTS != 0 && !several {
            return Err(fields.fault("the flags give one stream to several parts"));
        }
        let raw_length = fields.varint("raw length", 0, MAX_BLOCK)?;
        let (mut parts, segments) = if flags & PARTS == 0 {
            let only = Part {
                length: raw_length,
                adapter: PluginRef::get_option(fields, "adapter")?,
                streams: 1,
            };
            (vec![only], Vec::new())
        } else {
            parts::get(fields, raw_length, MAX_STREAMS)?
        };
        let lanes = if flags & LANES == 0 {
            None
        } else {
            Some(Lanes {
                count: fields.varint("lane count", 1, MAX_LANES)?,
                segment: fields.varint("segment length", 1, MAX_BLOCK)?,
            })
        };
        let mut models = Vec::new();
        if flags & MODELS != 0 {
            for _ in 0..fields.varint("count of models", 1, MAX_MODELS)? {
                models.push(fields.hash("model hash")?);
            }
        }
        if several && segments.is_empty() {
            parts[0].streams = fields.varint("count of streams", 2, MAX_STREAMS)? as usize;
        }
        let count: usize = parts.iter().map(|part| part.streams).sum();
        let mut streams = Vec::new();
        // Payload lengths until the end of the head is known.
        let mut payloads = Vec::new();
        for _ in 0..count {
            let length = if several || flags & LENGTH_DIFFERS != 0 {
                fields.varint("stream length", 0, MAX_BLOCK)?
            } else {
                raw_length
            };
            let predictor = PluginRef::get_option(fields, "predictor")?;
            let coder = PluginRef::get(fields, "coder")?;
            if several {
                payloads.push(fields.varint("payload length", 0, body_length)?);
            }
            streams.push(StreamHead {
                length,
                predictor,
                coder,
                payload: 0..0,
            });
        }
        if !several && flags & LENGTH_DIFFERS != 0 && streams[0].length == raw_length {
            return Err(fields.fault("the stream's length is given and equals the raw length"));
        }
        let mut first = 0;
        for part in &parts {
            let whole = part.streams == 1 && streams[first].length == part.length;
            if part.adapter.is_none() && !whole {
                return Err(fields.fault("without an adapter the block must be the one stream"));
            }
            first += part.streams;
        }
        let mut position = fields.position() as u64;
        if position > MAX_FRAME_HEAD {
            return Err(fields.fault(format!("the head is longer than {MAX_FRAME_HEAD} bytes")));
        }
        if !several {
            payloads.push(body_length - position);
        }
        for (stream, length) in streams.iter_mut().zip(payloads) {
            let end = position.saturating_add(length);
            stream.payload = position as usize..end as usize;
            position = end;
        }
        if position != body_length {
            return Err(fields.fault(format!(
                "the payloads end at byte {position} of a body of {body_length}"
            )));
        }
        Ok(Self {
            raw_length,
            parts,
            segments,
            lanes,
            models,
            streams,
        })
    }

    /// The raw length of the frame whose first bytes `fields` hold.
    pub(crate) fn peek_raw_length(fields: &mut Fields<'_>) -> Result<u64> {
        fields.u8("flags")?;
        fields.varint("raw length", 0, MAX_BLOCK)
    }

    /// Bytes of all streams together.
    #[must_use]
    pub fn streams_length(&self) -> u64 {
        // At most 256 times 2^32: no overflow.
        self.streams.iter().map(|stream| stream.length).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::plugin::PluginId;

    fn plugin(id: u64, params: &[u8]) -> PluginRef {
        PluginRef {
            id: PluginId(id),
            version: 1,
            params: params.to_vec(),
        }
    }

    fn stream(length: u64, payload: Range<usize>) -> StreamHead {
        StreamHead {
            length,
            predictor: Some(plugin(2, &[9])),
            coder: plugin(2, &[]),
            payload,
        }
    }

    fn part(length: u64, adapter: Option<PluginRef>, streams: usize) -> Part {
        Part {
            length,
            adapter,
            streams,
        }
    }

    fn simple() -> FrameHead {
        FrameHead {
            raw_length: 5,
            parts: vec![part(5, None, 1)],
            segments: vec![],
            lanes: None,
            models: vec![],
            streams: vec![stream(5, 9..12)],
        }
    }

    fn full() -> FrameHead {
        FrameHead {
            raw_length: 1000,
            parts: vec![part(1000, Some(plugin(0x1234_5678_9abc, b"adapter")), 2)],
            segments: vec![],
            lanes: Some(Lanes {
                count: 4,
                segment: 8192,
            }),
            models: vec![[1; 32], [2; 32]],
            streams: vec![stream(400, 112..114), stream(700, 114..117)],
        }
    }

    /// Five bytes of no adapter around four of one with two streams.
    fn divided() -> FrameHead {
        let segment = |part, length| Segment { part, length };
        FrameHead {
            raw_length: 9,
            parts: vec![part(5, None, 1), part(4, Some(plugin(3, b"p")), 2)],
            segments: vec![segment(0, 2), segment(1, 4), segment(0, 3)],
            lanes: None,
            models: vec![],
            streams: vec![stream(5, 41..43), stream(4, 43..43), stream(1, 43..46)],
        }
    }

    fn read(body: &[u8]) -> Result<FrameHead> {
        FrameHead::read(&mut Fields::new(body, 0, "frame 0"), body.len() as u64)
    }

    fn body(head: &FrameHead) -> Vec<u8> {
        let mut body = head.write();
        body.resize(head.streams.last().unwrap().payload.end, 0xaa);
        body
    }

    #[test]
    fn heads_come_back() {
        let mut longer = simple();
        longer.parts[0].adapter = Some(plugin(1, &[]));
        longer.streams = vec![stream(7, 11..20)];
        for head in [simple(), longer, full(), divided()] {
            assert_eq!(read(&body(&head)).unwrap(), head);
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        assert_eq!(
            body(&simple()),
            [0, 5, 0, 2, 0x81, 1, 9, 2, 1, 0xaa, 0xaa, 0xaa]
        );
    }

    #[test]
    fn a_head_cut_anywhere_is_refused() {
        for whole in [body(&full()), body(&divided())] {
            for end in 0..whole.len() {
                assert!(matches!(read(&whole[..end]), Err(Error::Format { .. })));
            }
        }
    }

    #[test]
    fn parts_that_do_not_make_the_block_are_refused() {
        let change = |change: fn(&mut FrameHead)| {
            let mut head = divided();
            change(&mut head);
            read(&body(&head))
        };
        assert!(change(|_| {}).is_ok());
        for (wrong, named) in [
            (change(|h| h.raw_length = 10), "9 bytes"),
            (change(|h| h.segments[2].part = 1), "follow one another"),
            (change(|h| h.segments[0].part = 1), "order"),
            (
                change(|h| {
                    h.parts.push(part(0, Some(plugin(3, b"")), 1));
                    h.streams.push(stream(0, 0..46));
                }),
                "no segment",
            ),
            (change(|h| h.segments[1].length = 0), "segment length"),
            (change(|h| h.streams[0].length = 4), "one stream"),
            (change(|h| h.parts[1].adapter = None), "one stream"),
        ] {
            let error = wrong.unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        let mut one_stream = body(&divided());
        one_stream[0] &= !SEVERAL_STREAMS;
        assert!(read(&one_stream).unwrap_err().to_string().contains("flags"));
    }

    #[test]
    fn reserved_bits_reject() {
        for bit in 5..8 {
            let mut body = body(&simple());
            body[0] |= 1 << bit;
            assert!(matches!(read(&body), Err(Error::Format { .. })));
        }
    }

    #[test]
    fn each_frame_has_one_form() {
        let length_repeated = [LENGTH_DIFFERS, 5, 1, 1, 5, 0, 1, 1];
        let length_of_several = [SEVERAL_STREAMS | LENGTH_DIFFERS, 5, 1, 1, 2];
        let no_adapter_but_other_length = [LENGTH_DIFFERS, 5, 0, 4, 0, 1, 1];
        let no_coder = [0, 5, 0, 0, 0];
        let version_0 = [0, 5, 0, 0, 1, 0];
        let no_params = [0, 5, 0, 0, 1, 0x81, 0];
        for body in [
            &length_repeated[..],
            &length_of_several,
            &no_adapter_but_other_length,
            &no_coder,
            &version_0,
            &no_params,
        ] {
            assert!(
                matches!(read(body), Err(Error::Format { .. })),
                "{body:02x?}"
            );
        }
        assert!(read(&[0, 5, 0, 0, 1, 1]).is_ok());
    }
}
