//! Packed weights.

use super::super::isa::Isa;
use super::super::memory::Arena;
use super::trim::{Excess, trim};
use super::{GROUP, PANEL, QUAD};

/// Of so many weights one may be too large for [`trim`], or the others are not worth it.
const TRIMMED_LEAST: usize = 64;

/// What activations are counted from, and how far they go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub(super) low: i64,
    pub(super) span: u8,
}

/// Bytes of one packed matrix.
pub(in super::super) const fn packed_bytes(inner: usize, columns: usize) -> usize {
    inner.next_multiple_of(QUAD) * columns.next_multiple_of(PANEL)
}

/// Packed matrices of one size.
#[derive(Debug, Clone)]
pub(super) struct Bank {
    count: usize,
    inner: usize,
    columns: usize,
    /// Matrices by groups by quads by panels by columns by rows of a quad.
    weights: Arena<i8>,
    /// For each column of each panel of each matrix, what sums begin with.
    bias: Arena<i32>,
    /// Of each matrix what was taken off its weights; none where they are as they were.
    excess: Option<Vec<Vec<Excess>>>,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix<'a> {
    pub(super) inner: usize,
    pub(super) columns: usize,
    pub(super) weights: &'a [i8],
    pub(super) bias: &'a [i32],
    /// What was taken off the weights, if they were trimmed.
    pub(super) excess: Option<&'a [Excess]>,
}

impl Matrix<'_> {
    /// Quads of rows.
    pub(super) const fn quads(&self) -> usize {
        self.inner.div_ceil(QUAD)
    }

    /// Panels of columns.
    pub(super) const fn panels(&self) -> usize {
        self.columns.div_ceil(PANEL)
    }

    /// Where a panel's first quad lies, and how far it is to the next one.
    pub(super) fn panel(&self, panel: usize) -> (usize, usize) {
        place(panel, self.panels(), self.quads())
    }
}

/// The first quad of a panel and the distance of its quads, in bytes.
fn place(panel: usize, panels: usize, quads: usize) -> (usize, usize) {
    let first = panel - panel % GROUP;
    let width = GROUP.min(panels - first);
    let step = PANEL * QUAD;
    ((first * quads + panel - first) * step, width * step)
}

impl Bank {
    /// Packs so many matrices for the kernels of `isa`: `weight` gives the one of a matrix, row and column, `bias` that of
    /// a column.
    pub(super) fn pack(
        [count, inner, columns]: [usize; 3],
        counted: Counted,
        isa: Isa,
        weight: impl Fn(usize, usize, usize) -> i8,
        bias: impl Fn(usize) -> i64,
    ) -> Self {
        let panels = columns.div_ceil(PANEL);
        let mut bank = Self {
            count,
            inner,
            columns,
            weights: Arena::new(count * packed_bytes(inner, columns)),
            bias: Arena::new(count * panels * PANEL),
            excess: None,
        };
        let plain = |number: usize| -> Vec<i8> {
            let mut plain = Vec::with_capacity(inner * columns);
            for row in 0..inner {
                plain.extend((0..columns).map(|column| weight(number, row, column)));
            }
            plain
        };
        if isa == Isa::Avx2 {
            let few = inner * columns / TRIMMED_LEAST;
            let each = (0..count).map(|number| {
                let excess = trim(&mut plain(number), columns, counted.span);
                (excess.len() <= few).then_some(excess)
            });
            bank.excess = each.collect();
        }
        for number in 0..count {
            let mut plain = plain(number);
            let start = &mut bank.bias.all_mut()[number * panels * PANEL..];
            for (column, start) in start[..columns].iter_mut().enumerate() {
                *start = bias(column) as i32;
            }
            for weights in plain.chunks_exact(columns) {
                for (start, &weight) in start.iter_mut().zip(weights) {
                    *start = start.wrapping_add((counted.low * i64::from(weight)) as i32);
                }
            }
            for excess in bank.excess.iter().flat_map(|each| &each[number]) {
                let weight = &mut plain[excess.row * columns + excess.column];
                *weight = (i32::from(*weight) - excess.weight) as i8;
            }
            let packed = &mut bank.weights.all_mut()[number * packed_bytes(inner, columns)..];
            for (row, weights) in plain.chunks_exact(columns).enumerate() {
                for (column, &weight) in weights.iter().enumerate() {
                    let (panel, at) = (column / PANEL, column % PANEL);
                    let (first, step) = place(panel, panels, inner.div_ceil(QUAD));
                    packed[first + row / QUAD * step + at * QUAD + row % QUAD] = weight;
                }
            }
        }
        bank
    }

    /// Whether weights were trimmed.
    pub(super) const fn is_trimmed(&self) -> bool {
        self.excess.is_some()
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// The matrix of that number.
    #[inline]
    pub(super) fn matrix(&self, number: usize) -> Matrix<'_> {
        let Self { inner, columns, .. } = *self;
        let (weights, bias) = (
            packed_bytes(inner, columns),
            columns.next_multiple_of(PANEL),
        );
        Matrix {
            inner,
            columns,
            weights: &self.weights.all()[number * weights..][..weights],
            bias: &self.bias.all()[number * bias..][..bias],
            excess: self.excess.as_ref().map(|each| &each[number][..]),
        }
    }
}
