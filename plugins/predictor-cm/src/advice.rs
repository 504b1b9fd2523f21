//! Another predictor's opinion of the next byte, mixed with those of the contexts (`spec.md`,
//! section 9.3).

use umoec_codec::Result;

use crate::apm::Apm;
use crate::math::{LOGIT_MAX, Tables};
use crate::tracker::{Tracker, fold};

/// A predictor of whole bytes that the mixer listens to.
pub trait Adviser {
    /// Relative weights of the 256 values of the byte that follows `history`. It is asked once
    /// before each byte, in order. `None` where it failed: the stream is given up then.
    fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]>;
}

/// What a model does with advice; [`Alone`] has none, and costs nothing.
pub(crate) trait Advice {
    /// Inputs of the mixer.
    const INPUTS: usize;
    /// Bytes that it takes beside the mixer, at most.
    const MEMORY: u64;
    /// First weight of the first of them, in units of 1/256.
    const TRUST: i32;
    /// Contexts of each selector of the mixer.
    const SELECTORS: &'static [usize];

    /// Before a byte. `false` where there is no advice: the byte cannot be coded.
    fn begin(&mut self, history: &[u8]) -> bool;

    /// Before a bit: the inputs and the selected contexts.
    fn predict(&mut self, at: At<'_>, tables: &Tables, inputs: &mut [i32], selected: &mut [u32]);

    /// The final probability, of 16 bits, where the model's own is `p` and its logit `x`.
    fn refine(&mut self, x: i32, p: i32) -> i32;

    /// Learns a bit.
    fn update(&mut self, bit: u32);
}

/// Where in the stream the model is.
pub(crate) struct At<'a> {
    pub(crate) tracker: &'a Tracker,
    pub(crate) partial: u32,
    /// 256 + the byte that the first matcher expects, or 0.
    pub(crate) expected: u32,
    pub(crate) length: u32,
}

/// No advice.
pub(crate) struct Alone;

impl Advice for Alone {
    const INPUTS: usize = 0;
    const MEMORY: u64 = 0;
    const TRUST: i32 = 0;
    const SELECTORS: &'static [usize] = &[];

    #[inline(always)]
    fn begin(&mut self, _: &[u8]) -> bool {
        true
    }

