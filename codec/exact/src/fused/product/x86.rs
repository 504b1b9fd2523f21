//! The product with AVX2, with AVX-512, and with AVX-512 VNNI.
//!
//! Without VNNI nothing adds four products of bytes. With AVX-512 bytes are widened to 16 bits, and `madd` adds pairs of products to
//! 32 bits. With AVX2 that is one product for each byte of a register, half of them in widening. There `maddubs` takes bytes as they are,
//! whose pairs of products must fit 16 bits: where few weights are too large for it they are trimmed (`trim`), so that two quads are added
//! before they are widened. Elsewhere activations come as two halves of four bits: pairs of products are so far below 2^15 that
//! [`ROUND`] of them are.

#![allow(unsafe_code, reason = "vector kernels")]

use std::arch::x86_64::*;

use super::trim::TRIMMED;
use super::{GROUP, Matrix, PANEL, QUAD};

/// Bytes of a quad of a panel.
const STEP: usize = PANEL * QUAD;

/// Quads whose sums of pairs have room in 16 bits: each is at most 2 * 15 * 128.
const ROUND: usize = 8;
const _: () = assert!(ROUND * 2 * 15 * 128 <= i16::MAX as usize);

/// Calls the kernels, `R` rows by `P` panels, that cover all of a product: for each number of rows that
/// is listed, the greatest first, the numbers of panels that registers have room for. Panels of a call
/// are of one group.
macro_rules! cover {
    ($kernel:ident, $rows:expr, $panels:expr, $call:expr, $($taken:literal: [$($wide:literal)+],)+) => {{
        let (rows, panels) = ($rows, $panels);
        let mut row = 0;
        while row < rows {
            let mut panel = 0;
            $(
                if rows - row >= $taken {
                    while panel < panels {
                        let left = (panels - panel).min(GROUP - panel % GROUP);
                        $(
                            if left >= $wide {
                                $call($kernel::<$taken, $wide>, row, panel);
                                panel += $wide;
                                continue;
                            }
                        )+
                    }
                    row += $taken;
                    continue;
                }
            )+
        }
    }};
}

/// What a kernel works on, with lengths checked once.
struct Task<'a, A> {
    matrix: Matrix<'a>,
    activations: A,
    out: &'a mut [i32],
}

impl<'a, A> Task<'a, A> {
    /// The task and its rows; of activations there are so many elements.
    fn new(matrix: Matrix<'a>, activations: A, len: usize, out: &'a mut [i32]) -> (Self, usize) {
        let rows = out.len() / matrix.columns;
        assert!(len >= rows * matrix.quads() * QUAD, "activations");
        assert!(matrix.weights.len() >= matrix.panels() * matrix.quads() * STEP);
        assert!(matrix.bias.len() >= matrix.panels() * PANEL, "bias");
        let task = Self {
            matrix,
            activations,
            out,
        };
        (task, rows)
    }
}

pub(super) fn vnni(matrix: Matrix<'_>, activations: &[u8], out: &mut [i32]) {
    let (mut task, rows) = Task::new(matrix, activations, activations.len(), out);
    let mut call = |kernel: unsafe fn(&mut Task<'_, &[u8]>, usize, usize), row, panel| {
        // SAFETY: this instruction set was chosen since the machine has it; the rows and panels
        // lie within the task, whose lengths were checked.
        unsafe { kernel(&mut task, row, panel) };
    };
    cover!(
        vnni_tile, rows, matrix.panels(), call,
        6: [4 3 2 1],
        4: [4 3 2 1],
        2: [8 4 2 1],
        1: [8 7 6 5 4 3 2 1],
    );
}

pub(super) fn avx512(matrix: Matrix<'_>, activations: &[i16], out: &mut [i32]) {
    let (mut task, rows) = Task::new(matrix, activations, activations.len(), out);
    let mut call = |kernel: unsafe fn(&mut Task<'_, &[i16]>, usize, usize), row, panel| {
        // SAFETY: as in `vnni`.
        unsafe { kernel(&mut task, row, panel) };
    };
    cover!(
        avx512_tile, rows, matrix.panels(), call,
        6: [2 1],
        4: [2 1],
        2: [4 2 1],
        1: [4 3 2 1],
    );
}

