//! The product with AVX2, with AVX-512, and with AVX-512 VNNI.
//!
//! Without VNNI bytes are widened to 16 bits and `madd` adds pairs of products to 32 bits: nothing
//! saturates, as `maddubs` would.

#![allow(unsafe_code, reason = "vector kernels")]

use std::arch::x86_64::*;

use super::{GROUP, Matrix, PANEL, QUAD};

/// Bytes of a quad of a panel.
const STEP: usize = PANEL * QUAD;

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
struct Task<'a, T> {
    matrix: Matrix<'a>,
    activations: &'a [T],
    out: &'a mut [i32],
}

impl<'a, T> Task<'a, T> {
    /// The task and its rows.
    fn new(matrix: Matrix<'a>, activations: &'a [T], out: &'a mut [i32]) -> (Self, usize) {
        let rows = out.len() / matrix.columns;
        assert!(
            activations.len() >= rows * matrix.quads() * QUAD,
            "activations"
        );
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
    let (mut task, rows) = Task::new(matrix, activations, out);
    let mut call = |kernel: unsafe fn(&mut Task<'_, u8>, usize, usize), row, panel| {
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
    let (mut task, rows) = Task::new(matrix, activations, out);
    let mut call = |kernel: unsafe fn(&mut Task<'_, i16>, usize, usize), row, panel| {
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

pub(super) fn avx2(matrix: Matrix<'_>, activations: &[i16], out: &mut [i32]) {
    let (mut task, rows) = Task::new(matrix, activations, out);
    for row in 0..rows {
        for panel in 0..matrix.panels() {
            // SAFETY: as in `vnni`.
            unsafe { avx2_tile(&mut task, row, panel) };
        }
    }
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
    task: &mut Task<'_, u8>,
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
    task: &mut Task<'_, i16>,
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
/// The machine has AVX2; the row and the panel are in the task.
#[target_feature(enable = "avx2")]
unsafe fn avx2_tile(task: &mut Task<'_, i16>, row: usize, panel: usize) {
    let quads = task.matrix.quads();
    // SAFETY: as in `vnni_tile`.
    unsafe {
        let (first, step) = task.matrix.panel(panel);
        let weights = task.matrix.weights.as_ptr().add(first);
        let activations = task.activations.as_ptr().add(row * quads * QUAD);
        // Four vectors: 4 columns with 2 sums of pairs each.
        let mut sums = [_mm256_setzero_si256(); 4];
        for quad in 0..quads {
            let x = activations.add(quad * QUAD).cast::<i64>();
            let x = _mm256_set1_epi64x(x.read_unaligned());
            let from = weights.add(quad * step);
            for (part, sum) in sums.iter_mut().enumerate() {
                let w = _mm_loadu_si128(from.add(part * STEP / 4).cast());
                let products = _mm256_madd_epi16(x, _mm256_cvtepi8_epi16(w));
                *sum = _mm256_add_epi32(*sum, products);
            }
        }
        let mut all = [0; PANEL];
        for half in 0..2 {
            // Sums of pairs within halves of the register: columns 0 1 4 5 2 3 6 7.
            let sum = _mm256_hadd_epi32(sums[2 * half], sums[2 * half + 1]);
            let sum = _mm256_permute4x64_epi64::<0b11_01_10_00>(sum);
            let bias = task.matrix.bias.as_ptr().add(panel * PANEL + half * 8);
            let sum = _mm256_add_epi32(sum, _mm256_loadu_si256(bias.cast()));
            _mm256_storeu_si256(all.as_mut_ptr().add(half * 8).cast(), sum);
        }
        let columns = task.matrix.columns;
        let taken = PANEL.min(columns - panel * PANEL);
        let first = row * columns + panel * PANEL;
        task.out[first..first + taken].copy_from_slice(&all[..taken]);
    }
}
