//! Recurrences whose numbers fit 16 bits, in vectors of 16-bit words.
//!
//! With the target and the state side by side and the gate and its negative opposite them, `madd`
//! gives `target * gate - state * gate` in 32 bits, two products at once; the change fits 16 bits again. Two rows
//! side by side are read out in the same way. `mulhrs` by a power of two is a rounding shift.
//! Columns are outermost, so that what belongs to them stays in registers.
//!
//! [`fits`] says which recurrences these are; none of the steps can overflow or saturate in them.

use std::arch::x86_64::*;

use super::STRIP;
use super::recurrence::{Form, Operands, general};

/// Columns are a multiple of this many.
const COLUMNS: usize = 32;

/// Whether the kernels may take a recurrence of so many columns. `b`, `x`, `gate` and `read` are the greatest
/// magnitudes; gates must not be negative.
pub(in super::super) fn fits(form: Form, columns: usize, [b, x, gate, read]: [i64; 4]) -> bool {
    const MOST: i64 = i16::MAX as i64;
    let target = b.saturating_mul(x).saturating_mul(1 << form.up);
    let change = (1 << 16) * gate.min(MOST) + i64::from(form.round).abs();
    columns.is_multiple_of(COLUMNS)
        && [b, x, gate, read, target].into_iter().all(|n| n <= MOST)
        && change < i64::from(i32::MAX)
        && change >> form.down < MOST
        && form.low >= i16::MIN.into()
        && form.high <= i16::MAX.into()
        && (1..16).contains(&form.read_down)
        && form.read_round == 1 << (form.read_down - 1)
}

/// Vectors of 16-bit words, or of half as many 32-bit ones.
///
/// # Safety
///
/// Of all: the machine has the instructions. Of `load` and `store`: as many words as a vector has are there.
trait Words: Copy {
    const WORDS: usize;
    /// Whether there are 32 registers, not 16.
    const MANY: bool;
    unsafe fn load(from: *const i16) -> Self;
    unsafe fn store(self, to: *mut i16);
    unsafe fn shorts(n: i16) -> Self;
    unsafe fn longs(n: i32) -> Self;
    unsafe fn times(self, other: Self) -> Self;
    unsafe fn low(self, other: Self) -> Self;
    unsafe fn high(self, other: Self) -> Self;
    unsafe fn pairs(self, other: Self) -> Self;
    unsafe fn plus_longs(self, other: Self) -> Self;
    unsafe fn right_longs(self, places: __m128i) -> Self;
    unsafe fn narrow(self, high: Self) -> Self;
    unsafe fn plus(self, other: Self) -> Self;
    unsafe fn clip(self, low: Self, high: Self) -> Self;
    unsafe fn scaled(self, other: Self) -> Self;
    /// Adds sums of the words that `low` and `high` chose to those of columns.
    unsafe fn add_to(low: Self, high: Self, sums: &mut [i32]);
}

