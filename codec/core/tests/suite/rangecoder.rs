//! A range coder as in LZMA, to have a coder that shrinks: 32 bits of range, carry by a cache.

use umoec_codec::plugin::{Answers, DecisionCoder, DecisionDecoder, DecisionEncoder};
use umoec_codec::probability::{BitProbability, ByteDistribution, Interval, TOTAL, TOTAL_BITS};

const TOP: u32 = 1 << 24;

pub(crate) struct Encoder<'a> {
    answers: Answers<'a>,
    low: u64,
    range: u32,
    cache: u8,
    pending: u64,
    started: bool,
    out: Vec<u8>,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self {
            answers: Answers::new(data),
            low: 0,
            range: u32::MAX,
            cache: 0,
            pending: 0,
            started: false,
            out: Vec::new(),
        }
    }

    fn code(&mut self, interval: Interval) {
        let unit = self.range >> TOTAL_BITS;
        self.low += u64::from(unit) * u64::from(interval.start);
        self.range = unit * interval.size;
        while self.range < TOP {
            self.range <<= 8;
            self.shift();
        }
    }

    fn shift(&mut self) {
        if self.low < 0xff00_0000 || self.low > 0xffff_ffff {
            let carry = (self.low >> 32) as u8;
            if self.started {
                self.out.push(self.cache.wrapping_add(carry));
            }
            for _ in 0..self.pending {
                self.out.push(0xffu8.wrapping_add(carry));
            }
            self.pending = 0;
            self.cache = (self.low >> 24) as u8;
            self.started = true;
        } else {
            self.pending += 1;
        }
        self.low = (self.low & 0x00ff_ffff) << 8;
    }
}

impl DecisionCoder for Encoder<'_> {
    fn bit(&mut self, one: BitProbability) -> bool {
        let bit = self.answers.bit();
        self.code(Interval::of_bit(bit, one));
        bit
    }

    fn byte(&mut self, distribution: &ByteDistribution) -> u8 {
        let byte = self.answers.byte();
        self.code(distribution.interval(byte));
        byte
    }

    fn seek(&mut self, position: usize) {
        self.answers.seek(position);
    }
}

impl DecisionEncoder for Encoder<'_> {
    fn finish(mut self: Box<Self>, out: &mut Vec<u8>) {
        for _ in 0..5 {
            self.shift();
        }
        out.append(&mut self.out);
    }
}

pub(crate) struct Decoder<'a> {
    payload: &'a [u8],
    position: usize,
    code: u32,
    range: u32,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(payload: &'a [u8]) -> Self {
        let mut decoder = Self {
            payload,
            position: 0,
            code: 0,
            range: u32::MAX,
        };
        for _ in 0..4 {
            decoder.code = decoder.code << 8 | decoder.next();
        }
        decoder
    }

    fn next(&mut self) -> u32 {
        let byte = self.payload.get(self.position).copied().unwrap_or(0);
        self.position += 1;
        u32::from(byte)
    }

    fn count(&self) -> (u32, u32) {
        let unit = self.range >> TOTAL_BITS;
        ((self.code / unit).min(TOTAL - 1), unit)
    }

    fn take(&mut self, interval: Interval, unit: u32) {
        self.code = self.code.wrapping_sub(unit * interval.start);
        self.range = unit * interval.size;
        while self.range < TOP {
            self.range <<= 8;
            self.code = self.code << 8 | self.next();
        }
    }
}

impl DecisionCoder for Decoder<'_> {
    fn bit(&mut self, one: BitProbability) -> bool {
        let (count, unit) = self.count();
        let bit = count < one.one();
        self.take(Interval::of_bit(bit, one), unit);
        bit
    }

    fn byte(&mut self, distribution: &ByteDistribution) -> u8 {
        let (count, unit) = self.count();
        let byte = distribution.symbol_at(count);
        self.take(distribution.interval(byte), unit);
        byte
    }

    fn seek(&mut self, _position: usize) {}
}

impl DecisionDecoder for Decoder<'_> {
    fn failed(&self) -> bool {
        self.position > self.payload.len()
    }

    fn finish(self: Box<Self>) -> bool {
        self.position == self.payload.len()
    }
}