    #[inline(always)]
    fn predict(&mut self, _: At<'_>, _: &Tables, _: &mut [i32], _: &mut [u32]) {}

    #[inline(always)]
    fn refine(&mut self, _: i32, p: i32) -> i32 {
        p
    }

    #[inline(always)]
    fn update(&mut self, _: u32) {}
}

/// Levels of confidence that selectors tell apart.
const LEVELS: usize = 24;

/// Contexts of the maps of the opinion alone, and of the one of the mixer's.
const OWN: usize = 1 << 16;
const LAST: usize = LEVELS * 256;
/// The maps learn by 2^-6.
const RATE: u32 = 6;

/// An adviser with what the model learns about it.
pub(crate) struct Advised<A> {
    adviser: A,
    /// `sums[n]`: the weight of all bytes whose first bits are `n` behind its leading 1.
    sums: Box<[u64; 512]>,
    /// Maps of the adviser's opinion alone: by the bits so far and the last byte; and by the hash of the last two.
    own: [Apm; 2],
    /// Map of the mixer's opinion under the adviser's.
    last: Apm,
    context: usize,
}

/// The logit of the bit behind `node`, from the sums of both subtrees.
fn logit(sums: &[u64; 512], node: usize) -> i32 {
    let (zero, one) = (sums[2 * node], sums[2 * node + 1]);
    ((logarithm(one) - logarithm(zero) + 128) >> 8).clamp(-LOGIT_MAX, LOGIT_MAX)
}

/// ln 2 in units of 2^-16.
const LN_2: i32 = 45_426;

/// The natural logarithm in units of 2^-16, of the eight bits below the leading one.
fn logarithm(x: u64) -> i32 {
    let order = x.ilog2() as i32;
    let mantissa = (if order >= 8 {
        x >> (order - 8)
    } else {
        x << (8 - order)
    }) as usize
        & 255;
    order * LN_2 + i32::from(LOGARITHMS[mantissa])
}

/// `LOGARITHMS[i]` = round(ln(1 + (i + 1/2) / 256) * 2^16).
static LOGARITHMS: std::sync::LazyLock<[u16; 256]> = std::sync::LazyLock::new(|| {
    std::array::from_fn(|i| ((1.0 + (i as f64 + 0.5) / 256.0).ln() * 65_536.0).round() as u16)
});

impl<A: Adviser> Advised<A> {
    pub(crate) fn new(adviser: A) -> Result<Self> {
        Ok(Self {
            adviser,
            sums: Box::new([1; 512]),
            own: [Apm::new(OWN, RATE)?, Apm::new(OWN, RATE)?],
            last: Apm::new(LAST, RATE)?,
            context: 0,
        })
    }
}

fn level(x: i32) -> u32 {
    ((x + LOGIT_MAX + 1) as u32 * LEVELS as u32 / (2 * LOGIT_MAX as u32 + 2)).min(LEVELS as u32 - 1)
}

/// For sizes alone.
impl Adviser for () {
    fn advise(&mut self, _: &[u8]) -> Option<&[u32; 256]> {
        None
    }
}

impl<A: Adviser> Advice for Advised<A> {
    const INPUTS: usize = 4;
    const MEMORY: u64 = 2 * Apm::memory(OWN) + Apm::memory(LAST) + 8192;
    const TRUST: i32 = 100;
    const SELECTORS: &'static [usize] = &[LEVELS * 7];

    #[inline(always)]
    fn begin(&mut self, history: &[u8]) -> bool {
        let Some(weights) = self.adviser.advise(history) else {
            return false;
        };
        for (sum, &weight) in self.sums[256..].iter_mut().zip(weights) {
            *sum = u64::from(weight.max(1));
        }
        for node in (1..256).rev() {
            self.sums[node] = self.sums[2 * node] + self.sums[2 * node + 1];
        }
        true
    }

    #[inline(always)]
    fn predict(&mut self, at: At<'_>, tables: &Tables, inputs: &mut [i32], selected: &mut [u32]) {
        let x = logit(&self.sums, at.partial as usize);
        inputs[0] = x;
        inputs[1] = (tables.squash(x) - 32_768) >> 5;
        let c4 = at.tracker.c4;
        let contexts = [
            (c4 & 255) << 8 | at.partial,
            fold(fold(at.partial, c4 & 0xFFFF), 3) & 0xFFFF,
        ];
        for ((apm, context), input) in self.own.iter_mut().zip(contexts).zip(&mut inputs[2..4]) {
            let p = apm.refine(x, context as usize);
            *input = tables.stretch(p.clamp(0, 65_535) as u32);
        }
        let bits = at.partial.ilog2();
        let (bit, bucket) = match at.expected {
            0 => (0, 0),
            expected => {
                let bucket = match at.length {
                    0..=7 => 0,
                    8..=23 => 1,
                    _ => 2,
                };
                (1 + ((expected >> (7 - bits)) & 1), bucket)
            }
        };
        let agreement = if bit == 0 {
            0
        } else {
            1 + (bit - 1) * 3 + bucket
        };
        selected[0] = level(x) * 7 + agreement;
        self.context = (level(x) * 256 + at.partial) as usize;
    }

    #[inline(always)]
    fn refine(&mut self, x: i32, p: i32) -> i32 {
        let q = self.last.refine(x, self.context);
        (3 * p + q) / 4
    }

    #[inline(always)]
    fn update(&mut self, bit: u32) {
        for apm in &mut self.own {
            apm.update(bit);
        }
        self.last.update(bit);
    }
}