/// `low` and `high` are the halves of the activations.
pub(super) fn avx2(matrix: Matrix<'_>, low: &[u8], high: &[u8], out: &mut [i32]) {
    let len = low.len().min(high.len());
    let (mut task, rows) = Task::new(matrix, [low, high], len, out);
    let mut call = |kernel: unsafe fn(&mut Task<'_, [&[u8]; 2]>, usize, usize), row, panel| {
        // SAFETY: as in `vnni`.
        unsafe { kernel(&mut task, row, panel) };
    };
    cover!(
        avx2_tile, rows, matrix.panels(), call,
        2: [1],
        1: [2 1],
    );
}

/// Of a matrix whose weights were trimmed; without what was taken off.
pub(super) fn avx2_trimmed(matrix: Matrix<'_>, activations: &[u8], out: &mut [i32]) {
    let (mut task, rows) = Task::new(matrix, activations, activations.len(), out);
    let mut call = |kernel: unsafe fn(&mut Task<'_, &[u8]>, usize, usize), row, panel| {
        // SAFETY: as in `vnni`.
        unsafe { kernel(&mut task, row, panel) };
    };
    cover!(
        avx2_trimmed_tile, rows, matrix.panels(), call,
        2: [2 1],
        1: [2 1],
    );
}

/// Columns of a panel that the result has, as a mask.
const fn mask(matrix: Matrix<'_>, panel: usize) -> u16 {
    let left = matrix.columns - panel * PANEL;
    if left >= PANEL { !0 } else { (1 << left) - 1 }
}

/// Stores the columns that the mask names; masked stores are slow.
///
/// # Safety
///
/// The machine has the instructions; the columns are there.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn store(to: *mut i32, mask: u16, sum: __m512i) {
    // SAFETY: as the caller's.
    unsafe {
        if mask == !0 {
            _mm512_storeu_si512(to.cast(), sum);
        } else {
            _mm512_mask_storeu_epi32(to, mask, sum);
        }
    }
}

/// # Safety
///
/// The machine has the instructions; `R` rows from `row` and `P` panels from `panel` are in the
/// task.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
unsafe fn vnni_tile<const R: usize, const P: usize>(
    task: &mut Task<'_, &[u8]>,
    row: usize,
    panel: usize,
) {
    let quads = task.matrix.quads();
    // SAFETY: all places are below the lengths that `Task::new` checked: a panel has `quads`
    // quads of weights, a row `quads` quads of activations, and stores are masked to the columns.
    unsafe {
        let (first, step) = task.matrix.panel(panel);
        let weights = task.matrix.weights.as_ptr().add(first);
        let activations = task.activations.as_ptr().add(row * quads * QUAD);
        let bias = task.matrix.bias.as_ptr().add(panel * PANEL);
        let mut sums = [[_mm512_setzero_si512(); P]; R];
        for p in 0..P {
            let start = _mm512_loadu_si512(bias.add(p * PANEL).cast());
            for sums in &mut sums {
                sums[p] = start;
            }
        }
        for quad in 0..quads {
            let mut w = [_mm512_setzero_si512(); P];
            for (p, w) in w.iter_mut().enumerate() {
                *w = _mm512_loadu_si512(weights.add(quad * step + p * STEP).cast());
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let x = activations.add((r * quads + quad) * QUAD).cast::<i32>();
                let x = _mm512_set1_epi32(x.read_unaligned());
                for (sum, &w) in sums.iter_mut().zip(&w) {
                    *sum = _mm512_dpbusd_epi32(*sum, x, w);
                }
            }
        }
        let columns = task.matrix.columns;
        for (r, sums) in sums.iter().enumerate() {
            let out = task
                .out
                .as_mut_ptr()
                .add((row + r) * columns + panel * PANEL);
            for (p, &sum) in sums.iter().enumerate() {
                store(out.add(p * PANEL), mask(task.matrix, panel + p), sum);
            }
        }
    }
}

