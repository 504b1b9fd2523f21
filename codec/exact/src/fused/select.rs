//! Elements picked by computed indices, and rankings.

use crate::graph::{Data, Graph, ValueId};

use super::memory::Memory;
use super::program::Place;
use super::scale::Type;

/// Where the elements of a window lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Memory,
    Constants,
    /// In the file, whose large tables are not copied.
    File(ValueId),
}

/// A strided window on memory, for all lanes.
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub(super) table: Table,
    pub(super) ty: Type,
    pub(super) base: usize,
    /// Elements from one lane to the next.
    pub(super) lane: usize,
    pub(super) dims: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// The memories that windows look at.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) graph: &'a Graph,
    pub(super) constants: &'a Memory,
}

impl Window {
    pub(super) fn get(&self, sight: Sight<'_>, memory: &Memory, at: usize) -> i64 {
        match self.table {
            Table::Memory => memory.get(self.ty, at),
            Table::Constants => sight.constants.get(self.ty, at),
            Table::File(id) => {
                match sight.graph.values[id].constant.as_ref().map(|c| &c.data) {
                    Some(Data::I8(x)) => i64::from(x[at]),
                    Some(Data::U8(x)) => i64::from(x[at]),
                    Some(Data::I32(x)) => i64::from(x[at]),
                    Some(Data::I64(x)) => x[at],
                    Some(Data::Bool(x)) => i64::from(x[at]),
                    // Floats are constants of their own.
                    Some(Data::F32(_)) | None => 0,
                }
            }
        }
    }

    /// The place of the element with that row-major number, counted from the lane's first.
    fn place(&self, mut number: usize) -> usize {
        let mut place = 0;
        for (&size, &stride) in self.dims.iter().zip(&self.strides).rev() {
            place += number % size * stride;
            number /= size;
        }
        place
    }
}

/// `n` in another unit; to the right it rounds down.
const fn shifted(n: i64, shift: i32) -> i64 {
    if shift >= 0 {
        n.wrapping_shl(shift.unsigned_abs())
    } else {
        let places = shift.unsigned_abs();
        n >> if places > 63 { 63 } else { places }
    }
}

/// A number put in one place of a state.
#[derive(Debug, Clone)]
pub(super) struct Overwrite {
    pub(super) place: Window,
    pub(super) entry: Window,
    pub(super) state: Place,
    /// Places of the state.
    pub(super) len: usize,
    pub(super) lanes: usize,
}

impl Overwrite {
    pub(super) fn run(&self, sight: Sight<'_>, memory: &mut Memory) {
        for lane in 0..self.lanes {
            let read = |window: &Window| {
                let at = window.base + lane * window.lane;
                window.get(sight, memory, at)
            };
            let (place, entry) = (read(&self.place), read(&self.entry));
            // A place that is not there is none that `Equal` would find.
            if let Some(place) = usize::try_from(place).ok().filter(|&at| at < self.len) {
                let at = self.state.base + lane * self.len + place;
                memory.set(self.state.ty, at, entry);
            }
        }
    }
}

/// Gather and GatherElements.
#[derive(Debug, Clone)]
pub(super) struct Pick {
    data: Window,
    indices: Window,
    shift: i32,
    to: Place,
    lanes: usize,
    /// Sizes of the data before, on and behind the indexed axis.
    outer: usize,
    length: usize,
    inner: usize,
    /// Indices of one lane, for Gather.
    picked: usize,
    elements: bool,
    /// Stride of the indexed axis.
    stride: usize,
    /// Whether the indices lie in order.
    in_order: bool,
    /// Whether slices are whole, contiguous rows of the same bytes.
    rows: bool,
}

impl Pick {
    pub(super) fn new(
        data: Window,
        indices: Window,
        axis: usize,
        elements: bool,
        shift: i32,
        to: Place,
        lanes: usize,
    ) -> Self {
        let inner: usize = data.dims[axis + 1..].iter().product();
        let contiguous = super::dims::is_row_major(&data.dims, &data.strides);
        Self {
            outer: data.dims[..axis].iter().product(),
            length: data.dims[axis],
            picked: indices.dims.iter().product(),
            stride: data.strides[axis],
            in_order: super::dims::is_row_major(&indices.dims, &indices.strides),
            rows: axis == 0 && contiguous && !elements && shift == 0,
            inner,
            elements,
            data,
            indices,
            shift,
            to,
            lanes,
        }
    }

    pub(super) fn run(&self, sight: Sight<'_>, memory: &mut Memory) {
        let mut to = self.to.base;
        for lane in 0..self.lanes {
            to = if self.elements {
                self.by_position(sight, memory, lane, to)
            } else {
                self.slices(sight, memory, lane, to)
            };
        }
    }

    /// The index of that number in a lane, below the size of the axis as proved.
    fn index(&self, sight: Sight<'_>, memory: &Memory, lane: usize, number: usize) -> usize {
        let from = self.indices.base + lane * self.indices.lane;
        let place = if self.in_order {
            number
        } else {
            self.indices.place(number)
        };
        let index = self.indices.get(sight, memory, from + place);
        usize::try_from(index).unwrap_or(0).min(self.length - 1)
    }

