//! Operators that pick elements by computed indices, and the one that ranks them.

use std::collections::HashMap;

use crate::graph::movement::{flat, try_places};
use crate::graph::{Constant, Data};

use super::cell::Cell;
use super::certificate::TensorFact;
use super::elementwise::either;
use super::fault::Fault;
use super::tensor::Tensor;

/// The indices that a cell may mean, checked against the size of the axis.
fn range(index: Cell, size: usize) -> Result<(usize, usize), Fault> {
    let (low, high, _) = index.scaled(0);
    if low < 0 || high >= size as i64 {
        return Err(Fault::unproved(format!(
            "its indices are {low} to {high}, the axis has {size} elements"
        )));
    }
    Ok((low as usize, high as usize))
}

fn spend(budget: &mut u64, operations: usize) -> Result<(), Fault> {
    *budget = budget.checked_sub(operations as u64).ok_or(Fault::Budget)?;
    Ok(())
}

/// What any of the cells may be.
fn any(mut cells: impl Iterator<Item = Cell>) -> Result<Cell, Fault> {
    let first = cells.next().unwrap_or(Cell::ZERO);
    cells.try_fold(first, either)
}

/// What Gather looks up in.
pub(super) trait Table {
    fn sizes(&self) -> &[usize];
    /// For each place of a row of `inner` elements, what the elements there may be in any of the
    /// rows that begin at `first`.
    fn rows(&self, first: usize, rows: usize, inner: usize) -> Result<Vec<Cell>, Fault>;
    fn is_constant(&self) -> bool;
}

impl Table for Tensor {
    fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    fn rows(&self, first: usize, rows: usize, inner: usize) -> Result<Vec<Cell>, Fault> {
        let all = &self.cells[first..first + rows * inner];
        let mut cells = all[..inner].to_vec();
        for row in all[inner..].chunks_exact(inner) {
            for (cell, &other) in cells.iter_mut().zip(row) {
                *cell = either(*cell, other)?;
            }
        }
        Ok(cells)
    }

    fn is_constant(&self) -> bool {
        self.constant
    }
}

/// A table of bytes in the file. Most of a model are such tables: they are looked at in place.
pub(super) struct Bytes<'a> {
    sizes: &'a [usize],
    signed: &'a [i8],
    unsigned: &'a [u8],
}

impl<'a> Bytes<'a> {
    /// `None` where the constant has another type.
    pub(super) fn of(constant: &'a Constant) -> Option<Self> {
        let (signed, unsigned) = match &constant.data {
            Data::I8(bytes) => (&bytes[..], &[][..]),
            Data::U8(bytes) => (&[][..], &bytes[..]),
            _ => return None,
        };
        Some(Self {
            sizes: &constant.dims,
            signed,
            unsigned,
        })
    }

    pub(super) fn fact(&self, name: &str) -> TensorFact {
        let (low, high) = bounds(self.signed)
            .or_else(|| bounds(self.unsigned))
            .unwrap_or_default();
        TensorFact {
            name: name.to_owned(),
            exponent: 0,
            low,
            high,
            sum: low.unsigned_abs().max(high.unsigned_abs()) as u32,
        }
    }
}

/// The least and the greatest byte.
fn bounds<T: Ord + Copy + Into<i64>>(bytes: &[T]) -> Option<(i64, i64)> {
    let &first = bytes.first()?;
    // Values, not references, so that vectors are compared.
    let low = bytes.iter().fold(first, |low, &n| low.min(n));
    let high = bytes.iter().fold(first, |high, &n| high.max(n));
    Some((low.into(), high.into()))
}

impl Table for Bytes<'_> {
    fn sizes(&self) -> &[usize] {
        self.sizes
    }

    fn rows(&self, first: usize, rows: usize, inner: usize) -> Result<Vec<Cell>, Fault> {
        let range = first..first + rows * inner;
        let cells = match self.signed.get(range.clone()) {
            Some(signed) => ranges(signed, inner),
            None => ranges(&self.unsigned[range], inner),
        };
        Ok(cells)
    }

    fn is_constant(&self) -> bool {
        true
    }
}

