//! Another predictor's opinion of the next byte, mixed with those of the contexts
//! (`plugins/predictor-mix/spec.md`, sections 2 and 3).

use umoec_codec::Result;

use crate::apm::Apm;
use crate::math::{LOGIT_MAX, Tables};
use crate::tracker::{Tracker, fold};

/// A predictor of whole bytes that the mixer listens to.
pub trait Adviser {
    /// Relative weights of the 256 values of the byte that follows `history`. It is asked at most once
    /// before each byte, in order; not where it rests. `None` where it failed: the stream is given up then.
    fn advise(&mut self, history: &[u8]) -> Option<&[u32; 256]>;

    /// The same of two, each with its own history, where both are asked at a time; afterwards they are only asked together, in
    /// this order, until they are [parted](Self::part). For what is faster so.
    fn advise_both<'a>(
        pair: [&'a mut Self; 2],
        histories: [&[u8]; 2],
    ) -> Option<[&'a [u32; 256]; 2]>
    where
        Self: Sized,
    {
        let ([one, other], [first, second]) = (pair, histories);
        Some([one.advise(first)?, other.advise(second)?])
    }

    /// Makes two that may have been asked together ready to be asked alone. `false` where one failed.
    fn part(_pair: [&mut Self; 2]) -> bool
    where
        Self: Sized,
    {
        true
    }
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

    /// Before a byte that follows a match of `length` bytes. `false` where there is no advice: the byte
    /// cannot be coded.
    fn begin(&mut self, history: &[u8], length: u32) -> bool;

    /// Asks for the memory that the bit behind `partial` will need.
    fn ask(&self, tracker: &Tracker, partial: u32);

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
    fn begin(&mut self, _: &[u8], _: u32) -> bool {
        true
    }

    #[inline(always)]
    fn ask(&self, _: &Tracker, _: u32) {}

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

/// Contexts of a map of the opinion alone.
const OWN: usize = 1 << 16;
/// Contexts of the map of the mixer's opinion.
const LAST: usize = LEVELS * 256;
/// The maps learn by 2^-6.
const RATE: u32 = 6;

/// What an adviser says of a byte.
pub(crate) struct Opinion {
    /// Whether the adviser was not asked about this byte.
    resting: bool,
    /// `sums[n]`: the weight of all bytes whose first bits are `n` behind its leading 1.
    sums: Box<[u64; 512]>,
}

impl Opinion {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self {
            resting: false,
            sums: Box::new([1; 512]),
        }
    }

    /// Whether nobody is asked about the next byte: a match has at least `rest` bytes.
    #[inline(always)]
    pub(crate) fn rests(&mut self, length: u32, rest: u32) -> bool {
        self.resting = length >= rest;
        self.resting
    }

    /// Takes in what the adviser said.
    #[inline(always)]
    pub(crate) fn hear(&mut self, weights: &[u32; 256]) {
        for (sum, &weight) in self.sums[256..].iter_mut().zip(weights) {
            *sum = u64::from(weight.max(1));
        }
        // Level by level, so that a level's sums are formed side by side.
        for first in [128, 64, 32, 16, 8, 4, 2, 1] {
            let (above, below) = self.sums.split_at_mut(2 * first);
            let pairs = below.as_chunks::<2>().0;
            for (sum, pair) in above[first..].iter_mut().zip(pairs) {
                *sum = pair[0] + pair[1];
            }
        }
    }
}

/// An adviser with what the model learns about it.
pub(crate) struct Advised<A> {
    adviser: A,
    /// Matches from this length on are trusted alone.
    rest: u32,
    pub(crate) opinion: Opinion,
    /// Maps of the adviser's opinion alone: by the last byte, and by the last two.
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

/// `LOGARITHMS[i] = round(ln(1 + (i + 1/2) / 256) * 2^16)`.
#[rustfmt::skip]
static LOGARITHMS: [u16; 256] = [
    128, 383, 637, 890, 1_142, 1_393, 1_643, 1_892, 2_141, 2_388, 2_634, 2_880,
    3_124, 3_368, 3_611, 3_853, 4_093, 4_334, 4_573, 4_811, 5_048, 5_285, 5_521, 5_756,
    5_990, 6_223, 6_455, 6_687, 6_918, 7_148, 7_377, 7_605, 7_833, 8_059, 8_285, 8_511,
    8_735, 8_959, 9_182, 9_404, 9_625, 9_846, 10_066, 10_285, 10_503, 10_721, 10_938, 11_155,
    11_370, 11_585, 11_799, 12_013, 12_225, 12_437, 12_649, 12_860, 13_070, 13_279, 13_488, 13_696,
    13_903, 14_110, 14_316, 14_521, 14_726, 14_930, 15_134, 15_337, 15_539, 15_741, 15_942, 16_142,
    16_342, 16_541, 16_740, 16_938, 17_135, 17_332, 17_528, 17_724, 17_919, 18_113, 18_307, 18_501,
    18_693, 18_886, 19_077, 19_268, 19_459, 19_649, 19_838, 20_027, 20_215, 20_403, 20_590, 20_777,
    20_963, 21_149, 21_334, 21_519, 21_703, 21_886, 22_069, 22_252, 22_434, 22_615, 22_797, 22_977,
    23_157, 23_337, 23_516, 23_694, 23_872, 24_050, 24_227, 24_404, 24_580, 24_756, 24_931, 25_106,
    25_280, 25_454, 25_627, 25_800, 25_972, 26_144, 26_316, 26_487, 26_658, 26_828, 26_998, 27_167,
    27_336, 27_505, 27_673, 27_840, 28_007, 28_174, 28_340, 28_506, 28_672, 28_837, 29_002, 29_166,
    29_330, 29_493, 29_656, 29_819, 29_981, 30_143, 30_304, 30_465, 30_626, 30_786, 30_946, 31_105,
    31_265, 31_423, 31_582, 31_739, 31_897, 32_054, 32_211, 32_367, 32_523, 32_679, 32_834, 32_989,
    33_144, 33_298, 33_452, 33_605, 33_758, 33_911, 34_064, 34_216, 34_367, 34_519, 34_670, 34_820,
    34_971, 35_121, 35_270, 35_420, 35_569, 35_717, 35_865, 36_013, 36_161, 36_308, 36_455, 36_602,
    36_748, 36_894, 37_040, 37_185, 37_330, 37_475, 37_619, 37_763, 37_907, 38_050, 38_193, 38_336,
    38_479, 38_621, 38_763, 38_904, 39_045, 39_186, 39_327, 39_467, 39_607, 39_747, 39_886, 40_026,
    40_164, 40_303, 40_441, 40_579, 40_717, 40_854, 40_991, 41_128, 41_265, 41_401, 41_537, 41_673,
    41_808, 41_943, 42_078, 42_213, 42_347, 42_481, 42_615, 42_748, 42_881, 43_014, 43_147, 43_279,
    43_411, 43_543, 43_675, 43_806, 43_937, 44_068, 44_199, 44_329, 44_459, 44_589, 44_718, 44_848,
    44_977, 45_105, 45_234, 45_362,
];

impl<A: Adviser> Advised<A> {
    /// Where a match has at least `rest` bytes the adviser is not asked.
    pub(crate) fn new(adviser: A, rest: u32, len: u64) -> Result<Self> {
        Ok(Self {
            adviser,
            rest,
            opinion: Opinion::new(),
            own: [Apm::new(OWN, RATE, len)?, Apm::new(OWN, RATE, len)?],
            last: Apm::new(LAST, RATE, len)?,
            context: 0,
        })
    }
}

/// Contexts of the maps of the opinion alone.
#[inline(always)]
fn own_contexts(tracker: &Tracker, partial: u32) -> [usize; 2] {
    let c4 = tracker.c4;
    [
        ((c4 & 255) << 8 | partial) as usize,
        (fold(fold(partial, c4 & 0xFFFF), 3) & 0xFFFF) as usize,
    ]
}

/// How sure an opinion is of a 0 or a 1, in `LEVELS` steps.
fn level(x: i32) -> u32 {
    (x + LOGIT_MAX + 1) as u32 * LEVELS as u32 / (2 * LOGIT_MAX as u32 + 2)
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
    const SELECTORS: &'static [usize] = &[LEVELS * 7 + 1];

    #[inline(always)]
    fn begin(&mut self, history: &[u8], length: u32) -> bool {
        if self.opinion.rests(length, self.rest) {
            return true;
        }
        let Some(weights) = self.adviser.advise(history) else {
            return false;
        };
        self.opinion.hear(weights);
        true
    }

    #[inline(always)]
    fn ask(&self, tracker: &Tracker, partial: u32) {
        if !self.opinion.resting {
            for (apm, context) in self.own.iter().zip(own_contexts(tracker, partial)) {
                apm.prefetch(context);
            }
        }
    }

    #[inline(always)]
    fn predict(&mut self, at: At<'_>, tables: &Tables, inputs: &mut [i32], selected: &mut [u32]) {
        if self.opinion.resting {
            inputs.fill(0);
            selected[0] = LEVELS as u32 * 7;
            return;
        }
        let x = logit(&self.opinion.sums, at.partial as usize);
        inputs[0] = x;
        inputs[1] = (tables.squash(x) - 32_768) >> 5;
        let contexts = own_contexts(at.tracker, at.partial);
        for ((apm, context), input) in self.own.iter_mut().zip(contexts).zip(&mut inputs[2..4]) {
            let p = apm.refine(x, context);
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
        if self.opinion.resting {
            return p;
        }
        let q = self.last.refine(x, self.context);
        (3 * p + q) / 4
    }

    #[inline(always)]
    fn update(&mut self, bit: u32) {
        if self.opinion.resting {
            return;
        }
        for apm in &mut self.own {
            apm.update(bit);
        }
        self.last.update(bit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_formula() {
        for (i, &entry) in LOGARITHMS.iter().enumerate() {
            let exact = (1.0 + (i as f64 + 0.5) / 256.0).ln() * 65_536.0;
            assert!((f64::from(entry) - exact).abs() <= 0.5, "{i}");
        }
        assert!((f64::from(LN_2) - 2f64.ln() * 65_536.0).abs() <= 0.5);
    }

    #[test]
    fn a_logit_is_that_of_both_sums() {
        let cases = [
            (1, 1),
            (1, 1 << 38),
            (1 << 38, 1),
            (1000, 3),
            (77_777, 77_776),
        ];
        for (zero, one) in cases {
            let mut sums = [1u64; 512];
            (sums[2], sums[3]) = (zero, one);
            let exact = (one as f64 / zero as f64).ln() * 256.0;
            let exact = exact.clamp(-f64::from(LOGIT_MAX), f64::from(LOGIT_MAX));
            assert!(
                (f64::from(logit(&sums, 1)) - exact).abs() <= 1.6,
                "{zero} {one}"
            );
        }
    }

    #[test]
    fn levels_cover_the_domain_evenly() {
        assert_eq!(level(-LOGIT_MAX), 0);
        assert_eq!(level(0), LEVELS as u32 / 2);
        assert_eq!(level(LOGIT_MAX), LEVELS as u32 - 1);
    }
}
