//! A row of sums in vectors.

pub(super) mod avx2;
pub(super) mod avx512;
mod rows;

use super::{Rounding, WORDS};
use crate::fused::chain::flat::Run;
use crate::fused::memory::Memory;
use crate::fused::scale::Type;

/// The first of a row's elements.
#[derive(Clone, Copy)]
pub(super) enum Place {
    I8(*mut i8),
    U8(*mut u8),
    I16(*mut i16),
    I32(*mut i32),
}

impl Place {
    pub(super) const NONE: Self = Self::I32(std::ptr::null_mut());
}

/// Where the arenas of a memory begin and how long they are.
pub(super) struct Arenas {
    i8: (*mut i8, usize),
    u8: (*mut u8, usize),
    i16: (*mut i16, usize),
    i32: (*mut i32, usize),
}

impl Arenas {
    pub(super) fn of(memory: &mut Memory) -> Self {
        fn arena<T>(all: &mut [T]) -> (*mut T, usize) {
            (all.as_mut_ptr(), all.len())
        }
        Self {
            i8: arena(memory.i8.all_mut()),
            u8: arena(memory.u8.all_mut()),
            i16: arena(memory.i16.all_mut()),
            i32: arena(memory.i32.all_mut()),
        }
    }

    /// The place of `len` elements of a row.
    pub(super) fn place(&self, run: &Run, row: usize, len: usize) -> Place {
        fn place<T>((first, all): (*mut T, usize), at: usize, len: usize) -> *mut T {
            assert!(at <= all && len <= all - at, "a row lies in its arena");
            first.wrapping_add(at)
        }
        let at = run.at(row, 0);
        match run.ty {
            Type::I8 => Place::I8(place(self.i8, at, len)),
            Type::U8 => Place::U8(place(self.u8, at, len)),
            Type::I16 => Place::I16(place(self.i16, at, len)),
            // `Requantised::of` takes no others.
            Type::I32 | Type::I64 => Place::I32(place(self.i32, at, len)),
        }
    }
}

/// One row.
pub(super) struct Task<'a> {
    pub(super) len: usize,
    pub(super) sum: Place,
    pub(super) other: Option<(Place, u32)>,
    pub(super) first: Rounding,
    /// The factor, none for `first` itself.
    pub(super) second: Option<(Option<Place>, Rounding)>,
    pub(super) totals: &'a [Place],
    pub(super) firsts: &'a [Place],
    pub(super) seconds: &'a [Place],
}