/// The least and the greatest of each column of a matrix of bytes.
fn ranges<T: Ord + Copy + Into<i32>>(bytes: &[T], columns: usize) -> Vec<Cell> {
    let mut low = bytes[..columns].to_vec();
    let mut high = low.clone();
    for row in bytes.chunks_exact(columns) {
        for ((low, high), &n) in low.iter_mut().zip(&mut high).zip(row) {
            *low = n.min(*low);
            *high = n.max(*high);
        }
    }
    let cells = low.into_iter().zip(high);
    cells
        .map(|(low, high)| Cell::integers(low.into(), high.into()))
        .collect()
}

pub(super) fn gather(
    data: &impl Table,
    indices: &Tensor,
    axis: usize,
    sizes: Vec<usize>,
    budget: &mut u64,
) -> Result<Tensor, Fault> {
    let size = data.sizes()[axis];
    let outer: usize = data.sizes()[..axis].iter().product();
    let inner: usize = data.sizes()[axis + 1..].iter().product();
    // Many indices have the same range; each range is looked at once.
    let mut known: HashMap<(usize, usize), Vec<Cell>> = HashMap::new();
    let mut picked = Vec::with_capacity(indices.cells.len());
    for &index in &indices.cells {
        let (low, high) = range(index, size)?;
        picked.push((low, high));
        if known.contains_key(&(low, high)) {
            continue;
        }
        spend(budget, (high - low + 1).saturating_mul(outer * inner))?;
        let mut slices = Vec::with_capacity(outer * inner);
        for outer in 0..outer {
            let first = (outer * size + low) * inner;
            slices.extend(data.rows(first, high - low + 1, inner)?);
        }
        known.insert((low, high), slices);
    }
    let mut cells = Vec::with_capacity(sizes.iter().product());
    for outer in 0..outer {
        for range in &picked {
            let slices = &known[range];
            cells.extend_from_slice(&slices[outer * inner..(outer + 1) * inner]);
        }
    }
    let constant = data.is_constant() && indices.constant;
    Ok(Tensor {
        cells,
        sizes,
        constant,
    })
}

pub(super) fn gather_elements(
    data: &Tensor,
    indices: &Tensor,
    axis: usize,
    sizes: Vec<usize>,
    budget: &mut u64,
) -> Result<Tensor, Fault> {
    let mut at = 0;
    let cells = try_places(&sizes, |index| {
        let (low, high) = range(indices.cells[at], data.sizes[axis])?;
        at += 1;
        spend(budget, high - low + 1)?;
        let mut from = index.to_vec();
        any((low..=high).map(|row| {
            from[axis] = row;
            data.cells[flat(&from, &data.sizes)]
        }))
    })?;
    let constant = data.constant && indices.constant;
    Ok(Tensor {
        cells,
        sizes,
        constant,
    })
}

/// Values and indices.
pub(super) fn top_k(x: &Tensor, axis: usize, sizes: &[usize]) -> Result<Vec<Tensor>, Fault> {
    if x.cells.iter().any(|cell| cell.minus) {
        // A runtime that sorts by bits would rank the two zeros, and not by index.
        let reason = "its input may hold negative zeros: add a constant that is not zero before";
        return Err(Fault::unproved(reason));
    }
    let length = x.sizes[axis];
    let inner: usize = x.sizes[axis + 1..].iter().product();
    let mut rows = HashMap::new();
    let cells = try_places(sizes, |index| {
        let mut from = index.to_vec();
        from[axis] = 0;
        let base = flat(&from, &x.sizes);
        if let Some(&cell) = rows.get(&base) {
            return Ok(cell);
        }
        let cell = any((0..length).map(|row| x.cells[base + row * inner]))?.settled();
        rows.insert(base, cell);
        Ok(cell)
    })?;
    let places = vec![Cell::integers(0, length as i32 - 1); cells.len()];
    let tensor = |cells| Tensor {
        cells,
        sizes: sizes.to_vec(),
        constant: x.constant,
    };
    Ok(vec![tensor(cells), tensor(places)])
}