/// # Safety
///
/// As [`vnni_tile`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn avx512_tile<const R: usize, const P: usize>(
    task: &mut Task<'_, &[i16]>,
    row: usize,
    panel: usize,
) {
    let quads = task.matrix.quads();
    // SAFETY: as in `vnni_tile`.
    unsafe {
        let (first, step) = task.matrix.panel(panel);
        let weights = task.matrix.weights.as_ptr().add(first);
        let activations = task.activations.as_ptr().add(row * quads * QUAD);
        // Two vectors for each panel: 8 columns with 2 sums of pairs each.
        let mut sums = [[[_mm512_setzero_si512(); 2]; P]; R];
        for quad in 0..quads {
            let mut w = [[_mm512_setzero_si512(); 2]; P];
            for (p, w) in w.iter_mut().enumerate() {
                let from = weights.add(quad * step + p * STEP);
                w[0] = _mm512_cvtepi8_epi16(_mm256_loadu_si256(from.cast()));
                w[1] = _mm512_cvtepi8_epi16(_mm256_loadu_si256(from.add(STEP / 2).cast()));
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let x = activations.add((r * quads + quad) * QUAD).cast::<i64>();
                let x = _mm512_set1_epi64(x.read_unaligned());
                for (sum, w) in sums.iter_mut().zip(&w) {
                    sum[0] = _mm512_add_epi32(sum[0], _mm512_madd_epi16(x, w[0]));
                    sum[1] = _mm512_add_epi32(sum[1], _mm512_madd_epi16(x, w[1]));
                }
            }
        }
        // Even and odd sums of both vectors, which belong to the columns in order.
        let even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
        let odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
        let columns = task.matrix.columns;
        for (r, sums) in sums.iter().enumerate() {
            let out = task
                .out
                .as_mut_ptr()
                .add((row + r) * columns + panel * PANEL);
            for (p, sum) in sums.iter().enumerate() {
                let a = _mm512_permutex2var_epi32(sum[0], even, sum[1]);
                let b = _mm512_permutex2var_epi32(sum[0], odd, sum[1]);
                let bias = task.matrix.bias.as_ptr().add((panel + p) * PANEL);
                let start = _mm512_loadu_si512(bias.cast());
                let sum = _mm512_add_epi32(start, _mm512_add_epi32(a, b));
                store(out.add(p * PANEL), mask(task.matrix, panel + p), sum);
            }
        }
    }
}

/// # Safety
///
/// The machine has AVX2; `R` rows from `row` and `P` panels from `panel` are in the task.
#[target_feature(enable = "avx2")]
unsafe fn avx2_tile<const R: usize, const P: usize>(
    task: &mut Task<'_, [&[u8]; 2]>,
    row: usize,
    panel: usize,
) {
    let quads = task.matrix.quads();
    // SAFETY: as in `vnni_tile`.
    unsafe {
        let (first, step) = task.matrix.panel(panel);
        let weights = task.matrix.weights.as_ptr().add(first);
        let [low, high] = task.activations;
        let low = low.as_ptr().add(row * quads * QUAD);
        let high = high.as_ptr().add(row * quads * QUAD);
        let mut sums = start_avx2::<R, P>(task.matrix.bias, panel);
        let mut done = 0;
        while done < quads {
            let end = quads.min(done + ROUND);
            // For each of the two vectors, and of the two halves.
            let mut pairs = [[[_mm256_setzero_si256(); 4]; P]; R];
            for quad in done..end {
                let mut w = [[_mm256_setzero_si256(); 2]; P];
                for (p, w) in w.iter_mut().enumerate() {
                    let from = weights.add(quad * step + p * STEP);
                    w[0] = _mm256_loadu_si256(from.cast());
                    w[1] = _mm256_loadu_si256(from.add(STEP / 2).cast());
                }
                for (r, pairs) in pairs.iter_mut().enumerate() {
                    let at = (r * quads + quad) * QUAD;
                    let low = _mm256_set1_epi32(low.add(at).cast::<i32>().read_unaligned());
                    let high = _mm256_set1_epi32(high.add(at).cast::<i32>().read_unaligned());
                    for (pairs, w) in pairs.iter_mut().zip(&w) {
                        pairs[0] = _mm256_add_epi16(pairs[0], _mm256_maddubs_epi16(low, w[0]));
                        pairs[1] = _mm256_add_epi16(pairs[1], _mm256_maddubs_epi16(low, w[1]));
                        pairs[2] = _mm256_add_epi16(pairs[2], _mm256_maddubs_epi16(high, w[0]));
                        pairs[3] = _mm256_add_epi16(pairs[3], _mm256_maddubs_epi16(high, w[1]));
                    }
                }
            }
            let [one, sixteen] = [_mm256_set1_epi16(1), _mm256_set1_epi16(16)];
            for (sums, pairs) in sums.iter_mut().zip(&pairs) {
                for (sums, pairs) in sums.iter_mut().zip(pairs) {
                    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(pairs[0], one));
                    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(pairs[1], one));
                    sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(pairs[2], sixteen));
                    sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(pairs[3], sixteen));
                }
            }
            done = end;
        }
        store_avx2(task.matrix.columns, task.out, row, panel, &sums);
    }
}