macro_rules! words {
    ($vector:ty, $words:literal, $parts:literal, $load:ident, $store:ident, $set1_epi16:ident, $set1_epi32:ident, $mullo:ident,
     $unpacklo:ident, $unpackhi:ident, $madd:ident, $add32:ident, $sra:ident, $packs:ident, $adds:ident, $max:ident, $min:ident, $mulhrs:ident) => {
        #[allow(
            clippy::undocumented_unsafe_blocks,
            reason = "each is one instruction, whose demands are the trait's"
        )]
        impl Words for $vector {
            const WORDS: usize = $words;
            const MANY: bool = $words == 32;
            #[inline(always)]
            unsafe fn load(from: *const i16) -> Self {
                unsafe { $load(from.cast()) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut i16) {
                unsafe { $store(to.cast(), self) }
            }
            #[inline(always)]
            unsafe fn shorts(n: i16) -> Self {
                unsafe { $set1_epi16(n) }
            }
            #[inline(always)]
            unsafe fn longs(n: i32) -> Self {
                unsafe { $set1_epi32(n) }
            }
            #[inline(always)]
            unsafe fn times(self, other: Self) -> Self {
                unsafe { $mullo(self, other) }
            }
            #[inline(always)]
            unsafe fn low(self, other: Self) -> Self {
                unsafe { $unpacklo(self, other) }
            }
            #[inline(always)]
            unsafe fn high(self, other: Self) -> Self {
                unsafe { $unpackhi(self, other) }
            }
            #[inline(always)]
            unsafe fn pairs(self, other: Self) -> Self {
                unsafe { $madd(self, other) }
            }
            #[inline(always)]
            unsafe fn plus_longs(self, other: Self) -> Self {
                unsafe { $add32(self, other) }
            }
            #[inline(always)]
            unsafe fn right_longs(self, places: __m128i) -> Self {
                unsafe { $sra(self, places) }
            }
            #[inline(always)]
            unsafe fn narrow(self, high: Self) -> Self {
                unsafe { $packs(self, high) }
            }
            #[inline(always)]
            unsafe fn plus(self, other: Self) -> Self {
                unsafe { $adds(self, other) }
            }
            #[inline(always)]
            unsafe fn clip(self, low: Self, high: Self) -> Self {
                unsafe { $min($max(self, low), high) }
            }
            #[inline(always)]
            unsafe fn scaled(self, other: Self) -> Self {
                unsafe { $mulhrs(self, other) }
            }
            #[inline(always)]
            unsafe fn add_to(low: Self, high: Self, sums: &mut [i32]) {
                // The words of each 128 bits were parted on their own.
                let mut parts = [[[0i32; 4]; $parts]; 2];
                unsafe {
                    $store(parts[0].as_mut_ptr().cast(), low);
                    $store(parts[1].as_mut_ptr().cast(), high);
                }
                for (sums, part) in sums.as_chunks_mut::<8>().0.iter_mut().zip(0..$parts) {
                    let both = parts[0][part].iter().chain(&parts[1][part]);
                    for (sum, &n) in sums.iter_mut().zip(both) {
                        *sum = sum.wrapping_add(n);
                    }
                }
            }
        }
    };
}

words!(
    __m512i,
    32,
    4,
    _mm512_loadu_si512,
    _mm512_storeu_si512,
    _mm512_set1_epi16,
    _mm512_set1_epi32,
    _mm512_mullo_epi16,
    _mm512_unpacklo_epi16,
    _mm512_unpackhi_epi16,
    _mm512_madd_epi16,
    _mm512_add_epi32,
    _mm512_sra_epi32,
    _mm512_packs_epi32,
    _mm512_adds_epi16,
    _mm512_max_epi16,
    _mm512_min_epi16,
    _mm512_mulhrs_epi16
);
words!(
    __m256i,
    16,
    2,
    _mm256_loadu_si256,
    _mm256_storeu_si256,
    _mm256_set1_epi16,
    _mm256_set1_epi32,
    _mm256_mullo_epi16,
    _mm256_unpacklo_epi16,
    _mm256_unpackhi_epi16,
    _mm256_madd_epi16,
    _mm256_add_epi32,
    _mm256_sra_epi32,
    _mm256_packs_epi32,
    _mm256_adds_epi16,
    _mm256_max_epi16,
    _mm256_min_epi16,
    _mm256_mulhrs_epi16
);

/// # Safety
///
/// The machine has the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(in super::super) unsafe fn avx512(operands: Operands<'_>, state: &mut [i16], sums: &mut [i32]) {
    // SAFETY: as the caller's.
    unsafe { rows::<__m512i>(operands, state, sums) }
}

/// # Safety
///
/// The machine has the instructions.
#[target_feature(enable = "avx2")]
pub(in super::super) unsafe fn avx2(operands: Operands<'_>, state: &mut [i16], sums: &mut [i32]) {
    // SAFETY: as the caller's.
    unsafe { rows::<__m256i>(operands, state, sums) }
}

/// What belongs to the columns of a vector.
#[derive(Clone, Copy)]
struct Columns<V> {
    /// Shifted to the left: so targets are, since they have room.
    x: V,
    /// Gates and their negatives side by side: of the words that `low` and `high` choose.
    gate: [V; 2],
    round: V,
    down: __m128i,
    least: V,
    most: V,
    scale: V,
}

