//! Typed memory of a program: one arena for each element type.

use super::scale::Type;

/// Bytes that a row of vectors is aligned to.
const LINE: usize = 64;

/// Elements of one type; the first is at the start of a cache line.
#[derive(Debug, Clone)]
pub(super) struct Arena<T> {
    all: Vec<T>,
    start: usize,
}

impl<T: Copy + Default> Arena<T> {
    pub(super) fn new(len: usize) -> Self {
        let all = vec![T::default(); len + LINE / size_of::<T>()];
        let start = all.as_ptr().align_offset(LINE).min(all.len() - len);
        Self { all, start }
    }

    pub(super) fn all(&self) -> &[T] {
        &self.all[self.start..]
    }

    pub(super) fn all_mut(&mut self) -> &mut [T] {
        &mut self.all[self.start..]
    }
}

/// How many elements of each type a memory has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sizes {
    counts: [usize; 5],
}

impl Sizes {
    /// Room for so many more elements, beginning with a cache line; returns the first.
    pub(super) fn reserve(&mut self, ty: Type, elements: usize) -> usize {
        let count = &mut self.counts[ty as usize];
        let first = *count;
        let line = LINE / ty.bytes();
        *count = first
            .saturating_add(elements)
            .div_ceil(line)
            .saturating_mul(line);
        first
    }

    pub(super) fn bytes(&self) -> u64 {
        let types = [Type::I8, Type::U8, Type::I16, Type::I32, Type::I64];
        types.into_iter().fold(0u64, |bytes, ty| {
            let own = (self.counts[ty as usize] as u64).saturating_mul(ty.bytes() as u64);
            bytes.saturating_add(own)
        })
    }
}

/// The elements of all slots.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    pub(super) i8: Arena<i8>,
    pub(super) u8: Arena<u8>,
    pub(super) i16: Arena<i16>,
    pub(super) i32: Arena<i32>,
    pub(super) i64: Arena<i64>,
}

impl Memory {
    pub(super) fn new(sizes: &Sizes) -> Self {
        let count = |ty: Type| sizes.counts[ty as usize];
        Self {
            i8: Arena::new(count(Type::I8)),
            u8: Arena::new(count(Type::U8)),
            i16: Arena::new(count(Type::I16)),
            i32: Arena::new(count(Type::I32)),
            i64: Arena::new(count(Type::I64)),
        }
    }

    pub(super) fn get(&self, ty: Type, at: usize) -> i64 {
        match ty {
            Type::I8 => self.i8.all()[at].into(),
            Type::U8 => self.u8.all()[at].into(),
            Type::I16 => self.i16.all()[at].into(),
            Type::I32 => self.i32.all()[at].into(),
            Type::I64 => self.i64.all()[at],
        }
    }

    /// Keeps the last bits of `n`; all of them, if the element has room as proved.
    pub(super) fn set(&mut self, ty: Type, at: usize, n: i64) {
        match ty {
            Type::I8 => self.i8.all_mut()[at] = n as i8,
            Type::U8 => self.u8.all_mut()[at] = n as u8,
            Type::I16 => self.i16.all_mut()[at] = n as i16,
            Type::I32 => self.i32.all_mut()[at] = n as i32,
            Type::I64 => self.i64.all_mut()[at] = n,
        }
    }

    /// Copies elements within the memory.
    pub(super) fn copy(&mut self, ty: Type, from: std::ops::Range<usize>, to: usize) {
        match ty {
            Type::I8 => self.i8.all_mut().copy_within(from, to),
            Type::U8 => self.u8.all_mut().copy_within(from, to),
            Type::I16 => self.i16.all_mut().copy_within(from, to),
            Type::I32 => self.i32.all_mut().copy_within(from, to),
            Type::I64 => self.i64.all_mut().copy_within(from, to),
        }
    }

    /// Copies elements from another memory.
    pub(super) fn copy_from(
        &mut self,
        other: &Self,
        ty: Type,
        from: std::ops::Range<usize>,
        to: usize,
    ) {
        let to = to..to + from.len();
        match ty {
            Type::I8 => self.i8.all_mut()[to].copy_from_slice(&other.i8.all()[from]),
            Type::U8 => self.u8.all_mut()[to].copy_from_slice(&other.u8.all()[from]),
            Type::I16 => self.i16.all_mut()[to].copy_from_slice(&other.i16.all()[from]),
            Type::I32 => self.i32.all_mut()[to].copy_from_slice(&other.i32.all()[from]),
            Type::I64 => self.i64.all_mut()[to].copy_from_slice(&other.i64.all()[from]),
        }
    }

    /// Fills elements with one number.
    pub(super) fn fill(&mut self, ty: Type, range: std::ops::Range<usize>, n: i64) {
        match ty {
            Type::I8 => self.i8.all_mut()[range].fill(n as i8),
            Type::U8 => self.u8.all_mut()[range].fill(n as u8),
            Type::I16 => self.i16.all_mut()[range].fill(n as i16),
            Type::I32 => self.i32.all_mut()[range].fill(n as i32),
            Type::I64 => self.i64.all_mut()[range].fill(n),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reservation_begins_with_a_line() {
        let mut sizes = Sizes::default();
        assert_eq!(sizes.reserve(Type::I16, 3), 0);
        assert_eq!(sizes.reserve(Type::I16, 33), 32);
        assert_eq!(sizes.reserve(Type::I64, 1), 0);
        assert_eq!(sizes.bytes(), 96 * 2 + 64);
        let memory = Memory::new(&sizes);
        assert_eq!(memory.i16.all().as_ptr() as usize % LINE, 0);
        assert!(memory.i16.all().len() >= 96);
    }

    #[test]
    fn numbers_come_back() {
        let mut sizes = Sizes::default();
        for (ty, n) in [
            (Type::I8, -128),
            (Type::U8, 255),
            (Type::I16, -32768),
            (Type::I32, i32::MIN.into()),
            (Type::I64, 1 << 47),
        ] {
            sizes.reserve(ty, 4);
            let mut memory = Memory::new(&sizes);
            memory.set(ty, 1, n);
            memory.copy(ty, 1..2, 3);
            assert_eq!([0, 1, 3].map(|at| memory.get(ty, at)), [0, n, n]);
        }
    }
}