/// What sums begin with: for each row and panel two vectors of 8 columns.
///
/// # Safety
///
/// The machine has AVX2; `bias` has `P` panels from `panel`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn start_avx2<const R: usize, const P: usize>(
    bias: &[i32],
    panel: usize,
) -> [[[__m256i; 2]; P]; R] {
    let mut start = [[_mm256_setzero_si256(); 2]; P];
    for (p, start) in start.iter_mut().enumerate() {
        // SAFETY: as the caller's.
        unsafe {
            let bias = bias.as_ptr().add((panel + p) * PANEL);
            start[0] = _mm256_loadu_si256(bias.cast());
            start[1] = _mm256_loadu_si256(bias.add(PANEL / 2).cast());
        }
    }
    [start; R]
}

/// Stores the columns that are there.
///
/// # Safety
///
/// The machine has AVX2; the rows and panels are in `out`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn store_avx2<const R: usize, const P: usize>(
    columns: usize,
    out: &mut [i32],
    row: usize,
    panel: usize,
    sums: &[[[__m256i; 2]; P]; R],
) {
    for (r, sums) in sums.iter().enumerate() {
        for (p, sums) in sums.iter().enumerate() {
            let first = (row + r) * columns + (panel + p) * PANEL;
            let left = columns - (panel + p) * PANEL;
            // SAFETY: as the caller's.
            unsafe {
                if left >= PANEL {
                    let out = out.as_mut_ptr().add(first);
                    _mm256_storeu_si256(out.cast(), sums[0]);
                    _mm256_storeu_si256(out.add(PANEL / 2).cast(), sums[1]);
                    continue;
                }
                let mut all = [0; PANEL];
                _mm256_storeu_si256(all.as_mut_ptr().cast(), sums[0]);
                _mm256_storeu_si256(all.as_mut_ptr().add(PANEL / 2).cast(), sums[1]);
                out[first..first + left].copy_from_slice(&all[..left]);
            }
        }
    }
}

/// # Safety
///
/// The machine has AVX2; `R` rows from `row` and `P` panels from `panel` are in the task, whose weights were trimmed.
#[target_feature(enable = "avx2")]
unsafe fn avx2_trimmed_tile<const R: usize, const P: usize>(
    task: &mut Task<'_, &[u8]>,
    row: usize,
    panel: usize,
) {
    let quads = task.matrix.quads();
    // SAFETY: as in `vnni_tile`.
    unsafe {
        let (first, step) = task.matrix.panel(panel);
        let weights = task.matrix.weights.as_ptr().add(first);
        let activations = task.activations.as_ptr().add(row * quads * QUAD);
        let one = _mm256_set1_epi16(1);
        let mut sums = start_avx2::<R, P>(task.matrix.bias, panel);
        let even = quads / TRIMMED * TRIMMED;
        for quad in (0..even).step_by(TRIMMED) {
            for (r, sums) in sums.iter_mut().enumerate() {
                let x = activations.add((r * quads + quad) * QUAD).cast::<i32>();
                let x = [x, x.add(1)].map(|x| x.read_unaligned());
                let x = [_mm256_set1_epi32(x[0]), _mm256_set1_epi32(x[1])];
                for (p, sums) in sums.iter_mut().enumerate() {
                    let from = weights.add(quad * step + p * STEP);
                    for (half, sum) in sums.iter_mut().enumerate() {
                        let from = from.add(half * STEP / 2);
                        let first = _mm256_loadu_si256(from.cast());
                        let second = _mm256_loadu_si256(from.add(step).cast());
                        let pairs = _mm256_add_epi16(
                            _mm256_maddubs_epi16(x[0], first),
                            _mm256_maddubs_epi16(x[1], second),
                        );
                        *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, one));
                    }
                }
            }
        }
        if even < quads {
            for (r, sums) in sums.iter_mut().enumerate() {
                let x = activations.add((r * quads + even) * QUAD).cast::<i32>();
                let x = _mm256_set1_epi32(x.read_unaligned());
                for (p, sums) in sums.iter_mut().enumerate() {
                    let from = weights.add(even * step + p * STEP);
                    for (half, sum) in sums.iter_mut().enumerate() {
                        let weights = _mm256_loadu_si256(from.add(half * STEP / 2).cast());
                        let pairs = _mm256_maddubs_epi16(x, weights);
                        *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, one));
                    }
                }
            }
        }
        store_avx2(task.matrix.columns, task.out, row, panel, &sums);
    }
}
