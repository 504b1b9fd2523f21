//! Packed weights.

use super::super::memory::Arena;
use super::{GROUP, PANEL, QUAD};

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
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix<'a> {
    pub(super) inner: usize,
    pub(super) columns: usize,
    pub(super) weights: &'a [i8],
    pub(super) bias: &'a [i32],
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
    /// Packs so many matrices: `weight` gives the one of a matrix, row and column, `bias` that of
    /// a column. Activations are counted from `low`.
    pub(super) fn pack(
        [count, inner, columns]: [usize; 3],
        low: i64,
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
        };
        for number in 0..count {
            let weights = bank.weights.all_mut();
            let weights = &mut weights[number * packed_bytes(inner, columns)..];
            let start = &mut bank.bias.all_mut()[number * panels * PANEL..];
            for (column, start) in start[..columns].iter_mut().enumerate() {
                *start = bias(column) as i32;
            }
            for row in 0..inner {
                for (column, start) in start[..columns].iter_mut().enumerate() {
                    let weight = weight(number, row, column);
                    let (panel, at) = (column / PANEL, column % PANEL);
                    let (first, step) = place(panel, panels, inner.div_ceil(QUAD));
                    weights[first + row / QUAD * step + at * QUAD + row % QUAD] = weight;
                    *start = start.wrapping_add((low * i64::from(weight)) as i32);
                }
            }
        }
        bank
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
        }
    }
}