    fn slices(&self, sight: Sight<'_>, memory: &mut Memory, lane: usize, mut to: usize) -> usize {
        let base = self.data.base + lane * self.data.lane;
        for outer in 0..self.outer {
            for picker in 0..self.picked {
                let index = self.index(sight, memory, lane, picker);
                if self.rows && self.row(sight, memory, base + index * self.inner, to) {
                    to += self.inner;
                    continue;
                }
                for inner in 0..self.inner {
                    let number = (outer * self.length + index) * self.inner + inner;
                    let from = base + self.data.place(number);
                    let n = self.data.get(sight, memory, from);
                    memory.set(self.to.ty, to, shifted(n, self.shift));
                    to += 1;
                }
            }
        }
        to
    }

    /// Copies a row of elements of the result's type; false where they are others.
    fn row(&self, sight: Sight<'_>, memory: &mut Memory, from: usize, to: usize) -> bool {
        let from = from..from + self.inner;
        let (ty, own) = (self.to.ty, self.data.ty == self.to.ty);
        let id = match self.data.table {
            Table::Memory if own => {
                memory.copy(ty, from, to);
                return true;
            }
            Table::Constants if own => {
                memory.copy_from(sight.constants, ty, from, to);
                return true;
            }
            Table::File(id) => id,
            _ => return false,
        };
        let to = to..to + self.inner;
        let table = sight.graph.values[id].constant.as_ref();
        match (table.map(|table| &table.data), ty) {
            (Some(Data::U8(table)), Type::U8) => {
                memory.u8.all_mut()[to].copy_from_slice(&table[from]);
            }
            (Some(Data::I8(table)), Type::I8) => {
                memory.i8.all_mut()[to].copy_from_slice(&table[from]);
            }
            _ => return false,
        }
        true
    }

    fn by_position(
        &self,
        sight: Sight<'_>,
        memory: &mut Memory,
        lane: usize,
        mut to: usize,
    ) -> usize {
        let base = self.data.base + lane * self.data.lane;
        let own = self.picked / (self.outer * self.inner);
        for outer in 0..self.outer {
            for picker in 0..own {
                for inner in 0..self.inner {
                    let number = (outer * own + picker) * self.inner + inner;
                    let index = self.index(sight, memory, lane, number);
                    let first = outer * self.length * self.inner + inner;
                    let from = base + self.data.place(first) + index * self.stride;
                    let n = self.data.get(sight, memory, from);
                    memory.set(self.to.ty, to, shifted(n, self.shift));
                    to += 1;
                }
            }
        }
        to
    }
}

/// TopK.
#[derive(Debug, Clone)]
pub(super) struct Top {
    pub(super) data: Window,
    pub(super) axis: usize,
    pub(super) count: usize,
    pub(super) largest: bool,
    pub(super) shift: i32,
    pub(super) values: Place,
    pub(super) indices: Place,
    pub(super) lanes: usize,
}

impl Top {
    /// Elements of a row that is ranked.
    pub(super) fn length(&self) -> usize {
        self.data.dims[self.axis]
    }

    /// `order` has room for [`length`](Self::length) pairs.
    pub(super) fn run(&self, sight: Sight<'_>, memory: &mut Memory, order: &mut [(i64, usize)]) {
        let length = self.length();
        let order = &mut order[..length];
        let outer: usize = self.data.dims[..self.axis].iter().product();
        let inner: usize = self.data.dims[self.axis + 1..].iter().product();
        let stride = self.data.strides[self.axis];
        for lane in 0..self.lanes {
            let base = self.data.base + lane * self.data.lane;
            for row in 0..outer * inner {
                let (before, after) = (row / inner, row % inner);
                let base = base + self.data.place(before * length * inner + after);
                let key = |place: usize| {
                    let n = self.data.get(sight, memory, base + place * stride);
                    // Ascending keys; of equal ones the lower index comes first.
                    (if self.largest { -n } else { n }, place)
                };
                if self.count <= FEW {
                    least(&mut order[..self.count], length, key);
                } else {
                    for (place, entry) in order.iter_mut().enumerate() {
                        *entry = key(place);
                    }
                    order.sort_unstable();
                }
                let first = lane * outer * self.count * inner;
                for (rank, &(key, place)) in order[..self.count].iter().enumerate() {
                    let to = first + (before * self.count + rank) * inner + after;
                    let n = if self.largest { -key } else { key };
                    let (values, indices) = (self.values, self.indices);
                    memory.set(values.ty, values.base + to, shifted(n, self.shift));
                    memory.set(indices.ty, indices.base + to, place as i64);
                }
            }
        }
    }
}

/// So few are found by insertion, which is faster than to sort all.
const FEW: usize = 8;

/// The least of `length` different keys in ascending order, as many as `found` has room for, which
/// is no more than there are.
fn least(found: &mut [(i64, usize)], length: usize, key: impl Fn(usize) -> (i64, usize)) {
    for place in 0..length {
        let key = key(place);
        let taken = place.min(found.len());
        if taken == found.len() && found[taken - 1] < key {
            continue;
        }
        let at = found[..taken].partition_point(|&other| other < key);
        let last = taken.min(found.len() - 1);
        found.copy_within(at..last, at + 1);
        found[at] = key;
    }
}