// Not closures: those would not be compiled for the instructions of the function that they are in.
impl<V: Words> Columns<V> {
    /// The columns from `first` on.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `V`; a vector of each of the words is there.
    #[inline(always)]
    unsafe fn new(form: Form, words: [&[i16]; 3], first: usize) -> Self {
        // SAFETY: as the caller's.
        unsafe {
            let [x, gate, against] = words.map(|words| words[first..].as_ptr());
            let (gate, against) = (V::load(gate), V::load(against));
            Self {
                x: V::load(x),
                gate: [gate.low(against), gate.high(against)],
                round: V::longs(form.round),
                down: _mm_cvtsi32_si128(form.down as i32),
                least: V::shorts(form.low as i16),
                most: V::shorts(form.high as i16),
                scale: V::shorts(1 << (15 - form.read_down)),
            }
        }
    }

    /// Updates the words of a row at `at`; returns them as they are read out.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `V`; a vector of words is at `at`.
    #[inline(always)]
    unsafe fn step(&self, at: *mut i16, b: i32) -> V {
        // SAFETY: as the caller's.
        unsafe {
            let before = V::load(at);
            let target = self.x.times(V::shorts(b as i16));
            let low = self.change(target.low(before), self.gate[0]);
            let high = self.change(target.high(before), self.gate[1]);
            let after = before.plus(low.narrow(high));
            let after = after.clip(self.least, self.most);
            after.store(at);
            after.scaled(self.scale)
        }
    }

    /// # Safety
    ///
    /// The machine has the instructions of `V`.
    #[inline(always)]
    unsafe fn change(&self, both: V, gate: V) -> V {
        // SAFETY: as the caller's.
        unsafe {
            let product = both.pairs(gate);
            product.plus_longs(self.round).right_longs(self.down)
        }
    }
}

#[inline(always)]
fn narrow(from: &[i32], to: &mut [i16; STRIP], each: impl Fn(i32) -> i16) {
    for (to, &n) in to.iter_mut().zip(from) {
        *to = each(n);
    }
}

/// Rows two by two; of an odd number the last alone.
///
/// # Safety
///
/// The machine has the instructions of `V`.
#[inline(always)]
unsafe fn rows<V: Words>(operands: Operands<'_>, state: &mut [i16], sums: &mut [i32]) {
    let Operands {
        form,
        x,
        gate,
        b,
        read,
    } = operands;
    let columns = sums.len();
    let rows = b.len();
    assert!(columns.is_multiple_of(COLUMNS) && columns <= STRIP && state.len() == rows * columns);
    assert!(x.len() == columns && gate.len() == columns && read.len() == rows);
    let even = rows / 2 * 2;
    let (pairs, last) = state.split_at_mut(even * columns);
    let mut words = [[0; STRIP]; 3];
    let [x_words, gate_words, against_words] = &mut words;
    narrow(x, x_words, |n| n.wrapping_shl(form.up) as i16);
    narrow(gate, gate_words, |n| n as i16);
    narrow(gate, against_words, |n| -n as i16);
    let mut first = 0;
    while first < columns {
        let words = [&*x_words, &*gate_words, &*against_words].map(|words| &words[first..]);
        let at = pairs.as_mut_ptr().wrapping_add(first);
        // SAFETY: the machine has the instructions; the arrays hold all columns; a row's words lie within it,
        // since `columns` is a multiple of a vector's.
        unsafe {
            if columns - first >= 4 * V::WORDS && V::MANY {
                let sums = &mut sums[first..first + 4 * V::WORDS];
                strip::<V, 4>(form, words, [b, read], at, columns, sums);
                first += 4 * V::WORDS;
            } else if columns - first >= 2 * V::WORDS {
                let sums = &mut sums[first..first + 2 * V::WORDS];
                strip::<V, 2>(form, words, [b, read], at, columns, sums);
                first += 2 * V::WORDS;
            } else {
                let sums = &mut sums[first..first + V::WORDS];
                strip::<V, 1>(form, words, [b, read], at, columns, sums);
                first += V::WORDS;
            }
        }
    }
    let operands = Operands {
        b: &b[even..],
        read: &read[even..],
        ..operands
    };
    general(operands, last, sums);
}

