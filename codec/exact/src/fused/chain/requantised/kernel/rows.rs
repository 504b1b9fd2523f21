//! What both instruction sets do with a row.

/// The kernel of an instruction set, method `$name` of [`Task`], of the functions over `Vector` in the file that calls this. (What is
/// inlined must have the features of its caller, so it cannot be generic code.)
macro_rules! kernel {
    ($name:ident, $features:literal) => {
        /// # Safety
        ///
        /// The machine has the instructions; `N` vectors of elements are at `at`.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn load<const N: usize>(place: Place, at: usize) -> [Vector; N] {
            let mut words = [all(0); N];
            // SAFETY: as the caller's.
            unsafe {
                match place {
                    Place::I8(from) => {
                        for (number, words) in words.iter_mut().enumerate() {
                            *words = of_i8(from.add(at + number * WORD));
                        }
                    }
                    Place::U8(from) => {
                        for (number, words) in words.iter_mut().enumerate() {
                            *words = of_u8(from.add(at + number * WORD));
                        }
                    }
                    Place::I16(from) => {
                        for (number, words) in words.iter_mut().enumerate() {
                            *words = of_i16(from.add(at + number * WORD));
                        }
                    }
                    Place::I32(from) => {
                        for (number, words) in words.iter_mut().enumerate() {
                            *words = of_i32(from.add(at + number * WORD));
                        }
                    }
                }
            }
            words
        }

        /// # Safety
        ///
        /// As [`load`].
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn store<const N: usize>(place: Place, at: usize, words: [Vector; N]) {
            // SAFETY: as the caller's.
            unsafe {
                match place {
                    Place::I8(to) => {
                        for (number, words) in words.into_iter().enumerate() {
                            to_bytes(to.add(at + number * WORD).cast(), words);
                        }
                    }
                    Place::U8(to) => {
                        for (number, words) in words.into_iter().enumerate() {
                            to_bytes(to.add(at + number * WORD), words);
                        }
                    }
                    Place::I16(to) => {
                        for (number, words) in words.into_iter().enumerate() {
                            to_i16(to.add(at + number * WORD), words);
                        }
                    }
                    Place::I32(to) => {
                        for (number, words) in words.into_iter().enumerate() {
                            to_i32(to.add(at + number * WORD), words);
                        }
                    }
                }
            }
        }

        /// A [`Rounding`] in vectors.
        #[derive(Clone, Copy)]
        struct Vectors {
            round: Vector,
            down: __m128i,
            low: Vector,
            high: Vector,
        }

        impl Vectors {
            #[inline]
            #[target_feature(enable = $features)]
            fn new(rounding: Rounding) -> Self {
                Self {
                    round: all(rounding.round),
                    down: _mm_cvtsi32_si128(rounding.down as i32),
                    low: all(rounding.low),
                    high: all(rounding.high),
                }
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn of(self, n: Vector) -> Vector {
                clamped(down(add(n, self.round), self.down), self.low, self.high)
            }
        }

        /// What all elements of a row meet.
        #[derive(Clone, Copy)]
        struct Numbers {
            up: __m128i,
            first: Vectors,
            second: Option<Vectors>,
        }

        impl Task<'_> {
            /// # Safety
            ///
            /// The machine has the instructions; each place has `len` elements, a multiple of [`WORDS`].
            #[inline(never)]
            #[target_feature(enable = $features)]
            pub(in super::super) unsafe fn $name(&self) {
                let numbers = Numbers {
                    up: _mm_cvtsi32_si128(self.other.map_or(0, |(_, up)| up as i32)),
                    first: Vectors::new(self.first),
                    second: self.second.map(|(_, rounding)| Vectors::new(rounding)),
                };
                let mut at = 0;
                // SAFETY: as the caller's, for the vectors at `at`.
                unsafe {
                    while self.len - at >= 4 * WORD {
                        vectors::<4>(self, numbers, at);
                        at += 4 * WORD;
                    }
                    while at < self.len {
                        vectors::<{ WORDS / WORD }>(self, numbers, at);
                        at += WORDS;
                    }
                }
            }
        }

        /// `N` vectors from `at` on: of what type a place is, is asked once for all of them.
        ///
        /// # Safety
        ///
        /// As the method's; so many elements are there.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn vectors<const N: usize>(task: &Task<'_>, numbers: Numbers, at: usize) {
            // SAFETY: as the caller's.
            unsafe {
                let mut total = load::<N>(task.sum, at);
                if let Some((other, _)) = task.other {
                    for (total, other) in total.iter_mut().zip(load::<N>(other, at)) {
                        *total = add(*total, up(other, numbers.up));
                    }
                }
                let mut first = total;
                for first in &mut first {
                    *first = numbers.first.of(*first);
                }
                // All is loaded before anything is stored.
                let mut second = first;
                if let (Some((factor, _)), Some(of)) = (task.second, numbers.second) {
                    let factor = match factor {
                        None => first,
                        Some(place) => load::<N>(place, at),
                    };
                    for (second, factor) in second.iter_mut().zip(factor) {
                        *second = of.of(product(*second, factor));
                    }
                }
                for &place in task.totals {
                    store(place, at, total);
                }
                for &place in task.firsts {
                    store(place, at, first);
                }
                for &place in task.seconds {
                    store(place, at, second);
                }
            }
        }
    };
}
pub(super) use kernel;