/// `C` vectors of columns of all rows, but for an odd last one, from `at` on: so what belongs to a row
/// is spread to a vector once for all of them.
///
/// # Safety
///
/// The machine has the instructions of `V`; `words` (inputs, gates and their negatives) and `sums` have as many
/// columns, and so have the rows, each `columns` words from the one before.
#[inline(always)]
unsafe fn strip<V: Words, const C: usize>(
    form: Form,
    words: [&[i16]; 3],
    [b, read]: [&[i32]; 2],
    mut at: *mut i16,
    columns: usize,
    sums: &mut [i32],
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut all = [Columns::<V>::new(form, words, 0); C];
        let mut low = [V::longs(0); C];
        let mut high = low;
        for (number, one) in all.iter_mut().enumerate() {
            *one = Columns::new(form, words, number * V::WORDS);
        }
        for (b, read) in b.as_chunks::<2>().0.iter().zip(read.as_chunks::<2>().0) {
            let read = V::longs(read[0] & 0xFFFF | read[1] << 16);
            for c in 0..C {
                let at = at.add(c * V::WORDS);
                let one = all[c].step(at, b[0]);
                let other = all[c].step(at.add(columns), b[1]);
                low[c] = low[c].plus_longs(one.low(other).pairs(read));
                high[c] = high[c].plus_longs(one.high(other).pairs(read));
            }
            at = at.wrapping_add(2 * columns);
        }
        for (c, sums) in sums.chunks_exact_mut(V::WORDS).enumerate() {
            V::add_to(low[c], high[c], sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::isa::Isa;
    use super::*;
    use crate::random::Random;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn kernels_are_the_definition(
            rows in 1usize..12, wide in 1usize..4, seed in any::<u64>(),
            up in 0u32..4, down in 8u32..16, read_down in 1u32..16,
        ) {
            let mut random = Random::new(seed);
            let columns = wide * COLUMNS;
            let form = Form {
                up, down, read_down,
                round: 1 << (down - 1),
                low: -32_767,
                high: if random.flag() { 32_767 } else { 100 },
                read_round: 1 << (read_down - 1),
            };
            // The extremes often: they are what overflows.
            let mut numbers = |count: usize, low: i32, high: i32| -> Vec<i32> {
                let mut number = || match random.below(4) {
                    0 => low,
                    1 => high,
                    _ => low + (random.word() % (high - low + 1) as u64) as i32,
                };
                (0..count).map(|_| number()).collect()
            };
            let most_b = 32_767 / (127 << up);
            let (x, b) = (numbers(columns, -127, 127), numbers(rows, -most_b, most_b));
            let (gate, read) = (numbers(columns, 0, 120), numbers(rows, -32_767, 32_767));
            let start: Vec<i16> = numbers(rows * columns, -32_768, 32_767).iter().map(|&n| n as i16).collect();
            prop_assume!(fits(form, columns, [most_b.into(), 127, 120, 32_767]));
            let operands = Operands { form, x: &x, gate: &gate, b: &b, read: &read };
            let (mut state, mut sums) = (start.clone(), vec![7; columns]);
            general(operands, &mut state, &mut sums);
            for isa in Isa::here() {
                let (mut again, mut also) = (start.clone(), vec![7; columns]);
                // SAFETY: the machine has what `here` names.
                unsafe {
                    match isa {
                        Isa::Scalar => continue,
                        Isa::Avx2 => avx2(operands, &mut again, &mut also),
                        Isa::Avx512 | Isa::Vnni => avx512(operands, &mut again, &mut also),
                    }
                }
                prop_assert!(again == state && also == sums, "{}", isa);
            }
        }
    }

    #[test]
    fn what_might_overflow_does_not_fit() {
        let form = Form {
            up: 1,
            round: 256,
            down: 9,
            low: -32_767,
            high: 32_767,
            read_round: 4,
            read_down: 3,
        };
        assert!(fits(form, 128, [127, 127, 255, 127]));
        assert!(!fits(form, 120, [127, 127, 255, 127]));
        assert!(!fits(form, 128, [130, 127, 255, 127]));
        assert!(!fits(form, 128, [127, 127, 256, 127]));
        assert!(!fits(form, 128, [127, 127, 255, 32_768]));
        assert!(!fits(Form { down: 8, ..form }, 128, [127, 127, 255, 127]));
        assert!(!fits(
            Form {
                read_round: 3,
                ..form
            },
            128,
            [127, 127, 255, 127]
        ));
        assert!(!fits(
            Form {
                read_down: 0,
                read_round: 0,
                ..form
            },
            128,
            [127, 127, 255, 127]
        ));
    }
}
